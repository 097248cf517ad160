//! What is kept, as lines that another program can read: a kind of line for each table.
//!
//! A record names its table, the order its rows are told in, and for each field its column; reading,
//! writing and the JSON follow from that. What a line may say is in the types of its fields.

use rusqlite::{Connection, Row, ToSql, Transaction};
use serde::{Deserialize, Serialize};

use super::value::{Json, Label, Long, Moment, Names, Number, Quarter, Spell, Text, Word};
use crate::store::{AttemptId, AttemptState, CheckState, Fault, SnapshotEvent, commands};

/// Defines the records, which are told in this order: what refers to an attempt comes after it.
macro_rules! records {
    ($(
        $(#[$doc:meta])*
        $kind:ident($word:literal, $table:literal, [$($key:literal),+], $policy:literal) {
            $( $(#[$field_doc:meta])* $field:ident: $type:ty = $column:literal, )+
        }
    )+) => {
        /// What a line is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind { $( $(#[$doc])* #[serde(rename = $word)] $kind, )+ }

        impl Kind {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The word of a line.
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)+ }
            }

            /// The table its lines are kept in.
            #[cfg(test)]
            pub(super) fn table(self) -> &'static str {
                match self { $(Self::$kind => $table,)+ }
            }

            /// The columns that they tell.
            #[cfg(test)]
            pub(super) fn columns(self) -> &'static [&'static str] {
                match self { $(Self::$kind => &[$($column),+],)+ }
            }
        }

        /// A line.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Record { $( $(#[$doc])* $kind($kind), )+ }

        impl Record {
            /// Understands a line of this kind.
            pub(super) fn parse(kind: Kind, line: &str) -> serde_json::Result<Self> {
                match kind { $(Kind::$kind => serde_json::from_str(line).map(Self::$kind),)+ }
            }

            /// What it is about.
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)+ }
            }

            /// Reads all that are kept of a kind, from the first or from the last.
            pub(super) fn read_all(
                connection: &Connection,
                kind: Kind,
                backwards: bool,
                each: &mut dyn FnMut(Self) -> Result<(), Fault>,
            ) -> Result<(), Fault> {
                match kind {
                    $(Kind::$kind => {
                        let order = if backwards { " DESC" } else { "" };
                        let order = [$($key),+].map(|key| format!("{key}{order}")).join(", ");
                        let columns = [$($column),+].join(", ");
                        let sql = format!("SELECT {columns} FROM {} ORDER BY {order}", $table);
                        let mut statement = connection.prepare(&sql)?;
                        let mut rows = statement.query([])?;
                        while let Some(row) = rows.next()? {
                            each(Self::$kind($kind::from_row(row)?))?;
                        }
                        Ok(())
                    })+
                }
            }

            /// Writes it by its kind's own rule; tells whether that changed anything.
            pub(super) fn insert(&self, transaction: &Transaction<'_>) -> Result<bool, Fault> {
                match self {
                    $(Self::$kind(record) => {
                        let columns = [$($column),+];
                        let values = (1..=columns.len()).map(|n| format!("?{n}"));
                        let sql = format!(
                            "INSERT INTO {} ({}) SELECT {} {}",
                            $table, columns.join(", "), values.collect::<Vec<_>>().join(", "), $policy
                        );
                        let values: &[&dyn ToSql] = &[$(&record.$field),+];
                        Ok(transaction.prepare_cached(&sql)?.execute(values)? > 0)
                    })+
                }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(clippy::struct_field_names, reason = "a line's keys, not ours to shorten")]
            pub struct $kind {
                /// What the line is about.
                pub kind: Kind,
                $( $(#[$field_doc])* pub $field: $type, )+
            }

            impl $kind {
                fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
                    let mut column = 0..;
                    Ok(Self {
                        kind: Kind::$kind,
                        $( $field: row.get(column.next().unwrap_or_default())?, )+
                    })
                }
            }
        )+
    };
}

