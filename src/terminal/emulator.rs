//! The emulator: bytes in, a screen and answers out.

use std::time::{Duration, Instant};

use alacritty_terminal::grid::{Dimensions, Scroll as ModelScroll};
use alacritty_terminal::term::{Config, Osc52, Term};
use alacritty_terminal::vte::ansi::{Processor, Timeout};

use super::guard::{Extras, Guard};
use super::hold::Hold;
use super::modes::Modes;
use super::outbox::{Event, Outbox};
use super::palette::Palette;
use super::scanner::{Scanner, Then};
use super::screen::{self, Screen};
use super::selection::{self, SelectionKind};

/// No shell is of use in less: a smaller pane shows a part. Wrapping 10 000 long lines anew takes
/// 0.1 s at 10 columns and 14 s at 2; and in one column the model takes memory without end.
const MIN_SIZE: Size = Size { columns: 10, rows: 1 };

/// Larger than any real screen. A size comes from the outer terminal, which may say anything, and
/// memory and time grow with it.
const MAX_SIZE: Size = Size { columns: 640, rows: 256 };

/// Lines kept above the screen at most: 24 bytes a cell, so 58 MB at 120 columns.
const MAX_SCROLLBACK: usize = 20_000;

/// How many bytes are parsed between looks at the clock. The dearest sequence found, clearing the
/// screen, takes 6 ms for so many bytes at 200×60.
const SLICE: usize = 1024;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
}

impl Size {
    /// This size within what the emulator does.
    fn clamped(self) -> Self {
        Self {
            columns: self.columns.clamp(MIN_SIZE.columns, MAX_SIZE.columns),
            rows: self.rows.clamp(MIN_SIZE.rows, MAX_SIZE.rows),
        }
    }
}

impl Dimensions for Size {
    fn total_lines(&self) -> usize {
        self.screen_lines()
    }

    fn screen_lines(&self) -> usize {
        usize::from(self.rows)
    }

    fn columns(&self) -> usize {
        usize::from(self.columns)
    }
}

/// How to move the view over the lines above the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scroll {
    /// Towards older lines.
    Up(u16),
    /// Towards newer lines.
    Down(u16),
    /// By the screen's height towards older lines.
    PageUp,
    /// By the screen's height towards newer lines.
    PageDown,
    /// To the oldest line.
    Top,
    /// Back to the present.
    Bottom,
}

/// The parser's own buffering of synchronized output is never used: see [`super::hold`].
#[derive(Default)]
struct Never;

impl Timeout for Never {
    fn set_timeout(&mut self, _: Duration) {}
    fn clear_timeout(&mut self) {}
    fn pending_timeout(&self) -> bool {
        false
    }
}

/// A terminal that shows what a program prints. See the [module](super) for what it promises.
pub struct Emulator {
    scanner: Scanner,
    parser: Processor<Never>,
    term: Term<Outbox>,
    outbox: Outbox,
    hold: Hold,
    extras: Extras,
}

impl Emulator {
    /// A blank screen that keeps `scrollback` lines above it (at most 20 000).
    pub fn new(size: Size, scrollback: usize) -> Self {
        let config = Config {
            scrolling_history: scrollback.min(MAX_SCROLLBACK),
            kitty_keyboard: true,
            osc52: Osc52::OnlyCopy,
            ..Config::default()
        };
        let outbox = Outbox::default();
        Self {
            scanner: Scanner::default(),
            parser: Processor::new(),
            term: Term::new(config, &size.clamped(), outbox.clone()),
            outbox,
            hold: Hold::default(),
            extras: Extras::default(),
        }
    }

    /// What questions for colours are answered with from now on.
    pub fn set_palette(&mut self, palette: Palette) {
        self.extras.palette = palette;
    }

