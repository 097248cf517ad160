//! Tables: columns as wide as they need, or as fits.

use super::wrap::{self, wrap};
use super::{Alignment, Run, Table, Text};

/// Between two columns: a line and a space on each side.
pub(super) const GAP: usize = 3;

/// No column is narrower.
const MIN_COLUMN: usize = 3;

/// The columns' widths in `width` columns of the screen; `None` if they cannot stand side by side.
pub(super) fn columns(table: &Table, width: usize) -> Option<Vec<usize>> {
    let count = table.alignments.len();
    let room = width.checked_sub(GAP * count.saturating_sub(1))?;
    if count == 0 || room < count * MIN_COLUMN {
        return None;
    }
    let cells = |column: usize| {
        let rows = std::iter::once(&table.head).chain(&table.rows);
        rows.filter_map(move |row| row.get(column))
    };
    let needs: Vec<_> = (0..count)
        .map(|column| cells(column).map(|text| line_width(text)).max().unwrap_or(0).max(MIN_COLUMN))
        .collect();
    let words: Vec<_> = (0..count)
        .map(|column| {
            cells(column).map(|text| longest_word(text)).max().unwrap_or(0).max(MIN_COLUMN)
        })
        .collect();
    if words.iter().sum::<usize>() <= room {
        // Each gets its longest word, and what is left goes to those that lack most.
        Some(share(&needs, &words, room))
    } else {
        Some(share(&needs, &vec![MIN_COLUMN; count], room))
    }
}

/// At least `least` and at most `needs` for each, the rest shared so that no column is narrowed
/// while another is wider than it.
fn share(needs: &[usize], least: &[usize], room: usize) -> Vec<usize> {
    let at = |level: usize| -> Vec<usize> {
        needs.iter().zip(least).map(|(need, least)| (*need).min(level.max(*least))).collect()
    };
    let highest = needs.iter().copied().max().unwrap_or(0);
    let level = (0..=highest).rev().find(|level| at(*level).iter().sum::<usize>() <= room);
    let mut widths = at(level.unwrap_or(0));
    let mut left = room.saturating_sub(widths.iter().sum());
    for (width, need) in widths.iter_mut().zip(needs) {
        if left > 0 && *width < *need {
            *width += 1;
            left -= 1;
        }
    }
    widths
}

/// The widest line of a cell, if nothing were broken.
fn line_width(text: &[Run]) -> usize {
    let whole: String = text.iter().map(|run| run.text.as_str()).collect();
    whole.split('\n').map(|line| wrap::columns(line.trim())).max().unwrap_or(0)
}

fn longest_word(text: &[Run]) -> usize {
    let whole: String = text.iter().map(|run| run.text.as_str()).collect();
    whole.split_whitespace().map(wrap::columns).max().unwrap_or(0)
}

/// A row's cells as lines side by side: for each line, for each column, its text and the spaces
/// before and after it.
pub(super) fn row_lines(
    row: &[Text],
    alignments: &[Alignment],
    widths: &[usize],
) -> Vec<Vec<(usize, Text, usize)>> {
    let cells: Vec<_> = widths
        .iter()
        .enumerate()
        .map(|(column, width)| wrap(row.get(column).map_or(&[], Vec::as_slice), *width))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(1);
    let line = |n: usize| {
        let place = |(column, width): (usize, &usize)| {
            let text = cells[column].get(n).cloned().unwrap_or_default();
            let used: usize = text.iter().map(|run| wrap::columns(&run.text)).sum();
            let free = width.saturating_sub(used);
            let before = match alignments.get(column) {
                Some(Alignment::Right) => free,
                Some(Alignment::Center) => free / 2,
                _ => 0,
            };
            (before, text, free - before)
        };
        widths.iter().enumerate().map(place).collect()
    };
    (0..height).map(line).collect()
}
