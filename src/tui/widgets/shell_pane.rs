//! Draws lines of a shell into a pane.
//!
//! What it writes is what [`Cell`]s show, made safe for the outer terminal: printable characters
//! whose width both sides agree on. An outer terminal that joined what the emulator holds in
//! separate cells (emoji sequences, flags) would shift the rest of the row, and only a full
//! repaint would cure that.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::tame::{is_wild, only_adds_a_mark};
use crate::terminal::{Attributes, Cell, Color as TerminalColor, Line, View, Width};
use crate::tui::theme::ColorDepth;

/// Rows of a shell: its screen, or what is above it.
pub struct ShellPane<'a> {
    /// The rows, from the top of the pane.
    pub rows: &'a [Line],
    /// What their colours are brought down to.
    pub depth: ColorDepth,
    /// What is laid over them, such as a selection.
    pub over: &'a [Over],
}

/// A style over some columns of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// The row, from the top of the pane.
    pub row: u16,
    /// The columns.
    pub columns: Range<u16>,
    /// What they look like.
    pub style: Style,
}

/// The first row of a screen that a pane of this height shows: where it is too low, the rows
/// around the cursor.
pub fn first_row(view: &View, height: u16) -> u16 {
    let cursor = view.state.cursor.map_or(0, |cursor| cursor.row);
    (cursor + 1).saturating_sub(height)
}

/// The place for the terminal's cursor; `None` where it is hidden or out of sight.
pub fn cursor(view: &View, area: Rect) -> Option<Position> {
    let cursor = view.state.cursor?;
    let row = cursor.row.checked_sub(first_row(view, area.height))?;
    let inside = cursor.column < area.width && row < area.height;
    inside.then(|| Position::new(area.x + cursor.column, area.y + row))
}

impl ShellPane<'_> {
    /// Draws into `area`, which may be smaller or larger than the rows.
    pub fn render(&self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let (mut foreground, mut background) = (Reduced::to(self.depth), Reduced::to(self.depth));
        for y in 0..area.height {
            let mut cells = self.rows.get(usize::from(y)).into_iter().flat_map(Line::cells);
            for x in 0..area.width {
                let mut cell = cells.next().unwrap_or(Cell::BLANK);
                if cell.width == Width::Wide && x + 1 == area.width {
                    cell.character = ' ';
                    cell.combining = "";
                }
                let mut style = Style::reset()
                    .fg(foreground.of(cell.style.foreground))
                    .bg(background.of(cell.style.background))
                    .add_modifier(modifiers(cell.style.attributes));
                if let Some(color) = cell.style.underline {
                    style = style.underline_color(self.depth.reduce(drawn(color)));
                }
                let place = &mut buf[(area.x + x, area.y + y)];
                place.reset();
                write_symbol(place, &cell);
                place.set_style(style);
            }
        }
        for over in self.over.iter().filter(|over| over.row < area.height) {
            for x in over.columns.start..over.columns.end.min(area.width) {
                let place = &mut buf[(area.x + x, area.y + over.row)];
                place.set_style(laid_over(place.style(), over.style));
            }
        }
    }
}

/// Brings colours down, remembering the last: they come in runs, and the nearest of 256 takes a
/// search.
struct Reduced {
    depth: ColorDepth,
    last: (TerminalColor, Color),
}

impl Reduced {
    fn to(depth: ColorDepth) -> Self {
        Self { depth, last: (TerminalColor::Default, Color::Reset) }
    }

    fn of(&mut self, color: TerminalColor) -> Color {
        if self.last.0 != color {
            self.last = (color, self.depth.reduce(drawn(color)));
        }
        self.last.1
    }
}

fn drawn(color: TerminalColor) -> Color {
    match color {
        TerminalColor::Default => Color::Reset,
        TerminalColor::Indexed(index) => Color::Indexed(index),
        TerminalColor::Rgb(r, g, b) => Color::Rgb(r, g, b),
    }
}

fn modifiers(attributes: Attributes) -> Modifier {
    [
        (Attributes::BOLD, Modifier::BOLD),
        (Attributes::DIM, Modifier::DIM),
        (Attributes::ITALIC, Modifier::ITALIC),
        (Attributes::UNDERLINE, Modifier::UNDERLINED),
        (Attributes::REVERSE, Modifier::REVERSED),
        (Attributes::STRIKE, Modifier::CROSSED_OUT),
    ]
    .into_iter()
    .filter(|(attribute, _)| attributes.contains(*attribute))
    .fold(Modifier::empty(), |set, (_, modifier)| set | modifier)
}

