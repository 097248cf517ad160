//! Everything that drydock has made on an engine, for who removes all of it.
//!
//! Sandboxes, networks and snapshots have an owner; images are common to all homes that use an engine,
//! and stay while another home, or anybody's container, needs them.

use std::fs;
use std::path::Path;

use async_trait::async_trait;

use super::{Engine, PrivateNetwork, Result, Sandbox};

/// What is on an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Belongings {
    /// The owners' sandboxes, with the bytes that each has written where the engine tells.
    pub sandboxes: Vec<(Sandbox, Option<u64>)>,
    /// Their private networks.
    pub networks: Vec<PrivateNetwork>,
    /// Their snapshots.
    pub snapshots: Vec<OwnedSnapshot>,
    /// Images that drydock has made, the youngest first.
    pub images: Vec<CommonImage>,
    /// How many sandboxes, networks and snapshots there are of other owners.
    pub of_others: usize,
}

/// A snapshot, whether or not its sandbox is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedSnapshot {
    /// The item it is of.
    pub item: String,
    /// Its name.
    pub name: String,
    /// What it takes on the engine's disk, in bytes, where the engine tells.
    pub bytes: Option<u64>,
}

/// An image that drydock has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommonImage {
    /// All its references; one that has none is called by the engine's own name for it.
    pub names: Vec<String>,
    /// Its size in bytes, where the engine tells. Images share layers.
    pub bytes: Option<u64>,
    /// Why it has to stay, if it has.
    pub kept: Option<String>,
}

impl Belongings {
    /// Whether nothing is there that these owners could want to be rid of.
    pub fn is_empty(&self) -> bool {
        self.sandboxes.is_empty()
            && self.networks.is_empty()
            && self.snapshots.is_empty()
            && self.images.is_empty()
    }
}

/// An engine from which everything can be removed.
#[async_trait]
pub trait Removal: Engine {
    /// What these owners have on the engine, and the images that are common to all.
    async fn belongings(&self, owners: &[String]) -> Result<Belongings>;

    /// Removes an image, by one of its names; one that is gone already is fine.
    async fn remove_image(&self, name: &str) -> Result<()>;

    /// Removes what is left of these owners when their sandboxes and networks are gone. On an engine
    /// that is one home's alone, that is all there is, images too.
    async fn clear(&self, owners: &[String]) -> Result<()>;
}

/// What a file, or a folder with all that is in it, takes on the disk, in bytes. Links are not followed;
/// what cannot be looked at counts for nothing.
pub fn disk_usage(path: &Path) -> u64 {
    let Ok(found) = fs::symlink_metadata(path) else { return 0 };
    let inside = |path: &Path| -> u64 {
        let entries = fs::read_dir(path).into_iter().flatten().filter_map(std::io::Result::ok);
        entries.map(|entry| disk_usage(&entry.path())).sum()
    };
    found.len() + if found.is_dir() { inside(path) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_counts_with_all_that_is_in_it_and_a_link_does_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        fs::write(folder.path().join("in/a"), [0; 5000]).unwrap();
        let (all, inner) = (disk_usage(folder.path()), disk_usage(&folder.path().join("in")));
        assert!(inner >= 5000 && all > inner, "{all} {inner}");
        let away = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), away.path().join("link")).unwrap();
        assert!(disk_usage(&away.path().join("link")) < 5000);
        assert_eq!(disk_usage(Path::new("/nonexistent")), 0);
    }
}