impl Record {
    /// The attempt that it is a part of, which must be there.
    pub(super) fn part_of(&self) -> Option<AttemptId> {
        match self {
            Self::Check(Check { attempt, .. })
            | Self::Change(Change { attempt, .. })
            | Self::Hint(Hint { attempt, .. })
            | Self::Command(Command { attempt, .. })
            | Self::Snapshot(Snapshot { attempt, .. })
            | Self::Incident(Incident { attempt, .. })
            | Self::Order(Order { attempt, .. })
            | Self::Measure(Measure { attempt, .. }) => Some(*attempt),
            Self::Attempt(_)
            | Self::Completion(_)
            | Self::Activity(_)
            | Self::Proof(_)
            | Self::Memory(_) => None,
        }
    }

    /// What is wrong with it although each of its values may be.
    pub(super) fn contradiction(&self) -> Option<&'static str> {
        match self {
            Self::Attempt(a) if (a.state == AttemptState::Active) != a.ended.is_none() => {
                Some("an attempt has `ended` unless it is active")
            }
            Self::Attempt(a) if a.ended.is_some_and(|ended| ended < a.started) => {
                Some("an attempt does not end before it was begun")
            }
            Self::Command(c) if c.number == 0 || c.number > commands::MAX_COMMANDS => {
                Some("an attempt has commands 1 to 5000")
            }
            _ => None,
        }
    }
}

