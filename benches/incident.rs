//! What an incident costs: its machines, the process that directs it, and looking at it.
//!
//! `cargo bench --bench incident`. It runs the false alarm: everything as it should be, forty requests a
//! second. The machines' share comes from their control groups (version 1 or 2), and needs the Docker
//! command and its engine on this machine.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "../tests/support/home.rs"]
mod home;
#[path = "support/process.rs"]
mod process;
#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use home::Home;
use process::Usage;
use terminal::Terminal;

const ID: &str = "incidents-08";
const SIZE: (u16, u16) = (200, 60);
const WATCHED: Duration = Duration::from_mins(1);

fn main() {
    if !home::engine("benches::incident") {
        println!("there is no Docker engine: nothing can be measured");
        return;
    }
    let home = Home::new();
    let drydock = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(words).env("DRYDOCK_HOME", home.path()).output().unwrap()
    };
    let build = drydock(&["images", "build", "shop"]);
    assert!(build.status.success(), "{build:?}");

    let begun = Instant::now();
    assert!(drydock(&["launch", ID, "--detach", "--json"]).status.success());
    println!("launch: called after {:.1} s", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    assert!(drydock(&["incident", "restart", ID]).status.success());
    until(&drydock, |shown| shown["phase"]["phase"] != "starting");
    println!("restart: machines run after {:.1} s", begun.elapsed().as_secs_f64());
    until(&drydock, |shown| shown["phase"]["held"].as_f64().is_some_and(|held| held > 0.0));
    println!("restart: users are served after {:.1} s", begun.elapsed().as_secs_f64());
    until(&drydock, |shown| shown["phase"]["phase"] == "live");

    let machines = machines();
    let director = director(&home);
    let (before, of_director) = (cpu(&machines), Usage::of(director));
    std::thread::sleep(WATCHED);
    let share = |time: Duration| 100.0 * time.as_secs_f64() / WATCHED.as_secs_f64();
    println!("machines: {:.1} % of a core", share(cpu(&machines).saturating_sub(before)));
    println!("machines: memory {}", memory(&machines).join(", "));
    let used = Usage::of(director).cpu.saturating_sub(of_director.cpu);
    println!(
        "director: {:.2} % of a core, {:.1} MB",
        share(used),
        process::resident(director) / 1e6
    );

    let mut terminal = Terminal::start(SIZE, home.path(), &["launch", ID]);
    terminal.see("esc close");
    terminal.send("\u{1b}");
    terminal.wait("the page closed", |screen| !screen.contains("esc close"));
    terminal.send("2");
    terminal.see("Requests that succeed");
    let screen = terminal.child.process_id().unwrap();
    std::thread::sleep(Duration::from_secs(20));
    let (before, of_machines, of_director) =
        (Usage::of(screen), cpu(&machines), Usage::of(director));
    std::thread::sleep(WATCHED);
    let used = Usage::of(screen).cpu.saturating_sub(before.cpu);
    println!(
        "screen, Observe at 200x60: {:.2} % of a core, {:.1} MB",
        share(used),
        process::resident(screen) / 1e6
    );
    println!(
        "machines meanwhile: {:.1} % of a core",
        share(cpu(&machines).saturating_sub(of_machines))
    );
    let used = Usage::of(director).cpu.saturating_sub(of_director.cpu);
    println!("director meanwhile: {:.2} % of a core", share(used));
    terminal.signal(rustix::process::Signal::KILL);
    terminal.end();
}

/// Waits until an incident's phase is as wanted.
fn until(drydock: &dyn Fn(&[&str]) -> Output, wanted: impl Fn(&serde_json::Value) -> bool) {
    loop {
        let shown = drydock(&["incident", "show", ID, "--json"]);
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        if wanted(&shown) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn docker(words: &[&str]) -> Vec<String> {
    let output = Command::new("docker").args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The machines' full ids.
fn machines() -> Vec<String> {
    docker(&["ps", "-q", "--no-trunc", "--filter", &format!("label=drydock.item={ID}")])
}

/// What they have used of the processor.
fn cpu(machines: &[String]) -> Duration {
    let used = machines.iter().map(|id| {
        let first = PathBuf::from(format!("/sys/fs/cgroup/cpuacct/docker/{id}/cpuacct.usage"));
        let second = format!("/sys/fs/cgroup/system.slice/docker-{id}.scope/cpu.stat");
        if let Ok(text) = std::fs::read_to_string(first) {
            return Duration::from_nanos(text.trim().parse().unwrap());
        }
        let text = std::fs::read_to_string(second).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("usage_usec ")).unwrap();
        Duration::from_micros(line.parse().unwrap())
    });
    used.sum()
}

/// What they take of memory, as the engine counts it.
fn memory(machines: &[String]) -> Vec<String> {
    let mut words = vec!["stats", "--no-stream", "--format", "{{.MemUsage}}"];
    words.extend(machines.iter().map(String::as_str));
    docker(&words).iter().filter_map(|line| Some(line.split_once(" /")?.0.to_owned())).collect()
}

fn director(home: &Home) -> u32 {
    let folder = home.path().join("state/run/incidents");
    let pid = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "pid"))
        .unwrap();
    std::fs::read_to_string(pid).unwrap().trim().parse().unwrap()
}
