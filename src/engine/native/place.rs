//! Where this engine keeps things, and what it knows of a sandbox that is not running.
//!
//! ```text
//! HOME/base/KEY/      what sandboxes of this machine share, made once; see `base`
//! HOME/images/KEY/    unpacked images; see `images`
//! HOME/gone/          what is being removed: locked by whoever does, or left behind
//! HOME/snapshots/     see `snapshot`
//! HOME/sandboxes/ID/
//!     spec.json       what it is to be; its last file, so that half a sandbox is none
//!     files           what is to be in it when it first starts
//!     memory          what is to be in its memory when it next starts
//!     started         there if it ever has
//!     lock            held while it starts
//!     run/            agent.sock, its socket; note.json, how to end it
//!     disk/           all that was written in it, a folder for each overlay: a snapshot is a copy
//!     work/           what the kernel needs beside that, and where the root is mounted
//! ```
//!
//! Invariants: a sandbox appears and goes by one rename; an id is hexadecimal digits and therefore
//! never a path.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::ids::Ids;
use super::launch::started;
use crate::engine::{
    EngineError, Init, Network, Result, Sandbox, SandboxId, SandboxSpec, SandboxState,
};

/// How long a sandbox may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// The folders of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Home(PathBuf);

impl Home {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The home that a sandbox's folder lies in.
    pub(super) fn of_sandbox(folder: &Path) -> Option<Self> {
        folder.parent()?.parent().map(|home| Self(home.to_owned()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn bases(&self) -> PathBuf {
        self.0.join("base")
    }

    pub(super) fn base(&self, key: &str) -> PathBuf {
        self.bases().join(key)
    }

    pub(super) fn sandboxes(&self) -> PathBuf {
        self.0.join("sandboxes")
    }

    pub(super) fn gone(&self) -> PathBuf {
        self.0.join("gone")
    }

    pub(super) fn images(&self) -> PathBuf {
        self.0.join("images")
    }

    /// A sandbox's folder; `SandboxGone` if there is none.
    pub(super) fn sandbox(&self, id: &SandboxId) -> Result<Folder> {
        let gone = || EngineError::SandboxGone { id: id.to_string() };
        if id.0.is_empty() || !id.0.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(gone());
        }
        let folder = Folder(self.sandboxes().join(&id.0));
        if folder.spec().is_file() { Ok(folder) } else { Err(gone()) }
    }

    /// All sandboxes there are.
    pub(super) fn all(&self) -> Result<Vec<(SandboxId, Folder)>> {
        let entries = match fs::read_dir(self.sandboxes()) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fault("read the sandboxes", &error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names
            .filter_map(|name| {
                let id = SandboxId(name);
                self.sandbox(&id).ok().map(|folder| (id, folder))
            })
            .collect())
    }
}

/// One sandbox's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
    pub(super) fn spec(&self) -> PathBuf {
        self.0.join("spec.json")
    }
    pub(super) fn files(&self) -> PathBuf {
        self.0.join("files")
    }
    /// What its in-memory file systems are to hold when it next starts: it was rewound.
    pub(super) fn memory(&self) -> PathBuf {
        self.0.join("memory")
    }
    pub(super) fn started(&self) -> PathBuf {
        self.0.join("started")
    }
    pub(super) fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }
    pub(super) fn run(&self) -> PathBuf {
        self.0.join("run")
    }
    pub(super) fn note(&self) -> PathBuf {
        self.run().join("note.json")
    }
    pub(super) fn network_note(&self) -> PathBuf {
        self.run().join("network.json")
    }
    pub(super) fn disk(&self) -> PathBuf {
        self.0.join("disk")
    }
    pub(super) fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    /// What the sandbox is to be.
    pub(super) fn record(&self) -> io::Result<Record> {
        serde_json::from_slice(&fs::read(self.spec())?).map_err(io::Error::other)
    }

    /// How to end what runs.
    pub(super) fn read_note(&self) -> Option<Note> {
        serde_json::from_slice(&fs::read(self.note()).ok()?).ok()
    }

    /// How to end what connects it to a network.
    pub(super) fn read_network_note(&self) -> Option<Note> {
        serde_json::from_slice(&fs::read(self.network_note()).ok()?).ok()
    }

