//! Order among the recordings.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use tempfile::TempDir;

use super::*;
use crate::session::recording::{Moment, Recorder};
use crate::terminal::Size;

fn at(seconds: i64) -> Moment {
    let wall = Timestamp::from_second(1_760_000_000).unwrap() + SignedDuration::from_secs(seconds);
    Moment { instant: std::time::Instant::now(), wall }
}

fn record(folder: &TempDir, attempt: &str) -> Recorder {
    let size = Size { columns: 80, rows: 24 };
    let mut recorder = Recorder::open(folder.path(), attempt, size, "Files", at(0)).unwrap();
    recorder.output(b"shown", at(90), String::new);
    recorder
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn recordings_are_found_and_told_about_without_reading_them_through() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    assert_eq!(attempts(&nowhere).unwrap(), Vec::<String>::new());
    assert_eq!(find(&nowhere, "one"), None);
    let recorder = record(&folder, "one");
    record(&folder, "two").close(at(90), String::new);
    fs::write(folder.path().join("notes.txt"), "").unwrap();
    assert_eq!(attempts(folder.path()).unwrap(), ["one", "two"]);
    for (name, file) in [("one", "one.cast"), ("two", "two.cast.gz")] {
        let entry = entry(folder.path(), name).unwrap();
        assert_eq!(entry.path, folder.path().join(file));
        assert_eq!(entry.bytes, fs::metadata(&entry.path).unwrap().len());
        assert_eq!(entry.started, Timestamp::from_second(1_760_000_000).ok());
        assert_eq!(entry.length, Some(Duration::from_secs(90)), "{name}");
        assert_eq!(entry.title.as_deref(), Some("Files"));
    }
    assert_eq!(entry(folder.path(), "three"), None);
    drop(recorder);
    fs::write(folder.path().join("bad.cast.gz"), "no gzip").unwrap();
    let bad = entry(folder.path(), "bad").unwrap();
    assert_eq!((bad.started, bad.length, bad.bytes), (None, None, 7));
}

#[test]
fn what_was_left_open_is_packed_and_what_is_recorded_is_not() {
    let folder = tempfile::tempdir().unwrap();
    drop(record(&folder, "killed"));
    let recorder = record(&folder, "held");
    let (fresh, stale) = (folder.path().join(".recording-a"), folder.path().join(".recording-b"));
    fs::write(&fresh, "").unwrap();
    fs::write(&stale, "").unwrap();
    File::options().write(true).open(&stale).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    tidy(folder.path());
    assert_eq!(names(&folder), [".recording-a", "held.cast", "killed.cast.gz"]);
    drop(recorder);
    tidy(folder.path());
    assert_eq!(names(&folder), [".recording-a", "held.cast.gz", "killed.cast.gz"]);
    assert_eq!(entry(folder.path(), "killed").unwrap().length, Some(Duration::from_secs(90)));
    tidy(&folder.path().join("nowhere"));
}

#[test]
fn the_oldest_go_when_all_together_are_too_much() {
    let folder = tempfile::tempdir().unwrap();
    for (name, age) in [("c", 1), ("b", 2), ("a", 3)] {
        record(&folder, name).close(at(90), String::new);
        let path = find(folder.path(), name).unwrap();
        let changed = SystemTime::now() - Duration::from_secs(age * 1000);
        File::options().write(true).open(path).unwrap().set_modified(changed).unwrap();
    }
    let recorder = record(&folder, "0");
    let one = entry(folder.path(), "a").unwrap().bytes;
    let open = entry(folder.path(), "0").unwrap().bytes;
    tidy_to(folder.path(), open + 3 * one);
    assert_eq!(names(&folder), ["0.cast", "a.cast.gz", "b.cast.gz", "c.cast.gz"]);
    tidy_to(folder.path(), open + 2 * one);
    assert_eq!(names(&folder), ["0.cast", "b.cast.gz", "c.cast.gz"]);
    tidy_to(folder.path(), 0);
    assert_eq!(names(&folder), ["0.cast"]);
    drop(recorder);
}

/// One records, shell after shell, now killed and now closed; two tidy all the time.
#[test]
fn tidying_takes_nothing_from_who_records() {
    const SHELLS: usize = 60;
    let folder = tempfile::tempdir().unwrap();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    tidy(folder.path());
                }
            });
        }
        let mut shells = 0;
        while shells < SHELLS {
            let size = Size { columns: 80, rows: 24 };
            // The moment in which a packed one takes its place is waited for.
            let mut recorder = Recorder::open(folder.path(), "one", size, "", at(0)).unwrap();
            recorder.output(format!("shell {shells};").as_bytes(), at(1), String::new);
            shells += 1;
            if shells % 2 == 0 {
                recorder.close(at(90), String::new);
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    tidy(folder.path());
    assert_eq!(names(&folder), ["one.cast.gz"]);
    let mut text = String::new();
    let packed = File::open(folder.path().join("one.cast.gz")).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    for shell in 0..SHELLS {
        assert!(text.contains(&format!("shell {shell};")), "{shell} is missing");
    }
}
