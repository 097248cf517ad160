//! One layer of an image put into a root: `drydock sandbox unpack FOLDER IDS`, the layer as a tar file on
//! its input.
//!
//! The layer is somebody else's. So this process has the numbers of a sandbox, and the folder is all
//! it can see: it is its `/` before the first byte is read, and wherever a link leads is in it.
//!
//! Invariants: nothing outside the folder is read or written; devices, pipes and sockets are not made;
//! what the sandbox mounts on is a folder afterwards, whatever the layer says.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{chdir, chroot, umask};
use serde::{Deserialize, Serialize};
use tar::{Archive, Entry, EntryType};

use super::account::Accounts;
use super::ids::{COUNT, Ids};
use crate::engine::image::USER;

/// How many files a layer may have, and how much may be in them: several times the largest there are.
const MAX_FILES: usize = 4_000_000;
const MAX_BYTES: u64 = 64 << 30;

/// What marks a file of a lower layer as removed, and a folder as new.
const WHITEOUT: &[u8] = b".wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What a sandbox mounts on, and where anybody may write.
const FOLDERS: [(&str, u32); 6] = [
    ("dev", 0o755),
    ("proc", 0o555),
    ("run", 0o755),
    ("sys", 0o555),
    ("etc", 0o755),
    ("tmp", 0o1777),
];

/// What a root has when a layer has been put into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unpacked {
    /// How many bytes the layer's files hold.
    pub(super) bytes: u64,
    /// The names of its accounts.
    pub(super) accounts: Vec<String>,
}

/// Unpacks a layer into a folder that belongs to the sandboxes' root, above what is in it, and says what
/// that gave. This process becomes that root and stays it.
pub(super) fn unpack(folder: &Path, ids: Ids) -> Result<Unpacked, String> {
    let words = |error: io::Error| format!("the image cannot be unpacked: {error}");
    let program = File::open("/proc/self/exe").map_err(words)?;
    std::env::set_current_dir(folder).map_err(words)?;
    umask(Mode::empty());
    ids.enter()?;
    chroot(".").and_then(|()| chdir("/")).map_err(|error| words(error.into()))?;
    let mut layer = Layer { ids, seen: BTreeSet::new(), bytes: 0 };
    layer.put(io::stdin()).map_err(words)?;
    finish(ids, program).map_err(words)?;
    Ok(Unpacked { bytes: layer.bytes, accounts: Accounts::read().names() })
}

struct Layer {
    ids: Ids,
    /// What this layer has put there: it removes only what was there before it.
    seen: BTreeSet<PathBuf>,
    bytes: u64,
}

impl Layer {
    fn put(&mut self, tar: impl Read) -> io::Result<()> {
        let mut tar = Archive::new(tar);
        tar.set_preserve_permissions(true);
        tar.set_preserve_ownerships(self.ids.several());
        for entry in tar.entries()? {
            let mut entry = entry?;
            let path = place(&entry.path()?)?;
            self.bytes = self.bytes.saturating_add(entry.size());
            if self.seen.len() >= MAX_FILES || self.bytes > MAX_BYTES {
                return Err(io::Error::other("a layer of it is larger than an image can be"));
            }
            self.entry(&mut entry, &path).map_err(|error| {
                io::Error::other(format!("{}: {}", path.display(), root(&error)))
            })?;
        }
        // What follows the end is part of what was sent.
        io::copy(&mut tar.into_inner(), &mut io::sink()).map(drop)
    }

