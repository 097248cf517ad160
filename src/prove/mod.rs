//! Proving content by running it: that it can be solved, that it is not passed by accident, and that
//! it starts where there is no network.
//!
//! A proof goes through [`Stage`]s. Each looks at one thing and says in one sentence what is wrong
//! with it; those after a failed one are run too as long as there is something to run them on, so a
//! contributor learns everything at once. Proving has a store of its own: it leaves no trace in
//! anybody's progress. Its sandboxes belong to an owner of their own too, so the learner's stay.

mod exercise;
mod hands;
pub mod record;
pub mod round;
mod scenario;
mod wrong;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::course::{Body, Diagnostic, Item, Resource, Severity};
use crate::lab::{Lab, needs};
use wrong::Wrong;

/// What a proof looks at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Nothing is wrong that can be read.
    Lint,
    /// Its sandbox starts, without a network.
    Provision,
    /// Of a scenario: with nothing broken it is well, and stays so.
    Healthy,
    /// Every check fails before anything is done; a scenario's faults show.
    Red,
    /// Of a scenario: it does not get well by itself.
    Untouched,
    /// Each step of the solution turns exactly the checks green that it claims.
    Solve,
    /// What passes goes on passing.
    Hold,
    /// Without a step of the solution its checks stay red.
    DropOne,
    /// Each wrong solution is refused by the checks that should refuse it, and by no others.
    Decoys,
    /// The same again, in a sandbox that knows nothing of the first.
    Again,
    /// Nothing is left of it.
    Clean,
}

impl Stage {
    /// Its name in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lint => "lint",
            Self::Provision => "provision",
            Self::Healthy => "healthy",
            Self::Red => "red",
            Self::Untouched => "untouched",
            Self::Solve => "solve",
            Self::Hold => "hold",
            Self::DropOne => "drop-one",
            Self::Decoys => "decoys",
            Self::Again => "again",
            Self::Clean => "clean",
        }
    }
}

/// What came of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed {
        /// One sentence.
        why: String,
        /// The file in which what is wrong is written, where that is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// The line of it, from 1.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u32>,
    },
    /// There was nothing to run it on.
    Skipped,
}

impl Verdict {
    /// What is wrong, with its place: `exercises/linux/01.yaml:12: …`.
    pub fn why(&self) -> Option<String> {
        match self {
            Self::Failed { why, file: Some(file), line } => {
                let line = line.map_or_else(String::new, |line| format!(":{line}"));
                Some(format!("{file}{line}: {why}"))
            }
            Self::Failed { why, file: None, .. } => Some(why.clone()),
            Self::Passed | Self::Skipped => None,
        }
    }
}

/// One stage of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which.
    pub stage: Stage,
    /// What came of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// A proof of one item on one engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The item.
    pub id: String,
    /// The engine's name.
    pub engine: &'static str,
    /// The item's hash, its files included, when it was proved.
    pub content_hash: String,
    /// The image that its sandbox was made of; ours have a tag that tells what is in them.
    pub image: Option<String>,
    /// The program's version.
    pub version: &'static str,
    /// Whether nothing failed.
    pub proved: bool,
    /// Every stage, in order.
    pub stages: Vec<Step>,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// Bytes: the most memory that its sandbox used, where the engine tells.
    pub peak_bytes: Option<u64>,
}

impl Proof {
    /// The first stage that failed, and why.
    pub fn failure(&self) -> Option<(Stage, String)> {
        self.stages.iter().find_map(|step| Some((step.stage, step.verdict.why()?)))
    }
}

/// What can be said of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was run.
    Ran(Proof),
    /// It cannot run on this engine, and that is nobody's fault: one sentence.
    NotHere(String),
}

