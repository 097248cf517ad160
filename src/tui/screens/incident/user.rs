//! What the users get, in plain words.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::Incident;
use super::observe::clock_of;
use crate::course::scenario::Unit;
use crate::incident::gate::wire::LogLine;
use crate::tui::app::App;
use crate::tui::widgets::markdown::{Document, MarkdownStyle};
use crate::tui::widgets::numbers::{thousands, value};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::sparkline::whole;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::fit;

/// How many requests are kept.
const MAX: usize = 500;

/// Whoever waits longer for a page thinks of something else.
const SLOW: f64 = 1.0;

/// The services whose log lines are the users'.
const USERS: &str = "users";

/// From this width on there is room for the system's description beside.
const WIDE: u16 = 104;

/// One request of a user.
#[derive(Debug, Clone, PartialEq)]
struct Visit {
    n: i64,
    clock: String,
    page: String,
    /// Seconds.
    took: Option<f64>,
    outcome: String,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct User {
    visits: VecDeque<Visit>,
    /// How many lines above the newest the last shown one is.
    back: usize,
}

impl User {
    /// New log lines, of which some are the users'.
    pub(super) fn take(&mut self, lines: &[LogLine], machine: &str) {
        let last = self.visits.back().map_or(i64::MIN, |visit| visit.n);
        let theirs =
            |line: &&LogLine| (line.service == USERS || line.service == machine) && line.n > last;
        for line in lines.iter().filter(theirs) {
            let field = |name: &str| line.fields.get(name);
            let text = |name: &str| field(name).and_then(|it| it.as_str()).map(tame);
            let Some(page) = text("page") else { continue };
            self.visits.push_back(Visit {
                n: line.n,
                clock: clock_of(&line.time),
                page,
                took: field("ms").and_then(serde_json::Value::as_f64).map(|ms| ms / 1e3),
                outcome: text("outcome").unwrap_or_default(),
            });
            if self.back > 0 {
                self.back += 1;
            }
        }
        while self.visits.len() > MAX {
            self.visits.pop_front();
        }
        self.scroll(0);
    }

    /// Scrolls by lines, upwards if negative.
    pub(super) fn scroll(&mut self, by: isize) {
        self.back = self.back.saturating_add_signed(by.saturating_neg());
        self.back = self.back.min(self.visits.len().saturating_sub(1));
    }
}

/// A request in plain words, with what it means for who made it.
fn told(app: &App, visit: &Visit) -> (Span<'static>, String, Style) {
    let theme = &app.theme;
    let took = visit.took.map(|took| value(Unit::Seconds, took));
    let page = if visit.page.is_empty() { "page" } else { visit.page.as_str() };
    match (visit.outcome.as_str(), took) {
        ("ok" | "", Some(took)) if visit.took.is_some_and(|took| took > SLOW) => (
            Span::styled(app.signs.started(), theme.attention()),
            format!("{page} loaded, but only after {took}"),
            theme.attention(),
        ),
        ("ok" | "", took) => (
            Span::styled(app.signs.passed(), theme.good()),
            took.map_or_else(|| format!("{page} loaded"), |it| format!("{page} loaded in {it}")),
            theme.text(),
        ),
        (outcome, took) => {
            let why = match outcome {
                "error" => "an error page",
                "timeout" => "no answer",
                "refused" => "nobody there",
                other => other,
            };
            let after = took.map_or_else(String::new, |took| format!(" after {took}"));
            (
                Span::styled(app.signs.failed(), theme.bad()),
                format!("{page} failed{after}: {why}"),
                theme.bad(),
            )
        }
    }
}

/// How the users fare, in a few lines.
fn summary<'a>(app: &App, incident: &'a Incident, width: usize) -> Vec<Line<'a>> {
    let theme = &app.theme;
    let Some(picture) = &incident.picture else { return vec![] };
    let users = &picture.users;
    let first = match users.success {
        Some(success) => {
            let fine = success >= 0.99;
            let (sign, style) = if fine {
                (app.signs.passed(), theme.good())
            } else {
                (app.signs.failed(), theme.bad())
            };
            let share = value(Unit::Percent, success);
            vec![
                Span::styled(format!("{sign} "), style),
                Span::styled(share, style.add_modifier(Modifier::BOLD)),
                Span::styled(" of requests succeed now", theme.text()),
            ]
        }
        None => vec![Span::styled("Nobody knows how many requests succeed now", theme.attention())],
    };
    let mut facts = Vec::new();
    facts.extend(
        users.p95.map(|p95| {
            format!("19 of 20 answers take no longer than {}", value(Unit::Seconds, p95))
        }),
    );
    facts.extend(users.rate.map(|rate| {
        format!("{} requests a second", value(Unit::Rate, rate).trim_end_matches(" /s"))
    }));
    let since = match (users.requests, users.failed) {
        (requests, _) if requests < 1.0 => "No request was counted yet".to_owned(),
        (requests, failed) => {
            format!(
                "{} of {} requests failed since it began",
                thousands(failed),
                thousands(requests)
            )
        }
    };
    let mut lines = vec![Line::from(first)];
    let share = |it: &&crate::incident::picture::Standing| it.unit == Unit::Percent;
    let success = picture.criteria.iter().find(share);
    if let Some(standing) = success.filter(|_| width >= 60) {
        let level = standing.threshold.map(|threshold| threshold.1);
        let line = whole(&standing.recent, level, 20, app.signs, incident.dots);
        lines[0].spans.extend([Span::raw("  "), Span::styled(line, theme.accent())]);
    }
    lines.extend(facts.into_iter().map(|fact| Line::styled(fit(&fact, width), theme.text())));
    let hurt = if users.failed > 0.0 { theme.bad() } else { theme.muted() };
    lines.push(Line::styled(fit(&since, width), hurt));
    lines
}

