//! A git repository of completions that the learner owns, kept the same as the progress database and
//! as its remote.
//!
//! What is local goes through libgit2 and on trees ([`union`]): the learner's index, staged changes and
//! edits take no part in what is committed, and stay ([`files`]). The network is the user's own `git`
//! ([`git`]). The database is the truth: a completion is in it before it is here, and one that is not
//! at the remote yet is found by looking, so that nothing has to be kept about what was sent.
//! Nothing is ever forced.

pub mod completion;
mod dry;
mod fault;
mod files;
mod git;
mod pages;
mod refusal;
mod remote;
mod repository;
mod union;

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{Oid, Repository};

pub use self::fault::{Fault, SyncError};
use self::git::{Git, Heads};
pub use self::git::{NO_PROGRAM, never_asks, ssh_is_set};
pub use self::refusal::Refusal;
use self::remote::Remote;
pub use self::remote::address;
use self::repository::Place;
use self::union::Plan;
use crate::course::Catalogue;
use crate::store::{AttemptId, Completed, Store};

/// How often others may push between our fetch and our push.
const TRIES: u32 = 5;

/// How long one call of git may take, unless told otherwise.
pub const LIMIT: Duration = Duration::from_mins(2);

/// What to sync, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The repository's folder.
    pub folder: PathBuf,
    /// Whether the user chose it.
    pub chosen: bool,
    /// The remote that the configuration says.
    pub remote: Option<String>,
    /// Whether the network may not be used.
    pub offline: bool,
    /// How long one call of git may take.
    pub limit: Duration,
    /// A program, with its first arguments, that runs another one apart from the terminal.
    pub apart: Vec<OsString>,
    /// Whether another drydock that syncs is waited for.
    pub wait: bool,
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The remote is asked what is new.
    Fetching,
    /// Completions, pages and the branch are written.
    Writing,
    /// The remote gets what is new here.
    Pushing,
}

/// How it went with the remote.
#[derive(Debug)]
pub enum Exchange {
    /// Both have the same.
    Done,
    /// There is no remote.
    NoRemote,
    /// The network may not be used.
    Offline,
    /// It was not done, and why.
    Failed(SyncError),
}

/// What was done, or would be.
#[derive(Debug)]
pub struct Report {
    /// The repository's folder.
    pub folder: PathBuf,
    /// The branch, as the remote calls it.
    pub branch: String,
    /// The remote's address, without a password in it.
    pub remote: Option<String>,
    /// Completions that were written, by the items they are of, in order.
    pub written: Vec<String>,
    /// Files that were written: completions and pages.
    pub files: Vec<String>,
    /// Completions made elsewhere that are done here now, by their items.
    pub received: Vec<String>,
    /// Commits of the remote's that came.
    pub fetched: usize,
    /// Commits that the remote got.
    pub pushed: usize,
    /// Files that stay as they are, and why.
    pub left: Vec<(String, String)>,
    /// Completions that the remote does not have yet.
    pub queued: usize,
    /// Whether commits are made in nobody's name.
    pub nameless: bool,
    /// How it went with the remote.
    pub exchange: Exchange,
}

/// How a repository stands, as far as can be told without a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The repository's folder.
    pub folder: PathBuf,
    /// The remote's address, without a password in it.
    pub remote: Option<String>,
    /// Completions that are not there yet.
    pub queued: usize,
}

impl Settings {
    /// Syncs: writes, fetches, merges, pushes. What was done is told even where the remote was not
    /// reached or refused; an error is that nothing could be done.
    pub async fn run(
        &self,
        store: &Store,
        course: &Catalogue,
        tell: &dyn Fn(Stage),
    ) -> Result<Report, SyncError> {
        self.sync(store, course, tell).await.map_err(|fault| self.error(fault))
    }

    /// What [`Settings::run`] would do. Neither the repository nor the database changes; the network
    /// is looked at, unless it may not be used.
    pub async fn foresee(&self, store: &Store, course: &Catalogue) -> Result<Report, SyncError> {
        dry::run(self, store, course).await.map_err(|fault| self.error(fault))
    }

    /// How things stand. A repository that cannot be read has nothing yet.
    pub fn standing(&self, store: &Store) -> Result<Standing, SyncError> {
        self.stands(store).map_err(|fault| self.error(fault))
    }

