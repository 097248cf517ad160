//! A mouse event as the bytes that the program in the terminal reads, where it wants them.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::modes::{Modes, MouseEncoding, MouseReports};

/// Lines that a turn of the wheel moves a pager by.
const WHEEL_LINES: usize = 3;

/// The largest coordinate (from 1) that one byte can say, and two in UTF-8.
const MAX_BYTE: u16 = 223;
const MAX_UTF8: u16 = 2015;

/// The button number of a release and of a move without a button.
const NO_BUTTON: u8 = 3;

/// What the program should read for this event, whose `column` and `row` are those of its own
/// screen, from 0. `None` where it wants no such event: then the mouse is the learner's, to scroll
/// and to select with.
pub fn encode_mouse(event: MouseEvent, modes: &Modes) -> Option<Vec<u8>> {
    if modes.mouse == MouseReports::None {
        return wheel_as_arrows(event.kind, modes);
    }
    let (button, pressed) = button(event.kind, modes.mouse)?;
    let modifiers = match modes.mouse {
        MouseReports::Press => 0,
        _ => modifier_bits(event.modifiers),
    };
    let (column, row) = (event.column.saturating_add(1), event.row.saturating_add(1));
    match modes.mouse_encoding {
        MouseEncoding::Sgr => {
            let last = if pressed { 'M' } else { 'm' };
            Some(format!("\x1b[<{};{column};{row}{last}", button + modifiers).into_bytes())
        }
        encoding => {
            let button = if pressed { button } else { NO_BUTTON };
            let mut bytes = b"\x1b[M".to_vec();
            for number in [u16::from(button + modifiers), column, row] {
                put(&mut bytes, number, encoding)?;
            }
            Some(bytes)
        }
    }
}

/// In the alternate screen there is nothing to scroll back to: pagers get arrow keys instead.
fn wheel_as_arrows(kind: MouseEventKind, modes: &Modes) -> Option<Vec<u8>> {
    let letter = match kind {
        _ if !(modes.alternate_screen && modes.alternate_scroll) => return None,
        MouseEventKind::ScrollUp => b'A',
        MouseEventKind::ScrollDown => b'B',
        _ => return None,
    };
    let second = if modes.application_cursor { b'O' } else { b'[' };
    Some([0x1b, second, letter].repeat(WHEEL_LINES))
}

/// The event's number and whether it is no release, if `reports` want it.
fn button(kind: MouseEventKind, reports: MouseReports) -> Option<(u8, bool)> {
    let number = |button| match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    let (button, pressed, least) = match kind {
        MouseEventKind::Down(button) => (number(button), true, MouseReports::Press),
        MouseEventKind::Up(button) => (number(button), false, MouseReports::Click),
        MouseEventKind::Drag(button) => (32 + number(button), true, MouseReports::Drag),
        MouseEventKind::Moved => (32 + NO_BUTTON, true, MouseReports::Motion),
        MouseEventKind::ScrollUp => (64, true, MouseReports::Click),
        MouseEventKind::ScrollDown => (65, true, MouseReports::Click),
        MouseEventKind::ScrollLeft => (66, true, MouseReports::Click),
        MouseEventKind::ScrollRight => (67, true, MouseReports::Click),
    };
    (reports >= least).then_some((button, pressed))
}

fn modifier_bits(modifiers: KeyModifiers) -> u8 {
    [(KeyModifiers::SHIFT, 4), (KeyModifiers::ALT, 8), (KeyModifiers::CONTROL, 16)]
        .iter()
        .filter(|(modifier, _)| modifiers.contains(*modifier))
        .map(|(_, bit)| bit)
        .sum()
}

