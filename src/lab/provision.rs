//! From an item to a sandbox that is ready: found again or made.
//!
//! A sandbox counts as ready only once the store has it attached to the item's active attempt; that
//! is written last. One that is found unattached was left half made by a crash or a cancelled
//! launch, and is removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde::Serialize;

use super::probe::Probes;
use super::{Lab, LabError, exercise, names, needs};
use crate::course::scenario::Scenario;
use crate::course::{Backend, Exercise, Item, source::Resource};
use crate::engine::image::BuildOptions;
use crate::engine::native::MACHINE;
use crate::engine::{
    EngineError, ExecSpec, FileOwner, FileSpec, Init, Limits, Network, Output, Progress, Sandbox,
    SandboxId, SandboxSpec, SandboxState, Step, Tmpfs,
};
use crate::store::Attempt;

/// How long an init system may take to come up: systemd does in about a second here; a slow disk
/// or a busy laptop is given much more.
const BOOT_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a `prepare` script may take.
const PREPARE_TIMEOUT: Duration = Duration::from_mins(2);

/// The same where it may fetch something first, as fast as the network is.
const PREPARE_TIMEOUT_NETWORK: Duration = Duration::from_mins(10);

/// How much of what a `prepare` script said is kept for its error message.
const PREPARE_TAIL: usize = 400;

/// Our own images' prefix in manifests and on the engine.
const OURS: &str = "drydock/";

/// Says what is being done.
pub(super) type Say<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Says it as steps without a number.
pub(super) fn saying(progress: Progress<'_>) -> impl Fn(&str) + Send + Sync {
    move |step| progress(Step { step: step.to_owned(), done: 0, total: None, unit: "steps" })
}

/// How a sandbox is begun with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Begin {
    /// Start over.
    pub fresh: bool,
    /// What the values of the item's variables follow from; a seed of its own if not given.
    pub seed: Option<u32>,
}

/// A sandbox that is ready, and its attempt.
#[derive(Debug, Clone)]
pub struct Ready {
    /// The item as the attempt has it.
    pub item: Arc<Item>,
    /// The sandbox, running.
    pub sandbox: Sandbox,
    /// The attempt it belongs to.
    pub attempt: Attempt,
    /// Whether it was there already.
    pub resumed: bool,
    /// What the learner should know: an image that was replaced, files that are gone.
    pub notices: Vec<Notice>,
}

/// Something the learner should know about a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Notice {
    /// By the way: an image that stands in for another.
    Aside(String),
    /// Something of the learner's is not there any more.
    Lost(String),
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Self::Aside(text) | Self::Lost(text)) = self;
        f.write_str(text)
    }
}

impl Lab {
    /// Makes an item's sandbox ready: the one of the active attempt if it still exists (started if
    /// it had stopped), else a new one.
    ///
    /// Dropping the future stops the work; what was half made is removed by the next launch or
    /// `destroy`.
    pub async fn provision(
        &self,
        item: &Item,
        Begin { fresh, seed }: Begin,
        progress: Progress<'_>,
    ) -> Result<Ready, LabError> {
        exercise(item)?;
        let say = saying(progress);
        // An engine that cannot be used shows at the first question, whichever that is.
        say("Looking for the sandbox");
        if fresh {
            say("Removing the old sandbox");
            self.start_over(&item.id).await?;
        }
        let mut notices = Vec::new();
        let attached = self.attached(item, &mut notices).await?;
        if let Some(seed) = seed {
            let begun = self.store.lock().active(&item.id)?;
            if let Some(begun) = begun.filter(|begun| begun.seed != seed) {
                return Err(LabError::OtherSeed { item: item.id.clone(), seed: begun.seed });
            }
        }
        if let Some((attempt, sandbox)) = attached {
            return self.resume(item, attempt, sandbox, notices, &say).await;
        }

        if let Some(lack) = needs::lack(item, &self.engine.offers()) {
            let (item, engine) = (item.id.clone(), self.engine.name());
            return Err(LabError::NotHere { item, engine, lack });
        }
        let image = self.image(item, progress, &mut notices).await?;
        let attempt = {
            let hash = item.hash().map_err(|error| content(&item.manifest, &error))?;
            self.store.lock().begin(&item.id, &hash, self.engine.name(), seed)?
        };
        let item = Arc::new(item.seeded(attempt.seed).into_owned());
        let sandbox = self.make(&item, &attempt, image, &say).await?;
        self.store.lock().attach_sandbox(attempt.id, Some(&sandbox.id.0))?;
        Ok(Ready { item, sandbox, attempt, resumed: false, notices })
    }

