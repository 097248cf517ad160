//! Reads the terminal's input in a thread of its own.
//!
//! crossterm has two ways to wait for it. The usual one is told once of bytes that have come: where
//! SIGWINCH comes with them, it gives the new size and leaves them unread until the next key. With
//! its feature `use-dev-tty` it asks each time whether there are any, and none is left.

use std::sync::mpsc::Sender;
use std::time::Duration;

use crossterm::event::{self, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::tui::app::Event;

/// How long after an Esc the rest of an escape sequence may still come. Over SSH a sequence can be
/// cut into two packets.
const ESCAPE: Duration = Duration::from_millis(10);
const ESCAPE_SSH: Duration = Duration::from_millis(50);

/// Starts the thread. It ends with the process: nothing can interrupt a blocking read.
pub(super) fn read(events: Sender<Event>) {
    let wait = if std::env::var_os("SSH_CONNECTION").is_some() { ESCAPE_SSH } else { ESCAPE };
    std::thread::spawn(move || {
        // An error means that the terminal, or whoever takes the events, is gone.
        if forward(&events, wait).is_none() {
            let _ = events.send(Event::Terminate);
        }
    });
}

fn forward(events: &Sender<Event>, wait: Duration) -> Option<()> {
    let send = |event| translate(event).map_or(Some(()), |event| events.send(event).ok());
    loop {
        let event = event::read().ok()?;
        // An Esc waits a moment: with a character right behind it, it was Alt.
        if is_escape(&event) && event::poll(wait).ok()? {
            match event::read().ok()? {
                event::Event::Key(key) if joins(key) => {
                    let modifiers = key.modifiers | KeyModifiers::ALT;
                    send(event::Event::Key(KeyEvent { modifiers, ..key }))?;
                }
                next => {
                    send(event)?;
                    send(next)?;
                }
            }
        } else {
            send(event)?;
        }
    }
}

fn is_escape(event: &event::Event) -> bool {
    matches!(event, event::Event::Key(key)
        if key.code == KeyCode::Esc && key.modifiers.is_empty() && key.kind == KeyEventKind::Press)
}

fn joins(key: KeyEvent) -> bool {
    matches!(key.code, KeyCode::Char(_)) && !key.modifiers.contains(KeyModifiers::ALT)
}

fn translate(event: event::Event) -> Option<Event> {
    Some(match event {
        // Releases too: a program in the shell may have asked for them.
        event::Event::Key(key) => Event::Key(key),
        event::Event::Mouse(mouse) => Event::Mouse(mouse),
        event::Event::Paste(text) => Event::Paste(text),
        // Where there is a signal for it, it is heard by `signals`, which tells why.
        event::Event::Resize(..) if cfg!(unix) => return None,
        event::Event::Resize(cols, rows) => Event::Resize(cols, rows),
        event::Event::FocusGained => Event::Focus(true),
        event::Event::FocusLost => Event::Focus(false),
    })
}
