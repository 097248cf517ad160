//! Copies of the database: one a day, and one before its format changes.
//!
//! They lie in a folder of the database's own beside it (`progress.db.backups`), named by when they were
//! made, so that names sort by date. A copy is of one moment, whoever writes meanwhile, and appears
//! whole and read through or not at all; what is damaged is never copied and so pushes no good copy
//! out.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::error::Fault;
use super::file::{self, beside};
use super::migration::{self, MIGRATIONS};
use super::value::At;
use crate::platform::files;

/// How many daily copies are kept: a week of practice.
const DAILY_KEPT: usize = 7;

/// What a copy's name begins with while it is made. Only who holds the lock makes one, so those that
/// are found then were left by a program that was killed.
const UNFINISHED: &str = ".making-";

/// When a copy was made, in its name: no `:`, which not every file system takes.
const NAMED: &str = "%Y-%m-%dT%H-%M-%SZ";

/// Why a copy was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was the first one that day.
    Daily,
    /// The database was about to leave this format.
    Format(u32),
}

impl Reason {
    fn word(self) -> String {
        match self {
            Self::Daily => "daily".to_owned(),
            Self::Format(number) => format!("format-{number}"),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word.strip_prefix("format-") {
            Some(number) => number.parse().ok().map(Self::Format),
            None => (word == "daily").then_some(Self::Daily),
        }
    }
}

/// A copy of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called: when it was made, and why.
    pub name: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Why.
    pub reason: Reason,
    /// Its size.
    pub bytes: u64,
}

/// What a sound copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// How many attempts.
    pub attempts: u64,
    /// How many of them, or of those made elsewhere, were completed.
    pub completions: u64,
    /// When the learner last did something.
    pub last_at: Option<Timestamp>,
}

impl Backup {
    /// Reads the copy through. Fails if it is not sound, or of a newer program.
    pub fn check(&self) -> Result<Held, StoreError> {
        held(&self.path).map_err(|fault| StoreError::new(&self.path, fault))
    }

    fn at(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.strip_suffix(".db")?.to_owned();
        let (moment, reason) = name.split_once('.')?;
        let made_at = DateTime::strptime(NAMED, moment).ok()?.to_zoned(TimeZone::UTC).ok()?;
        let reason = Reason::from_word(reason)?;
        let bytes = path.metadata().ok().filter(fs::Metadata::is_file)?.len();
        Some(Self { made_at: made_at.timestamp(), reason, bytes, name, path })
    }
}

/// The copies of the database at `path`, the latest first. Whether they are sound is not known yet.
pub fn all(path: &Path) -> Vec<Backup> {
    let files = fs::read_dir(folder(&resolved(path))).into_iter().flatten().flatten();
    let mut found: Vec<_> = files.filter_map(|entry| Backup::at(entry.path())).collect();
    found.sort_by(|a, b| b.name.cmp(&a.name));
    found
}

/// The latest copy that is sound.
pub fn newest_good(path: &Path) -> Option<(Backup, Held)> {
    all(path).into_iter().find_map(|copy| copy.check().ok().map(|held| (copy, held)))
}

/// Makes the copy of the day, if there is none yet and anything was written since the last one.
///
/// It reads beside whoever writes and keeps nobody waiting; large databases take a second or two, so
/// it is not called where somebody waits. Fails with [`Fault::Damaged`] if the database cannot be read
/// through.
pub fn daily(path: &Path) -> Result<Option<Backup>, StoreError> {
    let path = &resolved(path);
    make_daily(path, Timestamp::now()).map_err(|fault| StoreError::new(path, fault))
}

