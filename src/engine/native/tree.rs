//! A copy of a folder with everything that its files are: owners, modes, times, attributes, links and
//! holes. For a sandbox's disk, by a part of this program that has the sandbox's numbers.
//!
//! What is copied may be in use, by a learner who is up to something. So nothing is ever found by a
//! path: every file is opened in the folder that was opened before it, and no link is followed.
//!
//! Invariant: what is read is below the folder that was given, whatever is moved or replaced in it
//! meanwhile.

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, Dir, FileType, Gid, Mode, OFlags, SeekFrom, Stat, Timespec, Timestamps, Uid,
    XattrFlags, chmodat, chownat, copy_file_range, fchmod, fchown, fgetxattr, flistxattr,
    fsetxattr, fstat, ftruncate, futimens, ioctl_ficlone, linkat, mkdirat, mknodat, open, openat,
    readlinkat, seek, statat, symlinkat, utimensat,
};
use rustix::io::Errno;
use rustix::process::{Pid, Resource, Rlimit, getppid, getrlimit, setrlimit, umask};

use super::ids::Ids;

/// How deep folders may lie in each other: each takes two descriptors while it is copied.
const MAX_DEPTH: u32 = 400;

/// How much is copied before a look at whether anybody still wants it.
const PIECE: u64 = 16 << 20;

/// What the kernel notes of a layer's files that is not true of a copy.
const NOT_COPIED: [&[u8]; 2] = [b"user.overlay.origin", b"user.overlay.uuid"];

/// Copies what is in a folder into another, which is empty; gives how many bytes that took.
///
/// This process takes on the numbers of `ids` and keeps them. It gives up when whoever started it has
/// ended: a copy that nobody waits for is thrown away.
pub(super) fn copy(from: &Path, to: &Path, ids: Ids) -> Result<u64, String> {
    let words = |error: io::Error| format!("the sandbox's files cannot be copied: {error}");
    // Both while this process is still who started it: folders above may be closed to the other.
    let [source, target] =
        [from, to].map(|folder| open(folder, FOLDER, Mode::empty()).map_err(io::Error::from));
    let (source, target) = (source.map_err(words)?, target.map_err(words)?);
    let parent = getppid();
    umask(Mode::empty());
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
    ids.enter()?;
    let mut copying = Copying { parent, seen: HashMap::new(), target, bytes: 0 };
    let target = copying.target.try_clone().map_err(words)?;
    copying.folder(&source, &target, Path::new(""), 0).map_err(|Failure { path, error }| {
        format!("the sandbox's files cannot be copied: {}: {error}", path.display())
    })?;
    Ok(copying.bytes)
}

const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

struct Copying {
    parent: Option<Pid>,
    /// Where files with several names were put first, by device and number.
    seen: HashMap<(u64, u64), PathBuf>,
    /// What all those places are below.
    target: OwnedFd,
    bytes: u64,
}

/// What went wrong, and where.
struct Failure {
    path: PathBuf,
    error: io::Error,
}

