//! The practice itself: an attempt's life, the same for the full-screen program and the commands.
//!
//! A [`Lab`] joins an engine and the progress store. It provisions an item's sandbox
//! ([`provision`]), runs its checks over one connection ([`probe`], [`verify`]), hands out hints
//! ([`hint`]) and brings files back ([`rewind`]). Invariant: what a caller gets back has already been
//! written to the store, so nothing is ever shown that a crash could take back.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future;

use crate::course::scenario::Scenario;
use crate::course::{Body, Check, Exercise, Hint, Item};
use crate::engine::{
    Engine, EngineError, Lack, Limits, PrivateNetwork, Sandbox, SandboxId, SandboxState,
};
use crate::problem::{Exit, Problem};
use crate::session::Shells;
use crate::store::{
    Attempt, AttemptId, AttemptState, CheckRecord, Completion, Fault, Store, StoreError,
};
use standing::Standing;
use verify::CheckResult;

pub mod clock;
pub mod evidence;
pub mod hint;
pub mod needs;
pub mod permissions;
pub mod probe;
pub mod provision;
pub mod rewind;
pub mod solution;
pub mod standing;
pub mod verify;

/// An engine, the store, and whose sandboxes these are.
#[derive(Clone)]
pub struct Lab {
    /// Where sandboxes live.
    pub engine: Arc<dyn Engine>,
    /// Where progress is kept.
    pub store: SharedStore,
    /// Which drydock home this is; see [`crate::engine::SandboxSpec::owner`].
    pub owner: String,
    /// Forbids every use of the network.
    pub offline: bool,
    /// What a sandbox may use where its manifest does not say.
    pub limits: Limits,
    /// The shells of the sandboxes.
    pub shells: Shells,
}

/// The store, shared between the tasks that use it. Calls are short; none is made on the drawing
/// thread.
#[derive(Clone)]
pub struct SharedStore(Arc<Mutex<Store>>);

impl SharedStore {
    /// Shares a store.
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    /// The store, for a few calls. A panic in another holder cannot have left a transaction half
    /// done (`SQLite` rolls it back), so a poisoned lock is taken over.
    pub fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A verification that was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Set when it was what completed the attempt.
    pub completion: Option<Completion>,
    /// The numbers, from 1, of the checks that passed for the first time in the attempt.
    pub turned: Vec<usize>,
}

/// Why something in the lab could not be done.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The engine's reason.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The store's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the item could not be read.
    #[error("{file} cannot be read: {detail}")]
    Content {
        /// The file.
        file: String,
        /// The system's words.
        detail: String,
    },
    /// The item's `prepare` script failed: the item is at fault, not the learner.
    #[error("The preparation script of {item} failed with status {status}: {detail}")]
    Prepare {
        /// The item.
        item: String,
        /// Its exit status.
        status: i64,
        /// The last of what it said.
        detail: String,
    },
    /// The init system inside did not come up.
    #[error("The sandbox's init system did not start within {seconds} s: {detail}")]
    Boot {
        /// How long was waited.
        seconds: u64,
        /// What it said last.
        detail: String,
    },
    /// The item's sandbox is on an engine that cannot be used now.
    #[error("The sandbox of {item} is on the {engine} engine: {error}")]
    Elsewhere {
        /// The item.
        item: String,
        /// That engine.
        engine: String,
        /// What is wrong with it.
        error: EngineError,
    },
    /// The engine lacks what the item needs.
    #[error("{item} cannot run on the {engine} engine here: {}", .lack.reason)]
    NotHere {
        /// The item.
        item: String,
        /// The engine.
        engine: &'static str,
        /// What is missing.
        lack: Lack,
    },
    /// This is done with exercises only.
    #[error("{item} is a {kind}: this is for exercises")]
    NotAnExercise {
        /// The item.
        item: String,
        /// What it is.
        kind: &'static str,
    },
    /// An attempt is going on with other values.
    #[error("{item} has been begun with the seed {seed}")]
    OtherSeed {
        /// The item.
        item: String,
        /// Its attempt's seed.
        seed: u32,
    },
    /// There is no sandbox for this item.
    #[error("{item} has no sandbox")]
    NoSandbox {
        /// The item.
        item: String,
    },
    /// There is nothing of this name to go back to.
    #[error("{item} has no snapshot \"{word}\"")]
    NoSuchPoint {
        /// The item.
        item: String,
        /// What was asked for.
        word: String,
        /// Why, or what may have been meant.
        why: String,
    },
    /// A snapshot may not have this name.
    #[error("A snapshot cannot be called \"{name}\": {why}")]
    BadSnapshotName {
        /// The name.
        name: String,
        /// Why not.
        why: String,
    },
}

