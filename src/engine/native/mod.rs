//! A sandbox of Linux namespaces, made by drydock itself: no daemon, no root, and no image needed.
//!
//! ```text
//! Native (this process)  ──spawns──►  drydock sandbox start   (launch: ids, limits, namespaces)
//!    │                                       └─►  drydock sandbox init  (init, root, seccomp)
//!    └──── client ──── agent.sock ────►                └─► agent: programs, shells, files
//! ```
//!
//! [`place`] is what lies on disk, [`base`] the layer that sandboxes share, [`ids`] whose numbers
//! their users have, [`limits`] what holds them. The machine's own programs are what a sandbox runs,
//! below a layer of its own.
//!
//! Invariants: there is no process of this engine but one for each running sandbox, and it outlives
//! whoever started it; nothing of the machine's files is to be seen in one but its programs; whatever
//! was made for a sandbox goes with it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;

use super::image::{self, Builder, Images};
use super::{
    Engine, EngineError, ExecSpec, ExecStream, FileSpec, Info, Init, Lack, Network, Offers, Result,
    Sandbox, SandboxId, SandboxSpec, SandboxState, ShellSpec, ShellStream, Snapshot, SnapshotSpec,
    boot,
};

mod account;
mod agent;
mod ask;
mod base;
mod belongings;
mod client;
mod entry;
mod files;
mod ids;
mod images;
mod init;
mod launch;
mod limits;
mod network;
mod place;
mod protocol;
mod root;
mod seccomp;
mod shelf;
mod snapshot;
mod sudo;
mod sys;
mod tree;
mod unpack;

pub use ask::Facts;
pub use entry::intercept;
pub use limits::Limiter;

use client::{Connection, blocking};
use ids::Ids;
use place::{Folder, Home, Lower, Record, fault};
use protocol::Request;

/// What a specification calls the machine's own directories instead of an image.
pub const MACHINE: &str = "machine";

/// How long a sandbox may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// The native engine of one drydock home.
#[derive(Debug, Clone)]
pub struct Native {
    home: Home,
    program: PathBuf,
    ids: Ids,
}

impl Native {
    /// The engine that keeps its sandboxes in `folder` and starts `program`, which is drydock, for
    /// them. Asks this machine what it allows, and makes nothing.
    pub fn new(folder: PathBuf, program: PathBuf) -> Self {
        Self { home: Home::new(folder), program, ids: Ids::choose() }
    }

    /// The engine of this very program.
    pub fn this(folder: PathBuf) -> io::Result<Self> {
        Ok(Self::new(folder, std::env::current_exe()?))
    }

    /// How limits are held on this machine.
    pub fn limits(&self) -> Limiter {
        Limiter::find()
    }

    /// Runs a part of this program to its end.
    async fn part(&self, arguments: &[&OsStr], wrap: Option<Vec<String>>) -> Result<()> {
        self.part_within(START_TIMEOUT, arguments, wrap).await.map(drop)
    }

    /// The same for one that may take so long; gives what it said.
    async fn part_within(
        &self,
        timeout: Duration,
        arguments: &[&OsStr],
        wrap: Option<Vec<String>>,
    ) -> Result<String> {
        let mut command = match wrap {
            None => Command::new(&self.program),
            Some(words) => {
                let mut command = Command::new("/usr/bin/systemd-run");
                command.args(words).arg("--").arg(&self.program);
                command
            }
        };
        command
            .arg("sandbox")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let failed = |error: io::Error| fault("start a part of itself", &error);
        let ended = tokio::time::timeout(timeout, command.output())
            .await
            .map_err(|_| EngineError::Timeout { what: "a sandbox".to_owned() })?
            .map_err(failed)?;
        said(&ended)
    }

