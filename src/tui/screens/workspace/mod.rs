//! The workspace: the lesson, the shell and the sidebar of one exercise.

mod borders;
mod drawer;
mod layout;
mod place;
mod rewind;
mod sidebar;
mod solution;
mod update;
mod view;

pub use drawer::last_drawer_scroll;
pub use layout::{Mode, PaneId, Places};
pub use place::Place;
pub use sidebar::{last_scroll, preview};
pub use view::draw;

use std::path::PathBuf;
use std::time::Instant;

use crate::lab::clock::Clock;
use borders::Widths;
use drawer::{Drawer, Runs};
use ratatui::layout::Rect;

use crate::course::Item;
use crate::engine::Step;
use crate::lab::verify::CheckResult;
use crate::problem::Problem;
use crate::tui::keymap::Context;
use crate::tui::screens::lesson::Lesson;
use crate::tui::screens::shell::Shell;
use crate::tui::theme::{Signs, Theme};

/// One exercise on the screen.
pub struct Workspace {
    /// The item.
    pub item: Item,
    /// Which opening of a workspace this is; results for another one are not ours.
    pub visit: u64,
    /// The sandbox.
    pub phase: Phase,
    /// Where keys go.
    pub focus: PaneId,
    /// The lesson or the sidebar, whichever was used last.
    pub aside: PaneId,
    /// The wished layout.
    pub mode: Mode,
    /// How wide the panes are to be.
    widths: Widths,
    /// The pane whose border the mouse holds.
    dragged: Option<PaneId>,
    /// The lesson pane.
    pub lesson: Lesson,
    /// The shell pane.
    pub shell: Shell,
    /// The checks' last results, in order; `None` before the first.
    pub results: Vec<Option<CheckResult>>,
    /// What the last runs of each check did.
    runs: Runs,
    /// While that is shown.
    pub drawer: Option<Drawer>,
    /// Why the checks cannot be run, if they cannot.
    pub check_problem: Option<Problem>,
    /// Hints that were shown.
    pub hints: Vec<String>,
    /// Whether a hint is offered.
    pub offered: bool,
    /// The first line of the sidebar that is shown.
    pub sidebar_scroll: usize,
    /// Where it is to be scrolled to once the checks were run.
    sidebar_goes_to: Option<usize>,
    /// The attempt, once there is one.
    attempt: Option<String>,
    /// The lesson that was asked for last, if that was not the item's own.
    reading: Option<String>,
    /// Where what is typed is written down as a solution, while it is.
    pub solving: Option<PathBuf>,
    /// Time at the keys.
    clock: Clock,
    /// Whether it was said that the clock stands.
    stood: bool,
    /// Whether the checks run.
    checking: Checking,
    /// When checks may be run by themselves again, after they could not be.
    retry_checks: Option<Instant>,
    failures: u32,
    /// When the checks were last run.
    checked: Option<Instant>,
    /// When a key was last pressed, if one was since the workspace opened.
    touched: Option<Instant>,
}

/// How far the sandbox is.
#[derive(Debug)]
pub enum Phase {
    /// It is being made.
    Provisioning {
        /// What is being done.
        step: Option<Step>,
    },
    /// Its files are being brought back: another sandbox takes its place.
    Rewinding(Rewinding),
    /// It could not be made.
    Failed(Problem),
    /// It is there.
    Ready {
        /// The attempt.
        attempt: String,
        /// The image in use.
        image: String,
        /// Whether the attempt is complete.
        completed: bool,
        /// What the item's values follow from, if it has some.
        seed: Option<u32>,
    },
}

/// A rewind that is going on.
#[derive(Debug)]
pub struct Rewinding {
    /// The snapshot's name.
    pub to: String,
    /// What is being done.
    pub step: Option<Step>,
    /// How things were before, and are again if it does not work.
    before: Box<Phase>,
}

/// Whether the checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checking {
    /// Not before the shell shows something: starting two programs in the sandbox at once would
    /// only make the learner wait longer for the one that shows.
    WaitsForShell,
    /// They run now.
    Running,
    /// They have been run.
    Done,
}

impl Workspace {
    /// A workspace whose sandbox is not there yet.
    pub fn new(item: Item, visit: u64, now: Instant) -> Self {
        let checks = crate::lab::checks(&item).len();
        Self {
            item,
            visit,
            phase: Phase::Provisioning { step: None },
            focus: PaneId::Lesson,
            aside: PaneId::Lesson,
            mode: Mode::default(),
            widths: Widths::default(),
            dragged: None,
            lesson: Lesson::default(),
            shell: Shell::new(visit, false),
            results: vec![None; checks],
            runs: Runs::default(),
            drawer: None,
            check_problem: None,
            hints: Vec::new(),
            offered: false,
            sidebar_scroll: 0,
            sidebar_goes_to: None,
            attempt: None,
            reading: None,
            solving: None,
            clock: Clock::stopped(now),
            stood: false,
            checking: Checking::WaitsForShell,
            retry_checks: None,
            failures: 0,
            checked: None,
            touched: None,
        }
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        if self.drawer.is_some() {
            return Context::Drawer;
        }
        match self.focus {
            PaneId::Lesson => Context::Lesson,
            PaneId::Sidebar => Context::Sidebar,
            PaneId::Shell => self.shell.context(),
        }
    }

    /// Whether something on the screen moves by itself: the clock, or the checks.
    pub fn moves(&self) -> bool {
        matches!(self.phase, Phase::Ready { completed: false, .. })
    }

    /// Whether the attempt is complete.
    pub fn completed(&self) -> bool {
        matches!(self.phase, Phase::Ready { completed: true, .. })
    }

    /// The panes' places.
    pub fn places(&self, area: Rect) -> Places {
        layout::places(area, (self.mode, self.widths), self.focus, self.aside)
    }

    /// The theme has changed.
    pub fn restyle(&mut self, theme: &Theme, signs: Signs) {
        self.lesson.restyle(theme, signs);
    }

    /// The first check that does not hold.
    fn next_check(&self) -> Option<usize> {
        use crate::lab::verify::CheckState::Passed;
        let open = |result: &Option<CheckResult>| result.as_ref().is_none_or(|r| r.state != Passed);
        self.results.iter().position(open)
    }

    /// How many checks hold.
    pub fn passed(&self) -> usize {
        use crate::lab::verify::CheckState::Passed;
        self.results.iter().flatten().filter(|result| result.state == Passed).count()
    }
}
