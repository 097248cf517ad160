//! Draws what can be done.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::form::{Field, Form, text_of};
use super::{Answer, Row, rows};
use crate::course::scenario::{System, Unit};
use crate::tui::app::App;
use crate::tui::screens::incident::Incident;
use crate::tui::widgets::numbers::value;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{fit, split_line, wrap};

/// A line of the list: a heading, or the row with this index.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    Heading(&'static str),
    Row(usize, Row),
    Blank,
}

fn shown(system: &System) -> Vec<Shown> {
    let mut all = Vec::new();
    let mut heading = "";
    for (index, row) in rows(system).into_iter().enumerate() {
        let word = match row {
            Row::Machine(_) => "Configuration",
            Row::Endpoint(_) => "Requests",
            Row::Diagnostic(_) => "Diagnostics",
        };
        if word != heading {
            if !heading.is_empty() {
                all.push(Shown::Blank);
            }
            all.push(Shown::Heading(word));
            heading = word;
        }
        all.push(Shown::Row(index, row));
    }
    all
}

/// Where the list and the rest are.
fn parts(inner: Rect) -> (Rect, Rect) {
    let width = (inner.width * 32 / 100).clamp(18, 36).min(inner.width);
    let list = Rect { width, ..inner };
    (list, Rect { x: inner.x + width, width: inner.width - width, ..inner })
}

/// The first line of the list that is in view.
fn first(incident: &Incident, all: &[Shown], height: u16) -> usize {
    let selected =
        |it: &Shown| matches!(it, Shown::Row(index, _) if *index == incident.act.selected);
    let at = all.iter().position(selected).unwrap_or(0);
    let height = usize::from(height.max(1));
    // With its heading, where that is the line above.
    at.saturating_sub(height - 1).min(all.len().saturating_sub(height))
}

/// The row of the list that is there, as an index.
pub(in crate::tui::screens::incident) fn row_at(
    incident: &Incident,
    inner: Rect,
    at: Position,
) -> Option<usize> {
    let (list, _) = parts(inner);
    let list = Pane::inner(list);
    if !list.contains(at) {
        return None;
    }
    let all = shown(&incident.scenario.system);
    let line = first(incident, &all, list.height) + usize::from(at.y - list.y);
    match all.get(line)? {
        Shown::Row(index, _) => Some(*index),
        Shown::Heading(_) | Shown::Blank => None,
    }
}

/// Draws the tab; gives the cursor's place while a value is typed.
pub(in crate::tui::screens::incident) fn draw(
    app: &App,
    incident: &Incident,
    frame: &mut Frame<'_>,
    inner: Rect,
) -> Option<Position> {
    let act = &incident.act;
    let system = &incident.scenario.system;
    let (list, rest) = parts(inner);
    let list = Pane::new(app, "").focused(!act.in_form).draw(frame, list);
    let all = shown(system);
    let skip = first(incident, &all, list.height);
    for (y, line) in (list.y..list.bottom()).zip(all.iter().skip(skip)) {
        let at = Rect { y, height: 1, ..list };
        match line {
            Shown::Blank => {}
            Shown::Heading(word) => {
                frame.render_widget(Span::styled(*word, app.theme.heading()), at);
            }
            Shown::Row(index, row) => {
                if *index == act.selected {
                    frame.buffer_mut().set_style(at, app.theme.selection());
                }
                let (name, sign) = named(app, incident, *row);
                let right = vec![Span::styled(sign, app.theme.attention())];
                let left = vec![Span::styled(format!(" {name}"), app.theme.text())];
                frame.render_widget(split_line(left, right, at.width), at);
            }
        }
    }
    match rows(system).get(act.selected).copied() {
        Some(Row::Machine(index)) => {
            let machine = system.machines.get(index)?;
            let about =
                if machine.about.is_empty() { String::new() } else { machine.about.clone() };
            let title = format!("{} {about}", machine.name);
            let form = act.forms.get(&machine.name);
            let version = form.and_then(|form| form.version);
            let right = version.map(|version| format!("version {version}")).unwrap_or_default();
            let title = fit(&title, usize::from(rest.width).saturating_sub(right.len() + 8));
            let mut pane = Pane::new(app, title.trim_end()).focused(act.in_form);
            if !right.is_empty() {
                pane = pane.right(right);
            }
            let place = pane.draw(frame, rest);
            let opened = act.shown.as_ref() == Some(&machine.name);
            match form.filter(|form| opened || !form.fields.is_empty()) {
                Some(form) => return draw_form(app, incident, form, frame, place),
                None => say(app, frame, place, &["enter opens its configuration"]),
            }
        }
        Some(Row::Endpoint(index)) => {
            let endpoint = system.endpoints.get(index)?;
            let place = Pane::new(app, &endpoint.name).draw(frame, rest);
            let request = format!("{} {}", endpoint.method, endpoint.url);
            let count = act.under_way.get(&index).copied().unwrap_or(0);
            let answers = act.answers.get(&index);
            let mut lines: Vec<Line<'_>> = Vec::new();
            lines.extend(styled(&request, place.width, app.theme.code()));
            if let Some(body) = &endpoint.body {
                lines.extend(styled(&tame(body), place.width, app.theme.muted()));
            }
            lines.push(Line::default());
            if count > 0 {
                let words = "waiting for an answer".to_owned();
                lines.push(Line::styled(words, app.theme.attention()));
            } else if answers.is_none() {
                lines.push(Line::styled("enter sends it", app.theme.muted()));
            }
            for (number, answer) in answers.into_iter().flatten().enumerate() {
                answer_lines(app, answer, number == 0, place.width, &mut lines);
            }
            put(frame, place, &lines);
        }
        Some(Row::Diagnostic(index)) => {
            let diagnostic = system.diagnostics.get(index)?;
            let place = Pane::new(app, &diagnostic.name).draw(frame, rest);
            let mut lines: Vec<Line<'_>> = Vec::new();
            lines.extend(styled(&tame(&diagnostic.about), place.width, app.theme.text()));
            lines.push(Line::default());
            for line in diagnostic.run.lines() {
                lines.extend(pieces(&tame(line), place.width, app.theme.code()));
            }
            lines.push(Line::default());
            lines.push(Line::styled("enter types it into the shell", app.theme.muted()));
            put(frame, place, &lines);
        }
        None => {}
    }
    None
}

