//! How an incident's screen changes.

use std::time::Instant;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::observe::View;
use super::observe::logs::Severity;
use super::{Command, Incident, Stage, Tab};
use crate::course::scenario::Evidence;
use crate::incident::order::Order;
use crate::incident::picture::Phase;
use crate::problem::Problem;
use crate::session::Input;
use crate::tui::app::{Action, Choice, Dialog, Effect, IncidentEvent, Layer};
use crate::tui::keymap::Context;
use crate::tui::place;
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::shell;
use crate::tui::widgets::input::edit;
use crate::tui::widgets::tame::{is_wild, tame};
use crate::tui::widgets::time_series::Dots;

/// How many lines a page is, where that depends on nothing else.
const PAGE: isize = 10;

impl Incident {
    /// Gives the shell its size.
    pub fn arrange(&mut self, area: Rect) -> Vec<Effect> {
        self.shell.resize(self.places(area).shell_size())
    }

    /// Something happened to it.
    pub fn happened(&mut self, event: IncidentEvent, area: Rect, now: Instant) -> Outcome {
        match event {
            IncidentEvent::Begun { attempt, place } => {
                let first = self.attempt.replace(attempt).is_none();
                let place = place.as_deref().filter(|_| first).and_then(place::read);
                let effects = place.map(|place| self.return_to(place, area));
                Outcome::effects(effects.unwrap_or_default())
            }
            IncidentEvent::Starting(step) => {
                self.step = Some(step);
                Outcome::default()
            }
            IncidentEvent::Picture(picture) => {
                let mut outcome = self.pictured(*picture, area);
                // The criteria's number decides where the panes are.
                outcome.effects.extend(self.arrange(area));
                outcome
            }
            IncidentEvent::Story(story) => {
                self.story = Some(*story);
                Outcome::default()
            }
            IncidentEvent::Seen(seen) => self.was_seen(*seen, now),
            IncidentEvent::Shell(event) => self.shell.happened(*event, area),
            IncidentEvent::Done(order, result) => self.done(&order, result),
            IncidentEvent::Problem(mut problem) => {
                problem.message = tame(&problem.message);
                self.lost();
                let runs = !matches!(self.phase(), None | Some(Phase::Starting));
                if runs && matches!(self.stage, Stage::Open) {
                    self.problem = Some(problem);
                } else {
                    self.stage = Stage::Failed(problem);
                }
                Outcome::default()
            }
        }
    }

    fn done(&mut self, order: &Order, result: Result<(), Problem>) -> Outcome {
        match (order, result) {
            // Nobody asked for it to be done.
            (Order::Saw(_), _) => Outcome::default(),
            (Order::Hint, Err(problem)) => {
                self.wants_hint = false;
                Outcome::notice(problem.message)
            }
            (_, Err(problem)) => Outcome::layer(Layer::Problem(problem)),
            (Order::Pause, Ok(())) => Outcome::notice("Paused: load, time and hints stand still"),
            (Order::Resume, Ok(())) => Outcome::notice("It goes on"),
            (Order::Diagnose(_), Ok(())) => Outcome::notice("Your diagnosis is noted"),
            (Order::Complete, Ok(())) if self.scenario.replay.is_some() => {
                Outcome::notice("The trigger is fired again, with your repair in place")
            }
            (
                Order::Hint
                | Order::Complete
                | Order::Escalate
                | Order::Restart { .. }
                | Order::Close,
                Ok(()),
            ) => Outcome::default(),
        }
    }

    /// Brings a tab to the front.
    pub(super) fn show(&mut self, tab: Tab, area: Rect) -> Vec<Effect> {
        if tab == Tab::Shell {
            self.shell.bell = false;
            if self.tab != Tab::Shell {
                self.before = self.tab;
            }
        }
        self.tab = tab;
        self.arrange(area)
    }

    /// A key for the shell from another tab; the shell comes to the front.
    pub fn send_to_shell(&mut self, key: KeyEvent, area: Rect) -> Vec<Effect> {
        let mut effects = self.show(Tab::Shell, area);
        effects.extend(self.shell.send(Input::Key(key)));
        effects
    }

