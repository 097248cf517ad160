//! Draws Home.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Row;
use crate::course::{Item, Module, Need, Summary};
use crate::engine::{Info, Lack};
use crate::store::Status;
use crate::tui::app::{App, EngineState};
use crate::tui::screens::body;
use crate::tui::widgets::list::{first_row, select};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{duration, fit, plain, split_line, wrap};

/// Below this width the facts go under the tree instead of beside it.
const SIDE_BY_SIDE: u16 = 90;

struct Places {
    title: Rect,
    tree: Rect,
    facts: Rect,
}

fn places(area: Rect, rows: usize) -> Places {
    let body = body(area);
    let title = Rect { height: 1, ..body };
    let rest = Rect { y: body.y + 1, height: body.height.saturating_sub(1), ..body };
    if area.width >= SIDE_BY_SIDE {
        let width = (area.width / 2).min(84);
        let tree = Rect { width, ..rest };
        let facts = Rect { x: rest.x + width, width: rest.width - width, ..rest };
        Places { title, tree, facts }
    } else {
        // As high as the tree is, so that the facts get what is left, but never less than a third.
        let most = rest.height.saturating_sub((rest.height / 3).max(4));
        let height = u16::try_from(rows + 3).unwrap_or(u16::MAX).min(most);
        let tree = Rect { height, ..rest };
        let facts = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        Places { title, tree, facts }
    }
}

/// The row of the tree at a place on the screen.
pub fn row_at(app: &App, at: Position) -> Option<usize> {
    let inner = Pane::inner(places(app.area, app.home.rows.len()).tree);
    if !inner.contains(at) {
        return None;
    }
    let row = first_row(app.home.cursor, inner.height) + usize::from(at.y - inner.y);
    (row < app.home.rows.len()).then_some(row)
}

/// Draws Home; gives the cursor's place while a search is typed.
pub fn draw(app: &App, frame: &mut Frame<'_>) -> Option<Position> {
    let places = places(frame.area(), app.home.rows.len());
    title(app, frame, places.title);
    facts(app, frame, places.facts);
    tree(app, frame, places.tree)
}

fn title(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let mut right = vec![match &app.engine {
        EngineState::Looking => Span::styled("looking for an engine", app.theme.muted()),
        EngineState::Ready(found) => {
            let Info { product, version, .. } = &found.info;
            Span::styled(format!("{product} {version}"), app.theme.muted())
        }
        EngineState::Failed(_) => Span::styled("no engine", app.theme.bad()),
    }];
    let dot = || Span::styled(app.signs.dot(), app.theme.faint());
    if app.reading.is_some() {
        right.extend([dot(), Span::styled("reading the content", app.theme.muted())]);
    }
    let due = app.course.items().filter(|item| app.due.contains_key(&item.id)).count();
    if due > 0 {
        right.extend([dot(), Span::styled(format!("{due} due"), app.theme.attention())]);
    }
    if app.streak > 1 {
        right.extend([
            dot(),
            Span::styled(format!("{} days in a row", app.streak), app.theme.muted()),
        ]);
    }
    match (app.sync.running, app.sync.queued) {
        (true, _) => right.extend([dot(), Span::styled("syncing", app.theme.muted())]),
        (false, 0) => {}
        (false, queued) => {
            right.extend([dot(), Span::styled(format!("{queued} to sync"), app.theme.muted())]);
        }
    }
    if app.offline {
        right.extend([dot(), Span::styled("offline", app.theme.muted())]);
    }
    right.push(Span::raw(" "));
    let left = vec![Span::styled(" drydock", app.theme.heading())];
    frame.render_widget(split_line(left, right, area.width), area);
}

