//! Asking before something is lost.

use std::io::{self, IsTerminal, Write};

use super::Out;
use super::interrupt::interrupted;
use crate::problem::Problem;

/// Asks whether to go on, if there is somebody to ask: on a terminal, without `--yes` and `--json`.
/// Anything but yes ends the command.
pub(super) fn confirm(out: &Out, yes: bool, question: &str) -> Result<(), Problem> {
    if yes || out.json || !io::stdin().is_terminal() || !out.errors_on_terminal {
        return Ok(());
    }
    if agreed(question) { Ok(()) } else { Err(interrupted("Nothing was changed")) }
}

/// Asks somebody who is known to be there.
pub(super) fn agreed(question: &str) -> bool {
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    // An end of input is a no.
    let _ = io::stdin().read_line(&mut answer);
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
