//! Sandbox engines: where a learner's shell and the checks run.
//!
//! Everything above talks to the [`Engine`] trait; [`docker`] implements it for anything that
//! speaks the Docker API, [`native`] with the namespaces of Linux alone, and [`choice`] decides which
//! of them is used. The behaviour every engine must show is one contract suite
//! (`tests/engine_contract.rs`), which a new engine joins by adding a constructor there.
//!
//! Invariants: nothing here knows a lesson, a screen or the store; every byte that comes out of a
//! sandbox is data; everything made on an engine carries the label `drydock`.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};

pub mod belongings;
mod boot;
pub mod choice;
pub mod docker;
mod error;
pub mod image;
#[cfg(target_os = "linux")]
pub mod native;
#[cfg(not(target_os = "linux"))]
#[path = "native/absent.rs"]
pub mod native;

pub use error::EngineError;

/// What engine calls return.
pub type Result<T> = std::result::Result<T, EngineError>;

/// The label key that everything made on an engine carries; its value says what it is
/// (`sandbox`, `snapshot`, `network`, `image`, `base`).
pub const LABEL: &str = "drydock";

/// One engine: creates sandboxes, runs things in them and removes them.
///
/// Every call may take as long as the engine does and is cancelled by dropping its future; a
/// cancelled [`Engine::create`] may leave a sandbox behind, which [`Engine::list`] finds.
#[async_trait]
pub trait Engine: Send + Sync + fmt::Debug {
    /// The engine's name in configuration and output: `docker` or `native`.
    fn name(&self) -> &'static str;

    /// What sandboxes of this engine can have here, for what asks for it.
    fn offers(&self) -> Offers {
        Offers::default()
    }

    /// Which engine answers, and its version. The first call to make: it is where an absent, stopped
    /// or forbidden engine shows.
    async fn info(&self) -> Result<Info>;

    /// Makes a sandbox and copies its files in; does not start it.
    async fn create(&self, spec: &SandboxSpec) -> Result<Sandbox>;

    /// Starts a created or stopped sandbox; one that runs is left alone.
    async fn start(&self, id: &SandboxId) -> Result<()>;

    /// The sandbox as it is now; [`EngineError::SandboxGone`] if it no longer exists.
    async fn inspect(&self, id: &SandboxId) -> Result<Sandbox>;

    /// Runs a program without a terminal and connects to its input and outputs.
    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecStream>;

    /// Opens the user's login shell on a terminal of the given size.
    async fn shell(&self, id: &SandboxId, spec: &ShellSpec) -> Result<ShellStream>;

    /// Hangs up a shell whose stream is lost, by what [`ShellControl::name`] said of it. One that is
    /// over already, even if another program has its number by now, is fine.
    async fn hang_up(&self, id: &SandboxId, shell: &str) -> Result<()>;

    /// Puts files into a sandbox, running or not. Parent folders are made as needed.
    async fn copy_in(&self, id: &SandboxId, files: &[FileSpec]) -> Result<()>;

    /// One regular file out of a sandbox, at most `limit` bytes.
    async fn copy_out(&self, id: &SandboxId, path: &str, limit: u64) -> Result<Vec<u8>>;

    /// All sandboxes whose owner is `owner`, or everybody's with `None`, running or not.
    async fn list(&self, owner: Option<&str>) -> Result<Vec<Sandbox>>;

    /// Bytes of memory that a sandbox uses: the most since it was started where the engine keeps that,
    /// else those of now. `None` where it cannot tell.
    async fn memory(&self, id: &SandboxId) -> Result<Option<u64>>;

    /// Stops and removes a sandbox and everything made for it. One that is already gone is fine.
    ///
    /// Its snapshots and its attempt's private networks go with it, unless another sandbox of the same
    /// attempt is there: those are that one's too.
    async fn destroy(&self, id: &SandboxId) -> Result<()>;

    /// Keeps a sandbox's files as they are now, under a name. What runs in it goes on and notices
    /// nothing; a file that is being written meanwhile is kept as far as it has come.
    ///
    /// Files are all that is kept: no process, no connection, no other state. In-memory file systems
    /// are kept too where that can be done ([`Snapshot::whole`]): not those of a sandbox that does
    /// not run, whose memory is empty, nor very large ones.
    ///
    /// Snapshots belong to the sandbox's attempt: whatever other sandbox [`Engine::rewind`] makes for
    /// it has them too. A name that is taken is [`EngineError::SnapshotExists`], and the snapshot of
    /// that name stays as it is; one that [`snapshot_name`] does not allow is refused. A cancelled
    /// call leaves the whole snapshot behind or none. A machine of a system ([`Systems`]) has none.
    async fn snapshot(&self, id: &SandboxId, spec: &SnapshotSpec) -> Result<Snapshot>;

