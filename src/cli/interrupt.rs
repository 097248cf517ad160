//! Ctrl-C and SIGTERM, for work that has to say what it leaves behind.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::platform::Signal;
use crate::platform::signals::{Signals, note};
use crate::problem::{Exit, Problem};

/// Runs work to its end, or drops it when the user interrupts: then `None`.
pub(super) async fn until_interrupted<F: Future>(work: F) -> Option<F::Output> {
    let caught = Signals::of(&[Signal::Interrupt, Signal::Terminate, Signal::HangUp]);
    let Ok(mut told) = caught else {
        // Without handlers the signals end the program at once, which is right too.
        return Some(work.await);
    };
    tokio::select! {
        result = work => Some(result),
        () = told.recv() => None,
    }
}

/// Whether the user has interrupted, for work that does not wait and looks from time to time.
#[derive(Debug, Clone)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on an interrupt is noted here.
    pub(super) fn watch() -> Self {
        let stop = Self(Arc::default());
        // Without it the signal ends the program at once, which is right too.
        let _ = note(&stop.0);
        stop
    }

    /// Whether nobody has interrupted.
    pub(super) fn goes_on(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// What an interrupted command ends with: what was stopped, and what still runs.
pub(super) fn interrupted(message: impl Into<String>) -> Problem {
    Problem::new("interrupted", Exit::Interrupted, message)
}
