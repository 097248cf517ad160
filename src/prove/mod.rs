//! Proving content by running it: that it can be solved, that it is not passed by accident, and that
//! it starts where there is no network.
//!
//! A proof goes through [`Stage`]s. Each looks at one thing and says in one sentence what is wrong
//! with it; those after a failed one are run too as long as there is something to run them on, so a
//! contributor learns everything at once. Proving has a store of its own: it leaves no trace in
//! anybody's progress. Its sandboxes belong to an owner of their own too, so the learner's stay.

mod exercise;

use std::time::Duration;

use serde::Serialize;

use crate::course::{Diagnostic, Item, Resource, Severity};
use crate::lab::{self, Lab, needs};

/// What a proof looks at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Nothing is wrong that can be read.
    Lint,
    /// Its sandbox starts, without a network.
    Provision,
    /// Every check fails before anything is done.
    Red,
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
            Self::Red => "red",
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
    },
    /// There was nothing to run it on.
    Skipped,
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
    pub fn failure(&self) -> Option<(Stage, &str)> {
        self.stages.iter().find_map(|step| match &step.verdict {
            Verdict::Failed { why } => Some((step.stage, why.as_str())),
            Verdict::Passed | Verdict::Skipped => None,
        })
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

/// Proves an item; `findings` are what lint says of the content, `tell` hears of each stage that is done.
/// Whatever the outcome, its sandboxes are gone at the end; dropping the future leaves them to
/// [`Lab::destroy_all`].
pub async fn prove(
    lab: &Lab,
    item: &Item,
    findings: &[Diagnostic],
    tell: &(dyn Fn(&Step) + Sync),
) -> Outcome {
    if lab::exercise(item).is_err() {
        return Outcome::NotHere("incidents are not proved by this command yet".to_owned());
    }
    if let Some(problem) = needs::obstacle(item, lab.engine.as_ref()) {
        return Outcome::NotHere(problem.message);
    }
    let begun = std::time::Instant::now();
    let mut run = Run { stages: Vec::new(), peak: None, tell };
    run.add(Stage::Lint, Duration::ZERO, lint(item, findings));
    exercise::prove(lab, item, &mut run).await;
    let (stages, peak_bytes) = (run.stages, run.peak);
    let proved = stages.iter().all(|step| step.verdict == Verdict::Passed);
    let engine = lab.engine.name();
    Outcome::Ran(Proof {
        id: item.id.clone(),
        engine,
        proved,
        stages,
        ms: millis(begun.elapsed()),
        peak_bytes,
    })
}

fn lint(item: &Item, findings: &[Diagnostic]) -> Result<(), String> {
    let files: Vec<_> = item.files().into_iter().map(Resource::path).collect();
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    let mut errors = errors.filter(|it| files.contains(&it.file));
    let Some(first) = errors.next() else { return Ok(()) };
    let more = errors.count();
    Err(if more > 0 { format!("{first} (and {more} more)") } else { first.to_string() })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The stages so far.
struct Run<'a> {
    stages: Vec<Step>,
    peak: Option<u64>,
    tell: &'a (dyn Fn(&Step) + Sync),
}

impl Run<'_> {
    fn add(&mut self, stage: Stage, took: Duration, result: Result<(), String>) -> bool {
        let passed = result.is_ok();
        let verdict = result.map_or_else(|why| Verdict::Failed { why }, |()| Verdict::Passed);
        self.push(Step { stage, verdict, ms: millis(took) });
        passed
    }

    /// So much memory was used.
    fn uses(&mut self, bytes: Option<u64>) {
        self.peak = self.peak.max(bytes);
    }

    fn skip(&mut self, stages: &[Stage]) {
        for stage in stages {
            self.push(Step { stage: *stage, verdict: Verdict::Skipped, ms: 0 });
        }
    }

    fn push(&mut self, step: Step) {
        (self.tell)(&step);
        self.stages.push(step);
    }
}
