//! Content written as a contributor writes it: the real binary in a real pseudo-terminal, and other
//! editors beside it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;
use terminal::Terminal;

const YAML: &str = "exercises/mine/01-keys.yaml";
const LESSON: &str = "content/mine/01-keys.md";
const MANIFEST: &str = "\
id: my-01
module: mine
order: 1
title: Find the key
description: Somewhere in the yard.
verify:
  - name: The key is at home
    cmd: test -f key
hints:
  - Look into the yard.
";

const SAVE: &str = "\x13";
const GO_TO_LINE: &str = "\x07";
const QUIT: &str = "\x11";
const END: &str = "\x1b[F";
const ESCAPE: &str = "\x1b";

/// A home and a folder of content.
struct Desk {
    home: TempDir,
    content: TempDir,
}

impl Desk {
    fn new() -> Self {
        let (home, content) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();
        let desk = Self { home, content };
        for (path, text) in [
            (YAML, MANIFEST),
            (LESSON, "# Keys\n\nWhere they are.\n"),
            ("content/mine/module.yaml", "title: Mine\norder: 90\n"),
        ] {
            fs::create_dir_all(desk.file(path).parent().unwrap()).unwrap();
            fs::write(desk.file(path), text).unwrap();
        }
        desk
    }

    fn file(&self, path: &str) -> PathBuf {
        self.content.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.file(path)).unwrap()
    }

    fn open(&self, size: (u16, u16)) -> Terminal {
        let folder = self.content.path().to_str().unwrap();
        let terminal = Terminal::start(size, self.home.path(), &["author", folder]);
        terminal
            .wait("the folder", |screen| screen.starts_with(" author") && screen.contains("my-01"));
        terminal
    }
}

/// Opens a file by its name, with the palette; `line` is one of it.
fn edit(terminal: &mut Terminal, path: &str, line: &str) {
    terminal.send(":");
    terminal.see("Commands");
    terminal.send(&format!("Edit {path}"));
    terminal.send("\r");
    terminal.see(line);
    terminal.see("ctrl-s save   esc files");
}

#[test]
fn what_is_written_is_seen_and_saved_at_every_size() {
    for size in [(80, 24), (120, 40), (200, 60)] {
        let desk = Desk::new();
        let mut terminal = desk.open(size);
        edit(&mut terminal, YAML, "6 verify:");
        // The line of the description.
        terminal.send(GO_TO_LINE);
        terminal.send("5\r");
        terminal.send(END);
        terminal.send(" Or under the mat.");
        terminal.see("1 unsaved");
        terminal.send(ESCAPE);
        terminal.see("t try");
        terminal.send("3");
        terminal.wait("the preview", |screen| {
            let seen = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            screen.contains("Look into the yard") && seen.contains("under the mat.")
        });
        assert_eq!(desk.text(YAML), MANIFEST, "nothing is saved by itself");
        // A key that does not exist, and where it is.
        terminal.send("2");
        terminal.see("ctrl-s save   esc files");
        terminal.send(GO_TO_LINE);
        terminal.send("6\rx");
        terminal.see("unknown key \"xverify\"");
        terminal.send("\x7f");
        terminal.wait("no error", |screen| !screen.contains("unknown key"));
        terminal.send(SAVE);
        terminal.see("Saved exercises/mine/01-keys.yaml");
        let expected = MANIFEST.replace("yard.\nverify", "yard. Or under the mat.\nverify");
        assert_eq!(desk.text(YAML), expected);
        terminal.send(QUIT);
        assert!(terminal.end());
        assert!(!terminal.alternate());
    }
}

#[test]
fn after_kill_9_the_text_is_offered_and_the_file_is_as_it_was() {
    let desk = Desk::new();
    let mut terminal = desk.open((80, 24));
    edit(&mut terminal, YAML, "6 verify:");
    terminal.send("# not saved\r");
    terminal.see("1 unsaved");
    // A second at most is lost.
    let kept = || {
        let folders = fs::read_dir(desk.home.path().join("state/author")).into_iter().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        // What is not renamed yet does not count.
        let mut paths = files.map(|file| file.unwrap().path());
        paths.any(|path| {
            let text = fs::read_to_string(&path).unwrap_or_default();
            path.extension().is_some() && text.contains("# not saved\\nid")
        })
    };
    let started = std::time::Instant::now();
    while !kept() {
        assert!(started.elapsed() < terminal::PATIENCE, "nothing is kept");
        std::thread::yield_now();
    }
    terminal.signal(Signal::KILL);
    terminal.end();
    assert_eq!(desk.text(YAML), MANIFEST);

    let mut again = desk.open((80, 24));
    again.see("never saved: 1 line");
    again.send("\x1b[C\r"); // go on with them
    again.see("1 # not saved");
    assert_eq!(desk.text(YAML), MANIFEST);
    again.send(SAVE);
    again.see("Saved");
    assert_eq!(desk.text(YAML), format!("# not saved\n{MANIFEST}"));
    again.send(QUIT);
    assert!(again.end());
    let third = desk.open((80, 24));
    assert!(!third.text().contains("Recovered"), "{}", third.text());
}

