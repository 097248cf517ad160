//! Damaged databases: never a panic, always a sentence, and never a copy or the damaged file lost.
//!
//! Some of it needs another program: then this test binary runs itself again, see [`program`].
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use drydock::problem::Problem;
use drydock::store::backup::{self, Backup};
use drydock::store::exchange::Kind;
use drydock::store::{CheckRecord, CheckState, Fault, Store, StoreError, recovery};
use jiff::{Timestamp, Zoned};
use rusqlite::Connection;
use tempfile::TempDir;

const PAGE: usize = 4096;

/// How many items were practised when the copy was made, and how many in all.
const COPIED: usize = 50;
const ALL: usize = 110;

fn practise(store: &Store, items: std::ops::Range<usize>) {
    let record = |name: &str| CheckRecord { name: name.to_owned(), state: CheckState::Passed };
    for number in items {
        let id = store.begin(&format!("item-{number}"), "hash", "docker", None).unwrap().id;
        store.record_checks(id, &["a", "b"].map(record), true).unwrap();
        store.show_hint(id, 0).unwrap();
        let command = drydock::store::Command {
            text: "systemctl restart the-gateway-of-the-shop; ".repeat(50),
            folder: Some("/home/learner".to_owned()),
            status: Some(0),
            started_at: Timestamp::now(),
            duration: Duration::from_secs(1),
        };
        store.record_command(id, &command).unwrap();
        store.complete(id).unwrap();
    }
}

/// A database with a copy of the day that lacks what was practised last.
struct Practised {
    folder: TempDir,
    path: PathBuf,
    sound: Vec<u8>,
    copy: Backup,
    copied: Vec<u8>,
}

fn practised() -> Practised {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let store = Store::open(&path).unwrap();
    practise(&store, 0..COPIED);
    let copy = backup::daily(&path).unwrap().unwrap();
    practise(&store, COPIED..ALL);
    drop(store);
    let sound = fs::read(&path).unwrap();
    let copied = fs::read(&copy.path).unwrap();
    Practised { folder, path, sound, copy, copied }
}

impl Practised {
    /// Holds everything a program does with this file to ending in success or in a sentence.
    fn endure(&self, damaged: &[u8], what: &str) -> Result<(), StoreError> {
        fs::write(&self.path, damaged).unwrap();
        let ended = use_it(&self.path);
        if let Err(error) = &ended {
            let problem = Problem::from(error.clone());
            let remedy = problem.remedy.unwrap_or_default();
            assert!(
                !error.is_damage() || remedy.contains("drydock recover puts back the copy of"),
                "{what}: {error}: {remedy}"
            );
            let known = matches!(
                error.fault,
                Fault::Damaged { .. }
                    | Fault::NotADatabase
                    | Fault::Foreign
                    | Fault::Newer { .. }
                    | Fault::Refused { .. }
            );
            assert!(known, "{what}: {error:?}");
        }
        self.copies_are_as_they_were(what);
        ended
    }

    fn copies_are_as_they_were(&self, what: &str) {
        assert_eq!(backup::all(&self.path), std::slice::from_ref(&self.copy), "{what}");
        assert_eq!(fs::read(&self.copy.path).unwrap(), self.copied, "{what}");
    }

    /// Puts the copy back; gives how many attempts there are then.
    fn recover(&self, damaged: &[u8], what: &str) -> usize {
        let done = recovery::recover(&self.path, Some(&self.copy));
        let done = done.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let aside = done.aside.unwrap();
        assert!(fs::read(&aside).unwrap() == damaged, "{what}: what was damaged was changed");
        let store = Store::open(&self.path).unwrap();
        store.check_integrity().unwrap();
        let attempts = store.history(None, u32::MAX).unwrap().len();
        // One more where a bit of an attempt's name is another: nothing tells it from a true one.
        assert!((COPIED..=ALL + 1).contains(&attempts), "{what}: {attempts}");
        drop(store);
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("progress.db"), "{what}: {name} was left");
        }
        self.copies_are_as_they_were(what);
        for file in [aside, self.path.clone()] {
            fs::remove_file(file).unwrap();
        }
        attempts
    }
}

/// All that screens and commands do, until something cannot be done.
fn use_it(path: &Path) -> Result<(), StoreError> {
    let store = Store::open(path)?;
    let now = Zoned::now();
    store.progress()?;
    store.reviews()?;
    store.days(&now)?;
    store.streak(&now)?;
    store.last_item()?;
    store.completions(None)?;
    store.proofs(None)?;
    for attempt in store.history(None, u32::MAX)? {
        store.checks(attempt.id)?;
        store.check_changes(attempt.id)?;
        store.hints(attempt.id)?;
        store.commands(attempt.id)?;
        store.snapshot_notes(attempt.id)?;
        store.incident_values(attempt.id)?;
    }
    store.recall("home.selected")?;
    store.check_integrity()
}

