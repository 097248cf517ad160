//! Small matters of text: fitting, wrapping, and how times are written.

use std::time::Duration;

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A duration as people write estimates: `45s`, `15m`, `1h 30m`.
pub fn duration(time: Duration) -> String {
    let minutes = (time.as_secs() + 30) / 60;
    match (time.as_secs(), minutes) {
        (seconds @ 0..60, _) => format!("{seconds}s"),
        (_, minutes @ 0..60) => format!("{minutes}m"),
        (_, minutes) if minutes % 60 == 0 => format!("{}h", minutes / 60),
        (_, minutes) => format!("{}h {}m", minutes / 60, minutes % 60),
    }
}

/// A running clock: `06:12`, `1:02:03`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

/// A count of bytes: `512 B`, `14 MB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", count / 1_000_000),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// The text cut to a width in cells, with an ellipsis where something is missing.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        // Measured as a whole: a variation selector makes the character before it wider.
        out.push(c);
        if out.width() + 1 > width {
            out.pop();
            break;
        }
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The text with blanks after it, up to a width in cells.
pub fn wide(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// The text in lines no wider than `width`, broken between words where it can be.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        // Marks that combine take no width of their own, so they stay with their character; the
        // line is measured as a whole, since a variation selector makes what is before it wider.
        for c in word.chars() {
            line.push(c);
            if line.width() > width && line.chars().nth(1).is_some() {
                line.pop();
                lines.push(std::mem::take(&mut line));
                line.push(c);
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The paragraphs of a short Markdown text, each on one line, without its inline marks.
pub fn plain(markdown: &str) -> impl Iterator<Item = String> + use<'_> {
    markdown.trim().split("\n\n").map(|paragraph| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        words.join(" ").replace(['`', '*'], "")
    })
}

/// One line with something at its left and something at its right. The left is cut if both do not
/// fit.
pub fn split_line<'a>(left: Vec<Span<'a>>, right: Vec<Span<'a>>, width: u16) -> Line<'a> {
    let width = usize::from(width);
    let right_width: usize = right.iter().map(Span::width).sum();
    let room = width.saturating_sub(right_width + usize::from(right_width > 0));
    let mut used = 0;
    let mut spans = Vec::with_capacity(left.len() + right.len() + 1);
    for span in left {
        let take = span.width().min(room - used);
        if take < span.width() {
            let cut = fit(&span.content, take);
            used += cut.width();
            spans.push(Span::styled(cut, span.style));
            break;
        }
        used += take;
        spans.push(span);
    }
    spans.push(Span::raw(" ".repeat(width.saturating_sub(used + right_width))));
    spans.extend(right);
    Line::from(spans)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_written_as_people_do() {
        let d = |s| duration(Duration::from_secs(s));
        assert_eq!([d(45), d(900), d(3600), d(5400)], ["45s", "15m", "1h", "1h 30m"]);
        let c = |s| clock(Duration::from_secs(s));
        assert_eq!([c(372), c(3723)], ["06:12", "1:02:03"]);
    }

    #[test]
    fn a_split_line_is_exactly_as_wide_as_asked() {
        for width in 1..60 {
            let line =
                split_line(vec!["left side".into(), " 日本".into()], vec!["right".into()], width);
            if width >= 6 {
                assert_eq!(line.width(), usize::from(width));
            }
        }
    }

    #[test]
    fn a_variation_selector_makes_what_is_before_it_wider() {
        let text = "aaaa🕯\u{fe0f}aaaa";
        for width in 2..10 {
            assert!(fit(text, width).width() <= width);
            assert!(wrap(text, width).iter().all(|line| line.width() <= width));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn nothing_is_wider_than_asked(text in "\\PC{0,80}", width in 2usize..40) {
            prop_assert!(fit(&text, width).width() <= width);
            for line in wrap(&text, width) {
                prop_assert!(line.width() <= width);
            }
        }
    }
}
