//! What happened to an attempt's sandbox as a whole: snapshots that were taken and gone back to.

use jiff::Timestamp;
use rusqlite::params;
use serde::{Deserialize, Serialize};

use super::attempt::is_active;
use super::value::{At, kept_as_word};
use super::{AttemptId, Store, StoreError};

/// How many of one attempt are kept: a script that takes snapshots must not fill the disk.
const MAX_SNAPSHOTS: u32 = 1000;

/// What was done with a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SnapshotEvent {
    /// It was taken.
    Taken,
    /// The sandbox went back to it.
    Rewound,
}

impl SnapshotEvent {
    /// The word in the database and in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Rewound => "rewound",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Taken, Self::Rewound].into_iter().find(|what| what.word() == word)
    }
}

kept_as_word!(SnapshotEvent);

/// A snapshot in an attempt's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotNote {
    /// The snapshot's name; `start` is the sandbox as it was provisioned.
    pub name: String,
    /// What was done with it.
    pub what: SnapshotEvent,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Notes that a snapshot of the attempt's sandbox was taken or gone back to.
    pub fn note_snapshot(
        &self,
        id: AttemptId,
        name: &str,
        what: SnapshotEvent,
    ) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if is_active(transaction, id)? {
                transaction
                    .prepare_cached(
                        "INSERT INTO snapshots (attempt, name, what, at) SELECT ?1, ?2, ?3, ?4
                         WHERE (SELECT count(*) FROM snapshots WHERE attempt = ?1) < ?5",
                    )?
                    .execute(params![id, name, what, At(now), MAX_SNAPSHOTS])?;
            }
            Ok(())
        })
    }

    /// The snapshots of the attempt, in the order of what was done with them; the first thousand.
    pub fn snapshot_notes(&self, id: AttemptId) -> Result<Vec<SnapshotNote>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, what, at FROM snapshots WHERE attempt = ?1 ORDER BY number",
            )?;
            let notes = statement
                .query_map([id], |row| {
                    Ok(SnapshotNote {
                        name: row.get(0)?,
                        what: row.get(1)?,
                        at: row.get::<_, At>(2)?.0,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(notes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store, ticks};

    #[test]
    fn snapshots_are_told_in_order_and_only_of_an_attempt_that_goes_on() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        store.note_snapshot(id, "auto-1", SnapshotEvent::Taken).unwrap();
        set_clock(4);
        store.note_snapshot(id, "auto-1", SnapshotEvent::Rewound).unwrap();
        let note = |what, second| SnapshotNote { name: "auto-1".into(), what, at: ticks(second) };
        let expected = [note(SnapshotEvent::Taken, 0), note(SnapshotEvent::Rewound, 4)];
        assert_eq!(store.snapshot_notes(id).unwrap(), expected);
        store.complete(id).unwrap();
        store.note_snapshot(id, "auto-2", SnapshotEvent::Taken).unwrap();
        assert_eq!(store.snapshot_notes(id).unwrap(), expected);
    }
}
