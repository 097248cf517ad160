//! The emulator: bytes in, a screen and answers out.

use std::time::{Duration, Instant};

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::{Config, Osc52, Term, TermMode};
use alacritty_terminal::vte::ansi::{Processor, Timeout};
use serde::{Deserialize, Serialize};

use super::extras::Extras;
use super::guard::Guard;
use super::history::{self, History};
use super::hold::Hold;
use super::modes::Modes;
use super::outbox::{Event, Outbox};
use super::palette::Palette;
use super::scanner::{Scanner, Then};
use super::shell::Note;
use super::view::View;
use super::{Line, screen};

/// No shell is of use in less: a smaller pane shows a part. Wrapping 10 000 long lines anew takes
/// 0.1 s at 10 columns and 14 s at 2; and in one column the model takes memory without end.
pub(super) const MIN_SIZE: Size = Size { columns: 10, rows: 1 };

/// Larger than any real screen. A size comes from the outer terminal, which may say anything, and
/// memory and time grow with it.
pub(super) const MAX_SIZE: Size = Size { columns: 640, rows: 256 };

/// Lines kept above the screen at most: some 200 bytes each.
const MAX_SCROLLBACK: usize = 100_000;

/// How many bytes are parsed between looks at the clock. The dearest sequence found, clearing the
/// screen, takes 6 ms for so many at 200×60.
const SLICE: usize = 1024;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// Width in cells.
    pub columns: u16,
    /// Height in cells.
    pub rows: u16,
}

impl Size {
    /// This size within what the emulator does.
    #[must_use]
    pub fn clamped(self) -> Self {
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
    pub(super) term: Term<Outbox>,
    outbox: Outbox,
    hold: Hold,
    pub(super) extras: Extras,
    history: History,
}

impl Emulator {
    /// A blank screen that keeps `scrollback` lines above it (at most 100,000).
    pub fn new(size: Size, scrollback: usize) -> Self {
        let config = Config {
            scrolling_history: history::MODEL_LIMIT,
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
            history: History::new(scrollback.min(MAX_SCROLLBACK)),
        }
    }

    /// What questions for colours are answered with from now on.
    pub fn set_palette(&mut self, palette: Palette) {
        self.extras.palette = palette;
    }

    /// Takes in what the program printed. Wherever the output is cut into pieces, the screen
    /// becomes the same.
    pub fn advance(&mut self, bytes: &[u8]) {
        for slice in bytes.chunks(SLICE) {
            self.advance_slice(slice);
        }
    }

    fn advance_slice(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let step = self.scanner.step(bytes, self.size().columns);
            bytes = &bytes[step.taken..];
            self.parse(step.feed);
            match step.then {
                Then::Nothing => {}
                Then::TakeNote => {
                    if let Some(note) = Note::read(self.scanner.note()) {
                        self.parts().0.note(note);
                    }
                }
                Then::AnswerParameters(asked) => {
                    // No parity, eight bits, 38,400 baud both ways: what xterm says.
                    let reply = format!("\x1b[{};1;1;128;128;1;0x", asked + 2);
                    self.outbox.reply(reply.as_bytes());
                }
                Then::SoftReset => self.parts().0.soft_reset(),
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
            self.advance_slice(slice);
            taken += slice.len();
            if Instant::now() >= deadline {
                break;
            }
        }
        taken
    }

    /// How many of the first `bytes` may be left out, since nothing of them would be left: what comes
    /// behind them in `bytes` scrolls all of it away. With this a flood of short lines is no more work
    /// than the lines that are kept. It looks at plain text only, and gives 0 where it is not sure.
    pub fn displaced(&self, bytes: &[u8]) -> usize {
        let rows = self.term.screen_lines();
        let sure = self.scanner.is_between()
            && self.hold.until().is_none()
            && self.extras.margins.is_none()
            && !self.in_alternate_screen();
        // As many as there are above the screen and on it, and those that only lead the cursor down.
        let enough = self.history.limit() + 2 * rows;
        if !sure || bytes.len() < 2 * enough {
            return 0;
        }
        let end = bytes.iter().position(|byte| !is_plain(*byte)).unwrap_or(bytes.len());
        let plain = &bytes[..end];
        let feeds = (0..end).rev().filter(|at| plain[*at] == b'\n').take(enough);
        let Some((count, feed)) = (1..).zip(feeds).last() else { return 0 };
        let known = count == enough
            // The column it begins in, and the character that `REP` repeats.
            && feed > 0
            && plain[feed - 1] == b'\r'
            && plain[feed..].iter().any(|byte| *byte > b' ');
        if known { feed - 1 } else { 0 }
    }

