//! A learner's shell survives everything that happens to the program around it: the real binary in a
//! real pseudo-terminal, a real engine behind it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use home::{Home, engine};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use terminal::Terminal;

const PROMPT: &str = "learner@sandbox:~$";

/// linux-01's workspace with the shell in front.
fn at_the_shell(size: (u16, u16), home: &Home) -> Terminal {
    let mut terminal = Terminal::start(size, home.path(), &["launch", "linux-01"]);
    terminal.see("0/4");
    terminal.send("2");
    terminal.see("goes to the shell");
    terminal
}

/// The same when the sandbox is there already: who comes back is in the shell at once.
fn back_at_the_shell(size: (u16, u16), home: &Home) -> Terminal {
    let terminal = Terminal::start(size, home.path(), &["launch", "linux-01"]);
    terminal.see("goes to the shell");
    terminal
}

/// Waits until a process is gone.
fn is_gone(pid: Pid) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while test_kill_process(pid).is_ok() {
        assert!(std::time::Instant::now() < deadline, "{pid:?} does not end");
        std::thread::yield_now();
    }
}

#[test]
fn a_variable_a_half_typed_line_and_a_counting_loop_survive_kill_9() {
    if !engine("outlives::kill_9") {
        return;
    }
    let home = Home::new();
    let mut terminal = at_the_shell((80, 24), &home);
    terminal.see(PROMPT);
    terminal.send("harbour=Kiel; n=0; while sleep 0.1; do echo $((n+=1)) > n; done &\r");
    terminal.see("[1]");
    terminal.send("echo half ty");
    terminal.see("half ty");
    terminal.signal(Signal::KILL);
    terminal.end();

    let mut again = back_at_the_shell((120, 40), &home);
    again.see("half ty");
    again.send(
        "ped $harbour $COLUMNS; a=$(cat n); until [ $(cat n) -gt $a ]; do :; done; echo co''unts\r",
    );
    let screen = again.see("counts");
    let pane = screen.lines().find(|line| line.contains("half typed Kiel ")).unwrap();
    assert!(!pane.contains("Kiel 80"), "the shell has the new window's size: {pane}");
}

#[test]
fn vim_survives_a_dropped_connection() {
    if !engine("outlives::vim") {
        return;
    }
    let home = Home::new();
    let mut terminal = at_the_shell((80, 24), &home);
    terminal.see(PROMPT);
    terminal.send("vim letter\r");
    terminal.see("[New]");
    terminal.send("iDear harbour master,\rthe light is");
    terminal.see("the light is");
    terminal.signal(Signal::HUP);
    terminal.end();

    let mut again = back_at_the_shell((120, 40), &home);
    again.see("Dear harbour master,");
    again.see("-- INSERT --");
    again.send(" out.\x1b:wq\r");
    again.see(PROMPT);
    again.send("clear; cat letter\r");
    again.see("the light is out.");
}

#[test]
fn a_holder_that_was_killed_is_spoken_of_and_its_shell_does_not_linger() {
    if !engine("outlives::killed_holder") {
        return;
    }
    let home = Home::new();
    let mut terminal = at_the_shell((120, 40), &home);
    terminal.see(PROMPT);
    terminal.send("echo kept > file; sleep 9999 & jobs\r");
    terminal.see("Running");
    let [holder] = home.holders()[..] else { panic!("one holder") };
    kill_process(holder, Signal::KILL).unwrap();
    terminal.see("files are kept");
    terminal.send("\r");
    terminal.see("this is a new shell");
    terminal.send("\r");
    terminal.send("clear; cat file; pgrep -fx 'sleep 9999' || echo no''ne\r");
    let screen = terminal.see("none");
    assert!(screen.contains("kept"), "{screen}");
}

#[test]
fn the_holder_ends_with_destroy_and_leaves_nothing() {
    if !engine("outlives::destroy") {
        return;
    }
    let home = Home::new();
    let mut terminal = at_the_shell((80, 24), &home);
    terminal.see(PROMPT);
    let [holder] = home.holders()[..] else { panic!("one holder") };
    terminal.send("\x1dq"); // leave the shell, quit
    terminal.end();
    assert!(test_kill_process(holder).is_ok(), "it outlives the program");
    assert!(home.destroy().success());
    is_gone(holder);
    assert_eq!(std::fs::read_dir(home.path().join("state/run")).unwrap().count(), 0);
}
