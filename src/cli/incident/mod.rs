//! `drydock incident`: a scenario's incident from the command line, for scripts and for who has no
//! screen.

mod begin;
mod show;

use serde_json::json;

pub(super) use begin::{begin, only_begin};
pub(super) use show::verify;

use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Outcome, item};
use crate::course::Item;
use crate::course::scenario::{Answer, Scenario};
use crate::engine::Step;
use crate::incident::incidents::{self, Begin, Incidents};
use crate::incident::life::{Life, Mode, Phase};
use crate::incident::order::Order;
use crate::incident::picture::{FeedKind, Guess, Outcome as End};
use crate::lab::SharedStore;
use crate::problem::{Exit, Problem};
use crate::store::{Attempt, Store};

/// Look at a running incident, and tell it what you want
#[derive(Debug, clap::Args)]
pub(super) struct Incident {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show how it stands: criteria, users, what was said
    #[command(after_help = "Example: drydock incident show incidents-01 --json")]
    Show(Which),
    /// Say what is wrong: which part, how it breaks, what set it off
    #[command(after_help = "Without the three answers, lists what there is to choose.\n\n\
        Example: drydock incident diagnose incidents-03 --component gateway --mechanism pool --trigger config")]
    Diagnose(Diagnose),
    /// Mark it complete: every criterion holds, and the diagnosis was given
    #[command(after_help = "Example: drydock incident complete incidents-01")]
    Complete(Which),
    /// Hold everything: load, time and hints
    #[command(after_help = "Example: drydock incident pause incidents-01")]
    Pause(Which),
    /// Go on
    #[command(after_help = "Example: drydock incident resume incidents-01")]
    Resume(Which),
    /// Give up: hand it over, and be told what it was
    #[command(after_help = "Example: drydock incident escalate incidents-01")]
    Escalate(Which),
    /// Begin again, on fresh machines
    #[command(after_help = "Example: drydock incident restart incidents-01 --guided")]
    Restart(Restart),
}

/// Which incident.
#[derive(Debug, clap::Args)]
struct Which {
    /// The scenario; without it, the last item worked at
    id: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Diagnose {
    #[command(flatten)]
    which: Which,
    /// The part at fault
    #[arg(long, requires_all = ["mechanism", "trigger"])]
    component: Option<String>,
    /// How it breaks
    #[arg(long, requires = "component")]
    mechanism: Option<String>,
    /// What set it off
    #[arg(long, requires = "component")]
    trigger: Option<String>,
}

#[derive(Debug, clap::Args)]
struct Restart {
    #[command(flatten)]
    which: Which,
    /// With every step explained, and no time gate
    #[arg(long)]
    guided: bool,
}

impl Incident {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        match self.command {
            Command::Show(which) => show::show(invocation, which.id.as_deref()),
            Command::Diagnose(diagnose) => diagnose.run(invocation),
            Command::Complete(which) => tell(invocation, &which, &Order::Complete),
            Command::Pause(which) => tell(invocation, &which, &Order::Pause),
            Command::Resume(which) => tell(invocation, &which, &Order::Resume),
            Command::Escalate(which) => tell(invocation, &which, &Order::Escalate),
            Command::Restart(Restart { which, guided }) => restart(invocation, &which, guided),
        }
    }
}

impl Diagnose {
    fn run(self, invocation: &Invocation) -> Outcome {
        let Self { which, component, mechanism, trigger } = self;
        if let (Some(component), Some(mechanism), Some(trigger)) = (component, mechanism, trigger) {
            let guess = Guess { component, mechanism, trigger };
            return tell(invocation, &which, &Order::Diagnose(guess));
        }
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, which.id.as_deref())?;
        let scenario = incidents::of(item)?;
        let system = &scenario.system;
        let lists = [
            ("component", &system.components),
            ("mechanism", &system.mechanisms),
            ("trigger", &system.triggers),
        ];
        if out.json {
            let words = |answers: &[Answer]| {
                let word = |answer: &Answer| json!({ "id": answer.id, "title": answer.title });
                answers.iter().map(word).collect::<Vec<_>>()
            };
            let lists = lists.map(|(name, answers)| (name.to_owned(), json!(words(answers))));
            out.value(&serde_json::Map::from_iter(lists));
            return Ok(DONE);
        }
        for (name, answers) in lists {
            out.line(out.mark(format_args!("--{name}"), Tone::Strong));
            for Answer { id, title } in answers {
                out.line(format_args!("  {id:14} {}", printable(title)));
            }
        }
        Ok(DONE)
    }
}

