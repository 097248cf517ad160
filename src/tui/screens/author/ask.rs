//! What Author asks, and the answers.

use super::Author;
use crate::author::{Recovered, difference};
use crate::tui::app::{AuthorOrder, Choice, Dialog, FileContent, Layer};
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::viewer::Viewer;
use ratatui::layout::Rect;

/// Where one goes from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Home.
    Home,
    /// Out of the program.
    Quit,
    /// To an item, to try it.
    Try(String),
}

/// An answer to one of these questions.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Save everything, then go.
    SaveAll(Way),
    /// Throw the changes away and go.
    Discard(Way),
    /// Leave the file as it is here: the next save replaces the disk's.
    Mine(String),
    /// Take the disk's.
    Theirs(String),
    /// Show how they differ.
    See(String),
    /// Go on with a text that was left behind.
    Recover(Box<Recovered>),
    /// Throw it away.
    Forget(Box<Recovered>),
    /// Open a file.
    Edit(String),
}

fn dialog(title: &str, text: String, answers: Vec<(&str, Choice)>) -> Dialog {
    let answers = answers.into_iter().map(|(words, choice)| (words.to_owned(), choice)).collect();
    Dialog { title: title.to_owned(), text, answers, selected: 0 }
}

fn answer(answer: Answer) -> Choice {
    Choice::Author(answer)
}

impl Author {
    /// What is to be asked before going anywhere: there may be changes that are not saved.
    pub fn ask_to_leave(&self, way: &Way) -> Option<Dialog> {
        let unsaved: Vec<_> = self.unsaved().collect();
        if unsaved.is_empty() {
            return None;
        }
        let text = format!("Not saved: {}", unsaved.join(", "));
        let mut answers =
            vec![("Stay", Choice::Close), ("Save and go", answer(Answer::SaveAll(way.clone())))];
        // What is tried is what the disk has; there is nothing to throw away for that.
        if !matches!(way, Way::Try(_)) {
            answers.push(("Throw them away", answer(Answer::Discard(way.clone()))));
        }
        Some(dialog("Changes that are not saved", text, answers))
    }

    /// A file has become another on the disk, while it was changed here.
    pub fn ask_about(&self, path: &str) -> Option<Layer> {
        let buffer = self.buffers.get(path)?;
        let text = match &buffer.disk {
            Some(disk) => {
                let lines = difference::lines(disk, &buffer.text);
                let differ =
                    if lines == 1 { "1 line differs" } else { &format!("{lines} lines differ") };
                format!("Somebody has changed {path}, and so have you: {differ}.")
            }
            None => format!("Somebody has removed {path}, and you have changed it."),
        };
        let answers = vec![
            ("Later", Choice::Close),
            ("See", answer(Answer::See(path.to_owned()))),
            ("Keep mine", answer(Answer::Mine(path.to_owned()))),
            ("Take theirs", answer(Answer::Theirs(path.to_owned()))),
        ];
        Some(Layer::Dialog(dialog("Changed on the disk", text, answers)))
    }

    /// A text was left behind by a program that came to a sudden end.
    pub(super) fn ask_to_recover(it: Recovered) -> Layer {
        let differ =
            if it.lines == 1 { "1 line differs" } else { &format!("{} lines differ", it.lines) };
        let text =
            format!("Changes of {} were never saved: {differ} from the file on the disk.", it.path);
        let answers = vec![
            ("Later", Choice::Close),
            ("Go on with them", answer(Answer::Recover(Box::new(it.clone())))),
            ("Throw them away", answer(Answer::Forget(Box::new(it)))),
        ];
        Layer::Dialog(dialog("Recovered", text, answers))
    }

    /// Does what was answered.
    pub fn answered(&mut self, answer: Answer, area: Rect) -> Outcome {
        match answer {
            Answer::SaveAll(way) => {
                self.leaving = Some(way);
                self.save_all()
            }
            Answer::Discard(way) => {
                let paths: Vec<_> = self.unsaved().map(str::to_owned).collect();
                self.leaving = Some(way);
                let mut outcome = Outcome::default();
                for path in paths {
                    outcome.effects.extend(self.take_theirs(&path));
                }
                outcome
            }
            Answer::Mine(path) => {
                if let Some(buffer) = self.buffers.get_mut(&path) {
                    buffer.conflict = false;
                }
                Outcome::notice("Kept; saving will replace what is on the disk")
            }
            Answer::Theirs(path) => Outcome::effects(self.take_theirs(&path)),
            Answer::See(path) => self.see(&path, area),
            Answer::Recover(it) => {
                let mut effects = self.recover(&it, area);
                // By now it is kept as this program's own.
                effects.push(self.order(AuthorOrder::Forget(it)));
                Outcome::effects(effects)
            }
            Answer::Forget(it) => Outcome::effects(vec![self.order(AuthorOrder::Forget(it))]),
            Answer::Edit(path) => Outcome::effects(self.edit(&path, None, area)),
        }
    }

    /// How a text differs from the file, and then the question again.
    fn see(&self, path: &str, area: Rect) -> Outcome {
        let Some(buffer) = self.buffers.get(path) else { return Outcome::default() };
        let disk = buffer.disk.as_deref().unwrap_or_default();
        let text = difference::unified(("on the disk", disk), ("here", &buffer.text));
        let size = text.len() as u64;
        let content = FileContent { bytes: text.into_bytes(), size };
        let viewer = Viewer::new(path.to_owned(), &content, None, area);
        Outcome::layer(Layer::File(viewer))
    }
}
