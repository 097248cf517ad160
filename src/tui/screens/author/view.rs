//! Draws Author.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::buffer::Buffer;
use super::preview::Shown;
use super::problems::{Part, sign};
use super::tree::{Kind, Row};
use super::{Author, PaneId, Phase, Places, Problems, Tree};
use crate::course::Severity;
use crate::tui::app::App;
use crate::tui::screens::shell;
use crate::tui::widgets::editor;
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::{fit, split_line};

/// Draws Author; gives the cursor's place if something is typed.
pub fn draw(app: &App, author: &Author, frame: &mut Frame<'_>) -> Option<Position> {
    let places = author.places(frame.area());
    title(app, author, frame, &places);
    if let Some(strip) = places.strip {
        frame.render_widget(strip_line(app, author, strip.width), strip);
    }
    files(app, author, frame, &places);
    preview(app, author, frame, &places);
    problems(app, author, frame, &places);
    edited(app, author, frame, &places)
}

/// The tabs of a narrow terminal, each with its pane.
fn tabs(author: &Author) -> [(PaneId, String); 4] {
    PaneId::ALL.map(|pane| {
        let name = format!("{} {}", pane as usize + 1, pane.word());
        (pane, if pane == author.focus { format!("[{name}]") } else { format!(" {name} ") })
    })
}

const NAME: &str = " author ";

/// The tab at a place on the screen.
pub fn tab_at(author: &Author, places: &Places, at: Position) -> Option<PaneId> {
    if places.bordered || !places.title.contains(at) {
        return None;
    }
    let mut x = usize::from(places.title.x) + NAME.width();
    tabs(author).into_iter().find_map(|(pane, name)| {
        let begin = x;
        x += name.width();
        (begin..x).contains(&usize::from(at.x)).then_some(pane)
    })
}

fn title(app: &App, author: &Author, frame: &mut Frame<'_>, places: &Places) {
    let theme = &app.theme;
    let mut left = vec![Span::styled(NAME, theme.heading())];
    if places.bordered {
        let folder = tame(&author.folder.display().to_string());
        left.push(Span::styled(format!(" {folder}"), theme.text()));
    } else {
        for (pane, name) in tabs(author) {
            let style = if pane == author.focus { theme.key() } else { theme.muted() };
            left.push(Span::styled(name, style));
        }
    }
    let count = author.unsaved().count();
    let mut right = Vec::new();
    if count > 0 {
        let dot = Span::styled(app.signs.dot(), theme.faint());
        right.extend([Span::styled(format!("{count} unsaved"), theme.attention()), dot]);
    }
    right.push(match &author.phase {
        Phase::Reading => Span::styled("reading", theme.attention()),
        Phase::Failed(_) => Span::styled("cannot be read", theme.bad()),
        Phase::Ready => Span::styled(author.problems.count(), count_style(app, author)),
    });
    right.push(Span::raw(" "));
    frame.render_widget(split_line(left, right, places.title.width), places.title);
}

fn count_style(app: &App, author: &Author) -> Style {
    let errors = author.problems.all.iter().any(|it| it.severity == Severity::Error);
    match (errors, author.problems.all.is_empty()) {
        (true, _) => app.theme.bad(),
        (_, true) => app.theme.good(),
        _ => app.theme.attention(),
    }
}

/// What is wrong in one line, where the list is not shown: at the cursor, or else the selected one.
fn strip_line(app: &App, author: &Author, width: u16) -> Line<'static> {
    let here = |it: &&crate::course::Diagnostic| {
        let cursor = author.buffer().map(|buffer| buffer.editor.cursor().0);
        author.focus != PaneId::Editor
            || Some(&it.file) == author.open.as_ref() && Some(Problems::place(it).0) == cursor
    };
    match author.problems.selected().filter(here) {
        None if author.focus == PaneId::Editor && author.open.is_some() => {
            let path = tame(author.open.as_deref().unwrap_or_default());
            let left = vec![Span::styled(format!(" {path}"), app.theme.text())];
            let mut right = state(app, author).spans;
            right.push(Span::raw(" "));
            split_line(left, right, width)
        }
        Some(it) => {
            let mut line = Problems::line(app, it, usize::from(width).saturating_sub(1));
            line.spans.insert(0, Span::raw(" "));
            line
        }
        None => Line::styled(format!(" {}", author.problems.count()), app.theme.muted()),
    }
}

/// Draws a pane's border where there is one; gives its inner space.
fn framed(
    frame: &mut Frame<'_>,
    places: &Places,
    author: &Author,
    pane: PaneId,
    border: Pane<'_>,
) -> Option<Rect> {
    let area = places.of(pane)?;
    if places.bordered {
        let border = border.focused(author.focus == pane);
        match pane {
            PaneId::Editor => border.draw_tight(frame, area),
            _ => border.draw(frame, area),
        };
    }
    places.inner(pane)
}

