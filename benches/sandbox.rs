//! What a sandbox costs: from the command to its prompt, beside `docker run -it` of the same image;
//! and five checks, beside five `docker exec`.
//!
//! `cargo bench --bench sandbox`. Needs a Docker engine with our images (`drydock images build`).

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "../tests/support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use terminal::Terminal;

const RUNS: usize = 31;
const SIZE: (u16, u16) = (120, 40);

/// An exercise with nothing to prepare and five checks, so that only the program's own work counts.
const MANIFEST: &str = "\
id: bench-01
module: bench
order: 1
title: Bench
verify:
  - {name: one, cmd: test -d /etc}
  - {name: two, cmd: echo two, expect: two}
  - {name: three, cmd: cat /etc/hostname, expect: sandbox}
  - {name: four, cmd: id -un, expect: learner}
  - {name: five, cmd: test -f /nowhere}
";

fn main() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();
    let content = home.path().join("content");
    std::fs::create_dir_all(&content).unwrap();
    std::fs::write(content.join("01-bench.yaml"), MANIFEST).unwrap();
    let content = content.to_str().unwrap();

    let launch = ["--content", content, "launch", "bench-01", "--detach"];
    if !drydock(home.path(), &launch).status.success() {
        println!("no engine with our images here: nothing to measure");
        return;
    }

    // Five checks: the whole command, program start included.
    let verify = ["--content", content, "verify", "bench-01"];
    let ours = median(|| drop(drydock(home.path(), &verify)));
    let name = container();
    let exec = ["exec", &name, "sh", "-c", "test -d /etc"];
    let theirs = median(|| {
        for _ in 0..5 {
            Command::new("docker").args(exec).output().unwrap();
        }
    });
    println!("five checks");
    compare("drydock verify", ours, "5 x docker exec", theirs);
    drydock(home.path(), &["destroy", "--all", "--yes"]);

    // From the command to the prompt on the screen.
    let ours = median_after(
        || {
            let started = Instant::now();
            let mut terminal =
                Terminal::start(SIZE, home.path(), &["--content", content, "launch", "bench-01"]);
            terminal.see("learner@sandbox:~$");
            let took = started.elapsed();
            terminal.send("\x1bq");
            took
        },
        || drop(drydock(home.path(), &["destroy", "--all", "--yes"])),
    );
    println!("to the prompt, image present");
    for options in [&[][..], &["--init", "--network", "none"][..]] {
        let theirs = docker_run(home.path(), options);
        compare("drydock launch", ours, &format!("docker run -it {}", options.join(" ")), theirs);
    }
}

/// From `docker run -it` of the same image to its prompt.
fn docker_run(home: &Path, options: &[&str]) -> Duration {
    let run = ["docker", "run", "-it", "--rm", "--hostname", "sandbox"];
    let run = [&run, options, &["drydock/base:latest", "bash", "-l"]].concat();
    median_after(
        || {
            let started = Instant::now();
            let mut terminal = Terminal::run(SIZE, home, &run, &[]);
            terminal.see("learner@sandbox:~$");
            let took = started.elapsed();
            terminal.send("exit\r");
            terminal.end();
            took
        },
        || (),
    )
}

fn drydock(home: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.args(arguments).env("DRYDOCK_HOME", home).output().unwrap()
}

/// The container of the benched sandbox.
fn container() -> String {
    let list = ["ps", "-q", "--filter", "label=drydock.item=bench-01"];
    let output = Command::new("docker").args(list).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().next().unwrap_or_default().to_owned()
}

fn median(mut run: impl FnMut()) -> Duration {
    median_after(
        || {
            let started = Instant::now();
            run();
            started.elapsed()
        },
        || (),
    )
}

fn median_after(mut run: impl FnMut() -> Duration, mut clear: impl FnMut()) -> Duration {
    let mut all: Vec<_> = (0..RUNS)
        .map(|_| {
            let took = run();
            clear();
            took
        })
        .collect();
    all.sort();
    all[RUNS / 2]
}

fn compare(ours: &str, our_time: Duration, theirs: &str, their_time: Duration) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!("  {ours:<36} {:7.1} ms", ms(our_time));
    println!("  {theirs:<36} {:7.1} ms", ms(their_time));
    println!("  {:<36} {:7.2}\n", "ratio", ms(our_time) / ms(their_time));
}