fn make_daily(path: &Path, now: Timestamp) -> Result<Option<Backup>, Fault> {
    if !is_due(path, now) {
        return Ok(None);
    }
    let folder = make_folder(path)?;
    let lock = File::create(folder.join(".lock"))?;
    match lock.try_lock() {
        Ok(()) => {}
        // Whoever holds it makes the copy.
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    if !is_due(path, now) {
        return Ok(None);
    }
    let connection = file::open_existing(path, MIGRATIONS)?;
    let copy = copy(&connection, &folder, now, Reason::Daily, None)?;
    let dailies = all(path).into_iter().filter(|old| old.reason == Reason::Daily);
    // By a clock that was wrong for a day some may be later than what was made just now.
    let old = dailies.filter(|old| Some(old) != copy.as_ref()).skip(DAILY_KEPT - 1);
    remove(old);
    Ok(copy)
}

/// Copies the database as it is before its migration. Nothing is copied if another program migrated it
/// in the meantime: that program made the copy.
pub(super) fn before_migration(
    connection: &Connection,
    path: &Path,
    from: u32,
) -> Result<(), Fault> {
    let folder = make_folder(path)?;
    let lock = File::create(folder.join(".lock"))?;
    lock.lock()?;
    let reason = Reason::Format(from);
    let Some(copy) = copy(connection, &folder, Timestamp::now(), reason, Some(from))? else {
        return Ok(());
    };
    remove(all(path).into_iter().filter(|old| old.reason == reason && *old != copy));
    Ok(())
}

/// Keeps all other programs from making a copy, or from putting one back, until it is dropped.
pub(super) fn alone(path: &Path) -> Result<File, Fault> {
    let lock = File::create(make_folder(path)?.join(".lock"))?;
    lock.lock()?;
    Ok(lock)
}

/// Where the copies of a database are.
fn folder(path: &Path) -> PathBuf {
    beside(path, ".backups")
}

/// The database itself where `path` is a link to it.
pub(super) fn resolved(path: &Path) -> PathBuf {
    files::real(path).unwrap_or_else(|_| path.to_owned())
}

fn make_folder(path: &Path) -> Result<PathBuf, Fault> {
    let folder = folder(path);
    files::make_private(&folder)?;
    Ok(folder)
}

fn is_due(path: &Path, now: Timestamp) -> bool {
    let written = [path.to_owned(), beside(path, "-wal")];
    let written = written.iter().filter_map(|file| file.metadata().ok()?.modified().ok()).max();
    let Some(written) = written else { return false }; // nothing was kept yet
    let written = Timestamp::try_from(written).unwrap_or(Timestamp::MAX);
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let all = all(path);
    let today = |copy: &Backup| copy.reason == Reason::Daily && day(copy.made_at) == day(now);
    !all.iter().any(today) && all.first().is_none_or(|last| last.made_at <= written)
}

/// Makes a copy under its name; `None` if the database does not have the format `of` any more.
fn copy(
    connection: &Connection,
    folder: &Path,
    now: Timestamp,
    reason: Reason,
    of: Option<u32>,
) -> Result<Option<Backup>, Fault> {
    remove_unfinished(folder);
    let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
    let name = file.path().to_str().ok_or_else(|| Fault::Io {
        detail: format!("{} is not valid UTF-8", file.path().display()),
    })?;
    // Into an empty file, of one moment, whoever else writes.
    connection.execute("VACUUM INTO ?1", [name])?;
    let copy = open_copy(file.path())?;
    if of.is_some_and(|of| migration::version(&copy).is_ok_and(|found| found != of)) {
        return Ok(None);
    }
    file::read_through(&copy, "integrity_check")?;
    drop(copy);
    file.as_file().sync_all()?;
    let moment = now.to_zoned(TimeZone::UTC).strftime(NAMED);
    let path = folder.join(format!("{moment}.{}.db", reason.word()));
    file.persist(&path).map_err(|error| Fault::from(error.error))?;
    files::sync_folder(folder)?;
    Ok(Backup::at(path))
}

fn remove_unfinished(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        let _ = fs::remove_file(file.path());
    }
}

/// A copy too many does no harm, so one that cannot be removed is no failure.
fn remove(copies: impl Iterator<Item = Backup>) {
    for copy in copies {
        if let Err(error) = fs::remove_file(&copy.path) {
            tracing::warn!(%error, copy = copy.name, "an old copy of the progress was not removed");
        }
    }
}

/// Copies are never written in.
fn open_copy(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE;
    Connection::open_with_flags(path, flags)
}

