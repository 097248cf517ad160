//! Commands: arguments in, text or JSON out; one file per command.
//!
//! A command is a struct of its arguments with one method, `run`, which gives the exit status or a
//! [`Problem`]. What all of them share is the [`Invocation`]: the global flags and the [`Out`]put.
//! The work itself is done below, in `lab`, `context`, `store` and `engine`.
//!
//! Invariants: facts go to stdout, everything else to stderr; with `--json` stdout carries nothing
//! but JSON and an error is one JSON object on stderr; a reader that has gone away (`| head`) ends
//! nothing but the printing.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "all commands have one shape, whether or not they take arguments or can fail"
)]

mod apart;
mod args;
mod attempt;
mod author;
mod card;
mod completions;
mod config;
mod confirm;
mod destroy;
mod direct;
mod doctor;
mod due;
mod export;
mod file;
mod hint;
mod history;
mod hold;
mod images;
mod import;
mod import_progress;
mod incident;
mod init;
mod interrupt;
mod invocation;
mod item;
mod launch;
mod lint;
mod log;
mod man;
mod modules;
mod new;
mod open;
mod out;
mod pack;
mod permissions;
mod postmortem;
mod progress;
mod prove;
mod recover;
mod replay;
mod report;
mod reset;
mod rewind;
mod schema;
mod shell;
mod snapshot;
mod status;
mod sync;
mod table;
mod uninstall;
mod verify;
mod words;

use crate::problem::Problem;

pub use args::Cli;
use invocation::Invocation;
use out::Out;

/// What a command gives: its exit status, or what went wrong.
type Outcome = Result<u8, Problem>;

/// The exit status of a command that did what it was asked to do.
const DONE: u8 = 0;
