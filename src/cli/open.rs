//! Opening the full-screen program.

use super::{DONE, Invocation, Out, Outcome, recover};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::tui::{self, Start};

/// Open the full-screen program on Home, wherever you were the last time
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a command, drydock goes back to where you were: the same screen, the same panes, the\n\
    same lesson at the same line.\n\n\
    Example: drydock home"
)]
pub(super) struct Home {}

impl Home {
    pub(super) fn run(&self, invocation: &Invocation) -> Outcome {
        start(invocation, |_| Ok(Start::Home))
    }
}

/// `drydock` without a command.
pub(super) fn back(invocation: &Invocation) -> Outcome {
    start(invocation, |_| Ok(Start::Back))
}

/// Opens it where `start` says. Nothing slow is done here: the first frame is due in milliseconds.
pub(super) fn start(
    invocation: &Invocation,
    start: impl FnOnce(&Context) -> Result<Start, Problem>,
) -> Outcome {
    with(&invocation.out, || invocation.context(), start)
}

/// The same, with a context that is made here.
pub(super) fn with(
    out: &Out,
    context: impl FnOnce() -> Result<Context, Problem>,
    start: impl FnOnce(&Context) -> Result<Start, Problem>,
) -> Outcome {
    if out.json {
        let problem =
            Problem::new("usage", Exit::Usage, "The full-screen program has no JSON output");
        return Err(problem.remedy("drydock --help lists the commands that have"));
    }
    let context = context()?;
    let start = start(&context)?;
    let store = recover::open_or_ask(out, &context)?;
    tui::run(tui::Options { context, store, start })?;
    Ok(DONE)
}