/// The first row of the tree that is shown, so that the cursor is in view.
pub fn first_row(tree: &Tree, height: u16) -> usize {
    let height = usize::from(height);
    tree.cursor.saturating_sub(height.saturating_sub(1).saturating_sub(2.min(height / 3)))
}

fn files(app: &App, author: &Author, frame: &mut Frame<'_>, places: &Places) {
    let border = Pane::new(app, PaneId::Files.word());
    let Some(inner) = framed(frame, places, author, PaneId::Files, border) else { return };
    if author.tree.rows.is_empty() {
        let (text, style) = match &author.phase {
            Phase::Reading => ("Reading the folder".to_owned(), app.theme.muted()),
            Phase::Failed(problem) => (problem.message.clone(), app.theme.bad()),
            Phase::Ready => ("There is no content here yet.".to_owned(), app.theme.muted()),
        };
        frame.render_widget(Paragraph::new(text).style(style).wrap(Wrap { trim: false }), inner);
        return;
    }
    let rows = author.tree.rows.iter().enumerate().skip(first_row(&author.tree, inner.height));
    for (y, (index, row)) in (inner.y..inner.bottom()).zip(rows) {
        let at = Rect { y, height: 1, ..inner };
        frame.render_widget(row_line(app, author, row, at.width), at);
        if index == author.tree.cursor {
            let style = app.theme.selection();
            let style = if author.focus == PaneId::Files { style } else { app.theme.accent() };
            frame.buffer_mut().set_style(at, style);
        }
    }
}

fn row_line(app: &App, author: &Author, row: &Row, width: u16) -> Line<'static> {
    let theme = &app.theme;
    let fold = |folded| if folded { app.signs.collapsed() } else { app.signs.expanded() };
    let (lead, style) = match row.kind {
        Kind::Group { folded } => (format!("{} ", fold(folded)), theme.heading()),
        Kind::Item { folded } => (format!(" {} ", fold(folded)), theme.text()),
        Kind::File => ("     ".to_owned(), theme.text()),
    };
    let left = vec![Span::styled(lead, theme.muted()), Span::styled(tame(&row.label), style)];
    let mut right = Vec::new();
    let paths = row_paths(author, row);
    if paths.iter().any(|path| author.buffers.get(*path).is_some_and(Buffer::is_unsaved)) {
        right.push(Span::styled(" *", theme.attention()));
    }
    let worst = |paths: &[&str]| {
        let all = paths.iter().filter_map(|path| author.problems.worst(path));
        all.min_by_key(|severity| *severity != Severity::Error)
    };
    if let Some(severity) = worst(&paths) {
        let (sign, style) = sign(app, severity);
        right.push(Span::styled(format!(" {sign}"), style));
    }
    // What a file is for is said where there is room for it: its name says it too.
    let taken: usize = left.iter().chain(&right).map(Span::width).sum();
    if taken + row.note.width() + 1 < usize::from(width) {
        right.insert(0, Span::styled(row.note, theme.faint()));
    }
    split_line(left, right, width)
}

/// The files that a row speaks for: a folded item does for all of its own.
fn row_paths<'a>(author: &'a Author, row: &'a Row) -> Vec<&'a str> {
    let path = row.path.as_deref();
    match row.kind {
        Kind::Item { folded: true } => {
            let item = path.and_then(|path| author.tree.outline().item_of(path));
            let files = item.map(|item| item.files.iter().map(|file| file.path.as_str()).collect());
            files.unwrap_or_default()
        }
        Kind::File => path.into_iter().collect(),
        Kind::Group { .. } | Kind::Item { .. } => vec![],
    }
}

fn preview(app: &App, author: &Author, frame: &mut Frame<'_>, places: &Places) {
    if let Some(proof) = author.shown_proof() {
        let border = Pane::new(app, "Proof").right(proof.word());
        let Some(inner) = framed(frame, places, author, PaneId::Preview, border) else { return };
        let text = Paragraph::new(proof.lines(app)).wrap(Wrap { trim: false });
        return frame.render_widget(text.scroll((author.preview.scroll as u16, 0)), inner);
    }
    let it = &author.preview;
    let mut border = Pane::new(app, PaneId::Preview.word());
    if it.stale && matches!(it.shown, Shown::Item(_)) {
        border = border.right(Line::styled("as it was before", app.theme.attention()));
    } else if matches!(it.shown, Shown::Lesson) {
        let (page, pages) = it.lesson.page();
        border = border.right(format!("{page}/{pages}"));
    }
    let Some(inner) = framed(frame, places, author, PaneId::Preview, border) else { return };
    if matches!(it.shown, Shown::Lesson) {
        return it.lesson.draw(app, frame, inner);
    }
    let text = Paragraph::new(it.lines(app, inner.width)).wrap(Wrap { trim: false });
    frame.render_widget(text.scroll((it.scroll as u16, 0)), inner);
}

