//! Writing a plan: all of it, or nothing.
//!
//! Everything is written into a folder beside where it belongs, read again as content, and only then put in
//! its place by renaming. What is wrong with what was made is thus found before anybody has it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Converted, NewModule, Plan, Refused};
use crate::course::{self, Diagnostic, Severity, Source};

/// Why a plan could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file or folder cannot be made.
    #[error("{} cannot be written: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Somebody wants it to end.
    #[error("nothing was written")]
    Stopped,
}

/// A plan that lies ready beside its place; dropped, it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    folder: PathBuf,
    staging: TempDir,
    modules: Vec<NewModule>,
    items: Vec<Converted>,
}

/// Writes a plan down beside `folder`, or anywhere for a dry run, and reads it as content. What cannot be
/// read so goes over to what the plan refuses.
pub fn stage(plan: &mut Plan, folder: &Path, dry_run: bool) -> Result<Staged, WriteError> {
    let trouble = |path: &Path| {
        let path = path.to_owned();
        move |source| WriteError::File { path, source }
    };
    let mut hidden = tempfile::Builder::new();
    let hidden = hidden.prefix(".drydock-import-");
    let staging = if dry_run {
        hidden.tempdir().map_err(trouble(folder))?
    } else {
        let beside = existing(folder);
        hidden.tempdir_in(&beside).map_err(trouble(&beside))?
    };
    let root = staging.path().join("new");
    for item in &plan.items {
        for file in &item.files {
            let path = root.join(&file.path);
            write(&path, &file.bytes).map_err(trouble(&path))?;
        }
    }
    for module in &plan.modules {
        let path = root.join(module_file(&module.id));
        let text = serde_json::Value::from(module.title.as_str());
        let text = format!("id: {}\ntitle: {text}\norder: {}\n", module.id, module.order);
        write(&path, text.as_bytes()).map_err(trouble(&path))?;
    }
    fs::create_dir_all(&root).map_err(trouble(&root))?;
    let mut broken = faults(&root);
    plan.items.retain_mut(|item| {
        let of = |found: &Diagnostic| item.files.iter().any(|file| file.path == found.file);
        let reasons: Vec<_> = broken.extract_if(.., |found| of(found)).collect();
        if reasons.is_empty() {
            return true;
        }
        let reasons = reasons.into_iter().map(|it| about(it, item)).collect();
        let (from, title) = (std::mem::take(&mut item.from), std::mem::take(&mut item.title));
        plan.refused.push(Refused { from, title, reasons });
        false
    });
    let has_items = |module: &NewModule| plan.items.iter().any(|item| item.module == module.id);
    plan.modules.retain(has_items);
    let items = plan.items.iter().map(shallow).collect();
    Ok(Staged { folder: folder.to_owned(), staging, modules: plan.modules.clone(), items })
}

impl Staged {
    /// Puts everything in its place. If something fails, or `stop` says so, what was put there is taken
    /// away again, and what was there before is back.
    pub fn put(self, stop: impl Fn() -> bool) -> Result<(), WriteError> {
        let (new, old) = (self.staging.path().join("new"), self.staging.path().join("old"));
        let mut moves =
            Moves { new, old, folder: self.folder.clone(), done: Vec::new(), made: Vec::new() };
        for module in &self.modules {
            moves.put(&module_file(&module.id))?;
        }
        for item in &self.items {
            if stop() {
                return Err(WriteError::Stopped);
            }
            let manifest = format!("exercises/{}.yaml", item.path);
            // Without its manifest the rest is nobody's: it goes first and comes last.
            moves.aside(&manifest)?;
            moves.put(&format!("exercises/{}", item.path))?;
            moves.put(&format!("content/{}.md", item.path))?;
            moves.put(&manifest)?;
        }
        moves.keep();
        Ok(())
    }
}

/// What is needed of an item to put it in its place.
fn shallow(item: &Converted) -> Converted {
    Converted {
        id: item.id.clone(),
        module: item.module.clone(),
        title: String::new(),
        from: String::new(),
        checks: item.checks,
        network: item.network,
        path: item.path.clone(),
        files: Vec::new(),
        findings: Vec::new(),
    }
}

fn module_file(id: &str) -> String {
    format!("content/{id}/module.yaml")
}

/// The nearest folder that is there.
fn existing(folder: &Path) -> PathBuf {
    let mut above = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
    above.find(|path| path.is_dir()).unwrap_or(Path::new(".")).to_owned()
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What keeps content from being used or published, by the files' paths below its root.
fn faults(root: &Path) -> Vec<Diagnostic> {
    let source = match Source::folder(root) {
        Ok(source) => source,
        Err(found) => return vec![found],
    };
    let images = ["drydock/base".to_owned(), "drydock/systemd".to_owned()];
    let mut found = course::lint(&course::load(&[source]), &images);
    found.retain(|it| it.severity == Severity::Error);
    for it in &mut found {
        if let Ok(below) = Path::new(&it.file).strip_prefix(root) {
            it.file = below.display().to_string();
        }
    }
    found
}

/// A fault of what was made, told of what it was made of.
fn about(found: Diagnostic, item: &Converted) -> Diagnostic {
    let message = format!("what comes of it is no sound exercise: {}", found.message);
    let file = course::source::join(&item.from, "index.json");
    Diagnostic { message, file, line: 0, column: 0, ..found }
}

/// Files and folders that were moved, moved back with this unless they are kept.
struct Moves {
    new: PathBuf,
    old: PathBuf,
    folder: PathBuf,
    /// From where to where, in order.
    done: Vec<(PathBuf, PathBuf)>,
    /// Folders that were made.
    made: Vec<PathBuf>,
}

impl Moves {
    /// Puts what is new at this path there, in the place of what is there.
    fn put(&mut self, path: &str) -> Result<(), WriteError> {
        self.aside(path)?;
        let (from, to) = (self.new.join(path), self.folder.join(path));
        if !from.exists() {
            return Ok(());
        }
        let made = self.folders(to.parent().unwrap_or(Path::new("")));
        made.and_then(|()| self.rename(&from, &to))
            .map_err(|source| WriteError::File { path: to, source })
    }

    /// Moves what is there out of the way.
    fn aside(&mut self, path: &str) -> Result<(), WriteError> {
        let (from, to) = (self.folder.join(path), self.old.join(path));
        if from.symlink_metadata().is_err() {
            return Ok(());
        }
        let parent = to.parent().unwrap_or(Path::new("")).to_owned();
        fs::create_dir_all(parent)
            .and_then(|()| self.rename(&from, &to))
            .map_err(|source| WriteError::File { path: from, source })
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)?;
        self.done.push((from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn folders(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        self.folders(path.parent().unwrap_or(Path::new("")))?;
        fs::create_dir(path)?;
        self.made.push(path.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.done.clear();
        self.made.clear();
    }
}

impl Drop for Moves {
    fn drop(&mut self) {
        // Best effort, backwards: what cannot be moved back is told by lint.
        for (from, to) in self.done.iter().rev() {
            let _ = fs::rename(to, from);
        }
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}
