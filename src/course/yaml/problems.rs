//! Collecting what is wrong with one file.

use super::super::{Diagnostic, Severity};
use super::tree::{At, Mark};

/// The longest piece of somebody's text repeated in a message, in characters: enough to find it.
const MAX_QUOTE: usize = 60;

/// The most that is told of one file: who has mended these may ask again.
const MAX_PROBLEMS: usize = 200;

/// What is wrong with one file, in the order found.
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    found: Vec<Diagnostic>,
}

impl Problems {
    /// Nothing yet, for the file of this name.
    pub(crate) fn new(file: impl Into<String>) -> Self {
        Self { file: file.into(), found: Vec::new() }
    }

    /// What is at `mark` cannot be used.
    pub(crate) fn error(&mut self, mark: Mark, message: impl Into<String>, help: Option<String>) {
        if self.found.len() < MAX_PROBLEMS {
            self.found.push(Diagnostic {
                severity: Severity::Error,
                file: self.file.clone(),
                line: mark.line,
                column: mark.column,
                message: message.into(),
                help,
            });
        }
    }

    /// An error found by a rule about values, unless that place is known to be wrong already: a
    /// rule must not complain about the empty value that stands in for a wrong one.
    pub(crate) fn rule(&mut self, at: At<'_>, message: impl Into<String>, help: Option<String>) {
        if !self.is_told(at) {
            self.error(at.mark(), message, help);
        }
    }

    /// Whether something is known to be wrong there.
    pub(crate) fn is_told(&self, at: At<'_>) -> bool {
        let mark = at.mark();
        self.found.iter().any(|d| (d.line, d.column) == (mark.line, mark.column))
    }

    /// Whether anything found makes the file unusable.
    pub(crate) fn has_errors(&self) -> bool {
        !self.found.is_empty()
    }

    /// Everything found, in the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|d| (d.line, d.column));
        self.found
    }
}

/// Somebody's text for a message: in quotes, shortened, with anything a terminal obeys escaped.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTE) {
        Some((end, _)) => format!("{:?}", format!("{}…", &text[..end])),
        None => format!("{text:?}"),
    }
}
