//! Files that a command writes where it was told to.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::platform::files;
use crate::problem::{Exit, Problem};

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let kept = files::temporary(0o644)
        .prefix(".drydock-")
        .tempfile_in(folder.unwrap_or(Path::new(".")))
        .and_then(|file| std::fs::write(file.path(), text).map(|()| file))
        .and_then(|file| file.persist(path).map_err(|error| error.error));
    kept.map(|_| ()).map_err(|error| unwritable(path, &error))
}

/// That a file or folder cannot be written.
pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    let message = format!("{} cannot be written: {error}", path.display());
    Problem::new("output", Exit::Environment, message).remedy("name another place with -o")
}

/// Refuses to write where something is, unless that is wanted.
pub(super) fn refuse_existing(path: &Path, force: bool) -> Result<(), Problem> {
    if !path.exists() || force {
        return Ok(());
    }
    let message = format!("{} is there already", path.display());
    Err(Problem::new("file_exists", Exit::Usage, message)
        .remedy("--force replaces it; or give another name"))
}

/// Lets others read a file that was made as one's own: it is made to be handed on.
pub(super) fn readable(file: &File) -> io::Result<()> {
    files::set_mode(file, 0o644)?;
    file.sync_all()
}
