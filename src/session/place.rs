//! Where holders are found: one folder, readable by its owner only, with three files for each shell.
//!
//! - `NAME.lock` is locked for as long as its holder lives, however it dies: so nobody has to guess.
//! - `NAME.sock` is the socket. A holder that was killed leaves it behind; the next one takes it away.
//! - `NAME.json` says what is held ([`Held`]). It outlives its holder when nobody was there to be
//!   told how the shell ended: then the next client is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::End;
use crate::engine::SandboxId;
use crate::platform::{Identity, files, socket};

/// What a file of this kind may hold at most: a note is some 500 bytes.
const MAX_NOTE: u64 = 64 << 10;

/// How much of a sandbox's id names its files.
const NAME: usize = 32;

/// The folder with the sockets of this home's holders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    folder: PathBuf,
}

/// What is known of a held shell, without asking its holder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The item practised.
    pub item: String,
    /// The attempt.
    pub attempt: String,
    /// The sandbox.
    pub sandbox: SandboxId,
    /// The holder's process.
    pub pid: u32,
    /// When the shell was opened, in milliseconds since 1970.
    pub since: i64,
    /// The engine's name for the shell, to hang it up if its holder cannot any more.
    pub shell: String,
    /// How it ended, if nobody was there to be told.
    pub end: Option<End>,
}

/// The files of one shell.
#[derive(Debug, Clone)]
pub(super) struct Nest {
    folder: PathBuf,
    name: String,
}

/// Held for as long as the shell is.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "what counts is that it is open")] File);

impl Place {
    /// The holders whose files lie in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Every shell that is held now.
    pub fn held(&self) -> Vec<Held> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        entries
            .filter_map(|entry| {
                Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned())
            })
            .map(|name| Nest { folder: self.folder.clone(), name })
            .filter(Nest::is_alive)
            .filter_map(|nest| nest.note())
            .collect()
    }

    pub(super) fn of(&self, sandbox: &SandboxId) -> Nest {
        let name = sandbox.0.chars().filter(char::is_ascii_alphanumeric).take(NAME).collect();
        Nest { folder: self.folder.clone(), name }
    }
}

impl Nest {
    fn file(&self, suffix: &str) -> String {
        format!("{}.{suffix}", self.name)
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.folder.join(self.file(suffix))
    }

    /// Takes the shell for this process; `None` if another has it.
    pub(super) fn lock(&self) -> io::Result<Option<Lock>> {
        files::make_private(&self.folder)?;
        loop {
            let file = self.lock_file()?;
            match file.try_lock() {
                // The one before may have taken the file away after it was opened here.
                Ok(()) if Identity::is_at(&file, &self.path("lock"))? => {
                    return Ok(Some(Lock(file)));
                }
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => return Ok(None),
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        files::options(0o600).write(true).create(true).truncate(false).open(self.path("lock"))
    }

    /// Whether a holder has it.
    pub(super) fn is_alive(&self) -> bool {
        let Ok(file) = File::open(self.path("lock")) else { return false };
        matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
    }

    /// Listens; only for who has the lock.
    pub(super) fn listen(&self) -> io::Result<socket::Listener> {
        socket::Listener::bind(&self.folder, &self.file("sock"))
    }

    /// Connects to the holder.
    pub(super) async fn connect(&self) -> io::Result<socket::Stream> {
        socket::connect(&self.folder, &self.file("sock")).await
    }

    /// What was written about the shell.
    pub(super) fn note(&self) -> Option<Held> {
        let path = self.path("json");
        if fs::metadata(&path).ok()?.len() > MAX_NOTE {
            return None;
        }
        serde_json::from_slice(&fs::read(path).ok()?).ok()
    }

    /// Writes it: the old note or the new, whatever happens meanwhile.
    pub(super) fn write_note(&self, held: &Held) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(held)?)?;
        file.persist(self.path("json"))?;
        Ok(())
    }

    /// Forgets the shell: its note was read, or there is nothing to say.
    pub(super) fn remove_note(&self) {
        let _ = fs::remove_file(self.path("json"));
    }

    /// Takes the socket away, so that nobody knocks at a door that is closed.
    pub(super) fn remove_socket(&self) {
        let _ = fs::remove_file(self.path("sock"));
    }

    /// Takes everything away; only for who has the lock.
    pub(super) fn remove(&self) {
        self.remove_socket();
        self.remove_note();
        let _ = fs::remove_file(self.path("lock"));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn held(item: &str) -> Held {
        Held {
            item: item.to_owned(),
            attempt: "a".to_owned(),
            sandbox: SandboxId("0123".to_owned()),
            pid: 1,
            since: 0,
            shell: "7 8".to_owned(),
            end: None,
        }
    }

    #[test]
    fn a_shell_has_one_holder_and_only_then_counts_as_held() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::new(folder.path().join("run"));
        let nest = place.of(&SandboxId("sha256:0123/../x".to_owned()));
        assert_eq!(nest.name, "sha2560123x");
        assert!(!nest.is_alive());
        let lock = nest.lock().unwrap().unwrap();
        nest.write_note(&held("linux-01")).unwrap();
        assert!(nest.is_alive() && nest.lock().unwrap().is_none());
        assert_eq!(place.held(), [held("linux-01")]);
        drop(lock);
        assert!(!nest.is_alive() && place.held().is_empty());
        assert_eq!(nest.note(), Some(held("linux-01")), "for who comes next");
        nest.remove();
        assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_socket_may_lie_deep_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(100)).join("e".repeat(100));
        let nest = Place::new(deep).of(&SandboxId("1".to_owned()));
        let _lock = nest.lock().unwrap().unwrap();
        assert!(nest.connect().await.is_err());
        let _listener = nest.listen().unwrap();
        nest.connect().await.unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&nest.path("sock")), mode(&nest.folder)), (0o600, 0o700));
        // One that was left behind is no hindrance.
        nest.listen().unwrap();
    }

    #[test]
    fn a_damaged_note_is_no_note() {
        let folder = tempfile::tempdir().unwrap();
        let nest = Place::new(folder.path().to_owned()).of(&SandboxId("1".to_owned()));
        for damaged in [&b"{"[..], b"", &vec![b' '; 1 << 17]] {
            fs::write(nest.path("json"), damaged).unwrap();
            assert_eq!(nest.note(), None);
        }
    }
}