#[test]
fn each_page_may_be_damaged_in_turn() {
    let practised = practised();
    let pages = practised.sound.len() / PAGE;
    assert!(practised.sound.len() > 256 * 1024, "opening it must not read it through");
    let (mut tried, mut whole, mut noticed) = (0, 0, 0);
    for page in 0..pages {
        let mut zeroed = practised.sound.clone();
        zeroed[page * PAGE..][..PAGE].fill(0);
        let mut flipped = practised.sound.clone();
        let bit = random(PAGE as u64 * 8) as usize;
        flipped[page * PAGE + bit / 8] ^= 1 << (bit % 8);
        // A bit is seldom noticed, so fewer of them are tried.
        let flipped = (page % 3 == 0).then_some((flipped, "flipped"));
        for (damaged, how) in [(zeroed, "zeroed")].into_iter().chain(flipped) {
            tried += 1;
            let what = format!("page {page} of {pages}, {how} ({bit})");
            let ended = practised.endure(&damaged, &what);
            noticed += usize::from(ended.is_err());
            if matches!(ended, Err(StoreError { fault: Fault::Newer { .. }, .. })) {
                continue; // it says that it is not ours to touch
            }
            let attempts = practised.recover(&fs::read(&practised.path).unwrap(), &what);
            whole += usize::from(attempts >= ALL);
        }
    }
    // Of a page that holds attempts some may be gone; most pages hold something else.
    println!("{noticed} of {tried} were noticed, all attempts were saved {whole} times");
    assert!(noticed * 10 >= pages * 8, "only {noticed} of {pages}");
    assert!(whole * 10 >= tried * 7, "only {whole} of {tried}");
}

#[test]
fn it_may_end_anywhere() {
    let practised = practised();
    for length in (0..practised.sound.len()).step_by(9973) {
        let damaged = &practised.sound[..length];
        let what = format!("cut off at {length}");
        practised.endure(damaged, &what).unwrap_err();
        practised.recover(damaged, &what);
    }
}

#[test]
fn its_log_may_be_damaged_anywhere() {
    let practised = practised();
    let open = Connection::open(&practised.path).unwrap();
    for number in 0..20 {
        let value = format!("\"{}\"", "x".repeat(2000));
        open.execute("INSERT INTO memories VALUES (?1, ?2)", (number.to_string(), value)).unwrap();
    }
    let wal = fs::read(practised.folder.path().join("progress.db-wal")).unwrap();
    let sound = fs::read(&practised.path).unwrap();
    assert!(wal.len() > 20 * PAGE);
    for at in (0..wal.len()).step_by(wal.len() / 60) {
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("progress.db");
        fs::write(&path, &sound).unwrap();
        let mut damaged = wal.clone();
        damaged[at] ^= 0x10;
        fs::write(elsewhere.path().join("progress.db-wal"), damaged).unwrap();
        // What is in the file is there; of the log, all up to the damage.
        let store = Store::open(&path).unwrap();
        store.check_integrity().unwrap();
        assert_eq!(store.history(None, u32::MAX).unwrap().len(), ALL, "byte {at}");
        let kept = (0..20).take_while(|n| store.recall(&n.to_string()).unwrap().is_some()).count();
        let rest = (kept..20).filter(|n| store.recall(&n.to_string()).unwrap().is_some()).count();
        assert_eq!(rest, 0, "byte {at}: {kept} and then {rest} more");
    }
}

#[test]
fn what_a_copy_lacks_is_taken_over_from_what_is_damaged() {
    let practised = practised();
    // The last page of the index of words: nothing of what was done is on it.
    let connection = Connection::open(&practised.path).unwrap();
    let page: u32 = connection
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'command_words_data'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(connection);
    let mut damaged = practised.sound.clone();
    damaged[(page as usize - 1) * PAGE..][..PAGE].fill(0xa5);
    let error = practised.endure(&damaged, "the index of words").unwrap_err();
    assert!(matches!(error.fault, Fault::Damaged { .. }), "{error}");
    let done = recovery::recover(&practised.path, Some(&practised.copy)).unwrap();
    assert_eq!(done.torn, Some(Vec::new()), "all could be read");
    let new = (ALL - COPIED) as u64;
    let expected: BTreeMap<_, _> = [
        (Kind::Attempt, new),
        (Kind::Check, new * 2),
        (Kind::Change, new * 2),
        (Kind::Hint, new),
        (Kind::Command, new),
        (Kind::Completion, new),
    ]
    .into();
    assert_eq!(done.saved, expected);
}

#[test]
fn without_a_copy_what_can_be_read_is_saved_and_nothing_is_asked_of_a_destroyed_beginning() {
    let practised = practised();
    fs::remove_file(&practised.copy.path).unwrap();
    let mut damaged = practised.sound.clone();
    damaged[..100].fill(0);
    fs::write(&practised.path, &damaged).unwrap();
    let error = Store::open(&practised.path).unwrap_err();
    assert!(error.remedy().unwrap().contains("there is no sound copy"), "{error}");
    let done = recovery::recover(&practised.path, None).unwrap();
    assert_eq!(done.torn, None, "nothing could be read");
    assert_eq!(Store::open(&practised.path).unwrap().history(None, 9).unwrap().len(), 0);
    assert_eq!(fs::read(done.aside.unwrap()).unwrap(), damaged);

    fs::write(&practised.path, &practised.sound[..practised.sound.len() - PAGE]).unwrap();
    let done = recovery::recover(&practised.path, None).unwrap();
    assert!(done.saved[&Kind::Attempt] > 0);
    let names = fs::read_dir(practised.folder.path()).unwrap();
    let aside =
        names.filter(|e| e.as_ref().unwrap().path().to_str().unwrap().contains(".damaged-"));
    assert_eq!(aside.count(), 2, "each that was damaged is kept");
}

