//! How the workspace changes.

use std::time::{Duration, Instant};

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{Checking, PaneId, Phase, Workspace};
use crate::course::Catalogue;
use crate::engine::Offers;
use crate::lab;
use crate::lab::clock::{STANDS, Stretch};
use crate::lab::hint::{self, Shown, Trouble};
use crate::lab::needs;
use crate::lab::provision::Notice;
use crate::lab::verify::{CheckResult, CheckState, passed};
use crate::session::Input;
use crate::tui::app::{Action, Choice, Completed, Dialog, Effect, Layer, WorkspaceEvent};
use crate::tui::keymap::Context;
use crate::tui::place;
use crate::tui::screens::lesson::Target;
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::shell;

/// How long to wait before checks that could not be run are tried again.
const CHECK_RETRY: Duration = Duration::from_secs(5);

/// Whoever pressed a key so shortly ago is typing: the checks' own programs would take the processors
/// from the echo, so they wait for a pause,
const TYPING: Duration = Duration::from_millis(400);

/// but no longer than this.
const CHECK_PATIENCE: Duration = Duration::from_secs(10);

/// How many lines a wheel notch scrolls.
const WHEEL: isize = 3;

/// What is gone is said so that it is not overlooked.
fn lost(text: &str) -> Layer {
    Layer::Dialog(Dialog {
        title: "Before you go on".to_owned(),
        text: format!("{text}. R in the lesson pane starts over in a fresh sandbox."),
        answers: vec![("Go on".to_owned(), Choice::Close)],
        selected: 0,
    })
}

impl Workspace {
    /// Gives the panes their sizes and tells the shell when its own has changed.
    pub fn arrange(&mut self, area: Rect) -> Vec<Effect> {
        let places = self.places(area);
        if let Some(inner) = places.inner(PaneId::Lesson) {
            self.lesson.resize(inner.width, inner.height);
        }
        self.shell.resize(places.shell_size(area))
    }

    /// Somebody is at the keys. Whether the clock starts again with this.
    pub fn present(&mut self, now: Instant) -> bool {
        self.touched = Some(now);
        let goes_on = self.moves() && self.clock.present(now);
        self.stood &= !goes_on;
        goes_on
    }

    /// Whether the clock has stopped, since nobody is there.
    pub fn stands(&self) -> bool {
        self.moves() && !self.clock.runs()
    }

    /// The time at the keys that has not been written yet.
    pub(super) fn unwritten(&mut self, counted: Option<Stretch>) -> Vec<Effect> {
        match (&self.phase, counted) {
            (Phase::Ready { attempt, .. }, Some(stretch)) => {
                let (visit, attempt) = (self.visit, attempt.clone());
                vec![Effect::AddActive { visit, attempt, stretch }]
            }
            _ => vec![],
        }
    }

    /// The clock wants to be read between two seconds.
    pub fn beat(&mut self, now: Instant) -> Vec<Effect> {
        if self.clock.due().is_none_or(|due| now < due) {
            return vec![];
        }
        let counted = self.clock.read(now);
        self.unwritten(counted)
    }

    /// When that is.
    pub fn next_beat(&self) -> Option<Instant> {
        self.clock.due().filter(|_| self.moves())
    }

    /// The workspace is being closed; its sandbox keeps running.
    pub fn leave(&mut self, now: Instant) -> Vec<Effect> {
        let rest = self.clock.stop(now);
        let mut effects = self.unwritten(rest);
        effects.push(Effect::Leave);
        effects
    }

    /// A second has gone by.
    pub fn tick(&mut self, now: Instant) -> Outcome {
        if !self.moves() {
            return Outcome::default();
        }
        let counted = self.clock.read(now);
        let mut outcome = Outcome::effects(self.unwritten(counted));
        outcome.effects.extend(self.check_by_itself(now));
        self.offered = self.offered || self.offers().is_some();
        if self.stands() && !std::mem::replace(&mut self.stood, true) {
            outcome.notice = Some(STANDS.to_owned());
        }
        outcome
    }

