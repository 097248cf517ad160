//! `drydock prove`: run items for real, and tell whether they can be solved and cannot be passed by
//! accident.

use std::fs::{self, File};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, item, words};
use crate::context::{Context, choose};
use crate::course::{self, Body, Diagnostic, Item};
use crate::engine::choice::Wanted;
use crate::engine::image;
use crate::lab::{Lab, SharedStore};
use crate::problem::{Exit, Problem};
use crate::prove::{self, Proof, Stage, Step, Verdict};
use crate::store::Store;

/// Run items for real: solvable, not passed by accident, startable without a network
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stages: lint, provision, red (every check fails before anything is done), solve (step by step),\n\
    hold, drop-one (without a step its checks stay red), decoys (each wrong solution is refused by its\n\
    checks alone), again (in another sandbox), clean.\n\n\
    Example: drydock prove linux-03\n         \
    drydock --content my-content prove my-01 --engine native\n         \
    drydock prove --all --json\n\n\
    Exit status: 0 all are proved; 1 something failed; 3 something could not be run here."
)]
pub(super) struct Prove {
    /// The items
    #[arg(required_unless_present = "all", value_name = "ID")]
    ids: Vec<String>,
    /// Every item that can run here
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// The engine to run them on, instead of the configured one
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// How many to run at the same time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
}

/// An engine by its name.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Engine {
    /// Docker, Podman or anything else that speaks Docker's API
    Docker,
    /// Namespaces of this machine
    Native,
}

impl Prove {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let course = &context.course;
        let items: Vec<&Item> = if self.all {
            course.items().filter(|item| matches!(item.body, Body::Exercise(_))).collect()
        } else {
            self.ids.iter().map(|id| item::find(out, course, id)).collect::<Result<_, _>>()?
        };
        let findings = course::lint(course, &image::ours());
        let _alone = alone(&context)?;
        // Progress is nobody's business here: a store that is gone with the command.
        let folder = tempfile::tempdir().map_err(|error| {
            let message = format!("No temporary folder can be made: {error}");
            Problem::new("system", Exit::Environment, message)
        })?;
        let store = Store::open(&folder.path().join("proofs.db"))?;
        invocation.block_on(async {
            let mut lab = context.lab(SharedStore::new(store)).await?;
            if let Some(engine) = self.engine {
                let wanted = match engine {
                    Engine::Docker => Wanted::Docker,
                    Engine::Native => Wanted::Native,
                };
                lab.engine = choose(wanted, &context.paths, true).await?;
            }
            // What needs a network to start does not start in a room without one.
            lab.offline = true;
            lab.owner = format!("{}-prove", lab.owner);
            // Of a command that was killed.
            lab.destroy_all().await?;
            let work = all(out, &lab, &items, &findings, self.jobs);
            let Some(outcomes) = until_interrupted(work).await else {
                lab.destroy_all().await?;
                let message = "The proof was stopped; its sandboxes are removed";
                return Err(interrupted(message));
            };
            Ok(summary(out, &outcomes, self.all))
        })
    }
}

/// Two commands would remove each other's sandboxes.
fn alone(context: &Context) -> Result<File, Problem> {
    let folder = &context.paths.runtime_dir;
    context.paths.make(folder)?;
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
            let message = "Another drydock prove of this home is running";
            Err(Problem::new("busy", Exit::Environment, message).remedy("wait until it is done"))
        }
        Err(fs::TryLockError::Error(error)) => Err(trouble(&error)),
    }
}

/// Proves all items, so many at a time, and tells each as soon as it is known.
async fn all(
    out: &Out,
    lab: &Lab,
    items: &[&Item],
    findings: &[Diagnostic],
    jobs: u8,
) -> Vec<prove::Outcome> {
    // Stages of several items would get mixed up; those of one come as they go.
    let live = jobs == 1 && !out.json;
    let proofs = items.iter().map(|item| async move {
        let tell = |step: &Step| {
            if live && step.stage == Stage::Lint {
                heading(out, item);
            }
            if live {
                stage(out, step);
            }
        };
        let outcome = prove::prove(lab, item, findings, &tell).await;
        told(out, item, &outcome, live);
        outcome
    });
    stream::iter(proofs).buffer_unordered(usize::from(jobs)).collect().await
}

fn heading(out: &Out, item: &Item) {
    let words = format!("{}  {}", item.id, printable(&item.title));
    out.line(out.mark(words, Tone::Strong));
}

fn stage(out: &Out, step: &Step) {
    let (sign, tone, why) = match &step.verdict {
        Verdict::Passed => (out.signs.passed(), Tone::Good, None),
        Verdict::Failed { why } => (out.signs.failed(), Tone::Bad, Some(why)),
        Verdict::Skipped => (out.signs.unavailable(), Tone::Muted, None),
    };
    let took = match step.verdict {
        Verdict::Skipped => "not run".to_owned(),
        _ => words::short_length(Duration::from_millis(step.ms)),
    };
    let took = out.mark(&took, Tone::Muted);
    out.line(format_args!("  {} {:<10}{took}", out.mark(sign, tone), step.stage.word()));
    if let Some(why) = why {
        out.line(format_args!("      {}", printable(why)));
    }
}

fn told(out: &Out, item: &Item, outcome: &prove::Outcome, live: bool) {
    match outcome {
        prove::Outcome::Ran(proof) if out.json => out.value(proof),
        prove::Outcome::Ran(proof) if live => verdict(out, proof),
        prove::Outcome::Ran(proof) => {
            heading(out, item);
            proof.stages.iter().for_each(|step| stage(out, step));
            verdict(out, proof);
        }
        prove::Outcome::NotHere(why) if out.json => {
            out.value(&json!({ "id": item.id, "proved": null, "reason": why }));
        }
        prove::Outcome::NotHere(why) => {
            out.line(format_args!("{} {}: {}", out.signs.unavailable(), item.id, printable(why)));
        }
    }
}

fn verdict(out: &Out, proof: &Proof) {
    let took = words::short_length(Duration::from_millis(proof.ms));
    let engine = proof.engine;
    let words = match proof.failure() {
        None => format!("proved on {engine} in {took}"),
        Some((stage, _)) => format!("not proved on {engine}: {}", stage.word()),
    };
    let tone = if proof.proved { Tone::Good } else { Tone::Bad };
    out.line(format_args!("  {}", out.mark(&words, tone)));
    out.line("");
}

/// The last line, and the status to end with. Who asks for all does not ask for what cannot run here.
fn summary(out: &Out, outcomes: &[prove::Outcome], all: bool) -> u8 {
    let ran = outcomes.iter().filter_map(|outcome| match outcome {
        prove::Outcome::Ran(proof) => Some(proof),
        prove::Outcome::NotHere(_) => None,
    });
    let (proved, failed): (Vec<&Proof>, Vec<&Proof>) = ran.partition(|proof| proof.proved);
    let elsewhere = outcomes.len() - proved.len() - failed.len();
    let of = words::count(outcomes.len(), "item");
    let more = if elsewhere > 0 { format!(", {elsewhere} cannot run here") } else { String::new() };
    out.note(format_args!("{} of {of} proved{more}", proved.len()));
    if !failed.is_empty() {
        Exit::NotPassed.code()
    } else if elsewhere > 0 && !all {
        Exit::Environment.code()
    } else {
        DONE
    }
}
