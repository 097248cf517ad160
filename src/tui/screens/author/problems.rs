//! What is wrong in the folder, as a list.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::course::{Diagnostic, Severity};
use crate::tui::app::App;
use crate::tui::widgets::editor::Mark;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{fit, wrap};

/// See the module.
#[derive(Debug, Default)]
pub struct Problems {
    /// In the order of files and lines.
    pub all: Vec<Diagnostic>,
    /// Index into `all`.
    pub cursor: usize,
}

impl Problems {
    /// These are all now. The cursor stays on the same one, if that is still there.
    pub fn renew(&mut self, all: Vec<Diagnostic>) {
        let selected = self.all.get(self.cursor);
        let same = |it: &Diagnostic| {
            selected.is_some_and(|old| (&old.file, &old.message) == (&it.file, &it.message))
        };
        let at = all.iter().position(same).unwrap_or(self.cursor);
        self.all = all;
        self.cursor = at;
        self.move_by(0);
    }

    /// Moves the cursor, stopping at the ends.
    pub fn move_by(&mut self, by: isize) {
        let last = self.all.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// To the next (or the one before), around the end.
    pub fn step(&mut self, by: isize) {
        let count = self.all.len().cast_signed();
        if count > 0 {
            self.cursor = (self.cursor.cast_signed() + by).rem_euclid(count).cast_unsigned();
        }
    }

    /// The selected one.
    pub fn selected(&self) -> Option<&Diagnostic> {
        self.all.get(self.cursor)
    }

    /// Where it is: line and column from 0.
    pub fn place(it: &Diagnostic) -> (usize, usize) {
        let from_zero = |n: u32| (n as usize).saturating_sub(1);
        (from_zero(it.line), from_zero(it.column))
    }

    /// Selects what is wrong at a place of a file, if anything is on that line.
    pub fn point(&mut self, path: &str, line: usize) {
        let here = |it: &Diagnostic| it.file == path && it.line as usize == line + 1;
        if !self.selected().is_some_and(here) {
            self.cursor = self.all.iter().position(here).unwrap_or(self.cursor);
        }
    }

    /// The lines of a file of which something is to be said.
    pub fn marks(&self, path: &str) -> Vec<Mark> {
        let ours = self.all.iter().filter(|it| it.file == path);
        let mark = |it: &Diagnostic| {
            let wrong = it.severity == Severity::Error;
            Mark { line: Self::place(it).0, wrong }
        };
        ours.map(mark).collect()
    }

    /// The worst that is said of a file.
    pub fn worst(&self, path: &str) -> Option<Severity> {
        let ours = || self.all.iter().filter(|it| it.file == path).map(|it| it.severity);
        ours().find(|it| *it == Severity::Error).or_else(|| ours().next())
    }

    /// `2 errors, 1 warning`.
    pub fn count(&self) -> String {
        let errors = self.all.iter().filter(|it| it.severity == Severity::Error).count();
        let words = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            count => Some(format!("{count} {word}s")),
        };
        let counts = [words(errors, "error"), words(self.all.len() - errors, "warning")];
        let counts: Vec<_> = counts.into_iter().flatten().collect();
        if counts.is_empty() { "nothing is wrong".to_owned() } else { counts.join(", ") }
    }

    /// One on a line: the sign, the place and the message.
    pub fn line(app: &App, it: &Diagnostic, width: usize) -> Line<'static> {
        let (sign, style) = sign(app, it.severity);
        let place = place_of(it);
        let room = width.saturating_sub(place.width() + 4);
        Line::from(vec![
            Span::styled(format!("{sign} "), style),
            Span::styled(place, app.theme.muted()),
            Span::styled(format!("  {}", fit(&tame(&it.message), room)), app.theme.text()),
        ])
    }

    /// The rows of the list at a width, each with the index of what it is about. Under the selected one its
    /// whole message stands, where that is cut, and what helps.
    pub fn rows(&self, width: usize) -> Vec<(usize, Part)> {
        let mut rows = Vec::new();
        for (index, it) in self.all.iter().enumerate() {
            rows.push((index, Part::Head));
            if index != self.cursor {
                continue;
            }
            let cut = place_of(it).width() + it.message.width() + 4 > width;
            let wrapped = |text: &str| wrap(&tame(text), width.saturating_sub(2));
            let message = if cut { wrapped(&it.message) } else { vec![] };
            rows.extend(message.into_iter().map(|line| (index, Part::Message(line))));
            let help = it.help.as_deref().map(wrapped).unwrap_or_default();
            rows.extend(help.into_iter().map(|line| (index, Part::Help(line))));
        }
        rows
    }

    /// The first of the rows that is shown, so that the selected one is in view.
    pub fn first(&self, rows: &[(usize, Part)], height: usize) -> usize {
        let end = rows.iter().rposition(|(index, _)| *index == self.cursor).unwrap_or(0);
        let begin = rows.iter().position(|(index, _)| *index == self.cursor).unwrap_or(0);
        (end + 1).saturating_sub(height).min(begin)
    }
}

/// What a row of the list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The sign, the place and the message, as far as there is room.
    Head,
    /// A line of the whole message.
    Message(String),
    /// A line of what helps.
    Help(String),
}

/// `file:line:column`.
fn place_of(it: &Diagnostic) -> String {
    let place = if it.line > 0 { format!(":{}:{}", it.line, it.column) } else { String::new() };
    tame(&it.file) + &place
}

/// A problem's sign and its colour.
pub fn sign(app: &App, severity: Severity) -> (&'static str, ratatui::style::Style) {
    match severity {
        Severity::Error => (app.signs.failed(), app.theme.bad()),
        Severity::Warning => (app.signs.error(), app.theme.attention()),
    }
}
