//! A row of the model as a [`Line`]. Every line that scrolls away passes here, so it must be quick.

use alacritty_terminal::term::cell::{Cell as ModelCell, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color as ModelColor, NamedColor};

use super::Line;
use super::cell::{Attributes, Mark, Style, color, named};

/// A wide character's two cells.
const HALVES: Flags = Flags::WIDE_CHAR.union(Flags::WIDE_CHAR_SPACER);

/// What is no part of a cell's look.
const LAYOUT: Flags = HALVES.union(Flags::WRAPLINE).union(Flags::LEADING_WIDE_CHAR_SPACER);

/// What is not to be seen where no character is.
const INVISIBLE: Flags = Flags::WRAPLINE
    .union(Flags::LEADING_WIDE_CHAR_SPACER)
    .union(Flags::BOLD_ITALIC)
    .union(Flags::DIM)
    .union(Flags::HIDDEN);

impl Line {
    /// The line of the model's `row`.
    pub(super) fn of(row: &[ModelCell], colors: &Colors) -> Self {
        let mut line = Self::default();
        line.fill(row, colors);
        line
    }

    /// Becomes the line of the model's `row`, in the memory it has.
    pub(super) fn fill(&mut self, row: &[ModelCell], colors: &Colors) {
        self.clear();
        let Some((last, rest)) = row.split_last() else { return };
        self.wrapped = last.flags.contains(Flags::WRAPLINE);
        // The gap before a wide character that did not fit was not printed.
        let row = if last.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) { rest } else { row };
        // Where the program has redefined the default background, blanks show it.
        let all = self.wrapped || colors[named(NamedColor::Background)].is_some();
        let end = if all { row.len() } else { printed(row) };
        let mut column = 0;
        while column < end {
            let first = &row[column];
            let alike = row[column..end].iter().take_while(|cell| look_alike(first, cell)).count();
            self.add_run(alike as u16, Style::of(first, colors), Mark::of(first));
            let cells = &row[column..column + alike];
            if first.extra.is_none() && cells.iter().all(is_ascii) {
                self.text.extend(cells.iter().map(|cell| char::from(cell.c as u8)));
            } else {
                for column in column..column + alike {
                    self.push(row, column);
                }
            }
            column += alike;
        }
    }

    /// Adds a cell's text. Halves of a wide character that lost the other half to an overwrite, an
    /// insert or a resize come out as blanks.
    fn push(&mut self, row: &[ModelCell], column: usize) {
        let cell = &row[column];
        let character = if cell.c.is_control() { ' ' } else { cell.c };
        if !cell.flags.intersects(HALVES) && cell.extra.is_none() {
            self.text.push(character);
            return;
        }
        let has = |column: usize, flag| {
            row.get(column).is_some_and(|cell: &ModelCell| cell.flags.contains(flag))
        };
        let left = cell.flags.contains(Flags::WIDE_CHAR);
        let right = cell.flags.contains(Flags::WIDE_CHAR_SPACER);
        if right && column > 0 && has(column - 1, Flags::WIDE_CHAR) {
            return;
        }
        if right || (left && !has(column + 1, Flags::WIDE_CHAR_SPACER)) {
            self.text.push(' ');
            return;
        }
        self.text.push(character);
        self.text.extend(cell.zerowidth().unwrap_or_default());
    }
}

/// How many cells there are up to the last that shows anything.
fn printed(row: &[ModelCell]) -> usize {
    // A short line leaves a hundred cells as they were: the quick question first.
    let end = row.iter().rposition(|cell| !is_untouched(cell)).map_or(0, |last| last + 1);
    row[..end].iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1)
}

/// Whether a cell surely is as a cleared screen has it.
fn is_untouched(cell: &ModelCell) -> bool {
    cell.c == ' '
        && matches!(cell.bg, ModelColor::Named(NamedColor::Background))
        && cell.flags.is_empty()
        && cell.extra.is_none()
}

/// Whether nothing of a cell is to be seen.
fn is_blank(cell: &ModelCell) -> bool {
    // The model notes where a tab was.
    matches!(cell.c, ' ' | '\t')
        && cell.bg == ModelColor::Named(NamedColor::Background)
        && cell.extra.is_none()
        && cell.flags.difference(INVISIBLE).is_empty()
}

/// Whether a cell is a plain printable character. A tab is not.
fn is_ascii(cell: &ModelCell) -> bool {
    matches!(cell.c, ' '..='~') & !cell.flags.intersects(HALVES)
}

/// Whether two cells surely have one style and mark.
fn look_alike(a: &ModelCell, b: &ModelCell) -> bool {
    let extra = match (&a.extra, &b.extra) {
        (None, None) => true,
        (Some(a), Some(b)) => std::sync::Arc::ptr_eq(a, b),
        _ => false,
    };
    extra
        && a.fg == b.fg
        && a.bg == b.bg
        && a.flags.difference(LAYOUT) == b.flags.difference(LAYOUT)
}

impl Style {
    pub(super) fn of(cell: &ModelCell, colors: &Colors) -> Self {
        Self {
            foreground: color(cell.fg, colors),
            background: color(cell.bg, colors),
            underline: cell.underline_color().map(|it| color(it, colors)),
            attributes: Attributes::of(cell.flags),
        }
    }
}
