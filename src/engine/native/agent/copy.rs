//! Files into and out of the sandbox, by a child of the agent whose root is the sandbox's.
//!
//! Links that a learner has made are followed, but only inside, and never those of `/proc`, which lead
//! to what other processes have open.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::fs::{
    AtFlags, Gid, Mode, OFlags, ResolveFlags, Uid, fchmod, fchown, mkdirat, openat, openat2,
    renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::super::account::{Account, Accounts};
use super::super::protocol::{FileHead, Reply, send};
use crate::engine::{FileOwner, FileSpec};

/// Writes files whose contents are at hand.
pub(super) fn put(files: &[FileSpec], user: &str) -> Result<(), String> {
    let place = Place::open(user)?;
    for file in files {
        let head = FileHead {
            path: file.path.clone(),
            mode: file.mode,
            roots: file.owner == FileOwner::Root,
            size: file.contents.len() as u64,
        };
        place.put(&head, &mut file.contents.as_slice())?;
    }
    Ok(())
}

/// [`super::Request::CopyIn`].
pub(super) fn copy_in(socket: &mut UnixStream, files: &[FileHead], user: &str) -> io::Result<()> {
    let mut source = socket.try_clone()?;
    let done = Place::open(user).and_then(|place| {
        files.iter().try_for_each(|head| {
            let mut contents = (&mut source).take(head.size);
            place.put(head, &mut contents)?;
            if contents.limit() == 0 { Ok(()) } else { Err("the contents broke off".to_owned()) }
        })
    });
    // What is left is read, lest the answer be lost with the connection.
    if done.is_err() {
        io::copy(&mut source, &mut io::sink())?;
    }
    match done {
        Ok(()) => send(&*socket, &Reply::Done, &[]),
        Err(detail) => send(&*socket, &Reply::Refused { detail }, &[]),
    }
}

/// [`super::Request::CopyOut`].
pub(super) fn copy_out(socket: &mut UnixStream, path: &str, limit: u64) -> io::Result<()> {
    let refuse = |socket: &UnixStream, reason: &str| {
        send(socket, &Reply::Refused { detail: format!("{path}: {reason}") }, &[])
    };
    let opened = open_root().and_then(|root| {
        // A pipe does not make it wait.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(File::from(inside(&root, path, flags)?))
    });
    let file = match opened {
        Ok(file) => file,
        Err(error) => return refuse(socket, &error.to_string()),
    };
    let data = file.metadata()?;
    if !data.is_file() {
        return refuse(socket, "it is not a regular file");
    }
    let mut contents = Vec::new();
    if data.len() <= limit {
        (&file).take(limit.saturating_add(1)).read_to_end(&mut contents)?;
    }
    if data.len().max(contents.len() as u64) > limit {
        return refuse(socket, &format!("it is larger than {limit} bytes"));
    }
    send(&*socket, &Reply::Contents { size: contents.len() as u64 }, &[])?;
    socket.write_all(&contents)
}

fn open_root() -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/", flags, Mode::empty())?)
}

fn inside(root: &OwnedFd, path: &str, flags: OFlags) -> io::Result<OwnedFd> {
    let how = ResolveFlags::NO_MAGICLINKS | ResolveFlags::IN_ROOT;
    Ok(openat2(root, path, flags, Mode::empty(), how)?)
}

/// The sandbox's files, and whose they are to be.
struct Place {
    root: OwnedFd,
    account: Account,
}

impl Place {
    fn open(user: &str) -> Result<Self, String> {
        let root = open_root().map_err(|error| error.to_string())?;
        let account = Accounts::read().find(user);
        let account = account.ok_or_else(|| format!("the sandbox has no account {user:?}"))?;
        Ok(Self { root, account })
    }

    /// Writes one file: beside the old one, then in its place.
    fn put(&self, head: &FileHead, contents: &mut dyn Read) -> Result<(), String> {
        let refused = |error: io::Error| format!("{}: {error}", head.path);
        self.write(head, contents).map_err(refused)
    }

    fn write(&self, head: &FileHead, contents: &mut dyn Read) -> io::Result<()> {
        let (folder, name) = head.path.rsplit_once('/').ok_or(Errno::INVAL)?;
        let folder = self.folder(folder)?;
        if statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|old| rustix::fs::FileType::from_raw_mode(old.st_mode).is_dir())
        {
            return Err(Errno::ISDIR.into());
        }
        let new = format!(".drydock-{}", std::process::id());
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let _ = unlinkat(&folder, &*new, AtFlags::empty());
        let mut file = File::from(openat(&folder, &*new, flags, Mode::RUSR | Mode::WUSR)?);
        let written = io::copy(contents, &mut file).and_then(|_| {
            if !head.roots {
                self.give(&file)?;
            }
            fchmod(&file, Mode::from_raw_mode(head.mode & 0o7777))?;
            Ok(renameat(&folder, &*new, &folder, name)?)
        });
        if written.is_err() {
            let _ = unlinkat(&folder, &*new, AtFlags::empty());
        }
        written
    }

    fn give(&self, fd: impl AsFd) -> io::Result<()> {
        let Account { uid, gid, .. } = self.account;
        Ok(fchown(fd, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))?)
    }

    /// Opens a folder and makes what is missing of it: the user's below the user's home, else root's.
    fn folder(&self, path: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        if path.is_empty() {
            return inside(&self.root, "/", flags);
        }
        match inside(&self.root, path, flags) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
        let (above, name) = path.rsplit_once('/').ok_or(Errno::INVAL)?;
        let parent = self.folder(above)?;
        let mode = Mode::from_raw_mode(0o755);
        mkdirat(&parent, name, mode)?;
        let no_link = flags | OFlags::NOFOLLOW;
        let new = openat(&parent, name, no_link, Mode::empty())?;
        fchmod(&new, mode)?;
        let home = self.account.home.trim_end_matches('/');
        let below = path.strip_prefix(home).is_some_and(|rest| rest.starts_with('/'));
        if below && !home.is_empty() {
            self.give(&new)?;
        }
        Ok(new)
    }
}
