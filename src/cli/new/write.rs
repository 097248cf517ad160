//! Writing several files: all of them or none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::templates::File;
use crate::cli::interrupt::interrupted;
use crate::platform::{files, signals};
use crate::problem::{Exit, Problem};

/// Writes new files, and then the `changed` one in the place of what is there. None of the new ones
/// may be there yet. Whatever goes wrong, and where it is interrupted, nothing is left of it.
pub(super) fn all(folder: &Path, new: &[File], changed: Option<&File>) -> Result<(), Problem> {
    let stop = Arc::new(AtomicBool::new(false));
    signals::note(&stop).map_err(trouble(folder))?;
    let mut made = Made::default();
    for file in new {
        let path = folder.join(&file.path);
        made.file(&path, &file.text).map_err(trouble(&path))?;
    }
    if stop.load(Ordering::Relaxed) {
        return Err(interrupted("Nothing was written"));
    }
    if let Some(file) = changed {
        let path = folder.join(&file.path);
        let like = fs::metadata(&path).map(|it| {
            let mut like = tempfile::Builder::new();
            like.permissions(it.permissions());
            like
        });
        let written = like.and_then(|like| temporary(&like, &path, &file.text));
        let replaced = written.and_then(|file| Ok(file.persist(&path)?));
        replaced.map_err(trouble(&path))?;
    }
    made.keep();
    Ok(())
}

/// Why a file could not be written.
fn trouble(path: &Path) -> impl Fn(io::Error) -> Problem {
    move |error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("{} is there already", path.display());
            return Problem::new("exists", Exit::Usage, message)
                .remedy("nothing is overwritten: take another --title or --id");
        }
        let message = format!("{} cannot be written: {error}", path.display());
        Problem::new("not_written", Exit::Environment, message)
    }
}

/// What was made so far, removed with this unless it is kept.
#[derive(Default)]
struct Made {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, path: &Path, text: &str) -> io::Result<()> {
        self.folder(path.parent().unwrap_or(Path::new("")))?;
        temporary(&files::temporary(0o666), path, text)?.persist_noclobber(path)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        self.folder(path.parent().unwrap_or(Path::new("")))?;
        fs::create_dir(path)?;
        self.folders.push(path.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // Best effort: what cannot be removed stays, and is told by lint.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A whole file beside where it belongs, made like this as far as the user's mask lets.
fn temporary(
    like: &tempfile::Builder<'_, '_>,
    path: &Path,
    text: &str,
) -> io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = like.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}
