//! Breaking text into lines by the width it has on a terminal.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::{Run, Text};

/// Characters after which a word that is too long is best broken: those of paths, options and
/// addresses.
const GOOD_BREAKS: &[&str] = &["/", "-", ".", "_", "=", ",", ":", "&", "?", "+"];

/// Breaks running text into lines of at most `width` columns.
pub(super) fn wrap(text: &[Run], width: usize) -> Vec<Text> {
    let mut lines = Lines { width: width.max(1), ..Lines::default() };
    for run in text {
        let mut rest = run.text.as_str();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '\n' | ' ' => 1,
                _ => rest.find(['\n', ' ']).unwrap_or(rest.len()),
            };
            let (head, tail) = rest.split_at(length);
            match head {
                "\n" => lines.break_line(),
                " " => lines.space(run),
                word if word.is_ascii() => lines.word.push(run, word, word.len()),
                word => word.graphemes(true).for_each(|grapheme| lines.add(run, grapheme)),
            }
            rest = tail;
        }
    }
    lines.end_word();
    if !lines.line.is_empty() || lines.done.is_empty() {
        lines.end_line();
    }
    lines.done
}

#[derive(Default)]
struct Lines {
    width: usize,
    done: Vec<Text>,
    line: Piece,
    /// Spaces before the next word; dropped where a line ends.
    gap: Piece,
    word: Piece,
}

/// Runs and their width.
#[derive(Default)]
struct Piece {
    runs: Text,
    width: usize,
}

impl Piece {
    fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn push(&mut self, like: &Run, grapheme: &str, width: usize) {
        self.width += width;
        match self.runs.last_mut() {
            Some(last) if last.look == like.look && last.link == like.link => {
                last.text.push_str(grapheme);
            }
            _ => self.runs.push(Run { text: grapheme.to_owned(), ..like.clone() }),
        }
    }

    fn append(&mut self, other: Self) {
        for run in other.runs {
            self.push(&run, &run.text, 0);
        }
        self.width += other.width;
    }
}

impl Lines {
    fn add(&mut self, run: &Run, grapheme: &str) {
        let (grapheme, width) = fitting(grapheme, self.width);
        // Between wide characters (CJK) a line may end.
        let breaks = width > 1;
        if breaks {
            self.end_word();
        }
        self.word.push(run, grapheme, width);
        if breaks {
            self.end_word();
        }
    }

    fn space(&mut self, run: &Run) {
        self.end_word();
        if !self.line.is_empty() {
            self.gap.push(run, " ", 1);
        }
    }

    fn end_word(&mut self) {
        let word = std::mem::take(&mut self.word);
        if word.is_empty() {
            return;
        }
        if self.line.width + self.gap.width + word.width > self.width && !self.line.is_empty() {
            self.end_line();
        }
        let gap = std::mem::take(&mut self.gap);
        if word.width <= self.width {
            if !self.line.is_empty() {
                self.line.append(gap);
            }
            self.line.append(word);
        } else {
            self.break_word(&word);
        }
    }

    /// Lays a word that is longer than a line over several.
    fn break_word(&mut self, word: &Piece) {
        let graphemes: Vec<(&Run, &str)> = word
            .runs
            .iter()
            .flat_map(|run| run.text.graphemes(true).map(move |grapheme| (run, grapheme)))
            .collect();
        let mut rest = graphemes.as_slice();
        while !rest.is_empty() {
            let count = break_after(rest.iter().map(|(_, grapheme)| *grapheme), self.width);
            let (head, tail) = rest.split_at(count);
            for (run, grapheme) in head {
                self.line.push(run, grapheme, grapheme.width());
            }
            rest = tail;
            if !rest.is_empty() {
                self.end_line();
            }
        }
    }

    fn break_line(&mut self) {
        self.end_word();
        self.end_line();
    }

    fn end_line(&mut self) {
        self.gap = Piece::default();
        self.done.push(std::mem::take(&mut self.line).runs);
    }
}

/// How many of the graphemes fit into `width`, at least one; if not all do, rather fewer than in
/// the middle of a name.
fn break_after<'a>(graphemes: impl Iterator<Item = &'a str>, width: usize) -> usize {
    let (mut used, mut count, mut good) = (0, 0, 0);
    for grapheme in graphemes {
        used += grapheme.width();
        if used > width {
            let worthwhile = good > 0 && good * 2 >= count;
            return if worthwhile { good } else { count.max(1) };
        }
        count += 1;
        if GOOD_BREAKS.contains(&grapheme) {
            good = count;
        }
    }
    count
}

/// The columns that text takes when it is drawn grapheme by grapheme.
pub(super) fn columns(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// A grapheme and its width; one that no line can hold is shown as the sign for what cannot be
/// shown.
pub(super) fn fitting(grapheme: &str, width: usize) -> (&str, usize) {
    match grapheme.width() {
        taken if taken > width => ("\u{fffd}", 1),
        taken => (grapheme, taken),
    }
}

/// Breaks a line of code after at most `width` columns (at least one), where words end if that is
/// not too early, or else parts of a path: the bytes where the row ends and where the next begins.
pub(super) fn code_break(line: &str, width: usize) -> (usize, usize) {
    let (mut used, mut after_space, mut after_part) = (0, (0, 0), (0, 0));
    for (at, grapheme) in line.grapheme_indices(true) {
        used += fitting(grapheme, width).1;
        if used > width && grapheme == " " {
            return (at, at + 1);
        }
        if used > width {
            let late = [after_space, after_part].into_iter().find(|(_, used)| used * 2 > width);
            let end = late.map_or(at, |(at, _)| at);
            return (end, end);
        }
        let after = (at + grapheme.len(), used);
        if grapheme == " " {
            after_space = after;
        } else if GOOD_BREAKS.contains(&grapheme) {
            after_part = after;
        }
    }
    (line.len(), line.len())
}
