//! Ctrl-C and SIGTERM, for work that has to say what it leaves behind.

use std::future::Future;

use tokio::signal::unix::{SignalKind, signal};

use crate::problem::{Exit, Problem};

/// Runs work to its end, or drops it when the user interrupts: then `None`.
pub(super) async fn until_interrupted<F: Future>(work: F) -> Option<F::Output> {
    let caught = signal(SignalKind::interrupt()).and_then(|interrupt| {
        Ok((interrupt, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?))
    });
    let Ok((mut interrupt, mut terminate, mut hangup)) = caught else {
        // Without handlers the signals end the program at once, which is right too.
        return Some(work.await);
    };
    tokio::select! {
        result = work => Some(result),
        _ = interrupt.recv() => None,
        _ = terminate.recv() => None,
        _ = hangup.recv() => None,
    }
}

/// What an interrupted command ends with: what was stopped, and what still runs.
pub(super) fn interrupted(message: impl Into<String>) -> Problem {
    Problem::new("interrupted", Exit::Interrupted, message)
}
