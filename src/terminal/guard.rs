//! Stands between the parser and the model: passes everything on, but bounds what one sequence can
//! cost, answers what the model leaves to its window, and maps the modes that the model lacks.

use std::time::Instant;

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::Flags;
use alacritty_terminal::term::color::COUNT as COLORS;
use alacritty_terminal::term::{Term, TermMode};
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, Hyperlink, KeyboardModes,
    KeyboardModesApplyBehavior, LineClearMode, Mode, ModifyOtherKeys, NamedPrivateMode,
    PrivateMode, Rgb, StandardCharset, TabulationClearMode,
};
use unicode_width::UnicodeWidthChar;

use super::extras::Extras;
use super::history::History;
use super::hold::Hold;
use super::keyboard::Keyboard;
use super::motion;
use super::outbox::Outbox;

/// Marks on one character. More are dropped: the model would keep any number, and no script
/// stacks so many.
const MAX_COMBINING: usize = 8;

/// A title's length in characters: more than any title line shows.
const MAX_TITLE: usize = 256;

/// A cell's size in pixels, for those who ask: a common one, since nobody knows the real one.
const CELL_PIXELS: (usize, usize) = (8, 16);

/// Columns of the widest character.
const WIDEST: Column = Column(2);

/// The X10 mouse mode.
const X10_MOUSE: PrivateMode = PrivateMode::Unknown(9);

/// The alternate screen that saves the cursor.
pub(super) const ALTERNATE: PrivateMode =
    PrivateMode::Named(NamedPrivateMode::SwapScreenAndSetRestoreCursor);

/// Those that do not: older, and still in use.
const ALTERNATE_SCREENS: [PrivateMode; 2] = [PrivateMode::Unknown(47), PrivateMode::Unknown(1047)];

/// The whole screen reversed.
const REVERSED: PrivateMode = PrivateMode::Unknown(5);

/// The cursor's place counted from the scrolling region.
pub(super) const ORIGIN: PrivateMode = PrivateMode::Named(NamedPrivateMode::Origin);

/// 132 columns. The pane's width is its window's, so it only clears the screen.
pub(super) const COLUMNS: PrivateMode = PrivateMode::Named(NamedPrivateMode::ColumnMode);

/// Saving and restoring the cursor as a mode.
const SAVED_CURSOR: PrivateMode = PrivateMode::Unknown(1048);