/// Adds a number in the old encodings; `None` if it is too large for them.
fn put(bytes: &mut Vec<u8>, number: u16, encoding: MouseEncoding) -> Option<()> {
    let most = if encoding == MouseEncoding::Utf8 { MAX_UTF8 } else { MAX_BYTE };
    let shifted = (number <= most).then_some(number + 32)?;
    match encoding {
        MouseEncoding::Utf8 => {
            let character = char::from_u32(u32::from(shifted))?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => bytes.push(shifted as u8),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEFT: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
    const LEFT_UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);
    const RIGHT_DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Right);

    fn at(kind: MouseEventKind, column: u16, row: u16) -> MouseEvent {
        MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }
    }

    fn modes(mouse: MouseReports, mouse_encoding: MouseEncoding) -> Modes {
        Modes { mouse, mouse_encoding, ..Modes::default() }
    }

    #[test]
    fn each_mode_reports_what_it_should() {
        use MouseReports::{Click, Drag, Motion, None, Press};
        let kinds = [LEFT, LEFT_UP, MouseEventKind::ScrollUp, RIGHT_DRAG, MouseEventKind::Moved];
        let cases = [
            (None, [false, false, false, false, false]),
            (Press, [true, false, false, false, false]),
            (Click, [true, true, true, false, false]),
            (Drag, [true, true, true, true, false]),
            (Motion, [true, true, true, true, true]),
        ];
        for (reports, expected) in cases {
            let modes = modes(reports, MouseEncoding::Sgr);
            let got = kinds.map(|kind| encode_mouse(at(kind, 0, 0), &modes).is_some());
            assert_eq!(got, expected, "{reports:?}");
        }
    }

    #[test]
    fn sgr() {
        let modes = modes(MouseReports::Motion, MouseEncoding::Sgr);
        let cases = [
            (LEFT, "\x1b[<0;11;6M"),
            (LEFT_UP, "\x1b[<0;11;6m"),
            (RIGHT_DRAG, "\x1b[<34;11;6M"),
            (MouseEventKind::Moved, "\x1b[<35;11;6M"),
            (MouseEventKind::ScrollDown, "\x1b[<65;11;6M"),
        ];
        for (kind, expected) in cases {
            assert_eq!(encode_mouse(at(kind, 10, 5), &modes).unwrap(), expected.as_bytes());
        }
        let modified =
            MouseEvent { modifiers: KeyModifiers::CONTROL | KeyModifiers::ALT, ..at(LEFT, 0, 0) };
        assert_eq!(encode_mouse(modified, &modes).unwrap(), b"\x1b[<24;1;1M");
    }

    #[test]
    fn the_old_encoding() {
        let modes = modes(MouseReports::Click, MouseEncoding::Default);
        assert_eq!(encode_mouse(at(LEFT, 0, 0), &modes).unwrap(), b"\x1b[M !!");
        assert_eq!(encode_mouse(at(LEFT_UP, 0, 0), &modes).unwrap(), b"\x1b[M#!!");
        assert_eq!(encode_mouse(at(LEFT, 222, 1), &modes).unwrap(), b"\x1b[M \xff\"");
        assert_eq!(encode_mouse(at(LEFT, 223, 1), &modes), None, "cannot be said");
    }

    #[test]
    fn utf8() {
        let modes = modes(MouseReports::Click, MouseEncoding::Utf8);
        let bytes = encode_mouse(at(LEFT, 299, 0), &modes).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "\x1b[M \u{14c}!");
        assert_eq!(encode_mouse(at(LEFT, 2015, 0), &modes), None);
    }

    #[test]
    fn the_wheel_moves_a_pager() {
        let pager = Modes { alternate_screen: true, alternate_scroll: true, ..Modes::default() };
        let up = at(MouseEventKind::ScrollUp, 0, 0);
        assert_eq!(encode_mouse(up, &pager).unwrap(), b"\x1b[A\x1b[A\x1b[A");
        let application = Modes { application_cursor: true, ..pager };
        assert_eq!(encode_mouse(up, &application).unwrap(), b"\x1bOA\x1bOA\x1bOA");
        assert_eq!(encode_mouse(at(LEFT, 0, 0), &pager), None);
        assert_eq!(encode_mouse(up, &Modes { alternate_scroll: false, ..pager }), None);
        assert_eq!(encode_mouse(up, &Modes::default()), None, "scrolls back instead");
    }
}
