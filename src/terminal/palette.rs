//! The colours that the terminal answers with when a program asks.

use alacritty_terminal::vte::ansi::{NamedColor, Rgb};

use super::cell::named;

/// What the default colours look like, as far as is known of the outer terminal.
///
/// Programs ask to tell a dark screen from a light one (vim's `background`); what they draw still
/// uses the outer terminal's own colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Text.
    pub foreground: (u8, u8, u8),
    /// Behind it.
    pub background: (u8, u8, u8),
    /// The cursor.
    pub cursor: (u8, u8, u8),
}

impl Default for Palette {
    fn default() -> Self {
        Self { foreground: (229, 229, 229), background: (0, 0, 0), cursor: (229, 229, 229) }
    }
}

/// xterm's sixteen.
const NAMED: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// What xterm shows for a colour of the 256: the sixteen, the 6×6×6 cube, the greys.
pub fn xterm_color(index: u8) -> (u8, u8, u8) {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    match index {
        0..=15 => NAMED[usize::from(index)],
        16..=231 => {
            let cube = index - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        232..=255 => [8 + 10 * (index - 232); 3].into(),
    }
}

impl Palette {
    /// The colour with the model's number `index`: the 256 of the palette, then the defaults.
    pub(super) fn color(&self, index: usize) -> Rgb {
        let (r, g, b) = match u8::try_from(index) {
            Ok(index) => xterm_color(index),
            Err(_) if index == named(NamedColor::Background) => self.background,
            Err(_) if index == named(NamedColor::Cursor) => self.cursor,
            Err(_) => self.foreground,
        };
        Rgb { r, g, b }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cube_and_the_greys_are_xterms() {
        let at = |index| {
            let Rgb { r, g, b } = Palette::default().color(index);
            (r, g, b)
        };
        assert_eq!(at(16), (0, 0, 0));
        assert_eq!(at(196), (255, 0, 0));
        assert_eq!(at(231), (255, 255, 255));
        assert_eq!(at(232), (8, 8, 8));
        assert_eq!(at(255), (238, 238, 238));
    }
}
