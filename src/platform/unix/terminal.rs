//! The terminal: what it is, and what it is told that is not the same everywhere.

use std::io::{self, Write};
use std::os::fd::AsFd;

/// Reports of presses, releases, drags and the wheel with decimal coordinates, and not of every
/// move: those would wake us for nothing.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l";

/// Its kind, as `TERM` tells; empty where nobody does.
pub(crate) fn kind() -> String {
    std::env::var("TERM").unwrap_or_default()
}

/// Whether it understands escape sequences; `TERM` tells more.
pub(crate) fn takes_sequences() -> bool {
    true
}

/// Its columns and rows; `None` where the stream is no terminal.
pub(crate) fn size(stream: impl AsFd) -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some((size.ws_col, size.ws_row))
}

/// Captures the mouse or lets it go.
pub(crate) fn mouse(out: &mut impl Write, on: bool) -> io::Result<()> {
    out.write_all(if on { MOUSE_ON } else { MOUSE_OFF }.as_bytes())
}

/// Whether a program can be stopped and go on later.
pub(crate) const STOPS: bool = true;

/// Stops this program until it is told to go on: the whole job, as the terminal's own Ctrl-Z would.
pub(crate) fn stop() {
    let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
}
