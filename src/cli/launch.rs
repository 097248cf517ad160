//! `drydock launch`: an item's sandbox made ready, and its workspace opened.

use std::time::{Duration, Instant};

use serde_json::json;

use super::confirm::confirm;
use super::interrupt::{interrupted, until_interrupted};
use super::out::Tone;
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, incident, item, open, permissions};
use crate::context::Context;
use crate::course::Item;
use crate::engine::{EngineError, Offers, SandboxState};
use crate::incident::incidents::Begin;
use crate::incident::life::Mode;
use crate::lab::needs;
use crate::lab::provision::Ready;
use crate::lab::{self, Lab, scenario};
use crate::problem::Problem;
use crate::tracker::due;
use crate::tui::Start;

/// How long tidying up after an interruption may take: the user wants to leave.
const TIDY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long an engine may go on with a request that we have dropped: the sandbox of a stopped
/// creation can appear that much later.
const AFTERMATH: Duration = Duration::from_millis(400);

/// Make an item's sandbox ready and open its workspace
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An item that was completed and is due (drydock due) is practised anew: a new attempt begins,\n\
    with values of its own, in a new sandbox.\n\nExample: drydock launch linux-01\n         \
    drydock launch linux-03 --detach && drydock shell linux-03"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags that have nothing to do with each other")]
pub(super) struct Launch {
    /// The item, such as linux-01
    id: String,
    /// Only make the sandbox ready, without opening the full-screen program (--json implies it)
    #[arg(long, short)]
    detach: bool,
    /// Start over: the old sandbox and everything in it is removed first
    #[arg(long)]
    fresh: bool,
    /// Agree to what an item from a pack may do
    #[arg(long, short)]
    yes: bool,
    /// A scenario without hints
    #[arg(long)]
    hard: bool,
    /// What differs from attempt to attempt as it was with this seed: an exercise's values, a
    /// scenario's users
    #[arg(long, value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..1 << 31))]
    seed: Option<u32>,
}

impl Launch {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let Self { id, detach, fresh, yes, hard, seed } = self;
        let mode = if hard { Mode::Hard } else { Mode::Normal };
        let how = Begin { fresh, mode, seed };
        if !detach && !invocation.out.json {
            return open::start(invocation, |context| {
                let item = item::find(&invocation.out, context.course(), &id)?;
                permissions::ask(invocation, context, item, &context.store()?, yes)?;
                refuse(invocation, context, item)?;
                let how = again(invocation, context, item, how)?;
                let fresh = how.fresh;
                let chosen = how != Begin { fresh, ..Begin::default() };
                if chosen && scenario(item).is_some() {
                    // The screen goes on with what is begun here as it was chosen.
                    incident::only_begin(invocation, context, item, how)?;
                    return Ok(Start::Item { id: item.id.clone(), fresh: false });
                }
                if seed.is_some() {
                    let lab = invocation.lab(context, context.store()?)?;
                    make_ready(invocation, &lab, item, lab::provision::Begin { fresh, seed })?;
                    return Ok(Start::Item { id: item.id.clone(), fresh: false });
                }
                Ok(Start::Item { id: item.id.clone(), fresh })
            });
        }
        let context = invocation.context()?;
        let item = item::find(&invocation.out, context.course(), &id)?;
        permissions::ask(invocation, &context, item, &context.store()?, yes)?;
        let how = again(invocation, &context, item, how)?;
        let fresh = how.fresh;
        if scenario(item).is_some() {
            return incident::begin(invocation, &context, context.store()?, item, how);
        }
        let lab = invocation.lab(&context, context.store()?)?;
        provision(invocation, &lab, item, lab::provision::Begin { fresh, seed })
    }
}

/// An item that is due is begun anew, unless that was done already. Whoever is at a terminal may look
/// at the sandbox that it was completed in instead.
fn again(
    invocation: &Invocation,
    context: &Context,
    item: &Item,
    how: Begin,
) -> Result<Begin, Problem> {
    let store = context.store()?;
    if how.fresh || store.active(&item.id)?.is_some() {
        return Ok(how);
    }
    let Some(since) = due::since(&store.reviews()?, &jiff::Zoned::now()).remove(&item.id) else {
        return Ok(how);
    };
    let id = &item.id;
    let last = store.history(Some(id), 1)?.pop();
    if last.is_none_or(|last| last.sandbox.is_none()) {
        return Ok(how);
    }
    let question = format!(
        "{id} is due since {since}. Practise it in a new sandbox? The one that it was completed in, \
         and its files, go."
    );
    let fresh = confirm(&invocation.out, false, &question).is_ok();
    if fresh {
        invocation.out.remark(&format!("{id} is due since {since}: it is practised anew"));
    }
    Ok(Begin { fresh, ..how })
}

