//! What a terminal shows, cell by cell, to be compared with another.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fmt::Write;
use std::ops::Range;

/// How one cell looks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    text: String,
    foreground: vt100::Color,
    background: vt100::Color,
    /// Bold, dim, italic, underlined, reversed.
    attributes: [bool; 5],
}

/// A part of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    rows: Vec<Vec<Look>>,
    /// Row and column; `None` where it is hidden.
    cursor: Option<(u16, u16)>,
}

impl Picture {
    /// The part of a screen that begins at `corner` (row, column) and has this size (columns, rows).
    pub fn of(screen: &vt100::Screen, corner: (u16, u16), size: (u16, u16)) -> Self {
        let row = |row| (0..size.0).map(|x| Look::at(screen, row, corner.1 + x)).collect();
        let (y, x) = screen.cursor_position();
        let cursor = y.checked_sub(corner.0).zip(x.checked_sub(corner.1));
        Self {
            rows: (corner.0..corner.0 + size.1).map(row).collect(),
            cursor: cursor.filter(|_| !screen.hide_cursor()),
        }
    }

    /// Its text, a line for each row.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// The text of each row.
    pub fn lines(&self) -> Vec<String> {
        let line = |row: &Vec<Look>| row.iter().map(|look| &*look.text).collect::<String>();
        self.rows.iter().map(line).collect()
    }

    /// Makes these columns of these rows all the same, since they differ by nature.
    pub fn mask(&mut self, rows: Range<usize>, columns: Range<usize>) {
        for row in &mut self.rows[rows] {
            let end = columns.end.min(row.len());
            row[columns.start.min(end)..end].fill(Look::blank());
        }
    }

    /// Where they differ, for people; `None` if nowhere.
    pub fn differences(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let mut told = String::new();
        if self.cursor != other.cursor {
            writeln!(told, "cursor at {:?} and at {:?}", self.cursor, other.cursor).unwrap();
        }
        for (y, (ours, theirs)) in self.rows.iter().zip(&other.rows).enumerate() {
            let differ = |x: &usize| ours[*x] != theirs[*x];
            let differing: Vec<usize> = (0..ours.len()).filter(differ).collect();
            let Some(first) = differing.first() else { continue };
            let (line, other_line) = (&self.lines()[y], &other.lines()[y]);
            writeln!(told, "row {y}, {} cells:\n  {line}\n  {other_line}", differing.len())
                .unwrap();
            writeln!(told, "  at {first}: {:?}\n  and:   {:?}", ours[*first], theirs[*first])
                .unwrap();
        }
        Some(told)
    }
}

impl Look {
    fn blank() -> Self {
        Self {
            text: " ".to_owned(),
            foreground: vt100::Color::Default,
            background: vt100::Color::Default,
            attributes: [false; 5],
        }
    }

    fn at(screen: &vt100::Screen, row: u16, column: u16) -> Self {
        let cell = screen.cell(row, column).unwrap();
        let mut look = Self {
            text: cell.contents().to_owned(),
            foreground: cell.fgcolor(),
            background: cell.bgcolor(),
            attributes: [cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse()],
        };
        if look.text.is_empty() && !cell.is_wide_continuation() {
            look.text.push(' ');
        }
        // The look of a character that is not there cannot be seen.
        let [.., underline, inverse] = look.attributes;
        if look.text == " " && !underline && !inverse {
            look.foreground = vt100::Color::Default;
            look.attributes = [false; 5];
        }
        look
    }
}
