//! Snapshots: a copy of a sandbox's own folders, and a sandbox made of such a copy.
//!
//! What a sandbox has written lies in one folder for each of its overlays, so that a snapshot is
//! a copy of these. It is made by a process with the sandbox's numbers, since its files are its users',
//! beside what runs and without stopping it. In-memory file systems are packed by `tar` inside, which is
//! read from outside, and unpacked by the first start of a sandbox that is made from it.
//!
//! ```text
//! HOME/snapshots/KEY/        an attempt's, by owner and attempt
//!     .lock                  held by whoever takes one or goes back to one
//!     .new-ID/               one in the making; nobody's while the lock is free
//!     NAME/kept.json         what it is
//!     NAME/disk/, files, memory
//! ```
//!
//! Invariants: a snapshot appears and goes by one rename, and so does the sandbox made from it; an
//! attempt without a sandbox has no snapshots.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::Native;
use super::client::blocking;
use super::ids::Ids;
use super::place::{self, Folder, Home, Lower, Record, fault};
use super::shelf::{folders, unfinished, unfinished_ones};
use crate::engine::{
    Engine, EngineError, ExecSpec, Output, Result, Sandbox, SandboxId, SandboxState, Snapshot,
    SnapshotSpec,
};

/// How long copying a sandbox's files may take: some have written gigabytes.
const COPY_TIMEOUT: Duration = Duration::from_mins(10);

/// How much of in-memory file systems is kept, in kilobytes, as on a Docker engine.
const MEMORY_LIMIT: u64 = 64 << 10;

/// How much longer than its contents an archive may be.
const ARCHIVE_LIMIT: u64 = (MEMORY_LIMIT << 10) * 2;

/// How long packing or unpacking them may take.
const PACK_TIMEOUT: Duration = Duration::from_secs(30);

/// `$1` the most kilobytes, then the folders. A file that changes while it is read (status 1) is kept
/// as it was read.
const PACK: &str = r#"
limit=$1; shift
total=0
for each in "$@"; do
    size=$(du -skx "$each" 2>/dev/null)
    total=$((total + ${size%%[!0-9]*}))
    set -- "$@" ".$each"; shift
done
[ "$total" -le "$limit" ] || exit 4
if tar --version 2>/dev/null | grep -q GNU; then
    tar --acls --xattrs --one-file-system --numeric-owner -cpSf - -C / "$@" 2>/dev/null
else
    tar -cpf - -C / "$@" 2>/dev/null
fi
[ $? -le 1 ]
"#;

const UNPACK: &str = r"
if tar --version 2>/dev/null | grep -q GNU; then
    exec tar --acls --xattrs --numeric-owner -xpf - -C /
fi
exec tar -xpf - -C /
";

/// A snapshot as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) name: String,
    note: String,
    /// In microseconds: as exact as it is told.
    taken_at: i64,
    whole: bool,
    pub(super) size: u64,
    /// Whether its sandbox had ever run.
    started: bool,
    /// What its files stand on and whose they are.
    pub(super) record: Record,
}

impl Kept {
    pub(super) fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(KEPT)).ok()?).ok()
    }

    fn snapshot(self) -> Snapshot {
        let Self { name, note, taken_at, whole, size, .. } = self;
        let taken_at = Timestamp::from_microsecond(taken_at).unwrap_or_default();
        Snapshot { name, note, taken_at, whole, size: Some(size) }
    }
}

const KEPT: &str = "kept.json";

impl Native {
    /// [`Engine::snapshot`].
    pub(super) async fn take_snapshot(
        &self,
        id: &SandboxId,
        spec: &SnapshotSpec,
    ) -> Result<Snapshot> {
        spec.check()?;
        let (folder, record) = self.known(id)?;
        let all = self.home.snapshots(&record);
        let _lock = self.lock(&all, record.ids).await?;
        let place = all.join(&spec.name);
        if place.exists() {
            return Err(EngineError::SnapshotExists { name: spec.name.clone() });
        }
        let new = unfinished(&all)?;
        let taken = self.fill(id, &folder, spec, record.clone(), &new).await.and_then(|kept| {
            let renamed = fs::rename(&new, &place);
            renamed.map_err(|error| fault("keep the snapshot", &error)).map(|()| kept)
        });
        // Somebody may have destroyed the sandbox meanwhile, and its snapshots with it.
        let there = self.has_sandbox(&record);
        if taken.is_err() || !there {
            self.remove_as(&new, record.ids).await?;
        }
        if !there {
            self.remove_snapshots(&record).await?;
            return Err(EngineError::SandboxGone { id: id.to_string() });
        }
        taken.map(Kept::snapshot)
    }

