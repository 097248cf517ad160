//! The drydock program: parses its arguments, dispatches, and ends with a documented status.

use std::process::ExitCode;

use drydock::cli::Cli;

fn main() -> ExitCode {
    // A part of a sandbox is made before there is anything else, above all a second thread.
    let words: Vec<_> = std::env::args_os().collect();
    if let Some(ended) = drydock::engine::native::intercept(&words) {
        return ended;
    }
    match Cli::parse_from(words) {
        Ok(cli) => cli.run(),
        Err(ending) => ending,
    }
}
