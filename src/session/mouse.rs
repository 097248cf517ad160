//! What the mouse does in a shell pane: the program's if it asked for it, else scrolling and
//! selecting.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::terminal::{Emulator, Scroll, SelectionKind, encode_mouse};

/// How many lines a wheel notch scrolls.
const WHEEL: u16 = 3;

/// What comes of a mouse event.
pub(super) enum Answer {
    /// Bytes for the program.
    Send(Vec<u8>),
    /// The view changed.
    Changed,
    /// A selection was finished.
    Selected(String),
    /// Nothing.
    Nothing,
}

/// Answers an event at a place of the visible screen. With Shift held it is always ours.
pub(super) fn answer(emulator: &mut Emulator, event: MouseEvent) -> Answer {
    let modes = emulator.modes();
    let ours = event.modifiers.contains(KeyModifiers::SHIFT);
    if !ours && let Some(bytes) = encode_mouse(event, &modes) {
        return Answer::Send(bytes);
    }
    match event.kind {
        MouseEventKind::ScrollUp => emulator.scroll(Scroll::Up(WHEEL)),
        MouseEventKind::ScrollDown => emulator.scroll(Scroll::Down(WHEEL)),
        MouseEventKind::Down(MouseButton::Left) => {
            emulator.clear_selection();
            emulator.start_selection(SelectionKind::Simple, event.column, event.row);
        }
        MouseEventKind::Drag(MouseButton::Left) => {
            emulator.extend_selection(event.column, event.row);
        }
        MouseEventKind::Up(MouseButton::Left) => {
            return match emulator.selected_text().filter(|text| !text.is_empty()) {
                Some(text) => Answer::Selected(text),
                None => Answer::Nothing,
            };
        }
        _ => return Answer::Nothing,
    }
    Answer::Changed
}
