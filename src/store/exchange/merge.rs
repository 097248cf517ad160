//! Taking records in beside what is kept already.
//!
//! What is here stays unless the record tells of the same thing and is later: an attempt that ended
//! does not change any more, one that goes on is followed to where it went further. Doing it again
//! changes nothing.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Transaction, params};

use super::record::{Attempt, Kind, Record};
use crate::store::{AttemptId, AttemptState, Fault};

/// How many records of each kind.
pub type Counts = BTreeMap<Kind, u64>;

/// Records on their way into a database, in one transaction.
pub(in crate::store) struct Merge<'t> {
    transaction: &'t Transaction<'t>,
    /// Attempts that are as their records tell; so are their checks.
    taken: HashSet<AttemptId>,
    /// What was new.
    pub(in crate::store) new: Counts,
    /// How many were here already.
    pub(in crate::store) known: u64,
}

impl<'t> Merge<'t> {
    pub(in crate::store) fn new(transaction: &'t Transaction<'t>) -> Self {
        Self { transaction, taken: HashSet::new(), new: Counts::new(), known: 0 }
    }

    /// Takes in one record, after those that it refers to.
    pub(in crate::store) fn add(&mut self, record: &Record) -> Result<(), Fault> {
        let changed = match record {
            Record::Attempt(attempt) => self.add_attempt(attempt)?,
            Record::Check(check) if self.taken.contains(&check.attempt) => {
                // As the attempt was taken from there, so is how its checks stand.
                self.transaction
                    .prepare_cached("DELETE FROM checks WHERE attempt = ?1 AND name = ?2")?
                    .execute(params![check.attempt, check.name])?;
                record.insert(self.transaction)?
            }
            _ => record.insert(self.transaction)?,
        };
        if changed {
            *self.new.entry(record.kind()).or_default() += 1;
        } else {
            self.known += 1;
        }
        Ok(())
    }

    fn add_attempt(&mut self, attempt: &Attempt) -> Result<bool, Fault> {
        let mut attempt = attempt.clone();
        // An item has one active attempt, and the one that is here has its sandbox here.
        if attempt.state == AttemptState::Active
            && self
                .transaction
                .prepare_cached(
                    "SELECT 1 FROM attempts WHERE item = ?1 AND state = 'active' AND id <> ?2",
                )?
                .exists(params![attempt.item, attempt.id])?
        {
            attempt.state = AttemptState::Abandoned;
            attempt.ended = Some(attempt.last.max(attempt.started));
        }
        let id = attempt.id;
        let changed = Record::Attempt(attempt).insert(self.transaction)?;
        if changed {
            self.taken.insert(id);
        }
        Ok(changed)
    }

    /// Ends it: a completion whose attempt came with it, or came after it, was done here.
    pub(in crate::store) fn finish(self) -> Result<(Counts, u64), Fault> {
        self.transaction.execute(
            "UPDATE completions SET here = 1
             WHERE NOT here AND EXISTS (SELECT 1 FROM attempts WHERE attempts.id = completions.id)",
            [],
        )?;
        Ok((self.new, self.known))
    }
}
