//! The program's state and the one place where it changes.
//!
//! Everything here is pure: no terminal, engine, file or clock. [`App::update`] takes an
//! [`Event`] and the time it happened and gives the [`Effect`]s to carry out.

mod action;
mod author;
mod clipboard;
mod consent;
mod effect;
mod event;
mod history;
mod incident;
mod keys;
mod layer;
mod outer;
mod over;
mod place;
mod pointer;
mod reading;
mod replay;
mod report;
mod sync;
mod tracker;
mod update;

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
pub(crate) mod driver;
#[cfg(test)]
mod place_tests;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use ratatui::layout::Rect;

pub use action::Action;
pub use author::{AuthorEvent, AuthorOrder};
pub use clipboard::Answer;
pub use effect::{Effect, MAX_FILE};
pub use event::{
    EngineState, Event, FileContent, Found, IncidentEvent, Moment, ReadyState, WorkspaceEvent,
};
pub use history::HistoryEvent;
pub use layer::{Choice, Completed, Dialog, Layer, Palette, PaletteRow};
pub use outer::OuterModes;
pub use place::At;
pub(super) use place::{ATTEMPT, CONTENT, HOME, SCREEN};
pub use reading::Reading;
pub use replay::ReplayEvent;
pub use report::ReportEvent;
pub use sync::{SyncEvent, Synced, Syncing};

use super::keymap::{Chord, Context};
use super::screens::author::Author;
use super::screens::bare::{Bare, Ending};
use super::screens::history::History;
use super::screens::incident::Incident;
use super::screens::report::Report;
use super::screens::shell::Shell;
use super::screens::tracker::Tracker;
use super::screens::workspace::{PaneId, Workspace};
use super::screens::{home::Home, replay::Replay, setup::Setup};
use super::theme::{Signs, Theme};
use crate::course::Catalogue;
use crate::store::Progress;

/// How often the screen's clock moves and the checks run by themselves.
pub const TICK: Duration = Duration::from_secs(1);

/// Everything the screen shows is drawn from this.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct App {
    /// The terminal's size.
    pub area: Rect,
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub signs: Signs,
    /// The one key that leaves the shell pane.
    pub leave: Chord,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// Whether the network may not be used.
    pub offline: bool,
    /// What there is to practise: while it is being read, as its index knows it.
    pub course: Arc<Catalogue>,
    /// That it is being read, and what waits for that.
    pub reading: Option<Reading>,
    /// What has been done, by item.
    pub progress: HashMap<String, Progress>,
    /// Items that somebody proved, or tried to.
    pub proved: HashSet<String>,
    /// Items that are due to be practised again, and since when.
    pub due: HashMap<String, Date>,
    /// Days in a row with practice.
    pub streak: u32,
    /// How completions stand with their repository.
    pub sync: Syncing,
    /// The engine, as far as is known.
    pub engine: EngineState,
    /// Which screen is shown.
    pub screen: Screen,
    /// Home's state; it is kept while a workspace is open.
    pub home: Home,
    /// The open workspace.
    pub workspace: Option<Workspace>,
    /// The open incident.
    pub incident: Option<Incident>,
    /// The folder of content that is written in; it is kept while an item of it is tried.
    pub author: Option<Author>,
    /// Which folder that would be.
    pub content: Option<PathBuf>,
    /// The recording that is played.
    pub replay: Option<Replay>,
    /// How far the learner has come; it is kept while an item is practised.
    pub tracker: Option<Tracker>,
    /// What was attempted.
    pub history: Option<History>,
    /// The class that is followed.
    pub report: Option<Report>,
    /// The shell that is all there is, instead of everything else.
    pub bare: Option<Bare>,
    /// How it came to its end.
    pub ending: Option<Ending>,
    /// Setup's state.
    pub setup: Setup,
    /// What lies over the screen, the last on top.
    pub layers: Vec<Layer>,
    /// A word in the footer, until the next key.
    pub notice: Option<String>,
    /// Whether the program should end.
    pub quitting: bool,
    /// Counts the opened workspaces; results for an older one are ignored.
    visits: u64,
    /// When the last tick was.
    ticked: Instant,
    /// Whether the terminal has the focus.
    focused: bool,
    /// Items from packs that the learner agreed to, since the program was started.
    agreed: HashSet<String>,
    /// What programs may do with the clipboard.
    clipboard: clipboard::Answers,
    /// What is remembered of where the learner is.
    places: place::Places,
}

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Modules and items.
    Home,
    /// An exercise.
    Workspace,
    /// A scenario.
    Incident,
    /// A folder of content.
    Author,
    /// A recording.
    Replay,
    /// How far the learner has come.
    Tracker,
    /// What was attempted.
    History,
    /// A class.
    Report,
    /// First start.
    Setup,
    /// A shell and nothing else.
    Shell,
}