    /// A key that the keymap has no meaning for: it is typed.
    pub fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if self.is_typed_in() {
            if let Some(text) = self.typed_text()
                && edit(text, key)
            {
                self.typed();
            }
            return vec![];
        }
        if self.shell_in_front().is_some() { self.shell.key(key) } else { vec![] }
    }

    /// Text is pasted where something is typed.
    pub fn paste(&mut self, text: &str) {
        if let Some(typed) = self.typed_text() {
            typed.push_str(text);
            self.typed();
        }
    }

    fn typed_text(&mut self) -> Option<&mut String> {
        match self.context() {
            Context::Prompt => Some(&mut self.observe.prompt.text),
            Context::LogFilter => Some(&mut self.observe.logs.text),
            Context::Field => self.act.edit.as_mut(),
            _ => None,
        }
    }

    fn typed(&mut self) {
        // What is pasted is not always what it looks like.
        if let Some(text) = self.typed_text() {
            text.retain(|c| !is_wild(c));
        }
        match self.context() {
            Context::Prompt => self.observe.prompt.edited(),
            Context::LogFilter => self.observe.logs.filtered(),
            _ => {}
        }
    }

    /// Does an action; what is in view after it and not known yet is asked for at once.
    pub fn act(&mut self, action: Action, area: Rect, now: Instant) -> Outcome {
        let mut outcome = self.do_action(action, area, now);
        outcome.effects.extend(self.look_soon(area, now));
        outcome
    }

    fn do_action(&mut self, action: Action, area: Rect, now: Instant) -> Outcome {
        if let Some(outcome) = self.act_on_shell(action, area) {
            return outcome;
        }
        match action {
            Action::Incident(command) => self.command(command, area),
            Action::FocusShell => Outcome::effects(self.show(Tab::Shell, area)),
            Action::LeaveShell => Outcome::effects(self.show(self.before, area)),
            Action::Retry => self.retry(),
            Action::Back => self.back(),
            Action::Up => self.go(-1, area),
            Action::Down => self.go(1, area),
            Action::PageUp => self.page(-1, area),
            Action::PageDown => self.page(1, area),
            Action::Top => self.far(-1),
            Action::Bottom => self.far(1),
            Action::Open => self.open_selected(area, now),
            Action::NextPane | Action::PreviousPane => {
                let by = if action == Action::NextPane { 1 } else { -1 };
                match self.context() {
                    Context::Panels => Outcome::effects(self.next_panel(by)),
                    Context::Act => self.open_form(now),
                    _ => Outcome::default(),
                }
            }
            Action::Collapse => self.pan(-1.0, area),
            Action::Expand => self.pan(1.0, area),
            _ => Outcome::default(),
        }
    }

    /// What is the shell's: all that its pane has where it is in front, and from the other tabs what
    /// looks back in it.
    fn act_on_shell(&mut self, action: Action, area: Rect) -> Option<Outcome> {
        let front = self.shell_in_front().is_some();
        if front && self.shell.context() != Context::NoShell {
            return self.shell.act(action);
        }
        let (mut outcome, comes) = self.shell.act_from_aside(action)?;
        if comes {
            outcome.effects.extend(self.show(Tab::Shell, area));
        }
        Some(outcome)
    }

    fn retry(&mut self) -> Outcome {
        if matches!(self.stage, Stage::Failed(_)) {
            self.stage = Stage::Starting;
            self.step = None;
            return Outcome::effects(vec![self.open(false)]);
        }
        let broken = matches!(self.shell.phase, shell::Phase::Ended(..) | shell::Phase::Failed(_));
        if !broken {
            return Outcome::default();
        }
        self.shell.opening(true);
        let size = self.shell.size();
        Outcome::effects(vec![Effect::OpenShell { visit: self.visit, size }])
    }

    fn command(&mut self, command: Command, area: Rect) -> Outcome {
        match command {
            Command::Tab(tab) => Outcome::effects(self.show(tab, area)),
            Command::Briefing => Outcome::layer(Layer::Page(self.briefing())),
            Command::Updates => Outcome::layer(Layer::Page(self.updates())),
            Command::Debrief => match self.debrief() {
                Some(page) => Outcome::layer(Layer::Page(page)),
                None => Outcome::notice("What happened is told once it is over"),
            },
            Command::Hint => self.hint(),
            Command::Diagnose | Command::Escalate if !self.is_live() => not_now(),
            Command::Diagnose => Outcome::layer(Layer::Diagnosis(self.diagnosis())),
            Command::Complete => self.complete(),
            Command::Pause => self.pause(),
            Command::Restart => Outcome::layer(self.restart()),
            Command::Escalate => Outcome::layer(escalate()),
            Command::ZoomIn => self.zoom(-1),
            Command::ZoomOut => self.zoom(1),
            Command::Live => {
                self.live();
                Outcome::default()
            }
            Command::Cursor => self.turn_cursor(),
            Command::Prompt => {
                self.tab = Tab::Observe;
                self.observe.prompt.begin();
                Outcome::default()
            }
            Command::TakeCompletion => {
                self.observe.prompt.complete();
                Outcome::default()
            }
            Command::Filter => {
                self.observe.view = View::Logs;
                self.observe.logs.typing = true;
                Outcome::default()
            }
            Command::Logs => self.turn_logs(),
            Command::Traces => self.turn_traces(),
            Command::Service => {
                self.observe.logs.next_service();
                let service = self.observe.logs.service.clone();
                let seen = service.map(|service| self.saw(Evidence::Logs(service)));
                Outcome::effects(seen.unwrap_or_default())
            }
            Command::Level => {
                self.observe.logs.next_level();
                Outcome::default()
            }
            Command::Fold => {
                self.observe.logs.fold = !self.observe.logs.fold;
                self.observe.logs.arrange();
                Outcome::default()
            }
            Command::ClearFilters => {
                self.observe.logs.clear();
                Outcome::default()
            }
            Command::FailedTraces => {
                self.observe.traces.turn();
                Outcome::default()
            }
            Command::Apply => self.apply(),
            Command::Discard => self.discard(),
            Command::Defaults => self.bring_defaults(),
            Command::RestartService => self.restart_service(),
            Command::Dots => {
                self.dots = match self.dots {
                    Dots::Braille => Dots::Blocks,
                    Dots::Blocks | Dots::Ascii => Dots::Braille,
                };
                Outcome::default()
            }
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.phase(), Some(Phase::Live))
    }

    fn hint(&mut self) -> Outcome {
        let Some(picture) = self.picture.as_ref().filter(|_| self.is_live()) else {
            return not_now();
        };
        let (given, all) = picture.hints;
        if picture.hard {
            return Outcome::notice("Hints are off");
        }
        if given >= all {
            return Outcome::notice("That were all the hints; u reads them again");
        }
        Outcome::effects(vec![self.order(Order::Hint)])
    }

    fn complete(&mut self) -> Outcome {
        let Some(picture) = self.picture.as_ref().filter(|_| self.is_live()) else {
            return not_now();
        };
        if let Err(why) = &picture.completable {
            return Outcome::notice(why.clone());
        }
        if picture.diagnosis.is_none() {
            return Outcome {
                notice: Some("First say what was wrong".to_owned()),
                ..Outcome::layer(Layer::Diagnosis(self.diagnosis()))
            };
        }
        let replay = if self.scenario.replay.is_some() {
            "The trigger is fired once more: the system must recover from it by itself."
        } else {
            "The criteria are judged as they are."
        };
        Outcome::layer(Layer::Dialog(Dialog {
            title: "Is it repaired?".to_owned(),
            text: replay.to_owned(),
            answers: vec![
                ("Not yet".to_owned(), Choice::Close),
                ("It is repaired".to_owned(), Choice::Order(Order::Complete)),
            ],
            selected: 0,
        }))
    }

    fn pause(&mut self) -> Outcome {
        match &self.picture {
            Some(picture) if picture.paused => Outcome::effects(vec![self.order(Order::Resume)]),
            Some(_) if self.is_live() => Outcome {
                effects: vec![self.order(Order::Pause)],
                layer: Some(Layer::Dialog(Dialog {
                    title: "Paused".to_owned(),
                    text: "Load, time and hints stand still. Look around as long as you like; \
                           P goes on."
                        .to_owned(),
                    answers: vec![
                        ("Look around".to_owned(), Choice::Close),
                        ("Go on".to_owned(), Choice::Order(Order::Resume)),
                    ],
                    selected: 0,
                })),
                ..Outcome::default()
            },
            _ => not_now(),
        }
    }

    /// To the logs, or back; from a trace to its own lines.
    fn turn_logs(&mut self) -> Outcome {
        self.tab = Tab::Observe;
        let of = self.observe.traces.open.as_ref().map(|open| open.id.clone());
        if self.observe.view == View::Traces
            && let Some(trace) = of
        {
            let logs = &mut self.observe.logs;
            logs.service = None;
            logs.least = Severity::Debug;
            logs.text = trace;
            logs.filtered();
            self.observe.view = View::Logs;
            return Outcome::default();
        }
        self.observe.view = if self.observe.view == View::Logs { View::Panels } else { View::Logs };
        Outcome::default()
    }

    fn turn_traces(&mut self) -> Outcome {
        self.tab = Tab::Observe;
        if self.observe.view == View::Traces {
            self.observe.view = View::Panels;
            return Outcome::default();
        }
        self.observe.view = View::Traces;
        Outcome::effects(self.saw(Evidence::Traces))
    }

    fn open_selected(&mut self, area: Rect, now: Instant) -> Outcome {
        match self.context() {
            Context::Panels => Outcome::effects(self.turn_full()),
            Context::Prompt => match self.observe.prompt.run() {
                Some(query) => Outcome::effects(self.run_query(query)),
                None => Outcome::default(),
            },
            Context::LogFilter => {
                self.observe.logs.typing = false;
                Outcome::default()
            }
            Context::Logs => self.read_line(),
            Context::Traces => {
                self.observe.traces.open_selected();
                Outcome::default()
            }
            Context::Act | Context::Form => self.act_open(area, now),
            Context::Field => self.keep_field(),
            _ => Outcome::default(),
        }
    }

    /// The selected log line in full.
    fn read_line(&mut self) -> Outcome {
        let logs = &self.observe.logs;
        let at = logs.selected().unwrap_or(logs.rows().len().saturating_sub(1));
        let Some(row) = logs.rows().get(at) else { return Outcome::default() };
        let Some(line) = logs.line(row.n) else { return Outcome::default() };
        let times = if row.count > 1 {
            format!("\n\nThe last of {} lines that are alike.", row.count)
        } else {
            String::new()
        };
        // Code is shown as it is.
        let fence = if line.text.contains("```") { "~~~~" } else { "```" };
        let text = format!("{fence}\n{}\n{fence}{times}", line.text);
        let title = format!("{} {} {}", line.clock, line.service, line.severity.word());
        Outcome::layer(Layer::Page(super::Page::new(title, &text, vec![])))
    }

    /// One step back; at last out of the incident.
    fn back(&mut self) -> Outcome {
        match self.context() {
            Context::Prompt => self.observe.prompt.open = false,
            Context::LogFilter => {
                self.observe.logs.typing = false;
                self.observe.logs.text.clear();
                self.observe.logs.filtered();
            }
            Context::Trace => self.observe.traces.open = None,
            Context::Logs | Context::Traces => self.observe.view = View::Panels,
            Context::Panels if self.observe.cursor.is_some() => self.observe.cursor = None,
            Context::Panels if self.observe.full => self.observe.full = false,
            Context::Panels if self.observe.end.is_some() => self.observe.end = None,
            Context::Field => self.act.edit = None,
            Context::Form => self.act.in_form = false,
            _ if self.is_over() => {
                return Outcome::layer(leave("It is over: its machines are removed now."));
            }
            _ => {
                return Outcome::layer(leave(
                    "It goes on without you, and so does its clock. P holds both first.",
                ));
            }
        }
        Outcome::default()
    }

    fn go(&mut self, by: isize, area: Rect) -> Outcome {
        match self.context() {
            Context::Users | Context::Over => self.user.scroll(by),
            Context::Panels => return Outcome::effects(self.move_in_panels(by, area)),
            Context::Prompt => self.observe.prompt.move_by(by),
            Context::Logs => self.observe.logs.move_by(by),
            Context::Traces | Context::Trace => self.observe.traces.move_by(by),
            Context::Act | Context::Form => self.move_in_act(by),
            _ => {}
        }
        Outcome::default()
    }

    fn page(&mut self, by: isize, area: Rect) -> Outcome {
        match self.context() {
            Context::Panels => Outcome::effects(self.page_of_panels(by, area)),
            Context::Users | Context::Over | Context::Logs => {
                let height = self.places(area).inner.height.saturating_sub(8);
                self.go(by * isize::from(height.max(1).cast_signed()), area)
            }
            _ => self.go(by * PAGE, area),
        }
    }

    fn far(&mut self, to: isize) -> Outcome {
        let by = to.saturating_mul(isize::MAX / 4);
        match self.context() {
            Context::Users | Context::Over => self.user.scroll(by),
            Context::Logs if to > 0 => self.observe.logs.follow(),
            Context::Logs => self.observe.logs.move_by(by),
            Context::Traces | Context::Trace => self.observe.traces.move_by(by),
            Context::Act | Context::Form => self.move_in_act(by),
            _ => {}
        }
        Outcome::default()
    }
}

