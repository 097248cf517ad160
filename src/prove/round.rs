//! A round of proving: items on engines, so many at a time, and no other round in the same home.

use std::fs::{self, File};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use super::{Outcome, Proof, Stage, prove};
use crate::course::{Diagnostic, Item};
use crate::lab::{Lab, LabError, needs};
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::store::{Proved, Store};

/// How long an engine may go on with what was dropped: a sandbox can appear that much later.
const AFTERMATH: Duration = Duration::from_millis(500);

/// How often what was dropped is looked for.
const SWEEPS: u32 = 6;

/// An item to be proved on an engine.
pub struct Task<'a> {
    /// The item.
    pub item: &'a Item,
    /// Where.
    pub lab: &'a Lab,
}

impl Task<'_> {
    /// Whether it was proved as it is now.
    pub fn still_holds(&self, known: &[Proved]) -> bool {
        let (item, engine) = (&self.item.id, self.lab.engine.name());
        let proof = known.iter().find(|proof| proof.item == *item && proof.engine == engine);
        let Some(proof) = proof.filter(|proof| proof.proved) else { return false };
        self.item.hash().is_ok_and(|hash| hash == proof.content_hash)
    }
}

/// Hears how a round goes. Several items may be under way.
pub trait Follow: Sync {
    /// A stage of an item begins on an engine.
    fn begins(&self, item: &Item, engine: &'static str, stage: Stage);
    /// An item is done on an engine.
    fn done(&self, item: &Item, engine: &'static str, outcome: &Outcome);
}

/// Each item on every engine that has what it needs; on one of them, to be told why, if none has.
pub fn tasks<'a>(items: &[&'a Item], labs: &'a [Lab]) -> Vec<Task<'a>> {
    let of = |item: &'a Item| {
        let can = |lab: &&Lab| needs::obstacle(item, lab.engine.as_ref()).is_none();
        let able: Vec<_> = labs.iter().filter(can).collect();
        let labs = if able.is_empty() { labs.iter().take(1).collect() } else { able };
        labs.into_iter().map(move |lab| Task { item, lab })
    };
    items.iter().flat_map(|item| of(item)).collect()
}

/// Takes the right to prove in a home, until the file is dropped: two rounds would remove each other's
/// sandboxes.
pub fn alone(paths: &Paths) -> Result<File, Problem> {
    let folder = &paths.runtime_dir;
    paths.make(folder)?;
    let trouble = |error: &dyn std::fmt::Display| {
        let message = format!("{} cannot be used: {error}", folder.display());
        Problem::new("system", Exit::Environment, message)
    };
    let options =
        File::options().create(true).truncate(false).write(true).open(folder.join("prove.lock"));
    let file = options.map_err(|error| trouble(&error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            let message = "Another drydock of this home is proving";
            Err(Problem::new("busy", Exit::Environment, message).remedy("wait until it is done"))
        }
        Err(fs::TryLockError::Error(error)) => Err(trouble(&error)),
    }
}

/// Removes what a round before left that was killed.
pub async fn clear(labs: &[Lab]) -> Result<(), LabError> {
    for lab in labs {
        lab.destroy_all().await?;
    }
    Ok(())
}

/// Removes what was left by work that was dropped, until nothing more appears.
pub async fn sweep(labs: &[Lab]) -> Result<(), LabError> {
    for _ in 0..SWEEPS {
        clear(labs).await?;
        tokio::time::sleep(AFTERMATH).await;
    }
    Ok(())
}

/// Proves all, so many at a time. What came of each is kept in `proofs`, then told. Dropping it leaves
/// sandboxes to [`sweep`].
pub async fn all(
    tasks: &[Task<'_>],
    findings: &[Diagnostic],
    jobs: usize,
    proofs: &Store,
    follow: &impl Follow,
) -> Vec<Outcome> {
    let proving = tasks.iter().map(|Task { item, lab }| async move {
        let engine = lab.engine.name();
        let tell = |stage| follow.begins(item, engine, stage);
        let outcome = prove(lab, item, findings, &tell).await;
        if let Outcome::Ran(proof) = &outcome
            && let Err(error) = proofs.keep_proof(&kept(proof))
        {
            tracing::warn!(%error, "a proof was not kept");
        }
        follow.done(item, engine, &outcome);
        outcome
    });
    stream::iter(proving).buffer_unordered(jobs).collect().await
}

fn kept(proof: &Proof) -> Proved {
    Proved {
        item: proof.id.clone(),
        engine: proof.engine.to_owned(),
        content_hash: proof.content_hash.clone(),
        image: proof.image.clone(),
        version: proof.version.to_owned(),
        proved: proof.proved,
        at: jiff::Timestamp::now(),
        took: Duration::from_millis(proof.ms),
        peak: proof.peak_bytes,
        failure: proof.failure().map(|(stage, why)| format!("{}: {why}", stage.word())),
    }
}
