//! Where content is read from: the binary itself, or a folder.
//!
//! A [`Source`] is a tree of files; a [`Resource`] is one of them. Content is untrusted: a name that
//! leads out of its tree is refused, in its text (`..`, an absolute path) and again after links are
//! followed, and no file is read beyond its cap.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use super::vars::Values;
use super::yaml::{Mark, hidden_character};
use super::{Diagnostic, Severity};
use crate::platform::files;

static CONTENT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/content");
static EXERCISES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/exercises");
static SCENARIOS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Any one file of content. Set-up files are held in memory while they are copied into a sandbox.
pub const MAX_FILE: u64 = 16 << 20;

/// A text that is shown or read as YAML: some hundred pages.
pub const MAX_TEXT: u64 = 512 << 10;

/// Entries of one folder. Far more than any course has; a folder that is not one at all (a home, a
/// mail store) ends here instead of being read for minutes.
const MAX_ENTRIES: usize = 50_000;

/// Files in one course; see [`MAX_ENTRIES`].
const MAX_MANIFESTS: usize = 50_000;

/// The folders of content, each with its kind of files.
const TOPS: [&str; 3] = ["content", "exercises", "scenarios"];

/// Texts of files that are not saved yet, by their path below a folder, with `/`.
pub type Texts = BTreeMap<String, Arc<str>>;

/// A tree of content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    tree: Arc<Tree>,
}

/// One file of a [`Source`]; cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Resource {
    tree: Arc<Tree>,
    /// Below the tree's root, with `/`.
    path: Arc<str>,
    /// What stands in the places for values; see [`Resource::with_values`].
    values: Option<Values>,
}

#[derive(Debug, PartialEq, Eq)]
enum Tree {
    BuiltIn,
    Folder {
        /// With all links followed, so that what is below it can be told.
        root: PathBuf,
        /// As the user named it.
        named: PathBuf,
        /// Whether `content/`, `exercises/` or `scenarios/` is in it; else manifests lie about as
        /// they like.
        laid_out: bool,
        /// What stands in place of some files, by their path.
        texts: Texts,
        /// The name of the pack that it is from, where it came in one.
        pack: Option<String>,
    },
}

/// Why a name does not lead to a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("must name a file below its folder: not absolute, without \"..\"")]
    Outside,
    #[error("is a link that leads out of the content folder")]
    LinkOutside,
    #[error("is not a regular file")]
    NotAFile,
    #[error("is larger than {} MiB", MAX_FILE >> 20)]
    TooLarge,
    #[error("cannot be read: {0}")]
    Unreadable(String),
}

impl Source {
    /// What is compiled into the program.
    pub fn built_in() -> Self {
        Self { tree: Arc::new(Tree::BuiltIn) }
    }

    /// A folder with `content/`, `exercises/` and `scenarios/`, or some of them, or just manifests of
    /// exercises (`*.yaml` in it or in folders directly below it).
    pub fn folder(path: &Path) -> Result<Self, Diagnostic> {
        let trouble = |message: String| Diagnostic {
            severity: Severity::Error,
            file: path.display().to_string(),
            line: 0,
            column: 0,
            message,
            help: Some(
                "name a folder with content/, exercises/ or scenarios/, or with manifests"
                    .to_owned(),
            ),
        };
        let root = files::real(path)
            .map_err(|e| trouble(format!("this content folder cannot be read: {e}")))?;
        if !root.is_dir() {
            return Err(trouble("this is not a folder".to_owned()));
        }
        let laid_out = TOPS.iter().any(|name| root.join(name).is_dir());
        let (named, texts) = (path.to_owned(), Texts::new());
        let pack = None;
        Ok(Self { tree: Arc::new(Tree::Folder { root, named, laid_out, texts, pack }) })
    }

    /// The same folder, known to be from a pack of this name.
    #[must_use]
    pub fn from_pack(&self, name: &str) -> Self {
        match &*self.tree {
            Tree::BuiltIn => self.clone(),
            Tree::Folder { root, named, laid_out, texts, .. } => {
                let (root, named, laid_out) = (root.clone(), named.clone(), *laid_out);
                let (texts, pack) = (texts.clone(), Some(name.to_owned()));
                Self { tree: Arc::new(Tree::Folder { root, named, laid_out, texts, pack }) }
            }
        }
    }

