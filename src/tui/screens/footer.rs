//! The last line: the keys that matter now, or a word about what just happened.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::tui::app::{Action, App, Layer};
use crate::tui::keymap::{self, Context};
use crate::tui::screens::bare;
use crate::tui::widgets::text::fit;

/// Between two keys.
const GAP: &str = "   ";

/// A key and what it does now.
struct Hint {
    key: String,
    word: &'static str,
    action: Option<Action>,
}

fn keys(app: &App) -> Vec<Hint> {
    let fixed = |pairs: &[(&str, &'static str)]| {
        pairs
            .iter()
            .map(|(key, word)| Hint { key: (*key).to_owned(), word, action: None })
            .collect()
    };
    match app.layers.last() {
        Some(Layer::Help(_)) => return fixed(&[("up/down", "scroll"), ("any other key", "close")]),
        Some(Layer::Palette(_)) => {
            return fixed(&[
                ("type", "search"),
                ("up/down", "move"),
                ("enter", "choose"),
                ("esc", "close"),
            ]);
        }
        Some(Layer::Dialog(_)) => {
            return fixed(&[("left/right", "move"), ("enter", "choose"), ("esc", "close")]);
        }
        Some(Layer::File(_)) => {
            return fixed(&[
                ("up/down", "scroll"),
                ("left/right", "to the side"),
                ("g/G", "first and last line"),
                ("esc", "close"),
            ]);
        }
        Some(Layer::Page(_)) => {
            return fixed(&[("up/down", "scroll"), ("space", "next page"), ("esc", "close")]);
        }
        Some(Layer::Diagnosis(_)) => {
            return fixed(&[
                ("up/down", "choose"),
                ("left/right", "list"),
                ("enter", "that is it"),
                ("esc", "close"),
            ]);
        }
        Some(Layer::Problem(_) | Layer::Hint(_)) => return fixed(&[("any key", "close")]),
        Some(Layer::Completed(_)) => {
            return fixed(&[("enter", "next"), ("h", "home"), ("s", "stay here")]);
        }
        None => {}
    }
    let context = app.context();
    let shown = keymap::bindings(context).filter(|binding| !binding.short.is_empty());
    let mut keys: Vec<Hint> = shown
        .filter_map(|binding| {
            let key = keymap::label(binding.keys.first()?, app.leave);
            Some(Hint { key, word: binding.short, action: Some(binding.action) })
        })
        .collect();
    let rest = match context {
        Context::Shell => Some("goes to the shell"),
        Context::Scrolled => Some("is typed into it"),
        _ => None,
    };
    keys.extend(rest.map(|word| Hint { key: "every other key".to_owned(), word, action: None }));
    keys
}

/// Its place.
pub fn line(area: Rect) -> Rect {
    Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area }
}

/// Draws the footer. Keys that do not fit are left out whole, the last first.
pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let area = line(frame.area());
    frame.render_widget(Clear, area);
    if let Some(notice) = app.notice.as_ref().filter(|_| app.layers.is_empty()) {
        let text = fit(&format!(" {notice}"), area.width.into());
        frame.render_widget(Span::styled(text, app.theme.attention()), area);
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for (index, key) in keys(app).into_iter().enumerate() {
        let gap = if index == 0 { 0 } else { GAP.len() };
        let width = gap + key.key.width() + 1 + key.word.width();
        if used + width > usize::from(area.width) {
            break;
        }
        used += width;
        spans.push(Span::raw(&GAP[..gap]));
        spans.push(Span::styled(key.key, app.theme.key()));
        spans.push(Span::styled(format!(" {}", key.word), app.theme.muted()));
    }
    frame.render_widget(Line::from(spans), area);
}

/// What the key at a place on the screen does.
pub fn action_at(app: &App, at: Position) -> Option<Action> {
    let shown = app.bare.as_ref().is_none_or(|bare| bare::footer(app, bare));
    if !line(app.area).contains(at) || app.notice.is_some() || !shown {
        return None;
    }
    let mut x = 1;
    for (index, key) in keys(app).into_iter().enumerate() {
        x += if index == 0 { 0 } else { GAP.len() };
        let width = key.key.width() + 1 + key.word.width();
        if (x..x + width).contains(&usize::from(at.x)) {
            return key.action;
        }
        x += width;
    }
    None
}
