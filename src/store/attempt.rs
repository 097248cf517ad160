//! An attempt's life: begun or resumed, helped, and in the end completed or abandoned.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::value::{At, Length, kept_as_word};
use super::{Fault, Store, StoreError, activity, completions};

/// Names an attempt, everywhere and for ever (a `UUIDv7`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptId(Uuid);

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AttemptId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for AttemptId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AttemptId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(|_| serde::de::Error::custom("an attempt is named by a UUID"))
    }
}

impl ToSql for AttemptId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.to_string().into())
    }
}

impl FromSql for AttemptId {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map_err(FromSqlError::other)
    }
}

/// A seed that nobody chose; never 0, which stands for none.
pub fn random_seed() -> u32 {
    (Uuid::new_v4().as_u128() as u32 >> 1).max(1)
}

/// Where an attempt is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptState {
    /// Being worked on; an item has at most one.
    Active,
    /// Every check passed.
    Completed,
    /// Started over before it was completed.
    Abandoned,
}

impl AttemptState {
    /// The word in the database and in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Completed, Self::Abandoned].into_iter().find(|s| s.word() == word)
    }
}

kept_as_word!(AttemptState);

/// One try at an item, as it was when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its name.
    pub id: AttemptId,
    /// The item's id.
    pub item: String,
    /// The item's hash when the attempt was begun; the content may have changed since.
    pub content_hash: String,
    /// The engine it was begun on, and where its sandbox is.
    pub engine: String,
    /// The sandbox it has now, if any.
    pub sandbox: Option<String>,
    /// Where it is in its life.
    pub state: AttemptState,
    /// When it was begun.
    pub started_at: Timestamp,
    /// When the learner last did something in it.
    pub last_at: Timestamp,
    /// When it was completed or abandoned.
    pub ended_at: Option<Timestamp>,
    /// Time spent working at it.
    pub active: Duration,
    /// Verifications the learner asked for that did not pass.
    pub failures: u32,
    /// How many hints were shown.
    pub hints: u32,
    /// When the solution was shown.
    pub solution_seen_at: Option<Timestamp>,
    /// What the values of the item's variables follow from; 0 for one of an older program.
    pub seed: u32,
}

/// A hint that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HintShown {
    /// Its index among the item's hints.
    pub index: u32,
    /// When it was first shown in this attempt.
    pub at: Timestamp,
}

/// What there is to say about a completed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The attempt, with its time, failures and hints.
    pub attempt: Attempt,
    /// Whether it was this call that completed it; of several calls one is told so.
    pub new: bool,
    /// Whether the item had never been completed before.
    pub first: bool,
    /// The shortest time of the earlier completions.
    pub previous_best: Option<Duration>,
}

pub(super) const SELECT: &str = "SELECT id, item, content_hash, engine, sandbox, state, started_at, last_at, \
    ended_at, active_ms, failures, (SELECT count(*) FROM hints WHERE attempt = id), \
    solution_seen_at, seed FROM attempts";

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Attempt> {
    let moment = |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<At>>(index)?.map(|at| at.0));
    Ok(Attempt {
        id: row.get(0)?,
        item: row.get(1)?,
        content_hash: row.get(2)?,
        engine: row.get(3)?,
        sandbox: row.get(4)?,
        state: row.get(5)?,
        started_at: row.get::<_, At>(6)?.0,
        last_at: row.get::<_, At>(7)?.0,
        ended_at: moment(8)?,
        active: row.get::<_, Length>(9)?.0,
        failures: row.get(10)?,
        hints: row.get(11)?,
        solution_seen_at: moment(12)?,
        seed: row.get(13)?,
    })
}

fn load(connection: &Connection, id: AttemptId) -> Result<Attempt, Fault> {
    connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?
        .ok_or(Fault::NoSuchAttempt(id))
}

fn load_active(connection: &Connection, item: &str) -> Result<Option<Attempt>, Fault> {
    Ok(connection
        .prepare_cached(&format!("{SELECT} WHERE item = ?1 AND state = 'active'"))?
        .query_row([item], from_row)
        .optional()?)
}

/// Whether the attempt may still change.
pub(super) fn is_active(connection: &Connection, id: AttemptId) -> Result<bool, Fault> {
    connection
        .prepare_cached("SELECT state FROM attempts WHERE id = ?1")?
        .query_row([id], |row| row.get::<_, AttemptState>(0))
        .optional()?
        .map(|state| state == AttemptState::Active)
        .ok_or(Fault::NoSuchAttempt(id))
}

/// Notes that the learner did something in the attempt, which took this long.
pub(super) fn touch(
    connection: &Connection,
    id: AttemptId,
    now: Timestamp,
    spent: Duration,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "UPDATE attempts SET last_at = max(last_at, ?2), active_ms = active_ms + ?3
             WHERE id = ?1",
        )?
        .execute(params![id, At(now), Length(spent)])?;
    activity::note(connection, now, spent)
}