    /// The base for new sandboxes, made if need be.
    async fn base(&self) -> Result<String> {
        let (ids, program) = (self.ids, self.program.clone());
        let key = blocking(move || base::key(ids, &program)).await?;
        let key = key.map_err(|error| fault("look at this machine", &error))?;
        let base = self.home.base(&key);
        if base.exists() {
            return Ok(key);
        }
        let new = shelf::unfinished(&self.home.bases())?;
        if let Ids::Apart { users, groups } = ids {
            std::os::unix::fs::chown(&new, Some(users), Some(groups))
                .map_err(|error| fault("make the base of the sandboxes", &error))?;
        }
        let made = self.ids_part("base", &new, ids).await;
        let taken = made.and_then(|()| match fs::rename(&new, &base) {
            Err(error) if !base.exists() => Err(fault("make the base of the sandboxes", &error)),
            _ => Ok(()),
        });
        if new.exists() {
            // Somebody else was faster, or it is half a base.
            self.remove(&new).await?;
        } else {
            self.remove_old_bases(&key).await;
        }
        taken.map(|()| key)
    }

    /// Runs a part of this program that becomes the root of such users, on a folder.
    async fn ids_part(&self, what: &str, folder: &Path, ids: Ids) -> Result<()> {
        let text = serde_json::to_string(&ids)
            .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
        self.part(&[what.as_ref(), folder.as_os_str(), text.as_ref()], None).await
    }

    /// Bases that no sandbox stands on any more. A failure is for the next time.
    async fn remove_old_bases(&self, current: &str) {
        let used = self.home.lowers();
        let entries = fs::read_dir(self.home.bases()).into_iter().flatten();
        for entry in entries.filter_map(io::Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            // A young one may be in the making, or somebody's whose sandbox is not there yet.
            let young = entry
                .metadata()
                .and_then(|data| data.modified())
                .is_ok_and(|made| made.elapsed().unwrap_or_default() < Duration::from_hours(1));
            if name == current || used.contains(&Lower::Base(name.clone())) || young {
                continue;
            }
            if let Err(error) = self.remove(&entry.path()).await {
                tracing::warn!(%error, name, "an old base of the sandboxes is left behind");
            }
        }
    }

    /// Removes a folder of this engine, whoever its files belong to.
    async fn remove(&self, folder: &Path) -> Result<()> {
        self.remove_as(folder, self.ids).await
    }

    async fn remove_as(&self, folder: &Path, ids: Ids) -> Result<()> {
        let path = folder.to_owned();
        let removed = blocking(move || fs::remove_dir_all(path)).await?;
        match removed {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) => {}
        }
        // Files of other users, or closed to this one.
        for part in shelf::folders(folder).chain([folder.to_owned()]) {
            let _ = self.ids_part("remove", &part, ids).await;
        }
        let path = folder.to_owned();
        match blocking(move || fs::remove_dir_all(path)).await? {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(fault("remove what was a sandbox", &error))
            }
            _ => Ok(()),
        }
    }

    /// Ends and removes what is to go, its snapshots too.
    async fn clear(&self, gone: &Path) -> Result<()> {
        let folder = Folder(gone.to_owned());
        let record = folder.record().ok();
        let ids = record.as_ref().map_or(self.ids, |record| record.ids);
        if folder.note().exists() || folder.network_note().exists() {
            end(folder).await?;
        }
        // While it is still known whose they are: whoever finds the rest goes on with this.
        if let Some(record) = &record {
            self.remove_snapshots(record).await?;
        }
        // It may be an attempt's snapshots, one folder deeper.
        for folder in shelf::folders(gone).filter(|folder| snapshot::is_one(folder)) {
            self.remove_as(&folder, ids).await?;
        }
        self.remove_as(gone, ids).await
    }

    /// Clears what somebody was removing and did not come to the end of. A failure is for the next
    /// time.
    async fn clear_leftovers(&self) {
        let entries = fs::read_dir(self.home.gone()).into_iter().flatten();
        for entry in entries.filter_map(io::Result::ok) {
            // Whoever is still at it has it locked.
            let folder = fs::File::open(entry.path());
            let Ok(_lock) = folder.and_then(|folder| Ok(folder.try_lock().map(|()| folder)?))
            else {
                continue;
            };
            if let Err(error) = self.clear(&entry.path()).await {
                let name = entry.file_name();
                tracing::warn!(%error, ?name, "what was being removed is left behind");
            }
        }
    }

    async fn launch(&self, folder: &Folder) -> Result<()> {
        let record = folder.record().map_err(|error| fault("read the sandbox", &error))?;
        let arguments = [OsStr::new("start"), folder.path().as_os_str()];
        if Limiter::find() == Limiter::Scope {
            // Where the user's systemd does not want to, there are other limits.
            match self.part(&arguments, Some(limits::scope(&record))).await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::warn!(%error, "no scope for the sandbox"),
            }
        }
        self.part(&arguments, None).await
    }

    /// A connection for files: to a sandbox that does not run, by starting it for so long.
    async fn with_files<T>(
        &self,
        id: &SandboxId,
        work: impl AsyncFnOnce(Connection) -> Result<T>,
    ) -> Result<T> {
        let folder = self.home.sandbox(id)?;
        match Connection::open(&self.home, id).await {
            Ok(connection) => work(connection).await,
            Err(EngineError::SandboxStopped { .. }) => {
                let was_started = folder.started().exists();
                self.launch(&folder).await?;
                let done = match Connection::open(&self.home, id).await {
                    Ok(connection) => work(connection).await,
                    Err(error) => Err(error),
                };
                // Its files are in it now, and are not put there again.
                let _ = fs::remove_file(folder.files());
                end(folder.clone()).await?;
                if !was_started {
                    let _ = fs::remove_file(folder.started());
                }
                done
            }
            Err(error) => Err(error),
        }
    }
}

