//! How long the screens' questions take when a million things are kept: `cargo bench --bench store`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use drydock::store::{AttemptId, CheckRecord, CheckState, Store, backup};
use drydock::tracker::Facts;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::json;

const ITEMS: usize = 10_000;
const ATTEMPTS: usize = 100_000;
const RUNS: usize = 15;

/// What is longer than this is noticed.
const GOAL: Duration = Duration::from_millis(50);

/// Five years of practice, as `drydock export` tells it; gives how many lines that are.
fn write(path: &Path, now: Timestamp) -> usize {
    let mut to = BufWriter::new(File::create(path).unwrap());
    let mut lines = 0;
    let mut line = |value: serde_json::Value| {
        serde_json::to_writer(&mut to, &value).unwrap();
        to.write_all(b"\n").unwrap();
        lines += 1;
    };
    line(json!({ "kind": "drydock-progress", "format": 1 }));
    let begun = now - SignedDuration::from_hours(5 * 365 * 24);
    let apart =
        SignedDuration::from_secs((5 * 365 * 86_400 - 3600) / i64::try_from(ATTEMPTS).unwrap());
    let all: Vec<_> = (0..ATTEMPTS)
        .map(|n| {
            let at = begun + apart * i32::try_from(n).unwrap();
            let ms = at.as_millisecond();
            let id = format!("{:08x}-{:04x}-7000-8000-{n:012x}", ms >> 16, ms & 0xffff);
            // The last attempt at every other item goes on.
            let state = match n {
                n if n >= ATTEMPTS - ITEMS && n % 2 == 0 => "active",
                n if n % 3 == 0 => "abandoned",
                _ => "completed",
            };
            (n, id, format!("item-{:05}", n * 7 % ITEMS), at, state)
        })
        .collect();
    let after = |at: Timestamp, seconds: i64| (at + SignedDuration::from_secs(seconds)).to_string();
    for (n, id, item, at, state) in &all {
        let ended = (*state != "active").then(|| after(*at, 900));
        line(json!({
            "kind": "attempt", "id": id, "item": item, "content_hash": "9c2e", "engine": "docker",
            "seed": n + 1, "state": state, "started": at.to_string(), "last": after(*at, 900),
            "ended": ended, "active_ms": 600_000, "failures": n % 4, "solution_seen": null,
        }));
    }
    for (n, id, item, at, state) in &all {
        for check in 0..3 {
            let name = format!("The check number {check} of {item} holds");
            line(json!({
                "kind": "check", "attempt": id, "name": name, "position": check, "state": "passed",
                "since": after(*at, 60), "first_passed": after(*at, 60), "failures": 1,
            }));
            line(json!({
                "kind": "change", "attempt": id, "name": name, "state": "passed", "at": after(*at, 60),
            }));
        }
        // One learner typed for weeks in one attempt.
        for number in 1..=if *n == ATTEMPTS - 1 { 5000 } else { 4 } {
            line(json!({
                "kind": "command", "attempt": id, "number": number, "folder": "/home/learner",
                "text": format!("systemctl restart service-{} && journalctl -u unit-{n}", n % 97),
                "status": 0, "started": after(*at, number), "ms": 40,
            }));
        }
        if n % 2 == 0 {
            line(json!({ "kind": "hint", "attempt": id, "hint": 0, "at": after(*at, 90) }));
        }
        if *state == "completed" {
            line(json!({
                "kind": "completion", "id": id, "item": item, "content_hash": "9c2e",
                "engine": "docker", "seed": n + 1, "started": at.to_string(), "at": after(*at, 900),
                "active_ms": 600_000, "failures": n % 4, "hints": 1, "solution_seen": false,
                "checks": ["a", "b", "c"], "version": "0.1.0",
            }));
        }
    }
    let mut quarters: Vec<_> =
        all.iter().map(|(_, _, _, at, _)| at.as_second() / 900 * 900).collect();
    quarters.dedup();
    for quarter in quarters {
        let at = Timestamp::from_second(quarter).unwrap().to_string();
        line(json!({ "kind": "activity", "at": at, "active_ms": 600_000 }));
    }
    line(json!({ "kind": "end" }));
    lines
}

