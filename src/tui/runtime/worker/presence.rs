//! Time at the keys of a shell that is opened without a workspace, whose clock it has not.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::lab::SharedStore;
use crate::lab::clock::Clock;
use crate::store::AttemptId;

/// At most this much is lost by a `kill -9`.
const TICK: Duration = Duration::from_secs(1);

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
    pub(super) fn present(&self) {
        self.clock().present(Instant::now());
        self.typed.notify_one();
    }

    /// Begins to count, and writes what was counted second by second, for ever.
    pub(super) async fn count(&self, store: &SharedStore, attempt: AttemptId) {
        self.clock().start(Duration::ZERO, Instant::now());
        loop {
            while self.clock().runs() {
                tokio::time::sleep(TICK).await;
                let added = self.clock().read(Instant::now());
                write(store, attempt, added);
            }
            self.typed.notified().await;
        }
    }

    /// Stops, and writes the rest.
    pub(super) fn stop(&self, store: &SharedStore, attempt: AttemptId) {
        let rest = self.clock().stop(Instant::now());
        write(store, attempt, rest);
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure is logged: the shell matters more.
fn write(store: &SharedStore, attempt: AttemptId, time: Duration) {
    if !time.is_zero()
        && let Err(error) = store.lock().add_active(attempt, time)
    {
        tracing::warn!(%error, "time at the keys was not written");
    }
}