    /// Copies everything of a sandbox into the folder of a snapshot.
    async fn fill(
        &self,
        id: &SandboxId,
        folder: &Folder,
        spec: &SnapshotSpec,
        record: Record,
        new: &Path,
    ) -> Result<Kept> {
        let taken_at = Timestamp::now().as_microsecond();
        let started = folder.started().exists();
        let kept = Folder(new.to_owned());
        let mut whole = record.tmpfs.is_empty();
        if !whole && folder.state() == SandboxState::Running {
            whole = match self.pack_memory(id, &record, &kept.memory()).await {
                Ok(packed) => packed,
                Err(error) => {
                    tracing::info!(%id, %error, "in-memory file systems are not in the snapshot");
                    false
                }
            };
        } else if !whole {
            // Of one that was rewound and has not run since: what it is still to be given.
            whole = copy_file(&folder.memory(), &kept.memory()).await?;
        }
        if !whole {
            let _ = fs::remove_file(kept.memory());
        }
        copy_file(&folder.files(), &kept.files()).await?;
        let size = self.copy_disk(&folder.disk(), &kept.disk(), record.ids).await?
            + fs::metadata(kept.memory()).map_or(0, |data| data.len());
        let SnapshotSpec { name, note } = spec.clone();
        let all = Kept { name, note, taken_at, whole, size, started, record };
        place::write_json(&new.join(KEPT), &all)?;
        Ok(all)
    }

    /// [`Engine::snapshots`].
    pub(super) async fn list_snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>> {
        let (_, record) = self.known(id)?;
        let all = self.home.snapshots(&record);
        let mut kept: Vec<_> = blocking(move || {
            folders(&all).filter_map(|folder| Kept::read(&folder)).map(Kept::snapshot).collect()
        })
        .await?;
        kept.sort_by_key(|snapshot: &Snapshot| snapshot.taken_at);
        Ok(kept)
    }

    /// [`Engine::rewind`].
    pub(super) async fn make_from_snapshot(&self, id: &SandboxId, name: &str) -> Result<Sandbox> {
        let (_, record) = self.known(id)?;
        let all = self.home.snapshots(&record);
        let missing = || EngineError::SnapshotMissing { name: name.to_owned() };
        if !crate::engine::snapshot_name(name) {
            return Err(missing());
        }
        let _lock = self.lock(&all, record.ids).await?;
        let from = Folder(all.join(name));
        let kept = Kept::read(from.path()).ok_or_else(missing)?;
        // Its files are of the numbers they were kept with, and lie on what they lay on.
        let Record { image, ids, lower, env, .. } = kept.record;
        let record = Record { image, ids, lower, env, ..record };
        // Made beside the snapshots, where the next who has the lock removes it if this is cut off.
        let new = Folder(unfinished(&all)?);
        let id = SandboxId(uuid::Uuid::new_v4().simple().to_string());
        let place = self.home.sandboxes().join(&id.0);
        let made = async {
            place::make(&new.run())?;
            copy_file(&from.memory(), &new.memory()).await?;
            copy_file(&from.files(), &new.files()).await?;
            self.copy_disk(&from.disk(), &new.disk(), ids).await?;
            if kept.started {
                place::write(&new.started(), b"")?;
            }
            place::write_json(&new.spec(), &record)?;
            fs::rename(new.path(), &place).map_err(|error| fault("make a sandbox", &error))
        };
        if let Err(error) = made.await {
            self.remove_as(new.path(), ids).await?;
            return Err(error);
        }
        let state = Folder(place).state();
        Ok(record.sandbox(&id, state))
    }

    /// [`Engine::remove_snapshot`].
    pub(super) async fn forget_snapshot(&self, id: &SandboxId, name: &str) -> Result<()> {
        let (_, record) = self.known(id)?;
        let all = self.home.snapshots(&record);
        if !crate::engine::snapshot_name(name) || !all.join(name).exists() {
            return Ok(());
        }
        let _lock = self.lock(&all, record.ids).await?;
        let gone = unfinished(&all)?;
        match fs::rename(all.join(name), &gone) {
            Ok(()) => self.remove_as(&gone, record.ids).await,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(fault("remove the snapshot", &error)),
        }
    }

