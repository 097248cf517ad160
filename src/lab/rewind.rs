//! Going back: which moments of a sandbox are kept, and bringing its files back to one.
//!
//! A [`Point`] is a moment that can be gone back to. There is always `start`, the exercise as it was
//! prepared: that one is made anew, as the launch made it, so that it costs nothing until somebody
//! wants it and is right from the first second on. The others are snapshots: one for each check when
//! it first passes (`check-2`), those the learner asks for (`manual-1`, or a name of theirs), and one
//! before each rewind (`before-1`), so that a rewind can itself be undone.
//!
//! Files come back, never processes. Checks, completions and time are the store's and are not touched:
//! what was earned stays.
//!
//! Invariant: which sandbox an attempt has is written between the making of the new one and the end
//! of the old one. Whatever was stopped before that leaves the old one in use, after it the new one,
//! and the other is found unattached and removed by the next launch.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::provision::{Notice, Ready, saying};
use super::verify::CheckState;
use super::{Lab, LabError, checks, exercise};
use crate::course::{Check, Exercise, Item, nearest};
use crate::engine::{
    EngineError, NOTE_LIMIT, Progress, Sandbox, Snapshot, SnapshotSpec, snapshot_name,
};
use crate::store::{Attempt, SnapshotEvent};

/// The name of the point that every sandbox has.
pub const START: &str = "start";

/// How many of the learner's own snapshots are kept: the oldest makes room.
pub const MANUAL_LIMIT: usize = 10;

/// The same for those before a rewind: each is one more step that can be undone.
pub const BEFORE_LIMIT: usize = 3;

/// The old shell's end is waited for so long; its holder sees its sandbox go in any case.
const SHELL_PATIENCE: Duration = Duration::from_secs(3);

/// What a point was kept for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The exercise as it was prepared.
    Start,
    /// A check that first passed.
    Check,
    /// Somebody asked.
    Manual,
    /// A rewind that followed.
    Before,
}

impl Kind {
    /// How the names begin that are given by themselves.
    fn prefix(self) -> &'static str {
        match self {
            Self::Start => START,
            Self::Check => "check-",
            Self::Manual => "manual-",
            Self::Before => "before-",
        }
    }
}

/// A moment that can be gone back to; serialises to the documented fields of `rewind --list --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// What it was kept for.
    pub kind: Kind,
    /// When; of `start`, when the attempt was begun.
    #[serde(serialize_with = "as_text")]
    pub taken: Timestamp,
    /// What it is, for people: the checks that first passed then, what followed.
    pub words: String,
    /// The numbers of the checks that first passed then, from 1.
    pub checks: Vec<usize>,
    /// How many checks held then.
    pub passed: usize,
    /// How many there were.
    pub of: usize,
    /// Whether what lay in in-memory file systems is in it too.
    pub whole: bool,
    /// What it takes on the engine's disk, where that is known.
    pub bytes: Option<u64>,
}

/// A moment as RFC 3339.
fn as_text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// What is noted with a snapshot. Part of what is on disk: fields may be added, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    kind: Kind,
    words: String,
    #[serde(default)]
    checks: Vec<usize>,
    #[serde(default)]
    passed: usize,
    #[serde(default)]
    of: usize,
}

impl Point {
    fn start(attempt: &Attempt, of: usize) -> Self {
        Self {
            name: START.to_owned(),
            kind: Kind::Start,
            taken: attempt.started_at,
            words: "the exercise as it was prepared".to_owned(),
            checks: Vec::new(),
            passed: 0,
            of,
            whole: true,
            bytes: None,
        }
    }

    fn of(snapshot: Snapshot) -> Self {
        // One without a note that is understood is of another drydock: its files are as good.
        let note = serde_json::from_str(&snapshot.note).unwrap_or(Note {
            kind: Kind::Manual,
            words: String::new(),
            checks: Vec::new(),
            passed: 0,
            of: 0,
        });
        let Note { kind, words, checks, passed, of } = note;
        let Snapshot { name, taken_at: taken, whole, size: bytes, .. } = snapshot;
        Self { name, kind, taken, words, checks, passed, of, whole, bytes }
    }
}

/// What was kept on request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The new point.
    pub point: Point,
    /// Older ones that made room for it.
    pub removed: Vec<String>,
}

/// A sandbox that was rewound.
#[derive(Debug, Clone)]
pub struct Rewound {
    /// The sandbox that runs now, with what the learner should know.
    pub ready: Ready,
    /// What it was rewound to.
    pub to: Point,
    /// What undoes it.
    pub before: Point,
}

impl Lab {
    /// What an item's sandbox can be rewound to, the oldest first: `start` always, then snapshots.
    pub async fn points(&self, item: &Item) -> Result<Vec<Point>, LabError> {
        let (attempt, sandbox) = self.present(item).await?;
        self.points_of(item, &attempt, &sandbox).await
    }

