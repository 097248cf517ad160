//! Draws the workspace.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::{PaneId, Phase, Places, Rewinding, Workspace, drawer, sidebar};
use crate::tui::app::App;
use crate::tui::screens::shell;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::step::{amount, step_lines};
use crate::tui::widgets::text::{clock, duration, split_line};

/// Draws the workspace; gives the cursor's place if the shell has the focus.
pub fn draw(app: &App, workspace: &Workspace, frame: &mut Frame<'_>) -> Option<Position> {
    let places = workspace.places(frame.area());
    title(app, workspace, frame, &places);
    if let Some(drawer) = workspace.drawer {
        drawer::draw(app, workspace, drawer, frame);
        return None;
    }
    if let Some(strip) = places.strip {
        frame.render_widget(strip_line(app, workspace, strip.width), strip);
    }
    lesson(app, workspace, frame, &places);
    side(app, workspace, frame, &places);
    shell(app, workspace, frame, &places)
}

fn title(app: &App, workspace: &Workspace, frame: &mut Frame<'_>, places: &Places) {
    let theme = &app.theme;
    let mut left = vec![Span::styled(format!(" {} ", workspace.item.id), theme.heading())];
    if places.bordered {
        left.push(Span::styled(format!(" {}", workspace.item.title), theme.text()));
    } else {
        let checks = format!("3 Checks {}/{}", workspace.passed(), workspace.results.len());
        let bell = format!("2 Shell {}", app.signs.bell());
        let shell = if workspace.shell.bell { &*bell } else { "2 Shell" };
        let tabs =
            [(PaneId::Lesson, "1 Lesson"), (PaneId::Shell, shell), (PaneId::Sidebar, &checks)];
        for (pane, name) in tabs {
            let (text, style) = if pane == workspace.focus {
                (format!("[{name}]"), theme.key())
            } else {
                (format!(" {name} "), theme.muted())
            };
            left.push(Span::styled(text, style));
        }
    }
    let time = clock(workspace.clock.total());
    let planned = duration(workspace.item.estimated_time);
    let dot = || Span::styled(app.signs.dot(), theme.faint());
    let mut right = match &workspace.phase {
        Phase::Provisioning { .. } => vec![Span::styled("preparing", theme.attention())],
        Phase::Rewinding(_) => vec![Span::styled("rewinding", theme.attention())],
        Phase::Failed(_) => vec![Span::styled("no sandbox", theme.bad())],
        Phase::Ready { completed, .. } => {
            let mut right = vec![Span::styled(app.signs.running(), theme.good()), Span::raw(" ")];
            right.push(Span::styled(
                if places.bordered { format!("{time} of {planned}") } else { time },
                theme.text(),
            ));
            if *completed {
                right.extend([dot(), Span::styled("completed", theme.good())]);
            } else if !workspace.clock.runs() {
                right.extend([dot(), Span::styled("paused", theme.attention())]);
            }
            right
        }
    };
    if workspace.solving.is_some() {
        right.extend([dot(), Span::styled("writing down", theme.attention())]);
    }
    if app.offline {
        right.extend([dot(), Span::styled("offline", theme.muted())]);
    }
    right.push(Span::raw(" "));
    frame.render_widget(split_line(left, right, places.title.width), places.title);
}

/// The checks in one line, where the sidebar is not shown.
fn strip_line<'a>(app: &App, workspace: &'a Workspace, width: u16) -> Line<'a> {
    let theme = &app.theme;
    let left = match &workspace.phase {
        Phase::Provisioning { step } | Phase::Rewinding(Rewinding { step, .. }) => {
            let words =
                step.as_ref().map_or("Preparing the sandbox", |step| &*step.step).to_owned();
            let count =
                step.as_ref().and_then(|step| Some(format!(" {}", amount(step, step.total?))));
            let count = count.unwrap_or_default();
            vec![
                Span::styled(format!(" {words}"), theme.attention()),
                Span::styled(count, theme.muted()),
            ]
        }
        Phase::Failed(problem) => vec![Span::styled(format!(" {}", problem.message), theme.bad())],
        Phase::Ready { .. } => {
            let mut spans = vec![Span::raw(" ")];
            for result in &workspace.results {
                spans.extend([sidebar::sign(app, result.as_ref()), Span::raw(" ")]);
            }
            let checks = crate::lab::checks(&workspace.item);
            let next = workspace.next_check().map(|index| &checks[index]);
            spans.push(match (next, &workspace.check_problem) {
                (_, Some(problem)) => Span::styled(problem.message.as_str(), theme.bad()),
                (Some(check), _) => Span::styled(format!("next: {}", check.name), theme.muted()),
                (None, _) => Span::styled("all checks hold", theme.good()),
            });
            spans
        }
    };
    let right = if workspace.offered {
        vec![Span::styled("a hint is ready ", theme.attention())]
    } else {
        vec![]
    };
    split_line(left, right, width)
}

