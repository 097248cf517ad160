//! Draws a shell's pane.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::{Looking, Phase, Shell};
use crate::problem::Problem;
use crate::session::End;
use crate::terminal::copy::{CopyMode, Found, Highlight};
use crate::tui::app::App;
use crate::tui::widgets::shell_pane::{Over, ShellPane, cursor, first_row};
use crate::tui::widgets::tame::tame;
use crate::tui::widgets::text::fit;

/// What a shell is called that has set no title.
const TITLE: &str = "learner@sandbox";

/// What stands over the pane: the program's title, and a sign after the bell rang.
pub fn title(app: &App, shell: &Shell, width: usize) -> String {
    let title = shell.screen().and_then(|screen| screen.lock().state.title.as_deref().map(tame));
    let title = title.filter(|title| !title.trim().is_empty());
    let bell = if shell.bell { format!(" {}", app.signs.bell()) } else { String::new() };
    let room = width.saturating_sub(bell.width());
    format!("{}{bell}", fit(title.as_deref().unwrap_or(TITLE).trim(), room))
}

/// Where one is that looks back; nothing in the live view.
pub fn place(app: &App, shell: &Shell) -> Option<String> {
    let Looking { copy, keys } = shell.looking.as_ref()?;
    let back = match copy.back() {
        (0, _) => None,
        (_, 1) => Some("1 of 1 line back".to_owned()),
        (back, all) => Some(format!("{back} of {all} lines back")),
    };
    let mode = keys.then(|| "copy mode".to_owned());
    let words: Vec<_> = mode.into_iter().chain(back).collect();
    (!words.is_empty()).then(|| words.join(app.signs.dot()))
}

/// Draws what the shell shows, and over it what belongs to looking back; gives the cursor's place.
/// `place` is what stands at the top right, where it does not stand in a border.
pub fn draw(
    app: &App,
    shell: &Shell,
    place: Option<String>,
    frame: &mut Frame<'_>,
    area: Rect,
) -> Option<Position> {
    let cursor = match (&shell.phase, &shell.looking) {
        (Phase::Open(_) | Phase::Ended(..), Some(looking)) => look(app, looking, frame, area),
        (Phase::Open(screen) | Phase::Ended(screen, _), None) => {
            let view = screen.lock();
            let first = usize::from(first_row(&view, area.height));
            let rows = view.rows.get(first..).unwrap_or_default();
            ShellPane { rows, depth: app.theme.depth, over: &[] }.render(area, frame.buffer_mut());
            cursor(&view, area).filter(|_| shell.is_open())
        }
        (Phase::Failed(problem), _) => {
            failure(app, problem, frame, area);
            return None;
        }
        (Phase::Waiting | Phase::Opening, _) => {
            frame.render_widget(Span::styled("Opening the shell", app.theme.muted()), area);
            return None;
        }
    };
    if let (Phase::Ended(_, end), None) = (&shell.phase, &shell.looking) {
        ended(app, end, frame, area);
    }
    if let Some(place) = place {
        let width = (place.width() as u16 + 2).min(area.width);
        let at = Rect { x: area.right() - width, width, height: area.height.min(1), ..area };
        note(app, frame, at, &place);
    }
    cursor
}

fn look(app: &App, looking: &Looking, frame: &mut Frame<'_>, area: Rect) -> Option<Position> {
    let Looking { copy, keys } = looking;
    let mut over = Vec::new();
    for row in 0..area.height {
        for (columns, highlight) in copy.highlights(row) {
            let columns = columns.start as u16..columns.end as u16;
            over.push(Over { row, columns, style: style(app, highlight) });
        }
    }
    ShellPane { rows: copy.in_view(), depth: app.theme.depth, over: &over }
        .render(area, frame.buffer_mut());
    if let Some(typing) = search_line(app, copy, frame, area) {
        return Some(typing);
    }
    let (column, row) = copy.cursor_in_view().filter(|_| *keys)?;
    let at = Position::new(area.x + column, area.y + row);
    area.contains(at).then_some(at)
}

