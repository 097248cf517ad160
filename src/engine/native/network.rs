//! A network for a sandbox that asks for one: `slirp4netns` or `pasta` beside it, which speaks for it
//! with this user's own rights. Nothing of the machine itself can be reached that way.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, geteuid};
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::place::{self, Folder, Note, fault};
use super::{Result, launch};
use crate::engine::{EngineError, Lack};

/// Where the tool answers as a name server.
pub(super) const NAME_SERVER: &str = "10.0.2.3";

/// How long it may take to set the network up.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Says one byte on the pipe when it is ready, and nothing else to anybody: a line to a pipe that is
/// closed by then would end it.
const START: &str = r#"exec "$0" --configure --mtu=65520 --disable-host-loopback --ready-fd=3 "$1" tap0 3>&1 >/dev/null 2>&1"#;

/// What the machine's end of a connection is made from.
const TUN: &str = "/dev/net/tun";

/// What connects sandboxes to a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tool {
    /// `slirp4netns`.
    Slirp(PathBuf),
    /// `pasta`, which comes with passt. It serves no sandbox of root.
    Pasta(PathBuf),
}

impl Tool {
    /// The one that this machine has, or why there is none.
    pub(super) fn find() -> std::result::Result<Self, Lack> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let find = |name: &str| {
            let folders = std::env::split_paths(&path).chain(["/usr/bin".into()]);
            folders.map(|folder| folder.join(name)).find(|tool| tool.is_file())
        };
        let pasta = || find("pasta").filter(|_| !geteuid().is_root()).map(Self::Pasta);
        let tool = find("slirp4netns").map(Self::Slirp).or_else(pasta).ok_or_else(|| {
            Lack::new(
                "the native engine needs slirp4netns to connect a sandbox to a network",
                "sudo apt-get install slirp4netns",
            )
        })?;
        match File::options().read(true).write(true).open(TUN) {
            Ok(_) => Ok(tool),
            Err(error) => Err(Lack::new(
                format!(
                    "the native engine's network needs {TUN}, which this user cannot open: {error}"
                ),
                "sudo modprobe tun; sudo chmod 666 /dev/net/tun",
            )),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        let (Self::Slirp(path) | Self::Pasta(path)) = self;
        path
    }
}

fn refused(text: &str) -> EngineError {
    EngineError::Refused { detail: text.to_owned() }
}

/// Connects a sandbox that runs; one that is connected is left alone.
pub(super) async fn connect(folder: &Folder) -> Result<()> {
    if folder.read_network_note().is_some_and(|note| note.runs()) {
        return Ok(());
    }
    let note = folder.read_note().ok_or_else(|| refused("the sandbox has ended"))?;
    match Tool::find() {
        Ok(Tool::Slirp(tool)) => slirp(folder, &tool, note.pid).await,
        Ok(Tool::Pasta(tool)) => pasta(folder, &tool, note.pid).await,
        Err(Lack { reason, remedy }) => Err(EngineError::NotAllowedHere { detail: reason, remedy }),
    }
}

/// Notes how to end what connects a sandbox.
fn note(folder: &Folder, pid: Pid) -> Result<()> {
    let started = launch::started(pid).unwrap_or_default();
    let note = Note { pid: pid.as_raw_nonzero().get(), started, groups: Vec::new() };
    place::write_json(&folder.network_note(), &note)
}

/// It goes to the background when the network is there, and says there who it is.
async fn pasta(folder: &Folder, tool: &Path, of: i32) -> Result<()> {
    let file = folder.run().join("network.pid");
    let mut command = Command::new(tool);
    command
        // Of this machine nothing is passed on, in neither direction.
        .args(["--quiet", "--config-net", "--no-map-gw"])
        .args(["-t", "none", "-u", "none", "-T", "none", "-U", "none"])
        .args(["--dns-forward", NAME_SERVER, "--pid"])
        .arg(&file)
        .arg(of.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let ended = tokio::time::timeout(TIMEOUT, command.status())
        .await
        .map_err(|_| EngineError::Timeout { what: "the network of the sandbox".to_owned() })?
        .map_err(|error| fault("start pasta", &error))?;
    let number = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok());
    match number.and_then(Pid::from_raw).filter(|_| ended.success()) {
        Some(pid) => note(folder, pid),
        None => Err(refused("pasta cannot connect the sandbox to the network")),
    }
}

async fn slirp(folder: &Folder, tool: &Path, of: i32) -> Result<()> {
    let mut child = Command::new("sh")
        .args(["-c", START])
        .arg(tool)
        .arg(of.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| fault("start slirp4netns", &error))?;
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        note(folder, pid)?;
    }
    let mut ready = child.stdout.take().ok_or_else(|| refused("slirp4netns has no output"))?;
    match tokio::time::timeout(TIMEOUT, ready.read_u8()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(refused("slirp4netns cannot connect the sandbox to the network")),
        Err(_) => Err(EngineError::Timeout { what: "the network of the sandbox".to_owned() }),
    }
}
