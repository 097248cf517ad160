//! A class: what several learners have completed, from the repositories of completions that they
//! sync to, and where most had a hard time.
//!
//! `place` finds the repositories, `fetch` brings remote ones here, `read` reads them and changes
//! nothing in them; [`Class`] sums up by the content what was read, without a file or a clock. A
//! completion is what a learner's own program wrote: it is told, and is no proof.

mod class;
mod fetch;
mod place;
mod read;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub use class::{Class, ClassItem, Done, Learner};
pub use place::{Named, Place};
pub use watch::Watch;

use crate::course::Catalogue;
use crate::store::Completed;

/// Something that could not be read; the rest was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trouble {
    /// The repository.
    pub source: String,
    /// The file in it, if it is one file's.
    pub file: Option<String>,
    /// What is wrong, as a part of a sentence.
    pub message: String,
}

impl Trouble {
    /// One of a whole repository.
    pub fn of(source: impl Into<String>, message: &str) -> Self {
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect();
        Self { source: plain(&source.into()), file: None, message: plain(message) }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { source, file, message } = self;
        match file {
            Some(file) => write!(f, "{source}: {file}: {message}"),
            None => write!(f, "{source}: {message}"),
        }
    }
}

/// What a report is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// What was named.
    pub named: Vec<Named>,
    /// Where what is fetched is kept.
    pub cache: PathBuf,
}

impl Sources {
    /// Whether some of it is elsewhere.
    pub fn has_remotes(&self) -> bool {
        self.named.iter().any(|one| matches!(one.at, Place::Remote(_)))
    }

    /// Fetches what is elsewhere; gives what did not work.
    pub async fn fetch(&self) -> Vec<Trouble> {
        fetch::fetch(&self.named, &self.cache).await
    }

    /// Reads all of it as it is now, and what was fetched. `unreached` is what could not be.
    pub fn read(&self, course: &Catalogue, unreached: &[Trouble]) -> Class {
        let (repositories, mut troubles) = place::repositories(&self.named, &self.cache);
        troubles.extend_from_slice(unreached);
        let mut learners: Vec<(String, Vec<Completed>)> = Vec::new();
        for repository in &repositories {
            let (completions, mut more) = read::read(repository);
            // Why it was not fetched is told already.
            more.retain(|it| {
                it.file.is_some() || unreached.iter().all(|un| un.source != it.source)
            });
            troubles.extend(more);
            match learners.iter_mut().find(|(name, _)| *name == repository.learner) {
                Some((_, all)) => all.extend(completions),
                None => learners.push((repository.learner.clone(), completions)),
            }
        }
        Class::new(course, learners, troubles)
    }

    /// What changes where it is read: the folders on this machine.
    fn folders(&self) -> Vec<&Path> {
        let local = self.named.iter().filter_map(|one| match &one.at {
            Place::Local(path) => Some(path.as_path()),
            Place::Remote(_) => None,
        });
        local.collect()
    }
}

/// What is followed on a screen, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// What it is read from.
    pub sources: Sources,
    /// How often all of it is looked at, and what is elsewhere is fetched.
    pub every: Duration,
    /// Whether nothing is fetched.
    pub offline: bool,
}

#[cfg(test)]
mod tests;
