//! How each item went whenever it was practised to an end: what repeating it is planned by.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::value::At;
use super::{Fault, Store, StoreError};

/// One end of practising an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Review {
    /// When it ended.
    pub at: Timestamp,
    /// Whether it was completed; given up otherwise.
    pub completed: bool,
    /// How many hints were shown.
    pub hints: u32,
    /// Verifications the learner asked for that did not pass.
    pub failures: u32,
    /// Whether the solution was shown.
    pub solution_seen: bool,
}

impl Store {
    /// By item id, each time it was completed (elsewhere included), or given up after a verification
    /// that did not pass; the earliest first.
    pub fn reviews(&self) -> Result<HashMap<String, Vec<Review>>, StoreError> {
        self.read(|connection| {
            let moment = connection.unchecked_transaction()?;
            let mut reviews = HashMap::new();
            add(&moment, COMPLETED, true, &mut reviews)?;
            add(&moment, GIVEN_UP, false, &mut reviews)?;
            for of_item in reviews.values_mut() {
                of_item.sort_by_key(|review| review.at);
            }
            Ok(reviews)
        })
    }
}

const COMPLETED: &str =
    "SELECT item, at, hints, failures, solution_seen FROM completions ORDER BY item, at";

const GIVEN_UP: &str =
    "SELECT item, ended_at, (SELECT count(*) FROM hints WHERE attempt = id), failures,
         solution_seen_at IS NOT NULL
     FROM attempts WHERE state = 'abandoned' AND failures > 0 ORDER BY item, ended_at";

/// Adds what a query tells, item by item.
fn add(
    connection: &Connection,
    sql: &str,
    completed: bool,
    reviews: &mut HashMap<String, Vec<Review>>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut of_item = (String::new(), Vec::new());
    let mut put = |(item, found): (String, Vec<Review>)| {
        if !found.is_empty() {
            reviews.entry(item).or_default().extend(found);
        }
    };
    while let Some(row) = rows.next()? {
        let item = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if item != of_item.0 {
            put(std::mem::replace(&mut of_item, (item.to_owned(), Vec::new())));
        }
        of_item.1.push(Review {
            at: row.get::<_, At>(1)?.0,
            completed,
            hints: row.get(2)?,
            failures: row.get(3)?,
            solution_seen: row.get(4)?,
        });
    }
    put(of_item);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store, ticks};
    use crate::store::{CheckRecord, CheckState};

    #[test]
    fn completions_and_what_was_given_up_after_failing_are_told_in_order() {
        let (_folder, store) = store();
        let failed = [CheckRecord { name: "a".into(), state: CheckState::Failed }];
        for (second, fails, completes) in [(1, true, false), (2, false, false), (3, false, true)] {
            set_clock(second);
            let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
            if fails {
                store.record_checks(id, &failed, true).unwrap();
                store.show_hint(id, 0).unwrap();
            }
            if completes {
                store.show_solution(id).unwrap();
                store.complete(id).unwrap();
            } else {
                store.abandon(id).unwrap();
            }
        }
        let review = |second, completed, hints, failures, solution_seen| Review {
            at: ticks(second),
            completed,
            hints,
            failures,
            solution_seen,
        };
        let expected = [review(1, false, 1, 1, false), review(3, true, 0, 0, true)];
        assert_eq!(store.reviews().unwrap()["linux-01"], expected);
    }
}
