//! A text that is edited: lines, a cursor, a selection, undo, search, and a view of it with colours.
//!
//! `ratatui-textarea` keeps the lines, the cursor and the edits; how they look is ours (`view`), since it
//! has no style for a part of a line. Invariants: a text that is not changed comes out as it went in, line
//! ends and a missing last one included; what is undone as often as it was changed is what it was.

mod cells;
mod history;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::{Position, Rect};
use serde::{Deserialize, Serialize};
use tui_textarea::{CursorMove, DataCursor, TextArea};

use super::highlight::Tokens;
use cells::{TAB, char_at, column_of};
use history::{History, Kind};
pub use view::{Mark, draw, inner};

/// What the tab key inserts: to the next multiple of so many columns.
const INDENT: usize = 2;

/// No more can be gone to.
const MAX_LINES: usize = u16::MAX as usize;

/// See the module.
#[derive(Debug)]
pub struct Editor {
    area: TextArea<'static>,
    history: History,
    /// Between its lines.
    ending: &'static str,
    /// The parts of each line, as far as they are known.
    tokens: Vec<Arc<Tokens>>,
    /// The first line and the first column in view.
    top: usize,
    left: usize,
    /// The size of the text's part of the view.
    rows: usize,
    columns: usize,
    /// How often it was changed.
    edits: u64,
}

/// A place in the text: line and character, from 0.
pub type Place = (usize, usize);

/// Where somebody was in a text: the cursor, and the first line and column in view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seat {
    row: usize,
    column: usize,
    top: usize,
    left: usize,
}

impl Editor {
    /// With this text, the cursor at its beginning.
    pub fn new(text: &str) -> Self {
        let ends = text.matches('\n').count();
        let ending = if ends > 0 && text.matches("\r\n").count() == ends { "\r\n" } else { "\n" };
        let mut area = TextArea::new(text.split(ending).map(str::to_owned).collect());
        area.set_tab_length(TAB as u8);
        area.set_max_histories(history::MOST);
        let (history, tokens) = (History::default(), Vec::new());
        Self { area, history, ending, tokens, top: 0, left: 0, rows: 1, columns: 1, edits: 0 }
    }

    /// Whether a text has no more lines than can be gone to.
    pub fn takes(text: &str) -> bool {
        text.matches('\n').count() < MAX_LINES
    }

    /// The text, with its line ends.
    pub fn text(&self) -> String {
        self.area.lines().join(self.ending)
    }

    /// Its lines, without their ends.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// How often it was changed, undoing included.
    pub fn edits(&self) -> u64 {
        self.edits
    }

    /// Where the cursor is.
    pub fn cursor(&self) -> Place {
        let DataCursor(row, column) = self.area.cursor();
        (row, column)
    }

    /// Where somebody is in it.
    pub fn seat(&self) -> Seat {
        let (row, column) = self.cursor();
        Seat { row, column, top: self.top, left: self.left }
    }

    /// Goes back there, as far as there is text.
    pub fn sit(&mut self, Seat { row, column, top, left }: Seat) {
        self.area.cancel_selection();
        self.jump(row, column);
        (self.top, self.left) = (top.min(self.cursor().0), left);
        // Without a size it is not known yet what is in view.
        if self.rows > 1 {
            self.follow();
        }
    }

    /// The parts of all lines have been found; those of an older text do not fit and are not taken.
    pub fn colour(&mut self, edits: u64, tokens: Vec<Arc<Tokens>>) {
        if edits == self.edits {
            self.tokens = tokens;
        }
    }

    /// Another text in its place, as somebody else has left it. Cursor and view stay where they were, as
    /// far as there is text.
    pub fn replace(&mut self, text: &str) {
        let mut new = Self::new(text);
        new.edits = self.edits + 1;
        (new.top, new.left, new.rows, new.columns) = (self.top, self.left, self.rows, self.columns);
        let (row, column) = self.cursor();
        new.jump(row, column);
        new.top = new.top.min(new.lines().len().saturating_sub(1));
        *self = new;
    }

    /// The view has a size.
    pub fn resize(&mut self, view: Rect) {
        let inner = inner(self, view);
        let (rows, columns) = (inner.height.max(1).into(), inner.width.max(1).into());
        if (self.rows, self.columns) != (rows, columns) {
            (self.rows, self.columns) = (rows, columns);
            self.follow();
        }
    }