    /// Keeps an item's files as they are now, under a name of the learner's or the next number.
    pub async fn keep(&self, item: &Item, name: Option<&str>) -> Result<Kept, LabError> {
        let (attempt, sandbox) = self.present(item).await?;
        let name = match name {
            Some(name) => {
                free_name(name)?;
                name.to_owned()
            }
            None => self.next_name(&sandbox, Kind::Manual).await?,
        };
        let point = self
            .take((item, &attempt, &sandbox), name, (Kind::Manual, String::new(), vec![]))
            .await?;
        let removed = self.make_room(&sandbox, Kind::Manual, MANUAL_LIMIT).await?;
        Ok(Kept { point, removed })
    }

    /// Keeps the files of a moment in which checks first passed, by their numbers from 1. Somebody
    /// else who has just done so is fine: another program that verifies the same sandbox.
    pub async fn keep_step(
        &self,
        item: &Item,
        attempt: &Attempt,
        sandbox: &Sandbox,
        turned: &[usize],
    ) -> Result<(), LabError> {
        let Some(last) = turned.last() else { return Ok(()) };
        let all = checks(item);
        let names = turned.iter().filter_map(|number| all.get(number - 1));
        let words = names.map(|check| check.name.as_str()).collect::<Vec<_>>().join("; ");
        let name = format!("{}{last}", Kind::Check.prefix());
        match self.take((item, attempt, sandbox), name, (Kind::Check, words, turned.to_vec())).await
        {
            Ok(_) | Err(LabError::Engine(EngineError::SnapshotExists { .. })) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Brings an item's files back to a point (see [`find`]), in a sandbox that takes the place of
    /// the present one. What there is now is kept first. The shell ends; programs are not brought
    /// back.
    ///
    /// Dropping the future, or an error, leaves one of the two in use; see the module.
    pub async fn rewind(
        &self,
        item: &Item,
        to: &str,
        progress: Progress<'_>,
    ) -> Result<Rewound, LabError> {
        let say = saying(progress);
        say("Looking for the snapshot");
        let (attempt, old) = self.present(item).await?;
        let item = &*item.seeded(attempt.seed);
        let points = self.points_of(item, &attempt, &old).await?;
        let to = find(item, &points, to)?.clone();

        say("Keeping the files as they are now");
        let name = self.next_name(&old, Kind::Before).await?;
        let words = format!("before the rewind to {}", to.name);
        let before = self.take((item, &attempt, &old), name, (Kind::Before, words, vec![])).await?;

        let made = match self.make_again(item, &attempt, &old, &to, progress).await {
            Ok(made) => made,
            Err(error) => {
                // The next launch would do it too.
                if let Err(left) = self.tidy(&item.id).await {
                    tracing::warn!(%left, "a half-made sandbox is left for the next launch");
                }
                return Err(error);
            }
        };
        let attempt = {
            let store = self.store.lock();
            store.attach_sandbox(attempt.id, Some(&made.id.0))?;
            store.note_snapshot(attempt.id, &to.name, SnapshotEvent::Rewound)?;
            store.attempt(attempt.id)?
        };

        say("Removing the sandbox from before");
        self.retire(&old, &made).await;
        if let Err(error) = self.make_room(&made, Kind::Before, BEFORE_LIMIT).await {
            tracing::info!(%error, "older snapshots were not removed");
        }
        let notices = notices(exercise(item)?, &to);
        let item = Arc::new(item.clone());
        Ok(Rewound {
            ready: Ready { item, sandbox: made, attempt, resumed: true, notices },
            to,
            before,
        })
    }

    /// An item's finished sandbox, running or not.
    async fn present(&self, item: &Item) -> Result<(Attempt, Sandbox), LabError> {
        exercise(item)?;
        let found = self.sandbox(&item.id).await?;
        found.ok_or_else(|| LabError::NoSandbox { item: item.id.clone() })
    }

    async fn points_of(
        &self,
        item: &Item,
        attempt: &Attempt,
        sandbox: &Sandbox,
    ) -> Result<Vec<Point>, LabError> {
        let snapshots = self.engine.snapshots(&sandbox.id).await?;
        let start = Point::start(attempt, checks(item).len());
        Ok(std::iter::once(start).chain(snapshots.into_iter().map(Point::of)).collect())
    }

    /// Keeps the files as they are now, and notes with them how the checks stand.
    async fn take(
        &self,
        (item, attempt, sandbox): (&Item, &Attempt, &Sandbox),
        name: String,
        (kind, words, checks): (Kind, String, Vec<usize>),
    ) -> Result<Point, LabError> {
        let stand = self.store.lock().checks(attempt.id)?;
        let passed = stand.iter().filter(|check| check.state == CheckState::Passed).count();
        let of = super::checks(item).len();
        let mut note = Note { kind, words, checks, passed, of };
        let mut text = written(&note);
        if text.len() > NOTE_LIMIT {
            // An author's very long sentences.
            note.words = String::new();
            text = written(&note);
        }
        let spec = SnapshotSpec { name, note: text };
        let snapshot = self.engine.snapshot(&sandbox.id, &spec).await?;
        self.store.lock().note_snapshot(attempt.id, &spec.name, SnapshotEvent::Taken)?;
        Ok(Point::of(snapshot))
    }

    async fn next_name(&self, sandbox: &Sandbox, kind: Kind) -> Result<String, LabError> {
        let snapshots = self.engine.snapshots(&sandbox.id).await?;
        Ok(next_name(kind, snapshots.iter().map(|snapshot| snapshot.name.as_str())))
    }

    /// Removes the oldest of a kind beyond a number; gives their names.
    async fn make_room(
        &self,
        sandbox: &Sandbox,
        kind: Kind,
        limit: usize,
    ) -> Result<Vec<String>, LabError> {
        let snapshots = self.engine.snapshots(&sandbox.id).await?;
        let mut names: Vec<_> = snapshots
            .into_iter()
            .map(Point::of)
            .filter(|point| point.kind == kind)
            .map(|point| point.name)
            .collect();
        names.truncate(names.len().saturating_sub(limit));
        for name in &names {
            self.engine.remove_snapshot(&sandbox.id, name).await?;
        }
        Ok(names)
    }

    /// A sandbox with the files of a point, running, not attached yet.
    async fn make_again(
        &self,
        item: &Item,
        attempt: &Attempt,
        old: &Sandbox,
        to: &Point,
        progress: Progress<'_>,
    ) -> Result<Sandbox, LabError> {
        let say = saying(progress);
        if to.kind != Kind::Start {
            say("Bringing the files back");
            let mut made = self.engine.rewind(&old.id, &to.name).await?;
            self.start(item, &mut made, "Starting the sandbox", &say).await?;
            return Ok(made);
        }
        // As the launch made it, from the same image if that is still there.
        match self.make(item, attempt, old.image.clone(), &say).await {
            Err(LabError::Engine(
                EngineError::ImageMissing { .. } | EngineError::ImageNotUnpacked { .. },
            )) => {
                let image = self.image(item, progress, &mut Vec::new()).await?;
                self.make(item, attempt, image, &say).await
            }
            other => other,
        }
    }

    /// Ends the shell of the old sandbox, and the sandbox. It is not in use any more: that something
    /// of it is left is the next launch's matter.
    async fn retire(&self, old: &Sandbox, made: &Sandbox) {
        // The shell's hanging up needs programs inside, which may be what is missing.
        let ended = tokio::time::timeout(SHELL_PATIENCE, self.shells.end(&old.id)).await;
        if made.id == old.id {
            return;
        }
        if let Err(error) = self.engine.destroy(&old.id).await {
            tracing::warn!(%error, "the sandbox from before is left for the next launch");
        }
        if ended.is_err() {
            self.shells.end(&old.id).await;
        }
    }
}

/// What the learner should know after a rewind.
fn notices(exercise: &Exercise, to: &Point) -> Vec<Notice> {
    let mut notices = Vec::new();
    if !to.whole {
        let folders: Vec<_> = exercise.tmpfs.iter().map(|mount| mount.path.as_str()).collect();
        notices.push(Notice::Lost(format!(
            "What lay in memory ({}) was not in this snapshot and is empty now",
            folders.join(", ")
        )));
    }
    notices.push(Notice::Aside(if to.kind == Kind::Start {
        format!("Rewound to {}: the exercise is as it was prepared", to.name)
    } else {
        format!("Rewound to {}: files are back, programs are not", to.name)
    }));
    notices
}

fn written(note: &Note) -> String {
    // It has neither maps nor numbers that JSON lacks.
    serde_json::to_string(note).unwrap_or_default()
}

/// The next name that is given by itself: numbers are not used again while later ones are there.
fn next_name<'a>(kind: Kind, names: impl Iterator<Item = &'a str>) -> String {
    let prefix = kind.prefix();
    let numbers = names.filter_map(|name| name.strip_prefix(prefix)?.parse::<u32>().ok());
    format!("{prefix}{}", numbers.max().unwrap_or(0).saturating_add(1))
}

/// Whether the learner may give this name: one that can be none of ours.
fn free_name(name: &str) -> Result<(), LabError> {
    let refused =
        |why: &str| Err(LabError::BadSnapshotName { name: name.to_owned(), why: why.to_owned() });
    if !snapshot_name(name) {
        return refused("a name is at most 60 of a to z, 0 to 9, \".\", \"_\" and \"-\"");
    }
    let ours = [Kind::Check, Kind::Manual, Kind::Before].map(Kind::prefix);
    if name == START || ours.iter().any(|prefix| name.starts_with(prefix)) {
        return refused("names like it are given by drydock itself");
    }
    if name.bytes().all(|b| b.is_ascii_digit()) {
        return refused("a number means a check");
    }
    Ok(())
}

/// The point that is meant by a word: its name, the number of a check, or a check's name.
pub fn find<'a>(item: &Item, points: &'a [Point], word: &str) -> Result<&'a Point, LabError> {
    let checks = checks(item);
    let wanted = word.trim().to_lowercase();
    if let Some(point) = points.iter().find(|point| point.name == wanted) {
        return Ok(point);
    }
    let number = number_of(checks, &wanted);
    if let Some(number) = number
        && let Some(point) = points.iter().find(|point| point.checks.contains(&number))
    {
        return Ok(point);
    }
    let why = match number.and_then(|number| Some((number, checks.get(number.checked_sub(1)?)?))) {
        Some((number, check)) => {
            format!("check {number} (\"{}\") has not passed yet, or was not kept then", check.name)
        }
        None => match nearest(&wanted, points.iter().map(|point| point.name.as_str())) {
            Some(near) => format!("did you mean {near}?"),
            None => "drydock rewind --list shows what there is".to_owned(),
        },
    };
    Err(LabError::NoSuchPoint { item: item.id.clone(), word: word.to_owned(), why })
}

