//! What went wrong, said to a person: one sentence, where, and what to do about it.
//!
//! Each part of the program has its own typed errors. At the edge (a command's stderr, a dialog on
//! the screen) they all become a [`Problem`], which knows its exit status and its JSON form.

use std::fmt;

use serde::Serialize;

/// Which of the documented exit statuses a problem ends a command with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Checks, a lint or a proof did not pass: 1.
    NotPassed,
    /// Wrong use, or content or configuration that cannot be read: 2.
    Usage,
    /// The environment lacks something (an engine, an image): 3.
    Environment,
    /// Interrupted by the user: 130.
    Interrupted,
}

impl Exit {
    /// The number the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::NotPassed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Interrupted => 130,
        }
    }
}

/// One thing that went wrong, ready to be shown.
///
/// Serialises to the documented `{"kind","message","remedy","file","line","column"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// A stable word for scripts, such as `engine_not_running` or `manifest`.
    pub kind: &'static str,
    /// One sentence: what happened.
    pub message: String,
    /// What to do, usually a command; `None` where nothing better than trying again is known.
    pub remedy: Option<String>,
    /// The file concerned, as the user named it.
    pub file: Option<String>,
    /// 1-based line in `file`.
    pub line: Option<u32>,
    /// 1-based column in `file`, in characters.
    pub column: Option<u32>,
    /// How a command that fails this way ends.
    #[serde(skip)]
    pub exit: Exit,
}

impl Problem {
    /// A problem without a place in a file.
    pub fn new(kind: &'static str, exit: Exit, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            remedy: None,
            file: None,
            line: None,
            column: None,
            exit,
        }
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// The same problem with its place in a file (1-based line and column).
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, position: Option<(u32, u32)>) -> Self {
        self.file = Some(file.into());
        self.line = position.map(|p| p.0);
        self.column = position.map(|p| p.1);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, ":{line}:{column}")?;
            }
            write!(f, ": ")?;
        }
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for Problem {}
