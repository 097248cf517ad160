//! One line that is typed about the open file: what to search for, or which line to go to.

use super::Author;
use crate::tui::app::Action;
use crate::tui::widgets::editor::Place;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub kind: Kind,
    /// What was typed.
    pub text: String,
    /// Where the cursor was: one goes back there where nothing is found.
    pub from: Place,
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text to be found.
    Find,
    /// A line, and with a colon a column.
    Line,
}

impl Prompt {
    /// What stands before the text.
    pub fn title(&self) -> &'static str {
        match self.kind {
            Kind::Find => "Find: ",
            Kind::Line => "Line: ",
        }
    }

    /// The place that `12` or `12:5` names.
    pub fn place(&self) -> Option<Place> {
        let (line, column) = self.text.trim().split_once(':').unwrap_or((self.text.trim(), "1"));
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number > 0);
        Some((number(line)? - 1, number(column)? - 1))
    }
}

impl Author {
    pub(super) fn open_prompt(&mut self, kind: Kind) {
        if let Some(buffer) = self.buffer() {
            let from = buffer.editor.cursor();
            self.prompt = Some(Prompt { kind, text: String::new(), from });
        }
    }

    /// What was searched for stays marked no longer.
    pub(super) fn close_prompt(&mut self) {
        self.prompt = None;
        if let Some(buffer) = self.buffer_mut() {
            buffer.editor.search("");
        }
    }

    pub(super) fn act_prompt(&mut self, action: Action) {
        let find = self.prompt.as_ref().is_some_and(|prompt| prompt.kind == Kind::Find);
        match action {
            Action::Open | Action::Down if find => self.find(true, false),
            Action::Open => self.close_prompt(),
            Action::Up if find => self.find(false, false),
            _ => {}
        }
    }

    pub(super) fn find(&mut self, forward: bool, here: bool) {
        let what = self.searched.clone();
        if let Some(buffer) = self.buffer_mut().filter(|_| !what.is_empty()) {
            buffer.editor.search(&what);
            buffer.editor.find(forward, here);
        }
    }

    /// What is typed is searched for, or gone to, at once.
    pub(super) fn prompted(&mut self) {
        let Some(prompt) = self.prompt.clone() else { return };
        let Some(buffer) = self.buffer_mut() else { return };
        match prompt.kind {
            Kind::Line => buffer.editor.show(prompt.place().unwrap_or(prompt.from)),
            Kind::Find => {
                buffer.editor.show(prompt.from);
                buffer.editor.search(&prompt.text);
                if !prompt.text.is_empty() {
                    buffer.editor.find(true, true);
                }
                self.searched = prompt.text;
            }
        }
    }
}
