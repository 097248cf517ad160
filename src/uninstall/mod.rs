//! Everything that a drydock home has made, wherever it is, and its removal.
//!
//! [`Inventory::take`] looks and changes nothing; [`Inventory::remove`] removes what it found, shells and
//! directors first, then what is on engines, then files, the configuration last. Each step is as good
//! done twice, so that a removal that was stopped goes on from there.
//!
//! Invariants: what another home or somebody's container needs stays; nothing is claimed of an engine that
//! does not answer; progress and completions go only when that was asked for.

pub mod files;
pub mod installed;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future;

use self::files::{Part, Purpose};
use crate::context;
use crate::engine::EngineError;
use crate::engine::belongings::{Belongings, Removal};
use crate::engine::choice::{DOCKER, NATIVE};
use crate::engine::docker::{Docker, Environment};
use crate::incident::incidents;
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::prove::round;
use crate::session::{Held, Place};
use crate::store::{AttemptId, recovery};

/// How long an engine may take to tell what is on it: it adds up the sizes of containers.
const PATIENCE: Duration = Duration::from_mins(2);

/// What there is of a home.
pub struct Inventory {
    paths: Paths,
    /// Shells that are held.
    pub shells: Vec<Held>,
    /// Incidents that go on.
    pub incidents: Vec<AttemptId>,
    /// What is on each engine, or why that cannot be told.
    pub engines: Vec<OnEngine>,
    /// Files and folders.
    pub files: Vec<Part>,
}

/// What is on an engine.
pub struct OnEngine {
    /// The engine's name.
    pub name: &'static str,
    /// What is on it, or why that cannot be told.
    pub found: Result<Belongings, EngineError>,
    engine: Option<Box<dyn Removal>>,
}

/// What else may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Also {
    /// Progress.
    pub progress: bool,
    /// The repository of completions.
    pub completions: bool,
    /// Images, which are common to all homes that use an engine.
    pub images: bool,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Removed {
    /// What was to go and could not, and why.
    pub failed: Vec<(String, Problem)>,
    /// What lies in the home's folders and is none of ours.
    pub strangers: Vec<PathBuf>,
}

impl Inventory {
    /// Looks for everything. No file is made and nothing is started.
    pub async fn take(paths: &Paths) -> Self {
        let owners = owners(paths);
        let environment = Environment::from_process();
        let docker = Docker::connect(&environment, true).map(boxed);
        let native = context::native(paths).map(boxed);
        let (docker, native) = tokio::join!(
            OnEngine::look(DOCKER, docker, &owners),
            OnEngine::look(NATIVE, native, &owners)
        );
        let mut files = files::of_home(paths);
        files.extend(installed::help_files());
        Self {
            shells: Place::new(paths.runtime_dir.clone()).held(),
            incidents: incidents::directed(&paths.incidents()),
            engines: vec![docker, native],
            files,
            paths: paths.clone(),
        }
    }

    /// The files of this purpose.
    pub fn of(&self, purpose: Purpose) -> impl Iterator<Item = &Part> {
        self.files.iter().filter(move |part| part.purpose == purpose)
    }

