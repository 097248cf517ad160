//! Going over lines character by character and word by word, as vi does.

use crate::terminal::{Line, Point, Width};

/// Which characters make a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Words {
    /// Letters, digits and `_`; other signs in a row are words too (vi's `w`).
    Small,
    /// Everything between blanks (vi's `W`).
    Big,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Blank,
    Word,
    Sign,
}

/// What a step crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: the character is the neighbour.
    Near,
    /// The end of a line that was not wrapped.
    OverLineEnd,
}

/// A place that moves.
pub(super) struct Walk<'a> {
    lines: &'a [Line],
    row: usize,
    /// The row's characters and their columns.
    chars: Vec<(usize, char)>,
    at: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(lines: &'a [Line], from: Point) -> Self {
        let mut walk = Self { lines, row: from.row, chars: Vec::new(), at: 0 };
        walk.load(from.row);
        walk.at = walk.chars.iter().rposition(|(column, _)| *column <= from.column).unwrap_or(0);
        walk
    }

    fn load(&mut self, row: usize) {
        self.row = row;
        let cells = self.lines.get(row).into_iter().flat_map(Line::cells).enumerate();
        let cells = cells.filter(|(_, cell)| cell.width != Width::Spacer);
        self.chars.clear();
        self.chars.extend(cells.map(|(column, cell)| (column, cell.character)));
    }

    pub(super) fn point(&self) -> Point {
        Point::new(self.row, self.chars.get(self.at).map_or(0, |(column, _)| *column))
    }

    /// The character here; `None` in an empty row.
    pub(super) fn char(&self) -> Option<char> {
        self.chars.get(self.at).map(|(_, c)| *c)
    }

    /// To the next character or empty row; `None` at the very end.
    pub(super) fn forward(&mut self) -> Option<Step> {
        if self.at + 1 < self.chars.len() {
            self.at += 1;
            return Some(Step::Near);
        }
        if self.row + 1 >= self.lines.len() {
            return None;
        }
        let step = if self.lines[self.row].wrapped { Step::Near } else { Step::OverLineEnd };
        self.load(self.row + 1);
        self.at = 0;
        Some(step)
    }

    /// To the character or empty row before; `None` at the very beginning.
    pub(super) fn back(&mut self) -> Option<Step> {
        if self.at > 0 {
            self.at -= 1;
            return Some(Step::Near);
        }
        let row = self.row.checked_sub(1)?;
        let step = if self.lines[row].wrapped { Step::Near } else { Step::OverLineEnd };
        self.load(row);
        self.at = self.chars.len().saturating_sub(1);
        Some(step)
    }

    fn class(&self, words: Words) -> Class {
        match self.char() {
            None => Class::Blank,
            Some(c) if c.is_whitespace() => Class::Blank,
            Some(c) if words == Words::Big || c.is_alphanumeric() || c == '_' => Class::Word,
            Some(_) => Class::Sign,
        }
    }

    /// To the beginning of the next word (`w`).
    pub(super) fn word_right(&mut self, words: Words) {
        let class = self.class(words);
        loop {
            match self.forward() {
                None => return,
                Some(Step::OverLineEnd) => break,
                Some(Step::Near) if self.class(words) != class => break,
                Some(Step::Near) => {}
            }
        }
        while self.class(words) == Class::Blank && self.forward().is_some() {}
    }

    /// To the beginning of this word, or of the one before (`b`).
    pub(super) fn word_left(&mut self, words: Words) {
        if self.back().is_none() {
            return;
        }
        while self.class(words) == Class::Blank && self.back().is_some() {}
        let class = self.class(words);
        self.while_near(Self::back, Self::forward, |walk| walk.class(words) == class);
    }

    /// To the end of this word, or of the next one (`e`).
    pub(super) fn word_end(&mut self, words: Words) {
        if self.forward().is_none() {
            return;
        }
        while self.class(words) == Class::Blank && self.forward().is_some() {}
        let class = self.class(words);
        self.while_near(Self::forward, Self::back, |walk| walk.class(words) == class);
    }

    /// Steps on over neighbours as long as they are wanted; `back` undoes a step.
    pub(super) fn while_near(
        &mut self,
        step: fn(&mut Self) -> Option<Step>,
        back: fn(&mut Self) -> Option<Step>,
        wanted: impl Fn(&Self) -> bool,
    ) {
        loop {
            match step(self) {
                None => return,
                Some(Step::Near) if wanted(self) => {}
                Some(_) => {
                    back(self);
                    return;
                }
            }
        }
    }
}
