//! What a process costs, from /proc.

#![allow(dead_code, reason = "shared by benches: each uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What a process has used so far, its threads included.
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    /// How often its threads went to sleep: each is a wake-up.
    pub(crate) switches: u64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let ns: u64 = tasks(pid)
            .filter_map(|task| std::fs::read_to_string(task.join("schedstat")).ok())
            .filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok())
            .sum();
        let switches = tasks(pid)
            .filter_map(|task| std::fs::read_to_string(task.join("status")).ok())
            .filter_map(|status| field(&status, "voluntary_ctxt_switches"))
            .sum();
        Self { cpu: Duration::from_nanos(ns), switches }
    }
}

/// Resident memory in bytes.
pub(crate) fn resident(pid: u32) -> f64 {
    memory(pid, "VmRSS")
}

/// The most that was resident so far, in bytes; none of a process that has ended.
pub(crate) fn peak(pid: u32) -> f64 {
    memory(pid, "VmHWM")
}

fn memory(pid: u32, name: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    field(&status, name).unwrap_or(0) as f64 * 1024.0
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn tasks(pid: u32) -> impl Iterator<Item = PathBuf> {
    let folder = format!("/proc/{pid}/task");
    std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether a program is on the path.
pub(crate) fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}

/// Asks until there is an answer.
pub(crate) fn until_some<T>(ask: impl Fn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_mins(1), "it does not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}
