//! Where what is on History; drawing and the mouse ask the same.

use ratatui::layout::{Position, Rect};

use super::History;
use crate::tui::screens::body;
use crate::tui::widgets::list::first_row;
use crate::tui::widgets::pane::Pane;

/// From this width on the recording is shown beside the story.
const BESIDE: u16 = 110;

/// What the story keeps of the width.
const STORY: u16 = 56;

/// The places of a screen.
pub struct Places {
    /// The line above all.
    pub title: Rect,
    /// The list, or the story.
    pub list: Rect,
    /// The recording, where there is room.
    pub recording: Option<Rect>,
}

/// Lays a screen out.
pub fn places(history: &History, area: Rect) -> Places {
    let body = body(area);
    let title = Rect { height: body.height.min(1), ..body };
    let rest = Rect { y: body.y + title.height, height: body.height - title.height, ..body };
    if history.open.is_none() || area.width < BESIDE {
        return Places { title, list: rest, recording: None };
    }
    let list = Rect { width: STORY.max(rest.width * 2 / 5), ..rest };
    let recording = Rect { x: rest.x + list.width, width: rest.width - list.width, ..rest };
    Places { title, list, recording: Some(recording) }
}

/// The line in which the search stands, and the rows below it.
pub fn list_places(area: Rect) -> (Rect, Rect) {
    let inner = Pane::inner(area);
    let search = Rect { height: inner.height.min(1), ..inner };
    let rows = Rect { y: inner.y + search.height, height: inner.height - search.height, ..inner };
    (search, rows)
}

/// The row at a place on the screen, of the list or of the story.
pub fn row_at(history: &History, area: Rect, at: Position) -> Option<usize> {
    let (_, rows) = list_places(places(history, area).list);
    if !rows.contains(at) {
        return None;
    }
    let (cursor, count) = match &history.open {
        Some(open) => (open.cursor, open.story.as_ref().map_or(0, |story| story.moments.len())),
        None => (history.cursor, history.found.as_ref().map_or(0, Vec::len)),
    };
    let row = first_row(cursor, rows.height) + usize::from(at.y - rows.y);
    (row < count).then_some(row)
}
