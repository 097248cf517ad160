//! The files of the repository: what is new is written, what the learner is editing stays.
//!
//! Whatever is killed when, and however often: the commit is noted before the first file of it is
//! written, beside those that were killed before it, so that a file which was written, or begun, is known
//! as ours the next time and not taken for an edit.
//! Nothing is written through a link, and a file appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{Delta, Index, IndexEntry, IndexTime, ObjectType, Oid, Repository, Status, Tree};
use tempfile::NamedTempFile;

use super::completion;
use super::fault::Fault;
use super::pages;

/// The note of the commits whose files are being written, in `.git`: a line for each.
const UNDER_WAY: &str = "drydock-under-way";

/// What it takes to bring the files from one tree to another.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Files of ours that are written or removed.
    ours: Vec<Change>,
    /// Files of the learner's that changed elsewhere.
    theirs: Vec<Change>,
    /// Files of ours that have edits of the learner's: they stay as they are.
    pub(super) left: Vec<Change>,
}

/// One file.
#[derive(Debug)]
pub(super) struct Change {
    /// From the repository's root.
    pub(super) path: PathBuf,
    old: Option<Oid>,
    /// What it becomes; `None` is that it goes.
    new: Option<(Oid, u32)>,
    /// Whether it is that already, or the beginning of it.
    begun: bool,
}

/// How a file is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// As it was committed.
    Clean,
    /// As it is to be, or the beginning of that.
    Begun,
    /// Otherwise: somebody edits it.
    Edited,
}

/// Looks at what it takes; nothing is changed. Refuses where an edit of the learner's would be lost.
pub(super) fn look(
    repository: &Repository,
    root: &Path,
    old: Option<&Tree<'_>>,
    new: &Tree<'_>,
) -> Result<Changes, Fault> {
    let index = repository.index()?;
    if index.has_conflicts() {
        return Err(Fault::Unresolved);
    }
    let begun = begun(repository);
    let diff = repository.diff_tree_to_tree(old, Some(new), None)?;
    let mut changes = Changes::default();
    let mut edited = Vec::new();
    for delta in diff.deltas() {
        let Some(path) = delta.new_file().path().or(delta.old_file().path()) else { continue };
        let old = (delta.status() != Delta::Added).then(|| delta.old_file().id());
        let mode = u32::from(delta.new_file().mode());
        let new = (delta.status() != Delta::Deleted).then(|| (delta.new_file().id(), mode));
        let pending = begun.iter().filter_map(|tree| Some(tree.get_path(path).ok()?.id()));
        let pending: Vec<_> = pending.collect();
        let mut change = Change { path: path.to_owned(), old, new, begun: false };
        let is_ours = is_ours(repository, &change);
        if is_ours {
            must_be_folders(root, path)?;
        }
        let found = found(repository, root, &index, &change, &pending)?;
        change.begun = found == Found::Begun;
        match (found, is_ours) {
            (Found::Edited, true) => changes.left.push(change),
            (Found::Edited, false) => edited.push(path.display().to_string()),
            (_, true) => changes.ours.push(change),
            (_, false) => changes.theirs.push(change),
        }
    }
    if edited.is_empty() { Ok(changes) } else { Err(Fault::Edited(edited)) }
}

/// Writes the files of a commit, and the index.
pub(super) fn put(
    repository: &Repository,
    root: &Path,
    changes: &Changes,
    commit: Oid,
    new: &Tree<'_>,
) -> Result<(), Fault> {
    let note = repository.path().join(UNDER_WAY);
    let trouble = |path: &Path| {
        let path = path.to_owned();
        move |source| Fault::File { path, source }
    };
    // On a line of its own, also where one that was killed had written the half of one.
    let noted = File::options().create(true).append(true).open(&note);
    noted.and_then(|mut file| write!(file, "\n{commit}\n")).map_err(trouble(&note))?;
    for change in &changes.ours {
        let path = root.join(&change.path);
        let written = match change.new {
            Some((blob, _)) => write(repository, &path, repository.find_blob(blob)?.content()),
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        };
        written.map_err(trouble(&path))?;
    }
    for begun in [false, true] {
        let some: Vec<_> = changes.theirs.iter().filter(|change| change.begun == begun).collect();
        if some.is_empty() {
            continue;
        }
        let mut checkout = CheckoutBuilder::new();
        checkout.disable_pathspec_match(true).update_index(false);
        if begun {
            checkout.force()
        } else {
            checkout.safe()
        };
        for change in some {
            checkout.path(change.path.as_os_str().as_encoded_bytes());
        }
        repository.checkout_tree(new.as_object(), Some(&mut checkout))?;
    }
    note_in_index(repository, changes)
}

