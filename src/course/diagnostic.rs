//! A thing wrong with a file that a contributor or user wrote.

use std::fmt;

use serde::Serialize;

use crate::problem::{Exit, Problem};

/// What is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// The file, relative to its content root (`exercises/linux/03-….yaml`) or as the user named it.
    pub file: String,
    /// 1-based; 0 when the file as a whole is meant.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// One sentence.
    pub message: String,
    /// What to write instead, such as `did you mean "estimated_time"?`.
    pub help: Option<String>,
}

/// Whether a problem stops an item from being used or, where lint says so, from being published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but somebody should look.
    Warning,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl From<Diagnostic> for Problem {
    fn from(d: Diagnostic) -> Self {
        let position = (d.line > 0).then_some((d.line, d.column));
        let problem = Self::new("content", Exit::Usage, d.message).at(d.file, position);
        match d.help {
            Some(help) => problem.remedy(help),
            None => problem,
        }
    }
}
