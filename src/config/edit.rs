//! Changing one value in a YAML text and nothing else of it.

use crate::course::yaml::{Kind, Node};

/// The text with `key` (its parts) set to `value`, which is YAML that fits on a line. Works on the
/// forms people write; whoever calls must read the result again before trusting it.
pub(super) fn with_value(text: &str, root: &Node, key: &[&str], value: &str) -> String {
    let mut parent = root;
    for (depth, part) in key.iter().enumerate() {
        let Some(node) = parent.get(part) else {
            return with_new_key(text, parent, depth == 0, &key[depth..], value);
        };
        if node.is_blank() {
            return after_colon(text, parent, part, &flow(&key[depth + 1..], value));
        }
        parent = node;
    }
    replaced(text, parent.bytes.start, parent.bytes.end, value)
}

fn with_new_key(text: &str, map: &Node, top: bool, key: &[&str], value: &str) -> String {
    let (first, rest) =
        (key.first().copied().unwrap_or_default(), key.get(1..).unwrap_or_default());
    let entry = format!("{first}: {}", flow(rest, value));
    let entries = match &map.kind {
        Kind::Map(entries) => entries.as_slice(),
        _ => &[],
    };
    if text.get(map.bytes.start..).is_some_and(|text| text.starts_with('{')) {
        let comma = if entries.is_empty() { "" } else { ", " };
        let inside = map.bytes.start + 1;
        return replaced(text, inside, inside, &format!("{entry}{comma}"));
    }
    match entries.first() {
        // Before the first of its neighbours, where the indentation is known.
        Some(neighbour) if !top => {
            let line = text[..neighbour.start].rfind('\n').map_or(0, |end| end + 1);
            let indent = " ".repeat(neighbour.start - line);
            replaced(text, line, line, &format!("{indent}{entry}\n"))
        }
        _ => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{gap}{entry}\n")
        }
    }
}

/// Gives a key that has no value one.
fn after_colon(text: &str, map: &Node, key: &str, value: &str) -> String {
    let Kind::Map(entries) = &map.kind else { return text.to_owned() };
    let start = entries.iter().find(|entry| entry.key == key).map_or(0, |entry| entry.start);
    match text[start..].find(':') {
        Some(colon) => replaced(text, start + colon + 1, start + colon + 1, &format!(" {value}")),
        None => text.to_owned(),
    }
}

/// `{a: {b: value}}` for the parts `a` and `b`.
fn flow(key: &[&str], value: &str) -> String {
    key.iter().rev().fold(value.to_owned(), |value, part| format!("{{{part}: {value}}}"))
}

fn replaced(text: &str, start: usize, end: usize, with: &str) -> String {
    format!("{}{with}{}", &text[..start], &text[end..])
}
