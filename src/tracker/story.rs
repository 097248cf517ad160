//! One attempt's story: what happened in it, in order.

use std::time::Duration;

use jiff::Timestamp;

use crate::incident::director::written;
use crate::incident::picture::FeedKind;
use crate::store::{
    Attempt, AttemptId, AttemptState, CheckState, Command, SnapshotEvent, Store, StoreError,
};

/// What is known of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The attempt as it is now.
    pub attempt: Attempt,
    /// What happened, the earliest first: its beginning always, its end last if it has ended.
    pub moments: Vec<Moment>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened. Texts are as they were kept: they may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It was begun.
    Begun,
    /// A command began.
    Command {
        /// What was typed.
        text: String,
        /// Its exit status, if the shell told.
        status: Option<i32>,
        /// How long it ran.
        duration: Duration,
    },
    /// A check came into another state.
    Check {
        /// Its name.
        name: String,
        /// What it came to be.
        state: CheckState,
    },
    /// A hint was shown.
    Hint {
        /// Its number, from 1.
        number: u32,
    },
    /// The solution was shown.
    Solution,
    /// A snapshot was taken or gone back to.
    Snapshot {
        /// Its name.
        name: String,
        /// Which of both.
        what: SnapshotEvent,
    },
    /// In an incident, something was told.
    Told {
        /// By whom: `pager`, `change`, `you`.
        who: String,
        /// What: Markdown.
        text: String,
    },
    /// It ended so.
    Ended(AttemptState),
}

impl What {
    /// The word in output.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Command { .. } => "command",
            Self::Check { .. } => "check",
            Self::Hint { .. } => "hint",
            Self::Solution => "solution",
            Self::Snapshot { .. } => "snapshot",
            Self::Told { .. } => "told",
            Self::Ended(_) => "ended",
        }
    }
}

impl Story {
    /// Reads an attempt's story. The first finding of a check that had not passed is no change of it.
    pub fn read(store: &Store, id: AttemptId) -> Result<Self, StoreError> {
        let attempt = store.attempt(id)?;
        let mut moments = Vec::new();
        let mut add = |at, what| moments.push(Moment { at, what });
        for Command { text, status, started_at, duration, .. } in store.commands(id)? {
            add(started_at, What::Command { text, status, duration });
        }
        let mut known = Vec::new();
        for change in store.check_changes(id)? {
            let first = !known.contains(&change.name);
            if first {
                known.push(change.name.clone());
            }
            if !first || change.state == CheckState::Passed {
                add(change.at, What::Check { name: change.name, state: change.state });
            }
        }
        for hint in store.hints(id)? {
            add(hint.at, What::Hint { number: hint.index + 1 });
        }
        if let Some(at) = attempt.solution_seen_at {
            add(at, What::Solution);
        }
        for note in store.snapshot_notes(id)? {
            add(note.at, What::Snapshot { name: note.name, what: note.what });
        }
        let feed = written(store, id)?.map(|life| life.feed).unwrap_or_default();
        // Hints are told above.
        for entry in feed.into_iter().filter(|entry| entry.kind != FeedKind::Hint) {
            let at = Timestamp::from_millisecond((entry.time * 1000.0) as i64);
            let who = entry.who().to_owned();
            add(at.unwrap_or(attempt.started_at), What::Told { who, text: entry.text });
        }
        moments.sort_by_key(|moment| moment.at);
        // First and last whatever a clock that was set says.
        moments.insert(0, Moment { at: attempt.started_at, what: What::Begun });
        let end = attempt.ended_at.map(|at| Moment { at, what: What::Ended(attempt.state) });
        moments.extend(end);
        Ok(Self { attempt, moments })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::scenario::Level;
    use crate::course::{self, Body, Source};
    use crate::incident::life::{Life, Mode};
    use crate::incident::picture::FeedEntry;
    use crate::store::CheckRecord;

    #[test]
    fn what_an_incident_told_stands_in_its_story() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("progress.db")).unwrap();
        let attempt = store.begin("incidents-01", "hash", "docker", None).unwrap();
        let course = course::load(&[Source::built_in()]);
        let Body::Scenario(scenario) = &course.item("incidents-01").unwrap().body else { panic!() };
        let now = attempt.started_at.as_millisecond() as f64 / 1000.0;
        let mut life = Life::new(scenario, Mode::Normal, 7, now);
        for (kind, from, text) in [
            (FeedKind::Metric, "pager", "Pages do not load"),
            (FeedKind::Hint, "", "Look at the queue"),
            (FeedKind::Change, "", "api is at version 2"),
        ] {
            let (from, text) = (from.to_owned(), text.to_owned());
            life.feed.push(FeedEntry {
                at: 0.0,
                time: now + 1.0,
                kind,
                level: Level::Info,
                from,
                text,
            });
        }
        let json = serde_json::to_string(&life).unwrap();
        store.keep_incident(attempt.id, &json, Duration::ZERO, None).unwrap();
        let told = Story::read(&store, attempt.id).unwrap();
        let words = told.moments.iter().filter_map(|moment| match &moment.what {
            What::Told { who, text } => Some((who.as_str(), text.as_str())),
            _ => None,
        });
        let expected = [("pager", "Pages do not load"), ("change", "api is at version 2")];
        assert_eq!(words.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_was_kept_is_told_in_the_order_it_happened() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("progress.db")).unwrap();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        let found = |states: [CheckState; 2]| {
            let records = states.into_iter().zip(["a", "b"]);
            let records = records.map(|(state, name)| CheckRecord { name: name.into(), state });
            store.record_checks(id, &records.collect::<Vec<_>>(), false).unwrap();
        };
        found([CheckState::Failed, CheckState::Skipped]);
        let started_at = store.attempt(id).unwrap().started_at;
        let command = Command {
            text: "mkdir harbour".to_owned(),
            folder: None,
            status: Some(0),
            started_at,
            duration: Duration::from_millis(3),
        };
        store.record_command(id, &command).unwrap();
        store.show_hint(id, 0).unwrap();
        found([CheckState::Passed, CheckState::Failed]);
        store.note_snapshot(id, "check-1", SnapshotEvent::Taken).unwrap();
        store.show_solution(id).unwrap();
        found([CheckState::Passed, CheckState::Passed]);
        store.complete(id).unwrap();

        let told = Story::read(&store, id).unwrap();
        assert!(told.moments.is_sorted_by_key(|moment| moment.at));
        let mut words: Vec<_> = told.moments.iter().map(|moment| moment.what.word()).collect();
        assert_eq!((words.remove(0), words.pop()), ("begun", Some("ended")));
        let checks: Vec<_> = told
            .moments
            .iter()
            .filter_map(|moment| match &moment.what {
                What::Check { name, state } => Some((name.as_str(), *state)),
                _ => None,
            })
            .collect();
        let expected =
            [("a", CheckState::Passed), ("b", CheckState::Failed), ("b", CheckState::Passed)];
        assert_eq!(checks, expected);
        words.sort_unstable();
        assert_eq!(words, ["check", "check", "check", "command", "hint", "snapshot", "solution"]);
    }
}
