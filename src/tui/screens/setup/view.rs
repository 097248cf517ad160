//! Draws Setup.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::{Images, Row};
use crate::engine::Info;
use crate::tui::app::{App, EngineState};
use crate::tui::screens::body;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::step::step_lines;

/// As wide as Setup becomes: a comfortable measure.
const WIDTH: u16 = 88;

/// Draws Setup. It has no cursor.
pub fn draw(app: &App, frame: &mut Frame<'_>) -> Option<Position> {
    let area = body(frame.area());
    let width = WIDTH.min(area.width);
    let theme = &app.theme;
    let mut lines = vec![
        Line::styled(
            "Learn to build, run and repair infrastructure in real sandboxes, without leaving the terminal and \
             without a network. A few things to settle first; everything can be changed later.",
            theme.text(),
        ),
        Line::default(),
    ];
    lines.extend(row(app, Row::Engine, "Sandbox engine", engine_word(app)));
    lines.extend(engine(app));
    lines.push(Line::default());
    lines.extend(row(app, Row::Images, "Images", images_word(app)));
    lines.extend(images(app, width.saturating_sub(4)));
    lines.push(Line::default());
    let name = format!("{}   (left and right change it)", theme.title);
    lines.extend(row(app, Row::Theme, "Theme", Span::styled(name, theme.text())));
    lines.push(sample(app));
    lines.push(Line::default());
    lines.extend(row(
        app,
        Row::Finish,
        "Begin",
        Span::styled("save this and go to the lessons", theme.text()),
    ));
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    let height =
        (text.line_count(width.saturating_sub(4)) as u16).saturating_add(2).min(area.height);
    let area = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    let inner = Pane::new(app, "Welcome to drydock").focused(true).draw(frame, area);
    frame.render_widget(text, inner);
    None
}

fn row<'a>(app: &App, row: Row, name: &'a str, value: Span<'a>) -> [Line<'a>; 1] {
    let selected = app.setup.row == row;
    let mark = match (selected, app.signs.ascii) {
        (true, true) => "> ",
        (true, false) => "▸ ",
        (false, _) => "  ",
    };
    let style = if selected { app.theme.key() } else { app.theme.muted() };
    [Line::from(vec![Span::styled(format!("{mark}{name:<16}"), style), value])]
}

fn engine_word(app: &App) -> Span<'_> {
    match &app.engine {
        EngineState::Looking => Span::styled("looking …", app.theme.muted()),
        EngineState::Ready(found) => {
            let Info { product, version, .. } = &found.info;
            Span::styled(
                format!("{} {product} {version} works here", app.signs.passed()),
                app.theme.good(),
            )
        }
        EngineState::Failed(_) => {
            Span::styled(format!("{} none works here yet", app.signs.failed()), app.theme.bad())
        }
    }
}

fn engine(app: &App) -> Vec<Line<'_>> {
    match &app.engine {
        EngineState::Looking => vec![],
        EngineState::Ready(found) => vec![indented(&found.reason, app.theme.muted())],
        EngineState::Failed(problem) => {
            let mut lines = vec![indented(&problem.message, app.theme.text())];
            if let Some(remedy) = &problem.remedy {
                lines.push(indented(remedy, app.theme.attention()));
            }
            lines.push(indented("then press enter here to look again", app.theme.muted()));
            lines
        }
    }
}

fn indented(text: &str, style: ratatui::style::Style) -> Line<'_> {
    Line::from(vec![Span::raw("    "), Span::styled(text, style)])
}

fn images_word(app: &App) -> Span<'_> {
    let (muted, good) = (app.theme.muted(), app.theme.good());
    match (&app.setup.images, &app.engine) {
        (Images::Building(_), _) => {
            Span::styled("building (enter stops it)", app.theme.attention())
        }
        (Images::Failed(_), _) => {
            Span::styled(format!("{} not built", app.signs.failed()), app.theme.bad())
        }
        (_, EngineState::Ready(found)) if !found.builds_images => Span::styled(
            format!("{} none needed: this machine's own programs are used", app.signs.passed()),
            good,
        ),
        (_, EngineState::Ready(found)) if found.missing_images.is_empty() => {
            Span::styled(format!("{} ready", app.signs.passed()), good)
        }
        (Images::Cancelled, _) => Span::styled("stopped; enter begins again", muted),
        (_, EngineState::Ready(_)) => {
            Span::styled("enter builds them now; else the first launch does", app.theme.text())
        }
        _ => Span::styled("need an engine", muted),
    }
}

fn images(app: &App, width: u16) -> Vec<Line<'_>> {
    match &app.setup.images {
        Images::Building(Some(step)) => step_lines(app, step, width.saturating_sub(4))
            .into_iter()
            .map(|mut line| {
                line.spans.insert(0, Span::raw("    "));
                line
            })
            .collect(),
        Images::Failed(problem) => {
            let mut lines = vec![indented(&problem.message, app.theme.text())];
            lines.extend(
                problem.remedy.as_deref().map(|remedy| indented(remedy, app.theme.attention())),
            );
            lines
        }
        _ => vec![],
    }
}

fn sample(app: &App) -> Line<'_> {
    let theme = &app.theme;
    Line::from(vec![
        Span::raw("    "),
        Span::styled(format!("{} holds", app.signs.passed()), theme.good()),
        Span::raw("  "),
        Span::styled(format!("{} does not", app.signs.failed()), theme.bad()),
        Span::raw("  "),
        Span::styled(format!("{} begun", app.signs.started()), theme.attention()),
        Span::raw("  "),
        Span::styled("a heading", theme.heading()),
        Span::raw("  "),
        Span::styled("code", theme.code()),
        Span::raw("  "),
        Span::styled("chosen", theme.selection()),
    ])
}
