//! What is selected, and its text.

use std::ops::Range;

use super::walk::Walk;
use crate::terminal::{Line, Point, Width};

/// What a selection is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Characters, over line ends.
    Characters,
    /// Words, as a double click takes them: file names and addresses in one piece.
    Words,
    /// Whole lines, as the program printed them.
    Lines,
    /// A rectangle.
    Block,
}

/// What ends a word for a double click besides blanks: quotes, brackets and what separates lists.
const SEPARATORS: &str = "\"'`()[]{}<>|│,;";

/// A selection: from where it was begun to where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) anchor: Point,
    pub(super) kind: Kind,
}

/// Which columns of which rows are selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    first: Point,
    /// The column is the one after the last.
    last: Point,
    block: bool,
}

impl Selection {
    /// What is selected with the cursor at `head`, in lines wrapped at `columns`.
    pub(super) fn extent(&self, lines: &[Line], head: Point, columns: usize) -> Extent {
        let (mut first, mut last) = (self.anchor.min(head), self.anchor.max(head));
        match self.kind {
            Kind::Characters => {}
            Kind::Words => {
                first = word(lines, first).0;
                last = word(lines, last).1;
            }
            Kind::Lines => {
                first = Point::new(first_row(lines, first.row), 0);
                last = Point::new(last_row(lines, last.row), columns.saturating_sub(1));
            }
            Kind::Block => {
                let (a, b) = (self.anchor.column, head.column);
                first.column = a.min(b);
                last.column = a.max(b);
            }
        }
        last.column += 1;
        Extent { first, last, block: self.kind == Kind::Block }
    }
}

impl Extent {
    /// From a place to before another.
    pub(super) fn between(first: Point, last: Point) -> Self {
        Self { first, last, block: false }
    }

    fn rows(&self, lines: &[Line]) -> Range<usize> {
        let end = self.last.row + usize::from(self.last.column > 0);
        self.first.row..end.min(lines.len())
    }

    /// The selected columns of a row, or none. No wide character is cut in half.
    pub(super) fn columns(&self, lines: &[Line], row: usize, columns: usize) -> Range<usize> {
        if !self.rows(lines).contains(&row) {
            return 0..0;
        }
        let start = if self.block || row == self.first.row { self.first.column } else { 0 };
        let whole = !self.block && row < self.last.row;
        let end = if whole { columns } else { self.last.column.min(columns) };
        let spacer = |column: usize| {
            lines[row].cells().nth(column).is_some_and(|cell| cell.width == Width::Spacer)
        };
        start - usize::from(spacer(start))..end + usize::from(spacer(end))
    }

    /// The selected text. Rows that are one line come out as one; blanks at line ends do not.
    pub(super) fn text(&self, lines: &[Line], columns: usize) -> String {
        let mut text = String::new();
        let mut begin = 0;
        let rows = self.rows(lines);
        for row in rows.clone() {
            let line = &lines[row];
            let range = self.columns(lines, row, columns);
            let cells = line.cells().take(range.end).skip(range.start);
            for cell in cells.filter(|cell| cell.width != Width::Spacer) {
                text.push(cell.character);
                text.push_str(cell.combining);
            }
            if line.wrapped && !self.block && row + 1 < rows.end {
                continue;
            }
            text.truncate(begin + text[begin..].trim_end().len());
            if row + 1 < rows.end {
                text.push('\n');
            }
            begin = text.len();
        }
        text
    }

    /// Whether nothing but blanks is selected.
    pub(super) fn is_blank(&self, lines: &[Line], columns: usize) -> bool {
        self.rows(lines).all(|row| {
            let range = self.columns(lines, row, columns);
            lines[row].cells().take(range.end).skip(range.start).all(|cell| cell.character == ' ')
        })
    }
}

/// The first row of the line that a row belongs to.
pub(super) fn first_row(lines: &[Line], mut row: usize) -> usize {
    while row > 0 && lines.get(row - 1).is_some_and(|line| line.wrapped) {
        row -= 1;
    }
    row
}

/// The last row of the line that a row belongs to.
pub(super) fn last_row(lines: &[Line], mut row: usize) -> usize {
    while lines.get(row).is_some_and(|line| line.wrapped) && row + 1 < lines.len() {
        row += 1;
    }
    row
}

/// The first and the last character of the word at a place; beyond the text, the place itself.
fn word(lines: &[Line], at: Point) -> (Point, Point) {
    let inside = |walk: &Walk<'_>| {
        walk.char().is_some_and(|c| !c.is_whitespace() && !SEPARATORS.contains(c))
    };
    let beyond = lines.get(at.row).is_none_or(|line| at.column >= line.columns());
    let mut walk = Walk::new(lines, at);
    if beyond || !inside(&walk) {
        return (at, at);
    }
    walk.while_near(Walk::back, Walk::forward, inside);
    let first = walk.point();
    let mut walk = Walk::new(lines, at);
    walk.while_near(Walk::forward, Walk::back, inside);
    (first, walk.point())
}
