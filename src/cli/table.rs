//! Columns of text, aligned by the cells they take on the screen.

use unicode_width::UnicodeWidthStr;

/// Pads every column but the last to its widest cell. Rows keep their order; cells hold no colours.
pub(super) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            format!("{cell}{}", " ".repeat(width.saturating_sub(cell.width())))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_is_in_them() {
        let rows =
            [vec!["a".into(), "1".into()], vec!["日本".into(), "2".into()], vec!["x".into()]];
        assert_eq!(aligned(&rows), ["a     1", "日本  2", "x"]);
    }
}
