use super::*;
use crate::terminal::Width::{Narrow, Spacer, Wide};
use crate::terminal::{
    Attributes, Cell, Color, CursorShape, MouseEncoding, MouseReports, Style, Width,
};

const SIZE: Size = Size { columns: 20, rows: 4 };

fn emulator(output: &str) -> Emulator {
    let mut emulator = Emulator::new(SIZE, 100);
    emulator.advance(output.as_bytes());
    emulator
}

/// The cells of a row of the screen, blank ones at its end included.
fn row(emulator: &Emulator, row: usize) -> Vec<(char, String, Style, Width)> {
    let view = emulator.view();
    let cells = view.rows[row].cells().chain(std::iter::repeat(Cell::BLANK));
    let cells = cells.map(|it| (it.character, it.combining.to_owned(), it.style, it.width));
    cells.take(usize::from(view.size.columns)).collect()
}

/// The texts of all lines, with a backslash where one goes on in the next.
fn lines(emulator: &Emulator) -> Vec<String> {
    let text = |line: Line| format!("{}{}", line.text(), if line.wrapped { "\\" } else { "" });
    emulator.lines().into_iter().map(text).collect()
}

fn replies(output: &str) -> String {
    String::from_utf8(emulator(output).take_replies()).unwrap().replace('\x1b', "␛")
}

#[test]
fn questions_are_answered() {
    let cases = [
        ("\x1b[5n", "␛[0n"),
        ("ab\r\n\x1b[6n", "␛[2;1R"),
        ("\x1b[3;4r\x1b[?6h\x1b[2;3H\x1b[6n", "␛[2;3R"),
        ("\x1b[c", "␛[?6c"),
        ("\x1b[=c", "␛P!|00000000␛\\"),
        ("\x1b[x\x1b[1x", "␛[2;1;1;128;128;1;0x␛[3;1;1;128;128;1;0x"),
        ("\x1b[?5h\x1b[?5$p", "␛[?5;1$y"),
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
        ("\x1b[>31u\x1b[?u", "␛[?11u"),
        ("\x1b[=15u\x1b[?u", "␛[?11u"),
        ("\x1b[=1u\x1b[>2u\x1b[<u\x1b[?u", "␛[?1u"),
        ("\x1b[?4m", "␛[>4;0m"),
        ("\x1b[>4;2m\x1b[?4m", "␛[>4;2m"),
        ("\x1b[>4;2m\x1b[>4m\x1b[?4m", "␛[>4;0m"),
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
    assert_eq!(emulator.view().text(), "after");
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
    let modes = emulator("\x1b[>11u\x1b[>4;1m").modes();
    assert!(modes.disambiguate_keys && modes.key_events && modes.all_keys);
    assert_eq!(modes.modify_other_keys, 1);
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
        emulator("\x1b]4;1;#123456\x07\x1b[?9;1006h\x1b[>1u\x1b[>4;2m\x1b[?2026hx\x1bc\x1b[31mred");
    assert_eq!(emulator.modes(), Modes { alternate_scroll: true, ..Modes::default() });
    assert_eq!(emulator.held_until(), None);
    let (character, _, style, _) = row(&emulator, 0).swap_remove(0);
    assert_eq!((character, style.foreground), ('r', Color::Indexed(1)));
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
    emulator.advance(b"\x1b[<65u");
    assert!(!emulator.modes().disambiguate_keys);
}

#[test]
fn marks_on_a_character_are_bounded() {
    let emulator = emulator(&format!("e{}x", "\u{301}".repeat(100_000)));
    let cells = row(&emulator, 0);
    assert_eq!((cells[0].1.chars().count(), cells[1].0), (8, 'x'));
}

#[test]
fn a_long_repeat_fills_the_line() {
    let emulator = emulator("=\x1b[65535b\x1b[6n");
    assert_eq!(emulator.view().text(), format!("{}\n=", "=".repeat(20)));
}

#[test]
fn a_redefined_colour_is_shown() {
    let emulator = emulator("\x1b]4;1;#102030\x07\x1b[31mx\x1b[38;5;1my\x1b[39mz");
    let colors: Vec<_> = row(&emulator, 0)[..3].iter().map(|cell| cell.2.foreground).collect();
    let set = Color::Rgb(0x10, 0x20, 0x30);
    assert_eq!(colors, [set, set, Color::Default]);
}

#[test]
fn redefined_default_colours_are_shown() {
    let mut emulator = emulator("x\x1b]10;#102030\x07\x1b]11;#405060\x07");
    let (text, behind) = (Color::Rgb(0x10, 0x20, 0x30), Color::Rgb(0x40, 0x50, 0x60));
    let shown = |emulator: &Emulator| {
        let cells = row(emulator, 0);
        [
            (cells[0].2.foreground, cells[0].2.background),
            (cells[19].2.foreground, cells[19].2.background),
        ]
    };
    assert_eq!(shown(&emulator), [(text, behind); 2], "blanks too");
    emulator.advance(b"\x1b]110\x07\x1b]111\x07");
    assert_eq!(shown(&emulator), [(Color::Default, Color::Default); 2]);
}

#[test]
fn sizes_are_brought_within_bounds() {
    let size = |columns, rows| Size { columns, rows };
    let mut emulator = Emulator::new(size(0, 0), 10);
    assert_eq!(emulator.size(), size(10, 1));
    emulator.advance("日本語".as_bytes());
    assert_eq!(emulator.resize(size(1, 1)), size(10, 1));
    assert_eq!(emulator.resize(size(u16::MAX, u16::MAX)), size(640, 256));
    assert_eq!(emulator.view().text(), "日本語");
}

#[test]
fn an_unfinished_update_shows_the_picture_from_before() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    assert_eq!(emulator.view().text(), "before");
    let cursor = emulator.view().state.cursor.unwrap();
    assert_eq!((cursor.column, cursor.row), (6, 0));
    emulator.advance(b"\x1b[?2026l");
    assert_eq!(emulator.view().text(), "after");
    assert_eq!(emulator.held_until(), None);
}