    /// Makes a sandbox for an attempt of its seeded item, up to the point where its exercise is
    /// prepared. It is not attached yet.
    pub(super) async fn make(
        &self,
        item: &Item,
        attempt: &Attempt,
        image: String,
        say: Say<'_>,
    ) -> Result<Sandbox, LabError> {
        say("Creating the sandbox");
        let spec = self.spec(item, attempt, image)?;
        let mut sandbox = self.engine.create(&spec).await?;
        self.start(item, &mut sandbox, "Starting the sandbox", say).await?;
        if let Some(script) = &exercise(item)?.prepare {
            say("Preparing the exercise");
            self.prepare(item, &sandbox.id, script).await?;
        }
        Ok(sandbox)
    }

    /// Starts an item's sandbox, up to the point where its init system is there.
    pub(super) async fn start(
        &self,
        item: &Item,
        sandbox: &mut Sandbox,
        step: &str,
        say: Say<'_>,
    ) -> Result<(), LabError> {
        say(step);
        self.engine.start(&sandbox.id).await?;
        if exercise(item)?.backend == Backend::Vm {
            say("Waiting for the init system");
            self.booted(&sandbox.id).await?;
        }
        sandbox.state = SandboxState::Running;
        Ok(())
    }

    /// The item's finished sandbox and its attempt, if it is still there. Removes what was left
    /// half made.
    async fn attached(
        &self,
        item: &Item,
        notices: &mut Vec<Notice>,
    ) -> Result<Option<(Attempt, Sandbox)>, LabError> {
        let mut found = None;
        for sandbox in self.engine.list(Some(&self.owner)).await? {
            if sandbox.item != item.id {
                continue;
            }
            match self.attempt_of(&sandbox)? {
                Some(attempt) if names(&attempt, &sandbox) => found = Some((attempt, sandbox)),
                // Another machine of its system.
                Some(_) => {}
                None => {
                    tracing::info!(sandbox = %sandbox.id, "removing a sandbox that was never finished");
                    self.engine.destroy(&sandbox.id).await?;
                }
            }
        }
        if found.is_some() {
            return Ok(found);
        }
        self.unreachable(&item.id).await?;
        let store = self.store.lock();
        if let Some(attempt) = store.active(&item.id)?
            && attempt.sandbox.is_some()
        {
            let gone = "The old sandbox was removed outside drydock, and its files with it; your \
                        progress is kept";
            notices.push(Notice::Lost(gone.to_owned()));
            store.attach_sandbox(attempt.id, None)?;
        }
        Ok(None)
    }

    async fn resume(
        &self,
        item: &Item,
        attempt: Attempt,
        mut sandbox: Sandbox,
        mut notices: Vec<Notice>,
        say: Say<'_>,
    ) -> Result<Ready, LabError> {
        if sandbox.state != SandboxState::Running {
            self.start(item, &mut sandbox, "Starting the sandbox again", say).await?;
            let exercise = exercise(item)?;
            // What `prepare` had started, and what lay in memory, went with the old processes; running
            // the script again could destroy the learner's work.
            let start_over = exercise.prepare.is_some() || !exercise.tmpfs.is_empty();
            notices.push(Notice::Lost(format!(
                "The sandbox had stopped and was started again: its files are there, its programs \
                 are not{}",
                if start_over { "; this exercise needs them, so better start over" } else { "" }
            )));
        }
        let item = Arc::new(item.seeded(attempt.seed).into_owned());
        Ok(Ready { item, sandbox, attempt, resumed: true, notices })
    }

