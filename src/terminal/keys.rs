//! A key press as the bytes that the program in the terminal reads: xterm's encoding, or kitty's
//! where the program asked for it.
//!
//! The outer terminal tells keys apart only as far as it can: over the old encoding Ctrl-I is Tab
//! and Ctrl-] arrives as Ctrl-5. Both come out again as the byte that was typed.

mod kitty;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::modes::Modes;

const ESC: u8 = 0x1b;
const DELETE: u8 = 0x7f;

/// What the program should read for this key; nothing for a release that it did not ask for, or for
/// a key that has no encoding.
pub fn encode_key(key: KeyEvent, modes: &Modes) -> Vec<u8> {
    let key = plain(key);
    if let Some(bytes) = kitty::encode(key, modes) {
        return bytes;
    }
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    keypad(key, modes)
        .or_else(|| editing(key.code, key.modifiers, modes))
        .or_else(|| other(key.code, key.modifiers, modes.modify_other_keys))
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

/// The same key without the names that an outer terminal's encoding gave it.
fn plain(key: KeyEvent) -> KeyEvent {
    let (code, modifier) = match key.code {
        KeyCode::BackTab => (KeyCode::Tab, KeyModifiers::SHIFT),
        KeyCode::Null => (KeyCode::Char(' '), KeyModifiers::CONTROL),
        code => (code, KeyModifiers::NONE),
    };
    KeyEvent { code, modifiers: key.modifiers | modifier, ..key }
}

/// The keypad in its application mode, where the outer terminal tells it from the other keys. kitty's
/// protocol knows no such mode.
fn keypad(key: KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    let applies = modes.application_keypad
        && !modes.disambiguate_keys
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

/// How a key that types nothing is written: `CSI letter` or `CSI number ~`.
enum Form {
    Letter(char),
    Number(u8),
}

/// That of the arrows, the keys above them, and the function keys.
fn form(code: KeyCode) -> Option<Form> {
    Some(match code {
        KeyCode::Up => Form::Letter('A'),
        KeyCode::Down => Form::Letter('B'),
        KeyCode::Right => Form::Letter('C'),
        KeyCode::Left => Form::Letter('D'),
        KeyCode::KeypadBegin => Form::Letter('E'),
        KeyCode::End => Form::Letter('F'),
        KeyCode::Home => Form::Letter('H'),
        KeyCode::Insert => Form::Number(2),
        KeyCode::Delete => Form::Number(3),
        KeyCode::PageUp => Form::Number(5),
        KeyCode::PageDown => Form::Number(6),
        KeyCode::F(n @ 1..=4) => Form::Letter(char::from(b'P' + n - 1)),
        KeyCode::F(5) => Form::Number(15),
        KeyCode::F(n @ 6..=10) => Form::Number(n + 11),
        KeyCode::F(n @ 11..=14) => Form::Number(n + 12),
        KeyCode::F(n @ 15..=16) => Form::Number(n + 13),
        KeyCode::F(n @ 17..=20) => Form::Number(n + 14),
        _ => return None,
    })
}

fn editing(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Option<Vec<u8>> {
    // F1 to F4 are written as the keypad's were.
    let application = modes.application_cursor || matches!(code, KeyCode::F(_));
    let text = match (form(code)?, modifier_number(modifiers)) {
        (Form::Letter(letter), 1) if application => format!("\x1bO{letter}"),
        (Form::Letter(letter), 1) => format!("\x1b[{letter}"),
        (Form::Letter(letter), modifier) => format!("\x1b[1;{modifier}{letter}"),
        (Form::Number(number), 1) => format!("\x1b[{number}~"),
        (Form::Number(number), modifier) => format!("\x1b[{number};{modifier}~"),
    };
    Some(text.into_bytes())
}

/// xterm's `modifyOtherKeys`, for keys that type something and are pressed with modifiers: level 1
/// writes out those that have no byte of their own, level 2 all.
fn other(code: KeyCode, modifiers: KeyModifiers, level: u8) -> Option<Vec<u8>> {
    let has = |modifier| modifiers.contains(modifier);
    let (control, shift) = (has(KeyModifiers::CONTROL), has(KeyModifiers::SHIFT));
    let all = level >= 2;
    let more_than_shift = control || has(KeyModifiers::ALT);
    let (number, written) = match code {
        KeyCode::Char(c) => {
            let upper = c.to_uppercase().next().filter(|_| shift).unwrap_or(c);
            let no_byte = control_byte(c).is_none() || (shift && c.is_alphabetic());
            // Alt alone stays the escape before the key: most outer terminals send it so, and then
            // it may have been Escape, pressed right before.
            (u32::from(upper), control && (all || no_byte))
        }
        KeyCode::Enter => (13, more_than_shift || shift),
        KeyCode::Tab => (9, more_than_shift),
        KeyCode::Backspace => (127, all && (shift || has(KeyModifiers::ALT))),
        KeyCode::Esc => (27, all && more_than_shift),
        _ => return None,
    };
    // At level 1 Alt is the escape before a key, as ever.
    let applies = level > 0 && (all || !has(KeyModifiers::ALT));
    let modifier = modifier_number(modifiers);
    (applies && written).then(|| format!("\x1b[27;{modifier};{number}~").into_bytes())
}

/// Keys that send a character, a control or an escape.
fn typed(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Vec<u8> {
    let control = modifiers.contains(KeyModifiers::CONTROL);
    let shift = modifiers.contains(KeyModifiers::SHIFT);
    let mut bytes = match code {
        KeyCode::Tab if shift => b"\x1b[Z".to_vec(),
        KeyCode::Tab => b"\t".to_vec(),
        KeyCode::Enter if modes.newline => b"\r\n".to_vec(),
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

/// The parameter that stands for the modifiers: 1 for none. xterm's encoding knows three.
fn modifier_number(modifiers: KeyModifiers) -> u8 {
    let bits = [(KeyModifiers::SHIFT, 1), (KeyModifiers::ALT, 2), (KeyModifiers::CONTROL, 4)];
    1 + bits.iter().filter(|(m, _)| modifiers.contains(*m)).map(|(_, bit)| bit).sum::<u8>()
}

#[cfg(test)]
mod tests;
