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
mod tests;
