//! A screen as output: what a program would have to print so that another terminal shows the same.

use std::fmt::Write;

use alacritty_terminal::term::TermMode;

use super::cell::{Attributes, Cell, Color, Style, Width};
use super::view::{CursorShape, View};
use super::{Emulator, Line, screen};

/// Ends whatever sequence was begun.
const CANCEL: &str = "\x18";

/// Undoes what would change how the rest is printed: the look, character sets, inserting, the scrolling
/// region, a reversed screen; and lines are wrapped.
const PLAIN: &str = "\x1b[m\x1b(B\x0f\x1b[4l\x1b[?5l\x1b[?6l\x1b[?7h\x1b[r";

/// The attributes and the parameters that set them.
const ATTRIBUTES: [(Attributes, u8); 7] = [
    (Attributes::BOLD, 1),
    (Attributes::DIM, 2),
    (Attributes::ITALIC, 3),
    (Attributes::UNDERLINE, 4),
    (Attributes::REVERSE, 7),
    (Attributes::HIDDEN, 8),
    (Attributes::STRIKE, 9),
];

/// Modes that decide where output goes, with how they are set.
const MODES: [(TermMode, &str); 2] =
    [(TermMode::ORIGIN, "\x1b[?6h"), (TermMode::INSERT, "\x1b[4h")];

impl View {
    /// What makes a terminal of this size show the same rows and cursor, on the same one of its two
    /// screens, under the same title, whatever it has shown before.
    pub fn to_ansi(&self) -> String {
        let mut out = CANCEL.to_owned();
        // First, since each screen has looks and character sets of its own.
        out.push_str(if self.state.modes.alternate_screen { "\x1b[?1049h" } else { "\x1b[?1049l" });
        out.push_str(PLAIN);
        if let Some(title) = &self.state.title {
            push(&mut out, format_args!("\x1b]2;{title}\x07"));
        }
        out.push_str("\x1b[H\x1b[J");
        let mut style = Style::default();
        let mut before: Option<&Line> = None;
        for (row, line) in (1u16..).zip(&self.rows) {
            // A line that goes on is printed on, for then it does so there too.
            let goes_on = before.is_some_and(|before| {
                let full = before.columns() == usize::from(self.size.columns);
                before.wrapped && (full || starts_wide(line))
            });
            if !goes_on && line.columns() > 0 {
                push(&mut out, format_args!("\x1b[{row}H"));
            }
            for cell in line.cells().filter(|cell| cell.width != Width::Spacer) {
                change_look(&mut out, &mut style, cell.style);
                out.push(cell.character);
                out.push_str(cell.combining);
            }
            if goes_on && line.columns() == 0 {
                change_look(&mut out, &mut style, Style::default());
                out.push(' ');
            }
            before = Some(line);
        }
        change_look(&mut out, &mut style, Style::default());
        match self.state.cursor {
            None => out.push_str("\x1b[?25l"),
            Some(cursor) => {
                let shape = match cursor.shape {
                    CursorShape::Block => 1,
                    CursorShape::Underline => 3,
                    CursorShape::Bar => 5,
                };
                let shape = shape + u8::from(!cursor.blinking);
                let (row, column) = (cursor.row + 1, cursor.column + 1);
                push(&mut out, format_args!("\x1b[{row};{column}H\x1b[{shape} q\x1b[?25h"));
            }
        }
        out
    }
}

impl Emulator {
    /// What makes a terminal of this size go on from here as this one does: its screen, as far as it
    /// is printed (an unfinished update, mode 2026, is not held back), and what decides how output
    /// that follows is shown. What is above the screen, saved cursors, tab stops, the shape of a
    /// hidden cursor and the other of its two screens are not in it.
    pub fn to_ansi(&self) -> String {
        let term = &self.term;
        let mut view = View::blank(self.size());
        screen::fill(&mut view.rows, term);
        view.state.cursor = screen::cursor(term);
        view.state.modes = self.modes();
        view.state.title.clone_from(&self.extras.title);
        let mut out = view.to_ansi();
        let mut first = 0;
        if let Some((top, below)) = self.extras.margins {
            push(&mut out, format_args!("\x1b[{};{}r", top.0 + 1, below.0));
            if term.mode().contains(TermMode::ORIGIN) {
                first = top.0;
            }
        }
        for (_, set) in MODES.iter().filter(|(mode, _)| term.mode().contains(*mode)) {
            out.push_str(set);
        }
        if !term.mode().contains(TermMode::LINE_WRAP) {
            out.push_str("\x1b[?7l");
        }
        if self.extras.reversed {
            out.push_str("\x1b[?5h");
        }
        let cursor = &term.grid().cursor;
        let (line, column) = (cursor.point.line.0, cursor.point.column.0 + 1);
        let row = line - first + 1;
        push(&mut out, format_args!("\x1b[{row};{column}H"));
        if let Some(line) = view.rows.get(line as usize).filter(|_| cursor.input_needs_wrap) {
            // Behind the last column, where printing alone leads.
            let cells = line.cells().chain(std::iter::repeat(Cell::BLANK));
            let cells = cells.take(column).enumerate();
            if let Some((column, cell)) = cells.filter(|(_, it)| it.width != Width::Spacer).last() {
                push(&mut out, format_args!("\x1b[{row};{}H", column + 1));
                push_look(&mut out, cell.style);
                out.push(cell.character);
                out.push_str(cell.combining);
            }
        }
        push_look(&mut out, Style::of(&cursor.template, term.colors()));
        out
    }
}

/// Whether a line begins with a character that did not fit into the last column above.
fn starts_wide(line: &Line) -> bool {
    line.cells().next().is_some_and(|cell| cell.width == Width::Wide)
}

/// Gives the text that follows a look, if it has another.
fn change_look(out: &mut String, style: &mut Style, wanted: Style) {
    if *style != wanted {
        *style = wanted;
        push_look(out, wanted);
    }
}

fn push_look(out: &mut String, style: Style) {
    out.push_str("\x1b[0");
    for (attribute, parameter) in ATTRIBUTES {
        if style.attributes.contains(attribute) {
            push(out, format_args!(";{parameter}"));
        }
    }
    let colors =
        [(38, style.foreground), (48, style.background), (58, style.underline.unwrap_or_default())];
    for (parameter, color) in colors {
        match color {
            Color::Default => {}
            Color::Indexed(index) => push(out, format_args!(";{parameter};5;{index}")),
            Color::Rgb(r, g, b) => push(out, format_args!(";{parameter};2;{r};{g};{b}")),
        }
    }
    out.push('m');
}

/// Adds to a text, which never fails.
fn push(out: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(what);
}

#[cfg(test)]
mod tests;
