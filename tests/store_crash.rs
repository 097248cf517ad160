//! Nothing that was shown is lost: not when the program is killed, not when several write at once.
//!
//! The programs are this test binary run again: see [`program`].
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use drydock::store::{AttemptState, CheckRecord, CheckState, Status, Store};

const ROUNDS: u64 = 50;
const SECOND: Duration = Duration::from_secs(1);

/// What a program is told to do, in its environment: `practise FROM PATH` or `tick COUNT PATH`.
const TASK: &str = "DRYDOCK_TEST_STORE_TASK";

/// Not a test: the other programs' part.
#[test]
fn program() {
    let Ok(task) = std::env::var(TASK) else { return };
    let mut words = task.splitn(3, ' ');
    let (task, number) = (words.next().unwrap(), words.next().unwrap().parse().unwrap());
    let path = Path::new(words.next().unwrap());
    match task {
        "practise" => practise(path, number),
        "tick" => tick(path, number),
        _ => unreachable!(),
    }
}

/// Completes one item after another, for ever, and says what it shows once it is kept.
fn practise(path: &Path, from: u64) {
    let store = Store::open(path).unwrap();
    for number in from.. {
        let id = store.begin(&item(number), "hash", "docker", None).unwrap().id;
        println!("\nshown {number} attempt");
        store.record_checks(id, &passed(), true).unwrap();
        println!("shown {number} checks");
        store.show_hint(id, 0).unwrap();
        println!("shown {number} hint");
        store.add_active(id, SECOND).unwrap();
        println!("shown {number} active");
        store.complete(id).unwrap();
        println!("shown {number} completion");
        store.remember("last", &number.to_string()).unwrap();
        println!("shown {number} memory");
    }
}

fn tick(path: &Path, count: u64) {
    let store = Store::open(path).unwrap();
    let id = store.begin("shared", "hash", "docker", None).unwrap().id;
    for number in 0..count {
        store.add_active(id, SECOND).unwrap();
        let own = format!("{}-{number}", std::process::id());
        store.begin(&own, "hash", "docker", None).unwrap();
    }
}

fn item(number: u64) -> String {
    format!("item-{number}")
}

fn passed() -> [CheckRecord; 2] {
    ["a", "b"].map(|name| CheckRecord { name: name.into(), state: CheckState::Passed })
}

fn start(task: &str, number: u64, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["program", "--exact", "--nocapture", "--test-threads=1"])
        .env(TASK, format!("{task} {number} {}", path.display()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The next thing shown, as its number and its kind; `None` when the program has ended.
fn next_shown(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<(u64, String)> {
    loop {
        let line = lines.next()?.unwrap();
        let Some(shown) = line.strip_prefix("shown ") else { continue };
        // What was cut off in the middle by the kill was not shown.
        if let Some((number, kind)) = shown.split_once(' ')
            && let Ok(number) = number.parse()
        {
            return Some((number, kind.to_owned()));
        }
    }
}

fn is_kept(store: &Store, number: u64, kind: &str) -> bool {
    let attempt = store
        .history(None, u32::MAX)
        .unwrap()
        .into_iter()
        .find(|attempt| attempt.item == item(number));
    let Some(attempt) = attempt else { return false };
    match kind {
        "checks" => {
            store.checks(attempt.id).unwrap().iter().filter(|c| c.first_passed_at.is_some()).count()
                == 2
        }
        "hint" => store.hints(attempt.id).unwrap().len() == 1,
        "active" => attempt.active == SECOND,
        "completion" => attempt.state == AttemptState::Completed,
        "memory" => store.recall("last").unwrap().unwrap().parse::<u64>().unwrap() >= number,
        _ => true, // the attempt itself, or a word that was cut off
    }
}

/// A number below `end`, different every time.
fn random(end: u64) -> u64 {
    RandomState::new().hash_one(()) % end
}

fn wait_for(moment: Instant) {
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}

#[test]
fn killing_the_program_loses_nothing_that_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let mut next = 0;
    let mut shown_in_all = 0;
    for round in 0..ROUNDS {
        let mut child = start("practise", next, &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut shown = Vec::new();
        for _ in 0..random(40) {
            shown.extend(next_shown(&mut lines));
        }
        // Somewhere in the writes that follow.
        let after = Duration::from_micros(random(2000));
        wait_for(Instant::now() + after);
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(more) = next_shown(&mut lines) {
            shown.push(more);
        }

        let store = Store::open(&path).unwrap();
        store.check_integrity().unwrap();
        for (number, kind) in &shown {
            assert!(is_kept(&store, *number, kind), "round {round}: {number} {kind} was lost");
            next = number + 1;
        }
        shown_in_all += shown.len();
    }
    assert!(shown_in_all > 500, "only {shown_in_all} things were shown before the kills");
    let progress = Store::open(&path).unwrap().progress().unwrap();
    assert!(progress.values().filter(|item| item.status == Status::Completed).count() > 50);
}

#[test]
fn killing_the_program_while_it_makes_the_database_leaves_all_of_it_or_nothing() {
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.db");
        let mut child = start("practise", 0, &path);
        // The harness says what it runs just before it does.
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut [0; 16]).unwrap();
        let after = Duration::from_micros(random(5000));
        wait_for(Instant::now() + after);
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(&path).unwrap();
        store.check_integrity().unwrap();
        store.begin("linux-01", "hash", "docker", None).unwrap();
    }
}

#[test]
fn programs_that_write_at_once_lose_nothing() {
    const PROGRAMS: u32 = 3;
    const TICKS: u32 = 150;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let programs: Vec<_> = (0..PROGRAMS).map(|_| start("tick", TICKS.into(), &path)).collect();
    for program in programs {
        assert!(program.wait_with_output().unwrap().status.success());
    }
    let store = Store::open(&path).unwrap();
    store.check_integrity().unwrap();
    let progress = store.progress().unwrap();
    assert_eq!(progress["shared"].attempts, 1);
    assert_eq!(progress["shared"].current.as_ref().unwrap().active, SECOND * PROGRAMS * TICKS);
    assert_eq!(progress.len(), (PROGRAMS * TICKS + 1) as usize);
}
