//! An incident on the screen: what the users get, what can be seen of the system, what can be done
//! to it, a shell inside it; and beside all that how things stand.
//!
//! Whatever comes from the system or a scenario is tamed where it comes in, so that what is kept can
//! be drawn as it is.

mod act;
mod command;
mod dialogs;
mod graphs;
mod layout;
mod mouse;
mod observe;
mod picture;
mod place;
mod requests;
mod sidebar;
#[cfg(test)]
pub(crate) mod tests;
mod update;
mod user;
mod view;

use std::sync::Arc;
use std::time::Instant;

pub use command::Command;
pub use dialogs::{Diagnosis, Page};
pub use layout::Places;
pub use place::Place;
pub use view::draw;

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::course::Item;
use crate::course::scenario::{Evidence, Scenario};
use crate::engine::Step;
use crate::incident::order::Order;
use crate::incident::picture::{Phase, Picture};
use crate::incident::postmortem::Story;
use crate::problem::Problem;
use crate::tui::app::Effect;
use crate::tui::keymap::Context;
use crate::tui::screens::shell::Shell;
use crate::tui::widgets::time_series::Dots;
use act::Act;
use observe::{Observe, View};
use requests::Asked;
use user::User;

/// The tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    /// What the users get.
    User,
    /// Metrics, logs and traces.
    Observe,
    /// Configuration, requests, diagnostics.
    Act,
    /// A shell inside the private network.
    Shell,
}

impl Tab {
    /// In their order.
    pub const ALL: [Self; 4] = [Self::User, Self::Observe, Self::Act, Self::Shell];

    /// Its key and name.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "1 User",
            Self::Observe => "2 Observe",
            Self::Act => "3 Act",
            Self::Shell => "4 Shell",
        }
    }
}

/// How far it is with being opened.
#[derive(Debug)]
pub enum Stage {
    /// Its machines are being made.
    Starting,
    /// It could not be started.
    Failed(Problem),
    /// There is a picture of it.
    Open,
}

/// One incident on the screen.
#[derive(Debug)]
pub struct Incident {
    /// The item.
    pub item: Arc<Item>,
    /// What it is about.
    pub scenario: Arc<Scenario>,
    /// Which opening this is; results for another one are not ours.
    pub visit: u64,
    /// The attempt, once there is one.
    attempt: Option<String>,
    /// How far it is with being opened.
    pub stage: Stage,
    /// What is being done while its machines are made.
    pub step: Option<Step>,
    /// How it stands.
    pub picture: Option<Picture>,
    /// What happened, once it is over.
    story: Option<Story>,
    /// Why nothing can be seen now, if that is so.
    pub problem: Option<Problem>,
    /// What is in front.
    pub tab: Tab,
    /// What the key that leaves the shell leads to.
    before: Tab,
    /// The shell.
    pub shell: Shell,
    /// What charts are drawn with.
    pub dots: Dots,
    user: User,
    observe: Observe,
    act: Act,
    /// The system's time, Unix seconds; zero while it is not known.
    now: f64,
    /// What the system's time was, and when that was.
    clock: Option<(f64, Instant)>,
    /// The look that is under way.
    asked: Option<Asked>,
    /// What the learner has looked at.
    seen: Vec<Evidence>,
    /// How many updates were read.
    read: usize,
    /// How many lines the updates beside are scrolled.
    scrolled: usize,
    /// Whether the learner asked for a hint that did not come yet.
    wants_hint: bool,
    /// Whether the shell was asked for.
    shell_asked: bool,
    /// Whether the page that calls for help was shown, and the one at the end.
    told: (bool, bool),
}

