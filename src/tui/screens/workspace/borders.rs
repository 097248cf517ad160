//! The borders between the panes: moved with keys or dragged with the mouse.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};

use super::{PaneId, Workspace};
use crate::tui::app::Effect;
use crate::tui::screens::outcome::Outcome;

/// How far a key moves a border, in columns.
const STEP: i32 = 2;

/// How wide the panes beside the shell are to be, in thousandths of the terminal, so that another terminal
/// looks alike; none where they are as wide as they are at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Widths {
    lesson: Option<u16>,
    sidebar: Option<u16>,
}

impl Widths {
    /// A pane's width on a terminal of this one.
    pub(super) fn of(self, pane: PaneId, terminal: u16) -> Option<u16> {
        let share = match pane {
            PaneId::Lesson => self.lesson,
            PaneId::Sidebar => self.sidebar,
            PaneId::Shell => None,
        }?;
        let columns = (u32::from(share.min(1000)) * u32::from(terminal) + 500) / 1000;
        Some(columns as u16)
    }

    /// A pane is to be so many columns wide on such a terminal.
    pub(super) fn set(&mut self, pane: PaneId, columns: u16, terminal: u16) {
        let terminal = u32::from(terminal.max(1));
        let share = ((u32::from(columns) * 1000 + terminal / 2) / terminal).min(1000) as u16;
        match pane {
            PaneId::Lesson => self.lesson = Some(share),
            PaneId::Sidebar => self.sidebar = Some(share),
            PaneId::Shell => {}
        }
    }
}

impl Workspace {
    /// Makes the focused pane wider, or narrower.
    pub(super) fn widen(&mut self, wider: bool, area: Rect) -> Outcome {
        let places = self.places(area);
        let Some(place) = places.of(self.focus).filter(|_| places.bordered) else {
            return Outcome::notice("One pane has the whole width; l shows more of them");
        };
        let step = if wider { STEP } else { -STEP };
        let columns = (i32::from(place.width) + step).max(0) as u16;
        Outcome::effects(self.set_width(self.focus, columns, area))
    }

    fn set_width(&mut self, pane: PaneId, columns: u16, area: Rect) -> Vec<Effect> {
        self.widths.set(pane, columns, area.width);
        // As wide as it may be, so that the way back begins at once.
        if let Some(place) = self.places(area).of(pane) {
            self.widths.set(pane, place.width, area.width);
        }
        self.arrange(area)
    }

    /// Drags a border, if the mouse took one.
    pub(super) fn drag(&mut self, mouse: MouseEvent, area: Rect) -> Option<Outcome> {
        let at = Position::new(mouse.column, mouse.row);
        let places = self.places(area);
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                self.dragged = places.border_at(at);
                self.dragged.map(|_| Outcome::default())
            }
            MouseEventKind::Drag(MouseButton::Left) => {
                let (pane, shell) = (self.dragged?, places.shell?);
                let place = places.of(pane)?;
                let columns = if place.x < shell.x {
                    (at.x + 1).saturating_sub(place.x)
                } else {
                    place.right().saturating_sub(at.x)
                };
                Some(Outcome::effects(self.set_width(pane, columns, area)))
            }
            MouseEventKind::Up(_) => self.dragged.take().map(|_| Outcome::default()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::Event;
    use crate::tui::app::driver::Driver;
    use crossterm::event::KeyModifiers;

    fn mouse(driver: &mut Driver, kind: MouseEventKind, column: u16) -> Vec<Effect> {
        let modifiers = KeyModifiers::NONE;
        driver.event(Event::Mouse(MouseEvent { kind, column, row: 10, modifiers }))
    }

    #[test]
    fn a_width_is_the_same_again_on_the_same_terminal() {
        for terminal in 80..=500 {
            for columns in 1..terminal {
                let mut widths = Widths::default();
                widths.set(PaneId::Lesson, columns, terminal);
                assert_eq!(widths.of(PaneId::Lesson, terminal), Some(columns));
            }
        }
    }

    #[test]
    fn borders_are_dragged_and_the_shell_is_told() {
        let mut driver = Driver::new(120, 40);
        driver.at_work("linux-01");
        let width =
            |driver: &Driver, pane| driver.open().places(driver.app.area).of(pane).unwrap().width;
        let (lesson, sidebar) = (width(&driver, PaneId::Lesson), width(&driver, PaneId::Sidebar));
        let left = MouseButton::Left;
        mouse(&mut driver, MouseEventKind::Down(left), lesson - 1);
        let effects = mouse(&mut driver, MouseEventKind::Drag(left), lesson - 6);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::ResizeShell(_))));
        mouse(&mut driver, MouseEventKind::Up(left), lesson - 6);
        assert_eq!(width(&driver, PaneId::Lesson), lesson - 5);
        assert_eq!(width(&driver, PaneId::Sidebar), sidebar);
        mouse(&mut driver, MouseEventKind::Drag(left), 10);
        assert_eq!(width(&driver, PaneId::Lesson), lesson - 5, "it was let go");
        mouse(&mut driver, MouseEventKind::Down(left), 120 - sidebar);
        mouse(&mut driver, MouseEventKind::Drag(left), 120 - sidebar + 4);
        assert_eq!(width(&driver, PaneId::Sidebar), sidebar - 4);
        mouse(&mut driver, MouseEventKind::Drag(left), 0);
        let shell = width(&driver, PaneId::Shell);
        assert_eq!(shell, 40, "the shell keeps what it needs");
    }

    #[test]
    fn keys_move_the_border_of_the_pane_that_has_them() {
        let mut driver = Driver::new(120, 40);
        driver.at_work("linux-01");
        driver.press("1");
        let width = |driver: &Driver| {
            driver.open().places(driver.app.area).of(PaneId::Lesson).unwrap().width
        };
        let before = width(&driver);
        driver.press("> > <");
        assert_eq!(width(&driver), before + 2);
        driver.event(Event::Resize(80, 24));
        driver.press(">");
        assert!(driver.app.notice.is_some());
    }
}
