//! Files and folders: who may use them, which they are, and what their disk is like.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf, Prefix};
use std::time::UNIX_EPOCH;

use winapi_util::Handle;

use crate::platform::{Holder, Identity};

/// That others may read an open file, and rename or remove it: `FILE_SHARE_READ` and `FILE_SHARE_DELETE`.
const SHARE_READ_DELETE: u32 = 0x1 | 0x4;

/// That somebody has a file open in a way that does not go with ours: `ERROR_SHARING_VIOLATION`.
const SHARING_VIOLATION: i32 = 32;

/// Makes a folder, and those above it. It is as private as what it lies in: the user's profile.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Where something really is, with no link on the way, written as people write it.
pub(crate) fn real(path: &Path) -> io::Result<PathBuf> {
    dunce::canonicalize(path)
}

/// Options to make a file; there are no modes.
pub(crate) fn options(_mode: u32) -> OpenOptions {
    OpenOptions::new()
}

/// How to make a temporary file or folder; there are no modes.
pub(crate) fn temporary(_mode: u32) -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

/// There are no modes.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// A file in the place of another has what its folder gives it.
pub(crate) fn inherit(file: &File, _path: &Path, from: &Metadata) -> io::Result<()> {
    file.set_permissions(from.permissions())
}

/// No file says whether it may be executed; its beginning may.
pub(crate) fn is_executable(_path: &Path) -> bool {
    false
}

/// Whether there is a program at a path, with or without its ending.
pub(crate) fn is_program(path: &Path) -> bool {
    path.is_file() || path.with_extension("exe").is_file()
}

impl Identity {
    /// Of what is at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let open = Handle::from_path_any(path)?;
        Self::of(open.as_file())
    }

    /// Of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let found = winapi_util::file::information(file)?;
        Ok(Self { on: found.volume_serial_number(), number: found.file_index() })
    }
}

/// When a file was last changed: seconds since 1970, and nanoseconds of that second.
pub(crate) fn modified(metadata: &Metadata) -> (i64, i64) {
    let since = metadata.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let since = since.unwrap_or_default();
    (since.as_secs().cast_signed(), since.subsec_nanos().into())
}

/// Options to open a file that one process writes while others read it. A lock would keep these from
/// reading, so whoever opens it for more than that is kept out instead.
pub(crate) fn writer(options: &mut OpenOptions) -> &mut OpenOptions {
    options.share_mode(SHARE_READ_DELETE)
}

/// A file that was opened as [`writer`] is this process's already.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn lock_writer(_file: &File) -> Result<(), TryLockError> {
    Ok(())
}

/// It is given back when it is closed.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn unlock_writer(_file: &File) -> io::Result<()> {
    Ok(())
}

/// Whether a file could not be opened as [`writer`] because another process writes it.
pub(crate) fn is_taken(error: &io::Error) -> bool {
    error.raw_os_error() == Some(SHARING_VIOLATION)
}

/// No folder can be locked.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn lock_folder(_folder: &Path) -> io::Result<Option<File>> {
    Ok(None)
}

/// Whether somebody else has a file open; who, nobody tells.
pub(crate) fn holder(path: &Path, _locked: (u64, u64)) -> io::Result<Option<Holder>> {
    match OpenOptions::new().read(true).share_mode(0).open(path) {
        Err(error) if is_taken(&error) => Ok(Some(Holder { pid: None })),
        opened => opened.map(|_| None),
    }
}

/// Names are in the file system's journal: there is nothing to wait for, nor a call for it.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Has every file below a folder on the disk.
pub(crate) fn sync_below(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_below(&entry.path())?;
        } else if kind.is_file() {
            OpenOptions::new().write(true).open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

/// Puts each of two folders where the other is: in three steps, as no call does it in one.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    let folder = other.parent().unwrap_or(Path::new("."));
    let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(folder)?;
    let between = aside.path().join("other");
    fs::rename(other, &between)?;
    if let Err(error) = fs::rename(one, other) {
        fs::rename(&between, other)?;
        return Err(error);
    }
    fs::rename(&between, one)
}

/// How many bytes this user may still write on the disk of a path.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    // The call wants a folder.
    fs4::available_space(if path.is_dir() { path } else { path.parent().unwrap_or(path) })
}

/// Nobody tells.
pub(crate) fn is_read_only(_path: &Path) -> bool {
    false
}

/// Whether the file system of a path may not tell of what others change: one on another machine.
pub(crate) fn is_silent(path: &Path) -> bool {
    let real = real(path).unwrap_or_else(|_| path.to_owned());
    let Some(Component::Prefix(prefix)) = real.components().next() else { return false };
    matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
}

/// Reads from a place in a file that many read. Nobody may count on where the file's own place is then.
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    file.seek_read(bytes, at)
}