/// Asks often and prints the middle, the least and the most.
fn measure<T>(what: &str, mut ask: impl FnMut() -> T) {
    let mut times: Vec<_> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            black_box(ask());
            started.elapsed()
        })
        .collect();
    times.sort();
    let ms = |index: usize| times[index].as_secs_f64() * 1e3;
    let sign = if times[RUNS / 2] < GOAL { ' ' } else { '!' };
    println!("{sign} {what:42} {:8.2} ms  ({:.2}, {:.2})", ms(RUNS / 2), ms(0), ms(RUNS - 1));
}

fn once<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("  {what:42} {:8.2} s", started.elapsed().as_secs_f64());
    done
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (path, lines) = (folder.path().join("progress.db"), folder.path().join("lines"));
    let now = Zoned::now();
    let count = write(&lines, now.timestamp());
    let store = Store::open(&path).unwrap();
    println!("{count} lines, {ATTEMPTS} attempts at {ITEMS} items");
    let mut from = BufReader::new(File::open(&lines).unwrap());
    once("import", || store.import(&mut from, false).unwrap());
    once("export", || store.export(&mut BufWriter::new(File::create(&lines).unwrap())).unwrap());
    drop(store);
    println!("  the database has {} MB", path.metadata().unwrap().len() / 1_000_000);
    once("the copy of the day", || backup::daily(&path).unwrap().unwrap());
    once("the copy, read through", || backup::newest_good(&path).unwrap());

    println!("the middle of {RUNS} (least, most); ! is above the goal of {} ms", GOAL.as_millis());
    measure("open", || Store::open(&path).unwrap());
    let store = Store::open(&path).unwrap();
    let latest = store.history(None, 1).unwrap().remove(0);
    let (id, item) = (latest.id, latest.item.as_str());
    measure("progress", || store.progress().unwrap());
    measure("last_item", || store.last_item().unwrap());
    measure("reviews", || store.reviews().unwrap());
    measure("days", || store.days(&now).unwrap());
    measure("streak", || store.streak(&now).unwrap());
    measure("Facts::read", || Facts::read(&store, now.clone()).unwrap());
    measure("history, the latest 200", || store.history(None, 200).unwrap());
    measure("history of an item", || store.history(Some(item), 200).unwrap());
    measure("history, all", || store.history(None, u32::MAX).unwrap());
    measure("completions of an item", || store.completions(Some(item)).unwrap());
    measure("completions, all", || store.completions(None).unwrap());
    measure("attempt", || store.attempt(id).unwrap());
    measure("active", || store.active(item).unwrap());
    measure("checks", || store.checks(id).unwrap());
    measure("check_changes", || store.check_changes(id).unwrap());
    measure("commands, five thousand of them", || store.commands(id).unwrap());
    measure("commands, none of them new", || store.commands_after(id, 5000).unwrap());
    measure("hints", || store.hints(id).unwrap());
    measure("snapshot_notes", || store.snapshot_notes(id).unwrap());
    measure("proved_items", || store.proved_items().unwrap());
    measure("recall", || store.recall("home.selected").unwrap());
    let ids: Vec<AttemptId> =
        store.history(None, 200).unwrap().iter().map(|attempt| attempt.id).collect();
    measure("the checks of 200 attempts", || {
        ids.iter().map(|&id| store.checks(id).unwrap().len()).sum::<usize>()
    });
    let active = store.begin("item-new", "hash", "docker", None).unwrap().id;
    measure("add_active", || store.add_active(active, Duration::from_secs(1)).unwrap());
    let mut states = [CheckState::Passed, CheckState::Failed].into_iter().cycle();
    measure("record_checks, a check turned", || {
        let state = states.next().unwrap();
        let record = CheckRecord { name: "it holds".to_owned(), state };
        store.record_checks(active, &[record], true).unwrap()
    });
    let mut number = 0;
    measure("begin and complete", || {
        number += 1;
        let id = store.begin(&format!("new-{number}"), "hash", "docker", None).unwrap().id;
        store.complete(id).unwrap()
    });
    println!("the same while a copy is being made beside it");
    let copying = std::thread::spawn({
        let (from, to) = (path.clone(), folder.path().join("copy.db"));
        move || {
            let connection = rusqlite::Connection::open(from).unwrap();
            connection.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
        }
    });
    let mut longest = Duration::ZERO;
    let mut writes = 0;
    while !copying.is_finished() {
        let started = Instant::now();
        store.add_active(active, Duration::from_secs(1)).unwrap();
        longest = longest.max(started.elapsed());
        writes += 1;
    }
    copying.join().unwrap();
    println!("  {writes} writes, the longest {:.2} ms", longest.as_secs_f64() * 1e3);
}
