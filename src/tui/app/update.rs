//! The one place where state changes: an event comes in, effects go out.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{
    Action, App, Choice, Dialog, Effect, EngineState, Event, Layer, Palette, PaletteRow, Screen,
};
use crate::tui::keymap::{self, Context};
use crate::tui::screens::home;
use crate::tui::screens::workspace::{self, Workspace};
use crate::tui::screens::{footer, search};
use crate::tui::theme::{self, Theme};

/// How many rows a page of a list is, where the list does not know its own height.
const PAGE: usize = 10;

impl App {
    /// Takes an event that happened at `now` and gives what is to be done about it.
    pub fn update(&mut self, event: Event, now: Instant) -> Vec<Effect> {
        let effects = self.take(event, now);
        self.settle();
        effects
    }

    /// The sidebar is scrolled no further than to its end, which moves with what it shows.
    fn settle(&mut self) {
        let Some(workspace) = &self.workspace else { return };
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
            Event::Paste(text) => self.paste(text, now),
            Event::Resize(cols, rows) => self.resize(cols, rows),
            Event::Tick => self.tick(now),
            Event::Engine(state) => {
                self.engine = state;
                vec![]
            }
            Event::Progress { items, streak, last } => {
                self.progress = items;
                self.streak = streak;
                self.home.resume_at(&self.course, &self.progress, last.as_deref());
                vec![]
            }
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
            Event::Workspace { visit, event } => {
                match self.workspace.as_mut().filter(|workspace| workspace.visit == visit) {
                    Some(workspace) => {
                        let outcome = workspace.happened(event, self.area, now);
                        self.layers.extend(outcome.layer);
                        if outcome.notice.is_some() {
                            self.notice = outcome.notice;
                        }
                        if let Some(completed) = outcome.completed {
                            let next = self
                                .course
                                .next_after(&completed)
                                .map(|item| (item.id.clone(), item.title.clone()));
                            self.complete_layer(next.as_ref());
                        }
                        outcome.effects
                    }
                    None => vec![],
                }
            }
            Event::Problem(problem) => {
                self.layers.push(Layer::Problem(problem));
                vec![]
            }
            Event::Selected(text) => {
                self.notice = Some("Copied".to_owned());
                vec![Effect::Copy(text)]
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

    fn complete_layer(&mut self, next: Option<&(String, String)>) {
        for layer in &mut self.layers {
            if let Layer::Completed(completed) = layer {
                completed.next = next.cloned();
            }
        }
    }

    fn resize(&mut self, cols: u16, rows: u16) -> Vec<Effect> {
        self.area = Rect::new(0, 0, cols, rows);
        match &mut self.workspace {
            Some(workspace) => workspace.arrange(self.area),
            None => vec![],
        }
    }

    fn tick(&mut self, now: Instant) -> Vec<Effect> {
        self.ticked = now;
        match &mut self.workspace {
            Some(workspace) => workspace.tick(now),
            None => vec![],
        }
    }

    fn key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        self.notice = None;
        let mut effects = self.present(now);
        effects.extend(if self.layers.is_empty() {
            self.screen_key(key, now)
        } else {
            self.layer_key(key, now)
        });
        effects
    }

    /// Somebody is at the keys.
    fn present(&mut self, now: Instant) -> Vec<Effect> {
        match &mut self.workspace {
            Some(workspace) => {
                if workspace.present(now) {
                    self.ticked = now;
                }
                vec![]
            }
            None => vec![],
        }
    }

    fn screen_key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        let context = self.context();
        if let Some(action) = keymap::action(context, self.leave, key) {
            return self.act(action, now);
        }
        match context {
            Context::Shell => match &mut self.workspace {
                Some(workspace) => workspace.shell_key(key),
                None => vec![],
            },
            Context::Search => {
                if edit(self.home.search.get_or_insert_default(), key) {
                    self.home.filter(&self.course);
                }
                vec![]
            }
            _ => vec![],
        }
    }

    fn paste(&mut self, text: String, now: Instant) -> Vec<Effect> {
        self.notice = None;
        let mut effects = self.present(now);
        let one_line = || text.chars().filter(|c| !c.is_control());
        let context = self.context();
        match (self.layers.last_mut(), context) {
            (Some(Layer::Palette(palette)), _) => {
                palette.query.extend(one_line());
                search_palette(palette);
            }
            (None, Context::Search) => {
                self.home.search.get_or_insert_default().extend(one_line());
                self.home.filter(&self.course);
            }
            (None, Context::Shell) => {
                if let Some(workspace) = &mut self.workspace {
                    effects.extend(workspace.paste(text));
                }
            }
            _ => {}
        }
        effects
    }

