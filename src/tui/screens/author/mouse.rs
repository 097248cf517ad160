//! The mouse on Author: everything it does can be done with keys too.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{Author, PaneId, view};
use crate::course::Catalogue;
use crate::tui::app::{Action, Effect};
use crate::tui::screens::outcome::Outcome;

/// How many lines a wheel notch scrolls.
const WHEEL: isize = 3;

impl Author {
    /// The mouse did something.
    pub fn mouse(&mut self, mouse: MouseEvent, course: &Catalogue, area: Rect) -> Outcome {
        self.going_to = None;
        let at = Position::new(mouse.column, mouse.row);
        let places = self.places(area);
        if mouse.kind == MouseEventKind::Down(MouseButton::Left)
            && let Some(pane) = view::tab_at(self, &places, at)
        {
            return Outcome::effects(self.focus_on(pane, area));
        }
        let under =
            PaneId::ALL.into_iter().find(|pane| places.of(*pane).is_some_and(|it| it.contains(at)));
        let Some(pane) = under else { return Outcome::default() };
        let Some(inner) = places.inner(pane) else { return Outcome::default() };
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(pane, -WHEEL),
            MouseEventKind::ScrollDown => self.wheel(pane, WHEEL),
            MouseEventKind::Down(MouseButton::Left) => {
                let mut effects = self.focus_on(pane, area);
                if inner.contains(at) {
                    effects.extend(self.clicked(pane, at, inner, course, area));
                }
                return Outcome::effects(effects);
            }
            MouseEventKind::Drag(MouseButton::Left) if pane == PaneId::Editor => {
                return self.editing(|editor| editor.point(at, inner, true));
            }
            _ => {}
        }
        Outcome::default()
    }

    fn wheel(&mut self, pane: PaneId, by: isize) {
        match pane {
            PaneId::Files => self.tree.move_by(by),
            PaneId::Editor => {
                if let Some(buffer) = self.buffer_mut() {
                    buffer.editor.scroll(by);
                }
            }
            PaneId::Preview => self.scroll_preview(by),
            PaneId::Problems => self.problems.move_by(by.signum()),
        }
    }

    fn clicked(
        &mut self,
        pane: PaneId,
        at: Position,
        inner: Rect,
        course: &Catalogue,
        area: Rect,
    ) -> Vec<Effect> {
        let row = usize::from(at.y - inner.y);
        match pane {
            PaneId::Files => {
                let row = view::first_row(&self.tree, inner.height) + row;
                if row >= self.tree.rows.len() {
                    return vec![];
                }
                if std::mem::replace(&mut self.tree.cursor, row) == row {
                    return self.act_files(Action::Open, course, area).effects;
                }
                self.point_at_row(course)
            }
            PaneId::Editor => self.editing(|editor| editor.point(at, inner, false)).effects,
            PaneId::Preview => vec![],
            PaneId::Problems => match view::problem_at(self, inner, row) {
                Some(index) => {
                    self.problems.cursor = index;
                    self.go_to_problem(area)
                }
                None => vec![],
            },
        }
    }
}
