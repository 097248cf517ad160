//! Stands between the parser and the model: passes everything on, but bounds what one sequence can
//! cost, answers what the model leaves to its window, and maps the modes that the model lacks.

use std::time::Instant;

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Line;
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::color::COUNT as COLORS;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, NamedPrivateMode, PrivateMode, Rgb,
    StandardCharset, TabulationClearMode,
};
use unicode_width::UnicodeWidthChar;

use super::hold::Hold;
use super::outbox::Outbox;
use super::palette::Palette;

/// Marks on one character. More are dropped: the model would keep any number, and no script
/// stacks so many.
const MAX_COMBINING: usize = 8;

/// A title's length in characters: more than any title line shows.
const MAX_TITLE: usize = 256;

/// Nested requests for other keyboard encodings. The model's own bound, 4096, panics when it is
/// reached (`alacritty_terminal` 0.26 removes from the wrong stack).
const MAX_KEYBOARDS: u16 = 64;

/// A cell's size in pixels, for those who ask: a common one, since nobody knows the real one.
const CELL_PIXELS: (usize, usize) = (8, 16);

/// The X10 mouse mode.
const X10_MOUSE: PrivateMode = PrivateMode::Unknown(9);

/// The alternate screen without, and with, saving the cursor: older spellings of 1049.
const ALTERNATE_SCREENS: [PrivateMode; 2] = [PrivateMode::Unknown(47), PrivateMode::Unknown(1047)];

/// Saving and restoring the cursor as a mode.
const SAVED_CURSOR: PrivateMode = PrivateMode::Unknown(1048);

/// What is remembered beside the model.
#[derive(Default)]
pub(super) struct Extras {
    /// How many keyboard encodings are stacked on the primary and on the alternate screen.
    keyboards: [u16; 2],
    /// Whether presses are reported in the X10 way, unless a later mode says otherwise.
    pub(super) x10_mouse: bool,
    /// What colour queries are answered with.
    pub(super) palette: Palette,
}

/// See the module.
pub(super) struct Guard<'a> {
    pub(super) term: &'a mut Term<Outbox>,
    pub(super) hold: &'a mut Hold,
    pub(super) extras: &'a mut Extras,
    pub(super) outbox: &'a Outbox,
}

impl Guard<'_> {
    /// Whether the character that a mark would be added to has enough of them.
    fn marks_are_full(&self) -> bool {
        let grid = self.term.grid();
        let (point, row) = (grid.cursor.point, &grid[grid.cursor.point.line]);
        let mut column = point.column;
        if !grid.cursor.input_needs_wrap {
            column.0 = column.saturating_sub(1);
        }
        if row[column].flags.contains(Flags::WIDE_CHAR_SPACER) {
            column.0 = column.saturating_sub(1);
        }
        row[column].zerowidth().is_some_and(|marks| marks.len() >= MAX_COMBINING)
    }

    fn keyboards(&mut self) -> &mut u16 {
        let alternate = self.term.mode().contains(TermMode::ALT_SCREEN);
        &mut self.extras.keyboards[usize::from(alternate)]
    }
}

/// Methods that are passed on as they are.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(#[inline]
        fn $name(&mut self, $($argument: $kind),*) {
            self.term.$name($($argument),*);
        })*
    };
}

