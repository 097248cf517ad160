//! What only the native engine has: processes, mounts and files of this machine to leave behind.

use std::collections::BTreeSet;
use std::path::PathBuf;

use drydock::engine::{EngineError, FileOwner, Init, SandboxState, SnapshotSpec};

use super::{Lab, file};

/// How often a sandbox is made and removed to see what stays.
const ROUNDS: usize = 12;

/// Where the engine keeps its sandboxes.
async fn home(lab: &Lab) -> String {
    lab.engine.info().await.unwrap().endpoint
}

/// What there is of sandboxes on this machine, by this laboratory's id: processes, mounts, control
/// groups and files.
fn traces(home: &str, ids: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let folder = |path: &str| -> Vec<PathBuf> {
        std::fs::read_dir(path)
            .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
            .unwrap_or_default()
    };
    let mut places: Vec<_> = ["sandboxes", "gone"]
        .into_iter()
        .flat_map(|part| folder(&format!("{home}/{part}")))
        .collect();
    for kind in ["memory", "pids", "cpu", "unified", ""] {
        places.extend(folder(&format!("/sys/fs/cgroup/{kind}/drydock")));
    }
    for id in ids {
        if mounts.contains(id) {
            found.push(format!("a mount of {id}"));
        }
        for path in &places {
            if path.display().to_string().contains(id) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// The numbers of all first processes of sandboxes on this machine, whoever's.
fn agents() -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let is_agent = |path: PathBuf| {
        let words = std::fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("sandbox\0init")
    };
    entries.filter(|entry| is_agent(entry.path())).count()
}

pub(crate) async fn nothing_is_left_behind(lab: Lab) {
    let rounds = std::env::var("DRYDOCK_TEST_ROUNDS").ok().and_then(|text| text.parse().ok());
    let spec = lab.spec().await;
    let mut ids = BTreeSet::new();
    for _ in 0..rounds.unwrap_or(ROUNDS) {
        let sandbox = lab.started(&spec).await;
        lab.said(&sandbox.id, "mkdir -m 0 ~/closed; sudo touch /usr/local/x; sleep 100 >&- 2>&- &")
            .await;
        ids.insert(sandbox.id.0.clone());
        lab.engine.destroy(&sandbox.id).await.unwrap();
    }
    // The kernel may take a moment for the last of them.
    let home = home(&lab).await;
    let gone = async {
        while !traces(&home, &ids).is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let _ = tokio::time::timeout(super::PATIENCE, gone).await;
    assert_eq!(traces(&home, &ids), Vec::<String>::new());
    if rounds.is_some() {
        // By hand, where nobody else makes sandboxes meanwhile.
        assert_eq!(agents(), 0);
    }
}

pub(crate) async fn what_was_written_is_there_again_after_a_stop(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.files = vec![file("/home/learner/given", b"once")];
    let sandbox = lab.started(&spec).await;
    let write = "echo mine > ~/given; rm ~/.bashrc; sudo sh -c 'echo x > /etc/new; echo 1 > /opt/o; \
                 echo 127.0.0.1 me >> /etc/hosts; rm /etc/bash.bashrc; echo y > /usr/local/bin/y'";
    lab.said(&sandbox.id, write).await;
    // As after a reboot: its processes are gone, and nobody was told.
    let home = home(&lab).await;
    let note = std::fs::read(format!("{home}/sandboxes/{}/run/note.json", sandbox.id.0)).unwrap();
    let note: serde_json::Value = serde_json::from_slice(&note).unwrap();
    let pid = note["pid"].as_i64().unwrap() as i32;
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    super::within(async {
        while lab.engine.inspect(&sandbox.id).await.unwrap().state == SandboxState::Running {}
    })
    .await;
    let state = lab.engine.inspect(&sandbox.id).await.unwrap().state;
    assert_eq!(state, SandboxState::Stopped);
    let error = lab.engine.exec(&sandbox.id, &super::program(&["true"])).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxStopped { .. }), "{error:?}");
    // Files can be had from one that does not run, and put there.
    let given = lab.engine.copy_out(&sandbox.id, "/home/learner/given", 100).await.unwrap();
    assert_eq!(given, b"mine\n");
    lab.engine.copy_in(&sandbox.id, &[file("/home/learner/late", b"late")]).await.unwrap();
    let state = lab.engine.inspect(&sandbox.id).await.unwrap().state;
    assert_eq!(state, SandboxState::Stopped);
    lab.engine.start(&sandbox.id).await.unwrap();
    let told = lab
        .said(
            &sandbox.id,
            "cat ~/given ~/late /etc/new /opt/o /usr/local/bin/y; grep -c me /etc/hosts; \
             ls ~/.bashrc /etc/bash.bashrc 2>/dev/null; stat -c %U ~/late",
        )
        .await;
    assert_eq!(told, "mine\nlatex\n1\ny\n1\nlearner");
}

pub(crate) async fn a_rule_of_sudo_is_held_to(lab: Lab) {
    if !lab.has(|offers| offers.multiple_users) {
        return;
    }
    let mut spec = lab.spec().await;
    let rule = b"ada ALL=(root) NOPASSWD: /usr/local/sbin/light\n";
    let mut sudoers = file("/etc/sudoers.d/light", rule);
    (sudoers.owner, sudoers.mode) = (FileOwner::Root, 0o440);
    spec.files = vec![sudoers];
    let sandbox = lab.started(&spec).await;
    lab.said(
        &sandbox.id,
        "sudo useradd -m ada && printf '#!/bin/sh\\nid -u; echo $HOME $SUDO_USER $LD_X $KEEP\\n' | \
         sudo tee /usr/local/sbin/light >/dev/null && sudo chmod 755 /usr/local/sbin/light && \
         sudo visudo -c >/dev/null",
    )
    .await;
    let as_ada = |line: &str| format!("sudo setpriv --reuid=ada --regid=ada --init-groups {line}");
    let light = as_ada("env LD_X=1 KEEP=2 sudo -n light");
    assert_eq!(lab.said(&sandbox.id, &light).await, "0\n/root ada");
    for line in [
        "sudo -n id",
        "sudo -n -u learner /usr/local/sbin/light",
        "sudo -n -i",
        "su -c id",
        "sudo -n -l /usr/bin/id",
        "bash -c 'exec -a drydock sudo sandbox init 0'",
    ] {
        let (status, text) = lab.sh(&sandbox.id, &as_ada(line)).await;
        assert!(status != Some(0) && !text.contains("uid=0"), "{line}: {text}");
    }
    let list = lab.said(&sandbox.id, "sudo -l -U ada").await;
    assert!(list.contains("(root) NOPASSWD: /usr/local/sbin/light"), "{list}");
}

pub(crate) async fn an_init_system_that_lost_its_agent_is_started_again(lab: Lab) {
    if !lab.has(|offers| offers.init_system) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.init = Init::System;
    let sandbox = lab.started(&spec).await;
    lab.said(&sandbox.id, "echo mine > ~/mine").await;
    // Root inside may do that: it is not the first process here. Whoever asked hears no more, or
    // that the shell is gone a moment before the sandbox is.
    let killing = lab.sh(&sandbox.id, "sudo pkill -9 -x drydock; sleep 60");
    let stopped = async {
        while lab.engine.inspect(&sandbox.id).await.unwrap().state == SandboxState::Running {
            tokio::task::yield_now().await;
        }
    };
    let mut stopped = std::pin::pin!(super::within(stopped));
    tokio::select! {
        _ = killing => stopped.await,
        () = &mut stopped => {}
    }
    assert_eq!(lab.engine.inspect(&sandbox.id).await.unwrap().state, SandboxState::Stopped);
    lab.engine.start(&sandbox.id).await.unwrap();
    assert_eq!(
        lab.said(&sandbox.id, "cat ~/mine; systemctl is-system-running").await,
        "mine\nrunning"
    );
    let home = home(&lab).await;
    lab.engine.destroy(&sandbox.id).await.unwrap();
    assert_eq!(traces(&home, &BTreeSet::from([sandbox.id.0.clone()])), Vec::<String>::new());
}

pub(crate) async fn a_removal_that_was_cut_off_is_brought_to_its_end(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "sleep 1000 >&- 2>&- &").await;
    let kept = SnapshotSpec { name: "kept".to_owned(), note: String::new() };
    lab.engine.snapshot(&sandbox.id, &kept).await.unwrap();
    // As far as a removal had come that was killed at once.
    let home = PathBuf::from(home(&lab).await);
    let gone = home.join("gone").join(&sandbox.id.0);
    std::fs::create_dir_all(home.join("gone")).unwrap();
    std::fs::rename(home.join("sandboxes").join(&sandbox.id.0), &gone).unwrap();
    let error = lab.engine.inspect(&sandbox.id).await.unwrap_err();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    // One that somebody is at is left to them.
    let busy = std::fs::File::open(&gone).unwrap();
    busy.lock().unwrap();
    let mut spec = lab.spec().await;
    lab.engine.create(&spec).await.unwrap();
    assert!(gone.exists());
    drop(busy);
    let snapshots = || {
        let attempts = std::fs::read_dir(home.join("snapshots")).unwrap().flatten();
        let kept = attempts.map(|attempt| attempt.path().join("kept/kept.json"));
        kept.filter_map(|kept| std::fs::read_to_string(kept).ok())
            .filter(|text| text.contains(&sandbox.attempt))
            .count()
    };
    assert_eq!(snapshots(), 1);
    // The next sandbox of anybody's: one of the tests beside this may have been faster.
    spec.attempt = uuid::Uuid::now_v7().to_string();
    lab.engine.create(&spec).await.unwrap();
    let cleared = async { while gone.exists() || snapshots() > 0 {} };
    super::within(cleared).await;
    let ids = BTreeSet::from([sandbox.id.0.clone()]);
    assert_eq!(traces(&home.display().to_string(), &ids), Vec::<String>::new());
}
