//! Files and folders: who may use them, which they are, and what their disk is like.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, CWD, Gid, RenameFlags, Uid};
use rustix::process::{Flock, FlockType, fcntl_getlk};

use crate::platform::{Holder, Identity};

/// File systems whose events do not tell what happens elsewhere: NFS, SMB and CIFS, 9P, FUSE, overlayfs.
const SILENT: [u32; 6] = [0x6969, 0x517b, 0xff53_4d42, 0x0102_1997, 0x6573_5546, 0x794c_7630];

/// Makes a folder, and those above it, for its owner only; one that is there stays as it is.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Where something really is, with no link on the way.
pub(crate) fn real(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Options that make a file with this mode, less the umask.
pub(crate) fn options(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(mode);
    options
}

/// How to make a temporary file or folder with this mode, less the umask.
pub(crate) fn temporary(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.permissions(Permissions::from_mode(mode));
    builder
}

/// Gives a file this mode.
pub(crate) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

/// Gives a file the permissions of another and, where this user may, its owner.
pub(crate) fn inherit(file: &File, path: &Path, from: &Metadata) -> io::Result<()> {
    file.set_permissions(from.permissions())?;
    let (user, group) = (Uid::from_raw(from.uid()), Gid::from_raw(from.gid()));
    // Another's file in a shared folder becomes ours, as it does with other editors.
    let _ = rustix::fs::chown(path, Some(user), Some(group));
    Ok(())
}

/// Whether its owner may execute what is at a path.
pub(crate) fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
}

/// Whether there is a program at a path, for anybody.
pub(crate) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

impl Identity {
    /// Of what is at a path.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from(&metadata))
    }

    /// Of an open file.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        Self { on: metadata.dev(), number: metadata.ino() }
    }
}

/// When a file was last changed: seconds since 1970, and nanoseconds of that second.
pub(crate) fn modified(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

/// Options to open a file that one process writes while others read it. See [`lock_writer`].
pub(crate) fn writer(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Takes a file that was opened as [`writer`] for this process.
pub(crate) fn lock_writer(file: &File) -> Result<(), TryLockError> {
    file.try_lock()
}

/// Gives it back.
pub(crate) fn unlock_writer(file: &File) -> io::Result<()> {
    file.unlock()
}

/// Whether a file could not be opened as [`writer`] because another process writes it: here that shows
/// with [`lock_writer`].
pub(crate) fn is_taken(_error: &io::Error) -> bool {
    false
}

/// Locks a folder until what is given is dropped, where there are such locks.
pub(crate) fn lock_folder(folder: &Path) -> io::Result<Option<File>> {
    let file = File::open(folder)?;
    let _ = file.lock();
    Ok(Some(file))
}

/// Who else has a file open and holds a lock on a part of it (where it begins, how long it is). For who
/// has no lock on that file: looking would give it away.
pub(crate) fn holder(path: &Path, (start, length): (u64, u64)) -> io::Result<Option<Holder>> {
    let file = File::open(path)?;
    let mut wanted = Flock::from(FlockType::WriteLock);
    (wanted.start, wanted.length) = (start, length);
    match fcntl_getlk(&file, &wanted) {
        Ok(Some(Flock { pid: Some(pid), .. })) => {
            Ok(Some(Holder { pid: Some(pid.as_raw_nonzero().get()) }))
        }
        // A system that cannot tell cannot be asked.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Has the names in a folder on the disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Has everything below a folder on the disk.
pub(crate) fn sync_below(folder: &Path) -> io::Result<()> {
    let folder = File::open(folder)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&folder)?;
    folder.sync_all()
}

/// Puts each of two folders where the other is, in one step.
pub(crate) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// How many bytes this user may still write on the disk of a path.
pub(crate) fn free(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Whether a path is on a disk that nobody can write on, as it is mounted.
pub(crate) fn is_read_only(path: &Path) -> bool {
    let wanted = Access::READ_OK | Access::WRITE_OK;
    rustix::fs::access(path, wanted) == Err(rustix::io::Errno::ROFS)
}

/// Whether the file system of a path does not tell of what others change.
pub(crate) fn is_silent(path: &Path) -> bool {
    // The field's width differs between systems; these numbers have 32 bits.
    rustix::fs::statfs(path).is_ok_and(|it| SILENT.contains(&(it.f_type as u32)))
}

/// Reads from a place in a file that many read.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, at)
}
