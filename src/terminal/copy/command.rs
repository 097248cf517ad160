//! What can be done in copy mode; the keys are the keymap's.

use super::prompts::{self, Output};
use super::select::{first_row, last_row};
use super::walk::{Walk, Words};
use super::{CopyMode, Kind, Point, Search};

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// A character to the left.
    Left,
    /// A character to the right.
    Right,
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// To the next word.
    WordRight(Words),
    /// To the word before.
    WordLeft(Words),
    /// To the end of the word.
    WordEnd(Words),
    /// To the beginning of the line.
    LineStart,
    /// To the line's first character that is no blank.
    LineText,
    /// To the end of the line.
    LineEnd,
    /// To the oldest line.
    Top,
    /// To the newest line.
    Bottom,
    /// To the first row in view.
    High,
    /// To the row in the middle.
    Middle,
    /// To the last row in view.
    Low,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The view a row up.
    ScrollUp,
    /// The view a row down.
    ScrollDown,
    /// Begins, changes or ends a selection.
    Select(Kind),
    /// To the other end of the selection.
    OtherEnd,
    /// Copies the selection and leaves.
    Copy,
    /// Copies what the last command printed and leaves.
    CopyOutput,
    /// Types a query, to search towards newer lines or older ones.
    Search {
        /// Towards newer lines.
        forward: bool,
    },
    /// Ends the typing of a query and stays where it led.
    Found,
    /// To the next match.
    NextMatch,
    /// To the match before.
    PreviousMatch,
    /// To the prompt above.
    PreviousPrompt,
    /// To the prompt below.
    NextPrompt,
    /// Gives up the query, the selection, or copy mode: what there is first.
    Cancel,
    /// Leaves copy mode.
    Leave,
}

/// What comes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing but what is to be seen.
    Done,
    /// This is to be copied, and copy mode is over.
    Copied(String),
    /// A word about why nothing happened.
    Say(&'static str),
    /// Copy mode is over.
    Leave,
}

impl CopyMode {
    /// Does a command.
    pub fn act(&mut self, command: Command) -> Reply {
        let Point { row, column } = self.cursor;
        let page = self.rows().saturating_sub(2).max(1).cast_signed();
        let half = (self.rows() / 2).max(1).cast_signed();
        match command {
            Command::Left => self.move_to(Point::new(row, column.saturating_sub(1))),
            Command::Right => self.right(),
            Command::Up => self.move_to_row(row.saturating_sub(1)),
            Command::Down => self.move_to_row(row + 1),
            Command::WordRight(words) => self.walk(|walk| walk.word_right(words)),
            Command::WordLeft(words) => self.walk(|walk| walk.word_left(words)),
            Command::WordEnd(words) => self.walk(|walk| walk.word_end(words)),
            Command::LineStart => self.move_to(Point::new(first_row(&self.lines, row), 0)),
            Command::LineText => self.line_text(),
            Command::LineEnd => {
                self.move_to(Point::new(last_row(&self.lines, row), usize::MAX - 1));
                self.wish = usize::MAX - 1;
            }
            Command::Top => self.move_to(Point::default()),
            Command::Bottom => self.move_to(Point::new(self.lines.len() - 1, 0)),
            Command::High => self.move_to_row(self.top),
            Command::Middle => self.move_to_row(self.top + (self.in_view().len() - 1) / 2),
            Command::Low => self.move_to_row(self.top + self.in_view().len() - 1),
            Command::HalfUp => self.page(-half),
            Command::HalfDown => self.page(half),
            Command::PageUp => self.page(-page),
            Command::PageDown => self.page(page),
            Command::ScrollUp | Command::ScrollDown => {
                self.scroll(if command == Command::ScrollUp { -1 } else { 1 });
                self.catch_cursor();
            }
            Command::Select(kind) => self.toggle(kind),
            Command::OtherEnd => {
                if let Some(selection) = &mut self.selection {
                    let cursor = std::mem::replace(&mut selection.anchor, self.cursor);
                    self.move_to(cursor);
                }
            }
            Command::Copy => {
                return match self.selected() {
                    Some(text) if !text.is_empty() => Reply::Copied(text),
                    Some(_) => Reply::Say("Only blanks are selected"),
                    None => Reply::Say("Nothing is selected yet: v begins, V takes whole lines"),
                };
            }
            Command::CopyOutput => return self.copy_output(),
            Command::Search { forward } => {
                self.search = Some(Search::new(forward));
                self.typing = Some((self.cursor, self.top));
            }
            Command::Found => {
                self.typing = None;
                if self.search.as_ref().is_some_and(|search| search.query.is_empty()) {
                    self.search = None;
                } else if self.found().is_none_or(|found| found.count == 0) {
                    self.search = None;
                    return Reply::Say("Nothing was found");
                }
            }
            Command::NextMatch | Command::PreviousMatch => {
                if self.search.is_none() {
                    return Reply::Say("Nothing was searched for yet: / searches");
                }
                if !self.go_to_match(command == Command::NextMatch) {
                    return Reply::Say("Nothing was found");
                }
            }
            Command::PreviousPrompt | Command::NextPrompt => return self.go_to_prompt(command),
            Command::Cancel => {
                if let Some((cursor, top)) = self.typing.take() {
                    self.search = None;
                    self.top = top;
                    self.move_to(cursor);
                } else if !self.unselect() {
                    return Reply::Leave;
                }
            }
            Command::Leave => return Reply::Leave,
        }
        Reply::Done
    }

