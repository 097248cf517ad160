//! The shell pane beside tmux: output, keys, and what it costs to do nothing.
//!
//! `cargo bench --bench shell`. Each figure is taken in turn with its peer's in one run. Against a
//! Docker sandbox (the real program; needs an engine with our images), and against a shell of this
//! machine: the same holder, socket, client and pane in a small program around them, since there are
//! no local sandboxes. tmux is Debian's package; without it there is nothing to compare with.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

mod client;
#[path = "../../tests/support/local.rs"]
mod local;
mod outer;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/streams.rs"]
mod streams;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use outer::Outer;

/// The outer terminal.
const SIZE: (u16, u16) = (120, 40);

/// How much output goes through.
const FLOOD: usize = 50 << 20;
const FLOODS: usize = 5;

/// How many keys are pressed, and how long after the one before.
const KEYS: usize = 300;
const KEY_PAUSE: Duration = Duration::from_millis(15);

/// How long nothing is done.
const IDLE: Duration = Duration::from_secs(20);

/// Typed so that its echo is not it.
const MARK: &str = "@@@@@";
const SAY_MARK: &str = "printf '\\100\\100\\100\\100\\100'";

/// A shell to be measured.
struct Subject {
    name: &'static str,
    outer: Outer,
    /// Where the flood lies, as the shell sees it.
    flood: String,
    /// The processes of ours that hold and show it.
    pids: Vec<(&'static str, u32)>,
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("hold") => return client::hold(),
        Some("client") => return client::run(Path::new(&arguments[2])),
        _ => {}
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();
    let flood = home.path().join("flood");
    std::fs::write(&flood, outer::flood(FLOOD)).unwrap();
    let tmux = process::installed("tmux");
    if !tmux {
        println!("tmux is not installed: nothing to compare with");
    }

    println!("on this machine");
    let bare = Outer::start(SIZE, home.path(), &["bash", "--norc"]);
    let bare = Subject { name: "bash alone", outer: bare, flood: show(&flood), pids: vec![] };
    let peer = tmux.then(|| tmux_in(home.path(), "bash --norc", show(&flood)));
    compare(local_subject(home.path(), &flood), peer, bare);

    println!("\nin a Docker sandbox");
    let Some(name) = sandbox(home.path(), &flood) else {
        return println!("no engine with our images here: nothing to measure");
    };
    let exec = format!("docker exec -it -e TERM=tmux-256color {name} bash -l");
    let bare = Outer::start(SIZE, home.path(), &exec.split(' ').collect::<Vec<_>>());
    let bare = Subject { name: "docker exec", outer: bare, flood: "flood".into(), pids: vec![] };
    let peer = tmux.then(|| tmux_in(home.path(), &exec, "flood".into()));
    compare(docker_subject(home.path()), peer, bare);
    drydock(home.path(), &["destroy", "--all", "--yes"]);
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

fn drydock(home: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.args(arguments).env("DRYDOCK_HOME", home).output().unwrap()
}

/// A sandbox with the flood in it; its name on the engine.
fn sandbox(home: &Path, flood: &Path) -> Option<String> {
    if !drydock(home, &["launch", "linux-01", "--detach"]).status.success() {
        return None;
    }
    let names = Command::new("docker").args(["ps", "-q", "-n", "1"]).output().unwrap().stdout;
    let name = String::from_utf8(names).unwrap().trim().to_owned();
    let to = format!("{name}:/home/learner/flood");
    Command::new("docker").args(["cp", &show(flood), &to]).output().unwrap();
    Some(name)
}

fn tmux_in(home: &Path, command: &str, flood: String) -> Subject {
    let socket = show(&home.join("tmux"));
    let words = ["tmux", "-S", &socket, "-f", "/dev/null", "new-session", command];
    Subject { name: "tmux", outer: Outer::start(SIZE, home, &words), flood, pids: vec![] }
}

fn local_subject(home: &Path, flood: &Path) -> Subject {
    let this = std::env::current_exe().unwrap();
    let place = home.join("local");
    let outer = Outer::start(SIZE, home, &[&show(&this), "client", &show(&place)]);
    let pid = outer.pid();
    Subject { name: "drydock", outer, flood: show(flood), pids: pids(&place, pid) }
}

fn docker_subject(home: &Path) -> Subject {
    let program = env!("CARGO_BIN_EXE_drydock");
    let mut outer = Outer::start(SIZE, home, &[program, "launch", "linux-01"]);
    outer.until_seen("earner@sandbox");
    outer.send("2");
    let pid = outer.pid();
    let pids = pids(&home.join("state/run"), pid);
    Subject { name: "drydock", outer, flood: "flood".into(), pids }
}

/// The client and the holder it has started.
fn pids(place: &Path, client: u32) -> Vec<(&'static str, u32)> {
    let holder = process::until_some(|| {
        let note = std::fs::read_dir(place).ok()?.flatten().map(|entry| entry.path());
        let note = note.into_iter().find(|path| path.extension().is_some_and(|e| e == "json"))?;
        let note: serde_json::Value = serde_json::from_slice(&std::fs::read(note).ok()?).ok()?;
        u32::try_from(note["pid"].as_u64()?).ok()
    });
    vec![("program", client), ("holder", holder)]
}

fn compare(mut ours: Subject, mut peer: Option<Subject>, mut bare: Subject) {
    ours.outer.quiet(Duration::from_secs(2));
    idle(&ours);
    keys(&mut ours, &mut bare, peer.as_mut());
    flood(&mut ours, peer.as_mut());
    interrupt(&mut ours);
    for (name, pid) in &ours.pids {
        let resident = process::resident(*pid) / 1e6;
        println!("  memory with 10,000 lines above the screen, {name}: {resident:.1} MB resident");
    }
}

fn flood(ours: &mut Subject, mut peer: Option<&mut Subject>) {
    let (mut our_times, mut peer_times) = (Vec::new(), Vec::new());
    for _ in 0..FLOODS {
        our_times.push(one_flood(ours));
        if let Some(peer) = &mut peer {
            peer_times.push(one_flood(peer));
        }
    }
    let rate = |time: Duration| FLOOD as f64 / 1e6 / time.as_secs_f64();
    println!("  {} MB of mixed output, median of {FLOODS} (least, most)", FLOOD / 1_000_000);
    let ours = report(ours.name, &mut our_times, |time| format!("{:.0} MB/s", rate(time)));
    if let Some(peer) = peer {
        let theirs = report(peer.name, &mut peer_times, |time| format!("{:.0} MB/s", rate(time)));
        println!("    ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
    }
}

fn one_flood(subject: &mut Subject) -> Duration {
    subject.outer.send("clear\r");
    subject.outer.quiet(Duration::from_millis(300));
    let started = Instant::now();
    subject.outer.send(&format!("cat {}; {SAY_MARK}\r", subject.flood));
    subject.outer.until(MARK);
    started.elapsed()
}

fn keys(ours: &mut Subject, bare: &mut Subject, peer: Option<&mut Subject>) {
    println!("  from a key to its echo, {KEYS} keys: median, 99th of 100");
    let mut subjects = vec![bare, ours];
    subjects.extend(peer);
    let mut all: Vec<Vec<Duration>> = subjects.iter().map(|_| Vec::new()).collect();
    for round in 0..KEYS {
        for (subject, times) in subjects.iter_mut().zip(&mut all) {
            if round % 20 == 0 {
                subject.outer.send("\x15"); // the line does not become longer than the pane
                subject.outer.quiet(Duration::from_millis(100));
            }
            std::thread::sleep(KEY_PAUSE);
            let started = Instant::now();
            subject.outer.send("#");
            subject.outer.until("#");
            times.push(started.elapsed());
        }
    }
    let mut ninety_ninth = Vec::new();
    for (subject, times) in subjects.iter_mut().zip(&mut all) {
        times.sort();
        let (median, high) = (times[KEYS / 2], times[KEYS * 99 / 100]);
        println!("    {:<12} {:.2} ms, {:.2} ms", subject.name, ms(median), ms(high));
        ninety_ninth.push(high);
        subject.outer.send("\x15");
    }
    let above = ms(ninety_ninth[1]) - ms(ninety_ninth[0]);
    println!("    drydock above {}: {above:.2} ms", subjects[0].name);
}

/// How long after Ctrl-C what comes after a flood is drawn: the key has ended the program, and all that
/// was still on its way has been shown or left out.
fn interrupt(subject: &mut Subject) {
    let mut times = Vec::new();
    for _ in 0..FLOODS {
        subject.outer.send("clear\r");
        subject.outer.quiet(Duration::from_millis(300));
        subject.outer.send(&format!("bash -c \"trap : INT; seq 999999999; {SAY_MARK}\"\r"));
        subject.outer.wait(Duration::from_secs(1));
        let started = Instant::now();
        subject.outer.send("\x03");
        subject.outer.until(MARK);
        times.push(started.elapsed());
    }
    println!("  from Ctrl-C in a flood to what comes after it, median of {FLOODS} (least, most)");
    report(subject.name, &mut times, |_| String::new());
}

fn idle(subject: &Subject) {
    println!("  idle for {} s", IDLE.as_secs());
    let before: Vec<_> = subject.pids.iter().map(|(_, pid)| process::Usage::of(*pid)).collect();
    std::thread::sleep(IDLE);
    for ((name, pid), before) in subject.pids.iter().zip(before) {
        let now = process::Usage::of(*pid);
        let cpu = 100.0 * (now.cpu.saturating_sub(before.cpu)).as_secs_f64() / IDLE.as_secs_f64();
        let wakes = now.switches.saturating_sub(before.switches);
        println!("    {name:<12} {cpu:.3} % of a core, {wakes} wake-ups");
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn report(name: &str, times: &mut [Duration], also: impl Fn(Duration) -> String) -> Duration {
    times.sort();
    let (median, last) = (times[times.len() / 2], times[times.len() - 1]);
    let more = also(median);
    println!("    {name:<12} {:.0} ms ({:.0}, {:.0})  {more}", ms(median), ms(times[0]), ms(last));
    median
}
