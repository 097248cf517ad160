//! Draws a bare shell.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use super::Bare;
use crate::tui::app::App;
use crate::tui::keymap::Context;
use crate::tui::screens::{footer, shell};
use crate::tui::widgets::text::fit;

/// Draws the shell, and a line where there is something to say; gives the cursor's place.
pub fn draw(app: &App, bare: &Bare, frame: &mut Frame<'_>) -> Option<Position> {
    let area = bare.place(frame.area());
    let mut place = shell::place(app, &bare.shell);
    if bare.context() == Context::Copy {
        place = place.map(|place| format!("{place}{}f1 keys", app.signs.dot()));
    }
    let place = place.or_else(|| bare.shell.bell.then(|| app.signs.bell().to_owned()));
    let cursor = shell::draw(app, &bare.shell, place, frame, area);
    if footer(app, bare) {
        footer::draw(app, frame);
    } else if bare.watch {
        let dot = app.signs.dot();
        let leaves = if bare.shell.looking.is_some() { app.leave.to_string() } else { "q".into() };
        let words = format!("watching {}{dot}read-only{dot}{leaves} leaves", bare.item);
        line(app, frame, footer::line(frame.area()), &words);
    } else if !bare.touched && bare.shell.is_open() {
        let words = format!("exit or Ctrl-D ends the shell; {} leaves it running", app.leave);
        let last = footer::line(area);
        // Not over the prompt.
        let hides = cursor.is_some_and(|cursor| last.contains(cursor)) && area.height > 1;
        line(app, frame, if hides { Rect { y: area.y, ..last } } else { last }, &words);
    }
    cursor.filter(|_| !bare.menu)
}

/// Whether the footer is shown: keys that are not the shell's, or a word about what just happened.
pub fn footer(app: &App, bare: &Bare) -> bool {
    bare.menu || app.notice.is_some() || !app.layers.is_empty()
}

fn line(app: &App, frame: &mut Frame<'_>, area: Rect, words: &str) {
    frame.render_widget(Clear, area);
    let words = fit(&format!(" {words}"), area.width.into());
    frame.render_widget(Line::from(Span::styled(words, app.theme.muted())), area);
}
