//! Sandbox images: which there are, and how they come to be on an engine.
//!
//! [`definition`] is what the folder `images/` says, compiled in; [`root`] makes the distribution
//! root that the first of them is built from, where it cannot be pulled. Building is the engine's.

use std::io::Write;
use std::path::Path;

use async_trait::async_trait;
use serde::Serialize;

use super::{Progress, Result};

pub(crate) mod archive;
pub(crate) mod definition;
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

/// The references of our own images, without tags.
pub fn ours() -> Vec<String> {
    let all = definition::all().unwrap_or_default().iter();
    all.map(|definition| format!("{}{}", definition::PREFIX, definition.name)).collect()
}

/// The images on an engine.
#[async_trait]
pub trait Images: Send + Sync {
    /// Whether a reference is on the engine. One for another architecture is
    /// [`EngineError::OtherArchitecture`](super::EngineError::OtherArchitecture): it would not run.
    async fn present(&self, reference: &str) -> Result<bool>;

    /// Our images: those that are defined and those that are on the engine, old ones included. An
    /// engine that has no others of its own lists foreign ones too.
    async fn list(&self) -> Result<Vec<ImageInfo>>;

    /// Puts the images of an archive on the engine, as [`Builder::export`] and `docker save` write it,
    /// and returns their references. Dropping the future leaves each image whole or absent.
    async fn import(&self, archive: &Path, progress: Progress<'_>) -> Result<Vec<String>>;

    /// Removes a reference, and the image if it has no other. One that a sandbox or a snapshot needs
    /// is [`EngineError::ImageInUse`](super::EngineError::ImageInUse); one that is not there is
    /// [`EngineError::ImageMissing`](super::EngineError::ImageMissing).
    async fn remove(&self, reference: &str) -> Result<()>;
}

/// An engine's architecture, as it tells it, in the words of images; this machine's where it does not tell.
pub fn architecture(told: Option<&str>) -> &str {
    match told.unwrap_or(std::env::consts::ARCH) {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// An engine that makes images and fetches them, and whose sandboxes therefore always have one.
#[async_trait]
pub trait Builder: Images {
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

    /// Writes images into one archive, as `docker save` does: a tar file, not compressed. A write may
    /// block.
    async fn export(
        &self,
        references: &[&str],
        archive: &mut (dyn Write + Send),
        progress: Progress<'_>,
    ) -> Result<()>;
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