#[test]
fn a_newer_programs_database_is_not_replaced() {
    let practised = practised();
    let newer = Connection::open(&practised.path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let before = fs::read(&practised.path).unwrap();
    let error = recovery::recover(&practised.path, Some(&practised.copy)).unwrap_err();
    assert!(matches!(error.fault, Fault::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(&practised.path).unwrap(), before);
    backup::daily(&practised.path).unwrap();
    practised.copies_are_as_they_were("newer");
}

/// What another program is told to do, in its environment: a word and the database.
const TASK: &str = "DRYDOCK_TEST_STORE_TASK";

/// Not a test: the other programs' part.
#[test]
fn program() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (task, path) = task.split_once(' ').unwrap();
    let path = Path::new(path);
    match task {
        "hold" => {
            let store = Store::open(path).unwrap();
            println!("\nready");
            std::io::stdin().read_line(&mut String::new()).unwrap();
            drop(store);
        }
        "copy" => {
            println!("\nready");
            loop {
                for copy in backup::all(path) {
                    fs::remove_file(copy.path).unwrap();
                }
                backup::daily(path).unwrap();
            }
        }
        "recover" => {
            println!("\nready");
            let (copy, _) = backup::newest_good(path).unwrap();
            recovery::recover(path, Some(&copy)).unwrap();
        }
        _ => unreachable!(),
    }
}

/// Starts another program and waits until it is about to do its task.
fn start(task: &str, path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["program", "--exact", "--nocapture", "--test-threads=1"])
        .env(TASK, format!("{task} {}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    while lines.next().unwrap().unwrap() != "ready" {}
    child
}

fn random(end: u64) -> u64 {
    RandomState::new().hash_one(()) % end
}

fn kill_after(mut child: Child, most: Duration) {
    let until = Instant::now() + Duration::from_micros(random(most.as_micros() as u64));
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_database_that_another_program_has_open_is_not_replaced() {
    let practised = practised();
    let mut other = start("hold", &practised.path);
    let error = recovery::recover(&practised.path, Some(&practised.copy)).unwrap_err();
    let pid = i32::try_from(other.id()).unwrap();
    assert_eq!(error.fault, Fault::InUse { pid: Some(pid) });
    assert!(error.remedy().unwrap().contains(&pid.to_string()));
    drop(other.stdin.take());
    other.wait().unwrap();
    recovery::recover(&practised.path, Some(&practised.copy)).unwrap();
}

#[test]
fn killing_what_makes_a_copy_leaves_a_whole_one_or_none() {
    let practised = practised();
    for round in 0..20 {
        kill_after(start("copy", &practised.path), Duration::from_millis(60));
        for copy in backup::all(&practised.path) {
            assert!(copy.check().is_ok(), "round {round}: {}", copy.name);
        }
    }
    Store::open(&practised.path).unwrap().check_integrity().unwrap();
    for copy in backup::all(&practised.path) {
        fs::remove_file(copy.path).unwrap();
    }
    backup::daily(&practised.path).unwrap().unwrap();
    let folder = practised.folder.path().join("progress.db.backups");
    assert_eq!(
        fs::read_dir(folder).unwrap().count(),
        2,
        "the copy and the lock, nothing half made"
    );
}

#[test]
fn killing_what_puts_a_copy_back_loses_nothing() {
    let practised = practised();
    let mut damaged = practised.sound.clone();
    let middle = damaged.len() / 2 / PAGE * PAGE;
    damaged[middle..][..PAGE].fill(0xa5);
    for round in 0..20 {
        fs::write(&practised.path, &damaged).unwrap();
        kill_after(start("recover", &practised.path), Duration::from_millis(120));
        let files = fs::read_dir(practised.folder.path()).unwrap().map(|e| e.unwrap().path());
        let there: Vec<_> = files.filter(|file| file.is_file()).collect();
        let is_damaged = |file: &PathBuf| fs::read(file).unwrap() == damaged;
        assert!(there.iter().any(is_damaged), "round {round}: what was damaged is gone");
        practised.copies_are_as_they_were(&format!("round {round}"));
        if !recovery::is_sound(&practised.path).unwrap_or(false) {
            recovery::recover(&practised.path, Some(&practised.copy)).unwrap();
        }
        let store = Store::open(&practised.path).unwrap();
        store.check_integrity().unwrap();
        assert!(store.history(None, u32::MAX).unwrap().len() >= COPIED, "round {round}");
    }
}