    /// The snapshots of a sandbox's attempt, the oldest first.
    async fn snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>>;

    /// Makes a sandbox with the files of a snapshot, not started, and everything else as `id` has it:
    /// item, attempt, owner, user, image, limits, network. [`Engine::start`] brings back what was
    /// kept of its in-memory file systems. A name that is not there is
    /// [`EngineError::SnapshotMissing`].
    ///
    /// The sandbox `id` may be running or not, and whatever is broken in it is no hindrance. It stays
    /// as it is: who asked notes the new one and destroys the old one. A crash in between leaves two
    /// sandboxes of one attempt, of which the noted one counts. An engine that can bring files back
    /// in place may give the same id again; that sandbox is then stopped.
    async fn rewind(&self, id: &SandboxId, name: &str) -> Result<Sandbox>;

    /// Forgets a snapshot. One that is already gone is fine; sandboxes made from it are not touched.
    async fn remove_snapshot(&self, id: &SandboxId, name: &str) -> Result<()>;

    /// The engine's images, if it has such a thing.
    fn images(&self) -> Option<&dyn image::Images>;

    /// What makes its images. An engine without it needs none: its sandboxes are of what the machine
    /// has.
    fn builder(&self) -> Option<&dyn image::Builder>;

    /// What joins several sandboxes on a private network, if it can.
    fn systems(&self) -> Option<&dyn Systems> {
        None
    }
}

/// Several sandboxes, here called machines, on a private network of their own, and what can be done
/// to one of them while it runs.
///
/// A machine is a sandbox whose [`SandboxSpec::machine`] is set: everything an [`Engine`] does with
/// sandboxes it does with machines, [`Engine::destroy`] too, but for snapshots. What is changed here is
/// only how a machine runs: its files stay.
///
/// A machine ends ([`SandboxState::Stopped`]) when its command does, and with the machine whose
/// processes it shares, which must run before it can be started. A network or a machine that a
/// cancelled call left behind is found by its owner.
#[async_trait]
pub trait Systems: Send + Sync {
    /// Makes a private network for an attempt, which reaches nothing but its machines. Its name is
    /// for [`Network::Private`].
    async fn make_network(&self, spec: &NetworkSpec) -> Result<String>;

    /// The private networks of this owner, or everybody's with `None`, with the items they are for.
    async fn networks(&self, owner: Option<&str>) -> Result<Vec<PrivateNetwork>>;

    /// Removes a private network, which no machine that runs may be on any more. One that is already
    /// gone is fine.
    async fn remove_network(&self, name: &str) -> Result<()>;

    /// Stops a machine and what it runs: its command is told (SIGTERM) and has a moment to end. One that
    /// does not run is left alone; [`Engine::start`] starts it again.
    async fn stop(&self, id: &SandboxId) -> Result<()>;

    /// Holds all processes of a machine where they are. One that is held is left alone. Nothing can be
    /// run in it meanwhile ([`EngineError::SandboxPaused`]).
    async fn pause(&self, id: &SandboxId) -> Result<()>;

    /// Lets them go on. One that is not held is left alone.
    async fn resume(&self, id: &SandboxId) -> Result<()>;

    /// Changes what a running machine may use; what is `None` stays. Less memory than it holds now may
    /// be refused.
    async fn limit(&self, id: &SandboxId, cpus: Option<f64>, memory: Option<u64>) -> Result<()>;

    /// Takes a machine off its private network, until [`Systems::join`], whether or not it is started
    /// again meanwhile. One that is off is left alone.
    async fn cut(&self, id: &SandboxId) -> Result<()>;

    /// Puts it back under its name; its address may be another then. One that is on it is left alone.
    async fn join(&self, id: &SandboxId) -> Result<()>;
}

/// A private network to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    /// The item's id; becomes part of its name.
    pub item: String,
    /// The attempt's id.
    pub attempt: String,
    /// Whose it is.
    pub owner: String,
}

/// A private network as the engine reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PrivateNetwork {
    /// The engine's name for it.
    pub name: String,
    /// The item it was made for.
    pub item: String,
    /// The attempt it belongs to.
    pub attempt: String,
    /// Whose it is.
    pub owner: String,
}

/// A sandbox's part in a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSpec {
    /// Its name on the private network: letters, digits and `-`, at most 63.
    pub name: String,
    /// What runs as its PID 1 instead of an idle shell, as root. Whether it reaps what it did not start
    /// itself is its own affair.
    pub command: Vec<String>,
    /// The machine whose processes it shares.
    pub processes_of: Option<SandboxId>,
}

