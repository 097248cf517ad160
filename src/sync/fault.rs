//! What keeps a sync from being done, told with the way out. Whatever it is, completions stay where
//! they were made.

use std::io;
use std::path::{Path, PathBuf};

use super::refusal::Refusal;
use crate::problem::{Exit, Problem};
use crate::store::StoreError;

/// A sync that was not done, and in which repository.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct SyncError {
    /// The repository's folder.
    pub folder: PathBuf,
    /// What happened.
    pub fault: Fault,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The repository cannot be read or written.
    #[error("the repository of completions cannot be used: {}", .0.message())]
    Repository(git2::Error),
    /// A file of it cannot be read or written.
    #[error("{} cannot be written: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// Where a folder has to be, there is a file, a link or another repository.
    #[error("{0} is no folder in the repository of completions, and nothing is written through it")]
    NotAFolder(String),
    /// The folder is inside somebody's other repository.
    #[error("the folder is a part of another repository, {}", .0.display())]
    Inside(PathBuf),
    /// It has no files, only history.
    #[error("the repository of completions is a bare one: it has no files to write")]
    Bare,
    /// A merge, a rebase or the like of the learner's own is under way.
    #[error("a {0} is under way in the repository of completions")]
    UnderWay(&'static str),
    /// There are conflicts that nobody has resolved.
    #[error("the repository of completions has conflicts that are not resolved")]
    Unresolved,
    /// No branch is checked out.
    #[error("no branch is checked out in the repository of completions")]
    Detached,
    /// A lock of git's is there.
    #[error("another git is at work in the repository of completions, or was killed there")]
    Locked(PathBuf),
    /// Another drydock syncs.
    #[error("another drydock is syncing and does not come to an end")]
    Syncing,
    /// The learner's own files were changed here and elsewhere.
    #[error("{} changed here and elsewhere, and git cannot merge that", several(.paths))]
    Conflict {
        /// The files.
        paths: Vec<String>,
        /// What to merge with.
        theirs: String,
    },
    /// The learner's own files changed elsewhere, and are being edited here.
    #[error("{} changed elsewhere, and has edits here that are not committed", several(.0))]
    Edited(Vec<String>),
    /// Somebody committed meanwhile; it is worth another try.
    #[error("the repository of completions changes while it is synced")]
    Moved,
    /// The remote was changed by others each time.
    #[error("others push to the remote again and again")]
    Contended,
    /// What the user's git said.
    #[error("{0}")]
    Remote(Refusal),
    /// Progress cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<git2::Error> for Fault {
    fn from(error: git2::Error) -> Self {
        let named = |error: &git2::Error| {
            let file = error.message().split('\'').nth(1).map(PathBuf::from);
            file.filter(|file| file.extension().is_some_and(|ending| ending == "lock"))
        };
        match (error.code(), named(&error)) {
            (git2::ErrorCode::Locked, Some(lock)) => Self::Locked(lock),
            (git2::ErrorCode::Modified, _) => Self::Moved,
            _ => Self::Repository(error),
        }
    }
}

impl Fault {
    /// A stable word for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Repository(_) | Self::File { .. } => "sync_repository",
            Self::NotAFolder(_) | Self::Inside(_) | Self::Bare => "sync_folder",
            Self::UnderWay(_) | Self::Unresolved | Self::Detached => "sync_state",
            Self::Locked(_) | Self::Syncing | Self::Moved => "sync_busy",
            Self::Conflict { .. } | Self::Edited(_) => "sync_conflict",
            Self::Contended => "sync_rejected",
            Self::Remote(refusal) => refusal.kind(),
            Self::Store(_) => "store",
        }
    }

    /// Whether it is as good as being offline: it may work by itself the next time.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::Remote(refusal) if refusal.is_offline())
    }

    /// Whether another try, later, may be all that it takes.
    pub fn passes(&self) -> bool {
        self.is_offline()
            || matches!(self, Self::Locked(_) | Self::Syncing | Self::Moved | Self::Contended)
    }

    /// The way out.
    fn remedy(&self, folder: &Path) -> Option<String> {
        let git = |command: &str| format!("git -C {} {command}", word(folder));
        let then = "then drydock sync";
        Some(match self {
            Self::Repository(error) if error.code() == git2::ErrorCode::Owner => {
                format!("git config --global --add safe.directory {}", word(folder))
            }
            Self::Repository(_) => {
                format!("look with: {}; completions are kept meanwhile", git("status"))
            }
            Self::File { .. } => "make room or give the right to write there, then drydock sync; \
                completions are kept meanwhile"
                .to_owned(),
            Self::NotAFolder(path) => {
                format!("move {path} away in {} and commit that, {then}", folder.display())
            }
            Self::Inside(root) => {
                format!("drydock config set sync.folder {}, or another folder", word(root))
            }
            Self::Bare => "drydock config set sync.folder FOLDER, a clone with files".to_owned(),
            Self::UnderWay(what) => {
                format!("end it with {} --continue or --abort, {then}", git(what))
            }
            Self::Unresolved => format!("resolve them: {}, {then}", git("status")),
            Self::Detached => format!("{}, {then}", git("switch BRANCH")),
            Self::Locked(lock) => {
                format!("if no git is running there, remove {}", lock.display())
            }
            Self::Syncing | Self::Moved | Self::Contended => "drydock sync, in a while".to_owned(),
            Self::Conflict { theirs, .. } => {
                let merge = format!("merge --allow-unrelated-histories {theirs}");
                format!("merge it by hand: {}, {then}", git(&merge))
            }
            Self::Edited(_) => {
                format!("commit or stash them: {}, {then}", git("stash"))
            }
            Self::Remote(refusal) => refusal.remedy(folder),
            Self::Store(_) => return None,
        })
    }
}

impl From<SyncError> for Problem {
    fn from(error: SyncError) -> Self {
        let remedy = error.fault.remedy(&error.folder);
        if let Fault::Store(error) = error.fault {
            return error.into();
        }
        let problem = Self::new(error.fault.kind(), Exit::Environment, sentence(&error.fault));
        match remedy {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    }
}

/// With a capital letter, unless it begins with a file's name or an address.
fn sentence(fault: &Fault) -> String {
    let mut text = fault.to_string();
    let named = matches!(fault, Fault::Conflict { .. } | Fault::Edited(_) | Fault::NotAFolder(_));
    let first = text.split(' ').next().unwrap_or_default();
    let letter = 1.min(first.len());
    if !named && first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        text[..letter].make_ascii_uppercase();
    }
    text
}

/// The first of several files, and how many more there are.
fn several(paths: &[String]) -> String {
    match paths {
        [] => "a file".to_owned(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} (and {} more)", rest.len()),
    }
}

/// A path as a word for a shell.
pub(super) fn word(path: &Path) -> String {
    crate::course::shell_word(&path.display().to_string())
}
