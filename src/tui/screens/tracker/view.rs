//! Draws Tracker.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::layout::{places, tab, tabs};
use super::{PaneId, Row, Tracker, calendar};
use crate::store::Status;
use crate::tracker::{
    Due, ItemStand, Milestone, ModuleStand, Reached, Repetition, Tracker as Summary,
};
use crate::tui::app::App;
use crate::tui::widgets::list::{first_row, select};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{duration, split_line};

/// From this width on a row of the tree has room for a date.
const WITH_DATES: u16 = 52;

/// Draws Tracker; nothing is typed on it.
pub fn draw(app: &App, tracker: &Tracker, frame: &mut Frame<'_>) -> Option<Position> {
    let places = places(tracker, frame.area());
    title(app, tracker, frame, places.title);
    if let Some(line) = places.tabs {
        tab_line(app, tracker, frame, line);
    }
    for (pane, area) in places.panes {
        let gone = tracker.summary.as_ref().filter(|_| pane == PaneId::Progress);
        let gone = match gone.map_or(0, |summary| summary.gone) {
            0 => String::new(),
            gone => format!("{gone} done that are not here any more"),
        };
        let inner = Pane::new(app, pane.title())
            .right(gone)
            .focused(pane == tracker.pane)
            .draw(frame, area);
        match &tracker.summary {
            None => frame.render_widget(Span::styled("Reading", app.theme.muted()), inner),
            Some(summary) if pane == PaneId::Days => days(app, summary, frame, inner),
            Some(summary) => list(app, tracker, summary, pane, frame, inner),
        }
    }
    None
}

fn title(app: &App, tracker: &Tracker, frame: &mut Frame<'_>, area: Rect) {
    let theme = &app.theme;
    let left = vec![Span::styled(" Tracker", theme.heading())];
    let Some(summary) = &tracker.summary else {
        return frame.render_widget(split_line(left, vec![], area.width), area);
    };
    let dot = || Span::styled(app.signs.dot(), theme.faint());
    let all = summary.items().count();
    let mut right = vec![
        Span::styled(format!("{} of {all} items", summary.done()), theme.text()),
        dot(),
        Span::styled(duration(summary.spent()), theme.text()),
    ];
    if summary.streak > 1 {
        let row = format!("{} days in a row", summary.streak);
        right.extend([dot(), Span::styled(row, theme.good())]);
    }
    if !summary.due.is_empty() {
        let due = format!("{} due", summary.due.len());
        right.extend([dot(), Span::styled(due, theme.attention())]);
    }
    right.push(Span::raw(" "));
    frame.render_widget(split_line(left, right, area.width), area);
}

fn tab_line(app: &App, tracker: &Tracker, frame: &mut Frame<'_>, line: Rect) {
    for (index, (pane, place)) in tabs(line).enumerate() {
        let style = if pane == tracker.pane {
            app.theme.accent().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
        } else {
            app.theme.muted()
        };
        frame.render_widget(Span::styled(tab(index, pane), style), place);
    }
}

fn list(
    app: &App,
    tracker: &Tracker,
    summary: &Summary,
    pane: PaneId,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let count = tracker.count(pane);
    if count == 0 {
        let text = match pane {
            PaneId::Due => {
                "Nothing is due. What was completed comes back after 1, 3, 7 and 21 days."
            }
            _ => "There is nothing to practise here.",
        };
        let text = Paragraph::new(text).style(app.theme.muted()).wrap(Wrap { trim: true });
        return frame.render_widget(text, area);
    }
    let cursor = tracker.cursor(pane);
    let first = first_row(cursor, area.height);
    for (line, index) in (0..area.height).zip(first..count) {
        let at = Rect { y: area.y + line, height: 1, ..area };
        let text = match pane {
            PaneId::Progress => match tracker.rows.get(index) {
                Some(Row::Module(at_module)) => summary
                    .modules
                    .get(*at_module)
                    .map(|module| module_row(app, tracker, module, at.width)),
                Some(Row::Item(at_module, item)) => summary
                    .modules
                    .get(*at_module)
                    .and_then(|module| module.items.get(*item))
                    .map(|item| item_row(app, summary, item, at.width)),
                None => None,
            },
            PaneId::Due => summary.due.get(index).map(|due| due_row(app, summary, due, at.width)),
            PaneId::Milestones => {
                summary.milestones.get(index).map(|it| milestone_row(app, it, at.width))
            }
            PaneId::Days => None,
        };
        let Some(text) = text else { continue };
        frame.render_widget(text, at);
        if index == cursor && pane == tracker.pane {
            select(&app.theme, frame.buffer_mut(), at);
        }
    }
}