impl Handler for Guard<'_> {
    pass_on! {
        set_cursor_style(style: Option<CursorStyle>);
        set_cursor_shape(shape: CursorShape);
        goto(line: i32, column: usize);
        goto_line(line: i32);
        goto_col(column: usize);
        insert_blank(count: usize);
        move_up(rows: usize);
        move_down(rows: usize);
        identify_terminal(intermediate: Option<char>);
        device_status(kind: usize);
        move_forward(columns: usize);
        move_backward(columns: usize);
        move_down_and_cr(rows: usize);
        move_up_and_cr(rows: usize);
        put_tab(count: u16);
        backspace();
        carriage_return();
        bell();
        substitute();
        newline();
        set_horizontal_tabstop();
        scroll_up(rows: usize);
        scroll_down(rows: usize);
        insert_blank_lines(count: usize);
        delete_lines(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        save_cursor_position();
        restore_cursor_position();
        clear_line(mode: LineClearMode);
        clear_tabs(mode: TabulationClearMode);
        reverse_index();
        terminal_attribute(attribute: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
        set_scrolling_region(top: usize, bottom: Option<usize>);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        set_active_charset(index: CharsetIndex);
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        set_color(index: usize, color: Rgb);
        reset_color(index: usize);
        clipboard_store(clipboard: u8, base64: &[u8]);
        decaln();
        push_title();
        pop_title();
        text_area_size_chars();
        report_keyboard_mode();
    }

    #[inline]
    fn input(&mut self, character: char) {
        // Below U+0300 nothing combines; the soft hyphen (U+00AD) alone has no width there.
        let may_combine = character >= '\u{300}' || character == '\u{ad}';
        if may_combine && character.width() == Some(0) && self.marks_are_full() {
            return;
        }
        self.term.input(character);
    }

    /// The parser asks for a plain line feed whatever the mode; the model's `newline` looks at it.
    fn linefeed(&mut self) {
        self.term.newline();
    }

    /// On the second line, the model's clearing above the cursor leaves the first as it is.
    fn clear_screen(&mut self, mode: ClearMode) {
        if matches!(mode, ClearMode::Above) && self.term.grid().cursor.point.line == Line(1) {
            self.term.grid_mut().reset_region(..Line(1));
        }
        self.term.clear_screen(mode);
    }

    /// No line has more stops than columns; with none set, the model walks the whole line for each
    /// that is asked for.
    fn move_backward_tabs(&mut self, count: u16) {
        self.term.move_backward_tabs(count.min(self.term.columns() as u16));
    }

    fn move_forward_tabs(&mut self, count: u16) {
        self.term.move_forward_tabs(count.min(self.term.columns() as u16));
    }

    fn reset_state(&mut self) {
        self.term.reset_state();
        // The model keeps redefined colours through a reset, and so would a broken screen.
        for index in 0..COLORS {
            self.term.reset_color(index);
        }
        self.extras.keyboards = [0; 2];
        self.extras.x10_mouse = false;
        self.hold.end();
    }

    fn set_title(&mut self, title: Option<String>) {
        let printable = |title: String| -> String {
            title.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect()
        };
        self.term.set_title(title.map(printable));
    }

    /// Links cannot be shown in cells, and their targets would be kept for each cell.
    fn set_hyperlink(&mut self, _: Option<Hyperlink>) {}

    /// The learner's clipboard is never read out to a container.
    fn clipboard_load(&mut self, _: u8, _: &str) {}

    fn set_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => {
                self.hold.begin(self.term, Instant::now());
            }
            X10_MOUSE => self.extras.x10_mouse = true,
            SAVED_CURSOR => self.term.save_cursor_position(),
            mode if ALTERNATE_SCREENS.contains(&mode) => {
                let alternate = NamedPrivateMode::SwapScreenAndSetRestoreCursor;
                self.term.set_private_mode(PrivateMode::Named(alternate));
            }
            mode => self.term.set_private_mode(mode),
        }
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.hold.end(),
            X10_MOUSE => self.extras.x10_mouse = false,
            SAVED_CURSOR => self.term.restore_cursor_position(),
            mode if ALTERNATE_SCREENS.contains(&mode) => {
                let alternate = NamedPrivateMode::SwapScreenAndSetRestoreCursor;
                self.term.unset_private_mode(PrivateMode::Named(alternate));
            }
            mode => self.term.unset_private_mode(mode),
        }
    }

    fn report_private_mode(&mut self, mode: PrivateMode) {
        let alternate = self.term.mode().contains(TermMode::ALT_SCREEN);
        let set = match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.hold.until().is_some(),
            X10_MOUSE => self.extras.x10_mouse,
            mode if ALTERNATE_SCREENS.contains(&mode) => alternate,
            mode => return self.term.report_private_mode(mode),
        };
        let state = if set { 1 } else { 2 };
        self.outbox.reply(format!("\x1b[?{};{state}$y", mode.raw()).as_bytes());
    }

    fn dynamic_color_sequence(&mut self, prefix: String, index: usize, terminator: &str) {
        let known = (index < COLORS).then(|| self.term.colors()[index]).flatten();
        let Rgb { r, g, b } = known.unwrap_or_else(|| self.extras.palette.color(index));
        let (r, g, b) = (u16::from(r) * 257, u16::from(g) * 257, u16::from(b) * 257);
        let reply = format!("\x1b]{prefix};rgb:{r:04x}/{g:04x}/{b:04x}{terminator}");
        self.outbox.reply(reply.as_bytes());
    }

    fn text_area_size_pixels(&mut self) {
        let (width, height) = CELL_PIXELS;
        let (width, height) = (self.term.columns() * width, self.term.screen_lines() * height);
        self.outbox.reply(format!("\x1b[4;{height};{width}t").as_bytes());
    }

    // Of kitty's keyboard protocol the first level is spoken; more must not be confirmed.

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        if *self.keyboards() < MAX_KEYBOARDS {
            *self.keyboards() += 1;
            self.term.push_keyboard_mode(mode & KeyboardModes::DISAMBIGUATE_ESC_CODES);
        }
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        *self.keyboards() = self.keyboards().saturating_sub(count);
        self.term.pop_keyboard_modes(count);
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, how: KeyboardModesApplyBehavior) {
        let mode = mode & KeyboardModes::DISAMBIGUATE_ESC_CODES;
        Handler::set_keyboard_mode(self.term, mode, how);
    }
}
