//! Files into and out of a container, by the engine's archive endpoint.
//!
//! The engine unpacks below the container's own root: a path or a symbolic link, however hostile,
//! never reaches the host. Inside, links that a learner planted are followed, so a file may land
//! elsewhere in that same sandbox, where the learner may do as they please anyway.
//!
//! In-memory file systems are not part of what the engine unpacks into: files below one are refused
//! when a sandbox is made.

use std::collections::BTreeSet;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::{StreamExt, future};
use tar::{EntryType, Header};

use super::account::Account;
use super::{Docker, fault};
use crate::engine::{EngineError, FileOwner, FileSpec, Result, SandboxId, Tmpfs};

/// What a tar stream of one file has besides it: headers, a long name, padding and the end marker.
const TAR_OVERHEAD: u64 = 16 << 10;

/// The longest passwd file that is read: thousands of accounts.
const PASSWD_LIMIT: u64 = 1 << 20;

impl Docker {
    /// Copies files in for an account.
    pub(super) async fn upload(
        &self,
        id: &SandboxId,
        files: &[FileSpec],
        account: &Account,
    ) -> Result<()> {
        if files.is_empty() {
            return Ok(());
        }
        let folders = self.missing_folders(id, files, account).await?;
        let archive = pack(files, &folders, account)?;
        let options = UploadToContainerOptionsBuilder::new().path("/").build();
        self.api
            .upload_to_container(&id.0, Some(options), bollard::body_full(archive.into()))
            .await
            .map_err(fault::of_sandbox(id))
    }

    /// The folders below the account's home that the files need and the container lacks. Others are
    /// made by the engine, for root, which is right everywhere else.
    async fn missing_folders(
        &self,
        id: &SandboxId,
        files: &[FileSpec],
        account: &Account,
    ) -> Result<Vec<String>> {
        let wanted: BTreeSet<_> =
            files.iter().flat_map(|file| folders_below(&account.home, &file.path)).collect();
        let asked = wanted.into_iter().map(|folder| async move {
            let exists = self.exists(id, &folder).await?;
            Ok((!exists).then_some(folder))
        });
        Ok(future::try_join_all(asked).await?.into_iter().flatten().collect())
    }

    async fn exists(&self, id: &SandboxId, path: &str) -> Result<bool> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        match self.api.get_container_archive_info(&id.0, Some(options)).await {
            Ok(_) => Ok(true),
            // An answer to HEAD has no words. That the container is there shows in the next call.
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => {
                Ok(false)
            }
            Err(error) => Err(fault::of_sandbox(id)(error)),
        }
    }

    /// The text of the container's `/etc/passwd`; empty where it has none.
    pub(super) async fn passwd(&self, id: &SandboxId) -> Result<String> {
        match self.copy_file_out(id, "/etc/passwd", PASSWD_LIMIT).await {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(EngineError::Refused { .. }) => Ok(String::new()),
            Err(error) => Err(error),
        }
    }

    /// [`crate::engine::Engine::copy_in`].
    pub(super) async fn copy_files_in(&self, id: &SandboxId, files: &[FileSpec]) -> Result<()> {
        check(files, &[])?;
        let account = self.account(id).await?;
        self.upload(id, files, &account).await
    }

    /// [`crate::engine::Engine::copy_out`].
    pub(super) async fn copy_file_out(
        &self,
        id: &SandboxId,
        path: &str,
        limit: u64,
    ) -> Result<Vec<u8>> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path).build();
        let mut stream = self.api.download_from_container(&id.0, Some(options));
        let mut archive = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(fault::of_sandbox(id)).map_err(|error| match error {
                EngineError::Refused { detail } => refused(path, &detail),
                other => other,
            })?;
            archive.extend_from_slice(&chunk);
            if archive.len() as u64 > limit.saturating_add(TAR_OVERHEAD) {
                return Err(refused(path, &format!("it is larger than {limit} bytes")));
            }
        }
        unpack(&archive, path, limit)
    }
}

fn refused(path: &str, reason: &str) -> EngineError {
    EngineError::Refused { detail: format!("{path}: {reason}") }
}

/// Refuses paths that cannot be what was meant.
pub(super) fn check(files: &[FileSpec], tmpfs: &[Tmpfs]) -> Result<()> {
    for FileSpec { path, .. } in files {
        let plain = path.starts_with('/')
            && !path.contains('\0')
            && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."));
        if !plain {
            return Err(refused(path, "a file's place in a sandbox is a plain absolute path"));
        }
        let hidden = tmpfs.iter().any(|memory| {
            path.strip_prefix(memory.path.trim_end_matches('/'))
                .is_some_and(|rest| rest.starts_with('/'))
        });
        if hidden {
            return Err(refused(path, "an in-memory file system would hide this file"));
        }
    }
    Ok(())
}

