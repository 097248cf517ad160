//! How many messages of each severity there were over time: a row for each, the darker the more.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::theme::Signs;

const SHADES: [char; 4] = ['░', '▒', '▓', '█'];
const ASCII: [char; 4] = ['.', ':', '+', '#'];

/// Counts how many of `times` fall in each of `columns` parts of a span.
pub fn counted(times: impl Iterator<Item = f64>, span: (f64, f64), columns: usize) -> Vec<u32> {
    let mut counts = vec![0; columns];
    let length = span.1 - span.0;
    for time in times {
        let part = (time - span.0) / length;
        if (0.0..=1.0).contains(&part) {
            let index = ((part * columns as f64) as usize).min(columns.saturating_sub(1));
            if let Some(count) = counts.get_mut(index) {
                *count += 1;
            }
        }
    }
    counts
}

/// One row: a word, and a shade for each count. The darkest is `most`, the same for all rows that
/// are to be compared.
pub fn row(word: &str, counts: &[u32], most: u32, style: Style, signs: Signs) -> Line<'static> {
    let shades = if signs.ascii { ASCII } else { SHADES };
    let shade = |count: u32| match (u64::from(count), u64::from(most.max(1))) {
        (0, _) => ' ',
        // Roots: one error beside a hundred messages is to be seen.
        (count, most) => {
            let part = (count as f64 / most as f64).sqrt();
            shades[((part * 4.0).ceil() as usize).clamp(1, 4) - 1]
        }
    };
    let strip: String = counts.iter().map(|count| shade(*count)).collect();
    Line::from(vec![Span::styled(word.to_owned(), style), Span::styled(strip, style)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_where_they_were() {
        let times = [0.0, 1.0, 5.0, 10.0, 11.0, -1.0, f64::NAN];
        assert_eq!(counted(times.into_iter(), (0.0, 10.0), 5), [2, 0, 1, 0, 1]);
        assert!(counted(times.into_iter(), (0.0, 10.0), 0).is_empty());
        assert_eq!(counted(times.into_iter(), (0.0, 0.0), 2), [0, 0]);
    }

    #[test]
    fn more_is_darker_and_one_is_seen() {
        let text = |ascii| {
            let row = row("error ", &[0, 1, 10, 30, 100], 100, Style::new(), Signs { ascii });
            row.to_string()
        };
        assert_eq!(text(false), "error  ░▒▓█");
        assert_eq!(text(true), "error  .:+#");
    }
}
