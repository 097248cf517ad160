//! Sequences that real programs rely on (ncurses' `xterm-256color` among them) and the screens they
//! must give, by what DEC's manuals and xterm say. Where the `vt100` crate knows a sequence, it is
//! asked for a second opinion.

use drydock::terminal::Width::{Narrow, Spacer, Wide};
use drydock::terminal::{Attributes, Color, Emulator, Size, Style, View, Width};

const SIZE: Size = Size { columns: 10, rows: 4 };

/// Whether the `vt100` crate (0.16) knows what the case needs.
#[derive(Clone, Copy, PartialEq)]
enum Second {
    Agrees,
    LacksIt,
}
use Second::{Agrees, LacksIt};

struct Case {
    name: &'static str,
    output: &'static str,
    screen: &'static [&'static str],
    cursor: (u16, u16),
    second: Second,
}

const fn case(
    name: &'static str,
    output: &'static str,
    screen: &'static [&'static str],
    cursor: (u16, u16),
    second: Second,
) -> Case {
    Case { name, output, screen, cursor, second }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case("text", "one\r\ntwo", &["one", "two"], (3, 1), Agrees),
    case("line feed keeps the column", "ab\ncd", &["ab", "  cd"], (4, 1), Agrees),
    case("backspace and overwrite", "abc\x08\x08X", &["aXc"], (2, 0), Agrees),
    case("tab", "a\tb", &["a       b"], (9, 0), Agrees),
    case("wraps at the edge", "0123456789ab", &["0123456789", "ab"], (2, 1), Agrees),
    case("wraps late", "0123456789\rX", &["X123456789"], (1, 0), Agrees),
    case("scrolls at the bottom", "1\r\n2\r\n3\r\n4\r\n5", &["2", "3", "4", "5"], (1, 3), Agrees),

    case("CUP", "\x1b[2;3Hx", &["", "  x"], (3, 1), Agrees),
    case("CUP beyond the edge", "\x1b[99;99Hx", &["", "", "", "         x"], (9, 3), Agrees),
    case("HVP", "\x1b[2;3fx", &["", "  x"], (3, 1), LacksIt),
    case("CUU CUD CUF CUB", "\x1b[2B\x1b[3Cx\x1b[A\x1b[2Dy", &["", "  y", "   x"], (3, 1), Agrees),
    case("CNL CPL", "ab\x1b[2Ec\x1b[Fd", &["ab", "d", "c"], (1, 1), Agrees),
    case("CHA VPA", "\x1b[5Gx\x1b[3dy", &["    x", "", "     y"], (6, 2), Agrees),

    case("ED below", "aa\r\nbb\r\ncc\x1b[2;2H\x1b[J", &["aa", "b"], (1, 1), Agrees),
    case("ED above", "aa\r\nbb\r\ncc\x1b[2;1H\x1b[1J", &["", " b", "cc"], (0, 1), Agrees),
    case("ED all", "aa\r\nbb\x1b[2J", &[], (2, 1), Agrees),
    case("EL right", "abcd\x1b[3G\x1b[K", &["ab"], (2, 0), Agrees),
    case("EL left", "abcd\x1b[2G\x1b[1K", &["  cd"], (1, 0), Agrees),
    case("EL all", "abcd\x1b[2K", &[], (4, 0), Agrees),
    case("ECH", "abcd\r\x1b[2X", &["  cd"], (0, 0), Agrees),
    case("ICH", "abcd\r\x1b[2@", &["  abcd"], (0, 0), Agrees),
    case("ICH without end", "abcd\r\x1b[65535@", &[], (0, 0), LacksIt), // it stalls
    case("DCH", "abcd\r\x1b[2P", &["cd"], (0, 0), Agrees),
    case("IL", "a\r\nb\r\nc\x1b[2H\x1b[L", &["a", "", "b", "c"], (0, 1), Agrees),
    case("DL", "a\r\nb\r\nc\x1b[2H\x1b[M", &["a", "c"], (0, 1), Agrees),
    case("SU", "a\r\nb\r\nc\x1b[S", &["b", "c"], (1, 2), Agrees),
    case("SD", "a\r\nb\x1b[T", &["", "a", "b"], (1, 1), Agrees),

    case("DECSTBM scrolls a part", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3H\n", &["1", "3", "", "4"], (0, 2), Agrees),
    case("RI at the top of a part", "1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[2H\x1bM", &["1", "", "2", "4"], (0, 1), Agrees),
    case("DECOM", "\x1b[2;3r\x1b[?6hx\x1b[9;1Hy", &["", "x", "y"], (1, 2), Agrees),
    case("DECOM off", "\x1b[2;3r\x1b[?6h\x1b[?6lx", &["x"], (1, 0), Agrees),
    case("CHA in origin mode", "\x1b[2;3r\x1b[?6h\x1b[2H\x1b[4Gx", &["", "", "   x"], (4, 2), Agrees),
    case("CUU in origin mode", "\x1b[2;3r\x1b[?6h\x1b[2H\x1b[Ax", &["", "x"], (1, 1), Agrees),
    case("CUU stops at the margin", "\x1b[2;3r\x1b[3H\x1b[9Ax", &["", "x"], (1, 1), Agrees),
    case("CUU from above it", "\x1b[3;4r\x1b[2H\x1b[9Ax", &["x"], (1, 0), Agrees),
    case("CUD stops at the margin", "\x1b[2;3r\x1b[2H\x1b[9Bx", &["", "", "x"], (1, 2), Agrees),
    case("CUD from below it", "\x1b[1;2r\x1b[3H\x1b[9Bx", &["", "", "", "x"], (1, 3), Agrees),
    case("CPL CNL stop there too", "\x1b[2;3r\x1b[3;5H\x1b[9Fx\x1b[9Ey", &["", "x", "y"], (1, 2), Agrees),
    case("margins beyond the screen", "\x1b[9;10r\x1b[4H1\r\n2", &["", "", "1", "2"], (1, 3), LacksIt),
    case("IND", "a\x1bDb", &["a", " b"], (2, 1), LacksIt),
    case("NEL", "a\x1bEb", &["a", "b"], (1, 1), LacksIt),
    case("RI", "\r\nb\x1bMa", &[" a", "b"], (2, 0), Agrees),

    case("DECSC DECRC", "ab\x1b7\x1b[3;5Hx\x1b8c", &["abc", "", "    x"], (3, 0), Agrees),
    case("SCOSC SCORC", "ab\x1b[s\x1b[3;5Hx\x1b[uc", &["abc", "", "    x"], (3, 0), LacksIt),
    case("DECALN", "\x1b#8\x1b[2;9H\x1b[J", &["EEEEEEEEEE", "EEEEEEEE"], (8, 1), LacksIt),
    case("RIS", "\x1b[2;3r\x1b[4habc\x1bcx", &["x"], (1, 0), Agrees),

    case("DECSTR", "\x1b[2;3r\x1b[4h\x1b(0\x1b[4;2H\x1b[!pq\x08\x08x\x1b8y", &["y", "", "", "xq"], (1, 0), LacksIt),

    case("HTS", "\x1b[4G\x1bH\r\tx", &["   x"], (4, 0), LacksIt),
    case("TBC", "\x1b[3g\r\tx", &["         x"], (9, 0), LacksIt),
    case("CHT CBT", "\x1b[Ix\x1b[Zy", &["        y"], (9, 0), LacksIt),

    case("line drawing as G0", "\x1b(0lqqk\x1b(Bq", &["┌──┐q"], (5, 0), LacksIt),
    case("line drawing as G1", "\x1b)0q\x0eq\x0fq", &["q─q"], (3, 0), LacksIt),
    case("line drawing is saved", "\x1b(0\x1b7\x1b(Bx\x1b8x", &["│"], (1, 0), LacksIt),
    case("IRM", "abc\r\x1b[4hXY\x1b[4lZ", &["XYZbc"], (3, 0), LacksIt),
    case("LNM", "\x1b[20ha\nb", &["a", "b"], (1, 1), LacksIt),
    case("autowrap off", "\x1b[?7l0123456789ab", &["012345678b"], (9, 0), LacksIt),
    case("REP", "ab\x1b[3bc", &["abbbbc"], (6, 0), LacksIt),

    case("the alternate screen 1049", "one\x1b[?1049h\x1b[Htwo\x1b[?1049l!", &["one!"], (4, 0), Agrees),
    case("in it", "one\x1b[?1049h\x1b[Htwo", &["two"], (3, 0), Agrees),
    case("the alternate screen 47", "one\x1b[?47h\x1b[Htwo\x1b[?47l", &["one"], (3, 0), Agrees),
    case("the alternate screen 1047", "one\x1b[?1047h\x1b[Htwo\x1b[?1047l", &["one"], (3, 0), LacksIt),
    case("47 keeps the place", "one\x1b[?47h\x1b[2Htwo\x1b[?47l!", &["one", "   !"], (4, 1), LacksIt),
    case("47 keeps what was saved", "on\x1b7e\x1b[?47h\x1b[2Htwo\x1b[?47l\x1b8!", &["on!"], (3, 0), Agrees),
    case("1047 with 1048", "one\x1b[?1048;1047h\x1b[2Htwo\x1b[?1047;1048l!", &["one!"], (4, 0), LacksIt),
    case("1048", "ab\x1b[?1048h\x1b[3;5Hx\x1b[?1048lc", &["abc", "", "    x"], (3, 0), LacksIt),

    case("wide characters", "日本x", &["日本x"], (5, 0), Agrees),
    case("a wide character that does not fit", "123456789日x", &["123456789", "日x"], (3, 1), Agrees),
    case("overwriting a left half", "日本\rx", &["x 本"], (1, 0), Agrees),
    case("overwriting a right half", "日本\r\x1b[Cx", &[" x本"], (2, 0), Agrees),
    case("marks combine", "e\u{301}x", &["e\u{301}x"], (2, 0), Agrees),
    case("broken UTF-8 escapes", "a\u{fffd}b", &["a\u{fffd}b"], (3, 0), LacksIt),

    case("unknown sequences show nothing", "a\x1b[5;6yb\x1bP1$r0m\x1b\\c\x1b_G\x1b\\d\x1b]133;A\x07e", &["abcde"], (5, 0), Agrees),
    case("CAN ends a sequence", "a\x1b[31\x18b", &["ab"], (2, 0), Agrees),
    case("controls act within one", "a\x1b[3\r1mb", &["b"], (1, 0), Agrees),
];

fn emulator(output: &str) -> Emulator {
    let mut emulator = Emulator::new(SIZE, 10);
    emulator.advance(output.as_bytes());
    emulator
}

fn view(output: &str) -> View {
    emulator(output).view()
}

/// How the first cell looks.
fn look(output: &str) -> Style {
    view(output).rows[0].cells().next().map_or_else(Style::default, |cell| cell.style)
}

/// What differs from the case, for all of them at once.
fn differing(case: &Case, text: &str, cursor: (u16, u16)) -> Option<String> {
    let Case { name, output, .. } = case;
    let expected = (case.screen.join("\n"), case.cursor);
    let got = (text.to_owned(), cursor);
    (got != expected).then(|| format!("{name} {output:?}\n  got {got:?}\n not {expected:?}\n"))
}

#[test]
fn each_sequence_gives_its_screen() {
    let differing = CASES.iter().filter_map(|case| {
        let view = view(case.output);
        let cursor = view.state.cursor.expect("the cursor is shown");
        differing(case, &view.text(), (cursor.column, cursor.row))
    });
    assert_eq!(differing.collect::<String>(), "");
}

#[test]
fn a_second_opinion() {
    let known = CASES.iter().filter(|case| case.second == Agrees);
    let differing = known.filter_map(|case| {
        let mut parser = vt100::Parser::new(SIZE.rows, SIZE.columns, 10);
        parser.process(case.output.as_bytes());
        let rows: Vec<_> = parser.screen().rows(0, SIZE.columns).collect();
        let text = rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n");
        // Until the next character, vt100 keeps the cursor of a full row beyond its edge.
        let (row, column) = parser.screen().cursor_position();
        differing(case, text.trim_end(), (column.min(SIZE.columns - 1), row))
    });
    assert_eq!(differing.collect::<String>(), "");
}

#[test]
fn attributes_and_colours() {
    type Look = (Color, Color, &'static [Attributes]);
    use Color::{Default, Indexed, Rgb};
    let cases: &[(&str, Look)] = &[
        ("", (Default, Default, &[])),
        ("1", (Default, Default, &[Attributes::BOLD])),
        ("2", (Default, Default, &[Attributes::DIM])),
        ("1;2", (Default, Default, &[Attributes::BOLD, Attributes::DIM])),
        ("3", (Default, Default, &[Attributes::ITALIC])),
        ("4", (Default, Default, &[Attributes::UNDERLINE])),
        ("4:3", (Default, Default, &[Attributes::UNDERLINE])),
        ("21", (Default, Default, &[])), // "not bold", as on Linux' console
        ("7", (Default, Default, &[Attributes::REVERSE])),
        ("8", (Default, Default, &[Attributes::HIDDEN])),
        ("9", (Default, Default, &[Attributes::STRIKE])),
        ("1;3;4;7;9;0", (Default, Default, &[])),
        ("1;2;22", (Default, Default, &[])),
        ("3;4;7;8;9;23;24;27;28;29", (Default, Default, &[])),
        ("31;44", (Indexed(1), Indexed(4), &[])),
        ("95;103", (Indexed(13), Indexed(11), &[])),
        ("38;5;200;48;5;16", (Indexed(200), Indexed(16), &[])),
        ("38;2;1;2;3;48;2;4;5;6", (Rgb(1, 2, 3), Rgb(4, 5, 6), &[])),
        ("38:2::1:2:3;48:5:9", (Rgb(1, 2, 3), Indexed(9), &[])),
        ("31;44;39;49", (Default, Default, &[])),
        ("1;31", (Indexed(1), Default, &[Attributes::BOLD])),
    ];
    let all = [
        Attributes::BOLD,
        Attributes::DIM,
        Attributes::ITALIC,
        Attributes::UNDERLINE,
        Attributes::REVERSE,
        Attributes::HIDDEN,
        Attributes::STRIKE,
    ];
    for (sgr, (foreground, background, attributes)) in cases {
        let look = look(&format!("\x1b[{sgr}mx"));
        assert_eq!((look.foreground, look.background), (*foreground, *background), "{sgr}");
        for attribute in all {
            let expected = attributes.contains(&attribute);
            assert_eq!(look.attributes.contains(attribute), expected, "{sgr}: {attribute:?}");
        }
    }
    assert_eq!(look("\x1b[4;58:2::1:2:3mx").underline, Some(Rgb(1, 2, 3)));
}

#[test]
fn erasing_keeps_the_background() {
    let view = view("\x1b[44m\x1b[K");
    let backgrounds = view.rows[0].cells().map(|cell| cell.style.background);
    assert_eq!(backgrounds.collect::<Vec<_>>(), [Color::Indexed(4); 10]);
}

#[test]
fn lines_are_wrapped_anew() {
    let mut emulator = emulator("a long line that wraps\r\nend");
    assert_eq!(emulator.view().text(), "a long lin\ne that wra\nps\nend");
    emulator.resize(Size { columns: 30, rows: 4 });
    assert_eq!(emulator.view().text(), "a long line that wraps\nend");
    emulator.resize(SIZE);
    assert_eq!(emulator.view().text(), "ps\nend");
    let lines: Vec<_> = emulator.lines().iter().map(|line| line.text().to_owned()).collect();
    assert_eq!(lines, ["a long lin", "e that wra", "ps", "end", "", ""]);
}

#[test]
fn a_lower_screen_keeps_the_cursors_line() {
    let mut emulator = emulator("1\r\n2\r\n3\r\n4");
    emulator.resize(Size { rows: 2, ..SIZE });
    assert_eq!(emulator.view().text(), "3\n4");
    emulator.resize(SIZE);
    assert_eq!(emulator.view().text(), "1\n2\n3\n4", "from the scrollback");
}

#[test]
fn emoji_take_what_the_model_says() {
    let widths =
        |text: &str| -> Vec<Width> { view(text).rows[0].cells().map(|cell| cell.width).collect() };
    assert_eq!(widths("😀x"), [Wide, Spacer, Narrow]);
    assert_eq!(widths("❤\u{fe0f}x"), [Narrow, Narrow]);
    assert_eq!(widths("👨\u{200d}👩"), [Wide, Spacer, Wide, Spacer]);
}
