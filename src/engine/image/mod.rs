//! Sandbox images: which there are, and how they come to be on an engine.
//!
//! [`definition`] is what the folder `images/` says, compiled in; [`root`] makes the distribution
//! root that the first of them is built from, where it cannot be pulled. Building is the engine's.

use async_trait::async_trait;
use serde::Serialize;

use super::{Progress, Result};

pub(crate) mod definition;
#[cfg(unix)]
pub(crate) mod root;

/// The account that every image of ours has for the learner, with its numbers and home.
pub const USER: &str = "learner";
/// User and group number of [`USER`].
pub const USER_ID: u64 = 1000;
/// Where [`USER`] lives.
pub const USER_HOME: &str = "/home/learner";

/// Whether a reference is one of our own images, whatever its tag.
pub fn is_ours(reference: &str) -> bool {
    let name = reference.strip_prefix(definition::PREFIX).unwrap_or_default();
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    definition::all().is_ok_and(|all| all.iter().any(|definition| definition.name == name))
}
/// An engine's images.
#[async_trait]
pub trait Images: Send + Sync {
    /// Whether a reference is on the engine.
    async fn present(&self, reference: &str) -> Result<bool>;

    /// Makes an image of ours present and returns its reference: the tag that carries the hash of
    /// its inputs is used if it is there, else it is built (and first what it is built from).
    async fn ensure(
        &self,
        name: &str,
        options: &BuildOptions,
        progress: Progress<'_>,
    ) -> Result<String>;

    /// Pulls a foreign image.
    async fn pull(&self, reference: &str, progress: Progress<'_>) -> Result<()>;

    /// Our images: those that are defined and those that are on the engine, old ones included.
    async fn list(&self) -> Result<Vec<ImageInfo>>;
}

/// How images are built.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildOptions {
    /// Use this Debian image as the base instead of looking for one.
    pub base: Option<String>,
    /// Build even if the tag is there.
    pub force: bool,
    /// Never use the network.
    pub offline: bool,
}

/// One of our images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageInfo {
    /// `base`, `systemd`.
    pub name: String,
    /// The full reference, hash included.
    pub reference: String,
    /// Whether it is on the engine.
    pub present: bool,
    /// Whether it is what the current inputs give (an old build is not).
    pub current: bool,
    /// Bytes on the engine, where present.
    pub size: Option<u64>,
}