    /// Does what a key means. Whether it meant anything.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let select = key.modifiers.contains(KeyModifiers::SHIFT);
        let (row, column) = self.cursor();
        match key.code {
            KeyCode::Left if control => self.go(CursorMove::WordBack, select),
            KeyCode::Right if control => self.go(CursorMove::WordForward, select),
            KeyCode::Home if control => self.go(CursorMove::Jump(0, 0), select),
            KeyCode::End if control => self.go(CursorMove::Jump(u16::MAX, u16::MAX), select),
            KeyCode::Left => self.go(CursorMove::Back, select),
            KeyCode::Right => self.go(CursorMove::Forward, select),
            KeyCode::Up => self.go(CursorMove::Up, select),
            KeyCode::Down => self.go(CursorMove::Down, select),
            KeyCode::Home => {
                // To the text first, then to the line's beginning.
                let indent = indent_of(&self.lines()[row]).chars().count();
                let to = if column == indent { 0 } else { indent };
                self.go(jump(row, to), select);
            }
            KeyCode::End => self.go(CursorMove::End, select),
            KeyCode::PageUp => self.go(jump(row.saturating_sub(self.page()), column), select),
            KeyCode::PageDown => self.go(jump(row + self.page(), column), select),
            KeyCode::Enter => {
                let before: String = self.lines()[row].chars().take(column).collect();
                self.insert(&format!("\n{}", indent_of(&before)));
            }
            KeyCode::Tab => {
                let column = column_of(&self.lines()[row], column);
                self.insert(&" ".repeat(INDENT - column % INDENT));
            }
            KeyCode::BackTab => self.outdent(),
            KeyCode::Backspace if control || alt => self.erase(TextArea::delete_word),
            KeyCode::Char('w') if control => self.erase(TextArea::delete_word),
            KeyCode::Char('k') if control => self.erase(TextArea::delete_line_by_end),
            KeyCode::Delete if control => self.erase(TextArea::delete_next_word),
            KeyCode::Backspace => self.erase_one(TextArea::delete_char),
            // What some terminals send for it.
            KeyCode::Char('h') if control => self.erase_one(TextArea::delete_char),
            KeyCode::Delete => self.erase_one(TextArea::delete_next_char),
            KeyCode::Char(c) if !control && !alt => self.typed(c),
            _ => return false,
        }
        self.follow();
        true
    }

    /// Inserts what was pasted: line ends of any kind, nothing that a terminal would obey.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let fit: String =
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        self.insert(&fit);
        self.follow();
    }

    /// Takes the last change back. Whether there was one.
    pub fn undo(&mut self) -> bool {
        let count = self.history.undo();
        self.changing(|area| (0..count).all(|_| area.undo()));
        self.follow();
        count > 0
    }

    /// Makes a change again that was taken back. Whether there was one.
    pub fn redo(&mut self) -> bool {
        let count = self.history.redo();
        self.changing(|area| (0..count).all(|_| area.redo()));
        self.follow();
        count > 0
    }

    /// What is selected.
    pub fn selected(&self) -> Option<String> {
        let ((from, start), (to, end)) = self.selection()?;
        let mut text = String::new();
        for row in from..=to {
            let line = &self.lines()[row];
            let begin = if row == from { char_at(line, start) } else { 0 };
            let end = if row == to { char_at(line, end) } else { line.len() };
            text.push_str(&line[begin..end]);
            text.push_str(if row == to { "" } else { "\n" });
        }
        Some(text)
    }

    /// Removes what is selected.
    pub fn remove_selected(&mut self) {
        if self.selection().is_some() {
            self.erase(TextArea::delete_char);
            self.follow();
        }
    }

    /// Selects all of it.
    pub fn select_all(&mut self) {
        self.area.select_all();
    }

    /// Goes to a place, with as much of the text above it in view as below.
    pub fn show(&mut self, (row, column): Place) {
        self.area.cancel_selection();
        self.jump(row, column);
        let (row, _) = self.cursor();
        if !(self.top..self.top + self.rows).contains(&row) {
            self.top = row.saturating_sub(self.rows / 2);
        }
        self.follow();
    }

    /// What is searched for; nothing, if it is empty. Without a capital letter, capitals do not matter.
    pub fn search(&mut self, what: &str) {
        let mut pattern = regex::escape(what);
        if !what.is_empty() && !what.chars().any(char::is_uppercase) {
            pattern.insert_str(0, "(?i)");
        }
        // Text that stands for itself is always a pattern.
        let _ = self.area.set_search_pattern(pattern);
    }

    /// Goes to the next place where what is searched for stands, around the end; `here` counts too if it is
    /// asked. Whether there is one.
    pub fn find(&mut self, forward: bool, here: bool) -> bool {
        self.area.cancel_selection();
        let found =
            if forward { self.area.search_forward(here) } else { self.area.search_back(here) };
        let at = self.cursor();
        self.show(at);
        found
    }

    /// Scrolls by lines; the cursor stays where it is.
    pub fn scroll(&mut self, by: isize) {
        let last = self.lines().len().saturating_sub(1);
        self.top = self.top.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor at a place on the screen; `select` keeps what lies between. `view` is where it is
    /// drawn.
    pub fn point(&mut self, at: Position, view: Rect, select: bool) {
        let inner = inner(self, view);
        let row = self.top + usize::from(at.y.saturating_sub(inner.y));
        let row = row.min(self.lines().len() - 1);
        let column = self.left + usize::from(at.x.saturating_sub(inner.x));
        let column = cells::index_at(&self.lines()[row], column);
        self.go(jump(row, column), select);
    }

    fn page(&self) -> usize {
        self.rows.saturating_sub(1).max(1)
    }

    /// What is selected, if that is anything.
    fn selection(&self) -> Option<(Place, Place)> {
        self.area.selection_range().filter(|(from, to)| from != to)
    }

    fn go(&mut self, to: CursorMove, select: bool) {
        self.history.close();
        match (select, self.area.is_selecting()) {
            (true, false) => self.area.start_selection(),
            (false, true) => self.area.cancel_selection(),
            _ => {}
        }
        self.area.move_cursor(to);
    }

    fn jump(&mut self, row: usize, column: usize) {
        self.history.close();
        self.area.move_cursor(jump(row, column));
    }

    fn typed(&mut self, c: char) {
        let kind = if c.is_alphanumeric() { Kind::Word } else { Kind::Other };
        let steps = 1 + usize::from(self.selection().is_some());
        self.changing(|area| area.insert_char(c));
        self.history.changed(kind, steps);
    }

    fn insert(&mut self, text: &str) {
        let selected = self.selection().is_some();
        self.changing(|area| area.insert_str(text));
        self.history.changed(Kind::Other, usize::from(selected) + usize::from(!text.is_empty()));
    }

    /// Removes something; the area tells whether there was anything.
    fn erase(&mut self, remove: fn(&mut TextArea<'static>) -> bool) {
        let removed = self.changing(remove);
        self.history.changed(Kind::Other, removed.into());
    }

    fn erase_one(&mut self, remove: fn(&mut TextArea<'static>) -> bool) {
        let kind = if self.selection().is_some() { Kind::Other } else { Kind::Erased };
        let removed = self.changing(remove);
        self.history.changed(kind, removed.into());
    }

    fn outdent(&mut self) {
        let (row, column) = self.cursor();
        let blanks = self.lines()[row].chars().take(INDENT).take_while(|c| *c == ' ').count();
        self.area.cancel_selection();
        if blanks > 0 {
            self.jump(row, 0);
            let removed = self.changing(|area| area.delete_str(blanks));
            self.history.changed(Kind::Other, removed.into());
            self.jump(row, column.saturating_sub(blanks));
        }
    }

    /// Changes the text. The lines below keep their colours until new ones come.
    fn changing<T>(&mut self, change: impl FnOnce(&mut TextArea<'static>) -> T) -> T {
        let (before, row) = (self.lines().len(), self.cursor().0);
        let result = change(&mut self.area);
        self.edits += 1;
        let after = self.lines().len();
        let below = (row.min(self.cursor().0) + 1).min(self.tokens.len());
        if after > before {
            let new = std::iter::repeat_n(Arc::default(), after - before);
            self.tokens.splice(below..below, new);
        } else {
            let end = (below + before - after).min(self.tokens.len());
            self.tokens.drain(below..end);
        }
        result
    }

    /// Scrolls so that the cursor is in view.
    fn follow(&mut self) {
        let (row, column) = self.cursor();
        self.top = self.top.clamp((row + 1).saturating_sub(self.rows), row);
        let column = column_of(&self.lines()[row], column);
        self.left = self.left.clamp((column + 1).saturating_sub(self.columns), column);
    }
}

fn jump(row: usize, column: usize) -> CursorMove {
    let number = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    CursorMove::Jump(number(row), number(column))
}

/// The blanks that a line begins with.
fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}
