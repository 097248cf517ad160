//! A line of cells, kept small.
//!
//! The model takes 24 bytes a cell, used or not: 29 MB for 10,000 lines of 120 columns. Lines that
//! are kept or sent elsewhere are their text and the runs of cells that look alike, some 150 bytes.

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

use super::cell::{Attributes, Cell, Mark, Style, Width};

/// One line of a screen, or above it. Blank cells at its end are not kept, unless the line goes on
/// in the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub(super) text: String,
    pub(super) runs: Vec<Run>,
    /// Whether it goes on in the next line: the program printed both as one, and their texts joined
    /// are what it printed.
    pub wrapped: bool,
}

/// Cells that look alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Run {
    /// How many columns.
    pub(super) columns: u16,
    pub(super) style: Style,
    pub(super) mark: Mark,
}

impl Line {
    /// A line of plain text, as a program without colours prints it.
    pub fn plain(text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let columns = text.chars().map(|c| c.width().unwrap_or(0)).sum::<usize>();
        let mut line = Self { text, ..Self::default() };
        line.add_run(u16::try_from(columns).unwrap_or(u16::MAX), Style::default(), Mark::Output);
        line
    }

    /// A line of plain text with marks.
    #[cfg(test)]
    pub(crate) fn marked(parts: &[(Mark, &str)]) -> Self {
        let mut line = Self::default();
        for (mark, text) in parts {
            let part = Self::plain(text);
            line.text.push_str(&part.text);
            line.add_run(part.columns() as u16, Style::default(), *mark);
        }
        line
    }

    /// Its cells, from the left; beyond them the line is blank.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        let mut rest = &*self.text;
        let mut runs = self
            .runs
            .iter()
            .flat_map(|run| std::iter::repeat_n((run.style, run.mark), usize::from(run.columns)));
        let mut spacer = false;
        std::iter::from_fn(move || {
            let (style, mark) = runs.next()?;
            if std::mem::take(&mut spacer) {
                return Some(Cell { width: Width::Spacer, style, mark, ..Cell::BLANK });
            }
            let mut chars = rest.char_indices();
            let (_, character) = chars.next()?;
            let combining =
                chars.find(|(_, c)| c.width() != Some(0)).map_or(rest.len(), |(end, _)| end);
            let (own, after) = rest.split_at(combining);
            rest = after;
            spacer = character.width() == Some(2);
            let width = if spacer { Width::Wide } else { Width::Narrow };
            Some(Cell { character, combining: &own[character.len_utf8()..], style, mark, width })
        })
    }

    /// Its text. Where the program printed blanks last, they are not in it (see [`Line`]).
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many columns it fills.
    pub fn columns(&self) -> usize {
        self.runs.iter().map(|run| usize::from(run.columns)).sum()
    }

    /// Whether any of its cells has this mark.
    pub fn has_mark(&self, mark: Mark) -> bool {
        self.runs.iter().any(|run| run.mark == mark)
    }

    /// Whether its first cell has this mark.
    pub fn starts_with(&self, mark: Mark) -> bool {
        self.runs.first().is_some_and(|run| run.mark == mark)
    }

    /// Counts `columns` more cells that look so.
    pub(super) fn add_run(&mut self, columns: u16, style: Style, mark: Mark) {
        match self.runs.last_mut() {
            Some(run) if run.style == style && run.mark == mark => run.columns += columns,
            _ if columns > 0 => self.runs.push(Run { columns, style, mark }),
            _ => {}
        }
    }

    /// Shows all of it reversed, up to the screen's width.
    pub(super) fn reverse(&mut self, columns: usize) {
        let blank = columns.saturating_sub(self.columns());
        self.text.extend(std::iter::repeat_n(' ', blank));
        self.add_run(blank as u16, Style::default(), Mark::Output);
        for run in &mut self.runs {
            run.style.attributes = run.style.attributes.toggled(Attributes::REVERSE);
        }
    }

    /// Empties it, but keeps its memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.runs.clear();
        self.wrapped = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Color;
    use crate::terminal::Width::{Narrow, Spacer, Wide};

    #[test]
    fn cells_are_what_was_printed() {
        let line = Line::plain("e\u{301}日x\x07");
        let cells: Vec<_> =
            line.cells().map(|cell| (cell.character, cell.combining, cell.width)).collect();
        let expected =
            [('e', "\u{301}", Narrow), ('日', "", Wide), (' ', "", Spacer), ('x', "", Narrow)];
        assert_eq!(cells, expected);
        assert_eq!(line.columns(), 4);
        assert_eq!(Line::plain(""), Line::default());
    }

    #[test]
    fn alike_cells_are_one_run() {
        let (bold, mut line) =
            (Style { foreground: Color::Indexed(1), ..Style::default() }, Line::plain("ab"));
        line.add_run(1, Style::default(), Mark::Output);
        line.add_run(1, bold, Mark::Output);
        line.add_run(1, bold, Mark::Input);
        line.add_run(0, bold, Mark::Prompt);
        assert_eq!(line.runs.len(), 3);
        assert!(line.has_mark(Mark::Input) && !line.has_mark(Mark::Prompt));
        assert!(line.starts_with(Mark::Output));
    }
}
