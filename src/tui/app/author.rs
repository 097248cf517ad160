//! Author: opened, told what happens, left.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::{App, Choice, Effect, Layer, Screen};
use crate::author::{Reading, Recovered};
use crate::problem::{Exit, Problem};
use crate::prove::{Outcome, Stage};
use crate::tui::screens::author::{self, Answer, Author, Way};
use crate::tui::widgets::highlight::Tokens;
use crate::tui::widgets::markdown::Document;

/// What Author wants to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum AuthorOrder {
    /// Read a folder, and follow what happens to it.
    Open(PathBuf),
    /// Read a file, to be edited; paths are below the folder.
    Read(String),
    /// Lay out this lesson whenever it changes; none, if that is nothing.
    Show(Option<String>),
    /// An open file has this text now.
    Changed {
        /// The file.
        path: String,
        /// The whole text.
        text: Arc<str>,
        /// Which change it is, for what comes of it.
        edits: u64,
        /// Whether the disk has another one.
        unsaved: bool,
    },
    /// Write a file, unless it has become another than `over`.
    Save {
        /// The file.
        path: String,
        /// What to write.
        text: Arc<str>,
        /// What it is known to hold; `None` if it is not there.
        over: Option<Arc<str>>,
    },
    /// A file is open no longer; nothing is to be kept of it.
    Closed(String),
    /// Keep what is not saved, at once.
    Keep,
    /// Throw away what was left behind.
    Forget(Box<Recovered>),
}

/// What can happen to an open folder.
#[derive(Debug)]
pub enum AuthorEvent {
    /// It was opened, and the learner was there in it, as it was remembered.
    Opened {
        /// The folder with all links followed.
        root: PathBuf,
        /// Where.
        place: Option<String>,
    },
    /// It was read, as it is now.
    Read(Box<Reading>),
    /// It cannot be opened.
    Failed(Problem),
    /// A file was read, to be edited.
    File {
        /// The file.
        path: String,
        /// Its text.
        content: Result<Arc<str>, Problem>,
    },
    /// An open file has become another on the disk.
    Disk {
        /// The file.
        path: String,
        /// Its text; `None` if it was removed.
        text: Option<Arc<str>>,
    },
    /// The parts of an open file's lines.
    Coloured {
        /// The file.
        path: String,
        /// Which text they are of.
        edits: u64,
        /// For each line.
        tokens: Vec<Arc<Tokens>>,
    },
    /// The lesson that is shown, as it is now.
    Lesson {
        /// The file.
        path: String,
        /// What is in it.
        document: Box<Document>,
    },
    /// A file was written.
    Saved {
        /// The file.
        path: String,
        /// What it holds now.
        text: Arc<str>,
    },
    /// It could not be.
    NotSaved(Problem),
    /// It was not, since somebody else has changed it.
    Conflict {
        /// The file.
        path: String,
        /// What it holds.
        text: Option<Arc<str>>,
    },
    /// A stage of a proof begins on an engine.
    Proving {
        /// The engine.
        engine: &'static str,
        /// The stage.
        stage: Stage,
    },
    /// What came of it on an engine.
    Proved {
        /// The engine.
        engine: &'static str,
        /// What.
        outcome: Box<Outcome>,
    },
    /// There is no more to prove: all was run, it was stopped, or it could not be run.
    ProofOver(Result<(), Problem>),
    /// A text was left behind by a program that came to a sudden end.
    Recovered(Recovered),
}

impl App {
    /// Opens the folder of content that there is to write in, or says that there is none.
    pub(super) fn open_content(&mut self) -> Vec<Effect> {
        if self.author.is_some() {
            self.screen = Screen::Author;
            return vec![];
        }
        if let Some(folder) = self.content.clone() {
            return self.open_author(folder);
        }
        let message = "The built-in content is part of the program and cannot be changed";
        let problem = Problem::new("read_only", Exit::Usage, message);
        let remedy = "drydock new makes a folder of your own; drydock author DIR opens one";
        self.layers.push(Layer::Problem(problem.remedy(remedy)));
        vec![]
    }

