//! Progress as a file: everything that is kept as JSON lines, and back.
//!
//! The first line names the format, the last one says that it is whole, each between them tells one
//! thing (see `docs/formats.md`). Writing streams and is of one moment. Reading trusts nothing: all
//! lines are understood and found to fit together before the first is taken in, and they are taken in
//! together or not at all.

mod lines;
mod merge;
mod record;
mod value;

use std::collections::HashSet;
use std::io::{self, BufRead, Seek, Write};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde::Serialize;

pub use merge::Counts;
pub use record::{Kind, Record};

use super::{AttemptId, Fault, Store, StoreError};
use lines::{FORMAT, wrong};
pub(super) use merge::Merge;

/// Why progress could not be written to a file, or taken in from one.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The database's reason.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// A line says nothing that can be taken in.
    #[error("{message}")]
    Line {
        /// Which, from 1.
        line: u32,
        /// Where in it, from 1, in characters.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// A newer program wrote it.
    #[error("this was written by a newer drydock (format {found}; this one reads up to {FORMAT})")]
    Newer {
        /// Its format.
        found: u32,
    },
}

/// What came of taking in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// What was new, or went further than what was here.
    pub new: Counts,
    /// How many lines told what was here already.
    pub known: u64,
}

impl Store {
    /// Writes everything that is kept; gives how much of each kind.
    pub fn export(&self, to: &mut dyn Write) -> Result<Counts, ExchangeError> {
        let mut counts = Counts::new();
        let mut failed = None;
        lines::begin(to)?;
        self.read(|connection| {
            // Of one moment, whoever writes meanwhile.
            let moment = connection.unchecked_transaction()?;
            for &kind in Kind::ALL {
                Record::read_all(&moment, kind, false, &mut |record| {
                    *counts.entry(kind).or_default() += 1;
                    if failed.is_none() {
                        failed = lines::write(to, &record).err();
                    }
                    match &failed {
                        None => Ok(()),
                        Some(error) => Err(Fault::Io { detail: error.to_string() }),
                    }
                })?;
            }
            Ok(())
        })
        .or_else(|error| {
            failed.map_or(Err(error.into()), |failed| Err(ExchangeError::File(failed)))
        })?;
        lines::end(to)?;
        Ok(counts)
    }

    /// Takes in what [`Store::export`] wrote; with `dry`, only tells what would be new.
    ///
    /// The file is read twice: once to see whether all of it can be taken in.
    pub fn import(
        &self,
        from: &mut (impl BufRead + Seek),
        dry: bool,
    ) -> Result<Imported, ExchangeError> {
        let mut known = self.attempt_ids()?;
        lines::read(from, &mut |line, record| {
            if let Some(message) = record.contradiction() {
                return Err(wrong(line, message));
            }
            if let Record::Attempt(attempt) = &record {
                known.insert(attempt.id);
            }
            match record.part_of() {
                Some(id) if !known.contains(&id) => {
                    Err(wrong(line, &format!("no line before it tells of attempt {id}")))
                }
                _ => Ok(()),
            }
        })?;
        drop(known);
        from.rewind()?;
        let mut failed = None;
        let imported = self.read(|connection| {
            let behavior = TransactionBehavior::Immediate;
            let transaction = Transaction::new_unchecked(connection, behavior)?;
            let mut merge = Merge::new(&transaction);
            let done = lines::read(from, &mut |_, record| {
                merge.add(&record).map_err(|fault| self.fault(fault))
            });
            if let Err(error) = done {
                failed = Some(error);
                return Ok(Imported { new: Counts::new(), known: 0 });
            }
            let (new, known) = merge.finish()?;
            if !dry {
                transaction.commit()?;
            }
            Ok(Imported { new, known })
        })?;
        failed.map_or(Ok(imported), Err)
    }

    fn fault(&self, fault: Fault) -> ExchangeError {
        StoreError::new(&self.path, fault).into()
    }

    fn attempt_ids(&self) -> Result<HashSet<AttemptId>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT id FROM attempts")?;
            let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(ids)
        })
    }
}

/// Everything that can be read of a database that is damaged and makes sense, each kind from its
/// beginning and, past what is unreadable, from its end; and the kinds of which something was not.
pub(super) fn salvage(connection: &Connection, merge: &mut Merge<'_>) -> Result<Vec<Kind>, Fault> {
    let mut torn = Vec::new();
    for &kind in Kind::ALL {
        let mut found = Vec::new();
        let mut keep = |record| {
            found.push(record);
            Ok(())
        };
        let mut whole = Record::read_all(connection, kind, false, &mut keep).is_ok();
        if !whole {
            let mut rest = Vec::new();
            let mut keep = |record| {
                rest.push(record);
                Ok(())
            };
            let _ = Record::read_all(connection, kind, true, &mut keep);
            found.extend(rest.into_iter().rev());
        }
        for record in found {
            // It need not fit what is sound: then it is part of the damage.
            match lines::is_sensible(&record).then(|| merge.add(&record)) {
                Some(Ok(())) => {}
                None | Some(Err(Fault::Refused { .. })) => whole = false,
                Some(Err(fault)) => return Err(fault),
            }
        }
        if !whole {
            torn.push(kind);
        }
    }
    Ok(torn)
}

#[cfg(test)]
mod tests;