/// Another program changes the lesson's second word; the preview is to show it.
fn beside(other: &str, change: impl Fn(&Desk, &str)) {
    let desk = Desk::new();
    let mut terminal = desk.open((120, 40));
    edit(&mut terminal, LESSON, "1 # Keys");
    terminal.see("Where they are.");
    for word in ["first", "second"] {
        change(&desk, word);
        terminal.wait(&format!("what {other} wrote"), |screen| {
            // In the editor and in the preview.
            screen.matches(&format!("Where they {word}.")).count() == 2
        });
    }
}

#[test]
fn what_sed_writes_is_followed() {
    beside("sed -i", |desk, word| {
        let script = format!("s/they .*/they {word}./");
        let status = Command::new("sed").args(["-i", &script]).arg(desk.file(LESSON)).status();
        assert!(status.unwrap().success());
    });
}

#[test]
fn what_a_rename_brings_is_followed() {
    beside("a rename", |desk, word| {
        let new = desk.content.path().join("new");
        fs::write(&new, format!("# Keys\n\nWhere they {word}.\n")).unwrap();
        fs::rename(new, desk.file(LESSON)).unwrap();
    });
}

#[test]
fn what_vim_writes_is_followed() {
    if !support::program("author::vim", "vim") {
        return;
    }
    beside("vim", |desk, word| {
        let command = format!("%s/they .*/they {word}./");
        let mut vim = Command::new("vim");
        vim.args(["-es", "-u", "NONE", "-c", &command, "-c", "wq"]).arg(desk.file(LESSON));
        assert!(vim.status().unwrap().success());
    });
}

#[test]
fn what_nano_writes_is_followed() {
    if !support::program("author::nano", "nano") {
        return;
    }
    beside("nano", |desk, word| {
        let file = desk.file(LESSON);
        let mut nano = Terminal::run(
            (80, 24),
            desk.home.path(),
            &["nano", "--ignorercfiles", "+3", file.to_str().unwrap()],
            &[],
        );
        nano.see("Where they");
        // Cut the line, write another, save, leave.
        nano.send(&format!("\x0bWhere they {word}.\r\x13\x18"));
        nano.end();
    });
}

#[test]
fn what_somebody_else_changed_is_not_written_over() {
    let desk = Desk::new();
    let mut terminal = desk.open((80, 24));
    edit(&mut terminal, YAML, "6 verify:");
    terminal.send("# mine\r");
    terminal.see("1 unsaved");
    fs::write(desk.file(YAML), MANIFEST.replace("Find", "Seek")).unwrap();
    terminal.see("Changed on the disk");
    terminal.send("\r");
    terminal.wait("no question", |screen| !screen.contains("Changed on the disk ─"));
    terminal.send(SAVE);
    terminal.see("Take theirs");
    assert!(desk.text(YAML).contains("Seek"));
    terminal.send("\x1b[C\x1b[C\r"); // keep mine
    terminal.see("Kept");
    terminal.send(SAVE);
    terminal.see("Saved");
    assert_eq!(desk.text(YAML), format!("# mine\n{MANIFEST}"));
}

#[test]
fn an_item_is_proved_and_its_fault_is_told_with_the_line() {
    let desk = Desk::new();
    // It has no solution, and passes by itself.
    fs::write(desk.file(YAML), MANIFEST.replace("test -f key", "true")).unwrap();
    let terminal = &mut desk.open((120, 40));
    terminal.send("G");
    terminal.wait("the item", |screen| screen.contains("The key is at home"));
    terminal.send("P");
    let screen = terminal.wait("the proof", |screen| {
        screen.contains("P puts it away") && screen.contains("not proved on")
    });
    assert!(screen.contains("01-keys.yaml:7: the check"), "{screen}");
    terminal.send("P");
    terminal.wait("the preview", |screen| screen.contains("Preview"));
}

#[test]
fn without_a_folder_it_says_what_helps() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(arguments).env("DRYDOCK_HOME", home.path()).current_dir(nowhere.path());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (status, said) = run(&["author"]);
    assert!(status == Some(2) && said.contains("drydock author DIR"), "{said}");
    let (status, said) = run(&["author", "none"]);
    assert!(status == Some(2) && said.contains("cannot be read"), "{said}");
    let (status, said) = run(&["author", "--json", "."]);
    assert!(status == Some(2) && said.contains("no JSON output"), "{said}");
}
