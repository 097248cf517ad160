//! What has come of a file so far, and the note beside it that says which file that is.
//!
//! The note is on the disk before the first byte that belongs to it, and the bytes of another file are gone before it
//! is written: so it never stands beside bytes of another one.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::error::FetchError;
use crate::platform::files;

/// What the note's name has more than the partial file's.
const ENDING: &str = ".from";

/// A note is some hundred bytes; what is larger is none.
const MAX_NOTE: u64 = 4 << 10;

/// How long to wait for another's lock: a call that was dropped may still be writing the last that came.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// How often to look meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// What is known of a file that is fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Its length in bytes.
    total: u64,
    /// Its entity tag, a strong one; without it nothing can be gone on with.
    tag: Option<String>,
}

/// A file of which some is here, and which the rest must be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resumed<'a> {
    /// The first byte that is missing.
    pub(super) from: u64,
    /// Bytes of the file.
    pub(super) total: u64,
    /// Its entity tag.
    pub(super) tag: &'a str,
}

/// A partial file that is open, and locked against others who would fetch into it.
#[derive(Debug)]
pub(super) struct Partial {
    path: PathBuf,
    file: File,
    note: Option<Note>,
    length: u64,
}

impl Partial {
    /// Opens what is there, or an empty file. What has no note that fits counts as nothing.
    pub(super) async fn open(path: &Path) -> Result<Self, FetchError> {
        let failed = |error: io::Error| FetchError::file(path, &error);
        let mut options = fs::File::options();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(failed)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if began.elapsed() < LAST_WRITE => {
                    tokio::time::sleep(ASK_AGAIN).await;
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(FetchError::Busy { path: path.to_owned() });
                }
                Err(fs::TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        let data = file.metadata().map_err(failed)?;
        if !data.is_file() {
            return Err(failed(io::Error::other("it is no file")));
        }
        let length = data.len();
        let complete = |note: &Note| note.total == length;
        let note = read(path).filter(|note| complete(note) || note.tag.is_some());
        let note = note.filter(|note| length <= note.total);
        let length = if note.is_some() { length } else { 0 };
        Ok(Self { path: path.to_owned(), file: File::from_std(file), note, length })
    }

    /// Bytes that are here.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Bytes of the file, once a server has told.
    pub(super) fn total(&self) -> Option<u64> {
        self.note.as_ref().map(|note| note.total)
    }

    /// Whether there is nothing worth keeping.
    pub(super) fn is_nothing(&self) -> bool {
        self.length == 0 && self.note.is_none()
    }

    /// Whether all of it is here.
    pub(super) fn is_complete(&self) -> bool {
        self.total() == Some(self.length)
    }

    /// What is to be gone on with; `None` where it begins anew.
    pub(super) fn resumed(&self) -> Option<Resumed<'_>> {
        let note = self.note.as_ref()?;
        let tag = note.tag.as_deref()?;
        (self.length > 0).then_some(Resumed { from: self.length, total: note.total, tag })
    }

    /// Throws away what is here.
    pub(super) async fn empty(&mut self) -> Result<(), FetchError> {
        self.flush().await?;
        self.length = 0;
        let emptied = async {
            self.file.set_len(0).await?;
            self.file.sync_all().await
        };
        emptied.await.map_err(|error| FetchError::file(&self.path, &error))
    }

    /// Begins anew, with another file.
    pub(super) async fn begin(
        &mut self,
        total: u64,
        tag: Option<String>,
    ) -> Result<(), FetchError> {
        self.empty().await?;
        let note = Note { total, tag };
        let path = note_of(&self.path);
        write(&path, &note).map_err(|error| FetchError::file(&path, &error))?;
        self.note = Some(note);
        Ok(())
    }

    /// Fails where what is missing has no room on the disk; else the next byte is written where the last one ended.
    pub(super) async fn has_room(&mut self) -> Result<(), FetchError> {
        let missing = self.missing();
        // A file system that does not tell is tried.
        if files::free(&self.path).is_ok_and(|free| free < missing) {
            return Err(FetchError::DiskFull { path: self.path.clone(), missing });
        }
        let to = SeekFrom::Start(self.length);
        self.file.seek(to).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// Adds what has come.
    pub(super) async fn write(&mut self, data: &[u8]) -> Result<(), FetchError> {
        let data = &data[..data.len().min(usize::try_from(self.missing()).unwrap_or(usize::MAX))];
        self.file.write_all(data).await.map_err(|error| self.failed(&error))?;
        self.length += data.len() as u64;
        Ok(())
    }

    /// Waits until what has come is on the disk.
    pub(super) async fn sync(&mut self) -> Result<(), FetchError> {
        self.flush().await?;
        self.file.sync_data().await.map_err(|error| self.failed(&error))
    }

    /// Waits until what was written behind this call's back is written.
    async fn flush(&mut self) -> Result<(), FetchError> {
        let flushed = self.file.flush().await;
        if flushed.is_err() {
            // Some of what was counted is not there.
            let there = fs::metadata(&self.path).map_or(0, |data| data.len());
            self.length = self.length.min(there);
        }
        flushed.map_err(|error| self.failed(&error))
    }

    fn missing(&self) -> u64 {
        self.total().unwrap_or(0).saturating_sub(self.length)
    }

    fn failed(&self, error: &io::Error) -> FetchError {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                FetchError::DiskFull { path: self.path.clone(), missing: self.missing() }
            }
            _ => FetchError::file(&self.path, error),
        }
    }
}

/// Makes a partial file that is complete the file `place`, in place of what is there. Both are on one file system.
pub fn keep(partial: &Path, place: &Path) -> io::Result<()> {
    fs::rename(partial, place)?;
    forget(partial)?;
    sync_folder(place)
}

/// Removes a partial file and its note: what came was not good.
pub fn discard(partial: &Path) -> io::Result<()> {
    fs::remove_file(partial).or_else(gone)?;
    forget(partial)
}

fn forget(partial: &Path) -> io::Result<()> {
    fs::remove_file(note_of(partial)).or_else(gone)
}

fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn note_of(partial: &Path) -> PathBuf {
    let mut name = partial.file_name().map(OsString::from).unwrap_or_default();
    name.push(ENDING);
    partial.with_file_name(name)
}

fn read(partial: &Path) -> Option<Note> {
    use std::io::Read;
    let mut text = String::new();
    let file = fs::File::open(note_of(partial)).ok()?;
    file.take(MAX_NOTE).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Writes the note whole or not at all, and waits until it is on the disk.
fn write(path: &Path, note: &Note) -> io::Result<()> {
    let folder = folder_of(path);
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, note)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Waits until the name of a file is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    files::sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests;