impl App {
    /// The state before the first event.
    pub fn new(settings: Settings, course: Arc<Catalogue>, now: Instant) -> Self {
        let home = Home::new(&course, None);
        Self {
            area: Rect::default(),
            theme: settings.theme,
            signs: settings.signs,
            leave: settings.leave,
            mouse: settings.mouse,
            offline: settings.offline,
            course,
            reading: settings.reading.then(Reading::default),
            progress: HashMap::new(),
            proved: HashSet::new(),
            due: HashMap::new(),
            streak: 0,
            sync: Syncing::default(),
            engine: EngineState::Looking,
            screen: if settings.first_start { Screen::Setup } else { Screen::Home },
            home,
            workspace: None,
            incident: None,
            author: None,
            content: settings.content,
            replay: None,
            tracker: None,
            history: None,
            report: None,
            bare: None,
            ending: None,
            setup: Setup::default(),
            layers: Vec::new(),
            notice: None,
            quitting: false,
            visits: 0,
            ticked: now,
            focused: true,
            agreed: HashSet::new(),
            clipboard: clipboard::Answers::default(),
            places: place::Places::default(),
        }
    }

    /// Where keys go now, below the layers.
    pub fn context(&self) -> Context {
        match self.screen {
            Screen::Home if self.home.search.is_some() => Context::Search,
            Screen::Setup => Context::Setup,
            Screen::Replay => Context::Replay,
            Screen::Tracker => Context::Tracker,
            Screen::History => match &self.history {
                Some(history) if history.typing => Context::HistorySearch,
                Some(history) if history.open.is_some() => Context::Story,
                _ => Context::History,
            },
            Screen::Report => Context::Class,
            Screen::Workspace => match &self.workspace {
                Some(workspace) => workspace.context(),
                None => Context::Home,
            },
            Screen::Incident => self.incident.as_ref().map_or(Context::Home, Incident::context),
            Screen::Author => self.author.as_ref().map_or(Context::Home, Author::context),
            Screen::Shell => self.bare.as_ref().map_or(Context::Home, Bare::context),
            Screen::Home => Context::Home,
        }
    }

    /// The shell that has the focus, if one has.
    pub fn shell(&self) -> Option<&Shell> {
        match self.screen {
            Screen::Workspace => {
                let workspace = self.workspace.as_ref()?;
                let in_front = workspace.focus == PaneId::Shell && workspace.drawer.is_none();
                in_front.then_some(&workspace.shell)
            }
            Screen::Incident => self.incident.as_ref()?.shell_in_front(),
            Screen::Shell => self.bare.as_ref().filter(|bare| !bare.menu).map(|bare| &bare.shell),
            Screen::Home
            | Screen::Setup
            | Screen::Replay
            | Screen::Report
            | Screen::Tracker
            | Screen::History
            | Screen::Author => None,
        }
    }

    /// Whether a key that goes to the shell changes nothing that is drawn: its echo will.
    pub fn only_the_shell_listens(&self) -> bool {
        let nothing_lies_over = self.layers.is_empty() && self.notice.is_none();
        let told = self.bare.as_ref().is_none_or(|bare| bare.touched);
        let counts = !self.workspace.as_ref().is_some_and(Workspace::stands);
        nothing_lies_over
            && told
            && counts
            && self.context() == Context::Shell
            && self.shell().is_some_and(|shell| !shell.bell && !shell.is_looked_at())
    }

    /// Whether an event changes nothing that is drawn: the checks, which run every second, found what
    /// they had found.
    pub fn knows(&self, event: &Event) -> bool {
        let Event::Workspace { visit, event } = event else { return false };
        self.workspace.as_ref().is_some_and(|it| it.visit == *visit && it.knows(event))
    }

    /// The shell on the screen, to be changed.
    fn shell_mut(&mut self) -> Option<&mut Shell> {
        match self.screen {
            Screen::Workspace => self.workspace.as_mut().map(|workspace| &mut workspace.shell),
            Screen::Incident => self.incident.as_mut().map(|incident| &mut incident.shell),
            Screen::Shell => self.bare.as_mut().map(|bare| &mut bare.shell),
            Screen::Home
            | Screen::Setup
            | Screen::Replay
            | Screen::Report
            | Screen::Tracker
            | Screen::History
            | Screen::Author => None,
        }
    }

    /// When the next [`Event::Tick`] is due: only while the screen shows something that moves.
    pub fn next_tick(&self) -> Option<Instant> {
        let moving = match self.screen {
            Screen::Workspace => self.workspace.as_ref().is_some_and(Workspace::moves),
            Screen::Incident => self.incident.as_ref().is_some_and(Incident::moves),
            Screen::Setup => self.setup.building(),
            Screen::Report => self.report.as_ref().is_some_and(|it| it.moves(self.area)),
            Screen::Home
            | Screen::Replay
            | Screen::Tracker
            | Screen::History
            | Screen::Author
            | Screen::Shell => false,
        };
        moving.then_some(self.ticked + TICK)
    }

    /// When the next [`Event::Beat`] is due.
    pub fn next_beat(&self) -> Option<Instant> {
        let clock = self.workspace.as_ref().and_then(Workspace::next_beat);
        [clock, self.next_note()].into_iter().flatten().min()
    }
}

/// What the configuration and the terminal decide.
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches that have nothing to do with each other"
)]
pub struct Settings {
    /// Colours.
    pub theme: Theme,
    /// Signs.
    pub signs: Signs,
    /// The one key that leaves the shell pane.
    pub leave: Chord,
    /// Whether the mouse is ours at first.
    pub mouse: bool,
    /// Whether the network may not be used.
    pub offline: bool,
    /// Whether there is no configuration yet.
    pub first_start: bool,
    /// The folder of content that is written in, where there is one.
    pub content: Option<PathBuf>,
    /// Whether the content is still being read.
    pub reading: bool,
}
