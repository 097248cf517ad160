//! Which engine is used on this machine, decided in one place, and why.
//!
//! [`choose`] decides; what it gives is an [`Engine`] itself: new sandboxes are made on the one that
//! was chosen, and those that are there are found on whichever they were made, as far as that one can
//! be reached. Which it was is told by a sandbox's id.
//!
//! Invariants: an engine that somebody named is used, or it is said what is wrong with it: never
//! quietly another; an engine that did not answer is not asked a second time.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::docker::{Docker, Environment};
use super::image::{Builder, Images};
use super::native::{MACHINE, Native};
use super::{
    Engine, EngineError, ExecSpec, ExecStream, FileSpec, Info, Lack, NetworkSpec, Offers,
    PrivateNetwork, Result, Sandbox, SandboxId, SandboxSpec, ShellSpec, ShellStream, Snapshot,
    SnapshotSpec, Systems,
};

/// How long an engine that nobody named may take to answer before another is taken.
const PATIENCE: Duration = Duration::from_secs(2);

/// The engines' names in configuration and output.
pub const DOCKER: &str = "docker";
/// The same.
pub const NATIVE: &str = "native";

/// Which engine is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The first that works: Docker's, then the native one.
    Any,
    /// What speaks the Docker API.
    Docker,
    /// Namespaces of this machine.
    Native,
}

/// The engine that is used, and the others' sandboxes.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The one that was chosen.
    main: Arc<dyn Engine>,
    /// The other one, or why there is none.
    other: Result<Arc<dyn Engine>>,
    /// Set once the other one has not answered.
    silent: Arc<OnceLock<EngineError>>,
    reason: String,
}

/// Decides which engine is used. `native` is the native engine of this home.
pub async fn choose(
    wanted: Wanted,
    environment: &Environment,
    offline: bool,
    native: Native,
) -> Result<Chosen> {
    let docker = Docker::connect(environment, offline);
    let boxed = |docker: Docker| Arc::new(docker) as Arc<dyn Engine>;
    let chosen = |main, other, reason| Chosen { main, other, silent: Arc::default(), reason };
    let named = |name: &str| format!("{name}: named by the configuration (backend: {name})");
    match wanted {
        Wanted::Docker => {
            Ok(chosen(boxed(docker?), Ok(Arc::new(native) as Arc<dyn Engine>), named(DOCKER)))
        }
        Wanted::Native => Ok(chosen(Arc::new(native), docker.map(boxed), named(NATIVE))),
        Wanted::Any => {
            // Asked by a client of its own, whose connections end here.
            let asked = async {
                let endpoint = Docker::connect(environment, offline)?.answers(PATIENCE).await?;
                Ok::<_, EngineError>((boxed(docker?), endpoint))
            };
            let error = match asked.await {
                Ok((docker, endpoint)) => {
                    let reason = format!("{DOCKER}: the engine at {endpoint} answers");
                    return Ok(chosen(docker, Ok(Arc::new(native)), reason));
                }
                Err(error) => error,
            };
            match native.possible().await {
                Ok(()) => {
                    let reason = format!("{NATIVE}: {}", lower(&error.to_string()));
                    Ok(chosen(Arc::new(native), Err(error), reason))
                }
                Err(own) => Err(EngineError::NoEngine {
                    detail: format!("{error}. The native engine: {own}"),
                    remedy: [own.remedy(), error.remedy()]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join("; or "),
                }),
            }
        }
    }
}

/// The engine that a sandbox is on, alone: for who knows that sandbox and needs no other.
pub fn engine_of(
    id: &SandboxId,
    environment: &Environment,
    offline: bool,
    native: Native,
) -> Result<Arc<dyn Engine>> {
    Ok(if name_of(id) == NATIVE {
        Arc::new(native)
    } else {
        Arc::new(Docker::connect(environment, offline)?)
    })
}

/// The name of the engine that a sandbox is on: a native one's id has 32 digits, and one of Docker's
/// has 64.
pub fn name_of(id: &SandboxId) -> &'static str {
    if id.0.len() == 32 { NATIVE } else { DOCKER }
}

/// A sentence in the middle of another, unless it begins with a name.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let begins_a_word =
        sentence.chars().nth(1).is_some_and(|second| second.is_lowercase() || second == ' ');
    match letters.next() {
        Some(first) if begins_a_word => first.to_lowercase().chain(letters).collect(),
        _ => sentence.to_owned(),
    }
}

impl Chosen {
    /// Why this engine, in one sentence that begins with its name.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The engine that a sandbox is on.
    fn of(&self, id: &SandboxId) -> Result<&dyn Engine> {
        if name_of(id) == self.main.name() {
            return Ok(self.main.as_ref());
        }
        match (&self.other, self.silent.get()) {
            (Ok(other), None) => Ok(other.as_ref()),
            (Ok(_), Some(error)) | (Err(error), _) => Err(error.clone()),
        }
    }

