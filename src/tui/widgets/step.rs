//! How far long work is: a line of words and a bar.

use ratatui::text::{Line, Span};

use super::text::{bytes, fit};
use crate::engine::Step;
use crate::tui::app::App;

/// How much of a known total is done.
pub fn amount(step: &Step, total: u64) -> String {
    match step.unit {
        "bytes" => format!("{} of {}", bytes(step.done), bytes(total)),
        "percent" => format!("{} %", step.done),
        unit => format!("{unit} {} of {total}", step.done),
    }
}

/// The step in words and, where the end is known, as a bar.
pub fn step_lines(app: &App, step: &Step, width: u16) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut lines = vec![Line::styled(fit(&step.step, width), app.theme.text())];
    if let Some(total) = step.total.filter(|total| *total > 0) {
        let words = format!(" {}", amount(step, total));
        let (full, empty) =
            app.signs.bar(step.done, total, width.saturating_sub(words.len()).min(40));
        lines.push(Line::from(vec![
            Span::styled(full, app.theme.accent()),
            Span::styled(empty, app.theme.faint()),
            Span::styled(words, app.theme.muted()),
        ]));
    }
    lines
}
