//! The lines above the screen, within bounds of number and of memory.

use std::collections::VecDeque;

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::Term;
use alacritty_terminal::term::cell::Flags;

use super::emulator::{MAX_SIZE, MIN_SIZE};
use super::line::{Line, Run};
use super::outbox::Outbox;
use super::screen;
use super::wrap::Wrapper;

/// Bytes that a line may take on average. Plain lines and logs in colour take 150 to 400; where every
/// cell has a colour of its own, fewer lines are kept rather than more memory taken.
const BYTES_PER_LINE: usize = 600;

/// What few lines may take in any case.
const MIN_BYTES: usize = 1 << 20;

/// The model's own lines above the screen take 24 bytes a cell, so it has few: when there are
/// [`MODEL_HIGH`], all but [`MODEL_LOW`] move here. Those it keeps come back when the screen grows,
/// and are wrapped anew with it.
///
/// In a flood every line of the model is written and read in turn, so all of them should find room in
/// a processor's second cache (at 120 columns they take 1 MB).
const MODEL_LOW: usize = MAX_SIZE.rows as usize;
const MODEL_HIGH: usize = MODEL_LOW + 64;

/// More than the model can come to have, so that it drops nothing itself: a screenful can scroll up
/// at once, and all can be wrapped anew from the widest screen to the narrowest.
pub(super) const MODEL_LIMIT: usize =
    (MODEL_HIGH + MODEL_LOW) * (MAX_SIZE.columns / MIN_SIZE.columns) as usize;

/// See the module. The first is the oldest.
#[derive(Debug)]
pub(super) struct History {
    lines: VecDeque<Line>,
    limit: usize,
    bytes: usize,
    /// A line that was dropped, for its memory.
    spare: Line,
    /// How many rows the model has memory for; 0 where that is not known. It makes them by the
    /// thousand, uses them in turn, and gives none back by itself.
    rows: usize,
}

impl History {
    /// Keeps at most so many lines.
    pub(super) fn new(limit: usize) -> Self {
        Self { lines: VecDeque::new(), limit, bytes: 0, spare: Line::default(), rows: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn clear(&mut self) {
        *self = Self::new(self.limit);
    }

    /// The model has got another size, and its memory with it.
    pub(super) fn resized(&mut self) {
        self.rows = 0;
    }

    /// Moves lines from the model to here, once it has many. Called after whatever can scroll lines
    /// away: how often must not depend on how the output was cut into pieces.
    #[inline]
    pub(super) fn collect(&mut self, term: &mut Term<Outbox>) {
        // In the alternate screen there are none.
        if term.history_size() >= MODEL_HIGH {
            self.collect_all(term);
        }
    }

    #[inline(never)]
    fn collect_all(&mut self, term: &mut Term<Outbox>) {
        let lines = term.history_size();
        let row = |line| screen::above(term, line);
        let wrapped =
            |line| row(line).last().is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE));
        // A line that goes on in the next is not torn from it, or each part would be wrapped anew
        // on its own; unless it has no end.
        let newest = (MODEL_LOW + 1..=lines).find(|line| !wrapped(*line)).unwrap_or(MODEL_LOW + 1);
        for line in (newest..=lines).rev() {
            self.push(|place| place.fill(row(line), term.colors()));
        }
        let rows = lines + term.screen_lines();
        let grid = term.grid_mut();
        if rows > self.rows {
            grid.truncate();
            self.rows = rows;
        }
        grid.update_history(newest - 1);
        grid.update_history(MODEL_LIMIT);
    }

    /// Adds the newest line, which `fill` writes into the memory of an old one.
    fn push(&mut self, fill: impl FnOnce(&mut Line)) {
        let mut line = std::mem::take(&mut self.spare);
        fill(&mut line);
        line.give_back_memory();
        self.bytes += line.bytes();
        self.lines.push_back(line);
        let most = (self.limit * BYTES_PER_LINE).max(MIN_BYTES);
        while self.lines.len() > self.limit || self.bytes > most {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.bytes();
            self.spare = oldest;
        }
    }

    /// The lines as they are in `columns`: what was wrapped elsewhere is wrapped anew.
    pub(super) fn wrapped_at(&self, columns: u16) -> Vec<Line> {
        let mut wrapper = Wrapper::new(columns, self.lines.len());
        for line in &self.lines {
            wrapper.add(line);
        }
        wrapper.finish()
    }
}

impl Line {
    /// How much memory it takes, about.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.capacity() + self.runs.capacity() * size_of::<Run>()
    }

    /// Gives back memory that a longer line before it had needed.
    fn give_back_memory(&mut self) {
        if self.text.capacity() > 2 * self.text.len() + 64 {
            self.text.shrink_to_fit();
        }
        if self.runs.capacity() > 2 * self.runs.len() + 4 {
            self.runs.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &[&str], limit: usize) -> History {
        let mut history = History::new(limit);
        for text in lines {
            history.push(|line| {
                *line = Line::plain(text.trim_end_matches('\\'));
                line.wrapped = text.ends_with('\\');
            });
        }
        history
    }

    fn texts(lines: &[Line]) -> Vec<String> {
        lines
            .iter()
            .map(|line| format!("{}{}", line.text(), if line.wrapped { "\\" } else { "" }))
            .collect()
    }

    #[test]
    fn the_oldest_go_first() {
        let history = history(&["one", "two", "three"], 2);
        assert_eq!(texts(&history.wrapped_at(80)), ["two", "three"]);
    }

    #[test]
    fn memory_is_bounded_whatever_a_line_takes() {
        let mut history = History::new(1000);
        for _ in 0..5000 {
            history.push(|line| *line = Line::plain(&"x".repeat(5000)));
        }
        assert!(history.len() < 1000 && history.bytes <= MIN_BYTES.max(1000 * BYTES_PER_LINE));
        assert!(history.len() > 100);
    }

    #[test]
    fn lines_are_wrapped_anew() {
        let history = history(&["abcd\\", "efgh\\", "ij", "", "short", "日本\\", "語x"], 10);
        let at = |columns| texts(&history.wrapped_at(columns));
        assert_eq!(at(4), ["abcd\\", "efgh\\", "ij", "", "shor\\", "t", "日本\\", "語x"]);
        assert_eq!(at(6), ["abcdef\\", "ghij", "", "short", "日本語\\", "x"]);
        assert_eq!(at(5), ["abcde\\", "fghij", "", "short", "日本\\", "語x"]);
        assert_eq!(at(80), ["abcdefghij", "", "short", "日本語x"]);
    }
}
