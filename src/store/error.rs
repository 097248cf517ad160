//! What keeping progress can fail with, each case with its own sentence and remedy.

use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use rusqlite::ErrorCode;

use super::{AttemptId, backup};
use crate::platform::files;
use crate::problem::{Exit, Problem};

/// Why a call to the store failed, and which file it concerns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct StoreError {
    /// The database.
    pub path: PathBuf,
    /// What went wrong with it.
    pub fault: Fault,
}

/// What went wrong. `Display` is one sentence for people; [`StoreError::remedy`] is what helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is a database of ours, but its pages do not fit together.
    #[error("The progress database is damaged: {detail}")]
    Damaged {
        /// `SQLite`'s words.
        detail: String,
    },
    /// It is no `SQLite` database, or its beginning is destroyed.
    #[error("The file where progress is kept is not a database")]
    NotADatabase,
    /// It is a database, but not drydock's.
    #[error("The database where progress is kept was made by another program")]
    Foreign,
    /// A newer drydock has changed its format.
    #[error(
        "The progress database was written by a newer drydock (format {found}; this one knows \
         formats up to {known})"
    )]
    Newer {
        /// The format found.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// The file system is mounted read-only.
    #[error("The progress database is on a read-only file system")]
    ReadOnly,
    /// This user may not read or write the file or its folder.
    #[error("This user may not write the progress database or its folder")]
    PermissionDenied,
    /// No space is left where it is.
    #[error("The disk is full: progress cannot be saved")]
    DiskFull,
    /// Another program has been writing for longer than [`super::BUSY_TIMEOUT`].
    #[error("Another program keeps the progress database locked")]
    Locked,
    /// Another program has the database open, which would go on writing in what is put aside.
    #[error("Another program{} has the progress database open", process(*pid))]
    InUse {
        /// The program's process, where the system tells.
        pid: Option<i32>,
    },
    /// The system failed to read or write.
    #[error("The progress database cannot be read or written: {detail}")]
    Io {
        /// The system's words.
        detail: String,
    },
    /// Bringing an older database up to date failed; it is as it was.
    #[error("The progress database could not be brought from format {from} to {to}: {detail}")]
    Migration {
        /// The format it had, and still has.
        from: u32,
        /// The format that could not be reached.
        to: u32,
        /// `SQLite`'s words.
        detail: String,
    },
    /// No such attempt was ever begun here.
    #[error("There is no attempt {0} in the progress database")]
    NoSuchAttempt(AttemptId),
    /// The attempt was started over, perhaps by another program, and cannot be completed.
    #[error("The attempt was started over elsewhere and can no longer be completed")]
    Abandoned(AttemptId),
    /// Anything else `SQLite` answered.
    #[error("The progress database refused: {detail}")]
    Refused {
        /// `SQLite`'s words.
        detail: String,
    },
}