fn tree(app: &App, frame: &mut Frame<'_>, area: Rect) -> Option<Position> {
    let title = match &app.home.search {
        Some(_) => "Search",
        None => "Practice",
    };
    let inner = Pane::new(app, title).focused(true).draw(frame, area);
    let mut list = inner;
    let mut cursor = None;
    if let Some(query) = &app.home.search {
        let text = format!("/ {query}");
        let shown = fit(&text, inner.width.saturating_sub(1).into());
        cursor = Some(Position::new(inner.x + Span::raw(&*shown).width() as u16, inner.y));
        frame.render_widget(Span::styled(shown, app.theme.accent()), Rect { height: 1, ..inner });
        list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    if app.home.rows.is_empty() {
        let text = match (&app.home.search, &app.reading) {
            (_, Some(_)) if app.course.modules.is_empty() => "Reading what there is to practise",
            (Some(_), _) => "Nothing matches",
            (None, _) => "There is nothing to practise here",
        };
        frame.render_widget(Paragraph::new(text).style(app.theme.muted()), list);
        return cursor;
    }
    let first = first_row(app.home.cursor, list.height);
    for (line, (index, row)) in (0..list.height).zip(app.home.rows.iter().enumerate().skip(first)) {
        let at = Rect { y: list.y + line, height: 1, ..list };
        let selected = index == app.home.cursor;
        let text = match row {
            Row::Module { id, folded } => {
                let Some(module) = app.course.modules.iter().find(|module| &module.id == id) else {
                    continue;
                };
                module_row(app, module, *folded, at.width)
            }
            Row::Item { id, nested } => {
                let Some(item) = app.course.item(id) else { continue };
                item_row(app, item, *nested, at.width)
            }
        };
        if selected {
            frame.buffer_mut().set_style(at, app.theme.selection());
        }
        frame.render_widget(text, at);
        if selected {
            select(&app.theme, frame.buffer_mut(), at);
        }
    }
    cursor
}

fn module_row<'a>(app: &App, module: &'a Module, folded: bool, width: u16) -> Line<'a> {
    let done = module.items.iter().filter(|item| status(app, item) == Status::Completed).count();
    let all = module.items.len();
    let sign = if folded { app.signs.collapsed() } else { app.signs.expanded() };
    let (full, empty) = app.signs.bar(done as u64, all as u64, 5);
    let left = vec![
        Span::styled(format!("{sign} "), app.theme.muted()),
        Span::styled(&*module.title, app.theme.text().add_modifier(Modifier::BOLD)),
    ];
    let right = vec![
        Span::styled(full, app.theme.good()),
        Span::styled(empty, app.theme.faint()),
        Span::styled(format!(" {done}/{all}"), app.theme.muted()),
    ];
    split_line(left, right, width)
}

fn status(app: &App, item: &Item) -> Status {
    app.progress.get(&item.id).map_or(Status::New, |progress| progress.status)
}

/// What the engine lacks that an item needs.
fn lack(app: &App, item: &Item) -> Option<Lack> {
    crate::lab::needs::lack(item, app.engine.offers()?)
}

fn item_row<'a>(app: &App, item: &'a Item, nested: bool, width: u16) -> Line<'a> {
    let lack = lack(app, item);
    let due = app.due.contains_key(&item.id);
    let (sign, style) = match status(app, item) {
        _ if due => (app.signs.due(), app.theme.attention()),
        Status::Completed => (app.signs.passed(), app.theme.good()),
        Status::Started => (app.signs.started(), app.theme.attention()),
        Status::New if matches!(app.engine, EngineState::Failed(_)) || lack.is_some() => {
            (app.signs.unavailable(), app.theme.muted())
        }
        Status::New => (app.signs.open(), app.theme.muted()),
    };
    let number = format!("{:02}", item.order);
    let indent = if nested { "  " } else { "" };
    let left = vec![
        Span::styled(format!("{indent}{sign} "), style),
        Span::styled(format!("{number} "), app.theme.muted()),
        Span::styled(
            &*item.title,
            if lack.is_some() { app.theme.muted() } else { app.theme.text() },
        ),
    ];
    let level = match (item.difficulty.word(), width) {
        (word, 60..) => format!("{word:<12}"),
        _ => String::new(),
    };
    let right = vec![
        Span::styled(if due { "due  " } else { "" }, app.theme.attention()),
        Span::styled(format!("{level}{:>5}", duration(item.estimated_time)), app.theme.muted()),
    ];
    split_line(left, right, width)
}

fn facts(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let lines = match app.home.selected() {
        Some(Row::Item { id, .. }) => match app.course.item(id) {
            Some(item) => {
                let inner = Pane::new(app, &item.id).draw(frame, area);
                (inner, item_facts(app, item, inner.width))
            }
            None => return,
        },
        Some(Row::Module { id, .. }) => {
            match app.course.modules.iter().find(|module| &module.id == id) {
                Some(module) => {
                    let inner = Pane::new(app, &module.id).draw(frame, area);
                    (inner, module_facts(app, module))
                }
                None => return,
            }
        }
        None => (Pane::new(app, "").draw(frame, area), vec![]),
    };
    let (inner, mut lines) = lines;
    if !app.course.problems.is_empty() {
        lines.push(Line::default());
        let count = app.course.problems.len();
        lines.push(Line::styled(
            format!(
                "{} {count} problem(s) in the content; drydock doctor shows them",
                app.signs.error()
            ),
            app.theme.attention(),
        ));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), inner);
}

