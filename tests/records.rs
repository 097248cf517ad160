//! What a shell showed is recorded, and what was typed unseen is not: the real binary in a real
//! pseudo-terminal, a real engine behind it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use home::{Home, engine};
use rustix::process::{Signal, kill_process};
use terminal::Terminal;

const PROMPT: &str = "learner@sandbox:~$";

/// The prompt's beginning: between its parts there are colours.
const USER: &str = "learner@sandbox";

/// Asks for a word without an echo.
const ASK: &str = "stty -echo; echo re''ady; read -rs word; stty echo; echo thanks $((6 * 7))";
const SECRET: &str = "Moewe-7-Anker";

/// linux-01's shell, in a sandbox that is made for it.
fn shell(home: &Home) -> Terminal {
    assert_eq!(run(home, &["launch", "linux-01", "--detach"]).0, Some(0));
    let terminal = Terminal::start((100, 30), home.path(), &["shell", "linux-01"]);
    terminal.see(PROMPT);
    terminal
}

/// A command's exit status and what it printed.
fn run(home: &Home, arguments: &[&str]) -> (Option<i32>, Vec<u8>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    let ran = command.args(arguments).env("DRYDOCK_HOME", home.path()).output().unwrap();
    (ran.status.code(), ran.stdout)
}

/// The recordings' files.
fn files(home: &Home) -> Vec<PathBuf> {
    let Ok(folder) = std::fs::read_dir(home.path().join("state/recordings")) else {
        return Vec::new();
    };
    folder.map(|entry| entry.unwrap().path()).collect()
}

/// The recording as an asciicast: every event's kind and text, in order, and the times rise.
fn events(home: &Home) -> Vec<(String, String)> {
    let (status, cast) = run(home, &["replay", "linux-01"]);
    assert_eq!(status, Some(0));
    let cast = String::from_utf8(cast).unwrap();
    let mut lines = cast.lines().map(|line| serde_json::from_str(line).unwrap());
    let header: serde_json::Value = lines.next().unwrap();
    assert_eq!((&header["version"], &header["width"]), (&2.into(), &100.into()));
    let mut last = 0.0;
    lines
        .map(|event| {
            let at = event[0].as_f64().unwrap();
            assert!(at >= last, "{event} after {last}");
            last = at;
            (event[1].as_str().unwrap().to_owned(), event[2].as_str().unwrap().to_owned())
        })
        .collect()
}

fn output(events: &[(String, String)]) -> String {
    events.iter().filter(|(kind, _)| kind == "o").map(|(_, text)| &**text).collect()
}

/// Waits until the recording says this: it is written some moments after it was shown.
fn records(home: &Home, words: &str) -> String {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let output = output(&events(home));
        if output.contains(words) {
            return output;
        }
        assert!(Instant::now() < deadline, "{words:?} is not recorded:\n{output}");
    }
}

#[test]
fn what_is_shown_is_recorded_and_what_is_typed_unseen_is_not() {
    if !engine("records::shown") {
        return;
    }
    let home = Home::new();
    let mut terminal = shell(&home);
    // Ready is said when there is no echo any more: the secret comes not a moment earlier.
    terminal.send(&format!("{ASK}\r"));
    terminal.see("\nready");
    terminal.send(&format!("{SECRET}\r"));
    terminal.see("thanks 42");
    terminal.send("false\rexit 0\r");
    assert!(terminal.end());

    let events = events(&home);
    let shown = output(&events);
    assert!(shown.contains(USER) && shown.contains("thanks 42"), "{shown}");
    let marks: Vec<_> = events.iter().filter(|(kind, _)| kind == "m").map(|(_, m)| &**m).collect();
    assert!(marks.contains(&"false"), "each command is a mark: {marks:?}");

    // Closed, it is packed, and the secret is in no file that the program keeps.
    let files = files(&home);
    assert!(files.iter().all(|file| file.extension().is_some_and(|end| end == "gz")), "{files:?}");
    assert!(!shown.contains(SECRET), "{shown}");
    for file in all_files(home.path()) {
        let bytes = std::fs::read(&file).unwrap();
        let is_there = bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
        assert!(!is_there, "{}", file.display());
    }

    let (status, commands) = run(&home, &["history", "linux-01", "--commands", "--json"]);
    assert_eq!(status, Some(0));
    let commands: serde_json::Value = serde_json::from_slice(&commands).unwrap();
    let commands = commands["commands"].as_array().unwrap();
    let status_of = |text: &str| {
        commands.iter().find(|command| command["text"] == text).map(|command| &command["status"])
    };
    assert_eq!(status_of("false"), Some(&1.into()), "{commands:?}");
    assert_eq!(status_of(ASK), Some(&0.into()), "{commands:?}");
}

#[test]
fn a_killed_holder_leaves_a_recording_that_can_be_played() {
    if !engine("records::killed") {
        return;
    }
    let home = Home::new();
    let mut terminal = shell(&home);
    terminal.send("echo the light is $((40 + 2))\r");
    terminal.see("the light is 42");
    records(&home, "the light is 42");
    let [holder] = home.holders()[..] else { panic!("one holder") };
    kill_process(holder, Signal::KILL).unwrap();
    terminal.see("files are kept");
    assert!(records(&home, "the light is 42").contains(USER));

    // The next shell of the attempt goes on in the same recording.
    assert!(!terminal.end());
    let mut terminal = Terminal::start((100, 30), home.path(), &["shell", "linux-01"]);
    terminal.see("this is a new shell");
    terminal.send("\r");
    terminal.see(PROMPT);
    terminal.send("echo and $((40 + 3)); exit 0\r");
    terminal.end();
    let shown = records(&home, "and 43");
    let (before, after) = (shown.find("light is 42").unwrap(), shown.find("and 43").unwrap());
    assert!(before < after, "{shown}");
}

#[test]
fn without_recording_there_is_no_file() {
    if !engine("records::off") {
        return;
    }
    let home = Home::new();
    assert_eq!(run(&home, &["config", "set", "recording", "off"]).0, Some(0));
    let mut terminal = shell(&home);
    terminal.send("echo $((40 + 2)) unseen\r");
    terminal.see("42 unseen");
    terminal.send("exit 0\r");
    terminal.end();
    assert_eq!(files(&home), Vec::<PathBuf>::new());
    assert_eq!(run(&home, &["replay", "linux-01"]).0, Some(3));
}

/// Every file below a folder.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files.extend(all_files(&entry.path())),
            kind if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}