impl StoreError {
    pub(super) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault: fault.on(path) }
    }

    /// The command or action that helps, where one is known.
    pub fn remedy(&self) -> Option<String> {
        let path = self.path.display();
        let away = format!("mv '{path}' '{path}.aside' and start drydock again");
        Some(match &self.fault {
            Fault::Damaged { .. } | Fault::NotADatabase => self.recovery(),
            // So it looks too where its first page is damaged.
            Fault::Foreign if !backup::all(&self.path).is_empty() => self.recovery(),
            Fault::Foreign => format!(
                "it was left as it is; {away}, or set DRYDOCK_HOME to a folder of drydock's own"
            ),
            Fault::Newer { .. } => {
                "update drydock; the database was left as it is for the newer one".to_owned()
            }
            Fault::ReadOnly => {
                "set DRYDOCK_HOME to a folder on a disk that can be written".to_owned()
            }
            Fault::PermissionDenied => {
                let folder = self.path.parent().unwrap_or(Path::new(".")).display();
                format!(
                    "sudo chown -R \"$USER\" '{folder}', or set DRYDOCK_HOME to your own folder"
                )
            }
            Fault::DiskFull => {
                "free some space (df -h shows what is full) and try again; what was \
                                shown as saved is saved"
                    .to_owned()
            }
            Fault::Locked => {
                format!("find the program with fuser '{path}' and end it, or try again")
            }
            Fault::InUse { pid } => {
                let end =
                    pid.map_or_else(String::new, |pid| format!(", or end it with kill {pid},"));
                format!(
                    "close it{end} and try again; drydock status shows the shells that are open"
                )
            }
            Fault::Io { .. } => "df -h and dmesg tell how the disk is".to_owned(),
            Fault::Migration { .. } => {
                "it is as it was; the older drydock still works with it".to_owned()
            }
            Fault::Abandoned(_) => "open the item again to go on with the newer attempt".to_owned(),
            Fault::NoSuchAttempt(_) | Fault::Refused { .. } => return None,
        })
    }

    /// What puts a sound database in the place of a damaged one. The copies are read through for it.
    fn recovery(&self) -> String {
        match backup::newest_good(&self.path) {
            Some((copy, held)) => format!(
                "it was left as it is; drydock recover puts back the copy of {} ({} attempts) and \
                 what else can be read",
                copy.made_at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M"),
                held.attempts
            ),
            None => {
                "it was left as it is, and there is no sound copy of it; drydock recover saves \
                     what can be read and keeps the damaged file"
                    .to_owned()
            }
        }
    }

    /// Whether the database is damaged, so that a copy of it helps.
    pub fn is_damage(&self) -> bool {
        matches!(self.fault, Fault::Damaged { .. } | Fault::NotADatabase)
    }

    /// Whether it says that it is another program's, as a damaged first page may say too.
    pub fn is_foreign(&self) -> bool {
        matches!(self.fault, Fault::Foreign)
    }

    /// A stable word for scripts.
    pub fn kind(&self) -> &'static str {
        match self.fault {
            Fault::Damaged { .. } => "progress_damaged",
            Fault::NotADatabase => "progress_not_a_database",
            Fault::Foreign => "progress_foreign",
            Fault::Newer { .. } => "progress_newer",
            Fault::ReadOnly => "progress_read_only",
            Fault::PermissionDenied => "progress_permission_denied",
            Fault::DiskFull => "progress_disk_full",
            Fault::Locked => "progress_locked",
            Fault::InUse { .. } => "progress_in_use",
            Fault::Io { .. } => "progress_io",
            Fault::Migration { .. } => "progress_migration",
            Fault::NoSuchAttempt(_) => "attempt_missing",
            Fault::Abandoned(_) => "attempt_abandoned",
            Fault::Refused { .. } => "progress_refused",
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let problem = Self::new(error.kind(), Exit::Environment, error.to_string())
            .at(error.path.display().to_string(), None);
        match error.remedy() {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    }
}

impl Fault {
    /// The same fault, more exactly where looking at the file tells more: `SQLite` says only that a
    /// file could not be opened or written, not why.
    fn on(self, path: &Path) -> Self {
        if self != Self::PermissionDenied {
            return self;
        }
        // The folder too: the write-ahead log is made there.
        let read_only = [path.parent(), Some(path)].into_iter().flatten().any(files::is_read_only);
        if read_only { Self::ReadOnly } else { self }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let detail = error.to_string();
        if matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        ) {
            // Nothing of ours writes what cannot be read back.
            return Self::Damaged { detail };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { detail },
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::PermissionDenied
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::SystemIoFailure | ErrorCode::FileLockingProtocolFailed) => {
                Self::Io { detail }
            }
            _ => Self::Refused { detail },
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io { detail: error.to_string() },
        }
    }
}

/// How a process is named.
fn process(pid: Option<i32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_file_and_what_helps() {
        let error = StoreError::new(
            Path::new("/home/ada/progress.db"),
            Fault::Newer { found: 7, known: 1 },
        );
        let problem = Problem::from(error);
        assert_eq!(
            problem.to_string(),
            "/home/ada/progress.db: The progress database was written by a newer drydock (format \
             7; this one knows formats up to 1)"
        );
        assert_eq!(problem.kind, "progress_newer");
        assert!(problem.remedy.unwrap().starts_with("update drydock"));
    }
}