fn held(path: &Path) -> Result<Held, Fault> {
    if path.metadata()?.len() == 0 {
        return Err(Fault::NotADatabase);
    }
    let copy = open_copy(path)?;
    file::identify(&copy, MIGRATIONS)?;
    file::read_through(&copy, "quick_check")?;
    let count = |sql: &str| copy.query_row(sql, [], |row| row.get::<_, i64>(0));
    let completions = match migration::version(&copy)? {
        0..5 => "SELECT count(*) FROM attempts WHERE state = 'completed'",
        _ => "SELECT count(*) FROM completions",
    };
    let last = copy.query_row("SELECT max(last_at) FROM attempts", [], |row| {
        Ok(row.get::<_, Option<At>>(0)?.map(|at| at.0))
    });
    Ok(Held {
        attempts: count("SELECT count(*) FROM attempts")?.cast_unsigned(),
        completions: count(completions)?.cast_unsigned(),
        last_at: last?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::Store;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn names(path: &Path) -> Vec<String> {
        all(path).into_iter().map(|copy| copy.name).collect()
    }

    fn practised() -> (tempfile::TempDir, PathBuf, Store) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.db");
        let store = Store::open(&path).unwrap();
        store.begin("linux-01", "hash", "docker", None).unwrap();
        (folder, path, store)
    }

    /// What was written is later than every copy before.
    fn write(store: &Store, path: &Path, now: Timestamp) {
        store.remember("now", &format!("\"{now}\"")).unwrap();
        let wal = File::options().write(true).open(beside(path, "-wal")).unwrap();
        wal.set_modified(now.into()).unwrap();
    }

    #[test]
    fn one_copy_is_made_a_day_and_a_week_of_them_is_kept() {
        let (_folder, path, store) = practised();
        for day in 1..=9 {
            for hour in [8, 20] {
                let now = at(&format!("2027-03-{day:02}T{hour:02}:00:00Z"));
                write(&store, &path, now);
                assert_eq!(make_daily(&path, now).unwrap().is_some(), hour == 8, "{now}");
            }
        }
        let expected: Vec<_> =
            (3..=9).rev().map(|d| format!("2027-03-{d:02}T08-00-00Z.daily")).collect();
        assert_eq!(names(&path), expected);
        let (newest, held) = newest_good(&path).unwrap();
        assert_eq!((newest.made_at, held.attempts), (at("2027-03-09T08:00:00Z"), 1));
        let mode = folder(&path).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn nothing_is_copied_twice_and_nothing_where_nothing_is() {
        let (folder, path, store) = practised();
        let day = |d: u32| at(&format!("2027-03-0{d}T08:00:00Z"));
        write(&store, &path, day(1));
        assert!(make_daily(&path, day(1)).unwrap().is_some());
        write(&store, &path, at("2027-03-01T07:00:00Z"));
        assert!(make_daily(&path, day(2)).unwrap().is_none(), "nobody has practised since");
        assert_eq!(daily(&folder.path().join("nothing.db")).unwrap(), None);
    }

    #[test]
    fn a_copy_waits_for_no_writer_and_no_writer_for_a_copy() {
        let (_folder, path, store) = practised();
        let now = at("2027-03-01T08:00:00Z");
        write(&store, &path, now);
        let copy = store
            .write(|transaction| {
                transaction.execute("INSERT INTO memories VALUES ('late', '1')", [])?;
                make_daily(&path, now)
            })
            .unwrap()
            .unwrap();
        let copied = open_copy(&copy.path).unwrap();
        let late = "SELECT count(*) FROM memories WHERE key = 'late'";
        assert_eq!(copied.query_row(late, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
        assert_eq!(store.recall("late").unwrap().as_deref(), Some("1"));
    }

    #[test]
    fn two_programs_make_one_copy_and_what_a_killed_one_left_goes() {
        let (_folder, path, store) = practised();
        let now = at("2027-03-01T08:00:00Z");
        write(&store, &path, now);
        let other = alone(&path).unwrap();
        assert_eq!(make_daily(&path, now).unwrap(), None, "the other one makes it");
        fs::write(folder(&path).join(".making-x"), "half").unwrap();
        drop(other);
        assert!(make_daily(&path, now).unwrap().is_some());
        assert!(!folder(&path).join(".making-x").exists());
    }

    #[test]
    fn what_is_damaged_is_not_copied_and_pushes_nothing_out() {
        let (_folder, path, store) = practised();
        for number in 0..2000 {
            store.remember(&number.to_string(), &format!("\"{}\"", "x".repeat(500))).unwrap();
        }
        make_daily(&path, at("2027-03-01T08:00:00Z")).unwrap().unwrap();
        drop(store);
        let mut bytes = fs::read(&path).unwrap();
        assert!(bytes.len() > 512 << 10, "so large that opening it does not read it through");
        let middle = bytes.len() / 8192 * 4096;
        bytes[middle..middle + 4096].fill(0xa5);
        fs::write(&path, bytes).unwrap();
        let before = names(&path);
        let later = at("2027-03-02T08:00:00Z");
        File::options().write(true).open(&path).unwrap().set_modified(later.into()).unwrap();
        let fault = make_daily(&path, later).unwrap_err();
        assert!(matches!(fault, Fault::Damaged { .. }), "{fault}");
        assert_eq!(names(&path), before);

        let damaged = all(&path).remove(0);
        let mut bytes = fs::read(&damaged.path).unwrap();
        bytes[4096..8192].fill(0xa5);
        fs::write(&damaged.path, bytes).unwrap();
        assert_eq!(newest_good(&path), None, "a copy counts only if it is sound");
    }

    #[test]
    fn other_files_are_no_copies() {
        let (_folder, path, _store) = practised();
        let folder = make_folder(&path).unwrap();
        for name in ["x.db", "2027-03-01T08-00-00Z.db", "2027-13-01T08-00-00Z.daily.db", ".lock"] {
            fs::write(folder.join(name), "").unwrap();
        }
        fs::create_dir(folder.join("2027-03-01T08-00-00Z.daily.db")).unwrap();
        fs::write(folder.join("2027-03-02T08-00-00Z.format-4.db"), "").unwrap();
        assert_eq!(names(&path), ["2027-03-02T08-00-00Z.format-4"]);
        assert_eq!(newest_good(&path), None);
    }
}
