//! How things stand, always in view: criteria and updates beside, or both in two lines.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Incident, Places, Stage};
use crate::course::scenario::{CriterionKind, Level};
use crate::incident::picture::{FeedEntry, FeedKind, Outcome, Phase, Standing};
use crate::tui::app::App;
use crate::tui::theme::Signs;
use crate::tui::widgets::numbers::{NONE, compared, thousands, value};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::sparkline::whole;
use crate::tui::widgets::text::{clock, fit, plain, split_line, wrap};

/// How wide a criterion's sparkline is.
const SPARK: usize = 10;

/// A moment in the incident's own time.
pub(super) fn at(seconds: f64) -> String {
    let time = clock(Duration::try_from_secs_f64(seconds.abs()).unwrap_or_default());
    if seconds <= -1.0 { format!("-{time}") } else { time }
}

/// An update's sign without and with more than ASCII, and who says it.
pub(super) fn kind(entry: &FeedEntry) -> ((&'static str, &'static str), String) {
    let signs = match entry.kind {
        FeedKind::Hint => ("?", "●"),
        FeedKind::System => (".", "·"),
        FeedKind::Metric => ("~", "≈"),
        FeedKind::Stakeholder => ("!", "▲"),
        FeedKind::Change => ("*", "◆"),
        FeedKind::Learner => (">", "▸"),
    };
    (signs, entry.who().to_owned())
}

fn kind_style(app: &App, entry: &FeedEntry) -> Style {
    match (entry.level, entry.kind) {
        (Level::Critical, _) => app.theme.bad(),
        (Level::Info, FeedKind::Hint) => app.theme.accent(),
        (Level::Warning, _) | (_, FeedKind::Stakeholder | FeedKind::Change) => {
            app.theme.attention()
        }
        (Level::Info, _) => app.theme.muted(),
    }
}

fn sign(signs: Signs, both: (&'static str, &'static str)) -> &'static str {
    if signs.ascii { both.0 } else { both.1 }
}

/// Whether a criterion holds, as a sign.
fn standing_sign(app: &App, standing: &Standing) -> Span<'static> {
    match standing.met {
        Some(true) => Span::styled(app.signs.passed(), app.theme.good()),
        Some(false) => Span::styled(app.signs.failed(), app.theme.bad()),
        None => Span::styled(app.signs.open(), app.theme.muted()),
    }
}

/// How far a criterion is with being held, or why it is not there yet.
fn hold(standing: &Standing) -> String {
    if let Some(left) = standing.draining {
        return format!("clears in {left:.0} s");
    }
    if standing.hold < 1.0 {
        return String::new();
    }
    if standing.held >= standing.hold {
        return "held".to_owned();
    }
    format!("hold {:.0}/{:.0} s", standing.held, standing.hold)
}

fn criterion<'a>(app: &App, incident: &Incident, it: &Standing, width: usize) -> Vec<Line<'a>> {
    let theme = &app.theme;
    let figure = it.value.map_or_else(String::new, |number| value(it.unit, number));
    let style = match it.met {
        Some(true) => theme.text(),
        Some(false) => theme.bad(),
        None => theme.muted(),
    };
    let room = width.saturating_sub(figure.width() + 3);
    let mut lines = Vec::new();
    for (index, part) in wrap(&it.title, room).into_iter().enumerate() {
        let lead = if index == 0 { standing_sign(app, it) } else { Span::raw(" ") };
        let left = vec![lead, Span::raw(" "), Span::styled(part, theme.text())];
        let right =
            vec![Span::styled(if index == 0 { figure.clone() } else { String::new() }, style)];
        lines.push(split_line(left, right, width as u16));
    }
    let threshold = it.threshold.map(|(op, with)| compared(app.signs, op, it.unit, with));
    let threshold = threshold.unwrap_or_else(|| match it.kind {
        CriterionKind::Guard => "nothing cheated".to_owned(),
        CriterionKind::Replay => "when it comes again".to_owned(),
        CriterionKind::Slo | CriterionKind::Cause => String::new(),
    });
    let draining = it.draining.is_some();
    let right =
        vec![Span::styled(hold(it), if draining { theme.attention() } else { theme.muted() })];
    let mut left = vec![Span::raw("  ")];
    let free = width.saturating_sub(right[0].width() + 4);
    if it.recent.iter().any(Option::is_some) && free > threshold.width() + 4 {
        let cells = SPARK.min(free - threshold.width());
        let level = it.threshold.map(|(_, with)| with);
        let line = whole(&it.recent, level, cells, app.signs, incident.dots);
        left.extend([Span::styled(line, theme.accent()), Span::raw(" ")]);
    }
    left.push(Span::styled(threshold, theme.muted()));
    lines.push(split_line(left, right, width as u16));
    if let Some(note) = it.note.as_ref().filter(|_| it.met != Some(true)) {
        for part in wrap(note, width.saturating_sub(2)) {
            lines.push(Line::from(vec![Span::raw("  "), Span::styled(part, theme.muted())]));
        }
    }
    lines
}