    /// What the engine that is not the chosen one has, as far as it answers.
    async fn others<'a, T>(
        &'a self,
        ask: impl FnOnce(&'a dyn Engine) -> BoxFuture<'a, Result<Vec<T>>>,
    ) -> Vec<T> {
        let Ok(other) = &self.other else { return Vec::new() };
        if self.silent.get().is_some() {
            return Vec::new();
        }
        let late = |_| {
            let what = format!("no answer within {} s", PATIENCE.as_secs());
            Err(EngineError::Timeout { what })
        };
        let asked = tokio::time::timeout(PATIENCE, ask(other.as_ref())).await;
        asked.unwrap_or_else(late).unwrap_or_else(|error| {
            tracing::info!(%error, engine = other.name(), "the other engine is not looked at");
            self.silent.get_or_init(|| error);
            Vec::new()
        })
    }
}

/// For people: the sentence.
impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[async_trait]
impl Engine for Chosen {
    fn name(&self) -> &'static str {
        self.main.name()
    }

    fn offers(&self) -> Offers {
        self.main.offers()
    }

    async fn info(&self) -> Result<Info> {
        self.main.info().await
    }

    async fn create(&self, spec: &SandboxSpec) -> Result<Sandbox> {
        let of_machine = matches!(spec.image.as_str(), "" | MACHINE);
        if of_machine && self.main.builder().is_some() {
            // What the sandbox was made from that another is to be like.
            return Err(EngineError::ImageMissing {
                image: MACHINE.to_owned(),
                detail: "the sandbox was on the native engine".to_owned(),
            });
        }
        self.main.create(spec).await
    }

    async fn start(&self, id: &SandboxId) -> Result<()> {
        self.of(id)?.start(id).await
    }

    async fn inspect(&self, id: &SandboxId) -> Result<Sandbox> {
        self.of(id)?.inspect(id).await
    }

    async fn exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecStream> {
        self.of(id)?.exec(id, spec).await
    }

    async fn shell(&self, id: &SandboxId, spec: &ShellSpec) -> Result<ShellStream> {
        self.of(id)?.shell(id, spec).await
    }

    async fn hang_up(&self, id: &SandboxId, shell: &str) -> Result<()> {
        self.of(id)?.hang_up(id, shell).await
    }

    async fn copy_in(&self, id: &SandboxId, files: &[FileSpec]) -> Result<()> {
        self.of(id)?.copy_in(id, files).await
    }

    async fn copy_out(&self, id: &SandboxId, path: &str, limit: u64) -> Result<Vec<u8>> {
        self.of(id)?.copy_out(id, path, limit).await
    }

    async fn list(&self, owner: Option<&str>) -> Result<Vec<Sandbox>> {
        let (own, others) =
            tokio::join!(self.main.list(owner), self.others(|other| other.list(owner)));
        let mut all = own?;
        all.extend(others);
        Ok(all)
    }

    async fn memory(&self, id: &SandboxId) -> Result<Option<u64>> {
        self.of(id)?.memory(id).await
    }

    async fn destroy(&self, id: &SandboxId) -> Result<()> {
        self.of(id)?.destroy(id).await
    }

    async fn snapshot(&self, id: &SandboxId, spec: &SnapshotSpec) -> Result<Snapshot> {
        self.of(id)?.snapshot(id, spec).await
    }

    async fn snapshots(&self, id: &SandboxId) -> Result<Vec<Snapshot>> {
        self.of(id)?.snapshots(id).await
    }

    async fn rewind(&self, id: &SandboxId, name: &str) -> Result<Sandbox> {
        self.of(id)?.rewind(id, name).await
    }

    async fn remove_snapshot(&self, id: &SandboxId, name: &str) -> Result<()> {
        self.of(id)?.remove_snapshot(id, name).await
    }

    fn images(&self) -> Option<&dyn Images> {
        self.main.images()
    }

    fn builder(&self) -> Option<&dyn Builder> {
        self.main.builder()
    }

    fn systems(&self) -> Option<&dyn Systems> {
        let other = || self.other.as_ref().ok().and_then(|other| other.systems());
        self.main.systems().or_else(other).map(|_| self as &dyn Systems)
    }
}

impl Chosen {
    /// The systems of the engine that a machine is on.
    fn systems_of(&self, id: &SandboxId) -> Result<&dyn Systems> {
        let engine = self.of(id)?;
        engine.systems().ok_or_else(|| no_systems(engine))
    }
}

/// That an engine joins no machines.
fn no_systems(engine: &dyn Engine) -> EngineError {
    let words = |Lack { reason, remedy }| EngineError::NotAllowedHere { detail: reason, remedy };
    engine.offers().systems.map_or_else(words, |()| EngineError::Refused {
        detail: format!("the {} engine has no private networks", engine.name()),
    })
}

/// As with sandboxes: new ones are made on the engine that was chosen, and those that are there are
/// found.
#[async_trait]
impl Systems for Chosen {
    async fn make_network(&self, spec: &NetworkSpec) -> Result<String> {
        let systems = self.main.systems().ok_or_else(|| no_systems(self.main.as_ref()))?;
        systems.make_network(spec).await
    }

