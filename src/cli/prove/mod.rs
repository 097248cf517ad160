//! `drydock prove`: run items for real, and tell whether they can be solved and cannot be passed by
//! accident.

mod board;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, item, words};
use crate::context::Context;
use crate::course::{self, Catalogue, Item, Source};
use crate::engine::choice::Wanted;
use crate::engine::image;
use crate::problem::{Exit, Problem};
use crate::prove::round::{self, Follow};
use crate::prove::{self, Proof, Stage, Step, Verdict};
use board::Board;

/// Run items for real: solvable, not passed by accident, startable without a network
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stages of an exercise: lint, provision, red (every check fails before anything is done),\n\
    solve (step by step), hold, drop-one (without a step its checks stay red), decoys (each wrong\n\
    solution is refused by its checks alone), again (in other sandboxes), clean. Of a scenario: lint,\n\
    provision, healthy, red, untouched, solve (each repair), decoys (each wrong one), clean; it takes\n\
    minutes for each of its repairs.\n\n\
    Example: drydock prove linux-03\n         \
    drydock prove my-content --engine native\n         \
    drydock prove --changed\n         \
    drydock prove --all --json\n\n\
    Exit status: 0 all are proved; 1 something failed; 3 something could not be run here."
)]
pub(super) struct Prove {
    /// Items, or folders of content: all items of one
    #[arg(required_unless_present_any = ["all", "changed"], value_name = "ID|DIR")]
    what: Vec<String>,
    /// Every item that can run here
    #[arg(long, conflicts_with = "what")]
    all: bool,
    /// Of these, or of all, only those that were not proved as they are now
    #[arg(long)]
    changed: bool,
    /// The engine to run them on, instead of every one that works here
    #[arg(long, value_enum)]
    engine: Option<Engine>,
    /// How many to run at the same time, instead of one for each processor
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
}

/// An engine by its name.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Engine {
    /// Docker, Podman or anything else that speaks Docker's API
    Docker,
    /// Namespaces of this machine
    Native,
}

impl Engine {
    fn wanted(self) -> Wanted {
        match self {
            Self::Docker => Wanted::Docker,
            Self::Native => Wanted::Native,
        }
    }
}

impl Prove {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let folders: Vec<_> =
            self.what.iter().map(PathBuf::from).filter(|it| it.is_dir()).collect();
        let laid_over = [invocation.content.as_slice(), &folders].concat();
        let context = Context::load(&laid_over, invocation.offline)?;
        let course = context.course();
        let items = self.items(out, course)?;
        let findings = course::lint(course, &image::ours());
        let proofs = context.store()?;
        let _alone = round::alone(&context.paths)?;
        // Progress is nobody's business here: stores that are gone with the command.
        let folder = tempfile::tempdir().map_err(|error| {
            let message = format!("No temporary folder can be made: {error}");
            Problem::new("system", Exit::Environment, message)
        })?;
        invocation.block_on(async {
            let only = self.engine.map(Engine::wanted);
            let labs = context.labs_to_prove(only, folder.path()).await?;
            round::clear(&labs).await?;
            let mut tasks = round::tasks(&items, &labs);
            if self.changed {
                let known = proofs.proofs(None)?;
                tasks.retain(|task| !task.still_holds(&known));
            }
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let jobs = self.jobs.map_or(cores, usize::from);
            let told = &Told { out, board: Board::new(out, tasks.len()) };
            let work = round::all(&tasks, &findings, jobs, &proofs, told);
            let Some(outcomes) = until_interrupted(told.board.follow(work)).await else {
                round::sweep(&labs).await?;
                let message = "The proof was stopped; its sandboxes are removed";
                return Err(interrupted(message));
            };
            Ok(summary(out, &outcomes, !self.what.is_empty()))
        })
    }

    /// The items that are meant, each once.
    fn items<'a>(&self, out: &Out, course: &'a Catalogue) -> Result<Vec<&'a Item>, Problem> {
        if self.what.is_empty() {
            return Ok(course.items().collect());
        }
        let mut items: Vec<&Item> = Vec::new();
        for word in &self.what {
            let path = Path::new(word);
            if path.is_dir() {
                let source = Source::folder(path)?;
                let of_it = |item: &&Item| source.shown(&item.manifest.path()).is_some();
                items.extend(course.items().filter(of_it));
            } else {
                items.push(item::find(out, course, word)?);
            }
        }
        let mut seen = HashSet::new();
        items.retain(|item| seen.insert(item.id.as_str()));
        Ok(items)
    }
}

