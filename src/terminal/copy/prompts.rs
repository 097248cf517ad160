//! What the shell's prompt marks tell: where commands begin, and what they printed.

use super::select::Extent;
use crate::terminal::{Line, Mark, Point};

/// What the last command printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The shell marks no prompts, or none is in the lines.
    NoPrompts,
    /// The last command printed nothing.
    Nothing,
    /// This.
    At(Extent),
}

/// Whether a prompt begins in a row.
pub(super) fn is_prompt(lines: &[Line], row: usize) -> bool {
    let has = |row: usize| lines.get(row).is_some_and(|line| line.has_mark(Mark::Prompt));
    let goes_on = row > 0 && lines[row - 1].wrapped && has(row - 1);
    has(row) && !goes_on
}

/// The prompt after (or before) a row.
pub(super) fn neighbour(lines: &[Line], row: usize, forward: bool) -> Option<usize> {
    if forward {
        (row + 1..lines.len()).find(|row| is_prompt(lines, *row))
    } else {
        (0..row.min(lines.len())).rev().find(|row| is_prompt(lines, *row))
    }
}

/// What the last command printed, finished or still running.
pub(super) fn last_output(lines: &[Line], columns: usize) -> Output {
    let mut end = Point::new(lines.len(), 0);
    let mut newest = true;
    while let Some(prompt) = neighbour(lines, end.row, false) {
        let typed = typed(lines, prompt, end.row);
        let output = Extent::between(Point::new(typed.end, 0), end);
        let blank = output.is_blank(lines, columns);
        if !blank && (typed.any || newest) {
            return Output::At(output);
        }
        // Below the newest prompt there may be nothing yet: its command is still being typed. And
        // enter without a command gives a prompt after which nothing was typed.
        if typed.any && !newest {
            return Output::Nothing;
        }
        newest = false;
        end = Point::new(prompt, prompt_column(lines, prompt));
    }
    if newest {
        return Output::NoPrompts;
    }
    // A command that printed more than is kept has lost its prompt.
    let above = Extent::between(Point::default(), end);
    if above.is_blank(lines, columns) { Output::Nothing } else { Output::At(above) }
}

/// What was typed at a prompt.
struct Typed {
    any: bool,
    /// The row after it.
    end: usize,
}

fn typed(lines: &[Line], prompt: usize, end: usize) -> Typed {
    let asked = |line: &Line| {
        [Mark::Prompt, Mark::Continuation, Mark::Input].iter().any(|mark| line.has_mark(*mark))
    };
    let mut row = prompt + 1;
    while row < end && (lines[row - 1].wrapped || asked(&lines[row])) {
        row += 1;
    }
    let any = lines[prompt..row].iter().any(|line| line.has_mark(Mark::Input));
    Typed { any, end: row }
}

/// Where in its row a prompt begins: output without a line end can stand before it.
fn prompt_column(lines: &[Line], row: usize) -> usize {
    lines[row].cells().position(|cell| cell.mark == Mark::Prompt).unwrap_or(0)
}
