//! A sandbox's life, its limits and its first process.

use drydock::engine::{EngineError, Init, Limits, SandboxState, ShellSpec, Size, Tmpfs};

use tokio::io::AsyncReadExt;

use super::{Lab, program, within};

pub(crate) async fn a_sandbox_goes_through_its_states(lab: Lab) {
    let spec = lab.spec().await;
    let made = lab.engine.create(&spec).await.unwrap();
    assert_eq!(made.state, SandboxState::Created);
    assert_eq!(lab.engine.inspect(&made.id).await.unwrap(), made);
    assert_eq!(
        (&made.item, &made.attempt, &made.owner, &made.image, made.user.as_str()),
        (&spec.item, &spec.attempt, &spec.owner, &spec.image, "learner")
    );
    lab.engine.start(&made.id).await.unwrap();
    assert_eq!(lab.engine.inspect(&made.id).await.unwrap().state, SandboxState::Running);
    lab.engine.start(&made.id).await.unwrap();
    assert_eq!(lab.said(&made.id, "hostname").await, "box");
    lab.engine.destroy(&made.id).await.unwrap();
    let gone = lab.engine.inspect(&made.id).await.unwrap_err();
    assert!(matches!(gone, EngineError::SandboxGone { .. }), "{gone:?}");
}

pub(crate) async fn sandboxes_are_found_again_by_owner(lab: Lab) {
    let sandbox = lab.sandbox().await;
    // As after a crash: somebody who knows nothing but the owner.
    let again = lab.again().await.engine;
    let found = again.list(Some(&lab.owner)).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].state, SandboxState::Running);
    let same = |one: &drydock::engine::Sandbox| {
        (one.id.clone(), one.item.clone(), one.attempt.clone(), one.user.clone(), one.image.clone())
    };
    assert_eq!(same(&found[0]), same(&sandbox));
    assert!(again.list(None).await.unwrap().iter().any(|one| one.id == sandbox.id));
    assert!(again.list(Some("somebody else")).await.unwrap().is_empty());
    // And can be used: who its user is, is known to the engine.
    let lab = lab.on(again);
    assert_eq!(lab.said(&sandbox.id, "id -un").await, "learner");
}

pub(crate) async fn destroying_is_done_once_and_asked_for_often(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let (one, other) =
        tokio::join!(lab.engine.destroy(&sandbox.id), lab.engine.destroy(&sandbox.id));
    one.unwrap();
    other.unwrap();
    lab.engine.destroy(&sandbox.id).await.unwrap();
    assert!(lab.engine.list(Some(&lab.owner)).await.unwrap().is_empty());
}

pub(crate) async fn what_is_gone_or_stopped_is_told_apart(lab: Lab) {
    let spec = lab.spec().await;
    let sandbox = lab.engine.create(&spec).await.unwrap();
    let size = Size { cols: 80, rows: 24 };
    let shell = ShellSpec { size, user: None };

    let error = lab.engine.exec(&sandbox.id, &program(&["true"])).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxStopped { .. }), "{error:?}");
    let error = lab.engine.shell(&sandbox.id, &shell).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxStopped { .. }), "{error:?}");

    lab.engine.destroy(&sandbox.id).await.unwrap();
    let error = lab.engine.exec(&sandbox.id, &program(&["true"])).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    let error = lab.engine.shell(&sandbox.id, &shell).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    let error = lab.engine.start(&sandbox.id).await.unwrap_err();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    let error = lab.engine.copy_in(&sandbox.id, &[super::file("/x", b"")]).await.unwrap_err();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    let error = lab.engine.copy_out(&sandbox.id, "/etc/passwd", 10_000).await.unwrap_err();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
}

pub(crate) async fn a_missing_image_is_told(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.image = String::from("drydock/nonexistent:1");
    let error = lab.engine.create(&spec).await.unwrap_err();
    assert!(
        matches!(
            &error,
            EngineError::ImageMissing { image, .. } | EngineError::ImageNotUnpacked { image }
                if *image == spec.image
        ),
        "{error:?}"
    );
    assert!(lab.engine.list(Some(&lab.owner)).await.unwrap().is_empty());
}

pub(crate) async fn limits_hold(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.limits = Limits { memory: 64 << 20, cpus: 1.0, pids: 20 };
    let sandbox = lab.started(&spec).await;
    let (status, _) = lab.sh(&sandbox.id, "python3 -c 'x = bytearray(200 << 20)'").await;
    assert_ne!(status, Some(0), "200 MB where 64 are allowed");
    // Last: where there is no room for one more process, nothing else can be asked.
    let (status, _) = lab.sh(&sandbox.id, "for i in $(seq 40); do sleep 100 & done").await;
    assert_ne!(status, Some(0), "forty processes where twenty are allowed");
}

