//! Where the learner stands with every item.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};

use super::value::{At, Length};
use super::{AttemptId, Store, StoreError};

/// Where the learner stands with an item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Never begun.
    #[default]
    New,
    /// Begun, never completed.
    Started,
    /// Completed at least once, whether or not it is being done again.
    Completed,
}

impl Status {
    /// The word in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Started => "started",
            Self::Completed => "completed",
        }
    }
}

/// Everything done with one item, summed up. The default is an item never begun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Where the learner stands with it.
    pub status: Status,
    /// How often it was begun here.
    pub attempts: u32,
    /// How often it was completed, elsewhere included.
    pub completions: u32,
    /// When the learner last did something in it.
    pub last_at: Option<Timestamp>,
    /// The shortest time it was completed in.
    pub best_active: Option<Duration>,
    /// Time spent working at it in all.
    pub spent: Duration,
    /// The attempt being worked on.
    pub current: Option<Current>,
}

/// The attempt being worked on, summed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The attempt.
    pub attempt: AttemptId,
    /// Time spent so far.
    pub active: Duration,
    /// How many checks stand passed.
    pub checks_passed: u32,
    /// How many checks there are; 0 before the first verification.
    pub checks_total: u32,
    /// How many hints were shown.
    pub hints: u32,
}

impl Store {
    /// Progress by item id. An item that is not in it was never begun.
    pub fn progress(&self) -> Result<HashMap<String, Progress>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "WITH begun AS (
                     SELECT item, count(*) AS attempts, max(last_at) AS last_at,
                         sum(active_ms) AS spent_ms
                     FROM attempts GROUP BY item
                 ), done AS (
                     SELECT item, count(*) AS completions, max(at) AS at, min(active_ms) AS best_ms,
                         sum(active_ms) FILTER (WHERE NOT here) AS elsewhere_ms
                     FROM completions GROUP BY item
                 ), items AS (
                     SELECT coalesce(begun.item, done.item) AS item, coalesce(attempts, 0) AS attempts,
                         coalesce(completions, 0) AS completions,
                         max(coalesce(last_at, at), coalesce(at, last_at)) AS last_at, best_ms,
                         coalesce(spent_ms, 0) + coalesce(elsewhere_ms, 0) AS spent_ms
                     FROM begun FULL JOIN done ON begun.item = done.item
                 )
                 SELECT items.item, items.attempts, items.completions, items.last_at, best_ms,
                     id, active_ms,
                     (SELECT count(*) FROM checks WHERE attempt = id AND checks.state = 'passed'),
                     (SELECT count(*) FROM checks WHERE attempt = id),
                     (SELECT count(*) FROM hints WHERE attempt = id), spent_ms
                 FROM items LEFT JOIN attempts AS current
                     ON current.item = items.item AND current.state = 'active'",
            )?;
            let progress = statement
                .query_map([], |row| Ok((row.get(0)?, from_row(row)?)))?
                .collect::<Result<_, _>>()?;
            Ok(progress)
        })
    }

    /// The item the learner last did something in.
    pub fn last_item(&self) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT item FROM attempts ORDER BY last_at DESC, id DESC LIMIT 1")?
                .query_row([], |row| row.get(0))
                .optional()?)
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Progress> {
    let completions = row.get(2)?;
    let current = match row.get(5)? {
        Some(attempt) => Some(Current {
            attempt,
            active: row.get::<_, Length>(6)?.0,
            checks_passed: row.get(7)?,
            checks_total: row.get(8)?,
            hints: row.get(9)?,
        }),
        None => None,
    };
    Ok(Progress {
        status: if completions > 0 { Status::Completed } else { Status::Started },
        attempts: row.get(1)?,
        completions,
        last_at: Some(row.get::<_, At>(3)?.0),
        best_active: row.get::<_, Option<Length>>(4)?.map(|length| length.0),
        spent: row.get::<_, Length>(10)?.0,
        current,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store, ticks};
    use crate::store::{CheckRecord, CheckState};

    #[test]
    fn each_item_is_summed_up() {
        let (_folder, store) = store();
        for seconds in [30, 20] {
            let id = store.begin("done", "hash", "docker", None).unwrap().id;
            store.add_active(id, Duration::from_secs(seconds)).unwrap();
            store.complete(id).unwrap();
        }
        let dropped = store.begin("dropped", "hash", "docker", None).unwrap().id;
        store.abandon(dropped).unwrap();
        set_clock(7);
        let id = store.begin("done", "hash", "docker", None).unwrap().id;
        store.add_active(id, Duration::from_secs(5)).unwrap();
        store.show_hint(id, 0).unwrap();
        let records =
            [("a", CheckState::Passed), ("b", CheckState::Failed), ("c", CheckState::Error)]
                .map(|(name, state)| CheckRecord { name: name.into(), state });
        store.record_checks(id, &records, false).unwrap();

        let progress = store.progress().unwrap();
        let expected = Progress {
            status: Status::Completed,
            attempts: 3,
            completions: 2,
            last_at: Some(ticks(7)),
            best_active: Some(Duration::from_secs(20)),
            spent: Duration::from_secs(55),
            current: Some(Current {
                attempt: id,
                active: Duration::from_secs(5),
                checks_passed: 1,
                checks_total: 3,
                hints: 1,
            }),
        };
        assert_eq!(progress["done"], expected);
        let dropped = &progress["dropped"];
        assert_eq!(
            (dropped.status, dropped.attempts, &dropped.current),
            (Status::Started, 1, &None)
        );
        assert_eq!(progress.get("never"), None);
        assert_eq!(Progress::default().status, Status::New);
    }

    #[test]
    fn the_last_item_is_the_one_last_worked_at() {
        let (_folder, store) = store();
        assert_eq!(store.last_item().unwrap(), None);
        let first = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        set_clock(1);
        store.begin("linux-02", "hash", "docker", None).unwrap();
        assert_eq!(store.last_item().unwrap().as_deref(), Some("linux-02"));
        set_clock(2);
        store.add_active(first, Duration::from_secs(1)).unwrap();
        assert_eq!(store.last_item().unwrap().as_deref(), Some("linux-01"));
    }

    #[test]
    fn summing_up_reads_indexes_alone() {
        let (_folder, store) = store();
        let plan = |sql: &str| -> Vec<String> {
            let mut statement =
                store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let rows = statement.query_map([], |row| row.get("detail")).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        assert_eq!(
            plan("SELECT item, count(*), max(last_at) FROM attempts GROUP BY item"),
            ["SCAN attempts USING COVERING INDEX attempts_summary"]
        );
        assert_eq!(
            plan("SELECT item, count(*), max(at), min(active_ms) FROM completions GROUP BY item"),
            ["SCAN completions USING COVERING INDEX completions_summary"]
        );
    }
}
