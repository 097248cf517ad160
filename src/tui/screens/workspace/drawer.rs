//! The drawer: what a check's commands did in its last runs, for whoever writes the check.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthChar;

use super::{PaneId, Phase, Workspace, sidebar};
use crate::course::Check;
use crate::lab;
use crate::lab::evidence::Did;
use crate::lab::verify::{CheckResult, CheckState};
use crate::tui::app::{Action, App, Effect};
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::visible;
use crate::tui::widgets::text::fit;

/// How many runs of a check are kept.
const KEPT: usize = 20;

/// How far a run's outputs stand in.
const INDENT: usize = 4;

/// An open drawer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Drawer {
    /// Which check.
    pub(super) check: usize,
    /// The first line in view.
    pub(super) scroll: usize,
}

/// The last runs of each check, the latest first.
#[derive(Debug, Default)]
pub struct Runs(Vec<VecDeque<CheckResult>>);

impl Runs {
    /// Keeps what a run found, unless the check was passed over.
    pub(super) fn keep(&mut self, check: usize, result: CheckResult) {
        if result.evidence.is_none() {
            return;
        }
        if self.0.len() <= check {
            self.0.resize_with(check + 1, VecDeque::new);
        }
        if let Some(runs) = self.0.get_mut(check) {
            runs.truncate(KEPT - 1);
            runs.push_front(result);
        }
    }

    fn of(&self, check: usize) -> impl Iterator<Item = &CheckResult> {
        self.0.get(check).into_iter().flatten()
    }
}

impl Workspace {
    /// Opens the drawer at the next check to turn green.
    pub(super) fn open_drawer(&mut self, area: Rect) -> Outcome {
        let check = self.next_check().unwrap_or_default();
        self.drawer = Some(Drawer { check, scroll: 0 });
        Outcome::effects(self.focus_on(PaneId::Sidebar, area))
    }

    /// Does an action in the drawer.
    pub(super) fn act_in_drawer(&mut self, action: Action, area: Rect) -> Outcome {
        let checks = lab::checks(&self.item).len();
        let Some(drawer) = &mut self.drawer else { return Outcome::default() };
        let page = rows(area).saturating_sub(1).max(1).cast_signed();
        let scrolled = |by: isize| drawer.scroll.saturating_add_signed(by);
        match action {
            Action::Back => self.drawer = None,
            Action::Expand => {
                *drawer = Drawer { check: (drawer.check + 1) % checks.max(1), scroll: 0 };
            }
            Action::Collapse => {
                let before = drawer.check.checked_sub(1);
                *drawer = Drawer { check: before.unwrap_or(checks.saturating_sub(1)), scroll: 0 };
            }
            Action::Up => drawer.scroll = scrolled(-1),
            Action::Down => drawer.scroll = scrolled(1),
            Action::PageUp => drawer.scroll = scrolled(-page),
            Action::PageDown => drawer.scroll = scrolled(page),
            Action::Top => drawer.scroll = 0,
            Action::Bottom => drawer.scroll = usize::MAX,
            Action::RunCheck => {
                let check = drawer.check;
                return match self.phase {
                    Phase::Ready { .. } => {
                        Outcome::effects(vec![Effect::RunCheck { visit: self.visit, check }])
                    }
                    _ => Outcome::notice("A check can be run once the sandbox is ready"),
                };
            }
            _ => {}
        }
        Outcome::default()
    }

    /// One check was run from the drawer. It is no verification: nothing else comes of it.
    pub(super) fn ran_check(&mut self, check: usize, result: CheckResult) -> Outcome {
        let notice = format!("{} was run: {}", result.name, word(result.state));
        self.runs.keep(check, result);
        Outcome::notice(notice)
    }

    /// The drawer is scrolled no further than to its end.
    pub fn settle_drawer(&mut self, last: usize) {
        if let Some(drawer) = &mut self.drawer {
            drawer.scroll = drawer.scroll.min(last);
        }
    }
}

/// The furthest that the drawer can be scrolled, if it is open.
pub fn last_drawer_scroll(app: &App, workspace: &Workspace) -> Option<usize> {
    let drawer = workspace.drawer?;
    let width = usize::from(Pane::inner(place(app.area)).width);
    Some(lines(app, workspace, drawer, width).len().saturating_sub(rows(app.area)))
}

/// All but the title and the footer.
fn place(area: Rect) -> Rect {
    let body = super::super::body(area);
    let title = body.height.min(1);
    Rect { y: body.y + title, height: body.height - title, ..body }
}

/// How many lines are in view on a terminal of this size.
fn rows(area: Rect) -> usize {
    Pane::inner(place(area)).height.into()
}

/// Draws it in place of the panes.
pub(super) fn draw(app: &App, workspace: &Workspace, drawer: Drawer, frame: &mut Frame<'_>) {
    let checks = lab::checks(&workspace.item);
    let area = place(frame.area());
    let name = checks.get(drawer.check).map_or("", |check| check.name.as_str());
    let right = format!("{}/{}", drawer.check + 1, checks.len());
    let title = fit(name, usize::from(area.width).saturating_sub(right.len() + 7));
    let inner = Pane::new(app, &title).right(right).focused(true).draw(frame, area);
    let lines = lines(app, workspace, drawer, inner.width.into());
    let scroll = drawer.scroll.min(lines.len().saturating_sub(inner.height.into()));
    let shown: Vec<_> = lines.into_iter().skip(scroll).take(inner.height.into()).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

fn lines(app: &App, workspace: &Workspace, drawer: Drawer, width: usize) -> Vec<Line<'static>> {
    let Some(check) = lab::checks(&workspace.item).get(drawer.check) else { return Vec::new() };
    let mut page = Page { app, width, lines: Vec::new() };
    page.about(check);
    page.gap();
    page.heading("Runs, the latest first");
    if check.observe.is_some() {
        // The checks run every second: what nobody is shown is not asked for.
        page.text("error output is there of runs with r", app.theme.muted());
    }
    let mut runs = workspace.runs.of(drawer.check).peekable();
    if runs.peek().is_none() {
        page.text("none yet; r runs it now", app.theme.muted());
    }
    runs.for_each(|run| page.run(run));
    page.lines
}

