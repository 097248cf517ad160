//! Draws a class.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{List, Reading, Report};
use crate::report::{ClassItem, Learner};
use crate::tui::app::App;
use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{duration, fit, split_line, wide};

/// From this width on both lists stand side by side.
const SIDE_BY_SIDE: u16 = 110;

/// Columns of a name where it stands before its bar.
const NAME: usize = 20;

/// From this width of a list on there is room before a bar for an item's title.
const WITH_TITLE: usize = 80;

/// Whether both lists are seen at once.
pub(super) fn is_wide(area: Rect) -> bool {
    area.width >= SIDE_BY_SIDE
}

/// Where the list or the lists are.
fn stage(area: Rect) -> Rect {
    let body = body(area);
    Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body }
}

/// How many lines a row takes: as many as there is room for.
fn lines(area: Rect, count: usize) -> usize {
    let height = usize::from(Pane::inner(stage(area)).height);
    match height / count.max(1) {
        3.. => 3,
        2 => 2,
        _ => 1,
    }
}

/// How many rows of a list of so many are seen.
pub(super) fn rows(area: Rect, count: usize) -> usize {
    usize::from(Pane::inner(stage(area)).height) / lines(area, count)
}

/// Draws the class.
pub fn draw(app: &App, report: &Report, frame: &mut Frame<'_>) {
    let area = frame.area();
    title(app, report, frame, Rect { height: 1, ..area });
    let stage = stage(area);
    if is_wide(area) {
        let left = Rect { width: stage.width / 2, ..stage };
        let right = Rect { x: stage.x + left.width, width: stage.width - left.width, ..stage };
        list(app, report, List::Learners, frame, left);
        list(app, report, List::Items, frame, right);
    } else {
        list(app, report, report.list, frame, stage);
    }
}

fn title(app: &App, report: &Report, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let mut left = vec![Span::styled(" Class  ", theme.heading())];
    let mut right = Vec::new();
    if let Some(reading) = &report.reading {
        let class = &reading.class;
        let done = format!("{} of {} done", class.done(), class.all());
        left.push(Span::styled(done, theme.text()));
        if let Some((learner, item, at)) = class.latest() {
            let learner = fit(&tame(learner), NAME);
            left.push(Span::styled(app.signs.dot(), theme.faint()));
            let latest = format!("{learner} {} {item}, {}", app.signs.passed(), when(reading, at));
            left.push(Span::styled(latest, theme.good()));
        }
        let (full, half, _) = cells(app);
        right.extend([
            Span::styled(full, theme.good()),
            Span::styled(" done ", theme.muted()),
            Span::styled(half, theme.attention()),
            Span::styled(" hard going ", theme.muted()),
        ]);
        if !class.troubles.is_empty() {
            let text = format!("{} {} not read", app.signs.error(), class.troubles.len());
            right.extend([Span::styled(text, theme.attention()), Span::raw(" ")]);
        }
    }
    frame.render_widget(split_line(left, right, area.width), area);
}

/// What a bar is made of: done well, done with hard going, and not done.
fn cells(app: &App) -> (&'static str, &'static str, &'static str) {
    if app.signs.ascii { ("#", "+", "-") } else { ("█", "▓", "░") }
}

/// The time of a moment of today, or the day of an earlier one.
fn when(reading: &Reading, at: Timestamp) -> String {
    let at = reading.at.time_zone().to_datetime(at);
    let today = at.date() == reading.at.date();
    at.strftime(if today { "%H:%M" } else { "%m-%d" }).to_string()
}

fn list(app: &App, report: &Report, list: List, frame: &mut Frame<'_>, area: Rect) {
    let count = report.count(list);
    let name = match list {
        List::Learners => "Learners",
        List::Items => "Items",
    };
    let title =
        format!("{name} {count}{}{}", app.signs.dot(), report.sort[list as usize].word(list));
    let seen = rows(frame.area(), count);
    let first = report.first[list as usize];
    let right = if count > seen {
        let seen = format!("{}-{} of {count}", first + 1, (first + seen).min(count));
        format!("{seen}{}{}", app.signs.dot(), turning(report))
    } else if !is_wide(frame.area()) && report.turning {
        turning(report)
    } else {
        String::new()
    };
    let mut pane = Pane::new(app, &title).focused(report.list == list);
    if !right.is_empty() {
        pane = pane.right(right);
    }
    let inner = pane.draw(frame, area);
    let Some(reading) = &report.reading else {
        frame.render_widget(Span::styled("Reading", app.theme.muted()), inner);
        return;
    };
    if count == 0 {
        let text = match list {
            List::Learners => "Nobody is here yet",
            List::Items => "Nothing was completed yet",
        };
        frame.render_widget(Span::styled(text, app.theme.muted()), inner);
        return;
    }
    let height = lines(frame.area(), count);
    let all: Vec<Row> = match list {
        List::Learners => {
            report.learners().into_iter().map(|it| learner(app, reading, it)).collect()
        }
        List::Items => report.items().into_iter().map(|it| item(app, reading, it)).collect(),
    };
    let shown = all.into_iter().skip(first).take(seen);
    let text: Vec<Line<'_>> =
        shown.flat_map(|row| row.drawn(app, height, inner.width.into())).collect();
    frame.render_widget(Paragraph::new(text), inner);
}