    fn stands(&self, store: &Store) -> Result<Standing, Fault> {
        let repository = repository::open(&self.folder)?;
        let branch = repository.as_ref().and_then(|it| repository::branch_of(it).ok());
        let remote = Remote::find(repository.as_ref(), self.remote.as_deref(), branch.as_deref());
        let ids = || -> Result<HashSet<AttemptId>, Fault> {
            let Some(repository) = &repository else { return Ok(HashSet::new()) };
            let at = match (&remote, &branch) {
                (Some(remote), Some(branch)) => known(repository, remote, branch),
                _ => repository::head(repository)?,
            };
            at.map_or_else(|| Ok(HashSet::new()), |commit| union::ids_at(repository, commit))
        };
        let queued = missing(store, &ids()?)?;
        let remote = remote.map(|remote| remote.shown());
        Ok(Standing { folder: self.folder.clone(), remote, queued })
    }

    fn error(&self, fault: Fault) -> SyncError {
        SyncError { folder: self.folder.clone(), fault }
    }

    fn git(&self, repository: &Repository) -> Git {
        let config = repository.config();
        let own_ssh = config.is_ok_and(|config| config.get_string("core.sshCommand").is_ok());
        Git {
            apart: self.apart.clone(),
            directory: repository.path().to_owned(),
            folder: repository.workdir().unwrap_or(&self.folder).to_owned(),
            limit: self.limit,
            aside: None,
            own_ssh: own_ssh || ssh_is_set(),
        }
    }