/// What goes on at the foot of the terminal, and above it what is done.
struct Told<'a> {
    out: &'a Out,
    board: Board<'a>,
}

impl Follow for Told<'_> {
    fn begins(&self, item: &Item, engine: &'static str, stage: Stage) {
        self.board.begins(&item.id, engine, stage);
    }

    fn done(&self, item: &Item, engine: &'static str, outcome: &prove::Outcome) {
        self.board.done(&item.id, engine, outcome, || told(self.out, item, outcome));
    }
}

fn heading(out: &Out, item: &Item) {
    let words = format!("{}  {}", item.id, printable(&item.title));
    out.line(out.mark(words, Tone::Strong));
}

fn stage(out: &Out, step: &Step) {
    let (sign, tone, why) = match &step.verdict {
        Verdict::Passed => (out.signs.passed(), Tone::Good, None),
        Verdict::Failed { .. } => (out.signs.failed(), Tone::Bad, step.verdict.why()),
        Verdict::Skipped => (out.signs.unavailable(), Tone::Muted, None),
    };
    let took = match step.verdict {
        Verdict::Skipped => "not run".to_owned(),
        _ => words::short_length(Duration::from_millis(step.ms)),
    };
    let took = out.mark(&took, Tone::Muted);
    out.line(format_args!("  {} {:<10}{took}", out.mark(sign, tone), step.stage.word()));
    if let Some(why) = why {
        out.line(format_args!("      {}", printable(&why)));
    }
}

fn told(out: &Out, item: &Item, outcome: &prove::Outcome) {
    match outcome {
        prove::Outcome::Ran(proof) if out.json => out.value(proof),
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
    let memory = proof.peak_bytes.map_or_else(String::new, |it| format!(", {}", words::size(it)));
    let words = match proof.failure() {
        None => format!("proved on {engine} in {took}{memory}"),
        Some((stage, _)) => format!("not proved on {engine}: {}", stage.word()),
    };
    let tone = if proof.proved { Tone::Good } else { Tone::Bad };
    out.line(format_args!("  {}", out.mark(&words, tone)));
    out.line("");
}

/// The last line, and the status to end with. Who names no items does not ask for what cannot run
/// here.
fn summary(out: &Out, outcomes: &[prove::Outcome], named: bool) -> u8 {
    let ran = outcomes.iter().filter_map(|outcome| match outcome {
        prove::Outcome::Ran(proof) => Some(proof),
        prove::Outcome::NotHere(_) => None,
    });
    let (proved, failed): (Vec<&Proof>, Vec<&Proof>) = ran.partition(|proof| proof.proved);
    let elsewhere = outcomes.len() - proved.len() - failed.len();
    let ran = proved.len() + failed.len();
    let more = if elsewhere > 0 { format!("; {elsewhere} cannot run here") } else { String::new() };
    out.note(match ran {
        0 if elsewhere == 0 => "Nothing has changed since it was proved".to_owned(),
        _ => format!("{} of {} passed{more}", proved.len(), words::count(ran, "proof")),
    });
    for proof in &failed {
        if let Some((stage, why)) = proof.failure() {
            let (id, engine, stage) = (&proof.id, proof.engine, stage.word());
            out.note(format_args!("  {id} on {engine}: {stage}: {}", printable(&why)));
        }
    }
    if !failed.is_empty() {
        Exit::NotPassed.code()
    } else if elsewhere > 0 && named {
        Exit::Environment.code()
    } else {
        DONE
    }
}