    /// The first run of the checks, once the shell shows something (or will not).
    fn begin_checks(&mut self) -> Vec<Effect> {
        if self.checking == Checking::WaitsForShell { self.check(false) } else { vec![] }
    }

    fn check(&mut self, asked: bool) -> Vec<Effect> {
        self.checking = Checking::Running;
        vec![Effect::Check { visit: self.visit, asked }]
    }

    fn check_by_itself(&mut self, now: Instant) -> Vec<Effect> {
        if self.checking != Checking::Done || self.retry_checks.is_some_and(|at| now < at) {
            return vec![];
        }
        let within = |moment: Option<Instant>, time| moment.is_some_and(|at| now < at + time);
        if within(self.touched, TYPING) && within(self.checked, CHECK_PATIENCE) {
            return vec![];
        }
        self.check(false)
    }

    fn offers(&self) -> Option<usize> {
        let failing = self.results.iter().flatten().filter(|r| r.state == CheckState::Failed);
        let trouble = Trouble {
            active: self.clock.total(),
            failures: self.failures,
            failing: failing.map(|result| result.name.clone()).collect(),
        };
        hint::offer(lab::hints(&self.item), self.hints.len(), &trouble)
    }

    /// Takes a result of background work.
    pub fn happened(
        &mut self,
        event: WorkspaceEvent,
        area: Rect,
        ahead: (&Catalogue, Option<&Offers>),
        now: Instant,
    ) -> Outcome {
        match event {
            // Of two that were asked for, the later one is wanted, whichever comes later.
            WorkspaceEvent::Lesson { path, .. }
                if self.reading.as_ref().is_some_and(|reading| *reading != path) => {}
            WorkspaceEvent::Lesson { path, text } => {
                let code = self.lesson.show(path.clone(), &text);
                let mut effects = self.arrange(area);
                if !code.is_empty() {
                    effects.push(Effect::Highlight { visit: self.visit, path, code });
                }
                return Outcome::effects(effects);
            }
            WorkspaceEvent::Highlighted { path, highlights } => {
                self.lesson.highlight(&path, highlights);
            }
            WorkspaceEvent::Step(step) => {
                if let Phase::Provisioning { step: shown } = &mut self.phase {
                    *shown = Some(step);
                } else if let Phase::Rewinding(rewinding) = &mut self.phase {
                    rewinding.step = Some(step);
                }
            }
            WorkspaceEvent::Ready(ready) => {
                let ready = *ready;
                let told = std::mem::replace(&mut self.item, ready.item);
                let attempt = ready.attempt.clone();
                self.phase = Phase::Ready {
                    attempt: ready.attempt,
                    image: ready.image,
                    completed: ready.completed,
                    seed: ready.seed,
                };
                self.hints = ready.hints;
                self.failures = ready.failures;
                self.shell.opening(true);
                self.clock.start(ready.active, now);
                if ready.completed {
                    self.clock.stop(now);
                }
                let known = self.attempt.replace(attempt);
                let mut effects = Vec::new();
                // Now its values are known.
                if self.item.lesson != told.lesson {
                    effects.extend(self.own_lesson());
                }
                if ready.resumed && self.touched.is_none() {
                    self.focus = PaneId::Shell;
                    self.arrange(area);
                }
                let place = ready.place.filter(|_| self.touched.is_none() && known.is_none());
                if let Some(place) = place.as_deref().and_then(place::read) {
                    effects.extend(self.return_to(place, ahead.0, area));
                }
                self.checking = Checking::WaitsForShell;
                effects.push(Effect::OpenShell { visit: self.visit, size: self.shell.size() });
                let mut outcome = Outcome::effects(effects);
                // The shell that it was done in is gone.
                outcome.effects.extend(self.solved().effects);
                for notice in ready.notices {
                    match notice {
                        Notice::Aside(text) => outcome.notice = Some(text),
                        Notice::Lost(text) => outcome.layer = Some(lost(&text)),
                    }
                }
                return outcome;
            }
            WorkspaceEvent::Failed(problem) => self.phase = Phase::Failed(problem),
            WorkspaceEvent::Shell { ref screen, .. } => {
                // One that was there already shows something at once, and may not change for long.
                let shows = !screen.lock().text().is_empty();
                let mut outcome = self.shell.happened(event, area);
                if shows {
                    outcome.effects.extend(self.begin_checks());
                }
                return outcome;
            }
            WorkspaceEvent::Changed | WorkspaceEvent::ShellFailed(_) => {
                let mut outcome = self.shell.happened(event, area);
                outcome.effects.extend(self.begin_checks());
                return outcome;
            }
            WorkspaceEvent::Lines(_) | WorkspaceEvent::Bell | WorkspaceEvent::File { .. } => {
                return self.shell.happened(event, area);
            }
            WorkspaceEvent::ShellEnded(_) => {
                let mut outcome = self.shell.happened(event, area);
                outcome.effects.extend(self.solved().effects);
                return outcome;
            }
            WorkspaceEvent::Solving(now) => return self.solving(now),
            WorkspaceEvent::SolutionKept { draft, kept } => {
                return Self::solution_kept(&draft, kept);
            }
            WorkspaceEvent::Checked { asked, results, completion } => {
                return self.checked(asked, results, completion, ahead, now);
            }
            WorkspaceEvent::CheckRan { check, result } => return self.ran_check(check, result),
            WorkspaceEvent::CheckFailed(problem) => {
                self.checking = Checking::Done;
                self.retry_checks = Some(now + CHECK_RETRY);
                // A sandbox that is gone took its shell with it, which may have looked like its end.
                if problem.kind.starts_with("sandbox_") {
                    self.shell.phase = shell::Phase::Failed(problem.clone());
                }
                self.check_problem = Some(problem);
            }
            // Asked about elsewhere: the answer can hold for longer than the workspace.
            WorkspaceEvent::Clipboard(_) => {}
            WorkspaceEvent::Moments(found) => return self.moments(found),
            WorkspaceEvent::RewindFailed(problem) => return self.rewind_failed(problem, now),
            WorkspaceEvent::Hint(shown) => return self.hinted(shown, area),
            WorkspaceEvent::Worked { total, counted } => self.clock.settle(total, counted),
        }
        Outcome::default()
    }

