//! The mouse in a shell's pane: the program's, if it asked for it; else it scrolls, selects and
//! opens links.

use std::time::{Duration, Instant};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::update::Wanted;
use super::{Looking, Phase, Shell};
use crate::session::Input;
use crate::terminal::copy::{Command, Kind};
use crate::terminal::{Modes, MouseReports, Point};
use crate::tui::app::Effect;
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::shell_pane::first_row;

/// Two clicks no further apart are a double click.
const DOUBLE: Duration = Duration::from_millis(400);

/// How many rows a notch of the wheel scrolls.
const WHEEL: isize = 3;

/// A button that is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Press {
    /// The program was told, and gets the rest, wherever the mouse goes.
    Program,
    /// The left one, to select from a cell.
    Select {
        kind: Kind,
        anchor: (u16, u16),
        /// Whether the selection is begun: a click alone selects nothing.
        begun: bool,
    },
}

/// The last clicks, to tell double ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clicks {
    last: Option<(Instant, (u16, u16))>,
    count: u8,
}

impl Clicks {
    /// The how manieth click in a row this is, 1 to 3.
    fn count(&mut self, now: Instant, cell: (u16, u16)) -> u8 {
        let again = self.last.is_some_and(|(at, place)| place == cell && now - at <= DOUBLE);
        self.count = if again { self.count % 3 + 1 } else { 1 };
        self.last = Some((now, cell));
        self.count
    }
}

impl Shell {
    /// Whether a button was pressed here and is still down with this event: the pane then has the
    /// mouse, even where it leaves it.
    pub fn has_mouse(&mut self, event: MouseEventKind) -> bool {
        // A release can go astray, to a layer over the pane. These say that there was one.
        if matches!(event, MouseEventKind::Moved | MouseEventKind::Down(MouseButton::Left)) {
            self.press = None;
        }
        self.press.is_some()
    }

    /// The mouse did something. The pane is at `inner`, the terminal at `area`.
    pub fn mouse(&mut self, mouse: MouseEvent, inner: Rect, area: Rect, now: Instant) -> Outcome {
        let at = Position::new(mouse.column, mouse.row);
        if inner.is_empty() || !(self.has_mouse(mouse.kind) || inner.contains(at)) {
            return Outcome::default();
        }
        let cell = (
            at.x.clamp(inner.x, inner.right() - 1) - inner.x,
            at.y.clamp(inner.y, inner.bottom() - 1) - inner.y,
        );
        if let Some(effects) = self.for_program(mouse, cell, inner) {
            return Outcome::effects(effects);
        }
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(-WHEEL),
            MouseEventKind::ScrollDown => self.wheel(WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.pressed(cell, mouse.modifiers, now),
            MouseEventKind::Drag(MouseButton::Left) => self.dragged(cell, beyond(at, inner, area)),
            MouseEventKind::Up(MouseButton::Left) => self.released(cell, mouse.modifiers),
            _ => Outcome::default(),
        }
    }

    /// Passes the mouse on, if it is the program's.
    fn for_program(
        &mut self,
        mouse: MouseEvent,
        (column, row): (u16, u16),
        inner: Rect,
    ) -> Option<Vec<Effect>> {
        let Phase::Open(screen) = &self.phase else { return None };
        if self.watch {
            return None;
        }
        let view = screen.lock();
        let (modes, first) = (view.state.modes, first_row(&view, inner.height));
        drop(view);
        let its = match mouse.kind {
            MouseEventKind::Drag(_) | MouseEventKind::Up(_) => self.press == Some(Press::Program),
            _ if self.looking.is_some() => false,
            kind => wants(&modes, kind),
        };
        if !its {
            return None;
        }
        match mouse.kind {
            MouseEventKind::Down(_) => self.press = Some(Press::Program),
            MouseEventKind::Up(_) => self.press = None,
            _ => {}
        }
        Some(self.send(Input::Mouse(MouseEvent { column, row: row + first, ..mouse })))
    }

    fn wheel(&mut self, by: isize) -> Outcome {
        if let Some(Looking { copy, keys: true }) = &mut self.looking {
            let command = if by < 0 { Command::ScrollUp } else { Command::ScrollDown };
            for _ in 0..by.abs() {
                copy.act(command);
            }
            return Outcome::default();
        }
        // A pager that wants no arrows has nothing above it either.
        if self.looking.is_none() && self.modes().alternate_screen {
            return Outcome::default();
        }
        self.scroll(by)
    }

