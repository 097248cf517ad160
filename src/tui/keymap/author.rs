//! The rows of Author.

use super::{Binding, LEAVE, bind};
use crate::tui::app::Action;
use crate::tui::screens::author::{Command, PaneId};

const fn does(
    keys: &'static [&'static str],
    command: Command,
    short: &'static str,
    long: &'static str,
) -> Binding {
    bind(keys, Action::Author(command), short, long)
}

const fn pane(keys: &'static [&'static str], pane: PaneId, long: &'static str) -> Binding {
    does(keys, Command::Pane(pane), "", long)
}

/// What holds in every pane but the editor.
pub(super) const AUTHOR: &[Binding] = &[
    bind(&["tab", "f6"], Action::NextPane, "pane", "The next pane"),
    bind(&["shift-tab", "shift-f6"], Action::PreviousPane, "", "The pane before"),
    does(&["ctrl-s"], Command::Save, "save", "Save every file that has changes"),
    does(&["t"], Command::Try, "try", "Try this item as a learner"),
    does(&["P"], Command::Prove, "prove", "Prove this item; stop that; put it away"),
    does(&["f8", "n"], Command::NextProblem, "next problem", "Edit where the next problem is"),
    does(&["shift-f8", "p"], Command::PreviousProblem, "", "Edit where the problem before is"),
    bind(&["l"], Action::Layout, "", "With the preview beside the editor, or without"),
    pane(&["1"], PaneId::Files, "To the files"),
    pane(&["2", LEAVE], PaneId::Editor, "To the editor"),
    pane(&["3"], PaneId::Preview, "To the preview"),
    pane(&["4"], PaneId::Problems, "To the problems"),
    bind(&["esc"], Action::GoHome, "home", "Back to Home"),
];

pub(super) const FILES: &[Binding] = &[
    bind(&["enter"], Action::Open, "open", "Edit the selected file; fold or unfold"),
    bind(&["r"], Action::Retry, "", "Read a folder again that could not be read"),
    bind(&["left", "h"], Action::Collapse, "", "Fold, or to what it is in"),
    bind(&["right"], Action::Expand, "", "Unfold"),
];

pub(super) const PROBLEMS: &[Binding] =
    &[bind(&["enter"], Action::Open, "go there", "Edit where the selected problem is")];

/// All that is not typed into the file.
pub(super) const EDITOR: &[Binding] = &[
    does(&["ctrl-s"], Command::Save, "save", "Save the file"),
    does(&["esc", LEAVE], Command::Pane(PaneId::Files), "files", "To the files"),
    bind(&["f6"], Action::NextPane, "pane", "The next pane"),
    bind(&["shift-f6"], Action::PreviousPane, "", "The pane before"),
    does(&["f8"], Command::NextProblem, "next problem", "To the next problem"),
    does(&["shift-f8"], Command::PreviousProblem, "", "To the problem before"),
    does(&["ctrl-f"], Command::Find, "find", "Search the file"),
    does(&["f3", "alt-n"], Command::FindNext, "", "To the next place where it stands"),
    does(&["shift-f3", "alt-p"], Command::FindPrevious, "", "To the place before"),
    does(&["ctrl-g"], Command::GoToLine, "", "Go to a line"),
    does(&["ctrl-z"], Command::Undo, "undo", "Undo the last change"),
    does(&["ctrl-y"], Command::Redo, "", "Make it again"),
    does(&["ctrl-c"], Command::Copy, "", "Copy what is selected"),
    does(&["ctrl-x"], Command::Cut, "", "Cut what is selected"),
    does(&["ctrl-v"], Command::Paste, "", "Paste what was cut or copied here"),
    does(&["ctrl-a"], Command::SelectAll, "", "Select everything"),
    bind(&["f4"], Action::Layout, "", "With the preview beside the editor, or without"),
    does(&["f5"], Command::Try, "", "Try this item as a learner"),
    does(&["f7"], Command::Prove, "", "Prove this item; stop that; put it away"),
    bind(&["f2"], Action::Palette, "commands", "Find and run any command"),
    bind(&["f1"], Action::Help, "keys", "Show the keys of this screen"),
    bind(&["ctrl-l"], Action::Redraw, "", "Draw the screen anew"),
    bind(&["ctrl-q"], Action::Quit, "", "Quit"),
];

pub(super) const PROMPT: &[Binding] = &[
    bind(&["enter"], Action::Open, "next", "To the next place where it stands; to the line"),
    bind(&["up"], Action::Up, "before", "To the place before"),
    bind(&["down"], Action::Down, "", "To the next place"),
    bind(&["esc"], Action::Back, "close", "Stay where the cursor is"),
];