/// Lines that are being put together.
struct Page<'a> {
    app: &'a App,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn gap(&mut self) {
        self.lines.push(Line::default());
    }

    fn heading(&mut self, text: &'static str) {
        self.lines.push(Line::styled(text, self.app.theme.heading()));
    }

    fn text(&mut self, text: &str, style: Style) {
        self.block(0, text, style);
    }

    /// Text as it is, each character to be seen, cut into lines.
    fn block(&mut self, indent: usize, text: &str, style: Style) {
        for line in text.trim_end().lines() {
            for part in cut(&visible(line), self.width.saturating_sub(indent)) {
                let indent = Span::raw(" ".repeat(indent));
                self.lines.push(Line::from(vec![indent, Span::styled(part, style)]));
            }
        }
    }

    fn labelled(&mut self, label: &'static str, text: &str) {
        let theme = &self.app.theme;
        self.lines.push(Line::styled(label, theme.muted()));
        self.block(INDENT, text, theme.text());
    }

    fn about(&mut self, check: &Check) {
        self.labelled("command", &check.cmd);
        self.labelled("passes with", &lab::verify::expected(&check.expect));
        if let Some(observe) = &check.observe {
            self.labelled("observe", observe);
        }
        if !check.needs.is_empty() {
            self.labelled("needs", &check.needs.join("\n"));
        }
    }

    fn run(&mut self, run: &CheckResult) {
        let theme = &self.app.theme;
        let Some(evidence) = &run.evidence else { return };
        let time = evidence.at.strftime("%H:%M:%S").to_string();
        self.lines.push(Line::from(vec![
            sidebar::sign(self.app, Some(run)),
            Span::styled(format!(" {time}  {}", word(run.state)), theme.text()),
        ]));
        match &evidence.check {
            Some(did) => self.did("", did),
            None => self.block(INDENT, &run.actual, theme.attention()),
        }
        if let Some(did) = &evidence.observe {
            self.did("observe: ", did);
        }
    }

    fn did(&mut self, what: &str, did: &Did) {
        let theme = &self.app.theme;
        let facts = format!("{what}exit status {}, {} ms", did.status, did.ms);
        self.block(INDENT, &facts, theme.muted());
        self.block(INDENT, &did.stdout, theme.text());
        let errors = did.stderr.as_deref().unwrap_or_default();
        if !errors.trim().is_empty() {
            self.block(INDENT, "error output", theme.muted());
            self.block(INDENT, errors, theme.bad());
        }
    }
}

fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Passed => "passed",
        CheckState::Failed => "failed",
        CheckState::Error => "could not be run",
        CheckState::Skipped => "was passed over",
    }
}

/// A line in parts of so many columns.
fn cut(line: &str, width: usize) -> Vec<String> {
    let (mut parts, mut columns) = (vec![String::new()], 0);
    for c in line.chars() {
        let wide = c.width().unwrap_or(0);
        if columns + wide > width.max(2) {
            parts.push(String::new());
            columns = 0;
        }
        columns += wide;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::driver::{Driver, ran};

    #[test]
    fn the_last_twenty_runs_are_kept_and_what_was_passed_over_is_none() {
        let mut runs = Runs::default();
        (0..25).for_each(|status| runs.keep(1, ran(status, "")));
        runs.keep(1, CheckResult { evidence: None, ..ran(0, "") });
        let status = |run: &CheckResult| run.evidence.clone().unwrap().check.unwrap().status;
        let kept: Vec<_> = runs.of(1).map(status).collect();
        assert_eq!(kept, (5..25).rev().collect::<Vec<_>>());
        assert_eq!((runs.of(0).count(), runs.of(7).count()), (0, 0));
    }

    #[test]
    fn it_scrolls_to_its_ends_and_lines_are_never_wider() {
        let mut driver = Driver::new(80, 24);
        driver.at_work("linux-01");
        driver.press("3 d");
        let long = format!("{}\n\x1b[2J日本", "x".repeat(200));
        (0..9).for_each(|_| {
            let result = ran(1, &long);
            driver.workspace(crate::tui::app::WorkspaceEvent::CheckRan { check: 0, result });
        });
        let workspace = driver.open();
        let all = lines(&driver.app, workspace, workspace.drawer.unwrap(), 40);
        assert!(all.iter().all(|line| line.width() <= 40));
        assert!(all.iter().any(|line| line.to_string().contains("^[[2J日本")));
        let scroll = |driver: &Driver| driver.open().drawer.unwrap().scroll;
        driver.press("G");
        let last = scroll(&driver);
        driver.press("down pageup up");
        assert_eq!(scroll(&driver), last - 20);
        driver.press("right left g");
        assert_eq!(scroll(&driver), 0);
    }
}
