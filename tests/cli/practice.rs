//! Practising by commands alone, on the engine of this machine.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::home::{GOOD, Home, items, kill_sandbox};

fn solution(item: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("exercises/linux");
    fs::read(folder.join(item).join("solution.sh")).unwrap()
}

#[test]
fn an_exercise_from_launch_to_destroy() {
    let Some(home) = Home::with_engine("cli::an exercise") else { return };
    let launched = home.run(&["launch", "linux-01", "--detach", "--json"]).ends(0);
    let lines: Vec<Value> =
        launched.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, steps) = lines.split_last().unwrap();
    assert!(!steps.is_empty());
    for step in steps {
        assert!(step["step"].is_string() && step["done"].is_u64() && step["unit"].is_string());
        assert!(step["total"].is_u64() || step["total"].is_null());
    }
    assert_eq!((&last["id"], &last["engine"]), (&"linux-01".into(), &"docker".into()));
    assert!(last["sandbox"].is_string() && last["ms"].is_u64());

    let red = home.run(&["verify", "linux-01", "--json"]).ends(1).json();
    assert_eq!((&red["id"], &red["passed"]), (&"linux-01".into(), &false.into()));
    for check in red["checks"].as_array().unwrap() {
        assert_eq!(check["state"], "failed", "{check}");
        assert!(check["expected"].is_string() && check["actual"].is_string());
        assert!(check["name"].is_string() && check["ms"].is_u64());
    }
    home.run(&["verify"]).ends(1).says("✗ Check 1/").says("    expected ").says("    found ");
    home.run(&["hint"]).ends(0).says("Hint 1 of 3");
    home.run(&["hint"]).ends(0).says("Hint 2 of 3");
    let status = home.run(&["status", "--json"]).ends(0).json();
    let sandbox = &status["sandboxes"][0];
    assert_eq!((&sandbox["id"], &sandbox["state"]), (&"linux-01".into(), &"running".into()));
    assert_eq!((&sandbox["engine"], &status["last_item"]), (&"docker".into(), &"linux-01".into()));
    assert!(sandbox["image"].as_str().unwrap().starts_with("drydock/base"));
    let state = |home: &Home| items(&home.run(&["modules", "--json"]).ends(0).json())[0].clone();
    assert_eq!(
        (&state(&home)["status"], &state(&home)["runnable"]),
        (&"started".into(), &true.into())
    );

    home.feed(&["shell", "linux-01"], &solution("01-files-and-shell")).ends(0);
    let green = home.run(&["verify", "linux-01"]).ends(0);
    green.says("✓ Check 1/").says("All checks passed!").says("linux-01 is completed with 2 hints");
    green.says("What you have learned").says("  drydock launch linux-02\n");
    let again = home.run(&["verify", "linux-01", "--json"]).ends(0).json();
    assert_eq!((&again["passed"], &again["next"]), (&true.into(), &"linux-02".into()));
    assert!(again["completion"].is_null(), "{again}");
    assert_eq!(state(&home)["status"], "completed");

    home.run(&["reset", "linux-01"]).ends(0);
    home.run(&["verify", "linux-01"]).ends(1);
    assert_eq!(state(&home)["status"], "completed");
    assert_eq!(home.sandboxes(), ["linux-01"]);
    home.run(&["destroy", "--all"]).ends(0).says("linux-01");
    assert!(home.sandboxes().is_empty());
    assert_eq!(state(&home)["status"], "completed");
    home.run(&["verify", "linux-01"]).ends(3).complains("drydock launch linux-01");
}

#[test]
fn a_shell_without_a_terminal_runs_a_script() {
    let Some(home) = Home::with_engine("cli::a script") else { return };
    let folder = home.content(&[("a.yaml", GOOD)]);
    let content = ["--content", folder.to_str().unwrap()];
    let run = |arguments: &[&str], input: &[u8]| home.feed(&[arguments, &content].concat(), input);
    run(&["launch", "harbour-01", "--detach"], b"").ends(0);
    let ran = run(&["shell", "harbour-01"], b"pwd; whoami; echo oops >&2; exit 7\n").ends(7);
    assert_eq!((&*ran.stdout, &*ran.stderr), ("/home/learner\nlearner\n", "oops\n"));
    // What goes in and out is bytes, as many as there are.
    let line = "x".repeat(99);
    let script = format!("cat <<'END'\n{}END\n", format!("{line}\n").repeat(5000));
    assert_eq!(run(&["shell", "harbour-01"], script.as_bytes()).ends(0).stdout.len(), 500_000);
    run(&["verify", "harbour-01"], b"").ends(1);
    run(&["shell"], b"touch knot\n").ends(0);
    run(&["verify"], b"").ends(0).says("That was the last one");
}

