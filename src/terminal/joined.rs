//! The text of lines as the program printed it: joined where the screen's edge had cut it.

use std::ops::Range;

use super::Line;
use super::cell::Width;

/// A place in lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Point {
    /// The line, from 0.
    pub row: usize,
    /// The column, from 0.
    pub column: usize,
}

impl Point {
    /// A place.
    pub const fn new(row: usize, column: usize) -> Self {
        Self { row, column }
    }
}

/// The text of lines, with a line end only where the program ended a line.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) text: String,
    /// Where each row begins in the text.
    starts: Vec<usize>,
    /// Where each line of the text is, without its end.
    lines: Vec<Range<usize>>,
}

impl Joined {
    /// Joins lines: the texts of those that were wrapped are what was printed.
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut joined = Self::default();
        let mut begin = 0;
        for (row, line) in lines.iter().enumerate() {
            joined.starts.push(joined.text.len());
            joined.text.push_str(line.text());
            if line.wrapped && row + 1 < lines.len() {
                continue;
            }
            joined.text.truncate(begin + joined.text[begin..].trim_end().len());
            joined.lines.push(begin..joined.text.len());
            joined.text.push('\n');
            begin = joined.text.len();
        }
        joined
    }

    /// Where each line of the text is.
    pub(super) fn lines(&self) -> &[Range<usize>] {
        &self.lines
    }

    /// The place of a byte of the text.
    pub(super) fn point(&self, lines: &[Line], byte: usize) -> Point {
        let row = self.row(byte);
        let start = self.starts.get(row).copied().unwrap_or_default();
        let column = lines.get(row).map_or(0, |line| column_of(line, byte - start));
        Point { row, column }
    }

    /// Where in the text a place is.
    pub(super) fn byte(&self, lines: &[Line], point: Point) -> usize {
        let Some((start, line)) = self.starts.get(point.row).zip(lines.get(point.row)) else {
            return self.text.len();
        };
        start + bytes_before(line, point.column)
    }

    /// The columns of a row that a range of the text takes.
    pub(super) fn columns(&self, lines: &[Line], row: usize, text: &Range<usize>) -> Range<usize> {
        let (Some(start), Some(line)) = (self.starts.get(row), lines.get(row)) else { return 0..0 };
        let column = |byte: usize| column_of(line, byte.saturating_sub(*start));
        column(text.start)..column(text.end.min(start + line.text().len()))
    }

    fn row(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte).saturating_sub(1)
    }
}

/// The column at which a byte of a line's text stands.
fn column_of(line: &Line, byte: usize) -> usize {
    let mut at = 0;
    for (column, cell) in line.cells().enumerate() {
        if cell.width == Width::Spacer {
            continue;
        }
        let end = at + cell.character.len_utf8() + cell.combining.len();
        if byte < end {
            return column;
        }
        at = end;
    }
    line.columns() + (byte - at)
}

/// How many bytes of a line's text stand before a column.
fn bytes_before(line: &Line, column: usize) -> usize {
    let before = line.cells().take(column).filter(|cell| cell.width != Width::Spacer);
    before.map(|cell| cell.character.len_utf8() + cell.combining.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| {
            let mut line = Line::plain(text.trim_end_matches('\\'));
            line.wrapped = text.ends_with('\\');
            line
        };
        texts.iter().map(line).collect()
    }

    #[test]
    fn what_was_wrapped_is_one_line() {
        let joined = |texts: &[&str]| Joined::of(&lines(texts)).text;
        assert_eq!(joined(&["abcde\\", "fg  ", "", "x"]), "abcdefg\n\nx\n");
        assert_eq!(joined(&["abc  \\", "de\\", "f"]), "abc  def\n");
        assert_eq!(joined(&["abcde\\"]), "abcde\n", "the end is missing");
    }

    #[test]
    fn places_and_bytes_agree() {
        let lines = lines(&["ab日x\\", "e\u{301}日", "z"]);
        let joined = Joined::of(&lines);
        for point in [(0, 0), (0, 2), (0, 4), (1, 0), (1, 1), (2, 0)] {
            let point = Point::new(point.0, point.1);
            let byte = joined.byte(&lines, point);
            assert_eq!(joined.point(&lines, byte), point);
        }
        let range = joined.byte(&lines, Point::new(0, 2))..joined.byte(&lines, Point::new(1, 1));
        assert_eq!(&joined.text[range.clone()], "日xe\u{301}");
        assert_eq!(joined.columns(&lines, 0, &range), 2..5);
        assert_eq!(joined.columns(&lines, 1, &range), 0..1);
    }
}