/// Proves an item; `findings` are what lint says of the content, `tell` hears of each stage when it begins.
/// Whatever the outcome, its sandboxes are gone at the end; dropping the future leaves them to
/// [`Lab::destroy_all`].
pub async fn prove(
    lab: &Lab,
    item: &Item,
    findings: &[Diagnostic],
    tell: &(dyn Fn(Stage) + Sync),
) -> Outcome {
    if let Some(problem) = needs::obstacle(item, lab.engine.as_ref()) {
        return Outcome::NotHere(problem.message);
    }
    let begun = Instant::now();
    let mut run = Run { item, stages: Vec::new(), peak: None, image: None, tell };
    run.begins(Stage::Lint);
    let content_hash = item.hash().unwrap_or_default();
    run.add(Stage::Lint, Duration::ZERO, lint(item, findings));
    match &item.body {
        Body::Exercise(_) => Box::pin(exercise::prove(lab, item, &mut run)).await,
        Body::Scenario(it) => scenario::prove(lab, item, it, &mut run).await,
        Body::Unread(_) => return Outcome::NotHere("its manifest was not read".to_owned()),
    }
    let Run { stages, peak, image, .. } = run;
    let proved = stages.iter().all(|step| step.verdict == Verdict::Passed);
    Outcome::Ran(Proof {
        id: item.id.clone(),
        engine: lab.engine.name(),
        content_hash,
        image,
        version: env!("CARGO_PKG_VERSION"),
        proved,
        stages,
        ms: millis(begun.elapsed()),
        peak_bytes: peak,
    })
}

fn lint(item: &Item, findings: &[Diagnostic]) -> Result<(), Wrong> {
    let files: Vec<_> = item.files().into_iter().map(Resource::path).collect();
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    let mut errors = errors.filter(|it| files.contains(&it.file));
    let Some(first) = errors.next() else { return Ok(()) };
    let more = errors.count();
    // It says itself where.
    Err(if more > 0 { format!("{first} (and {more} more)") } else { first.to_string() }.into())
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begun = Instant::now();
    (work.await, begun.elapsed())
}

/// Removes what there is of an item; something that is left then is an error.
async fn clean(lab: &Lab, item: &str) -> Result<(), Wrong> {
    lab.destroy(item).await.map_err(|error| error.to_string())?;
    let left = lab.engine.list(Some(&lab.owner)).await.map_err(|error| error.to_string())?;
    let left = left.iter().filter(|sandbox| sandbox.item == item).count();
    if left > 0 { Err(format!("{left} sandboxes are left of it").into()) } else { Ok(()) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The stages so far.
struct Run<'a> {
    item: &'a Item,
    stages: Vec<Step>,
    peak: Option<u64>,
    image: Option<String>,
    tell: &'a (dyn Fn(Stage) + Sync),
}

impl Run<'_> {
    /// A stage begins.
    fn begins(&self, stage: Stage) {
        (self.tell)(stage);
    }

    /// Carries a stage out; gives whether it passed.
    async fn stage(&mut self, stage: Stage, work: impl Future<Output = Result<(), Wrong>>) -> bool {
        self.begins(stage);
        let (result, took) = timed(work).await;
        self.add(stage, took, result)
    }

    fn add(&mut self, stage: Stage, took: Duration, result: Result<(), Wrong>) -> bool {
        let passed = result.is_ok();
        let verdict = match result {
            Ok(()) => Verdict::Passed,
            Err(wrong) => {
                let place = wrong.place(self.item);
                let line = place.as_ref().map(|place| place.line);
                Verdict::Failed { why: wrong.why, file: place.map(|place| place.file), line }
            }
        };
        self.stages.push(Step { stage, verdict, ms: millis(took) });
        passed
    }

    /// So much memory was used.
    fn uses(&mut self, bytes: Option<u64>) {
        self.peak = self.peak.max(bytes);
    }

    fn skip(&mut self, stages: &[Stage]) {
        for stage in stages {
            self.stages.push(Step { stage: *stage, verdict: Verdict::Skipped, ms: 0 });
        }
    }
}
