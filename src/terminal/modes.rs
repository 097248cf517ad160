//! What the program in the terminal has asked of the keyboard, the mouse and pastes.

use alacritty_terminal::term::TermMode;
use alacritty_terminal::vte::ansi::KeyboardModes;
use serde::{Deserialize, Serialize};

use super::extras::Extras;

/// Which mouse events the program wants, from fewer to more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum MouseReports {
    /// None: the mouse is the learner's, to scroll and select with.
    #[default]
    None,
    /// Presses of the three buttons alone (mode 9, X10).
    Press,
    /// Presses, releases and the wheel (mode 1000).
    Click,
    /// Those, and moves with a button down (mode 1002).
    Drag,
    /// Those, and every move (mode 1003).
    Motion,
}

/// How the program wants them written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MouseEncoding {
    /// One byte a coordinate: nothing beyond column and row 223 can be said.
    #[default]
    Default,
    /// The same as UTF-8 (mode 1005): up to 2015.
    Utf8,
    /// Decimal numbers (mode 1006).
    Sgr,
}

/// The modes that decide how input is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches of the terminal protocol")]
pub struct Modes {
    /// Arrows, Home and End are sent as `SS3` (DECCKM).
    pub application_cursor: bool,
    /// The keypad sends `SS3` sequences (DECKPAM).
    pub application_keypad: bool,
    /// Enter sends a carriage return and a line feed (LNM).
    pub newline: bool,
    /// Pastes are wrapped in `CSI 200~` and `CSI 201~`.
    pub bracketed_paste: bool,
    /// Getting and losing the focus is reported.
    pub focus_events: bool,
    /// The alternate screen is shown: an editor, a pager.
    pub alternate_screen: bool,
    /// In the alternate screen the wheel is sent as arrow keys (mode 1007; on unless unset).
    pub alternate_scroll: bool,
    /// Which mouse events are wanted.
    pub mouse: MouseReports,
    /// How they are written.
    pub mouse_encoding: MouseEncoding,
    /// Ambiguous keys are sent as `CSI u` (the first flag of kitty's protocol).
    pub disambiguate_keys: bool,
    /// Repeats and releases of keys are told (its second flag).
    pub key_events: bool,
    /// All keys are sent as `CSI u`, those that type text too (its fourth flag).
    pub all_keys: bool,
    /// How many of the other keys are sent as `CSI 27 ~` when pressed with modifiers (xterm's
    /// `modifyOtherKeys`): 0 for none, 1 for those that have no byte, 2 for all.
    pub modify_other_keys: u8,
}

impl Modes {
    pub(super) fn of(mode: TermMode, extras: &Extras) -> Self {
        let has = |flag| mode.contains(flag);
        let keyboard = extras.keyboard(mode).flags();
        Self {
            application_cursor: has(TermMode::APP_CURSOR),
            application_keypad: has(TermMode::APP_KEYPAD),
            newline: has(TermMode::LINE_FEED_NEW_LINE),
            bracketed_paste: has(TermMode::BRACKETED_PASTE),
            focus_events: has(TermMode::FOCUS_IN_OUT),
            alternate_screen: has(TermMode::ALT_SCREEN),
            alternate_scroll: has(TermMode::ALTERNATE_SCROLL),
            mouse: match () {
                () if has(TermMode::MOUSE_MOTION) => MouseReports::Motion,
                () if has(TermMode::MOUSE_DRAG) => MouseReports::Drag,
                () if has(TermMode::MOUSE_REPORT_CLICK) => MouseReports::Click,
                () if extras.x10_mouse => MouseReports::Press,
                () => MouseReports::None,
            },
            mouse_encoding: match () {
                () if has(TermMode::SGR_MOUSE) => MouseEncoding::Sgr,
                () if has(TermMode::UTF8_MOUSE) => MouseEncoding::Utf8,
                () => MouseEncoding::Default,
            },
            disambiguate_keys: keyboard.contains(KeyboardModes::DISAMBIGUATE_ESC_CODES),
            key_events: keyboard.contains(KeyboardModes::REPORT_EVENT_TYPES),
            all_keys: keyboard.contains(KeyboardModes::REPORT_ALL_KEYS_AS_ESC),
            modify_other_keys: extras.modify_other_keys,
        }
    }
}
