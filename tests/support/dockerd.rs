//! A Docker engine of a test's own, with nothing on it: for tests of what is on an engine altogether.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bollard::Docker;
use tempfile::TempDir;

use crate::home::waiting;
use crate::support;

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(50);

/// The engine, ended with all that is on it.
pub(crate) struct Dockerd {
    folder: TempDir,
    child: Child,
}

impl Dockerd {
    /// Starts one; `None`, noted for the end of the test run, where that is not possible.
    pub(crate) fn start(test: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return support::skip(test, "a Docker engine of its own needs root");
        }
        if !support::program(test, "dockerd") || !support::program(test, "unshare") {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        // The machine's own configuration names places too, which two engines cannot share.
        std::fs::write(path("daemon.json"), "{}").unwrap();
        // In a network of its own: without a bridge it would take away that of the machine's engine.
        let mut command = Command::new("unshare");
        command.args(["--net", "dockerd"]);
        for (flag, name) in [
            ("--config-file", "daemon.json"),
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "pid"),
        ] {
            command.arg(flag).arg(path(name));
        }
        command.args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--host"]);
        command.arg(format!("unix://{}", path("sock").display()));
        let log = std::fs::File::create(path("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut dockerd = Self { child: command.spawn().unwrap(), folder };
        let started = Instant::now();
        let silent =
            |dockerd: &Self| waiting(async { dockerd.connect().ok()?.ping().await.ok() }).is_none();
        while silent(&dockerd) {
            let said = std::fs::read_to_string(dockerd.path("log")).unwrap_or_default();
            if dockerd.child.try_wait().unwrap().is_some() {
                let why = said.lines().last().unwrap_or_default().to_owned();
                return support::skip(test, &format!("a second Docker engine cannot start: {why}"));
            }
            assert!(started.elapsed() < PATIENCE, "{said}");
            std::thread::sleep(LOOK);
        }
        Some(dockerd)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where it listens, as `DOCKER_HOST` has it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path("sock").display())
    }

    /// A client.
    pub(crate) fn api(&self) -> Docker {
        self.connect().unwrap()
    }

    fn connect(&self) -> Result<Docker, bollard::errors::Error> {
        let path = self.path("sock");
        Docker::connect_with_unix(path.to_str().unwrap(), 120, bollard::API_DEFAULT_VERSION)
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        if let Some(pid) =
            i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}