/// When the page turns by itself, if it does.
fn turning(report: &Report) -> String {
    if report.turning { format!("next in {} s", report.left) } else { "held".to_owned() }
}

/// A learner or an item as it is drawn.
struct Row {
    /// What it is called where it has a line of its own, and where it has not.
    names: (String, String),
    /// How many are done well, done with hard going, and there in all.
    parts: (usize, usize, usize),
    /// What is told after the bar, and what more there is room for on a line of its own.
    tells: (String, String),
}

fn learner(app: &App, reading: &Reading, learner: &Learner) -> Row {
    let name = tame(&learner.name);
    let hard = learner.done.values().filter(|done| done.hard).count();
    let (done, all) = (learner.done.len(), reading.class.items.len());
    let last = learner.last.as_ref().map(|(item, at)| (item, when(reading, *at)));
    let short = last.as_ref().map_or_else(String::new, |(_, when)| when.clone());
    let long = last.map_or_else(
        || "nothing yet".to_owned(),
        |(item, when)| format!("{} {item}, {when}", app.signs.passed()),
    );
    Row {
        names: (name.clone(), name),
        parts: (done - hard, hard, all),
        tells: (format!("{done:>3}/{all:<3} {short:>5}"), format!("{long}   {done}/{all}")),
    }
}

fn item(app: &App, reading: &Reading, item: &ClassItem) -> Row {
    let all = reading.class.learners.len();
    let took = match (item.median, item.estimate) {
        (Some(median), Some(estimate)) => {
            format!("{} of {}", duration(median), duration(estimate))
        }
        (Some(median), None) => duration(median),
        (None, _) => String::new(),
    };
    let hard = if item.hard > 0 {
        format!("   {} {} hard", app.signs.error(), item.hard)
    } else {
        String::new()
    };
    let ratio = item.ratio().map(|ratio| format!("{}%", ratio.min(999))).unwrap_or_default();
    Row {
        names: (format!("{}  {}", item.id, tame(&item.title)), item.id.clone()),
        parts: (item.done - item.hard, item.hard, all),
        tells: (
            format!("{:>3}/{all:<3} {ratio:>5}", item.done),
            format!("{took}{hard}   {}/{all}", item.done),
        ),
    }
}

impl Row {
    /// In one line, or in a line of words and a line of bar, with air below where there is room.
    fn drawn(self, app: &App, height: usize, width: usize) -> Vec<Line<'static>> {
        let theme = &app.theme;
        if height == 1 {
            let (name, room) = match width {
                WITH_TITLE.. => (&self.names.0, 2 * NAME),
                _ => (&self.names.1, NAME),
            };
            let name = wide(&fit(name, room), room);
            let used = room + 2 + self.tells.0.chars().count();
            let mut spans = vec![Span::styled(name, theme.text()), Span::raw(" ")];
            spans.extend(self.bar(app, width.saturating_sub(used)));
            spans.push(Span::styled(format!(" {}", self.tells.0), theme.muted()));
            return vec![Line::from(spans)];
        }
        let bar = self.bar(app, width);
        let left = vec![Span::styled(self.names.0, theme.heading())];
        let right = vec![Span::styled(self.tells.1, theme.muted())];
        let words = split_line(left, right, width as u16);
        let mut lines = vec![words, Line::from(bar)];
        lines.resize(height, Line::default());
        lines
    }

    /// Done well, done with hard going, and what is left.
    fn bar(&self, app: &App, width: usize) -> Vec<Span<'static>> {
        let (well, hard, all) = self.parts;
        let cells = |part: usize| (part * width).checked_div(all).unwrap_or(0).min(width);
        // The two end where their sum does, so that nothing is lost by rounding; whoever did
        // anything has a cell.
        let end = cells(well + hard).max(usize::from(well + hard > 0)).min(width);
        let well = if hard == 0 { end } else { cells(well).min(end.saturating_sub(1)) };
        let (full, half, empty) =
            if app.signs.ascii { ("#", "+", "-") } else { ("█", "▓", "░") };
        vec![
            Span::styled(full.repeat(well), app.theme.good()),
            Span::styled(half.repeat(end - well), app.theme.attention()),
            Span::styled(empty.repeat(width - end), app.theme.faint()),
        ]
    }
}
