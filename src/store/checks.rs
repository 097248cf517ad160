//! How an attempt's checks stand, and when each came to.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};
use serde::{Deserialize, Serialize};

use super::attempt::{is_active, touch};
use super::value::{At, kept_as_word};
use super::{AttemptId, Fault, Store, StoreError};

/// How many changes of one check in one attempt are logged. A check runs about once a second: one
/// that flickers for ever must not fill the disk. How it stands is kept all the same.
const LOGGED_CHANGES: u32 = 1000;

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// It is true.
    Passed,
    /// It is not.
    Failed,
    /// It could not be told: the lab's fault.
    Error,
    /// It was not tried, because one it needs did not pass.
    Skipped,
}

impl CheckState {
    /// The word in the database and in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Skipped => "skipped",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Error, Self::Skipped]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

kept_as_word!(CheckState);

/// How a verification found one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRecord {
    /// Its name, unique in its item.
    pub name: String,
    /// How it was found.
    pub state: CheckState,
}

/// How a check stands in an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedCheck {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// Since when.
    pub since: Timestamp,
    /// When it first passed in this attempt, if ever.
    pub first_passed_at: Option<Timestamp>,
    /// In how many of the verifications the learner asked for it failed.
    pub failures: u32,
}

/// One change of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckChange {
    /// The check's name.
    pub name: String,
    /// What it came to be.
    pub state: CheckState,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Keeps a whole verification: every check of the item, in order.
    ///
    /// Only what changed is written, so the checks that run every second cost nothing while nothing
    /// happens. A check no longer among them (its author removed it) is forgotten, but stays in the
    /// log. One that was `asked` for by the learner and in which a check failed is counted; a check
    /// that could not run is not the learner's failure.
    ///
    /// Gives the places, from 0, of those that passed for the first time in the attempt.
    pub fn record_checks(
        &self,
        id: AttemptId,
        records: &[CheckRecord],
        asked: bool,
    ) -> Result<Vec<usize>, StoreError> {
        if !asked && self.read(|connection| is_as_recorded(connection, id, records))? {
            return Ok(Vec::new());
        }
        let now = (self.clock)();
        self.write(|transaction| {
            if !is_active(transaction, id)? {
                return Ok(Vec::new());
            }
            let turned = record(transaction, id, records, asked, now)?;
            if !asked {
                return Ok(turned);
            }
            if records.iter().any(|record| record.state == CheckState::Failed) {
                transaction
                    .prepare_cached("UPDATE attempts SET failures = failures + 1 WHERE id = ?1")?
                    .execute([id])?;
            }
            touch(transaction, id, now, std::time::Duration::ZERO)?;
            Ok(turned)
        })
    }

    /// How the attempt's checks stand, in order; none before the first verification.
    pub fn checks(&self, id: AttemptId) -> Result<Vec<RecordedCheck>, StoreError> {
        self.read(|connection| load(connection, id))
    }

    /// Each time a check of the attempt came into another state, in order; the first thousand of
    /// each check.
    pub fn check_changes(&self, id: AttemptId) -> Result<Vec<CheckChange>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, state, at FROM check_changes WHERE attempt = ?1 ORDER BY number",
            )?;
            let changes = statement
                .query_map([id], |row| {
                    Ok(CheckChange {
                        name: row.get(0)?,
                        state: row.get(1)?,
                        at: row.get::<_, At>(2)?.0,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(changes)
        })
    }
}