impl From<LabError> for Problem {
    fn from(error: LabError) -> Self {
        let message = error.to_string();
        match error {
            LabError::Engine(error) => error.into(),
            LabError::Store(error) => error.into(),
            LabError::Elsewhere { item, error, .. } => {
                let over = format!("drydock launch {item} --fresh starts over on another engine");
                let remedy =
                    error.remedy().map_or_else(|| over.clone(), |r| format!("{r}; or {over}"));
                Self::new(error.kind(), Exit::Environment, message).remedy(remedy)
            }
            LabError::NotHere { item, engine, lack } => needs::problem(&item, engine, lack),
            LabError::NotAnExercise { .. } => Self::new("usage", Exit::Usage, message)
                .remedy("drydock modules lists what there is"),
            LabError::OtherSeed { .. } => Self::new("other_seed", Exit::Usage, message)
                .remedy("--fresh starts over with the one you gave"),
            LabError::Content { .. } => Self::new("content", Exit::Usage, message),
            LabError::Prepare { .. } => Self::new("prepare", Exit::Environment, message)
                .remedy("the exercise is at fault: please report it; drydock reset starts over"),
            LabError::Boot { .. } => Self::new("boot", Exit::Environment, message)
                .remedy("drydock reset starts over; drydock doctor tells what this machine lacks"),
            LabError::NoSuchPoint { why, .. } => {
                Self::new("unknown_snapshot", Exit::Usage, message).remedy(why)
            }
            LabError::BadSnapshotName { .. } => Self::new("usage", Exit::Usage, message)
                .remedy("leave --name out for the next number"),
            LabError::NoSandbox { item } => Self::new("no_sandbox", Exit::Environment, message)
                .remedy(format!("drydock launch {item}")),
        }
    }
}

impl Lab {
    /// The finished sandbox of an item, running or not, and its attempt. Of a system, it is the machine
    /// that has the learner's shell.
    pub async fn sandbox(&self, item: &str) -> Result<Option<(Attempt, Sandbox)>, LabError> {
        for sandbox in self.engine.list(Some(&self.owner)).await? {
            if sandbox.item == item
                && let Some(attempt) = self.attempt_of(&sandbox)?
                && names(&attempt, &sandbox)
            {
                return Ok(Some((attempt, sandbox)));
            }
        }
        self.unreachable(item).await?;
        Ok(None)
    }

    /// Fails if an item's sandbox is on an engine that cannot be asked: that it was not found there
    /// says nothing.
    async fn unreachable(&self, item: &str) -> Result<(), LabError> {
        let attempt = self.store.lock().active(item)?;
        let Some(Attempt { engine, sandbox: Some(sandbox), .. }) = attempt else { return Ok(()) };
        match self.engine.inspect(&SandboxId(sandbox)).await {
            Ok(_) | Err(EngineError::SandboxGone { .. }) => Ok(()),
            Err(error) => Err(LabError::Elsewhere { item: item.to_owned(), engine, error }),
        }
    }