    fn entry(&mut self, entry: &mut Entry<'_, impl Read>, path: &Path) -> io::Result<()> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
        let name = name.as_bytes();
        if name == OPAQUE {
            return self.empty(folder);
        }
        if let Some(removed) = name.strip_prefix(WHITEOUT) {
            let removed = folder.join(OsStr::from_bytes(removed));
            // Other marks of the kind are no files, and nor are the names of folders.
            let plain = removed.parent() == Some(folder) && !removed.ends_with("..");
            return if plain && !self.seen.contains(&removed) { remove(&removed) } else { Ok(()) };
        }
        let kind = entry.header().entry_type();
        match kind {
            EntryType::Directory => {
                let there = fs::symlink_metadata(path);
                if there.is_ok_and(|data| !data.is_dir()) {
                    fs::remove_file(path)?;
                }
            }
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::GNUSparse
            | EntryType::Symlink
            | EntryType::Link => remove(path)?,
            _ => return Ok(()),
        }
        let number = |number: io::Result<u64>| number.is_ok_and(|number| number < COUNT.into());
        if self.ids.several() && !(number(entry.header().uid()) && number(entry.header().gid())) {
            return Err(io::Error::other(format!(
                "it belongs to a number that is not below {COUNT}"
            )));
        }
        entry.unpack_in("/")?;
        self.seen.insert(path.to_owned());
        Ok(())
    }

    /// Removes what lower layers have in a folder.
    fn empty(&self, folder: &Path) -> io::Result<()> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        for entry in entries {
            let path = entry?.path();
            // Of what this layer has put into it already, all stays. What is in a folder comes right
            // behind it.
            let first = self.seen.range(path.clone()..).next();
            if !first.is_some_and(|seen| seen.starts_with(&path)) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

/// An entry's place below `/`. One that leads out has none.
fn place(path: &Path) -> io::Result<PathBuf> {
    let mut place = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(part) => place.push(part),
            Component::CurDir | Component::RootDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                let text = format!("{} leads out of the image", path.display());
                return Err(io::Error::other(text));
            }
        }
    }
    Ok(place)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The error at the bottom: those above it only say again what was being unpacked.
fn root(error: &io::Error) -> String {
    let mut error: &(dyn std::error::Error + 'static) = error;
    while let Some(deeper) = error.source() {
        error = deeper;
    }
    error.to_string()
}

/// What a sandbox needs of any root.
fn finish(ids: Ids, program: File) -> io::Result<()> {
    for (folder, mode) in FOLDERS {
        if !fs::symlink_metadata(folder).is_ok_and(|data| data.is_dir()) {
            remove(Path::new(folder))?;
            fs::create_dir(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(mode))?;
        }
    }
    if !ids.several() {
        one_number()?;
        own_sudo(program)?;
    }
    Ok(())
}

/// Where there is one number, the learner has it too, and is who that number is.
fn one_number() -> io::Result<()> {
    for (file, field) in [("/etc/passwd", 3), ("/etc/group", 2)] {
        if !fs::symlink_metadata(file).is_ok_and(|data| data.is_file()) {
            continue;
        }
        let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
        let (own, rest): (Vec<_>, Vec<_>) =
            text.lines().partition(|line| line.split(':').next() == Some(USER));
        let zero = |line: &&str| {
            let fields = line.split(':').enumerate();
            let fields =
                fields.map(|(at, text)| if (2..=field).contains(&at) { "0" } else { text });
            fields.collect::<Vec<_>>().join(":")
        };
        let lines = own.iter().map(zero).chain(rest.into_iter().map(str::to_owned));
        let text = lines.fold(String::new(), |text, line| text + &line + "\n");
        fs::write(file, text)?;
    }
    Ok(())
}

/// A sudo that needs no setuid bit.
fn own_sudo(mut program: File) -> io::Result<()> {
    let sudo = Path::new("/usr/bin/sudo");
    if !fs::symlink_metadata(sudo).is_ok_and(|data| data.is_file()) {
        return Ok(());
    }
    fs::remove_file(sudo)?;
    let mut file = File::create_new(sudo)?;
    io::Seek::rewind(&mut program)?;
    io::copy(&mut program, &mut file)?;
    file.flush()?;
    file.set_permissions(Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_a_place_in_the_root_or_none() {
        assert_eq!(place(Path::new("./usr//bin/x")).unwrap(), Path::new("/usr/bin/x"));
        assert_eq!(place(Path::new("/etc/passwd")).unwrap(), Path::new("/etc/passwd"));
        assert_eq!(place(Path::new("./")).unwrap(), Path::new("/"));
        let error = place(Path::new("a/../../b")).unwrap_err().to_string();
        assert!(error.contains("leads out"), "{error}");
    }
}