#[test]
fn an_interrupted_launch_leaves_nothing_and_says_so() {
    let Some(home) = Home::with_engine("cli::interrupted launch") else { return };
    let manifest = format!("{GOOD}prepare: wait.sh\n");
    let folder = home.content(&[("a.yaml", &manifest)]);
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a/wait.sh"), "sleep 100\n").unwrap();
    let mut command = home.command(&["launch", "harbour-01", "--detach"]);
    command.args(["--content", folder.to_str().unwrap()]).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let seen = read_until(&mut errors, "Preparing the exercise\n");
    signal(&child, rustix::process::Signal::INT);
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{seen}{rest}");
    assert!(rest.contains("The launch of harbour-01 was stopped"), "{rest}");
    assert!(rest.contains("nothing runs"), "{rest}");
    assert!(home.sandboxes().is_empty());
}

#[test]
fn a_stopped_sandbox_is_named_as_such_and_started_again() {
    let Some(home) = Home::with_engine("cli::stopped sandbox") else { return };
    let launched = home.run(&["launch", "linux-01", "--detach", "--json"]).ends(0);
    let last: Value = serde_json::from_str(launched.stdout.lines().last().unwrap()).unwrap();
    let sandbox = last["sandbox"].as_str().unwrap().to_owned();
    kill_sandbox(&sandbox);
    for command in [&["verify", "linux-01"][..], &["shell", "linux-01"]] {
        home.run(command).ends(3).complains("has stopped").complains("drydock launch");
    }
    home.run(&["launch", "linux-01", "--detach"]).ends(0).complains("started again");
    home.run(&["verify", "linux-01"]).ends(1);
}

/// Reads until these words have come.
fn read_until(source: &mut impl Read, words: &str) -> String {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(words) {
        assert_eq!(source.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&seen));
        seen.extend(byte);
    }
    String::from_utf8(seen).unwrap()
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

#[test]
fn checks_are_asked_together_and_each_is_judged_alone() {
    let Some(home) = Home::with_engine("cli::checks_together") else { return };
    // One that ends the shell they are all asked on, one that never ends, one that says very much, and
    // what comes after each.
    let manifest = r#"
id: harbour-01
module: harbour
order: 1
title: Splice
verify:
  - {name: first, cmd: "echo one", expect: one}
  - {name: absent, cmd: "test -e /nothing", observe: "echo there is nothing"}
  - {name: deadly, cmd: "kill -9 $$"}
  - {name: after death, cmd: "echo two; echo no >&2", expect: two}
  - {name: endless, cmd: "sleep 1000", timeout: 1s}
  - {name: after the end, cmd: "while ps -u learner -o stat=,comm= | grep -q '^[^Z].*sleep'; do :; done"}
  - {name: loud, cmd: "yes | head -c 3000000; exit 3"}
  - {name: waits for another, cmd: "true", needs: [absent]}
  - {name: as root, cmd: "id -un", expect: root, user: root}
  - {name: last, cmd: "cat; echo \"$0 $(pwd)\"", expect_contains: "/home/learner", observe: "echo unused"}
"#;
    let folder = home.content(&[("a.yaml", manifest)]);
    let content = ["--content", folder.to_str().unwrap()];
    home.run(&[&["launch", "harbour-01", "--detach"], &content[..]].concat()).ends(0);
    for _ in 0..2 {
        let run = home.run(&[&["--json", "verify", "harbour-01"], &content[..]].concat());
        let value: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
        let said = |at: usize| {
            let check = &value["checks"][at];
            let word = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
            (word("name"), word("state"), word("actual"))
        };
        let state = |at: usize| said(at).1;
        assert_eq!(said(0), ("first".into(), "passed".into(), "one".into()), "{value}");
        assert_eq!(said(1).2, "there is nothing");
        assert_eq!((state(2), state(3)), ("error".into(), "passed".into()), "{value}");
        assert_eq!((state(4), state(5)), ("error".into(), "passed".into()), "{value}");
        assert!(said(4).2.contains("did not finish within 1 s"), "{value}");
        assert_eq!(state(6), "failed");
        assert_eq!(said(7).2, "waits for \"absent\"");
        assert_eq!((state(8), said(8).2), ("passed".into(), "root".into()));
        assert_eq!(state(9), "passed", "{value}");
        run.ends(1);
    }
    // Told in their order, however they come.
    let text = home.run(&[&["verify", "harbour-01"], &content[..]].concat()).ends(1);
    let order: Vec<_> =
        (1..=10).filter_map(|n| text.stdout.find(&format!("Check {n}/10"))).collect();
    assert!(order.len() == 10 && order.is_sorted(), "{}", text.stdout);
}