    /// The same folder, with these texts in place of what its files hold. What is built in stays as
    /// it is.
    #[must_use]
    pub fn with_texts(&self, texts: Texts) -> Self {
        match &*self.tree {
            Tree::BuiltIn => self.clone(),
            Tree::Folder { root, named, laid_out, pack, .. } => {
                let (root, named, laid_out) = (root.clone(), named.clone(), *laid_out);
                let pack = pack.clone();
                Self { tree: Arc::new(Tree::Folder { root, named, laid_out, texts, pack }) }
            }
        }
    }

    /// The folders below the root in which its files lie; the root itself where it has none of those.
    pub(crate) fn tops(&self) -> &'static [&'static str] {
        if self.is_laid_out() { &TOPS } else { &[""] }
    }

    /// Whether a file was read from here rather than from another source.
    pub(crate) fn holds(&self, file: &Resource) -> bool {
        Arc::ptr_eq(&self.tree, &file.tree)
    }

    /// All exercise manifests, by name.
    pub(crate) fn manifests(&self) -> Result<Vec<Resource>, Diagnostic> {
        let top = if self.is_laid_out() { "exercises" } else { "" };
        let is_manifest = |name: &str| is_yaml(name) && !is_module(name);
        self.two_levels(top, is_manifest)
    }

    /// All module descriptions, by name.
    pub(crate) fn modules(&self) -> Result<Vec<Resource>, Diagnostic> {
        self.two_levels(if self.is_laid_out() { "content" } else { "" }, is_module)
    }

    /// The files of this folder of scenarios/: `systems`, `incidents`, … by name.
    pub(crate) fn parts(&self, folder: &str) -> Result<Vec<Resource>, Diagnostic> {
        let top = join("scenarios", folder);
        let files = self.list(&top)?.into_iter().filter(|(name, folder)| !folder && is_yaml(name));
        Ok(files.map(|(name, _)| self.resource(join(&top, &name))).collect())
    }

    /// The file of this name, a path with `/` below the root; `None` where there is none.
    pub(crate) fn find(&self, path: &str) -> Result<Option<Resource>, Refused> {
        let path = inside(path).ok_or(Refused::Outside)?;
        let found = match &*self.tree {
            Tree::BuiltIn => built_in(&path).is_some(),
            Tree::Folder { texts, .. } if texts.contains_key(&path) => true,
            Tree::Folder { root, .. } => match regular_file(root, &path) {
                Ok((_, length)) if length > MAX_FILE => return Err(Refused::TooLarge),
                Ok(_) => true,
                Err(Refused::Unreadable(_)) if !root.join(&path).exists() => false,
                Err(refused) => return Err(refused),
            },
        };
        Ok(found.then(|| self.resource(path)))
    }

    /// The file that messages call by this name.
    pub fn shown(&self, name: &str) -> Option<Resource> {
        let path = match &*self.tree {
            Tree::BuiltIn => name,
            Tree::Folder { named, .. } if named == Path::new(".") => name,
            Tree::Folder { named, .. } => Path::new(name).strip_prefix(named).ok()?.to_str()?,
        };
        self.find(path).ok().flatten()
    }

    /// Every file below a folder, hidden ones passed over.
    pub(crate) fn below(&self, folder: &str) -> Vec<Resource> {
        /// A folder of an exercise has some files; what links make of it must have an end.
        const MAX_DEPTH: usize = 8;
        let (mut files, mut folders) = (Vec::new(), vec![(folder.to_owned(), 0)]);
        while let Some((folder, depth)) = folders.pop() {
            for (name, is_folder) in self.list(&folder).unwrap_or_default() {
                let path = join(&folder, &name);
                if !is_folder {
                    files.push(self.resource(path));
                } else if depth < MAX_DEPTH && files.len() < MAX_ENTRIES {
                    folders.push((path, depth + 1));
                }
            }
        }
        files
    }

    /// Whether it is what is compiled into the program.
    pub fn is_built_in(&self) -> bool {
        matches!(*self.tree, Tree::BuiltIn)
    }

    /// Whether it has folders for its kinds of files.
    pub(crate) fn is_laid_out(&self) -> bool {
        match &*self.tree {
            Tree::BuiltIn => true,
            Tree::Folder { laid_out, .. } => *laid_out,
        }
    }

    /// What tells it from others: the folder, with all links followed.
    pub(super) fn name(&self) -> String {
        match &*self.tree {
            Tree::BuiltIn => String::new(),
            Tree::Folder { root, .. } => root.display().to_string(),
        }
    }

    /// The file at this path, which need not be there.
    pub(crate) fn resource(&self, path: String) -> Resource {
        Resource { tree: Arc::clone(&self.tree), path: path.into(), values: None }
    }

    /// Files directly in `top` and in folders of it, but for folders that hold a manifest's files.
    fn two_levels(
        &self,
        top: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<Resource>, Diagnostic> {
        let mut found = Vec::new();
        let entries = self.list(top)?;
        let is_files_folder = |name: &str| {
            name == "files"
                || entries
                    .iter()
                    .any(|(file, folder)| !folder && stem(file) == name && wanted(file))
        };
        for (name, folder) in &entries {
            let path = join(top, name);
            if !folder && wanted(name) {
                found.push(self.resource(path));
            } else if *folder && !is_files_folder(name) {
                let below = self.list(&path)?;
                let files = below.into_iter().filter(|(name, folder)| !folder && wanted(name));
                found.extend(files.map(|(name, _)| self.resource(join(&path, &name))));
            }
            if found.len() > MAX_MANIFESTS {
                return Err(self.trouble(top, format!("more than {MAX_MANIFESTS} files are here")));
            }
        }
        Ok(found)
    }

    /// Names in a folder and whether each is a folder, sorted, without hidden ones. A folder that
    /// does not exist is empty.
    fn list(&self, path: &str) -> Result<Vec<(String, bool)>, Diagnostic> {
        let mut names = match &*self.tree {
            Tree::BuiltIn => {
                let entries = built_in_folder(path).map(Dir::entries).unwrap_or_default();
                let name = |entry: &include_dir::DirEntry<'_>| {
                    let name = entry.path().file_name()?.to_str()?.to_owned();
                    Some((name, entry.as_dir().is_some()))
                };
                entries.iter().filter_map(name).collect()
            }
            Tree::Folder { root, texts, .. } => {
                let mut names = match list_folder(&root.join(path)) {
                    Ok(names) => names,
                    Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
                    Err(e) => return Err(self.trouble(path, format!("cannot be read: {e}"))),
                };
                names.extend(texts.keys().filter_map(|text| entry(path, text)));
                names
            }
        };
        names.retain(|(name, _)| !name.starts_with('.'));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn trouble(&self, path: &str, message: String) -> Diagnostic {
        self.resource(path.to_owned()).trouble(message)
    }
}

