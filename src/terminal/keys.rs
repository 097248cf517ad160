//! A key press as the bytes that the program in the terminal reads: xterm's encoding, or the first
//! level of kitty's where the program asked for it.
//!
//! The outer terminal tells keys apart only as far as it can: over the old encoding Ctrl-I is Tab
//! and Ctrl-] arrives as Ctrl-5. Both come out again as the byte that was typed.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::modes::Modes;

const ESC: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What the program should read for this key; nothing for a release, or for a key that has no
/// encoding.
pub fn encode_key(key: KeyEvent, modes: &Modes) -> Vec<u8> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    keypad(key, modes)
        .or_else(|| editing(key.code, key.modifiers, modes))
        .unwrap_or_else(|| typed(key.code, key.modifiers, modes))
}

/// What the program should read when its pane gets or loses the focus; nothing unless it asked.
pub fn encode_focus(gained: bool, modes: &Modes) -> Vec<u8> {
    match (modes.focus_events, gained) {
        (false, _) => Vec::new(),
        (true, true) => b"\x1b[I".to_vec(),
        (true, false) => b"\x1b[O".to_vec(),
    }
}

/// The keypad in its application mode, where the outer terminal tells it from the other keys.
fn keypad(key: KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    let applies = modes.application_keypad
        && key.state.contains(KeyEventState::KEYPAD)
        && key.modifiers.is_empty();
    let last = match key.code {
        _ if !applies => return None,
        KeyCode::Char(digit @ '0'..='9') => b'p' + (digit as u8 - b'0'),
        KeyCode::Char('*') => b'j',
        KeyCode::Char('+') => b'k',
        KeyCode::Char(',') => b'l',
        KeyCode::Char('-') => b'm',
        KeyCode::Char('.') => b'n',
        KeyCode::Char('/') => b'o',
        KeyCode::Char('=') => b'X',
        KeyCode::Enter => b'M',
        _ => return None,
    };
    Some(vec![ESC, b'O', last])
}

