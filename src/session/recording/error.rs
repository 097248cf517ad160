//! Why a recording cannot be made or played.

use std::io;
use std::path::{Path, PathBuf};

use super::cast::VERSION;
use crate::problem::{Exit, Problem};

/// What helps where a recording was meant and is not there.
const LIST: &str = "drydock replay --list shows the recordings there are";

/// What went wrong, and with which file.
#[derive(Debug, thiserror::Error)]
#[error("{fault}")]
pub struct RecordingError {
    /// The recording.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What went wrong. `Display` is one sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system failed to read or write.
    #[error("The recording cannot be {action}: {source}")]
    Io {
        /// `read` or `written`.
        action: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Another process records the same attempt.
    #[error("Another process records this attempt already")]
    InUse,
    /// A name that is no attempt's.
    #[error("This is not the name of an attempt")]
    Name,
    /// It is something else.
    #[error("This is not a recording of a terminal (asciicast)")]
    Foreign,
    /// It is of another version of the format.
    #[error("This is asciicast version {0}; drydock plays version {VERSION}")]
    Version(u64),
    /// Its packing is broken.
    #[error("The recording is damaged and cannot be unpacked: {0}")]
    Packing(io::Error),
    /// There is something in it that is no event.
    #[error("The recording is damaged: this line is no event")]
    Event {
        /// Its line, counted from 1.
        line: u32,
    },
    /// There is more in it than anybody records.
    #[error("The recording is too large to be played: it has more than {0}")]
    TooLarge(String),
}

impl RecordingError {
    pub(super) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault }
    }

    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::new(path, Fault::Io { action: "read", source })
    }

    pub(super) fn written(path: &Path, source: io::Error) -> Self {
        Self::new(path, Fault::Io { action: "written", source })
    }
}

impl From<RecordingError> for Problem {
    fn from(error: RecordingError) -> Self {
        let (kind, exit, remedy) = match &error.fault {
            Fault::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                ("recording_io", Exit::Usage, Some(LIST))
            }
            Fault::Io { .. } => ("recording_io", Exit::Environment, None),
            Fault::InUse => ("recording_in_use", Exit::Environment, None),
            Fault::Name | Fault::Foreign => ("not_a_recording", Exit::Usage, Some(LIST)),
            Fault::Version(_) => {
                ("not_a_recording", Exit::Usage, Some("asciinema convert -f asciicast-v2 OLD NEW"))
            }
            Fault::Packing(_) | Fault::Event { .. } => {
                let remedy = "asciinema or a text editor may save a part of it";
                ("recording_damaged", Exit::Usage, Some(remedy))
            }
            Fault::TooLarge(_) => {
                let remedy = "it was not made by drydock: asciinema may play it";
                ("recording_too_large", Exit::Usage, Some(remedy))
            }
        };
        let position = match error.fault {
            Fault::Event { line } => Some((line, 1)),
            _ => None,
        };
        let problem =
            Self::new(kind, exit, error.to_string()).at(error.path.display().to_string(), position);
        match remedy {
            Some(remedy) => problem.remedy(remedy),
            None => problem,
        }
    }
}
