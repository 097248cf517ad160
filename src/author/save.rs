//! Files of content, read and written whole.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::course::source::MAX_TEXT;
use crate::platform::files;

/// Why a file cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Nobody edits a picture here.
    #[error("it is not UTF-8 text")]
    NotText,
    /// No such text is read as content either.
    #[error("it is larger than {} KiB, and so is no text of content", MAX_TEXT >> 10)]
    TooLarge,
    /// Content comes from anybody, and a link in it leads anywhere.
    #[error("it is a link that leads out of the folder")]
    Outside,
    /// A folder, a pipe.
    #[error("it is not a regular file")]
    NotAFile,
    /// The system's words.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
}

/// A file of a folder (whose links are followed), by its path below it; one that is not there yet too.
pub fn inside(root: &Path, path: &str) -> Result<PathBuf, Unfit> {
    let path = root.join(path);
    match files::real(&path) {
        Ok(real) if !real.starts_with(root) => Err(Unfit::Outside),
        _ => Ok(path),
    }
}

/// The text of a file. `None` where there is no file.
pub fn text(path: &Path) -> Result<Option<String>, Unfit> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    // Before it is opened: opening a pipe would wait for its other end.
    if !metadata.is_file() {
        return Err(Unfit::NotAFile);
    }
    if metadata.len() > MAX_TEXT {
        return Err(Unfit::TooLarge);
    }
    match fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| Unfit::NotText),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file: all of it or nothing. It keeps its permissions and, where this user may set it, its
/// owner; what a link leads to is written, and the link stays.
pub fn save(path: &Path, text: &str) -> io::Result<()> {
    let path = &files::real(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    let before = fs::metadata(path).ok();
    if before.as_ref().is_some_and(|before| before.permissions().readonly()) {
        // A rename would get around what somebody has meant.
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is write-protected"));
    }
    let mut file = new_file(folder)?;
    file.write_all(text.as_bytes())?;
    if let Some(before) = before {
        files::inherit(file.as_file(), file.path(), &before)?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The name too must be on the disk before this is called done.
    files::sync_folder(folder)
}

/// Hidden, so that nobody takes it for content, with the permissions of any new file.
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    files::temporary(0o666).prefix(".drydock-").tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_keeps_its_permissions_and_its_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.sh"), folder.path().join("link"));
        fs::write(&file, "old\r\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        symlink("a.sh", &link).unwrap();
        save(&link, "new\r\nno end").unwrap();
        assert_eq!(text(&file).unwrap().unwrap(), "new\r\nno end");
        assert!(link.is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn links_that_lead_out_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = &folder.path().canonicalize().unwrap();
        fs::write(root.join("a"), "x").unwrap();
        symlink("a", root.join("in")).unwrap();
        symlink("/etc/passwd", root.join("out")).unwrap();
        assert!(inside(root, "in").is_ok() && inside(root, "new").is_ok());
        assert!(matches!(inside(root, "out"), Err(Unfit::Outside)));
    }

    #[test]
    fn what_is_write_protected_or_no_text_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, b"\xff").unwrap();
        assert!(matches!(text(&file), Err(Unfit::NotText)));
        assert!(matches!(text(folder.path()), Err(Unfit::NotAFile)));
        assert!(text(&folder.path().join("none")).unwrap().is_none());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(save(&file, "x").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        File::create(folder.path().join("b")).unwrap().set_len(MAX_TEXT + 1).unwrap();
        assert!(matches!(text(&folder.path().join("b")), Err(Unfit::TooLarge)));
    }
}
