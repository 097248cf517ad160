//! What the repository is to hold: everybody's completions, the pages made of them, and the learner's
//! own files as git merges them.
//!
//! Completions are a union by construction: a file that either side has is there afterwards, whatever
//! became of the other side. Pages of ours are made anew rather than merged. All of this happens on
//! trees of the object database; neither branch nor file is touched here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, MergeOptions, ObjectType, Oid, Repository, Tree, TreeEntry};

use super::completion::{self, FOLDER, MAX_FILE};
use super::fault::Fault;
use super::pages;
use crate::course::Catalogue;
use crate::store::{AttemptId, Completed};

/// Completions that are read: thirty a day for ten years.
const MAX_COMPLETIONS: usize = 100_000;

/// What is to become of the repository.
#[derive(Debug)]
pub(super) struct Plan {
    /// The tree.
    pub(super) tree: Oid,
    /// The commits it follows from.
    pub(super) parents: Vec<Oid>,
    /// Whether it takes a commit; if not, the only parent is all of it.
    pub(super) commit: bool,
    /// Completions that are added from the store, by their paths.
    pub(super) added: Vec<(String, Completed)>,
    /// Pages that are written.
    pub(super) pages: Vec<String>,
    /// Every completion that is there afterwards.
    pub(super) completions: Vec<Completed>,
    /// What cannot be used, and why: it stays as it is.
    pub(super) passed_over: Vec<(String, String)>,
}

/// What of a tree is ours.
#[derive(Debug, Default)]
pub(super) struct Ours {
    /// Files of completions.
    completions: BTreeMap<String, Oid>,
    /// Pages.
    pages: BTreeMap<String, Oid>,
}

/// Thinks out what is to become of a repository whose branch is at `head`, when the remote's is at
/// `theirs` and the store has these completions.
pub(super) fn plan(
    repository: &Repository,
    head: Option<Oid>,
    theirs: Option<Oid>,
    kept: &[Completed],
    course: &Catalogue,
    theirs_name: &str,
) -> Result<Plan, Fault> {
    let follows = |later: Oid, earlier: Oid| {
        Ok::<_, Fault>(later == earlier || repository.graph_descendant_of(later, earlier)?)
    };
    let (parents, base, merged) = match (head, theirs) {
        (None, None) => (vec![], empty(repository)?, false),
        (Some(one), None) | (None, Some(one)) => (vec![one], tree_of(repository, one)?, false),
        (Some(head), Some(theirs)) if follows(head, theirs)? => {
            (vec![head], tree_of(repository, head)?, false)
        }
        (Some(head), Some(theirs)) if follows(theirs, head)? => {
            (vec![theirs], tree_of(repository, theirs)?, false)
        }
        (Some(head), Some(theirs)) => {
            let merged = merge(repository, head, theirs, theirs_name)?;
            (vec![head, theirs], merged, true)
        }
    };
    let ours = ours_in(repository, &base)?;
    let mut update = TreeUpdateBuilder::new();
    let mut passed_over = Vec::new();

    let present: HashSet<AttemptId> =
        ours.completions.keys().filter_map(|path| completion::id_of(path)).collect();
    let module = |item: &str| course.item(item).map(|item| item.module.as_str());
    let mut added = Vec::new();
    let mut folders = BTreeSet::new();
    for one in kept.iter().filter(|one| !present.contains(&one.id)) {
        let path = completion::path_of(one, module(&one.item));
        folders.extend(path.rsplit_once('/').map(|(folder, _)| folder.to_owned()));
        if base.get_path(Path::new(&path)).is_ok() {
            passed_over.push((path, "something that is no file is in its place".to_owned()));
            continue;
        }
        let blob = repository.blob(completion::to_text(one).as_bytes())?;
        update.upsert(&*path, blob, FileMode::Blob);
        added.push((path, one.clone()));
    }
    for folder in &folders {
        must_be_folders(&base, folder)?;
    }

    let mut completions = read(repository, &ours, &mut passed_over)?;
    completions.extend(added.iter().map(|(_, one)| one.clone()));
    let anew = merged || !added.is_empty();
    let mut written = Vec::new();
    for (path, text) in pages::all(course, &completions) {
        let there = base.get_path(Path::new(&path)).ok();
        match (&there, ours.pages.get(&path)) {
            (Some(_), None) => {
                passed_over.push((path, "it is a page of yours, not drydock's".to_owned()));
                continue;
            }
            (Some(_), Some(_)) if !anew => continue,
            _ => {}
        }
        if let Some((folder, _)) = path.rsplit_once('/') {
            must_be_folders(&base, folder)?;
        }
        let blob = repository.blob(text.as_bytes())?;
        if ours.pages.get(&path) != Some(&blob) {
            update.upsert(&*path, blob, FileMode::Blob);
            written.push(path);
        }
    }
    let changed = !added.is_empty() || !written.is_empty();
    let tree = if changed { update.create_updated(repository, &base)? } else { base.id() };
    let commit = changed || merged || parents.is_empty();
    Ok(Plan { tree, parents, commit, added, pages: written, completions, passed_over })
}

