//! How long it takes to look at ten thousand items, and how much memory: `cargo bench --bench lint`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "support/course.rs"]
mod course;
#[path = "support/process.rs"]
mod process;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ITEMS: usize = 10_000;
const RUNS: usize = 7;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let (home, content) = (folder.path().join("home"), folder.path().join("content"));
    course::write(&content, ITEMS);
    println!("drydock lint of {ITEMS} exercises, {RUNS} times (least, most)");
    let mut times = Vec::new();
    let mut peak = 0.0_f64;
    for _ in 0..RUNS {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(["lint", "--json"]).arg(&content).env("DRYDOCK_HOME", &home);
        let started = Instant::now();
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let status = loop {
            peak = peak.max(process::peak(child.id()));
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        times.push(started.elapsed());
        assert!(status.success(), "something is wrong with the course");
    }
    times.sort();
    let seconds = |index: usize| times[index].as_secs_f64();
    println!("  time    {:.2} s  ({:.2}, {:.2})", seconds(RUNS / 2), seconds(0), seconds(RUNS - 1));
    println!("  memory  {:.0} MB at most", peak / 1e6);
}
