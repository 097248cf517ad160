//! How soon the first full frame is there, and what an idle program costs.
//!
//! `cargo bench --bench start`. The peers are started in the same run on the same terminal; those
//! that are not installed are left out.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "support/course.rs"]
mod course;
#[path = "support/process.rs"]
mod process;
#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::time::{Duration, Instant};

use process::Usage;
use terminal::Terminal;

const RUNS: usize = 41;
const SIZE: (u16, u16) = (120, 40);
const ITEMS: usize = 10_000;
const IDLE: Duration = Duration::from_secs(20);

fn main() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();

    println!("first full frame at {}x{}, median of {RUNS} starts (least, most)", SIZE.0, SIZE.1);
    report("drydock", &first_frames(home.path(), &[]));
    let large = tempfile::tempdir().unwrap();
    course::write(large.path(), ITEMS);
    let content = ["--content", large.path().to_str().unwrap()];
    // The first start of all reads everything before it lists it, and keeps an index.
    let began = Instant::now();
    let mut first = Terminal::start(SIZE, home.path(), &content);
    first.wait("the content was read", |it| it.contains("shell") && !it.contains("eading"));
    println!(
        "  without an index, 10,000 are listed after {:.0} ms",
        began.elapsed().as_secs_f64() * 1e3
    );
    first.send("q");
    first.end();
    report("10,000", &first_frames(home.path(), &content));
    for (name, command, last) in [
        ("vim", &["vim", "--clean", "/etc/services"][..], "1,1"),
        ("less", &["less", "/etc/services"][..], "/etc/services"),
    ] {
        if process::installed(command[0]) {
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
    let (before, written) = (Usage::of(pid), terminal.written().len());
    std::thread::sleep(IDLE);
    let now = Usage::of(pid);
    let cpu = now.cpu.saturating_sub(before.cpu);
    println!("\nidle on Home for {} s", IDLE.as_secs());
    println!("  processor   {:.3} % of a core", 100.0 * cpu.as_secs_f64() / IDLE.as_secs_f64());
    println!("  wake-ups    {}", now.switches.saturating_sub(before.switches));
    println!("  drawn       {} bytes", terminal.written().len() - written);
    println!("  memory      {:.1} MB resident", process::resident(pid) / 1e6);
    terminal.send("q");
    terminal.end();
}

fn first_frames(home: &Path, arguments: &[&str]) -> Vec<Duration> {
    times(|| {
        let started = Instant::now();
        let terminal = Terminal::start(SIZE, home, arguments);
        // The footer is drawn last.
        let frame = terminal.see("q quit");
        assert!(frame.contains("Files and the shell"), "nothing is listed: {frame}");
        started.elapsed()
    })
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
