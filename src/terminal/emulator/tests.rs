use super::*;
use crate::terminal::Width::{Narrow, Spacer, Wide};
use crate::terminal::{Color, CursorShape, MouseEncoding, MouseReports};

const SIZE: Size = Size { columns: 20, rows: 4 };

fn emulator(output: &str) -> Emulator {
    let mut emulator = Emulator::new(SIZE, 100);
    emulator.advance(output.as_bytes());
    emulator
}

fn replies(output: &str) -> String {
    String::from_utf8(emulator(output).take_replies()).unwrap().replace('\x1b', "␛")
}

#[test]
fn questions_are_answered() {
    let cases = [
        ("\x1b[5n", "␛[0n"),
        ("ab\r\n\x1b[6n", "␛[2;1R"),
        ("\x1b[c", "␛[?6c"),
        ("\x1b[>c", "␛[>0;2600;1c"),
        ("\x1b[>q", concat!("␛P>|drydock(", env!("CARGO_PKG_VERSION"), ")␛\\")),
        ("\x1b[18t", "␛[8;4;20t"),
        ("\x1b[14t", "␛[4;64;160t"),
        ("\x1b[?25$p", "␛[?25;1$y"),
        ("\x1b[?2026$p", "␛[?2026;2$y"),
        ("\x1b[?2026h\x1b[?2026$p", "␛[?2026;1$y"),
        ("\x1b[?1047h\x1b[?1047$p", "␛[?1047;1$y"),
        ("\x1b[?12345$p", "␛[?12345;0$y"),
        ("\x1b[4$p", "␛[4;2$y"),
        ("\x1b[?u", "␛[?0u"),
        ("\x1b[>31u\x1b[?u", "␛[?1u"),
        ("\x1b[=15u\x1b[?u", "␛[?0u"),
        ("\x1b]10;?\x07", "␛]10;rgb:e5e5/e5e5/e5e5\x07"),
        ("\x1b]11;?\x1b\\", "␛]11;rgb:0000/0000/0000␛\\"),
        ("\x1b]4;196;?\x07", "␛]4;196;rgb:ffff/0000/0000\x07"),
        ("\x1b]4;1;#102030\x07\x1b]4;1;?\x07", "␛]4;1;rgb:1010/2020/3030\x07"),
        ("\x1b]52;c;?\x07", ""),
        ("\x1b[21t", ""),
    ];
    for (output, expected) in cases {
        assert_eq!(replies(output), expected, "{output:?}");
    }
}

#[test]
fn answers_keep_their_order() {
    assert!(replies("\x1b[>q\x1b[c").ends_with("␛[?6c"));
    assert!(replies("\x1b[c\x1b[>q").starts_with("␛[?6c"));
}

#[test]
fn answers_that_nobody_takes_do_not_pile_up() {
    let mut emulator = emulator(&"\x1b[c".repeat(100_000));
    let replies = emulator.take_replies();
    assert!((60_000..=64 * 1024).contains(&replies.len()));
    assert!(emulator.take_replies().is_empty());
}

#[test]
fn a_palette_answers_for_the_outer_terminal() {
    let mut emulator = Emulator::new(SIZE, 0);
    emulator.set_palette(Palette { background: (255, 255, 255), ..Palette::default() });
    emulator.advance(b"\x1b]11;?\x07");
    assert_eq!(emulator.take_replies(), b"\x1b]11;rgb:ffff/ffff/ffff\x07");
}

#[test]
fn events_are_given_once() {
    let mut emulator = emulator("\x07\x1b]2;one\x07\x07\x1b]0;t\u{9b}wo\x1b\\\x1b]52;c;aGk=\x07");
    let expected = [Event::Title(Some("two".into())), Event::Bell, Event::Clipboard("hi".into())];
    assert_eq!(emulator.take_events(), expected);
    assert_eq!(emulator.take_events(), []);
}

#[test]
fn a_title_and_a_copy_have_their_bounds() {
    let mut emulator = emulator(&format!("\x1b]0;{}\x07", "x".repeat(1_000_000)));
    assert_eq!(emulator.take_events(), [Event::Title(Some("x".repeat(256)))]);
    emulator.advance(format!("\x1b]52;c;{}\x07after", "QUFB".repeat(30_000)).as_bytes());
    assert_eq!(emulator.take_events(), [], "not even a part");
    assert_eq!(emulator.screen().text(), "after");
}