fn module_row<'a>(app: &App, tracker: &Tracker, module: &ModuleStand, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let unfolded = tracker.is_unfolded(&module.id);
    let sign = if unfolded { app.signs.expanded() } else { app.signs.collapsed() };
    let (done, all) = (module.done(), module.items.len());
    let (full, empty) = app.signs.bar(done as u64, all as u64, 8);
    let title = Style::new().patch(theme.text()).add_modifier(Modifier::BOLD);
    let left = vec![
        Span::styled(format!("{sign} "), theme.muted()),
        Span::styled(tame(&module.title), title),
    ];
    let spent = if module.spent().is_zero() {
        " ".repeat(10)
    } else {
        format!("{:>7} of", duration(module.spent()))
    };
    let time = format!("{spent} {:>7}", duration(module.estimate()));
    let right = vec![
        Span::styled(full, theme.good()),
        Span::styled(empty, theme.faint()),
        Span::styled(format!(" {:>5}", format!("{done}/{all}")), theme.text()),
        Span::styled(time, theme.muted()),
    ];
    split_line(left, right, width)
}

fn item_row<'a>(app: &App, summary: &Summary, item: &ItemStand, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let (sign, style) = match item.progress.status {
        Status::Completed => (app.signs.passed(), theme.good()),
        Status::Started => (app.signs.started(), theme.attention()),
        Status::New => (app.signs.open(), theme.muted()),
    };
    let left = vec![
        Span::styled(format!("  {sign} "), style),
        Span::styled(tame(&item.title), theme.text()),
    ];
    let spent = match item.progress.status {
        Status::New => " ".repeat(10),
        _ => format!("{:>7} of", duration(item.progress.spent)),
    };
    let mut right = Vec::new();
    if item.repetition.is_some_and(|it| it.is_due(summary.today)) {
        right.push(Span::styled(" due", theme.attention()));
    } else if item.repetition == Some(Repetition::Learned) {
        right.push(Span::styled(" learned", theme.good()));
    }
    if width >= WITH_DATES {
        let day = item.completed.last().map(ToString::to_string).unwrap_or_default();
        right.push(Span::styled(format!(" {day:>10}"), theme.muted()));
    }
    let time = format!("{spent} {:>7}", duration(item.estimate));
    right.push(Span::styled(time, theme.muted()));
    split_line(left, right, width)
}

fn due_row<'a>(app: &App, summary: &Summary, due: &Due, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let left = vec![
        Span::styled(format!("{} ", tame(&due.item)), theme.muted()),
        Span::styled(tame(&due.title), theme.text()),
    ];
    let since = match summary.today.since(due.since).map_or(0, |span| span.get_days()) {
        0 => "today".to_owned(),
        1 => "since yesterday".to_owned(),
        days => format!("since {days} days"),
    };
    split_line(left, vec![Span::styled(since, theme.attention())], width)
}

fn milestone_row<'a>(app: &App, milestone: &Milestone, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let title = tame(&milestone.title);
    match milestone.reached {
        Reached::On(day) => split_line(
            vec![
                Span::styled(format!("{} ", app.signs.passed()), theme.good()),
                Span::styled(title, theme.text()),
            ],
            vec![Span::styled(day.to_string(), theme.muted())],
            width,
        ),
        Reached::Towards { done, of } => {
            let (full, empty) = app.signs.bar(done as u64, of as u64, 5);
            split_line(
                vec![
                    Span::styled(format!("{} ", app.signs.open()), theme.muted()),
                    Span::styled(title, theme.muted()),
                ],
                vec![
                    Span::styled(full, theme.good()),
                    Span::styled(empty, theme.faint()),
                    Span::styled(format!(" {done}/{of}"), theme.muted()),
                ],
                width,
            )
        }
    }
}

/// The calendar, with what the days come to below it.
fn days(app: &App, summary: &Summary, frame: &mut Frame<'_>, area: Rect) {
    const NAMES: [&str; 7] = ["Mon", "", "Wed", "", "Fri", "", "Sun"];
    const MARGIN: u16 = 4;
    let theme = &app.theme;
    let count = usize::from(area.width.saturating_sub(MARGIN) / 2).min(53);
    let weeks = calendar::weeks(&summary.days, summary.today, count);
    let mut lines = Vec::with_capacity(9);
    lines.push(Line::styled(format!("    {}", calendar::months(&weeks)), theme.muted()));
    for (weekday, name) in NAMES.into_iter().enumerate() {
        let mut spans = vec![Span::styled(format!("{name:<4}"), theme.muted())];
        for week in &weeks {
            let Some(day) = week.get(weekday) else { continue };
            let style = if day.level == 0 { theme.faint() } else { theme.good() };
            let today = day.date == summary.today;
            let style = if today { style.add_modifier(Modifier::UNDERLINED) } else { style };
            spans.push(Span::styled(calendar::sign(day.level, app.signs), style));
            spans.push(Span::raw(" "));
        }
        lines.push(Line::from(spans));
    }
    let week = weeks.last().and_then(|week| week.first()).map(|monday| monday.date);
    let this_week =
        summary.days.iter().filter(|(day, _)| Some(*day) >= week).map(|(_, time)| *time);
    let all = summary.days.iter().map(|(_, time)| *time).sum();
    let sums = format!(
        "{}{}this week {}{}in all {}",
        match summary.days.len() {
            1 => "1 day".to_owned(),
            count => format!("{count} days"),
        },
        app.signs.dot(),
        duration(this_week.sum()),
        app.signs.dot(),
        duration(all)
    );
    lines.push(Line::styled(sums, theme.muted()));
    frame.render_widget(Paragraph::new(lines), area);
}