    /// Whether an event changes nothing that is drawn.
    pub fn knows(&self, event: &WorkspaceEvent) -> bool {
        let WorkspaceEvent::Checked { asked: false, results, completion: None } = event else {
            return false;
        };
        self.checking == Checking::Running
            && self.drawer.is_none()
            && self.check_problem.is_none()
            && self.results.len() == results.len()
            && std::iter::zip(&self.results, results)
                .all(|(old, new)| old.as_ref().is_some_and(|old| old.says_the_same(new)))
    }

    fn checked(
        &mut self,
        asked: bool,
        results: Vec<CheckResult>,
        completion: Option<crate::store::Completion>,
        ahead: (&Catalogue, Option<&Offers>),
        now: Instant,
    ) -> Outcome {
        self.checking = Checking::Done;
        self.checked = Some(now);
        self.check_problem = None;
        self.retry_checks = None;
        let mut outcome = Outcome::default();
        let turned = results.iter().zip(&self.results).find(|(new, old)| {
            new.state == CheckState::Passed
                && old.as_ref().is_some_and(|old| old.state != CheckState::Passed)
        });
        if let Some((new, _)) = turned {
            outcome.notice = Some(format!("Holds now: {}", new.name));
        }
        if let Some(broken) = self.broken(&results) {
            outcome.notice = Some(format!("Broken: {broken} (u goes back to before)"));
        }
        let all = passed(&results);
        if asked && !all {
            self.failures += 1;
            let first = results.iter().find(|result| result.state != CheckState::Passed);
            outcome.notice = first.map(|result| match (result.state, &result.message) {
                (CheckState::Error, _) => format!("Could not be checked: {}", result.name),
                (_, Some(message)) => format!("Not yet: {message}"),
                (_, None) => format!("Not yet: {}", result.name),
            });
        } else if asked {
            outcome.notice = Some("All checks hold".to_owned());
        }
        let checks = results.len();
        for (check, result) in results.iter().enumerate() {
            self.runs.keep(check, result.clone());
        }
        self.results = results.into_iter().map(Some).collect();
        if let Some(scroll) = self.sidebar_goes_to.take().filter(|_| self.touched.is_none()) {
            self.sidebar_scroll = scroll;
        }
        if let (Some(completion), Phase::Ready { completed, .. }) = (completion, &mut self.phase) {
            *completed = true;
            outcome.notice = None;
            // It is over, and has the time that was written by then.
            let time = completion.attempt.active;
            self.clock.start(time, now);
            self.clock.stop(now);
            outcome.effects = vec![Effect::LoadProgress];
            // What cannot run here is nothing to go on with.
            let next = match ahead {
                (course, Some(offers)) => needs::next_after(course, &self.item.id, offers),
                (course, None) => course.next_after(&self.item.id),
            };
            outcome.layer = Some(Layer::Completed(Completed {
                title: self.item.title.clone(),
                takeaways: self.item.takeaways.clone(),
                active: time,
                estimate: self.item.estimated_time,
                checks,
                hints: self.hints.len(),
                first: completion.first,
                next: next.map(|item| (item.id.clone(), item.title.clone())),
            }));
        }
        outcome
    }