    /// The image to use: the one asked for if it is here or to be had, else ours for that need.
    pub(super) async fn image(
        &self,
        item: &Item,
        progress: Progress<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<String, LabError> {
        let exercise = exercise(item)?;
        let fallback = match exercise.backend {
            Backend::Container => "base",
            Backend::Vm => "systemd",
        };
        self.image_for(exercise.container_image.as_deref(), fallback, progress, notices).await
    }

    /// The image that an item needs, made or fetched if need be. One that cannot be had has no stand-in.
    pub async fn image_of(&self, item: &Item, progress: Progress<'_>) -> Result<String, LabError> {
        if let Some(scenario) = super::scenario(item) {
            return self.scenario_image(&scenario, progress).await;
        }
        let mut notices = Vec::new();
        let image = self.image(item, progress, &mut notices).await?;
        match notices.pop() {
            None => Ok(image),
            Some(notice) => {
                Err(EngineError::ImageMissing { image, detail: notice.to_string() }.into())
            }
        }
    }

    /// The image of a scenario's machines. One that cannot be had has no stand-in.
    pub async fn scenario_image(
        &self,
        scenario: &Scenario,
        progress: Progress<'_>,
    ) -> Result<String, LabError> {
        let mut notices = Vec::new();
        let image = self.image_for(Some(&scenario.system.image), "base", progress, &mut notices);
        let image = image.await?;
        match notices.pop() {
            None => Ok(image),
            Some(notice) => Err(EngineError::ImageMissing {
                image: scenario.system.image.clone(),
                detail: notice.to_string(),
            }
            .into()),
        }
    }

    /// Begins an attempt at a scenario, with the image of its machines there. The machines come later.
    pub async fn begin_scenario(
        &self,
        item: &Item,
        scenario: &Scenario,
        progress: Progress<'_>,
    ) -> Result<Attempt, LabError> {
        if let Some(lack) = needs::lack(item, &self.engine.offers()) {
            let (item, engine) = (item.id.clone(), self.engine.name());
            return Err(LabError::NotHere { item, engine, lack });
        }
        self.scenario_image(scenario, progress).await?;
        let hash = item.hash().map_err(|error| content(&item.manifest, &error))?;
        Ok(self.store.lock().begin(&item.id, &hash, self.engine.name(), None)?)
    }

    async fn image_for(
        &self,
        asked: Option<&str>,
        fallback: &str,
        progress: Progress<'_>,
        notices: &mut Vec<Notice>,
    ) -> Result<String, LabError> {
        let Some(images) = self.engine.builder() else {
            return self.found_image(asked, fallback, notices).await;
        };
        let options = BuildOptions { offline: self.offline, ..BuildOptions::default() };
        if let Some(name) = asked.map_or(Some(fallback), |image| image.strip_prefix(OURS)) {
            let name = name.split(':').next().unwrap_or(name);
            return Ok(images.ensure(name, &options, progress).await?);
        }
        let asked = asked.unwrap_or_default();
        if images.present(asked).await? {
            return Ok(asked.to_owned());
        }
        let reason = if self.offline {
            "--offline forbids fetching it".to_owned()
        } else {
            match images.pull(asked, progress).await {
                Ok(()) => return Ok(asked.to_owned()),
                Err(error @ EngineError::DiskFull { .. }) => return Err(error.into()),
                Err(_) => "it could not be fetched".to_owned(),
            }
        };
        notices.push(Notice::Aside(format!(
            "Using drydock/{fallback}: {asked} is not here and {reason}"
        )));
        Ok(images.ensure(fallback, &options, progress).await?)
    }

    /// The same on an engine that makes no images: one that is there, else the machine's own programs.
    async fn found_image(
        &self,
        asked: Option<&str>,
        fallback: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<String, LabError> {
        let ours = asked.map_or(Some(fallback), |image| image.strip_prefix(OURS));
        let foreign = asked.filter(|_| ours.is_none());
        let instead = |what: &str, asked: &str| {
            Notice::Aside(format!(
                "Using {what}: {asked} is not unpacked here (drydock images import FILE)"
            ))
        };
        if let Some(images) = self.engine.images() {
            if let Some(asked) = foreign
                && images.present(asked).await?
            {
                return Ok(asked.to_owned());
            }
            let name = ours.and_then(|image| image.split(':').next()).unwrap_or(fallback);
            let all = images.list().await?.into_iter();
            let mut all = all.filter(|image| image.present && image.current);
            if let Some(found) = all.find(|image| image.name == name) {
                notices.extend(foreign.map(|asked| instead(&format!("{OURS}{name}"), asked)));
                return Ok(found.reference);
            }
        }
        if let Some(asked) = foreign {
            notices.push(instead("this machine's own programs", asked));
        } else if let Some(asked) = asked
            && self.is_new_to_engine()?
        {
            // Once is enough: it is so with every item.
            let engine = self.engine.name();
            notices.push(Notice::Aside(format!(
                "Using this machine's own programs instead of {asked}: the {engine} engine needs no image"
            )));
        }
        Ok(MACHINE.to_owned())
    }

    /// Whether nothing has been tried on this engine before.
    fn is_new_to_engine(&self) -> Result<bool, LabError> {
        let all = self.store.lock().history(None, u32::MAX)?;
        Ok(all.iter().all(|attempt| attempt.engine != self.engine.name()))
    }

    fn spec(&self, item: &Item, attempt: &Attempt, image: String) -> Result<SandboxSpec, LabError> {
        let exercise = exercise(item)?;
        Ok(SandboxSpec {
            item: item.id.clone(),
            attempt: attempt.id.to_string(),
            owner: self.owner.clone(),
            image,
            init: match exercise.backend {
                Backend::Container => Init::Minimal,
                Backend::Vm => Init::System,
            },
            user: exercise.user.clone(),
            limits: limits(exercise, self.limits),
            network: if exercise.network { Network::Internet } else { Network::None },
            capabilities: exercise.capabilities.clone(),
            tmpfs: exercise
                .tmpfs
                .iter()
                .map(|mount| Tmpfs { path: mount.path.clone(), size: mount.size })
                .collect(),
            files: exercise
                .setup
                .iter()
                .map(|file| {
                    let contents =
                        file.source.read().map_err(|error| content(&file.source, &error))?;
                    Ok(FileSpec {
                        path: file.dest.clone(),
                        mode: file.permissions(&contents),
                        owner: FileOwner::User,
                        contents: contents.into_owned(),
                    })
                })
                .collect::<Result<_, LabError>>()?,
            hostname: "sandbox".to_owned(),
            machine: None,
        })
    }

    /// Waits until systemd says it is up (`running`, or `degraded`: up, with a unit that failed).
    async fn booted(&self, id: &SandboxId) -> Result<(), LabError> {
        let started = Instant::now();
        let mut probes = Probes::new(self.engine.clone(), id.clone());
        // The command itself waits; the loop only covers the moments before systemd can be asked.
        let wait = "systemctl is-system-running --wait 2>&1";
        let mut pause = Duration::from_millis(20);
        loop {
            let left = BOOT_TIMEOUT.saturating_sub(started.elapsed());
            let last =
                match probes.run(Some("root"), wait, left.max(Duration::from_millis(1))).await {
                    Ok(ran) if matches!(ran.stdout.trim(), "running" | "degraded") => return Ok(()),
                    Ok(ran) => ran.stdout.trim().to_owned(),
                    Err(super::probe::ProbeError::Engine(error)) => return Err(error.into()),
                    Err(error @ super::probe::ProbeError::TimedOut(_)) => error.to_string(),
                };
            if started.elapsed() >= BOOT_TIMEOUT {
                return Err(LabError::Boot { seconds: BOOT_TIMEOUT.as_secs(), detail: last });
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    /// Runs the item's `prepare` script as root, fed on standard input so that no trace of it is
    /// left where the learner looks.
    async fn prepare(
        &self,
        item: &Item,
        id: &SandboxId,
        script: &Resource,
    ) -> Result<(), LabError> {
        use tokio::io::AsyncWriteExt;
        let text = script.read().map_err(|error| content(script, &error))?.into_owned();
        let spec = ExecSpec {
            argv: vec!["sh".to_owned(), "-s".to_owned()],
            user: Some("root".to_owned()),
            env: [("LANG".to_owned(), "C.UTF-8".to_owned())].into(),
        };
        let failed = |status, detail: &str| LabError::Prepare {
            item: item.id.clone(),
            status,
            detail: detail.trim().to_owned(),
        };
        let mut tail = String::new();
        let run = async {
            let mut stream = self.engine.exec(id, &spec).await?;
            let lost =
                |error: std::io::Error| EngineError::ConnectionLost { detail: error.to_string() };
            stream.stdin.write_all(&text).await.map_err(lost)?;
            stream.stdin.shutdown().await.map_err(lost)?;
            while let Some(output) = stream.output.next().await {
                let (Output::Stdout(bytes) | Output::Stderr(bytes)) = output.map_err(lost)?;
                tail.push_str(&String::from_utf8_lossy(&bytes));
                let cut = tail.len().saturating_sub(PREPARE_TAIL);
                let cut = (cut..=tail.len()).find(|at| tail.is_char_boundary(*at)).unwrap_or(0);
                tail.drain(..cut);
            }
            stream.status.get().await
        };
        let network = exercise(item)?.network;
        let limit = if network { PREPARE_TIMEOUT_NETWORK } else { PREPARE_TIMEOUT };
        match tokio::time::timeout(limit, run).await {
            Ok(Ok(Some(0))) => Ok(()),
            Ok(Ok(status)) => Err(failed(status.unwrap_or(-1), &tail)),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(failed(-1, "it did not finish in time")),
        }
    }
}

fn limits(exercise: &Exercise, default: Limits) -> Limits {
    let asked = exercise.resources;
    Limits {
        memory: asked.memory.unwrap_or(default.memory),
        cpus: asked.cpus.unwrap_or(default.cpus),
        pids: asked.pids.unwrap_or(default.pids),
    }
}

fn content(resource: &Resource, error: &std::io::Error) -> LabError {
    LabError::Content { file: resource.path(), detail: error.to_string() }
}
