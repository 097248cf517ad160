//! Completions: one for each attempt that was completed, here or on another machine of the learner.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::value::{At, Length};
use super::{Attempt, AttemptId, CheckState, Fault, Store, StoreError};

/// A completed attempt, as it is told elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completed {
    /// Its attempt's name, which may be unknown here.
    pub id: AttemptId,
    /// The item's id, which may be unknown here.
    pub item: String,
    /// The item's hash when the attempt was begun.
    pub content_hash: String,
    /// The engine it was done on.
    pub engine: String,
    /// What the values of the item's variables followed from; 0 where it is not known.
    pub seed: u32,
    /// When the attempt was begun.
    pub started_at: Timestamp,
    /// When it was completed.
    pub at: Timestamp,
    /// Time spent working at it.
    pub active: Duration,
    /// Verifications the learner asked for that did not pass.
    pub failures: u32,
    /// How many hints were shown.
    pub hints: u32,
    /// Whether the solution was shown.
    pub solution_seen: bool,
    /// The names of the checks that had passed, in order.
    pub checks: Vec<String>,
    /// The program's version; empty where it is not known.
    pub version: String,
    /// Whether it was done with this database.
    pub here: bool,
}

const SELECT: &str = "SELECT id, item, content_hash, engine, seed, started_at, at, active_ms, \
    failures, hints, solution_seen, checks, version, here FROM completions";

impl Store {
    /// The completions of an item, or of all, in the order they were made.
    pub fn completions(&self, item: Option<&str>) -> Result<Vec<Completed>, StoreError> {
        self.read(|connection| {
            // Not one query with an OR: no index would be used for it.
            let of_item = if item.is_some() { "WHERE item = ?1" } else { "" };
            let sql = format!("{SELECT} {of_item} ORDER BY at, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let found =
                statement.query_map(params_from_iter(item), from_row)?.collect::<Result<_, _>>()?;
            Ok(found)
        })
    }

    /// Adds completions that were made elsewhere; those that are here already stay as they are.
    /// Gives how many were new.
    pub fn add_completions(&self, completions: &[Completed]) -> Result<usize, StoreError> {
        self.write(|transaction| {
            completions.iter().map(|one| insert(transaction, one)).sum::<Result<usize, Fault>>()
        })
    }
}

/// Keeps that an attempt was just completed. Its checks and hints are read.
pub(super) fn keep(connection: &Connection, attempt: &Attempt) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT name FROM checks WHERE attempt = ?1 AND state = ?2 ORDER BY position",
    )?;
    let checks = statement
        .query_map(params![attempt.id, CheckState::Passed], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let completed = Completed {
        id: attempt.id,
        item: attempt.item.clone(),
        content_hash: attempt.content_hash.clone(),
        engine: attempt.engine.clone(),
        seed: attempt.seed,
        started_at: attempt.started_at,
        at: attempt.ended_at.unwrap_or(attempt.last_at),
        active: attempt.active,
        failures: attempt.failures,
        hints: attempt.hints,
        solution_seen: attempt.solution_seen_at.is_some(),
        checks,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        here: true,
    };
    insert(connection, &completed).map(drop)
}

fn insert(connection: &Connection, one: &Completed) -> Result<usize, Fault> {
    Ok(connection
        .prepare_cached(
            "INSERT INTO completions (id, item, content_hash, engine, seed, started_at, at, \
             active_ms, failures, hints, solution_seen, checks, version, here)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            one.id,
            one.item,
            one.content_hash,
            one.engine,
            one.seed,
            At(one.started_at),
            At(one.at),
            Length(one.active),
            one.failures,
            one.hints,
            one.solution_seen,
            serde_json::Value::from(one.checks.clone()).to_string(),
            one.version,
            one.here,
        ])?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Completed> {
    let checks: String = row.get(11)?;
    Ok(Completed {
        id: row.get(0)?,
        item: row.get(1)?,
        content_hash: row.get(2)?,
        engine: row.get(3)?,
        seed: row.get(4)?,
        started_at: row.get::<_, At>(5)?.0,
        at: row.get::<_, At>(6)?.0,
        active: row.get::<_, Length>(7)?.0,
        failures: row.get(8)?,
        hints: row.get(9)?,
        solution_seen: row.get(10)?,
        checks: serde_json::from_str(&checks).unwrap_or_default(),
        version: row.get(12)?,
        here: row.get(13)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store, ticks};
    use crate::store::{CheckRecord, Status};

    #[test]
    fn a_completed_attempt_is_a_completion_with_what_there_is_to_tell() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", Some(7)).unwrap().id;
        let records = [("a", CheckState::Passed), ("b", CheckState::Failed)]
            .map(|(name, state)| CheckRecord { name: name.into(), state });
        store.record_checks(id, &records, true).unwrap();
        store.show_hint(id, 0).unwrap();
        store.add_active(id, Duration::from_secs(5)).unwrap();
        assert_eq!(store.completions(None).unwrap(), []);
        set_clock(9);
        store.complete(id).unwrap();
        store.complete(id).unwrap();
        let expected = Completed {
            id,
            item: "linux-01".to_owned(),
            content_hash: "hash".to_owned(),
            engine: "docker".to_owned(),
            seed: 7,
            started_at: ticks(0),
            at: ticks(9),
            active: Duration::from_secs(5),
            failures: 1,
            hints: 1,
            solution_seen: false,
            checks: vec!["a".to_owned()],
            version: env!("CARGO_PKG_VERSION").to_owned(),
            here: true,
        };
        assert_eq!(store.completions(Some("linux-01")).unwrap(), [expected]);
        assert_eq!(store.completions(Some("linux-02")).unwrap(), []);
    }

    #[test]
    fn what_was_done_elsewhere_is_done_here_and_counts_once() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        store.add_active(id, Duration::from_secs(50)).unwrap();
        store.complete(id).unwrap();
        let own = store.completions(None).unwrap().remove(0);
        let elsewhere = |id: &str, item: &str| Completed {
            id: id.parse().unwrap(),
            item: item.to_owned(),
            at: ticks(70),
            active: Duration::from_secs(20),
            here: false,
            ..own.clone()
        };
        let other = elsewhere("01890000-0000-7000-8000-000000000001", "linux-01");
        let unseen = elsewhere("01890000-0000-7000-8000-000000000002", "linux-02");
        let mine_again = Completed { here: false, ..own.clone() };
        let added = store.add_completions(&[other.clone(), unseen.clone(), mine_again]).unwrap();
        assert_eq!(added, 2);
        assert_eq!(store.add_completions(&[other.clone(), unseen.clone()]).unwrap(), 0);
        assert_eq!(store.completions(None).unwrap(), [own, other, unseen]);

        let progress = store.progress().unwrap();
        assert_eq!((progress["linux-01"].completions, progress["linux-01"].attempts), (2, 1));
        assert_eq!(progress["linux-01"].best_active, Some(Duration::from_secs(20)));
        let unseen = &progress["linux-02"];
        assert_eq!((unseen.status, unseen.attempts), (Status::Completed, 0));
        assert_eq!(unseen.last_at, Some(ticks(70)));
    }
}
