//! Files that a command writes where it was told to.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::problem::{Exit, Problem};

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let kept = tempfile::Builder::new()
        .prefix(".drydock-")
        .permissions(Permissions::from_mode(0o644))
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