    /// Connects to the sandbox's first process: that it answers is what running means. Does not wait.
    pub(super) fn connect(&self) -> io::Result<UnixStream> {
        // By a descriptor, since a socket's path ends at 108 bytes.
        let run = File::open(self.run())?;
        let path = format!("/proc/self/fd/{}/agent.sock", run.as_raw_fd());
        loop {
            match UnixStream::connect(&path) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    pub(super) fn state(&self) -> SandboxState {
        if self.connect().is_ok() && self.started().exists() {
            SandboxState::Running
        } else if self.started().exists() {
            SandboxState::Stopped
        } else {
            SandboxState::Created
        }
    }
}

/// How to find and end a running sandbox's first process, as the launcher noted it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Its number on this machine.
    pub(super) pid: i32,
    /// When it was started, which tells it from a later program with its number.
    pub(super) started: u64,
    /// The control groups made for it.
    pub(super) groups: Vec<PathBuf>,
}

impl Note {
    /// Whether the process it is about still runs.
    pub(super) fn runs(&self) -> bool {
        Pid::from_raw(self.pid).is_some_and(|pid| started(pid) == Some(self.started))
    }

    /// Kills the process and waits until it is gone.
    pub(super) fn kill(&self) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.runs()) else { return Ok(()) };
        let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
        // Between the two looks the number may have become another's.
        if !self.runs() {
            return Ok(());
        }
        let _ = pidfd_send_signal(&handle, Signal::KILL);
        let mut fds = [PollFd::new(&handle, PollFlags::IN)];
        let time = Timespec::try_from(END_TIMEOUT).ok();
        if poll(&mut fds, time.as_ref()) == Ok(0) {
            return Err(EngineError::Timeout { what: "the end of a sandbox".to_owned() });
        }
        Ok(())
    }
}

/// A sandbox's specification as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) item: String,
    pub(super) attempt: String,
    pub(super) owner: String,
    pub(super) image: String,
    pub(super) user: String,
    pub(super) hostname: String,
    pub(super) internet: bool,
    pub(super) init_system: bool,
    pub(super) memory: u64,
    pub(super) cpus: f64,
    pub(super) pids: u32,
    pub(super) capabilities: Vec<String>,
    pub(super) tmpfs: Vec<(String, u64)>,
    pub(super) ids: Ids,
    /// What lies below what it writes.
    #[serde(flatten)]
    pub(super) lower: Lower,
    /// Variables of the image.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
}

/// What lies below what a sandbox writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Lower {
    /// The machine's own directories, and this folder in `base/`.
    Base(String),
    /// This folder in `images/`.
    Unpacked(String),
}

impl Record {
    pub(super) fn new(spec: &SandboxSpec, user: String, ids: Ids, lower: Lower) -> Self {
        Self {
            item: spec.item.clone(),
            attempt: spec.attempt.clone(),
            owner: spec.owner.clone(),
            image: spec.image.clone(),
            user,
            hostname: spec.hostname.clone(),
            internet: spec.network == Network::Internet,
            init_system: spec.init == Init::System,
            memory: spec.limits.memory,
            cpus: spec.limits.cpus,
            pids: spec.limits.pids,
            capabilities: spec.capabilities.clone(),
            tmpfs: spec.tmpfs.iter().map(|tmpfs| (tmpfs.path.clone(), tmpfs.size)).collect(),
            ids,
            lower,
            env: BTreeMap::new(),
        }
    }

    pub(super) fn sandbox(self, id: &SandboxId, state: SandboxState) -> Sandbox {
        let Self { item, attempt, owner, image, user, .. } = self;
        Sandbox { id: id.clone(), item, attempt, owner, image, state, user, machine: None }
    }
}

/// Makes a folder that only its owner enters, and those above it.
pub(super) fn make(folder: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| fault(&format!("make {}", folder.display()), &error))
}

/// Writes a file that is either whole or not there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)
    });
    written.map(drop).map_err(|error| fault(&format!("write {}", path.display()), &error))
}

/// The same of a value, as JSON.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(value)
        .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
    write(path, &text)
}

/// What the system said, as an error of this engine.
pub(super) fn fault(what: &str, error: &io::Error) -> EngineError {
    let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    let detail = format!("it cannot {what}: {error}");
    if full { EngineError::DiskFull { detail } } else { EngineError::Refused { detail } }
}
