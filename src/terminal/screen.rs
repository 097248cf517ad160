//! The visible screen, to be drawn or read.

use alacritty_terminal::grid::{Dimensions, Row};
use alacritty_terminal::index::{Column, Line, Point};
use alacritty_terminal::selection::SelectionRange;
use alacritty_terminal::term::cell::Cell as ModelCell;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::CursorShape as ModelShape;

use super::cell::{Cell, Width};
use super::emulator::Size;
use super::outbox::Outbox;

/// How the program wants its cursor to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CursorShape {
    /// A filled cell.
    #[default]
    Block,
    /// A line below.
    Underline,
    /// A line before.
    Bar,
}

/// The cursor in the visible screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// From 0.
    pub column: u16,
    /// From 0.
    pub row: u16,
    /// Its look.
    pub shape: CursorShape,
    /// Whether it wants to blink.
    pub blinking: bool,
}

/// The visible rows as they were at one moment.
pub(super) struct Picture {
    rows: Vec<Row<ModelCell>>,
    cursor: Option<Cursor>,
}

impl Picture {
    pub(super) fn of(term: &Term<Outbox>) -> Self {
        Self {
            rows: (0..size(term).rows).map(|row| visible_row(term, row).clone()).collect(),
            cursor: cursor(term),
        }
    }
}

/// A view of the visible screen: the present one, or the one from before an unfinished update.
pub struct Screen<'a> {
    term: &'a Term<Outbox>,
    picture: Option<&'a Picture>,
    selection: Option<SelectionRange>,
}

impl<'a> Screen<'a> {
    pub(super) fn new(term: &'a Term<Outbox>, picture: Option<&'a Picture>) -> Self {
        let selection = term.selection.as_ref().and_then(|selection| selection.to_range(term));
        Self { term, picture, selection }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        size(self.term)
    }

    /// The cursor; `None` when it is hidden, or scrolled out of sight.
    pub fn cursor(&self) -> Option<Cursor> {
        self.picture.map_or_else(|| cursor(self.term), |picture| picture.cursor)
    }

    /// The cells of `row`, from the left. A row outside the screen has none.
    pub fn row(&self, row: u16) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let cells: &[ModelCell] = match self.picture {
            _ if row >= self.size().rows => &[],
            Some(picture) => picture.rows.get(usize::from(row)).map_or(&[], |row| &row[..]),
            None => &visible_row(self.term, row)[..],
        };
        let (colors, selection) = (self.term.colors(), self.selection);
        let line = visible_line(self.term, row);
        (0..cells.len()).map(move |column| {
            let mut cell = Cell::of(cells, column, colors);
            cell.selected = selection.is_some_and(|selection| {
                let point = |column| Point::new(line, Column(column));
                selection.contains(point(column))
                    || cell.width == Width::Wide && selection.contains(point(column + 1))
                    || cell.width == Width::Spacer && selection.contains(point(column - 1))
            });
            cell
        })
    }

    /// The text of `row`, without the blanks at its end.
    pub fn row_text(&self, row: u16) -> String {
        let mut text = String::new();
        for cell in self.row(row).filter(|cell| cell.width != Width::Spacer) {
            text.push(cell.character);
            text.extend(cell.combining);
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// The text of the whole screen, a line for each row, without the empty ones at its end.
    pub fn text(&self) -> String {
        let rows: Vec<_> = (0..self.size().rows).map(|row| self.row_text(row)).collect();
        let mut text = rows.join("\n");
        text.truncate(text.trim_end().len());
        text
    }
}

fn size(term: &Term<Outbox>) -> Size {
    Size { columns: term.columns() as u16, rows: term.screen_lines() as u16 }
}

fn visible_row(term: &Term<Outbox>, row: u16) -> &Row<ModelCell> {
    &term.grid()[visible_line(term, row)]
}

/// The model's number for a visible row: it counts from the present screen's first line, and back
/// from there.
pub(super) fn visible_line(term: &Term<Outbox>, row: u16) -> Line {
    Line(i32::from(row)) - scrolled(term)
}

/// How many lines the view is scrolled up by. The model lets its own number run beyond the lines
/// there are, when the program scrolls a part of the screen meanwhile.
pub(super) fn scrolled(term: &Term<Outbox>) -> usize {
    term.grid().display_offset().min(term.history_size())
}

fn cursor(term: &Term<Outbox>) -> Option<Cursor> {
    let grid = term.grid();
    let point = grid.cursor.point;
    let row = usize::try_from(point.line.0).ok()? + scrolled(term);
    let style = term.cursor_style();
    let shape = match style.shape {
        ModelShape::Block | ModelShape::HollowBlock => CursorShape::Block,
        ModelShape::Underline => CursorShape::Underline,
        ModelShape::Beam => CursorShape::Bar,
        ModelShape::Hidden => return None,
    };
    let shown = term.mode().contains(TermMode::SHOW_CURSOR) && row < term.screen_lines();
    let (column, row) = (point.column.0 as u16, row as u16);
    shown.then_some(Cursor { column, row, shape, blinking: style.blinking })
}
