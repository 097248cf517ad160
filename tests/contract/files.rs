//! Files put in and taken out, and whose they are.

use drydock::engine::{FileOwner, FileSpec, Tmpfs};

use super::{Lab, file, noise};

pub(crate) async fn files_have_their_owners_and_modes(lab: Lab) {
    if !lab.has(|offers| offers.multiple_users) {
        return;
    }
    let mut spec = lab.spec().await;
    spec.files = vec![
        FileSpec { mode: 0o640, ..file("/home/learner/a/b/data", b"one\0two\n") },
        FileSpec { mode: 0o755, ..file("/opt/tool/run", b"#!/bin/sh\necho it runs\n") },
        FileSpec { owner: FileOwner::Root, mode: 0o600, ..file("/etc/secret", b"s") },
    ];
    let sandbox = lab.started(&spec).await;
    let told = |path: &str| format!("sudo stat -c '%U:%G %a' {path}");
    for (path, expected) in [
        ("/home/learner", "learner:learner 755"),
        ("/home/learner/a", "learner:learner 755"),
        ("/home/learner/a/b", "learner:learner 755"),
        ("/home/learner/a/b/data", "learner:learner 640"),
        ("/opt", "root:root 755"),
        ("/opt/tool", "root:root 755"),
        ("/opt/tool/run", "learner:learner 755"),
        ("/etc", "root:root 755"),
        ("/etc/secret", "root:root 600"),
    ] {
        assert_eq!(lab.said(&sandbox.id, &told(path)).await, expected, "{path}");
    }
    assert_eq!(lab.said(&sandbox.id, "/opt/tool/run").await, "it runs");
    assert_eq!(lab.said(&sandbox.id, "wc -c < ~/a/b/data").await, "8");
}

pub(crate) async fn our_images_have_the_account_we_count_on(lab: Lab) {
    if !lab.has(|offers| offers.multiple_users) {
        return;
    }
    for name in ["base", "systemd"] {
        let mut spec = lab.spec().await;
        spec.image = crate::support::image(&*lab.engine, name).await;
        let sandbox = lab.started(&spec).await;
        let told = lab.said(&sandbox.id, "id -u; id -g; echo $HOME").await;
        let expected = format!(
            "{id}\n{id}\n{home}",
            id = drydock::engine::image::USER_ID,
            home = drydock::engine::image::USER_HOME
        );
        assert_eq!(told, expected, "{name}");
    }
}

pub(crate) async fn an_absent_user_becomes_the_images_own(lab: Lab) {
    let mut spec = lab.spec().await;
    spec.user = String::from("nobody-has-this-name");
    spec.files = vec![file("/home/learner/x/y", b"")];
    let sandbox = lab.started(&spec).await;
    assert_eq!(sandbox.user, "learner");
    assert_eq!(lab.engine.inspect(&sandbox.id).await.unwrap().user, "learner");
    assert_eq!(lab.said(&sandbox.id, "id -un").await, "learner");
    assert_eq!(lab.said(&sandbox.id, "stat -c %U ~/x ~/x/y").await, "learner\nlearner");
    assert_eq!(lab.engine.list(Some(&lab.owner)).await.unwrap().len(), 1);
}

pub(crate) async fn files_are_copied_in_and_out(lab: Lab) {
    let sandbox = lab.sandbox().await;
    let bytes = noise(300_000);
    lab.said(&sandbox.id, "mkdir -m 700 ~/private").await;
    let files = [file("/home/learner/private/new/f", &bytes), file("/home/learner/g", b"")];
    lab.engine.copy_in(&sandbox.id, &files).await.unwrap();
    let copied = lab.engine.copy_out(&sandbox.id, &files[0].path, 300_000).await.unwrap();
    assert!(copied == bytes, "{} bytes came back", copied.len());
    // A folder that was there is left as it was.
    let told = lab.said(&sandbox.id, "stat -c '%a %U' ~/private ~/private/new").await;
    assert_eq!(told, "700 learner\n755 learner");
    assert_eq!(lab.engine.copy_out(&sandbox.id, &files[1].path, 0).await.unwrap(), b"");
}

pub(crate) async fn what_cannot_be_copied_is_refused(lab: Lab) {
    let sandbox = lab.sandbox().await;
    lab.said(&sandbox.id, "head -c 100K /dev/zero > ~/big").await;
    for (path, limit) in
        [("/nonexistent", 10), ("/home/learner", 1_000_000), ("/home/learner/big", 1000)]
    {
        let error = lab.engine.copy_out(&sandbox.id, path, limit).await.unwrap_err();
        assert_eq!(error.kind(), "engine_refused", "{path}: {error:?}");
        assert!(error.to_string().contains(path), "{error}");
    }
    let escape = [file("/home/learner/../../etc/x", b"")];
    assert!(lab.engine.copy_in(&sandbox.id, &escape).await.is_err());

    let mut spec = lab.spec().await;
    spec.tmpfs = vec![Tmpfs { path: "/data".to_owned(), size: 1 << 20 }];
    spec.files = vec![file("/data/hidden", b"")];
    assert!(lab.engine.create(&spec).await.is_err());
}
