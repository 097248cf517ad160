//! What is new on a screen: what whoever types has looked at before going on.

use crate::terminal::{Line, Mark, View};

/// How much of a new text is waited for: enough to know it by, and not all that may differ.
const WAITED_FOR: usize = 40;

/// Fewer letters are in too many places.
const LEAST: usize = 3;

/// A text that was not on the screen before and is now, and was not just typed, there or at a prompt.
pub(super) fn news(seen: &str, view: &View, typed: &str) -> Option<String> {
    let shell = |row: &&Line| {
        [Mark::Prompt, Mark::Continuation, Mark::Input].iter().any(|m| row.has_mark(*m))
    };
    let rows = view.rows.iter().filter(|row| !shell(row)).map(Line::text);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let usable = |text: &&str| {
        letters(text) >= LEAST
            && !seen.contains(*text)
            && (typed.is_empty() || !text.contains(typed) && !typed.contains(*text))
    };
    let short = |text: &str| -> String {
        let cut: String = text.chars().take(WAITED_FOR).collect();
        cut.trim().to_owned()
    };
    // Numbers are other ones the next time.
    let words = |line: &str| -> Vec<String> {
        let plain = |c: char| !c.is_ascii_digit() && (c.is_ascii_graphic() || c == ' ');
        line.split(|c| !plain(c)).flat_map(|part| part.split("  ")).map(short).collect()
    };
    let parts: Vec<_> = rows.flat_map(words).collect();
    let best = parts.iter().map(String::as_str).filter(usable).max_by_key(|text| letters(text));
    best.map(str::to_owned)
}
