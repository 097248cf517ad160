//! Folders of folders, each of which appears and goes by one rename: an attempt's snapshots, the unpacked
//! images. Whoever changes one has its lock; what is in the making has a name of its own until then.
//!
//! Invariant: while the lock is free, what is in the making is nobody's.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::Native;
use super::client::blocking;
use super::ids::Ids;
use super::place::{self, fault};
use crate::engine::Result;

/// How the names of what is in the making begin.
const UNFINISHED: &str = ".new-";

/// The lock of a shelf, until it is dropped.
pub(super) struct Locked(#[expect(dead_code, reason = "what is held is the lock on it")] File);

impl Native {
    /// Waits until nobody else is at a shelf, and removes what they left half made.
    pub(super) async fn lock(&self, all: &Path, ids: Ids) -> Result<Locked> {
        place::make(all)?;
        let file = all.join(".lock");
        let taken =
            blocking(move || File::create(file).and_then(|lock| lock.lock().map(|()| lock)));
        let lock = taken.await?.map_err(|error| fault("wait for who else is at it", &error))?;
        for folder in unfinished_ones(all) {
            self.remove_as(&folder, ids).await?;
        }
        Ok(Locked(lock))
    }
}

/// An empty folder for what is to be made, or is to go.
pub(super) fn unfinished(all: &Path) -> Result<PathBuf> {
    let new = all.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
    place::make(&new)?;
    Ok(new)
}

/// What is in the making, or was left so.
pub(super) fn unfinished_ones(all: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(all).into_iter().flatten().filter_map(io::Result::ok);
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED))
        .map(|entry| entry.path())
}

/// The folders in a folder whose names do not begin with a dot.
pub(super) fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    entries
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
}
