//! The marks that the bash of our images prints, from a real bash in a pseudo-terminal to the
//! emulator: commands, their status, folders and prompts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/pane.rs"]
mod pane;

use std::fs;
use std::path::Path;

use drydock::terminal::{Event, Line, Mark, Size};
use pane::{Pane, Shown};

const SIZE: Size = Size { columns: 60, rows: 12 };

/// bash as it is in our images: their files, but none of this machine's.
struct Bash {
    pane: Pane,
    home: tempfile::TempDir,
}

fn started(text: &str) -> Event {
    Event::CommandStarted { text: text.to_owned() }
}

fn ended(status: i32) -> Event {
    Event::CommandEnded { status: Some(status) }
}

/// How many prompts have been shown.
fn prompts(shown: &mut Shown) -> usize {
    shown.emulator.lines().iter().filter(|line| line.has_mark(Mark::Prompt)).count()
}

fn is_command(event: &Event) -> bool {
    matches!(event, Event::CommandStarted { .. } | Event::CommandEnded { .. })
}

impl Bash {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("images/base");
        let rc = format!(". {0}/marks.bash\n. {0}/bashrc\nPS1='$ '\n", base.display());
        fs::write(home.path().join("rc"), rc).unwrap();
        let rc = home.path().join("rc");
        let program = ["bash", "--noprofile", "--rcfile", rc.to_str().unwrap(), "-i"];
        let home_path = home.path().to_str().unwrap();
        let pane =
            Pane::start(SIZE, &program, &[("HOME", home_path), ("RC", rc.to_str().unwrap())]);
        pane.wait("the first prompt", |shown| (prompts(shown) == 1).then_some(()));
        pane.send("cd\r");
        pane.wait("the second", |shown| (prompts(shown) == 2).then_some(()));
        pane.look(|shown| shown.events.clear());
        Self { pane, home }
    }

    /// Types keys and waits for the next prompt; what was told until then.
    fn run(&self, keys: &str) -> Vec<Event> {
        let before = self.pane.look(prompts);
        self.pane.send(keys);
        self.pane.wait(keys, |shown| {
            let there = prompts(shown) > before;
            there
                .then(|| std::mem::take(&mut shown.events).into_iter().filter(is_command).collect())
        })
    }

    /// Types keys and waits until a command has started.
    fn begin(&self, keys: &str) -> Event {
        self.pane.send(keys);
        self.pane.wait(keys, |shown| {
            let at = shown.events.iter().position(is_command)?;
            Some(shown.events.drain(..=at).next_back().unwrap())
        })
    }

    fn folder(&self) -> Option<String> {
        self.pane.look(|shown| shown.emulator.view().state.folder)
    }

    /// The lines with a prompt, from the last.
    fn last_prompt(&self) -> Line {
        let is_prompt = |line: &Line| line.has_mark(Mark::Prompt);
        self.pane.look(|shown| shown.emulator.lines().into_iter().rfind(is_prompt).unwrap())
    }

    fn text(&self) -> String {
        self.pane.look(|shown| shown.emulator.view().text())
    }
}

#[test]
fn commands_and_their_status_are_told() {
    let bash = Bash::start();
    assert_eq!(bash.run("true\r"), [started("true"), ended(0)]);
    assert_eq!(bash.run("false\r"), [started("false"), ended(1)]);
    assert_eq!(bash.run("\r"), [], "an empty line");
    assert_eq!(bash.run("echo \"<$?>\"\r"), [started("echo \"<$?>\""), ended(0)]);
    assert!(bash.text().contains("\n<1>\n"), "the status is as without marks");
    // Ctrl-C throws away what is typed and not yet read, so it comes when the line is there.
    bash.pane.send("half typed");
    bash.pane.see("$ half typed");
    bash.pane.until_it_waits();
    assert_eq!(bash.run("\x03"), [], "Ctrl-C at the prompt");
    assert_eq!(bash.begin("cat\r"), started("cat"));
    bash.pane.send("twice\r");
    bash.pane.see("\ntwice\ntwice");
    assert_eq!(bash.run("\x03"), [ended(130)]);
    assert_eq!(bash.run("(exit 3); (exit 4)\r"), [started("(exit 3); (exit 4)"), ended(4)]);
    assert_eq!(bash.run("no-such-command\r"), [started("no-such-command"), ended(127)]);
    assert_eq!(bash.run("sleep 100 &\r"), [started("sleep 100 &"), ended(0)]);
    assert_eq!(bash.run("kill %%\r"), [started("kill %%"), ended(0)]);
    assert_eq!(bash.run("if then\r"), [], "an error of syntax: nothing has run");
}

