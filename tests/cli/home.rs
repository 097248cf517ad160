//! A drydock with a home of its own, and what its commands did.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use drydock::paths::Paths;
use serde_json::Value;
use tempfile::TempDir;

use crate::support;

/// A drydock of its own, removed with everything it made.
pub(crate) struct Home {
    folder: TempDir,
    /// Where an engine is looked for; `None` is where it really is.
    docker_host: Option<String>,
}

/// Waits for work to be done.
pub(crate) fn waiting<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(work)
}

/// Ends a sandbox behind drydock's back.
pub(crate) fn kill_sandbox(id: &str) {
    waiting(async {
        let docker = bollard::Docker::connect_with_defaults().unwrap();
        docker.kill_container(id, None).await.unwrap();
    });
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Home {
    /// One without a Docker engine.
    pub(crate) fn alone() -> Self {
        let docker_host = Some("unix:///nonexistent/docker.sock".to_owned());
        Self { folder: TempDir::new().unwrap(), docker_host }
    }

    /// One whose configuration names Docker, where there is none: no engine can be used.
    pub(crate) fn without_engine() -> Self {
        let home = Self::alone();
        fs::write(home.path().join("config.yaml"), "backend: docker\n").unwrap();
        home
    }

    /// One with the engine of this machine, if there is any, and the base image on it.
    pub(crate) fn with_engine(test: &str) -> Option<Self> {
        waiting(async {
            let engine = support::engine(test).await?;
            support::image(engine.as_ref(), "base").await;
            Some(Self { folder: TempDir::new().unwrap(), docker_host: None })
        })
    }

    /// One with the engine that listens there.
    pub(crate) fn on(docker_host: &str) -> Self {
        Self { folder: TempDir::new().unwrap(), docker_host: Some(docker_host.to_owned()) }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DRYDOCK_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).env("DRYDOCK_HOME", self.path()).env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null());
        if let Some(host) = &self.docker_host {
            command.env("DOCKER_HOST", host);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs with `input` on standard input.
    pub(crate) fn feed(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// The sandboxes of this home on the engine.
    pub(crate) fn sandboxes(&self) -> Vec<String> {
        let owner = Paths::under(self.path()).owner();
        let listed = waiting(async {
            support::engine("cli").await.unwrap().list(Some(&owner)).await.unwrap()
        });
        listed.into_iter().map(|sandbox| sandbox.item).collect()
    }

    /// Content of our own: each text is a manifest.
    pub(crate) fn content(&self, manifests: &[(&str, &str)]) -> PathBuf {
        let folder = self.path().join("course");
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in manifests {
            fs::write(folder.join(name), text).unwrap();
        }
        folder
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.docker_host.is_none() || self.path().join("state/native").exists() {
            let _ = self.run(&["destroy", "--all", "--yes"]);
        }
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ends(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The object of an error, which must have the documented fields and no other.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let all: Value =
            serde_json::from_str(&self.stderr).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        let error = all["error"].clone();
        let mut fields: Vec<_> = error.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["column", "file", "kind", "line", "message", "remedy"]);
        error
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.stdout.contains(words), "{words:?} is not on stdout: {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn complains(&self, words: &str) -> &Self {
        assert!(self.stderr.contains(words), "{words:?} is not on stderr: {self:#?}");
        self
    }
}

/// The items of `modules --json`, by id.
pub(crate) fn items(modules: &Value) -> Vec<Value> {
    let modules = modules["modules"].as_array().unwrap();
    modules.iter().flat_map(|module| module["items"].as_array().unwrap().clone()).collect()
}

/// A manifest with one check, `test -f knot`.
pub(crate) const GOOD: &str = "\
id: harbour-01
module: harbour
order: 1
title: Tie a knot
description: Make a file.
verify:
  - name: the knot is tied
    cmd: test -f knot
";
