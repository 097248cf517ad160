//! What a learner has is kept whatever happens to the program: the time on the clock, and the place.
//! The real binary in a real pseudo-terminal, killed and stopped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::time::{Duration, Instant};

use drydock::store::Attempt;
use home::{Home, engine};
use rustix::process::Signal;
use terminal::Terminal;

const SECOND: Duration = Duration::from_secs(1);
const LEAVE: &str = "\x1d";

fn attempt(home: &Home) -> Attempt {
    home.store().active("linux-01").unwrap().unwrap()
}

/// The seconds that the title's clock shows: `00:07 of 15 min`, or `00:07` alone.
fn clock(screen: &str) -> Option<Duration> {
    let title = screen.lines().next()?;
    let (minutes, seconds) = title.split(' ').find_map(|word| word.split_once(':'))?;
    Some(Duration::from_secs(minutes.parse::<u64>().ok()? * 60 + seconds.parse::<u64>().ok()?))
}

/// Waits until the clock shows this, or more.
fn shows(terminal: &Terminal, time: Duration) -> Duration {
    let what = format!("{time:?} on the clock");
    clock(&terminal.wait(&what, |screen| clock(screen) >= Some(time))).unwrap()
}

/// A screen without what moves by itself.
fn still(screen: &str) -> String {
    let lines = screen.lines().enumerate().map(|(row, line)| {
        let moving = |word: &&str| row > 0 || !word.contains(':');
        line.split(' ').filter(moving).collect::<Vec<_>>().join(" ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn kill_9_loses_no_more_than_a_second_of_the_clock() {
    if !engine("kept::kill_9") {
        return;
    }
    let home = Home::new();
    let mut before = Duration::ZERO;
    for round in 0..6 {
        let mut terminal = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
        terminal.see("learner@sandbox:~$");
        let resumed = Instant::now();
        let from = clock(&terminal.text()).unwrap();
        assert!(from + SECOND >= before, "round {round}: {from:?} after {before:?}");
        // Each time at another moment of a second.
        terminal.send("x\x7f");
        let shown = shows(&terminal, from + SECOND + SECOND * (round % 2));
        terminal.wait_for_output(Duration::from_millis(170) * round);
        let shown = clock(&terminal.text()).unwrap_or(shown).max(shown);
        terminal.signal(Signal::KILL);
        let ran = resumed.elapsed();
        terminal.end();
        let kept = attempt(&home).active;
        assert!(kept + SECOND >= shown, "round {round}: {kept:?} kept of {shown:?} shown");
        assert!(kept < shown + 2 * SECOND, "round {round}: {kept:?} kept, {shown:?} shown");
        // It began to count before the prompt was there.
        assert!(kept >= before + ran.saturating_sub(SECOND), "round {round}: {ran:?} more");
        before = kept;
    }
}

#[test]
fn a_program_that_is_stopped_counts_a_second_of_it_at_most() {
    if !engine("kept::stopped") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    terminal.see("learner@sandbox:~$");
    let stopped_at = shows(&terminal, 2 * SECOND);
    terminal.signal(Signal::STOP);
    terminal.quiet(5 * SECOND);
    terminal.signal(Signal::CONT);
    let after = shows(&terminal, stopped_at + SECOND);
    assert!(after <= stopped_at + 2 * SECOND, "{after:?} after {stopped_at:?}");
    let kept = attempt(&home).active;
    assert!(kept < stopped_at + 3 * SECOND, "{kept:?} kept");
    terminal.signal(Signal::TERM);
    assert!(terminal.end());
}

#[test]
fn two_programs_at_one_attempt_count_once() {
    if !engine("kept::two_programs") {
        return;
    }
    let home = Home::new();
    let begun = Instant::now();
    let mut workspace = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    workspace.see("learner@sandbox:~$");
    let mut shell = Terminal::start((100, 30), home.path(), &["shell", "linux-01"]);
    shell.see("learner@sandbox:~$");
    shell.send("echo both-$((40+2))\r");
    workspace.see("both-42");
    shows(&workspace, attempt(&home).active + 4 * SECOND);
    let (kept, ran) = (attempt(&home).active, begun.elapsed());
    assert!(kept <= ran, "{kept:?} in {ran:?}");
    workspace.signal(Signal::KILL);
    workspace.end();
    // The other one goes on counting.
    let at_least = kept + SECOND;
    let deadline = Instant::now() + terminal::PATIENCE;
    while attempt(&home).active < at_least {
        assert!(Instant::now() < deadline, "a shell alone counts");
        shell.wait_for_output(Duration::from_millis(100));
    }
    assert!(attempt(&home).active <= begun.elapsed());
}

#[test]
fn after_kill_9_the_program_starts_where_it_was() {
    if !engine("kept::starts_where_it_was") {
        return;
    }
    for size in [(120, 40), (80, 24)] {
        let home = Home::new();
        let mut terminal = Terminal::start(size, home.path(), &["launch", "linux-01"]);
        terminal.see("0/4");
        terminal.send("1");
        terminal.send("\x1b[6~jj"); // a page and two lines down
        terminal.send(">>");
        terminal.send("2");
        terminal.see("learner@sandbox:~$");
        if size.0 == 120 {
            // The border of the checks, eight columns to the left.
            let column = (0..size.0)
                .rfind(|column| {
                    let corner = terminal.look(|screen| {
                        let cell = screen.cell(1, *column);
                        cell.is_some_and(|cell| cell.contents() == "╭")
                    });
                    corner == Some(true)
                })
                .unwrap();
            let at = |kind: u32, column: u16, end: &str| format!("\x1b[<{kind};{column};9{end}");
            terminal.send(&at(0, column + 1, "M"));
            terminal.send(&at(32, column - 7, "M"));
            terminal.send(&at(0, column - 7, "m"));
        }
        terminal.send("seq 3; echo so-far-$((40+2))\r");
        terminal.see("so-far-42");
        let id = attempt(&home).id;
        home.remembered("place.screen", "linux-01");
        home.remembered(&format!("place.attempt.{id}"), "\"focus\":\"shell\"");
        if size.0 == 120 {
            home.remembered(&format!("place.attempt.{id}"), "\"sidebar\":3");
        }
        let before = still(&terminal.text());
        terminal.signal(Signal::KILL);
        terminal.end();

        for arguments in [&[][..], &["launch", "linux-01"]] {
            let again = Terminal::start(size, home.path(), arguments);
            again.wait("the same screen", |screen| still(screen) == before);
            again.signal(Signal::KILL);
        }
        // The lesson too, where it is not beside the shell.
        let mut again = Terminal::start(size, home.path(), &[]);
        again.wait("the same screen", |screen| still(screen) == before);
        again.send(LEAVE);
        again.send("1");
        again.send("q");
        assert!(again.end());

        assert!(home.destroy().success());
        let mut gone = Terminal::start(size, home.path(), &[]);
        gone.see("has no sandbox any more");
        gone.see("Practice");
        gone.send("q");
        assert!(gone.end());
    }
}

#[test]
fn home_is_where_one_starts_if_one_wants_or_was_there() {
    if !engine("kept::home") {
        return;
    }
    let home = Home::new();
    let mut terminal = Terminal::start((120, 40), home.path(), &["launch", "linux-01"]);
    terminal.see("learner@sandbox:~$");
    home.remembered("place.screen", "linux-01");
    terminal.signal(Signal::TERM);
    assert!(terminal.end());

    let mut at_home = Terminal::start((120, 40), home.path(), &["home"]);
    at_home.see("Practice");
    at_home.send("/");
    at_home.send("signals");
    at_home.see("/ signals");
    at_home.signal(Signal::TERM);
    assert!(at_home.end());

    let mut again = Terminal::start((120, 40), home.path(), &[]);
    again.see("/ signals");
    again.send("\x1b");
    again.wait("the tree", |screen| screen.contains("Practice"));
    again.send("q");
    assert!(again.end());
}

#[test]
fn without_the_engine_one_starts_at_home() {
    let home = Home::new();
    std::fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
    std::fs::create_dir_all(home.path().join("data")).unwrap();
    let place = "{\"version\":1,\"place\":{\"item\":\"linux-01\"}}";
    home.store().remember("place.screen", place).unwrap();
    let nowhere = [("DOCKER_HOST", "unix:///nowhere/docker.sock")];
    let mut terminal = Terminal::start_with((80, 24), home.path(), &[], &nowhere);
    terminal.see("linux-01, which you were at, waits");
    terminal.see("Practice");
    terminal.send("q");
    assert!(terminal.end());
}