impl Copying {
    fn folder(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        path: &Path,
        depth: u32,
    ) -> Result<(), Failure> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error: io::Error| Failure { path, error }
        };
        self.is_wanted().map_err(at(path))?;
        if depth > MAX_DEPTH {
            let text = format!("more than {MAX_DEPTH} folders lie in each other");
            return Err(at(path)(io::Error::other(text)));
        }
        // All names at first: an open listing would be one more descriptor for each folder above.
        for name in names(from).map_err(at(path))? {
            let path = path.join(OsStr::from_bytes(name.to_bytes()));
            match self.entry(from, to, &name, &path, depth) {
                // It went, or became something else, after its name was read.
                Err(Failure { error, .. }) if is_gone(&error) => {}
                other => other?,
            }
        }
        let data = fstat(from).map_err(|error| at(path)(error.into()))?;
        finish(from, to, &data).map_err(at(path))
    }

    fn entry(
        &mut self,
        from: &OwnedFd,
        to: &OwnedFd,
        name: &CStr,
        path: &Path,
        depth: u32,
    ) -> Result<(), Failure> {
        let at = |error: io::Error| Failure { path: path.to_owned(), error };
        let errno = |error: Errno| at(error.into());
        let data = statat(from, name, AtFlags::SYMLINK_NOFOLLOW).map_err(errno)?;
        let kind = FileType::from_raw_mode(data.st_mode);
        if kind != FileType::Directory && data.st_nlink > 1 {
            let key = (data.st_dev, data.st_ino);
            if let Some(first) = self.seen.get(&key)
                && linkat(&self.target, first, to, name, AtFlags::empty()).is_ok()
            {
                return Ok(());
            }
            self.seen.insert(key, path.to_owned());
        }
        match kind {
            FileType::Directory => {
                let source = openat(from, name, FOLDER, Mode::empty()).map_err(errno)?;
                mkdirat(to, name, Mode::RWXU).map_err(errno)?;
                let target = openat(to, name, FOLDER, Mode::empty()).map_err(errno)?;
                self.folder(&source, &target, path, depth + 1)
            }
            FileType::RegularFile => self.file(from, to, name).map_err(at),
            FileType::Symlink => {
                let target = readlinkat(from, name, Vec::new()).map_err(errno)?;
                symlinkat(&*target, to, name).map_err(errno)?;
                own(to, name, &data).map_err(at)
            }
            // A device with the number 0 is how a layer says that something below it is gone; no
            // other is ever made in a sandbox.
            FileType::CharacterDevice if data.st_rdev == 0 => {
                mknodat(to, name, kind, Mode::empty(), 0).map_err(errno)
            }
            FileType::Fifo => {
                mknodat(to, name, kind, Mode::RUSR, 0).map_err(errno)?;
                own(to, name, &data).map_err(at)?;
                chmodat(to, name, mode(&data), AtFlags::empty()).map_err(errno)
            }
            // A socket without its program is nothing.
            _ => Ok(()),
        }
    }

    fn file(&mut self, from: &OwnedFd, to: &OwnedFd, name: &CStr) -> io::Result<()> {
        // Not to wait, should it have become a pipe.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let source = openat(from, name, flags, Mode::empty())?;
        let data = fstat(&source)?;
        if FileType::from_raw_mode(data.st_mode) != FileType::RegularFile {
            return Err(Errno::NOENT.into());
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let target = openat(to, name, flags, Mode::RUSR | Mode::WUSR)?;
        // Where the file system can share what two files have in common, it takes no room.
        if ioctl_ficlone(&target, &source).is_err() {
            self.contents(&source, &target, u64::try_from(data.st_size).unwrap_or(0))?;
        }
        finish(&source, &target, &data)
    }

    /// Copies so many bytes, without those of holes; of a file that grows meanwhile, what was there.
    fn contents(&mut self, from: &OwnedFd, to: &OwnedFd, size: u64) -> io::Result<()> {
        let mut place = 0;
        while place < size {
            let begin = match seek(from, SeekFrom::Data(place)) {
                Ok(begin) => begin,
                // Nothing but a hole is left.
                Err(Errno::NXIO) => break,
                // It does not tell where holes are.
                Err(_) => place,
            };
            let end = seek(from, SeekFrom::Hole(begin)).unwrap_or(size).min(size);
            place = begin;
            while place < end {
                self.is_wanted()?;
                let done = piece(from, to, place, (end - place).min(PIECE))?;
                if done == 0 {
                    break;
                }
                place += done;
                self.bytes += done;
            }
            if place < end {
                // It became shorter.
                break;
            }
            place = end;
        }
        Ok(ftruncate(to, size)?)
    }

    fn is_wanted(&self) -> io::Result<()> {
        if getppid() == self.parent {
            Ok(())
        } else {
            Err(io::Error::other("whoever wanted it has ended"))
        }
    }
}

/// Copies up to so many bytes at a place; gives how many.
fn piece(from: &OwnedFd, to: &OwnedFd, place: u64, length: u64) -> io::Result<u64> {
    let (mut out_of, mut into) = (place, place);
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    if let Ok(done) = copy_file_range(from, Some(&mut out_of), to, Some(&mut into), most) {
        return Ok(done as u64);
    }
    // Not every file system has that.
    let mut bytes = vec![0; most.min(1 << 20)];
    let read = rustix::io::pread(from, &mut bytes, place)?;
    let mut written = 0;
    while written < read {
        written += rustix::io::pwrite(to, &bytes[written..read], place + written as u64)?;
    }
    Ok(read as u64)
}

/// Whether something is not there any more as it was seen.
fn is_gone(error: &io::Error) -> bool {
    let gone = [Errno::NOENT, Errno::LOOP, Errno::NOTDIR, Errno::NXIO];
    gone.iter().any(|gone| error.raw_os_error() == Some(gone.raw_os_error()))
}

