//! A shell on the screen: its live view, or what is above it; with copy mode, links and the mouse.
//!
//! The shell itself is elsewhere ([`crate::session`]). Here is what the pane shows of it and what
//! becomes of keys and the mouse. While somebody looks back the lines stand still and the shell goes
//! on underneath.

mod links;
#[cfg(test)]
mod looks;
mod mouse;
#[cfg(test)]
mod tests;
mod update;
mod view;

pub use view::{draw, failure, place, title};

use crossterm::event::KeyEvent;

use crate::problem::Problem;
use crate::session::{End, Screen};
use crate::terminal::copy::CopyMode;
use crate::terminal::{Modes, Size, ViewState};
use crate::tui::keymap::Context;
use mouse::{Clicks, Press};
use update::Wanted;

/// A shell on the screen.
#[derive(Debug)]
pub struct Shell {
    /// How it is.
    pub phase: Phase,
    /// What is looked at, while that is not the live view.
    pub looking: Option<Looking>,
    /// Whether the bell rang since somebody was here.
    pub bell: bool,
    /// For which opening of a workspace its effects are.
    visit: u64,
    /// Whether it is only watched: nothing goes into it.
    watch: bool,
    /// What the program was last told of the focus.
    told_focus: Option<bool>,
    /// The pane's size, which the shell is told.
    size: Size,
    /// What to do when the lines come that were asked for.
    wanted: Option<Wanted>,
    /// Keys that were pressed for copy mode before the lines came.
    early: Vec<KeyEvent>,
    press: Option<Press>,
    clicks: Clicks,
}

/// How a shell is.
#[derive(Debug)]
pub enum Phase {
    /// Its sandbox is not there yet.
    Waiting,
    /// It is being opened: what is typed is for it already.
    Opening,
    /// Open.
    Open(Screen),
    /// It is over; its last screen is still shown.
    Ended(Screen, End),
    /// It could not be opened, or broke.
    Failed(Problem),
}

/// A look at lines that stand still.
#[derive(Debug)]
pub struct Looking {
    /// Where in which lines.
    pub copy: CopyMode,
    /// Whether keys move in it (copy mode). If not it is a scrolled view, and typing ends it.
    pub keys: bool,
}

impl Shell {
    /// A shell that is not open yet.
    pub fn new(visit: u64, watch: bool) -> Self {
        Self {
            phase: Phase::Waiting,
            looking: None,
            bell: false,
            visit,
            watch,
            told_focus: None,
            size: Size { columns: 80, rows: 24 },
            wanted: None,
            early: Vec::new(),
            press: None,
            clicks: Clicks::default(),
        }
    }

    /// Whether it can be typed into.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Where keys go while it has the focus.
    pub fn context(&self) -> Context {
        match (&self.looking, &self.phase) {
            (Some(looking), _) if looking.copy.typing().is_some() => Context::CopySearch,
            (Some(looking), _) if looking.keys => Context::Copy,
            (Some(looking), _) if !looking.copy.at_bottom() => Context::Scrolled,
            // With something selected it is still as good as live.
            (_, Phase::Open(_) | Phase::Opening) => Context::Shell,
            (_, _) => Context::NoShell,
        }
    }

    /// Whether lines that stand still are looked at, or something is selected.
    pub fn is_looked_at(&self) -> bool {
        self.looking.is_some()
    }

    /// The pane's size, which the shell is told.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What there is to know of its live view besides the rows.
    pub fn view_state(&self) -> Option<ViewState> {
        match &self.phase {
            Phase::Open(screen) => Some(screen.lock().state.clone()),
            _ => None,
        }
    }

    /// What the program in it asked of the keyboard and the mouse.
    fn modes(&self) -> Modes {
        match &self.phase {
            Phase::Open(screen) => screen.lock().state.modes,
            _ => Modes::default(),
        }
    }

    /// What it shows or last showed.
    fn screen(&self) -> Option<&Screen> {
        match &self.phase {
            Phase::Open(screen) | Phase::Ended(screen, _) => Some(screen),
            Phase::Waiting | Phase::Opening | Phase::Failed(_) => None,
        }
    }
}