#[test]
fn commands_are_told_as_they_were_typed() {
    let bash = Bash::start();
    let long = format!("echo {}", "word ".repeat(30));
    assert_eq!(bash.run(&format!("{long}\r")), [started(long.trim()), ended(0)]);
    let edged = format!("echo {}", "x".repeat(60 - 7));
    assert_eq!(bash.run(&format!("{edged}\r")), [started(&edged), ended(0)], "to the edge");
    let middle = format!("{long}\x01\x1bf new\r");
    assert_eq!(
        bash.run(&middle),
        [started(&format!("echo new{}", long[4..].trim_end())), ended(0)]
    );
    let lines = "for i in 1 2\ndo echo $i\ndone";
    let typed = format!("{lines}\n").replace('\n', "\r");
    assert_eq!(bash.run(&typed), [started(lines), ended(0)]);
    let recalled = "for i in 1 2; do echo $i; done";
    assert_eq!(bash.run("\x1b[A\r"), [started(recalled), ended(0)]);
    assert_eq!(bash.run("\x12echo n\r")[0], started(&format!("echo new{}", long[4..].trim_end())));
    bash.pane.send("\x1b[200~echo a\necho b\x1b[201~");
    bash.pane.see("echo b");
    assert_eq!(bash.run("\r"), [started("echo a\necho b"), ended(0)], "pasted");
    bash.pane.send("true \x0c");
    bash.pane.wait("a clear screen", |shown| {
        shown.emulator.view().text().starts_with("$ true").then_some(())
    });
    assert_eq!(bash.run("1\r"), [started("true 1"), ended(0)]);
    let here = "cat <<end\nsome text\n\nend";
    let typed = format!("{here}\n").replace('\n', "\r");
    assert_eq!(bash.run(&typed), [started(here), ended(0)]);
}

#[test]
fn prompts_can_be_changed() {
    let bash = Bash::start();
    for (change, prompt) in [
        ("PS1='new> '", "new> "),
        ("PS1=\"(env) $PS1\"", "(env) new> "),
        ("PS1='\\[\\e[1;32m\\]green\\[\\e[m\\]# '", "green# "),
        ("PROMPT_COMMAND='PS1=\"set by it \"'", "set by it "),
        ("PS0='going\\n'", "set by it "),
        ("PROMPT_COMMAND=; set -u; unset PS0 PS2; PS1='$ '", "$ "),
        ("PROMPT_COMMAND+=(true); set +u", "$ "),
        ("unset PROMPT_COMMAND", "$ "),
    ] {
        assert_eq!(bash.run(&format!("{change}\r")), [started(change), ended(0)]);
        let line = bash.last_prompt();
        assert_eq!((line.text(), line.starts_with(Mark::Prompt)), (prompt, true), "{change}");
        assert_eq!(bash.run("false\r"), [started("false"), ended(1)], "{change}");
    }
}

#[test]
fn a_prompt_of_two_lines_can_be_drawn_anew_in_part() {
    let bash = Bash::start();
    for name in ["abc1", "abd2"] {
        fs::write(bash.home.path().join(name), "").unwrap();
    }
    bash.run("PS1='one\\ntwo$ '\r");
    bash.pane.send("ls ab\t\t");
    bash.pane.see("abc1  abd2");
    bash.pane.send("c\t");
    bash.pane.see("ls abc1");
    bash.pane.look(|shown| shown.events.clear());
    assert_eq!(bash.begin("\r"), started("ls abc1"));
}

#[test]
fn shells_in_shells() {
    let bash = Bash::start();
    let nested = "bash --noprofile --rcfile $RC -i";
    assert_eq!(bash.run(&format!("{nested}\r")), [started(nested)], "it has no end of its own");
    assert_eq!(bash.run("\r"), []);
    assert_eq!(bash.run("false\r"), [started("false"), ended(1)]);
    assert_eq!(bash.run(&format!("exec {nested}\r")), [started(&format!("exec {nested}"))]);
    assert_eq!(bash.run("(exit 7)\r"), [started("(exit 7)"), ended(7)]);
    assert_eq!(bash.run("exit 3\r"), [started("exit 3"), ended(3)]);
    // One that says nothing, and gets nothing that it would show.
    bash.run("export PS1='$ '\r");
    assert_eq!(bash.begin("sh\r"), started("sh"));
    bash.pane.send("PS1='plain> '\r");
    bash.pane.see("plain> ");
    bash.pane.send("true\r");
    assert_eq!(bash.run("exit 5\r"), [ended(5)]);
    assert_eq!(bash.run("true\r"), [started("true"), ended(0)]);
}

#[test]
fn nothing_of_it_is_to_be_seen() {
    let bash = Bash::start();
    bash.run("set -x\r");
    assert_eq!(bash.run("true\r"), [started("true"), ended(0)]);
    bash.run("set +x\r");
    let others = "sh -c 'echo $PS1 $PS2 $PS0.'; bash -c 'echo $PROMPT_COMMAND.'";
    assert_eq!(bash.run(&format!("{others}\r")), [started(others), ended(0)]);
    let text = bash.text();
    assert!(
        text.starts_with("$ cd\n$ set -x\n$ true\n+ true\n$ set +x\n+ set +x\n$ sh -c"),
        "{text}"
    );
    assert!(!text.contains("drydock"), "{text}");
    for terminal in ["dumb", "linux"] {
        bash.begin(&format!("TERM={terminal} bash --noprofile --rcfile $RC -i\r"));
        bash.pane.send("echo $TERM: \"<$PS1$PS2$PS0>\"; exit\r");
        bash.pane.see(&format!("\n{terminal}: <$ > >\n"));
        assert_eq!(bash.run("\r"), [ended(0)]);
    }
}

#[test]
fn folders_are_told() {
    let bash = Bash::start();
    let home = bash.home.path().to_str().unwrap().to_owned();
    assert_eq!(bash.folder(), Some(home.clone()));
    for name in ["a b", "100%", "%41", "日本", "'quoted'", ";x"] {
        fs::create_dir(bash.home.path().join(name)).unwrap();
        bash.run(&format!("cd; cd \"{name}\"\r"));
        assert_eq!(bash.folder(), Some(format!("{home}/{name}")));
    }
}
