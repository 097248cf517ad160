//! The one place where state changes: an event comes in, effects go out.

use std::sync::Arc;
use std::time::Instant;

use jiff::civil::Date;
use ratatui::layout::Rect;

use super::{
    Action, App, Bare, Choice, Dialog, Effect, Ending, EngineState, Event, Layer, Screen,
    WorkspaceEvent, place,
};
use crate::course::{Body, Item};
use crate::session::Input;
use crate::tui::screens::author::{Author, Command, Way};
use crate::tui::screens::home::{self, Row};
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::shell::Shell;
use crate::tui::screens::workspace::{self, Workspace};
use crate::tui::theme::{self, Theme};

impl App {
    /// Takes an event that happened at `now` and gives what is to be done about it.
    pub fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        let moved = place::moves(&event);
        let effects = self.take(event, now);
        self.note_place(moved, now);
        self.settle_sidebar();
        self.settle_preview();
        let mut effects = self.settle_focus(effects);
        effects.extend(self.settle_proofs());
        effects
    }

    /// The item that Home tells about is one whose proofs are known, or asked for.
    fn settle_proofs(&mut self) -> Option<Effect> {
        let Some(Row::Item { id, .. }) = self.home.selected() else { return None };
        let known = self.home.proofs.as_ref().is_some_and(|(item, _)| item == id);
        if known || self.screen != Screen::Home || !self.proved.contains(id) {
            return None;
        }
        let item = id.clone();
        self.home.proofs = Some((item.clone(), None));
        Some(Effect::LookUpProofs { item })
    }

    /// The program in the shell is told where the focus is, before anything that comes with it.
    fn settle_focus(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let focused = self.focused && self.shell().is_some();
        let mut all = self.shell_mut().map(|shell| shell.focus(focused)).unwrap_or_default();
        all.extend(effects);
        all
    }

    /// The sidebar and the drawer are scrolled no further than to their ends, which move with what
    /// they show.
    fn settle_sidebar(&mut self) {
        let Some(workspace) = &self.workspace else { return };
        if let Some(last) = workspace::last_drawer_scroll(self, workspace) {
            return self.workspace.iter_mut().for_each(|it| it.settle_drawer(last));
        }
        if workspace.sidebar_scroll > 0 {
            let last = workspace::last_scroll(self, workspace);
            if let Some(workspace) = &mut self.workspace {
                workspace.sidebar_scroll = workspace.sidebar_scroll.min(last);
            }
        }
    }

    fn take(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        match event {
            Event::Key(key) => self.key(key, now),
            Event::Mouse(mouse) => self.mouse(mouse, now),
            Event::Focus(focused) => {
                self.focused = focused;
                let author = self.author.as_ref().filter(|_| !focused);
                author.map(Author::keep).into_iter().collect()
            }
            Event::Paste(text) => self.paste(text, now),
            Event::Resize(cols, rows) => self.resize(cols, rows),
            Event::Tick => self.tick(now),
            Event::Beat => self.beat(now),
            Event::Engine(state) => {
                self.engine = state;
                vec![]
            }
            Event::Consent { sheet, opens } => self.consent_known(*sheet, opens, now),
            Event::Course(course) => self.course_read(course, now),
            Event::Proofs { item, standing } => {
                self.home.proofs = Some((item, standing));
                vec![]
            }
            Event::Progress { items, proved, due, streak, last, place } => {
                self.progress = items;
                self.proved = proved;
                self.due = due;
                self.home.proofs = None;
                self.streak = streak;
                let effects = self.place_known(place);
                self.home.resume_at(&self.course, &self.progress, last.as_deref());
                effects
            }
            Event::WayBack { to, found } => self.way_back(&to, found, now),
            Event::ImageStep(step) => {
                self.setup.step(step);
                vec![]
            }
            Event::ImagesBuilt(result) => {
                self.setup.built(result);
                vec![Effect::LookForEngine]
            }
            Event::Destroyed(item) => {
                self.notice = Some(format!("The sandbox of {item} was removed"));
                vec![Effect::LoadProgress]
            }
            Event::Workspace { visit, event } => self.happened(visit, event, now),
            Event::Incident { visit, event } => self.incident_happened(visit, event, now),
            Event::Replay { visit, event } => self.replay_happened(visit, event),
            Event::Tracker(summary) => {
                self.tracker_read(*summary);
                vec![]
            }
            Event::History { visit, event } => self.history_happened(visit, event),
            Event::Report { visit, event } => self.report_happened(visit, event),
            Event::Author { visit, event } => self.author_happened(visit, event, now),
            Event::Sync(event) => self.sync_happened(event),
            Event::Problem(problem) => {
                self.layers.push(Layer::Problem(problem));
                vec![]
            }
            Event::Notice(text) => {
                self.notice = Some(text);
                vec![]
            }
            Event::Terminate => {
                self.quitting = true;
                vec![]
            }
        }
    }

    /// Something happened to the open workspace, or to the bare shell.
    pub(super) fn happened(
        &mut self,
        visit: u64,
        event: WorkspaceEvent,
        now: Instant,
    ) -> Vec<Effect> {
        let lines = matches!(event, WorkspaceEvent::Lines(_));
        let mut effects = self.happened_in(visit, event, now);
        let early = self.shell_mut().filter(|_| lines).map(Shell::take_early);
        for key in early.unwrap_or_default() {
            effects.extend(self.key(key, now));
        }
        effects
    }

    fn happened_in(&mut self, visit: u64, event: WorkspaceEvent, now: Instant) -> Vec<Effect> {
        if self.incident.as_ref().is_some_and(|incident| incident.visit == visit) {
            return self.incident_shell_happened(event, now);
        }
        let workspace = self.workspace.as_mut().filter(|workspace| workspace.visit == visit);
        let bare = self.bare.as_mut().filter(|bare| bare.visit == visit);
        match (workspace, bare, event) {
            (Some(workspace), _, WorkspaceEvent::Clipboard(text)) => {
                let item = workspace.item.id.clone();
                self.clipboard_wanted(&item, text, now)
            }
            (Some(workspace), _, event) => {
                let ahead = (&*self.course, self.engine.offers());
                let outcome = workspace.happened(event, self.area, ahead, now);
                self.came(outcome)
            }
            // Who works in the shell is asked, not who watches.
            (_, Some(bare), WorkspaceEvent::Clipboard(text)) if !bare.watch => {
                let item = bare.item.clone();
                self.clipboard_wanted(&item, text, now)
            }
            (_, Some(bare), event) => match bare.happened(event, self.area) {
                Ok(outcome) => self.came(outcome),
                Err(ending) => {
                    self.ending = Some(ending);
                    self.quitting = true;
                    vec![]
                }
            },
            (None, None, _) => vec![],
        }
    }

    /// Takes in what came of a change; what is left is to be done.
    pub(super) fn came(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.layers.extend(outcome.layer);
        if outcome.notice.is_some() {
            self.notice = outcome.notice;
        }
        outcome.effects
    }

    fn resize(&mut self, cols: u16, rows: u16) -> Vec<Effect> {
        self.area = Rect::new(0, 0, cols, rows);
        if let Some(report) = &mut self.report {
            report.settle(self.area);
        }
        if let Some(author) = &mut self.author {
            author.arrange(self.area);
        }
        if let Some(incident) = &mut self.incident {
            return incident.arrange(self.area);
        }
        match (&mut self.workspace, &mut self.bare) {
            (Some(workspace), _) => workspace.arrange(self.area),
            (None, Some(bare)) => bare.arrange(self.area),
            (None, None) => vec![],
        }
    }

    fn tick(&mut self, now: Instant) -> Vec<Effect> {
        self.ticked = now;
        if let Some(report) = &mut self.report {
            report.tick(self.area);
        }
        if let Some(incident) = &mut self.incident {
            return incident.tick(self.area, now);
        }
        match &mut self.workspace {
            Some(workspace) => {
                let outcome = workspace.tick(now);
                self.came(outcome)
            }
            None => vec![],
        }
    }

    fn beat(&mut self, now: Instant) -> Vec<Effect> {
        let clock = self.workspace.as_mut().map(|workspace| workspace.beat(now));
        let mut effects = clock.unwrap_or_default();
        effects.extend(self.note_due(now));
        effects
    }

    /// Does an action on the screen below the layers.
    pub(super) fn act(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        match action {
            Action::Quit if self.author.is_some() => self.go(Way::Quit, now),
            Action::Quit => {
                self.quitting = true;
                self.ending = self.bare.as_ref().map(|_| Ending::Left);
                vec![]
            }
            Action::Help => {
                self.layers.push(Layer::Help(0));
                vec![]
            }
            Action::Palette => {
                self.layers.push(Layer::Palette(self.palette()));
                vec![]
            }
            Action::Redraw => vec![Effect::Redraw],
            Action::Suspend => vec![Effect::Suspend],
            Action::Sync => self.sync_now(),
            Action::NextTheme => self.next_theme(1),
            Action::ToggleMouse => {
                self.mouse = !self.mouse;
                self.notice = Some(if self.mouse {
                    "The mouse is on; hold Shift to select text with the terminal".to_owned()
                } else {
                    "The mouse is off: the terminal selects text".to_owned()
                });
                vec![Effect::Mouse(self.mouse)]
            }
            Action::GoHome if self.screen == Screen::Author => self.go(Way::Home, now),
            Action::GoHome => self.go_home(now),
            Action::OpenContent => self.open_content(),
            Action::Author(Command::Try) => self.try_item(now),
            Action::SendLeaveKey if self.screen == Screen::Incident => {
                let (leave, area) = (self.leave.into(), self.area);
                let incident = self.incident.as_mut();
                incident.map(|incident| incident.send_to_shell(leave, area)).unwrap_or_default()
            }
            Action::SendLeaveKey => match (&mut self.workspace, &mut self.bare) {
                (Some(workspace), _) => workspace.send_to_shell(self.leave.into(), self.area),
                (None, Some(bare)) => {
                    bare.menu = false;
                    bare.shell.send(Input::Key(self.leave.into()))
                }
                (None, None) => vec![],
            },
            Action::Setup => {
                self.screen = Screen::Setup;
                vec![Effect::LookForEngine]
            }
            Action::OpenTracker => self.open_tracker(),
            Action::OpenReplay => self.replay_selected(),
            Action::Reset => {
                let Some(workspace) = &self.workspace else { return vec![] };
                self.ask_fresh(workspace.item.id.clone());
                vec![]
            }
            _ => match self.screen {
                Screen::Home => self.act_home(action, now),
                Screen::Setup => self.act_setup(action),
                Screen::Replay => self.act_replay(action),
                Screen::Tracker => self.act_tracker(action, now),
                Screen::History => self.act_history(action),
                Screen::Report => self.act_report(action),
                Screen::Shell => match &mut self.bare {
                    Some(bare) => {
                        let outcome = bare.act(action);
                        self.came(outcome)
                    }
                    None => vec![],
                },
                Screen::Author => match &mut self.author {
                    Some(author) => {
                        let outcome = author.act(action, &self.course, self.area);
                        self.came(outcome)
                    }
                    None => vec![],
                },
                Screen::Incident => match &mut self.incident {
                    Some(incident) => {
                        let outcome = incident.act(action, self.area, now);
                        self.came(outcome)
                    }
                    None => vec![],
                },
                Screen::Workspace => match &mut self.workspace {
                    Some(workspace) => {
                        let outcome = workspace.act(action, self.area, &self.course, now);
                        self.came(outcome)
                    }
                    None => vec![],
                },
            },
        }
    }

    fn act_home(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        if let Some(by) = action.step(self.area.height.saturating_sub(6).into()) {
            self.home.move_by(by);
            return vec![];
        }
        match action {
            Action::Collapse => self.home.collapse(&self.course),
            Action::Expand => self.home.expand(&self.course),
            Action::Search => self.home.begin_search(&self.course),
            Action::Back => self.home.end_search(&self.course),
            Action::Refresh => return vec![Effect::LookForEngine, Effect::LoadProgress],
            Action::OpenHistory => return self.open_history(String::new()),
            Action::Open => match self.home.selected() {
                Some(home::Row::Item { id, .. }) => {
                    let id = id.clone();
                    self.home.end_search(&self.course);
                    return self.open_or_ask(&id, self.practised_again(&id), now);
                }
                Some(home::Row::Module { .. }) => self.home.toggle(&self.course),
                None => {}
            },
            Action::OpenFresh => {
                if let Some(home::Row::Item { id, .. }) = self.home.selected() {
                    self.ask_fresh(id.clone());
                }
            }
            Action::Permissions => {
                if let Some(home::Row::Item { id, .. }) = self.home.selected() {
                    return vec![Effect::LookUpConsent { item: id.clone(), opens: None }];
                }
            }
            Action::Destroy => {
                if let Some(home::Row::Item { id, .. }) = self.home.selected() {
                    let id = id.clone();
                    self.layers.push(Layer::Dialog(Dialog {
                        title: "Remove the sandbox".to_owned(),
                        text: format!(
                            "The sandbox of {id} and every file in it will be gone. Completions are kept."
                        ),
                        answers: vec![
                            ("Keep it".to_owned(), Choice::Close),
                            ("Remove it".to_owned(), Choice::Destroy(id)),
                        ],
                        selected: 0,
                    }));
                }
            }
            _ => {}
        }
        vec![]
    }

    /// Opens an item; of one that is due it asks how.
    pub(super) fn open_or_ask(&mut self, id: &str, due: Option<Date>, now: Instant) -> Vec<Effect> {
        match due {
            Some(since) => {
                self.ask_again(id, since);
                vec![]
            }
            None => self.open(id, false, now),
        }
    }

    /// Since when an item is due whose next attempt has not begun.
    fn practised_again(&self, id: &str) -> Option<Date> {
        let begun = self.progress.get(id).is_some_and(|progress| progress.current.is_some());
        self.due.get(id).copied().filter(|_| !begun)
    }

    fn act_setup(&mut self, action: Action) -> Vec<Effect> {
        use crate::tui::screens::setup::Row;
        match action {
            Action::Up => self.setup.move_by(-1),
            Action::Down => self.setup.move_by(1),
            Action::Refresh => {
                self.engine = EngineState::Looking;
                return vec![Effect::LookForEngine];
            }
            Action::Collapse if self.setup.row == Row::Theme => return self.next_theme(-1),
            Action::Expand if self.setup.row == Row::Theme => return self.next_theme(1),
            Action::Open => match self.setup.row {
                Row::Engine => {
                    self.engine = EngineState::Looking;
                    return vec![Effect::LookForEngine];
                }
                Row::Theme => return self.next_theme(1),
                Row::Images if self.setup.building() => {
                    self.setup.cancelled();
                    return vec![Effect::CancelBuild];
                }
                Row::Images => {
                    self.setup.begin_build();
                    return vec![Effect::BuildImages];
                }
                Row::Finish => return self.finish_setup(),
            },
            Action::Back => return self.finish_setup(),
            _ => {}
        }
        vec![]
    }

    fn finish_setup(&mut self) -> Vec<Effect> {
        self.screen = Screen::Home;
        // Writing any value makes the file, and with it this was not the first start any more.
        vec![
            Effect::Configure { key: "theme", value: self.theme.name.clone() },
            Effect::LookForEngine,
            Effect::LoadProgress,
        ]
    }

    fn next_theme(&mut self, by: isize) -> Vec<Effect> {
        let names = theme::names();
        let at = names.iter().position(|name| *name == self.theme.name).unwrap_or(0);
        let next = (at.cast_signed() + by).rem_euclid(names.len().cast_signed()).cast_unsigned();
        let Some(theme) = Theme::find(names[next], self.theme.depth) else { return vec![] };
        self.theme = theme;
        if let Some(workspace) = &mut self.workspace {
            workspace.restyle(&self.theme, self.signs);
        }
        if let Some(author) = &mut self.author {
            author.restyle(&self.theme, self.signs);
        }
        self.notice = Some(format!("Theme: {}", self.theme.title));
        if self.screen == Screen::Setup {
            return vec![];
        }
        vec![Effect::Configure { key: "theme", value: self.theme.name.clone() }]
    }

    /// Opens an item: what it is practised on depends on its kind.
    pub fn open(&mut self, id: &str, fresh: bool, now: Instant) -> Vec<Effect> {
        if self.must_wait(id, fresh) {
            return vec![];
        }
        let Some(item) = self.course.item(id).cloned() else {
            self.notice = Some(format!("There is no item {id}"));
            return vec![];
        };
        if item.is_from_elsewhere() && !self.agreed.contains(id) {
            return vec![Effect::LookUpConsent { item: item.id, opens: Some(fresh) }];
        }
        self.history = None;
        match &item.body {
            Body::Exercise(_) => self.open_workspace(&item, fresh, now),
            Body::Scenario(scenario) => {
                let scenario = Arc::clone(scenario);
                self.open_incident(Arc::new(item), scenario, fresh, now)
            }
            // Nothing is being read that it could wait for.
            Body::Unread(_) => vec![],
        }
    }

    fn open_workspace(&mut self, item: &Item, fresh: bool, now: Instant) -> Vec<Effect> {
        let id = item.id.clone();
        let leave = self.leave_open(now);
        self.visits += 1;
        let visit = self.visits;
        let mut workspace = Workspace::new(item.unseeded().into_owned(), visit, now);
        workspace.restyle(&self.theme, self.signs);
        workspace.arrange(self.area);
        let lesson = workspace.own_lesson();
        self.workspace = Some(workspace);
        self.screen = Screen::Workspace;
        self.ticked = now;
        let mut effects = leave;
        effects.extend(self.close_replay());
        effects.extend(lesson);
        effects.push(Effect::Provision { visit, item: id, fresh });
        effects
    }

    /// Opens the shell of an item's sandbox and nothing else, or only watches it.
    pub fn attach(&mut self, item: &str, watch: bool) -> Vec<Effect> {
        self.visits += 1;
        let mut bare = Bare::new(item.to_owned(), self.visits, watch);
        bare.arrange(self.area);
        let effects = vec![bare.attach()];
        self.bare = Some(bare);
        self.screen = Screen::Shell;
        effects
    }

    /// Whatever is open is left: something else takes its place.
    pub(super) fn leave_open(&mut self, now: Instant) -> Vec<Effect> {
        let mut effects = self.workspace.as_mut().map(|old| old.leave(now)).unwrap_or_default();
        effects.extend(self.incident.take().map(|_| Effect::Leave));
        effects
    }

    /// The screen that others are opened from.
    fn ground(&self) -> Screen {
        if self.author.is_some() { Screen::Author } else { Screen::Home }
    }

    fn go_home(&mut self, now: Instant) -> Vec<Effect> {
        if let Some(incident) = self.incident.take() {
            self.home.select(&self.course, &incident.item.id);
            self.screen = self.ground();
            let mut effects = Vec::from_iter(incident.close());
            effects.extend([Effect::Leave, Effect::LoadProgress, Effect::LookForEngine]);
            return effects;
        }
        let Some(workspace) = &mut self.workspace else {
            self.screen = Screen::Home;
            return vec![];
        };
        let mut effects = workspace.leave(now);
        self.home.select(&self.course, &workspace.item.id.clone());
        self.workspace = None;
        self.screen = self.ground();
        effects.extend([Effect::LoadProgress, Effect::LookForEngine]);
        effects
    }
}