/// Draws the tab.
pub(super) fn draw(app: &App, incident: &Incident, frame: &mut Frame<'_>, area: Rect) {
    let (left, right) = if area.width >= WIDE {
        let width = area.width * 55 / 100;
        let rest = Rect { x: area.x + width, width: area.width - width, ..area };
        (Rect { width, ..area }, Some(rest))
    } else {
        (area, None)
    };
    if let Some(right) = right {
        let inner = Pane::new(app, "How it works").draw(frame, right);
        let style = MarkdownStyle::themed(&app.theme, app.signs);
        let layout = Document::parse(&incident.scenario.system.about).layout(inner.width, &style);
        for (row, line) in (0..inner.height).zip(&layout.lines) {
            frame.render_widget(line, Rect { y: inner.y + row, height: 1, ..inner });
        }
    }
    let inner = Rect { x: left.x + 1, width: left.width.saturating_sub(2), ..left };
    let head = summary(app, incident, inner.width.into());
    let mut y = inner.y;
    for line in head {
        if y >= inner.bottom() {
            return;
        }
        frame.render_widget(line, Rect { y, height: 1, ..inner });
        y += 1;
    }
    y += 1;
    let feed = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    let user = &incident.user;
    if feed.is_empty() {
        return;
    }
    if user.visits.is_empty() {
        let text = "What users do appears here as it happens.";
        let row = Rect { height: 1, ..feed };
        frame.render_widget(Span::styled(text, app.theme.muted()), row);
        return;
    }
    let end = user.visits.len() - user.back.min(user.visits.len() - 1);
    let start = end.saturating_sub(feed.height.into());
    for (row, visit) in (0..feed.height).zip(user.visits.range(start..end)) {
        let (sign, words, style) = told(app, visit);
        let room = usize::from(feed.width).saturating_sub(visit.clock.len() + 4);
        let line = Line::from(vec![
            Span::styled(format!("{}  ", visit.clock), app.theme.muted()),
            sign,
            Span::styled(format!(" {}", fit(&words, room)), style),
        ]);
        frame.render_widget(line, Rect { y: feed.y + row, height: 1, ..feed });
    }
    if user.back > 0 {
        let text = format!(" paused, {} newer ", user.back);
        let width = text.len() as u16;
        let at =
            Rect { x: feed.right().saturating_sub(width), y: feed.bottom() - 1, width, height: 1 };
        frame.render_widget(Span::styled(text, app.theme.attention()), at.intersection(feed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: i64, fields: serde_json::Value) -> LogLine {
        let serde_json::Value::Object(fields) = fields else { panic!("an object") };
        LogLine {
            n,
            time: "2026-11-26T10:03:12.123Z".into(),
            service: "users".into(),
            level: "info".into(),
            message: "page loaded".into(),
            fields: fields.into_iter().collect(),
        }
    }

    #[test]
    fn requests_are_told_once_and_stand_still_while_read() {
        let mut user = User::default();
        let lines: Vec<_> = (0..5)
            .map(|n| line(n, serde_json::json!({"page": "/a\u{1b}", "ms": 180, "outcome": "ok"})))
            .collect();
        user.take(&lines, "load");
        user.take(&lines, "load");
        assert_eq!(user.visits.len(), 5);
        assert_eq!(
            (user.visits[0].page.as_str(), user.visits[0].clock.as_str()),
            ("/a", "10:03:12")
        );
        user.scroll(-2);
        user.take(&[line(9, serde_json::json!({"page": "/b"}))], "load");
        assert_eq!(user.back, 3);
        user.scroll(99);
        assert_eq!(user.back, 0);
        let many: Vec<_> = (10..999).map(|n| line(n, serde_json::json!({"page": "/b"}))).collect();
        user.take(&many, "load");
        assert_eq!(user.visits.len(), MAX);
    }
}
