//! Notices that a class's folders have changed.
//!
//! The system tells it where it can; where it cannot (file systems of other machines, too many
//! folders), whoever watches looks every so often anyway.

use std::path::{Path, PathBuf};

use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Sources, place};
use crate::sync::completion::FOLDER;

/// Watched folders; watched until it is dropped.
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    watched: Vec<PathBuf>,
}

impl Watch {
    /// Watches what there is of the folders on this machine. `tell` is called from another thread
    /// whenever something may have changed, often several times for one change.
    pub fn begin(sources: &Sources, tell: impl Fn() + Send + 'static) -> Self {
        let handler = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| !event.kind.is_access()) {
                tell();
            }
        };
        // Without one, looking every so often is all there is.
        let watcher = RecommendedWatcher::new(handler, Config::default());
        let watcher =
            watcher.inspect_err(|error| tracing::info!(%error, "folders are not watched"));
        let mut watch = Self { watcher: watcher.ok(), watched: Vec::new() };
        watch.again(sources);
        watch
    }

    /// Watches what has come to be since. To be called after each change.
    pub fn again(&mut self, sources: &Sources) {
        let (repositories, _) = place::repositories(&sources.named, &sources.cache);
        let mut wanted: Vec<(PathBuf, RecursiveMode)> = Vec::new();
        let own = |path: &Path| (path.to_owned(), RecursiveMode::NonRecursive);
        wanted.extend(sources.folders().into_iter().map(own));
        for repository in repositories {
            match repository.kind {
                place::Kind::Files(folder) => {
                    wanted.push(own(&folder));
                    wanted.push((folder.join(FOLDER), RecursiveMode::Recursive));
                }
                place::Kind::Bare(path) => {
                    wanted.push(own(&path));
                    wanted.push((path.join("refs"), RecursiveMode::Recursive));
                }
                place::Kind::Fetched(_) => {}
            }
        }
        let Some(watcher) = &mut self.watcher else { return };
        // What has gone is watched again when it is there again.
        self.watched.retain(|path| path.exists());
        for (path, mode) in wanted {
            if !self.watched.contains(&path) && path.exists() && watcher.watch(&path, mode).is_ok()
            {
                self.watched.push(path);
            }
        }
    }
}
