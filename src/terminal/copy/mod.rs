//! Looking back and copying: a cursor, a selection and a search over lines that stand still while
//! the shell goes on underneath.
//!
//! The keys are vi's as tmux has them. Lines that the screen's edge had cut count as one wherever it
//! matters: in what is copied, in what is found, for the beginning and the end of a line.

mod command;
mod prompts;
mod rewrap;
mod search;
mod select;
mod walk;

use std::ops::Range;
use std::sync::Arc;

use super::joined::Joined;
use super::{Line, Point, Size, Width};
use rewrap::rewrapped;
use search::Search;
use select::{Extent, Selection};

pub use command::{Command, Reply};
pub use search::Found;
pub use select::Kind;
pub use walk::Words;

/// See the module.
#[derive(Debug)]
pub struct CopyMode {
    lines: Arc<[Line]>,
    /// The columns that the lines are wrapped at, and how many rows are in view.
    size: Size,
    /// The first row in view.
    top: usize,
    cursor: Point,
    /// The column that going up and down keeps to.
    wish: usize,
    selection: Option<Selection>,
    search: Option<Search>,
    /// While a query is typed: where the cursor and the view were before.
    typing: Option<(Point, usize)>,
    /// The lines' text, once it was searched.
    joined: Option<Joined>,
}

/// What a cell in view is besides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Highlight {
    /// What was searched for.
    Match,
    /// The match that the cursor is on.
    CurrentMatch,
    /// Selected.
    Selected,
}

impl CopyMode {
    /// Over lines that are wrapped at the size's columns, with as many rows in view as it has: the
    /// last ones, with the cursor in one of them.
    pub fn new(lines: Arc<[Line]>, size: Size, cursor: Point) -> Self {
        let lines = if lines.is_empty() { Arc::from([Line::default()]) } else { lines };
        let mut mode = Self {
            lines,
            size,
            top: 0,
            cursor: Point::default(),
            wish: 0,
            selection: None,
            search: None,
            typing: None,
            joined: None,
        };
        mode.top = mode.last_top();
        mode.move_to(cursor);
        mode
    }

    /// The pane has another size. Lines are wrapped anew, and what is seen and selected stays so.
    pub fn resize(&mut self, size: Size) {
        let (at_bottom, seen) = (self.at_bottom(), self.cursor_in_view().is_some());
        let before = std::mem::replace(&mut self.size, size);
        if before.columns != size.columns {
            let anchor = self.selection.map(|selection| selection.anchor);
            let mut points = [Point::new(self.top, 0), self.cursor, anchor.unwrap_or_default()];
            self.lines = rewrapped(&self.lines, size.columns.max(2), &mut points).into();
            [Point { row: self.top, .. }, self.cursor, _] = points;
            if let Some(selection) = &mut self.selection {
                selection.anchor = points[2];
            }
            self.joined = None;
            self.find();
        }
        self.top = if at_bottom { self.last_top() } else { self.top.min(self.last_top()) };
        self.cursor = self.settled(self.cursor.row, self.cursor.column);
        if seen {
            self.reveal();
        }
    }

    fn rows(&self) -> usize {
        usize::from(self.size.rows.max(1))
    }

    fn columns(&self) -> usize {
        self.size.columns.into()
    }

    fn last_top(&self) -> usize {
        self.lines.len().saturating_sub(self.rows())
    }

    /// The rows in view.
    pub fn in_view(&self) -> &[Line] {
        &self.lines[self.top..(self.top + self.rows()).min(self.lines.len())]
    }

    /// How many lines back the view is, and how many there are.
    pub fn back(&self) -> (usize, usize) {
        (self.last_top() - self.top, self.last_top())
    }

    /// The cursor's column and row in view, if it is there.
    pub fn cursor_in_view(&self) -> Option<(u16, u16)> {
        let row = self.cursor.row.checked_sub(self.top).filter(|row| *row < self.rows())?;
        Some((self.cursor.column as u16, row as u16))
    }

