//! The terminal in raw mode, given back on every way out: return, error, signal, panic.

use std::io::{self, Write};
use std::sync::Once;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::problem::{Exit, Problem};

/// Undoes what a program that was cut off in the middle may have asked of the terminal: the
/// alternate screen, a hidden cursor, the mouse, bracketed paste, application keys, colours.
const UNDO: &str = "\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\
    \x1b[?1l\x1b>\x1b[0m";

static HOOK: Once = Once::new();

/// Raw mode until dropped.
#[derive(Debug)]
pub(super) struct Raw {
    /// Whether the shell ended by itself and so left the terminal in order.
    pub(super) in_order: bool,
}

impl Raw {
    /// Takes the terminal.
    pub(super) fn enter() -> Result<Self, Problem> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                // Before the message, which would run down the screen like stairs.
                let _ = disable_raw_mode();
                tracing::error!(%info, "panic");
                before(info);
            }));
        });
        enable_raw_mode().map_err(|error| {
            let message = format!("The terminal cannot be used: {error}");
            Problem::new("terminal", Exit::Environment, message)
                .remedy("drydock shell ID < FILE runs commands without a terminal")
        })?;
        Ok(Self { in_order: false })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = disable_raw_mode();
        if !self.in_order {
            let mut out = io::stdout();
            let _ = out.write_all(UNDO.as_bytes()).and_then(|()| out.flush());
        }
    }
}
