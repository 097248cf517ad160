//! A file of the sandbox, to be read: what a link of the shell led to.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::body;
use crate::tui::app::{App, FileContent};
use crate::tui::widgets::pane::Pane;
use crate::tui::widgets::tame::{tame, visible};
use crate::tui::widgets::text::{bytes, fit};

/// How many columns a step to the side is.
const SIDE: usize = 8;

/// No line is shown further to the right: a file of one line would take its time with every frame.
const MAX_COLUMNS: usize = 4000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    path: String,
    text: String,
    /// Where each line begins in the text.
    starts: Vec<usize>,
    /// The file's size, where there is more of it than the text.
    cut: Option<u64>,
    /// The line asked for, from 0.
    line: Option<usize>,
    /// The first line in view.
    top: usize,
    /// The first column in view.
    left: usize,
}

impl Viewer {
    /// A file, with the line asked for (from 1) in the middle.
    pub fn new(path: String, content: &FileContent, line: Option<u32>, area: Rect) -> Self {
        let text = String::from_utf8_lossy(&content.bytes).into_owned();
        let begins = text.match_indices('\n').map(|(index, _)| index + 1);
        let mut starts: Vec<_> = std::iter::once(0).chain(begins).collect();
        if starts.len() > 1 && starts.last() == Some(&text.len()) {
            starts.pop();
        }
        let cut = (content.size > content.bytes.len() as u64).then_some(content.size);
        let line = line.map(|line| (line as usize).saturating_sub(1));
        let mut viewer = Self { path, text, starts, cut, line, top: 0, left: 0 };
        let top = viewer.line.unwrap_or(0).saturating_sub(rows(area) / 2);
        viewer.scroll_to(top, area);
        viewer
    }

    fn line(&self, index: usize) -> &str {
        let begin = self.starts.get(index).copied().unwrap_or(self.text.len());
        let end = self.starts.get(index + 1).copied().unwrap_or(self.text.len());
        self.text[begin..end].trim_end_matches('\n').trim_end_matches('\r')
    }

    fn scroll_to(&mut self, top: usize, area: Rect) {
        self.top = top.min(self.starts.len().saturating_sub(rows(area)));
    }

    /// A key on a terminal of this size. Whether the file is still to be shown.
    #[must_use]
    pub fn key(&mut self, key: KeyEvent, area: Rect) -> bool {
        let page = rows(area).saturating_sub(1).max(1);
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => return false,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
            KeyCode::Up | KeyCode::Char('k') => self.scroll_to(self.top.saturating_sub(1), area),
            KeyCode::Down | KeyCode::Char('j') => self.scroll_to(self.top + 1, area),
            KeyCode::PageUp | KeyCode::Char('b') => {
                self.scroll_to(self.top.saturating_sub(page), area);
            }
            KeyCode::PageDown | KeyCode::Char(' ') => self.scroll_to(self.top + page, area),
            KeyCode::Home | KeyCode::Char('g') => self.scroll_to(0, area),
            KeyCode::End | KeyCode::Char('G') => self.scroll_to(usize::MAX, area),
            KeyCode::Left | KeyCode::Char('h') => self.left = self.left.saturating_sub(SIDE),
            KeyCode::Right | KeyCode::Char('l') => {
                self.left = (self.left + SIDE).min(MAX_COLUMNS);
            }
            _ => {}
        }
        true
    }

    /// Draws it over the screen.
    pub fn draw(&self, app: &App, frame: &mut Frame<'_>) {
        let area = body(frame.area());
        let theme = &app.theme;
        frame.render_widget(Clear, area);
        frame.buffer_mut().set_style(area, theme.text());
        let last = (self.top + rows(frame.area())).min(self.starts.len());
        let mut right = format!("{}-{last} of {}", self.top + 1, self.starts.len());
        if let Some(size) = self.cut {
            let shown = bytes(self.text.len() as u64);
            right = format!("{right}{}the first {shown} of {}", app.signs.dot(), bytes(size));
        }
        let room = usize::from(area.width).saturating_sub(right.width() + 7);
        let title = fit(&tame(&self.path), room);
        let inner = Pane::new(app, &title).right(right).focused(true).draw(frame, area);
        let digits = self.starts.len().to_string().len();
        for (row, index) in (0..inner.height).zip(self.top..last) {
            let at = Rect { y: inner.y + row, height: 1, ..inner };
            let asked = self.line == Some(index);
            let (number, text) = if asked {
                (theme.key(), theme.selection())
            } else {
                (theme.muted(), theme.text())
            };
            let width = usize::from(at.width).saturating_sub(digits + 2);
            let line = Line::from(vec![
                Span::styled(format!("{:>digits$}  ", index + 1), number),
                Span::styled(part(self.line(index), self.left, width), text),
            ]);
            frame.render_widget(line, at);
        }
    }
}

/// How many lines are in view on a terminal of this size.
fn rows(area: Rect) -> usize {
    usize::from(body(area).height.saturating_sub(2)).max(1)
}

/// The columns of a line from `left` on, at most so many. What of a wide character remains at an
/// edge is blank.
fn part(line: &str, left: usize, width: usize) -> String {
    let end = line.char_indices().nth(MAX_COLUMNS).map_or(line.len(), |(index, _)| index);
    let mut out = String::new();
    let mut column = 0;
    for c in visible(&line[..end]).chars() {
        let begin = column;
        column += c.width().unwrap_or(0);
        if column > left + width {
            break;
        }
        if begin >= left {
            out.push(c);
        } else if column > left {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Rect = Rect { x: 0, y: 0, width: 80, height: 13 };

    fn viewer(text: &str, line: Option<u32>) -> Viewer {
        let content = FileContent { bytes: text.into(), size: text.len() as u64 };
        Viewer::new("/etc/x".into(), &content, line, AREA)
    }

    fn hundred() -> String {
        (1..=100).map(|n| format!("line {n}\n")).collect()
    }

    #[test]
    fn the_line_asked_for_is_in_the_middle() {
        assert_eq!(rows(AREA), 10);
        let top = |line| viewer(&hundred(), line).top;
        assert_eq!([top(None), top(Some(1)), top(Some(50)), top(Some(99))], [0, 0, 44, 90]);
        assert_eq!(top(Some(4_000_000_000)), 90);
        assert_eq!((viewer("", None).starts.len(), viewer("a\r\nb", None).line(0)), (1, "a"));
    }

    #[test]
    fn keys_move_and_stop_at_the_ends() {
        let mut viewer = viewer(&hundred(), None);
        let mut press = |code: KeyCode| {
            assert!(viewer.key(code.into(), AREA));
            viewer.top
        };
        assert_eq!(press(KeyCode::Char(' ')), 9);
        assert_eq!(press(KeyCode::Up), 8);
        assert_eq!(press(KeyCode::End), 90);
        assert_eq!(press(KeyCode::Down), 90);
        assert_eq!(press(KeyCode::Char('g')), 0);
        assert!(!viewer.key(KeyCode::Char('q').into(), AREA));
    }

    #[test]
    fn a_part_of_a_line_is_never_wider() {
        assert_eq!(part("abc日def", 0, 5), "abc日");
        assert_eq!(part("abc日def", 0, 4), "abc");
        assert_eq!(part("abc日def", 4, 3), " de");
        assert_eq!(part("a\x1bb", 0, 9), "a^[b");
        assert_eq!(part("ab", 9, 9), "");
    }
}
