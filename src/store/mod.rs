//! Progress in `SQLite`: attempts, how their checks stand, hints shown, commands, completions, time.
//!
//! - A call that returned `Ok` is kept: the screen draws what was written, never what will be.
//!   Each write is one transaction in a write-ahead log, handed to the system before the call
//!   returns, so killing the program at any moment loses nothing. With `synchronous=NORMAL` a power
//!   cut may lose the last seconds, but never damages the database.
//! - Several programs, or threads with a [`Store`] each, may work on one database: writes take
//!   turns, and waiting for one's turn ends after [`BUSY_TIMEOUT`].
//! - An attempt that has ended does not change any more, but for its sandbox going away; calls that
//!   would change it do nothing.
//! - Calls are synchronous, most well under a millisecond; whoever must not wait for a disk makes
//!   them on another thread.

mod activity;
mod attempt;
pub mod backup;
mod checks;
mod clocks;
mod commands;
mod completions;
mod error;
pub mod exchange;
mod file;
mod find;
mod incidents;
mod memory;
mod migration;
mod progress;
mod proofs;
pub mod recovery;
mod reviews;
mod snapshots;
mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use attempt::{Attempt, AttemptId, AttemptState, Completion, HintShown, random_seed};
pub use checks::{CheckChange, CheckRecord, CheckState, RecordedCheck};
pub use commands::Command;
pub use completions::Completed;
pub use error::{Fault, StoreError};
pub use find::Wanted;
pub use incidents::Measured;
pub use progress::{Current, Progress, Status};
pub use proofs::Proved;
pub use reviews::Review;
pub use snapshots::{SnapshotEvent, SnapshotNote};

use migration::{MIGRATIONS, Migration};

/// How long a call waits for another program's write: writes take milliseconds, so whoever holds
/// one this long hangs.
pub const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// An open database of progress.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    clock: Clock,
}

/// Tells the time; tests bring their own.
type Clock = fn() -> Timestamp;

impl Store {
    /// Opens the database at `path`, made with its folder if it is not there.
    ///
    /// A file that is damaged, foreign, or newer than this program is refused and left untouched;
    /// an older one is copied beside itself and then brought up to date.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, MIGRATIONS, Timestamp::now)
    }

    fn open_with(path: &Path, migrations: &[Migration], clock: Clock) -> Result<Self, StoreError> {
        match file::open(path, migrations) {
            Ok(connection) => Ok(Self { connection, path: path.to_owned(), clock }),
            Err(fault) => Err(StoreError::new(path, fault)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole database through; fails with [`Fault::Damaged`] if it is not sound.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        self.read(|connection| file::read_through(connection, "integrity_check"))
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, StoreError> {
        work(&self.connection).map_err(|fault| StoreError::new(&self.path, fault))
    }

    /// One transaction: all of `work` or nothing, and kept once this returns.
    ///
    /// It asks for the right to write at its beginning. A transaction that began by reading would be
    /// refused at once, not after its turn, if another program wrote in between.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.read(|connection| {
            let transaction =
                Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
    }
}

#[cfg(test)]
mod tests;