    /// Over the whole of a wide character.
    fn right(&mut self) {
        let Point { row, column } = self.cursor;
        let next = self.settled(row, column + 1);
        self.move_to(if next.column == column { Point::new(row, column + 2) } else { next });
    }

    fn walk(&mut self, go: impl FnOnce(&mut Walk<'_>)) {
        let mut walk = Walk::new(&self.lines, self.cursor);
        go(&mut walk);
        let to = walk.point();
        self.move_to(to);
    }

    fn line_text(&mut self) {
        let first = first_row(&self.lines, self.cursor.row);
        let last = last_row(&self.lines, first);
        let text = |row: &usize| self.lines[*row].cells().position(|cell| cell.character != ' ');
        let found = (first..=last).find_map(|row| Some(Point::new(row, text(&row)?)));
        self.move_to(found.unwrap_or(Point::new(first, 0)));
    }

    fn page(&mut self, by: isize) {
        self.scroll(by);
        self.move_to_row(self.cursor.row.saturating_add_signed(by));
    }

    fn toggle(&mut self, kind: Kind) {
        match &mut self.selection {
            Some(selection) if selection.kind == kind => self.selection = None,
            Some(selection) => selection.kind = kind,
            None => self.select(kind, self.cursor),
        }
        self.move_to(self.cursor);
    }

    fn copy_output(&self) -> Reply {
        match prompts::last_output(&self.lines, self.columns()) {
            Output::NoPrompts => Reply::Say("This shell does not mark its prompts"),
            Output::Nothing => Reply::Say("The last command printed nothing"),
            Output::At(extent) => {
                let text = extent.text(&self.lines, self.columns());
                Reply::Copied(text.trim_end_matches('\n').to_owned())
            }
        }
    }

    fn go_to_prompt(&mut self, command: Command) -> Reply {
        let forward = command == Command::NextPrompt;
        match prompts::neighbour(&self.lines, self.cursor.row, forward) {
            Some(row) => {
                if !(self.top..self.top + self.rows()).contains(&row) {
                    self.top = row.min(self.last_top());
                }
                self.move_to(Point::new(row, 0));
                Reply::Done
            }
            None if forward => Reply::Say("There is no prompt below"),
            None => Reply::Say("There is no prompt above"),
        }
    }
}
