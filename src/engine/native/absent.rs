//! The native engine where there is none: it needs Linux, and says so.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use async_trait::async_trait;

use super::belongings::{Belongings, Removal};
use super::image::{Builder, Images};
use super::{
    Engine, EngineError, ExecSpec, ExecStream, FileSpec, Info, Lack, Offers, Result, Sandbox,
    SandboxId, SandboxSpec, ShellSpec, ShellStream, Snapshot, SnapshotSpec,
};

/// What a specification calls the machine's own directories instead of an image.
pub const MACHINE: &str = "machine";

/// No words name a part of a sandbox here.
pub fn intercept(_: &[OsString]) -> Option<ExitCode> {
    None
}

/// The native engine, which is not available here.
#[derive(Debug, Clone)]
pub struct Native;

/// How limits are held: not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limiter {
    /// By nothing.
    Processes,
}

impl std::fmt::Display for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("none")
    }
}

/// What there is, for people: nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// How many users a sandbox has.
    pub users: u32,
    /// Which.
    pub numbers: String,
    /// How limits are held.
    pub limiter: Limiter,
    /// What connects a sandbox to a network, or why nothing does.
    pub network: std::result::Result<PathBuf, Lack>,
}

const REMEDY: &str = "install Docker or Podman; drydock finds it";

fn lack() -> Lack {
    Lack::new("the native engine needs Linux", REMEDY)
}

fn absent<T>() -> Result<T> {
    let detail = format!("the native engine needs Linux, and this is {}", std::env::consts::OS);
    Err(EngineError::NotAllowedHere { detail, remedy: REMEDY.to_owned() })
}

impl Native {
    /// An engine whose every call says why it is not available.
    pub fn new(_: PathBuf, _: PathBuf) -> Self {
        Self
    }

    /// Never.
    #[expect(clippy::unused_async, reason = "where there is one it waits")]
    pub async fn possible(&self) -> Result<()> {
        absent()
    }

    /// Nothing.
    pub fn facts(&self) -> Facts {
        Facts {
            users: 0,
            numbers: "none".to_owned(),
            limiter: Limiter::Processes,
            network: Err(lack()),
        }
    }

    /// Why there is one user only in a sandbox: there is no sandbox.
    pub fn one_user(&self) -> Option<Lack> {
        None
    }

    /// The same.
    pub fn this(_: PathBuf) -> std::io::Result<Self> {
        Ok(Self)
    }
}

#[async_trait]
impl Engine for Native {
    fn name(&self) -> &'static str {
        "native"
    }
    fn offers(&self) -> Offers {
        Offers {
            multiple_users: Err(lack()),
            init_system: Err(lack()),
            internet: Err(lack()),
            systems: Err(lack()),
        }
    }
    async fn info(&self) -> Result<Info> {
        absent()
    }
    async fn create(&self, _: &SandboxSpec) -> Result<Sandbox> {
        absent()
    }
    async fn start(&self, _: &SandboxId) -> Result<()> {
        absent()
    }
    async fn inspect(&self, _: &SandboxId) -> Result<Sandbox> {
        absent()
    }
    async fn exec(&self, _: &SandboxId, _: &ExecSpec) -> Result<ExecStream> {
        absent()
    }
    async fn shell(&self, _: &SandboxId, _: &ShellSpec) -> Result<ShellStream> {
        absent()
    }
    async fn hang_up(&self, _: &SandboxId, _: &str) -> Result<()> {
        absent()
    }
    async fn copy_in(&self, _: &SandboxId, _: &[FileSpec]) -> Result<()> {
        absent()
    }
    async fn copy_out(&self, _: &SandboxId, _: &str, _: u64) -> Result<Vec<u8>> {
        absent()
    }
    async fn list(&self, _: Option<&str>) -> Result<Vec<Sandbox>> {
        absent()
    }
    async fn memory(&self, _: &SandboxId) -> Result<Option<u64>> {
        absent()
    }
    async fn destroy(&self, _: &SandboxId) -> Result<()> {
        absent()
    }
    async fn snapshot(&self, _: &SandboxId, _: &SnapshotSpec) -> Result<Snapshot> {
        absent()
    }
    async fn snapshots(&self, _: &SandboxId) -> Result<Vec<Snapshot>> {
        absent()
    }
    async fn rewind(&self, _: &SandboxId, _: &str) -> Result<Sandbox> {
        absent()
    }
    async fn remove_snapshot(&self, _: &SandboxId, _: &str) -> Result<()> {
        absent()
    }
    fn images(&self) -> Option<&dyn Images> {
        None
    }
    fn builder(&self) -> Option<&dyn Builder> {
        None
    }
}

#[async_trait]
impl Removal for Native {
    async fn belongings(&self, _: &[String]) -> Result<Belongings> {
        Ok(Belongings::default())
    }
    async fn remove_image(&self, _: &str) -> Result<()> {
        Ok(())
    }
    async fn clear(&self, _: &[String]) -> Result<()> {
        Ok(())
    }
}
