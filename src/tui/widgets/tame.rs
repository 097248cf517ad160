//! Text that is not ours, made fit to stand among our own.
//!
//! What a program or a file says must not move the cursor, change the width of what is around it,
//! or turn its order around.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How far apart tab stops are.
const TAB: usize = 8;

/// Whether a character without width does no more than its name says: joiners, presentation
/// selectors, direction overrides and tags change the width or the order of what is around them.
pub fn only_adds_a_mark(mark: char) -> bool {
    !matches!(
        mark,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether an outer terminal may do more with a character than show it: halves of flags and skin
/// tones join with their neighbours.
pub fn is_wild(c: char) -> bool {
    c.is_control()
        || !only_adds_a_mark(c)
        || matches!(c, '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// A short text, such as a title, without what cannot be shown.
pub fn tame(text: &str) -> String {
    text.chars().filter(|c| !is_wild(*c)).collect()
}

/// A text whose every character is to be seen: `^[` for an escape, `<202e>` for what would turn the
/// order around; tabs as blanks.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut columns = 0;
    for c in text.chars() {
        let begin = out.len();
        match c {
            '\t' => out.extend(std::iter::repeat_n(' ', TAB - columns % TAB)),
            '\0'..='\x1f' => out.extend(['^', char::from(c as u8 + b'@')]),
            '\x7f' => out.push_str("^?"),
            // Writing into a string does not fail.
            c if is_wild(c) => drop(write!(out, "<{:x}>", c as u32)),
            c => {
                out.push(c);
                columns += c.width().unwrap_or(0);
                continue;
            }
        }
        columns += out[begin..].width();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_to_be_seen() {
        assert_eq!(visible("a\tb\x1b[31m\x7f\u{9b}é"), "a       b^[[31m^?<9b>é");
        assert_eq!(visible("日\t|\u{202e}x\u{1f1e9}e\u{301}"), "日      |<202e>x<1f1e9>e\u{301}");
        assert_eq!(visible("\0\r\n"), "^@^M^J");
    }

    #[test]
    fn a_title_loses_what_cannot_be_shown() {
        assert_eq!(tame("a\u{202e}b\u{1f3fd}\tc\u{301}"), "abc\u{301}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            ..Default::default()
        })]
        #[test]
        fn nothing_wild_is_left(text in r"([ -~]|[\x00-\x1f\u{7f}-\u{9f}\u{200b}-\u{206f}🇩🏽日]){0,40}") {
            proptest::prop_assert!(!visible(&text).contains(is_wild));
            proptest::prop_assert!(!tame(&text).contains(is_wild));
        }
    }
}
