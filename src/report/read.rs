//! Reads the completions of a repository, and changes nothing in it.
//!
//! A repository is a stranger's: links are not followed, everything has a limit, and of a repository
//! without files the objects are read by git2, which runs nothing that its configuration names.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use git2::{BranchType, ErrorCode, ObjectType, Odb, Repository as Git, RepositoryOpenFlags, Tree};

use super::Trouble;
use super::place::{Kind, Repository};
use crate::store::Completed;
use crate::sync::completion::{self, FOLDER, MAX_FILE};

/// How many files of one repository are read.
const MAX_FILES: usize = 20_000;

/// Branches that are tried first where a repository's HEAD leads nowhere.
pub(super) const BRANCHES: [&str; 2] = ["main", "master"];

/// What is told of a remote repository that nothing is known of.
const NOT_FETCHED: &str = "nothing of it was fetched yet";

/// Where what was fetched of a remote repository stands.
pub(super) const FETCHED: &str = "refs/drydock/fetched";

/// Reads a repository's completions; files that are not right are told and left out.
pub fn read(repository: &Repository) -> (Vec<Completed>, Vec<Trouble>) {
    let mut reading = Reading {
        shown: &repository.shown,
        left: MAX_FILES,
        completions: vec![],
        troubles: vec![],
    };
    let read = match &repository.kind {
        Kind::Files(folder) => reading.files(folder).map_err(|error| error.to_string()),
        Kind::Bare(path) => reading.objects(path, "HEAD"),
        Kind::Fetched(path) if !path.exists() => Err(NOT_FETCHED.to_owned()),
        Kind::Fetched(path) => reading.objects(path, FETCHED),
    };
    if let Err(message) = read {
        reading.troubles.push(Trouble::of(repository.shown.clone(), &message));
    }
    if reading.left == 0 {
        let message = format!("it has more than {MAX_FILES} files: the rest is not read");
        reading.troubles.push(Trouble::of(repository.shown.clone(), &message));
    }
    (reading.completions, reading.troubles)
}

struct Reading<'a> {
    shown: &'a str,
    left: usize,
    completions: Vec<Completed>,
    troubles: Vec<Trouble>,
}

impl Reading<'_> {
    fn take(&mut self, path: &str, bytes: Result<Vec<u8>, String>) {
        match bytes.and_then(|bytes| completion::from_text(path, &bytes)) {
            Ok(completed) => self.completions.push(completed),
            Err(message) => {
                let mut trouble = Trouble::of(self.shown.to_owned(), &message);
                trouble.file = Some(path.chars().filter(|c| !c.is_control()).collect());
                self.troubles.push(trouble);
            }
        }
    }

    fn files(&mut self, folder: &Path) -> io::Result<()> {
        let all = folder.join(FOLDER);
        for (module, modules) in folders(&all)? {
            for (item, path) in folders(&modules)? {
                for entry in sorted(&path)? {
                    let (name, path) = entry;
                    if !is_ours(&name) || !fs::symlink_metadata(&path)?.is_file() {
                        continue;
                    }
                    if self.left == 0 {
                        return Ok(());
                    }
                    self.left -= 1;
                    self.take(&format!("{FOLDER}/{module}/{item}/{name}"), file(&path));
                }
            }
        }
        Ok(())
    }

    fn objects(&mut self, path: &Path, reference: &str) -> Result<(), String> {
        let told = |error: git2::Error| match error.code() {
            ErrorCode::Owner => format!(
                "it belongs to another user; git config --global --add safe.directory {} lets it be read",
                path.display()
            ),
            _ => error.message().to_owned(),
        };
        let flags = RepositoryOpenFlags::NO_SEARCH
            | RepositoryOpenFlags::BARE
            | RepositoryOpenFlags::NO_DOTGIT;
        let git = Git::open_ext(path, flags, &[] as &[&Path]).map_err(told)?;
        let odb = git.odb().map_err(told)?;
        let Some(tree) = tree_of(&git, reference).map_err(told)? else { return Ok(()) };
        let Some(all) = below(&git, &tree, FOLDER) else { return Ok(()) };
        for (module, modules) in trees(&git, &all) {
            for (item, files) in trees(&git, &modules) {
                for entry in files.iter().filter(|it| it.kind() == Some(ObjectType::Blob)) {
                    let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
                    // A link's text is its target.
                    if !is_ours(&name) || entry.filemode() == 0o120_000 {
                        continue;
                    }
                    if self.left == 0 {
                        return Ok(());
                    }
                    self.left -= 1;
                    let path = format!("{FOLDER}/{module}/{item}/{name}");
                    self.take(&path, blob(&odb, entry.id()));
                }
            }
        }
        Ok(())
    }
}

/// Whether a file is one of ours by its name; what else lies beside them is the learner's.
fn is_ours(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "json")
}

/// What is in a folder, by name; nothing where there is no such folder.
fn sorted(folder: &Path) -> io::Result<Vec<(String, std::path::PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries?,
    };
    let mut all: Vec<_> = entries
        .take(MAX_FILES)
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
        .collect();
    all.sort();
    Ok(all)
}

/// The folders in a folder, links left out.
fn folders(folder: &Path) -> io::Result<Vec<(String, std::path::PathBuf)>> {
    let is_link = fs::symlink_metadata(folder).is_ok_and(|it| it.is_symlink());
    if is_link {
        return Ok(vec![]);
    }
    let mut all = sorted(folder)?;
    all.retain(|(_, path)| fs::symlink_metadata(path).is_ok_and(|it| it.is_dir()));
    Ok(all)
}

fn file(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read =
        fs::File::open(path).and_then(|it| it.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn blob(odb: &Odb<'_>, id: git2::Oid) -> Result<Vec<u8>, String> {
    let told = |error: git2::Error| error.message().to_owned();
    let (size, _) = odb.read_header(id).map_err(told)?;
    if size > MAX_FILE {
        return Err(completion::too_large());
    }
    Ok(odb.read(id).map_err(told)?.data().to_vec())
}

/// The files of a reference. A repository that was made bare has a HEAD which nobody pushed to where the
/// branch that was pushed has another name: then that branch is meant. `None` where nothing was
/// committed yet.
fn tree_of<'a>(git: &'a Git, reference: &str) -> Result<Option<Tree<'a>>, git2::Error> {
    let usual = BRANCHES.iter().map(|name| format!("refs/heads/{name}"));
    let mut names = vec![reference.to_owned()];
    if reference == "HEAD" {
        names.extend(usual);
        let branches = git.branches(Some(BranchType::Local))?.flatten();
        names.extend(branches.filter_map(|(it, _)| it.get().name().ok().map(str::to_owned)));
    }
    for name in names {
        match git.revparse_single(&format!("{name}^{{tree}}")) {
            Ok(tree) => return Ok(tree.into_tree().ok()),
            Err(error) if error.code() == ErrorCode::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn below<'a>(git: &'a Git, tree: &Tree<'_>, name: &str) -> Option<Tree<'a>> {
    tree.get_name(name)?.to_object(git).ok()?.into_tree().ok()
}

fn trees<'a>(git: &'a Git, tree: &Tree<'_>) -> Vec<(String, Tree<'a>)> {
    let below = tree.iter().filter_map(|entry| {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        Some((name, entry.to_object(git).ok()?.into_tree().ok()?))
    });
    below.collect()
}