    /// Opens a folder of content.
    pub fn open_author(&mut self, folder: PathBuf) -> Vec<Effect> {
        self.visits += 1;
        let mut author = Author::new(folder, self.visits);
        author.restyle(&self.theme, self.signs);
        author.arrange(self.area);
        let effects = vec![author.begin()];
        self.author = Some(author);
        self.screen = Screen::Author;
        effects
    }

    /// Author, while it is what the screen shows.
    pub(super) fn open_author_mut(&mut self) -> Option<&mut Author> {
        self.author.as_mut().filter(|_| self.screen == Screen::Author)
    }

    pub(super) fn author_happened(
        &mut self,
        visit: u64,
        event: AuthorEvent,
        now: Instant,
    ) -> Vec<Effect> {
        // Also of a folder that was just left: what was given up there is not to be practised.
        if let AuthorEvent::Read(reading) = &event {
            self.reading = None;
            self.course = Arc::clone(&reading.course);
            self.home.renew(&self.course);
        }
        let Some(author) = self.author.as_mut().filter(|it| it.visit == visit) else {
            return vec![];
        };
        let outcome = author.happened(event, &self.course, self.area);
        let mut effects = self.came(outcome);
        effects.extend(self.leave_author(now));
        effects
    }

    /// Goes where somebody wants to go from Author, or asks first.
    pub(super) fn go(&mut self, way: Way, now: Instant) -> Vec<Effect> {
        match self.author.as_ref().and_then(|author| author.ask_to_leave(&way)) {
            Some(dialog) => {
                self.layers.push(Layer::Dialog(dialog));
                vec![]
            }
            None => self.gone(way, now),
        }
    }

    /// Tries the item that the preview is about.
    pub(super) fn try_item(&mut self, now: Instant) -> Vec<Effect> {
        let item = self.author.as_ref().and_then(|author| author.to_try(&self.course));
        if let Some(item) = item {
            return self.go(Way::Try(item), now);
        }
        self.notice = Some("There is no item here that could be tried".to_owned());
        vec![]
    }

    fn gone(&mut self, way: Way, now: Instant) -> Vec<Effect> {
        match way {
            Way::Home => {
                self.author = None;
                self.screen = Screen::Home;
                vec![Effect::CloseAuthor, Effect::LoadProgress, Effect::LookForEngine]
            }
            Way::Quit => {
                self.quitting = true;
                vec![]
            }
            Way::Try(item) => self.open(&item, false, now),
        }
    }

    /// Goes where somebody wanted to go once everything was saved, if it is by now.
    fn leave_author(&mut self, now: Instant) -> Vec<Effect> {
        let way = self.author.as_mut().and_then(Author::leaves);
        way.map(|way| self.gone(way, now)).unwrap_or_default()
    }

    pub(super) fn author_answered(&mut self, answer: Answer, now: Instant) -> Vec<Effect> {
        let Some(author) = &mut self.author else { return vec![] };
        // The question stays under what is to be seen first.
        if let Answer::See(path) = &answer {
            self.layers.extend(author.ask_about(path));
        }
        let outcome = author.answered(answer, self.area);
        let mut effects = self.came(outcome);
        effects.extend(self.leave_author(now));
        effects
    }

    /// The preview is scrolled no further than to its end, which moves with what it shows.
    pub(super) fn settle_preview(&mut self) {
        let Some(scrolled) = self.author.as_ref().filter(|author| author.is_scrolled()) else {
            return;
        };
        let last = author::last_scroll(self, scrolled);
        if let Some(author) = &mut self.author {
            author.settle(last);
        }
    }

    /// A row of the palette for each file that can be edited.
    pub(super) fn files_to_edit(&self) -> impl Iterator<Item = (String, Choice)> {
        let author = self.author.as_ref().filter(|_| self.screen == Screen::Author);
        let files = author.map(Author::files).unwrap_or_default().into_iter();
        files.map(|path| (format!("Edit {path}"), Choice::Author(Answer::Edit(path))))
    }
}