impl Incident {
    /// One whose machines are not there yet.
    pub fn new(item: Arc<Item>, scenario: Arc<Scenario>, visit: u64) -> Self {
        Self {
            item,
            scenario,
            visit,
            attempt: None,
            stage: Stage::Starting,
            step: None,
            picture: None,
            story: None,
            problem: None,
            tab: Tab::User,
            before: Tab::User,
            shell: Shell::new(visit, false),
            dots: Dots::default(),
            user: User::default(),
            observe: Observe::default(),
            act: Act::default(),
            now: 0.0,
            clock: None,
            asked: None,
            seen: Vec::new(),
            read: 0,
            scrolled: 0,
            wants_hint: false,
            shell_asked: false,
            told: (false, false),
        }
    }

    /// Asks for it to be opened.
    pub fn open(&self, fresh: bool) -> Effect {
        Effect::OpenIncident { visit: self.visit, item: self.item.id.clone(), fresh }
    }

    /// Orders something.
    pub fn order(&mut self, order: Order) -> Effect {
        self.wants_hint |= order == Order::Hint;
        Effect::IncidentDo { visit: self.visit, order }
    }

    /// The learner looks at something: it is noted the first time, once there is something to see.
    fn saw(&mut self, evidence: Evidence) -> Vec<Effect> {
        if self.seen.contains(&evidence) || !self.is_begun() {
            return vec![];
        }
        self.seen.push(evidence.clone());
        vec![self.order(Order::Saw(evidence))]
    }

    /// Where keys go.
    pub fn context(&self) -> Context {
        match (&self.stage, self.tab) {
            (Stage::Starting, _) => Context::Starting,
            (Stage::Failed(_), _) => Context::NoIncident,
            (Stage::Open, Tab::User | Tab::Act | Tab::Shell) if !self.is_begun() => {
                Context::Starting
            }
            (Stage::Open, Tab::User) if self.is_over() => Context::Over,
            (Stage::Open, Tab::User) => Context::Users,
            (Stage::Open, Tab::Observe) if self.observe.prompt.open => Context::Prompt,
            (Stage::Open, Tab::Observe) => match self.observe.view {
                View::Panels => Context::Panels,
                View::Logs if self.observe.logs.typing => Context::LogFilter,
                View::Logs => Context::Logs,
                View::Traces if self.observe.traces.open.is_some() => Context::Trace,
                View::Traces => Context::Traces,
            },
            (Stage::Open, Tab::Act) if self.act.edit.is_some() => Context::Field,
            (Stage::Open, Tab::Act) if self.act.in_form => Context::Form,
            (Stage::Open, Tab::Act) => Context::Act,
            (Stage::Open, Tab::Shell) => match self.shell.context() {
                Context::NoShell => Context::NoIncidentShell,
                context => context,
            },
        }
    }

    /// Whether a text is being typed, not counting the shell's.
    pub fn is_typed_in(&self) -> bool {
        matches!(self.context(), Context::Prompt | Context::LogFilter | Context::Field)
    }

    /// The shell, if it is in front.
    pub fn shell_in_front(&self) -> Option<&Shell> {
        let front = self.tab == Tab::Shell && matches!(self.stage, Stage::Open) && self.is_begun();
        front.then_some(&self.shell)
    }

    /// Whether something on the screen moves by itself.
    pub fn moves(&self) -> bool {
        !matches!(self.stage, Stage::Failed(_)) && !self.is_over()
    }

    /// Whether the learner's turn has come. Before that the system can be looked at, but what is
    /// normal in it must not be changed.
    fn is_begun(&self) -> bool {
        self.phase().is_some_and(picture::begun)
    }

    fn is_over(&self) -> bool {
        matches!(self.phase(), Some(Phase::Over { .. }))
    }

    fn phase(&self) -> Option<&Phase> {
        self.picture.as_ref().map(|picture| &picture.phase)
    }

    /// Whether the system can be looked at.
    fn runs(&self) -> bool {
        matches!(self.stage, Stage::Open)
            && !matches!(self.phase(), None | Some(Phase::Starting | Phase::Over { .. }))
    }

    /// Where everything is.
    pub fn places(&self, area: Rect) -> Places {
        layout::places(area, self.criteria().len())
    }
}