/// Refuses an item that cannot run here before the screen opens, if it has no sandbox already.
fn refuse(invocation: &Invocation, context: &Context, item: &Item) -> Result<(), Problem> {
    // Asked only where something is needed: the screen does not wait for an engine.
    if needs::lack(item, &Offers::none()).is_none() {
        return Ok(());
    }
    let has_sandbox =
        context.store()?.active(&item.id)?.is_some_and(|attempt| attempt.sandbox.is_some());
    let engine = invocation.block_on(async { Ok(context.engine().await?) })?;
    match needs::obstacle(item, engine.as_ref()) {
        Some(problem) if !has_sandbox => Err(problem),
        _ => Ok(()),
    }
}

/// Makes a sandbox ready with progress, and tells what to do with it.
pub(super) fn provision(
    invocation: &Invocation,
    lab: &Lab,
    item: &Item,
    begin: lab::provision::Begin,
) -> Outcome {
    let started = Instant::now();
    let ready = make_ready(invocation, lab, item, begin)?;
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tell(&invocation.out, lab, item, &ready, ms);
    Ok(DONE)
}

/// The same without telling.
fn make_ready(
    invocation: &Invocation,
    lab: &Lab,
    item: &Item,
    begin: lab::provision::Begin,
) -> Result<Ready, Problem> {
    invocation.block_on(async {
        let progress = Progress::new(&invocation.out);
        let show = |step| progress.show(&step);
        if let Some(ready) = until_interrupted(lab.provision(item, begin, &show)).await {
            return Ok(ready?);
        }
        progress.clear();
        let left = tokio::time::timeout(TIDY_TIMEOUT, tidy(lab, item)).await;
        let late = |_| Err(EngineError::Timeout { what: "tidying up".to_owned() }.into());
        Err(stopped(item, &progress.last_step(), left.unwrap_or_else(late)))
    })
}

/// Removes what was half made; gives the state of a sandbox that was there before.
async fn tidy(lab: &Lab, item: &Item) -> Result<Option<SandboxState>, Problem> {
    lab.tidy(&item.id).await?;
    tokio::time::sleep(AFTERMATH).await;
    lab.tidy(&item.id).await?;
    Ok(lab.sandbox(&item.id).await?.map(|(_, sandbox)| sandbox.state))
}

/// What an interrupted launch ends with, given the sandbox that is left, if any.
fn stopped(item: &Item, at: &str, left: Result<Option<SandboxState>, Problem>) -> Problem {
    let id = &item.id;
    let at = if at.is_empty() { String::new() } else { format!(" (at: {at})") };
    let begun = format!("The launch of {id} was stopped{at}");
    match left {
        Ok(None) => interrupted(format!("{begun}: nothing was left behind, nothing runs")),
        Ok(Some(SandboxState::Running)) => {
            interrupted(format!("{begun}: the sandbox that was there before still runs"))
                .remedy(format!("drydock destroy {id} removes it"))
        }
        Ok(Some(_)) => {
            interrupted(format!("{begun}: the sandbox that was there before is stopped"))
                .remedy(format!("drydock launch {id} starts it again"))
        }
        Err(problem) => interrupted(format!(
            "{begun}, but whether something was left behind is not known: {}",
            problem.message
        ))
        .remedy(format!("drydock destroy {id} removes it")),
    }
}

fn tell(out: &Out, lab: &Lab, item: &Item, ready: &Ready, ms: u64) {
    if out.json {
        out.value(&json!({
            "id": item.id,
            "engine": lab.engine.name(),
            "sandbox": ready.sandbox.id,
            "image": ready.sandbox.image,
            "resumed": ready.resumed,
            "seed": ready.attempt.seed,
            "notices": ready.notices,
            "ms": ms,
        }));
        return;
    }
    for notice in &ready.notices {
        out.remark(&notice.to_string());
    }
    let id = &item.id;
    let how = if ready.resumed { "was there already" } else { "is ready" };
    let seconds = ms as f64 / 1000.0;
    out.line(format_args!(
        "{} {id}: {}: the sandbox {how} ({}, {seconds:.1} s)",
        out.mark(out.signs.passed(), Tone::Good),
        item.title,
        lab.engine.name()
    ));
    out.line(format_args!("  drydock shell {id}    its shell in this terminal"));
    out.line(format_args!("  drydock launch {id}   the workspace: lesson, shell and checks"));
    out.line(format_args!("  drydock verify {id}   runs the checks"));
}
