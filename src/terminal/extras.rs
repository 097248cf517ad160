//! What the program has set that the model does not keep, or not well enough.

use alacritty_terminal::grid::Cursor;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::Cell;

use super::keyboard::Keyboard;
use super::motion::Margins;
use super::palette::Palette;
use super::shell::Shell;

/// What is remembered beside the model.
#[derive(Default)]
pub(super) struct Extras {
    /// What the programs on the primary and on the alternate screen asked of the keyboard.
    pub(super) keyboards: [Keyboard; 2],
    /// The level of `modifyOtherKeys`.
    pub(super) modify_other_keys: u8,
    /// Whether presses are reported in the X10 way, unless a later mode says otherwise.
    pub(super) x10_mouse: bool,
    /// The scrolling region.
    pub(super) margins: Margins,
    /// What the program has saved of the primary screen's cursor, while the alternate is shown by a
    /// mode that does not save it itself.
    pub(super) saved_cursor: Option<Cursor<Cell>>,
    /// Whether the whole screen is shown reversed (DECSCNM): programs flash it for a bell.
    pub(super) reversed: bool,
    /// What colour queries are answered with.
    pub(super) palette: Palette,
    /// The title that was set.
    pub(super) title: Option<String>,
    /// The folder the shell says it is in.
    pub(super) folder: Option<String>,
    /// What else it says.
    pub(super) shell: Shell,
}

impl Extras {
    /// The keyboard of the screen that `mode` shows.
    pub(super) fn keyboard(&self, mode: TermMode) -> &Keyboard {
        &self.keyboards[usize::from(mode.contains(TermMode::ALT_SCREEN))]
    }

    /// As at the start, but for what is not the program's: the folder, and what the palette is.
    pub(super) fn reset(&mut self) {
        let mut shell = std::mem::take(&mut self.shell);
        shell.reset();
        *self =
            Self { palette: self.palette, folder: self.folder.take(), shell, ..Self::default() };
    }
}
