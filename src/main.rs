//! The drydock program: parses its arguments, dispatches, and ends with a documented status.

use std::process::ExitCode;

use drydock::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse_from(std::env::args_os()) {
        Ok(cli) => cli.run(),
        Err(ending) => ending,
    }
}