fn styled<'a>(text: &str, width: u16, style: Style) -> Vec<Line<'a>> {
    wrap(text, width.into()).into_iter().map(|part| Line::styled(part, style)).collect()
}

/// A line as it is, in pieces no wider than the place: blanks at its beginning stay.
fn pieces<'a>(text: &str, width: u16, style: Style) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        piece.push(c);
        if piece.width() > usize::from(width.max(1)) && piece.chars().nth(1).is_some() {
            piece.pop();
            lines.push(Line::styled(std::mem::take(&mut piece), style));
            piece.push(c);
        }
    }
    lines.push(Line::styled(piece, style));
    lines
}

fn put(frame: &mut Frame<'_>, place: Rect, lines: &[Line<'_>]) {
    for (y, line) in (place.y..place.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y, height: 1, ..place });
    }
}

fn say(app: &App, frame: &mut Frame<'_>, place: Rect, lines: &[&str]) {
    let lines: Vec<_> = lines.iter().map(|line| Line::styled(*line, app.theme.muted())).collect();
    put(frame, place, &lines);
}

/// A row's name, and a sign where something differs or failed.
fn named(app: &App, incident: &Incident, row: Row) -> (String, String) {
    let system = &incident.scenario.system;
    match row {
        Row::Machine(index) => {
            let name = system.machines.get(index).map_or("", |machine| &machine.name);
            let form = incident.act.forms.get(name);
            let pending = form.map_or(0, |form| form.pending.len());
            let differs =
                form.map_or(0, |form| form.fields.iter().filter(|field| field.differs()).count());
            let sign = match (pending, differs) {
                (0, 0) => String::new(),
                (0, differs) => format!("{differs} changed"),
                (pending, _) => format!("{pending} to apply"),
            };
            (name.to_owned(), sign)
        }
        Row::Endpoint(index) => {
            let name = system.endpoints.get(index).map_or("", |endpoint| &endpoint.name);
            let last = incident.act.answers.get(&index).and_then(|answers| answers.front());
            let sign = match last.map(|answer| answer.status) {
                None => String::new(),
                Some(Some(status)) => status.to_string(),
                Some(None) => app.signs.failed().to_owned(),
            };
            (tame(name), sign)
        }
        Row::Diagnostic(index) => {
            let name = system.diagnostics.get(index).map_or("", |diagnostic| &diagnostic.name);
            (tame(name), String::new())
        }
    }
}

/// An answer: the first with its body.
fn answer_lines(app: &App, answer: &Answer, body: bool, width: u16, lines: &mut Vec<Line<'_>>) {
    let good = answer.status.is_some_and(|status| status < 400);
    let (sign, style) = if good {
        (app.signs.passed(), app.theme.good())
    } else {
        (app.signs.failed(), app.theme.bad())
    };
    let words = match (answer.status, &answer.error) {
        (Some(status), _) => status.to_string(),
        (None, Some(error)) => error.clone(),
        (None, None) => "no answer".to_owned(),
    };
    let took = value(Unit::Seconds, answer.took);
    let room = usize::from(width).saturating_sub(took.len() + 4);
    lines.push(Line::from(vec![
        Span::styled(format!("{sign} {} ", fit(&words, room)), style),
        Span::styled(format!("{}{took}", if good { "in " } else { "after " }), app.theme.text()),
    ]));
    if body {
        for line in &answer.body {
            lines.extend(pieces(line, width, app.theme.muted()));
        }
    }
}

