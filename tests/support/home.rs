//! A home for tests that drive the real binary against a real engine.

#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests: each uses a part of it")]

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Pid;

/// Whether there is an engine with our images; noted for the end of the run if not.
pub(crate) fn engine(test: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match crate::support::engine(test).await {
            Some(engine) => {
                crate::support::image(engine.as_ref(), "base").await;
                crate::support::image(engine.as_ref(), "systemd").await;
                true
            }
            None => false,
        }
    })
}

/// A home that has been set up; its sandboxes are removed at the end.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config.yaml"), "version: 1\n").unwrap();
        Self(home)
    }

    pub(crate) fn first() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The sandbox whose shell is held.
    pub(crate) fn sandbox(&self) -> String {
        let notes = std::fs::read_dir(self.path().join("state/run")).unwrap();
        let note = notes
            .map(|entry| entry.unwrap().path())
            .find(|path| path.extension().is_some_and(|ending| ending == "json"))
            .unwrap();
        let note: serde_json::Value =
            serde_json::from_slice(&std::fs::read(note).unwrap()).unwrap();
        note["sandbox"].as_str().unwrap().to_owned()
    }

    /// The processes that hold its shells.
    pub(crate) fn holders(&self) -> Vec<Pid> {
        let Ok(notes) = std::fs::read_dir(self.path().join("state/run")) else { return Vec::new() };
        notes
            .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok())
            .filter_map(|note| serde_json::from_slice::<serde_json::Value>(&note).ok())
            .filter_map(|note| Pid::from_raw(i32::try_from(note["pid"].as_i64()?).ok()?))
            .collect()
    }

    /// Removes its sandboxes from outside.
    pub(crate) fn destroy(&self) -> ExitStatus {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.args(["destroy", "--all", "--yes"]).env("DRYDOCK_HOME", self.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let destroyed = self.destroy();
        assert!(destroyed.success() || std::thread::panicking());
    }
}
