//! A box over the middle of the screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::Clear;

use super::pane::Pane;
use crate::tui::app::App;

/// Clears a box of the wished size (or as much of it as fits) in the middle of the screen, draws
/// its border and gives the space inside.
pub fn open(app: &App, frame: &mut Frame<'_>, title: &str, width: u16, height: u16) -> Rect {
    let area = frame.area();
    let width = width.min(area.width);
    let height = height.min(area.height.saturating_sub(1));
    let popup = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height.saturating_sub(1) - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, popup);
    frame.buffer_mut().set_style(popup, app.theme.text());
    Pane::new(app, title).focused(true).draw(frame, popup)
}
