//! From the command to the prompt in a sandbox of the native engine, beside bubblewrap starting an
//! interactive shell in as many namespaces; and what ends one costs.
//!
//! `cargo bench --bench native`. Needs Linux; bubblewrap (`apt-get install bubblewrap`) if it is there.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use drydock::engine::native::{MACHINE, Native};
use drydock::engine::{Engine, Init, Limits, Network, SandboxSpec, ShellSpec, ShellStream, Size};
use terminal::Terminal;
use tokio::io::AsyncReadExt;

const RUNS: usize = 31;
/// What the last bytes of a prompt are.
const PROMPT: &str = "$ ";

#[tokio::main]
async fn main() {
    let home = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_drydock"));
    let engine = Native::new(home.path().join("native"), program);
    let spec = SandboxSpec {
        item: "bench".to_owned(),
        attempt: "bench".to_owned(),
        owner: "bench".to_owned(),
        image: MACHINE.to_owned(),
        init: Init::Minimal,
        user: "learner".to_owned(),
        limits: Limits::default(),
        network: Network::None,
        capabilities: Vec::new(),
        tmpfs: Vec::new(),
        files: Vec::new(),
        hostname: "sandbox".to_owned(),
        machine: None,
    };
    let began = Instant::now();
    let first = engine.create(&spec).await.unwrap();
    println!("the shared layer, once: {:.0} ms", ms(began.elapsed()));
    engine.destroy(&first.id).await.unwrap();

    let (mut launches, mut starts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        let sandbox = engine.create(&spec).await.unwrap();
        engine.start(&sandbox.id).await.unwrap();
        starts.push(began.elapsed());
        let size = Size { cols: 120, rows: 40 };
        let shell = engine.shell(&sandbox.id, &ShellSpec { size, user: None }).await.unwrap();
        let ShellStream { mut output, input: _input, control: _control } = shell;
        let mut shown = String::new();
        while !shown.contains(PROMPT) {
            let mut bytes = [0; 4096];
            let length = output.read(&mut bytes).await.unwrap();
            shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        launches.push(began.elapsed());
        let began = Instant::now();
        engine.destroy(&sandbox.id).await.unwrap();
        ends.push(began.elapsed());
    }
    println!("native: ready {:.1} ms", median(starts));
    println!("native: launch to prompt {:.1} ms", median(launches));
    println!("native: destroy {:.1} ms", median(ends));
    bubblewrap(home.path());
}

/// The same machine's directories, as little of a sandbox as an interactive shell needs.
fn bubblewrap(home: &std::path::Path) {
    if std::process::Command::new("bwrap").arg("--version").output().is_err() {
        println!("bubblewrap is not installed");
        return;
    }
    let words = "bwrap --unshare-all --ro-bind /usr /usr --ro-bind /etc /etc --symlink usr/bin /bin \
                 --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev \
                 --tmpfs /tmp --die-with-parent bash -i";
    let words: Vec<_> = words.split_whitespace().collect();
    let mut launches = Vec::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        let mut shell = Terminal::run((120, 40), home, &words, &[]);
        shell.wait("the prompt", |screen| screen.contains(['$', '#']));
        launches.push(began.elapsed());
        shell.send("exit\r");
        shell.end();
    }
    println!("bubblewrap: launch to prompt {:.1} ms", median(launches));
}

fn median(mut all: Vec<Duration>) -> f64 {
    all.sort();
    ms(all[all.len() / 2])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
