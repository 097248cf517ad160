//! What a cell of the screen shows.

use alacritty_terminal::term::cell::{Cell as ModelCell, Flags};
use alacritty_terminal::term::color::Colors;
use alacritty_terminal::vte::ansi::{Color as ModelColor, NamedColor, Rgb};

/// A colour as the program in the terminal asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

    fn of(flags: Flags) -> Self {
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

/// One cell of the visible screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The character; a space where nothing was printed. Never a control character.
    pub character: char,
    /// Marks that combine with it. They come from the program: a drawer must choose which it
    /// passes on, since some (joiners, direction overrides) change more than this cell.
    pub combining: &'a [char],
    /// The text's colour.
    pub foreground: Color,
    /// The colour behind it.
    pub background: Color,
    /// The underline's own colour; `None` is the text's.
    pub underline: Option<Color>,
    /// Bold, underlined …
    pub attributes: Attributes,
    /// How many columns it takes.
    pub width: Width,
    /// Whether it lies in the selection.
    pub selected: bool,
}

impl<'a> Cell<'a> {
    /// A cell with nothing in it, as outside the screen.
    pub const BLANK: Cell<'static> = Cell {
        character: ' ',
        combining: &[],
        foreground: Color::Default,
        background: Color::Default,
        underline: None,
        attributes: Attributes(0),
        width: Width::Narrow,
        selected: false,
    };

    /// The cell of the model's `row` at `column`. Halves of a wide character that lost the other
    /// half to an overwrite, an insert or a resize come out as narrow blanks, so that a
    /// [`Width::Wide`] cell is always followed by its [`Width::Spacer`].
    pub(super) fn of(row: &'a [ModelCell], column: usize, colors: &Colors) -> Self {
        let cell = &row[column];
        let has =
            |column: usize, flag| row.get(column).is_some_and(|cell| cell.flags.contains(flag));
        let left_half = has(column, Flags::WIDE_CHAR);
        let right_half = has(column, Flags::WIDE_CHAR_SPACER);
        let width = if left_half && has(column + 1, Flags::WIDE_CHAR_SPACER) {
            Width::Wide
        } else if right_half && column > 0 && has(column - 1, Flags::WIDE_CHAR) {
            Width::Spacer
        } else {
            Width::Narrow
        };
        let torn = (left_half || right_half) && width == Width::Narrow;
        let blank = torn || width == Width::Spacer || cell.c.is_control();
        Cell {
            character: if blank { ' ' } else { cell.c },
            combining: if blank { &[] } else { cell.zerowidth().unwrap_or_default() },
            foreground: color(cell.fg, colors),
            background: color(cell.bg, colors),
            underline: cell.underline_color().map(|c| color(c, colors)),
            attributes: Attributes::of(cell.flags),
            width,
            selected: false,
        }
    }
}

/// The model's colour, with what the program itself has redefined (OSC 4, 10, 11) taken in.
fn color(color: ModelColor, redefined: &Colors) -> Color {
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