/// The completions that a commit holds, as far as their files' names tell.
pub(super) fn ids_at(repository: &Repository, commit: Oid) -> Result<HashSet<AttemptId>, Fault> {
    let ours = completions_in(repository, &tree_of(repository, commit)?)?;
    Ok(ours.keys().filter_map(|path| completion::id_of(path)).collect())
}

/// The completions that can be read at a commit.
pub(super) fn completions_at(
    repository: &Repository,
    commit: Oid,
) -> Result<Vec<Completed>, Fault> {
    let completions = completions_in(repository, &tree_of(repository, commit)?)?;
    read(repository, &Ours { completions, ..Ours::default() }, &mut Vec::new())
}

pub(super) fn tree_of(repository: &Repository, commit: Oid) -> Result<Tree<'_>, Fault> {
    Ok(repository.find_commit(commit)?.tree()?)
}

fn empty(repository: &Repository) -> Result<Tree<'_>, Fault> {
    let id = repository.treebuilder(None)?.write()?;
    Ok(repository.find_tree(id)?)
}

/// Each part of a path that is there must be a folder.
fn must_be_folders(tree: &Tree<'_>, folder: &str) -> Result<(), Fault> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    for part in ends.map(|end| &folder[..end]) {
        match tree.get_path(Path::new(part)) {
            Ok(entry) if entry.kind() != Some(ObjectType::Tree) => {
                return Err(Fault::NotAFolder(part.to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What of a tree is ours.
fn ours_in(repository: &Repository, tree: &Tree<'_>) -> Result<Ours, Fault> {
    let mut ours = Ours { completions: completions_in(repository, tree)?, ..Ours::default() };
    let mut keep = |path: String, entry: &TreeEntry<'_>| {
        if is_file(entry)
            && let Ok(blob) = repository.find_blob(entry.id())
            && pages::is_ours(blob.content())
        {
            ours.pages.insert(path, entry.id());
        }
    };
    if let Some(entry) = tree.get_name(pages::TRACKER) {
        keep(pages::TRACKER.to_owned(), &entry);
    }
    if let Some(folder) = folder_in(repository, tree, pages::MODULES)? {
        for entry in &folder {
            let path = format!("{}/{}", pages::MODULES, name(&entry));
            if pages::is_page(&path) {
                keep(path, &entry);
            }
        }
    }
    Ok(ours)
}

fn completions_in(
    repository: &Repository,
    tree: &Tree<'_>,
) -> Result<BTreeMap<String, Oid>, Fault> {
    let mut completions = BTreeMap::new();
    let Some(all) = folder_in(repository, tree, FOLDER)? else {
        return match tree.get_name(FOLDER) {
            Some(_) => Err(Fault::NotAFolder(FOLDER.to_owned())),
            None => Ok(completions),
        };
    };
    for module in &all {
        let Some(items) = folder_in(repository, &all, name(&module))? else { continue };
        for item in &items {
            let Some(files) = folder_in(repository, &items, name(&item))? else { continue };
            for file in &files {
                let path = [FOLDER, name(&module), name(&item), name(&file)].join("/");
                if is_file(&file) && completion::id_of(&path).is_some() {
                    completions.insert(path, file.id());
                }
            }
        }
    }
    Ok(completions)
}

fn folder_in<'a>(
    repository: &'a Repository,
    tree: &Tree<'_>,
    name: &str,
) -> Result<Option<Tree<'a>>, Fault> {
    match tree.get_name(name) {
        Some(entry) if entry.kind() == Some(ObjectType::Tree) => {
            Ok(Some(repository.find_tree(entry.id())?))
        }
        _ => Ok(None),
    }
}

/// A name that is no text is nothing of ours.
fn name<'a>(entry: &'a TreeEntry<'_>) -> &'a str {
    entry.name().unwrap_or_default()
}

/// Whether it is a file, and no link.
fn is_file(entry: &TreeEntry<'_>) -> bool {
    let modes = [FileMode::Blob, FileMode::BlobExecutable, FileMode::BlobGroupWritable];
    modes.map(i32::from).contains(&entry.filemode())
}

fn read(
    repository: &Repository,
    ours: &Ours,
    passed_over: &mut Vec<(String, String)>,
) -> Result<Vec<Completed>, Fault> {
    let odb = repository.odb()?;
    let mut completions = Vec::new();
    let mut seen = HashSet::new();
    for (path, blob) in &ours.completions {
        if completions.len() == MAX_COMPLETIONS {
            passed_over.push((path.clone(), format!("more than {MAX_COMPLETIONS} are not read")));
            break;
        }
        let (size, _) = odb.read_header(*blob)?;
        let found = if size > MAX_FILE {
            Err(completion::too_large())
        } else {
            completion::from_text(path, repository.find_blob(*blob)?.content())
        };
        match found {
            Ok(one) => {
                if seen.insert(one.id) {
                    completions.push(one);
                }
            }
            Err(why) => passed_over.push((path.clone(), why)),
        }
    }
    Ok(completions)
}

/// Both sides in one tree.
fn merge<'a>(
    repository: &'a Repository,
    head: Oid,
    theirs: Oid,
    theirs_name: &str,
) -> Result<Tree<'a>, Fault> {
    let base = match repository.merge_base(head, theirs) {
        Ok(base) => tree_of(repository, base)?,
        // Histories that have nothing in common: one was made on the hosting site.
        Err(error) if error.code() == git2::ErrorCode::NotFound => empty(repository)?,
        Err(error) => return Err(error.into()),
    };
    let sides = [base, tree_of(repository, head)?, tree_of(repository, theirs)?];
    let mut ours = Vec::new();
    let mut rest = Vec::new();
    for tree in &sides {
        let found = ours_in(repository, tree)?;
        let mut without = TreeUpdateBuilder::new();
        for path in found.completions.keys().chain(found.pages.keys()) {
            without.remove(path.as_str());
        }
        rest.push(repository.find_tree(without.create_updated(repository, tree)?)?);
        ours.push(found);
    }
    let mut index =
        repository.merge_trees(&rest[0], &rest[1], &rest[2], Some(&MergeOptions::new()))?;
    if index.has_conflicts() {
        let mut paths = BTreeSet::new();
        for conflict in index.conflicts()? {
            let conflict = conflict?;
            let entry = conflict.our.or(conflict.their).or(conflict.ancestor);
            paths.extend(entry.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
        }
        let paths = paths.into_iter().collect();
        return Err(Fault::Conflict { paths, theirs: theirs_name.to_owned() });
    }
    let merged = repository.find_tree(index.write_tree_to(repository)?)?;
    let mut update = TreeUpdateBuilder::new();
    let files = |pick: fn(&Ours) -> &BTreeMap<String, Oid>| {
        let [base, head, theirs] = [0, 1, 2].map(|side| pick(&ours[side]));
        three_ways(base, head, theirs)
    };
    for (path, blob) in files(|ours| &ours.completions).chain(files(|ours| &ours.pages)) {
        // A page that one side has made its own is that side's.
        if merged.get_path(Path::new(&path)).is_err() {
            if let Some((folder, _)) = path.rsplit_once('/') {
                must_be_folders(&merged, folder)?;
            }
            update.upsert(path, blob, FileMode::Blob);
        }
    }
    Ok(repository.find_tree(update.create_updated(repository, &merged)?)?)
}

/// Every file of either side; where they differ, the one that was changed, and of two that were the
/// same one on every machine.
fn three_ways(
    base: &BTreeMap<String, Oid>,
    head: &BTreeMap<String, Oid>,
    theirs: &BTreeMap<String, Oid>,
) -> impl Iterator<Item = (String, Oid)> {
    let paths: BTreeSet<_> = head.keys().chain(theirs.keys()).collect();
    let one = |path: &String| match (head.get(path), theirs.get(path), base.get(path)) {
        (Some(head), Some(theirs), base) if base == Some(head) => Some(*theirs),
        (Some(head), Some(theirs), base) if base == Some(theirs) => Some(*head),
        (Some(head), Some(theirs), _) => Some(*head.min(theirs)),
        (Some(only), None, _) | (None, Some(only), _) => Some(*only),
        (None, None, _) => None,
    };
    let all: Vec<_> =
        paths.into_iter().filter_map(|path| Some((path.clone(), one(path)?))).collect();
    all.into_iter()
}