    /// Removes the snapshots of an attempt, if it has no sandbox any more.
    pub(super) async fn remove_snapshots(&self, record: &Record) -> Result<()> {
        if self.has_sandbox(record) {
            return Ok(());
        }
        place::make(&self.home.gone())?;
        let gone = self.home.gone().join(uuid::Uuid::new_v4().simple().to_string());
        match fs::rename(self.home.snapshots(record), &gone) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault("remove the snapshots", &error)),
        }
        for folder in folders(&gone) {
            self.remove_as(&folder, record.ids).await?;
        }
        self.remove_as(&gone, record.ids).await
    }

    /// Gives back to a sandbox that has just been started what was kept of its memory.
    pub(super) async fn unpack_memory(&self, id: &SandboxId, folder: &Folder) -> Result<()> {
        let archive = match tokio::fs::File::open(folder.memory()).await {
            Ok(archive) => archive,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(fault("read what lay in memory", &error)),
        };
        let unpacked = async {
            let mut stream = self.exec(id, &script(UNPACK, &[])).await?;
            let write = async {
                let mut archive = archive;
                // It may have ended, which its status tells.
                let _ = tokio::io::copy(&mut archive, &mut stream.stdin).await;
                let _ = stream.stdin.shutdown().await;
            };
            let read = async { while stream.output.next().await.is_some() {} };
            tokio::join!(write, read);
            stream.status.get().await
        };
        let status = tokio::time::timeout(PACK_TIMEOUT, unpacked).await;
        if matches!(status, Ok(Ok(Some(0)))) {
            let _ = fs::remove_file(folder.memory());
            return Ok(());
        }
        Err(EngineError::Refused {
            detail: format!("what lay in the memory of {id} could not be brought back"),
        })
    }

    /// Writes the sandbox's in-memory file systems into a file; whether they were small enough.
    async fn pack_memory(&self, id: &SandboxId, record: &Record, file: &Path) -> Result<bool> {
        let limit = MEMORY_LIMIT.to_string();
        let folders = record.tmpfs.iter().map(|(path, _)| path.as_str());
        let words: Vec<_> = std::iter::once(limit.as_str()).chain(folders).collect();
        let packed = async {
            let mut stream = self.exec(id, &script(PACK, &words)).await?;
            drop(stream.stdin);
            let failed = |error: io::Error| fault("keep what lies in memory", &error);
            let mut archive = tokio::fs::File::create(file).await.map_err(failed)?;
            let mut left = ARCHIVE_LIMIT;
            while let Some(output) = stream.output.next().await {
                let Output::Stdout(bytes) = output.map_err(failed)? else { continue };
                let Some(less) = left.checked_sub(bytes.len() as u64) else { return Ok(false) };
                left = less;
                archive.write_all(&bytes).await.map_err(failed)?;
            }
            archive.flush().await.map_err(failed)?;
            Ok(stream.status.get().await? == Some(0))
        };
        let late = |_| EngineError::Timeout { what: "packing what lies in memory".to_owned() };
        tokio::time::timeout(PACK_TIMEOUT, packed).await.map_err(late)?
    }

    /// Copies a sandbox's disk, if it has one yet; gives how many bytes that took.
    async fn copy_disk(&self, from: &Path, to: &Path, ids: Ids) -> Result<u64> {
        if !from.is_dir() {
            return Ok(0);
        }
        place::make(to)?;
        if let Ids::Apart { users, groups } = ids {
            std::os::unix::fs::chown(to, Some(users), Some(groups))
                .map_err(|error| fault("copy the sandbox's files", &error))?;
        }
        let ids = serde_json::to_string(&ids)
            .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
        let words: [&OsStr; 4] = ["copy".as_ref(), from.as_ref(), to.as_ref(), ids.as_ref()];
        let said = self.part_within(COPY_TIMEOUT, &words, None).await?;
        Ok(said.parse().unwrap_or(0))
    }

    /// Whether an attempt has a sandbox.
    fn has_sandbox(&self, of: &Record) -> bool {
        self.home.all().into_iter().flatten().any(|(_, folder)| {
            folder
                .record()
                .is_ok_and(|record| record.owner == of.owner && record.attempt == of.attempt)
        })
    }
}

impl Home {
    /// Where an attempt's snapshots are.
    fn snapshots(&self, record: &Record) -> PathBuf {
        let mut hash = Sha256::new();
        for part in [&record.owner, &record.attempt] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let hash = format!("{:x}", hash.finalize());
        self.path().join("snapshots").join(&hash[..32])
    }

    /// The folders of all snapshots of all attempts.
    pub(super) fn all_snapshots(&self) -> impl Iterator<Item = PathBuf> + use<> {
        folders(&self.path().join("snapshots")).flat_map(|attempt| folders(&attempt))
    }

    /// What sandboxes and snapshots lie on.
    pub(super) fn lowers(&self) -> Vec<Lower> {
        let sandboxes = self.all().into_iter().flatten();
        let attempts = folders(&self.path().join("snapshots"));
        let kept = attempts.flat_map(|attempt| {
            folders(&attempt).chain(unfinished_ones(&attempt)).collect::<Vec<_>>()
        });
        sandboxes
            .filter_map(|(_, folder)| Some(folder.record().ok()?.lower))
            .chain(kept.filter_map(|folder| Some(Kept::read(&folder)?.record.lower)))
            .collect()
    }
}

fn script(text: &str, words: &[&str]) -> ExecSpec {
    let argv = ["sh", "-c", text, "sh"];
    ExecSpec {
        argv: argv.iter().chain(words).map(|&word| word.to_owned()).collect(),
        user: Some("0".to_owned()),
        env: std::collections::BTreeMap::new(),
    }
}

/// Whether a folder is a snapshot.
pub(super) fn is_one(folder: &Path) -> bool {
    folder.join(KEPT).exists()
}

/// Copies a file if it is there; whether it is.
async fn copy_file(from: &Path, to: &Path) -> Result<bool> {
    match tokio::fs::copy(from, to).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault("copy the sandbox's files", &error)),
    }
}
