//! What can lie over a screen. The top layer gets the keys.

use std::time::Duration;

use super::Action;
use crate::lab::hint::Shown;
use crate::problem::Problem;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// The keys of the screen below; scrolled by so many lines.
    Help(u16),
    /// Find a command.
    Palette(Palette),
    /// A question with answers.
    Dialog(Dialog),
    /// Something that went wrong.
    Problem(Problem),
    /// A hint, when the checks and hints are not on the screen.
    Hint(Shown),
    /// An exercise was completed.
    Completed(Completed),
}

/// A search over everything that can be done now.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Palette {
    /// What was typed.
    pub query: String,
    /// Everything there is.
    pub all: Vec<PaletteRow>,
    /// Indices into `all`, the best match first.
    pub found: Vec<usize>,
    /// Index into `found`.
    pub selected: usize,
}

/// A row of the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct PaletteRow {
    /// What it says.
    pub text: String,
    /// Its keys.
    pub keys: String,
    /// What it does.
    pub choice: Choice,
}

/// What a chosen row or answer does.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// An action.
    Do(Action),
    /// Open an item.
    OpenItem {
        /// The item.
        item: String,
        /// Start over.
        fresh: bool,
    },
    /// Remove an item's sandbox.
    Destroy(String),
    /// Nothing.
    Close,
}

/// A question.
#[derive(Debug, Clone, PartialEq)]
pub struct Dialog {
    /// What it is about.
    pub title: String,
    /// The question.
    pub text: String,
    /// The answers: words and what they do.
    pub answers: Vec<(String, Choice)>,
    /// Index into `answers`.
    pub selected: usize,
}

/// What is said when an exercise is complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Completed {
    /// The item's title.
    pub title: String,
    /// What was learned.
    pub takeaways: Vec<String>,
    /// Time at the keys.
    pub active: Duration,
    /// The estimate.
    pub estimate: Duration,
    /// How many checks there were.
    pub checks: usize,
    /// Hints that were shown.
    pub hints: usize,
    /// Whether it is the first completion.
    pub first: bool,
    /// The next item's id and title.
    pub next: Option<(String, String)>,
}
