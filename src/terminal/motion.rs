//! Where the cursor may go within margins (DECSTBM) and in origin mode (DECOM): the model takes no
//! notice of the first, and counts the second twice where a motion is relative.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::{Term, TermMode};

use super::outbox::Outbox;

/// The scrolling region: its first line, and the first below it. `None` is the whole screen.
pub(super) type Margins = Option<(Line, Line)>;

/// The region that a program asks for with lines counted from 1; nothing if there is none such.
pub(super) fn margins(term: &Term<Outbox>, top: usize, bottom: Option<usize>) -> Option<Margins> {
    let rows = term.screen_lines();
    let bottom = bottom.unwrap_or(rows).min(rows);
    let region = (Line(0) + (top - 1), Line(0) + bottom);
    (top < bottom).then_some(Some(region).filter(|_| top > 1 || bottom < rows))
}

/// Moves the cursor up, to the region's first line at most unless it is above that already.
pub(super) fn move_up(term: &mut Term<Outbox>, margins: Margins, rows: usize) {
    let (top, _) = margins.unwrap_or((Line(0), Line(0)));
    let cursor = &mut term.grid_mut().cursor;
    let line = cursor.point.line;
    cursor.point.line = (line - rows).max(if line >= top { top } else { Line(0) });
    cursor.input_needs_wrap = false;
}

/// Moves the cursor down, to the region's last line at most unless it is below that already.
pub(super) fn move_down(term: &mut Term<Outbox>, margins: Margins, rows: usize) {
    let end = Line(0) + term.screen_lines();
    let (_, bottom) = margins.unwrap_or((Line(0), end));
    let cursor = &mut term.grid_mut().cursor;
    let line = cursor.point.line;
    cursor.point.line = (line + rows).min(if line < bottom { bottom } else { end } - 1);
    cursor.input_needs_wrap = false;
}

/// Moves the cursor to a column of its line.
pub(super) fn move_to_column(term: &mut Term<Outbox>, column: usize) {
    let last = term.last_column();
    let cursor = &mut term.grid_mut().cursor;
    cursor.point.column = Column(column).min(last);
    cursor.input_needs_wrap = false;
}

/// The report of the cursor's position, which in origin mode counts from the region's first line.
pub(super) fn report(term: &Term<Outbox>, margins: Margins) -> String {
    let point = term.grid().cursor.point;
    let origin = margins.filter(|_| term.mode().contains(TermMode::ORIGIN));
    let first = origin.map_or(Line(0), |(top, _)| top);
    format!("\x1b[{};{}R", (point.line - first).0 + 1, point.column.0 + 1)
}
