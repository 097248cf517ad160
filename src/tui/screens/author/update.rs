//! How Author changes.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;

use super::prompt::Kind as Asked;
use super::tree::Kind;
use super::{Author, Buffer, Command, PaneId, Phase, Way, preview};
use crate::author::{Reading, Recovered};
use crate::course::Catalogue;
use crate::problem::Problem;
use crate::tui::app::{Action, AuthorEvent, AuthorOrder, Effect, Layer};
use crate::tui::place;
use crate::tui::screens::outcome::Outcome;
use crate::tui::theme::{Signs, Theme};
use crate::tui::widgets::editor::{Editor, Place};
use crate::tui::widgets::input::edit;

/// How many problems a page of them is.
const PROBLEMS_PAGE: usize = 5;

impl Author {
    pub(super) fn order(&self, order: AuthorOrder) -> Effect {
        Effect::Author { visit: self.visit, order }
    }

    /// Keeps what is not saved, at once.
    pub fn keep(&self) -> Effect {
        self.order(AuthorOrder::Keep)
    }

    /// Whether the preview of what is no lesson is scrolled.
    pub fn is_scrolled(&self) -> bool {
        self.preview.scroll > 0
    }

    /// Asks for the folder.
    pub fn begin(&self) -> Effect {
        self.order(AuthorOrder::Open(self.folder.clone()))
    }

    /// The theme has changed.
    pub fn restyle(&mut self, theme: &Theme, signs: Signs) {
        self.preview.lesson.restyle(theme, signs);
    }

    /// Gives the panes their sizes.
    pub fn arrange(&mut self, area: Rect) {
        let places = self.places(area);
        if let Some(inner) = places.inner(PaneId::Preview) {
            self.preview.lesson.resize(inner.width, inner.height);
        }
        if let (Some(inner), Some(buffer)) = (places.inner(PaneId::Editor), self.buffer_mut()) {
            buffer.editor.resize(inner);
        }
    }

    /// The item that the preview is about, if it can be tried.
    pub fn to_try(&self, course: &Catalogue) -> Option<String> {
        let item = self.tree.outline().item_of(self.preview.path.as_ref()?)?;
        course.item(&item.id).map(|item| item.id.clone())
    }

    /// Where to go, once there is nothing left to save.
    pub fn leaves(&mut self) -> Option<Way> {
        if self.unsaved().next().is_some() { None } else { self.leaving.take() }
    }

    /// Takes a result of background work.
    pub fn happened(&mut self, event: AuthorEvent, course: &Catalogue, area: Rect) -> Outcome {
        match event {
            AuthorEvent::Read(reading) => self.read(*reading, course, area),
            AuthorEvent::Opened { root, place } => {
                self.root = Some(root);
                self.going_to = place.as_deref().and_then(place::read);
                Outcome::default()
            }
            AuthorEvent::Failed(problem) => {
                self.phase = Phase::Failed(problem);
                Outcome::default()
            }
            AuthorEvent::File { path, content } => self.file(&path, content, area),
            AuthorEvent::Disk { path, text } => self.disk(&path, text),
            AuthorEvent::Coloured { path, edits, tokens } => {
                if let Some(buffer) = self.buffers.get_mut(&path) {
                    buffer.editor.colour(edits, tokens);
                }
                Outcome::default()
            }
            AuthorEvent::Lesson { path, document } => {
                if self.preview.path.as_deref() == Some(&path) {
                    self.preview.lesson.renew(path, *document);
                    self.arrange(area);
                }
                Outcome::default()
            }
            AuthorEvent::Saved { path, text } => {
                if let Some(buffer) = self.buffers.get_mut(&path) {
                    buffer.disk = Some(text);
                    buffer.conflict = false;
                }
                Outcome::notice(format!("Saved {path}"))
            }
            AuthorEvent::NotSaved(problem) => {
                self.leaving = None;
                Outcome::layer(Layer::Problem(problem))
            }
            AuthorEvent::Conflict { path, text } => {
                self.leaving = None;
                self.conflict(&path, text)
            }
            AuthorEvent::Proving { engine, stage } => {
                self.proof.iter_mut().for_each(|proof| proof.begins(engine, stage));
                Outcome::default()
            }
            AuthorEvent::Proved { engine, outcome } => {
                self.proof.iter_mut().for_each(|proof| proof.came(engine, (*outcome).clone()));
                Outcome::default()
            }
            AuthorEvent::ProofOver(result) => self.proof_over(result),
            AuthorEvent::Recovered(it) => Outcome::layer(Self::ask_to_recover(it)),
        }
    }