    /// Takes in what the program printed. Wherever the output is cut into pieces, the screen
    /// becomes the same.
    pub fn advance(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = self.scanner.step(bytes, self.size().columns);
            bytes = &bytes[step.taken..];
            self.parse(step.feed);
            match step.then {
                Then::Nothing => {}
                Then::SpoilCopy => self.parse(b"!"),
                Then::RepeatLine => {
                    let columns = self.size().columns;
                    self.parse(format!("\x18\x1b[{columns}b").as_bytes());
                }
                Then::AnswerVersion => {
                    let version = env!("CARGO_PKG_VERSION");
                    self.outbox.reply(format!("\x1bP>|drydock({version})\x1b\\").as_bytes());
                }
            }
        }
        if self.hold.until().is_some() {
            self.hold.expire(Instant::now());
        }
    }

    /// Takes in `bytes` until `deadline`, and at least a first slice of them; how many it took.
    /// With this a flood of the dearest sequences cannot keep a caller from its other work.
    pub fn advance_until(&mut self, bytes: &[u8], deadline: Instant) -> usize {
        let mut taken = 0;
        for slice in bytes.chunks(SLICE) {
            self.advance(slice);
            taken += slice.len();
            if Instant::now() >= deadline {
                break;
            }
        }
        taken
    }

    fn parse(&mut self, bytes: &[u8]) {
        let Self { term, hold, extras, outbox, parser, .. } = self;
        parser.advance(&mut Guard { term, hold, extras, outbox }, bytes);
    }

    /// The program's questions answered, to be written to its input.
    pub fn take_replies(&mut self) -> Vec<u8> {
        self.outbox.take_replies()
    }

    /// What else happened since the last call.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.outbox.take_events()
    }

    /// Gives the screen another size, as near to `size` as there can be, and returns it: this is
    /// what the program must be told. Long lines are wrapped anew.
    pub fn resize(&mut self, size: Size) -> Size {
        let size = size.clamped();
        if size != self.size() {
            self.hold.drop_picture();
            self.term.resize(size);
        }
        size
    }

    /// The screen's size.
    pub fn size(&self) -> Size {
        Size { columns: self.term.columns() as u16, rows: self.term.screen_lines() as u16 }
    }

    /// What the program asked of the keyboard, the mouse and pastes.
    pub fn modes(&self) -> Modes {
        Modes::of(*self.term.mode(), self.extras.x10_mouse)
    }

    /// What is to be seen now.
    pub fn screen(&self) -> Screen<'_> {
        Screen::new(&self.term, self.hold.picture())
    }

    /// When an unfinished update (mode 2026) will be shown all the same: to be drawn again then,
    /// after [`Self::release`]. `None` while there is none, and what is drawn is up to date.
    pub fn held_until(&self) -> Option<Instant> {
        self.hold.until()
    }

    /// Shows an unfinished update whose time is over. Whether there was one.
    pub fn release(&mut self, now: Instant) -> bool {
        self.hold.expire(now)
    }

    /// Moves the view over the lines above the screen. While it is scrolled up, it stays where it
    /// is when the program prints.
    pub fn scroll(&mut self, scroll: Scroll) {
        self.hold.drop_picture();
        // By nothing first: this brings the model's number within the lines there are.
        self.term.scroll_display(ModelScroll::Delta(0));
        self.term.scroll_display(match scroll {
            Scroll::Up(lines) => ModelScroll::Delta(i32::from(lines)),
            Scroll::Down(lines) => ModelScroll::Delta(-i32::from(lines)),
            Scroll::PageUp => ModelScroll::PageUp,
            Scroll::PageDown => ModelScroll::PageDown,
            Scroll::Top => ModelScroll::Top,
            Scroll::Bottom => ModelScroll::Bottom,
        });
    }

    /// How many lines the view is scrolled up by; 0 at the present.
    pub fn scrolled(&self) -> usize {
        screen::scrolled(&self.term)
    }

    /// How many lines there are above the screen.
    pub fn history(&self) -> usize {
        self.term.history_size()
    }

    /// Starts selecting at a place of the visible screen.
    pub fn start_selection(&mut self, kind: SelectionKind, column: u16, row: u16) {
        selection::start(&mut self.term, kind, column, row);
    }

    /// Extends what is selected to a place of the visible screen.
    pub fn extend_selection(&mut self, column: u16, row: u16) {
        selection::extend(&mut self.term, column, row);
    }

    /// Selects nothing.
    pub fn clear_selection(&mut self) {
        self.term.selection = None;
    }

    /// The selected text; `None` where nothing is selected.
    pub fn selected_text(&self) -> Option<String> {
        selection::text(&self.term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::{Color, CursorShape, MouseEncoding, MouseReports, Width};

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
        let mut emulator =
            emulator("\x07\x1b]2;one\x07\x07\x1b]0;t\u{9b}wo\x1b\\\x1b]52;c;aGk=\x07");
        let expected =
            [Event::Title(Some("two".into())), Event::Bell, Event::Clipboard("hi".into())];
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
        assert!(!emulator.release(until - Duration::from_millis(1)));
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
        let lines: String = (1..=20).map(|n| format!("{n}\r\n")).collect();
        let mut emulator = emulator(&lines);
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
        use Width::{Narrow, Spacer, Wide};
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
        assert_eq!(
            emulator.selected_text().unwrap(),
            "日本",
            "whole characters, within the screen"
        );
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
}
