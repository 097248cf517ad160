//! Texts that were written and not saved, kept so that neither a crash nor a power cut takes them.
//!
//! Each running program has a folder of its own below the one for all, and holds a lock in it. What
//! lies in a folder whose lock nobody holds was left behind, and is offered to whoever opens the same
//! folder of content next. A text is kept whole and replaced at once, as in [`super::save`]; it is removed
//! only when it was saved, or when somebody has said that it is not wanted.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{difference, save};
use crate::platform::files;

const LOCK: &str = "lock";

/// What this program keeps.
pub struct Recovery {
    /// For all programs.
    all: PathBuf,
    /// Ours.
    folder: PathBuf,
    _lock: File,
}

/// A text, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    root: PathBuf,
    path: String,
    text: String,
}

/// A text that an earlier program left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Below the folder of content, with `/`.
    pub path: String,
    /// As it was written.
    pub text: String,
    /// What the file on the disk holds; `None` where there is none.
    pub disk: Option<String>,
    /// How many lines of the two differ.
    pub lines: usize,
    /// Where it is kept.
    kept: PathBuf,
}

impl Recovered {
    /// It is kept no longer.
    pub fn discard(&self) -> io::Result<()> {
        remove(&self.kept)
    }
}

impl Recovery {
    /// Begins to keep texts in a folder of its own below `all`.
    pub fn begin(all: &Path) -> io::Result<Self> {
        let folder = all.join(uuid::Uuid::now_v7().to_string());
        files::make_private(&folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.lock()?;
        Ok(Self { all: all.to_owned(), folder, _lock: lock })
    }

    /// Keeps a text of a file (`path` below `root`) instead of what was kept of it before.
    pub fn keep(&self, root: &Path, path: &str, text: &str) -> io::Result<()> {
        let kept = Kept { root: root.to_owned(), path: path.to_owned(), text: text.to_owned() };
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&kept)?)?;
        file.as_file().sync_data()?;
        file.persist(self.name(root, path)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Keeps nothing of a file any more.
    pub fn forget(&self, root: &Path, path: &str) -> io::Result<()> {
        remove(&self.name(root, path))
    }

    /// What earlier programs left behind of files below `root`, the latest first. What is on the disk by
    /// now is nothing to offer, and goes.
    pub fn left_behind(&self, root: &Path) -> io::Result<Vec<Recovered>> {
        let mut found = Vec::new();
        for folder in fs::read_dir(&self.all)?.flatten().map(|entry| entry.path()) {
            let Ok(lock) = File::open(folder.join(LOCK)) else { continue };
            if folder == self.folder || lock.try_lock().is_err() {
                continue;
            }
            let mut empty = true;
            for file in fs::read_dir(&folder)?.flatten().map(|entry| entry.path()) {
                let Some(kept) = read(&file) else { continue };
                if kept.root != root {
                    empty = false;
                    continue;
                }
                let disk = save::text(&root.join(&kept.path)).ok().flatten();
                if disk.as_ref() == Some(&kept.text) {
                    remove(&file)?;
                    continue;
                }
                empty = false;
                let lines = difference::lines(disk.as_deref().unwrap_or_default(), &kept.text);
                found.push(Recovered { path: kept.path, text: kept.text, disk, lines, kept: file });
            }
            if empty {
                fs::remove_dir_all(&folder)?;
            }
        }
        // Names begin with the time at which their program began.
        found.sort_by(|a, b| b.kept.cmp(&a.kept));
        Ok(found)
    }

    fn name(&self, root: &Path, path: &str) -> PathBuf {
        let hash = Sha256::digest(root.join(path).as_os_str().as_encoded_bytes());
        self.folder.join(format!("{hash:x}.json"))
    }
}

impl Drop for Recovery {
    fn drop(&mut self) {
        let left = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        if left.map(|entry| entry.path()).all(|path| read(&path).is_none()) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn read(path: &Path) -> Option<Kept> {
    (path.extension()? == "json").then_some(())?;
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_left_behind_is_offered_to_the_next() {
        let (all, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (all, root) = (all.path(), root.path());
        fs::write(root.join("a.md"), "one\ntwo\n").unwrap();
        let begin = || Recovery::begin(all).unwrap();
        let first = begin();
        first.keep(root, "a.md", "one\n").unwrap();
        first.keep(root, "a.md", "one\n2\nthree\n").unwrap();
        first.keep(root, "b.md", "new").unwrap();
        first.keep(Path::new("/elsewhere"), "a.md", "other").unwrap();
        first.forget(root, "b.md").unwrap();
        let second = begin();
        assert_eq!(second.left_behind(root).unwrap(), [], "who has it still writes it");
        drop(first);
        let found = second.left_behind(root).unwrap();
        let [it] = &found[..] else { panic!("{found:?}") };
        assert_eq!((it.path.as_str(), it.text.as_str(), it.lines), ("a.md", "one\n2\nthree\n", 2));
        assert_eq!(begin().left_behind(root).unwrap().len(), 1, "until somebody decides");
        it.discard().unwrap();
        assert_eq!(second.left_behind(root).unwrap(), []);
        assert_eq!(second.left_behind(Path::new("/elsewhere")).unwrap().len(), 1);
    }

    #[test]
    fn what_was_saved_after_all_is_not_offered_and_nothing_is_left() {
        let (all, root) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = Recovery::begin(all.path()).unwrap();
        first.keep(root.path(), "a.md", "saved").unwrap();
        fs::write(root.path().join("a.md"), "saved").unwrap();
        drop(first);
        let second = Recovery::begin(all.path()).unwrap();
        assert_eq!(second.left_behind(root.path()).unwrap(), []);
        drop(second);
        assert_eq!(fs::read_dir(all.path()).unwrap().count(), 0);
    }
}