impl Resource {
    /// The name to give in messages: for a folder, below the folder as the user named it.
    pub fn path(&self) -> String {
        match &*self.tree {
            Tree::BuiltIn => self.path.to_string(),
            Tree::Folder { named, .. } if named == Path::new(".") => self.path.to_string(),
            Tree::Folder { named, .. } => named.join(&*self.path).display().to_string(),
        }
    }

    /// The same file, read with these values in the places for them if it is a text.
    #[must_use]
    pub fn with_values(&self, values: &Values) -> Self {
        Self { values: Some(values.clone()), ..self.clone() }
    }

    /// Its bytes, at most [`MAX_FILE`].
    pub fn read(&self) -> io::Result<Cow<'static, [u8]>> {
        self.read_up_to(MAX_FILE)
    }

    /// Its text, at most [`MAX_TEXT`]: valid UTF-8 without anything a terminal would obey. What is
    /// wrong is told with its place.
    pub fn text(&self) -> Result<Cow<'static, str>, Diagnostic> {
        let text = self.utf8()?;
        let Some((at, c)) = hidden_character(&text) else { return Ok(text) };
        let Mark { line, column } = Mark::of(&text, at);
        Err(Diagnostic {
            line,
            column,
            help: Some("remove it".to_owned()),
            ..self.trouble(format!("control character U+{:04X}", u32::from(c)))
        })
    }

    /// Its text as it is, for readers that look at every character themselves.
    pub(crate) fn utf8(&self) -> Result<Cow<'static, str>, Diagnostic> {
        let bytes = self.read_up_to(MAX_TEXT).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => {
                self.trouble(format!("this text is larger than {} KiB", MAX_TEXT >> 10))
            }
            _ => self.trouble(format!("cannot be read: {error}")),
        })?;
        let text = match bytes {
            Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed),
            Cow::Owned(bytes) => {
                String::from_utf8(bytes).map(Cow::Owned).map_err(|error| error.utf8_error())
            }
        };
        text.map_err(|_| self.trouble("this is not UTF-8 text".to_owned()))
    }

    fn trouble(&self, message: String) -> Diagnostic {
        let file = self.path();
        Diagnostic { severity: Severity::Error, file, line: 0, column: 0, message, help: None }
    }

    /// Whether there is a file at a path of the same source, in which `..` may lead up, but not out.
    pub(crate) fn beside(&self, path: &str) -> bool {
        let mut parts = Vec::new();
        for part in path.split('/') {
            match part {
                "." | "" => {}
                ".." => {
                    if parts.pop().is_none() {
                        return false;
                    }
                }
                part => parts.push(part),
            }
        }
        matches!(self.source().find(&parts.join("/")), Ok(Some(_)))
    }

    /// Every file below a folder of the same source; see [`Source::below`].
    pub(crate) fn below(&self, folder: &str) -> Vec<Resource> {
        self.source().below(folder)
    }

    /// Where it is from.
    pub(crate) fn source(&self) -> Source {
        Source { tree: Arc::clone(&self.tree) }
    }

    /// The pack that it is from, if it came in one.
    pub(crate) fn pack(&self) -> Option<&str> {
        match &*self.tree {
            Tree::BuiltIn => None,
            Tree::Folder { pack, .. } => pack.as_deref(),
        }
    }

    /// Whether its owner may execute it; files in the binary have no such bit.
    pub(crate) fn is_executable(&self) -> bool {
        match &*self.tree {
            Tree::BuiltIn => false,
            Tree::Folder { root, .. } => files::is_executable(&root.join(&*self.path)),
        }
    }

    /// Where it is on this machine, unless it is compiled into the program.
    pub fn on_disk(&self) -> Option<PathBuf> {
        match &*self.tree {
            Tree::BuiltIn => None,
            Tree::Folder { root, .. } => Some(root.join(&*self.path)),
        }
    }

    /// Its path below the root of its source, with `/`.
    pub(crate) fn relative(&self) -> &str {
        &self.path
    }

    fn read_up_to(&self, cap: u64) -> io::Result<Cow<'static, [u8]>> {
        let bytes = self.read_as_it_is(cap)?;
        let Some(values) = &self.values else { return Ok(bytes) };
        // What is no text has no places.
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(bytes) };
        Ok(match values.fill(text) {
            Cow::Borrowed(_) => bytes,
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }

    fn read_as_it_is(&self, cap: u64) -> io::Result<Cow<'static, [u8]>> {
        let too_large = || io::Error::from(io::ErrorKind::FileTooLarge);
        match &*self.tree {
            Tree::BuiltIn => {
                let bytes = built_in(&self.path).ok_or(io::ErrorKind::NotFound)?;
                if bytes.len() as u64 > cap { Err(too_large()) } else { Ok(Cow::Borrowed(bytes)) }
            }
            Tree::Folder { texts, .. } if texts.contains_key(&*self.path) => {
                let text = &texts[&*self.path];
                if text.len() as u64 > cap {
                    return Err(too_large());
                }
                Ok(Cow::Owned(text.as_bytes().to_vec()))
            }
            Tree::Folder { root, .. } => {
                let (path, length) = regular_file(root, &self.path).map_err(io::Error::other)?;
                if length > cap {
                    return Err(too_large());
                }
                let mut bytes = Vec::with_capacity(length as usize);
                // It may grow while it is read.
                File::open(path)?.take(cap + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > cap { Err(too_large()) } else { Ok(Cow::Owned(bytes)) }
            }
        }
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resource({})", self.path())
    }
}

