//! The database as a file: making it, and recognising one before anything is written to it.
//!
//! - A database appears at its path whole, with its schema, or not at all, so whatever is found
//!   there that is not ours was not left by a crash of ours.
//! - A file that is refused stays as it is, byte for byte, and gets no `-wal` or `-shm` beside it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::Fault;
use super::migration::{self, Migration};
use super::{BUSY_TIMEOUT, backup};
use crate::platform::files;

/// Marks a database as ours (`PRAGMA application_id`): "drdk".
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"drdk");

/// A database up to this size, some hundred attempts, is read through for damage when it is opened,
/// which takes half a millisecond. A larger one would be felt at start: damage in it is reported when
/// it is met, or by [`super::Store::check_integrity`].
const READ_THROUGH_BYTES: u64 = 256 * 1024;

/// Opens the database at `path`, makes it if there is none and brings it up to date.
pub(super) fn open(path: &Path, migrations: &[Migration]) -> Result<Connection, Fault> {
    let real = match files::real(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, migrations)?;
            files::real(path)
        }
        found => found,
    }?;
    let connection = open_existing(&real, migrations)?;
    let from = migration::version(&connection)?;
    if from < migration::newest(migrations) {
        backup::before_migration(&connection, &real, from)?;
        migration::migrate(&connection, migrations)?;
    }
    set_up(&connection)?;
    Ok(connection)
}

/// How every connection works: see the module's invariants.
fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    // Already so since the file was made, unless somebody converted it. Where the file system cannot
    // do it `SQLite` keeps its rollback journal, which loses nothing either.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        tracing::warn!(mode, "no write-ahead log here; readers will wait for writers");
    }
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)
}

/// Makes a new database: aside, then moved to its name unless another program was first.
fn create(path: &Path, migrations: &[Migration]) -> Result<(), Fault> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(folder)?;
    let file = tempfile::Builder::new().prefix(".progress-").tempfile_in(folder)?;
    let connection = open_unseen(file.path())?;
    mark(&connection)?;
    migration::migrate(&connection, migrations)?;
    finish_unseen(connection)?;
    file.as_file().sync_all()?;
    // Closed before it has its name: closing any descriptor of a file drops the locks this process
    // holds on it, and another thread may have opened the database by then.
    match file.into_temp_path().persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error.into()),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Opens a file that nobody sees yet and that a failure discards: no journal on the disk. A sync at its
/// end, which is the caller's, makes up for all others.
pub(super) fn open_unseen(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags())?;
    connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

/// Closes such a file as a database that programs can share.
pub(super) fn finish_unseen(connection: Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Marks a database as ours.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION_ID)
}

/// Opens what is there if it is ours and sound. What is refused stays as it is.
pub(super) fn open_existing(path: &Path, migrations: &[Migration]) -> Result<Connection, Fault> {
    let found = path.metadata()?;
    if !found.is_file() || found.len() == 0 {
        return Err(Fault::NotADatabase); // to SQLite an empty file is an empty database
    }
    // A program that was killed leaves its log behind, and closing would write that into the file.
    let log_before = beside(path, "-wal").exists();
    let connection = Connection::open_with_flags(path, flags())?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, log_before)?;
    recognise(&connection, found.len(), migrations)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(connection)
}

/// Refuses what is not a sound database of ours, in a format we know, that can be written.
fn recognise(connection: &Connection, bytes: u64, migrations: &[Migration]) -> Result<(), Fault> {
    identify(connection, migrations)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Fault::PermissionDenied);
    }
    if bytes <= READ_THROUGH_BYTES {
        read_through(connection, "quick_check")?;
    }
    Ok(())
}

/// Refuses what is not a database of ours in a format we know.
pub(super) fn identify(connection: &Connection, migrations: &[Migration]) -> Result<(), Fault> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Fault::Foreign);
    }
    let found = migration::version(connection)?;
    let known = migration::newest(migrations);
    if found > known {
        return Err(Fault::Newer { found, known });
    }
    Ok(())
}

/// Runs `quick_check` or `integrity_check`.
pub(super) fn read_through(connection: &Connection, check: &str) -> Result<(), Fault> {
    let detail: String = connection.pragma_query_value(None, check, |row| row.get(0))?;
    if detail == "ok" {
        return Ok(());
    }
    // The first of many findings says enough, after a line that says which database.
    let first = detail.lines().find(|line| !line.starts_with("***")).unwrap_or(&detail);
    Err(Fault::Damaged { detail: first.to_owned() })
}

/// Never makes a file, and takes its name as a name: `file:` begins no URI.
fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE
}

/// What is kept beside the database, under its name and a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
