//! Keeping files and bringing them back by commands.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use drydock::engine::SandboxId;
use drydock::paths::Paths;
use drydock::store::Store;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::home::{GOOD, Home, waiting};
use crate::support;

/// A second check, so that there is a step between the beginning and the end.
const TWO: &str = "\
id: harbour-01
module: harbour
order: 1
title: Tie a knot
description: Make two files.
prepare: prepare.sh
verify:
  - name: the rope is there
    cmd: test -f rope
  - name: the knot is tied
    cmd: test -f knot
";

/// Content with a script that prepares it.
fn prepared(home: &Home, script: &str) -> String {
    let folder = home.content(&[("a.yaml", TWO)]);
    fs::create_dir_all(folder.join("a")).unwrap();
    fs::write(folder.join("a/prepare.sh"), script).unwrap();
    folder.to_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<String> {
    let all = list["snapshots"].as_array().unwrap();
    all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_are_kept_at_each_step_and_brought_back() {
    let Some(home) = Home::with_engine("cli::rewind") else { return };
    let folder = prepared(&home, "echo prepared > /home/learner/made");
    let run = |arguments: &[&str]| home.run(&[arguments, &["--content", &folder]].concat());
    let shell = |script: &str| {
        home.feed(&["shell", "--content", &folder], script.as_bytes()).ends(0).stdout
    };
    for command in [&["rewind", "harbour-01", "start"][..], &["snapshot", "harbour-01"]] {
        run(command).ends(3).complains("has no sandbox").complains("drydock launch harbour-01");
    }
    run(&["launch", "harbour-01", "--detach"]).ends(0);
    let listed = |run: &dyn Fn(&[&str]) -> crate::home::Ran| {
        run(&["rewind", "--list", "--json"]).ends(0).json()
    };
    assert_eq!(names(&listed(&run)), ["start"]);

    shell("touch rope; mkdir deep; echo one > deep/file; chmod 600 deep/file");
    run(&["verify"]).ends(1);
    // Nothing passes for the first time: nothing is kept.
    run(&["verify"]).ends(1);
    let list = listed(&run);
    assert_eq!(
        (&list["id"], names(&list)),
        (&"harbour-01".into(), vec!["start".into(), "check-1".into()])
    );
    let step = &list["snapshots"][1];
    assert_eq!((&step["kind"], &step["words"]), (&"check".into(), &"the rope is there".into()));
    assert_eq!(
        (&step["passed"], &step["of"], &step["whole"]),
        (&1.into(), &2.into(), &true.into())
    );
    assert_eq!(step["checks"], serde_json::json!([1]));
    assert!(step["taken"].as_str().unwrap().ends_with('Z'));

    // Undo my rm -rf.
    shell("rm -rf ~/*; touch new");
    run(&["verify"]).ends(1).says("0 of 2 checks passed");
    run(&["rewind", "1"]).ends(0).says("check-1").says("programs are not brought back");
    assert_eq!(shell("cat deep/file; stat -c %a deep/file; ls"), "one\n600\ndeep\nmade\nrope\n");
    run(&["verify"]).ends(1).says("1 of 2 checks passed");
    // And undo that.
    let undone = run(&["rewind", "harbour-01", "before-1", "--json"]).ends(0);
    let undone: Value = serde_json::from_str(undone.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(undone["rewound_to"]["name"], "before-1");
    assert_eq!(undone["undone_by"], "before-2");
    assert!(undone["sandbox"].is_string() && undone["ms"].is_u64(), "{undone}");
    assert_eq!(shell("ls"), "new\n");

    // On request, with a name or without.
    let kept = run(&["snapshot", "--name", "my-own", "--json"]).ends(0).json();
    assert_eq!((&kept["id"], &kept["snapshot"]["name"]), (&"harbour-01".into(), &"my-own".into()));
    assert_eq!(kept["snapshot"]["kind"], "manual");
    run(&["snapshot"]).ends(0).says("manual-1").says("drydock rewind harbour-01 manual-1");
    let error = run(&["snapshot", "--name", "my-own", "--json"]).ends(3).error();
    assert_eq!(error["kind"], "snapshot_exists");
    for name in ["start", "check-9", "7", "a b"] {
        run(&["snapshot", "--name", name]).ends(2).complains("cannot be called");
    }
    run(&["rewind", "my-oen"])
        .ends(2)
        .complains("has no snapshot \"my-oen\"")
        .complains("did you mean my-own?");
    run(&["rewind", "2"]).ends(2).complains("check 2 (\"the knot is tied\") has not passed yet");
    run(&["rewind", "harbor-01"]).ends(2).complains("did you mean harbour-01?");
    run(&["status"]).ends(0).says("snapshots)");

    // What was earned stays, and the start is as it was prepared.
    shell("touch rope knot; echo changed > made");
    run(&["verify"]).ends(0).says("is completed");
    run(&["rewind", "harbour-01", "start"]).ends(0);
    assert_eq!(shell("ls; cat made"), "made\nprepared\n");
    run(&["verify"]).ends(1);
    let modules = run(&["modules", "--json"]).ends(0).json();
    let all = crate::home::items(&modules);
    assert_eq!(all.iter().find(|one| one["id"] == "harbour-01").unwrap()["status"], "completed");
    run(&["rewind", "the knot is tied"]).ends(0).says("check-2");
    assert_eq!(shell("ls"), "knot\nmade\nnew\nrope\n");
    // Only so many of those that are taken before a rewind.
    assert_eq!(names(&listed(&run)).iter().filter(|name| name.starts_with("before-")).count(), 3);

    assert_eq!(home.sandboxes(), ["harbour-01"]);
    run(&["destroy"]).ends(0);
    assert_eq!(snapshots(&home), 0);
}

#[test]
fn a_rewind_that_is_killed_is_mended_by_the_next_launch() {
    let Some(home) = Home::with_engine("cli::killed rewind") else { return };
    let folder = prepared(&home, "true");
    let content = ["--content", folder.as_str()];
    let run = |arguments: &[&str]| home.run(&[arguments, &content].concat());
    let shell = |script: &str| {
        home.feed(&["shell", content[0], content[1]], script.as_bytes()).ends(0).stdout
    };
    run(&["launch", "harbour-01", "--detach"]).ends(0);
    shell("echo work > work");
    // The new sandbox is there and never comes to its end.
    fs::write(home.path().join("course/a/prepare.sh"), "sleep 1000\n").unwrap();
    for (signal, status) in [(Signal::KILL, None), (Signal::INT, Some(130))] {
        let mut command = home.command(&["rewind", "harbour-01", "start", "--yes"]);
        let mut child = command.args(content).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        assert!(errors.any(|line| line.unwrap() == "Preparing the exercise"));
        assert_eq!(home.sandboxes().len(), 2);
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(ended(&mut child), status);
        if status.is_some() {
            let said = errors.map_while(Result::ok).collect::<String>();
            assert!(said.contains("The rewind of harbour-01 was stopped"), "{said}");
            assert_eq!(home.sandboxes().len(), 1);
        }
        // The old one is in use, with all that was done in it.
        run(&["launch", "harbour-01", "--detach"]).ends(0);
        assert_eq!(home.sandboxes().len(), 1);
        assert_eq!(shell("cat work"), "work\n");
    }

    // Killed a moment later, after the new one was noted: then that one is in use.
    let owner = Paths::under(home.path()).owner();
    let made = waiting(async {
        let engine = support::engine("cli").await.unwrap();
        let old = engine.list(Some(&owner)).await.unwrap().remove(0);
        let made = engine.rewind(&old.id, "before-1").await.unwrap();
        engine.start(&made.id).await.unwrap();
        let store = Store::open(&Paths::under(home.path()).database).unwrap();
        store.attach_sandbox(old.attempt.parse().unwrap(), Some(&made.id.0)).unwrap();
        made.id
    });
    run(&["launch", "harbour-01", "--detach"]).ends(0);
    assert_eq!(home.sandboxes().len(), 1);
    let status = run(&["status", "--json"]).ends(0).json();
    let left = SandboxId(status["sandboxes"][0]["sandbox"].as_str().unwrap().to_owned());
    assert_eq!(left, made);
    assert_eq!(status["sandboxes"][0]["snapshots"], serde_json::json!(["before-1", "before-2"]));
    assert_eq!(shell("cat work"), "work\n");
}

#[test]
fn a_stopped_sandbox_is_rewound_and_runs_again() {
    let Some(home) = Home::with_engine("cli::rewind stopped") else { return };
    let folder = home.content(&[("a.yaml", GOOD)]);
    let content = ["--content", folder.to_str().unwrap()];
    let run = |arguments: &[&str]| home.run(&[arguments, &content].concat());
    let launched = run(&["launch", "harbour-01", "--detach", "--json"]).ends(0);
    let last: Value = serde_json::from_str(launched.stdout.lines().last().unwrap()).unwrap();
    home.feed(&["shell", content[0], content[1]], b"touch kept").ends(0);
    run(&["snapshot"]).ends(0);
    crate::home::kill_sandbox(last["sandbox"].as_str().unwrap());
    run(&["rewind", "manual-1"]).ends(0);
    let ran = home.feed(&["shell", content[0], content[1]], b"ls").ends(0);
    assert_eq!(ran.stdout, "kept\n");
}

/// The exit status; `None` after a signal.
fn ended(child: &mut Child) -> Option<i32> {
    child.wait().unwrap().code()
}

/// How many images of snapshots a home has on the engine.
fn snapshots(home: &Home) -> usize {
    let label = format!("drydock.owner={}", Paths::under(home.path()).owner());
    waiting(async {
        let docker = bollard::Docker::connect_with_defaults().unwrap();
        let filters = std::collections::HashMap::from([("label", vec![label])]);
        let options = bollard::query_parameters::ListImagesOptionsBuilder::new();
        let options = options.all(true).filters(&filters).build();
        docker.list_images(Some(options)).await.unwrap().len()
    })
}
