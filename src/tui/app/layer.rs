//! What can lie over a screen. The top layer gets the keys.

use std::path::PathBuf;
use std::time::Duration;

use super::{Action, Answer, Moment};
use crate::incident::order::Order;
use crate::lab::hint::Shown;
use crate::pack::consent::Sheet;
use crate::problem::Problem;
use crate::terminal::links::Target;
use crate::tui::screens::author;
use crate::tui::screens::incident::{Diagnosis, Page};
use crate::tui::screens::search;
use crate::tui::screens::viewer::Viewer;

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// The keys of the screen below; scrolled by so many lines.
    Help(u16),
    /// Find a command, or a link.
    Palette(Palette),
    /// A question with answers.
    Dialog(Dialog),
    /// Something that went wrong.
    Problem(Problem),
    /// A hint, when the checks and hints are not on the screen.
    Hint(Shown),
    /// A file that a link led to.
    File(Viewer),
    /// An exercise was completed.
    Completed(Completed),
    /// A page to be read: a briefing, the updates, what happened.
    Page(Page),
    /// The question what is wrong.
    Diagnosis(Diagnosis),
}

/// A search over rows to choose from.
#[derive(Debug, Clone, PartialEq)]
pub struct Palette {
    /// What they are.
    pub title: &'static str,
    /// What was typed.
    pub query: String,
    /// Everything there is.
    pub all: Vec<PaletteRow>,
    /// Indices into `all`, the best match first.
    pub found: Vec<usize>,
    /// Index into `found`.
    pub selected: usize,
}

impl Palette {
    /// Over these rows.
    pub fn new(title: &'static str, all: Vec<PaletteRow>) -> Self {
        let mut palette = Self { title, query: String::new(), all, found: vec![], selected: 0 };
        palette.search();
        palette
    }

    /// Finds what the query is about; the best match is selected.
    pub fn search(&mut self) {
        self.found = search::rank(&self.query, self.all.iter().map(|row| row.text.as_str()));
        self.selected = 0;
    }
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
    /// Agree to what an item may do, and open it.
    Agree {
        /// What it may do.
        sheet: Box<Sheet>,
        /// Start over.
        fresh: bool,
    },
    /// Remove an item's sandbox.
    Destroy(String),
    /// Answer a program that wants to set the clipboard.
    Clipboard(Answer),
    /// Ask whether to rewind to this.
    AskRewind(Moment),
    /// Rewind to the snapshot of this name.
    Rewind(String),
    /// Replace the item's solution with what was written down here.
    ReplaceSolution(PathBuf),
    /// Order something of the incident.
    Order(Order),
    /// Open a link of the shell.
    Follow(Target),
    /// Answer a question of Author.
    Author(author::Answer),
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
    /// The answers: words and what they do. The first changes nothing: it is what closing the
    /// question means.
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