/// Draws a pane's border where there is one; gives its inner space.
fn framed(frame: &mut Frame<'_>, places: &Places, pane: PaneId, border: Pane<'_>) -> Option<Rect> {
    let area = places.of(pane)?;
    if places.bordered {
        match pane {
            PaneId::Shell => border.draw_tight(frame, area),
            _ => border.draw(frame, area),
        };
    }
    places.inner(pane)
}

fn lesson(app: &App, workspace: &Workspace, frame: &mut Frame<'_>, places: &Places) {
    let lesson = &workspace.lesson;
    let (page, pages) = lesson.page();
    let border = Pane::new(app, "Lesson")
        .right(format!("{page}/{pages}"))
        .focused(workspace.focus == PaneId::Lesson);
    let Some(inner) = framed(frame, places, PaneId::Lesson, border) else { return };
    if !lesson.is_loaded() {
        let text = "This exercise has no lesson: the checks say what is wanted.";
        let text = Paragraph::new(vec![
            Line::styled(workspace.item.title.as_str(), app.theme.heading()),
            Line::default(),
            Line::styled(workspace.item.description.as_str(), app.theme.text()),
            Line::default(),
            Line::styled(text, app.theme.muted()),
        ]);
        frame.render_widget(text.wrap(Wrap { trim: true }), inner);
        return;
    }
    lesson.draw(app, frame, inner);
}

fn side(app: &App, workspace: &Workspace, frame: &mut Frame<'_>, places: &Places) {
    let count = format!("{}/{}", workspace.passed(), workspace.results.len());
    let border = Pane::new(app, "Checks").right(count).focused(workspace.focus == PaneId::Sidebar);
    let Some(inner) = framed(frame, places, PaneId::Sidebar, border) else { return };
    let lines = sidebar::lines(app, workspace, inner.width.into());
    let scroll = workspace.sidebar_scroll.min(lines.len().saturating_sub(inner.height.into()));
    frame.render_widget(Paragraph::new(lines).scroll((scroll as u16, 0)), inner);
}

fn shell(
    app: &App,
    workspace: &Workspace,
    frame: &mut Frame<'_>,
    places: &Places,
) -> Option<Position> {
    let focused = workspace.focus == PaneId::Shell;
    let area = places.of(PaneId::Shell)?;
    let place = shell::place(app, &workspace.shell);
    let right = match &place {
        Some(place) => Some(Line::styled(place.clone(), app.theme.attention())),
        None if focused && workspace.shell.is_open() => {
            Some(Line::styled(format!("{} leaves", app.leave), app.theme.key()))
        }
        None => None,
    };
    // The corners, the blanks around both texts, and a piece of border between them.
    let taken = right.as_ref().map_or(4, |right| right.width() + 7);
    let room = usize::from(area.width).saturating_sub(taken);
    let title = shell::title(app, &workspace.shell, room);
    let mut border = Pane::new(app, &title).focused(focused);
    if let Some(right) = right {
        border = border.right(right);
    }
    let inner = framed(frame, places, PaneId::Shell, border)?;
    match (&workspace.phase, &workspace.shell.phase) {
        (Phase::Failed(problem), _) => shell::failure(app, problem, frame, inner),
        (Phase::Provisioning { step }, shell::Phase::Waiting) => {
            let mut lines =
                vec![Line::styled("Preparing your sandbox", app.theme.heading()), Line::default()];
            if let Some(step) = step {
                lines.extend(step_lines(app, step, inner.width.saturating_sub(2)));
            }
            lines.extend([
                Line::default(),
                Line::styled("You can read the lesson meanwhile. esc stops it.", app.theme.muted()),
            ]);
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
        }
        (Phase::Rewinding(Rewinding { to, step, .. }), _) => {
            let heading = format!("Bringing the files back to {to}");
            let mut lines = vec![Line::styled(heading, app.theme.heading()), Line::default()];
            if let Some(step) = step {
                lines.extend(step_lines(app, step, inner.width.saturating_sub(2)));
            }
            lines.extend([
                Line::default(),
                Line::styled("Programs are not brought back.", app.theme.muted()),
            ]);
            frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
        }
        _ => {
            let place = place.filter(|_| !places.bordered);
            return shell::draw(app, &workspace.shell, place, frame, inner).filter(|_| focused);
        }
    }
    None
}
