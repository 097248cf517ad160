//! Where the characters of a line are on the screen.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

use crate::tui::widgets::tame::{is_wild, visible};

/// How far apart tab stops are.
pub(super) const TAB: usize = 8;

/// One character of a line, as it is shown.
pub(super) struct Cell<'a> {
    /// Its first byte in the line.
    pub at: usize,
    /// The column in which it begins.
    pub column: usize,
    /// How many it takes; none for a mark on the character before it.
    pub width: usize,
    /// What is shown of it.
    pub shown: Cow<'a, str>,
}

/// The characters of a line. A tab leads to the next stop; what a terminal would obey is spelt out.
pub(super) fn cells(line: &str) -> impl Iterator<Item = Cell<'_>> {
    let mut next = 0;
    line.char_indices().map(move |(at, c)| {
        let (shown, width) = match c {
            '\t' => {
                let width = TAB - next % TAB;
                (Cow::Owned(" ".repeat(width)), width)
            }
            c if is_wild(c) => {
                let shown = visible(c.encode_utf8(&mut [0; 4]));
                let width = shown.len();
                (Cow::Owned(shown), width)
            }
            c => (Cow::Borrowed(&line[at..at + c.len_utf8()]), c.width().unwrap_or(0)),
        };
        let column = next;
        next += width;
        Cell { at, column, width, shown }
    })
}

/// The column in which a character begins; that of a line's end is where one more would.
pub(super) fn column_of(line: &str, index: usize) -> usize {
    cells(line).take(index).last().map_or(0, |cell| cell.column + cell.width)
}

/// The index of the character at a column; the end, behind the last.
pub(super) fn index_at(line: &str, column: usize) -> usize {
    cells(line).take_while(|cell| cell.column + cell.width <= column).count()
}

/// The byte at which a character begins.
pub(super) fn char_at(line: &str, index: usize) -> usize {
    line.char_indices().nth(index).map_or(line.len(), |(at, _)| at)
}