/// What differs without colours too.
fn style(app: &App, highlight: Highlight) -> Style {
    match highlight {
        Highlight::Match => app.theme.attention().add_modifier(Modifier::UNDERLINED),
        Highlight::CurrentMatch => {
            app.theme.attention().add_modifier(Modifier::BOLD | Modifier::REVERSED)
        }
        Highlight::Selected => app.theme.selection(),
    }
}

/// The query and how far it is, in the pane's last row; the cursor's place while it is typed.
fn search_line(app: &App, copy: &CopyMode, frame: &mut Frame<'_>, area: Rect) -> Option<Position> {
    let row = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    let found = copy.found();
    let count = found.map(counted).unwrap_or_default();
    let Some((query, forward)) = copy.typing() else {
        if found.is_some() {
            let width = (count.width() as u16 + 2).min(row.width);
            note(app, frame, Rect { x: row.right() - width, width, ..row }, &count);
        }
        return None;
    };
    let sign = if forward { '/' } else { '?' };
    let room = usize::from(row.width).saturating_sub(count.width() + 3);
    let input = end_of(&format!("{sign}{}", tame(query)), room);
    let at = Position::new(row.x + 1 + input.width() as u16, row.y);
    let gap = " ".repeat((room + 1).saturating_sub(input.width()));
    note(app, frame, row, &format!("{input}{gap}{count}"));
    row.contains(at).then_some(at)
}

fn counted(found: Found) -> String {
    let more = if found.more { "+" } else { "" };
    match found {
        Found { count: 0, .. } => "not found".to_owned(),
        Found { at: Some(at), count, .. } => format!("{at} of {count}{more}"),
        Found { count: 1, .. } => "1 match".to_owned(),
        Found { count, .. } => format!("{count}{more} matches"),
    }
}

/// The end of a text that is too wide: where one types.
fn end_of(text: &str, width: usize) -> String {
    let mut text = text;
    while text.width() > width {
        let mut chars = text.chars();
        chars.next();
        text = chars.as_str();
    }
    text.to_owned()
}

/// A word laid over the pane.
fn note(app: &App, frame: &mut Frame<'_>, area: Rect, text: &str) {
    frame.render_widget(Clear, area);
    let style = app.theme.attention().add_modifier(Modifier::REVERSED);
    frame.render_widget(Line::styled(format!(" {text} "), style).style(style), area);
}

/// Says how the shell ended, below its last screen.
fn ended(app: &App, end: &End, frame: &mut Frame<'_>, area: Rect) {
    let again = "enter opens a new one";
    let mut lines = Vec::new();
    match end {
        End::Exited(Some(status)) => {
            lines.push(format!("The shell ended with status {status}; {again}"));
        }
        End::Exited(None) => lines.push(format!("The shell ended; {again}")),
        End::Lost { message, remedy, .. } => {
            lines.push(format!("{}.", message.trim_end_matches('.')));
            lines.extend(remedy.iter().map(|remedy| format!("What helps: {remedy}")));
            lines.push("enter opens a new shell".to_owned());
        }
    }
    let lines: Vec<_> = lines.iter().map(|line| Line::from(tame(line))).collect();
    let text = Paragraph::new(lines).wrap(Wrap { trim: true });
    let height = (text.line_count(area.width.saturating_sub(2)) as u16).min(area.height);
    let at = Rect { y: area.bottom() - height, height, ..area };
    frame.render_widget(Clear, at);
    let style = app.theme.attention().add_modifier(Modifier::REVERSED);
    frame.buffer_mut().set_style(at, style);
    let inner = Rect { x: at.x + 1.min(at.width), width: at.width.saturating_sub(2), ..at };
    frame.render_widget(text, inner);
}

/// Says why there is no shell.
pub fn failure(app: &App, problem: &Problem, frame: &mut Frame<'_>, area: Rect) {
    let mut lines = vec![Line::styled(problem.to_string(), app.theme.bad()), Line::default()];
    if let Some(remedy) = &problem.remedy {
        lines.extend([
            Line::styled("What helps", app.theme.muted()),
            Line::styled(remedy.as_str(), app.theme.attention()),
            Line::default(),
        ]);
    }
    lines.push(Line::styled("enter tries again, esc goes home", app.theme.muted()));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}
