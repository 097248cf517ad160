//! The rows of the shell's pane: the live view, the scrolled one, and copy mode.

use super::{Binding, LEAVE, bind};
use crate::terminal::copy::{Command, Kind, Words};
use crate::tui::app::Action;

const fn copy(
    keys: &'static [&'static str],
    command: Command,
    short: &'static str,
    long: &'static str,
) -> Binding {
    bind(keys, Action::Copy(command), short, long)
}

const LEAVE_SHELL: Binding =
    bind(&[LEAVE], Action::LeaveShell, "leaves the shell", "Out of the shell, to the commands");

const PAGE_UP: Binding = bind(&["shift-pageup"], Action::PageUp, "", "Scroll back a page");
const PAGE_DOWN: Binding = bind(&["shift-pagedown"], Action::PageDown, "", "Scroll forward a page");
const PROMPT_UP: Binding =
    bind(&["ctrl-shift-up"], Action::PreviousPrompt, "", "Scroll to the prompt above");
const PROMPT_DOWN: Binding =
    bind(&["ctrl-shift-down"], Action::NextPrompt, "", "Scroll to the prompt below");

pub(super) const SHELL: &[Binding] = &[LEAVE_SHELL, PAGE_UP, PAGE_DOWN, PROMPT_UP, PROMPT_DOWN];

pub(super) const SCROLLED: &[Binding] = &[
    LEAVE_SHELL,
    bind(&["esc"], Action::Back, "back to the prompt", "Back to the live shell"),
    PAGE_UP,
    PAGE_DOWN,
    PROMPT_UP,
    PROMPT_DOWN,
];

/// A bare shell after the leave key.
pub(super) const MENU: &[Binding] =
    &[bind(&["q", LEAVE], Action::Quit, "leaves it running", "Leave the shell running and end")];

pub(super) const MENU_MORE: &[Binding] = &[
    bind(&["?"], Action::Help, "keys", "Show these keys"),
    bind(&["esc"], Action::Back, "back", "Back to the shell"),
    bind(&[":"], Action::Palette, "", "Find and run any command"),
    bind(&["]"], Action::SendLeaveKey, "", "Send the leave key itself to the shell"),
    PAGE_UP,
    PAGE_DOWN,
];

/// A bare shell that cannot be typed into.
pub(super) const WATCH: &[Binding] = &[
    bind(&["q", LEAVE, "ctrl-c"], Action::Quit, "leaves", "Stop watching; the shell goes on"),
    bind(&["?"], Action::Help, "keys", "Show these keys"),
    bind(&[":"], Action::Palette, "", "Find and run any command"),
    bind(&["pageup", "shift-pageup"], Action::PageUp, "", "Scroll back a page"),
    bind(&["pagedown", "shift-pagedown"], Action::PageDown, "", "Scroll forward a page"),
];

/// What looks back from another pane, after the leave key.
pub(super) const COMMANDS: &[Binding] = &[
    bind(&["["], Action::CopyMode, "copy mode", "Copy mode: look back, search and copy"),
    bind(&["{"], Action::PreviousPrompt, "", "Copy mode at the prompt above"),
    bind(&["}"], Action::NextPrompt, "", "Copy mode at the prompt below"),
    bind(&["y"], Action::CopyOutput, "", "Copy what the last command printed"),
    bind(&["o"], Action::OpenLinks, "", "Open an address or a file that is in view"),
];

pub(super) const COPY: &[Binding] = &[
    copy(&["v"], Command::Select(Kind::Characters), "select", "Select characters"),
    copy(&["y", "enter"], Command::Copy, "copy", "Copy the selection and go back to the shell"),
    copy(&["/"], Command::Search { forward: true }, "search", "Search towards newer lines"),
    copy(&["{", "["], Command::PreviousPrompt, "prompt", "To the prompt above"),
    copy(&["q", "ctrl-c"], Command::Leave, "back to the shell", "Back to the live shell"),
    bind(&["f1"], Action::Help, "keys", "Show the keys of copy mode"),
    copy(&["esc"], Command::Cancel, "", "Select nothing; or back to the shell"),
    copy(&["V"], Command::Select(Kind::Lines), "", "Select whole lines"),
    copy(&["ctrl-v"], Command::Select(Kind::Block), "", "Select a block"),
    copy(&["o"], Command::OtherEnd, "", "To the other end of the selection"),
    copy(&["Y"], Command::CopyOutput, "", "Copy what the last command printed and go back"),
    copy(&["?"], Command::Search { forward: false }, "", "Search towards older lines"),
    copy(&["n"], Command::NextMatch, "", "To the next match"),
    copy(&["N"], Command::PreviousMatch, "", "To the match before"),
    copy(&["}", "]"], Command::NextPrompt, "", "To the prompt below"),
    copy(&["h", "left"], Command::Left, "", "Left"),
    copy(&["j", "down"], Command::Down, "", "Down"),
    copy(&["k", "up"], Command::Up, "", "Up"),
    copy(&["l", "right"], Command::Right, "", "Right"),
    copy(&["w"], Command::WordRight(Words::Small), "", "To the next word"),
    copy(&["b"], Command::WordLeft(Words::Small), "", "To the word before"),
    copy(&["e"], Command::WordEnd(Words::Small), "", "To the end of the word"),
    copy(&["W"], Command::WordRight(Words::Big), "", "To the next word between blanks"),
    copy(&["B"], Command::WordLeft(Words::Big), "", "To the word before, between blanks"),
    copy(&["E"], Command::WordEnd(Words::Big), "", "To the end of the word, between blanks"),
    copy(&["0", "home"], Command::LineStart, "", "To the beginning of the line"),
    copy(&["^"], Command::LineText, "", "To the first character of the line"),
    copy(&["$", "end"], Command::LineEnd, "", "To the end of the line"),
    copy(&["g"], Command::Top, "", "To the oldest line"),
    copy(&["G"], Command::Bottom, "", "To the newest line"),
    copy(&["H"], Command::High, "", "To the top of the view"),
    copy(&["M"], Command::Middle, "", "To its middle"),
    copy(&["L"], Command::Low, "", "To its bottom"),
    copy(&["ctrl-u"], Command::HalfUp, "", "Half a page up"),
    copy(&["ctrl-d"], Command::HalfDown, "", "Half a page down"),
    copy(&["ctrl-b", "pageup", "shift-pageup"], Command::PageUp, "", "A page up"),
    copy(&["ctrl-f", "pagedown", "shift-pagedown", "space"], Command::PageDown, "", "A page down"),
    copy(&["ctrl-y"], Command::ScrollUp, "", "The view a row up"),
    copy(&["ctrl-e"], Command::ScrollDown, "", "The view a row down"),
    LEAVE_SHELL_QUIETLY,
    bind(&[":"], Action::Palette, "", "Find and run any command"),
];

/// In the footer of copy mode its own keys matter more.
const LEAVE_SHELL_QUIETLY: Binding = Binding { short: "", ..LEAVE_SHELL };

pub(super) const COPY_SEARCH: &[Binding] = &[
    copy(&["enter"], Command::Found, "stay here", "Stay at the match; n and N go on"),
    copy(&["esc", "ctrl-c"], Command::Cancel, "give up", "Give up the search"),
];
