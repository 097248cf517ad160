//! The visible screen, read from the model.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Line as ModelLine;
use alacritty_terminal::term::cell::Cell as ModelCell;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::CursorShape as ModelShape;

use super::Line;
use super::outbox::Outbox;
use super::view::{Cursor, CursorShape};

/// The visible rows as they were at one moment.
#[derive(Default)]
pub(super) struct Picture {
    pub(super) rows: Vec<Line>,
    pub(super) cursor: Option<Cursor>,
}

impl Picture {
    /// Becomes what the model shows, in the memory it has.
    pub(super) fn take(&mut self, term: &Term<Outbox>) {
        fill(&mut self.rows, term);
        self.cursor = cursor(term);
    }
}

/// Makes `lines` the visible rows.
pub(super) fn fill(lines: &mut Vec<Line>, term: &Term<Outbox>) {
    lines.resize_with(term.screen_lines(), Line::default);
    for (row, line) in lines.iter_mut().enumerate() {
        line.fill(below(term, row), term.colors());
    }
}

/// A visible row, from the top.
pub(super) fn below(term: &Term<Outbox>, row: usize) -> &[ModelCell] {
    &term.grid()[ModelLine(0) + row][..]
}

/// A row above the screen; the lowest is 1.
pub(super) fn above(term: &Term<Outbox>, row: usize) -> &[ModelCell] {
    &term.grid()[ModelLine(0) - row][..]
}

/// The cursor; `None` while it is hidden.
pub(super) fn cursor(term: &Term<Outbox>) -> Option<Cursor> {
    let point = term.grid().cursor.point;
    let style = term.cursor_style();
    let shape = match style.shape {
        ModelShape::Block | ModelShape::HollowBlock => CursorShape::Block,
        ModelShape::Underline => CursorShape::Underline,
        ModelShape::Beam => CursorShape::Bar,
        ModelShape::Hidden => return None,
    };
    let (column, row) = (point.column.0 as u16, u16::try_from(point.line.0).ok()?);
    let shown = term.mode().contains(TermMode::SHOW_CURSOR);
    shown.then_some(Cursor { column, row, shape, blinking: style.blinking })
}
