use proptest::prelude::*;

use super::*;
use crate::terminal::{Cursor, Size};

const SIZE: Size = Size { columns: 12, rows: 5 };

fn emulator(output: &[u8]) -> Emulator {
    let mut emulator = Emulator::new(SIZE, 100);
    emulator.advance(output);
    emulator.release(std::time::Instant::now() + std::time::Duration::from_secs(1));
    emulator
}

/// What is to be seen: so no marks of the shell's.
#[derive(Debug, PartialEq)]
struct Seen {
    rows: Vec<String>,
    cursor: Option<Cursor>,
    alternate: bool,
    title: Option<String>,
}

fn seen(emulator: &Emulator) -> Seen {
    let view = emulator.view();
    let cell = |cell: Cell<'_>| {
        let mut style = cell.style;
        let drawn = [Attributes::UNDERLINE, Attributes::REVERSE, Attributes::STRIKE];
        if cell.character == ' ' && !drawn.iter().any(|it| style.attributes.contains(*it)) {
            style = Style { background: style.background, ..Style::default() };
        }
        let look = if style == Style::default() { String::new() } else { format!("{style:?}") };
        let half = if cell.width == Width::Spacer { "<" } else { "" };
        format!("{}{}{half}{look}", cell.character, cell.combining)
    };
    let row = |line: &Line| {
        let blank = std::iter::repeat(Cell::BLANK);
        line.cells().chain(blank).take(usize::from(SIZE.columns)).map(cell).collect()
    };
    Seen {
        rows: view.rows.iter().map(row).collect(),
        cursor: view.state.cursor,
        alternate: view.state.modes.alternate_screen,
        title: view.state.title,
    }
}

fn repainted(before: &[u8], ansi: &str) -> Emulator {
    let mut emulator = emulator(before);
    emulator.advance(ansi.as_bytes());
    emulator
}

#[test]
fn looks_and_places() {
    let output = "\x1b]2;title\x07\x1b[1;4;31;48;2;1;2;3;58;5;9mred\x1b[m\r\nplain \x1b[7mx\
                  \x1b[3;5H日本e\u{301}\x1b[5 q\x1b[2;3H";
    let first = emulator(output.as_bytes());
    let ansi = first.view().to_ansi();
    assert_eq!(seen(&repainted(b"", &ansi)), seen(&first));
    let expected = "\x1b]2;title\x07\x1b[H\x1b[J\x1b[1H\x1b[0;1;4;38;5;1;48;2;1;2;3;58;5;9mred\x1b[2H\x1b[0mplain \
                    \x1b[0;7mx\x1b[3H\x1b[0m    \x1b[0;7m日本e\u{301}\x1b[0m\x1b[2;3H\x1b[5 q\x1b[?25h";
    assert!(ansi.ends_with(expected), "{ansi:?}");
}

#[test]
fn a_line_that_goes_on_does() {
    for output in ["abcdefghijklmnopq", "abcdefghijk日本", "abcdefghijklm\x1b[2;1H\x1b[K"] {
        let mut first = emulator(output.as_bytes());
        let mut again = repainted(b"", &first.to_ansi());
        assert_eq!(again.view().rows, first.view().rows, "{output:?}");
        let wider = Size { columns: 20, rows: 5 };
        first.resize(wider);
        again.resize(wider);
        assert_eq!(again.view().rows, first.view().rows, "{output:?}");
    }
}

#[test]
fn whatever_was_shown_before_is_gone() {
    let first = emulator(b"\x1b[2;4Hone");
    let before = [
        "\x1b[?1049hx",
        "\x1b(0\x0e\x1b)0lqk",
        "\x1b[2;3r\x1b[?6h",
        "\x1b[41m\x1b[2J\x1b[4h",
        "\x1b[?7l\x1b[?25l\x1b[?5h",
        "\x1b[38;5",
        "\x1b]2;half of a title",
        "\x1bPhalf of a string",
        "half of a character \u{65e5}",
    ];
    for before in before {
        let cut = &before.as_bytes()[..before.len() - 1];
        let seen = Seen { title: None, ..seen(&repainted(cut, &first.to_ansi())) };
        assert_eq!(seen, self::seen(&first), "{before:?}");
    }
}

#[test]
fn what_follows_is_shown_the_same_way() {
    let cases = [
        "\x1b[2;3r\x1b[3;1H",
        "\x1b[2;4r\x1b[?6h\x1b[2;2H",
        "\x1b[1;1Hxyz\x1b[1;1H\x1b[4h",
        "\x1b[?7l",
        "\x1b[1;31;44m",
        "\x1b[?25l\x1b[4;2H",
        "\x1b[?5h",
        "abcdefghijk\x1b[1ml",
        "abcdefghij日\x1b[7m",
        "abcdefghijkl\u{301}\x1b[4h",
        "\x1b[1;12H\x1b[44m\x1b[@ ",
        "\x1b[?1049h\x1b[3;3H",
    ];
    for output in cases {
        let mut first = emulator(output.as_bytes());
        let mut again = repainted(b"", &first.to_ansi());
        for emulator in [&mut first, &mut again] {
            emulator.advance(b"123456789abcdefgh\nx\r\ny\r\n\x1b[?25h");
        }
        assert_eq!(seen(&again), seen(&first), "{output:?}");
    }
}

#[test]
fn an_unfinished_update_is_painted_as_far_as_it_is() {
    let mut first = Emulator::new(SIZE, 0);
    first.advance(b"old\x1b[?2026h\x1b[1;1Hnew");
    assert_eq!(first.view().text(), "old");
    assert_eq!(repainted(b"", &first.to_ansi()).view().text(), "new");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever a screen shows, and whatever another has shown before, it then shows the same.
    #[test]
    fn any_screen_is_shown_again(
        output in r"([ -~]{1,9}|[日😀é❤🇩🏽]|\u{301}|\u{200d}|\u{fe0f}|\t|\r|\n|\x08|\x1b\[(\?(1049|7|5|6|25)[hl]|[0-9;]{0,4}[A-Za-z@]|[34]8;2;1;2;3m|4[hl]|[1-6] q)|\x1b[78MD])*",
        before in r"([ -~日]{1,9}|\r\n|\x1b\[(\?(1049|7|5|6|25)[hl]|[0-9;]{0,4}[A-Za-z@]|4[hl])|\x1b[78MD(])*",
    ) {
        let first = emulator(output.as_bytes());
        let view = repainted(before.as_bytes(), &first.view().to_ansi());
        prop_assert_eq!(Seen { title: None, ..seen(&view) }, seen(&first));
        let whole = repainted(before.as_bytes(), &first.to_ansi());
        prop_assert_eq!(Seen { title: None, ..seen(&whole) }, seen(&first));
    }
}
