//! Draws a text with line numbers, colours, what is selected and what is found.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::cells::{cells, char_at, column_of};
use super::{Editor, Place};
use crate::tui::app::App;
use crate::tui::widgets::highlight::{Token, TokenStyles};

/// A line of which there is something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The line, from 0.
    pub line: usize,
    /// Whether it is wrong; else it is worth a thought.
    pub wrong: bool,
}

/// Where the text stands: right of the signs and line numbers.
pub fn inner(editor: &Editor, view: Rect) -> Rect {
    let gutter = (editor.lines().len().to_string().len() as u16 + 2).min(view.width);
    Rect { x: view.x + gutter, width: view.width - gutter, ..view }
}

/// Draws it; gives the cursor's place if it is in view.
pub fn draw(
    app: &App,
    editor: &Editor,
    marks: &[Mark],
    frame: &mut Frame<'_>,
    view: Rect,
) -> Option<Position> {
    let text = inner(editor, view);
    let styles = TokenStyles::themed(&app.theme);
    let shown = editor.lines().iter().enumerate().skip(editor.top);
    for (y, (row, line)) in (view.y..view.bottom()).zip(shown) {
        let gutter = Rect { y, height: 1, width: text.x - view.x, ..view };
        frame.render_widget(number(app, editor, marks, row, gutter.width), gutter);
        let spans = spans(app, editor, row, line, &styles, text.width.into());
        frame.render_widget(Line::from(spans), Rect { y, height: 1, ..text });
    }
    let (row, column) = editor.cursor();
    let row = row.checked_sub(editor.top).filter(|row| *row < usize::from(text.height))?;
    let column = column_of(&editor.lines()[row + editor.top], column).checked_sub(editor.left)?;
    let column = (column < usize::from(text.width)).then_some(column)?;
    Some(Position::new(text.x + column as u16, text.y + row as u16))
}

fn number(app: &App, editor: &Editor, marks: &[Mark], row: usize, width: u16) -> Line<'static> {
    let here = |wrong| marks.contains(&Mark { line: row, wrong });
    let (sign, style) = match (here(true), here(false)) {
        (true, _) => (app.signs.failed(), app.theme.bad()),
        (_, true) => (app.signs.error(), app.theme.attention()),
        _ if row == editor.cursor().0 => (" ", app.theme.text()),
        _ => (" ", app.theme.faint()),
    };
    let digits = usize::from(width).saturating_sub(2);
    Line::styled(format!("{sign}{:>digits$} ", row + 1), style)
}

/// What is in view of a line. What is left of a wide character at an edge is blank.
fn spans(
    app: &App,
    editor: &Editor,
    row: usize,
    line: &str,
    styles: &TokenStyles,
    width: usize,
) -> Vec<Span<'static>> {
    let selected = selected(editor, row, line);
    let found = found(editor, row, line);
    let tokens = editor.tokens.get(row).map(|tokens| tokens.as_slice()).unwrap_or_default();
    let style_of = |at: usize| {
        let token = tokens.iter().find(|(_, range)| range.contains(&at));
        let style = styles.of(token.map_or(Token::Plain, |(token, _)| *token));
        match found.iter().find(|(range, _)| range.contains(&at)) {
            Some((_, true)) => style.add_modifier(Modifier::REVERSED),
            Some((_, false)) => style.add_modifier(Modifier::UNDERLINED),
            None if selected.contains(&at) => style.patch(app.theme.selection()),
            None => style,
        }
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut add = |text: &str, style: Style| match spans.last_mut() {
        Some(last) if last.style == style => last.content.to_mut().push_str(text),
        _ => spans.push(Span::styled(text.to_owned(), style)),
    };
    let (left, right) = (editor.left, editor.left + width);
    for cell in cells(line) {
        let end = cell.column + cell.width;
        if cell.column >= right {
            break;
        }
        if end <= left && (cell.width > 0 || end < left) {
            continue;
        }
        let style = style_of(cell.at);
        if cell.column >= left && end <= right {
            add(&cell.shown, style);
        } else {
            let visible = end.min(right) - cell.column.max(left);
            add(&" ".repeat(visible), style);
        }
    }
    // The end of a line that is selected too.
    if selected.end > line.len() {
        add(" ", app.theme.selection());
    }
    spans
}

/// The bytes of a line that are selected; one more than it has, if its end is.
fn selected(editor: &Editor, row: usize, line: &str) -> std::ops::Range<usize> {
    let Some(((from, start), (to, end))) = editor.selection() else { return 0..0 };
    if !(from..=to).contains(&row) {
        return 0..0;
    }
    let begin = if row == from { char_at(line, start) } else { 0 };
    begin..if row == to { char_at(line, end) } else { line.len() + 1 }
}

/// Where what is searched for stands in a line, and whether that is at the cursor.
fn found(editor: &Editor, row: usize, line: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let Some(pattern) = editor.area.search_pattern() else { return vec![] };
    let (at, column): Place = editor.cursor();
    let cursor = (at == row).then(|| char_at(line, column));
    let hits = pattern.find_iter(line).map(|hit| hit.range());
    hits.map(|range| (range.clone(), cursor == Some(range.start))).collect()
}
