//! Notices that something in a folder of content has changed, whoever changed it and however: files
//! that are written anew, replaced by a rename, or made and removed.
//!
//! The system tells it where it can (inotify). On file systems that tell nothing of what others do
//! (NFS, SMB, 9P, FUSE, overlays), and where no more can be watched, the folder is looked at every
//! [`LOOK`] instead.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use crate::platform::Identity;
use crate::platform::files::is_silent;

/// How often a folder is looked at that nothing is told of.
pub const LOOK: Duration = Duration::from_millis(100);

/// A watched folder; watched until it is dropped.
pub struct Watch {
    watcher: Box<dyn Watcher + Send>,
    root: PathBuf,
    /// What is to be watched with everything below it; some of it may not be there yet.
    folders: Vec<PathBuf>,
    /// What is, by which folder it was: one that was made anew is another.
    watched: HashMap<PathBuf, Identity>,
    /// Whether it is looked at every so often, instead of being told.
    pub looks: bool,
}

impl Watch {
    /// Watches folders below `root`, and which of them there are. `tell` is called from another thread
    /// whenever something may have changed, often several times for one change.
    pub fn begin(
        root: &Path,
        folders: Vec<PathBuf>,
        tell: impl Fn() + Send + Clone + 'static,
    ) -> notify::Result<Self> {
        let told =
            if is_silent(root) { None } else { Self::told(root, &folders, tell.clone()).ok() };
        told.map_or_else(|| Self::looking(root, folders, tell), Ok)
    }

    fn told(
        root: &Path,
        folders: &[PathBuf],
        tell: impl Fn() + Send + 'static,
    ) -> notify::Result<Self> {
        let watcher = RecommendedWatcher::new(handler(tell), Config::default())?;
        Self::with(Box::new(watcher), root, folders.to_owned(), false)
    }

    fn looking(
        root: &Path,
        folders: Vec<PathBuf>,
        tell: impl Fn() + Send + 'static,
    ) -> notify::Result<Self> {
        // Their times have seconds only: what was written twice in one is told by what is in it.
        let config = Config::default().with_poll_interval(LOOK).with_compare_contents(true);
        Self::with(Box::new(PollWatcher::new(handler(tell), config)?), root, folders, true)
    }

    fn with(
        watcher: Box<dyn Watcher + Send>,
        root: &Path,
        folders: Vec<PathBuf>,
        looks: bool,
    ) -> notify::Result<Self> {
        let root = root.to_owned();
        let mut watch = Self { watcher, root, folders, watched: HashMap::new(), looks };
        if !watch.folders.contains(&watch.root) {
            watch.watcher.watch(&watch.root, RecursiveMode::NonRecursive)?;
        }
        watch.again()?;
        Ok(watch)
    }

    /// Watches what has come to be since. To be called after each change.
    pub fn again(&mut self) -> notify::Result<()> {
        for folder in &self.folders {
            let Ok(is) = Identity::at(folder) else { continue };
            if self.watched.get(folder) != Some(&is) {
                // One that has gone is no longer watched anyway.
                let _ = self.watcher.unwatch(folder);
                self.watcher.watch(folder, RecursiveMode::Recursive)?;
                self.watched.insert(folder.clone(), is);
            }
        }
        Ok(())
    }
}

fn handler(tell: impl Fn() + Send + 'static) -> impl FnMut(notify::Result<Event>) + Send + 'static {
    move |event| {
        // After an error (a queue that was too short) anything may have changed.
        if event.as_ref().map_or(true, changes) {
            tell();
        }
    }
}

/// Whether content may be another after it. That somebody reads changes nothing, and neither do the
/// files that editors have beside the one they write.
fn changes(event: &Event) -> bool {
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let reads = event.kind.is_access() && event.kind != written;
    let aside = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        name.starts_with('.') || name.ends_with('~')
    };
    !reads && (event.paths.is_empty() || !event.paths.iter().all(aside))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;

    type Begin = fn(&Path, Vec<PathBuf>, Box<dyn Tell>) -> notify::Result<Watch>;
    trait Tell: Fn() + Send {}
    impl<T: Fn() + Send> Tell for T {}

    fn begin(how: Begin, root: &Path) -> (Watch, Receiver<()>) {
        let (told, inbox) = channel();
        let tell = Box::new(move || {
            let _ = told.send(());
        });
        (how(root, vec![root.join("content")], tell).unwrap(), inbox)
    }

    /// It is told, sooner or later; then until nothing more comes of the same change.
    fn told(inbox: &Receiver<()>) {
        inbox.recv_timeout(Duration::from_mins(1)).unwrap();
        while inbox.recv_timeout(LOOK * 3).is_ok() {}
    }

    fn notices_everything(how: Begin) {
        let root = tempfile::tempdir().unwrap();
        let root = &root.path().canonicalize().unwrap();
        let (mut watch, inbox) = begin(how, root);
        // A folder that was not there when it began.
        let folder = root.join("content/linux");
        fs::create_dir_all(&folder).unwrap();
        told(&inbox);
        watch.again().unwrap();
        let file = folder.join("a.md");
        fs::write(&file, "one").unwrap();
        told(&inbox);
        fs::write(&file, "longer").unwrap(); // truncated and written
        told(&inbox);
        fs::write(folder.join(".new"), "renamed").unwrap();
        fs::rename(folder.join(".new"), &file).unwrap();
        told(&inbox);
        fs::remove_file(&file).unwrap();
        told(&inbox);
        // The whole folder is made anew.
        fs::rename(root.join("content"), root.join("old")).unwrap();
        fs::create_dir_all(&folder).unwrap();
        told(&inbox);
        watch.again().unwrap();
        fs::write(&file, "again").unwrap();
        told(&inbox);
    }

    #[test]
    fn everything_is_told() {
        notices_everything(|root, folders, tell| Watch::told(root, &folders, tell));
    }

    #[test]
    fn everything_is_seen_by_looking() {
        notices_everything(Watch::looking);
    }

    #[test]
    fn who_reads_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("content")).unwrap();
        fs::write(root.path().join("content/a.md"), "one").unwrap();
        let (_watch, inbox) =
            begin(|root, folders, tell| Watch::told(root, &folders, tell), root.path());
        fs::read(root.path().join("content/a.md")).unwrap();
        fs::write(root.path().join("content/.a.md.swp"), "x").unwrap();
        fs::write(root.path().join("content/b.md"), "two").unwrap();
        told(&inbox);
        assert!(!is_silent(Path::new("/dev/shm")) || !Path::new("/dev/shm").exists());
    }
}
