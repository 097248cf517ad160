//! The mouse on an incident's screen: everything it does can be done with keys too.

use std::time::Instant;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::observe::View;
use super::{Incident, Stage, Tab, act, observe};
use crate::tui::app::Action;
use crate::tui::keymap::Context;
use crate::tui::screens::outcome::Outcome;

/// How many lines a notch of the wheel scrolls.
const WHEEL: isize = 3;

impl Incident {
    /// The mouse did something.
    pub fn mouse(&mut self, mouse: MouseEvent, area: Rect, now: Instant) -> Outcome {
        if !matches!(self.stage, Stage::Open) {
            return Outcome::default();
        }
        let at = Position::new(mouse.column, mouse.row);
        let places = self.places(area);
        let click = mouse.kind == MouseEventKind::Down(MouseButton::Left);
        let wheel = match mouse.kind {
            MouseEventKind::ScrollUp => -WHEEL,
            MouseEventKind::ScrollDown => WHEEL,
            _ => 0,
        };
        let pressed = self.tab == Tab::Shell && self.shell.has_mouse(mouse.kind);
        if click
            && !pressed
            && let Some(tab) = places.tab_at(at)
        {
            let mut effects = self.show(tab, area);
            effects.extend(self.look_soon(area, now));
            return Outcome::effects(effects);
        }
        if let Some(beside) = places.updates.filter(|place| place.contains(at)) {
            // The view stops at the end; what is beyond is not kept either.
            let rows = self.picture.as_ref().map_or(0, |it| it.feed.len()).saturating_mul(8);
            let last = rows.saturating_sub(usize::from(beside.height) / 2);
            self.scrolled = self.scrolled.saturating_add_signed(wheel).min(last);
            return Outcome::default();
        }
        if self.shell_in_front().is_some() {
            if pressed || places.shell().contains(at) {
                return self.shell.mouse(mouse, places.shell(), area, now);
            }
            return Outcome::default();
        }
        if !places.inner.contains(at) || self.is_typed_in() {
            return Outcome::default();
        }
        if wheel != 0 {
            return self.wheel(wheel, area, now);
        }
        if !click {
            return Outcome::default();
        }
        let mut outcome = self.clicked(at, places.inner, area, now);
        outcome.effects.extend(self.look_soon(area, now));
        outcome
    }

    fn wheel(&mut self, by: isize, area: Rect, now: Instant) -> Outcome {
        // Over charts it goes through the pages.
        if self.context() == Context::Panels {
            let action = if by < 0 { Action::PageUp } else { Action::PageDown };
            return self.act(action, area, now);
        }
        let action = if by < 0 { Action::Up } else { Action::Down };
        let mut outcome = Outcome::default();
        for _ in 0..by.abs() {
            outcome = self.act(action, area, now);
        }
        outcome
    }

    fn clicked(&mut self, at: Position, inner: Rect, area: Rect, now: Instant) -> Outcome {
        match self.context() {
            Context::Panels => {
                let parts = self.parts(inner);
                if parts.logs.is_some_and(|place| place.contains(at)) {
                    self.observe.view = View::Logs;
                    return Outcome::default();
                }
                let (charts, _) = self.charts(parts.charts);
                match charts.into_iter().find(|(_, place)| place.contains(at)) {
                    // A second click on a chart gives it the whole place.
                    Some((panel, _)) if panel == self.observe.panel && !self.observe.full => {
                        Outcome::effects(self.turn_full())
                    }
                    Some((panel, _)) => Outcome::effects(self.focus_panel(panel)),
                    None => Outcome::default(),
                }
            }
            // A second click opens what the first selected.
            Context::Logs => match observe::log_at(self, inner, at) {
                Some(row) if self.observe.logs.selected() == Some(row) => {
                    self.act(Action::Open, area, now)
                }
                Some(row) => {
                    self.observe.logs.select(row);
                    Outcome::default()
                }
                None => Outcome::default(),
            },
            Context::Traces => match observe::trace_at(self, inner, at) {
                Some(row) if self.observe.traces.selected() == row => {
                    self.act(Action::Open, area, now)
                }
                Some(row) => {
                    self.observe.traces.select(row);
                    Outcome::default()
                }
                None => Outcome::default(),
            },
            Context::Act | Context::Form => match act::row_at(self, inner, at) {
                Some(row) if row == self.act.selected && !self.act.in_form => {
                    self.act_open(area, now)
                }
                Some(row) => {
                    self.act.in_form = false;
                    self.act.selected = row;
                    Outcome::default()
                }
                None => Outcome::default(),
            },
            _ => Outcome::default(),
        }
    }
}
