//! What a sync would do, found out without doing any of it.
//!
//! What is fetched goes into a folder of its own, and what is thought out into memory: neither the
//! repository's objects nor a branch, a file or the database are written.

use git2::{Oid, Repository};

use super::fault::Fault;
use super::git::Heads;
use super::refusal::Refusal;
use super::remote::Remote;
use super::repository::{self, Place};
use super::{Exchange, Report, Settings, files, git, union};
use crate::course::Catalogue;
use crate::store::Store;

/// Objects that are written while it is thought out go to memory, before all others.
const FIRST: i32 = 1000;

pub(super) async fn run(
    settings: &Settings,
    store: &Store,
    course: &Catalogue,
) -> Result<Report, Fault> {
    let trouble = |source| Fault::File { path: std::env::temp_dir(), source };
    let aside = tempfile::tempdir().map_err(trouble)?;
    let found = repository::open(&settings.folder)?;
    let place = match found {
        Some(_) => Place::open(&settings.folder, settings.chosen)?,
        // None is there: an empty one elsewhere stands for the one that would be made.
        None => Place::open(&aside.path().join("repository"), false)?,
    };
    place.must_be_at_rest()?;
    let objects = aside.path().join("objects");
    std::fs::create_dir_all(objects.join("pack")).map_err(trouble)?;
    let mut git = settings.git(&place.repository);
    git.aside = Some((objects.clone(), place.repository.path().join("objects")));

    let mut report = Report::new(&settings.folder, &place.branch);
    let remote =
        Remote::find(Some(&place.repository), settings.remote.as_deref(), Some(&place.branch));
    report.remote = remote.as_ref().map(Remote::shown);
    let mut theirs = None;
    let mut pushes = false;
    report.exchange = match &remote {
        None => Exchange::NoRemote,
        Some(remote) if settings.offline && !settings.is_local(&git, remote).await => {
            Exchange::Offline
        }
        Some(remote) => match look(&git, &place, remote).await {
            Ok((branch, at)) => {
                report.branch = branch;
                (theirs, pushes) = (at, true);
                Exchange::Done
            }
            Err(refusal) => Exchange::Failed(settings.error(Fault::Remote(refusal))),
        },
    };
    let repository = &place.repository;
    let odb = repository.odb()?;
    odb.add_disk_alternate(&objects.to_string_lossy())?;
    let _memory = odb.add_new_mempack_backend(FIRST)?;
    let head = place.head()?;
    let kept = store.completions(None)?;
    let think = |theirs: Option<Oid>| {
        let plan = union::plan(repository, head, theirs, &kept, course, "the remote's branch")?;
        let old = head.map(|head| union::tree_of(repository, head)).transpose()?;
        let new = repository.find_tree(plan.tree)?;
        let changes = files::look(repository, &place.root, old.as_ref(), &new)?;
        Ok::<_, Fault>((plan, changes))
    };
    let (plan, changes) = match think(theirs) {
        Err(fault @ (Fault::Conflict { .. } | Fault::Edited(_))) if theirs.is_some() => {
            report.exchange = Exchange::Failed(settings.error(fault));
            pushes = false;
            think(None)?
        }
        thought => thought?,
    };
    if let Some(theirs) = theirs {
        report.fetched = ahead(repository, theirs, head)?;
    }
    if pushes {
        let before = head.map_or(Ok(0), |head| ahead(repository, head, theirs))?;
        report.pushed = before + usize::from(plan.commit);
    }
    report.took(&plan, &changes);
    let new = super::unknown(store, &plan.completions)?;
    report.received = new.into_iter().map(|one| one.item).collect();
    report.queued = settings.stands(store)?.queued;
    Ok(report)
}

/// The remote's branch that ours goes to, and where it is; its objects are here afterwards.
async fn look(
    git: &git::Git,
    place: &Place,
    remote: &Remote,
) -> Result<(String, Option<Oid>), Refusal> {
    let heads: Heads = git.look(&remote.word).await?;
    let ours = if place.fresh { "" } else { &place.branch };
    let mut branch = remote.branch(&place.repository, ours, &heads);
    if branch.is_empty() {
        branch.clone_from(&place.branch);
    }
    let at = heads.branches.iter().find(|(name, _)| *name == branch);
    let at = at.and_then(|(_, commit)| Oid::from_str(commit).ok());
    if at.is_some() {
        git.fetch_objects(&remote.word, &branch).await?;
    }
    Ok((branch, at))
}

/// How many commits one has that the other has not.
fn ahead(repository: &Repository, one: Oid, other: Option<Oid>) -> Result<usize, Fault> {
    match other {
        Some(other) => Ok(repository.graph_ahead_behind(one, other)?.0),
        None => super::count_commits(repository, one),
    }
}
