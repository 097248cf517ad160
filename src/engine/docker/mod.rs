//! Any engine that speaks the Docker API: Docker or Podman, on this machine or far away.
//!
//! [`endpoint`] decides where it is, [`dial`] opens byte streams to it, [`transport`] speaks HTTP
//! over them: to bollard for calls, and raw for terminals and pipes. [`sandbox`] is a container's
//! life, [`exec`] and [`shell`] are what runs in it, [`snapshot`] keeps its files and brings them
//! back, [`systems`] joins several, [`image`] is what it is made from, [`belongings`] finds all of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::SystemVersion;
use tokio::sync::OnceCell;

use super::image::{Builder, Images};
use super::{
    Engine, EngineError, ExecSpec, ExecStream, FileSpec, Info, Result, Sandbox, SandboxId,
    SandboxSpec, ShellSpec, ShellStream, Snapshot, SnapshotSpec, Systems,
};

mod account;
mod belongings;
mod context;
mod dial;
mod endpoint;
mod environment;
mod exec;
mod fault;
mod files;
mod image;
mod recipe;
mod sandbox;
mod shell;
mod snapshot;
mod ssh;
mod stdcopy;
mod systems;
mod tls;
mod transport;

pub use environment::Environment;

/// A Docker or Podman engine. Clones are the same engine.
#[derive(Clone)]
pub struct Docker {
    transport: transport::Transport,
    api: bollard::Docker,
    environment: Environment,
    /// Whether the network may not be used.
    offline: bool,
    /// What this process knows of sandboxes without asking: labels never change.
    known: Arc<Mutex<HashMap<SandboxId, sandbox::Known>>>,
    /// What it said of itself, once it was asked.
    server: Arc<OnceCell<Server>>,
}

/// What an engine says of itself and never changes.
struct Server {
    /// Whether it is Podman, which differs in what networks can be asked for.
    podman: bool,
    /// Its architecture, in the words that images have: `amd64`.
    architecture: Option<String>,
}

impl fmt::Debug for Docker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Docker")
            .field("endpoint", &self.transport.endpoint())
            .finish_non_exhaustive()
    }
}

impl Docker {
    /// Finds the engine as the docker command does. Reads configuration files but makes no
    /// connection: that is for the first call, [`Engine::info`] by custom.
    ///
    /// With `offline`, images are neither pulled nor built.
    pub fn connect(environment: &Environment, offline: bool) -> Result<Self> {
        let target = endpoint::resolve(environment)?;
        let dialer = dial::Dialer::new(target, environment.clone());
        let transport = transport::Transport::new(dialer);
        let api = transport.bollard()?;
        let environment = environment.clone();
        let (known, server) = Default::default();
        Ok(Self { transport, api, environment, offline, known, server })
    }

    /// Where an engine answers, which it must within `patience`; the question costs one exchange.
    pub async fn answers(&self, patience: Duration) -> Result<String> {
        let asked = tokio::time::timeout(patience, self.transport.version()).await;
        let endpoint = self.transport.endpoint();
        if let Ok(answer) = asked {
            return answer.map(|_| endpoint);
        }
        let detail = format!("no answer within {} seconds", patience.as_secs());
        Err(EngineError::NotRunning { endpoint, detail })
    }

    /// What it says of itself; asked once.
    async fn server(&self) -> Result<&Server> {
        let ask = async || {
            let version = self.api.version().await;
            let version =
                version.map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
            Ok(Server { podman: is_podman(&version), architecture: version.arch })
        };
        self.server.get_or_try_init(ask).await
    }

    fn known(&self) -> MutexGuard<'_, HashMap<SandboxId, sandbox::Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_podman(version: &SystemVersion) -> bool {
    version.components.iter().flatten().any(|part| part.name.contains("Podman"))
}

#[async_trait]
impl Engine for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    async fn info(&self) -> Result<Info> {
        // The first question must fail by itself, with its own short time.
        self.transport.version().await?;
        let (version, info) = tokio::try_join!(self.api.version(), self.api.info())
            .map_err(|error| fault::of_engine(error, &self.transport.endpoint()))?;
        Ok(Info {
            product: if is_podman(&version) { "podman" } else { "docker" }.to_owned(),
            version: version.version.unwrap_or_default(),
            endpoint: self.transport.endpoint(),
            cgroup_version: info
                .cgroup_version
                .and_then(|version| version.to_string().parse().ok()),
            architecture: info.architecture,
        })
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Sandbox> {
        self.create_sandbox(spec).await
    }

    async fn start(&self, id: &SandboxId) -> Result<()> {
        self.start_sandbox(id).await
    }

    async fn inspect(&self, id: &SandboxId) -> Result<Sandbox> {
        self.inspect_sandbox(id).await
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecStream> {
        self.open_exec(id, spec).await
    }

    async fn shell(&self, id: &SandboxId, spec: &ShellSpec) -> Result<ShellStream> {
        self.open_shell(id, spec).await
    }

    async fn hang_up(&self, id: &SandboxId, shell: &str) -> Result<()> {
        self.hang_up_shell(id, shell).await
    }

    async fn copy_in(&self, id: &SandboxId, files: &[FileSpec]) -> Result<()> {
        self.copy_files_in(id, files).await
    }

    async fn copy_out(&self, id: &SandboxId, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.copy_file_out(id, path, limit).await
    }

    async fn list(&self, owner: Option<&str>) -> Result<Vec<Sandbox>> {
        self.list_sandboxes(owner).await
    }

    async fn memory(&self, id: &SandboxId) -> Result<Option<u64>> {
        self.memory_of(id).await
    }

    async fn destroy(&self, id: &SandboxId) -> Result<()> {
        self.destroy_sandbox(id).await
    }

    async fn snapshot(&self, id: &SandboxId, spec: &SnapshotSpec) -> Result<Snapshot> {
        self.take_snapshot(id, spec).await
    }

    async fn snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>> {
        self.list_snapshots(id).await
    }

    async fn rewind(&self, id: &SandboxId, name: &str) -> Result<Sandbox> {
        self.make_from_snapshot(id, name).await
    }

    async fn remove_snapshot(&self, id: &SandboxId, name: &str) -> Result<()> {
        self.forget_snapshot(id, name).await
    }

    fn images(&self) -> Option<&dyn Images> {
        Some(self)
    }

    fn builder(&self) -> Option<&dyn Builder> {
        Some(self)
    }

    fn systems(&self) -> Option<&dyn Systems> {
        Some(self)
    }
}