    async fn sync(
        &self,
        store: &Store,
        course: &Catalogue,
        tell: &dyn Fn(Stage),
    ) -> Result<Report, Fault> {
        let mut place = Place::open(&self.folder, self.chosen)?;
        let _lock = place.lock(self.wait).await?;
        place.must_be_at_rest()?;
        let git = self.git(&place.repository);
        let mut report = Report::new(&self.folder, &place.branch);
        let mut tries = 0;
        report.exchange = loop {
            let remote = self.remote_of(&mut place)?;
            report.remote = remote.as_ref().map(Remote::shown);
            let (theirs, failed) = match &remote {
                None => (None, Some(Exchange::NoRemote)),
                Some(remote) => match self.fetch(&git, &mut place, remote, tell).await {
                    Ok(theirs) => (Some(theirs), None),
                    Err(exchange) => (None, Some(exchange)),
                },
            };
            tell(Stage::Writing);
            let at = theirs.as_ref().and_then(|theirs| theirs.at);
            let branch = theirs.as_ref().map_or(&place.branch, |theirs| &theirs.branch);
            report.branch.clone_from(branch);
            let name = theirs.as_ref().map_or("", |theirs| &theirs.reference);
            match write(&place, at, name, store, course, &mut report) {
                Ok(()) => {}
                // The learner's own files are in the way: what is ours is kept here for now.
                Err(fault @ (Fault::Conflict { .. } | Fault::Edited(_))) if at.is_some() => {
                    write(&place, None, name, store, course, &mut report)?;
                    if let Some(theirs) = at {
                        let theirs = union::completions_at(&place.repository, theirs)?;
                        report.receive(store, &theirs)?;
                    }
                    break Exchange::Failed(self.error(fault));
                }
                Err(Fault::Moved) if tries + 1 < TRIES => {
                    tries += 1;
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            let (Some(remote), Some(theirs)) = (&remote, theirs) else {
                break failed.unwrap_or(Exchange::NoRemote);
            };
            match self.push(&git, &place, remote, &theirs, &mut report, tell).await {
                Ok(()) => break Exchange::Done,
                Err(Fault::Remote(Refusal::Rejected)) if tries + 1 < TRIES => tries += 1,
                Err(Fault::Remote(Refusal::Rejected)) => {
                    break Exchange::Failed(self.error(Fault::Contended));
                }
                Err(fault) => break Exchange::Failed(self.error(fault)),
            }
        };
        report.queued = self.stands(store)?.queued;
        Ok(report)
    }

    /// The remote; one that the configuration says gets a name in a repository that has none.
    fn remote_of(&self, place: &mut Place) -> Result<Option<Remote>, Fault> {
        let configured = self.remote.as_deref();
        if let Some(url) = configured
            && place.repository.remotes()?.is_empty()
        {
            place.repository.remote("origin", url)?;
        }
        Ok(Remote::find(Some(&place.repository), configured, Some(&place.branch)))
    }

    /// What the remote has now.
    async fn fetch(
        &self,
        git: &Git,
        place: &mut Place,
        remote: &Remote,
        tell: &dyn Fn(Stage),
    ) -> Result<Theirs, Exchange> {
        let failed = |fault: Fault| Exchange::Failed(self.error(fault));
        let refused = |refusal: Refusal| failed(Fault::Remote(refusal));
        if self.offline && !self.is_local(git, remote).await {
            return Err(Exchange::Offline);
        }
        tell(Stage::Fetching);
        git.fetch(&remote.word, &remote.refs()).await.map_err(refused)?;
        let mut heads = heads_of(&place.repository, remote).map_err(failed)?;
        let known = heads.branches.iter().any(|(name, _)| *name == place.branch);
        if !heads.branches.is_empty() && (!known || place.fresh) {
            heads.default = git.look(&remote.word).await.map_err(refused)?.default;
        }
        if place.fresh && place.head().map_err(failed)?.is_none() {
            // Nothing is here yet: the branch is called as the remote calls it.
            let unnamed =
                Heads { branches: heads.branches.clone(), default: heads.default.clone() };
            let name = remote.branch(&place.repository, "", &unnamed);
            if !name.is_empty() && name != place.branch {
                let head = format!("refs/heads/{name}");
                place.repository.set_head(&head).map_err(|error| failed(error.into()))?;
                place.branch = name;
            }
        }
        let branch = remote.branch(&place.repository, &place.branch, &heads);
        let reference = format!("{}/{branch}", remote.refs());
        let at = place.repository.refname_to_id(&reference).ok();
        Ok(Theirs { branch, reference, at })
    }

    async fn is_local(&self, git: &Git, remote: &Remote) -> bool {
        // The user's configuration may lead an address somewhere else.
        let address = git.address(&remote.word).await;
        address.is_ok_and(|address| remote::is_local(&address))
    }

    /// Gives the remote what it does not have.
    async fn push(
        &self,
        git: &Git,
        place: &Place,
        remote: &Remote,
        theirs: &Theirs,
        report: &mut Report,
        tell: &dyn Fn(Stage),
    ) -> Result<(), Fault> {
        let Some(head) = place.head()? else { return Ok(()) };
        if theirs.at != Some(head) {
            tell(Stage::Pushing);
            let commit = head.to_string();
            git.push(&remote.word, &commit, &theirs.branch).await.map_err(Fault::Remote)?;
            place.repository.reference(&theirs.reference, head, true, "drydock: pushed")?;
            report.pushed = match theirs.at {
                Some(theirs) => place.repository.graph_ahead_behind(head, theirs)?.0,
                None => count_commits(&place.repository, head)?,
            };
        }
        remote.follow(&place.repository, &place.branch, &theirs.branch)
    }
}

/// Brings the repository to what both sides have.
fn write(
    place: &Place,
    theirs: Option<Oid>,
    theirs_name: &str,
    store: &Store,
    course: &Catalogue,
    report: &mut Report,
) -> Result<(), Fault> {
    let repository = &place.repository;
    let head = place.head()?;
    let kept = store.completions(None)?;
    let plan = union::plan(repository, head, theirs, &kept, course, theirs_name)?;
    let old = head.map(|head| union::tree_of(repository, head)).transpose()?;
    let new = repository.find_tree(plan.tree)?;
    let changes = files::look(repository, &place.root, old.as_ref(), &new)?;
    let commit = match plan.parents[..] {
        [only] if !plan.commit => only,
        _ => {
            let (author, committer, told) = place.identity()?;
            report.nameless = !told;
            let parents = plan.parents.iter().map(|id| repository.find_commit(*id));
            let parents = parents.collect::<Result<Vec<_>, _>>()?;
            let message = message(&plan);
            let parents: Vec<_> = parents.iter().collect();
            repository.commit(None, &author, &committer, &message, &new, &parents)?
        }
    };
    if head != Some(commit) {
        files::put(repository, &place.root, &changes, commit, &new)?;
        let name = format!("refs/heads/{}", place.branch);
        let log = "drydock: sync";
        match head {
            Some(head) => repository.reference_matching(&name, commit, true, head, log)?,
            None => repository.reference(&name, commit, false, log)?,
        };
    }
    files::done(repository);
    if let (Some(theirs), Some(head)) = (theirs, head) {
        report.fetched += repository.graph_ahead_behind(theirs, head)?.0;
    } else if let Some(theirs) = theirs {
        report.fetched += count_commits(repository, theirs)?;
    }
    report.took(&plan, &changes);
    report.receive(store, &plan.completions)
}

/// The remote's branch that ours goes to.
struct Theirs {
    branch: String,
    /// Where it is kept here.
    reference: String,
    at: Option<Oid>,
}

impl Report {
    fn new(folder: &Path, branch: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            branch: branch.to_owned(),
            remote: None,
            written: Vec::new(),
            files: Vec::new(),
            received: Vec::new(),
            fetched: 0,
            pushed: 0,
            left: Vec::new(),
            queued: 0,
            nameless: false,
            exchange: Exchange::NoRemote,
        }
    }

    fn took(&mut self, plan: &Plan, changes: &files::Changes) {
        self.written.extend(plan.added.iter().map(|(_, one)| one.item.clone()));
        self.files.extend(plan.added.iter().map(|(path, _)| path.clone()));
        self.files.extend(plan.pages.iter().cloned());
        self.left.clone_from(&plan.passed_over);
        let edited = "it has edits of yours that are not committed".to_owned();
        let left = changes.left.iter().map(|change| change.path.display().to_string());
        self.left.extend(left.map(|path| (path, edited.clone())));
        self.left.sort();
        self.files.sort();
        self.files.dedup();
    }

    /// What was made elsewhere is done here, too.
    fn receive(&mut self, store: &Store, completions: &[Completed]) -> Result<(), Fault> {
        let new = unknown(store, completions)?;
        if !new.is_empty() {
            store.add_completions(&new)?;
            self.received.extend(new.into_iter().map(|one| one.item));
        }
        Ok(())
    }
}

/// Those that the database does not have.
fn unknown(store: &Store, completions: &[Completed]) -> Result<Vec<Completed>, Fault> {
    let here: HashSet<_> = store.completions(None)?.into_iter().map(|one| one.id).collect();
    Ok(completions.iter().filter(|one| !here.contains(&one.id)).cloned().collect())
}

/// How many completions are not among these.
fn missing(store: &Store, there: &HashSet<AttemptId>) -> Result<usize, Fault> {
    Ok(store.completions(None)?.iter().filter(|one| !there.contains(&one.id)).count())
}

/// The remote's branches, as they were fetched last.
fn heads_of(repository: &Repository, remote: &Remote) -> Result<Heads, Fault> {
    let prefix = format!("{}/", remote.refs());
    let mut heads = Heads::default();
    for reference in repository.references_glob(&format!("{prefix}*"))? {
        let reference = reference?;
        if let (Ok(name), Some(at)) = (reference.name(), reference.target()) {
            let name = name.strip_prefix(&prefix).unwrap_or(name);
            heads.branches.push((name.to_owned(), at.to_string()));
        }
    }
    Ok(heads)
}

/// The commit of the remote's that was seen last.
fn known(repository: &Repository, remote: &Remote, branch: &str) -> Option<Oid> {
    let heads = heads_of(repository, remote).ok()?;
    let branch = remote.branch(repository, branch, &heads);
    repository.refname_to_id(&format!("{}/{branch}", remote.refs())).ok()
}

fn count_commits(repository: &Repository, from: Oid) -> Result<usize, Fault> {
    let mut walk = repository.revwalk()?;
    walk.push(from)?;
    Ok(walk.count())
}

/// A commit's message.
fn message(plan: &Plan) -> String {
    let items: BTreeSet<_> = plan.added.iter().map(|(_, one)| one.item.as_str()).collect();
    let items: Vec<_> = items.into_iter().collect();
    let merged = plan.parents.len() > 1;
    let first = match (&items[..], merged) {
        ([], true) => "Merge what was completed elsewhere".to_owned(),
        ([], false) => "Write the pages anew".to_owned(),
        ([one], _) => format!("Complete {one}"),
        (more, _) => format!("Complete {} items", more.len()),
    };
    let mut text = format!("{first}\n");
    if items.len() > 1 {
        text.push('\n');
        items.iter().take(50).for_each(|item| text.extend(["- ", item, "\n"]));
    }
    text
}
