//! Layers: what their keys do, the questions asked, and the palette.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::civil::Date;

use super::{Action, App, Choice, Dialog, Effect, Layer, Palette, PaletteRow};
use crate::tui::keymap;
use crate::tui::screens::workspace::Workspace;
use crate::tui::widgets::input::edit;

/// How many rows a page of help is.
const PAGE: u16 = 10;

impl App {
    pub(super) fn ask_fresh(&mut self, item: String) {
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

    /// Something that is due is practised anew; what it was completed in can be looked at instead.
    pub(super) fn ask_again(&mut self, item: &str, since: Date) {
        let open = |fresh| Choice::OpenItem { item: item.to_owned(), fresh };
        self.layers.push(Layer::Dialog(Dialog {
            title: "Practise again".to_owned(),
            text: format!(
                "{item} is due since {since}. A new attempt begins in a fresh sandbox; the one \
                 that it was completed in, if it is still there, and its files go."
            ),
            answers: vec![
                ("Not now".to_owned(), Choice::Close),
                ("Practise again".to_owned(), open(true)),
                ("As it was left".to_owned(), open(false)),
            ],
            selected: 1,
        }));
    }

    pub(super) fn choose(&mut self, choice: Choice, now: Instant) -> Vec<Effect> {
        self.layers.pop();
        match choice {
            Choice::Do(action) => self.act(action, now),
            Choice::OpenItem { item, fresh } => self.open(&item, fresh, now),
            Choice::Agree { sheet, fresh } => self.agree(sheet, fresh, now),
            Choice::Destroy(item) => vec![Effect::Destroy { item }],
            Choice::Clipboard(answer) => self.clipboard_answered(answer, now),
            Choice::Follow(target) => match self.shell_mut() {
                Some(shell) => {
                    let outcome = shell.follow(target);
                    self.came(outcome)
                }
                None => vec![],
            },
            Choice::Order(order) => self.order(order),
            Choice::Author(answer) => self.author_answered(answer, now),
            Choice::AskRewind(moment) => {
                if let Some(workspace) = &self.workspace {
                    self.layers.push(Layer::Dialog(workspace.ask_rewind(&moment)));
                }
                vec![]
            }
            Choice::Rewind(to) => match &mut self.workspace {
                Some(workspace) => workspace.rewind(to, self.area, now),
                None => vec![],
            },
            Choice::ReplaceSolution(draft) => {
                let keep = |workspace: &Workspace| workspace.keep_solution(draft, true);
                self.workspace.as_ref().map(keep).into_iter().collect()
            }
            Choice::Close => vec![],
        }
    }

    pub(super) fn layer_key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        // To close it, or to take the first answer, is to say no.
        let closes = matches!(key.code, KeyCode::Esc | KeyCode::Enter);
        if !closes && self.is_typed_on(now) {
            return vec![];
        }
        let leaves = keymap::Chord::of(key) == self.leave;
        let Some(layer) = self.layers.last_mut() else { return vec![] };
        match layer {
            Layer::Help(scroll) => match key.code {
                KeyCode::Down | KeyCode::Char('j') => *scroll = scroll.saturating_add(1),
                KeyCode::Up | KeyCode::Char('k') => *scroll = scroll.saturating_sub(1),
                KeyCode::PageDown | KeyCode::Char(' ') => {
                    *scroll = scroll.saturating_add(PAGE);
                }
                KeyCode::PageUp => *scroll = scroll.saturating_sub(PAGE),
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
                        palette.search();
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
                KeyCode::Esc => {
                    let choice = dialog.answers.first().map(|a| a.1.clone());
                    return self.choose(choice.unwrap_or(Choice::Close), now);
                }
                _ => {}
            },
            Layer::Page(page) => {
                if (leaves || !page.key(key, &self.theme, self.signs, self.area))
                    && let Some(Layer::Page(page)) = self.layers.pop()
                {
                    self.layers.extend(page.after().map(Layer::Dialog));
                }
            }
            Layer::Diagnosis(diagnosis) => match diagnosis.key(key) {
                Some(choice) => return self.choose(choice, now),
                None if leaves => drop(self.layers.pop()),
                None => {}
            },
            Layer::Problem(_) | Layer::Hint(_) => drop(self.layers.pop()),
            Layer::File(viewer) => {
                if leaves || !viewer.key(key, self.area) {
                    self.layers.pop();
                }
            }
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

    /// Everything that can be done now: the screen's actions, then every item.
    pub(super) fn palette(&self) -> Palette {
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
        let files = self.files_to_edit().map(|(text, choice)| PaletteRow {
            text,
            keys: String::new(),
            choice,
        });
        let items = self.course.items().map(|item| PaletteRow {
            text: format!("Open {}: {}", item.id, item.title),
            keys: String::new(),
            choice: Choice::OpenItem { item: item.id.clone(), fresh: false },
        });
        Palette::new("Commands", actions.chain(files).chain(items).collect())
    }
}
