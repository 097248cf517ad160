//! Time at the keys of a shell that is opened without a workspace, whose clock it has not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::Shared;
use crate::lab::clock::{BEAT, Clock, GOES_ON, STANDS, Stretch};
use crate::store::AttemptId;
use crate::tui::app::Event;

/// Counts while somebody types; wakes nobody otherwise.
#[derive(Debug)]
pub(super) struct Presence {
    clock: Mutex<Clock>,
    typed: Notify,
}

impl Presence {
    pub(super) fn new() -> Self {
        Self { clock: Mutex::new(Clock::stopped(Instant::now())), typed: Notify::new() }
    }

    /// Somebody pressed a key.
    pub(super) fn present(&self, shared: &Shared) {
        if self.clock().present(Instant::now()) {
            shared.send(Event::Notice(GOES_ON.to_owned()));
        }
        self.typed.notify_one();
    }

    /// Begins to count, and writes what was counted beat by beat, for ever.
    pub(super) async fn count(&self, shared: &Shared, attempt: AttemptId) {
        self.clock().start(Duration::ZERO, Instant::now());
        loop {
            while self.clock().runs() {
                tokio::time::sleep(BEAT).await;
                let counted = self.clock().read(Instant::now());
                write(shared, attempt, counted);
                if !self.clock().runs() {
                    shared.send(Event::Notice(STANDS.to_owned()));
                }
            }
            self.typed.notified().await;
        }
    }

    /// Stops, and writes the rest.
    pub(super) fn stop(&self, shared: &Shared, attempt: AttemptId) {
        let rest = self.clock().stop(Instant::now());
        write(shared, attempt, rest);
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure is logged: the shell matters more.
fn write(shared: &Shared, attempt: AttemptId, counted: Option<Stretch>) {
    if let Some(counted) = counted
        && let Err(error) = counted.write(&shared.store.lock(), attempt)
    {
        tracing::warn!(%error, "time at the keys was not written");
    }
}
