//! `drydock launch` for a scenario: its machines made, its fault injected, up to the moment when the
//! learner is called.

use std::time::Instant;

use serde_json::json;

use crate::cli::interrupt::{interrupted, until_interrupted};
use crate::cli::out::{Tone, printable};
use crate::cli::progress::Progress;
use crate::cli::{DONE, Invocation, Outcome};
use crate::context::Context;
use crate::course::Item;
use crate::engine::Step;
use crate::incident::incidents::{Begin, INTERVAL, Incidents};
use crate::incident::life::{Life, Phase, SETTLE};
use crate::incident::picture::Outcome as End;
use crate::lab::SharedStore;
use crate::problem::{Exit, Problem};
use crate::store::{Attempt, Store};

/// Begins an incident and waits for nothing but the image of its machines.
pub(in crate::cli) fn only_begin(
    invocation: &Invocation,
    context: &Context,
    item: &Item,
    how: Begin,
) -> Result<(), Problem> {
    let store = SharedStore::new(context.store()?);
    invocation.block_on(async {
        let incidents = context.incidents(store).await?;
        let progress = Progress::new(&invocation.out);
        incidents.begin(item, how, &|step| progress.show(&step)).await?;
        progress.clear();
        Ok(())
    })
}

/// Begins an incident with progress, and tells what to do.
pub(in crate::cli) fn begin(
    invocation: &Invocation,
    context: &Context,
    store: Store,
    item: &Item,
    how: Begin,
) -> Outcome {
    let started = Instant::now();
    let out = &invocation.out;
    let store = SharedStore::new(store);
    let incidents = invocation.block_on(async { context.incidents(store).await })?;
    let (attempt, life) = invocation.block_on(async {
        let progress = Progress::new(out);
        let show = |step: Step| progress.show(&step);
        let work = async {
            let attempt = incidents.begin(item, how, &show).await?;
            let life = wait(&incidents, &attempt, &show).await?;
            Ok((attempt, life))
        };
        let result = until_interrupted(work).await;
        progress.clear();
        result.unwrap_or_else(|| {
            let id = &item.id;
            let message =
                format!("The launch of {id} is not waited for any more; what was begun goes on");
            Err(interrupted(message).remedy(format!("drydock destroy {id} removes it")))
        })
    })?;
    if let Phase::Over(End::LabFailed { why }) = &life.phase {
        let message = format!("The lab failed, not you: {why}");
        return Err(Problem::new("lab_failed", Exit::Environment, message)
            .remedy(format!("drydock launch {} --fresh tries again", item.id)));
    }
    let sandbox = incidents.lab.store.lock().attempt(attempt.id)?.sandbox;
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if out.json {
        out.value(&json!({
            "id": item.id,
            "engine": incidents.lab.engine.name(),
            "sandbox": sandbox,
            "ms": ms,
        }));
        return Ok(DONE);
    }
    let id = &item.id;
    let seconds = ms as f64 / 1000.0;
    let sign = out.mark(out.signs.passed(), Tone::Good);
    out.line(format_args!("{sign} {id}: {}: you are on call ({seconds:.0} s)", item.title));
    if let Some(scenario) = crate::lab::scenario(item) {
        out.line("");
        out.line(printable(scenario.briefing.trim()));
    }
    out.line("");
    out.line(format_args!("  drydock launch {id}          the screen: users, graphs, logs, shell"));
    out.line(format_args!("  drydock shell {id}           a shell in the private network"));
    out.line(format_args!("  drydock incident show {id}   criteria and what was said"));
    Ok(DONE)
}

/// Waits until the learner is called, or it is over.
async fn wait(
    incidents: &Incidents,
    attempt: &Attempt,
    show: &(dyn Fn(Step) + Send + Sync),
) -> Result<Life, Problem> {
    let mut shown = None;
    loop {
        incidents.ensure(attempt.id)?;
        if let Some(life) = incidents.life(attempt.id)? {
            if matches!(life.phase, Phase::Live | Phase::Replaying(_) | Phase::Over(_)) {
                return Ok(life);
            }
            let now = step(&life.phase);
            if shown.as_ref() != Some(&now) {
                show(now.clone());
                shown = Some(now);
            }
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// How far it is.
fn step(phase: &Phase) -> Step {
    let unknown = |step: &str| (step.to_owned(), 0, None);
    let (step, done, total) = match phase {
        Phase::Starting { .. } => unknown("Making and starting the machines"),
        Phase::Settling { held, .. } => {
            ("Healthy users, for 20 s".to_owned(), *held as u64, Some(SETTLE as u64))
        }
        Phase::Baseline { .. } => unknown("Measuring what is normal here"),
        Phase::Injecting { .. } => unknown("Something is about to happen"),
        Phase::Live | Phase::Replaying(_) | Phase::Over(_) => unknown(""),
    };
    Step { step, done, total, unit: "seconds" }
}