    /// Why sandboxes of ours are out of reach: one reason for each item that has one on an engine that
    /// cannot be asked.
    pub async fn out_of_reach(&self) -> Result<Vec<LabError>, LabError> {
        let all = self.store.lock().history(None, u32::MAX)?;
        let mut reasons = Vec::new();
        for attempt in all.iter().filter(|attempt| attempt.sandbox.is_some()) {
            match self.unreachable(&attempt.item).await {
                Ok(()) => {}
                Err(reason @ LabError::Elsewhere { .. }) => reasons.push(reason),
                Err(error) => return Err(error),
            }
        }
        Ok(reasons)
    }

    /// The same for what is to be done in it now: it must be there and run.
    pub async fn running(&self, item: &str) -> Result<(Attempt, Sandbox), LabError> {
        let found = self.sandbox(item).await?;
        let (attempt, sandbox) =
            found.ok_or_else(|| LabError::NoSandbox { item: item.to_owned() })?;
        if sandbox.state != SandboxState::Running {
            return Err(EngineError::SandboxStopped { id: sandbox.id.to_string() }.into());
        }
        Ok((attempt, sandbox))
    }

    /// The attempt that a sandbox is attached to; `None` for one that was left half made. The machines
    /// of a system are attached together, by the one of them that the store names.
    fn attempt_of(&self, sandbox: &Sandbox) -> Result<Option<Attempt>, LabError> {
        let attempt = self.attached_attempt(&sandbox.attempt)?;
        Ok(attempt.filter(|attempt| sandbox.machine.is_some() || names(attempt, sandbox)))
    }

