//! The process that holds a shell: the engine's stream on one side, clients on the other.
//!
//! One task, the [`Keeper`], owns the emulator, the recording and what each client has been told; it
//! never waits but for news. Around it: a task that reads the engine's stream, one that writes to
//! it, one that tells the engine the size, and two for each client.
//!
//! Invariants: input is looked at before output, at least every [`SLICE`]; each of the channels
//! between the tasks is bounded, and a client that does not keep up is sent less, so memory is
//! bounded whatever the shell prints and whoever looks; nothing wakes the process but output, input
//! and the end of an update that a program began and did not finish.

mod clients;
mod engine_end;
mod keeper;
mod pace;
mod solving;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::End;
use super::place::{Held, Nest, Place};
use super::start::{Answer, Order};
use crate::engine::{Engine, EngineError, SandboxId, ShellSpec, Size as ShellSize};
use crate::problem::{Exit, Problem};
use keeper::Keeper;

/// How long output is parsed before input is looked at again.
const SLICE: Duration = Duration::from_millis(4);

/// A command that was run in the shell, as its prompt marks tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What was typed. At most 4 KB.
    pub text: String,
    /// The folder it was run in, if the shell tells.
    pub folder: Option<String>,
    /// Its exit status, if the shell tells.
    pub status: Option<i32>,
    /// When it was begun.
    pub started_at: jiff::Timestamp,
    /// How long it took.
    pub duration: Duration,
}

/// Takes the commands that were run; called from the holder's own task.
pub type OnCommand = Box<dyn FnMut(Command) + Send>;

/// Holds a shell until it ends. `answer` is called once, when the shell is there or will not be.
pub async fn hold(
    engine: Arc<dyn Engine>,
    order: Order,
    on_command: OnCommand,
    answer: impl FnOnce(&str),
) {
    let say = |answer: &Answer| {
        // An answer is always JSON: it has no maps and no numbers that are none.
        serde_json::to_string(answer).unwrap_or_default()
    };
    let nest = Place::new(order.folder.clone()).of(&order.sandbox);
    let lock = match nest.lock() {
        Ok(Some(lock)) => lock,
        Ok(None) => return answer(&say(&Answer::Held)),
        Err(error) => return answer(&say(&Answer::Failed(End::lost(&no_folder(&order, &error))))),
    };
    match Box::pin(open(&engine, &order, &nest, on_command)).await {
        Ok(keeper) => {
            answer(&say(&Answer::Ready));
            Box::pin(keeper.run()).await;
        }
        Err(problem) => {
            nest.remove();
            answer(&say(&Answer::Failed(End::lost(&problem))));
        }
    }
    drop(lock);
}

async fn open(
    engine: &Arc<dyn Engine>,
    order: &Order,
    nest: &Nest,
    on_command: OnCommand,
) -> Result<Keeper, Problem> {
    if let Some(orphan) = &order.orphan
        && let Err(error) = engine.hang_up(&order.sandbox, orphan).await
    {
        tracing::warn!(%error, "a shell without a holder may still run");
    }
    let size = ShellSize { cols: order.size.columns, rows: order.size.rows };
    let spec = ShellSpec { size, user: Some(order.user.clone()) };
    let stream = engine.shell(&order.sandbox, &spec).await?;
    let listener = nest.listen().map_err(|error| no_folder(order, &error))?;
    let held = Held {
        item: order.item.clone(),
        attempt: order.attempt.clone(),
        sandbox: order.sandbox.clone(),
        pid: std::process::id(),
        since: jiff::Timestamp::now().as_millisecond(),
        shell: stream.control.name(),
        end: None,
    };
    nest.write_note(&held).map_err(|error| no_folder(order, &error))?;
    let engine_end = engine_end::start(engine.clone(), order.sandbox.clone(), stream);
    Ok(Keeper::new(order, held, nest.clone(), listener, engine_end, on_command))
}

fn no_folder(order: &Order, error: &std::io::Error) -> Problem {
    let message = format!("The folder for shells cannot be used: {error}");
    Problem::new("holder", Exit::Environment, message)
        .at(order.folder.display().to_string(), None)
        .remedy("DRYDOCK_HOME=/some/folder/of/yours chooses another")
}

/// Receives from a channel whose sender may be gone: then never.
async fn next<T>(channel: &mut mpsc::Receiver<T>) -> T {
    match channel.recv().await {
        Some(item) => item,
        None => std::future::pending().await,
    }
}

/// Why a stream ended, as people are told.
fn lost(error: EngineError) -> End {
    End::lost(&error.into())
}

/// The sandbox's short name.
fn name(id: &SandboxId) -> String {
    id.to_string()
}
