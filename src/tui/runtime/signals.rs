//! Signals: those that end the program, which leaves the terminal as it found it and saves what there
//! is, and the one that tells that the terminal has another size.

use std::sync::mpsc::Sender;

use crate::tui::app::Event;

/// Turns SIGTERM, SIGHUP and SIGINT into [`Event::Terminate`] (Ctrl-C is a key: the terminal is in raw
/// mode), and SIGWINCH into [`Event::Resize`].
///
/// crossterm watches for SIGWINCH too. But it looks for one only between two keys, and waits for the
/// rest of a sequence that has begun, such as an Alt-[, for as long as none comes: so what it says of
/// sizes is left aside.
#[cfg(unix)]
pub(super) fn watch(events: Sender<Event>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT, SIGWINCH])?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let event = match signal {
                SIGWINCH => match super::Terminal::area() {
                    Ok(area) => Event::Resize(area.width, area.height),
                    Err(_) => continue, // a terminal that is gone has no size
                },
                _ => Event::Terminate,
            };
            if events.send(event).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// There are no such signals here.
#[cfg(not(unix))]
pub(super) fn watch(_events: Sender<Event>) -> std::io::Result<()> {
    Ok(())
}
