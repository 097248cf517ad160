//! The screens: each its state, the changes particular to it, and its view.
//!
//! Views draw the state and change nothing. What the mouse can hit is found with the same geometry
//! that draws it.

pub mod author;
pub mod bare;
pub mod footer;
pub mod history;
pub mod home;
pub mod incident;
pub mod layers;
pub mod lesson;
pub mod outcome;
pub mod replay;
pub mod report;
pub mod search;
pub mod setup;
pub mod shell;
pub mod tracker;
pub mod viewer;
pub mod workspace;

#[cfg(test)]
pub(in crate::tui) mod tests;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::app::{App, Screen};

/// The smallest terminal on which anything sensible can be drawn.
const SMALLEST: (u16, u16) = (20, 6);

/// Draws the whole screen.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    frame.buffer_mut().set_style(area, Style::new().patch(app.theme.text()));
    let small = area.width < SMALLEST.0 || area.height < SMALLEST.1;
    // Where the shell is all there is, any part of it is better than a word about size.
    if small && app.screen != Screen::Shell {
        let text = format!("{}x{} at least", SMALLEST.0, SMALLEST.1);
        frame.buffer_mut().set_stringn(area.x, area.y, text, area.width.into(), app.theme.text());
        return;
    }
    let cursor: Option<Position> = match app.screen {
        Screen::Home => home::draw(app, frame),
        Screen::Setup => setup::draw(app, frame),
        Screen::Replay => app.replay.as_ref().and_then(|r| replay::draw(app, r, frame)),
        Screen::Tracker => app.tracker.as_ref().and_then(|it| tracker::draw(app, it, frame)),
        Screen::History => app.history.as_ref().and_then(|it| history::draw(app, it, frame)),
        Screen::Workspace => app.workspace.as_ref().and_then(|w| workspace::draw(app, w, frame)),
        Screen::Incident => app.incident.as_ref().and_then(|it| incident::draw(app, it, frame)),
        Screen::Author => app.author.as_ref().and_then(|it| author::draw(app, it, frame)),
        Screen::Report => {
            app.report.iter().for_each(|it| report::draw(app, it, frame));
            None
        }
        Screen::Shell => app.bare.as_ref().and_then(|bare| bare::draw(app, bare, frame)),
    };
    if app.screen != Screen::Shell {
        footer::draw(app, frame);
    }
    let cursor = if app.layers.is_empty() { cursor } else { layers::draw(app, frame) };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

/// The screen without its last line, which is the footer's.
fn body(area: Rect) -> Rect {
    Rect { height: area.height.saturating_sub(1), ..area }
}
