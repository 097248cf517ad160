//! What a terminal shows at one moment, as plain data: it can be sent to another process, kept in
//! step there by [`Changes`], and drawn, without an emulator.

use serde::{Deserialize, Serialize};

use super::{Line, Modes, Size};

/// How the program wants its cursor to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CursorShape {
    /// A filled cell.
    #[default]
    Block,
    /// A line below.
    Underline,
    /// A line before.
    Bar,
}

/// The cursor in the visible screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// From 0.
    pub column: u16,
    /// From 0.
    pub row: u16,
    /// Its look.
    pub shape: CursorShape,
    /// Whether it wants to blink.
    pub blinking: bool,
}

/// A terminal's screen, with what decides how it is drawn and how input is encoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Columns and rows.
    pub size: Size,
    /// The rows, from the top: as many as the size says.
    pub rows: Vec<Line>,
    /// Everything else.
    pub state: ViewState,
}

/// What a view has besides its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewState {
    /// The cursor; `None` while it is hidden.
    pub cursor: Option<Cursor>,
    /// What the program asked of the keyboard, the mouse and pastes.
    pub modes: Modes,
    /// The title the program has set. At most 256 characters, none of them a control.
    pub title: Option<String>,
    /// The folder the shell says it is in (OSC 7), an absolute path.
    pub folder: Option<String>,
    /// How many lines there are above the screen.
    pub history: u32,
}

/// What has changed since another view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The size now; a new one means that all rows are there.
    pub size: Size,
    /// The rows that changed, by their number.
    pub rows: Vec<(u16, Line)>,
    /// The rest, as it is now.
    pub state: ViewState,
}

impl View {
    /// A blank screen.
    pub fn blank(size: Size) -> Self {
        let rows = vec![Line::default(); usize::from(size.rows)];
        Self { size, rows, state: ViewState::default() }
    }

    /// What `self` has that `before` had not; `None` if both are the same.
    pub fn changes_since(&self, before: &Self) -> Option<Changes> {
        if self == before {
            return None;
        }
        let all = self.size != before.size;
        let rows = (0u16..)
            .zip(&self.rows)
            .filter(|(row, line)| all || before.rows.get(usize::from(*row)) != Some(*line))
            .map(|(row, line)| (row, line.clone()))
            .collect();
        Some(Changes { size: self.size, rows, state: self.state.clone() })
    }

    /// Becomes what the changes say.
    pub fn apply(&mut self, changes: Changes) {
        if self.size != changes.size {
            *self = Self::blank(changes.size);
        }
        for (row, line) in changes.rows {
            if let Some(place) = self.rows.get_mut(usize::from(row)) {
                *place = line;
            }
        }
        self.state = changes.state;
    }

    /// The text of the whole screen, a line for each row, without the empty ones at its end.
    pub fn text(&self) -> String {
        let rows: Vec<_> = self.rows.iter().map(|line| line.text().trim_end()).collect();
        let mut text = rows.join("\n");
        text.truncate(text.trim_end().len());
        text
    }
}