#[test]
fn modes_follow_the_program() {
    assert_eq!(
        emulator("").modes(),
        Modes { alternate_scroll: true, ..Modes::default() },
        "at the start"
    );
    let modes = emulator("\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?1049h\x1b[>1u").modes();
    assert!(modes.application_cursor && modes.application_keypad && modes.bracketed_paste);
    assert!(modes.focus_events && modes.alternate_screen && modes.disambiguate_keys);
    let cases = [
        ("\x1b[?9h", MouseReports::Press),
        ("\x1b[?9h\x1b[?9l", MouseReports::None),
        ("\x1b[?1000h", MouseReports::Click),
        ("\x1b[?1002h", MouseReports::Drag),
        ("\x1b[?1000;1003h", MouseReports::Motion),
        ("\x1b[?1003h\x1b[?1003l", MouseReports::None),
    ];
    for (output, expected) in cases {
        assert_eq!(emulator(output).modes().mouse, expected, "{output:?}");
    }
    assert_eq!(emulator("\x1b[?1006h").modes().mouse_encoding, MouseEncoding::Sgr);
    assert_eq!(emulator("\x1b[?1005h").modes().mouse_encoding, MouseEncoding::Utf8);
}

#[test]
fn a_reset_undoes_everything() {
    let mut emulator =
        emulator("\x1b]4;1;#123456\x07\x1b[?9;1006h\x1b[>1u\x1b[?2026hx\x1bc\x1b[31mred");
    assert_eq!(emulator.modes(), Modes { alternate_scroll: true, ..Modes::default() });
    assert_eq!(emulator.held_until(), None);
    let cell = emulator.screen().row(0).next().unwrap();
    assert_eq!((cell.character, cell.foreground), ('r', Color::Indexed(1)));
    emulator.advance(b"\x1b[?u");
    assert_eq!(emulator.take_replies(), b"\x1b[?0u");
}

#[test]
fn keyboard_requests_can_be_stacked_without_end() {
    let mut emulator = emulator(&"\x1b[>1u".repeat(10_000));
    assert!(emulator.modes().disambiguate_keys);
    emulator.advance(b"\x1b[?1049h");
    assert!(!emulator.modes().disambiguate_keys, "each screen has its own");
    emulator.advance("\x1b[>1u".repeat(10_000).as_bytes());
    emulator.advance(b"\x1b[<65535u\x1b[?1049l");
    assert!(emulator.modes().disambiguate_keys);
    emulator.advance(b"\x1b[<64u");
    assert!(!emulator.modes().disambiguate_keys);
}

#[test]
fn marks_on_a_character_are_bounded() {
    let emulator = emulator(&format!("e{}x", "\u{301}".repeat(100_000)));
    let cells: Vec<_> = emulator.screen().row(0).take(2).collect();
    assert_eq!((cells[0].combining.len(), cells[1].character), (8, 'x'));
}

#[test]
fn a_long_repeat_fills_the_line() {
    let emulator = emulator("=\x1b[65535b\x1b[6n");
    assert_eq!(emulator.screen().text(), format!("{}\n=", "=".repeat(20)));
}

#[test]
fn a_redefined_colour_is_shown() {
    let emulator = emulator("\x1b]4;1;#102030\x07\x1b[31mx\x1b[38;5;1my\x1b[39mz");
    let colors: Vec<_> = emulator.screen().row(0).take(3).map(|c| c.foreground).collect();
    let set = Color::Rgb(0x10, 0x20, 0x30);
    assert_eq!(colors, [set, set, Color::Default]);
}

#[test]
fn sizes_are_brought_within_bounds() {
    let size = |columns, rows| Size { columns, rows };
    let mut emulator = Emulator::new(size(0, 0), 10);
    assert_eq!(emulator.size(), size(10, 1));
    emulator.advance("日本語".as_bytes());
    assert_eq!(emulator.resize(size(1, 1)), size(10, 1));
    assert_eq!(emulator.resize(size(u16::MAX, u16::MAX)), size(640, 256));
    assert_eq!(emulator.screen().text(), "日本語");
}

#[test]
fn an_unfinished_update_shows_the_picture_from_before() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    assert_eq!(emulator.screen().text(), "before");
    let cursor = emulator.screen().cursor().unwrap();
    assert_eq!((cursor.column, cursor.row), (6, 0));
    emulator.advance(b"\x1b[?2026l");
    assert_eq!(emulator.screen().text(), "after");
    assert_eq!(emulator.held_until(), None);
}

#[test]
fn an_update_that_does_not_end_is_shown_in_time() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    let until = emulator.held_until().unwrap();
    assert!(until <= Instant::now() + Duration::from_millis(150));
    assert_eq!(emulator.screen().text(), "before");
    assert!(emulator.release(until));
    assert_eq!(emulator.screen().text(), "after");
    assert!(!emulator.release(until), "it is over");
}

#[test]
fn a_resize_ends_an_unfinished_update() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    emulator.resize(Size { columns: 10, rows: 2 });
    assert_eq!(emulator.screen().text(), "after");
}