/// Where it can be told: without control groups the native engine cannot.
pub(crate) async fn the_memory_in_use_is_told(lab: Lab) {
    let sandbox = lab.sandbox().await;
    // It is asked while they are in use: not every engine keeps the maximum.
    let hold = "python3 -c 'import time; x = b\"x\" * (40 << 20); print(1, flush=True); \
                time.sleep(100)' >/tmp/held 2>&1 & until test -s /tmp/held; do :; done";
    lab.sh(&sandbox.id, hold).await;
    let Some(bytes) = lab.engine.memory(&sandbox.id).await.unwrap() else {
        assert_eq!(lab.engine.name(), "native");
        return;
    };
    assert!((40 << 20..1 << 30).contains(&bytes), "{bytes}");
    lab.engine.destroy(&sandbox.id).await.unwrap();
    let gone = lab.engine.memory(&sandbox.id).await;
    assert!(matches!(gone, Err(EngineError::SandboxGone { .. })), "{gone:?}");
}

pub(crate) async fn there_is_no_network_unless_asked_for(lab: Lab) {
    let sandbox = lab.sandbox().await;
    assert_eq!(lab.said(&sandbox.id, "ls /sys/class/net").await, "lo");
    if !lab.has(|offers| offers.internet) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.network = drydock::engine::Network::Internet;
    let sandbox = lab.started(&spec).await;
    let interfaces = lab.said(&sandbox.id, "ls /sys/class/net").await;
    assert!(interfaces.lines().count() > 1, "{interfaces}");
}

pub(crate) async fn an_in_memory_file_system_has_its_size(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.tmpfs = vec![Tmpfs { path: "/srv/disk".to_owned(), size: 4 << 20 }];
    let sandbox = lab.started(&spec).await;
    let size = lab.said(&sandbox.id, "df --output=size -B1 /srv/disk | tail -1").await;
    assert_eq!(size.parse(), Ok(4 << 20));
    lab.said(&sandbox.id, "head -c 3M /dev/zero > /srv/disk/fits").await;
    let (status, text) = lab.sh(&sandbox.id, "head -c 2M /dev/zero > /srv/disk/more").await;
    assert!(status != Some(0) && text.contains("No space"), "{status:?} {text}");
}

pub(crate) async fn the_first_process_reaps_and_cannot_be_killed(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "sudo kill 1; sudo kill -9 1; sudo pkill sleep; true").await;
    // An orphan: its parent is gone before it is.
    lab.said(&sandbox.id, "(sh -c 'sleep 0.1' &) ; true").await;
    let zombies = "ps -eo stat= | grep -c Z";
    within(async { while lab.sh(&sandbox.id, zombies).await.1 != "0" {} }).await;
    assert_eq!(lab.engine.inspect(&sandbox.id).await.unwrap().state, SandboxState::Running);
}

pub(crate) async fn an_init_system_runs_and_takes_commands(lab: Lab) {
    if !lab.has(|offers| offers.init_system) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.image = crate::support::image(&*lab.engine, "systemd").await;
    spec.init = Init::System;
    let sandbox = lab.started(&spec).await;
    // At once, without waiting: that is the engine's part.
    assert_eq!(lab.said(&sandbox.id, "systemctl is-system-running").await, "running");
    lab.said(
        &sandbox.id,
        "printf '[Service]\\nExecStart=/bin/sleep 1000\\n' | \
         sudo tee /etc/systemd/system/nap.service >/dev/null && \
         sudo systemctl daemon-reload && sudo systemctl start nap",
    )
    .await;
    assert_eq!(lab.said(&sandbox.id, "systemctl is-active nap").await, "active");
    assert!(!lab.said(&sandbox.id, "sudo journalctl -u nap --no-pager").await.is_empty());
}

pub(crate) async fn removing_a_sandbox_ends_its_shell(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let spec = ShellSpec { size: Size { cols: 80, rows: 24 }, user: None };
    let mut shell = lab.engine.shell(&sandbox.id, &spec).await.unwrap();
    // Behind our back: by somebody else who found it.
    lab.again().await.engine.destroy(&sandbox.id).await.unwrap();
    let mut rest = Vec::new();
    let _ = within(shell.output.read_to_end(&mut rest)).await;
    let error = lab.engine.exec(&sandbox.id, &program(&["true"])).await.err().unwrap();
    assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    shell.control.hang_up().await.unwrap();
}