#[test]
fn an_update_that_does_not_end_is_shown_in_time() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    let until = emulator.held_until().unwrap();
    assert!(until <= Instant::now() + Duration::from_millis(150));
    assert_eq!(emulator.view().text(), "before");
    assert!(emulator.release(until));
    assert_eq!(emulator.view().text(), "after");
    assert!(!emulator.release(until), "it is over");
}

#[test]
fn a_resize_ends_an_unfinished_update() {
    let mut emulator = emulator("before\x1b[?2026h\r\x1b[Kafter");
    emulator.resize(Size { columns: 10, rows: 2 });
    assert_eq!(emulator.view().text(), "after");
}

#[test]
fn lines_above_the_screen_are_kept() {
    let text: String = (1..=20).map(|n| format!("{n}\r\n")).collect();
    let mut emulator = emulator(&text);
    assert_eq!(emulator.view().text(), "18\n19\n20");
    assert_eq!((emulator.history(), emulator.view().state.history), (17, 17));
    let expected: Vec<_> = (1..=20).map(|n| n.to_string()).chain([String::new()]).collect();
    assert_eq!(lines(&emulator), expected);
    emulator.advance(b"21\r\n");
    assert_eq!(lines(&emulator).len(), 22);
}

#[test]
fn they_are_bounded() {
    for scrollback in [0, 1, 100, 700] {
        let mut emulator = Emulator::new(SIZE, scrollback);
        for n in 0..2000 {
            emulator.advance(format!("{n}\r\n").as_bytes());
        }
        assert_eq!(emulator.history(), scrollback);
        let lines = lines(&emulator);
        assert_eq!(lines.len(), scrollback + 4);
        assert_eq!(lines[0], (2000 - 3 - scrollback).to_string());
    }
}

#[test]
fn none_is_lost_between_the_model_and_the_history() {
    // What scrolls a screenful at once, and what scrolls a part of the screen.
    for between in
        ["", "\x1b[4S", "\x1b[2J", "\x1b[1;3r\x1b[3H\n\x1b[r\x1b[4H", "\x1b[H\x1b[3M\x1b[4H"]
    {
        let mut emulator = Emulator::new(SIZE, 100_000);
        let text: String = (0..3000).map(|n| format!("{n}{between}\r\n")).collect();
        emulator.advance(text.as_bytes());
        let mut numbers = lines(&emulator);
        numbers.retain(|line| !line.is_empty());
        let expected: Vec<_> = (0..3000).map(|n| n.to_string()).collect();
        assert!(numbers == expected, "{between:?}");
    }
}

#[test]
fn they_are_wrapped_anew() {
    let text: String = (0..700).map(|n| format!("{n:03} 日本語 and a long line\r\n")).collect();
    let mut emulator = Emulator::new(SIZE, 10_000);
    emulator.advance(text.as_bytes());
    assert_eq!(
        lines(&emulator)[..4],
        ["000 日本語 and a lon\\", "g line", "001 日本語 and a lon\\", "g line"]
    );
    let at = |emulator: &mut Emulator, columns| {
        emulator.resize(Size { columns, rows: 4 });
        lines(emulator)
    };
    let whole: Vec<_> =
        (0..700).map(|n| format!("{n:03} 日本語 and a long line")).chain([String::new()]).collect();
    assert_eq!(at(&mut emulator, 40)[..701], whole);
    let narrow = at(&mut emulator, 11);
    assert_eq!(narrow[..4], ["000 日本語 \\", "and a long \\", "line", "001 日本語 \\"]);
    assert_eq!(at(&mut emulator, 10)[..3], ["000 日本語\\", " and a lon\\", "g line"]);
    assert_eq!(at(&mut emulator, 40)[..701], whole);
    assert_eq!(at(&mut emulator, 640)[..701], whole);
}