impl Store {
    /// Resumes the item's active attempt or, if it has none, begins one.
    ///
    /// A resumed attempt keeps the hash, the engine and the seed it was begun with; without a seed a
    /// new one gets its own.
    pub fn begin(
        &self,
        item: &str,
        content_hash: &str,
        engine: &str,
        seed: Option<u32>,
    ) -> Result<Attempt, StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            let id = if let Some(attempt) = load_active(transaction, item)? {
                attempt.id
            } else {
                let id = AttemptId(Uuid::now_v7());
                transaction
                    .prepare_cached(
                        "INSERT INTO attempts
                         (id, item, content_hash, engine, state, started_at, last_at, seed)
                         VALUES (?1, ?2, ?3, ?4, 'active', ?5, ?5, ?6)",
                    )?
                    .execute(params![
                        id,
                        item,
                        content_hash,
                        engine,
                        At(now),
                        seed.unwrap_or_else(random_seed)
                    ])?;
                id
            };
            touch(transaction, id, now, Duration::ZERO)?;
            load(transaction, id)
        })
    }

    /// Ends the attempt uncompleted, so that the next [`Store::begin`] starts over.
    pub fn abandon(&self, id: AttemptId) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if is_active(transaction, id)? {
                end(transaction, id, AttemptState::Abandoned, now)?;
            }
            Ok(())
        })
    }

    /// Completes the attempt. Doing it again changes nothing and tells the same, but for
    /// [`Completion::new`]. An attempt that was abandoned is refused with [`Fault::Abandoned`].
    pub fn complete(&self, id: AttemptId) -> Result<Completion, StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            let new = match load(transaction, id)?.state {
                AttemptState::Active => {
                    touch(transaction, id, now, Duration::ZERO)?;
                    end(transaction, id, AttemptState::Completed, now)?;
                    completions::keep(transaction, &load(transaction, id)?)?;
                    true
                }
                AttemptState::Completed => false,
                AttemptState::Abandoned => return Err(Fault::Abandoned(id)),
            };
            let attempt = load(transaction, id)?;
            // Ids sort by time; on one machine an attempt ends before the next begins.
            let previous_best = transaction
                .prepare_cached(
                    "SELECT min(active_ms) FROM completions WHERE item = ?1 AND id < ?2",
                )?
                .query_row(params![attempt.item, id], |row| row.get::<_, Option<Length>>(0))?
                .map(|length| length.0);
            Ok(Completion { attempt, new, first: previous_best.is_none(), previous_best })
        })
    }

    /// The attempt with this id.
    pub fn attempt(&self, id: AttemptId) -> Result<Attempt, StoreError> {
        self.read(|connection| load(connection, id))
    }

    /// The item's active attempt.
    pub fn active(&self, item: &str) -> Result<Option<Attempt>, StoreError> {
        self.read(|connection| load_active(connection, item))
    }

    /// Says which sandbox the attempt has, or that it has none. An ended attempt's goes away too.
    pub fn attach_sandbox(&self, id: AttemptId, sandbox: Option<&str>) -> Result<(), StoreError> {
        self.write(|transaction| {
            let found = transaction
                .prepare_cached("UPDATE attempts SET sandbox = ?2 WHERE id = ?1")?
                .execute(params![id, sandbox])?;
            if found == 0 { Err(Fault::NoSuchAttempt(id)) } else { Ok(()) }
        })
    }

    /// Adds time spent working. For a timer that loses at most a second, call it every second.
    pub fn add_active(&self, id: AttemptId, spent: Duration) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if is_active(transaction, id)? {
                touch(transaction, id, now, spent)?;
            }
            Ok(())
        })
    }

    /// Notes that the hint with this index was shown; the first time counts.
    pub fn show_hint(&self, id: AttemptId, index: u32) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if is_active(transaction, id)? {
                transaction
                    .prepare_cached(
                        "INSERT INTO hints (attempt, hint, shown_at) VALUES (?1, ?2, ?3)
                         ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![id, index, At(now)])?;
                touch(transaction, id, now, Duration::ZERO)?;
            }
            Ok(())
        })
    }

    /// The hints shown in the attempt, by index.
    pub fn hints(&self, id: AttemptId) -> Result<Vec<HintShown>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT hint, shown_at FROM hints WHERE attempt = ?1 ORDER BY hint",
            )?;
            let hints = statement
                .query_map([id], |row| {
                    Ok(HintShown { index: row.get(0)?, at: row.get::<_, At>(1)?.0 })
                })?
                .collect::<Result<_, _>>()?;
            Ok(hints)
        })
    }

    /// Notes that the solution was shown; the first time counts.
    pub fn show_solution(&self, id: AttemptId) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if is_active(transaction, id)? {
                transaction
                    .prepare_cached(
                        "UPDATE attempts SET solution_seen_at = coalesce(solution_seen_at, ?2)
                         WHERE id = ?1",
                    )?
                    .execute(params![id, At(now)])?;
                touch(transaction, id, now, Duration::ZERO)?;
            }
            Ok(())
        })
    }
}

fn end(
    connection: &Connection,
    id: AttemptId,
    state: AttemptState,
    now: Timestamp,
) -> Result<(), Fault> {
    // A clock that was set back must not end an attempt before its beginning.
    connection
        .prepare_cached(
            "UPDATE attempts SET state = ?2, ended_at = max(started_at, ?3) WHERE id = ?1",
        )?
        .execute(params![id, state, At(now)])?;
    Ok(())
}
