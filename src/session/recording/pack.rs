//! Packs a recording when it is closed and unpacks it when it goes on: at every moment it is there,
//! whole, under one name or the other.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use tempfile::NamedTempFile;

use super::MAX_BYTES;
use super::cast::Beginning;
use super::folder::TEMPORARY;
use crate::platform::Identity;
use crate::platform::files::{self, lock_writer};

/// What is read of a recording that may have grown past its cap by a line.
pub(super) const MAX_READ: u64 = MAX_BYTES + (1 << 20);

/// What ends a packed recording's name.
pub(super) const PACKED: &str = "gz";

/// Puts the packed recording in place of the plain one at `path`, which `file` is. Unless it is
/// `ours`, locked already, it is left as it is if somebody goes on with it; whether it was packed.
pub(super) fn pack(file: &File, path: &Path, ours: bool) -> io::Result<bool> {
    let mut bytes = Vec::new();
    // A descriptor of its own: `file` reads from wherever it is.
    File::open(path)?.take(MAX_READ).read_to_end(&mut bytes)?;
    let read = bytes.len() as u64;
    let Some(beginning) = Beginning::of(&bytes) else {
        return Ok(false);
    };
    bytes.truncate(beginning.end);
    let temporary = temporary(path)?;
    // As gzip itself does, the header says when the file was last changed: with the beginning, that
    // is the recording's length, told without unpacking it.
    let begun = beginning.header.started.map_or(0, jiff::Timestamp::as_second);
    let changed = u32::try_from(begun.saturating_add_unsigned(beginning.last.as_secs()));
    let mut packer = GzBuilder::new()
        .mtime(changed.unwrap_or_default())
        .write(temporary.as_file(), Compression::default());
    packer.write_all(&bytes)?;
    packer.finish()?.sync_all()?;
    if !ours && lock_writer(file).is_err() {
        return Ok(false);
    }
    if !Identity::is_at(file, path)? || file.metadata()?.len() != read {
        return Ok(false);
    }
    temporary.persist(packed(path))?;
    sync_folder(path)?;
    std::fs::remove_file(path)?;
    Ok(true)
}

/// Puts the plain recording at `path`, unless there is one by now. Of a packed one that is damaged it
/// takes what can be unpacked. The packed one stays.
pub(super) fn unpack(packed: &Path, path: &Path) -> io::Result<()> {
    let mut bytes = Vec::new();
    let source = BufReader::new(File::open(packed)?);
    if let Err(error) = GzDecoder::new(source).take(MAX_READ).read_to_end(&mut bytes) {
        tracing::warn!(%error, path = %packed.display(), "a part of a recording is lost");
    }
    let mut temporary = temporary(path)?;
    temporary.write_all(&bytes)?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(path) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => Err(error.error),
        Ok(_) | Err(_) => sync_folder(path),
    }
}

/// The packed recording's path, beside the plain one.
fn packed(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(PACKED);
    name.into()
}

/// A new file beside `path`, readable by its owner only, removed again unless it is kept.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)
}

/// Before a name goes, the disk has the one that takes its place.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => files::sync_folder(folder),
        None => Ok(()),
    }
}
