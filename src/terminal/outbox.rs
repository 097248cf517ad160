//! What a program's output gives besides a picture: answers to its questions, and events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alacritty_terminal::event::{Event as ModelEvent, EventListener};

/// Answers that wait to be written back. A program that asks without ever reading the answers
/// would pile them up; what exceeds this is dropped, as a full line would.
const MAX_REPLIES: usize = 64 * 1024;

/// Something for the rest of the program to act on, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The window's title was set, or reset with `None`. At most 256 characters, none of them a
    /// control.
    Title(Option<String>),
    /// The bell rang, once or often.
    Bell,
    /// The program asks to put this text into the learner's clipboard (OSC 52). At most 75 KB.
    /// Reading the clipboard is never answered.
    Clipboard(String),
}

#[derive(Default)]
struct Waiting {
    replies: Vec<u8>,
    // Of each kind only the last is of use, and one is bounded.
    title: Option<Event>,
    bell: bool,
    clipboard: Option<Event>,
}

/// Where the model leaves them. It keeps one handle, the emulator another.
#[derive(Clone, Default)]
pub(super) struct Outbox(Arc<Mutex<Waiting>>);

impl Outbox {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reply(&self, bytes: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.replies.len() + bytes.len() <= MAX_REPLIES {
            waiting.replies.extend_from_slice(bytes);
        }
    }

    pub(super) fn take_replies(&self) -> Vec<u8> {
        std::mem::take(&mut self.waiting().replies)
    }

    pub(super) fn take_events(&self) -> Vec<Event> {
        let mut waiting = self.waiting();
        let mut events = Vec::new();
        events.extend(waiting.title.take());
        events.extend(std::mem::take(&mut waiting.bell).then_some(Event::Bell));
        events.extend(waiting.clipboard.take());
        events
    }
}

impl EventListener for Outbox {
    fn send_event(&self, event: ModelEvent) {
        match event {
            ModelEvent::PtyWrite(text) => self.reply(text.as_bytes()),
            ModelEvent::Title(title) => {
                self.waiting().title = Some(Event::Title(Some(title)));
            }
            ModelEvent::ResetTitle => self.waiting().title = Some(Event::Title(None)),
            ModelEvent::Bell => self.waiting().bell = true,
            ModelEvent::ClipboardStore(_, text) => {
                self.waiting().clipboard = Some(Event::Clipboard(text));
            }
            // Colours and sizes are answered by the guard; the rest concerns a window of its own.
            _ => {}
        }
    }
}