    fn read(&mut self, reading: Reading, course: &Catalogue, area: Rect) -> Outcome {
        let first = self.phase == Phase::Reading;
        self.phase = Phase::Ready;
        self.problems.renew(reading.problems);
        self.tree.renew(reading.outline);
        self.preview.renew(course, self.tree.outline());
        if !first {
            return Outcome::default();
        }
        let mut effects = self.point_at_row(course);
        if let Some(place) = self.going_to.take() {
            effects.extend(self.return_to(place, course, area));
        }
        Outcome::effects(effects)
    }

    /// A file was read that somebody wants to edit.
    fn file(&mut self, path: &str, content: Result<Arc<str>, Problem>, area: Rect) -> Outcome {
        let text = match content {
            Ok(text) => text,
            Err(problem) => {
                self.going_to = None;
                return Outcome::layer(Layer::Problem(problem));
            }
        };
        // Not over what somebody has written meanwhile.
        self.buffers.entry(path.to_owned()).or_insert_with(|| Buffer::new(text));
        let going = self.going.take();
        let mut effects = self.edit(path, going, area);
        if going.is_none() {
            self.sit();
        }
        effects.extend(self.arrive(area));
        Outcome::effects(effects)
    }

    /// A file that is open has become another on the disk.
    fn disk(&mut self, path: &str, text: Option<Arc<str>>) -> Outcome {
        let Some(buffer) = self.buffers.get_mut(path) else { return Outcome::default() };
        if buffer.is_unsaved() && text.as_ref() != Some(&buffer.text) {
            return self.conflict(path, text);
        }
        buffer.disk.clone_from(&text);
        buffer.conflict = false;
        match text {
            Some(text) => {
                buffer.set(&text);
                let notice = Some(format!("{path} was changed on the disk, and read again"));
                Outcome { notice, ..Outcome::effects(self.changed(path)) }
            }
            None => Outcome::notice(format!("{path} was removed; saving writes it again")),
        }
    }

    fn conflict(&mut self, path: &str, text: Option<Arc<str>>) -> Outcome {
        let Some(buffer) = self.buffers.get_mut(path) else { return Outcome::default() };
        buffer.disk = text;
        buffer.conflict = true;
        Outcome { layer: self.ask_about(path), ..Outcome::default() }
    }

    /// The text of a file is another: it is to be kept, coloured, read and looked at.
    pub(super) fn changed(&self, path: &str) -> Vec<Effect> {
        let Some(buffer) = self.buffers.get(path) else { return vec![] };
        vec![self.order(AuthorOrder::Changed {
            path: path.to_owned(),
            text: buffer.text.clone(),
            edits: buffer.editor.edits(),
            unsaved: buffer.is_unsaved(),
        })]
    }

    /// Puts a file into the editor, at a place if one is given.
    pub(super) fn edit(&mut self, path: &str, at: Option<Place>, area: Rect) -> Vec<Effect> {
        if !self.buffers.contains_key(path) {
            self.going = at;
            return vec![self.order(AuthorOrder::Read(path.to_owned()))];
        }
        self.open = Some(path.to_owned());
        self.focus = PaneId::Editor;
        self.tree.select(path);
        self.arrange(area);
        if let (Some(at), Some(buffer)) = (at, self.buffer_mut()) {
            buffer.editor.show(at);
        }
        let mut effects = self.changed(path);
        effects.extend(self.preview_of(Some(path)));
        effects
    }

    pub(super) fn recover(&mut self, it: &Recovered, area: Rect) -> Vec<Effect> {
        let text: Arc<str> = it.text.as_str().into();
        let buffer = self.buffers.entry(it.path.clone());
        let disk = it.disk.as_deref().map(Arc::from);
        let buffer = buffer.or_insert_with(|| Buffer { disk, ..Buffer::new("".into()) });
        buffer.set(&text);
        let effects = self.edit(&it.path, None, area);
        self.sit();
        effects
    }

    /// The disk's text counts; what was written here is gone.
    pub(super) fn take_theirs(&mut self, path: &str) -> Vec<Effect> {
        let Some(buffer) = self.buffers.get_mut(path) else { return vec![] };
        buffer.conflict = false;
        if let Some(disk) = buffer.disk.clone() {
            buffer.set(&disk);
            return self.changed(path);
        }
        self.buffers.remove(path);
        if self.open.as_deref() == Some(path) {
            self.open = None;
        }
        vec![self.order(AuthorOrder::Closed(path.to_owned()))]
    }