/// What an engine's sandboxes can have on this machine, each or why not. The default is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// Several users and groups, with files of their own.
    pub multiple_users: std::result::Result<(), Lack>,
    /// An init system as PID 1: [`Init::System`].
    pub init_system: std::result::Result<(), Lack>,
    /// A network that reaches others: [`Network::Internet`].
    pub internet: std::result::Result<(), Lack>,
    /// Several machines on a private network of their own: [`Engine::systems`].
    pub systems: std::result::Result<(), Lack>,
}

impl Default for Offers {
    fn default() -> Self {
        Self { multiple_users: Ok(()), init_system: Ok(()), internet: Ok(()), systems: Ok(()) }
    }
}

impl Offers {
    /// Nothing beyond what every engine has.
    pub fn none() -> Self {
        let lack = || Err(Lack::new("there is no engine", "drydock doctor"));
        Self { multiple_users: lack(), init_system: lack(), internet: lack(), systems: lack() }
    }
}

/// Why an engine does not offer something, and what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// A sentence's part, for people.
    pub reason: String,
    /// The command or action that helps.
    pub remedy: String,
}

impl Lack {
    /// With these words.
    pub fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { reason: reason.into(), remedy: remedy.into() }
    }
}

/// What answers at the other end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Info {
    /// The product: `docker`, `podman` or `native`.
    pub product: String,
    /// Its version, such as `20.10.24`.
    pub version: String,
    /// Where it is, for people: `unix:///var/run/docker.sock`.
    pub endpoint: String,
    /// Its control-group version, 1 or 2, where it tells.
    pub cgroup_version: Option<u8>,
    /// Its processor architecture in Docker's words, such as `x86_64`.
    pub architecture: Option<String>,
}

/// An engine's own name for a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SandboxId(pub String);

/// As people see it: the first twelve characters, as the docker command shows them.
impl fmt::Display for SandboxId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

/// A sandbox as the engine reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sandbox {
    /// The engine's name for it.
    pub id: SandboxId,
    /// The item it was made for.
    pub item: String,
    /// The attempt it belongs to.
    pub attempt: String,
    /// Whose it is; see [`SandboxSpec::owner`].
    pub owner: String,
    /// The image it was made from, as it was asked for.
    pub image: String,
    /// Whether it runs.
    pub state: SandboxState,
    /// The account that shells and checks use, found when the sandbox was made.
    pub user: String,
    /// Its name in its system, if it is a machine of one.
    pub machine: Option<String>,
}

/// Whether a sandbox runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SandboxState {
    /// Made, never started.
    Created,
    /// Running.
    Running,
    /// Held by the engine's pause.
    Paused,
    /// Ended or stopped; its files are still there.
    Stopped,
}

/// What a sandbox is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct SandboxSpec {
    /// The item's id; becomes part of the sandbox's name.
    pub item: String,
    /// The attempt's id.
    pub attempt: String,
    /// Which drydock home made it, so that two people on one engine never touch each other's.
    pub owner: String,
    /// The image, which must be present.
    pub image: String,
    /// What runs as PID 1, but for a machine of a system, which has its own.
    pub init: Init,
    /// The account for shells and checks if the image has it, else the image's own default.
    pub user: String,
    /// What it may use.
    pub limits: Limits,
    /// What it may reach.
    pub network: Network,
    /// Capabilities beyond the engine's small set for a learner with sudo, without the `CAP_` prefix.
    pub capabilities: Vec<String>,
    /// In-memory file systems of a fixed size.
    pub tmpfs: Vec<Tmpfs>,
    /// Files that are there from the start.
    pub files: Vec<FileSpec>,
    /// The host name inside.
    pub hostname: String,
    /// Its part in a system; its host name is the machine's then.
    pub machine: Option<MachineSpec>,
}

/// What runs as PID 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// A minimal init that reaps; the sandbox idles until something is run in it.
    Minimal,
    /// The image's own init system (systemd).
    System,
}

/// What a sandbox may use. The defaults suit a shell on a small laptop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Bytes of memory (swap included).
    pub memory: u64,
    /// Processor cores; 0.5 is half of one.
    pub cpus: f64,
    /// Processes and threads.
    pub pids: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 512 << 20, cpus: 1.0, pids: 512 }
    }
}

/// What a sandbox may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// Only itself.
    None,
    /// The engine's default network.
    Internet,
    /// The private network of this name ([`Systems::make_network`]), and nothing else.
    Private(String),
}

/// An in-memory file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where it is mounted: an absolute path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
}

/// One file to put into a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSpec {
    /// Absolute path inside; missing parents under the owner's home belong to the owner too.
    pub path: String,
    /// Permission bits, such as `0o644`.
    pub mode: u32,
    /// Whose it is.
    pub owner: FileOwner,
    /// What is in it.
    pub contents: Vec<u8>,
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOwner {
    /// The sandbox's user ([`Sandbox::user`]).
    User,
    /// root.
    Root,
}

