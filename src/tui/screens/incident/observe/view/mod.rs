//! Draws what can be seen of the system.

mod logs;
mod traces;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use super::{SPANS, View};
use crate::course::scenario::Unit;
use crate::tui::app::App;
use crate::tui::screens::incident::Incident;
use crate::tui::widgets::numbers;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::fit;
use crate::tui::widgets::time_series::{Look, MAX_SERIES};

/// From this height on a single chart has its lines' figures below.
const WITH_FIGURES: u16 = 14;

/// How many names are offered at once.
const OFFERED: u16 = 8;

/// All of the tab but the prompt's line.
fn below_prompt(incident: &Incident, inner: Rect) -> Rect {
    let y = incident.parts(inner).charts.y;
    Rect { y, height: inner.bottom().saturating_sub(y), ..inner }
}

/// The row of the logs that is there, as an index.
pub(in crate::tui::screens::incident) fn log_at(
    incident: &Incident,
    inner: Rect,
    at: Position,
) -> Option<usize> {
    logs::row_at(incident, below_prompt(incident, inner), at)
}

/// The trace of the list that is there, as an index.
pub(in crate::tui::screens::incident) fn trace_at(
    incident: &Incident,
    inner: Rect,
    at: Position,
) -> Option<usize> {
    traces::listed_at(incident, below_prompt(incident, inner), at)
}

/// Draws the tab; gives the cursor's place while something is typed.
pub(in crate::tui::screens::incident) fn draw(
    app: &App,
    incident: &Incident,
    frame: &mut Frame<'_>,
    inner: Rect,
) -> Option<Position> {
    let parts = incident.parts(inner);
    let rest =
        Rect { y: parts.charts.y, height: inner.bottom().saturating_sub(parts.charts.y), ..inner };
    let mut cursor = None;
    match incident.observe.view {
        View::Panels => {
            panels(app, incident, frame, parts.charts);
            if let Some(place) = parts.logs {
                logs::draw(app, incident, frame, place, false);
            }
            if let Some(place) = parts.words {
                let words = place_in_words(app, incident, inner);
                let line = Line::styled(words, app.theme.muted()).right_aligned();
                frame.render_widget(line, place);
            }
        }
        View::Logs => cursor = logs::draw(app, incident, frame, rest, true),
        View::Traces => match &incident.observe.traces.open {
            Some(open) => traces::draw_open(app, incident, open, frame, rest),
            None => traces::draw_list(app, incident, frame, rest),
        },
    }
    match parts.prompt {
        Some(place) => Some(prompt(app, incident, frame, place, rest)),
        None => cursor,
    }
}

fn look<'a>(app: &'a App, incident: &Incident) -> Look<'a> {
    Look { theme: &app.theme, signs: app.signs, dots: incident.dots }
}

/// What stands in the border besides: the time that is shown, and the page.
pub(in crate::tui::screens::incident) fn place_in_words(
    app: &App,
    incident: &Incident,
    inner: Rect,
) -> String {
    let observe = &incident.observe;
    if observe.view != View::Panels {
        return String::new();
    }
    let (_, (page, pages)) = incident.charts(incident.parts(inner).charts);
    let minutes = SPANS[observe.zoom] / 60.0;
    let mut words = vec![format!("{minutes:.0} min")];
    if let Some(end) = observe.end {
        let back = ((incident.now - end) / 60.0).max(0.0);
        words.push(format!("{back:.0} min back, 0 is now"));
    }
    if pages > 1 {
        let what = if observe.full { "chart" } else { "page" };
        words.push(format!("{what} {page}/{pages}"));
    }
    words.join(app.signs.dot())
}

fn panels(app: &App, incident: &Incident, frame: &mut Frame<'_>, area: Rect) {
    let events = incident.events();
    let (charts, _) = incident.charts(area);
    if incident.observe.full {
        let panel = incident.observe.panel;
        let lines = incident.lines(panel);
        let below = if area.height >= WITH_FIGURES && !lines.is_empty() {
            (lines.len() as u16 + 1).min(area.height / 3)
        } else {
            0
        };
        let place = Rect { height: area.height - below, ..area };
        frame.render_widget(incident.chart(app, panel, place.width, &events), place);
        let table = Rect { y: place.bottom(), height: below, ..area };
        figures(app, incident, frame, table);
        return;
    }
    for (panel, place) in charts {
        frame.render_widget(incident.chart(app, panel, place.width, &events), place);
    }
}

