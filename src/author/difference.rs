//! How two texts differ, for people.

use std::time::Duration;

use similar::{DiffOp, TextDiff};

/// No longer is looked for the shortest difference of two long texts.
const PATIENCE: Duration = Duration::from_millis(500);

/// How many lines of one text differ from the other's: changed, added or missing.
pub fn lines(before: &str, after: &str) -> usize {
    let differing = |op: &DiffOp| match *op {
        DiffOp::Equal { .. } => 0,
        DiffOp::Delete { old_len, .. } => old_len,
        DiffOp::Insert { new_len, .. } => new_len,
        DiffOp::Replace { old_len, new_len, .. } => old_len.max(new_len),
    };
    difference(before, after).ops().iter().map(differing).sum()
}

/// The difference as `diff -u` would show it.
pub fn unified(before: (&str, &str), after: (&str, &str)) -> String {
    let diff = difference(before.1, after.1);
    diff.unified_diff().header(before.0, after.0).to_string()
}

fn difference<'a>(before: &'a str, after: &'a str) -> TextDiff<'a, 'a, 'a, str> {
    TextDiff::configure().timeout(PATIENCE).diff_lines(before, after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_and_shown() {
        let (before, after) = ("a\nb\nc\nd\n", "a\nB\nc\nd\ne\nf\n");
        assert_eq!((lines(before, after), lines(before, before)), (3, 0));
        assert_eq!(lines("a\n", "a"), 1, "an end that is missing is a difference");
        let shown = unified(("on disk", before), ("here", after));
        assert!(shown.starts_with("--- on disk\n+++ here\n@@"), "{shown}");
        assert!(shown.contains("\n-b\n+B\n"), "{shown}");
    }
}
