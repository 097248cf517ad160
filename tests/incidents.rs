//! Incidents on a real system, through the real binary: healthy and green; broken soon after, and
//! still broken when nobody does anything; each accepted fix turns it green, each wrong one does not;
//! nothing is left.
//!
//! One scenario takes minutes for each of its fixes. By default one of them is proved, with one fix and
//! one wrong one; `DRYDOCK_TEST_SCENARIOS=all` proves all with everything, a list of ids some.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and may say what it did"
)]

#[path = "support/home.rs"]
mod home;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use drydock::course::scenario::Scenario;
use drydock::course::{self, Item, Source};
use drydock::lab::scenario;
use home::Home;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use terminal::Terminal;

/// The scenario that is proved where nobody asks for others.
const DEFAULT: &str = "incidents-03";

/// From the launch to the learner's turn: machines, twenty healthy seconds, the baseline, the symptom.
const LIVE: Duration = Duration::from_mins(3);

/// How soon after a fix everything must hold: the window drains, then it must hold.
const GREEN: Duration = Duration::from_mins(1);

/// How long it must stay broken when nobody does anything.
const UNTOUCHED: Duration = Duration::from_mins(1);

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

    /// Commands at the learner's shell, without a terminal.
    fn shell(&self, script: &str) {
        let mut child = self
            .command(&["shell", &self.id])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        println!(
            "{}: {script:?}: {}: {}{}",
            self.id,
            output.status,
            String::from_utf8_lossy(&output.stdout).trim(),
            String::from_utf8_lossy(&output.stderr).trim()
        );
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

    fn restart(&self) {
        let output = self.run(&["incident", "restart", &self.id]);
        assert!(output.status.success(), "{output:?}");
        self.until("live", LIVE, |picture| phase(picture) == "live");
    }

    /// Watches for a while that it is not passed.
    fn stays_red(&self, how_long: Duration, what: &str) {
        let begun = Instant::now();
        while begun.elapsed() < how_long {
            let verdict = self.verify();
            assert_ne!(verdict["passed"], true, "{} passes {what}: {verdict:#}", self.id);
            // It is judged once a second.
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    fn failing(&self) -> Vec<String> {
        let verdict = self.verify();
        let checks = verdict["checks"].as_array().unwrap();
        let failing = checks.iter().filter(|check| check["met"] != true);
        failing.map(|check| check["criterion"].as_str().unwrap().to_owned()).collect()
    }

    /// Answers rightly and marks it complete. Gives the picture of what is over.
    fn complete(&self, scenario: &Scenario) -> Value {
        let right = &scenario.diagnosis;
        let output = self.run(&[
            "incident",
            "diagnose",
            &self.id,
            "--component",
            &right.component,
            "--mechanism",
            &right.mechanism,
            "--trigger",
            &right.trigger,
        ]);
        assert!(output.status.success(), "{output:?}");
        let output = self.run(&["incident", "complete", &self.id]);
        assert!(output.status.success(), "{output:?}");
        let patience = scenario.replay.as_ref().map_or(Duration::from_secs(10), |replay| {
            replay.lasts + replay.recover_within + Duration::from_secs(20)
        });
        let over = self.until("over", patience, |picture| phase(picture) == "over");
        assert_eq!(over["phase"]["outcome"]["outcome"], "resolved", "{over:#}");
        over
    }
}

fn phase(picture: &Value) -> &str {
    picture["phase"]["phase"].as_str().unwrap_or_default()
}

fn wanted(id: &str) -> bool {
    let asked = std::env::var("DRYDOCK_TEST_SCENARIOS").unwrap_or_default();
    asked == "all" || asked.split(',').any(|asked| asked == id)
}

/// Everything that our engine has of this home's item.
fn left(item: &str) -> String {
    let filter = format!("label=drydock.item={item}");
    let mut all = String::new();
    for what in [["ps", "-aq"], ["network", "ls"]] {
        let quiet = if what[0] == "network" { "-q" } else { "--no-trunc" };
        let output =
            Command::new("docker").args(what).args([quiet, "--filter", &filter]).output().unwrap();
        all.push_str(&String::from_utf8_lossy(&output.stdout));
    }
    all
}

/// The item and its scenario, in a home of its own with a live incident; `None` without an engine.
fn live(id: &str) -> Option<(Bench, Item, std::sync::Arc<Scenario>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = runtime.block_on(support::engine(&format!("incidents::{id}")))?;
    runtime.block_on(support::image(engine.as_ref(), "shop"));
    let course = course::load(&[Source::built_in()]);
    assert_eq!(course.problems, []);
    let item = course.item(id).unwrap().clone();
    let scenario = scenario(&item).unwrap();
    let bench = Bench { home: Home::new(), id: id.to_owned() };
    let begun = Instant::now();
    let launched = bench.run(&["launch", id, "--detach", "--json"]);
    assert!(launched.status.success(), "{launched:?}");
    println!("{id}: live after {:.1} s", begun.elapsed().as_secs_f64());
    Some((bench, item, scenario))
}

/// Proves a scenario; with `all`, every fix and every wrong one.
fn prove(id: &str, all: bool) {
    let Some((bench, item, scenario)) = live(id) else { return };
    let alarm = scenario.inject.is_empty();
    if alarm {
        bench.until("green", GREEN, |_| bench.verify()["passed"] == true);
    } else {
        assert!(!bench.failing().is_empty());
        bench.stays_red(UNTOUCHED, "with nobody's help");
    }
    let some = if all { usize::MAX } else { 1 };
    for (number, solution) in scenario.solutions.iter().take(some).enumerate() {
        if number > 0 {
            bench.restart();
        }
        bench.shell(&solution.run);
        let begun = Instant::now();
        bench.until("green", GREEN, |_| bench.verify()["passed"] == true);
        println!("{id}: {}: green after {:.1} s", solution.name, begun.elapsed().as_secs_f64());
        let over = bench.complete(&scenario);
        if solution.known_by.is_some() {
            assert_eq!(over["repair"], Value::String(solution.name.clone()), "{id}: {over:#}");
        }
    }
    for decoy in scenario.decoys.iter().take(some) {
        bench.restart();
        bench.shell(&decoy.run);
        bench.stays_red(GREEN, &format!("after the wrong fix \"{}\"", decoy.name));
        let failing = bench.failing();
        println!("{id}: {}: {failing:?} not met", decoy.name);
        let named = decoy.fails.is_empty() || decoy.fails.iter().any(|id| failing.contains(id));
        assert!(named, "{id}: {}: {failing:?} instead of {:?}", decoy.name, decoy.fails);
    }
    assert!(bench.home.destroy().success());
    assert_eq!(left(&item.id), "", "{id}: nothing is left");
}

macro_rules! proofs {
    ($($name:ident $id:literal)*) => {
        $(
            #[test]
            fn $name() {
                if wanted($id) || $id == DEFAULT && !wanted("none") {
                    prove($id, wanted($id));
                }
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

/// Everything that makes the incident go on is killed, the way a machine that crashes kills it.
#[test]
fn kill_9_loses_nothing() {
    let Some((bench, _, _)) = live("incidents-01") else { return };
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

/// Every tab by its key, in a terminal of this size; then the program is killed.
fn by_keys(bench: &Bench, size: (u16, u16)) {
    let mut terminal = Terminal::start(size, bench.home.path(), &["launch", &bench.id]);
    terminal.see("esc close");
    terminal.send("\u{1b}");
    terminal.wait("the page closed", |screen| !screen.contains("esc close"));
    terminal.send("2");
    terminal.see("Requests that succeed");
    terminal.send("L");
    terminal.see("Logs");
    terminal.send("T");
    terminal.see("Slowest traces");
    terminal.send("3");
    terminal.see("Diagnostics");
    terminal.send("d");
    terminal.see("Nothing is wrong");
    terminal.send("\u{1b}");
    terminal.wait("closed", |screen| !screen.contains("Nothing is wrong"));
    terminal.send("4");
    terminal.see("learner@ops:~$");
    terminal.send(&format!("echo twice-$(({} * 2))\r", size.0));
    terminal.see(&format!("twice-{}", size.0 * 2));
    terminal.signal(Signal::KILL);
    terminal.end();
}

/// Somebody stops machines behind everybody's back.
#[test]
fn stopped_machines_are_the_labs_business() {
    let Some((bench, item, _)) = live("incidents-08") else { return };
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