/// What a part of this program has to say: its result, or why there is none.
fn said(ended: &std::process::Output) -> Result<String> {
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let mut detail = words(&ended.stdout);
    if ended.status.success() {
        return Ok(detail);
    }
    if detail.is_empty() {
        detail = words(&ended.stderr);
    }
    if detail.is_empty() {
        detail = format!("a part of the sandbox's launch ended with {}", ended.status);
    }
    Err(unavailable(detail))
}

/// What this machine does not allow, with what helps where that is known.
fn unavailable(detail: String) -> EngineError {
    let remedy = if detail.contains("apparmor_restrict") {
        Some("sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0")
    } else if detail.contains("user namespace") {
        Some("sudo sysctl user.max_user_namespaces=15000 (and kernel.unprivileged_userns_clone=1)")
    } else {
        None
    };
    match remedy {
        None if detail.contains("No space left") || detail.contains("quota") => {
            EngineError::DiskFull { detail }
        }
        Some(remedy) => EngineError::NotAllowedHere { detail, remedy: remedy.to_owned() },
        None => EngineError::Refused { detail },
    }
}

/// Ends whatever runs of a sandbox, and waits until it has.
async fn end(folder: Folder) -> Result<()> {
    blocking(move || {
        // One that is just starting has its note when it has.
        let lock = fs::File::create(folder.lock()).and_then(|lock| lock.lock().map(|()| lock));
        let _lock = lock.map_err(|error| fault("wait for the sandbox", &error))?;
        if let Some(network) = folder.read_network_note() {
            network.kill()?;
            let _ = fs::remove_file(folder.network_note());
        }
        let Some(note) = folder.read_note() else { return Ok(()) };
        note.kill()?;
        limits::remove(&note.groups);
        let _ = fs::remove_file(folder.note());
        Ok(())
    })
    .await?
}

/// Why no sandbox can be a machine of a system.
fn no_systems() -> Lack {
    Lack::new(
        "the native engine has no private networks of several machines",
        "install Docker or Podman, then: drydock config set backend docker",
    )
}