    /// What must stay true and has just ceased to be.
    fn broken(&self, results: &[CheckResult]) -> Option<&str> {
        let before = self.results.iter().map(|it| it.as_ref().map(|result| result.state));
        let all = lab::checks(&self.item).iter().zip(results).zip(before);
        let mut broken = all.filter(|((check, now), before)| {
            check.invariant
                && now.state == CheckState::Failed
                && *before != Some(CheckState::Failed)
        });
        broken.next().map(|((check, _), _)| check.name.as_str())
    }

    fn hinted(&mut self, shown: Option<Shown>, area: Rect) -> Outcome {
        let Some(shown) = shown else {
            return Outcome::notice(if self.hints.is_empty() {
                "This exercise has no hints"
            } else {
                "That were all the hints; read them again in the sidebar"
            });
        };
        self.offered = false;
        self.hints.push(shown.text.clone());
        self.sidebar_scroll = usize::MAX; // the view stops at the end, where the new hint is
        if self.places(area).sidebar.is_some() {
            Outcome::default()
        } else {
            Outcome { layer: Some(Layer::Hint(shown)), ..Outcome::default() }
        }
    }

    pub(super) fn focus_on(&mut self, pane: PaneId, area: Rect) -> Vec<Effect> {
        self.focus = pane;
        match pane {
            PaneId::Shell => self.shell.bell = false,
            _ => self.aside = pane,
        }
        self.arrange(area)
    }

    /// A key for the shell from another pane; the shell gets the focus.
    pub fn send_to_shell(&mut self, key: KeyEvent, area: Rect) -> Vec<Effect> {
        let mut effects = self.focus_on(PaneId::Shell, area);
        effects.extend(self.shell.send(Input::Key(key)));
        effects
    }

