//! The sidebar's text: checks with what was expected and found, hints, and the sandbox.

use ratatui::text::{Line, Span};

use super::{PaneId, Phase, Workspace};
use crate::course::{Check, Expect, Item};
use crate::lab;
use crate::lab::verify::{CheckResult, CheckState};
use crate::tui::app::App;
use crate::tui::widgets::text::{plain, wrap};

/// All lines of the sidebar at a width.
pub(super) fn lines<'a>(app: &'a App, workspace: &'a Workspace, width: usize) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    if let Some(problem) = &workspace.check_problem {
        block(&mut lines, &problem.message, width, app.theme.bad());
        if let Some(remedy) = &problem.remedy {
            block(&mut lines, remedy, width, app.theme.attention());
        }
        lines.push(Line::default());
    }
    let checks = lab::checks(&workspace.item);
    // Only the next check to make green is told at length, until somebody comes to read them all.
    let next = workspace.next_check();
    for (index, (check, result)) in checks.iter().zip(&workspace.results).enumerate() {
        let at_length =
            workspace.focus == PaneId::Sidebar || next == Some(index) || check.invariant;
        check_lines(
            app,
            &mut lines,
            check,
            result.as_ref().filter(|_| at_length),
            width,
            &sign(app, result.as_ref()),
        );
    }
    lines.push(Line::default());
    let shown = workspace.hints.iter().map(String::as_str).collect();
    hints(app, &mut lines, &workspace.item, shown, workspace.offered, width);
    lines.push(Line::default());
    sandbox(app, workspace, &mut lines, width);
    lines
}

/// The sidebar's part that an author writes: every check, and every hint as if it had been shown.
pub fn preview<'a>(app: &'a App, item: &'a Item, width: usize) -> Vec<Line<'a>> {
    let mut lines = vec![Line::styled("Checks", app.theme.heading())];
    for check in lab::checks(item) {
        check_lines(app, &mut lines, check, None, width, &sign(app, None));
    }
    lines.push(Line::default());
    let all = lab::hints(item).iter().map(|hint| hint.text.as_str()).collect();
    hints(app, &mut lines, item, all, false, width);
    lines
}

/// The furthest that the sidebar can be scrolled.
pub fn last_scroll(app: &App, workspace: &Workspace) -> usize {
    let Some(inner) = workspace.places(app.area).inner(PaneId::Sidebar) else {
        return usize::MAX;
    };
    lines(app, workspace, inner.width.into()).len().saturating_sub(inner.height.into())
}

fn block(lines: &mut Vec<Line<'_>>, text: &str, width: usize, style: ratatui::style::Style) {
    lines.extend(wrap(text, width).into_iter().map(|part| Line::styled(part, style)));
}

/// A check's sign and its colour.
pub(super) fn sign(app: &App, result: Option<&CheckResult>) -> Span<'static> {
    match result.map(|result| result.state) {
        Some(CheckState::Failed) if result.is_some_and(|result| result.held.is_some()) => {
            Span::styled(app.signs.open(), app.theme.attention())
        }
        Some(CheckState::Passed) => Span::styled(app.signs.passed(), app.theme.good()),
        Some(CheckState::Failed) => Span::styled(app.signs.failed(), app.theme.bad()),
        Some(CheckState::Error) => Span::styled(app.signs.error(), app.theme.attention()),
        Some(CheckState::Skipped) | None => Span::styled(app.signs.open(), app.theme.muted()),
    }
}

