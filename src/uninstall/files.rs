//! The files of a drydock home: which there are, what they are for, and their removal.
//!
//! Invariant: what goes is named here, one by one. A folder goes when nothing else is in it, so that a
//! home that somebody shares with other things (`DRYDOCK_HOME=~`) loses none of them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::engine::belongings::disk_usage;
use crate::paths::Paths;
use crate::platform::files;

/// How the names begin of files that were being written when a program was killed.
const UNFINISHED: &str = ".tmp";

/// What a file or folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// The configuration.
    Configuration,
    /// Made again when it is needed.
    Cache,
    /// Recordings, the log, sockets of shells, packs.
    State,
    /// The database with its copies, solutions and texts that are not saved: what nobody may lose.
    Progress,
    /// The repository of completions.
    Completions,
    /// Completions of a shell, and manual pages.
    Help,
}

impl Purpose {
    /// In a word, for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Cache => "cache",
            Self::State => "state",
            Self::Progress => "progress",
            Self::Completions => "completions",
            Self::Help => "help",
        }
    }
}

/// A file, or a folder with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// What it is for.
    #[serde(rename = "for")]
    pub purpose: Purpose,
    /// Where it is.
    pub path: PathBuf,
    /// What it takes on the disk.
    pub bytes: u64,
}

impl Part {
    /// What is at a path; `None` where nothing is.
    pub(super) fn at(purpose: Purpose, path: PathBuf) -> Option<Self> {
        fs::symlink_metadata(&path).ok()?;
        let bytes = disk_usage(&path);
        Some(Self { purpose, path, bytes })
    }

    /// Removes it. A link goes, and what it leads to stays; what is gone already is fine.
    pub fn remove(&self) -> io::Result<()> {
        let removed = match fs::symlink_metadata(&self.path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&self.path),
            Ok(_) => fs::remove_file(&self.path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What there is of a home, but for what its engines keep. A repository of completions elsewhere is a folder that the learner chose, and
/// none of these.
pub fn of_home(paths: &Paths) -> Vec<Part> {
    let mut found = Vec::new();
    let mut add = |purpose, paths: Vec<PathBuf>| {
        found.extend(paths.into_iter().filter_map(|path| Part::at(purpose, path)));
    };
    let database = paths.database.file_name().unwrap_or_default().to_string_lossy().into_owned();
    add(Purpose::Cache, vec![paths.index(), paths.report_cache()]);
    add(Purpose::Cache, beginning(&paths.cache_dir, &[UNFINISHED]));
    let log = &paths.log;
    add(Purpose::State, vec![log.clone(), log.with_extension("log.1"), paths.recordings.clone()]);
    add(Purpose::State, vec![paths.runtime_dir.clone(), paths.packs()]);
    add(Purpose::Progress, beginning(&paths.data_dir, &[&database, ".progress-", ".salvage-"]));
    add(Purpose::Progress, vec![paths.solutions.clone(), paths.recovered()]);
    add(Purpose::Completions, vec![paths.completions()]);
    // Last: what is left before that is still found by it. A linked one has its lock where it really is.
    let config = &paths.config_file;
    let real = files::real(config).unwrap_or_else(|_| config.clone());
    add(Purpose::Configuration, vec![config.with_extension("lock"), real.with_extension("lock")]);
    add(Purpose::Configuration, vec![paths.keys(), config.clone()]);
    found.dedup();
    found
}

/// What lies in a folder under names that begin so.
fn beginning(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
    let is_one = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        names.iter().any(|begin| name.starts_with(begin))
    };
    let mut found: Vec<_> = entries.map(|entry| entry.path()).filter(is_one).collect();
    found.sort();
    found
}

/// Removes the folders of a home that nothing is in any more, and gives what is in the others.
pub fn remove_empty_folders(paths: &Paths) -> Vec<PathBuf> {
    let config = paths.config_file.parent().unwrap_or(Path::new("")).to_owned();
    // The deepest first: elsewhere than here they lie in one another.
    let mut folders =
        vec![paths.state_dir.clone(), paths.cache_dir.clone(), paths.data_dir.clone(), config];
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.components().count()));
    let mut left = Vec::new();
    for folder in &folders {
        if fs::remove_dir(folder).is_err() {
            let entries = fs::read_dir(folder).into_iter().flatten().filter_map(io::Result::ok);
            left.extend(entries.map(|entry| entry.path()));
        }
    }
    left.retain(|path| !folders.contains(path));
    left.sort();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home with something at every place that [`Paths`] knows, and something of somebody else's in
    /// every folder.
    fn home() -> (tempfile::TempDir, Paths, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::under(folder.path());
        let lie = |path: &Path| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        };
        for path in [&paths.config_file, &paths.log, &paths.database, &paths.index()] {
            lie(path);
        }
        for folder in [
            paths.recordings.clone(),
            paths.solutions.clone(),
            paths.incidents(),
            paths.recovered(),
            paths.completions(),
            paths.report_cache(),
            paths.packs(),
            paths.keys(),
            paths.data_dir.join("progress.db.backups"),
        ] {
            lie(&folder.join("inside"));
        }
        let dirs = [&paths.data_dir, &paths.state_dir, &paths.cache_dir];
        let theirs: Vec<_> = dirs.iter().map(|dir| dir.join("theirs")).collect();
        theirs.iter().for_each(|path| lie(path));
        (folder, paths, theirs)
    }

    #[test]
    fn everything_of_ours_goes_and_nothing_else() {
        let (folder, paths, theirs) = home();
        for part in of_home(&paths) {
            part.remove().unwrap();
            part.remove().unwrap();
        }
        let mut theirs_sorted = theirs.clone();
        theirs_sorted.sort();
        assert_eq!(remove_empty_folders(&paths), theirs_sorted);
        for path in theirs {
            fs::remove_file(path).unwrap();
        }
        assert_eq!(remove_empty_folders(&paths), Vec::<PathBuf>::new());
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_link_goes_and_what_it_leads_to_stays() {
        let (_folder, paths, _) = home();
        let away = tempfile::tempdir().unwrap();
        fs::write(away.path().join("kept"), "x").unwrap();
        fs::remove_dir_all(&paths.recordings).unwrap();
        std::os::unix::fs::symlink(away.path(), &paths.recordings).unwrap();
        let parts = of_home(&paths);
        let linked = parts.iter().find(|part| part.path == paths.recordings).unwrap();
        linked.remove().unwrap();
        assert!(away.path().join("kept").exists() && !paths.recordings.exists());
    }

    #[test]
    fn the_configuration_goes_last() {
        let (_folder, paths, _) = home();
        let parts = of_home(&paths);
        assert_eq!(parts.last().unwrap().path, paths.config_file);
    }
}
