//! What was typed, and whether the terminal showed it.

use std::fmt::Write as _;
use std::time::Instant;

use crossterm::event::KeyCode;

use crate::course::keys::Stroke;
use crate::terminal::{Cell, Line, View, Width};

/// What is written where a text was left out.
pub(super) const LEFT_OUT: &str =
    "# something was typed here that the terminal did not show; it is not written down\n";

/// Bytes of one text: a line that is typed is no longer.
const LONGEST: usize = 4000;

/// A line of the solution, and when it was done.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) at: Instant,
    pub(super) what: What,
}

/// What was done.
#[derive(Debug, Clone)]
pub(super) enum What {
    Stroke(Stroke),
    Text(Text),
}

/// Text that was typed at a program.
#[derive(Debug, Clone)]
pub(super) struct Text {
    typed: String,
    echo: Echo,
    /// The line before the cursor, and how many lines looked like an echo before there can be one.
    before: String,
    alike: usize,
}

/// Whether the terminal showed what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    /// It may yet.
    Open,
    /// It did.
    Shown,
    /// It did not, but the program answered a single key: a pager, say.
    Answered,
    /// The program has the whole screen: keys are commands, and questions are asked elsewhere.
    Needless,
    /// It did not.
    Hidden,
}

impl Entry {
    pub(super) fn stroke(at: Instant, stroke: Stroke) -> Self {
        Self { at, what: What::Stroke(stroke) }
    }

    pub(super) fn is_enter(&self) -> bool {
        matches!(self.what, What::Stroke(Stroke::Key(chord)) if chord == KeyCode::Enter.into())
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.what, What::Text(Text { echo: Echo::Open, .. }))
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.what {
            What::Text(text) => Some(&text.typed),
            What::Stroke(_) => None,
        }
    }

    /// The same, if it may be for the shell: a program that has the whole screen has had it.
    pub(super) fn ahead(&self) -> Option<&str> {
        match &self.what {
            What::Text(Text { echo: Echo::Needless, .. }) | What::Stroke(_) => None,
            What::Text(text) => Some(&text.typed),
        }
    }

    /// Nothing more comes of it: what was not shown by now is not shown.
    pub(super) fn settle(&mut self) {
        if let What::Text(text @ Text { echo: Echo::Open, .. }) = &mut self.what {
            text.echo = Echo::Hidden;
        }
    }

    pub(super) fn write(&self, out: &mut String) {
        match &self.what {
            What::Stroke(stroke) => {
                let _ = writeln!(out, "{stroke}");
            }
            What::Text(Text { echo: Echo::Open, .. }) => {}
            What::Text(Text { echo: Echo::Hidden, .. }) => out.push_str(LEFT_OUT),
            What::Text(Text { typed, .. }) => {
                // Blanks at a line's end are lost in many an editor.
                let kept = typed.trim_end_matches(' ');
                if !kept.is_empty() {
                    let _ = writeln!(out, "{}", Stroke::Type(kept.to_owned()));
                }
                for _ in kept.len()..typed.len() {
                    let _ = writeln!(out, "{}", Stroke::Key(KeyCode::Char(' ').into()));
                }
            }
        }
    }
}

impl Text {
    /// Text on its way to the program that shows this.
    pub(super) fn begin(typed: &str, view: &View) -> Self {
        let cursor = view.state.cursor;
        let row = cursor.and_then(|cursor| view.rows.get(usize::from(cursor.row)));
        let columns = cursor.map_or(0, |cursor| usize::from(cursor.column));
        let before = row.map(|row| before(row, columns)).unwrap_or_default();
        let whole_screen = view.state.modes.alternate_screen;
        let echo = if whole_screen { Echo::Needless } else { Echo::Open };
        let mut text = Self { typed: typed.to_owned(), echo, before, alike: 0 };
        text.alike = text.echoes(view);
        text
    }

    /// Takes more of it. Whether it did: what was answered is over, and says nothing of what follows.
    pub(super) fn takes(&mut self, more: &str) -> bool {
        let over = matches!(self.echo, Echo::Answered | Echo::Hidden);
        let takes = !over && self.typed.len() + more.len() <= LONGEST;
        if takes {
            self.typed.push_str(more);
        }
        takes
    }

    /// How many lines begin with what was before the text and go on with it, as far as they go.
    fn echoes(&self, view: &View) -> usize {
        let echoes = |row: &&Line| {
            let row = row.text().trim_end();
            let typed = row.strip_prefix(&self.before).unwrap_or_default();
            !typed.is_empty() && self.typed.starts_with(typed)
        };
        view.rows.iter().filter(echoes).count()
    }

    /// Something was printed; `ended`: another stroke has come since.
    pub(super) fn look(&mut self, view: &View, ended: bool) {
        if self.echo != Echo::Open {
            return;
        }
        let asks =
            self.before.trim_end().ends_with(':') && self.before.contains(char::is_alphabetic);
        if self.echoes(view) > self.alike {
            self.echo = Echo::Shown;
        } else if ended {
            self.echo = Echo::Hidden;
        } else if !asks && self.typed.chars().count() == 1 {
            self.echo = Echo::Answered;
        }
    }
}

/// The first columns of a line.
fn before(row: &Line, columns: usize) -> String {
    let cells = row.cells().chain(std::iter::repeat(Cell::BLANK)).take(columns);
    cells.filter(|cell| cell.width != Width::Spacer).map(|cell| cell.character).collect()
}