fn load(connection: &Connection, id: AttemptId) -> Result<Vec<RecordedCheck>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT name, state, since, first_passed_at, failures FROM checks
         WHERE attempt = ?1 ORDER BY position",
    )?;
    let checks = statement
        .query_map([id], |row| {
            Ok(RecordedCheck {
                name: row.get(0)?,
                state: row.get(1)?,
                since: row.get::<_, At>(2)?.0,
                first_passed_at: row.get::<_, Option<At>>(3)?.map(|at| at.0),
                failures: row.get(4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(checks)
}

fn is_as_recorded(
    connection: &Connection,
    id: AttemptId,
    records: &[CheckRecord],
) -> Result<bool, Fault> {
    let recorded = load(connection, id)?;
    let recorded = recorded.iter().map(|check| (&check.name, check.state));
    Ok(recorded.eq(records.iter().map(|record| (&record.name, record.state))))
}

fn record(
    transaction: &Transaction<'_>,
    id: AttemptId,
    records: &[CheckRecord],
    asked: bool,
    now: Timestamp,
) -> Result<Vec<usize>, Fault> {
    let before = load(transaction, id)?;
    let mut before: HashMap<&str, &RecordedCheck> =
        before.iter().map(|check| (check.name.as_str(), check)).collect();
    let mut turned = Vec::new();

    for (position, CheckRecord { name, state }) in records.iter().enumerate() {
        let stood = before.remove(name.as_str());
        let changed = stood.map(|check| check.state) != Some(*state);
        if *state == CheckState::Passed && stood.is_none_or(|it| it.first_passed_at.is_none()) {
            turned.push(position);
        }
        let failed = asked && *state == CheckState::Failed;
        transaction
            .prepare_cached(
                "INSERT INTO checks
                 (attempt, name, position, state, since, first_passed_at, failures)
                 VALUES (?1, ?2, ?3, ?4, ?5, CASE ?4 WHEN 'passed' THEN ?5 END, ?6)
                 ON CONFLICT DO UPDATE SET
                     position = excluded.position,
                     state = excluded.state,
                     since = CASE state WHEN excluded.state THEN since ELSE excluded.since END,
                     first_passed_at = coalesce(first_passed_at, excluded.first_passed_at),
                     failures = failures + excluded.failures",
            )?
            .execute(params![id, name, position as u32, state, At(now), u32::from(failed)])?;
        if changed {
            log(transaction, id, name, *state, now)?;
        }
    }
    for gone in before.into_keys() {
        transaction
            .prepare_cached("DELETE FROM checks WHERE attempt = ?1 AND name = ?2")?
            .execute(params![id, gone])?;
    }
    Ok(turned)
}

fn log(
    transaction: &Transaction<'_>,
    id: AttemptId,
    name: &str,
    state: CheckState,
    now: Timestamp,
) -> Result<(), Fault> {
    transaction
        .prepare_cached(
            "INSERT INTO check_changes (attempt, name, state, at) SELECT ?1, ?2, ?3, ?4
             WHERE (SELECT count(*) FROM check_changes WHERE attempt = ?1 AND name = ?2) < ?5",
        )?
        .execute(params![id, name, state, At(now), LOGGED_CHANGES])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use CheckState::{Error, Failed, Passed, Skipped};

    use super::*;
    use crate::store::tests::{set_clock, store, ticks};

    fn records(states: &[(&str, CheckState)]) -> Vec<CheckRecord> {
        states.iter().map(|&(name, state)| CheckRecord { name: name.into(), state }).collect()
    }

    #[test]
    fn a_check_knows_since_when_it_stands_so_and_when_it_first_passed() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        for (second, b) in [(1, Skipped), (2, Passed), (3, Error), (4, Passed), (5, Passed)] {
            set_clock(second);
            store.record_checks(id, &records(&[("a", Failed), ("b", b)]), false).unwrap();
        }
        let checks = store.checks(id).unwrap();
        assert_eq!(checks[0].name, "a");
        assert_eq!((checks[0].since, checks[0].first_passed_at), (ticks(1), None));
        assert_eq!((checks[1].state, checks[1].since), (Passed, ticks(4)));
        assert_eq!(checks[1].first_passed_at, Some(ticks(2)));
        let log: Vec<_> = store
            .check_changes(id)
            .unwrap()
            .into_iter()
            .filter(|change| change.name == "b")
            .map(|change| (change.state, change.at))
            .collect();
        let expected =
            [(Skipped, ticks(1)), (Passed, ticks(2)), (Error, ticks(3)), (Passed, ticks(4))];
        assert_eq!(log, expected);
    }

    #[test]
    fn what_passes_for_the_first_time_is_told_once() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        let told =
            |a, b, asked| store.record_checks(id, &records(&[("a", a), ("b", b)]), asked).unwrap();
        assert_eq!(told(Failed, Passed, false), [1]);
        assert_eq!(told(Failed, Passed, true), [0; 0]);
        assert_eq!(told(Passed, Failed, false), [0]);
        assert_eq!(told(Passed, Passed, true), [0; 0], "b had passed before");
        store.complete(id).unwrap();
        let new = records(&[("c", Passed)]);
        assert_eq!(store.record_checks(id, &new, true).unwrap(), [0; 0], "it has ended");
    }

    #[test]
    fn only_a_change_is_written() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        let found = records(&[("a", Failed), ("b", Passed)]);
        store.record_checks(id, &found, false).unwrap();
        let written = store.connection.total_changes();
        store.record_checks(id, &found, false).unwrap();
        assert_eq!(store.connection.total_changes(), written);
    }

    #[test]
    fn a_verification_asked_for_counts_as_failed_only_if_a_check_did() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        for (a, asked) in
            [(Failed, true), (Failed, false), (Failed, true), (Error, true), (Passed, true)]
        {
            store.record_checks(id, &records(&[("a", a), ("b", Passed)]), asked).unwrap();
        }
        assert_eq!(store.attempt(id).unwrap().failures, 2);
        let failures: Vec<_> = store.checks(id).unwrap().iter().map(|c| c.failures).collect();
        assert_eq!(failures, [2, 0]);
    }

    #[test]
    fn checks_follow_the_author_who_renames_and_reorders_them() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        store.record_checks(id, &records(&[("a", Passed), ("b", Failed)]), false).unwrap();
        store.record_checks(id, &records(&[("c", Failed), ("a", Passed)]), false).unwrap();
        let names: Vec<_> = store.checks(id).unwrap().into_iter().map(|c| c.name).collect();
        assert_eq!(names, ["c", "a"]);
        assert_eq!(store.check_changes(id).unwrap().len(), 3);
    }

    #[test]
    fn a_check_that_flickers_for_ever_fills_no_disk() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        for round in 0..=LOGGED_CHANGES {
            set_clock(i64::from(round));
            let state = if round % 2 == 0 { Passed } else { Failed };
            store.record_checks(id, &records(&[("a", state)]), false).unwrap();
        }
        assert_eq!(store.check_changes(id).unwrap().len(), LOGGED_CHANGES as usize);
        assert_eq!(store.checks(id).unwrap()[0].since, ticks(i64::from(LOGGED_CHANGES)));
    }
}