/// The number of the check that is meant, from 1.
fn number_of(checks: &[Check], word: &str) -> Option<usize> {
    let digits = word.strip_prefix(Kind::Check.prefix()).unwrap_or(word);
    let by_name = || checks.iter().position(|check| check.name.to_lowercase() == word);
    digits.parse().ok().or_else(|| by_name().map(|index| index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{self, Source};

    fn item() -> Item {
        course::load(&[Source::built_in()]).item("linux-01").unwrap().clone()
    }

    fn point(name: &str, kind: Kind, checks: &[usize]) -> Point {
        Point {
            name: name.to_owned(),
            kind,
            taken: Timestamp::UNIX_EPOCH,
            words: String::new(),
            checks: checks.to_vec(),
            passed: 0,
            of: 4,
            whole: true,
            bytes: None,
        }
    }

    #[test]
    fn a_point_is_found_by_name_by_number_and_by_its_checks_name() {
        let item = item();
        let points = [
            point("start", Kind::Start, &[]),
            point("check-3", Kind::Check, &[1, 3]),
            point("manual-1", Kind::Manual, &[]),
        ];
        let first = checks(&item)[0].name.to_uppercase();
        for (word, name) in [
            ("start", "start"),
            ("3", "check-3"),
            ("1", "check-3"),
            ("check-1", "check-3"),
            (&first, "check-3"),
            (" Manual-1 ", "manual-1"),
        ] {
            assert_eq!(find(&item, &points, word).unwrap().name, name, "{word}");
        }
        let why = |word: &str| match find(&item, &points, word).unwrap_err() {
            LabError::NoSuchPoint { why, .. } => why,
            other => panic!("{other:?}"),
        };
        assert!(why("2").contains("check 2 (\"") && why("2").contains("not passed yet"));
        assert_eq!(why("strat"), "did you mean start?");
        assert!(why("99").contains("--list") && why("0").contains("--list"));
    }

    #[test]
    fn names_that_are_given_by_themselves_count_up_and_are_nobody_elses() {
        let names = ["manual-2", "check-7", "manual-x", "manual-10", "before-1"];
        assert_eq!(next_name(Kind::Manual, names.into_iter()), "manual-11");
        assert_eq!(next_name(Kind::Before, [].into_iter()), "before-1");
        for name in ["start", "check-1", "manual-3", "before-x", "12", "A", "a b", ""] {
            assert!(free_name(name).is_err(), "{name}");
        }
        assert!(free_name("pier.works_2").is_ok());
    }

    #[test]
    fn a_note_of_another_drydock_hides_no_files() {
        let snapshot = |note: &str| Snapshot {
            name: "x".to_owned(),
            note: note.to_owned(),
            taken_at: Timestamp::UNIX_EPOCH,
            whole: true,
            size: Some(3),
        };
        assert_eq!(Point::of(snapshot("{\"kind\":\"moon\"}")).kind, Kind::Manual);
        let note = Note { kind: Kind::Check, words: "w".into(), checks: vec![2], passed: 1, of: 4 };
        let read = Point::of(snapshot(&written(&note)));
        assert_eq!(
            (read.kind, read.words.as_str(), read.passed, read.of),
            (Kind::Check, "w", 1, 4)
        );
        assert_eq!(Point::of(snapshot("{\"kind\":\"before\",\"words\":\"w\"}")).kind, Kind::Before);
    }
}