/// What a folder has in it because of a file somewhere below it, and whether that is a folder.
fn entry(folder: &str, file: &str) -> Option<(String, bool)> {
    let below =
        if folder.is_empty() { file } else { file.strip_prefix(folder)?.strip_prefix('/')? };
    let (name, is_folder) = below.split_once('/').map_or((below, false), |(name, _)| (name, true));
    Some((name.to_owned(), is_folder))
}

/// `top/name`, where `top` may be the root.
pub(crate) fn join(top: &str, name: &str) -> String {
    if top.is_empty() { name.to_owned() } else { format!("{top}/{name}") }
}

/// The folder a path is in; the root's is the root.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A file's name without folder and extension.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The path without `.` parts, if it stays below where it begins.
fn inside(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Where the file really is, if that is a regular file below the root, and its length.
fn regular_file(root: &Path, path: &str) -> Result<(PathBuf, u64), Refused> {
    let unreadable = |e: io::Error| Refused::Unreadable(e.to_string());
    let real = files::real(&root.join(path)).map_err(unreadable)?;
    if !real.starts_with(root) {
        return Err(Refused::LinkOutside);
    }
    // Before it is opened: opening a pipe would wait for its other end.
    let metadata = fs::metadata(&real).map_err(unreadable)?;
    if metadata.is_file() { Ok((real, metadata.len())) } else { Err(Refused::NotAFile) }
}

fn list_folder(path: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)?.take(MAX_ENTRIES) {
        let entry = entry?;
        // A name that is not UTF-8 cannot be in a manifest either.
        if let Ok(name) = entry.file_name().into_string() {
            let kind = entry.file_type()?;
            let folder = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
            names.push((name, folder));
        }
    }
    Ok(names)
}