    /// The attempt of this id, if it goes on and something is attached to it.
    fn attached_attempt(&self, id: &str) -> Result<Option<Attempt>, LabError> {
        let Ok(id) = id.parse() else { return Ok(None) };
        let attempt = match self.store.lock().attempt(id) {
            Ok(attempt) => attempt,
            Err(StoreError { fault: Fault::NoSuchAttempt(_), .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let attached = attempt.sandbox.is_some() && attempt.state != AttemptState::Abandoned;
        Ok(attached.then_some(attempt))
    }

    /// How the checks of an attempt stand before the next look.
    pub fn standing(&self, attempt: AttemptId) -> Result<Standing, LabError> {
        let checks = self.store.lock().checks(attempt)?;
        let passed = checks.into_iter().filter(|check| check.first_passed_at.is_some());
        Ok(Standing::new(passed.map(|check| check.name)))
    }

    /// Writes a verification down, and the completion if it was what completed the attempt.
    pub fn record(
        &self,
        attempt: AttemptId,
        results: &[CheckResult],
        asked: bool,
    ) -> Result<Recorded, LabError> {
        let records: Vec<_> = results
            .iter()
            .map(|result| CheckRecord { name: result.name.clone(), state: result.state })
            .collect();
        // Who has only to wait has not failed.
        let asked = asked && !verify::only_waits(results);
        let store = self.store.lock();
        let turned = store.record_checks(attempt, &records, asked)?;
        let turned = turned.into_iter().map(|place| place + 1).collect();
        let completion =
            if verify::passed(results) { Some(store.complete(attempt)?) } else { None };
        let completion = completion.filter(|completion| completion.new);
        Ok(Recorded { completion, turned })
    }

    /// Removes what a launch that was stopped left half made. Gives the number removed.
    pub async fn tidy(&self, item: &str) -> Result<usize, LabError> {
        let half_made =
            |sandbox: &Sandbox| Ok(sandbox.item == item && self.attempt_of(sandbox)?.is_none());
        let removed = self.remove(half_made).await?;
        let left = |network: &PrivateNetwork| {
            Ok(network.item == item && self.attached_attempt(&network.attempt)?.is_none())
        };
        self.remove_networks(left).await?;
        Ok(removed.len())
    }

    /// Removes an item's sandboxes and ends its active attempt. Gives the number removed. One that is
    /// on an engine that cannot be asked is [`LabError::Elsewhere`], and nothing is ended.
    pub async fn destroy(&self, item: &str) -> Result<usize, LabError> {
        self.unreachable(item).await?;
        self.start_over(item).await
    }

    /// The same, but what is out of reach is left where it is.
    async fn start_over(&self, item: &str) -> Result<usize, LabError> {
        let removed = self.remove(|sandbox| Ok(sandbox.item == item)).await?;
        self.remove_networks(|network| Ok(network.item == item)).await?;
        self.abandon(item)?;
        Ok(removed.len())
    }

    /// Removes every sandbox of this home. Gives the items they were of.
    pub async fn destroy_all(&self) -> Result<Vec<String>, LabError> {
        let mut items = self.remove(|_| Ok(true)).await?;
        self.remove_networks(|_| Ok(true)).await?;
        // A system has several.
        let mut seen = HashSet::new();
        items.retain(|item| seen.insert(item.clone()));
        for item in &items {
            self.abandon(item)?;
        }
        Ok(items)
    }

    /// Removes those of this home's sandboxes that are `wanted`. Gives the items they were of.
    async fn remove(
        &self,
        wanted: impl Fn(&Sandbox) -> Result<bool, LabError>,
    ) -> Result<Vec<String>, LabError> {
        let mut going = Vec::new();
        for sandbox in self.engine.list(Some(&self.owner)).await? {
            if wanted(&sandbox)? {
                going.push(async move {
                    self.shells.end(&sandbox.id).await;
                    self.engine.destroy(&sandbox.id).await.map(|()| sandbox.item)
                });
            }
        }
        // At once: a system has many. One that cannot be removed keeps no other.
        let removed = future::join_all(going).await;
        Ok(removed.into_iter().collect::<Result<_, _>>()?)
    }

    /// Removes those of this home's private networks that are `wanted`: what their machines left.
    async fn remove_networks(
        &self,
        wanted: impl Fn(&PrivateNetwork) -> Result<bool, LabError>,
    ) -> Result<(), LabError> {
        let Some(systems) = self.engine.systems() else { return Ok(()) };
        for network in systems.networks(Some(&self.owner)).await? {
            if wanted(&network)? {
                systems.remove_network(&network.name).await?;
            }
        }
        Ok(())
    }

    /// Its sandbox is gone: ends an item's active attempt, if it has one, and no attempt names the sandbox.
    fn abandon(&self, item: &str) -> Result<(), LabError> {
        let store = self.store.lock();
        if let Some(attempt) = store.active(item)? {
            store.abandon(attempt.id)?;
        }
        if let Some(last) = store.history(Some(item), 1)?.pop()
            && last.sandbox.is_some()
        {
            store.attach_sandbox(last.id, None)?;
        }
        Ok(())
    }
}

/// Whether a sandbox is the one that its attempt names.
fn names(attempt: &Attempt, sandbox: &Sandbox) -> bool {
    attempt.sandbox.as_deref() == Some(&*sandbox.id.0)
}

/// The item's exercise: what is done with a sandbox of one machine.
pub fn exercise(item: &Item) -> Result<&Exercise, LabError> {
    match &item.body {
        Body::Exercise(exercise) => Ok(exercise),
        Body::Scenario(_) | Body::Unread(_) => {
            Err(LabError::NotAnExercise { item: item.id.clone(), kind: item.kind() })
        }
    }
}

/// The item's scenario, if it is one.
pub fn scenario(item: &Item) -> Option<Arc<Scenario>> {
    match &item.body {
        Body::Scenario(scenario) => Some(Arc::clone(scenario)),
        Body::Exercise(_) | Body::Unread(_) => None,
    }
}

/// The checks of an item; only exercises have some.
pub fn checks(item: &Item) -> &[Check] {
    exercise(item).map_or(&[], |exercise| &exercise.verify)
}

/// The hints of an item that is an exercise.
pub fn hints(item: &Item) -> &[Hint] {
    exercise(item).map_or(&[], |exercise| &exercise.hints)
}
