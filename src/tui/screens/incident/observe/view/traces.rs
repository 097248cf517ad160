//! Draws traces: the list, and one of them as a waterfall.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::super::traces::Opened;
use super::look;
use crate::course::scenario::Unit;
use crate::tui::app::App;
use crate::tui::screens::incident::Incident;
use crate::tui::widgets::numbers;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::text::{fit, split_line, wrap};
use crate::tui::widgets::waterfall;

/// The first trace of the list that is in view.
fn first_listed(incident: &Incident, inner: Rect) -> usize {
    incident.observe.traces.selected().saturating_sub(usize::from(inner.height.max(1)) - 1)
}

/// The trace of the list that is there, as an index.
pub(super) fn listed_at(incident: &Incident, area: Rect, at: Position) -> Option<usize> {
    let inner = Pane::inner(area);
    let index = first_listed(incident, inner) + usize::from(at.y.checked_sub(inner.y)?);
    (inner.contains(at) && index < incident.observe.traces.list.len()).then_some(index)
}

/// Draws the list of traces.
pub(super) fn draw_list(app: &App, incident: &Incident, frame: &mut Frame<'_>, area: Rect) {
    let traces = &incident.observe.traces;
    let title = if traces.failed { "Traces that failed" } else { "Slowest traces" };
    let count = traces.list.len().to_string();
    let inner = Pane::new(app, title).right(count).focused(true).draw(frame, area);
    if traces.list.is_empty() {
        let text = if traces.failed { "None failed lately" } else { "No traces yet" };
        let place = Rect { height: inner.height.min(1), ..inner };
        frame.render_widget(Span::styled(text, app.theme.muted()), place);
        return;
    }
    let selected = traces.selected();
    let first = first_listed(incident, inner);
    let longest = traces.list.iter().map(|it| it.length).fold(0.0, f64::max);
    for (y, (index, it)) in
        (inner.y..inner.bottom()).zip(traces.list.iter().enumerate().skip(first))
    {
        let at = Rect { y, height: 1, ..inner };
        if index == selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        let (sign, style) = if it.failed {
            (app.signs.failed(), app.theme.bad())
        } else {
            (app.signs.passed(), app.theme.good())
        };
        let cells = if inner.width >= 60 { 12 } else { 0 };
        let share = (it.length / longest.max(f64::MIN_POSITIVE) * 1000.0) as u64;
        let (full, empty) = app.signs.bar(share, 1000, cells);
        let time = numbers::value(Unit::Seconds, it.length);
        let spans = if it.spans == 1 { "1 span".to_owned() } else { format!("{} spans", it.spans) };
        let back = (incident.now - it.start).max(0.0);
        let right = vec![
            Span::styled(format!("{spans:>9}  "), app.theme.muted()),
            Span::styled(format!("{back:>4.0} s ago  "), app.theme.muted()),
            Span::styled(full, app.theme.accent()),
            Span::styled(empty, app.theme.faint()),
            Span::styled(format!("{time:>9}"), app.theme.text()),
        ];
        let left = vec![Span::styled(sign, style), Span::raw(" "), Span::raw(it.name.as_str())];
        frame.render_widget(split_line(left, right, at.width), at);
    }
}

/// Draws one trace.
pub(super) fn draw_open(
    app: &App,
    incident: &Incident,
    open: &Opened,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let title = format!("Trace {}", fit(&open.id, 16));
    let (_, length) = waterfall::extent(&open.bars);
    let right = numbers::value(Unit::Seconds, length);
    let inner = Pane::new(app, &title).right(right).focused(true).draw(frame, area);
    let look = look(app, incident);
    let selected = open.rows.get(open.selected);
    let facts = selected.and_then(|row| Some((open.bars.get(row.bar)?, open.facts.get(row.bar)?)));
    // The facts of the selected span take what the bars leave, at least a few lines.
    let wished = (open.rows.len() as u16 + 1).min(inner.height.saturating_sub(5).max(3));
    let bars = Rect { height: wished.min(inner.height), ..inner };
    if bars.height == 0 {
        return;
    }
    let axis = waterfall::axis(&look, &open.bars, bars.width);
    frame.render_widget(axis, Rect { height: 1, ..bars });
    let height = usize::from(bars.height - 1);
    let first = open.selected.saturating_sub(height.saturating_sub(1));
    let rows = open.rows.iter().enumerate().skip(first);
    for (y, (index, row)) in (bars.y + 1..bars.bottom()).zip(rows) {
        let at = Rect { y, height: 1, ..bars };
        if index == open.selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        frame.render_widget(waterfall::line(&look, &open.bars, row, at.width), at);
    }
    let mut y = bars.bottom() + 1;
    if let Some((bar, facts)) = facts {
        let head = format!("{} {}", bar.service, bar.name);
        let time = numbers::value(Unit::Seconds, bar.length);
        let mut lines = vec![Line::styled(format!("{head}  {time}"), app.theme.heading())];
        let width = usize::from(inner.width);
        for part in wrap(&facts.join("  "), width) {
            lines.push(Line::styled(part, app.theme.text()));
        }
        for line in lines {
            if y >= inner.bottom() {
                return;
            }
            frame.render_widget(line, Rect { y, height: 1, ..inner });
            y += 1;
        }
    }
}
