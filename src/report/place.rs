//! Where a class's completions are: what was named, and which repositories that is.
//!
//! A named folder is one learner's if it has completions in it or is a repository; else each folder in
//! it that is. Which there are is looked at anew each time: learners come late.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::Trouble;
use crate::platform::files;
use crate::sync::completion::FOLDER;

/// How many learners are read.
const MAX_LEARNERS: usize = 2_000;

/// Characters of a learner's name that are shown.
const MAX_NAME: usize = 60;

/// What was named on the command line or in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The learner's name, if it was given: `anna=DIR`.
    pub name: Option<String>,
    /// Where.
    pub at: Place,
}

/// A place of completions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder on this machine.
    Local(PathBuf),
    /// A repository elsewhere, by its address.
    Remote(String),
}

/// One learner's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The learner's name.
    pub learner: String,
    /// How to read it.
    pub kind: Kind,
    /// Where it is, as it is told.
    pub shown: String,
}

/// How a repository is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A folder with files.
    Files(PathBuf),
    /// A git repository without files of its own.
    Bare(PathBuf),
    /// What was fetched of a remote one.
    Fetched(PathBuf),
}

impl Named {
    /// What a word means; a relative folder begins at `base`.
    pub fn parse(word: &str, base: &Path) -> Self {
        let named = word.split_once('=').filter(|(name, at)| {
            let is_name = !name.is_empty() && !name.contains(['/', ':', '\\']);
            is_name && !at.is_empty() && !base.join(word).exists()
        });
        let (name, at) = named.map_or((None, word), |(name, at)| (Some(plain(name)), at));
        let place = if is_address(at, base) {
            Place::Remote(at.to_owned())
        } else {
            Place::Local(base.join(at))
        };
        Self { name, at: place }
    }

    /// How it is told.
    pub fn shown(&self) -> String {
        match &self.at {
            Place::Local(path) => path.display().to_string(),
            Place::Remote(address) => shown(address),
        }
    }

    /// The learners' repositories that it is.
    fn repositories(&self, cache: &Path) -> Result<Vec<(Vec<String>, Kind)>, Trouble> {
        let (path, named) = match &self.at {
            Place::Remote(address) => {
                let parts = parts(address.split(['/', ':']));
                return Ok(vec![(parts, Kind::Fetched(fetched(cache, address)))]);
            }
            Place::Local(path) => (path, path_parts(path)),
        };
        let told = |message: &str| Trouble::of(self.shown(), message);
        if !path.is_dir() {
            return Err(told("there is no such folder"));
        }
        if let Some(kind) = kind(path) {
            return Ok(vec![(named, kind)]);
        }
        let entries = fs::read_dir(path).map_err(|error| told(&error.to_string()))?;
        let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        let found: Vec<_> = folders
            .iter()
            .filter_map(|folder| Some((path_parts(folder), kind(folder)?)))
            .take(MAX_LEARNERS)
            .collect();
        if found.is_empty() {
            return Err(told("there are no completions in it, and no repositories"));
        }
        Ok(found)
    }
}

/// All learners' repositories of what was named. Two of one name are told apart by the folders that
/// they are in, unless the name was given: then they are one learner's.
pub fn repositories(named: &[Named], cache: &Path) -> (Vec<Repository>, Vec<Trouble>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    for one in named {
        match one.repositories(cache) {
            Ok(kinds) => {
                found.extend(kinds.into_iter().map(|(parts, kind)| (one, parts, kind)));
            }
            Err(trouble) => troubles.push(trouble),
        }
    }
    found.truncate(MAX_LEARNERS);
    let mut lengths = vec![1; found.len()];
    for length in 1..4 {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let called: Vec<_> = found
            .iter()
            .zip(&lengths)
            .map(|((one, parts, _), length)| name(one, parts, *length))
            .collect();
        for name in &called {
            *counts.entry(name.clone()).or_default() += 1;
        }
        for ((current, name), (one, ..)) in lengths.iter_mut().zip(&called).zip(&found) {
            if one.name.is_none() && counts.get(name).is_some_and(|count| *count > 1) {
                *current = length + 1;
            }
        }
    }
    let repositories = found
        .into_iter()
        .zip(lengths)
        .map(|((one, parts, kind), length)| {
            let learner = name(one, &parts, length);
            let shown = match &kind {
                Kind::Files(path) | Kind::Bare(path) => path.display().to_string(),
                Kind::Fetched(_) => one.shown(),
            };
            Repository { learner, kind, shown }
        })
        .collect();
    (repositories, troubles)
}

