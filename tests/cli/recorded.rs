//! What was attempted, and what its shells showed.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use drydock::session::recording::{Moment, Recorder};
use drydock::store::{Attempt, Command, Store};
use drydock::terminal::Size;
use jiff::Timestamp;

use crate::home::{Home, Ran};
use crate::terminal::Terminal;

impl Home {
    fn store(&self) -> Store {
        Store::open(&self.path().join("data/progress.db")).unwrap()
    }

    fn recordings(&self) -> PathBuf {
        self.path().join("state/recordings")
    }

    /// Records ten seconds of an attempt: a command, a pause, its output.
    fn record(&self, attempt: &Attempt) {
        let begun =
            Moment { instant: Instant::now(), wall: "2026-03-04T10:00:00Z".parse().unwrap() };
        let after = |seconds| Moment {
            instant: begun.instant + Duration::from_secs(seconds),
            wall: begun.wall + Duration::from_secs(seconds),
        };
        let (id, title) = (attempt.id.to_string(), format!("{}: Files", attempt.item));
        let size = Size { columns: 80, rows: 21 };
        let mut recorder = Recorder::open(&self.recordings(), &id, size, &title, begun).unwrap();
        recorder.output(b"$ make harbour\r\n", begun, String::new);
        recorder.marker("make harbour", begun);
        recorder.output("the harbour is made: \u{2713}\r\n".as_bytes(), after(10), String::new);
        recorder.close(after(10), String::new);
    }
}

/// The first at linux-01 is completed, the second abandoned, the third under way.
fn practised(home: &Home) -> [Attempt; 3] {
    let store = home.store();
    let begin = || store.begin("linux-01", "hash", "docker", None).unwrap();
    let first = begin();
    store.add_active(first.id, Duration::from_mins(12)).unwrap();
    store.show_hint(first.id, 0).unwrap();
    let started_at: Timestamp = "2026-03-04T10:00:00Z".parse().unwrap();
    for (text, status, milliseconds) in [
        ("make harbour", Some(0), 4),
        ("cat <<E\n\u{1b}[2Jx\nE", Some(2), 1_240),
        ("top", None, 90_000),
    ] {
        let duration = Duration::from_millis(milliseconds);
        let (text, folder) = (text.to_owned(), Some("/home/learner".to_owned()));
        store
            .record_command(first.id, &Command { text, folder, status, started_at, duration })
            .unwrap();
    }
    store.complete(first.id).unwrap();
    let second = begin();
    store.abandon(second.id).unwrap();
    let third = store.begin("linux-02", "hash", "docker", None).unwrap();
    [first, second, third]
}

fn short(attempt: &Attempt) -> String {
    attempt.id.to_string()[28..].to_owned()
}

#[test]
fn attempts_are_listed_the_latest_first() {
    let home = Home::alone();
    let ran = home.run(&["history"]).ends(0);
    assert_eq!(ran.stdout, "");
    ran.complains("Nothing has been started yet; drydock launch ID");
    assert_eq!(home.run(&["history", "--json"]).ends(0).stdout, "{\"attempts\":[]}\n");
    home.run(&["history", "--commands"]).ends(3).complains("Nothing has been started yet");

    let [first, second, third] = practised(&home);
    home.record(&first);
    let text = home.run(&["history"]).ends(0).stdout;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].contains("linux-02  active") && lines[1].contains("abandoned"), "{text}");
    for words in ["✓ ", "linux-01", "completed", "12 min", "0 failures", "1 hint", "recorded"] {
        assert!(lines[2].contains(words), "{words}: {text}");
    }
    assert!(lines[2].contains(&short(&first)) && !lines[1].contains("recorded"), "{text}");

    let json = home.run(&["history", "linux-01", "--limit", "1", "--json"]).ends(0).json();
    assert_eq!(json["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(json["attempts"][0]["attempt"], second.id.to_string());
    let json = home.run(&["history", "--json"]).ends(0).json();
    assert_eq!(json["attempts"][0]["attempt"], third.id.to_string());
    let last = &json["attempts"][2];
    let mut fields: Vec<_> = last.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "attempt",
            "ended",
            "failures",
            "hints",
            "item",
            "recorded",
            "seconds",
            "seed",
            "solution_seen",
            "started",
            "state"
        ]
    );
    assert_eq!((&last["seconds"], &last["recorded"]), (&720.into(), &true.into()));
    assert_eq!(last["started"], first.started_at.to_string());
    home.run(&["history", "--limit", "0"]).ends(2);
    home.run(&["history", "018f0000-0000-7000-8000-000000000000"]).ends(2).complains("no attempt");
}

