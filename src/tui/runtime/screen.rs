//! The outer terminal: taken, drawn on, and always given back as it was.
//!
//! Given back on every way out: return, error, panic (of the drawing thread; another thread's panic
//! is only logged, the screen is still ours), a signal, and Ctrl-Z.

use std::cell::Cell;
use std::io::{self, BufWriter, Stdout, Write};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use super::at_origin;
use super::outer::{self, Outer};
use crate::platform::terminal;
use crate::tui::app::OuterModes;

/// What `CopyToClipboard` may carry: terminals cut off or ignore longer OSC 52 sequences.
const CLIPBOARD: usize = 74_000;

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether it speaks kitty's keyboard protocol, which then is to be given back too.
static KITTY: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();
/// Where the last panic was written down, told after the terminal is given back.
static REPORT: Mutex<Option<std::path::PathBuf>> = Mutex::new(None);

/// The outer terminal.
pub(super) struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<Out>>,
    meter: Rc<Meter>,
    outer: Outer,
}

impl Terminal {
    /// Takes the terminal.
    pub(super) fn enter(mouse: bool) -> io::Result<Self> {
        if !std::io::IsTerminal::is_terminal(&io::stdin())
            || !std::io::IsTerminal::is_terminal(&io::stdout())
        {
            return Err(io::Error::other("standard input or output is not a terminal"));
        }
        let owner = std::thread::current().id();
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                let trace = std::backtrace::Backtrace::force_capture();
                tracing::error!(%info, %trace, "panic");
                if std::thread::current().id() == owner {
                    let was_ours = TAKEN.load(Ordering::SeqCst);
                    give_back();
                    before(info);
                    let report = REPORT.lock().unwrap_or_else(PoisonError::into_inner);
                    if let (true, Some(report)) = (was_ours, &*report) {
                        let _ = writeln!(
                            io::stderr(),
                            "drydock failed, which is our fault. Your progress is saved. The report is in {}",
                            report.display()
                        );
                    }
                }
            }));
        });
        let meter = Rc::new(Meter::default());
        let out = BufWriter::with_capacity(1 << 16, io::stdout());
        let backend = CrosstermBackend::new(Out { out, meter: meter.clone() });
        let inner = ratatui::Terminal::new(backend)?;
        let kitty = outer::speaks_kitty(|name| std::env::var(name).ok());
        KITTY.store(kitty, Ordering::SeqCst);
        let mut terminal = Self { inner, meter, outer: Outer::new(kitty) };
        terminal.take(mouse)?;
        Ok(terminal)
    }

    /// Where a panic's report is found.
    pub(super) fn report_in(path: std::path::PathBuf) {
        *REPORT.lock().unwrap_or_else(PoisonError::into_inner) = Some(path);
    }

    fn take(&mut self, mouse: bool) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(
            io::stdout(),
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            cursor::Hide
        )?;
        Self::mouse(mouse)?;
        self.clear()
    }

    /// The terminal's size.
    pub(super) fn area() -> io::Result<Rect> {
        Ok(at_origin(crossterm::terminal::size()?))
    }

    /// Draws one frame inside a synchronized update.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        // Ratatui flushes twice on its way; whoever reads at the other end would wake up for each.
        self.meter.held.set(true);
        let drawn = self.inner.draw(draw).map(drop);
        self.meter.held.set(false);
        execute!(self.inner.backend_mut(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Sets what the program in the shell has asked for.
    pub(super) fn set(&mut self, modes: OuterModes) -> io::Result<()> {
        let change = self.outer.change(modes);
        if change.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout();
        out.write_all(change.as_bytes())?;
        out.flush()
    }

    /// How many bytes were drawn since this was last asked.
    pub(super) fn take_written(&self) -> u64 {
        self.meter.written.take()
    }

    /// Forgets what is on the screen: the next frame draws everything.
    ///
    /// A resize to the same size does that. `clear` of ratatui would also ask the terminal where its
    /// cursor is and wait for the answer, up to two seconds where none comes.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.inner.resize(Self::area()?)
    }

    /// Captures the mouse or lets it go.
    pub(super) fn mouse(on: bool) -> io::Result<()> {
        let mut out = io::stdout();
        terminal::mouse(&mut out, on)?;
        out.flush()
    }

    /// Puts text on the clipboard by OSC 52, which also works over SSH. Whether all of it.
    pub(super) fn copy(text: &str) -> io::Result<bool> {
        let end = text.floor_char_boundary(CLIPBOARD);
        execute!(io::stdout(), CopyToClipboard::to_clipboard_from(&text[..end]))?;
        Ok(end == text.len())
    }

    /// Gives the terminal back, stops, and takes it again when continued. Gives its size, which may
    /// have changed meanwhile.
    pub(super) fn suspend(&mut self, mouse: bool) -> io::Result<Rect> {
        if terminal::STOPS {
            self.set(OuterModes::default())?;
            give_back();
            terminal::stop();
            self.take(mouse)?;
        }
        Self::area()
    }
}

/// What [`Out`] is told, and tells.
#[derive(Default)]
struct Meter {
    /// Bytes that went through.
    written: Cell<u64>,
    /// Whether a frame is being drawn: it goes out as a whole.
    held: Cell<bool>,
}

/// Standard output, with what goes through counted.
struct Out {
    out: BufWriter<Stdout>,
    meter: Rc<Meter>,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.meter.written.set(self.meter.written.get() + count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.meter.held.get() { Ok(()) } else { self.out.flush() }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Leaves the terminal as it was found. Best effort: nothing can be done if it is gone.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = terminal::mouse(&mut out, false);
    if KITTY.load(Ordering::SeqCst) {
        // All flags at once: how many there are is not known here, and one too many is ignored.
        let _ = out.write_all(b"\x1b[<9u");
    }
    let _ = execute!(
        out,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        DisableFocusChange,
        cursor::SetCursorStyle::DefaultUserShape,
        cursor::Show,
        LeaveAlternateScreen
    );
    let _ = disable_raw_mode();
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use portable_pty::{CommandBuilder, PtySize, native_pty_system};

    use super::*;

    const CHILD: &str = "DRYDOCK_TEST_PANIC";

    /// What the child process of the test below does: nothing when it is run as a test.
    #[test]
    fn panics_on_a_terminal() {
        if std::env::var_os(CHILD).is_some() {
            Terminal::report_in("/somewhere/drydock.log".into());
            let mut terminal = Terminal::enter(true).unwrap();
            terminal.draw(|frame| frame.render_widget("drawn", frame.area())).unwrap();
            panic!("on purpose");
        }
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_says_where_the_report_is() {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "tui::runtime::screen::tests::panics_on_a_terminal",
            "--nocapture",
        ]);
        command.args(["--test-threads", "1"]);
        command.env(CHILD, "1");
        command.env("TERM", "xterm-256color");
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = Vec::new();
        // At the end of a pseudo-terminal reading fails on some systems; what was read counts.
        let _ = pair.master.try_clone_reader().unwrap().read_to_end(&mut output);
        child.wait().unwrap();
        let output = String::from_utf8_lossy(&output);
        let at =
            |text: &str| output.rfind(text).unwrap_or_else(|| panic!("{text:?} in {output:?}"));
        assert!(at("\x1b[?1049h") < at("drawn"));
        assert!(at("drawn") < at("\x1b[?1049l"));
        assert!(at("\x1b[?1000h") < at("\x1b[?1000l"));
        assert!(at("\x1b[?1049l") < at("on purpose"), "told on the screen it belongs to");
        assert!(at("on purpose") < at("The report is in /somewhere/drydock.log"));
    }
}
