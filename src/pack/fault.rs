//! Why a pack cannot be made, read or installed.

use std::io;
use std::path::{Path, PathBuf};

use super::work::Stopped;
use crate::course::Diagnostic;
use crate::engine::EngineError;
use crate::problem::{Exit, Problem};

/// What is wrong, and with which file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file that is no pack.
    #[error("{} is no pack of drydock: {why}", .file.display())]
    NoPack {
        /// The file.
        file: PathBuf,
        /// What it lacks.
        why: String,
    },
    /// A pack that is not as it was made.
    #[error("{} is damaged: {why}", .file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What was found.
        why: String,
    },
    /// A pack that holds what none may.
    #[error("{} is refused: {why}", .file.display())]
    Refused {
        /// The file.
        file: PathBuf,
        /// What it holds.
        why: String,
    },
    /// A pack of a later program.
    #[error("{} has the format {format}, and this drydock reads up to {}", .file.display(), super::manifest::FORMAT)]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The signature is not what was asked for.
    #[error("{} {why}", .file.display())]
    Signature {
        /// The pack, or a key.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// Content that is faulty.
    #[error("its content is faulty: {}", .0.message)]
    Content(Box<Diagnostic>),
    /// What cannot be put into a pack.
    #[error("{0}")]
    NotPackable(String),
    /// A file or folder of this machine.
    #[error("{} cannot be {did}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        did: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// There is too little room.
    #[error("{} has {} MB free, and this needs {} MB", .folder.display(), .free / 1_000_000, .needed.div_ceil(1_000_000))]
    NoRoom {
        /// A folder on that disk.
        folder: PathBuf,
        /// Bytes.
        free: u64,
        /// Bytes.
        needed: u64,
    },
    /// The engine did not take or give an image.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// There is no such pack here.
    #[error("no pack \"{0}\" is installed")]
    NotInstalled(String),
    /// Somebody stopped it.
    #[error("it was stopped")]
    Stopped,
    /// Another drydock is installing.
    #[error("another drydock is installing or removing a pack")]
    Busy,
}

impl Fault {
    /// That a file or folder cannot be read.
    pub(super) fn unread(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::of_file(path, "read", source)
    }

    /// That a file or folder cannot be written.
    pub(super) fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::of_file(path, "written", source)
    }

    fn of_file(path: &Path, did: &'static str, source: io::Error) -> Self {
        if matches!(source.get_ref(), Some(inner) if inner.is::<Stopped>()) {
            return Self::Stopped;
        }
        Self::File { path: path.to_owned(), did, source }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let message = fault.to_string();
        let (kind, exit, remedy) = match fault {
            Fault::Engine(error) => return error.into(),
            Fault::Content(found) => {
                let at = (found.line > 0).then_some((found.line, found.column));
                let problem = Self::new("pack_content", Exit::Usage, message).at(found.file, at);
                let ask = || "ask whoever made it for a sound one".to_owned();
                return problem.remedy(found.help.unwrap_or_else(ask));
            }
            Fault::NoPack { .. } => {
                ("not_a_pack", Exit::Usage, "drydock pack export -o FILE makes one")
            }
            Fault::Damaged { .. } => (
                "pack_damaged",
                Exit::Usage,
                "get it again, and compare its size with the original's",
            ),
            Fault::Refused { .. } => {
                ("pack_refused", Exit::Usage, "ask whoever made it for a sound one")
            }
            Fault::Newer { .. } => ("pack_newer", Exit::Usage, "install a later drydock"),
            Fault::Signature { .. } => (
                "pack_signature",
                Exit::Usage,
                "get the pack and the key from where you trust them",
            ),
            Fault::NotPackable(_) => ("not_packable", Exit::Usage, "drydock lint; drydock modules"),
            Fault::File { .. } => {
                ("file", Exit::Environment, "look at the disk and the rights there")
            }
            Fault::NoRoom { .. } => ("disk_full", Exit::Environment, "make room, and try again"),
            Fault::NotInstalled(_) => ("no_pack", Exit::Usage, "drydock pack list"),
            Fault::Stopped => ("interrupted", Exit::Interrupted, "nothing was changed"),
            Fault::Busy => ("pack_busy", Exit::Environment, "wait until it is done"),
        };
        Self::new(kind, exit, message).remedy(remedy)
    }
}
