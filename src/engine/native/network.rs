//! A network for a sandbox that asks for one: `slirp4netns` beside it, which speaks for it with this
//! user's own rights. Nothing of the machine itself can be reached that way.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use super::place::{self, Folder, Note, fault};
use super::{Result, launch};
use crate::engine::EngineError;

/// Where the tool answers as a name server.
pub(super) const NAME_SERVER: &str = "10.0.2.3";

const TOOL: &str = "slirp4netns";

/// How long it may take to set the network up.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Says one byte on the pipe when it is ready, and nothing else to anybody: a line to a pipe that is
/// closed by then would end it.
const START: &str = r#"exec "$0" --configure --mtu=65520 --disable-host-loopback --ready-fd=3 "$1" tap0 3>&1 >/dev/null 2>&1"#;

/// The tool, if this machine has it.
pub(super) fn tool() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/bin".into()]);
    folders.map(|folder| folder.join(TOOL)).find(|tool| tool.is_file())
}

/// Connects a sandbox that runs; one that is connected is left alone.
pub(super) async fn connect(folder: &Folder) -> Result<()> {
    if folder.read_network_note().is_some_and(|note| note.runs()) {
        return Ok(());
    }
    let refused = |text: &str| EngineError::Refused { detail: text.to_owned() };
    let tool = tool().ok_or_else(|| refused("slirp4netns is not installed any more"))?;
    let note = folder.read_note().ok_or_else(|| refused("the sandbox has ended"))?;
    let mut child = Command::new("sh")
        .args(["-c", START])
        .arg(tool)
        .arg(note.pid.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| fault("start slirp4netns", &error))?;
    let number = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let started = number.and_then(launch::started).unwrap_or_default();
    if let Some(pid) = number {
        let pid = pid.as_raw_nonzero().get();
        let note = Note { pid, started, groups: Vec::new() };
        place::write_json(&folder.network_note(), &note)?;
    }
    let mut ready = child.stdout.take().ok_or_else(|| refused("slirp4netns has no output"))?;
    match tokio::time::timeout(TIMEOUT, ready.read_u8()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) => Err(refused("slirp4netns cannot connect the sandbox to the network")),
        Err(_) => Err(EngineError::Timeout { what: "the network of the sandbox".to_owned() }),
    }
}
