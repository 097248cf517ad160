//! Where what is on Tracker; drawing and the mouse ask the same.

use ratatui::layout::{Position, Rect};

use super::{PaneId, Tracker};
use crate::tui::screens::body;
use crate::tui::widgets::list::first_row;
use crate::tui::widgets::pane::Pane;

/// From this size on all panes are shown.
const ALL: (u16, u16) = (100, 22);

/// What the days need: seven of them, a line of months above and one of sums below, a border.
const DAYS: u16 = 11;

/// What is always shown of milestones and of what is due, with their borders.
const LEAST: u16 = 4;

/// The places of a screen.
pub struct Places {
    /// The line above all.
    pub title: Rect,
    /// The names of the panes, where one is shown at a time.
    pub tabs: Option<Rect>,
    /// The panes that are shown.
    pub panes: Vec<(PaneId, Rect)>,
}

/// Lays a screen out.
pub fn places(tracker: &Tracker, area: Rect) -> Places {
    let body = body(area);
    let title = Rect { height: body.height.min(1), ..body };
    let rest = Rect { y: body.y + title.height, height: body.height - title.height, ..body };
    if area.width < ALL.0 || area.height < ALL.1 {
        let tabs = Rect { height: rest.height.min(1), ..rest };
        let pane = Rect { y: rest.y + tabs.height, height: rest.height - tabs.height, ..rest };
        return Places { title, tabs: Some(tabs), panes: vec![(tracker.pane, pane)] };
    }
    let left = Rect { width: rest.width * 11 / 20, ..rest };
    let right = Rect { x: rest.x + left.width, width: rest.width - left.width, ..rest };
    let days = Rect { height: DAYS, ..right };
    let lists = right.height - DAYS;
    // As high as they need, the milestones with what is left over.
    let wanted = u16::try_from(tracker.count(PaneId::Due).max(1) + 2).unwrap_or(u16::MAX);
    let due = wanted.min(lists / 2).max(LEAST.min(lists));
    let due = Rect { y: days.bottom(), height: due, ..right };
    let milestones = Rect { y: due.bottom(), height: right.bottom() - due.bottom(), ..right };
    Places {
        title,
        tabs: None,
        panes: vec![
            (PaneId::Progress, left),
            (PaneId::Days, days),
            (PaneId::Due, due),
            (PaneId::Milestones, milestones),
        ],
    }
}

/// The names of the panes on the line of tabs: where each begins, and how wide it is.
pub fn tabs(line: Rect) -> impl Iterator<Item = (PaneId, Rect)> {
    let mut x = line.x + 1;
    PaneId::ALL.into_iter().enumerate().map(move |(index, pane)| {
        let width = tab(index, pane).len() as u16;
        let place = Rect { x, width, ..line }.intersection(line);
        x += width + 2;
        (pane, place)
    })
}

/// What stands on a tab.
pub fn tab(index: usize, pane: PaneId) -> String {
    format!("{} {}", index + 1, pane.title())
}

/// The pane at a place on the screen.
pub fn pane_at(tracker: &Tracker, area: Rect, at: Position) -> Option<PaneId> {
    let places = places(tracker, area);
    let tab = places.tabs.and_then(|line| tabs(line).find(|(_, place)| place.contains(at)));
    tab.or_else(|| places.panes.into_iter().find(|(_, place)| place.contains(at)))
        .map(|(pane, _)| pane)
}

/// The row of a pane at a place on the screen.
pub fn row_at(tracker: &Tracker, area: Rect, at: Position) -> Option<(PaneId, usize)> {
    let (pane, place) =
        places(tracker, area).panes.into_iter().find(|(_, place)| place.contains(at))?;
    let inner = Pane::inner(place);
    if !inner.contains(at) {
        return None;
    }
    let row = first_row(tracker.cursor(pane), inner.height) + usize::from(at.y - inner.y);
    (row < tracker.count(pane)).then_some((pane, row))
}
