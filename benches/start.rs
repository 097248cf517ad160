//! How soon the first full frame is there, and what an idle program costs.
//!
//! `cargo bench --bench start`. The peers are started in the same run on the same terminal; those
//! that are not installed are left out.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::time::{Duration, Instant};

use terminal::Terminal;

const RUNS: usize = 41;
const SIZE: (u16, u16) = (120, 40);
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();

    println!("first full frame at {}x{}, median of {RUNS} starts (least, most)", SIZE.0, SIZE.1);
    let ours = times(|| {
        let started = Instant::now();
        let terminal = Terminal::start(SIZE, home.path(), &[]);
        // The footer is drawn last.
        terminal.see("q quit");
        started.elapsed()
    });
    report("drydock", &ours);
    for (name, command, last) in [
        ("vim", &["vim", "--clean", "/etc/services"][..], "1,1"),
        ("less", &["less", "/etc/services"][..], "/etc/services"),
    ] {
        if installed(command[0]) {
            let theirs = times(|| {
                let started = Instant::now();
                let terminal = Terminal::run(SIZE, home.path(), command, &[]);
                terminal.see(last);
                started.elapsed()
            });
            report(name, &theirs);
        }
    }

    let mut terminal = Terminal::start(SIZE, home.path(), &[]);
    terminal.see("q quit");
    terminal.quiet(Duration::from_secs(1));
    let pid = terminal.child.process_id().unwrap();
    let (cpu, wakes, written) = (cpu_time(pid), switches(pid), terminal.written().len());
    std::thread::sleep(IDLE);
    let cpu = cpu_time(pid).saturating_sub(cpu);
    println!("\nidle on Home for {} s", IDLE.as_secs());
    println!("  processor   {:.3} % of a core", 100.0 * cpu.as_secs_f64() / IDLE.as_secs_f64());
    println!("  wake-ups    {}", switches(pid).saturating_sub(wakes));
    println!("  drawn       {} bytes", terminal.written().len() - written);
    println!("  memory      {:.1} MB resident", resident(pid) / 1e6);
    terminal.send("q");
    terminal.end();
}

fn times(mut run: impl FnMut() -> Duration) -> Vec<Duration> {
    let mut all: Vec<_> = (0..RUNS).map(|_| run()).collect();
    all.sort();
    all
}

fn report(name: &str, times: &[Duration]) {
    let ms = |time: &Duration| time.as_secs_f64() * 1e3;
    println!(
        "  {name:<10} {:6.1} ms  ({:.1}, {:.1})",
        ms(&times[times.len() / 2]),
        ms(&times[0]),
        ms(&times[times.len() - 1])
    );
}

fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder: std::path::PathBuf| folder.join(program).is_file())
}

/// Processor time of a process and its threads so far.
fn cpu_time(pid: u32) -> Duration {
    let ns: u64 = tasks(pid)
        .filter_map(|task| std::fs::read_to_string(task.join("schedstat")).ok())
        .filter_map(|stat| stat.split(' ').next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(ns)
}

/// How often its threads went to sleep: each is a wake-up.
fn switches(pid: u32) -> u64 {
    tasks(pid)
        .filter_map(|task| std::fs::read_to_string(task.join("status")).ok())
        .filter_map(|status| {
            let line = status.lines().find(|line| line.starts_with("voluntary_ctxt"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        })
        .sum()
}

fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

fn tasks(pid: u32) -> impl Iterator<Item = std::path::PathBuf> {
    let folder = format!("/proc/{pid}/task");
    std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten().map(|entry| entry.path())
}
