//! The repository as it is found: opened or made, and fit to be written or not.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{ErrorCode, Oid, Repository, RepositoryInitOptions, RepositoryState, Signature};

use super::fault::Fault;
use crate::platform::files;

/// How long another drydock is waited for: its network has a limit too, and this is beyond it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked for meanwhile.
const INTERVAL: Duration = Duration::from_millis(50);

/// The lock, in `.git`: held by the one drydock that syncs.
const LOCK: &str = "drydock.lock";

/// Whose commits they are where nobody has told git.
const NOBODY: (&str, &str) = ("drydock", "drydock@localhost");

/// The repository, its root, and what was found out about it.
pub(super) struct Place {
    pub(super) repository: Repository,
    /// The folder of its files.
    pub(super) root: PathBuf,
    /// The branch that is checked out, which may have no commit yet.
    pub(super) branch: String,
    /// Whether it was made just now.
    pub(super) fresh: bool,
}

/// Opens the repository in a folder; `None` where there is none.
pub(super) fn open(folder: &Path) -> Result<Option<Repository>, Fault> {
    match Repository::open(folder) {
        Ok(repository) => Ok(Some(repository)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl Place {
    /// The repository in a folder, made if there is none. A folder that the user chose is not made a
    /// repository inside another one.
    pub(super) fn open(folder: &Path, chosen: bool) -> Result<Self, Fault> {
        if let Some(repository) = open(folder)? {
            return Self::of(repository, false);
        }
        if chosen
            && let Ok(outer) = Repository::discover(existing(folder))
            && let Some(root) = outer.workdir()
        {
            return Err(Fault::Inside(root.to_owned()));
        }
        let trouble = |source| Fault::File { path: folder.to_owned(), source };
        files::make_private(folder).map_err(trouble)?;
        // One drydock makes it; where a folder cannot be locked, the other's next try is as good.
        let _making = files::lock_folder(folder).map_err(trouble)?;
        if let Some(repository) = open(folder)? {
            return Self::of(repository, false);
        }
        let mut options = RepositoryInitOptions::new();
        options.no_reinit(false).mkdir(false);
        let branch = git2::Config::open_default()
            .and_then(|config| config.get_string("init.defaultBranch"))
            .unwrap_or_else(|_| "main".to_owned());
        options.initial_head(&branch);
        Self::of(Repository::init_opts(folder, &options)?, true)
    }

    fn of(repository: Repository, fresh: bool) -> Result<Self, Fault> {
        // First, since a rebase leaves no branch checked out.
        at_rest(&repository)?;
        let Some(root) = repository.workdir().map(Path::to_owned) else { return Err(Fault::Bare) };
        let branch = branch_of(&repository)?;
        Ok(Self { repository, root, branch, fresh })
    }

    /// Takes the lock; waits a while for another drydock that has it, or not at all.
    pub(super) async fn lock(&self, wait: bool) -> Result<File, Fault> {
        let path = self.repository.path().join(LOCK);
        let open = files::options(0o600).write(true).create(true).truncate(false).open(&path);
        let file = open.map_err(|source| Fault::File { path: path.clone(), source })?;
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(source)) => return Err(Fault::File { path, source }),
                Err(TryLockError::WouldBlock) if wait && tokio::time::Instant::now() < until => {
                    tokio::time::sleep(INTERVAL).await;
                }
                Err(TryLockError::WouldBlock) => return Err(Fault::Syncing),
            }
        }
    }

    /// Refuses a repository in which somebody is in the middle of something.
    pub(super) fn must_be_at_rest(&self) -> Result<(), Fault> {
        at_rest(&self.repository)
    }

    /// The commit that the branch is at.
    pub(super) fn head(&self) -> Result<Option<Oid>, Fault> {
        head(&self.repository)
    }

    /// Whose commits they are, and whether git was told.
    pub(super) fn identity(&self) -> Result<(Signature<'static>, Signature<'static>, bool), Fault> {
        let told = (self.repository.author_from_env(), self.repository.committer_from_env());
        if let (Ok(author), Ok(committer)) = told {
            return Ok((author, committer, true));
        }
        let nobody = Signature::now(NOBODY.0, NOBODY.1)?;
        Ok((nobody.clone(), nobody, false))
    }
}

fn at_rest(repository: &Repository) -> Result<(), Fault> {
    let under_way = match repository.state() {
        RepositoryState::Clean => None,
        RepositoryState::Merge => Some("merge"),
        RepositoryState::Revert | RepositoryState::RevertSequence => Some("revert"),
        RepositoryState::CherryPick | RepositoryState::CherryPickSequence => Some("cherry-pick"),
        RepositoryState::Bisect => Some("bisect"),
        RepositoryState::Rebase
        | RepositoryState::RebaseInteractive
        | RepositoryState::RebaseMerge => Some("rebase"),
        RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => Some("am"),
    };
    if let Some(what) = under_way {
        return Err(Fault::UnderWay(what));
    }
    let lock = repository.path().join("index.lock");
    if lock.exists() {
        return Err(Fault::Locked(lock));
    }
    Ok(())
}

/// The commit that `HEAD` is at; `None` before the first.
pub(super) fn head(repository: &Repository) -> Result<Option<Oid>, Fault> {
    match repository.head() {
        Ok(reference) => Ok(Some(reference.peel_to_commit()?.id())),
        Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// The branch that is checked out.
pub(super) fn branch_of(repository: &Repository) -> Result<String, Fault> {
    let head = repository.find_reference("HEAD")?;
    let target = head.symbolic_target()?;
    let branch = target.and_then(|name| name.strip_prefix("refs/heads/"));
    branch.map(str::to_owned).ok_or(Fault::Detached)
}

/// The folder itself or the nearest one above that is there.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder)
}
