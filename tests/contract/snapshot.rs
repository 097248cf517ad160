//! Files kept and brought back.

use drydock::engine::{
    EngineError, FileOwner, FileSpec, Limits, NOTE_LIMIT, Sandbox, SandboxId, SandboxState,
    ShellSpec, Size, Snapshot, SnapshotSpec, Tmpfs,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Lab, file, within};

impl Lab {
    async fn keep(&self, id: &SandboxId, name: &str) -> Snapshot {
        let spec = SnapshotSpec { name: name.to_owned(), note: String::new() };
        within(self.engine.snapshot(id, &spec)).await.unwrap()
    }

    /// Rewinds as it is to be done: the new one runs, then the old one goes.
    async fn rewound(&self, sandbox: &Sandbox, name: &str) -> Sandbox {
        let made = within(self.engine.rewind(&sandbox.id, name)).await.unwrap();
        self.engine.start(&made.id).await.unwrap();
        if made.id != sandbox.id {
            self.engine.destroy(&sandbox.id).await.unwrap();
        }
        made
    }

    async fn names(&self, id: &SandboxId) -> Vec<String> {
        let kept = self.engine.snapshots(id).await.unwrap();
        kept.into_iter().map(|snapshot| snapshot.name).collect()
    }
}

pub(crate) async fn a_rewind_brings_files_back(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.files = vec![
        FileSpec { mode: 0o640, ..file("/home/learner/a/data", b"one\0two\n") },
        FileSpec { owner: FileOwner::Root, mode: 0o600, ..file("/etc/secret", b"s") },
    ];
    let sandbox = lab.started(&spec).await;
    lab.said(&sandbox.id, "ln -s a/data link; mkdir empty; sudo touch -d 2001-02-03 /opt/old")
        .await;
    lab.keep(&sandbox.id, "before").await;
    // "undo my rm -rf"
    lab.said(&sandbox.id, "rm -rf ~/* && sudo rm -rf /etc/secret /opt /usr/bin/tac").await;
    lab.said(&sandbox.id, "echo new > ~/new; sudo chmod 777 /etc; mkdir ~/a").await;

    let again = lab.rewound(&sandbox, "before").await;
    let told = lab.said(&again.id, "sudo stat -c '%U %a' ~/a/data /etc/secret /etc").await;
    let root = if lab.engine.offers().multiple_users.is_ok() { "root" } else { "learner" };
    assert_eq!(told, format!("learner 640\n{root} 600\n{root} 755"));
    assert_eq!(
        lab.engine.copy_out(&again.id, "/home/learner/a/data", 99).await.unwrap(),
        b"one\0two\n"
    );
    assert_eq!(lab.said(&again.id, "ls ~").await, "a\nempty\nlink");
    assert_eq!(
        lab.said(&again.id, "readlink ~/link; date -r /opt/old +%F").await,
        "a/data\n2001-02-03"
    );
    lab.said(&again.id, "echo x | tac").await;
}

pub(crate) async fn a_rewound_sandbox_is_like_the_one_before(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.limits = Limits { memory: 100 << 20, cpus: 0.5, pids: 77 };
    let sandbox = lab.started(&spec).await;
    let facts = "hostname; id -un; ls /sys/class/net; \
        cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; \
        cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null; \
        grep CapBnd /proc/self/status; echo $HOME $PATH";
    let before = lab.said(&sandbox.id, facts).await;
    lab.keep(&sandbox.id, "x").await;
    lab.said(&sandbox.id, "sleep 4711 >/dev/null 2>&1 &").await;
    let made = within(lab.engine.rewind(&sandbox.id, "x")).await.unwrap();
    let found = lab.engine.inspect(&made.id).await.unwrap();
    assert_ne!(found.state, SandboxState::Running);
    let facts_of = |one: &Sandbox| {
        let Sandbox { item, attempt, owner, image, user, .. } = one.clone();
        (item, attempt, owner, image, user)
    };
    assert_eq!(facts_of(&found), facts_of(&sandbox));
    assert_eq!(facts_of(&made), facts_of(&sandbox));
    let again = lab.rewound(&sandbox, "x").await;
    for id in [&made.id, &sandbox.id] {
        if *id != again.id {
            lab.engine.destroy(id).await.unwrap();
        }
    }
    assert_eq!(lab.said(&again.id, facts).await, before);
    // Files, never processes.
    assert_eq!(lab.sh(&again.id, "pgrep -fx 'sleep 4711'").await.1, "");
    let all = lab.engine.list(Some(&lab.owner)).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].id, all[0].state), (&again.id, SandboxState::Running));
}

