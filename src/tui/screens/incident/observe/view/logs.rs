//! Draws the logs.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::super::SPANS;
use super::super::logs::{Entry, Severity};
use crate::tui::app::App;
use crate::tui::screens::incident::Incident;
use crate::tui::widgets::numbers;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::severity::{counted, row as severity_row};
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::fit;

/// From this height on there is the strip of severities, and how high that is.
const WITH_STRIP: u16 = 9;
const STRIP: u16 = 3;

fn severity_style(app: &App, severity: Severity) -> Style {
    match severity {
        Severity::Debug => app.theme.muted(),
        Severity::Info => app.theme.text(),
        Severity::Warn => app.theme.attention(),
        Severity::Error => app.theme.bad(),
    }
}

/// The filters in words.
fn filters(app: &App, incident: &Incident) -> String {
    let logs = &incident.observe.logs;
    let mut words = vec![logs.service.clone().unwrap_or_else(|| "all services".to_owned())];
    if logs.least > Severity::Debug {
        words.push(format!("{} and worse", logs.least.word()));
    }
    if !logs.text.is_empty() && !logs.typing {
        words.push(format!("with {:?}", tame(&logs.text)));
    }
    if !logs.fold {
        words.push("unfolded".to_owned());
    }
    words.join(app.signs.dot())
}

/// Where rows are drawn in the logs' place, and the first that is.
fn rows_in(incident: &Incident, area: Rect, focused: bool) -> (Rect, usize) {
    let inner = Pane::inner_tight(area);
    let mut place = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    let logs = &incident.observe.logs;
    if focused {
        let strip = if has_strip(place) { STRIP } else { 0 };
        let above = strip + u16::from(logs.typing && place.height > strip + 1);
        place = Rect { y: place.y + above, height: place.height - above, ..place };
    }
    let height = usize::from(place.height);
    let last = logs.rows().len().saturating_sub(height);
    // What is selected is in the middle, as far as the ends allow.
    let wished = logs.selected().filter(|_| focused).map(|at| at.saturating_sub(height / 2));
    (place, wished.map_or(last, |first| first.min(last)))
}

fn has_strip(place: Rect) -> bool {
    place.height >= WITH_STRIP
}

/// The row that is there, as an index.
pub(super) fn row_at(incident: &Incident, area: Rect, at: Position) -> Option<usize> {
    let (place, first) = rows_in(incident, area, true);
    let index = first + usize::from(at.y.checked_sub(place.y)?);
    (place.contains(at) && index < incident.observe.logs.rows().len()).then_some(index)
}

/// Draws the logs; gives the cursor's place while a filter is typed.
pub(super) fn draw(
    app: &App,
    incident: &Incident,
    frame: &mut Frame<'_>,
    area: Rect,
    focused: bool,
) -> Option<Position> {
    let logs = &incident.observe.logs;
    let dot = app.signs.dot();
    let title = format!("Logs{dot}{}", filters(app, incident));
    let newer = logs.selected().map(|at| logs.rows().len().saturating_sub(at + 1));
    let right = match newer {
        Some(newer) => Line::styled(format!("paused, {newer} below"), app.theme.attention()),
        None if focused => Line::from("live"),
        None => Line::from("L reads them"),
    };
    let inner = Pane::new(app, &title).right(right).focused(focused).draw_tight(frame, area);
    let head = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    if focused && has_strip(head) {
        strip(app, incident, frame, head);
    }
    let (place, first) = rows_in(incident, area, focused);
    let mut cursor = None;
    if focused && logs.typing && place.y > head.y {
        let text = tame(&logs.text);
        let line = format!("/ {text}");
        let room = usize::from(place.width).saturating_sub(1);
        let row = Rect { y: place.y - 1, height: 1, ..place };
        frame.render_widget(Span::styled(fit(&line, room), app.theme.accent()), row);
        let x = place.x + (line.width().min(room)) as u16;
        cursor = Some(Position::new(x, row.y));
    }
    let rows = logs.rows();
    if rows.is_empty() && place.height > 0 {
        let text = if logs.is_filtered() { "No line passes the filter" } else { "No lines yet" };
        frame.render_widget(Span::styled(text, app.theme.muted()), Rect { height: 1, ..place });
        return cursor;
    }
    let height = usize::from(place.height);
    let selected = logs.selected().filter(|_| focused);
    let wide = rows.iter().skip(first).take(height);
    let names = wide.clone().filter_map(|row| logs.line(row.n)).map(|line| line.service.width());
    let name = names.max().unwrap_or(0).clamp(4, 12);
    for (y, (index, row)) in (place.y..place.bottom()).zip(wide.enumerate()) {
        let Some(line) = logs.line(row.n) else { continue };
        let at = Rect { y, height: 1, ..place };
        if selected == Some(first + index) {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        entry(app, frame, at, line, row.count, name);
    }
    cursor
}

/// One log line: its beginning, as much of it as fits.
fn entry(app: &App, frame: &mut Frame<'_>, at: Rect, line: &Entry, count: usize, name: usize) {
    let times = match (count, app.signs.ascii) {
        (1, _) => String::new(),
        (count, false) => format!(" ×{count}"),
        (count, true) => format!(" x{count}"),
    };
    let style = severity_style(app, line.severity);
    let head = [
        (format!("{} ", line.clock), app.theme.muted()),
        (format!("{:name$} ", fit(&line.service, name)), app.theme.text()),
        (format!("{:5} ", line.severity.word()), style),
    ];
    let end = at.right().saturating_sub(times.width() as u16);
    let buffer = frame.buffer_mut();
    let mut x = at.x;
    for (text, style) in head {
        x = buffer.set_stringn(x, at.y, text, end.saturating_sub(x).into(), style).0;
    }
    let style = if line.severity >= Severity::Warn { style } else { app.theme.text() };
    let room = usize::from(end.saturating_sub(x));
    buffer.set_stringn(x, at.y, &line.text, room, style);
    if room > 0 && line.text.width() > room {
        let more = if app.signs.ascii { ">" } else { "…" };
        buffer[(end - 1, at.y)].set_symbol(more);
    }
    buffer.set_stringn(end, at.y, times, at.width.into(), app.theme.heading());
}

/// How many lines of each severity there were, over the time that the charts show.
fn strip(app: &App, incident: &Incident, frame: &mut Frame<'_>, area: Rect) {
    let length = SPANS[incident.observe.zoom];
    let span = (incident.now - length, incident.now);
    let label = 6;
    let columns = usize::from(area.width).saturating_sub(label + 12);
    let of = |severity: Severity| {
        let lines = incident.observe.logs.lines();
        let service = &incident.observe.logs.service;
        let wanted = lines.filter(|line| {
            line.severity == severity
                && service.as_ref().is_none_or(|service| *service == line.service)
        });
        counted(wanted.map(|line| line.time), span, columns)
    };
    let rows = [Severity::Error, Severity::Warn, Severity::Info];
    for (index, severity) in rows.into_iter().enumerate() {
        let counts = of(severity);
        let most = counts.iter().copied().max().unwrap_or(0);
        let sum: u32 = counts.iter().sum();
        let style = severity_style(app, severity);
        let word = format!("{:label$}", severity.word());
        let mut line = severity_row(&word, &counts, most, style, app.signs);
        let all = numbers::thousands(f64::from(sum));
        line.spans.push(Span::styled(format!("{all:>11}"), app.theme.muted()));
        frame.render_widget(line, Rect { y: area.y + index as u16, height: 1, ..area });
    }
}
