//! Lines wrapped anew for another width.

use super::Line;
use super::cell::Width;

/// Wraps lines at another width.
#[derive(Default)]
pub(super) struct Wrapper {
    columns: usize,
    /// What is wrapped so far.
    pub(super) rows: Vec<Line>,
    /// The row that is being filled, and how far it is.
    row: Line,
    used: usize,
    /// Whether the last line goes on in the next.
    open: bool,
}

impl Wrapper {
    /// To `columns`, of about so many lines.
    pub(super) fn new(columns: u16, lines: usize) -> Self {
        let rows = Vec::with_capacity(lines);
        Self { columns: usize::from(columns), rows, ..Self::default() }
    }

    /// Adds a line; one that goes on in the next is joined with it.
    pub(super) fn add(&mut self, line: &Line) {
        if !self.open && !line.wrapped && line.columns() <= self.columns {
            self.rows.push(line.clone());
            return;
        }
        for cell in line.cells().filter(|cell| cell.width != Width::Spacer) {
            let width = if cell.width == Width::Wide { 2 } else { 1 };
            if self.used + width > self.columns {
                self.end_row(true);
            }
            self.row.text.push(cell.character);
            self.row.text.push_str(cell.combining);
            self.row.add_run(width as u16, cell.style, cell.mark);
            self.used += width;
        }
        self.open = line.wrapped;
        if !self.open {
            self.end_row(false);
        }
    }

    /// All rows.
    pub(super) fn finish(mut self) -> Vec<Line> {
        if self.open {
            self.end_row(true);
        }
        self.rows
    }

    fn end_row(&mut self, wrapped: bool) {
        self.row.wrapped = wrapped;
        self.rows.push(std::mem::take(&mut self.row));
        self.used = 0;
    }
}