/// All of a commit's files are written, and the branch is at it.
pub(super) fn done(repository: &Repository) {
    let _ = fs::remove_file(repository.path().join(UNDER_WAY));
}

/// The trees whose files were being written when drydock was killed.
fn begun(repository: &Repository) -> Vec<Tree<'_>> {
    let text = fs::read_to_string(repository.path().join(UNDER_WAY)).unwrap_or_default();
    let commits = text.lines().filter_map(|line| Oid::from_str(line).ok());
    commits.filter_map(|commit| repository.find_commit(commit).ok()?.tree().ok()).collect()
}

/// Whether it is a completion, or a page that is or becomes ours.
fn is_ours(repository: &Repository, change: &Change) -> bool {
    let Some(path) = change.path.to_str() else { return false };
    let marked =
        |blob: Oid| repository.find_blob(blob).is_ok_and(|blob| pages::is_ours(blob.content()));
    if completion::id_of(path).is_some() {
        return change.new.is_none_or(|(_, mode)| mode != u32::from(git2::FileMode::Link));
    }
    let after = change.new.map(|(blob, _)| blob);
    pages::is_page(path) && after.or(change.old).is_some_and(marked)
}

/// Every part of the path that is there must be a folder, and no link to one.
fn must_be_folders(root: &Path, path: &Path) -> Result<(), Fault> {
    let mut folder = root.to_owned();
    for part in path.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Ok(metadata) if !metadata.is_dir() => {
                let shown = folder.strip_prefix(root).unwrap_or(&folder);
                return Err(Fault::NotAFolder(shown.display().to_string()));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(source) => return Err(Fault::File { path: folder, source }),
        }
    }
    Ok(())
}

fn found(
    repository: &Repository,
    root: &Path,
    index: &Index,
    change: &Change,
    pending: &[Oid],
) -> Result<Found, Fault> {
    let new = change.new.map(|(blob, _)| blob);
    let staged = index.get_path(&change.path, 0).map(|entry| entry.id);
    let is_pending = |blob: Oid| pending.contains(&blob);
    if staged != change.old && staged != new && !staged.is_some_and(is_pending) {
        return Ok(Found::Edited);
    }
    let path = root.join(&change.path);
    let content = match fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => {
            fs::read_link(&path).map(|target| target.as_os_str().as_encoded_bytes().to_vec())
        }
        Ok(metadata) if metadata.is_file() => fs::read(&path),
        Ok(_) => return Ok(Found::Edited),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(match (change.old, new) {
                (None, _) => Found::Clean,
                (Some(_), None) => Found::Begun,
                (Some(_), Some(_)) => Found::Edited,
            });
        }
        Err(error) => Err(error),
    };
    let content = content.map_err(|source| Fault::File { path, source })?;
    let is = Some(Oid::hash_object(ObjectType::Blob, &content)?);
    if is == change.old {
        return Ok(Found::Clean);
    }
    let begins = |blob: Oid| {
        repository.find_blob(blob).is_ok_and(|blob| blob.content().starts_with(&content))
    };
    if is == new || pending.iter().copied().any(begins) {
        return Ok(Found::Begun);
    }
    // Line ends and the like may differ in the file without anybody's edit.
    let edits = Status::WT_NEW | Status::WT_MODIFIED | Status::WT_TYPECHANGE | Status::IGNORED;
    let status = repository.status_file(&change.path).unwrap_or(Status::WT_MODIFIED);
    Ok(if status.intersects(edits) { Found::Edited } else { Found::Clean })
}

/// A whole file or none, by way of one beside the repository's own.
fn write(repository: &Repository, path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let make = |place: &Path| {
        let mut file = NamedTempFile::with_prefix_in(".drydock-", place)?;
        file.write_all(content)?;
        // As readable as any other file of the repository's folder lets it be.
        crate::platform::files::set_mode(file.as_file(), 0o644)?;
        Ok::<_, io::Error>(file)
    };
    match make(repository.path())?.persist(path) {
        // The repository's own files are on another disk.
        Err(error) if error.error.kind() == ErrorKind::CrossesDevices => {
            make(folder)?.persist(path).map(drop).map_err(|error| error.error)
        }
        Err(error) => Err(error.error),
        Ok(_) => Ok(()),
    }
}

