//! An attempt's life as a whole, and what the other tests of the store start from.

use std::cell::Cell;
use std::sync::Barrier;

use super::*;

thread_local! {
    static SECONDS: Cell<i64> = const { Cell::new(0) };
}

/// Sets the clock of this test's stores, in seconds since 1970.
pub(super) fn set_clock(seconds: i64) {
    SECONDS.set(seconds);
}

/// What the clock says when it is set so.
pub(super) fn ticks(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// A new database with a clock that stands still, at 0.
pub(super) fn store() -> (tempfile::TempDir, Store) {
    set_clock(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("progress.db");
    let store = Store::open_with(&path, MIGRATIONS, || ticks(SECONDS.get())).unwrap();
    (folder, store)
}

#[test]
fn an_item_has_one_active_attempt_which_is_resumed() {
    let (_folder, store) = store();
    assert_eq!(store.active("linux-01").unwrap(), None);
    let first = store.begin("linux-01", "old", "docker", None).unwrap();
    assert_eq!((first.state, first.active), (AttemptState::Active, Duration::ZERO));
    set_clock(60);
    let resumed = store.begin("linux-01", "new", "native", None).unwrap();
    assert_eq!(resumed, Attempt { last_at: ticks(60), ..first.clone() });
    assert_eq!(store.active("linux-01").unwrap(), Some(resumed));
    assert_ne!(store.begin("linux-02", "hash", "docker", None).unwrap().id, first.id);
}

#[test]
fn abandoning_makes_way_for_a_new_attempt() {
    let (_folder, store) = store();
    let first = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    set_clock(5);
    store.abandon(first).unwrap();
    store.abandon(first).unwrap();
    let ended = store.attempt(first).unwrap();
    assert_eq!((ended.state, ended.ended_at), (AttemptState::Abandoned, Some(ticks(5))));
    let second = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    assert_ne!(first, second);
    let other = store.begin("linux-02", "hash", "docker", None).unwrap().id;
    let history = |item, limit| {
        store.history(item, limit).unwrap().into_iter().map(|a| a.id).collect::<Vec<_>>()
    };
    assert_eq!(history(None, 10), [other, second, first]);
    assert_eq!(history(None, 1), [other]);
    assert_eq!(history(Some("linux-01"), 10), [second, first]);
    assert_eq!(history(Some("linux-09"), 10), []);
    assert_eq!(store.complete(first).unwrap_err().fault, Fault::Abandoned(first));
}

#[test]
fn completing_happens_once_and_tells_what_there_is_to_celebrate() {
    let (_folder, store) = store();
    let first = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    store.add_active(first, Duration::from_secs(90)).unwrap();
    set_clock(100);
    let completion = store.complete(first).unwrap();
    assert!(completion.new && completion.first);
    assert_eq!(completion.attempt.active, Duration::from_secs(90));
    assert_eq!(completion.attempt.ended_at, Some(ticks(100)));

    set_clock(200);
    let again = store.complete(first).unwrap();
    assert_eq!(again, Completion { new: false, ..completion });

    let second = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    let completion = store.complete(second).unwrap();
    assert!(completion.new && !completion.first);
    assert_eq!(completion.previous_best, Some(Duration::from_secs(90)));
    assert!(store.complete(first).unwrap().first, "a later completion takes nothing from it");
}

#[test]
fn an_ended_attempt_stays_as_it_ended_but_for_its_sandbox() {
    let (_folder, store) = store();
    let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    store.attach_sandbox(id, Some("drydock-1")).unwrap();
    let ended = store.complete(id).unwrap().attempt;
    assert_eq!(ended.sandbox.as_deref(), Some("drydock-1"));

    set_clock(1000);
    let failed = [CheckRecord { name: "a".into(), state: CheckState::Failed }];
    store.record_checks(id, &failed, true).unwrap();
    store.show_hint(id, 0).unwrap();
    store.show_solution(id).unwrap();
    store.add_active(id, Duration::from_secs(1)).unwrap();
    store.abandon(id).unwrap();
    assert_eq!(store.attempt(id).unwrap(), ended);
    assert_eq!(store.checks(id).unwrap(), []);

    store.attach_sandbox(id, None).unwrap();
    assert_eq!(store.attempt(id).unwrap(), Attempt { sandbox: None, ..ended });
}

#[test]
fn help_counts_from_when_it_was_first_shown() {
    let (_folder, store) = store();
    let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    for (second, hint) in [(10, 1), (20, 0), (30, 1)] {
        set_clock(second);
        store.show_hint(id, hint).unwrap();
        store.show_solution(id).unwrap();
    }
    let expected = [HintShown { index: 0, at: ticks(20) }, HintShown { index: 1, at: ticks(10) }];
    assert_eq!(store.hints(id).unwrap(), expected);
    let attempt = store.attempt(id).unwrap();
    assert_eq!((attempt.hints, attempt.solution_seen_at), (2, Some(ticks(10))));
}

#[test]
fn an_attempt_nobody_began_is_an_error() {
    let (_folder, store) = store();
    let id: AttemptId = "01890000-0000-7000-8000-000000000000".parse().unwrap();
    let missing = Fault::NoSuchAttempt(id);
    assert_eq!(store.attempt(id).unwrap_err().fault, missing);
    assert_eq!(store.abandon(id).unwrap_err().fault, missing);
    assert_eq!(store.complete(id).unwrap_err().fault, missing);
    assert_eq!(store.add_active(id, Duration::ZERO).unwrap_err().fault, missing);
    assert_eq!(store.attach_sandbox(id, None).unwrap_err().fault, missing);
    assert_eq!(store.record_checks(id, &[], true).unwrap_err().fault, missing);
    assert_eq!(store.show_hint(id, 0).unwrap_err().fault, missing);
}

#[test]
fn a_clock_set_back_ends_no_attempt_before_it_began() {
    let (_folder, store) = store();
    set_clock(100);
    let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    set_clock(50);
    let attempt = store.complete(id).unwrap().attempt;
    assert_eq!((attempt.last_at, attempt.ended_at), (ticks(100), Some(ticks(100))));
}

#[test]
fn a_full_disk_is_told_and_what_was_kept_stays() {
    let (_folder, store) = store();
    let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
    let long = format!("\"{}\"", "x".repeat(100_000));
    let limit = |pages: u32| {
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .unwrap();
    };
    limit(1); // that is: what it has now
    assert_eq!(store.remember("long", &long).unwrap_err().fault, Fault::DiskFull);
    assert_eq!(store.recall("long").unwrap(), None);
    assert_eq!(store.attempt(id).unwrap().state, AttemptState::Active);

    limit(1_000_000);
    store.remember("long", &long).unwrap();
    store.check_integrity().unwrap();
}

#[test]
fn waiting_for_another_programs_write_ends() {
    let (_folder, store) = store();
    let other = Store::open(store.path()).unwrap();
    other.connection.busy_timeout(Duration::from_millis(1)).unwrap();
    let error = store
        .write(|_| {
            assert_eq!(other.progress().unwrap().len(), 0, "reading waits for nobody");
            Ok(other.remember("key", "1").unwrap_err())
        })
        .unwrap();
    assert_eq!(error.fault, Fault::Locked);
    other.remember("key", "1").unwrap();
}

#[test]
fn programs_that_begin_together_share_the_database_and_the_attempt() {
    const PROGRAMS: usize = 8;
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/progress.db");
        let start = Barrier::new(PROGRAMS);
        let begun: Vec<_> = std::thread::scope(|scope| {
            let begin = || {
                start.wait();
                Store::open(&path).unwrap().begin("linux-01", "hash", "docker", None).unwrap().id
            };
            let programs: Vec<_> = (0..PROGRAMS).map(|_| scope.spawn(begin)).collect();
            programs.into_iter().map(|program| program.join().unwrap()).collect()
        });
        assert!(begun.iter().all(|id| *id == begun[0]));
        let store = Store::open(&path).unwrap();
        store.check_integrity().unwrap();
        assert_eq!(store.progress().unwrap()["linux-01"].attempts, 1);
        // Of the databases made, one was taken and the others are gone. (Programs that end at the
        // same moment may leave the log: each takes the other to be still at work.)
        let strays = std::fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("progress.db"))
            .count();
        assert_eq!(strays, 0);
    }
}

#[test]
fn a_store_can_be_given_to_a_thread() {
    fn is_send<T: Send>() {}
    is_send::<Store>();
}
