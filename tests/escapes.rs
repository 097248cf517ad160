//! Nothing that a container prints reaches the terminal around drydock but as cells: a corpus of
//! sequences is printed in a sandbox, and every byte that was written outside is looked at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/corpus.rs"]
mod corpus;
#[path = "support/home.rs"]
mod home;
#[path = "support/outer.rs"]
mod outer;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::path::PathBuf;
use std::time::Duration;

use corpus::{Case, EVIL};
use drydock::engine::{FileOwner, FileSpec, SandboxId};
use drydock::session::recording::{Moment, Recorder};
use drydock::terminal::Size;
use home::{Home, engine};
use rustix::process::Signal;
use terminal::Terminal;

const PROMPT: &str = "learner@sandbox:~$";

/// Prints a file's bytes to the terminal and reads its answers meanwhile (`deaf`: only afterwards),
/// until the one to its own last question has come. Answers that another has written are told.
const PLAY: &str = r#"
import os, select, sys, termios, tty
path, evil, *how = sys.argv[1:]
data, said, asked = open(path, "rb").read(), b"", b"\x18\x1b[?7777$p"
saved = termios.tcgetattr(0)
tty.setraw(0)
while not said.endswith(b"\x1b[?7777;0$y"):
    deaf = data and "deaf" in how
    ready, room, _ = select.select([] if deaf else [0], [1] if data else [], [], 1)
    if ready:
        said += os.read(0, 65536)
    if room:
        data = data[os.write(1, data[:4096]):]
    # Asked again where the question was lost in a flood of others.
    if not ready and not data:
        os.write(1, asked)
os.write(1, b"\x1bc" if "stays" in how else b"\r\n")
termios.tcsetattr(0, termios.TCSAFLUSH, saved)
wrong = [c for c in (b"\r", b"\n", evil.encode()) if c in said]
print("played", path, wrong or "well")
"#;

fn file(path: &str, contents: &[u8]) -> FileSpec {
    let path = format!("/home/learner/{path}");
    FileSpec { path, mode: 0o644, owner: FileOwner::User, contents: contents.to_vec() }
}

/// The corpus as files of the sandbox.
fn put(cases: &[Case], home: &Home) {
    let mut files = vec![file("play", PLAY.as_bytes())];
    files.extend(cases.iter().enumerate().map(|(n, case)| file(&format!("c/{n}"), &case.bytes)));
    let sandbox = SandboxId(home.sandbox());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let engine = support::engine("escapes").await.unwrap();
        engine.copy_in(&sandbox, &files).await.unwrap();
    });
}

/// Prints a case, and sees to it that the shell is as good as before.
fn play(n: usize, case: &Case, terminal: &mut Terminal) {
    let Case { name, stays, asks, deaf, .. } = case;
    let how = [(stays, "stays"), (deaf, "deaf")];
    let how: Vec<_> = how.iter().filter_map(|(is, word)| is.then_some(*word)).collect();
    terminal.send(&format!("clear; python3 play c/{n} {EVIL} {}\r", how.join(" ")));
    if *asks {
        terminal.see("wants to put 4 characters");
        terminal.send("\x1b");
        terminal.wait("the shell", |screen| !screen.contains("wants to put"));
    }
    terminal.wait(&format!("{name} (c/{n})"), |screen| {
        let played = format!("played c/{n} ");
        assert!(!screen.contains(&format!("{played}[")), "{name} was answered with\n{screen}");
        screen.contains(&format!("{played}well"))
    });
    terminal.send(&format!("echo still he''re {n}\r"));
    terminal.see(&format!("still here {n}"));
}

/// A recording of the corpus, with time between the cases: what comes all at once is left out of one.
fn recording(cases: &[Case], home: &Home) -> PathBuf {
    let begun = Moment::now();
    let size = Size { columns: 100, rows: 30 };
    let folder = home.path().join("corpus");
    let mut recorder = Recorder::open(&folder, "corpus", size, "corpus", begun).unwrap();
    let mut now = begun;
    for (n, case) in cases.iter().enumerate() {
        for bytes in [&case.bytes[..], format!("\x18\x1bcstill here {n}\r\n").as_bytes()] {
            let time = Duration::from_mins(1);
            now = Moment { instant: now.instant + time, wall: now.wall + time };
            recorder.output(bytes, now, String::new);
        }
    }
    // Not closed: it is played as it is.
    folder.join("corpus.cast")
}

fn check(who: &str, terminal: &Terminal) {
    assert_eq!(outer::check(&terminal.written()), Ok(()), "what {who} wrote");
}

#[test]
fn what_is_looked_for_is_found() {
    for good in
        ["é日", "\x1b[1;38;5;9mx\x1b[2;3H\x1b[2K\x1b[6 q\x1b[?25l", "\x1b[?2004h\x1b[?2004l"]
    {
        assert_eq!(outer::check(good.as_bytes()), Ok(()), "{good:?}");
    }
    let wrong = [
        "\x07",
        "\n",
        "\x1bc",
        "\x1b]0;x\x07",
        "\x1bPq\x1b\\",
        "\x1b_x",
        "\x1b[c",
        "\x1b[?7h",
        "\x1b[>4;2m",
        "\x1b[3J\x1b[5n",
        "\x1b[7 q",
        "\x1b[1",
        "\u{9b}m",
        "a\u{202e}b",
        "\x1b[?1049h",
        "\x1b[8;9;9t",
    ];
    for wrong in wrong {
        assert!(outer::check(wrong.as_bytes()).is_err(), "{wrong:?}");
    }
    assert!(outer::check(b"\x9b31m").is_err());
}

#[test]
fn nothing_that_is_printed_reaches_the_outer_terminal() {
    if !engine("escapes::corpus") {
        return;
    }
    let home = Home::new();
    let mut workspace = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    workspace.see("0/4");
    workspace.send("2");
    workspace.see(PROMPT);
    let shell = ["shell", "linux-01"];
    let bare = Terminal::start((100, 30), home.path(), &shell);
    let watching = Terminal::start((90, 20), home.path(), &[&shell[..], &["--watch"]].concat());
    bare.see(PROMPT);
    watching.see(PROMPT);

    let cases = corpus::all();
    put(&cases, &home);
    for (n, case) in cases.iter().enumerate() {
        play(n, case, &mut workspace);
    }
    let last = format!("still here {}", cases.len() - 1);
    bare.see(&last);
    watching.see(&last);

    // The cursor alone is set outside, as it was asked for inside, and only while one is there.
    workspace.send("printf '\\e[5 q'\r");
    workspace.see_written("\x1b[5 q");
    workspace.send("\x1d");
    workspace.see_written("\x1b[0 q");

    workspace.send("q");
    assert!(workspace.end());
    check("the workspace", &workspace);
    for (who, mut terminal) in [("the shell", bare), ("the watching shell", watching)] {
        terminal.signal(Signal::TERM);
        terminal.end();
        check(who, &terminal);
    }

    let file = recording(&cases, &home);
    let replay = ["replay", file.to_str().unwrap(), "--speed", "16", "--skip-idle"];
    let mut replay = Terminal::start((120, 40), home.path(), &replay);
    replay.see(&last);
    replay.send("q");
    assert!(replay.end());
    check("the replay", &replay);
}