records! {
    /// A try at an item.
    Attempt("attempt", "attempts", ["id"], "WHERE true ON CONFLICT (id) DO UPDATE SET
        state = excluded.state, last_at = excluded.last_at, ended_at = excluded.ended_at,
        active_ms = excluded.active_ms, failures = excluded.failures,
        solution_seen_at = excluded.solution_seen_at
        WHERE attempts.state = 'active' AND attempts.item = excluded.item
            AND (excluded.state <> 'active' OR excluded.last_at > attempts.last_at)") {
        /// Its name.
        id: AttemptId = "id",
        /// The item's id.
        item: Word = "item",
        /// The item's hash when it was begun.
        content_hash: Label = "content_hash",
        /// The engine it was begun on.
        engine: Label = "engine",
        /// What the item's values follow from.
        seed: u32 = "seed",
        /// Where it is in its life.
        state: AttemptState = "state",
        /// When it was begun.
        started: Moment = "started_at",
        /// When the learner last did something in it.
        last: Moment = "last_at",
        /// When it ended.
        ended: Option<Moment> = "ended_at",
        /// Time spent working at it.
        active_ms: Spell = "active_ms",
        /// Verifications asked for that did not pass.
        failures: u32 = "failures",
        /// When the solution was shown.
        solution_seen: Option<Moment> = "solution_seen_at",
    }
    /// How a check of an attempt stands.
    Check("check", "checks", ["attempt", "name"], "WHERE true ON CONFLICT DO NOTHING") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// Its name.
        name: Word = "name",
        /// Its place among the item's.
        position: u32 = "position",
        /// How it stands.
        state: CheckState = "state",
        /// Since when.
        since: Moment = "since",
        /// When it first passed.
        first_passed: Option<Moment> = "first_passed_at",
        /// In how many verifications asked for it failed.
        failures: u32 = "failures",
    }
    /// A check that came into another state.
    Change("change", "check_changes", ["number"], "WHERE NOT EXISTS (SELECT 1 FROM check_changes
        WHERE attempt = ?1 AND name = ?2 AND state = ?3 AND at = ?4)
        AND (SELECT count(*) FROM check_changes WHERE attempt = ?1 AND name = ?2) < 1000") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// The check.
        name: Word = "name",
        /// What it came to be.
        state: CheckState = "state",
        /// When.
        at: Moment = "at",
    }
    /// A hint that was shown.
    Hint("hint", "hints", ["attempt", "hint"], "WHERE true ON CONFLICT DO NOTHING") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// Its index among the item's, from 0.
        hint: u32 = "hint",
        /// When it was first shown.
        at: Moment = "shown_at",
    }
    /// A command that ended.
    Command("command", "commands", ["id"], "WHERE true ON CONFLICT DO NOTHING") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// Counts in the attempt, from 1.
        number: u32 = "number",
        /// What was typed.
        text: Text = "text",
        /// Where.
        folder: Option<Text> = "folder",
        /// Its exit status.
        status: Option<i32> = "status",
        /// When it began.
        started: Moment = "started_at",
        /// How long it ran.
        ms: Spell = "duration_ms",
    }
    /// What was done with a snapshot.
    Snapshot("snapshot", "snapshots", ["number"], "WHERE NOT EXISTS (SELECT 1 FROM snapshots
        WHERE attempt = ?1 AND name = ?2 AND what = ?3 AND at = ?4)
        AND (SELECT count(*) FROM snapshots WHERE attempt = ?1) < 1000") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// The snapshot's name.
        name: Word = "name",
        /// What was done.
        what: SnapshotEvent = "what",
        /// When.
        at: Moment = "at",
    }
    /// An incident.
    Incident("incident", "incidents", ["attempt"], "WHERE true ON CONFLICT DO UPDATE SET
        life = excluded.life, changed_at = excluded.changed_at
        WHERE excluded.changed_at > incidents.changed_at") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// All that has happened.
        life: Json = "life",
        /// When it was written down.
        at: Moment = "changed_at",
    }
    /// What was asked of an incident.
    Order("order", "incident_orders", ["number"], "WHERE true ON CONFLICT DO NOTHING") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// Which one: the incident knows up to which it has carried out.
        number: Number = "number",
        /// What.
        what: Json = "what",
    }
    /// What was measured in an incident.
    Measure("measure", "incident_values", ["attempt", "at"], "WHERE true ON CONFLICT DO NOTHING") {
        /// The attempt.
        attempt: AttemptId = "attempt",
        /// When.
        at: Moment = "at",
        /// The numbers, by name.
        numbers: Json = "numbers",
    }
    /// A completed attempt, here or elsewhere.
    Completion("completion", "completions", ["id"], "WHERE true ON CONFLICT DO NOTHING") {
        /// Its attempt's name.
        id: AttemptId = "id",
        /// The item's id.
        item: Word = "item",
        /// The item's hash when the attempt was begun.
        content_hash: Label = "content_hash",
        /// The engine it was done on.
        engine: Label = "engine",
        /// What the item's values followed from.
        seed: u32 = "seed",
        /// When the attempt was begun.
        started: Moment = "started_at",
        /// When it was completed.
        at: Moment = "at",
        /// Time spent working at it.
        active_ms: Spell = "active_ms",
        /// Verifications asked for that did not pass.
        failures: u32 = "failures",
        /// How many hints were shown.
        hints: u32 = "hints",
        /// Whether the solution was shown.
        solution_seen: bool = "solution_seen",
        /// The names of the checks that had passed.
        checks: Names = "checks",
        /// The program's version.
        version: Label = "version",
        /// Whether its attempt is here: not told, but found out.
        #[serde(skip)]
        here: bool = "here",
    }
    /// Time spent in a quarter of an hour.
    Activity("activity", "activity", ["quarter_hour"], "WHERE true ON CONFLICT DO UPDATE SET
        active_ms = excluded.active_ms WHERE excluded.active_ms > activity.active_ms") {
        /// When it began.
        at: Quarter = "quarter_hour",
        /// How long.
        active_ms: Spell = "active_ms",
    }
    /// The last proof of an item on an engine.
    Proof("proof", "proofs", ["item", "engine"], "WHERE true ON CONFLICT DO UPDATE SET
        content_hash = excluded.content_hash, image = excluded.image, version = excluded.version,
        proved = excluded.proved, at = excluded.at, took_ms = excluded.took_ms,
        peak_bytes = excluded.peak_bytes, failure = excluded.failure
        WHERE excluded.at > proofs.at") {
        /// The item.
        item: Word = "item",
        /// The engine.
        engine: Word = "engine",
        /// The item's hash.
        content_hash: Label = "content_hash",
        /// Which image.
        image: Option<Label> = "image",
        /// The program's version.
        version: Label = "version",
        /// Whether nothing failed.
        proved: bool = "proved",
        /// When.
        at: Moment = "at",
        /// How long it took.
        ms: Spell = "took_ms",
        /// The most memory a sandbox used.
        peak_bytes: Option<Number> = "peak_bytes",
        /// What failed.
        failure: Option<Long> = "failure",
    }
    /// What a screen remembers.
    Memory("memory", "memories", ["key"], "WHERE true ON CONFLICT DO NOTHING") {
        /// What it is.
        key: Word = "key",
        /// JSON.
        value: Json = "value",
    }
}
