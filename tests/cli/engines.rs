//! Which engine is used, and what is said of it, on a machine without a Docker engine.

use std::fs;

use serde_json::Value;

use crate::home::{Home, Ran, items, waiting};
use crate::support;

/// A home where no Docker engine is found, if this machine has the native one.
fn native(test: &str) -> Option<Home> {
    waiting(support::native(test)).map(|_| Home::alone())
}

fn finding(ran: &Ran, name: &str) -> Value {
    let json = ran.json();
    let checks = json["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).cloned().unwrap_or_default()
}

/// What is told after all steps.
fn last(ran: &Ran) -> Value {
    serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn without_docker_the_native_engine_is_used_and_says_why() {
    let Some(home) = native("engines::native_is_used") else { return };
    let status = home.run(&["status", "--json"]).ends(0).json();
    let engine = &status["engine"];
    assert_eq!((&engine["name"], &engine["reachable"]), (&"native".into(), &true.into()));
    let reason = engine["reason"].as_str().unwrap();
    assert!(reason.starts_with("native: ") && reason.contains("docker.sock"), "{reason}");
    home.run(&["status"]).ends(0).says("why this one").says(reason);
    let set_up = home.run(&["init", "--yes"]).ends(0);
    set_up.says(reason).says("drydock launch linux-01");
    let json = home.run(&["--json", "init", "--yes"]).ends(0).json();
    assert_eq!(json["engine"]["name"], "native");
    home.run(&["images", "list"]).ends(0).complains("native");
    home.run(&["images", "build"]).ends(3).complains("native engine needs no images");

    let doctor = home.run(&["doctor", "--json"]).ends(0);
    assert_eq!(finding(&doctor, "why this one")["detail"], reason);
    for name in ["namespaces", "sandbox users", "limits", "sandbox network", "sudo"] {
        assert!(finding(&doctor, name)["detail"].is_string(), "{name}: {doctor:?}");
    }
}

#[test]
fn without_docker_an_exercise_is_launched_checked_and_removed() {
    let Some(home) = native("engines::an_exercise") else { return };
    let launched = last(&home.run(&["--json", "launch", "linux-01"]).ends(0));
    assert_eq!(launched["engine"], "native");
    assert!(launched["notices"][0].as_str().unwrap().contains("drydock/base"), "{launched}");
    home.run(&["verify", "linux-01"]).ends(1).says("0 of 4");
    // The shell's holder is on the same engine.
    let typed = home.feed(&["shell", "linux-01"], b"id -un; pwd\n").ends(0);
    typed.says("/home/learner");
    home.run(&["snapshot", "linux-01", "--name", "mine"]).ends(0);
    home.run(&["rewind", "linux-01", "mine", "--yes"]).ends(0).says("as they were at mine");
    let status = home.run(&["status", "--json"]).ends(0).json();
    assert_eq!(status["sandboxes"][0]["engine"], "native");
    // It is found from an engine of the other kind too, as far as that can be asked.
    fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
    home.run(&["launch", "linux-01", "--detach"]).ends(3).complains("/nonexistent/docker.sock");
    fs::write(home.path().join("config.yaml"), "backend: native\n").unwrap();
    let again = last(&home.run(&["--json", "launch", "linux-01", "--fresh"]).ends(0));
    // What is known is not told again.
    assert_eq!(again["notices"], Value::Array(vec![]));
    let gone = home.run(&["--json", "destroy", "--all", "--yes"]).ends(0).json();
    assert_eq!(gone["destroyed"][0], "linux-01");
    let left = fs::read_dir(home.path().join("state/native/sandboxes")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn an_image_is_carried_to_where_there_is_no_docker() {
    let Some(docker) = Home::with_engine("engines::an_image_is_carried") else { return };
    let Some(home) = native("engines::an_image_is_carried") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images.tar");
    let file = path.to_str().unwrap();
    docker.run(&["images", "export", "nothing-like-it", "-o", file]).ends(2).complains("ours are");
    assert!(!path.exists());
    docker.run(&["images", "export", "base", "-o", file]).ends(0).says("drydock/base:").says(file);
    docker.run(&["images", "export", "base", "-o", file]).ends(2).complains("is there already");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    home.run(&["images", "export", "-o", "x.tar"]).ends(3).complains("builds none");
    home.run(&["images", "import", "/nonexistent"]).ends(2).complains("/nonexistent is no file");
    let imported = last(&home.run(&["--json", "images", "import", file]).ends(0));
    let reference = imported["images"][0].as_str().unwrap().to_owned();
    assert!(reference.starts_with("drydock/base:"), "{imported}");
    home.run(&["images", "list"]).ends(0).says("unpacked").complains("images import FILE");
    let launched = last(&home.run(&["--json", "launch", "linux-01"]).ends(0));
    // Nothing stands in for anything.
    assert_eq!(launched["notices"], Value::Array(vec![]), "{launched}");
    let typed = home.feed(&["shell", "linux-01"], b"cat /etc/debian_version; stat -c %U /usr\n");
    typed.ends(0).says("12.").says("root");
    home.run(&["images", "remove", "base"]).ends(3).complains("is in use");
    home.run(&["destroy", "--all", "--yes"]).ends(0);
    home.run(&["images", "remove", "base"]).ends(0).says(&reference);
    home.run(&["images", "remove", "base"]).ends(3).complains("is not on this engine");
}

#[test]
fn a_sandbox_out_of_reach_is_named_when_all_are_to_be_removed() {
    let Some(home) = Home::with_engine("engines::out_of_reach") else { return };
    let Some(_) = native("engines::out_of_reach") else { return };
    fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
    home.run(&["launch", "linux-01", "--detach"]).ends(0);
    fs::write(home.path().join("config.yaml"), "backend: native\n").unwrap();
    home.run(&["launch", "linux-04", "--detach"]).ends(0);
    for arguments in [&["destroy", "--all", "--yes"][..], &["destroy", "linux-01", "--yes"]] {
        let mut command = home.command(arguments);
        let done = command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains("The sandbox of linux-01 is on the docker engine"), "{said}");
    }
    let done = home.run(&["--json", "destroy", "--all", "--yes"]).ends(0).json();
    // The other one was removed the first time.
    assert_eq!(done["destroyed"], serde_json::json!(["linux-01"]));
    assert_eq!(done["out_of_reach"], serde_json::json!([]));
}

#[test]
fn what_cannot_run_says_so_with_reason_and_remedy() {
    let Some(home) = native("engines::what_cannot_run") else { return };
    // What it needs depends on this machine: what is said of it must be so.
    let manifest = "id: harbour-02\nmodule: harbour\norder: 2\ntitle: Signals\n\
                    requires: [network, init-system, multiple-users]\n\
                    verify:\n  - {name: a, cmd: 'true'}\n";
    let folder = home.content(&[("b.yaml", manifest)]);
    let content = ["--content", folder.to_str().unwrap()];
    let listed = home.run(&[&["modules", "--json"], &content[..]].concat()).ends(0).json();
    let items = items(&listed);
    assert_eq!((&items[0]["runnable"], &items[0]["reason"]), (&true.into(), &Value::Null));
    for item in &items {
        let id = item["id"].as_str().unwrap();
        let launch = home.run(&[&["launch", id, "--detach"], &content[..]].concat());
        if item["runnable"] == true {
            launch.ends(0);
            continue;
        }
        let (reason, remedy) = (item["reason"].as_str().unwrap(), item["remedy"].as_str().unwrap());
        let begin = format!("{id} cannot run on the native engine here: it needs ");
        assert!(reason.starts_with(&begin) && !remedy.is_empty(), "{item}");
        launch.ends(3).complains(reason);
        let error = home.run(&[&["--json", "launch", id], &content[..]].concat()).ends(3).error();
        assert_eq!(error["kind"], "not_runnable_here");
        let text = home.run(&[&["modules"], &content[..]].concat()).ends(0);
        text.says(&format!("–  {id}"))
            .complains(id)
            .complains("cannot run on the native engine here");
    }
    // An image of somebody else's is replaced, as on every engine, and not quietly.
    let manifest = "id: harbour-01\nmodule: harbour\norder: 1\ntitle: Splice\n\
                    container_image: example.org/rope:1\nverify:\n  - {name: a, cmd: 'true'}\n";
    let folder = home.content(&[("a.yaml", manifest)]);
    let content = ["--content", folder.to_str().unwrap()];
    let launched = home.run(&[&["launch", "harbour-01", "--detach"], &content[..]].concat());
    launched.ends(0).complains("example.org/rope:1 is not unpacked here");
}

#[test]
fn an_engine_that_was_named_is_never_replaced() {
    let home = Home::alone();
    for word in ["docker", "local"] {
        home.run(&["config", "set", "backend", word]).ends(0);
        let error = home.run(&["--json", "launch", "linux-01"]).ends(3).error();
        assert_eq!(error["kind"], "engine_not_running");
        let doctor = home.run(&["doctor", "--json"]).ends(3);
        assert_eq!(finding(&doctor, "engine")["ok"], false);
        assert!(finding(&doctor, "native engine")["detail"].is_string(), "{doctor:?}");
    }
    home.run(&["config", "set", "backend", "podman"])
        .ends(2)
        .complains("must be auto, docker, native or local");
}
