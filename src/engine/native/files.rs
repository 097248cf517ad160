//! Files on their way into a sandbox: checked here, and kept for its first start.

use serde::{Deserialize, Serialize};

use crate::engine::{EngineError, FileOwner, FileSpec, Result, Tmpfs};

/// A file as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    path: String,
    mode: u32,
    roots: bool,
    contents: Vec<u8>,
}

impl From<&FileSpec> for Kept {
    fn from(file: &FileSpec) -> Self {
        let FileSpec { path, mode, owner, contents } = file;
        Self {
            path: path.clone(),
            mode: *mode,
            roots: *owner == FileOwner::Root,
            contents: contents.clone(),
        }
    }
}

impl From<Kept> for FileSpec {
    fn from(file: Kept) -> Self {
        let Kept { path, mode, roots, contents } = file;
        let owner = if roots { FileOwner::Root } else { FileOwner::User };
        Self { path, mode, owner, contents }
    }
}

/// Refuses paths that cannot be what was meant.
pub(super) fn check(files: &[FileSpec], tmpfs: &[Tmpfs]) -> Result<()> {
    let refuse =
        |path: &str, reason: &str| EngineError::Refused { detail: format!("{path}: {reason}") };
    for FileSpec { path, .. } in files {
        if !is_plain(path) {
            return Err(refuse(path, "a file's place in a sandbox is a plain absolute path"));
        }
        let hidden = tmpfs.iter().any(|memory| {
            path.strip_prefix(memory.path.trim_end_matches('/'))
                .is_some_and(|rest| rest.starts_with('/'))
        });
        if hidden {
            return Err(refuse(path, "an in-memory file system would hide this file"));
        }
    }
    for Tmpfs { path, .. } in tmpfs {
        if !is_plain(path) {
            return Err(refuse(
                path,
                "a file system's place in a sandbox is a plain absolute path",
            ));
        }
    }
    Ok(())
}

fn is_plain(path: &str) -> bool {
    path.starts_with('/')
        && !path.contains('\0')
        && path.split('/').skip(1).all(|part| !matches!(part, "" | "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_paths_that_stay_in_sight_are_taken() {
        let file = |path: &str| FileSpec {
            path: path.to_owned(),
            mode: 0o644,
            owner: FileOwner::User,
            contents: Vec::new(),
        };
        let tmpfs = [Tmpfs { path: "/data".to_owned(), size: 1 }];
        assert!(check(&[file("/home/learner/a b"), file("/database")], &tmpfs).is_ok());
        for path in ["", "/", "a", "/a/../b", "/a//b", "/a/", "/./a", "/a\0b", "/data/x"] {
            assert!(check(&[file(path)], &tmpfs).is_err(), "{path:?}");
        }
    }
}