fn check_lines<'a>(
    app: &App,
    lines: &mut Vec<Line<'a>>,
    check: &Check,
    result: Option<&CheckResult>,
    width: usize,
    sign: &Span<'a>,
) {
    let text = app.theme.text();
    for (index, part) in wrap(&check.name, width.saturating_sub(2)).into_iter().enumerate() {
        let lead = if index == 0 { sign.clone() } else { Span::raw(" ") };
        lines.push(Line::from(vec![lead, Span::raw(" "), Span::styled(part, text)]));
    }
    let Some(result) = result else { return };
    let indented = |lines: &mut Vec<Line<'a>>, label: &str, what: &str, style| {
        let label = if label.is_empty() { String::new() } else { format!("{label:<9}") };
        for (index, part) in
            wrap(what, width.saturating_sub(2 + label.len())).into_iter().enumerate()
        {
            let lead = if index == 0 { label.clone() } else { " ".repeat(label.len()) };
            lines.push(Line::from(vec![
                Span::raw("  "),
                Span::styled(lead, app.theme.muted()),
                Span::styled(part, style),
            ]));
        }
    };
    match result.state {
        CheckState::Passed => {}
        CheckState::Failed if result.held.is_some() => {
            indented(lines, "", &result.actual, app.theme.attention());
        }
        CheckState::Failed => {
            if check.invariant {
                indented(lines, "", "must stay true: u goes back", app.theme.attention());
            }
            if let Some(message) = &result.message {
                indented(lines, "", message, app.theme.muted());
            }
            // An exit status against another would tell nobody anything.
            if check.expect != Expect::Success {
                indented(lines, "expected", &result.expected, text);
            }
            if check.expect != Expect::Success || check.observe.is_some() {
                indented(lines, "found", &result.actual, app.theme.bad());
            }
        }
        CheckState::Error => indented(lines, "", &result.actual, app.theme.attention()),
        CheckState::Skipped => indented(lines, "", &result.actual, app.theme.muted()),
    }
}

fn hints<'a>(
    app: &'a App,
    lines: &mut Vec<Line<'a>>,
    item: &Item,
    shown: Vec<&'a str>,
    offered: bool,
    width: usize,
) {
    let (all, count) = (lab::hints(item).len(), shown.len());
    let heading = format!("Hints {count}/{all}");
    lines.push(Line::styled(heading, app.theme.heading()));
    for (index, hint) in shown.into_iter().enumerate() {
        for paragraph in plain(hint) {
            for (line, part) in wrap(&paragraph, width.saturating_sub(3)).into_iter().enumerate() {
                let lead = if line == 0 { format!("{}. ", index + 1) } else { "   ".to_owned() };
                lines.push(Line::from(vec![
                    Span::styled(lead, app.theme.muted()),
                    Span::styled(part, app.theme.text()),
                ]));
            }
        }
    }
    if count < all {
        let (text, style) = if offered {
            ("Stuck? h shows a hint.", app.theme.attention())
        } else {
            ("h shows the next one", app.theme.muted())
        };
        lines.push(Line::styled(text, style));
    }
}

fn sandbox(app: &App, workspace: &Workspace, lines: &mut Vec<Line<'_>>, width: usize) {
    lines.push(Line::styled("Sandbox", app.theme.heading()));
    let (text, style) = match &workspace.phase {
        Phase::Provisioning { .. } => ("being prepared".to_owned(), app.theme.attention()),
        Phase::Rewinding(_) => ("being rewound".to_owned(), app.theme.attention()),
        Phase::Failed(_) => ("not there".to_owned(), app.theme.bad()),
        Phase::Ready { image, .. } => {
            // The hash in a tag is for machines.
            let image = image.rsplit_once(':').map_or(image.as_str(), |(name, _)| name);
            (format!("running {image}"), app.theme.muted())
        }
    };
    block(lines, &text, width, style);
    if let Phase::Ready { seed: Some(seed), .. } = workspace.phase {
        block(lines, &format!("values of seed {seed}"), width, app.theme.muted());
    }
    if matches!(workspace.phase, Phase::Ready { .. }) {
        lines.push(Line::styled("u brings files back", app.theme.muted()));
    }
    if workspace.solving.is_some() {
        let text = "what you type is written down as a solution; S ends that";
        block(lines, text, width, app.theme.attention());
    }
}