/// A running incident, to be looked at.
struct Running {
    item: Item,
    scenario: std::sync::Arc<Scenario>,
    attempt: Attempt,
    incidents: Incidents,
}

/// Finds the incident that is meant, and sees to it that it goes on.
fn running(invocation: &Invocation, id: Option<&str>) -> Result<Running, Problem> {
    let context = invocation.context()?;
    let store = context.store()?;
    let item = item::given_or_last(invocation, &context, &store, id)?.clone();
    let scenario = incidents::of(&item)?;
    let attempt = last(&store, &item)?;
    let store = SharedStore::new(store);
    let incidents = invocation.block_on(async { context.incidents(store).await })?;
    Ok(Running { item, scenario, attempt, incidents })
}

/// The attempt that is under way, or the last one.
pub(super) fn last(store: &Store, item: &Item) -> Result<Attempt, Problem> {
    store.history(Some(&item.id), 1)?.pop().ok_or_else(|| not_started(item))
}

fn not_started(item: &Item) -> Problem {
    let message = format!("{} has not been started", item.id);
    Problem::new("no_attempt", Exit::Environment, message)
        .remedy(format!("drydock launch {}", item.id))
}

/// Tells an incident something, and what came of it.
fn tell(invocation: &Invocation, which: &Which, order: &Order) -> Outcome {
    let running = running(invocation, which.id.as_deref())?;
    let life = invocation.block_on(ask(&running, order))?;
    said(invocation, &running, &life);
    Ok(DONE)
}

/// Begins again: the same run where it is not resolved yet, else another with the same users.
fn restart(invocation: &Invocation, which: &Which, guided: bool) -> Outcome {
    let running = running(invocation, which.id.as_deref())?;
    let life = running.incidents.life(running.attempt.id)?;
    let resolved = |life: &Life| life.removed || life.phase == Phase::Over(End::Resolved);
    let Some(life) = life.filter(resolved) else {
        return tell(invocation, which, &Order::Restart { guided });
    };
    let mode = if guided { Mode::Guided } else { Mode::Normal };
    let how = Begin { fresh: true, mode, seed: Some(life.seed) };
    let out = &invocation.out;
    let progress = Progress::new(out);
    let show = |step: Step| progress.show(&step);
    let begun = running.incidents.begin(&running.item, how, &show);
    let attempt = invocation.block_on(begun)?;
    progress.clear();
    if out.json {
        out.value(&json!({ "id": running.item.id, "attempt": attempt.id.to_string() }));
    } else {
        out.line(format_args!("{} begins again, with the same users", running.item.id));
    }
    Ok(DONE)
}

async fn ask(running: &Running, order: &Order) -> Result<Life, Problem> {
    let Running { incidents, attempt, item, .. } = running;
    if incidents.life(attempt.id)?.is_none_or(|life| life.removed) {
        let message = format!("The incident of {} is over and its machines are gone", item.id);
        return Err(Problem::new("no_attempt", Exit::Environment, message)
            .remedy(format!("drydock launch {} begins it again", item.id)));
    }
    incidents.ask(attempt.id, order).await
}

/// The last that was said, and how it stands.
fn said(invocation: &Invocation, running: &Running, life: &Life) {
    let out = &invocation.out;
    if out.json {
        out.value(&show::value(&running.item, &running.scenario, &running.attempt, life));
        return;
    }
    if let Some(entry) = life.feed.last() {
        out.line(printable(&entry.text));
    }
}

/// The next hint of an incident.
pub(super) fn hint(invocation: &Invocation, item: &Item) -> Outcome {
    let running = running(invocation, Some(&item.id))?;
    let life = invocation.block_on(ask(&running, &Order::Hint))?;
    let out = &invocation.out;
    let hint = life.feed.iter().rfind(|entry| entry.kind == FeedKind::Hint);
    let (given, of) = life.picture(&running.scenario).hints;
    if out.json {
        let hint = hint.map(|hint| json!({ "number": given, "of": of, "text": hint.text }));
        out.value(&json!({ "id": item.id, "hint": hint }));
        return Ok(DONE);
    }
    if let Some(hint) = hint {
        out.line(out.mark(format_args!("Hint {given} of {of}"), Tone::Strong));
        out.line(printable(hint.text.trim()));
    }
    Ok(DONE)
}