    fn parse(&mut self, bytes: &[u8]) {
        let (mut guard, parser) = self.parts();
        parser.advance(&mut guard, bytes);
    }

    fn parts(&mut self) -> (Guard<'_>, &mut Processor<Never>) {
        let Self { term, hold, extras, outbox, history, parser, .. } = self;
        (Guard { term, hold, extras, outbox, history }, parser)
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
            self.extras.margins = None;
            self.history.resized();
            self.history.collect(&mut self.term);
        }
        size
    }

    /// The screen's size.
    pub fn size(&self) -> Size {
        Size { columns: self.term.columns() as u16, rows: self.term.screen_lines() as u16 }
    }

    /// What the program asked of the keyboard, the mouse and pastes.
    pub fn modes(&self) -> Modes {
        Modes::of(*self.term.mode(), &self.extras)
    }

    /// The folder the shell says it is in, an absolute path.
    pub fn folder(&self) -> Option<&str> {
        self.extras.folder.as_deref()
    }

    /// Whether the shell, if it tells, waits for a command: what is typed now is one.
    pub fn shell_waits(&self) -> bool {
        self.extras.shell.waits()
    }

    /// How many times the shell has begun to wait for a command, or for more of one. A shell that
    /// does not tell never has.
    pub fn prompts(&self) -> u64 {
        self.extras.shell.prompts()
    }

    /// What is to be seen now.
    pub fn view(&self) -> View {
        let mut view = View::blank(self.size());
        self.view_into(&mut view);
        view
    }

    /// The same in the memory of another view.
    pub fn view_into(&self, view: &mut View) {
        view.size = self.size();
        if let Some(picture) = self.hold.picture() {
            view.rows.clone_from(&picture.rows);
            view.state.cursor = picture.cursor;
        } else {
            screen::fill(&mut view.rows, &self.term);
            view.state.cursor = screen::cursor(&self.term);
        }
        if self.extras.reversed {
            view.rows.iter_mut().for_each(|line| line.reverse(usize::from(view.size.columns)));
        }
        view.state.modes = self.modes();
        view.state.title.clone_from(&self.extras.title);
        view.state.folder.clone_from(&self.extras.folder);
        view.state.history = u32::try_from(self.history()).unwrap_or(u32::MAX);
    }

    /// All lines: those above the screen, the oldest first, then the screen's own. In the alternate
    /// screen there are none above.
    pub fn lines(&self) -> Vec<Line> {
        let term = &self.term;
        let mut lines = Vec::new();
        if !self.in_alternate_screen() {
            lines = self.history.wrapped_at(self.size().columns);
        }
        let above = (1..=term.history_size()).rev().map(|row| screen::above(term, row));
        let below = (0..term.screen_lines()).map(|row| screen::below(term, row));
        lines.extend(above.chain(below).map(|row| Line::of(row, term.colors())));
        let most = self.history.limit() + term.screen_lines();
        lines.drain(..lines.len().saturating_sub(most));
        lines
    }

    fn in_alternate_screen(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
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

    /// How many lines there are above the screen, as wide as they were when they scrolled there.
    pub fn history(&self) -> usize {
        if self.in_alternate_screen() {
            return 0;
        }
        (self.history.len() + self.term.history_size()).min(self.history.limit())
    }
}

/// Whether a byte only prints, or leads the cursor on as lines of text do.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

#[cfg(test)]
mod tests;