/// The furthest that the preview of what is no lesson can be scrolled.
pub fn last_scroll(app: &App, author: &Author) -> usize {
    let Some(inner) = author.places(app.area).inner(PaneId::Preview) else { return 0 };
    let lines = match author.shown_proof() {
        Some(proof) => proof.lines(app),
        None => author.preview.lines(app, inner.width),
    };
    let text = Paragraph::new(lines).wrap(Wrap { trim: false });
    text.line_count(inner.width).saturating_sub(inner.height.into())
}

/// What is wrong at a row of the list.
pub fn problem_at(author: &Author, inner: Rect, row: usize) -> Option<usize> {
    let rows = author.problems.rows(inner.width.into());
    let first = author.problems.first(&rows, inner.height.into());
    rows.get(first + row).map(|(index, _)| *index)
}

fn problems(app: &App, author: &Author, frame: &mut Frame<'_>, places: &Places) {
    let count = Line::styled(author.problems.count(), count_style(app, author));
    let border = Pane::new(app, PaneId::Problems.word()).right(count);
    let Some(inner) = framed(frame, places, author, PaneId::Problems, border) else { return };
    if author.problems.all.is_empty() {
        let text = match author.phase {
            Phase::Ready => "Nothing is wrong that can be read. P proves an item by running it.",
            _ => "",
        };
        frame.render_widget(Span::styled(text, app.theme.muted()), inner);
        return;
    }
    let width = usize::from(inner.width);
    let rows = author.problems.rows(width);
    let shown = rows.iter().skip(author.problems.first(&rows, inner.height.into()));
    for (y, (index, part)) in (inner.y..inner.bottom()).zip(shown) {
        let at = Rect { y, height: 1, ..inner };
        let line = match part {
            Part::Head => Problems::line(app, &author.problems.all[*index], width),
            Part::Message(text) => Line::styled(format!("  {text}"), app.theme.text()),
            Part::Help(text) => Line::styled(format!("  {text}"), app.theme.attention()),
        };
        frame.render_widget(line, at);
        if *index == author.problems.cursor && *part == Part::Head {
            let here = author.focus == PaneId::Problems;
            let style = if here { app.theme.selection() } else { Style::new() };
            frame.buffer_mut().set_style(at, style);
        }
    }
}

fn edited(app: &App, author: &Author, frame: &mut Frame<'_>, places: &Places) -> Option<Position> {
    let name = author.open.as_deref().map(tame);
    let mut border = Pane::new(app, "");
    let (state, room) = (state(app, author), places.of(PaneId::Editor).map_or(0, |it| it.width));
    let room = usize::from(room).saturating_sub(state.width() + 8);
    let title = name.as_deref().map_or("Editor".to_owned(), |name| fit(name, room));
    if author.open.is_some() {
        border = Pane::new(app, &title).right(state.clone());
    }
    let inner = framed(frame, places, author, PaneId::Editor, border)?;
    let Some((path, buffer)) = author.open.as_ref().zip(author.buffer()) else {
        if let Phase::Failed(problem) = &author.phase {
            shell::failure(app, problem, frame, inner);
        } else {
            let text = " Choose a file in Files (enter opens it).";
            frame.render_widget(Span::styled(text, app.theme.muted()), inner);
        }
        return None;
    };
    let marks = author.problems.marks(path);
    let cursor = editor::draw(app, &buffer.editor, &marks, frame, inner);
    prompt(app, author, frame, inner).or(cursor).filter(|_| author.focus == PaneId::Editor)
}

/// Where the cursor is, and whether the text is saved.
fn state<'a>(app: &App, author: &Author) -> Line<'a> {
    let Some(buffer) = author.buffer() else { return Line::default() };
    let (row, column) = buffer.editor.cursor();
    let place = Span::styled(format!("{}:{}", row + 1, column + 1), app.theme.muted());
    let word = match buffer {
        it if it.conflict => "changed on the disk",
        it if it.disk.is_none() => "not on the disk",
        it if it.is_unsaved() => "unsaved",
        _ => return place.into(),
    };
    let dot = Span::styled(app.signs.dot(), app.theme.faint());
    vec![place, dot, Span::styled(word, app.theme.attention())].into()
}

/// The line in which something is typed, over the last of the editor's; gives the cursor's place.
fn prompt(app: &App, author: &Author, frame: &mut Frame<'_>, inner: Rect) -> Option<Position> {
    let prompt = author.prompt.as_ref()?;
    let at = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
    let text = format!(" {}{}", prompt.title(), prompt.text);
    let width = usize::from(at.width);
    let shown = fit(&text, width.saturating_sub(1));
    let cursor = Position::new(at.x + shown.width() as u16, at.y);
    frame.render_widget(ratatui::widgets::Clear, at);
    frame.render_widget(Span::styled(shown, app.theme.key()), at);
    Some(cursor)
}
