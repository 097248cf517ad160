//! Sandbox images: which there are, and how they come to be on an engine.

use async_trait::async_trait;
use serde::Serialize;

use super::{Progress, Result};

/// An engine's images.
#[async_trait]
pub trait Images: Send + Sync {
    /// Whether a reference is on the engine.
    async fn present(&self, reference: &str) -> Result<bool>;

    /// Makes an image of ours present and returns its reference: the tag that carries the hash of
    /// its inputs is used if it is there, else it is built (and first what it is built from).
    async fn ensure(&self, name: &str, options: &BuildOptions, progress: Progress<'_>) -> Result<String>;

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
