//! Where things are kept, by the platform's conventions or under `DRYDOCK_HOME`.
//!
//! Folders are made on demand, readable by their owner only: transcripts of a learner's shell lie in
//! them. Nothing else of the program decides where a file goes.

use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use sha2::{Digest, Sha256};

use crate::platform::{files, process};
use crate::problem::{Exit, Problem};

/// The variable that puts everything under one folder.
pub const HOME_VARIABLE: &str = "DRYDOCK_HOME";

/// All places the program keeps things in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration.
    pub config_file: PathBuf,
    /// What must not be lost: progress.
    pub data_dir: PathBuf,
    /// What is nice to have: logs, recordings.
    pub state_dir: PathBuf,
    /// Sockets of running shells.
    pub runtime_dir: PathBuf,
    /// What can be made again.
    pub cache_dir: PathBuf,
    /// The log, in `state_dir`.
    pub log: PathBuf,
    /// Recordings of shells, in `state_dir`.
    pub recordings: PathBuf,
    /// Solutions that were written down, in `data_dir`.
    pub solutions: PathBuf,
    /// Progress, in `data_dir`.
    pub database: PathBuf,
    /// The native engine's sandboxes, in `state_dir`.
    pub native: PathBuf,
}

/// Why there is no place to keep things in.
#[derive(Debug, thiserror::Error)]
pub enum PathsError {
    /// There is neither a home folder nor `DRYDOCK_HOME`.
    #[error("this user has no home folder to keep anything in")]
    NoHome,
    /// A folder cannot be made.
    #[error("the folder {} cannot be made: {source}", .folder.display())]
    NotMade {
        /// The folder.
        folder: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl From<PathsError> for Problem {
    fn from(error: PathsError) -> Self {
        let kind = match error {
            PathsError::NoHome => "no_home",
            PathsError::NotMade { .. } => "no_folder",
        };
        Self::new(kind, Exit::Environment, error.to_string())
            .remedy(format!("export {HOME_VARIABLE}=/some/folder/of/yours"))
    }
}

impl Paths {
    /// The places for this user: under `DRYDOCK_HOME` if that is set and not empty.
    pub fn find() -> Result<Self, PathsError> {
        match std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            Some(home) => Ok(Self::under(Path::new(&home))),
            None => ProjectDirs::from("", "", "drydock")
                .map(|dirs| Self::of(&dirs))
                .ok_or(PathsError::NoHome),
        }
    }

    /// Everything under one folder.
    pub fn under(home: &Path) -> Self {
        // The engine labels and sockets made here must mean the same from every folder.
        let home = std::path::absolute(home).unwrap_or_else(|_| home.to_owned());
        let dir = |name| home.join(name);
        Self::new(&home, dir("data"), dir("state"), dir("cache"))
    }

    fn of(dirs: &ProjectDirs) -> Self {
        let data = dirs.data_dir();
        let state = dirs.state_dir().map_or_else(|| data.join("state"), Path::to_owned);
        Self::new(dirs.config_dir(), data.to_owned(), state, dirs.cache_dir().to_owned())
    }

    fn new(config: &Path, data_dir: PathBuf, state_dir: PathBuf, cache_dir: PathBuf) -> Self {
        Self {
            config_file: config.join("config.yaml"),
            database: data_dir.join("progress.db"),
            solutions: data_dir.join("solutions"),
            log: state_dir.join("drydock.log"),
            recordings: state_dir.join("recordings"),
            native: state_dir.join("native"),
            // Not XDG_RUNTIME_DIR: that is emptied when the user's last login ends, and a shell has
            // to be found again after a dropped SSH link.
            runtime_dir: state_dir.join("run"),
            data_dir,
            state_dir,
            cache_dir,
        }
    }

    /// The repository of completions, unless another folder was chosen.
    pub fn completions(&self) -> PathBuf {
        self.data_dir.join("completions")
    }

    /// Packs that are installed.
    pub fn packs(&self) -> PathBuf {
        self.data_dir.join("packs")
    }

    /// Public keys of people whose packs are known.
    pub fn keys(&self) -> PathBuf {
        self.config_file.with_file_name("keys")
    }

    /// The index of the content, for the first frame.
    pub fn index(&self) -> PathBuf {
        self.cache_dir.join("index")
    }

    /// Copies of a class's repositories.
    pub fn report_cache(&self) -> PathBuf {
        self.cache_dir.join("report")
    }

    /// Where the directors of incidents are found.
    pub fn incidents(&self) -> PathBuf {
        self.runtime_dir.join("incidents")
    }

    /// Texts that were written and not saved.
    pub fn recovered(&self) -> PathBuf {
        self.state_dir.join("author")
    }

    /// Makes a folder of these (or below them) if it is not there, readable by its owner only.
    pub fn make(&self, folder: &Path) -> Result<(), PathsError> {
        files::make_private(folder)
            .map_err(|source| PathsError::NotMade { folder: folder.to_owned(), source })
    }

    /// Whose sandboxes these are: 16 hex digits that differ between users, machines and homes, so
    /// that two people on one engine never touch each other's.
    pub fn owner(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(process::user());
        for part in [process::machine().as_os_str(), self.data_dir.as_os_str()] {
            hash.update([0]);
            hash.update(part.as_encoded_bytes());
        }
        let mut owner = format!("{:x}", hash.finalize());
        owner.truncate(16);
        owner
    }

    /// Whose the sandboxes are that content is proved in, on an engine of this name.
    pub fn owner_of_proofs(&self, engine: &str) -> String {
        format!("{}-prove-{engine}", self.owner())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_folder_can_hold_everything() {
        let paths = Paths::under(Path::new("/x"));
        assert_eq!(paths.config_file, Path::new("/x/config.yaml"));
        assert_eq!(paths.solutions, Path::new("/x/data/solutions"));
        assert_eq!(paths.database, Path::new("/x/data/progress.db"));
        assert_eq!(paths.log, Path::new("/x/state/drydock.log"));
        assert_eq!(paths.recordings, Path::new("/x/state/recordings"));
        assert_eq!(paths.runtime_dir, Path::new("/x/state/run"));
        assert_eq!(paths.cache_dir, Path::new("/x/cache"));
        assert!(Paths::under(Path::new("here")).data_dir.is_absolute());
    }

    #[test]
    fn conventions_are_followed_otherwise() {
        let dirs = ProjectDirs::from("", "", "drydock").unwrap();
        let paths = Paths::of(&dirs);
        assert!(paths.config_file.starts_with(dirs.config_dir()));
        assert!(paths.database.starts_with(dirs.data_dir()));
    }

    #[test]
    fn folders_are_private() {
        let home = tempfile::TempDir::new().unwrap();
        let paths = Paths::under(&home.path().join("a"));
        paths.make(&paths.runtime_dir).unwrap();
        paths.make(&paths.runtime_dir).unwrap();
        for folder in [&paths.state_dir, &paths.runtime_dir] {
            let mode = std::fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn owners_differ_between_homes_and_stay_the_same() {
        let owner = |home| Paths::under(Path::new(home)).owner();
        assert_eq!(owner("/a"), owner("/a"));
        assert_ne!(owner("/a"), owner("/b"));
        assert_eq!(owner("/a").len(), 16);
        assert!(owner("/a").bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