/// What is shown of the criteria.
fn criteria_lines<'a>(app: &App, incident: &Incident, width: usize) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for trouble in trouble(incident) {
        let parts = wrap(&trouble, width);
        lines.extend(parts.into_iter().map(|part| Line::styled(part, app.theme.attention())));
    }
    for standing in incident.criteria() {
        lines.extend(criterion(app, incident, standing, width));
    }
    if lines.is_empty() {
        lines.push(Line::styled("judged once it is live", app.theme.muted()));
    }
    lines
}

/// What cannot be seen now.
fn trouble(incident: &Incident) -> Vec<String> {
    let problem = incident.problem.as_ref().map(|problem| problem.message.clone());
    let picture = incident.picture.iter().flat_map(|picture| picture.trouble.iter().cloned());
    problem.into_iter().chain(picture).collect()
}

fn update_lines<'a>(app: &App, incident: &Incident, width: usize) -> Vec<Line<'a>> {
    let feed = incident.picture.as_ref().map_or(&[][..], |picture| &picture.feed);
    let unread = incident.unread();
    let mut lines = Vec::new();
    for (index, entry) in feed.iter().rev().enumerate() {
        let (signs, who) = kind(entry);
        let style = kind_style(app, entry);
        let head = format!("{} {} {who}", at(entry.at), sign(app.signs, signs));
        let new = if index < unread { " new" } else { "" };
        let left = vec![Span::styled(fit(&head, width.saturating_sub(new.len())), style)];
        let right = vec![Span::styled(new, app.theme.attention())];
        lines.push(split_line(left, right, width as u16));
        for paragraph in plain(&entry.text) {
            for part in wrap(&paragraph, width.saturating_sub(2)) {
                lines.push(Line::from(vec![Span::raw("  "), Span::styled(part, app.theme.text())]));
            }
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("nothing was said yet", app.theme.muted()));
    }
    lines
}

/// The furthest that the updates can be scrolled.
pub(super) fn last_scroll(app: &App, incident: &Incident, place: Rect) -> usize {
    let inner = Pane::inner(place);
    update_lines(app, incident, inner.width.into()).len().saturating_sub(inner.height.into())
}

/// Draws criteria and updates beside, or both in two lines.
pub(super) fn draw(app: &App, incident: &Incident, frame: &mut Frame<'_>, places: &Places) {
    let put = |frame: &mut Frame<'_>, place: Rect, lines: &[Line<'_>]| {
        for (y, line) in (place.y..place.bottom()).zip(lines) {
            frame.render_widget(line, Rect { y, height: 1, ..place });
        }
    };
    if let Some(place) = places.criteria {
        let all = incident.criteria();
        let met = all.iter().filter(|it| it.met == Some(true)).count();
        let right = if all.is_empty() { String::new() } else { format!("{met}/{}", all.len()) };
        let inner = Pane::new(app, "Criteria").right(right).draw(frame, place);
        put(frame, inner, &criteria_lines(app, incident, inner.width.into()));
    }
    if let Some(place) = places.updates {
        let unread = incident.unread();
        let right = if unread > 0 {
            Line::styled(format!("{unread} new"), app.theme.attention())
        } else {
            Line::default()
        };
        let mut pane = Pane::new(app, "Updates");
        if unread > 0 {
            pane = pane.right(right);
        }
        let inner = pane.draw(frame, place);
        let lines = update_lines(app, incident, inner.width.into());
        let skip = incident.scrolled.min(last_scroll(app, incident, place));
        put(frame, inner, lines.get(skip..).unwrap_or_default());
    }
    if let Some(place) = places.strip {
        put(frame, place, &strip(app, incident, place.width));
    }
}

