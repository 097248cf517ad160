//! Selecting text with the mouse, and its text for the clipboard.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line, Point, Side};
use alacritty_terminal::selection::{Selection, SelectionType};
use alacritty_terminal::term::Term;
use alacritty_terminal::term::cell::Flags;

use super::cell::{Cell, Width};
use super::outbox::Outbox;
use super::screen::visible_line;

/// What a selection grows by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionKind {
    /// Cells: nothing is selected until it is extended.
    Simple,
    /// Words, as after a double click.
    Word,
    /// Lines, with what they were wrapped from, as after a triple click.
    Line,
}

/// Starts a selection at a place of the visible screen.
pub(super) fn start(term: &mut Term<Outbox>, kind: SelectionKind, column: u16, row: u16) {
    let kind = match kind {
        SelectionKind::Simple => SelectionType::Simple,
        SelectionKind::Word => SelectionType::Semantic,
        SelectionKind::Line => SelectionType::Lines,
    };
    term.selection = Some(Selection::new(kind, point(term, column, row), Side::Left));
}

/// Moves its other end, the cell there included.
pub(super) fn extend(term: &mut Term<Outbox>, column: u16, row: u16) {
    let point = point(term, column, row);
    if let Some(selection) = &mut term.selection {
        selection.update(point, Side::Right);
        selection.include_all();
    }
}

/// Its text; `None` where nothing is selected. Rows that were wrapped are one line.
pub(super) fn text(term: &Term<Outbox>) -> Option<String> {
    let range = term.selection.as_ref()?.to_range(term)?;
    let (grid, mut text) = (term.grid(), String::new());
    for line in range.start.line.0..=range.end.line.0 {
        let cells = &grid[Line(line)][..];
        let from = if line == range.start.line.0 { range.start.column.0 } else { 0 };
        let to = if line == range.end.line.0 { range.end.column.0 + 1 } else { cells.len() };
        let (kept, mut columns) = (text.len(), from..to.min(cells.len()));
        // The left half of a character whose right half begins the selection.
        let cell = |column| Cell::of(cells, column, term.colors());
        if columns.start > 0 && !columns.is_empty() && cell(columns.start).width == Width::Spacer {
            columns.start -= 1;
        }
        for cell in columns.map(cell).filter(|cell| cell.width != Width::Spacer) {
            text.push(cell.character);
            text.extend(cell.combining);
        }
        let wrapped = cells.last().is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE));
        if !wrapped || to < cells.len() {
            text.truncate(kept + text[kept..].trim_end().len());
            text.push('\n');
        } else if cells.last().is_some_and(|c| c.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER)) {
            text.pop(); // the gap before a wide character that did not fit
        }
    }
    text.pop();
    Some(text)
}

/// The model's name for a place of the visible screen; places outside are brought to its edge.
fn point(term: &Term<Outbox>, column: u16, row: u16) -> Point {
    let row = row.min(term.screen_lines() as u16 - 1);
    let column = usize::from(column).min(term.columns() - 1);
    Point::new(visible_line(term, row), Column(column))
}
