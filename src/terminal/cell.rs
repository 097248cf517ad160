//! What a cell of the screen shows.

use alacritty_terminal::term::cell::{Cell as ModelCell, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color as ModelColor, NamedColor, Rgb};
use serde::{Deserialize, Serialize};

/// A colour as the program in the terminal asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Color {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// One of the palette: 0 to 15 are the named ones, then the cube and the greys.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How many columns a cell's text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// One.
    Narrow,
    /// Two: this one and the [`Width::Spacer`] to its right.
    Wide,
    /// The right half of a wide cell: it has no text of its own.
    Spacer,
}

/// A set of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attributes(u16);

impl Attributes {
    /// Heavier.
    pub const BOLD: Self = Self(1);
    /// Fainter.
    pub const DIM: Self = Self(1 << 1);
    /// Slanted.
    pub const ITALIC: Self = Self(1 << 2);
    /// Underlined, in any of the styles (single, double, curly, dotted, dashed).
    pub const UNDERLINE: Self = Self(1 << 3);
    /// Foreground and background exchanged.
    pub const REVERSE: Self = Self(1 << 4);
    /// Not to be shown, as a password's echo.
    pub const HIDDEN: Self = Self(1 << 5);
    /// Crossed out.
    pub const STRIKE: Self = Self(1 << 6);

    /// Whether all of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn toggled(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }

    pub(super) fn of(flags: Flags) -> Self {
        [
            (Flags::BOLD, Self::BOLD),
            (Flags::DIM, Self::DIM),
            (Flags::ITALIC, Self::ITALIC),
            (Flags::ALL_UNDERLINES, Self::UNDERLINE),
            (Flags::INVERSE, Self::REVERSE),
            (Flags::HIDDEN, Self::HIDDEN),
            (Flags::STRIKEOUT, Self::STRIKE),
        ]
        .into_iter()
        .filter(|(flag, _)| flags.intersects(*flag))
        .fold(Self::default(), |set, (_, attribute)| Self(set.0 | attribute.0))
    }
}

/// How a cell's text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Style {
    /// The text's colour.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// The underline's own colour; `None` is the text's.
    pub underline: Option<Color>,
    /// Bold, underlined …
    pub attributes: Attributes,
}

/// What a cell is to the shell, as far as it says so with prompt marks (OSC 133).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mark {
    /// A program's output, and everything of a shell that does not say.
    #[default]
    Output,
    /// A prompt.
    Prompt,
    /// The prompt of a line that continues a command.
    Continuation,
    /// What was typed after a prompt.
    Input,
}

/// One cell of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The character; a space where nothing was printed. Never a control character.
    pub character: char,
    /// Marks that combine with it. They come from the program: a drawer must choose which it
    /// passes on, since some (joiners, direction overrides) change more than this cell.
    pub combining: &'a str,
    /// Its look.
    pub style: Style,
    /// What it is to the shell.
    pub mark: Mark,
    /// How many columns it takes. A [`Width::Wide`] cell is always followed by its
    /// [`Width::Spacer`].
    pub width: Width,
}

impl Cell<'_> {
    /// A cell with nothing in it, as beyond the end of a line.
    pub const BLANK: Cell<'static> = Cell {
        character: ' ',
        combining: "",
        style: Style {
            foreground: Color::Default,
            background: Color::Default,
            underline: None,
            attributes: Attributes(0),
        },
        mark: Mark::Output,
        width: Width::Narrow,
    };
}

impl Mark {
    /// The mark of a cell of the model: the guard hides it in the link, which stays with a cell
    /// wherever lines are wrapped anew or scrolled.
    pub(super) fn of(cell: &ModelCell) -> Self {
        let Some(link) = cell.extra.as_ref().and_then(|_| cell.hyperlink()) else {
            return Self::Output;
        };
        [Self::Prompt, Self::Continuation, Self::Input]
            .into_iter()
            .find(|mark| mark.name() == link.id())
            .unwrap_or_default()
    }

    /// Its name in the model's link.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Prompt => "prompt",
            Self::Continuation => "continuation",
            Self::Input => "input",
        }
    }
}

/// The model's colour, with what the program itself has redefined (OSC 4, 10, 11) taken in.
pub(super) fn color(color: ModelColor, redefined: &Colors) -> Color {
    let index = match color {
        ModelColor::Spec(Rgb { r, g, b }) => return Color::Rgb(r, g, b),
        ModelColor::Indexed(index) => usize::from(index),
        ModelColor::Named(name) => name as usize,
    };
    match redefined[index] {
        Some(Rgb { r, g, b }) => Color::Rgb(r, g, b),
        None => match u8::try_from(index) {
            Ok(index) => Color::Indexed(index),
            // The model's dim and bright variants are its own affair: they are never asked for by
            // a sequence, which sets an attribute instead.
            Err(_) => Color::Default,
        },
    }
}

/// The number a redefinable colour has, for the names that a query can ask about.
pub(super) fn named(name: NamedColor) -> usize {
    name as usize
}
