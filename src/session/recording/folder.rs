//! The folder with the recordings: finding, listing and tidying them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use flate2::bufread::GzDecoder;
use jiff::Timestamp;

use super::cast::{self, Header};
use super::error::{Fault, RecordingError};
use super::pack;
use crate::platform::files;

/// What all recordings together may take: a hundred long ones, and nobody's disk.
pub const MAX_FOLDER: u64 = 512 << 20;

/// How the names of files begin that are not yet what they will be.
pub(super) const TEMPORARY: &str = ".recording-";

/// A file that should be something else by now was left by a killed program after so long.
const STALE: Duration = Duration::from_hours(1);

/// A header's line is no longer: a title and a few numbers.
const MAX_HEADER: u64 = 16 << 10;

/// The last event is in so many bytes at the end of a file.
const MAX_LAST: u64 = 1 << 20;

const PLAIN_ENDING: &str = ".cast";
const PACKED_ENDING: &str = ".cast.gz";

/// A recording in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The attempt's id, as the file is named.
    pub attempt: String,
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// When the recording begins.
    pub started: Option<Timestamp>,
    /// How long it is, with all pauses.
    pub length: Option<Duration>,
    /// What it is of.
    pub title: Option<String>,
}

/// Where an attempt's recording is written to. Only what can be an attempt's id is part of a path.
pub(super) fn plain_path(folder: &Path, attempt: &str) -> Result<PathBuf, RecordingError> {
    let path = folder.join(format!("{attempt}{PLAIN_ENDING}"));
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if attempt.is_empty() || attempt.len() > 64 || !attempt.chars().all(fits) {
        return Err(RecordingError::new(&path, Fault::Name));
    }
    Ok(path)
}

/// Where it is once it is closed.
pub(super) fn packed_path(folder: &Path, attempt: &str) -> PathBuf {
    folder.join(format!("{attempt}{PACKED_ENDING}"))
}

/// The recording of an attempt, if there is one.
pub fn find(folder: &Path, attempt: &str) -> Option<PathBuf> {
    let plain = plain_path(folder, attempt).ok()?;
    [plain, packed_path(folder, attempt)].into_iter().find(|path| path.is_file())
}

/// The attempts that have a recording, in no order. No folder is an empty one.
pub fn attempts(folder: &Path) -> Result<Vec<String>, RecordingError> {
    let mut names: Vec<_> = files(folder)
        .map_err(|source| RecordingError::read(folder, source))?
        .into_iter()
        .filter_map(|file| file.attempt)
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// What there is to know about an attempt's recording without reading it through.
pub fn entry(folder: &Path, attempt: &str) -> Option<Entry> {
    let path = find(folder, attempt)?;
    let bytes = fs::metadata(&path).ok()?.len();
    let (header, length) = match look(&path) {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "a recording cannot be read");
            (None, None)
        }
    };
    let (started, title) = header.map_or((None, None), |header| (header.started, header.title));
    Some(Entry { attempt: attempt.to_owned(), path, bytes, started, length, title })
}

/// Reads the beginning and the length.
fn look(path: &Path) -> io::Result<(Option<Header>, Option<Duration>)> {
    let mut file = File::open(path)?;
    if path.extension().is_some_and(|ending| ending == pack::PACKED) {
        let mut unpacked = GzDecoder::new(BufReader::new(file));
        let header = first_line(&mut unpacked)?;
        let changed = unpacked.header().map_or(0, flate2::GzHeader::mtime);
        let begun = header.as_ref().and_then(|header| header.started);
        let length =
            begun.and_then(|begun| u64::try_from(i64::from(changed) - begun.as_second()).ok());
        return Ok((header, length.filter(|_| changed > 0).map(Duration::from_secs)));
    }
    let header = first_line(&mut file)?;
    let start = file.metadata()?.len().saturating_sub(MAX_LAST);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(MAX_LAST).read_to_end(&mut bytes)?;
    let mut lines = bytes.rsplit(|byte| *byte == b'\n');
    let last = lines.find_map(|line| cast::read_event(str::from_utf8(line).ok()?));
    let length = last.map_or(Duration::ZERO, |(at, _)| at);
    Ok((header, Some(length)))
}

fn first_line(source: &mut impl Read) -> io::Result<Option<Header>> {
    let mut line = String::new();
    BufReader::new(source.take(MAX_HEADER)).read_line(&mut line)?;
    Ok(cast::read_header(&line).ok())
}

/// Packs the recordings that were left open by a process that was killed, and removes the oldest
/// packed ones until all together take no more than [`MAX_FOLDER`]. What is being recorded is left
/// alone. What fails is logged and passed over.
pub fn tidy(folder: &Path) {
    tidy_to(folder, MAX_FOLDER);
}

fn tidy_to(folder: &Path, most: u64) {
    let trouble = |error: io::Error, path: &Path| {
        tracing::warn!(%error, path = %path.display(), "a recording was not tidied");
    };
    let found = files(folder).and_then(|files| {
        for file in files {
            let done = match file.kind {
                Kind::Plain => pack_left(&file.path),
                Kind::Temporary if file.age() > STALE => fs::remove_file(&file.path),
                Kind::Temporary | Kind::Packed => Ok(()),
            };
            done.unwrap_or_else(|error| trouble(error, &file.path));
        }
        self::files(folder)
    });
    let mut files = found.unwrap_or_else(|error| {
        trouble(error, folder);
        vec![]
    });
    let mut total: u64 = files.iter().map(|file| file.bytes).sum();
    files.retain(|file| file.kind == Kind::Packed);
    files.sort_by(|a, b| (a.changed, &a.path).cmp(&(b.changed, &b.path)));
    for file in files {
        if total <= most {
            return;
        }
        match fs::remove_file(&file.path) {
            Ok(()) => total -= file.bytes,
            Err(error) => trouble(error, &file.path),
        }
    }
}

/// Packs a plain recording unless somebody is recording it.
fn pack_left(path: &Path) -> io::Result<()> {
    let opened = files::writer(File::options().read(true)).open(path);
    let file = match opened {
        Err(error) if files::is_taken(&error) => return Ok(()),
        opened => opened?,
    };
    // Only a look: the lock is taken again when the packed one is ready.
    if files::lock_writer(&file).is_err() {
        return Ok(());
    }
    files::unlock_writer(&file)?;
    pack::pack(&file, path, false).map(drop)
}

/// A file in the folder.
struct Found {
    kind: Kind,
    /// The attempt, but for a temporary file.
    attempt: Option<String>,
    path: PathBuf,
    bytes: u64,
    changed: SystemTime,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Plain,
    Packed,
    Temporary,
}

impl Found {
    fn age(&self) -> Duration {
        self.changed.elapsed().unwrap_or_default()
    }
}

/// The files that are ours.
fn files(folder: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let (kind, attempt) = if name.starts_with(TEMPORARY) {
            (Kind::Temporary, None)
        } else if let Some(attempt) = name.strip_suffix(PACKED_ENDING) {
            (Kind::Packed, Some(attempt.to_owned()))
        } else if let Some(attempt) = name.strip_suffix(PLAIN_ENDING) {
            (Kind::Plain, Some(attempt.to_owned()))
        } else {
            continue;
        };
        // It may be gone by now.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let (bytes, changed) = (metadata.len(), metadata.modified()?);
            found.push(Found { kind, attempt, path: entry.path(), bytes, changed });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
