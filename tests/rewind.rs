//! "Undo my rm -rf" as a learner does it: the real binary in a real pseudo-terminal, a real engine
//! behind it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use home::{Home, engine};
use rustix::process::Signal;
use terminal::Terminal;

const PROMPT: &str = "learner@sandbox:~$";
const LEAVE: &str = "\x1d";

/// linux-01's workspace with the shell in front and one check green, and its files kept.
fn with_a_step(size: (u16, u16), home: &Home) -> Terminal {
    let mut terminal = Terminal::start(size, home.path(), &["launch", "linux-01"]);
    terminal.see("0/4");
    terminal.send("2");
    terminal.see(PROMPT);
    terminal.send("mkdir keys; cp yard/attic/shelf-c/box-5/.tin/harbour.key keys/\r");
    terminal.see("1/4");
    terminal.send(LEAVE);
    // It is taken while the learner goes on.
    loop {
        terminal.send("u");
        let screen = terminal.see("as it was prepared");
        let kept = screen.contains("The key is found");
        terminal.send("\x1b");
        terminal.wait("the list is closed", |screen| !screen.contains("as it was prepared"));
        if kept {
            break;
        }
    }
    terminal.send("2");
    terminal.see("goes to the shell");
    terminal
}

/// Chooses a row of the list by what is typed, and answers the question with yes.
fn rewind(terminal: &mut Terminal, to: &str) {
    terminal.send(LEAVE);
    terminal.send("u");
    terminal.see("as it was prepared");
    terminal.send(to);
    terminal.see(&format!(": {to}"));
    terminal.send("\r");
    terminal.see("not brought back");
    terminal.send("\x1b[C"); // right
    terminal.see("[ Rewind ]");
    terminal.send("\r");
}

fn undo(size: (u16, u16)) {
    if !engine("rewind::undo") {
        return;
    }
    let home = Home::new();
    let mut terminal = with_a_step(size, &home);
    terminal.send("rm -rf ~/* ; sleep 4711 & ls | wc -l\r");
    terminal.see("0/4");
    rewind(&mut terminal, "check-4");
    terminal.see("Bringing the files back to check-4");
    terminal.see("files are back, programs are not");
    terminal.see(PROMPT);
    terminal.see("1/4");
    // A new shell, in front: what is typed goes there.
    terminal.send(
        "clear; cat keys/harbour.key >/dev/null && ls; pgrep -fx 'sleep 4711' || echo no''ne\r",
    );
    let screen = terminal.see("none");
    assert!(screen.contains("README.md") && screen.contains("yard"), "{screen}");

    // And back to before it.
    rewind(&mut terminal, "before-1");
    terminal.see("files are back, programs are not");
    terminal.see("0/4");
    terminal.send("clear; ls | wc -l; echo e''nd\r");
    let screen = terminal.see("end");
    assert!(screen.lines().any(|line| line.contains("│0 ") || line.trim() == "0"), "{screen}");
}

#[test]
fn rm_rf_is_undone_by_keys_at_80x24() {
    undo((80, 24));
}

#[test]
fn rm_rf_is_undone_by_keys_at_120x40() {
    undo((120, 40));
}

#[test]
fn the_program_killed_in_a_rewind_leaves_a_sandbox_that_works() {
    if !engine("rewind::killed") {
        return;
    }
    let home = Home::new();
    let mut terminal = with_a_step((120, 40), &home);
    terminal.send("echo work > work\r");
    rewind(&mut terminal, "check-4");
    terminal.see("Bringing the files back to check-4");
    terminal.signal(Signal::KILL);
    terminal.end();

    // Whichever of the two it is, it is whole: the key is there in both.
    let mut again = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    let screen = again.see("1/4");
    again.see(PROMPT);
    // The keys are where they were, as far as that was written down by then.
    if !screen.contains("goes to the shell") {
        again.send("\x1d");
    }
    again.see("goes to the shell");
    again.send("clear; ls keys; echo e''nd\r");
    let screen = again.see("end");
    assert!(screen.contains("harbour.key"), "{screen}");
    drop(again);
    assert!(home.destroy().success());
}

#[test]
fn who_goes_home_in_a_rewind_finds_it_done() {
    if !engine("rewind::home") {
        return;
    }
    let home = Home::new();
    let mut terminal = with_a_step((120, 40), &home);
    terminal.send("rm -rf ~/*\r");
    terminal.see("0/4");
    rewind(&mut terminal, "check-4");
    terminal.see("Bringing the files back to check-4");
    terminal.send("\x1b");
    terminal.see("Practice");
    terminal.send("\r");
    terminal.see("1/4");
    terminal.see(PROMPT);
}