/// The index has the new files, as far as it had the old ones; what the learner staged stays.
fn note_in_index(repository: &Repository, changes: &Changes) -> Result<(), Fault> {
    let mut index = repository.index()?;
    for change in changes.ours.iter().chain(&changes.theirs) {
        match change.new {
            None => index.remove_path(&change.path)?,
            Some((blob, mode)) => {
                // With the file's times, so that git need not read it again.
                let added = index.add_path(&change.path);
                let there = index.get_path(&change.path, 0).map(|entry| entry.id);
                if added.is_err() || there != Some(blob) {
                    index.add(&entry(&change.path, blob, mode))?;
                }
            }
        }
    }
    for change in &changes.left {
        let staged = index.get_path(&change.path, 0).map(|entry| entry.id);
        match change.new {
            Some((blob, mode)) if staged == change.old => {
                index.add(&entry(&change.path, blob, mode))?;
            }
            None if staged.is_some() && staged == change.old => index.remove_path(&change.path)?,
            _ => {}
        }
    }
    Ok(index.write()?)
}

fn entry(path: &Path, id: Oid, mode: u32) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_os_str().as_encoded_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use git2::build::TreeUpdateBuilder;
    use git2::{FileMode, Signature};

    use super::*;

    const PAGES: [&str; 2] = ["LEARNING_TRACKER.md", "modules/linux.md"];

    /// A commit of both pages, as they are in a version.
    fn commit(repository: &Repository, version: u32) -> Oid {
        let empty = repository.treebuilder(None).unwrap().write().unwrap();
        let mut update = TreeUpdateBuilder::new();
        for page in PAGES {
            let text = format!("<!-- made by drydock -->\n{version}\n");
            update.upsert(page, repository.blob(text.as_bytes()).unwrap(), FileMode::Blob);
        }
        let empty = repository.find_tree(empty).unwrap();
        let tree = update.create_updated(repository, &empty).unwrap();
        let ada = Signature::now("Ada", "ada@example.org").unwrap();
        let tree = repository.find_tree(tree).unwrap();
        repository.commit(None, &ada, &ada, "", &tree, &[]).unwrap()
    }

    fn tree(repository: &Repository, commit: Oid) -> Tree<'_> {
        repository.find_commit(commit).unwrap().tree().unwrap()
    }

    /// Writes the first files of a commit, and is killed.
    fn begin(repository: &Repository, root: &Path, head: Oid, commit: Oid, files: usize) {
        let (old, new) = (tree(repository, head), tree(repository, commit));
        let mut changes = look(repository, root, Some(&old), &new).unwrap();
        assert!(changes.left.is_empty(), "{changes:?}");
        changes.ours.truncate(files);
        put(repository, root, &changes, commit, &new).unwrap();
    }

    #[test]
    fn killed_again_and_again_what_it_wrote_is_no_edit() {
        let folder = tempfile::tempdir().unwrap();
        let (repository, root) = (Repository::init(folder.path()).unwrap(), folder.path());
        let [head, first, second, third] = [0, 1, 2, 3].map(|version| commit(&repository, version));
        let changes = look(&repository, root, None, &tree(&repository, head)).unwrap();
        put(&repository, root, &changes, head, &tree(&repository, head)).unwrap();
        done(&repository);

        begin(&repository, root, head, first, 2);
        begin(&repository, root, head, second, 1);
        // Half a line of a note is none, and spoils none.
        let note = repository.path().join(UNDER_WAY);
        File::options().append(true).open(&note).unwrap().write_all(b"\n0123").unwrap();
        begin(&repository, root, head, third, 2);
        for page in PAGES {
            assert!(fs::read_to_string(root.join(page)).unwrap().ends_with("3\n"), "{page}");
        }
        done(&repository);

        fs::write(root.join(PAGES[0]), "<!-- made by drydock -->\nmine\n").unwrap();
        let (old, new) = (tree(&repository, third), tree(&repository, first));
        let left = look(&repository, root, Some(&old), &new).unwrap().left;
        assert_eq!(left.iter().map(|it| it.path.to_str()).collect::<Vec<_>>(), [Some(PAGES[0])]);
    }
}