    async fn networks(&self, owner: Option<&str>) -> Result<Vec<PrivateNetwork>> {
        async fn of(engine: &dyn Engine, owner: Option<&str>) -> Result<Vec<PrivateNetwork>> {
            match engine.systems() {
                Some(systems) => systems.networks(owner).await,
                None => Ok(Vec::new()),
            }
        }
        let (own, others) = tokio::join!(
            of(self.main.as_ref(), owner),
            self.others(|other| of(other, owner).boxed())
        );
        let mut all = own?;
        all.extend(others);
        Ok(all)
    }

    async fn remove_network(&self, name: &str) -> Result<()> {
        // A name does not tell whose it is; where it is not, it counts as gone.
        let others = self.other.as_ref().ok().filter(|_| self.silent.get().is_none());
        for engine in [Some(&self.main), others].into_iter().flatten() {
            if let Some(systems) = engine.systems() {
                systems.remove_network(name).await?;
            }
        }
        Ok(())
    }

    async fn stop(&self, id: &SandboxId) -> Result<()> {
        self.systems_of(id)?.stop(id).await
    }

    async fn pause(&self, id: &SandboxId) -> Result<()> {
        self.systems_of(id)?.pause(id).await
    }

    async fn resume(&self, id: &SandboxId) -> Result<()> {
        self.systems_of(id)?.resume(id).await
    }

    async fn limit(&self, id: &SandboxId, cpus: Option<f64>, memory: Option<u64>) -> Result<()> {
        self.systems_of(id)?.limit(id, cpus, memory).await
    }

    async fn cut(&self, id: &SandboxId) -> Result<()> {
        self.systems_of(id)?.cut(id).await
    }

    async fn join(&self, id: &SandboxId) -> Result<()> {
        self.systems_of(id)?.join(id).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Environment {
        Environment::new([("DOCKER_HOST", "unix:///nonexistent/docker.sock")], None)
    }

    fn native(folder: &std::path::Path) -> Native {
        Native::new(folder.to_owned(), "/nonexistent/drydock".into())
    }

    #[tokio::test]
    async fn a_named_engine_is_used_whether_or_not_it_answers() {
        let folder = tempfile::TempDir::new().unwrap();
        for (wanted, name) in [(Wanted::Docker, DOCKER), (Wanted::Native, NATIVE)] {
            let chosen = choose(wanted, &nowhere(), true, native(folder.path())).await.unwrap();
            assert_eq!(chosen.name(), name);
            assert_eq!(
                chosen.reason(),
                format!("{name}: named by the configuration (backend: {name})")
            );
        }
    }

    #[tokio::test]
    async fn where_neither_works_both_reasons_are_told() {
        let folder = tempfile::TempDir::new().unwrap();
        let error = choose(Wanted::Any, &nowhere(), true, native(folder.path())).await.unwrap_err();
        let said = error.to_string();
        assert!(said.contains("/nonexistent/docker.sock") && said.contains("native"), "{said}");
        assert_eq!(error.kind(), "engine_none");
        assert!(error.remedy().unwrap().contains("docker"));
    }

    #[tokio::test]
    async fn the_other_engine_is_asked_once_and_its_silence_is_told_for_its_sandboxes() {
        let folder = tempfile::TempDir::new().unwrap();
        let chosen = choose(Wanted::Native, &nowhere(), true, native(folder.path())).await.unwrap();
        assert_eq!(chosen.list(None).await, Ok(Vec::new()));
        let docker = SandboxId("a".repeat(64));
        let error = chosen.inspect(&docker).await.unwrap_err();
        assert!(matches!(error, EngineError::NotRunning { .. }), "{error:?}");
        let own = chosen.inspect(&SandboxId("a".repeat(32))).await.unwrap_err();
        assert!(matches!(own, EngineError::SandboxGone { .. }), "{own:?}");
    }

    #[tokio::test]
    async fn a_system_is_made_on_the_chosen_engine_or_not_at_all() {
        let folder = tempfile::TempDir::new().unwrap();
        let chosen = choose(Wanted::Native, &nowhere(), true, native(folder.path())).await.unwrap();
        // The other engine's would be found, if it answered.
        let systems = chosen.systems().unwrap();
        let spec = NetworkSpec { item: "i".into(), attempt: "a".into(), owner: "o".into() };
        let error = systems.make_network(&spec).await.unwrap_err();
        assert!(matches!(error, EngineError::NotAllowedHere { .. }), "{error:?}");
        assert_eq!(systems.networks(None).await, Ok(Vec::new()));
        assert_eq!(systems.remove_network("drydock-i").await, Ok(()));
        let error = systems.pause(&SandboxId("a".repeat(32))).await.unwrap_err();
        assert!(matches!(error, EngineError::NotAllowedHere { .. }), "{error:?}");
    }

    #[test]
    fn a_sentence_goes_into_another() {
        assert_eq!(lower("The Docker engine"), "the Docker engine");
        assert_eq!(lower("A socket"), "a socket");
        assert_eq!(lower("DOCKER_HOST is wrong"), "DOCKER_HOST is wrong");
    }
}