/// Criteria and the latest update, a line each.
fn strip<'a>(app: &App, incident: &Incident, width: u16) -> Vec<Line<'a>> {
    let theme = &app.theme;
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    let all = incident.criteria();
    if let Some(trouble) = trouble(incident).into_iter().next() {
        spans.push(Span::styled(fit(&trouble, usize::from(width) - 2), theme.attention()));
    } else if all.is_empty() {
        spans.push(Span::styled("Criteria are judged once it is live", theme.muted()));
    } else {
        for (index, standing) in all.iter().enumerate() {
            let figure = match (standing.value, standing.met) {
                (Some(number), _) => value(standing.unit, number),
                (None, Some(_)) => String::new(),
                (None, None) => NONE.to_owned(),
            };
            let words = [standing.id.clone(), figure, short_hold(standing)];
            let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
            let text = words.join(" ");
            let rest = all.len() - index;
            let need = text.width() + 2 + if rest > 1 { 4 } else { 0 };
            if used + need > usize::from(width) {
                spans.push(Span::styled(format!("+{rest}"), theme.muted()));
                break;
            }
            used += text.width() + 5;
            let style = if standing.met == Some(false) { theme.bad() } else { theme.text() };
            spans.extend([
                standing_sign(app, standing),
                Span::styled(format!(" {text}"), style),
                Span::raw("   "),
            ]);
        }
    }
    let first = Line::from(spans);
    let feed = incident.picture.as_ref().map_or(&[][..], |picture| &picture.feed);
    let right = match incident.unread() {
        0 => vec![Span::styled("u reads updates ", theme.muted())],
        unread => vec![Span::styled(format!("{unread} new, u reads "), theme.attention())],
    };
    let left = match feed.last() {
        Some(entry) => {
            let (signs, who) = kind(entry);
            let text: Vec<_> = plain(&entry.text).collect();
            let head = format!(" {} {} {who}: ", at(entry.at), sign(app.signs, signs));
            vec![
                Span::styled(head, kind_style(app, entry)),
                Span::styled(text.join(" "), theme.text()),
            ]
        }
        None => vec![Span::styled(" Nothing was said yet", theme.muted())],
    };
    vec![first, split_line(left, right, width)]
}

fn short_hold(standing: &Standing) -> String {
    match (standing.draining, standing.met) {
        (Some(left), _) => format!("clears in {left:.0} s"),
        (None, Some(true)) if standing.hold >= 1.0 && standing.held < standing.hold => {
            format!("{:.0}/{:.0} s", standing.held, standing.hold)
        }
        _ => String::new(),
    }
}

/// Where it is in its life, in a word or two; and how urgent that is.
pub(super) fn state(app: &App, incident: &Incident) -> (String, Style) {
    let theme = &app.theme;
    let picture = match (&incident.stage, &incident.picture) {
        (Stage::Failed(_), _) => return ("could not be started".to_owned(), theme.bad()),
        (_, None) => return ("starting".to_owned(), theme.attention()),
        (_, Some(picture)) => picture,
    };
    if picture.paused {
        return ("paused".to_owned(), theme.attention());
    }
    let (word, style) = match &picture.phase {
        Phase::Starting => ("starting", theme.attention()),
        Phase::Settling { .. } => ("settling", theme.attention()),
        Phase::Baseline => ("measuring", theme.attention()),
        Phase::Injecting { .. } => ("something breaks", theme.attention()),
        Phase::Live => (picture.word.as_deref().unwrap_or("investigating"), theme.attention()),
        Phase::Replaying { .. } => ("put to the test", theme.attention()),
        Phase::Over { outcome: Outcome::Resolved } => ("resolved", theme.good()),
        Phase::Over { outcome: Outcome::Escalated } => ("escalated", theme.bad()),
        Phase::Over { outcome: Outcome::LabFailed { .. } } => ("the lab failed", theme.bad()),
    };
    (format!("{} {word}", app.signs.started()), style)
}

/// State, times and damage, as many as fit beside what is at the left.
pub(super) fn status<'a>(app: &App, incident: &Incident, room: usize) -> Vec<Span<'a>> {
    let theme = &app.theme;
    let (word, style) = state(app, incident);
    let mut facts = vec![(word, style)];
    if let Some(picture) = incident
        .picture
        .as_ref()
        .filter(|it| matches!(it.phase, Phase::Live | Phase::Replaying { .. } | Phase::Over { .. }))
    {
        facts.push((clock(picture.elapsed), theme.text()));
        if !incident.is_over() {
            let little = picture.remaining < Duration::from_mins(2);
            let style = if little { theme.bad() } else { theme.text() };
            facts.push((format!("{} left", clock(picture.remaining)), style));
        }
        let failed = picture.users.failed;
        if failed >= 1.0 {
            facts.push((format!("{} failed requests", thousands(failed)), theme.bad()));
        }
        if picture.hard {
            facts.push(("no hints".to_owned(), theme.muted()));
        }
    }
    if app.offline {
        facts.push(("offline".to_owned(), theme.muted()));
    }
    let dot = app.signs.dot();
    let mut spans = Vec::new();
    let mut used = 1;
    for (index, (text, style)) in facts.into_iter().enumerate() {
        let gap = if index == 0 { 0 } else { dot.width() };
        if used + gap + text.width() > room {
            break;
        }
        used += gap + text.width();
        if index > 0 {
            spans.push(Span::styled(dot, theme.faint()));
        }
        spans.push(Span::styled(text, style));
    }
    spans.push(Span::raw(" "));
    spans
}
