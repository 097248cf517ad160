//! How far long work is: a bar on a terminal, plain lines elsewhere, JSON lines with `--json`.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Out;
use super::out::{Tone, printable};
use crate::engine::Step;
use crate::platform::terminal;

/// Cells of the bar itself.
const BAR: usize = 24;

/// The width of a terminal that does not tell its own.
const WIDTH: usize = 80;

/// The least time between two drawings of the bar: no eye reads faster.
const REDRAW: Duration = Duration::from_millis(50);

/// The least time between two plain lines about the same work.
const SAY_AGAIN: Duration = Duration::from_secs(2);

/// Shows [`Step`]s as they come.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    out: &'a Out,
    /// Whether steps are shown at all; a verbose build speaks for itself.
    quiet: bool,
    last: Mutex<Last>,
}

#[derive(Debug, Default)]
struct Last {
    step: String,
    shown: Option<Instant>,
    /// Whether a bar is on the screen now.
    drawn: bool,
}

impl<'a> Progress<'a> {
    /// Nothing is shown yet.
    pub(super) fn new(out: &'a Out) -> Self {
        Self { out, quiet: false, last: Mutex::default() }
    }

    /// One that shows nothing as text.
    pub(super) fn quiet(out: &'a Out) -> Self {
        Self { out, quiet: true, last: Mutex::default() }
    }

    /// Shows a step.
    pub(super) fn show(&self, step: &Step) {
        if self.out.json {
            return self.out.value(step);
        }
        if self.quiet {
            return;
        }
        let mut last = self.lock();
        let since = last.shown.map_or(Duration::MAX, |shown| shown.elapsed());
        let finished = step.total == Some(step.done);
        if self.out.errors_on_terminal {
            if since < REDRAW && !finished {
                return;
            }
            let line = cut(&self.bar(step), width().saturating_sub(1));
            let _ = write!(io::stderr(), "\r\x1b[K{}", self.out.mark_error(line, Tone::Muted));
            last.drawn = true;
        } else {
            let same_work = step.total.is_some() && since < SAY_AGAIN && !finished;
            if step.step == last.step || same_work {
                return;
            }
            let percent = match step.total {
                Some(total @ 1..) => format!("{:3} %  ", step.done.min(total) * 100 / total),
                _ => String::new(),
            };
            let _ = writeln!(io::stderr(), "{percent}{}", printable(&step.step));
        }
        last.step.clone_from(&step.step);
        last.shown = Some(Instant::now());
    }

    /// Takes the bar off the screen.
    pub(super) fn clear(&self) {
        let mut last = self.lock();
        if std::mem::take(&mut last.drawn) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }

    /// What was going on last.
    pub(super) fn last_step(&self) -> String {
        self.lock().step.clone()
    }

    fn bar(&self, step: &Step) -> String {
        let words = printable(&step.step).replace(['\n', '\t'], " ");
        let Some(total) = step.total.filter(|total| *total > 0) else {
            return format!("{words} ...");
        };
        let (full, empty) = self.out.signs.bar(step.done, total, BAR);
        let percent = step.done.min(total) * 100 / total;
        format!("[{full}{empty}] {percent:3} %  {words}")
    }

    fn lock(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The columns of the terminal that standard error is.
pub(super) fn width() -> usize {
    terminal::size(io::stderr())
        .map(|(columns, _)| usize::from(columns))
        .filter(|columns| *columns > 0)
        .unwrap_or(WIDTH)
}

/// As much of a text as fits in so many cells.
pub(super) fn cut(text: &str, cells: usize) -> String {
    if text.width() <= cells {
        return text.to_owned();
    }
    let mut left = cells;
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_to_the_terminal_by_cells() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("a日本", 4), "a日");
    }
}
