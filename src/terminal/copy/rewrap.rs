//! Lines wrapped anew for another width.

use super::select::last_row;
use crate::terminal::wrap::Wrapper;
use crate::terminal::{Line, Point};

/// The lines as they are in `columns`; the points move with their text.
pub(super) fn rewrapped<const N: usize>(
    lines: &[Line],
    columns: u16,
    points: &mut [Point; N],
) -> Vec<Line> {
    let old = *points;
    let mut wrapper = Wrapper::new(columns, lines.len());
    let mut row = 0;
    while row < lines.len() {
        let (first, last) = (row, last_row(lines, row));
        let start = wrapper.rows.len();
        lines[first..=last].iter().for_each(|line| wrapper.add(line));
        for (old, new) in old.iter().zip(points.iter_mut()) {
            if (first..=last).contains(&old.row) {
                let before: usize = lines[first..old.row].iter().map(Line::columns).sum();
                *new = at(&wrapper.rows, start, before + old.column);
            }
        }
        row = last + 1;
    }
    wrapper.finish()
}

/// The place so many columns after the beginning of a row.
fn at(rows: &[Line], mut row: usize, mut column: usize) -> Point {
    while let Some(line) = rows.get(row).filter(|line| line.wrapped && column >= line.columns()) {
        column -= line.columns();
        row += 1;
    }
    Point::new(row, column)
}
