//! Signals that end the program: it leaves the terminal as it found it and saves what there is.

use std::sync::mpsc::Sender;

use crate::tui::app::Event;

/// Turns SIGTERM, SIGHUP and SIGINT into [`Event::Terminate`]. (Ctrl-C is a key: the terminal is in
/// raw mode.)
#[cfg(unix)]
pub(super) fn watch(events: Sender<Event>) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP, SIGINT])?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if events.send(Event::Terminate).is_err() {
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
