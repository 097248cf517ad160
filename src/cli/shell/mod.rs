//! `drydock shell`: the sandbox's shell in this terminal, or fed from standard input.

mod raw;
mod script;
mod terminal;

use std::io::{self, IsTerminal, Read};

use tokio::sync::mpsc;

use super::interrupt::{interrupted, until_interrupted};
use super::out::Tone;
use super::{Invocation, Outcome, item};
use crate::engine::{Engine, EngineError, Sandbox, SandboxId, SandboxState};
use crate::lab::{LabError, SharedStore};
use crate::problem::Problem;

/// How much is read from standard input at once.
const CHUNK: usize = 16 << 10;

/// How many chunks may wait for a shell that does not read.
const QUEUE: usize = 16;

/// Open a sandbox's shell in this terminal
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Ends with the shell's own exit status. Where standard input is no terminal, \
    the shell reads its commands from it.\n\n\
    Example: drydock shell linux-01\n         drydock shell linux-01 < solution.sh"
)]
pub(super) struct Shell {
    /// The item; without it, the last one worked at
    id: Option<String>,
}

impl Shell {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        let id = &item.id;
        let lab = context.lab(SharedStore::new(store))?;
        invocation.block_on(async {
            let found = lab.sandbox(id).await?;
            let (attempt, sandbox) =
                found.ok_or_else(|| LabError::NoSandbox { item: id.clone() })?;
            if sandbox.state != SandboxState::Running {
                return Err(EngineError::SandboxStopped { id: sandbox.id.to_string() }.into());
            }
            if !io::stdin().is_terminal() {
                let ran = until_interrupted(script::run(out, lab.engine.as_ref(), &sandbox)).await;
                return ran.unwrap_or_else(|| {
                    Err(interrupted(format!(
                        "The commands for {id} were cut off; the one that was going on may still \
                         run in the sandbox, which keeps running"
                    )))
                });
            }
            let note = format!(
                "The shell of {id}; exit or Ctrl-D leaves it, and the sandbox keeps running"
            );
            out.note(out.mark_error(note, Tone::Muted));
            terminal::run(&lab, &attempt, &sandbox).await
        })
    }
}

/// Standard input, chunk by chunk, read by a thread of its own: such a read cannot be given up, and
/// so must not be anything that the end of the program waits for.
fn read_input() -> mpsc::Receiver<Vec<u8>> {
    let (chunks, receiver) = mpsc::channel(QUEUE);
    std::thread::spawn(move || {
        let mut input = io::stdin().lock();
        let mut buffer = vec![0; CHUNK];
        loop {
            match input.read(&mut buffer) {
                Ok(read @ 1..) => {
                    if chunks.blocking_send(buffer[..read].to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => return,
            }
        }
    });
    receiver
}

/// The exit status to end with: the shell's own.
fn status(status: i64) -> u8 {
    u8::try_from(status).unwrap_or(u8::MAX)
}

/// Why a stream ended without a status: mostly because the sandbox did.
async fn cause(engine: &dyn Engine, id: &SandboxId, detail: String) -> Problem {
    match engine.inspect(id).await {
        Ok(Sandbox { state: SandboxState::Running, .. }) => EngineError::ConnectionLost { detail },
        Ok(_) => EngineError::SandboxStopped { id: id.to_string() },
        Err(error) => error,
    }
    .into()
}
