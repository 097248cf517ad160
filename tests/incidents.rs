//! Incidents on a real system: built-in scenarios are proved, and through the real binary nothing is lost
//! when everything is killed or somebody stops machines.
//!
//! A proof takes minutes for each repair. By default those scenarios are proved that are not as
//! `tests/proved-scenarios.txt` says they were when they last were, and another one in turn, from day to
//! day, with its first repair and its first wrong one. `DRYDOCK_TEST_SCENARIOS=all` proves all with
//! everything, a list of ids those, and `none` none.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and may say what it did"
)]

#[path = "support/home.rs"]
mod home;
#[path = "support/proving.rs"]
mod proving;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock::course::{self, Body, Item, Source};
use home::Home;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use terminal::Terminal;

/// From the launch to the learner's turn: machines, twenty healthy seconds, the baseline, the symptom.
const LIVE: Duration = Duration::from_mins(3);

/// How soon after a fix everything must hold: the window drains, then it must hold.
const GREEN: Duration = Duration::from_mins(1);

/// One item's incident in a home of its own.
struct Bench {
    home: Home,
    id: String,
}

impl Bench {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(words).env("DRYDOCK_HOME", self.home.path());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).stdin(Stdio::null()).output().unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| {
            panic!("{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr))
        })
    }

    fn verify(&self) -> Value {
        self.json(&["verify", &self.id])
    }

    fn show(&self) -> Value {
        self.json(&["incident", "show", &self.id])
    }

    /// Waits until a picture of it is as wanted.
    fn until(&self, what: &str, patience: Duration, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let picture = self.show();
            if wanted(&picture) {
                return picture;
            }
            assert!(begun.elapsed() < patience, "{}: not {what}: {picture:#}", self.id);
            // Asking starts a program: not more often than something can have changed.
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

fn phase(picture: &Value) -> &str {
    picture["phase"]["phase"].as_str().unwrap_or_default()
}

/// How much of a scenario is proved.
enum Depth {
    Everything,
    /// The first repair and the first wrong one.
    First,
}

/// Whether it is to be proved, and how much of it.
fn wanted(item: &Item) -> Option<Depth> {
    let asked = std::env::var("DRYDOCK_TEST_SCENARIOS").unwrap_or_default();
    if !asked.is_empty() {
        let named = |word: &str| word == "all" || word == item.id;
        return asked.split(',').any(named).then_some(Depth::Everything);
    }
    if !include_str!("proved-scenarios.txt").lines().any(|line| line == proved(item)) {
        return Some(Depth::Everything);
    }
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let turn = usize::try_from(now / 86_400).unwrap() % ALL.len();
    (ALL[turn] == item.id).then_some(Depth::First)
}

/// The line that says that it was proved as it is now.
fn proved(item: &Item) -> String {
    format!("{} {}", item.id, item.hash().unwrap())
}

/// The item, in a home of its own with a live incident; `None` without an engine.
fn live(id: &str) -> Option<(Bench, Item)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(support::engine(&format!("incidents::{id}")))?;
    runtime.block_on(support::image(engine.as_ref(), "shop"));
    let course = course::load(&[Source::built_in()]);
    assert_eq!(course.problems, []);
    let item = course.item(id).unwrap().clone();
    let bench = Bench { home: Home::new(), id: id.to_owned() };
    let begun = Instant::now();
    let launched = bench.run(&["launch", id, "--detach", "--json"]);
    assert!(launched.status.success(), "{launched:?}");
    println!("{id}: live after {:.1} s", begun.elapsed().as_secs_f64());
    Some((bench, item))
}

fn prove(id: &str) {
    let course = course::load(&[Source::built_in()]);
    assert_eq!(course.problems, []);
    let mut item = course.item(id).unwrap().clone();
    let Some(depth) = wanted(&item) else { return };
    if let (Body::Scenario(scenario), Depth::First) = (&mut item.body, &depth) {
        let scenario = std::sync::Arc::make_mut(scenario);
        scenario.solutions.truncate(1);
        scenario.decoys.truncate(1);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let test = format!("incidents::{id}");
        let Some(engine) = support::engine(&test).await else { return };
        support::image(engine.as_ref(), "shop").await;
        if let Some(proof) = proving::proof(&test, engine, &item, &course).await {
            assert!(proof.proved, "{proof:#?}");
            println!("{proof:#?}");
            if let Depth::Everything = depth {
                println!("for tests/proved-scenarios.txt: {}", proved(&item));
            }
        }
    });
}

macro_rules! proofs {
    ($($name:ident $id:literal)*) => {
        /// Every built-in scenario.
        const ALL: &[&str] = &[$($id),*];
        $(
            #[test]
            fn $name() {
                prove($id);
            }
        )*
    };
}

proofs! {
    cpu_regression "incidents-01"
    worker_pool "incidents-02"
    gateway_pool "incidents-03"
    missing_index "incidents-04"
    connections "incidents-05"
    migration_lock "incidents-06"
    retry_storm "incidents-07"
    false_alarm "incidents-08"
}

