//! The alternate screen's older modes, and resets: the model does too much or too little.

use alacritty_terminal::index::Boundary;
use alacritty_terminal::term::color::COUNT as COLORS;
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, Handler, Mode, NamedMode, NamedPrivateMode, PrivateMode, StandardCharset,
};

use super::guard::{ALTERNATE, COLUMNS, Guard, ORIGIN};

impl Guard<'_> {
    /// The model saves the cursor as mode 1049 does, in place of what the program has saved. The older
    /// modes do not.
    pub(super) fn enter_alternate_screen(&mut self) {
        if !self.in_alternate_screen() {
            let saved = self.term.grid().saved_cursor.clone();
            self.term.set_private_mode(ALTERNATE);
            self.extras.saved_cursor = Some(saved);
        }
    }

    /// With the older modes the cursor is where it was on the other screen.
    pub(super) fn leave_alternate_screen(&mut self) {
        if self.in_alternate_screen() {
            let cursor = self.term.grid().cursor.clone();
            self.term.unset_private_mode(ALTERNATE);
            if let Some(mut saved) = self.extras.saved_cursor.take() {
                // The size may be another now.
                saved.point = saved.point.grid_clamp(self.term, Boundary::Cursor);
                let grid = self.term.grid_mut();
                (grid.cursor, grid.saved_cursor) = (cursor, saved);
            }
        }
    }

    /// What a change of the number of columns does besides.
    pub(super) fn clear_columns(&mut self) {
        self.extras.margins = None;
        self.term.set_private_mode(COLUMNS);
    }

    /// RIS: all is as at the start.
    pub(super) fn reset(&mut self) {
        self.term.reset_state();
        self.history.clear();
        self.hold.end();
        // The model keeps redefined colours through a reset, and so would a broken screen.
        for index in 0..COLORS {
            self.term.reset_color(index);
        }
        self.extras.reset();
    }

    /// DECSTR: modes are as at the start, while the screen and the cursor's place stay.
    pub(super) fn soft_reset(&mut self) {
        let point = self.term.grid().cursor.point;
        self.term.set_private_mode(PrivateMode::Named(NamedPrivateMode::ShowCursor));
        self.term.set_private_mode(PrivateMode::Named(NamedPrivateMode::LineWrap));
        self.term.unset_private_mode(PrivateMode::Named(NamedPrivateMode::CursorKeys));
        self.term.unset_private_mode(ORIGIN);
        self.term.unset_mode(Mode::Named(NamedMode::Insert));
        self.term.unset_keypad_application_mode();
        for index in [CharsetIndex::G0, CharsetIndex::G1, CharsetIndex::G2, CharsetIndex::G3] {
            self.term.configure_charset(index, StandardCharset::Ascii);
        }
        self.term.set_active_charset(CharsetIndex::G0);
        self.term.terminal_attribute(Attr::Reset);
        self.set_scrolling_region(1, None);
        self.term.save_cursor_position();
        self.term.grid_mut().cursor.point = point;
    }
}