/// The columns of a form: names, values, and what was normal.
fn columns(form: &Form, width: usize) -> (usize, usize) {
    let longest = form.fields.iter().map(|field| field.name.width()).max().unwrap_or(0);
    let name = longest.min(width / 2);
    let value = (width.saturating_sub(name + 4) * 3 / 5).max(1);
    (name, value)
}

fn draw_form(
    app: &App,
    incident: &Incident,
    form: &Form,
    frame: &mut Frame<'_>,
    place: Rect,
) -> Option<Position> {
    let act = &incident.act;
    if form.fields.is_empty() {
        let words = form.error.as_deref().unwrap_or("reading its configuration");
        let style = if form.error.is_some() { app.theme.bad() } else { app.theme.muted() };
        put(frame, place, &styled(words, place.width, style));
        return None;
    }
    let below = foot(app, incident, form, place.width);
    let room = place.height.saturating_sub(below.len() as u16 + 1).max(1).min(place.height);
    let table = Rect { height: room, ..place };
    let foot = Rect {
        y: (table.bottom() + 1).min(place.bottom()),
        height: place.height.saturating_sub(room + 1),
        ..place
    };
    let (name, width) = columns(form, place.width.into());
    let first = form.selected.saturating_sub(usize::from(room.max(1)) - 1);
    let mut cursor = None;
    for (y, (index, field)) in
        (table.y..table.bottom()).zip(form.fields.iter().enumerate().skip(first))
    {
        let at = Rect { y, height: 1, ..table };
        let selected = act.in_form && index == form.selected;
        if selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        let edit = act.edit.as_deref().filter(|_| selected);
        frame.render_widget(field_line(app, form, field, edit, (name, width)), at);
        if let Some(edit) = edit {
            let shown = tame(edit).width().min(width.saturating_sub(1));
            cursor = Some(Position::new(at.x + (name + 4 + shown) as u16, y));
        }
    }
    put(frame, foot, &below);
    cursor
}

fn field_line<'a>(
    app: &App,
    form: &Form,
    field: &Field,
    edit: Option<&str>,
    (name, width): (usize, usize),
) -> Line<'a> {
    let theme = &app.theme;
    let pending = form.pending.get(&field.name);
    let sign = match (pending.is_some(), field.differs()) {
        (true, _) => Span::styled("> ", theme.attention()),
        (false, true) => Span::styled("* ", theme.attention()),
        (false, false) => Span::raw("  "),
    };
    let (text, style) = match (edit, pending) {
        (Some(edit), _) => {
            // The end is where one types.
            let text = tame(edit);
            let skip = text.chars().count().saturating_sub(width.saturating_sub(1));
            (text.chars().skip(skip).collect(), theme.accent().add_modifier(Modifier::UNDERLINED))
        }
        (None, Some(value)) => (text_of(value), theme.accent().add_modifier(Modifier::BOLD)),
        (None, None) => (text_of(&field.value), theme.text()),
    };
    let text = fit(&text, width);
    let pad = " ".repeat(width.saturating_sub(text.width()) + 1);
    let was = match (pending, &field.normal) {
        (Some(_), _) => format!("now {}", text_of(&field.value)),
        (None, Some(normal)) if field.differs() => format!("was {}", text_of(normal)),
        _ => String::new(),
    };
    let label = fit(&field.name, name);
    let gap = " ".repeat(name.saturating_sub(label.width()) + 2);
    Line::from(vec![
        sign,
        Span::styled(format!("{label}{gap}"), theme.muted()),
        Span::styled(text, style),
        Span::raw(pad),
        Span::styled(was, theme.attention()),
    ])
}

/// What is to be known below a form.
fn foot<'a>(app: &App, incident: &Incident, form: &Form, width: u16) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    if let Some(error) = &form.error {
        lines.extend(styled(error, width, app.theme.bad()));
    }
    if !form.pending.is_empty() {
        let count = form.pending.len();
        let words = if count == 1 { "1 change".to_owned() } else { format!("{count} changes") };
        let text = format!("{words} to apply: a applies, x drops");
        lines.extend(styled(&text, width, app.theme.attention()));
    }
    if !incident.act.in_form {
        lines.push(Line::styled("enter goes into the form", app.theme.muted()));
        return lines;
    }
    if let Some(field) = form.fields.get(form.selected) {
        let range = field.range();
        let about = match (field.about.trim_end_matches('.'), range.as_str()) {
            ("", range) => range.to_owned(),
            (about, "") => about.to_owned(),
            (about, range) => format!("{about}: {range}"),
        };
        lines.extend(styled(&about, width, app.theme.muted()));
    }
    lines
}