/// Arrows, the keys above them, and the function keys.
fn editing(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Option<Vec<u8>> {
    /// How a key is written: `CSI letter` (`SS3 letter` in the mode that `application` tells of),
    /// or `CSI number ~`.
    enum Form {
        Letter { letter: char, application: bool },
        Number(u8),
    }
    let cursor = |letter| Form::Letter { letter, application: modes.application_cursor };
    let function = |letter| Form::Letter { letter, application: true };
    let form = match code {
        KeyCode::Up => cursor('A'),
        KeyCode::Down => cursor('B'),
        KeyCode::Right => cursor('C'),
        KeyCode::Left => cursor('D'),
        KeyCode::KeypadBegin => cursor('E'),
        KeyCode::End => cursor('F'),
        KeyCode::Home => cursor('H'),
        KeyCode::Insert => Form::Number(2),
        KeyCode::Delete => Form::Number(3),
        KeyCode::PageUp => Form::Number(5),
        KeyCode::PageDown => Form::Number(6),
        // `CSI R`, F3 without `SS3`, would be a report of the cursor.
        KeyCode::F(3) if modes.disambiguate_keys => Form::Number(13),
        KeyCode::F(n @ 1..=4) => function(char::from(b'P' + n - 1)),
        KeyCode::F(5) => Form::Number(15),
        KeyCode::F(n @ 6..=10) => Form::Number(n + 11),
        KeyCode::F(n @ 11..=14) => Form::Number(n + 12),
        KeyCode::F(n @ 15..=16) => Form::Number(n + 13),
        KeyCode::F(n @ 17..=20) => Form::Number(n + 14),
        _ => return None,
    };
    let modifier = modifier_number(modifiers, modes);
    let text = match form {
        Form::Letter { letter, .. } if modifier > 1 => format!("\x1b[1;{modifier}{letter}"),
        Form::Letter { letter, application: true } if !modes.disambiguate_keys => {
            format!("\x1bO{letter}")
        }
        Form::Letter { letter, .. } => format!("\x1b[{letter}"),
        Form::Number(number) if modifier > 1 => format!("\x1b[{number};{modifier}~"),
        Form::Number(number) => format!("\x1b[{number}~"),
    };
    Some(text.into_bytes())
}

/// Keys that send a character, a control or an escape.
fn typed(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Vec<u8> {
    let (code, modifiers) = match code {
        KeyCode::BackTab => (KeyCode::Tab, modifiers | KeyModifiers::SHIFT),
        KeyCode::Null => (KeyCode::Char(' '), modifiers | KeyModifiers::CONTROL),
        code => (code, modifiers),
    };
    if modes.disambiguate_keys
        && let Some(unambiguous) = unambiguous(code, modifiers, modes)
    {
        return unambiguous;
    }
    let control = modifiers.contains(KeyModifiers::CONTROL);
    let shift = modifiers.contains(KeyModifiers::SHIFT);
    let mut bytes = match code {
        KeyCode::Tab if shift => b"\x1b[Z".to_vec(),
        KeyCode::Tab => b"\t".to_vec(),
        KeyCode::Enter => b"\r".to_vec(),
        KeyCode::Esc => vec![ESC],
        KeyCode::Backspace if control => vec![0x08],
        KeyCode::Backspace => vec![DELETE],
        KeyCode::Char(c) => match control_byte(c).filter(|_| control) {
            Some(byte) => vec![byte],
            None if shift && c.is_lowercase() => c.to_uppercase().to_string().into_bytes(),
            None => c.to_string().into_bytes(),
        },
        _ => return Vec::new(),
    };
    if modifiers.contains(KeyModifiers::ALT) {
        bytes.insert(0, ESC);
    }
    bytes
}

/// The byte that Ctrl makes of a key, as xterm has it.
fn control_byte(key: char) -> Option<u8> {
    match key {
        'a'..='z' | 'A'..='Z' | '[' | '\\' | ']' | '^' | '_' | '@' => Some(key as u8 & 0x1f),
        ' ' | '2' => Some(0),
        '3'..='7' => Some(key as u8 - b'3' + ESC),
        '~' | '`' => Some(0x1e),
        '/' => Some(0x1f),
        '8' | '?' => Some(DELETE),
        _ => None,
    }
}

/// kitty's `CSI u` for the keys whose old encoding means something else as well.
fn unambiguous(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Option<Vec<u8>> {
    let only_shift = KeyModifiers::SHIFT.contains(modifiers);
    let number = match code {
        KeyCode::Esc => 27,
        // These three stay as they are without modifiers: a learner must be able to type `reset`
        // after a program that did not clean up.
        KeyCode::Enter if !modifiers.is_empty() => 13,
        KeyCode::Tab if !modifiers.is_empty() => 9,
        KeyCode::Backspace if !modifiers.is_empty() => 127,
        KeyCode::Char(c) if !only_shift => c.to_lowercase().next().map_or(0, u32::from),
        _ => return None,
    };
    let text = match modifier_number(modifiers, modes) {
        1 => format!("\x1b[{number}u"),
        modifier => format!("\x1b[{number};{modifier}u"),
    };
    Some(text.into_bytes())
}

/// The parameter that stands for the modifiers: 1 for none.
fn modifier_number(modifiers: KeyModifiers, modes: &Modes) -> u8 {
    let bits = [
        (KeyModifiers::SHIFT, 1),
        (KeyModifiers::ALT, 2),
        (KeyModifiers::CONTROL, 4),
        // xterm's encoding knows none of these.
        (KeyModifiers::SUPER, if modes.disambiguate_keys { 8 } else { 0 }),
        (KeyModifiers::HYPER, if modes.disambiguate_keys { 16 } else { 0 }),
        (KeyModifiers::META, if modes.disambiguate_keys { 32 } else { 0 }),
    ];
    1 + bits.iter().filter(|(m, _)| modifiers.contains(*m)).map(|(_, bit)| bit).sum::<u8>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
    const ALT: KeyModifiers = KeyModifiers::ALT;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;

    fn press(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> String {
        let bytes = encode_key(KeyEvent::new(code, modifiers), modes);
        String::from_utf8(bytes).unwrap().replace('\x1b', "␛")
    }

    fn plain(code: KeyCode, modifiers: KeyModifiers) -> String {
        press(code, modifiers, &Modes::default())
    }

    #[test]
    fn characters() {
        use KeyCode::Char;
        let cases = [
            (Char('a'), NONE, "a"),
            (Char('A'), SHIFT, "A"),
            (Char('a'), SHIFT, "A"),
            (Char('é'), NONE, "é"),
            (Char('日'), ALT, "␛日"),
            (Char('c'), CTRL, "\x03"),
            (Char('C'), CTRL | SHIFT, "\x03"),
            (Char('x'), CTRL | ALT, "␛\x18"),
            (Char(' '), CTRL, "\0"),
            (Char('@'), CTRL, "\0"),
            (Char('['), CTRL, "␛"),
            (Char('4'), CTRL, "\x1c"),
            (Char('\\'), CTRL, "\x1c"),
            (Char('5'), CTRL, "\x1d"),
            (Char(']'), CTRL, "\x1d"),
            (Char('7'), CTRL, "\x1f"),
            (Char('/'), CTRL, "\x1f"),
            (Char('?'), CTRL, "\x7f"),
            (Char('1'), CTRL, "1"),
            (KeyCode::Null, NONE, "\0"),
        ];
        for (code, modifiers, expected) in cases {
            assert_eq!(plain(code, modifiers), expected, "{code:?} {modifiers:?}");
        }
    }

    #[test]
    fn every_control_byte_that_crossterm_reads_comes_out_again() {
        // crossterm's own table: 0x01 to 0x1a are letters, 0x1c to 0x1f are Ctrl-4 to Ctrl-7.
        for byte in (1..=0x1au8).filter(|byte| ![0x08, 0x09, 0x0a, 0x0d].contains(byte)) {
            let key = KeyCode::Char(char::from(byte - 1 + b'a'));
            assert_eq!(plain(key, CTRL).replace('␛', "\x1b").as_bytes(), [byte]);
        }
        for byte in 0x1c..=0x1fu8 {
            let key = KeyCode::Char(char::from(byte - 0x1c + b'4'));
            assert_eq!(plain(key, CTRL).as_bytes(), [byte]);
        }
    }

    #[test]
    fn named_keys() {
        let cases = [
            (KeyCode::Enter, NONE, "\r"),
            (KeyCode::Enter, ALT, "␛\r"),
            (KeyCode::Tab, NONE, "\t"),
            (KeyCode::BackTab, SHIFT, "␛[Z"),
            (KeyCode::Backspace, NONE, "\x7f"),
            (KeyCode::Backspace, CTRL, "\x08"),
            (KeyCode::Backspace, ALT, "␛\x7f"),
            (KeyCode::Esc, NONE, "␛"),
            (KeyCode::Esc, ALT, "␛␛"),
            (KeyCode::Up, NONE, "␛[A"),
            (KeyCode::Up, CTRL, "␛[1;5A"),
            (KeyCode::Left, SHIFT | ALT, "␛[1;4D"),
            (KeyCode::Home, NONE, "␛[H"),
            (KeyCode::End, CTRL | SHIFT | ALT, "␛[1;8F"),
            (KeyCode::Insert, NONE, "␛[2~"),
            (KeyCode::Delete, CTRL, "␛[3;5~"),
            (KeyCode::PageUp, NONE, "␛[5~"),
            (KeyCode::PageDown, SHIFT, "␛[6;2~"),
            (KeyCode::CapsLock, NONE, ""),
        ];
        for (code, modifiers, expected) in cases {
            assert_eq!(plain(code, modifiers), expected, "{code:?} {modifiers:?}");
        }
    }

    #[test]
    fn function_keys_are_xterms() {
        let numbers = ["15", "17", "18", "19", "20", "21", "23", "24", "25", "26", "28", "29"];
        for (n, number) in (5u8..).zip(numbers) {
            assert_eq!(plain(KeyCode::F(n), NONE), format!("␛[{number}~"), "F{n}");
            assert_eq!(plain(KeyCode::F(n), CTRL), format!("␛[{number};5~"), "F{n}");
        }
        for (n, letter) in (1u8..).zip(["P", "Q", "R", "S"]) {
            assert_eq!(plain(KeyCode::F(n), NONE), format!("␛O{letter}"));
            assert_eq!(plain(KeyCode::F(n), SHIFT), format!("␛[1;2{letter}"));
        }
    }

    #[test]
    fn application_cursor_keys() {
        let modes = Modes { application_cursor: true, ..Modes::default() };
        assert_eq!(press(KeyCode::Up, NONE, &modes), "␛OA");
        assert_eq!(press(KeyCode::Home, NONE, &modes), "␛OH");
        assert_eq!(press(KeyCode::Up, CTRL, &modes), "␛[1;5A", "never with a modifier");
        assert_eq!(press(KeyCode::Delete, NONE, &modes), "␛[3~");
    }

    #[test]
    fn application_keypad() {
        let modes = Modes { application_keypad: true, ..Modes::default() };
        let on_pad = |code| {
            let key = KeyEvent { state: KeyEventState::KEYPAD, ..KeyEvent::new(code, NONE) };
            encode_key(key, &modes)
        };
        assert_eq!(on_pad(KeyCode::Char('7')), b"\x1bOw");
        assert_eq!(on_pad(KeyCode::Enter), b"\x1bOM");
        assert_eq!(press(KeyCode::Char('7'), NONE, &modes), "7", "not on the keypad");
    }

    #[test]
    fn kittys_first_level() {
        let modes = Modes { disambiguate_keys: true, application_cursor: true, ..Modes::default() };
        let cases = [
            (KeyCode::Esc, NONE, "␛[27u"),
            (KeyCode::Char('i'), CTRL, "␛[105;5u"),
            (KeyCode::Char('I'), CTRL | SHIFT, "␛[105;6u"),
            (KeyCode::Char('a'), ALT, "␛[97;3u"),
            (KeyCode::Char('a'), NONE, "a"),
            (KeyCode::Char('A'), SHIFT, "A"),
            (KeyCode::Enter, NONE, "\r"),
            (KeyCode::Enter, SHIFT, "␛[13;2u"),
            (KeyCode::Tab, NONE, "\t"),
            (KeyCode::BackTab, SHIFT, "␛[9;2u"),
            (KeyCode::Backspace, NONE, "\x7f"),
            (KeyCode::Backspace, CTRL, "␛[127;5u"),
            (KeyCode::Up, NONE, "␛[A"),
            (KeyCode::Up, KeyModifiers::SUPER, "␛[1;9A"),
            (KeyCode::F(1), NONE, "␛[P"),
            (KeyCode::F(3), NONE, "␛[13~"),
        ];
        for (code, modifiers, expected) in cases {
            assert_eq!(press(code, modifiers, &modes), expected, "{code:?} {modifiers:?}");
        }
    }

    #[test]
    fn releases_are_silent() {
        let release = KeyEvent::new_with_kind(KeyCode::Char('a'), NONE, KeyEventKind::Release);
        assert!(encode_key(release, &Modes::default()).is_empty());
        let repeat = KeyEvent::new_with_kind(KeyCode::Char('a'), NONE, KeyEventKind::Repeat);
        assert_eq!(encode_key(repeat, &Modes::default()), b"a");
    }

    #[test]
    fn focus_is_reported_on_request() {
        assert!(encode_focus(true, &Modes::default()).is_empty());
        let modes = Modes { focus_events: true, ..Modes::default() };
        assert_eq!(encode_focus(true, &modes), b"\x1b[I");
        assert_eq!(encode_focus(false, &modes), b"\x1b[O");
    }
}
