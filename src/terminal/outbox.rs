//! What a program's output gives besides a picture: answers to its questions, and events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alacritty_terminal::event::{Event as ModelEvent, EventListener};

/// Answers that wait to be written back. A program that asks without ever reading the answers
/// would pile them up; what exceeds this is dropped, as a full line would.
const MAX_REPLIES: usize = 64 * 1024;

/// Commands' starts and ends that wait to be taken. Each is at most 4 KB; a person does not start so
/// many between two looks.
const MAX_COMMANDS: usize = 128;

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
    /// The shell runs a command that was typed at its prompt.
    CommandStarted {
        /// The command as it was typed: several lines where it was continued. At most 4 KB, none of
        /// it a control but line ends.
        text: String,
    },
    /// The last one that started is over. One that the shell says nothing more of (it started another
    /// shell, say) has no end.
    CommandEnded {
        /// Its exit status, if the shell told.
        status: Option<i32>,
    },
}

#[derive(Default)]
struct Waiting {
    replies: Vec<u8>,
    // Of each kind only the last is of use, and one is bounded.
    title: Option<Event>,
    bell: bool,
    clipboard: Option<Event>,
    // Of these all are.
    commands: Vec<Event>,
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

    /// Whether it was taken: it is not while too many wait, and then its end should not come either.
    pub(super) fn command_started(&self, text: String) -> bool {
        let mut waiting = self.waiting();
        let room = waiting.commands.len() + 2 <= MAX_COMMANDS;
        if room {
            waiting.commands.push(Event::CommandStarted { text });
        }
        room
    }

    pub(super) fn command_ended(&self, status: Option<i32>) {
        self.waiting().commands.push(Event::CommandEnded { status });
    }

    pub(super) fn take_events(&self) -> Vec<Event> {
        let mut waiting = self.waiting();
        let mut events = Vec::new();
        events.extend(waiting.title.take());
        events.extend(std::mem::take(&mut waiting.bell).then_some(Event::Bell));
        events.extend(waiting.clipboard.take());
        events.append(&mut waiting.commands);
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
