use crossterm::event::{MediaKeyCode, ModifierKeyCode};

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
fn newline_mode() {
    let modes = Modes { newline: true, ..Modes::default() };
    assert_eq!(press(KeyCode::Enter, NONE, &modes), "\r\n");
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
fn kittys_first_flag() {
    let modes = Modes { disambiguate_keys: true, application_cursor: true, ..Modes::default() };
    let cases = [
        (KeyCode::Esc, NONE, "␛[27u"),
        (KeyCode::Char('i'), CTRL, "␛[105;5u"),
        (KeyCode::Char('I'), CTRL | SHIFT, "␛[105;6u"),
        (KeyCode::Char('a'), ALT, "␛[97;3u"),
        (KeyCode::Char('a'), KeyModifiers::HYPER, "␛[97;17u"),
        (KeyCode::Char('a'), NONE, "a"),
        (KeyCode::Char('A'), SHIFT, "A"),
        (KeyCode::Null, NONE, "␛[32;5u"),
        (KeyCode::Enter, NONE, "\r"),
        (KeyCode::Enter, SHIFT, "␛[13;2u"),
        (KeyCode::Tab, NONE, "\t"),
        (KeyCode::BackTab, SHIFT, "␛[9;2u"),
        (KeyCode::Backspace, NONE, "\x7f"),
        (KeyCode::Backspace, CTRL, "␛[127;5u"),
        (KeyCode::Up, NONE, "␛[A"),
        (KeyCode::Up, KeyModifiers::SUPER, "␛[1;9A"),
        (KeyCode::Delete, CTRL, "␛[3;5~"),
        (KeyCode::F(1), NONE, "␛[P"),
        (KeyCode::F(3), NONE, "␛[13~"),
        (KeyCode::F(5), SHIFT, "␛[15;2~"),
        (KeyCode::F(13), NONE, "␛[57376u"),
        (KeyCode::F(35), NONE, "␛[57398u"),
        (KeyCode::Menu, NONE, "␛[57363u"),
        (KeyCode::Media(MediaKeyCode::MuteVolume), NONE, "␛[57440u"),
        (KeyCode::Modifier(ModifierKeyCode::LeftShift), SHIFT, ""),
        (KeyCode::CapsLock, NONE, ""),
    ];
    for (code, modifiers, expected) in cases {
        assert_eq!(press(code, modifiers, &modes), expected, "{code:?} {modifiers:?}");
    }
}

#[test]
fn kittys_keypad() {
    let modes = Modes { disambiguate_keys: true, application_keypad: true, ..Modes::default() };
    let on_pad = |code| {
        let key = KeyEvent { state: KeyEventState::KEYPAD, ..KeyEvent::new(code, NONE) };
        String::from_utf8(encode_key(key, &modes)).unwrap().replace('\x1b', "␛")
    };
    assert_eq!(on_pad(KeyCode::Enter), "␛[57414u");
    assert_eq!(on_pad(KeyCode::Left), "␛[57417u");
    assert_eq!(on_pad(KeyCode::Char('7')), "7", "it types");
}

#[test]
fn kittys_events() {
    use KeyEventKind::{Press, Release, Repeat};
    let flags = |disambiguate_keys, all_keys| Modes {
        disambiguate_keys,
        key_events: true,
        all_keys,
        ..Modes::default()
    };
    let (alone, usual, all) = (flags(false, false), flags(true, false), flags(true, true));
    let cases = [
        // With the events alone, and with ambiguous keys or all keys written out.
        (KeyCode::Char('a'), NONE, Press, ["a", "a", "␛[97u"]),
        (KeyCode::Char('a'), NONE, Repeat, ["a", "a", "␛[97;1:2u"]),
        (KeyCode::Char('a'), NONE, Release, ["␛[97;1:3u"; 3]),
        (KeyCode::Char('A'), SHIFT, Press, ["A", "A", "␛[97;2u"]),
        (KeyCode::Char('c'), CTRL, Press, ["\x03", "␛[99;5u", "␛[99;5u"]),
        (KeyCode::Char('c'), CTRL, Repeat, ["␛[99;5:2u"; 3]),
        (KeyCode::Char('c'), CTRL, Release, ["␛[99;5:3u"; 3]),
        (KeyCode::Up, NONE, Press, ["␛[A"; 3]),
        (KeyCode::Up, NONE, Repeat, ["␛[1;1:2A"; 3]),
        (KeyCode::Up, CTRL, Release, ["␛[1;5:3A"; 3]),
        (KeyCode::F(5), NONE, Release, ["␛[15;1:3~"; 3]),
        (KeyCode::Esc, NONE, Press, ["␛", "␛[27u", "␛[27u"]),
        (KeyCode::Esc, NONE, Release, ["␛[27;1:3u"; 3]),
        (KeyCode::Enter, NONE, Press, ["\r", "\r", "␛[13u"]),
        (KeyCode::Enter, NONE, Repeat, ["\r", "\r", "␛[13;1:2u"]),
        (KeyCode::Enter, NONE, Release, ["", "", "␛[13;1:3u"]),
        (KeyCode::Enter, SHIFT, Press, ["\r", "␛[13;2u", "␛[13;2u"]),
        (KeyCode::Tab, NONE, Release, ["", "", "␛[9;1:3u"]),
        (KeyCode::Backspace, ALT, Release, ["", "", "␛[127;3:3u"]),
        (KeyCode::Modifier(ModifierKeyCode::RightAlt), ALT, Press, ["", "", "␛[57449;3u"]),
        (KeyCode::Modifier(ModifierKeyCode::RightAlt), NONE, Release, ["", "", "␛[57449;1:3u"]),
    ];
    for (code, modifiers, kind, expected) in cases {
        let event = KeyEvent::new_with_kind(code, modifiers, kind);
        let got = [&alone, &usual, &all]
            .map(|modes| String::from_utf8(encode_key(event, modes)).unwrap().replace('\x1b', "␛"));
        assert_eq!(got, expected, "{code:?} {modifiers:?} {kind:?}");
    }
}

#[test]
fn locks_are_told_with_all_keys() {
    let state = KeyEventState::CAPS_LOCK | KeyEventState::NUM_LOCK;
    let key = KeyEvent { state, ..KeyEvent::new(KeyCode::Up, NONE) };
    let all = Modes { all_keys: true, ..Modes::default() };
    assert_eq!(encode_key(key, &all), b"\x1b[1;193A");
    let some = Modes { disambiguate_keys: true, ..Modes::default() };
    assert_eq!(encode_key(key, &some), b"\x1b[A");
}

#[test]
fn xterms_other_keys() {
    let cases = [
        (KeyCode::Char('a'), NONE, ["a", "a"]),
        (KeyCode::Char('A'), SHIFT, ["A", "A"]),
        (KeyCode::Char('a'), CTRL, ["\x01", "␛[27;5;97~"]),
        (KeyCode::Char('a'), CTRL | SHIFT, ["␛[27;6;65~", "␛[27;6;65~"]),
        (KeyCode::Char('a'), ALT, ["␛a", "␛a"]),
        (KeyCode::Char('a'), ALT | SHIFT, ["␛A", "␛A"]),
        (KeyCode::Char('a'), CTRL | ALT, ["␛\x01", "␛[27;7;97~"]),
        (KeyCode::Char('1'), CTRL, ["␛[27;5;49~", "␛[27;5;49~"]),
        (KeyCode::Char(';'), CTRL, ["␛[27;5;59~", "␛[27;5;59~"]),
        (KeyCode::Char('5'), CTRL, ["\x1d", "␛[27;5;53~"]),
        (KeyCode::Char(' '), CTRL, ["\0", "␛[27;5;32~"]),
        (KeyCode::Enter, NONE, ["\r", "\r"]),
        (KeyCode::Enter, SHIFT, ["␛[27;2;13~", "␛[27;2;13~"]),
        (KeyCode::Enter, ALT, ["␛\r", "␛[27;3;13~"]),
        (KeyCode::BackTab, SHIFT, ["␛[Z", "␛[Z"]),
        (KeyCode::Tab, CTRL, ["␛[27;5;9~", "␛[27;5;9~"]),
        (KeyCode::Backspace, CTRL, ["\x08", "\x08"]),
        (KeyCode::Backspace, SHIFT, ["\x7f", "␛[27;2;127~"]),
        (KeyCode::Esc, ALT, ["␛␛", "␛[27;3;27~"]),
        (KeyCode::Up, CTRL, ["␛[1;5A", "␛[1;5A"]),
    ];
    for (code, modifiers, expected) in cases {
        let got = [1, 2].map(|modify_other_keys| {
            press(code, modifiers, &Modes { modify_other_keys, ..Modes::default() })
        });
        assert_eq!(got, expected, "{code:?} {modifiers:?}");
    }
    let both = Modes { modify_other_keys: 2, disambiguate_keys: true, ..Modes::default() };
    assert_eq!(press(KeyCode::Char('a'), CTRL, &both), "␛[97;5u", "kitty's goes first");
}

#[test]
fn releases_are_silent_unless_asked_for() {
    let release = KeyEvent::new_with_kind(KeyCode::Char('a'), NONE, KeyEventKind::Release);
    assert!(encode_key(release, &Modes::default()).is_empty());
    let modes = Modes { disambiguate_keys: true, all_keys: true, ..Modes::default() };
    assert!(encode_key(release, &modes).is_empty());
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
