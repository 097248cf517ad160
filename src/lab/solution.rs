//! Where solutions that were written down are kept.
//!
//! A solution is written into a draft under the data folder first, whatever its content comes from; at
//! its end it goes to the item's own folder, if that can be written.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::course::{Item, Resource, keys};
use crate::platform::files;
use crate::problem::{Exit, Problem};

use super::exercise;

/// What became of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// It is the item's typed solution now.
    There {
        /// The file.
        file: PathBuf,
        /// Another file that is the item's solution as long as it is there.
        behind: Option<String>,
    },
    /// The item has a typed solution, which was left alone; the draft is where it was.
    Taken(PathBuf),
    /// The item has no folder that can be written; the draft is where it was.
    Draft,
}

/// The path of a new draft in this folder, which is there: the item and the moment.
pub fn draft(folder: &Path, item: &str, now: &jiff::Zoned) -> PathBuf {
    folder.join(format!("{item}-{}.keys", now.strftime("%Y%m%d-%H%M%S")))
}

/// Makes a draft the item's solution. Another is replaced only with `replace`.
///
/// # Errors
///
/// When the draft cannot be read, or the file not be written for another reason than that it may not.
pub fn keep(item: &Item, draft: &Path, replace: bool) -> Result<Kept, Problem> {
    let Some(file) = place(item) else { return Ok(Kept::Draft) };
    let trouble = |path: &Path, error: &io::Error| {
        let message = format!("The solution cannot be kept: {error}");
        Problem::new("solution", Exit::Environment, message)
            .at(path.display().to_string(), None)
            .remedy(format!("what was written down is in {}", draft.display()))
    };
    let text = fs::read(draft).map_err(|error| trouble(draft, &error))?;
    match write(&file, &text, replace) {
        Ok(()) => {}
        Err(error) => {
            return match error.kind() {
                io::ErrorKind::AlreadyExists => Ok(Kept::Taken(file)),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Ok(Kept::Draft)
                }
                _ => Err(trouble(&file, &error)),
            };
        }
    }
    if let Err(error) = fs::remove_file(draft) {
        tracing::warn!(%error, "a draft that was kept elsewhere is left");
    }
    let solution = exercise(item).ok().and_then(|exercise| exercise.solution.as_ref());
    let behind = solution.filter(|solution| !keys::is_typed(solution)).map(Resource::path);
    Ok(Kept::There { file, behind })
}

/// Where an item's typed solution is, or would be.
fn place(item: &Item) -> Option<PathBuf> {
    let solution = exercise(item).ok()?.solution.as_ref();
    match solution.filter(|solution| keys::is_typed(solution)) {
        Some(solution) => solution.on_disk(),
        None => Some(item.manifest.on_disk()?.with_extension("").join("solution.keys")),
    }
}

/// The whole file or nothing.
fn write(file: &Path, text: &[u8], replace: bool) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // It is content: whoever may read the rest may read it.
    let mut new = files::temporary(0o666).tempfile_in(folder)?;
    io::Write::write_all(&mut new, text)?;
    new.as_file().sync_all()?;
    let kept = if replace { new.persist(file) } else { new.persist_noclobber(file) };
    kept.map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Source, load};

    const MANIFEST: &str = "id: a-01\nmodule: a\norder: 1\ntitle: T\n\
        verify: [{name: x, cmd: \"true\"}]\n";

    #[test]
    fn a_draft_becomes_the_solution_and_never_without_a_question() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("content");
        fs::create_dir(&root).unwrap();
        fs::write(root.join("01-a.yaml"), MANIFEST).unwrap();
        let keep = |text: &str, replace| {
            let draft = folder.path().join("draft.keys");
            fs::write(&draft, text).unwrap();
            let course = load(&[Source::folder(&root).unwrap()]);
            let kept = keep(course.item("a-01").unwrap(), &draft, replace).unwrap();
            (kept, draft.exists())
        };
        let root = root.canonicalize().unwrap();
        let file = root.join("01-a/solution.keys");
        let there = Kept::There { file: file.clone(), behind: None };
        assert_eq!(keep("run a\n", false), (there.clone(), false));
        assert_eq!(keep("run b\n", false), (Kept::Taken(file.clone()), true));
        assert_eq!(fs::read_to_string(&file).unwrap(), "run a\n");
        assert_eq!(keep("run b\n", true), (there, false));
        assert_eq!(fs::read_to_string(&file).unwrap(), "run b\n");
        // A script goes before it.
        fs::write(root.join("01-a/solution.sh"), "b").unwrap();
        let (kept, _) = keep("run c\n", true);
        let Kept::There { behind: Some(script), .. } = kept else { panic!("{kept:?}") };
        assert!(script.ends_with("01-a/solution.sh"), "{script}");
    }

    #[test]
    fn what_is_compiled_in_cannot_be_written() {
        let course = load(&[Source::built_in()]);
        let item = course.item("linux-01").unwrap();
        assert_eq!(keep(item, Path::new("/nowhere"), true).unwrap(), Kept::Draft);
        let now = "2026-03-04T05:06:07+00:00[UTC]".parse().unwrap();
        let draft = draft(Path::new("/x"), "linux-01", &now);
        assert_eq!(draft, Path::new("/x/linux-01-20260304-050607.keys"));
    }
}
