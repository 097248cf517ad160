//! Keys and pastes: to the top layer, to the screen's actions, or as input to where they are typed.

use std::time::Instant;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::{Action, App, Effect, Layer};
use crate::lab::clock::GOES_ON;
use crate::tui::keymap::{self, Context};
use crate::tui::screens::workspace::PaneId;
use crate::tui::widgets::input::edit;

impl App {
    pub(super) fn key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        if key.kind != KeyEventKind::Press {
            return self.held_or_released(key);
        }
        self.notice = None;
        self.stay();
        self.present(now);
        if self.layers.is_empty() { self.screen_key(key, now) } else { self.layer_key(key, now) }
    }

    /// A key that goes on being down, or comes up: told only where a program asked for it, and only
    /// the program's affair.
    fn held_or_released(&mut self, key: KeyEvent) -> Vec<Effect> {
        let context = self.context();
        let ours = !self.layers.is_empty() || keymap::action(context, self.leave, key).is_some();
        match self.shell_mut() {
            Some(shell) if context == Context::Shell && !ours => shell.key(key),
            _ => vec![],
        }
    }

    /// Somebody is at the keys.
    pub(super) fn present(&mut self, now: Instant) {
        if self.workspace.as_mut().is_some_and(|workspace| workspace.present(now)) {
            self.ticked = now;
            self.notice = Some(GOES_ON.to_owned());
        }
        if let Some(bare) = &mut self.bare {
            bare.touched = true;
        }
        if let Some(incident) = &mut self.incident {
            incident.present(self.area);
        }
    }

    fn screen_key(&mut self, key: KeyEvent, now: Instant) -> Vec<Effect> {
        let leaves = keymap::Chord::of(key) == self.leave;
        if self.shell().is_some()
            && let Some(shell) = self.shell_mut()
        {
            // If the lines never come, the leave key still leads out.
            if leaves {
                shell.want_no_look();
            } else if shell.keeps_for_later(key) {
                return vec![];
            }
        }
        let context = self.context();
        let action = keymap::action(context, self.leave, key);
        let keeps = |action: &Action| self.shell().is_some_and(|shell| shell.keeps(*action));
        if let Some(action) = action.filter(|action| !keeps(action)) {
            return self.act(action, now);
        }
        if context == Context::Search {
            if edit(self.home.search.get_or_insert_default(), key) {
                self.home.filter(&self.course);
            }
            return vec![];
        }
        if context == Context::HistorySearch {
            return self.history_key(key);
        }
        if let Some(incident) = self.open_incident_mut() {
            return incident.key(key);
        }
        if let Some(author) = self.open_author_mut() {
            let outcome = author.key(key);
            return self.came(outcome);
        }
        match (&mut self.workspace, &mut self.bare) {
            (Some(workspace), _) if workspace.focus == PaneId::Shell => workspace.shell.key(key),
            (None, Some(bare)) => bare.key(key),
            _ => vec![],
        }
    }

    pub(super) fn paste(&mut self, text: String, now: Instant) -> Vec<Effect> {
        self.notice = None;
        self.present(now);
        let one_line = || text.chars().filter(|c| !c.is_control());
        let context = self.context();
        if let Some(layer) = self.layers.last_mut() {
            if let Layer::Palette(palette) = layer {
                palette.query.extend(one_line());
                palette.search();
            }
        } else if context == Context::Search {
            self.home.search.get_or_insert_default().extend(one_line());
            self.home.filter(&self.course);
        } else if context == Context::HistorySearch {
            let text: String = one_line().collect();
            return self.history_pasted(&text);
        } else if let Some(incident) = self.open_incident_mut().filter(|it| it.is_typed_in()) {
            let text: String = one_line().collect();
            incident.paste(&text);
        } else if let Some(author) = self.open_author_mut() {
            let outcome = author.paste(&text);
            return self.came(outcome);
        } else if self.shell().is_some() {
            return self.shell_mut().map(|shell| shell.paste(text)).unwrap_or_default();
        }
        vec![]
    }
}