pub(crate) async fn a_snapshot_disturbs_nothing_that_runs(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let spec = ShellSpec { size: Size { cols: 80, rows: 24 }, user: None };
    let mut shell = lab.engine.shell(&sandbox.id, &spec).await.unwrap();
    shell.input.write_all(b"harbour=Kiel; stty -echo\n").await.unwrap();
    lab.keep(&sandbox.id, "x").await;
    shell.input.write_all(b"echo \"<$harbour>\"\n").await.unwrap();
    let mut shown = String::new();
    within(async {
        while !shown.contains("<Kiel>") {
            let mut bytes = vec![0; 4096];
            let length = shell.output.read(&mut bytes).await.unwrap();
            assert!(length > 0, "the shell ended: {shown}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
    })
    .await;
    // Nothing of its making is left in the sandbox.
    assert_eq!(lab.said(&sandbox.id, "ls -A / | grep -i dry | cat").await, "");
}

pub(crate) async fn memory_is_kept_while_it_is_small(lab: Lab) {
    if !lab.has(|offers| offers.multiple_users) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.tmpfs = vec![
        Tmpfs { path: "/srv".to_owned(), size: 8 << 20 },
        Tmpfs { path: "/mnt/big disk".to_owned(), size: 200 << 20 },
    ];
    let sandbox = lab.started(&spec).await;
    lab.said(
        &sandbox.id,
        "sudo install -d -m 2770 -g staff /srv/crew; sudo sh -c 'umask 007; echo log > /srv/crew/log'; \
         sudo touch '/mnt/big disk/small'",
    )
    .await;
    assert!(lab.keep(&sandbox.id, "small").await.whole);
    lab.said(&sandbox.id, "sudo rm -rf /srv/crew; sudo head -c 100M /dev/zero | sudo tee '/mnt/big disk/f' >/dev/null").await;
    assert!(!lab.keep(&sandbox.id, "large").await.whole);
    assert_eq!(lab.said(&sandbox.id, "ls -A / | grep -i dry | cat").await, "");

    let again = lab.rewound(&sandbox, "small").await;
    let told = lab
        .said(&again.id, "sudo stat -c '%G %a' /srv/crew /srv/crew/log; sudo cat /srv/crew/log")
        .await;
    assert_eq!(told, "staff 2770\nroot 660\nlog".replace("root 660", "staff 660"));
    assert_eq!(lab.said(&again.id, "ls '/mnt/big disk'").await, "small");
    assert_eq!(lab.said(&again.id, "ls -A / | grep -i dry | cat").await, "");
    let size = lab.said(&again.id, "df --output=size -B1 /srv | tail -1").await;
    assert_eq!(size.parse(), Ok(8 << 20));
    // A second start brings nothing back: what changed since is the learner's.
    lab.said(&again.id, "sudo rm /srv/crew/log").await;
    lab.engine.start(&again.id).await.unwrap();
    assert_eq!(lab.said(&again.id, "sudo ls /srv/crew").await, "");
    // Without its memory the rest comes back all the same.
    let last = lab.rewound(&again, "large").await;
    assert_eq!(lab.said(&last.id, "ls /srv").await, "");
}

pub(crate) async fn snapshots_are_listed_with_what_was_noted(lab: Lab) {
    let sandbox = lab.sandbox().await;
    assert!(lab.engine.snapshots(&sandbox.id).await.unwrap().is_empty());
    let note = "{\"a\": \"$HOME 'ü' %20\\\n\"}".to_owned();
    for name in ["check-1", "0.manual_2"] {
        let spec = SnapshotSpec { name: name.to_owned(), note: note.clone() };
        let taken = lab.engine.snapshot(&sandbox.id, &spec).await.unwrap();
        assert_eq!((taken.name.as_str(), &taken.note, taken.whole), (name, &note, true));
    }
    // As after a crash: somebody who knows nothing of them.
    let kept = lab.again().await.engine.snapshots(&sandbox.id).await.unwrap();
    let told: Vec<_> = kept.iter().map(|one| (one.name.as_str(), &one.note, one.whole)).collect();
    assert_eq!(told, [("check-1", &note, true), ("0.manual_2", &note, true)]);
    assert!(kept[0].taken_at <= kept[1].taken_at);
    // Another attempt has none of them.
    let other = lab.sandbox().await;
    assert!(lab.engine.snapshots(&other.id).await.unwrap().is_empty());
    let error = lab.engine.rewind(&other.id, "check-1").await.unwrap_err();
    assert!(
        matches!(&error, EngineError::SnapshotMissing { name } if name == "check-1"),
        "{error:?}"
    );

    lab.engine.remove_snapshot(&sandbox.id, "check-1").await.unwrap();
    lab.engine.remove_snapshot(&sandbox.id, "check-1").await.unwrap();
    assert_eq!(lab.names(&sandbox.id).await, ["0.manual_2"]);
}

pub(crate) async fn a_name_is_plain_and_taken_once(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "echo one > f").await;
    lab.keep(&sandbox.id, "x").await;
    lab.said(&sandbox.id, "echo two > f").await;
    let taken = SnapshotSpec { name: "x".to_owned(), note: String::new() };
    let error = lab.engine.snapshot(&sandbox.id, &taken).await.unwrap_err();
    assert!(matches!(&error, EngineError::SnapshotExists { name } if name == "x"), "{error:?}");
    for name in ["", "a b", "../x", "-x", &"x".repeat(61)] {
        let spec = SnapshotSpec { name: name.to_owned(), note: String::new() };
        let error = lab.engine.snapshot(&sandbox.id, &spec).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{name:?}: {error:?}");
    }
    let long = SnapshotSpec { name: "y".to_owned(), note: "x".repeat(NOTE_LIMIT + 1) };
    assert!(lab.engine.snapshot(&sandbox.id, &long).await.is_err());
    let again = lab.rewound(&sandbox, "x").await;
    assert_eq!(lab.said(&again.id, "cat f").await, "one");
}

pub(crate) async fn rewinds_go_back_and_forth(lab: Lab) {
    let first = lab.sandbox().await;
    lab.said(&first.id, "echo one > f").await;
    lab.keep(&first.id, "one").await;
    lab.said(&first.id, "echo two > f; touch g").await;
    lab.keep(&first.id, "two").await;
    let back = lab.rewound(&first, "one").await;
    assert_eq!(lab.said(&back.id, "cat f; ls").await, "one\nf");
    lab.said(&back.id, "echo three > f").await;
    lab.keep(&back.id, "three").await;
    let forth = lab.rewound(&back, "two").await;
    assert_eq!(lab.said(&forth.id, "cat f; ls").await, "two\nf\ng");
    assert_eq!(lab.names(&forth.id).await, ["one", "two", "three"]);
    // What others stand on can be forgotten all the same.
    lab.engine.remove_snapshot(&forth.id, "one").await.unwrap();
    lab.engine.remove_snapshot(&forth.id, "two").await.unwrap();
    assert_eq!(lab.names(&forth.id).await, ["three"]);
    assert_eq!(lab.said(&forth.id, "cat f").await, "two");
    let error = lab.engine.rewind(&forth.id, "one").await.unwrap_err();
    assert!(matches!(error, EngineError::SnapshotMissing { .. }), "{error:?}");
    let last = lab.rewound(&forth, "three").await;
    assert_eq!(lab.said(&last.id, "cat f").await, "three");
}

pub(crate) async fn a_sandbox_that_is_broken_or_stopped_is_rewound(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "echo kept > f").await;
    lab.keep(&sandbox.id, "x").await;
    lab.sh(&sandbox.id, "sudo rm -rf /bin /usr /lib /lib64 /etc").await;
    // What of that is not the sandbox's own may be left; it is no use without the rest.
    assert!(lab.engine.copy_out(&sandbox.id, "/etc/passwd", 1 << 16).await.is_err());
    // Even that can be kept.
    lab.keep(&sandbox.id, "ruins").await;
    let again = lab.rewound(&sandbox, "x").await;
    assert_eq!(lab.said(&again.id, "cat f; id -un").await, "kept\nlearner");

    let spec = lab.spec().await;
    let made = lab.engine.create(&spec).await.unwrap();
    assert_eq!(made.state, SandboxState::Created);
    lab.engine.copy_in(&made.id, &[file("/home/learner/early", b"e")]).await.unwrap();
    lab.keep(&made.id, "never-started").await;
    let ran = lab.rewound(&made, "never-started").await;
    assert_eq!(lab.said(&ran.id, "cat early").await, "e");
}

