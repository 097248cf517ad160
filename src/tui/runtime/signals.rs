//! Signals: those that end the program, which leaves the terminal as it found it and saves what there
//! is, and the one that tells that the terminal has another size.

use std::sync::mpsc::Sender;

use crate::platform::{Signal, signals};
use crate::tui::app::Event;

/// Turns what ends the program (SIGTERM, SIGHUP and SIGINT) into [`Event::Terminate`] (Ctrl-C is a key: the
/// terminal is in raw mode), and SIGWINCH into [`Event::Resize`].
///
/// crossterm watches for SIGWINCH too. But it looks for one only between two keys, and waits for the
/// rest of a sequence that has begun, such as an Alt-[, for as long as none comes: so what it says of
/// sizes is left aside.
pub(super) fn watch(events: Sender<Event>) -> std::io::Result<()> {
    signals::watch(move |signal| {
        let event = match signal {
            Signal::Resize => match super::Terminal::area() {
                Ok(area) => Event::Resize(area.width, area.height),
                Err(_) => return true, // a terminal that is gone has no size
            },
            _ => Event::Terminate,
        };
        events.send(event).is_ok()
    })
}