/// See the module.
pub(super) struct Guard<'a> {
    pub(super) term: &'a mut Term<Outbox>,
    pub(super) hold: &'a mut Hold,
    pub(super) extras: &'a mut Extras,
    pub(super) outbox: &'a Outbox,
    pub(super) history: &'a mut History,
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

    fn keyboard(&mut self) -> &mut Keyboard {
        let alternate = self.in_alternate_screen();
        &mut self.extras.keyboards[usize::from(alternate)]
    }

    pub(super) fn in_alternate_screen(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
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
        insert_blank(count: usize);
        move_forward(columns: usize);
        move_backward(columns: usize);
        backspace();
        carriage_return();
        bell();
        substitute();
        newline();
        set_horizontal_tabstop();
        scroll_down(rows: usize);
        insert_blank_lines(count: usize);
        erase_chars(count: usize);
        delete_chars(count: usize);
        save_cursor_position();
        clear_line(mode: LineClearMode);
        clear_tabs(mode: TabulationClearMode);
        reverse_index();
        terminal_attribute(attribute: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        report_mode(mode: Mode);
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
    }

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        if let Some(margins) = motion::margins(self.term, top, bottom) {
            self.extras.margins = margins;
            self.term.set_scrolling_region(top, bottom);
        }
    }

    fn goto_col(&mut self, column: usize) {
        motion::move_to_column(self.term, column);
    }

    fn move_up(&mut self, rows: usize) {
        motion::move_up(self.term, self.extras.margins, rows);
    }

    fn move_down(&mut self, rows: usize) {
        motion::move_down(self.term, self.extras.margins, rows);
    }

    fn move_up_and_cr(&mut self, rows: usize) {
        self.move_up(rows);
        self.goto_col(0);
    }

    fn move_down_and_cr(&mut self, rows: usize) {
        self.move_down(rows);
        self.goto_col(0);
    }

    fn device_status(&mut self, kind: usize) {
        match kind {
            6 => self.outbox.reply(motion::report(self.term, self.extras.margins).as_bytes()),
            kind => self.term.device_status(kind),
        }
    }

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        match intermediate {
            // The unit's number: it has none.
            Some('=') => self.outbox.reply(b"\x1bP!|00000000\x1b\\"),
            other => self.term.identify_terminal(other),
        }
    }

    #[inline]
    fn input(&mut self, character: char) {
        // Below U+0300 nothing combines; the soft hyphen (U+00AD) alone has no width there.
        let may_combine = character >= '\u{300}' || character == '\u{ad}';
        if may_combine && character.width() == Some(0) && self.marks_are_full() {
            return;
        }
        self.term.input(character);
        // So it is after a line has been wrapped.
        if self.term.grid().cursor.point.column <= WIDEST {
            self.history.collect(self.term);
        }
    }

    /// The parser asks for a plain line feed whatever the mode; the model's `newline` looks at it.
    #[inline]
    fn linefeed(&mut self) {
        self.term.newline();
        self.history.collect(self.term);
    }

    /// Behind the last column a tab wraps the line.
    fn put_tab(&mut self, count: u16) {
        self.term.put_tab(count);
        self.history.collect(self.term);
    }

    fn scroll_up(&mut self, rows: usize) {
        self.term.scroll_up(rows);
        self.history.collect(self.term);
    }

    fn delete_lines(&mut self, count: usize) {
        self.term.delete_lines(count);
        self.history.collect(self.term);
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        match mode {
            ClearMode::Saved if !self.in_alternate_screen() => self.history.clear(),
            // On the second line, the model's clearing above the cursor leaves the first as it is.
            ClearMode::Above if self.term.grid().cursor.point.line == Line(1) => {
                self.term.grid_mut().reset_region(..Line(1));
            }
            _ => {}
        }
        self.term.clear_screen(mode);
        self.history.collect(self.term);
    }

    /// No line has more stops than columns; with none set, the model walks the whole line for each
    /// that is asked for.
    fn move_backward_tabs(&mut self, count: u16) {
        self.term.move_backward_tabs(count.min(self.term.columns() as u16));
    }

    fn move_forward_tabs(&mut self, count: u16) {
        self.term.move_forward_tabs(count.min(self.term.columns() as u16));
    }

    fn restore_cursor_position(&mut self) {
        self.term.restore_cursor_position();
        self.mark_cursor();
    }

    fn reset_state(&mut self) {
        self.reset();
    }

    fn set_title(&mut self, title: Option<String>) {
        let printable = |title: String| -> String {
            title.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect()
        };
        let title = title.map(printable);
        self.extras.title.clone_from(&title);
        self.term.set_title(title);
    }

    /// Links cannot be shown in cells, and their targets would be kept for each cell. The model's
    /// serve as marks.
    fn set_hyperlink(&mut self, _: Option<Hyperlink>) {}

    /// The learner's clipboard is never read out to a container.
    fn clipboard_load(&mut self, _: u8, _: &str) {}

    fn set_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => {
                self.hold.begin(self.term, Instant::now());
            }
            X10_MOUSE => self.extras.x10_mouse = true,
            REVERSED => self.extras.reversed = true,
            COLUMNS => self.clear_columns(),
            SAVED_CURSOR => self.term.save_cursor_position(),
            mode if ALTERNATE_SCREENS.contains(&mode) => self.enter_alternate_screen(),
            mode => self.term.set_private_mode(mode),
        }
        self.mark_cursor();
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.hold.end(),
            X10_MOUSE => self.extras.x10_mouse = false,
            REVERSED => self.extras.reversed = false,
            COLUMNS => self.clear_columns(),
            ORIGIN => {
                self.term.unset_private_mode(mode);
                self.term.goto(0, 0);
            }
            SAVED_CURSOR => self.restore_cursor_position(),
            mode if ALTERNATE_SCREENS.contains(&mode) => self.leave_alternate_screen(),
            mode => self.term.unset_private_mode(mode),
        }
        self.mark_cursor();
    }

    fn report_private_mode(&mut self, mode: PrivateMode) {
        let alternate = self.in_alternate_screen();
        let set = match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.hold.until().is_some(),
            X10_MOUSE => self.extras.x10_mouse,
            REVERSED => self.extras.reversed,
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

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        self.keyboard().push(mode);
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        self.keyboard().pop(count);
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, how: KeyboardModesApplyBehavior) {
        self.keyboard().set(mode, how);
    }

    fn report_keyboard_mode(&mut self) {
        let flags = self.keyboard().flags().bits();
        self.outbox.reply(format!("\x1b[?{flags}u").as_bytes());
    }

    fn set_modify_other_keys(&mut self, mode: ModifyOtherKeys) {
        self.extras.modify_other_keys = match mode {
            ModifyOtherKeys::Reset => 0,
            ModifyOtherKeys::EnableExceptWellDefined => 1,
            ModifyOtherKeys::EnableAll => 2,
        };
    }

    fn report_modify_other_keys(&mut self) {
        let level = self.extras.modify_other_keys;
        self.outbox.reply(format!("\x1b[>4;{level}m").as_bytes());
    }
}
