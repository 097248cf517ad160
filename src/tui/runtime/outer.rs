//! Sets the outer terminal to what the program in the shell has asked for, and back.
//!
//! Only these switches are ever set, each by drydock and never by bytes of a container: the cursor's
//! look, reports of every move of the mouse, and the flags of kitty's keyboard protocol.

use std::fmt::Write;

use crate::terminal::CursorShape;
use crate::tui::app::OuterModes;

/// What was set last.
#[derive(Debug, Default)]
pub(super) struct Outer {
    set: OuterModes,
    /// Whether the terminal speaks kitty's keyboard protocol.
    kitty: bool,
}

impl Outer {
    /// A terminal as it was found.
    pub(super) fn new(kitty: bool) -> Self {
        Self { set: OuterModes::default(), kitty }
    }

    /// What is to be written so that the terminal is as wanted.
    pub(super) fn change(&mut self, wanted: OuterModes) -> String {
        let before = std::mem::replace(&mut self.set, wanted);
        let mut out = String::new();
        if wanted.cursor != before.cursor {
            let number = match wanted.cursor {
                None => 0,
                Some((CursorShape::Block, blinking)) => 2 - u8::from(blinking),
                Some((CursorShape::Underline, blinking)) => 4 - u8::from(blinking),
                Some((CursorShape::Bar, blinking)) => 6 - u8::from(blinking),
            };
            // Writing into a string never fails.
            let _ = write!(out, "\x1b[{number} q");
        }
        if wanted.every_move != before.every_move {
            out.push_str(if wanted.every_move { "\x1b[?1003h" } else { "\x1b[?1003l\x1b[?1002h" });
        }
        if self.kitty && wanted.keyboard != before.keyboard {
            if before.keyboard > 0 {
                out.push_str("\x1b[<u");
            }
            if wanted.keyboard > 0 {
                let _ = write!(out, "\x1b[>{}u", wanted.keyboard);
            }
        }
        out
    }
}

/// Whether the terminal is known to speak kitty's keyboard protocol. Asking it would keep keys
/// waiting on one that never answers; and tmux and screen pass no such keys on, whatever is around
/// them.
pub(super) fn speaks_kitty(var: impl Fn(&str) -> Option<String>) -> bool {
    const TERMS: [&str; 5] = ["kitty", "ghostty", "foot", "alacritty", "rio"];
    const PROGRAMS: [&str; 5] = ["kitty", "ghostty", "wezterm", "rio", "iterm.app"];
    let is = |name: &str, words: &[&str]| {
        let value = var(name).unwrap_or_default().to_lowercase();
        words.iter().any(|word| value.contains(word))
    };
    let set = |name: &str| var(name).is_some_and(|value| !value.is_empty());
    let inside = set("TMUX") || set("STY") || is("TERM", &["screen", "tmux"]);
    !inside && (is("TERM", &TERMS) || is("TERM_PROGRAM", &PROGRAMS) || set("KITTY_WINDOW_ID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_written_and_all_is_undone() {
        let mut outer = Outer::new(true);
        let wanted =
            OuterModes { cursor: Some((CursorShape::Bar, true)), every_move: true, keyboard: 3 };
        assert_eq!(outer.change(wanted), "\x1b[5 q\x1b[?1003h\x1b[>3u");
        assert_eq!(outer.change(wanted), "");
        let steady = OuterModes { cursor: Some((CursorShape::Underline, false)), ..wanted };
        assert_eq!(outer.change(steady), "\x1b[4 q");
        let back = outer.change(OuterModes::default());
        assert_eq!(back, "\x1b[0 q\x1b[?1003l\x1b[?1002h\x1b[<u");
        let mut plain = Outer::new(false);
        assert_eq!(plain.change(OuterModes { keyboard: 1, ..OuterModes::default() }), "");
    }

    #[test]
    fn terminals_are_told_by_their_names() {
        let speaks = |pairs: &[(&str, &str)]| {
            speaks_kitty(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(speaks(&[("TERM", "xterm-kitty")]));
        assert!(speaks(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")]));
        assert!(!speaks(&[("TERM", "xterm-256color")]));
        assert!(!speaks(&[("TERM", "tmux-256color"), ("TERM_PROGRAM", "ghostty")]));
        assert!(!speaks(&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/x")]));
    }
}