/// A snapshot to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotSpec {
    /// Its name, unique in its attempt; see [`snapshot_name`].
    pub name: String,
    /// Anything its maker wants to be given back with it; at most [`NOTE_LIMIT`] bytes.
    pub note: String,
}

impl SnapshotSpec {
    /// Refuses what no snapshot may be called or have noted.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { name, note } = self;
        if snapshot_name(name) && note.len() <= NOTE_LIMIT {
            return Ok(());
        }
        Err(EngineError::Refused {
            detail: format!(
                "{name:?} is no name for a snapshot (a to z, 0 to 9, \".\", \"_\", \"-\"), or its \
                 note is too long"
            ),
        })
    }
}

/// A sandbox's files as they were at some moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// What its maker noted.
    pub note: String,
    /// When it was taken.
    pub taken_at: jiff::Timestamp,
    /// Whether all files are in it: those of in-memory file systems too, if the sandbox has any.
    pub whole: bool,
    /// What it takes on the engine's disk beyond what was there before it, in bytes, where the
    /// engine tells.
    pub size: Option<u64>,
}

/// How long a snapshot's note may be, in bytes: a few lines.
pub const NOTE_LIMIT: usize = 4 << 10;

/// How long a snapshot's name may be.
const SNAPSHOT_NAME_LIMIT: usize = 60;

/// Whether a snapshot may have this name: at most 60 of `a` to `z`, `0` to `9`, `.`, `_` and `-`, the
/// first a letter or digit. So it can be part of a file's name and of an image's tag.
pub fn snapshot_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= SNAPSHOT_NAME_LIMIT
        && name.bytes().next().is_some_and(plain)
        && name.bytes().all(|b| plain(b) || matches!(b, b'.' | b'_' | b'-'))
}

/// A program to run without a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// The account; `None` is [`Sandbox::user`].
    pub user: Option<String>,
    /// Variables beyond the image's own.
    pub env: BTreeMap<String, String>,
}

/// A program's connected ends. Dropping it closes its input.
pub struct ExecStream {
    /// Its standard input.
    pub stdin: Box<dyn AsyncWrite + Send + Unpin>,
    /// Its outputs as they come; the end of the stream is the end of the program.
    pub output: BoxStream<'static, std::io::Result<Output>>,
    /// How it ended, once `output` has.
    pub status: Box<dyn ExitStatus>,
}

/// A piece of a program's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// From standard output.
    Stdout(Bytes),
    /// From standard error.
    Stderr(Bytes),
}

/// Asks how a program ended.
#[async_trait]
pub trait ExitStatus: Send + Sync {
    /// Its exit status; `None` while it runs.
    async fn get(&self) -> Result<Option<i64>>;
}

/// A login shell on a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellSpec {
    /// The first size; the shell and everything in it sees it from the first byte.
    pub size: Size,
    /// The account; `None` is [`Sandbox::user`].
    pub user: Option<String>,
}

/// A terminal's size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns, at least 2.
    pub cols: u16,
    /// Rows, at least 1.
    pub rows: u16,
}

/// A shell's connected ends: raw terminal bytes, never interpreted on the way.
pub struct ShellStream {
    /// What the terminal shows.
    pub output: Box<dyn AsyncRead + Send + Unpin>,
    /// What is typed. Dropping it types nothing.
    pub input: Box<dyn AsyncWrite + Send + Unpin>,
    /// Resizing and the end.
    pub control: Box<dyn ShellControl>,
}

/// What can be done to an open shell besides typing.
#[async_trait]
pub trait ShellControl: Send + Sync {
    /// The engine's own name for the shell, for [`Engine::hang_up`].
    fn name(&self) -> String;
    /// Tells the terminal its new size.
    async fn resize(&self, size: Size) -> Result<()>;
    /// The shell's exit status; `None` while it runs. It is known when its output has ended.
    async fn status(&self) -> Result<Option<i64>>;
    /// Hangs up: the shell and its jobs get SIGHUP, as when a terminal window is closed.
    async fn hang_up(&self) -> Result<()>;
}

/// How far long work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is being done, for people: `Building drydock/base: installing packages`.
    pub step: String,
    /// How much is done, in `unit`.
    pub done: u64,
    /// How much there is, where known.
    pub total: Option<u64>,
    /// What is counted: `bytes`, `steps`.
    pub unit: &'static str,
}

/// Takes [`Step`]s as they come; called from any thread, must not block.
pub type Progress<'a> = &'a (dyn Fn(Step) + Send + Sync);

/// How long the first question to an engine may take before it counts as not answering.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
