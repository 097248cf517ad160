//! A home for tests that drive the real binary against a real engine.

#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests: each uses a part of it")]

use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use drydock::store::Store;
use rustix::process::Pid;

/// How long something may take to be remembered.
const PATIENCE: Duration = Duration::from_mins(1);

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

    /// What is kept of the progress.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.path().join("data/progress.db")).unwrap()
    }

    /// Waits until something that is remembered is as wanted.
    pub(crate) fn remembered(&self, key: &str, wanted: &str) {
        let (begun, store) = (Instant::now(), self.store());
        while !store.recall(key).unwrap().is_some_and(|json| json.contains(wanted)) {
            assert!(begun.elapsed() < PATIENCE, "{wanted} is not remembered under {key}");
            std::thread::yield_now();
        }
    }

    /// The sandbox whose shell is held.
    pub(crate) fn sandbox(&self) -> String {
        self.notes().next().unwrap()["sandbox"].as_str().unwrap().to_owned()
    }

    /// The processes that hold its shells.
    pub(crate) fn holders(&self) -> Vec<Pid> {
        let pid = |note: serde_json::Value| i32::try_from(note["pid"].as_i64()?).ok();
        self.notes().filter_map(pid).filter_map(Pid::from_raw).collect()
    }

    /// What is noted of each shell that is held.
    fn notes(&self) -> impl Iterator<Item = serde_json::Value> {
        let files = std::fs::read_dir(self.path().join("state/run")).into_iter().flatten();
        files
            .map(|file| file.unwrap().path())
            .filter(|file| file.extension().is_some_and(|ending| ending == "json"))
            .map(|file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
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