impl Incident {
    fn restart(&self) -> Layer {
        let again = if self.is_over() {
            // What it came to stays; this is another run.
            Choice::OpenItem { item: self.item.id.clone(), fresh: true }
        } else {
            Choice::Order(Order::Restart { guided: false })
        };
        Layer::Dialog(Dialog {
            title: "Start over".to_owned(),
            text: "The system is made anew, and everything that you changed in it is gone. A run \
                   that is not over does not count."
                .to_owned(),
            answers: vec![("Keep it".to_owned(), Choice::Close), ("Start over".to_owned(), again)],
            selected: 0,
        })
    }
}

fn not_now() -> Outcome {
    Outcome::notice("That can be done while the incident is live")
}

fn escalate() -> Layer {
    Layer::Dialog(Dialog {
        title: "Escalate".to_owned(),
        text: "You hand it over and are told what was wrong and how to see it. This run counts as \
               escalated."
            .to_owned(),
        answers: vec![
            ("Keep on".to_owned(), Choice::Close),
            ("Escalate".to_owned(), Choice::Order(Order::Escalate)),
        ],
        selected: 0,
    })
}

fn leave(text: &str) -> Layer {
    Layer::Dialog(Dialog {
        title: "Leave the incident?".to_owned(),
        text: tame(text),
        answers: vec![
            ("Stay".to_owned(), Choice::Close),
            ("Home".to_owned(), Choice::Do(Action::GoHome)),
        ],
        selected: 0,
    })
}
