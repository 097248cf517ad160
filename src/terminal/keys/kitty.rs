//! kitty's keyboard protocol (<https://sw.kovidgoyal.net/kitty/keyboard-protocol/>): ambiguous keys
//! written out, repeats and releases told, and all keys written out. Alternate keys and associated
//! text are not offered: the outer terminal does not tell them to us.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MediaKeyCode, ModifierKeyCode,
};

use super::{Form, form};
use crate::terminal::Modes;

/// How a key is written: `CSI number ; modifiers : event last`.
struct Key {
    number: u32,
    last: char,
}

const fn key(number: u32, last: char) -> Key {
    Key { number, last }
}

/// What the program should read; `None` where that is what it would read without the protocol.
pub(super) fn encode(event: KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    let Modes { disambiguate_keys: ambiguous, key_events: events, all_keys: all, .. } = *modes;
    if !(ambiguous || events || all) {
        return None;
    }
    let kind = match event.kind {
        KeyEventKind::Press => 1,
        KeyEventKind::Repeat => 2,
        KeyEventKind::Release if !events => return Some(Vec::new()),
        KeyEventKind::Release => 3,
    };
    let told = events && kind > 1;
    let plain = event.modifiers.is_empty();
    match event.code {
        // A learner must be able to type `reset` after a program that did not clean up.
        KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace
            if !all && !event.state.contains(KeyEventState::KEYPAD) =>
        {
            if kind == 3 {
                return Some(Vec::new());
            }
            if plain || !ambiguous && !told {
                return None;
            }
        }
        KeyCode::Char(_) if !all && kind < 3 && KeyModifiers::SHIFT.contains(event.modifiers) => {
            return None;
        }
        KeyCode::Modifier(_) | KeyCode::CapsLock | KeyCode::ScrollLock | KeyCode::NumLock
            if !all =>
        {
            return Some(Vec::new());
        }
        _ if !ambiguous && !all && !told => return None,
        _ => {}
    }
    let Key { number, last } = written(event)?;
    let modifiers = modifiers(event, all);
    let text = match (number, modifiers, told) {
        (1, 1, false) => format!("\x1b[{last}"),
        (_, 1, false) => format!("\x1b[{number}{last}"),
        (_, _, false) => format!("\x1b[{number};{modifiers}{last}"),
        (_, _, true) => format!("\x1b[{number};{modifiers}:{kind}{last}"),
    };
    Some(text.into_bytes())
}

fn written(event: KeyEvent) -> Option<Key> {
    if event.state.contains(KeyEventState::KEYPAD)
        && let Some(key) = keypad(event.code)
    {
        return Some(key);
    }
    Some(match event.code {
        KeyCode::Esc => key(27, 'u'),
        KeyCode::Enter => key(13, 'u'),
        KeyCode::Tab => key(9, 'u'),
        KeyCode::Backspace => key(127, 'u'),
        // The key's own character, not what Shift makes of it; as far as it is known.
        KeyCode::Char(c) => key(c.to_lowercase().next().map_or(0, u32::from), 'u'),
        KeyCode::CapsLock => key(57358, 'u'),
        KeyCode::ScrollLock => key(57359, 'u'),
        KeyCode::NumLock => key(57360, 'u'),
        KeyCode::PrintScreen => key(57361, 'u'),
        KeyCode::Pause => key(57362, 'u'),
        KeyCode::Menu => key(57363, 'u'),
        // `CSI R` would be a report of the cursor.
        KeyCode::F(3) => key(13, '~'),
        KeyCode::F(n @ 13..=35) => key(57376 - 13 + u32::from(n), 'u'),
        KeyCode::Media(media) => key(57428 + media_number(media), 'u'),
        KeyCode::Modifier(modifier) => key(57441 + modifier_key_number(modifier), 'u'),
        code => match form(code)? {
            Form::Letter(letter) => key(1, letter),
            Form::Number(number) => key(u32::from(number), '~'),
        },
    })
}

/// The keypad's keys have numbers of their own.
fn keypad(code: KeyCode) -> Option<Key> {
    let number = match code {
        KeyCode::Char(digit @ '0'..='9') => 57399 + u32::from(digit) - u32::from('0'),
        KeyCode::Char('.') => 57409,
        KeyCode::Char('/') => 57410,
        KeyCode::Char('*') => 57411,
        KeyCode::Char('-') => 57412,
        KeyCode::Char('+') => 57413,
        KeyCode::Enter => 57414,
        KeyCode::Char('=') => 57415,
        KeyCode::Char(',') => 57416,
        KeyCode::Left => 57417,
        KeyCode::Right => 57418,
        KeyCode::Up => 57419,
        KeyCode::Down => 57420,
        KeyCode::PageUp => 57421,
        KeyCode::PageDown => 57422,
        KeyCode::Home => 57423,
        KeyCode::End => 57424,
        KeyCode::Insert => 57425,
        KeyCode::Delete => 57426,
        KeyCode::KeypadBegin => 57427,
        _ => return None,
    };
    Some(key(number, 'u'))
}

fn media_number(key: MediaKeyCode) -> u32 {
    match key {
        MediaKeyCode::Play => 0,
        MediaKeyCode::Pause => 1,
        MediaKeyCode::PlayPause => 2,
        MediaKeyCode::Reverse => 3,
        MediaKeyCode::Stop => 4,
        MediaKeyCode::FastForward => 5,
        MediaKeyCode::Rewind => 6,
        MediaKeyCode::TrackNext => 7,
        MediaKeyCode::TrackPrevious => 8,
        MediaKeyCode::Record => 9,
        MediaKeyCode::LowerVolume => 10,
        MediaKeyCode::RaiseVolume => 11,
        MediaKeyCode::MuteVolume => 12,
    }
}

fn modifier_key_number(key: ModifierKeyCode) -> u32 {
    match key {
        ModifierKeyCode::LeftShift => 0,
        ModifierKeyCode::LeftControl => 1,
        ModifierKeyCode::LeftAlt => 2,
        ModifierKeyCode::LeftSuper => 3,
        ModifierKeyCode::LeftHyper => 4,
        ModifierKeyCode::LeftMeta => 5,
        ModifierKeyCode::RightShift => 6,
        ModifierKeyCode::RightControl => 7,
        ModifierKeyCode::RightAlt => 8,
        ModifierKeyCode::RightSuper => 9,
        ModifierKeyCode::RightHyper => 10,
        ModifierKeyCode::RightMeta => 11,
        ModifierKeyCode::IsoLevel3Shift => 12,
        ModifierKeyCode::IsoLevel5Shift => 13,
    }
}

/// The parameter that stands for the modifiers: 1 for none. The locks would stand in the way of
/// programs that do not expect them, so they are told only with all else.
fn modifiers(event: KeyEvent, all: bool) -> u16 {
    let held = [
        (KeyModifiers::SHIFT, 1),
        (KeyModifiers::ALT, 2),
        (KeyModifiers::CONTROL, 4),
        (KeyModifiers::SUPER, 8),
        (KeyModifiers::HYPER, 16),
        (KeyModifiers::META, 32),
    ];
    let locked = [(KeyEventState::CAPS_LOCK, 64), (KeyEventState::NUM_LOCK, 128)];
    let held = held.iter().filter(|(it, _)| event.modifiers.contains(*it)).map(|(_, bit)| bit);
    let locked = locked.iter().filter(|(it, _)| all && event.state.contains(*it));
    1 + held.chain(locked.map(|(_, bit)| bit)).sum::<u16>()
}
