//! `drydock prove`: run items for real, and tell whether they can be solved and cannot be passed by
//! accident.

mod board;

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, item, words};
use crate::context::{Context, choose};
use crate::course::{self, Catalogue, Diagnostic, Item, Source};
use crate::engine::choice::Wanted;
use crate::engine::{Engine as _, image};
use crate::lab::{Lab, SharedStore, needs};
use crate::problem::{Exit, Problem};
use crate::prove::{self, Proof, Step, Verdict};
use crate::store::{Proved, Store};
use board::Board;

/// How long an engine may go on with what was dropped: a sandbox can appear that much later.
const AFTERMATH: Duration = Duration::from_millis(500);

/// How often what was dropped is looked for.
const SWEEPS: u32 = 6;

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
        let course = &context.course;
        let items = self.items(out, course)?;
        let findings = course::lint(course, &image::ours());
        let proofs = context.store()?;
        let _alone = alone(&context)?;
        // Progress is nobody's business here: stores that are gone with the command.
        let folder = tempfile::tempdir().map_err(|error| {
            let message = format!("No temporary folder can be made: {error}");
            Problem::new("system", Exit::Environment, message)
        })?;
        invocation.block_on(async {
            let labs = labs(&context, self.engine, folder.path()).await?;
            for lab in &labs {
                // Of a command that was killed.
                lab.destroy_all().await?;
            }
            let mut tasks = tasks(&items, &labs);
            if self.changed {
                let known = proofs.proofs(None)?;
                tasks.retain(|task| !task.still_holds(&known));
            }
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let jobs = self.jobs.map_or(cores, usize::from);
            let work = all(out, &tasks, &findings, jobs, &proofs);
            let Some(outcomes) = until_interrupted(work).await else {
                sweep(&labs).await?;
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

/// A lab on each engine that is meant and works, with an owner and a store of its own.
async fn labs(context: &Context, only: Option<Engine>, folder: &Path) -> Result<Vec<Lab>, Problem> {
    let (mut labs, mut trouble) = (Vec::new(), None);
    for wanted in [Engine::Docker, Engine::Native] {
        if only.is_some_and(|only| only.wanted() != wanted.wanted()) {
            continue;
        }
        let chosen = async {
            let chosen = choose(wanted.wanted(), &context.paths, true).await?;
            chosen.info().await.map(|_| chosen)
        };
        let engine = match chosen.await {
            Ok(engine) => engine,
            Err(error) => {
                trouble.get_or_insert(error);
                continue;
            }
        };
        let store = Store::open(&folder.join(format!("{}.db", engine.name())))?;
        let mut lab = context.lab_on(engine, SharedStore::new(store))?;
        lab.owner = format!("{}-prove-{}", lab.owner, lab.engine.name());
        // What needs a network to start does not start in a room without one.
        lab.offline = true;
        labs.push(lab);
    }
    match trouble {
        Some(error) if labs.is_empty() => Err(error.into()),
        _ => Ok(labs),
    }
}

/// An item to be proved on an engine.
struct Task<'a> {
    item: &'a Item,
    lab: &'a Lab,
}

impl Task<'_> {
    /// Whether it was proved as it is now.
    fn still_holds(&self, known: &[Proved]) -> bool {
        let (item, engine) = (&self.item.id, self.lab.engine.name());
        let proof = known.iter().find(|proof| proof.item == *item && proof.engine == engine);
        let Some(proof) = proof.filter(|proof| proof.proved) else { return false };
        self.item.hash().is_ok_and(|hash| hash == proof.content_hash)
    }
}

/// Each item on every engine that has what it needs; on one of them, to be told why, if none has.
fn tasks<'a>(items: &[&'a Item], labs: &'a [Lab]) -> Vec<Task<'a>> {
    let of = |item: &'a Item| {
        let can = |lab: &&Lab| needs::obstacle(item, lab.engine.as_ref()).is_none();
        let able: Vec<_> = labs.iter().filter(can).collect();
        let labs = if able.is_empty() { labs.iter().take(1).collect() } else { able };
        labs.into_iter().map(move |lab| Task { item, lab })
    };
    items.iter().flat_map(|item| of(item)).collect()
}

/// Removes what was left by work that was dropped, until nothing more appears.
async fn sweep(labs: &[Lab]) -> Result<(), Problem> {
    for _ in 0..SWEEPS {
        for lab in labs {
            lab.destroy_all().await?;
        }
        tokio::time::sleep(AFTERMATH).await;
    }
    Ok(())
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

/// Proves all, so many at a time. What is known of each is kept, then told.
async fn all(
    out: &Out,
    tasks: &[Task<'_>],
    findings: &[Diagnostic],
    jobs: usize,
    proofs: &Store,
) -> Vec<prove::Outcome> {
    let board = &Board::new(out, tasks.len());
    let proving = tasks.iter().map(|task| async move {
        let (id, engine) = (task.item.id.as_str(), task.lab.engine.name());
        let tell = |stage| board.begins(id, engine, stage);
        let outcome = prove::prove(task.lab, task.item, findings, &tell).await;
        if let prove::Outcome::Ran(proof) = &outcome
            && let Err(error) = proofs.keep_proof(&kept(proof))
        {
            tracing::warn!(%error, "a proof was not kept");
        }
        board.done(id, engine, &outcome, || told(out, task.item, &outcome));
        outcome
    });
    let proved = stream::iter(proving).buffer_unordered(jobs).collect();
    board.follow(proved).await
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
