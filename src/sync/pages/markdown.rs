//! Text that goes into a page: what content says is shown as it is, and means nothing to Markdown.

use std::fmt::Write as _;
use std::time::Duration;

/// Characters of a title on a page.
const MAX_TITLE: usize = 120;

/// Characters of a sentence on a page.
const MAX_SENTENCE: usize = 400;

/// A title as itself: no table, link, mention, emphasis or tag is made of it.
pub(super) fn plain(text: &str) -> String {
    harmless(text, MAX_TITLE)
}

/// The same for a sentence that begins a line or an entry of a list.
pub(super) fn sentence(text: &str) -> String {
    let text = harmless(text, MAX_SENTENCE);
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    let at = match text.as_bytes().get(number) {
        Some(b'.' | b')') if number > 0 => number,
        Some(b'-' | b'+' | b'=') if number == 0 => 0,
        _ => return text,
    };
    format!("{}\\{}", &text[..at], &text[at..])
}

fn harmless(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut before = String::new(); // the last three characters that were taken
    let text: String = text.trim().chars().take(most).collect();
    for (at, c) in text.char_indices() {
        let c = if c.is_whitespace() { ' ' } else { c };
        if c.is_control() || is_invisible(c) {
            continue;
        }
        let special = matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '$' | '@'
        );
        // An address is a link for many readers of Markdown, with nothing around it.
        let address =
            text[at..].starts_with("://") || (c == '.' && before.eq_ignore_ascii_case("www"));
        match c {
            '&' => out.push_str("&amp;"),
            c if special || address => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        if before.chars().count() == 3 {
            before.remove(0);
        }
        before.push(c);
    }
    out
}

/// Characters that turn the direction of what follows, or that nobody sees.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A length of practice: `40 s`, `12 min`, `1 h 05 min`.
pub(super) fn length(time: Duration) -> String {
    let minutes = (time.as_secs() + 30) / 60;
    match (time.as_secs(), minutes) {
        (seconds @ 0..60, _) => format!("{seconds} s"),
        (_, minutes @ 0..60) => format!("{minutes} min"),
        (_, minutes) => format!("{} h {:02} min", minutes / 60, minutes % 60),
    }
}

/// `1 hint`, `2 hints`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// A table of cells that are Markdown already, its columns as wide as their widest cell, so that it
/// reads well where nothing draws it.
pub(super) fn table(out: &mut String, head: &[&str], rows: &[Vec<String>]) {
    use unicode_width::UnicodeWidthStr;
    let widths: Vec<usize> = head
        .iter()
        .enumerate()
        .map(|(column, title)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width());
            cells.max().unwrap_or(0).max(title.width()).max(3)
        })
        .collect();
    let mut line = |cells: &mut dyn Iterator<Item = (&str, usize)>| {
        out.push('|');
        for (cell, width) in cells {
            let _ = write!(out, " {cell}{} |", " ".repeat(width.saturating_sub(cell.width())));
        }
        out.push('\n');
    };
    line(&mut head.iter().copied().zip(widths.iter().copied()));
    let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
    line(&mut rules.iter().map(String::as_str).zip(widths.iter().copied()));
    for row in rows {
        line(&mut row.iter().map(String::as_str).zip(widths.iter().copied()));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    /// What a reader of Markdown makes of a text: the words it shows.
    fn shown(markdown: &str) -> String {
        Parser::new_ext(markdown, Options::all() - Options::ENABLE_SMART_PUNCTUATION)
            .map(|event| match event {
                Event::Text(text) => text.to_string(),
                Event::Start(Tag::Paragraph) | Event::End(_) => String::new(),
                other => panic!("{other:?} in {markdown}"),
            })
            .collect()
    }

    #[test]
    fn what_content_says_is_shown_as_it_is() {
        for text in [
            "Files and the shell",
            "a | b || c",
            "<script>alert(1)</script> & <!-- x",
            "[click](http://evil.example) ![x](y) <http://evil.example>",
            "*bold* _it_ ~~gone~~ `code` $x^2$ \\| \\",
            "see @everyone and #12 at a@b.example",
            "&lt;b&gt; &copy;",
        ] {
            assert_eq!(shown(&format!("x {}", plain(text))), format!("x {text}"));
        }
        for text in ["1. x", "12) x", "- x", "+ x", "=== x", "1 x", "-", "3."] {
            let item = Parser::new(&format!("- {}", sentence(text)))
                .filter(|event| matches!(event, Event::Start(Tag::List(_))))
                .count();
            assert_eq!(item, 1, "{text}");
        }
        assert_eq!(plain("a\nb\x1b[2J\r\u{202e}c"), "a b\\[2J c");
        assert_eq!(plain("http://a www.b.c"), "http\\://a www\\.b.c");
        assert_eq!(plain(&"x".repeat(500)).len(), MAX_TITLE);
    }

    #[test]
    fn tables_line_up_and_hold_whatever_is_in_them() {
        let mut out = String::new();
        let rows = vec![vec!["1".to_owned(), plain("a | 日本")], vec!["22".to_owned(), "b".into()]];
        table(&mut out, &["n", "Title"], &rows);
        let expected = "| n   | Title     |\n| --- | --------- |\n| 1   | a \\| 日本 |\n| 22  | b         |\n\n";
        assert_eq!(out, expected);
        let rows = Parser::new_ext(&out, Options::all())
            .filter(|event| matches!(event, Event::Start(Tag::TableCell)));
        assert_eq!(rows.count(), 6);
    }

    #[test]
    fn times_are_said_shortly() {
        let said = [0, 59, 61, 3570, 3900].map(|seconds| length(Duration::from_secs(seconds)));
        assert_eq!(said, ["0 s", "59 s", "1 min", "1 h 00 min", "1 h 05 min"]);
    }
}