    /// Removes everything that was found, and what else is to go. What cannot be removed keeps nothing
    /// else from it. Nothing is removed while another drydock of this home is at work.
    pub async fn remove(&self, also: Also, tell: &dyn Fn(&str)) -> Result<Removed, Problem> {
        let paths = &self.paths;
        let mut removed = Removed::default();
        for id in incidents::known(&paths.incidents()) {
            tell("Ending incidents");
            let ended = incidents::end(&paths.incidents(), id).await;
            removed.note(|| format!("the director of {id}"), ended);
        }
        recovery::is_free(&paths.database)?;
        let _proving = if paths.runtime_dir.exists() { Some(round::alone(paths)?) } else { None };
        let place = Place::new(paths.runtime_dir.clone());
        for held in &self.shells {
            tell(&format!("Ending the shell of {}", held.item));
            place.end(&held.sandbox).await;
        }
        for on in &self.engines {
            on.remove(&owners(paths), also.images, tell, &mut removed).await;
        }
        for part in &self.files {
            let goes = match part.purpose {
                Purpose::Progress => also.progress,
                Purpose::Completions => also.completions,
                _ => true,
            };
            if goes {
                tell(&format!("Removing {}", part.path.display()));
                let done = part.remove().map_err(|error| {
                    let message = format!("{} cannot be removed: {error}", part.path.display());
                    Problem::new("cannot_remove", Exit::Environment, message)
                });
                removed.note(|| part.path.display().to_string(), done);
            }
        }
        removed.strangers = files::remove_empty_folders(paths);
        removed.strangers.retain(|path| {
            *path != paths.native && !self.files.iter().any(|part| part.path == *path)
        });
        Ok(removed)
    }
}

impl OnEngine {
    async fn look(
        name: &'static str,
        engine: Result<Box<dyn Removal>, EngineError>,
        owners: &[String],
    ) -> Self {
        let engine = match engine {
            Ok(engine) => engine,
            Err(error) => return Self { name, found: Err(error), engine: None },
        };
        let asked = tokio::time::timeout(PATIENCE, engine.belongings(owners)).await;
        let late = |_| Err(EngineError::Timeout { what: "what is on it".to_owned() });
        Self { name, found: asked.unwrap_or_else(late), engine: Some(engine) }
    }

    async fn remove(
        &self,
        owners: &[String],
        images: bool,
        tell: &dyn Fn(&str),
        removed: &mut Removed,
    ) {
        let (Some(engine), Ok(found)) = (&self.engine, &self.found) else { return };
        // At once: a system has many.
        let sandboxes = found.sandboxes.iter().map(|(sandbox, _)| {
            tell(&format!("Removing the sandbox of {}", sandbox.item));
            async { (&sandbox.item, engine.destroy(&sandbox.id).await) }
        });
        for (item, done) in future::join_all(sandboxes).await {
            removed.note(|| format!("the sandbox of {item}"), done);
        }
        for network in &found.networks {
            let Some(systems) = engine.systems() else { break };
            tell("Removing networks");
            let done = systems.remove_network(&network.name).await;
            removed.note(|| format!("the network {}", network.name), done);
        }
        if !found.snapshots.is_empty() {
            tell("Removing snapshots");
        }
        let cleared = engine.clear(owners).await;
        removed.note(|| format!("what is left on the {} engine", self.name), cleared);
        if images {
            let images = found.images.iter().filter(|image| image.kept.is_none());
            for name in images.flat_map(|image| &image.names) {
                tell(&format!("Removing the image {name}"));
                removed.note(|| format!("the image {name}"), engine.remove_image(name).await);
            }
        }
        // What nobody has looked at since is not called gone.
        let left = engine.belongings(owners).await.and_then(|left| {
            let count = left.sandboxes.len() + left.networks.len() + left.snapshots.len();
            let detail = format!("{count} of what drydock has made are still there");
            if count == 0 { Ok(()) } else { Err(EngineError::Refused { detail }) }
        });
        removed.note(|| format!("the {} engine", self.name), left);
    }
}

impl Removed {
    fn note<E: Into<Problem>>(&mut self, what: impl FnOnce() -> String, done: Result<(), E>) {
        if let Err(error) = done {
            self.failed.push((what(), error.into()));
        }
    }
}

fn boxed(engine: impl Removal + 'static) -> Box<dyn Removal> {
    Box::new(engine)
}

/// Whose sandboxes a home's are: the learner's, and those that content is proved in.
fn owners(paths: &Paths) -> Vec<String> {
    let of_proofs = [DOCKER, NATIVE].map(|engine| paths.owner_of_proofs(engine));
    [paths.owner()].into_iter().chain(of_proofs).collect()
}
