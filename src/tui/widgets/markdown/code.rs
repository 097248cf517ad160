//! Blocks of code, in a faint frame with the language at the top.

use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::super::highlight::{Token, Tokens};
use super::wrap::{code_break, fitting};
use super::{Code, MarkdownStyle};

/// Below this width a frame takes too much of it.
const MIN_FRAMED: usize = 16;

const TAB: &str = "    ";

/// The block's lines, none wider than `width`.
pub(super) fn code_lines(
    code: &Code,
    highlights: Option<&Vec<Tokens>>,
    width: usize,
    style: &MarkdownStyle,
) -> Vec<Line<'static>> {
    let signs = style.signs();
    let [top_left, top_right, bottom_left, bottom_right, side] = signs.frame;
    let framed = width >= MIN_FRAMED;
    let inner = if framed { width - 4 } else { width };
    let faint = |text: String| Span::styled(text, style.faint);
    let mut lines = Vec::new();
    if framed {
        let label = label(code, inner);
        let rest = width - 2 - label.width();
        lines.push(Line::from(vec![
            faint(top_left.to_owned()),
            Span::styled(label, style.muted),
            faint(signs.rule.repeat(rest)),
            faint(top_right.to_owned()),
        ]));
    }
    for (n, line) in code.text.split('\n').enumerate() {
        let plain = vec![(Token::Plain, 0..line.len())];
        let tokens = highlights.and_then(|lines| lines.get(n)).unwrap_or(&plain);
        for (spans, used) in rows(line, tokens, inner, style) {
            let mut row = Vec::with_capacity(spans.len() + 3);
            if framed {
                row.push(faint(format!("{side} ")));
            }
            row.extend(spans);
            if framed {
                row.push(faint(format!("{}{side}", " ".repeat(inner + 1 - used))));
            }
            lines.push(Line::from(row));
        }
    }
    if framed {
        let rule = signs.rule.repeat(width - 2);
        lines.push(Line::from(faint(format!("{bottom_left}{rule}{bottom_right}"))));
    }
    lines
}

/// What stands in the frame: the title, or else the language.
fn label(code: &Code, width: usize) -> String {
    let name = match (code.title.as_str(), code.language.as_str()) {
        ("", "text" | "txt" | "plain" | "") => return String::new(),
        ("", language) => language,
        (title, _) => title,
    };
    let mut used = 2;
    let fits = |grapheme: &&str| {
        used += grapheme.width();
        used <= width
    };
    format!(" {} ", name.graphemes(true).take_while(fits).collect::<String>())
}

/// The rows that a line of code takes in `width`, each with the width it has.
fn rows(
    line: &str,
    tokens: &Tokens,
    width: usize,
    style: &MarkdownStyle,
) -> Vec<(Vec<Span<'static>>, usize)> {
    // Tabs become spaces first, so that bytes and columns can be counted alike.
    let mut text = String::with_capacity(line.len());
    let mut parts = Vec::with_capacity(tokens.len());
    for (token, range) in tokens {
        let part = line.get(range.clone()).unwrap_or_default().replace('\t', TAB);
        text.push_str(&part);
        parts.push((style.tokens.of(*token), text.len()));
    }
    let (mut rows, mut from) = (Vec::new(), 0);
    loop {
        let (mut spans, mut used) = (Vec::new(), 0);
        let continued = style.signs().continued;
        if from > 0 && continued.width() < width {
            spans.push(Span::styled(continued, style.faint));
            used = continued.width();
        }
        let room = width - used;
        let (end, next) = code_break(&text[from..], room);
        let (end, next) = (from + end, from + next);
        let mut at = from;
        for (style, part_end) in &parts {
            let part_end = (*part_end).min(end);
            if at < part_end {
                let mut shown = String::with_capacity(part_end - at);
                for grapheme in text[at..part_end].graphemes(true) {
                    let (grapheme, columns) = fitting(grapheme, room);
                    shown.push_str(grapheme);
                    used += columns;
                }
                spans.push(Span::styled(shown, *style));
                at = part_end;
            }
        }
        rows.push((spans, used));
        from = next;
        if from >= text.len() {
            return rows;
        }
    }
}
