//! `drydock apart`: becomes another program without a terminal. Started by drydock itself, never by
//! hand: git, and what git starts, could otherwise ask for a password in the middle of the screen.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::Command;

use super::{Invocation, Outcome};
use crate::platform::process;
use crate::sync::NO_PROGRAM;

/// What a shell ends with where a program is there and cannot be run.
const NOT_RUN: u8 = 126;

/// Become a program that has no terminal
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Apart {
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

impl Apart {
    pub(super) fn run(self, _invocation: &Invocation) -> Outcome {
        process::leave_terminal();
        let mut words = self.words.into_iter();
        let mut command = Command::new(words.next().unwrap_or_default());
        process::become_program(command.args(words)).or_else(|error| {
            tracing::warn!(%error, "a program could not be run apart");
            Ok(match error.kind() {
                ErrorKind::NotFound => NO_PROGRAM,
                _ => NOT_RUN,
            })
        })
    }
}