    fn pressed(&mut self, cell: (u16, u16), modifiers: KeyModifiers, now: Instant) -> Outcome {
        let block = modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL);
        let clicks = self.clicks.count(now, cell);
        let kind = match clicks {
            _ if block => Kind::Block,
            2 => Kind::Words,
            3 => Kind::Lines,
            _ => Kind::Characters,
        };
        // A selection in the live view is over with the next click, and with it the standstill.
        self.live_at_bottom();
        if let Some(Looking { copy, keys }) = &mut self.looking {
            copy.unselect();
            if *keys {
                copy.put_cursor(copy.point_at(cell.0, cell.1));
            }
        }
        self.press = Some(Press::Select { kind, anchor: cell, begun: false });
        if clicks > 1 && !block { self.begin_selection(cell) } else { Outcome::default() }
    }

    /// Begins the selection of the pressed button, up to a cell. Whether lines are to be asked for
    /// first.
    fn begin_selection(&mut self, head: (u16, u16)) -> Outcome {
        let Some(Press::Select { kind, anchor, begun: begun @ false }) = &mut self.press else {
            return Outcome::default();
        };
        *begun = true;
        let (kind, anchor) = (*kind, *anchor);
        match &mut self.looking {
            Some(Looking { copy, .. }) => {
                copy.select(kind, copy.point_at(anchor.0, anchor.1));
                copy.extend(copy.point_at(head.0, head.1));
                Outcome::default()
            }
            None => self.want(Wanted::Select { kind, anchor, head, released: false }),
        }
    }

    /// The mouse moves with the left button down, `beyond` so many rows above or below the pane.
    fn dragged(&mut self, cell: (u16, u16), beyond: isize) -> Outcome {
        match &self.press {
            Some(Press::Select { begun: false, .. }) => return self.begin_selection(cell),
            Some(Press::Select { .. }) => {}
            _ => return Outcome::default(),
        }
        if let Some(Wanted::Select { head, .. }) = &mut self.wanted {
            *head = cell;
        }
        if let Some(Looking { copy, .. }) = &mut self.looking {
            copy.scroll(beyond);
            copy.extend(copy.point_at(cell.0, cell.1));
        }
        Outcome::default()
    }

    fn released(&mut self, cell: (u16, u16), modifiers: KeyModifiers) -> Outcome {
        match self.press.take() {
            Some(Press::Select { begun: true, .. }) => {
                if let Some(Wanted::Select { released, .. }) = &mut self.wanted {
                    *released = true;
                    return Outcome::default();
                }
                self.copy_selection()
            }
            Some(Press::Select { .. }) if modifiers.contains(KeyModifiers::CONTROL) => {
                let place = Point::new(cell.1.into(), cell.0.into());
                match self.links().into_iter().find(|link| link.covers(place)) {
                    Some(link) => self.follow(link.target),
                    None => Outcome::default(),
                }
            }
            _ => Outcome::default(),
        }
    }
}

/// Whether the program wants such an event.
fn wants(modes: &Modes, kind: MouseEventKind) -> bool {
    let wheel = matches!(
        kind,
        MouseEventKind::ScrollUp
            | MouseEventKind::ScrollDown
            | MouseEventKind::ScrollLeft
            | MouseEventKind::ScrollRight
    );
    match modes.mouse {
        MouseReports::None => wheel && modes.alternate_screen && modes.alternate_scroll,
        MouseReports::Press => !wheel,
        _ => true,
    }
}

/// How many rows the mouse is above (negative) or below the pane. At the edge of the terminal it
/// cannot go further, so there the first and the last row count as beyond.
fn beyond(at: Position, inner: Rect, area: Rect) -> isize {
    let rows = |from: u16, to: u16| isize::try_from(to.saturating_sub(from)).unwrap_or(0);
    if at.y < inner.y || at.y == area.y {
        -rows(at.y, inner.y).max(1)
    } else if at.y >= inner.bottom() || at.y + 1 == area.bottom() {
        rows(inner.bottom() - 1, at.y).max(1)
    } else {
        0
    }
}
