//! Where the learner is, remembered within a second of each change; and the way back there at the start.
//!
//! What each screen remembers is its own; which screen it was, and when it is written, is told here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{App, Effect, Event, IncidentEvent, Screen, WorkspaceEvent};
use crate::tui::place;

/// How long after a change it is written: what is done in one go is written once.
const SETTLES: Duration = Duration::from_millis(300);

/// What is remembered under which key: the screen,
pub const SCREEN: &str = "place.screen";

/// Home,
pub const HOME: &str = "place.home";

/// and, with its id or path after it, each attempt and each folder of content.
pub const ATTEMPT: &str = "place.attempt.";
pub const CONTENT: &str = "place.content.";

/// The screen that the learner is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// Home.
    Home,
    /// How far one has come.
    Tracker,
    /// What was attempted, as this search finds it.
    History(String),
    /// An item's workspace, or its incident.
    Item(String),
    /// A folder of content.
    Author(PathBuf),
}

/// How far it is with going back.
#[derive(Debug, Default, PartialEq, Eq)]
enum Way {
    /// There is nothing to go back to, or one is there.
    #[default]
    Gone,
    /// It is not known yet where that was.
    Unknown,
    /// It is looked whether one can.
    Looking(At),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// What was written last, by its key.
    kept: HashMap<String, String>,
    /// When to write what has changed.
    due: Option<Instant>,
    way: Way,
}

impl App {
    /// As soon as it is known where the learner was, goes back there, unless a key comes first.
    pub fn go_back(&mut self) {
        self.places.way = Way::Unknown;
    }

    /// When what has changed is to be written.
    pub(super) fn next_note(&self) -> Option<Instant> {
        self.places.due
    }

    /// Takes note that an event has happened which may have moved the learner.
    pub(super) fn note_place(&mut self, moved: bool, now: Instant) {
        if moved {
            self.places.due.get_or_insert(now + SETTLES);
        }
    }

    /// Somebody does something where they are: that is where they are.
    pub(super) fn stay(&mut self) {
        if std::mem::take(&mut self.places.way) != Way::Gone {
            self.notice = None;
        }
        if let Some(reading) = &mut self.reading {
            reading.opens = None;
        }
    }

    /// Writes what has changed, if it is time.
    pub(super) fn note_due(&mut self, now: Instant) -> Vec<Effect> {
        if self.places.due.is_none_or(|due| now < due) {
            return vec![];
        }
        self.remember()
    }

    /// Writes what has changed.
    pub fn remember(&mut self) -> Vec<Effect> {
        self.places.due = None;
        let mut changed = Vec::new();
        for (key, json) in self.where_it_is() {
            if self.places.kept.get(&key) != Some(&json) {
                self.places.kept.insert(key.clone(), json.clone());
                changed.push(Effect::Remember { key, json });
            }
        }
        changed
    }

    fn where_it_is(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        let mut add = |key: String, json: Option<String>| all.extend(json.map(|json| (key, json)));
        if let Some(home) = self.home.place() {
            add(HOME.to_owned(), place::write(&home));
        }
        if let Some((attempt, it)) = self.workspace.as_ref().and_then(|it| it.place()) {
            add(format!("{ATTEMPT}{attempt}"), place::write(&it));
        }
        if let Some((attempt, it)) = self.incident.as_ref().and_then(|it| it.place()) {
            add(format!("{ATTEMPT}{attempt}"), place::write(&it));
        }
        if let Some((root, it)) = self.author.as_ref().and_then(|it| it.place()) {
            add(format!("{CONTENT}{}", root.display()), place::write(&it));
        }
        if let Some(at) = self.at().filter(|_| self.places.way == Way::Gone) {
            add(SCREEN.to_owned(), place::write(&at));
        }
        all
    }

    /// The screen to go back to; nothing while that is not known, or there is none.
    fn at(&self) -> Option<At> {
        let author = || self.author.as_ref().and_then(|it| Some(At::Author(it.root()?.to_owned())));
        let item = match self.screen {
            Screen::Workspace => self.workspace.as_ref().map(|it| &it.item.id),
            Screen::Incident => self.incident.as_ref().map(|it| &it.item.id),
            Screen::Author => return author(),
            Screen::Home => return Some(At::Home),
            Screen::Tracker => return Some(At::Tracker),
            Screen::History => return Some(At::History(self.history.as_ref()?.text.clone())),
            // Opened from somewhere, and left to there; or all there is.
            Screen::Setup | Screen::Replay | Screen::Report | Screen::Shell => return None,
        };
        // What is tried from a folder may be there only while the folder is open.
        author().or(Some(At::Item(item?.clone())))
    }

    /// It is known where the learner was.
    pub(super) fn place_known(&mut self, [screen, home]: [Option<String>; 2]) -> Vec<Effect> {
        if let Some(place) = home.as_deref().and_then(place::read)
            && self.home.place().is_none()
        {
            self.home.return_to(place, &self.course);
        }
        if self.places.way != Way::Unknown {
            return vec![];
        }
        self.places.way = Way::Gone;
        let to = match screen.as_deref().and_then(place::read) {
            None | Some(At::Home) => return vec![],
            Some(At::Tracker) => return self.open_tracker(),
            Some(At::History(text)) => return self.open_history(text),
            Some(At::Item(item)) if self.reading.is_none() && self.course.item(&item).is_none() => {
                let words = "what you were at is not in the content any more";
                self.notice = Some(format!("{}: {words}", crate::tui::widgets::tame::tame(&item)));
                return vec![];
            }
            Some(to) => to,
        };
        self.places.way = Way::Looking(to.clone());
        vec![Effect::FindWayBack(to)]
    }

    /// It is known whether one can go back.
    pub(super) fn way_back(
        &mut self,
        to: &At,
        found: Result<(), String>,
        now: Instant,
    ) -> Vec<Effect> {
        if self.places.way != Way::Looking(to.clone()) {
            return vec![];
        }
        self.places.way = Way::Gone;
        match (found, to) {
            (Err(why), _) => {
                self.notice = Some(why);
                vec![]
            }
            (Ok(()), At::Home | At::Tracker | At::History(_)) => vec![],
            (Ok(()), At::Item(item)) => self.open(item, false, now),
            (Ok(()), At::Author(folder)) => self.open_author(folder.clone()),
        }
    }
}

/// Whether an event may have moved the learner.
pub(super) fn moves(event: &Event) -> bool {
    match event {
        Event::Key(_)
        | Event::Mouse(_)
        | Event::Paste(_)
        | Event::Resize(..)
        | Event::Progress { .. }
        | Event::WayBack { .. }
        | Event::Author { .. } => true,
        Event::Workspace { event, .. } => {
            matches!(event, WorkspaceEvent::Ready(_) | WorkspaceEvent::Lesson { .. })
        }
        Event::Incident { event, .. } => matches!(event, IncidentEvent::Begun { .. }),
        _ => false,
    }
}