fn name(named: &Named, parts: &[String], length: usize) -> String {
    named.name.clone().unwrap_or_else(|| {
        let from = parts.len().saturating_sub(length);
        let name = plain(&parts[from..].join("/"));
        if name.is_empty() { "?".to_owned() } else { name }
    })
}

/// How a folder is read, if it is a learner's.
fn kind(folder: &Path) -> Option<Kind> {
    let is_dir = |name: &str| folder.join(name).is_dir();
    if is_dir(FOLDER) || folder.join(".git").exists() {
        Some(Kind::Files(folder.to_owned()))
    } else if folder.join("HEAD").is_file() && is_dir("objects") && is_dir("refs") {
        Some(Kind::Bare(folder.to_owned()))
    } else {
        None
    }
}

/// Where what is fetched of an address is kept.
pub(super) fn fetched(cache: &Path, address: &str) -> PathBuf {
    cache.join(format!("{:x}.git", Sha256::digest(address.as_bytes())))
}

/// `https://…`, `git@host:path`: what git would take for an address, and is no folder here.
fn is_address(text: &str, base: &Path) -> bool {
    let scp = || {
        let before = text.split('/').next().unwrap_or_default();
        before.contains(':') && !base.join(text).exists()
    };
    text.contains("://") || scp()
}

/// An address without the password that may be in it.
pub(super) fn shown(address: &str) -> String {
    let plain: String = address.chars().filter(|c| !c.is_control()).collect();
    let Some((scheme, rest)) = plain.split_once("://") else { return plain };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}/{path}"),
        None => plain,
    }
}

/// The names that a path is made of.
fn path_parts(path: &Path) -> Vec<String> {
    let real = files::real(path).unwrap_or_else(|_| path.to_owned());
    let names = real.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    parts(names.collect::<Vec<_>>().iter().map(String::as_str))
}

fn parts<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut parts: Vec<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if let Some(last) = parts.last_mut()
        && let Some(name) = last.strip_suffix(".git").filter(|name| !name.is_empty())
    {
        *last = name.to_owned();
    }
    parts
}

/// A name as it can be shown.
fn plain(name: &str) -> String {
    let shown = name.chars().filter(|c| !c.is_control()).take(MAX_NAME);
    shown.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(words: &[&str], base: &Path) -> Vec<Named> {
        words.iter().map(|word| Named::parse(word, base)).collect()
    }

    fn learners(words: &[&str], base: &Path) -> (Vec<String>, Vec<Trouble>) {
        let (found, troubles) = repositories(&named(words, base), Path::new("/cache"));
        (found.into_iter().map(|one| one.learner).collect(), troubles)
    }

    #[test]
    fn addresses_folders_and_names_are_told_apart() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("a=b")).unwrap();
        let parse = |word: &str| Named::parse(word, home.path());
        let remote = |name: Option<&str>, at: &str| Named {
            name: name.map(str::to_owned),
            at: Place::Remote(at.to_owned()),
        };
        let local = |name: Option<&str>, at: &str| Named {
            name: name.map(str::to_owned),
            at: Place::Local(home.path().join(at)),
        };
        assert_eq!(parse("https://x/a=b.git"), remote(None, "https://x/a=b.git"));
        assert_eq!(parse("anna=git@host:a/b.git"), remote(Some("anna"), "git@host:a/b.git"));
        assert_eq!(parse("host:path"), remote(None, "host:path"));
        assert_eq!(parse("a=b"), local(None, "a=b"));
        assert_eq!(parse("anna=dir/of:hers"), local(Some("anna"), "dir/of:hers"));
        assert_eq!(shown("https://me:secret@host/a.git"), "https://host/a.git");
    }

    #[test]
    fn a_folder_is_a_learner_or_has_some_in_it() {
        let home = tempfile::tempdir().unwrap();
        for folder in
            ["one/anna/completions", "one/bert/.git", "one/notes", "two/anna/completions", "none"]
        {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        for folder in ["one/cleo.git/objects", "one/cleo.git/refs"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        fs::write(home.path().join("one/cleo.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        let one = learners(&["one"], home.path());
        assert_eq!(one, (vec!["anna".into(), "bert".into(), "cleo".into()], vec![]));
        let (names, troubles) =
            learners(&["one/anna", "two", "Anna=one/anna", "none", "gone"], home.path());
        assert_eq!(names, ["one/anna", "two/anna", "Anna"]);
        let told: Vec<_> = troubles.iter().map(|trouble| &*trouble.message).collect();
        assert_eq!(
            told,
            ["there are no completions in it, and no repositories", "there is no such folder"]
        );
        let addresses = ["https://x/anna/progress.git", "git@y:bert/progress.git"];
        let (names, _) = learners(&addresses, home.path());
        assert_eq!(names, ["anna/progress", "bert/progress"]);
    }
}
