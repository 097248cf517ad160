//! Putting a sound database where a damaged one is, and losing neither.
//!
//! - The damaged one, with what `SQLite` keeps beside it, is kept aside as it is before anything else
//!   happens at its place, and is never written in.
//! - What takes its place is made aside, read through, and moved there at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::backup::{self, Backup};
use super::error::Fault;
use super::exchange::{self, Counts, Kind, Merge};
use super::file::{self, beside};
use super::migration::{self, MIGRATIONS};
use super::{BUSY_TIMEOUT, Store, StoreError};
use crate::platform::files;

/// What `SQLite` keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Where `SQLite` locks a database: what every program that has it open holds a lock on.
const LOCKED: (u64, u64) = (0x4000_0000, 512);

/// What was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Where what was there is now; `None` if nothing was.
    pub aside: Option<PathBuf>,
    /// What could be read of it and was not in the copy.
    pub saved: Counts,
    /// Of which kinds something could not be read; `None` if nothing could.
    pub torn: Option<Vec<Kind>>,
}

/// Whether the database at `path` is sound, read through; `Ok(false)` if there is none.
pub fn is_sound(path: &Path) -> Result<bool, StoreError> {
    if !path.exists() {
        return Ok(false);
    }
    Store::open(path)?.check_integrity().map(|()| true)
}

/// Fails if another program has the database at `path` open, as far as the system can tell. For who has no
/// connection to it: looking would give this program's own locks away.
pub fn is_free(path: &Path) -> Result<(), StoreError> {
    let path = &backup::resolved(path);
    if !path.exists() {
        return Ok(());
    }
    refuse_used(path).map_err(|fault| StoreError::new(path, fault))
}

/// Puts the copy in the database's place, or an empty database without one, and takes in what can be
/// read of what was there. A database of a newer program is refused, and so is one that another
/// program has open.
pub fn recover(path: &Path, copy: Option<&Backup>) -> Result<Recovered, StoreError> {
    let path = &backup::resolved(path);
    put_back(path, copy, Timestamp::now()).map_err(|fault| StoreError::new(path, fault))
}

fn put_back(path: &Path, copy: Option<&Backup>, now: Timestamp) -> Result<Recovered, Fault> {
    let _alone = backup::alone(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let there = path.exists();
    if there {
        refuse_used(path)?;
    }
    let new = tempfile::Builder::new().prefix(".progress-").tempfile_in(folder)?;
    if let Some(copy) = copy {
        copy.check().map_err(|error| error.fault)?;
        fs::copy(&copy.path, new.path())?;
    }
    let connection = file::open_unseen(new.path())?;
    file::mark(&connection)?;
    migration::migrate(&connection, MIGRATIONS)?;
    let (saved, torn) = match there.then(|| salvage(path, folder, &connection)) {
        None => (Counts::new(), Some(Vec::new())),
        Some(Ok((saved, torn))) => (saved, Some(torn)),
        Some(Err(fault @ (Fault::Newer { .. } | Fault::DiskFull))) => return Err(fault),
        Some(Err(fault)) => {
            tracing::warn!(%fault, "nothing could be read of the damaged progress");
            (Counts::new(), None)
        }
    };
    file::read_through(&connection, "integrity_check")?;
    file::finish_unseen(connection)?;
    new.as_file().sync_all()?;
    let aside = if there { Some(set_aside(path, now)?) } else { None };
    new.into_temp_path().persist(path).map_err(|error| Fault::from(error.error))?;
    files::sync_folder(folder)?;
    Ok(Recovered { aside, saved, torn })
}

/// Another program would go on writing into the file that is set aside.
fn refuse_used(path: &Path) -> Result<(), Fault> {
    // No connection of this program's is open: looking would take its locks away.
    match files::holder(path, LOCKED)? {
        Some(holder) => Err(Fault::InUse { pid: holder.pid }),
        None => Ok(()),
    }
}

/// Takes into `to` what can be read of a copy of the damaged database.
fn salvage(path: &Path, folder: &Path, to: &Connection) -> Result<(Counts, Vec<Kind>), Fault> {
    let scratch = tempfile::Builder::new().prefix(".salvage-").tempdir_in(folder)?;
    let damaged = scratch.path().join("progress.db");
    fs::copy(path, &damaged)?;
    match fs::copy(beside(path, "-wal"), beside(&damaged, "-wal")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let damaged = Connection::open_with_flags(damaged, flags)?;
    damaged.busy_timeout(BUSY_TIMEOUT)?;
    // A file that was cut off is read as far as it goes. Nothing is written in it.
    damaged.set_db_config(DbConfig::SQLITE_DBCONFIG_WRITABLE_SCHEMA, true)?;
    file::identify(&damaged, MIGRATIONS)?;
    to.pragma_update(None, "foreign_keys", true)?;
    let transaction = Transaction::new_unchecked(to, TransactionBehavior::Immediate)?;
    let mut merge = Merge::new(&transaction);
    let torn = exchange::salvage(&damaged, &mut merge)?;
    let (saved, _) = merge.finish()?;
    transaction.commit()?;
    Ok((saved, torn))
}

/// Keeps what is there under another name, and clears its place of all but the database itself. Nothing
/// is moved before everything is kept.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, Fault> {
    let moment = now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H-%M-%SZ");
    let name = |n: u32| {
        beside(
            path,
            &match n {
                1 => format!(".damaged-{moment}"),
                n => format!(".damaged-{moment}-{n}"),
            },
        )
    };
    let Some(aside) = (1..1000).map(name).find(|aside| !aside.exists()) else {
        return Err(Fault::Io { detail: "too many damaged files are beside it".to_owned() });
    };
    keep(path, &aside)?;
    for suffix in COMPANIONS {
        match keep(&beside(path, suffix), &beside(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    // A log that stayed would be taken for the new database's.
    for suffix in COMPANIONS {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(aside)
}

/// A second name for a file, or a copy where there is no such thing.
fn keep(path: &Path, aside: &Path) -> io::Result<()> {
    match fs::hard_link(path, aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => fs::copy(path, aside).map(drop),
        done => done,
    }
}
