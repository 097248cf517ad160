//! What every list has in common: which rows are shown, and what the selected one looks like.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::theme::Theme;

/// The first row that a list of this height shows, so that the cursor is in view and, where there is
/// room, two rows below it are.
pub fn first_row(cursor: usize, height: u16) -> usize {
    let height = usize::from(height);
    cursor.saturating_sub(height.saturating_sub(1).saturating_sub(2.min(height / 3)))
}

/// Lays the selection over a row that was drawn: over its spans' own colours, so that it is one band.
pub fn select(theme: &Theme, buffer: &mut Buffer, row: Rect) {
    let style = theme.selection();
    let band = style.bg.map_or(style, |color| Style::new().bg(color));
    buffer.set_style(row, band);
}

#[cfg(test)]
mod tests {
    use super::first_row;

    #[test]
    fn the_cursor_is_in_view_with_two_rows_below() {
        assert_eq!([0, 6, 7, 8, 100].map(|cursor| first_row(cursor, 10)), [0, 0, 0, 1, 93]);
        assert_eq!([0, 1, 2].map(|cursor| first_row(cursor, 1)), [0, 1, 2]);
        assert_eq!(first_row(3, 0), 3);
    }
}
