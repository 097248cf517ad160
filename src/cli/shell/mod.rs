//! `drydock shell`: the sandbox's shell in this terminal, or commands fed from standard input.

mod script;

use std::io::{self, IsTerminal, Read};

use tokio::sync::mpsc;

use super::interrupt::{interrupted, until_interrupted};
use super::{DONE, Invocation, Out, Outcome, item};
use crate::engine::{Engine, EngineError, Sandbox, SandboxId, SandboxState};
use crate::problem::{Exit, Problem};
use crate::session::End;
use crate::tui::{self, Ending, Start};

/// How much is read from standard input at once.
const CHUNK: usize = 16 << 10;

/// How many chunks may wait for a shell that does not read.
const QUEUE: usize = 16;

/// Open a sandbox's shell in this terminal
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It is the shell that the full-screen program shows: open it here, there, or in both. \
    Ctrl-] leaves it running; exit or Ctrl-D ends it, and with it the command, with the shell's \
    own status. Where standard input is no terminal, a new shell reads its commands from it.\n\n\
    Example: drydock shell linux-01\n         drydock shell linux-01 --watch\n         \
    drydock shell linux-01 < solution.sh"
)]
pub(super) struct Shell {
    /// The item; without it, the last one worked at
    id: Option<String>,
    /// Only look at a shell that is open: no key reaches it, and its size stays
    #[arg(long)]
    watch: bool,
}

impl Shell {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        let id = item.id.clone();
        // What is missing is said before the screen is taken.
        let lab = invocation.lab(&context, store)?;
        let (_, sandbox) = invocation.block_on(async { Ok(lab.running(&id).await?) })?;
        if !io::stdin().is_terminal() {
            if self.watch {
                let message = "A shell can be watched on a terminal only";
                return Err(Problem::new("usage", Exit::Usage, message)
                    .remedy("drydock replay shows what a shell has shown"));
            }
            return invocation.block_on(async {
                let ran = until_interrupted(script::run(out, lab.engine.as_ref(), &sandbox)).await;
                ran.unwrap_or_else(|| {
                    Err(interrupted(format!(
                        "The commands for {id} were cut off; the one that was going on may still \
                         run in the sandbox, which keeps running"
                    )))
                })
            });
        }
        let store = context.store()?;
        let start = Start::Shell { item: id.clone(), watch: self.watch };
        let ending = tui::run(tui::Options { context, store, start })?;
        ended(out, &id, self.watch, ending)
    }
}

/// What is left to say on the terminal that was given back.
fn ended(out: &Out, id: &str, watch: bool, ending: Option<Ending>) -> Outcome {
    match ending {
        Some(Ending::Left) => {
            if !watch {
                out.note(format_args!(
                    "The shell of {id} goes on: drydock shell {id} is back in it"
                ));
            }
            Ok(DONE)
        }
        Some(Ending::Ended(End::Exited(Some(code)))) => Ok(status(code)),
        Some(Ending::Ended(End::Exited(None))) => Ok(DONE),
        Some(Ending::Ended(end)) => Err(end.into()),
        Some(Ending::Failed(problem)) => Err(problem),
        None => Err(interrupted(format!("The shell of {id} goes on, and its sandbox"))),
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
