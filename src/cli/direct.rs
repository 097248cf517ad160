//! `drydock direct`: the process that makes an incident go on. Started by drydock itself, never by hand.

use tokio_util::sync::CancellationToken;

use super::{DONE, Invocation, Outcome};
use crate::context::Context;
use crate::incident::{director, incidents};
use crate::lab::SharedStore;
use crate::platform::signals::Signals;
use crate::platform::{Signal, process};
use crate::problem::{Exit, Problem};
use crate::store::AttemptId;

/// Direct an incident
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Direct {
    /// The attempt
    attempt: String,
}

impl Direct {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        process::leave_terminal();
        let id: AttemptId = self.attempt.parse().map_err(|_| {
            Problem::new("usage", Exit::Usage, "drydock direct is started by drydock itself")
                .remedy("drydock launch ID begins an incident")
        })?;
        let context = invocation.context()?;
        invocation.block_on(direct(&context, id))?;
        Ok(DONE)
    }
}

async fn direct(context: &Context, id: AttemptId) -> Result<(), Problem> {
    let store = SharedStore::new(context.store()?);
    let incidents = context.incidents(store.clone()).await?;
    let locked = incidents.lock(id).map_err(|error| {
        Problem::new("incident", Exit::Environment, format!("No lock can be taken: {error}"))
    })?;
    // Another has just done the same.
    let Some(_lock) = locked else { return Ok(()) };
    incidents.note_process(id);
    let stop = CancellationToken::new();
    if let Ok(mut told) = Signals::of(&[Signal::Terminate, Signal::Interrupt]) {
        let stopped = stop.clone();
        tokio::spawn(async move {
            told.recv().await;
            stopped.cancel();
        });
    }
    // Caught and not looked at: what is meant for a terminal is not meant for an incident.
    let _ignored = Signals::of(&[Signal::HangUp]);
    let work = async {
        let attempt = store.lock().attempt(id)?;
        let item = context.course().item(&attempt.item).ok_or_else(|| {
            let message = format!("There is no item \"{}\" any more", attempt.item);
            Problem::new("unknown_item", Exit::Usage, message)
        })?;
        incidents::of(item)?;
        let rig = incidents.rig(item, id).await?;
        director::direct(rig, stop).await?;
        Ok(())
    };
    let ended: Result<(), Problem> = work.await;
    if let Err(problem) = &ended {
        tracing::error!(problem = %problem, "the incident is not directed any more");
        incidents.leave_word(id, problem);
    }
    ended
}