    /// Does an action.
    pub fn act(&mut self, action: Action, area: Rect, course: &Catalogue, now: Instant) -> Outcome {
        if self.drawer.is_some() {
            return self.act_in_drawer(action, area);
        }
        if let Some(outcome) = self.act_on_shell(action, area) {
            return outcome;
        }
        match action {
            Action::NextPane => Outcome::effects(self.focus_on(self.focus.step(1), area)),
            Action::PreviousPane => Outcome::effects(self.focus_on(self.focus.step(-1), area)),
            Action::FocusLesson => Outcome::effects(self.focus_on(PaneId::Lesson, area)),
            Action::FocusSidebar => Outcome::effects(self.focus_on(PaneId::Sidebar, area)),
            Action::FocusShell => Outcome::effects(self.focus_on(PaneId::Shell, area)),
            Action::LeaveShell => Outcome::effects(self.focus_on(self.aside, area)),
            Action::Layout => {
                self.mode = self.mode.next();
                let mut outcome = Outcome::effects(self.arrange(area));
                outcome.notice = Some(format!("Layout: {}", self.mode.word()));
                outcome
            }
            Action::Narrower => self.widen(false, area),
            Action::Wider => self.widen(true, area),
            Action::Verify => self.verify(),
            Action::Hint => match self.phase {
                Phase::Ready { .. } => Outcome::effects(vec![Effect::Hint { visit: self.visit }]),
                _ => Outcome::notice("Hints come once the sandbox is ready"),
            },
            Action::Rewind => self.want_moments(),
            Action::Snapshot => self.want_snapshot(),
            Action::Drawer => self.open_drawer(area),
            Action::RecordSolution => self.record_solution(),
            Action::Retry => self.retry(now),
            Action::Up => self.scroll(-1),
            Action::Down => self.scroll(1),
            Action::PageUp => self.page(-1),
            Action::PageDown => self.page(1),
            Action::Top => self.scroll(isize::MIN / 2),
            Action::Bottom => self.scroll(isize::MAX / 2),
            Action::NextBlock => {
                self.lesson.select_by(1);
                Outcome::default()
            }
            Action::PreviousBlock => {
                self.lesson.select_by(-1);
                Outcome::default()
            }
            Action::CopyBlock => match self.lesson.target() {
                Some(Target::Code { text, .. } | Target::Link { to: text, .. }) => Outcome {
                    effects: vec![Effect::Copy(text)],
                    notice: Some("Copied".to_owned()),
                    ..Outcome::default()
                },
                None => Outcome::notice("No code block is in view"),
            },
            Action::TypeBlock => self.type_block(area),
            Action::FollowLink => match self.lesson.target() {
                Some(Target::Link { to, .. }) => self.follow(&to, course),
                Some(Target::Code { .. }) => self.type_block(area),
                None => Outcome::default(),
            },
            Action::Back => match self.lesson.back.pop() {
                Some(path) => {
                    self.lesson.depart();
                    Outcome::effects(self.read(&path, course).into_iter().collect())
                }
                None => Outcome::default(),
            },
            _ => Outcome::default(),
        }
    }

    /// Does an action that is the shell's: whatever that pane has where it has the focus, and from
    /// the others what the commands there offer.
    fn act_on_shell(&mut self, action: Action, area: Rect) -> Option<Outcome> {
        if self.focus == PaneId::Shell && self.shell.context() != Context::NoShell {
            return self.shell.act(action);
        }
        let (mut outcome, comes) = self.shell.act_from_aside(action)?;
        if comes {
            outcome.effects.extend(self.focus_on(PaneId::Shell, area));
        }
        Some(outcome)
    }

    fn verify(&mut self) -> Outcome {
        match self.phase {
            Phase::Ready { .. } => Outcome {
                effects: self.check(true),
                notice: Some("Checking …".to_owned()),
                ..Outcome::default()
            },
            _ => Outcome::notice("The checks can be run once the sandbox is ready"),
        }
    }

    fn retry(&mut self, now: Instant) -> Outcome {
        let broken = matches!(self.phase, Phase::Failed(_))
            || matches!(self.shell.phase, shell::Phase::Ended(..) | shell::Phase::Failed(_));
        if !broken {
            return Outcome::default();
        }
        let rest = self.clock.stop(now);
        let mut effects = self.unwritten(rest);
        self.phase = Phase::Provisioning { step: None };
        self.shell.opening(false);
        self.check_problem = None;
        self.retry_checks = None;
        effects.push(Effect::Leave);
        effects.push(Effect::Provision {
            visit: self.visit,
            item: self.item.id.clone(),
            fresh: false,
        });
        Outcome::effects(effects)
    }

    fn scroll(&mut self, by: isize) -> Outcome {
        match self.focus {
            PaneId::Lesson => self.lesson.scroll_by(by),
            PaneId::Sidebar => self.sidebar_scroll = self.sidebar_scroll.saturating_add_signed(by),
            PaneId::Shell => {}
        }
        Outcome::default()
    }

    fn page(&mut self, by: isize) -> Outcome {
        match self.focus {
            PaneId::Lesson => self.lesson.page_by(by),
            PaneId::Sidebar => {
                self.sidebar_scroll = self.sidebar_scroll.saturating_add_signed(by * 10);
            }
            PaneId::Shell => {}
        }
        Outcome::default()
    }