#[test]
fn the_commands_of_an_attempt_are_listed_and_obey_no_terminal() {
    let home = Home::alone();
    let [first, ..] = practised(&home);
    let id = first.id.to_string();
    for name in [id.as_str(), &short(&first), &short(&first).to_uppercase()] {
        let ran = home.run(&["history", name, "--commands"]).ends(0);
        ran.says("make harbour").says("1.2 s").says("✗ 2").says("?").says("1 min");
        assert!(ran.stdout.contains("cat <<E\n") && ran.stdout.contains(" [2Jx\n"), "{ran:#?}");
        assert!(!ran.stdout.contains('\x1b'));
        let ran = home.run(&["history", name]).ends(0);
        ran.says("begun").says("$ make harbour").says("1.2 s").says("✗ 2").says("completed");
        assert!(ran.stdout.contains("cat <<E ") && !ran.stdout.contains('\x1b'), "{ran:#?}");
    }
    let json = home.run(&["history", &id, "--json"]).ends(0).json();
    assert_eq!(json["attempt"]["attempt"], id);
    let whats: Vec<_> =
        json["moments"].as_array().unwrap().iter().map(|moment| &moment["what"]).collect();
    assert!(whats[0] == "begun" && whats[whats.len() - 1] == "ended", "{whats:?}");
    assert!(whats.iter().any(|what| *what == "command"), "{whats:?}");
    assert_eq!(
        json["commands"][0],
        serde_json::json!({
            "number": 1, "text": "make harbour", "folder": "/home/learner", "status": 0,
            "started": "2026-03-04T10:00:00Z", "ms": 4
        })
    );
    assert_eq!(json["commands"][2]["status"], serde_json::Value::Null);
    let latest = home.run(&["history", "linux-02", "--commands"]).ends(0);
    latest.says("linux-02  active").complains("No command of this attempt is known");

    // Found by what was typed, by the item's title, by how it ended.
    let found = |arguments: &[&str]| {
        let json = home.run(&[&["history", "--json"], arguments].concat()).ends(0).json();
        json["attempts"].as_array().unwrap().iter().map(|it| it["item"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(&["--search", "make harb"]), ["linux-01"]);
    assert_eq!(found(&["--search", "permissions users"]), ["linux-02"]);
    assert_eq!(found(&["--state", "active", "linux-02"]), ["linux-02"]);
    home.run(&["history", "--search", "zebra"]).ends(0).complains("No attempt is like that");
}

#[test]
fn recordings_are_listed_and_written_out_for_other_programs() {
    let home = Home::alone();
    let [first, second, third] = practised(&home);
    home.record(&first);
    home.record(&second);
    let other = "018f0000-0000-7000-8000-000000000000";
    fs::copy(
        home.recordings().join(format!("{}.cast.gz", first.id)),
        home.recordings().join(format!("{other}.cast.gz")),
    )
    .unwrap();
    let list = home.run(&["replay", "--list"]).ends(0);
    list.says("linux-01").says("10 s").says(&short(&first)).says(other).says("linux-01: Files");
    let json = home.run(&["replay", "--json", "linux-01"]).ends(0).json();
    let recordings = json["recordings"].as_array().unwrap();
    assert_eq!(recordings.len(), 2);
    assert_eq!(recordings[0]["attempt"], second.id.to_string(), "the latest first");
    let packed = home.recordings().join(format!("{}.cast.gz", first.id));
    assert_eq!(
        recordings[1],
        serde_json::json!({
            "attempt": first.id.to_string(), "item": "linux-01", "started": "2026-03-04T10:00:00Z",
            "seconds": 10, "bytes": fs::metadata(&packed).unwrap().len(), "file": packed
        })
    );

    let cast = home.run(&["replay", &first.id.to_string()]).ends(0).stdout;
    let lines: Vec<_> = cast.lines().collect();
    assert!(lines[0].starts_with("{\"version\":2,\"width\":80,\"height\":21,"), "{cast}");
    assert_eq!(lines[1], "[0.000000, \"o\", \"$ make harbour\\r\\n\"]");
    assert_eq!((lines.len(), cast.ends_with('\n')), (4, true));
    let named = |name: &str| home.run(&["replay", name]).ends(0).stdout;
    assert_eq!(named(&short(&first)), cast);
    assert_eq!(named(packed.to_str().unwrap()), cast);
    assert_eq!(named("linux-01"), home.run(&["replay"]).ends(0).stdout, "the second's");
    let file = home.path().join("my.cast");
    fs::write(&file, &cast).unwrap();
    assert_eq!(named(file.to_str().unwrap()), cast);
    home.run(&["replay", "linux-02"]).ends(3).complains("There is no recording of linux-02");
    home.run(&["replay", &short(&third)]).ends(3).complains("no recording of the attempt");
}

#[test]
fn what_cannot_be_played_is_told() {
    let home = Home::alone();
    let ran = home.run(&["replay"]).ends(3);
    ran.complains("error: There is no recording yet\nhelp: ").complains("drydock launch");
    home.run(&["replay", "--list"]).ends(0).complains("There is no recording yet");
    assert_eq!(home.run(&["replay", "--json"]).ends(0).stdout, "{\"recordings\":[]}\n");
    home.run(&["config", "set", "recording", "off"]).ends(0);
    home.run(&["replay"]).ends(3).complains("drydock config set recording on");

    let file = home.path().join("x.cast");
    let play = |text: &[u8]| {
        fs::write(&file, text).unwrap();
        home.run(&["replay", file.to_str().unwrap()]).ends(2)
    };
    play(b"Dear diary").complains("x.cast: This is not a recording");
    play(b"{\"version\":3}\n").complains("asciicast version 3").complains("asciinema convert");
    let header = "{\"version\":2,\"width\":80,\"height\":24}\n";
    play(format!("{header}[0, \"o\", \"x\"]\nno event\n").as_bytes()).complains("x.cast:3:1: ");
    play(b"\x1f\x8b\x08\x00cut off").complains("damaged");
    home.run(&["replay", "nowhere.cast"]).ends(2).complains("nowhere.cast: ");
    for speed in ["0", "17", "fast", "NaN"] {
        home.run(&["replay", "--speed", speed]).ends(2).complains("0.25 to 16");
    }
}

#[test]
fn a_recording_is_played_on_the_screen() {
    let home = Home::alone();
    let [first, ..] = practised(&home);
    home.record(&first);
    let mut screen = Terminal::start((80, 24), home.path(), &["replay", "linux-01"]);
    let begun = screen.see("$ make harbour");
    assert!(begun.contains("linux-01: Files") && begun.contains("/ 00:10"), "{begun}");
    assert!(!begun.contains("the harbour is made"));
    screen.send("\x1b[F"); // End
    screen.see("the harbour is made: ✓");
    screen.see("the end  00:10");
    screen.send("\x1b[H"); // Home
    screen.wait("the beginning", |text| text.contains("paused   00:00") && !text.contains("made:"));
    screen.send("i");
    screen.see("/ 00:02");
    screen.send("-");
    screen.see("0.5x");
    screen.send("q");
    assert!(screen.end());
    assert!(!screen.alternate());

    // From Home, and back there.
    fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();
    let mut screen = Terminal::start((80, 24), home.path(), &[]);
    // Progress is read: now the cursor stays where it is put.
    screen.see("1/5");
    screen.send("gjp");
    screen.see("$ make harbour");
    screen.send("\x1b");
    screen.see("Practice");
    screen.send("jp");
    screen.see("There is no recording of linux-02");
    screen.send("\rq");
    assert!(screen.end());
}

#[test]
fn a_recording_that_is_still_written_can_be_played() {
    let home = Home::alone();
    let [_, _, third] = practised(&home);
    let size = Size { columns: 80, rows: 21 };
    let id = third.id.to_string();
    let mut recorder =
        Recorder::open(&home.recordings(), &id, size, "linux-02: Users", Moment::now()).unwrap();
    recorder.output(b"ready", Moment::now(), String::new);
    let play = || Ran::from(home.command(&["replay", "linux-02"]).output().unwrap()).ends(0);
    play().says("ready");
    recorder.output(b"steady", Moment::now(), String::new);
    play().says("steady");
    home.run(&["replay", "--list"]).ends(0).says(&short(&third));
}