pub(crate) async fn a_rewind_that_was_cut_off_changes_nothing(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "echo one > f").await;
    lab.keep(&sandbox.id, "x").await;
    lab.said(&sandbox.id, "echo two > f").await;
    let made = lab.engine.rewind(&sandbox.id, "x").await.unwrap();
    if made.id == sandbox.id {
        return; // in place: there are no two of them
    }
    // Killed here. The old one is what is noted; the other is found and removed.
    let found = lab.engine.list(Some(&lab.owner)).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|one| one.attempt == sandbox.attempt), "{found:?}");
    lab.engine.destroy(&made.id).await.unwrap();
    assert_eq!(lab.said(&sandbox.id, "cat f").await, "two");
    assert_eq!(lab.names(&sandbox.id).await, ["x"]);
}

pub(crate) async fn snapshots_go_with_the_last_sandbox(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.keep(&sandbox.id, "x").await;
    lab.engine.destroy(&sandbox.id).await.unwrap();
    for error in [
        lab.engine.snapshots(&sandbox.id).await.unwrap_err(),
        lab.engine.rewind(&sandbox.id, "x").await.unwrap_err(),
        lab.engine
            .snapshot(&sandbox.id, &SnapshotSpec { name: "y".to_owned(), note: String::new() })
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, EngineError::SandboxGone { .. }), "{error:?}");
    }
    // The attempt goes on in a new sandbox, which has nothing of the old one.
    let mut spec = lab.spec().await;
    spec.attempt.clone_from(&sandbox.attempt);
    let next = lab.started(&spec).await;
    assert!(lab.engine.snapshots(&next.id).await.unwrap().is_empty());
}

pub(crate) async fn an_init_system_comes_up_again_after_a_rewind(lab: Lab) {
    if !lab.has(|offers| offers.init_system) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.image = crate::support::image(&*lab.engine, "systemd").await;
    spec.init = drydock::engine::Init::System;
    let sandbox = lab.started(&spec).await;
    lab.said(
        &sandbox.id,
        "printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' | \
         sudo tee /etc/systemd/system/nap.service >/dev/null && sudo systemctl enable --now nap",
    )
    .await;
    assert!(lab.keep(&sandbox.id, "napping").await.whole);
    lab.said(
        &sandbox.id,
        "sudo systemctl disable --now nap; sudo rm /etc/systemd/system/nap.service",
    )
    .await;
    let again = lab.rewound(&sandbox, "napping").await;
    assert_eq!(lab.said(&again.id, "systemctl is-system-running").await, "running");
    // It is enabled, so its init system started it: the files say so.
    assert_eq!(lab.said(&again.id, "systemctl is-active nap").await, "active");
}