/// The lines of a single chart in figures.
fn figures(app: &App, incident: &Incident, frame: &mut Frame<'_>, area: Rect) {
    let panel = incident.observe.panel;
    let lines = incident.lines(panel);
    let unit = incident.panel(panel).map_or(Unit::Number, |panel| panel.unit);
    let window = incident.window(area.width);
    let at = incident.observe.cursor.unwrap_or(window.end);
    let columns = ["now", "least", "mean", "largest"];
    let each = 12.min(usize::from(area.width) / 6);
    let name = usize::from(area.width).saturating_sub(each * columns.len() + 4);
    let mut y = area.y;
    let mut put = |frame: &mut Frame<'_>, line: Line<'_>| {
        if y < area.bottom() {
            frame.render_widget(line, Rect { y, height: 1, ..area });
            y += 1;
        }
    };
    let first = if incident.observe.cursor.is_some() { "here" } else { columns[0] };
    let heads = [first, columns[1], columns[2], columns[3]].map(|head| format!("{head:>each$}"));
    let heads = heads.concat();
    put(frame, Line::styled(format!("{:width$}{heads}", "", width = name + 4), app.theme.muted()));
    for (index, line) in lines.iter().enumerate() {
        let drawn = index < MAX_SERIES;
        let number = if drawn { (index + 1).to_string() } else { String::new() };
        let style = if drawn { look(app, incident).series(index) } else { app.theme.muted() };
        let chosen = lines.len() > 1
            && index == incident.observe.line.min(lines.len() - 1).min(MAX_SERIES - 1);
        let style = if chosen { style.add_modifier(Modifier::BOLD) } else { style };
        let sign = if chosen { ">" } else { " " };
        let words = fit(if line.name.is_empty() { "value" } else { &line.name }, name);
        let pad = " ".repeat(name.saturating_sub(words.width()));
        let values = Incident::figures(line, window, at).map(|value| {
            let text =
                value.map_or_else(|| numbers::NONE.to_owned(), |it| numbers::value(unit, it));
            format!("{text:>each$}")
        });
        put(
            frame,
            Line::from(vec![
                Span::styled(format!("{sign}{number:>1}  {words}{pad}"), style),
                Span::styled(values.concat(), app.theme.text()),
            ]),
        );
    }
}

/// The prompt, and below it what could stand where one types.
fn prompt(
    app: &App,
    incident: &Incident,
    frame: &mut Frame<'_>,
    area: Rect,
    below: Rect,
) -> Position {
    let prompt = &incident.observe.prompt;
    let text = tame(&prompt.text);
    let room = usize::from(area.width).saturating_sub(3);
    // The end is where one types.
    let skip = text.chars().count().saturating_sub(room);
    let shown: String = text.chars().skip(skip).collect();
    let line = Line::from(vec![
        Span::styled("> ", app.theme.key()),
        Span::styled(shown.as_str(), app.theme.text()),
    ]);
    frame.render_widget(line, area);
    let cursor = Position::new(area.x + 2 + shown.width().min(room) as u16, area.y);
    let count = (prompt.found.len() as u16).min(OFFERED).min(below.height.saturating_sub(2));
    if count == 0 {
        return cursor;
    }
    let first = prompt.selected.saturating_sub(usize::from(count) - 1);
    let names = prompt.found.iter().enumerate().skip(first).take(count.into());
    let widest = names.clone().map(|(_, name)| name.width()).max().unwrap_or(0);
    let width = (widest as u16 + 4).clamp(12, 60).min(below.width);
    let place = Rect { x: below.x, y: below.y, width, height: count + 2 };
    frame.render_widget(Clear, place);
    frame.buffer_mut().set_style(place, app.theme.text());
    let more = format!("{}/{}", prompt.selected + 1, prompt.found.len());
    let inner = Pane::new(app, "").right(more).focused(true).draw(frame, place);
    for (y, (index, name)) in (inner.y..inner.bottom()).zip(names) {
        let at = Rect { y, height: 1, ..inner };
        if index == prompt.selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        let text = fit(name, inner.width.into());
        frame.render_widget(Span::styled(text, app.theme.text()), at);
    }
    cursor
}