    pub(super) fn preview_of(&mut self, path: Option<&str>) -> Vec<Effect> {
        if !self.preview.show(path) {
            return vec![];
        }
        let lesson = path.filter(|path| preview::is_lesson(path)).map(str::to_owned);
        vec![self.order(AuthorOrder::Show(lesson))]
    }

    /// The preview follows the cursor in the tree.
    pub(super) fn point_at_row(&mut self, course: &Catalogue) -> Vec<Effect> {
        let path = self.tree.selected().and_then(|row| row.path.clone());
        let effects = self.preview_of(path.as_deref());
        self.preview.renew(course, self.tree.outline());
        effects
    }

    fn save(&self, path: &str) -> Outcome {
        let Some(buffer) = self.buffers.get(path) else { return Outcome::default() };
        if buffer.conflict {
            return Outcome { layer: self.ask_about(path), ..Outcome::default() };
        }
        if !buffer.is_unsaved() {
            return Outcome::notice("There is nothing to save");
        }
        let (text, over) = (buffer.text.clone(), buffer.disk.clone());
        Outcome::effects(vec![self.order(AuthorOrder::Save { path: path.to_owned(), text, over })])
    }

    pub(super) fn save_all(&self) -> Outcome {
        let mut all = Outcome::default();
        for path in self.unsaved() {
            let outcome = self.save(path);
            all.effects.extend(outcome.effects);
            all.layer = all.layer.or(outcome.layer);
        }
        all
    }

    /// Does an action.
    pub fn act(&mut self, action: Action, course: &Catalogue, area: Rect) -> Outcome {
        self.going_to = None;
        match action {
            Action::NextPane => Outcome::effects(self.focus_on(self.neighbour(1), area)),
            Action::PreviousPane => Outcome::effects(self.focus_on(self.neighbour(-1), area)),
            Action::Layout => {
                self.beside = !self.beside;
                self.arrange(area);
                Outcome::notice(if self.beside {
                    "With the preview"
                } else {
                    "Without the preview"
                })
            }
            Action::Author(Command::Prove) => self.prove(course, area),
            Action::Author(command) => self.command(command, area),
            Action::Retry if matches!(self.phase, Phase::Failed(_)) => {
                self.phase = Phase::Reading;
                Outcome::effects(vec![self.begin()])
            }
            Action::Back => {
                self.close_prompt();
                Outcome::default()
            }
            _ if self.prompt.is_some() => {
                self.act_prompt(action);
                Outcome::default()
            }
            _ => match self.focus {
                PaneId::Files | PaneId::Editor => self.act_files(action, course, area),
                PaneId::Preview => {
                    self.act_preview(action, area);
                    Outcome::default()
                }
                PaneId::Problems => self.act_problems(action, area),
            },
        }
    }

    pub(super) fn act_files(&mut self, action: Action, course: &Catalogue, area: Rect) -> Outcome {
        if let Some(by) = action.step(area.height.saturating_sub(6).into()) {
            self.tree.move_by(by);
            return Outcome::effects(self.point_at_row(course));
        }
        match action {
            Action::Collapse => self.tree.collapse(),
            Action::Expand => self.tree.expand(),
            Action::Open => {
                let Some(row) = self.tree.selected().cloned() else { return Outcome::default() };
                if let (Kind::File, Some(path)) = (row.kind, row.path) {
                    return Outcome::effects(self.edit(&path, None, area));
                }
                self.tree.toggle();
                return Outcome::default();
            }
            _ => return Outcome::default(),
        }
        Outcome::effects(self.point_at_row(course))
    }

    fn act_preview(&mut self, action: Action, area: Rect) {
        let height = self.places(area).inner(PaneId::Preview).map_or(1, |inner| inner.height);
        if let Some(by) = action.step(height.saturating_sub(2).into()) {
            self.scroll_preview(by);
        }
    }

    pub(super) fn scroll_preview(&mut self, by: isize) {
        match self.preview.shown {
            preview::Shown::Lesson if self.shown_proof().is_none() => {
                self.preview.lesson.scroll_by(by);
            }
            _ => self.preview.scroll = self.preview.scroll.saturating_add_signed(by),
        }
    }

    /// The preview is scrolled no further than to its end, which moves with what it shows.
    pub fn settle(&mut self, last: usize) {
        self.preview.scroll = self.preview.scroll.min(last);
    }

    fn act_problems(&mut self, action: Action, area: Rect) -> Outcome {
        if action == Action::Open {
            return Outcome::effects(self.go_to_problem(area));
        }
        if let Some(by) = action.step(PROBLEMS_PAGE) {
            self.problems.move_by(by);
        }
        Outcome::default()
    }

