//! Where the learner stands with every item.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::value::{At, Length};
use super::{AttemptId, Fault, Store, StoreError};

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
            // Three passes, of one moment, over what is in indexes: joining them here is linear.
            let moment = connection.unchecked_transaction()?;
            let mut progress = HashMap::new();
            begun(&moment, &mut progress)?;
            completed(&moment, &mut progress)?;
            current(&moment, &mut progress)?;
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

const BEGUN: &str =
    "SELECT item, count(*), max(last_at), sum(active_ms) FROM attempts GROUP BY item";

fn begun(connection: &Connection, progress: &mut HashMap<String, Progress>) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(BEGUN)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let of_item = Progress {
            status: Status::Started,
            attempts: row.get(1)?,
            last_at: Some(row.get::<_, At>(2)?.0),
            spent: row.get::<_, Length>(3)?.0,
            ..Progress::default()
        };
        progress.insert(row.get(0)?, of_item);
    }
    Ok(())
}

const COMPLETED: &str = "SELECT item, count(*), max(at), min(active_ms),
     coalesce(sum(active_ms) FILTER (WHERE NOT here), 0) FROM completions GROUP BY item";

fn completed(
    connection: &Connection,
    progress: &mut HashMap<String, Progress>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(COMPLETED)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let of_item = progress.entry(row.get(0)?).or_default();
        of_item.status = Status::Completed;
        of_item.completions = row.get(1)?;
        of_item.last_at = of_item.last_at.max(Some(row.get::<_, At>(2)?.0));
        of_item.best_active = Some(row.get::<_, Length>(3)?.0);
        // What was done here counts as an attempt already.
        of_item.spent += row.get::<_, Length>(4)?.0;
    }
    Ok(())
}

fn current(connection: &Connection, progress: &mut HashMap<String, Progress>) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT item, id, active_ms,
             (SELECT count(*) FILTER (WHERE checks.state = 'passed') FROM checks WHERE attempt = id),
             (SELECT count(*) FROM checks WHERE attempt = id),
             (SELECT count(*) FROM hints WHERE attempt = id)
         FROM attempts INDEXED BY attempts_active WHERE state = 'active'",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        progress.entry(row.get(0)?).or_default().current = Some(Current {
            attempt: row.get(1)?,
            active: row.get::<_, Length>(2)?.0,
            checks_passed: row.get(3)?,
            checks_total: row.get(4)?,
            hints: row.get(5)?,
        });
    }
    Ok(())
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
        assert_eq!(plan(BEGUN), ["SCAN attempts USING COVERING INDEX attempts_summary"]);
        assert_eq!(plan(COMPLETED), ["SCAN completions USING COVERING INDEX completions_story"]);
    }
}