#[test]
fn a_narrow_screen_drops_none_of_them() {
    let text: String = (0..600).map(|n| format!("{n:0640}\r\n")).collect();
    for alternate in [false, true] {
        let mut emulator = Emulator::new(Size { columns: 640, rows: 256 }, 100_000);
        emulator.advance(text.as_bytes());
        if alternate {
            emulator.advance(b"\x1b[?1049h");
        }
        emulator.resize(Size { columns: 10, rows: 256 });
        emulator.advance(b"\x1b[?1049l");
        let lines = lines(&emulator);
        assert!(lines[..64].concat().replace('\\', "").chars().eq("0".repeat(640).chars()));
        assert_eq!(lines.iter().filter(|line| !line.is_empty()).count(), 600 * 64);
    }
}

#[test]
fn they_are_cleared_on_request() {
    let before = "line\r\n".repeat(1000);
    for clear in ["\x1b[3J", "\x1bc", "\x1b[?1049h\x1bc"] {
        let mut emulator = emulator(&before);
        emulator.advance(clear.as_bytes());
        assert_eq!((emulator.history(), lines(&emulator).len()), (0, 4), "{clear:?}");
    }
    let mut emulator = emulator(&before);
    emulator.advance(b"\x1b[?1049h\x1b[3J\x1b[?1049l");
    assert_eq!(emulator.history(), 100, "they are the other screen's");
}

#[test]
fn the_alternate_screen_has_none() {
    let mut emulator = emulator(&"line\r\n".repeat(50));
    emulator.advance(b"\x1b[?1049h\x1b[Hone\r\n2\r\n3\r\n4\r\n5");
    assert_eq!((emulator.history(), emulator.view().state.history), (0, 0));
    assert_eq!(lines(&emulator), ["2", "3", "4", "5"]);
    emulator.advance(b"\x1b[?1049l");
    assert_eq!((emulator.history(), lines(&emulator).len()), (47, 51));
}

#[test]
fn a_higher_screen_takes_lines_back() {
    let text: String = (1..=600).map(|n| format!("{n}\r\n")).collect();
    let mut emulator = Emulator::new(SIZE, 1000);
    emulator.advance(text.as_bytes());
    emulator.resize(Size { columns: 20, rows: 200 });
    assert!(emulator.view().text().starts_with("402\n403\n"));
    assert_eq!(lines(&emulator).len(), 601);
}

#[test]
fn the_cursor_has_a_shape() {
    let shape = |output| emulator(output).view().state.cursor.map(|c| (c.shape, c.blinking));
    assert_eq!(shape(""), Some((CursorShape::Block, false)));
    assert_eq!(shape("\x1b[5 q"), Some((CursorShape::Bar, true)));
    assert_eq!(shape("\x1b[4 q"), Some((CursorShape::Underline, false)));
    assert_eq!(shape("\x1b[?25l"), None);
    assert_eq!(shape("\x1b[?25l\x1b[?25h"), Some((CursorShape::Block, false)));
}

#[test]
fn halves_of_wide_characters_become_blanks() {
    let widths = |output: &str| -> Vec<_> {
        row(&emulator(output), 0)[..4].iter().map(|cell| (cell.0, cell.3)).collect()
    };
    let whole = [('日', Wide), (' ', Spacer), ('本', Wide), (' ', Spacer)];
    assert_eq!(widths("日本"), whole);
    assert_eq!(widths("日本\rx")[..2], [('x', Narrow), (' ', Narrow)]);
    assert_eq!(widths("日本\r\x1b[Cx")[..2], [(' ', Narrow), ('x', Narrow)]);
    assert_eq!(widths("日本\r\x1b[P")[0], (' ', Narrow), "its left half deleted");
    assert_eq!(widths("\x1b[19C日\r\x1b[@")[..1], [(' ', Narrow)]);
}

#[test]
fn a_wrapped_lines_text_is_what_was_printed() {
    // The blank at the edge is the program's, the gap before a wide character is not.
    assert_eq!(lines(&emulator("0123456789012345678 next"))[0], "0123456789012345678 \\");
    assert_eq!(lines(&emulator("0123456789012345678日"))[..2], ["0123456789012345678\\", "日"]);
    assert_eq!(lines(&emulator("0123456789012345678 日"))[..2], ["0123456789012345678 \\", "日"]);
    assert_eq!(lines(&emulator("one  \t  \r\ntwo\tx"))[..2], ["one", "two     x"]);
}

