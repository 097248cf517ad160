//! Nothing that was shown is lost: not when the program is killed, not when several write at once.
//!
//! The programs are this test binary run again: see [`program`].
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Lines, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use drydock::store::{AttemptState, CheckRecord, CheckState, Store};

/// How often the programs are killed if [`KILLS`] does not say.
const ROUNDS: u64 = 100;
const KILLS: &str = "DRYDOCK_TEST_KILLS";

/// How many programs write at once while they are killed, each items of its own, and how far apart
/// their numbers are.
const WRITERS: u64 = 2;
const APART: u64 = 1_000_000;

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
        store.remember(&last(number), &number.to_string()).unwrap();
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

/// What a program remembers as its last item.
fn last(number: u64) -> String {
    format!("last-{}", number / APART)
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
    let attempt = store.history(Some(&item(number)), 1).unwrap().pop();
    let Some(attempt) = attempt else { return false };
    match kind {
        "checks" => {
            store.checks(attempt.id).unwrap().iter().filter(|c| c.first_passed_at.is_some()).count()
                == 2
        }
        "hint" => store.hints(attempt.id).unwrap().len() == 1,
        "active" => attempt.active == SECOND,
        "completion" => {
            attempt.state == AttemptState::Completed
                && store.completions(Some(&item(number))).unwrap().len() == 1
        }
        "memory" => store.recall(&last(number)).unwrap().unwrap().parse::<u64>().unwrap() >= number,
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

fn rounds() -> u64 {
    std::env::var(KILLS).map_or(ROUNDS, |rounds| rounds.parse().unwrap())
}

#[test]
fn killing_the_programs_loses_nothing_that_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let mut next: Vec<u64> = (0..WRITERS).map(|writer| writer * APART).collect();
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for round in 0..rounds() {
        let mut writers: Vec<_> = next
            .iter()
            .map(|&from| {
                let mut child = start("practise", from, &path);
                let lines = BufReader::new(child.stdout.take().unwrap()).lines();
                (child, lines)
            })
            .collect();
        let mut shown = Vec::new();
        for _ in 0..random(12) {
            for (_, lines) in &mut writers {
                shown.extend(next_shown(lines));
            }
        }
        // Somewhere in the writes that follow.
        let after = Duration::from_micros(random(2000));
        wait_for(Instant::now() + after);
        for (child, _) in &mut writers {
            child.kill().unwrap();
        }
        for (mut child, mut lines) in writers {
            child.wait().unwrap();
            while let Some(more) = next_shown(&mut lines) {
                shown.push(more);
            }
        }

        let store = Store::open(&path).unwrap();
        // The whole of it is read now and then: it grows.
        if round % 10 == 0 {
            store.check_integrity().unwrap();
        }
        for (number, kind) in shown {
            assert!(is_kept(&store, number, &kind), "round {round}: {number} {kind} was lost");
            let next = &mut next[(number / APART) as usize];
            *next = (*next).max(number + 1);
            *told.entry(kind).or_default() += 1;
        }
    }
    let store = Store::open(&path).unwrap();
    store.check_integrity().unwrap();
    let completed = store.completions(None).unwrap().len() as u64;
    let begun = store.history(None, u32::MAX).unwrap().len() as u64;
    println!("{} rounds of {WRITERS} programs; told as kept: {told:?}", rounds());
    println!("found: {begun} attempts, {completed} completions");
    // What was kept just before a kill may not have been told any more, once a round.
    let more = 0..=rounds() * WRITERS;
    assert!(more.contains(&(begun - told["attempt"])), "{begun}");
    assert!(more.contains(&(completed - told["completion"])), "{completed}");
    assert!(told.values().sum::<u64>() > rounds() * 5, "too little was shown before the kills");
}

#[test]
fn killing_the_program_while_it_makes_the_database_leaves_all_of_it_or_nothing() {
    for _ in 0..rounds() / 2 {
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
