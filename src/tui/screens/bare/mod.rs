//! A shell and nothing else: `drydock shell` in a terminal of its own.
//!
//! The whole terminal is the shell's. What else there is to say lies over one row of it for a
//! moment; only who watches has a line for that.

mod view;

#[cfg(test)]
mod tests;

pub use view::{draw, footer};

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::outcome::Outcome;
use super::shell::Shell;
use crate::problem::Problem;
use crate::session::End;
use crate::terminal::Size;
use crate::tui::app::{Action, Effect, WorkspaceEvent};
use crate::tui::keymap::Context;

/// See the module.
#[derive(Debug)]
pub struct Bare {
    /// The item whose sandbox it is in.
    pub item: String,
    /// Which opening this is; results for another one are not ours.
    pub visit: u64,
    /// Whether it is only watched.
    pub watch: bool,
    /// The shell.
    pub shell: Shell,
    /// Whether the leave key was pressed, and its menu is shown.
    pub menu: bool,
    /// Whether a key was pressed: until then a line says how to get out.
    pub touched: bool,
}

/// How a bare shell came to its end, and the program with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was left running.
    Left,
    /// The shell ended, or was lost.
    Ended(End),
    /// It could not be opened.
    Failed(Problem),
}

impl Bare {
    /// A shell that is about to be opened.
    pub fn new(item: String, visit: u64, watch: bool) -> Self {
        let mut shell = Shell::new(visit, watch);
        shell.opening(true);
        Self { item, visit, watch, shell, menu: false, touched: false }
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match self.shell.context() {
            _ if self.menu => Context::Menu,
            Context::Shell if !self.watch => Context::Shell,
            Context::Shell | Context::NoShell => Context::Watch,
            looking => looking,
        }
    }

    /// The shell's place.
    pub fn place(&self, area: Rect) -> Rect {
        Rect { height: area.height.saturating_sub(u16::from(self.watch)), ..area }
    }

    /// The terminal has a size.
    pub fn arrange(&mut self, area: Rect) -> Vec<Effect> {
        let place = self.place(area);
        self.shell.resize(Size { columns: place.width, rows: place.height }.clamped())
    }

    /// Asks for the shell.
    pub fn attach(&self) -> Effect {
        Effect::AttachShell {
            visit: self.visit,
            item: self.item.clone(),
            size: self.shell.size(),
            watch: self.watch,
        }
    }

    /// Takes a result of background work: what comes of it, or the end.
    pub fn happened(&mut self, event: WorkspaceEvent, area: Rect) -> Result<Outcome, Ending> {
        match event {
            WorkspaceEvent::ShellEnded(end) => Err(Ending::Ended(end)),
            WorkspaceEvent::ShellFailed(problem) => Err(Ending::Failed(problem)),
            event => Ok(self.shell.happened(event, area)),
        }
    }

    /// A key that the keymap has no meaning for.
    pub fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        // From the menu any other key leads back.
        if std::mem::take(&mut self.menu) { vec![] } else { self.shell.key(key) }
    }

    /// Does an action.
    pub fn act(&mut self, action: Action) -> Outcome {
        let menu = std::mem::take(&mut self.menu);
        match action {
            Action::LeaveShell => {
                self.menu = true;
                Outcome::default()
            }
            Action::PreviousPrompt if menu => self.shell.prompt(false, true),
            Action::NextPrompt if menu => self.shell.prompt(true, true),
            Action::Back if menu => Outcome::default(),
            action => self.shell.act(action).unwrap_or_default(),
        }
    }
}