    /// Does an action on the screen below the layers.
    fn act(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        match action {
            Action::Quit => {
                self.quitting = true;
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
            Action::GoHome => self.go_home(),
            Action::SendLeaveKey => match &mut self.workspace {
                Some(workspace) => workspace.send_to_shell(self.leave.into(), self.area),
                None => vec![],
            },
            Action::Setup => {
                self.screen = Screen::Setup;
                vec![Effect::LookForEngine]
            }
            Action::Reset => {
                let Some(workspace) = &self.workspace else { return vec![] };
                self.ask_fresh(workspace.item.id.clone());
                vec![]
            }
            _ => match self.screen {
                Screen::Home => self.act_home(action, now),
                Screen::Setup => self.act_setup(action),
                Screen::Workspace => match &mut self.workspace {
                    Some(workspace) => {
                        let outcome = workspace.act(action, self.area, &self.course, now);
                        self.layers.extend(outcome.layer);
                        if outcome.notice.is_some() {
                            self.notice = outcome.notice;
                        }
                        outcome.effects
                    }
                    None => vec![],
                },
            },
        }
    }

    fn act_home(&mut self, action: Action, now: Instant) -> Vec<Effect> {
        let page = usize::from(self.area.height.saturating_sub(6)).max(1);
        match action {
            Action::Up => self.home.move_by(-1),
            Action::Down => self.home.move_by(1),
            Action::PageUp => self.home.move_by(-(page.cast_signed())),
            Action::PageDown => self.home.move_by(page.cast_signed()),
            Action::Top => self.home.move_by(isize::MIN / 2),
            Action::Bottom => self.home.move_by(isize::MAX / 2),
            Action::Collapse => self.home.collapse(&self.course),
            Action::Expand => self.home.expand(&self.course),
            Action::Search => self.home.begin_search(&self.course),
            Action::Back => self.home.end_search(&self.course),
            Action::Refresh => return vec![Effect::LookForEngine, Effect::LoadProgress],
            Action::Open => match self.home.selected() {
                Some(home::Row::Item { id, .. }) => {
                    let id = id.clone();
                    self.home.end_search(&self.course);
                    return self.open(&id, false, now);
                }
                Some(home::Row::Module { .. }) => self.home.toggle(&self.course),
                None => {}
            },
            Action::OpenFresh => {
                if let Some(home::Row::Item { id, .. }) = self.home.selected() {
                    self.ask_fresh(id.clone());
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

    fn ask_fresh(&mut self, item: String) {
        self.layers.push(Layer::Dialog(Dialog {
            title: "Start over".to_owned(),
            text: format!(
                "The sandbox of {item} and every file in it will be replaced by a fresh one. \
                 Completions are kept."
            ),
            answers: vec![
                ("Keep it".to_owned(), Choice::Close),
                ("Start over".to_owned(), Choice::OpenItem { item, fresh: true }),
            ],
            selected: 0,
        }));
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
        self.notice = Some(format!("Theme: {}", self.theme.title));
        if self.screen == Screen::Setup {
            return vec![];
        }
        vec![Effect::Configure { key: "theme", value: self.theme.name.clone() }]
    }

    /// Opens an item's workspace.
    pub fn open(&mut self, id: &str, fresh: bool, now: Instant) -> Vec<Effect> {
        let Some(item) = self.course.item(id).cloned() else {
            self.notice = Some(format!("There is no item {id}"));
            return vec![];
        };
        let leave = self.workspace.as_mut().map(|old| old.leave(now)).unwrap_or_default();
        self.visits += 1;
        let visit = self.visits;
        let mut workspace = Workspace::new(item, visit, now);
        workspace.restyle(&self.theme, self.signs);
        workspace.arrange(self.area);
        self.workspace = Some(workspace);
        self.screen = Screen::Workspace;
        self.ticked = now;
        let mut effects = leave;
        effects.push(Effect::ReadLesson { visit, item: id.to_owned(), link: None });
        effects.push(Effect::Provision { visit, item: id.to_owned(), fresh });
        effects
    }

    fn go_home(&mut self) -> Vec<Effect> {
        let Some(workspace) = &mut self.workspace else {
            self.screen = Screen::Home;
            return vec![];
        };
        let mut effects = workspace.leave(self.ticked);
        self.home.select(&self.course, &workspace.item.id.clone());
        self.workspace = None;
        self.screen = Screen::Home;
        effects.extend([Effect::LoadProgress, Effect::LookForEngine]);
        effects
    }

    fn choose(&mut self, choice: Choice, now: Instant) -> Vec<Effect> {
        self.layers.pop();
        match choice {
            Choice::Do(action) => self.act(action, now),
            Choice::OpenItem { item, fresh } => self.open(&item, fresh, now),
            Choice::Destroy(item) => vec![Effect::Destroy { item }],
            Choice::Close => vec![],
        }
    }

    fn layer_key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        let leaves = keymap::Chord::of(key) == self.leave;
        let Some(layer) = self.layers.last_mut() else { return vec![] };
        match layer {
            Layer::Help(scroll) => match key.code {
                KeyCode::Down | KeyCode::Char('j') => *scroll = scroll.saturating_add(1),
                KeyCode::Up | KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
                KeyCode::PageDown | KeyCode::Char(' ') => {
                    *scroll = scroll.saturating_add(PAGE as u16);
                }
                KeyCode::PageUp => *scroll = scroll.saturating_sub(PAGE as u16),
                _ => drop(self.layers.pop()),
            },
            Layer::Palette(palette) => match key.code {
                KeyCode::Esc => drop(self.layers.pop()),
                KeyCode::Enter => {
                    let row = palette.found.get(palette.selected).and_then(|i| palette.all.get(*i));
                    let choice = row.map_or(Choice::Close, |row| row.choice.clone());
                    return self.choose(choice, now);
                }
                KeyCode::Up => palette.selected = palette.selected.saturating_sub(1),
                KeyCode::Down => {
                    palette.selected =
                        (palette.selected + 1).min(palette.found.len().saturating_sub(1));
                }
                KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                    drop(self.layers.pop());
                }
                _ => {
                    if edit(&mut palette.query, key) {
                        search_palette(palette);
                    }
                }
            },
            Layer::Dialog(dialog) => match key.code {
                KeyCode::Left | KeyCode::Up | KeyCode::BackTab => {
                    dialog.selected = dialog.selected.saturating_sub(1);
                }
                KeyCode::Right | KeyCode::Down | KeyCode::Tab => {
                    dialog.selected =
                        (dialog.selected + 1).min(dialog.answers.len().saturating_sub(1));
                }
                KeyCode::Enter => {
                    let choice = dialog.answers.get(dialog.selected).map(|a| a.1.clone());
                    return self.choose(choice.unwrap_or(Choice::Close), now);
                }
                KeyCode::Esc => drop(self.layers.pop()),
                _ => {}
            },
            Layer::Problem(_) | Layer::Hint(_) => drop(self.layers.pop()),
            Layer::Completed(completed) => match key.code {
                KeyCode::Enter => {
                    if let Some((item, _)) = completed.next.clone() {
                        return self.choose(Choice::OpenItem { item, fresh: false }, now);
                    }
                    return self.choose(Choice::Do(Action::GoHome), now);
                }
                KeyCode::Char('h') => return self.choose(Choice::Do(Action::GoHome), now),
                KeyCode::Esc | KeyCode::Char('s') => drop(self.layers.pop()),
                _ if leaves => drop(self.layers.pop()),
                _ => {}
            },
        }
        vec![]
    }

    fn mouse(&mut self, mouse: MouseEvent, now: Instant) -> Vec<Effect> {
        if matches!(mouse.kind, MouseEventKind::Down(_)) {
            self.notice = None;
        }
        let at = Position::new(mouse.column, mouse.row);
        let click = mouse.kind == MouseEventKind::Down(MouseButton::Left);
        if !self.layers.is_empty() {
            let key = match mouse.kind {
                MouseEventKind::ScrollDown => KeyCode::Down,
                MouseEventKind::ScrollUp => KeyCode::Up,
                _ => return vec![],
            };
            return self.layer_key(key.into(), now);
        }
        if click && let Some(action) = footer::action_at(self, at) {
            return self.act(action, now);
        }
        match self.screen {
            Screen::Home => {
                let row = home::row_at(self, at);
                match mouse.kind {
                    MouseEventKind::ScrollDown => self.home.move_by(3),
                    MouseEventKind::ScrollUp => self.home.move_by(-3),
                    _ if click => {
                        if let Some(row) = row {
                            if self.home.cursor == row {
                                return self.act(Action::Open, now);
                            }
                            self.home.cursor = row;
                        }
                    }
                    _ => {}
                }
                vec![]
            }
            Screen::Setup => vec![],
            Screen::Workspace => {
                let mut effects = self.present(now);
                if let Some(workspace) = &mut self.workspace {
                    effects.extend(workspace.mouse(mouse, self.area));
                }
                effects
            }
        }
    }

    /// Everything that can be done now: the screen's actions, then every item.
    fn palette(&self) -> Palette {
        let context = self.context();
        let actions =
            keymap::bindings(context).filter(|b| b.action != Action::Palette).map(|binding| {
                let keys: Vec<_> =
                    binding.keys.iter().map(|key| keymap::label(key, self.leave)).collect();
                PaletteRow {
                    text: binding.long.to_owned(),
                    keys: keys.join(" "),
                    choice: Choice::Do(binding.action),
                }
            });
        let items = self.course.items().map(|item| PaletteRow {
            text: format!("Open {}: {}", item.id, item.title),
            keys: String::new(),
            choice: Choice::OpenItem { item: item.id.clone(), fresh: false },
        });
        let mut palette = Palette { all: actions.chain(items).collect(), ..Palette::default() };
        search_palette(&mut palette);
        palette
    }
}

fn search_palette(palette: &mut Palette) {
    palette.found = search::rank(&palette.query, palette.all.iter().map(|row| row.text.as_str()));
    palette.selected = 0;
}

/// Edits a one-line input; whether the key changed it.
fn edit(text: &mut String, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if control => text.clear(),
        KeyCode::Char('w') if control => {
            let end = text.trim_end().rfind(' ').map_or(0, |at| at + 1);
            text.truncate(end);
        }
        KeyCode::Char(c) if !control => text.push(c),
        KeyCode::Backspace => drop(text.pop()),
        _ => return false,
    }
    true
}