    /// What is laid over the columns of a row in view, the later over the earlier.
    pub fn highlights(&self, row: u16) -> Vec<(Range<usize>, Highlight)> {
        let row = self.top + usize::from(row);
        let mut all = Vec::new();
        if let (Some(search), Some(joined)) = (&self.search, &self.joined) {
            let current = joined.byte(&self.lines, self.cursor);
            all.extend(search.in_row(joined, &self.lines, row, current).map(|(columns, at)| {
                (columns, if at { Highlight::CurrentMatch } else { Highlight::Match })
            }));
        }
        if let Some(extent) = self.extent() {
            all.push((extent.columns(&self.lines, row, self.columns()), Highlight::Selected));
        }
        all.retain(|(columns, _)| !columns.is_empty());
        all
    }

    /// The place of a cell in view; beyond it, the nearest.
    pub fn point_at(&self, column: u16, row: u16) -> Point {
        let row = (self.top + usize::from(row).min(self.rows() - 1)).min(self.lines.len() - 1);
        let column = usize::from(column).min(self.columns().saturating_sub(1));
        Point::new(row, self.whole(row, column))
    }

    /// Begins a selection at a place.
    pub fn select(&mut self, kind: Kind, anchor: Point) {
        self.selection = Some(Selection { anchor, kind });
        self.cursor = anchor;
    }

    /// Takes the selection to a place, or only the cursor where nothing is selected.
    pub fn extend(&mut self, to: Point) {
        self.cursor = to;
        self.wish = to.column;
    }

    /// Takes the cursor to a place, or as near as there is text.
    pub fn put_cursor(&mut self, at: Point) {
        self.move_to(at);
    }

    /// Selects nothing any more; whether something was.
    pub fn unselect(&mut self) -> bool {
        self.selection.take().is_some()
    }

    /// The text of the selection.
    pub fn selected(&self) -> Option<String> {
        Some(self.extent()?.text(&self.lines, self.columns()))
    }

    fn extent(&self) -> Option<Extent> {
        let selection = self.selection.as_ref()?;
        Some(selection.extent(&self.lines, self.cursor, self.columns()))
    }

    /// Scrolls without the cursor. Whether the view moved.
    pub fn scroll(&mut self, by: isize) -> bool {
        let top = self.top.saturating_add_signed(by).min(self.last_top());
        std::mem::replace(&mut self.top, top) != top
    }

    /// Whether the last rows are in view.
    pub fn at_bottom(&self) -> bool {
        self.top == self.last_top()
    }

    /// Scrolls to the prompt above (or below) the view's first row; whether there is one.
    pub fn scroll_to_prompt(&mut self, forward: bool) -> bool {
        let row = prompts::neighbour(&self.lines, self.top, forward);
        if let Some(row) = row {
            self.top = row.min(self.last_top());
        }
        row.is_some()
    }

    /// Brings the cursor into view, if it is not.
    pub fn catch_cursor(&mut self) {
        let row = self.cursor.row.clamp(self.top, self.top + self.rows() - 1);
        if row != self.cursor.row {
            self.cursor = self.settled(row, self.wish);
        }
    }

    /// The column where the character that covers this one begins.
    fn whole(&self, row: usize, column: usize) -> usize {
        let cell = self.lines.get(row).and_then(|line| line.cells().nth(column));
        column - usize::from(cell.is_some_and(|cell| cell.width == Width::Spacer))
    }

    /// The place in a row that is nearest to a column: a block may go beyond the text.
    fn settled(&self, row: usize, column: usize) -> Point {
        let row = row.min(self.lines.len() - 1);
        let block = self.selection.is_some_and(|selection| selection.kind == Kind::Block);
        let columns = if block { self.columns() } else { self.lines[row].columns() };
        Point::new(row, self.whole(row, column.min(columns.saturating_sub(1))))
    }

    fn move_to(&mut self, to: Point) {
        self.cursor = self.settled(to.row, to.column);
        self.wish = self.cursor.column;
        self.reveal();
    }

    /// To another row, in the column that was wished.
    fn move_to_row(&mut self, row: usize) {
        self.cursor = self.settled(row, self.wish);
        self.reveal();
    }

    fn reveal(&mut self) {
        let lowest = (self.cursor.row + 1).saturating_sub(self.rows());
        self.top = self.top.clamp(lowest, self.cursor.row);
    }

    /// To a place that may be far: where it is not in view, it comes to its middle.
    fn jump(&mut self, to: Point) {
        if !(self.top..self.top + self.rows()).contains(&to.row) {
            self.top = to.row.saturating_sub(self.rows() / 2).min(self.last_top());
        }
        self.move_to(to);
    }
}

#[cfg(test)]
mod tests;