fn names(folder: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// What everything has that is opened: owner, mode, attributes and, last, times.
fn finish(from: &OwnedFd, to: &OwnedFd, data: &Stat) -> io::Result<()> {
    // The owner first: changing it takes other things away.
    fchown(to, Some(Uid::from_raw(data.st_uid)), Some(Gid::from_raw(data.st_gid)))?;
    fchmod(to, mode(data))?;
    for name in attributes(from)? {
        if NOT_COPIED.contains(&name.as_bytes()) {
            continue;
        }
        let Some(value) = attribute(from, &name) else { continue };
        // One that this process may not give is one that it was not to see.
        match fsetxattr(to, name.as_os_str(), &value, XattrFlags::empty()) {
            Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP | Errno::ACCESS) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(futimens(to, &times(data))?)
}

/// The names of a file's attributes.
fn attributes(file: impl AsFd) -> io::Result<Vec<OsString>> {
    let mut list = vec![0; 64 << 10];
    let length = match flistxattr(file, &mut list) {
        Ok(length) => length,
        Err(Errno::OPNOTSUPP) => 0,
        Err(error) => return Err(error.into()),
    };
    list.truncate(length);
    let names = list.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| OsString::from_vec(name.to_vec())).collect())
}

fn attribute(file: impl AsFd, name: &OsStr) -> Option<Vec<u8>> {
    let mut value = vec![0; 64 << 10];
    let length = fgetxattr(file, name, &mut value).ok()?;
    value.truncate(length);
    Some(value)
}

/// Owner and times of what cannot be opened.
fn own(folder: &OwnedFd, name: &CStr, data: &Stat) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(data.st_uid), Gid::from_raw(data.st_gid));
    chownat(folder, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(utimensat(folder, name, &times(data), AtFlags::SYMLINK_NOFOLLOW)?)
}

fn mode(data: &Stat) -> Mode {
    Mode::from_raw_mode(data.st_mode & 0o7777)
}

#[allow(
    clippy::cast_possible_wrap,
    reason = "less than 10^9, in a type that depends on the processor"
)]
fn times(data: &Stat) -> Timestamps {
    let access = Timespec { tv_sec: data.st_atime as _, tv_nsec: data.st_atime_nsec as _ };
    let change = Timespec { tv_sec: data.st_mtime as _, tv_nsec: data.st_mtime_nsec as _ };
    Timestamps { last_access: access, last_modification: change }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn copied(from: &Path, to: &Path) -> Result<u64, String> {
        let [source, target] =
            [from, to].map(|folder| open(folder, FOLDER, Mode::empty()).unwrap());
        let mut copying = Copying {
            parent: getppid(),
            seen: HashMap::new(),
            target: target.try_clone().unwrap(),
            bytes: 0,
        };
        let done = copying.folder(&source, &target, Path::new(""), 0);
        done.map(|()| copying.bytes).map_err(|failure| failure.error.to_string())
    }

    #[test]
    fn everything_that_files_are_is_copied() {
        let folder = tempfile::TempDir::new().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(from.join("a/b/text"), "text").unwrap();
        fs::set_permissions(from.join("a/b/text"), Permissions::from_mode(0o4750)).unwrap();
        fs::hard_link(from.join("a/b/text"), from.join("second")).unwrap();
        symlink("/etc/passwd", from.join("link")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, from.join("pipe"), Mode::RUSR).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(from.join("socket")).unwrap();
        let holes = File::create(from.join("holes")).unwrap();
        holes.set_len(1 << 30).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&holes, b"end", (1 << 30) - 3).unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(981_173_106);
        File::open(from.join("a")).unwrap().set_modified(old).unwrap();

        assert!(copied(&from, &to).unwrap() < 1 << 20);
        let data = |path: &str| fs::symlink_metadata(to.join(path)).unwrap();
        assert_eq!(fs::read(to.join("a/b/text")).unwrap(), b"text");
        assert_eq!(data("a/b/text").mode() & 0o7777, 0o4750);
        assert_eq!(data("a/b/text").ino(), data("second").ino());
        assert_eq!(data("a").modified().unwrap(), old);
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("/etc/passwd"));
        assert_eq!(FileType::from_raw_mode(data("pipe").mode()), FileType::Fifo);
        assert!(!to.join("socket").exists());
        assert_eq!(data("holes").size(), 1 << 30);
        assert!(data("holes").blocks() < 100);
    }

    #[test]
    fn what_lies_too_deep_is_refused_and_not_a_crash() {
        let folder = tempfile::TempDir::new().unwrap();
        let [from, to] = ["from", "to"].map(|name| folder.path().join(name));
        fs::create_dir(&to).unwrap();
        fs::create_dir_all(from.join("d/".repeat(MAX_DEPTH as usize + 2))).unwrap();
        assert!(copied(&from, &to).unwrap_err().contains("folders lie in each other"));
    }
}