    fn type_block(&mut self, area: Rect) -> Outcome {
        let Some(Target::Code { text, .. }) = self.lesson.target() else {
            return Outcome::notice("No code block is in view");
        };
        if !self.shell.is_open() {
            return Outcome::notice("No shell is open yet");
        }
        let mut effects = self.focus_on(PaneId::Shell, area);
        // Without the last line's end: the learner looks, then presses enter.
        let text = text.trim_end_matches('\n').to_owned();
        effects.extend(self.shell.type_in(text));
        Outcome::effects(effects)
    }

    /// Reads the item's lesson, if it has one.
    pub fn own_lesson(&self) -> Option<Effect> {
        let lesson = self.item.lesson.clone()?;
        Some(Effect::ReadLesson { visit: self.visit, lesson })
    }

    /// Reads the lesson whose file has this name; links name a neighbour.
    pub(super) fn read(&mut self, name: &str, course: &Catalogue) -> Option<Effect> {
        let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let lessons = course.items().filter_map(|item| item.lesson.as_ref());
        // The own one has the attempt's values in it.
        let mut lessons = self.item.lesson.iter().chain(lessons);
        let lesson = lessons.find(|lesson| file(&lesson.path()) == file(name))?.clone();
        self.reading = Some(lesson.path());
        Some(Effect::ReadLesson { visit: self.visit, lesson })
    }

    fn follow(&mut self, to: &str, course: &Catalogue) -> Outcome {
        let name = to.split('#').next().unwrap_or(to).rsplit('/').next().unwrap_or(to);
        let Some(read) = self.read(name, course) else {
            return Outcome {
                effects: vec![Effect::Copy(to.to_owned())],
                notice: Some(format!("{to} is outside drydock; copied")),
                ..Outcome::default()
            };
        };
        self.lesson.depart();
        self.lesson.back.push(self.lesson.path.clone());
        Outcome::effects(vec![read])
    }

    /// The mouse did something.
    pub fn mouse(&mut self, mouse: MouseEvent, area: Rect, now: Instant) -> Outcome {
        if self.drawer.is_some() {
            return match mouse.kind {
                MouseEventKind::ScrollUp => self.act_in_drawer(Action::Up, area),
                MouseEventKind::ScrollDown => self.act_in_drawer(Action::Down, area),
                _ => Outcome::default(),
            };
        }
        if let Some(outcome) = self.drag(mouse, area) {
            return outcome;
        }
        let at = Position::new(mouse.column, mouse.row);
        let places = self.places(area);
        let over = |pane: &PaneId| places.of(*pane).is_some_and(|place| place.contains(at));
        let pane = if self.shell.has_mouse(mouse.kind) {
            Some(PaneId::Shell)
        } else {
            PaneId::ALL.into_iter().find(over)
        };
        let Some(pane) = pane else { return Outcome::default() };
        let mut outcome = Outcome::default();
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) && pane != self.focus {
            outcome.effects = self.focus_on(pane, area);
        }
        let wheel = match mouse.kind {
            MouseEventKind::ScrollUp => -WHEEL,
            MouseEventKind::ScrollDown => WHEEL,
            _ => 0,
        };
        match pane {
            PaneId::Lesson => {
                self.lesson.scroll_by(wheel);
                if let (MouseEventKind::Down(MouseButton::Left), Some(inner)) =
                    (mouse.kind, places.inner(PaneId::Lesson))
                {
                    let line = self.lesson.scroll + usize::from(at.y.saturating_sub(inner.y));
                    self.lesson.selected = self.lesson.target_at(line);
                }
            }
            PaneId::Sidebar => {
                self.sidebar_scroll = self.sidebar_scroll.saturating_add_signed(wheel);
            }
            PaneId::Shell => {
                if let Some(inner) = places.inner(PaneId::Shell) {
                    let more = self.shell.mouse(mouse, inner, area, now);
                    outcome.effects.extend(more.effects);
                    outcome.notice = more.notice;
                }
            }
        }
        outcome
    }
}