#[test]
fn every_scenario_is_in_the_list() {
    let course = course::load(&[Source::built_in()]);
    let scenarios = course.items().filter(|item| matches!(item.body, Body::Scenario(_)));
    assert!(scenarios.map(|item| item.id.as_str()).eq(ALL.iter().copied()));
}

/// Everything that makes the incident go on is killed, the way a machine that crashes kills it.
#[test]
fn kill_9_loses_nothing() {
    let Some((bench, _)) = live("incidents-01") else { return };
    let before = bench.until("well under way", LIVE, |p| p["elapsed"].as_f64().unwrap() > 5.0);
    let pids = bench.home.path().join("state/run/incidents");
    let pid = std::fs::read_dir(pids)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|file| file.extension().is_some_and(|ending| ending == "pid"))
        .unwrap();
    let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    // Nobody looks for a while; the incident goes on in its machines.
    std::thread::sleep(Duration::from_secs(15));
    let after = bench.show();
    let passed = after["elapsed"].as_f64().unwrap() - before["elapsed"].as_f64().unwrap();
    // Looking takes its time too, on a machine with other things to do.
    assert!((13.0..45.0).contains(&passed), "{passed} s");
    let said = |picture: &Value| picture["feed"].as_array().unwrap().len();
    assert!(said(&after) >= said(&before));
    assert_eq!(phase(&after), "live");
    let gaps = after["criteria"][0]["recent"].as_array().unwrap();
    assert!(gaps.iter().rev().take(8).all(|value| !value.is_null()), "{gaps:?}");
    for size in [(80, 24), (120, 40), (200, 60)] {
        by_keys(&bench, size);
    }
    // Held is held, whoever looks and however long.
    assert!(bench.run(&["incident", "pause", &bench.id]).status.success());
    let before = bench.until("held", GREEN, |picture| picture["paused"] == true);
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(bench.show()["elapsed"], before["elapsed"]);
    assert!(bench.run(&["incident", "resume", &bench.id]).status.success());
    bench.until("going on", GREEN, |picture| {
        picture["elapsed"].as_f64().unwrap() > before["elapsed"].as_f64().unwrap() + 2.0
    });
}

/// Every tab by its key, in a terminal of this size; then the program is killed where it is, in the shell. The
/// next one goes back there.
fn by_keys(bench: &Bench, size: (u16, u16)) {
    let mut terminal = Terminal::start(size, bench.home.path(), &["launch", &bench.id]);
    let screen = terminal.wait("the page, or the shell", |screen| {
        screen.contains("esc close") || screen.contains("twice-")
    });
    if screen.contains("esc close") {
        terminal.send("\u{1b}");
        terminal.wait("the page closed", |screen| !screen.contains("esc close"));
    } else {
        terminal.send("\u{1d}");
    }
    terminal.send("2");
    terminal.see("Requests that succeed");
    terminal.send("L");
    terminal.see("Logs");
    terminal.send("T");
    terminal.see("Slowest traces");
    terminal.send("T");
    terminal.see("Requests that succeed");
    terminal.send("3");
    terminal.see("Diagnostics");
    terminal.send("d");
    terminal.see("Nothing is wrong");
    terminal.send("\u{1b}");
    terminal.wait("closed", |screen| !screen.contains("Nothing is wrong"));
    let attempt = bench.home.store().active(&bench.id).unwrap().unwrap().id;
    let place = format!("place.attempt.{attempt}");
    bench.home.remembered(&place, "\"tab\":\"act\"");
    terminal.send("4");
    terminal.see("learner@ops:~$");
    terminal.send(&format!("echo twice-$(({} * 2))\r", size.0));
    terminal.see(&format!("twice-{}", size.0 * 2));
    bench.home.remembered("place.screen", &bench.id);
    bench.home.remembered(&place, "\"tab\":\"shell\"");
    terminal.signal(Signal::KILL);
    terminal.end();
}

/// Somebody stops machines behind everybody's back.
#[test]
fn stopped_machines_are_the_labs_business() {
    let Some((bench, item)) = live("incidents-08") else { return };
    for machine in ["db", "prometheus"] {
        let find = |label: &str| format!("label={label}");
        let found = Command::new("docker")
            .args(["ps", "-q", "--filter", &find(&format!("drydock.item={}", item.id))])
            .args(["--filter", &find(&format!("drydock.machine={machine}"))])
            .output()
            .unwrap();
        let ids = String::from_utf8(found.stdout).unwrap();
        for id in ids.lines() {
            let stopped = Command::new("docker").args(["stop", "-t", "0", id]).output().unwrap();
            assert!(stopped.status.success());
        }
        bench.until("told", Duration::from_secs(30), |picture| {
            let feed = picture["feed"].as_array().unwrap();
            feed.iter().any(|entry| {
                let text = entry["text"].as_str().unwrap();
                text.contains(machine) && text.contains("stopped from outside")
            })
        });
        bench.until("green again", Duration::from_mins(2), |_| bench.verify()["passed"] == true);
    }
}