#[async_trait]
impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn offers(&self) -> Offers {
        Offers {
            multiple_users: self.one_user().map_or(Ok(()), Err),
            init_system: self.no_init_system().map_or(Ok(()), Err),
            internet: network::Tool::find().map(drop),
            systems: Err(no_systems()),
        }
    }

    async fn info(&self) -> Result<Info> {
        self.possible().await?;
        let cgroup_version = match blocking(Limiter::find).await? {
            Limiter::Unified { .. } | Limiter::Scope => Some(2),
            Limiter::Split { .. } => Some(1),
            Limiter::Processes => None,
        };
        Ok(Info {
            product: "native".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            endpoint: self.home.path().display().to_string(),
            cgroup_version,
            architecture: Some(std::env::consts::ARCH.to_owned()),
        })
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Sandbox> {
        files::check(&spec.files, &spec.tmpfs)?;
        self.clear_leftovers().await;
        let missing = match (spec.init, &spec.network) {
            _ if spec.machine.is_some() => Some(no_systems()),
            (_, Network::Private(_)) => Some(no_systems()),
            (Init::System, _) => self.no_init_system(),
            (_, Network::Internet) => network::Tool::find().err(),
            _ => None,
        };
        if let Some(Lack { reason, remedy }) = missing {
            return Err(EngineError::NotAllowedHere { detail: reason, remedy });
        }
        let record = match self.unpacked(&spec.image).await? {
            Some((key, image)) => {
                let user = image.user_for(&spec.user);
                let lower = Lower::Unpacked(key);
                Record { env: image.env, ..Record::new(spec, user, self.ids, lower) }
            }
            None if ["", MACHINE].contains(&spec.image.as_str()) || image::is_ours(&spec.image) => {
                // Ours are what a machine has anyway, but for the account, which every base has; and
                // root is the only other one to enter by.
                let user = if spec.user == "root" { "root" } else { image::USER };
                Record::new(spec, user.to_owned(), self.ids, Lower::Base(self.base().await?))
            }
            None => return Err(EngineError::ImageNotUnpacked { image: spec.image.clone() }),
        };
        let kept: Vec<_> = spec.files.iter().map(files::Kept::from).collect();
        let home = self.home.clone();
        blocking(move || {
            let id = SandboxId(uuid::Uuid::new_v4().simple().to_string());
            let sandboxes = home.sandboxes();
            place::make(&sandboxes)?;
            let new = tempfile::Builder::new().prefix(".new-").tempdir_in(&sandboxes);
            let new = new.map_err(|error| fault("make a sandbox", &error))?;
            let folder = Folder(new.path().to_owned());
            place::make(&folder.run())?;
            let bytes = postcard::to_stdvec(&kept)
                .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
            place::write(&folder.files(), &bytes)?;
            place::write_json(&folder.spec(), &record)?;
            fs::rename(new.path(), sandboxes.join(&id.0))
                .map_err(|error| fault("make a sandbox", &error))?;
            // It has moved: there is nothing to clean up.
            let _ = new.keep();
            Ok(record.sandbox(&id, SandboxState::Created))
        })
        .await?
    }

    async fn start(&self, id: &SandboxId) -> Result<()> {
        let folder = self.home.sandbox(id)?;
        self.launch(&folder).await?;
        if folder.record().is_ok_and(|record| record.internet) {
            network::connect(&folder).await?;
        }
        let marked = fs::write(folder.started(), "");
        marked.map_err(|error| fault("note that the sandbox was started", &error))?;
        let _ = fs::remove_file(folder.files());
        self.unpack_memory(id, &folder).await?;
        if folder.record().is_ok_and(|record| record.init_system) {
            boot::wait(self, id).await?;
        }
        Ok(())
    }

    async fn inspect(&self, id: &SandboxId) -> Result<Sandbox> {
        let (folder, record) = self.known(id)?;
        Ok(record.sandbox(id, folder.state()))
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecStream> {
        let user = self.user(id, spec.user.as_deref())?;
        let (argv, env) = (spec.argv.clone(), spec.env.clone());
        Connection::open(&self.home, id).await?.exec(Request::Exec { argv, user, env }).await
    }

    async fn shell(&self, id: &SandboxId, spec: &ShellSpec) -> Result<ShellStream> {
        let user = self.user(id, spec.user.as_deref())?;
        let request = Request::Shell { user, rows: spec.size.rows, cols: spec.size.cols };
        Connection::open(&self.home, id).await?.shell(request).await
    }

    async fn hang_up(&self, id: &SandboxId, shell: &str) -> Result<()> {
        let name = shell
            .split_once(' ')
            .and_then(|(pid, started)| Some((pid.parse().ok()?, started.parse().ok()?)));
        let Some((pid, started)) = name else {
            return Err(EngineError::Refused { detail: format!("{shell:?} is no shell") });
        };
        client::hang_up(&self.home, id, pid, started).await
    }

    async fn copy_in(&self, id: &SandboxId, files: &[FileSpec]) -> Result<()> {
        files::check(files, &[])?;
        self.with_files(id, async |connection| connection.copy_in(files).await).await
    }

    async fn copy_out(&self, id: &SandboxId, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.with_files(id, async |connection| connection.copy_out(path, limit).await).await
    }

    async fn list(&self, owner: Option<&str>) -> Result<Vec<Sandbox>> {
        let (home, owner) = (self.home.clone(), owner.map(str::to_owned));
        blocking(move || {
            let all = home.all()?.into_iter().filter_map(|(id, folder)| {
                let record = folder.record().ok()?;
                let wanted = owner.as_ref().is_none_or(|owner| *owner == record.owner);
                wanted.then(|| record.sandbox(&id, folder.state()))
            });
            Ok(all.collect())
        })
        .await?
    }

    async fn memory(&self, id: &SandboxId) -> Result<Option<u64>> {
        let folder = self.home.sandbox(id)?;
        blocking(move || folder.read_note().and_then(|note| limits::memory(&note.groups))).await
    }

    async fn destroy(&self, id: &SandboxId) -> Result<()> {
        let folder = match self.home.sandbox(id) {
            Ok(folder) => folder,
            Err(EngineError::SandboxGone { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        place::make(&self.home.gone())?;
        let gone = self.home.gone().join(&id.0);
        // For as long as it takes: what is not locked there was left behind.
        let path = folder.path().to_owned();
        let locked =
            blocking(move || fs::File::open(path).and_then(|f| f.lock().map(|()| f))).await?;
        let _lock = match locked {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| fault("remove the sandbox", &error))?,
        };
        match fs::rename(folder.path(), &gone) {
            Ok(()) => {}
            // Somebody else is at it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault("remove the sandbox", &error)),
        }
        self.clear(&gone).await
    }

    async fn snapshot(&self, id: &SandboxId, spec: &SnapshotSpec) -> Result<Snapshot> {
        self.take_snapshot(id, spec).await
    }

    async fn snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>> {
        self.list_snapshots(id).await
    }

    async fn rewind(&self, id: &SandboxId, name: &str) -> Result<Sandbox> {
        self.make_from_snapshot(id, name).await
    }

    async fn remove_snapshot(&self, id: &SandboxId, name: &str) -> Result<()> {
        self.forget_snapshot(id, name).await
    }

    fn images(&self) -> Option<&dyn Images> {
        Some(self)
    }

    fn builder(&self) -> Option<&dyn Builder> {
        None
    }
}

impl Native {
    fn user(&self, id: &SandboxId, asked: Option<&str>) -> Result<String> {
        if let Some(user) = asked {
            return Ok(user.to_owned());
        }
        Ok(self.known(id)?.1.user)
    }

    /// A sandbox's folder, and what it is to be.
    fn known(&self, id: &SandboxId) -> Result<(Folder, Record)> {
        let folder = self.home.sandbox(id)?;
        let record = folder.record().map_err(|error| fault("read the sandbox", &error))?;
        Ok((folder, record))
    }
}
