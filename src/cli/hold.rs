//! `drydock hold`: the process that holds a shell. Started by drydock itself, never by hand.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

use super::{DONE, Invocation, Outcome};
use crate::context;
use crate::paths::Paths;
use crate::platform::signals::Signals;
use crate::platform::{Signal, process};
use crate::problem::{Exit, Problem};
use crate::session::Order;
use crate::session::holder::{self, OnCommand};
use crate::store::{Command, Store};

/// An order is some hundred bytes and a few paths.
const MAX_ORDER: u64 = 1 << 20;

/// Hold a shell, as told on standard input
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Hold {}

impl Hold {
    pub(super) fn run(self, _invocation: &Invocation) -> Outcome {
        process::leave_terminal();
        let mut text = String::new();
        io::stdin().take(MAX_ORDER).read_to_string(&mut text).map_err(|error| unfit(&error))?;
        let order: Order = serde_json::from_str(&text).map_err(|error| unfit(&error))?;
        // One thread: a key and its echo pass through five tasks, and going from one thread to another
        // costs more than reading beside parsing gains.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unfit(&error))?;
        let (on_command, writing) = write_commands(&order);
        let held = runtime.block_on(async {
            // Caught and not looked at: what is meant for the terminal is not meant for the shell.
            let _ignored = Signals::of(&[Signal::HangUp, Signal::Interrupt]);
            let paths = Paths::find()?;
            let engine = context::engine_of(&order.sandbox, &paths, order.offline)?;
            holder::hold(engine, order, on_command, answer).await;
            Ok(DONE)
        });
        // The last command is written before the end.
        drop(runtime);
        if writing.join().is_err() {
            tracing::error!("the commands of the shell were not all written");
        }
        held
    }
}

/// Writes the commands that were run into the store, on a thread of its own: a disk that is slow is
/// nothing that a shell waits for. The thread ends when the other half is dropped.
fn write_commands(order: &Order) -> (OnCommand, JoinHandle<()>) {
    let (sender, commands) = channel::<holder::Command>();
    let (database, attempt) = (order.database.clone(), order.attempt.clone());
    let writing = std::thread::spawn(move || {
        for command in commands {
            if let Err(error) = write_command(&database, &attempt, command) {
                tracing::warn!(%error, "a command was not written");
            }
        }
    });
    (Box::new(move |command| drop(sender.send(command))), writing)
}

/// Opens the store for each: a shell may live for weeks, and would go on writing in a file that a sound
/// one has taken the place of.
fn write_command(database: &Path, attempt: &str, command: holder::Command) -> Result<(), Problem> {
    let store = Store::open(database)?;
    let id = attempt.parse().map_err(|_| unfit(&format!("{attempt} is no attempt")))?;
    let holder::Command { text, folder, status, started_at, duration } = command;
    store.record_command(id, &Command { text, folder, status, started_at, duration })?;
    Ok(())
}

/// Says the first words and lets go of the standard streams: whoever started this waits for no more.
fn answer(line: &str) {
    let mut out = io::stdout();
    // It fails only if nobody listens any more; the shell is there all the same.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    process::release_streams();
}

fn unfit(error: &dyn std::fmt::Display) -> Problem {
    let message = format!("drydock hold is started by drydock itself: {error}");
    Problem::new("usage", Exit::Usage, message).remedy("drydock shell ID opens a shell")
}