/// `style` with another laid over it; what is reversed twice is not reversed.
fn laid_over(style: Style, over: Style) -> Style {
    let reversed = |style: Style| style.add_modifier.contains(Modifier::REVERSED);
    if reversed(style) && reversed(over) {
        style.patch(over).remove_modifier(Modifier::REVERSED)
    } else {
        style.patch(over)
    }
}

fn write_symbol(place: &mut ratatui::buffer::Cell, cell: &Cell<'_>) {
    let character = match cell.character {
        _ if cell.style.attributes.contains(Attributes::HIDDEN) => ' ',
        // The halves of a flag: their letters.
        c @ '\u{1f1e6}'..='\u{1f1ff}' => {
            char::from_u32(c as u32 - 0x1f1e6 + u32::from('A')).unwrap_or(' ')
        }
        // A skin tone would join the emoji before it; a separator of lines or of annotations has a
        // column here and none there.
        c if is_wild(c) => ' ',
        c => c,
    };
    if cell.combining.is_empty() || character == ' ' {
        place.set_char(character);
        return;
    }
    let marks = cell.combining.chars().filter(|mark| only_adds_a_mark(*mark));
    let symbol: String = std::iter::once(character).chain(marks).collect();
    let columns = if cell.width == Width::Wide { 2 } else { 1 };
    if symbol.width() == columns {
        place.set_symbol(&symbol);
    } else {
        place.set_char(character);
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Stylize;

    use super::*;
    use crate::terminal::{Emulator, Size};

    fn view(columns: u16, rows: u16, output: &str) -> View {
        let mut emulator = Emulator::new(Size { columns, rows }, 100);
        emulator.advance(output.as_bytes());
        emulator.view()
    }

    fn draw(view: &View, depth: ColorDepth, area: Rect, buf: &mut Buffer) {
        let rows = &view.rows[usize::from(first_row(view, area.height))..];
        ShellPane { rows, depth, over: &[] }.render(area, buf);
    }

    fn drawn_in(area: Rect, output: &str) -> (Buffer, Option<Position>) {
        let view = view(10, 4, output);
        let mut buf = Buffer::filled(area, ratatui::buffer::Cell::new("~"));
        draw(&view, ColorDepth::True, area, &mut buf);
        (buf, cursor(&view, area))
    }

    fn rows(buf: &Buffer) -> Vec<String> {
        let width = usize::from(buf.area.width);
        buf.content()
            .chunks(width)
            .map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn a_pane_of_the_screens_size() {
        let (buf, cursor) = drawn_in(Rect::new(0, 0, 10, 4), "\x1b(0lqqk\x1b(B\r\nabc");
        assert_eq!(rows(&buf), ["┌──┐      ", "abc       ", "          ", "          "]);
        assert_eq!(cursor, Some(Position::new(3, 1)));
    }

    #[test]
    fn a_larger_pane_is_blank_around_the_screen() {
        let (buf, cursor) = drawn_in(Rect::new(3, 2, 12, 5), "\x1b[4;10Hx");
        assert_eq!(rows(&buf)[3..], ["         x  ", "            "]);
        assert_eq!(cursor, Some(Position::new(12, 5)));
    }

    #[test]
    fn a_smaller_pane_shows_the_rows_around_the_cursor() {
        let (buf, cursor) = drawn_in(Rect::new(0, 0, 3, 2), "1234\r\n2\r\n3\r\n4");
        assert_eq!(rows(&buf), ["3  ", "4  "]);
        assert_eq!(cursor, Some(Position::new(1, 1)));
        let (buf, cursor) = drawn_in(Rect::new(0, 0, 3, 2), "1234");
        assert_eq!(rows(&buf), ["123", "   "]);
        assert_eq!(cursor, None, "out of sight");
        drawn_in(Rect::new(0, 0, 0, 0), "x");
    }

    #[test]
    fn a_pane_beyond_the_buffer_is_cut() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 2));
        draw(&view(10, 4, "abcdef"), ColorDepth::True, Rect::new(2, 1, 10, 4), &mut buf);
        assert_eq!(rows(&buf), ["     ", "  abc"]);
    }

    #[test]
    fn wide_characters_at_the_edge() {
        let (buf, _) = drawn_in(Rect::new(0, 0, 4, 1), "日本語");
        assert_eq!(rows(&buf), ["日 本 "]);
        let (buf, _) = drawn_in(Rect::new(0, 0, 3, 1), "日本語");
        assert_eq!(rows(&buf), ["日  "], "no half of a character");
    }

    #[test]
    fn what_an_outer_terminal_would_join_stays_apart() {
        let cases = [
            ("❤\u{fe0f}x", "❤x"),
            ("👨\u{200d}👩x", "👨 👩 x"),
            ("🇩🇪x", "DEx"),
            ("👍🏽x", "👍   x"),
            ("a\u{202e}b", "ab"),
            ("e\u{301}\u{200d}x", "e\u{301}x"),
            ("a\u{2028}b\u{fff9}c", "a b c"),
            ("a\tb", "a       b"),
        ];
        for (output, expected) in cases {
            let (buf, _) = drawn_in(Rect::new(0, 0, 10, 1), output);
            assert_eq!(rows(&buf)[0].trim_end(), expected, "{output:?}");
        }
    }

    #[test]
    fn attributes() {
        let output = "\x1b[1mb\x1b[0;2md\x1b[0;3mi\x1b[0;4mu\x1b[0;7mr\x1b[0;8mh\x1b[0;9ms\x1b[0m.";
        let (buf, _) = drawn_in(Rect::new(0, 0, 8, 1), output);
        let expected = ratatui::text::Line::from(vec![
            "b".bold(),
            "d".dim(),
            "i".italic(),
            "u".underlined(),
            "r".reversed(),
            " ".into(),
            "s".crossed_out(),
            ".".into(),
        ]);
        assert_eq!(buf, Buffer::with_lines([expected]));
    }

    #[test]
    fn colours_are_brought_down() {
        use Color::{Indexed, Reset, Rgb};
        let output = "\x1b[31m1\x1b[38;5;196m2\x1b[38;2;0;255;0;48;2;0;0;0m3\x1b[0m4";
        let view = view(10, 1, output);
        let colors = |depth| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
            draw(&view, depth, buf.area, &mut buf);
            [0, 1, 2, 3].map(|x| (buf[(x, 0)].fg, buf[(x, 0)].bg))
        };
        let plain = (Reset, Reset);
        let black = Rgb(0, 0, 0);
        assert_eq!(
            colors(ColorDepth::True),
            [(Indexed(1), Reset), (Indexed(196), Reset), (Rgb(0, 255, 0), black), plain]
        );
        assert_eq!(
            colors(ColorDepth::Indexed),
            [(Indexed(1), Reset), (Indexed(196), Reset), (Indexed(46), Indexed(16)), plain]
        );
        assert_eq!(
            colors(ColorDepth::Sixteen),
            [(Indexed(1), Reset), (Indexed(9), Reset), (Indexed(10), Indexed(0)), plain]
        );
        assert_eq!(colors(ColorDepth::None), [plain; 4]);
    }

    #[test]
    fn a_selection_is_laid_over() {
        let view = view(10, 1, "a\x1b[7mbc\x1b[0md");
        let style = Style::new().add_modifier(Modifier::REVERSED);
        let over = [
            Over { row: 0, columns: 1..4, style },
            Over { row: 0, columns: 9..30, style },
            Over { row: 5, columns: 0..4, style },
        ];
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        ShellPane { rows: &view.rows, depth: ColorDepth::True, over: &over }
            .render(buf.area, &mut buf);
        let reversed = [0, 1, 3, 4, 9].map(|x| buf[(x, 0)].modifier.contains(Modifier::REVERSED));
        assert_eq!(reversed, [false, false, true, false, true], "twice reversed is not");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            ..Default::default()
        })]
        /// Whatever is printed and wherever it is drawn, the rows keep their width, no control
        /// gets out, and nothing is written outside.
        #[test]
        fn any_output_in_any_area(
            output in r"([ -~]|[日😀é❤🇩🏽]|\u{301}|\u{200d}|\u{fe0f}|\t|\r\n|\x1b\[[0-9;]{0,4}[A-Za-z@])*",
            area in (0u16..8, 0u16..4, 0u16..14, 0u16..6),
        ) {
            let view = view(12, 4, &output);
            let whole = Rect::new(0, 0, 22, 10);
            let area = Rect::new(area.0, area.1, area.2, area.3);
            let mut buf = Buffer::filled(whole, ratatui::buffer::Cell::new("~"));
            draw(&view, ColorDepth::Indexed, area, &mut buf);
            for y in 0..whole.height {
                let mut x = 0;
                while x < whole.width {
                    let symbol = buf[(x, y)].symbol();
                    proptest::prop_assert!(!symbol.contains(char::is_control), "{symbol:?}");
                    let inside = area.contains(Position::new(x, y));
                    proptest::prop_assert!(inside || symbol == "~", "{symbol:?} at {x}, {y}");
                    let width = symbol.width() as u16;
                    proptest::prop_assert!(width == 1 || (inside && x + width <= area.right()));
                    x += width;
                }
            }
        }
    }
}
