//! A key as people write it: `ctrl-]`, `enter`, `?`, `shift-tab`.
//!
//! Tables of keys, the configuration and typed solutions name keys with the same words.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The keys that are called by a name, but for the function keys.
const NAMES: [(&str, KeyCode); 15] = [
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Space", KeyCode::Char(' ')),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("Ctrl", KeyModifiers::CONTROL), ("Alt", KeyModifiers::ALT), ("Shift", KeyModifiers::SHIFT)];

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Chord {
    /// The chord of a pressed key, normalised: shift is part of a character, and terminals that
    /// send `Ctrl-]` as `Ctrl-5` (they are the same byte) mean the former.
    pub fn of(key: KeyEvent) -> Self {
        let mut modifiers =
            key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match key.code {
            KeyCode::Char('5') if modifiers == KeyModifiers::CONTROL => KeyCode::Char(']'),
            KeyCode::Char('4') if modifiers == KeyModifiers::CONTROL => KeyCode::Char('\\'),
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            code => code,
        };
        if matches!(code, KeyCode::Char(_)) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    /// Whether a shell can be used without this key: it is a function key, or has Ctrl or Alt.
    pub fn types_nothing(self) -> bool {
        matches!(self.code, KeyCode::F(_)) || self.commands()
    }

    /// Whether it has Ctrl or Alt.
    pub fn commands(self) -> bool {
        self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// The character that it types, if it types one.
    pub fn character(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.commands() => Some(c),
            _ => None,
        }
    }
}

impl From<KeyCode> for Chord {
    fn from(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }
}

impl From<Chord> for KeyEvent {
    fn from(chord: Chord) -> Self {
        Self::new(chord.code, chord.modifiers)
    }
}

impl FromStr for Chord {
    type Err = String;

    /// Words are taken in capitals or not; a character is the one that is written.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        while let Some((word, more)) = rest.split_once('-').filter(|(_, more)| !more.is_empty()) {
            let known = MODIFIERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
            let Some((_, modifier)) = known else { break };
            modifiers |= *modifier;
            rest = more;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(c), None) => KeyCode::Char(c),
            _ => named(rest).ok_or_else(|| format!("{text:?} is no key"))?,
        };
        Ok(Self { code, modifiers })
    }
}

/// The key of this name.
fn named(name: &str) -> Option<KeyCode> {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let function = || match name.strip_prefix(['f', 'F'])?.parse() {
        Ok(n @ 1..=12) => Some(KeyCode::F(n)),
        _ => None,
    };
    known.map(|(_, code)| *code).or_else(function)
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                write!(f, "{word}-")?;
            }
        }
        let name = NAMES.iter().find(|(_, code)| *code == self.code);
        match (name, self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(n)) => write!(f, "F{n}"),
            // No text is read as one of the others.
            (None, code) => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_read_and_written() {
        for (text, shown) in [
            ("ctrl-]", "Ctrl-]"),
            ("f12", "F12"),
            ("alt-x", "Alt-x"),
            ("-", "-"),
            ("ctrl--", "Ctrl--"),
            ("Shift-Tab", "Shift-Tab"),
            ("pageup", "PageUp"),
            ("CTRL-space", "Ctrl-Space"),
            ("G", "G"),
        ] {
            let chord = text.parse::<Chord>().unwrap();
            assert_eq!(chord.to_string(), shown);
            assert_eq!(shown.parse(), Ok(chord), "what is written is read");
        }
        for text in ["hyper-x", "f13", "", "entr"] {
            assert!(text.parse::<Chord>().is_err(), "{text}");
        }
        let types_nothing = |text: &str| text.parse::<Chord>().unwrap().types_nothing();
        assert!(types_nothing("ctrl-]") && types_nothing("f12") && types_nothing("alt-q"));
        assert!(!types_nothing("q") && !types_nothing("enter"));
        let typed = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!("G".parse(), Ok(Chord::of(typed)));
    }
}