#[test]
fn blanks_that_show_are_kept() {
    let columns = |output: &str| emulator(output).view().rows[0].columns();
    let cases = [
        ("x   ", 1),
        ("x\x1b[1;2;3;8m   ", 1),
        ("x\x1b[4m   ", 4),
        ("x\x1b[7m   ", 4),
        ("x\x1b[9m   ", 4),
        ("x\x1b[41m   ", 4),
        ("x\x1b[41m\x1b[K", 20),
        ("x\x1b[41m\x1b[K\x1b[m\x1b[K", 1),
        ("x  \u{301}", 3),
    ];
    for (output, expected) in cases {
        assert_eq!(columns(output), expected, "{output:?}");
    }
}

#[test]
fn the_whole_screen_can_be_reversed() {
    let mut emulator = emulator("a\x1b[7mb\x1b[?5h");
    let reversed = |emulator: &Emulator| -> String {
        let reversed = |style: Style| style.attributes.contains(Attributes::REVERSE);
        let cells = row(emulator, 0).into_iter();
        cells.map(|cell| if reversed(cell.2) { 'r' } else { '.' }).collect()
    };
    assert_eq!(reversed(&emulator), format!("r.{}", "r".repeat(18)));
    emulator.advance(b"\x1b[?5l");
    assert_eq!(reversed(&emulator), format!(".r{}", ".".repeat(18)));
}

#[test]
fn hidden_text_is_marked_so() {
    let cells = row(&emulator("\x1b[8msecret"), 0);
    assert!(cells[..6].iter().all(|cell| cell.2.attributes.contains(Attributes::HIDDEN)));
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

#[test]
fn what_is_displaced_leaves_nothing() {
    type Body = fn(usize) -> String;
    let begins =
        ["", "\x1b[44mabc", "a\r\n\x1b[31mb", "\x1b[3;5H", "\x1b[4h", "\x1b[?7l", "\x1b[20h"];
    let bodies: [(&str, Body); 5] = [
        ("short", |n| format!("{n}\r\n")),
        ("wrapped", |n| format!("{n:090}\r\n")),
        ("blank", |n| if n.is_multiple_of(7) { "\tx\r\n".into() } else { "\r\n".into() }),
        ("bare feeds", |n| if n.is_multiple_of(2) { "a\n".into() } else { "b\r\n".into() }),
        ("overprinted", |n| format!("one\rt{n}\r\n")),
    ];
    let mut left_out = 0;
    for begin in begins {
        for (name, body) in bodies {
            for after in ["", "\x1b[3b", "\x1b[2A~\n"] {
                let text: String = (0..3000).map(body).collect();
                let mut whole = Emulator::new(SIZE, 500);
                whole.advance(begin.as_bytes());
                let displaced = whole.displaced(text.as_bytes());
                left_out += displaced;
                let mut part = Emulator::new(SIZE, 500);
                part.advance(begin.as_bytes());
                for (emulator, from) in [(&mut whole, 0), (&mut part, displaced)] {
                    emulator.advance(&text.as_bytes()[from..]);
                    emulator.advance(after.as_bytes());
                }
                assert!(whole.view() == part.view(), "{begin:?} {name} {after:?}");
                assert!(whole.lines() == part.lines(), "{begin:?} {name} {after:?}");
            }
        }
    }
    assert!(left_out > 100_000, "{left_out}");
}

#[test]
fn what_may_be_seen_is_not_displaced() {
    let text = "y\r\n".repeat(5000);
    let displaced = |begin: &str, text: &str| {
        let mut emulator = Emulator::new(SIZE, 500);
        emulator.advance(begin.as_bytes());
        emulator.displaced(text.as_bytes())
    };
    assert_eq!(displaced("", &text), text.len() - 3 * (500 + 2 * 4) + 1);
    for begin in ["\x1b[2;3r", "\x1b[?1049h", "\x1b[?2026h", "\x1b]0;title", "\x1b["] {
        assert_eq!(displaced(begin, &text), 0, "{begin:?}");
    }
    let mut cut = Emulator::new(SIZE, 500);
    cut.advance(b"\xe2\x82");
    assert_eq!(cut.displaced(text.as_bytes()), 0, "in the middle of a character");
    for odd in ["\x07", "\x1b[m", "\u{85}", "\x0e"] {
        assert_eq!(displaced("", &format!("{odd}{text}")), 0, "{odd:?}");
    }
    assert_eq!(displaced("", &"y\r\n".repeat(500)), 0);
    assert_eq!(displaced("", &"y".repeat(50_000)), 0);
    assert_eq!(displaced("", &"\r\n".repeat(5000)), 0, "REP would repeat another character");
}