/// The folders between `home` and a file, outermost first.
fn folders_below(home: &str, path: &str) -> Vec<String> {
    let home = home.trim_end_matches('/');
    let Some(rest) = path.strip_prefix(home).and_then(|rest| rest.strip_prefix('/')) else {
        return Vec::new();
    };
    // Where the home is the root, its folders are the system's.
    if home.is_empty() {
        return Vec::new();
    }
    rest.match_indices('/').map(|(end, _)| format!("{home}/{}", &rest[..end])).collect()
}

fn pack(files: &[FileSpec], folders: &[String], account: &Account) -> Result<Vec<u8>> {
    let wrong = |error: std::io::Error| EngineError::Refused { detail: error.to_string() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |kind, path: &str, mode, (uid, gid), contents: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(uid);
        header.set_gid(gid);
        header.set_mtime(now);
        header.set_size(contents.len() as u64);
        archive.append_data(&mut header, path.trim_start_matches('/'), contents)
    };
    let user = (account.uid, account.gid);
    for folder in folders {
        add(EntryType::Directory, folder, 0o755, user, &[]).map_err(wrong)?;
    }
    for file in files {
        let owner = match file.owner {
            FileOwner::User => user,
            FileOwner::Root => (0, 0),
        };
        add(EntryType::Regular, &file.path, file.mode & 0o7777, owner, &file.contents)
            .map_err(wrong)?;
    }
    archive.into_inner().map_err(wrong)
}

/// The one file in an archive.
fn unpack(archive: &[u8], path: &str, limit: u64) -> Result<Vec<u8>> {
    let wrong = |error: std::io::Error| refused(path, &error.to_string());
    let mut archive = tar::Archive::new(archive);
    let mut entries = archive.entries().map_err(wrong)?;
    let entry = entries.next().ok_or_else(|| refused(path, "the engine sent nothing"))?;
    let mut entry = entry.map_err(wrong)?;
    if !entry.header().entry_type().is_file() {
        return Err(refused(path, "it is not a regular file"));
    }
    if entry.size() > limit {
        return Err(refused(path, &format!("it is larger than {limit} bytes")));
    }
    let mut contents = Vec::new();
    entry.read_to_end(&mut contents).map_err(wrong)?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, owner: FileOwner) -> FileSpec {
        FileSpec { path: path.to_owned(), mode: 0o100_640, owner, contents: b"hello".to_vec() }
    }

    fn learner() -> Account {
        Account::well_known("learner", "drydock/base:0").unwrap()
    }

    #[test]
    fn only_plain_absolute_paths_are_taken() {
        assert!(check(&[file("/home/learner/a b", FileOwner::User)], &[]).is_ok());
        for path in ["", "/", "a", "/a/../b", "/a//b", "/a/", "/./a", "/a\0b"] {
            assert!(check(&[file(path, FileOwner::User)], &[]).is_err(), "{path:?}");
        }
    }

    #[test]
    fn files_below_an_in_memory_file_system_are_refused() {
        let tmpfs = [Tmpfs { path: "/data".to_owned(), size: 1 }];
        assert!(check(&[file("/data/x", FileOwner::Root)], &tmpfs).is_err());
        assert!(check(&[file("/database", FileOwner::Root)], &tmpfs).is_ok());
    }

    #[test]
    fn parents_below_home_are_named_outermost_first() {
        assert_eq!(
            folders_below("/home/learner", "/home/learner/a/b/c"),
            ["/home/learner/a", "/home/learner/a/b"]
        );
        assert!(folders_below("/home/learner", "/home/learner/c").is_empty());
        assert!(folders_below("/home/learner", "/home/learners/a/c").is_empty());
        assert!(folders_below("/", "/etc/a/c").is_empty());
    }

    #[test]
    fn an_archive_carries_owners_and_modes() {
        let files = [file("/home/learner/w/a", FileOwner::User), file("/etc/b", FileOwner::Root)];
        let archive = pack(&files, &["/home/learner/w".to_owned()], &learner()).unwrap();
        let mut archive = tar::Archive::new(archive.as_slice());
        let entries: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                let path = entry.path().unwrap().display().to_string();
                (path, header.uid().unwrap(), header.mode().unwrap())
            })
            .collect();
        assert_eq!(
            entries,
            [
                ("home/learner/w".to_owned(), 1000, 0o755),
                ("home/learner/w/a".to_owned(), 1000, 0o640),
                ("etc/b".to_owned(), 0, 0o640),
            ]
        );
    }

    #[test]
    fn unpacking_holds_to_the_limit_and_to_files() {
        let archive = pack(&[file("/a", FileOwner::Root)], &[], &learner()).unwrap();
        assert_eq!(unpack(&archive, "/a", 5).unwrap(), b"hello");
        assert!(unpack(&archive, "/a", 4).is_err());
        let folder = pack(&[], &["/a".to_owned()], &learner()).unwrap();
        assert!(unpack(&folder, "/a", 5).is_err());
        assert!(unpack(&[], "/a", 5).is_err());
    }
}