#[test]
fn the_view_scrolls_back_and_stays_there() {
    let lines: Vec<_> = (1..=20).map(|n| format!("{n}\r\n")).collect();
    let mut emulator = emulator(&lines.concat());
    assert_eq!((emulator.scrolled(), emulator.history()), (0, 17));
    assert_eq!(emulator.screen().text(), "18\n19\n20");
    emulator.scroll(Scroll::Up(2));
    assert_eq!(emulator.screen().text(), "16\n17\n18\n19");
    assert_eq!(emulator.screen().cursor(), None, "out of sight");
    emulator.advance(b"21\r\n22\r\n");
    assert_eq!(emulator.screen().text(), "16\n17\n18\n19", "while more comes");
    emulator.scroll(Scroll::PageUp);
    assert_eq!(emulator.screen().text(), "12\n13\n14\n15");
    emulator.scroll(Scroll::Top);
    assert_eq!(emulator.screen().text(), "1\n2\n3\n4");
    emulator.scroll(Scroll::PageDown);
    emulator.scroll(Scroll::Down(1));
    assert_eq!(emulator.screen().text(), "6\n7\n8\n9");
    emulator.scroll(Scroll::Bottom);
    assert_eq!(emulator.screen().text(), "20\n21\n22");
    assert_eq!(emulator.scrolled(), 0);
}

#[test]
fn a_scrolled_view_bears_a_program_that_scrolls_a_part() {
    let mut emulator = emulator(&"line\r\n".repeat(5));
    emulator.scroll(Scroll::Top);
    emulator.advance("\x1b[2;4r\x1b[4;1H\n\n\n\n\n\n\n\n\n\n".as_bytes());
    assert_eq!((emulator.scrolled(), emulator.history()), (2, 2));
    assert_eq!(emulator.screen().row_text(0), "line");
    emulator.scroll(Scroll::Down(2));
    assert_eq!(emulator.scrolled(), 0, "by what is to be seen");
}

#[test]
fn the_scrollback_is_bounded() {
    let emulator = emulator(&"line\r\n".repeat(1000));
    assert_eq!(emulator.history(), 100);
}

#[test]
fn the_cursor_has_a_shape() {
    let shape = |output| emulator(output).screen().cursor().map(|c| (c.shape, c.blinking));
    assert_eq!(shape(""), Some((CursorShape::Block, false)));
    assert_eq!(shape("\x1b[5 q"), Some((CursorShape::Bar, true)));
    assert_eq!(shape("\x1b[4 q"), Some((CursorShape::Underline, false)));
    assert_eq!(shape("\x1b[?25l"), None);
    assert_eq!(shape("\x1b[?25l\x1b[?25h"), Some((CursorShape::Block, false)));
}

#[test]
fn halves_of_wide_characters_become_blanks() {
    let widths = |output: &str| -> Vec<_> {
        emulator(output).screen().row(0).take(4).map(|c| (c.character, c.width)).collect()
    };
    let whole = [('日', Wide), (' ', Spacer), ('本', Wide), (' ', Spacer)];
    assert_eq!(widths("日本"), whole);
    assert_eq!(widths("日本\rx")[..2], [('x', Narrow), (' ', Narrow)]);
    assert_eq!(widths("日本\r\x1b[Cx")[..2], [(' ', Narrow), ('x', Narrow)]);
    assert_eq!(widths("日本\r\x1b[P")[0], (' ', Narrow), "its left half deleted");
    assert_eq!(widths("\x1b[19C日\r\x1b[@")[..1], [(' ', Narrow)]);
}

#[test]
fn selections() {
    let mut emulator = emulator("one two/three\r\nwrapped around the end\r\n日本");
    emulator.start_selection(SelectionKind::Simple, 4, 0);
    assert_eq!(emulator.selected_text(), None, "nothing yet");
    emulator.extend_selection(6, 0);
    assert_eq!(emulator.selected_text().unwrap(), "two");
    let selected: Vec<_> = emulator.screen().row(0).map(|c| c.selected).take(8).collect();
    assert_eq!(selected, [false, false, false, false, true, true, true, false]);
    emulator.extend_selection(6, 1);
    assert_eq!(emulator.selected_text().unwrap(), "two/three\nwrapped");
    emulator.extend_selection(2, 0);
    assert_eq!(emulator.selected_text().unwrap(), "e t", "backwards");

    emulator.start_selection(SelectionKind::Word, 5, 0);
    assert_eq!(emulator.selected_text().unwrap(), "two/three");
    emulator.start_selection(SelectionKind::Line, 0, 2);
    assert_eq!(emulator.selected_text().unwrap(), "wrapped around the end");

    emulator.start_selection(SelectionKind::Simple, 1, 3);
    emulator.extend_selection(200, 200);
    assert_eq!(emulator.selected_text().unwrap(), "日本", "whole characters, within the screen");
    emulator.clear_selection();
    assert_eq!(emulator.selected_text(), None);
}

#[test]
fn a_flood_of_dear_sequences_can_be_interrupted() {
    let mut emulator = Emulator::new(Size { columns: 200, rows: 60 }, 1000);
    let flood = b"\x1bc".repeat(500_000);
    let started = Instant::now();
    let taken = emulator.advance_until(&flood, started);
    assert_eq!(taken, SLICE, "a first slice, though the deadline is past");
    assert_eq!(emulator.advance_until(b"short", started), 5);
}
