//! What is said of a scenario while it is converted.

use crate::course::yaml::{Mark, hidden_character};
use crate::course::{Diagnostic, Severity};

/// Things said of one scenario. More than this many nobody reads.
const MOST: usize = 200;

/// Everything that was said.
#[derive(Debug)]
pub(super) struct Said {
    /// Its `index.json`, as messages call it.
    file: String,
    /// Warnings: what is not converted as it was; errors: why it is not converted at all.
    pub(super) found: Vec<Diagnostic>,
}

impl Said {
    pub(super) fn of(file: String) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Something in `index.json` is not taken over, or not as it was.
    pub(super) fn note(&mut self, mark: Mark, message: impl Into<String>, help: Option<String>) {
        let file = self.file.clone();
        self.note_in(&file, mark, message, help);
    }

    /// The same in another file.
    pub(super) fn note_in(
        &mut self,
        file: &str,
        mark: Mark,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.say(Severity::Warning, file, mark, message.into(), help);
    }

    /// Something in `index.json` keeps it from being converted.
    pub(super) fn refuse(&mut self, mark: Mark, message: impl Into<String>, help: Option<String>) {
        let file = self.file.clone();
        self.refuse_in(&file, mark, message, help);
    }

    /// The same in another file.
    pub(super) fn refuse_in(
        &mut self,
        file: &str,
        mark: Mark,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.say(Severity::Error, file, mark, message.into(), help);
    }

    fn say(
        &mut self,
        severity: Severity,
        file: &str,
        Mark { line, column }: Mark,
        message: String,
        help: Option<String>,
    ) {
        let found = Diagnostic { severity, file: file.to_owned(), line, column, message, help };
        // Errors decide, so none of them may be lost behind many warnings.
        if !self.found.contains(&found)
            && (self.found.len() < MOST || severity == Severity::Error && !self.refused())
        {
            self.found.push(found);
        }
    }

    /// Whether it cannot be converted.
    pub(super) fn refused(&self) -> bool {
        self.found.iter().any(|it| it.severity == Severity::Error)
    }

    /// Why not.
    pub(super) fn reasons(self) -> Vec<Diagnostic> {
        self.found.into_iter().filter(|it| it.severity == Severity::Error).collect()
    }
}

/// A text without what a terminal would obey or a reader could be misled by, with ends of lines as Unix has
/// them; and whether something had to be taken out.
pub(super) fn cleaned(text: &str) -> (String, bool) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    if hidden_character(&text).is_none() {
        return (text, false);
    }
    let mut kept = String::with_capacity(text.len());
    let mut sign = [0; 4];
    kept.extend(text.chars().filter(|c| hidden_character(c.encode_utf8(&mut sign)).is_none()));
    (kept, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        assert_eq!(cleaned("\u{feff}a\r\n\tb\n"), ("a\n\tb\n".to_owned(), false));
        let (text, hidden) = cleaned("a\u{1b}[2Jb\u{9b}c\u{202e}d\re\u{7}");
        assert_eq!((text.as_str(), hidden), ("a[2Jbcde", true));
    }

    #[test]
    fn a_reason_is_never_lost_behind_many_notes() {
        let mut said = Said::of("x".to_owned());
        for line in 0..1000 {
            said.note(Mark { line, column: 1 }, "n", None);
        }
        assert!(!said.refused());
        said.refuse(Mark::default(), "no", None);
        assert_eq!(said.reasons().len(), 1);
    }
}