    pub(super) fn go_to_problem(&mut self, area: Rect) -> Vec<Effect> {
        let Some(it) = self.problems.selected() else { return vec![] };
        let (path, at) = (it.file.clone(), super::Problems::place(it));
        self.edit(&path, Some(at), area)
    }

    fn command(&mut self, command: Command, area: Rect) -> Outcome {
        match command {
            Command::Save => match (&self.open, self.focus) {
                (Some(path), PaneId::Editor) => return self.save(path),
                _ if self.unsaved().next().is_none() => {
                    return Outcome::notice("There is nothing to save");
                }
                _ => return self.save_all(),
            },
            Command::Pane(pane) => return Outcome::effects(self.focus_on(pane, area)),
            Command::NextProblem | Command::PreviousProblem => {
                if self.problems.all.is_empty() {
                    return Outcome::notice("Nothing is wrong");
                }
                self.problems.step(if command == Command::NextProblem { 1 } else { -1 });
                return Outcome::effects(self.go_to_problem(area));
            }
            // These are about the item, which the whole program knows.
            Command::Try | Command::Prove => {}
            Command::Undo => return self.editing(Editor::undo),
            Command::Redo => return self.editing(Editor::redo),
            Command::SelectAll => return self.editing(Editor::select_all),
            Command::Paste => {
                let clip = self.clip.clone();
                return self.editing(|editor| editor.paste(&clip));
            }
            Command::Copy | Command::Cut => {
                let Some(text) = self.buffer().and_then(|buffer| buffer.editor.selected()) else {
                    return Outcome::notice("Nothing is selected; Shift with the arrows selects");
                };
                self.clip.clone_from(&text);
                let mut outcome = Outcome::copied(text);
                if command == Command::Cut {
                    outcome.effects.extend(self.editing(Editor::remove_selected).effects);
                }
                return outcome;
            }
            Command::Find => self.open_prompt(Asked::Find),
            Command::GoToLine => self.open_prompt(Asked::Line),
            Command::FindNext | Command::FindPrevious => {
                self.find(command == Command::FindNext, false);
            }
        }
        Outcome::default()
    }

    /// Does something with the open file's text, and tells what came of it.
    pub(super) fn editing<T>(&mut self, change: impl FnOnce(&mut Editor) -> T) -> Outcome {
        let Some(path) = self.open.clone() else { return Outcome::default() };
        let Some(buffer) = self.buffers.get_mut(&path) else { return Outcome::default() };
        let before = buffer.editor.edits();
        change(&mut buffer.editor);
        let (line, _) = buffer.editor.cursor();
        let changed = buffer.editor.edits() != before && buffer.edited();
        self.problems.point(&path, line);
        if changed { Outcome::effects(self.changed(&path)) } else { Outcome::default() }
    }

    /// A key that the keymap has no meaning for.
    pub fn key(&mut self, key: KeyEvent) -> Outcome {
        self.going_to = None;
        if let Some(prompt) = &mut self.prompt {
            if edit(&mut prompt.text, key) {
                self.prompted();
            }
            return Outcome::default();
        }
        if self.focus != PaneId::Editor {
            return Outcome::default();
        }
        // Nothing is found any more that was only looked for.
        if key.code == KeyCode::Enter
            && let Some(buffer) = self.buffer_mut()
        {
            buffer.editor.search("");
        }
        self.editing(|editor| editor.key(key))
    }

    /// Text was pasted.
    pub fn paste(&mut self, text: &str) -> Outcome {
        if let Some(prompt) = &mut self.prompt {
            prompt.text.extend(text.chars().filter(|c| !c.is_control()));
            self.prompted();
            return Outcome::default();
        }
        if self.focus == PaneId::Editor {
            return self.editing(|editor| editor.paste(text));
        }
        Outcome::default()
    }

    fn neighbour(&self, by: isize) -> PaneId {
        let all = PaneId::ALL;
        let at = all.iter().position(|pane| *pane == self.focus).unwrap_or(0).cast_signed();
        all[(at + by).rem_euclid(all.len().cast_signed()).cast_unsigned()]
    }

    pub(super) fn focus_on(&mut self, pane: PaneId, area: Rect) -> Vec<Effect> {
        self.prompt = None;
        self.focus = pane;
        self.arrange(area);
        match (pane, self.open.clone()) {
            (PaneId::Editor, Some(path)) => self.preview_of(Some(&path)),
            _ => vec![],
        }
    }
}
