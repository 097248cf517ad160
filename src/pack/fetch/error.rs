//! What fetching can fail with, each case with its own sentence and remedy.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::problem::{Exit, Problem};

/// Why there is no file. What has come so far stays where it is, and the next call goes on with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is no address that can be fetched from.
    #[error("\"{address}\" cannot be fetched: {why}")]
    Address {
        /// What was typed.
        address: String,
        /// What is wrong with it, as a part of a sentence.
        why: &'static str,
    },
    /// Nobody answers, and nobody ever has.
    #[error("Nobody answers at {address}: {why}")]
    Unreachable {
        /// Where it was tried.
        address: String,
        /// What happened.
        why: String,
    },
    /// The link broke and did not come back.
    #[error("The link to {address} broke and did not come back: {why}")]
    Broken {
        /// Where it was tried.
        address: String,
        /// What happened last.
        why: String,
        /// Bytes that are here.
        done: u64,
        /// Bytes of the file, if a server has told.
        total: Option<u64>,
    },
    /// The server wants a code, and none was given. The caller asks for it.
    #[error("{address} asks for a code")]
    CodeNeeded {
        /// The server.
        address: String,
    },
    /// The server wants another code. The caller asks for it.
    #[error("The code is not the one that {address} asks for")]
    WrongCode {
        /// The server.
        address: String,
    },
    /// Another server answered, or something in between.
    #[error("What answers at {address} does not serve a pack: {found}")]
    NotAPack {
        /// Where it was asked.
        address: String,
        /// What came, as a part of a sentence.
        found: String,
    },
    /// The server says that it is somewhere else.
    #[error("{address} leads to another address, which is not followed: {to}")]
    Redirect {
        /// Where it was asked.
        address: String,
        /// Where it leads.
        to: String,
    },
    /// The server refuses.
    #[error("{address} refuses: {status}")]
    Refused {
        /// The server.
        address: String,
        /// Its status, with its usual words.
        status: String,
    },
    /// The file is larger than may be.
    #[error(
        "The file at {address} has {bytes} bytes, more than the {most} that are fetched at most"
    )]
    TooLarge {
        /// The server.
        address: String,
        /// Bytes of the file.
        bytes: u64,
        /// The most there may be.
        most: u64,
    },
    /// The disk is full, or would be.
    #[error("The disk is full: {} needs {missing} bytes more", path.display())]
    DiskFull {
        /// The partial file.
        path: PathBuf,
        /// Bytes that are to come.
        missing: u64,
    },
    /// Another program fetches into the same file.
    #[error("Another drydock is fetching into {}", path.display())]
    Busy {
        /// The partial file.
        path: PathBuf,
    },
    /// The partial file cannot be read or written.
    #[error("{} cannot be written: {why}", path.display())]
    File {
        /// The partial file, or what is noted of it.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
}

impl FetchError {
    pub(super) fn file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.to_owned(), why: error.to_string() }
    }

    /// What helps.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Address { .. } => "type the address as it is shown where drydock pack serve runs",
            Self::Unreachable { .. } => {
                "is the address right, and are both machines on the same network? drydock pack serve shows it"
            }
            Self::Broken { .. } => "the same command goes on from here once the link is back",
            Self::CodeNeeded { .. } | Self::WrongCode { .. } => {
                "--code CODE gives the one that drydock pack serve shows"
            }
            Self::NotAPack { .. } | Self::Redirect { .. } => {
                "is it the right address? A network may also want to be logged in to with a browser first"
            }
            Self::Refused { .. } => "look at the address, and at what is said where it is served",
            Self::TooLarge { .. } => "carry it on a stick",
            Self::DiskFull { .. } => "make room and give the same command: it goes on from here",
            Self::Busy { .. } => "wait for it, or name another file with -o",
            Self::File { .. } => "name another place with -o",
        }
    }
}

impl From<FetchError> for Problem {
    fn from(error: FetchError) -> Self {
        let (kind, exit) = match &error {
            FetchError::Address { .. } => ("pack_address", Exit::Usage),
            FetchError::Unreachable { .. } => ("pack_unreachable", Exit::Environment),
            FetchError::Broken { .. } => ("pack_link_broken", Exit::Environment),
            FetchError::CodeNeeded { .. } | FetchError::WrongCode { .. } => {
                ("pack_code", Exit::Usage)
            }
            FetchError::NotAPack { .. } | FetchError::Redirect { .. } => {
                ("pack_not_served", Exit::Environment)
            }
            FetchError::Refused { .. } => ("pack_refused", Exit::Environment),
            FetchError::TooLarge { .. } => ("pack_too_large", Exit::Environment),
            FetchError::DiskFull { .. } => ("disk_full", Exit::Environment),
            FetchError::Busy { .. } => ("pack_busy", Exit::Environment),
            FetchError::File { .. } => ("cannot_write", Exit::Environment),
        };
        Self::new(kind, exit, error.to_string()).remedy(error.remedy())
    }
}

/// Why one attempt did not bring all of the file.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may go better next time.
    Passing {
        /// What happened, as a part of a sentence.
        why: String,
        /// When the server wants to be asked again, if it says so.
        wait: Option<Duration>,
    },
    /// Trying again does not help.
    Final(FetchError),
}

impl Failure {
    pub(super) fn passing(why: impl Into<String>) -> Self {
        Self::Passing { why: why.into(), wait: None }
    }

    pub(super) fn stalled(time: Duration) -> Self {
        Self::passing(format!("nothing came for {} s", time.as_secs_f32().ceil()))
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Final(error)
    }
}

/// The first cause of an error: the layers above it say only that something went wrong.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
