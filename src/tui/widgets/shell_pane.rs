//! Draws an emulator's screen into a pane.
//!
//! What it writes is what [`Cell`]s show, made safe for the outer terminal: printable characters
//! whose width both sides agree on. An outer terminal that joined what the emulator holds in
//! separate cells (emoji sequences, flags) would shift the rest of the row, and only a full
//! repaint would cure that.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::terminal::{Attributes, Cell, Color as TerminalColor, Emulator, Width};
use crate::tui::theme::ColorDepth;

/// An emulator's visible screen.
pub struct ShellPane<'a> {
    /// What is shown.
    pub emulator: &'a Emulator,
    /// What its colours are brought down to.
    pub depth: ColorDepth,
    /// Laid over selected cells.
    pub selection: Style,
    /// Of the note, at the top right, that the view is scrolled back.
    pub note: Style,
}

impl ShellPane<'_> {
    /// Draws into `area`, which may be smaller or larger than the screen, and gives the place for
    /// the terminal's cursor; `None` where it is hidden or out of sight.
    pub fn render(&self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let area = area.intersection(buf.area);
        let screen = self.emulator.screen();
        let first = self.first_row(area);
        let (mut foreground, mut background) = (Reduced::to(self.depth), Reduced::to(self.depth));
        for y in 0..area.height {
            let mut cells = screen.row(first + y);
            for x in 0..area.width {
                let mut cell = cells.next().unwrap_or(Cell::BLANK);
                if cell.width == Width::Wide && x + 1 == area.width {
                    cell.character = ' ';
                    cell.combining = &[];
                }
                let mut style = Style::reset()
                    .fg(foreground.of(cell.foreground))
                    .bg(background.of(cell.background))
                    .add_modifier(modifiers(cell.attributes));
                if let Some(color) = cell.underline {
                    style = style.underline_color(self.depth.reduce(drawn(color)));
                }
                if cell.selected {
                    style = selected(style, self.selection);
                }
                let place = &mut buf[(area.x + x, area.y + y)];
                place.reset();
                write_symbol(place, &cell);
                place.set_style(style);
            }
        }
        self.write_note(area, buf);
        let cursor = screen.cursor()?;
        let row = cursor.row.checked_sub(first)?;
        let inside = cursor.column < area.width && row < area.height;
        inside.then(|| Position::new(area.x + cursor.column, area.y + row))
    }

    /// The first row shown: a pane that is too low shows the rows around the cursor.
    fn first_row(&self, area: Rect) -> u16 {
        let cursor = self.emulator.screen().cursor().map_or(0, |cursor| cursor.row);
        (cursor + 1).saturating_sub(area.height)
    }

    fn write_note(&self, area: Rect, buf: &mut Buffer) {
        let note = match self.emulator.scrolled() {
            0 => return,
            1 => " 1 line back ".to_owned(),
            lines => format!(" {lines} lines back "),
        };
        let width = note.width() as u16;
        if width <= area.width && area.height > 0 {
            buf.set_string(area.right() - width, area.y, note, Style::reset().patch(self.note));
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

/// `style` with the selection's laid over it; what is reversed twice is not reversed.
fn selected(style: Style, selection: Style) -> Style {
    let reversed = |style: Style| style.add_modifier.contains(Modifier::REVERSED);
    if reversed(style) && reversed(selection) {
        style.patch(selection).remove_modifier(Modifier::REVERSED)
    } else {
        style.patch(selection)
    }
}

fn write_symbol(place: &mut ratatui::buffer::Cell, cell: &Cell<'_>) {
    let character = match cell.character {
        _ if cell.attributes.contains(Attributes::HIDDEN) => ' ',
        // The halves of a flag: their letters.
        c @ '\u{1f1e6}'..='\u{1f1ff}' => {
            char::from_u32(c as u32 - 0x1f1e6 + u32::from('A')).unwrap_or(' ')
        }
        // A skin tone would join the emoji before it.
        '\u{1f3fb}'..='\u{1f3ff}' => ' ',
        c => c,
    };
    if cell.combining.is_empty() || character == ' ' {
        place.set_char(character);
        return;
    }
    let marks = cell.combining.iter().filter(|mark| only_adds_a_mark(**mark));
    let symbol: String = std::iter::once(character).chain(marks.copied()).collect();
    let columns = if cell.width == Width::Wide { 2 } else { 1 };
    if symbol.width() == columns {
        place.set_symbol(&symbol);
    } else {
        place.set_char(character);
    }
}

/// Whether a character without width does no more than its name says: joiners, presentation
/// selectors, direction overrides and tags change the width or the order of what is around them.
fn only_adds_a_mark(mark: char) -> bool {
    !matches!(
        mark,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use ratatui::style::Stylize;

    use super::*;
    use crate::terminal::{Scroll, SelectionKind, Size};

    fn emulator(columns: u16, rows: u16, output: &str) -> Emulator {
        let mut emulator = Emulator::new(Size { columns, rows }, 100);
        emulator.advance(output.as_bytes());
        emulator
    }

    fn pane(emulator: &Emulator, depth: ColorDepth) -> ShellPane<'_> {
        let selection = Style::new().add_modifier(Modifier::REVERSED);
        ShellPane { emulator, depth, selection, note: Style::new().fg(Color::Yellow) }
    }

    fn drawn_in(area: Rect, output: &str) -> (Buffer, Option<Position>) {
        let emulator = emulator(10, 4, output);
        let mut buf = Buffer::filled(area, ratatui::buffer::Cell::new("~"));
        let cursor = pane(&emulator, ColorDepth::True).render(area, &mut buf);
        (buf, cursor)
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
        let emulator = emulator(10, 4, "abcdef");
        let mut buf = Buffer::empty(Rect::new(0, 0, 5, 2));
        pane(&emulator, ColorDepth::True).render(Rect::new(2, 1, 10, 4), &mut buf);
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
        let emulator = emulator(10, 1, output);
        let colors = |depth| {
            let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
            pane(&emulator, depth).render(buf.area, &mut buf);
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
    fn the_selection_is_laid_over() {
        let mut emulator = emulator(10, 1, "a\x1b[7mbc\x1b[0md");
        emulator.start_selection(SelectionKind::Simple, 1, 0);
        emulator.extend_selection(3, 0);
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        pane(&emulator, ColorDepth::True).render(buf.area, &mut buf);
        let reversed = [0, 1, 3, 4].map(|x| buf[(x, 0)].modifier.contains(Modifier::REVERSED));
        assert_eq!(reversed, [false, false, true, false], "twice reversed is not");
    }

    #[test]
    fn a_view_that_is_scrolled_back_says_so() {
        let mut emulator = emulator(20, 2, "1\r\n2\r\n3\r\n4");
        emulator.scroll(Scroll::Up(1));
        let mut buf = Buffer::empty(Rect::new(0, 0, 20, 2));
        let cursor = pane(&emulator, ColorDepth::True).render(buf.area, &mut buf);
        assert_eq!(rows(&buf)[0], "2       1 line back ");
        assert_eq!((buf[(8, 0)].fg, cursor), (Color::Yellow, None));
        let mut narrow = Buffer::empty(Rect::new(0, 0, 8, 2));
        pane(&emulator, ColorDepth::True).render(narrow.area, &mut narrow);
        assert_eq!(rows(&narrow)[0], "2       ");
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
            let emulator = emulator(12, 4, &output);
            let whole = Rect::new(0, 0, 22, 10);
            let area = Rect::new(area.0, area.1, area.2, area.3);
            let mut buf = Buffer::filled(whole, ratatui::buffer::Cell::new("~"));
            pane(&emulator, ColorDepth::Indexed).render(area, &mut buf);
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