fn built_in(path: &str) -> Option<&'static [u8]> {
    let (top, rest) = path.split_once('/')?;
    let tree = top_folder(top)?;
    tree.get_file(rest).map(include_dir::File::contents)
}

fn built_in_folder(path: &str) -> Option<&'static Dir<'static>> {
    match path.split_once('/') {
        None => top_folder(path),
        Some((top, rest)) => top_folder(top)?.get_dir(rest),
    }
}

fn top_folder(name: &str) -> Option<&'static Dir<'static>> {
    match name {
        "content" => Some(&CONTENT),
        "exercises" => Some(&EXERCISES),
        "scenarios" => Some(&SCENARIOS),
        _ => None,
    }
}

fn is_yaml(name: &str) -> bool {
    matches!(name.rsplit_once('.'), Some((_, "yaml" | "yml")))
}

fn is_module(name: &str) -> bool {
    matches!(name, "module.yaml" | "module.yml")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::*;

    fn source(files: &[(&str, &[u8])]) -> (TempDir, Source) {
        let folder = TempDir::new().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let source = Source::folder(folder.path()).unwrap();
        (folder, source)
    }

    #[test]
    fn names_that_lead_out_are_refused() {
        let (folder, source) = source(&[("exercises/a.yaml", b"x")]);
        for path in ["../x", "exercises/../../x", "/etc/passwd", "", ".", "a/.."] {
            assert_eq!(source.find(path), Err(Refused::Outside), "{path}");
        }
        symlink("/etc/passwd", folder.path().join("exercises/link")).unwrap();
        symlink("/etc", folder.path().join("exercises/etc")).unwrap();
        symlink("a.yaml", folder.path().join("exercises/inside")).unwrap();
        for path in ["exercises/link", "exercises/etc/passwd"] {
            assert_eq!(source.find(path), Err(Refused::LinkOutside), "{path}");
            assert!(source.resource(path.to_owned()).read().is_err(), "{path}");
        }
        assert_eq!(&*source.find("exercises/inside").unwrap().unwrap().read().unwrap(), b"x");
        assert_eq!(source.find("exercises/nothing"), Ok(None));
    }

    #[test]
    fn only_regular_files_of_a_bearable_size_are_read() {
        let (folder, source) = source(&[("a/b.txt", b"x")]);
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(source.find("pipe"), Err(Refused::NotAFile));
        assert_eq!(source.find("a"), Err(Refused::NotAFile));
        // Without blocks on the disk.
        fs::File::create(folder.path().join("huge")).unwrap().set_len(MAX_FILE + 1).unwrap();
        assert_eq!(source.find("huge"), Err(Refused::TooLarge));
        let error = source.resource("huge".to_owned()).read().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        fs::File::create(folder.path().join("long")).unwrap().set_len(MAX_TEXT + 1).unwrap();
        let long = source.find("long").unwrap().unwrap();
        assert_eq!(long.text().unwrap_err().message, "this text is larger than 512 KiB");
    }

    #[test]
    fn texts_are_clean_or_told_with_their_place() {
        let (_folder, source) = source(&[
            ("good", "a\r\n\té\n".as_bytes()),
            ("escape", "one\r\ntwo é\u{1b}[2J".as_bytes()),
            ("return", b"shown\rhidden"),
            ("latin", b"caf\xe9"),
        ]);
        let text = |name| source.find(name).unwrap().unwrap().text();
        assert_eq!(text("good").unwrap(), "a\r\n\té\n");
        let problem = text("escape").unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 6));
        assert_eq!(problem.message, "control character U+001B");
        assert_eq!(text("return").unwrap_err().message, "control character U+000D");
        assert_eq!(text("latin").unwrap_err().message, "this is not UTF-8 text");
    }

    #[test]
    fn names_in_messages_are_those_the_user_knows() {
        let (folder, source) = source(&[("exercises/a.yaml", b"")]);
        let file = source.find("exercises/a.yaml").unwrap().unwrap();
        assert_eq!(file.path(), folder.path().join("exercises/a.yaml").display().to_string());
        let manifests = Source::built_in().manifests().unwrap();
        assert!(manifests.iter().all(|file| file.path().starts_with("exercises/")));
    }

    #[test]
    fn texts_stand_in_place_of_files() {
        let (_folder, source) = source(&[("exercises/a.yaml", b"old"), ("exercises/b.yaml", b"b")]);
        let texts = [("exercises/a.yaml", "new"), ("exercises/linux/c.yaml", "c")];
        let texts = texts.map(|(path, text)| (path.to_owned(), Arc::from(text))).into();
        let over = source.with_texts(texts);
        let found = over.manifests().unwrap();
        let read = |file: &Resource| String::from_utf8(file.read().unwrap().into()).unwrap();
        let read: Vec<_> = found.iter().map(|file| (file.relative(), read(file))).collect();
        let expected = [("a.yaml", "new"), ("b.yaml", "b"), ("linux/c.yaml", "c")];
        let expected = expected.map(|(path, text)| (format!("exercises/{path}"), text.to_owned()));
        assert_eq!(read, expected.each_ref().map(|(path, text)| (path.as_str(), text.clone())));
        // What was read of it, and what the folder itself has, are two things.
        assert!(over.holds(&found[0]) && !source.holds(&found[0]));
        assert_eq!(&*source.find("exercises/a.yaml").unwrap().unwrap().read().unwrap(), b"old");
    }

    #[test]
    fn programs_are_told_by_their_bit() {
        let (folder, source) = source(&[("a", b"x"), ("b", b"x")]);
        let program = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path().join("a"), program).unwrap();
        let executable = |name| source.find(name).unwrap().unwrap().is_executable();
        assert_eq!((executable("a"), executable("b")), (true, false));
    }
}
