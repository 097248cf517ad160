//! Finds what the lines of the edited file are made of, and lays out the lesson that is shown.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::Shared;
use crate::tui::app::{AuthorEvent, Event};
use crate::tui::widgets::highlight::{Highlighter, Tokens};
use crate::tui::widgets::markdown::{Code, Document, highlight_all};

/// How many lines are looked at before what is known of them is told, and the next request is looked for.
const BATCH: usize = 500;

/// What is to be looked at.
pub(super) enum Job {
    /// A file that is edited.
    File { path: String, text: Arc<str>, edits: u64 },
    /// A lesson that is shown.
    Lesson { path: String, text: Arc<str> },
}

/// Starts the thread. It ends when the sender is dropped.
pub(super) fn begin(shared: Shared, visit: u64) -> Sender<Job> {
    let (jobs, inbox) = channel();
    std::thread::spawn(move || {
        let tell = |event| shared.send(Event::Author { visit, event });
        Painter::default().run(&inbox, tell);
    });
    jobs
}

#[derive(Default)]
struct Painter {
    file: Option<(String, u64, Option<Highlighter>)>,
    /// Whether there is something left to do for it.
    busy: bool,
    lesson: Option<(String, Arc<str>)>,
    /// The code of the last lesson: most of it is the same in the next.
    known: Vec<(Code, Option<Vec<Tokens>>)>,
}

impl Painter {
    fn run(mut self, inbox: &Receiver<Job>, tell: impl Fn(AuthorEvent)) {
        loop {
            if !self.busy && self.lesson.is_none() {
                let Ok(job) = inbox.recv() else { return };
                self.take(job);
            }
            for job in inbox.try_iter() {
                self.take(job);
            }
            if let Some(event) = self.paint() {
                tell(event);
            }
            if let Some((path, text)) = self.lesson.take() {
                let document = Box::new(self.lay_out(&text));
                tell(AuthorEvent::Lesson { path, document });
            }
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::File { path, text, edits } => {
                self.busy = true;
                match &mut self.file {
                    Some((known, before, Some(highlighter))) if *known == path => {
                        highlighter.update(&text);
                        *before = edits;
                    }
                    _ => {
                        let highlighter = Highlighter::of(&path, &text);
                        self.file = Some((path, edits, highlighter));
                    }
                }
            }
            Job::Lesson { path, text } => self.lesson = Some((path, text)),
        }
    }

    /// Goes on with the file for a while.
    fn paint(&mut self) -> Option<AuthorEvent> {
        let (path, edits, highlighter) = self.file.as_mut().filter(|_| self.busy)?;
        let Some(highlighter) = highlighter else {
            self.busy = false;
            return None;
        };
        self.busy = !highlighter.advance(BATCH);
        let (path, edits, tokens) = (path.clone(), *edits, highlighter.tokens());
        Some(AuthorEvent::Coloured { path, edits, tokens })
    }

    fn lay_out(&mut self, text: &str) -> Document {
        let mut document = Document::parse(text);
        let before = std::mem::take(&mut self.known);
        for code in document.code() {
            let known = before.iter().find(|(known, _)| known == code);
            let parts = known.map_or_else(
                || highlight_all(std::slice::from_ref(code)).pop().flatten(),
                |(_, parts)| parts.clone(),
            );
            self.known.push((code.clone(), parts));
        }
        document.set_highlights(self.known.iter().map(|(_, parts)| parts.clone()).collect());
        document
    }
}
