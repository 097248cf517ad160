//! The terminal: what it is, and what it is told that is not the same everywhere.

use std::io::{self, Write};

use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::execute;
use winapi_util::AsHandleRef;
use winapi_util::console::screen_buffer_info;

/// Its kind. Consoles have no names; all of them know colours and the sequences that we use.
pub(crate) fn kind() -> String {
    std::env::var("TERM").unwrap_or_else(|_| "the Windows console".to_owned())
}

/// Whether it understands escape sequences, which it has to be asked for.
pub(crate) fn takes_sequences() -> bool {
    crossterm::ansi_support::supports_ansi()
}

/// Its columns and rows; `None` where the stream is no terminal.
pub(crate) fn size(stream: impl AsHandleRef) -> Option<(u16, u16)> {
    let shown = screen_buffer_info(stream).ok()?.window_rect();
    let length = |from: i16, to: i16| u16::try_from(i32::from(to) - i32::from(from) + 1).ok();
    Some((length(shown.left, shown.right)?, length(shown.top, shown.bottom)?))
}

/// Captures the mouse or lets it go: the console tells of it in its own way.
pub(crate) fn mouse(out: &mut impl Write, on: bool) -> io::Result<()> {
    if on { execute!(out, EnableMouseCapture) } else { execute!(out, DisableMouseCapture) }
}

/// Whether a program can be stopped and go on later.
pub(crate) const STOPS: bool = false;

/// There is no stopping here.
pub(crate) fn stop() {}
