//! Draws an incident.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::{Incident, Places, Stage, Tab, act, observe, sidebar, user};
use crate::incident::picture::Phase;
use crate::tui::app::App;
use crate::tui::screens::shell;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::step::step_lines;
use crate::tui::widgets::text::{fit, split_line};

/// Draws the screen; gives the cursor's place where something is typed.
pub fn draw(app: &App, incident: &Incident, frame: &mut Frame<'_>) -> Option<Position> {
    let places = incident.places(frame.area());
    title(app, incident, frame, &places);
    sidebar::draw(app, incident, frame, &places);
    border(app, incident, frame, &places);
    match &incident.stage {
        Stage::Starting => {
            starting(app, incident, frame, places.inner);
            return None;
        }
        Stage::Failed(problem) => {
            shell::failure(app, problem, frame, places.inner);
            return None;
        }
        Stage::Open => {}
    }
    if incident.tab != Tab::Observe && !incident.is_begun() {
        starting(app, incident, frame, places.inner);
        return None;
    }
    match incident.tab {
        Tab::User => {
            user::draw(app, incident, frame, places.inner);
            None
        }
        Tab::Observe => observe::draw(app, incident, frame, places.inner),
        Tab::Act => act::draw(app, incident, frame, places.inner),
        Tab::Shell => {
            let place = shell::place(app, &incident.shell).filter(|_| !places.bordered());
            shell::draw(app, &incident.shell, place, frame, places.shell())
        }
    }
}

fn tabs(app: &App, incident: &Incident, frame: &mut Frame<'_>, places: &Places) {
    for (tab, place) in places.tabs() {
        if place.width < tab.name().width() as u16 + 2 {
            continue;
        }
        let (text, style) = if tab == incident.tab {
            (format!("[{}]", tab.name()), app.theme.key())
        } else {
            (format!(" {} ", tab.name()), app.theme.muted())
        };
        frame.render_widget(Span::styled(text, style), place);
    }
}

fn title(app: &App, incident: &Incident, frame: &mut Frame<'_>, places: &Places) {
    let width = usize::from(places.title.width);
    if places.bordered() {
        let left = vec![
            Span::styled(format!(" {} ", incident.item.id), app.theme.heading()),
            Span::styled(format!(" {}", incident.item.title), app.theme.text()),
        ];
        let right = sidebar::status(app, incident, width * 3 / 5);
        frame.render_widget(split_line(left, right, places.title.width), places.title);
        return;
    }
    let taken = places.tabs()[3].1.right();
    let right = sidebar::status(app, incident, width.saturating_sub(taken.into()));
    frame.render_widget(split_line(vec![], right, places.title.width), places.title);
    tabs(app, incident, frame, places);
}

/// The border of what is in front, with the tabs in it.
fn border(app: &App, incident: &Incident, frame: &mut Frame<'_>, places: &Places) {
    if !places.bordered() {
        return;
    }
    let words = match incident.tab {
        Tab::Observe => observe::place_in_words(app, incident, places.inner),
        Tab::Shell => match shell::place(app, &incident.shell) {
            Some(place) => place,
            None if incident.shell.is_open() => {
                let room = usize::from(places.main.width).saturating_sub(70);
                let title = fit(&shell::title(app, &incident.shell, room), room);
                format!("{title}{}{} leaves", app.signs.dot(), app.leave)
            }
            None => String::new(),
        },
        Tab::User | Tab::Act => String::new(),
    };
    let mut pane = Pane::new(app, "").focused(incident.shell_in_front().is_some());
    if !words.is_empty() {
        pane = pane.right(words);
    }
    pane.draw_tight(frame, places.main);
    tabs(app, incident, frame, places);
}

/// What is being prepared, step by step.
fn starting(app: &App, incident: &Incident, frame: &mut Frame<'_>, inner: Rect) {
    let theme = &app.theme;
    let phase = incident.phase();
    let now = match phase {
        None | Some(Phase::Starting) => 0,
        Some(Phase::Settling { .. }) => 1,
        Some(Phase::Baseline) => 2,
        Some(_) => 3,
    };
    let mut lines =
        vec![Line::styled(incident.item.title.clone(), theme.heading()), Line::default()];
    let steps = [
        "The machines are made and started",
        "The system settles: it must be healthy before it breaks",
        "What is normal here is measured",
        "Something is going to break",
    ];
    for (index, words) in steps.into_iter().enumerate() {
        let (sign, style) = match index.cmp(&now) {
            std::cmp::Ordering::Less => (app.signs.passed(), theme.good()),
            std::cmp::Ordering::Equal => (app.signs.started(), theme.attention()),
            std::cmp::Ordering::Greater => (app.signs.open(), theme.muted()),
        };
        let more = match phase {
            Some(Phase::Settling { held, hold }) if index == 1 => {
                format!("  {held:.0}/{hold:.0} s")
            }
            Some(Phase::Injecting { intensity }) if index == 3 && *intensity > 0 => {
                format!("  with more force ({intensity})")
            }
            _ => String::new(),
        };
        lines.push(Line::from(vec![
            Span::styled(sign, style),
            Span::styled(
                format!(" {words}"),
                if index == now { theme.text() } else { theme.muted() },
            ),
            Span::styled(more, theme.muted()),
        ]));
        if let Some(step) = incident.step.as_ref().filter(|_| index == 0 && now == 0) {
            let width = inner.width.saturating_sub(4);
            lines.extend(step_lines(app, step, width).into_iter().map(|mut line| {
                line.spans.insert(0, Span::raw("  "));
                line
            }));
        }
    }
    lines.extend([
        Line::default(),
        Line::styled("You are paged as soon as something is wrong.", theme.muted()),
    ]);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}
