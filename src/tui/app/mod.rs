//! The program's state and the one place where it changes.
//!
//! Everything here is pure: no terminal, engine, file or clock. [`App::update`] takes an
//! [`Event`] and the time it happened and gives the [`Effect`]s to carry out.

mod action;
mod effect;
mod event;
mod layer;
mod over;
mod pointer;
mod update;

#[cfg(test)]
pub(crate) mod driver;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

pub use action::Action;
pub use effect::Effect;
pub use event::{EngineState, Event, ReadyState, WorkspaceEvent};
pub use layer::{Choice, Completed, Dialog, Layer, Palette, PaletteRow};

use super::keymap::{Chord, Context};
use super::screens::{home::Home, setup::Setup, workspace::Workspace};
use super::theme::{Signs, Theme};
use crate::course::Catalogue;
use crate::store::Progress;

/// How often the screen's clock moves and the checks run by themselves.
pub const TICK: Duration = Duration::from_secs(1);

/// Everything the screen shows is drawn from this.
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
    /// What there is to practise.
    pub course: Arc<Catalogue>,
    /// What has been done, by item.
    pub progress: HashMap<String, Progress>,
    /// Days in a row with practice.
    pub streak: u32,
    /// The engine, as far as is known.
    pub engine: EngineState,
    /// Which screen is shown.
    pub screen: Screen,
    /// Home's state; it is kept while a workspace is open.
    pub home: Home,
    /// The open workspace.
    pub workspace: Option<Workspace>,
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
}

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Modules and items.
    Home,
    /// An exercise.
    Workspace,
    /// First start.
    Setup,
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
            progress: HashMap::new(),
            streak: 0,
            engine: EngineState::Looking,
            screen: if settings.first_start { Screen::Setup } else { Screen::Home },
            home,
            workspace: None,
            setup: Setup::default(),
            layers: Vec::new(),
            notice: None,
            quitting: false,
            visits: 0,
            ticked: now,
        }
    }

    /// Where keys go now, below the layers.
    pub fn context(&self) -> Context {
        match self.screen {
            Screen::Home if self.home.search.is_some() => Context::Search,
            Screen::Setup => Context::Setup,
            Screen::Workspace => match &self.workspace {
                Some(workspace) => workspace.context(),
                None => Context::Home,
            },
            Screen::Home => Context::Home,
        }
    }

    /// When the next [`Event::Tick`] is due: only while the screen shows something that moves.
    pub fn next_tick(&self) -> Option<Instant> {
        let moving = match self.screen {
            Screen::Workspace => self.workspace.as_ref().is_some_and(Workspace::moves),
            Screen::Setup => self.setup.building(),
            Screen::Home => false,
        };
        moving.then_some(self.ticked + TICK)
    }
}

/// What the configuration and the terminal decide.
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
}