/// An item's facts, as somebody reads them who has not chosen it yet.
pub fn item_facts<'a>(app: &'a App, item: &'a Item, width: u16) -> Vec<Line<'a>> {
    let dot = app.signs.dot();
    let needs = match item.summary() {
        Summary::Exercise { needs, .. } if needs.contains(&Need::InitSystem) => {
            format!("{dot}needs an init system")
        }
        Summary::Exercise { .. } => String::new(),
        Summary::Scenario { machines } => format!("{dot}{machines} machines"),
    };
    let mut lines = vec![
        Line::styled(&*item.title, app.theme.heading()),
        Line::styled(
            format!(
                "{}{dot}{}{dot}{}{needs}",
                item.difficulty.word(),
                duration(item.estimated_time),
                item.kind()
            ),
            app.theme.muted(),
        ),
        Line::default(),
    ];
    if let EngineState::Failed(problem) = &app.engine {
        lines.push(Line::styled(
            format!("{} Cannot run here: {}", app.signs.unavailable(), problem.message),
            app.theme.bad(),
        ));
        if let Some(remedy) = &problem.remedy {
            lines.push(Line::styled(remedy.as_str(), app.theme.attention()));
        }
        lines.push(Line::default());
    }
    if let Some(Lack { reason, remedy }) = lack(app, item) {
        lines.push(Line::styled(
            format!("{} Cannot run here: {reason}", app.signs.unavailable()),
            app.theme.bad(),
        ));
        lines.push(Line::styled(remedy, app.theme.attention()));
        lines.push(Line::default());
    }
    lines.extend(history(app, item));
    lines.extend(proofs(app, item));
    let undone: Vec<&str> = item
        .prerequisites
        .iter()
        .filter(|id| app.course.item(id).is_some_and(|item| status(app, item) != Status::Completed))
        .map(String::as_str)
        .collect();
    if !undone.is_empty() {
        lines.push(Line::styled(
            format!("Better after: {}", undone.join(", ")),
            app.theme.attention(),
        ));
        lines.push(Line::default());
    }
    for paragraph in plain(&item.description) {
        lines.push(Line::styled(paragraph, app.theme.text()));
    }
    if !item.objectives.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled("You will be able to", app.theme.muted()));
        for objective in &item.objectives {
            // Wrapped by hand so that the second line stands under the first.
            for (index, part) in
                wrap(objective, width.saturating_sub(3).into()).into_iter().enumerate()
            {
                let lead =
                    if index == 0 { if app.signs.ascii { " - " } else { " · " } } else { "   " };
                lines.push(Line::from(vec![
                    Span::styled(lead, app.theme.accent()),
                    Span::styled(part, app.theme.text()),
                ]));
            }
        }
    }
    lines
}

/// What the learner did with an item so far, in a line.
fn history<'a>(app: &App, item: &Item) -> Vec<Line<'a>> {
    let Some(progress) = app.progress.get(&item.id) else { return vec![] };
    let text = match progress.status {
        Status::New => return vec![],
        Status::Started => {
            let (active, passed) = progress
                .current
                .as_ref()
                .map_or_else(Default::default, |c| (c.active, c.checks_passed));
            let green = match item.summary() {
                Summary::Exercise { checks, .. } => format!(", {passed} of {checks} checks green"),
                Summary::Scenario { .. } => String::new(),
            };
            format!("{} Started, {} so far{green}", app.signs.started(), duration(active))
        }
        Status::Completed => format!(
            "{} Completed{}",
            app.signs.passed(),
            progress
                .best_active
                .map(|best| format!(", best time {}", duration(best)))
                .unwrap_or_default(),
        ),
    };
    let style =
        if progress.status == Status::Completed { app.theme.good() } else { app.theme.attention() };
    let mut lines = vec![Line::styled(text, style)];
    lines.extend(app.due.get(&item.id).map(|since| {
        let text = format!("{} Due since {since}: practise it again", app.signs.due());
        Line::styled(text, app.theme.attention())
    }));
    lines.push(Line::default());
    lines
}

/// Whether it is known to work, in a line.
fn proofs<'a>(app: &'a App, item: &Item) -> Vec<Line<'a>> {
    let Some((_, Some(standing))) = app.home.proofs.as_ref().filter(|(id, _)| *id == item.id)
    else {
        return vec![];
    };
    let (sign, style) = if standing.holds {
        (app.signs.passed(), app.theme.muted())
    } else {
        (app.signs.error(), app.theme.attention())
    };
    let words = tame(&standing.words);
    vec![Line::styled(format!("{sign} {words}"), style), Line::default()]
}

/// The same of a module.
pub fn module_facts<'a>(app: &'a App, module: &'a Module) -> Vec<Line<'a>> {
    let mut lines = vec![
        Line::styled(&*module.title, app.theme.heading()),
        Line::styled(
            format!(
                "{} items{}about {}",
                module.items.len(),
                app.signs.dot(),
                duration(module.estimated_time())
            ),
            app.theme.muted(),
        ),
        Line::default(),
    ];
    lines.extend(plain(&module.description).map(|p| Line::styled(p, app.theme.text())));
    if !module.prerequisites.is_empty() {
        lines.push(Line::default());
        lines.push(Line::styled(
            format!("Better after: {}", module.prerequisites.join(", ")),
            app.theme.muted(),
        ));
    }
    lines
}
