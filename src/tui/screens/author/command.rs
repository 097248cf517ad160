//! What can be done on Author and nowhere else.

use super::PaneId;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Write the open file, or all, where none is open.
    Save,
    /// Take the last change back.
    Undo,
    /// Make it again.
    Redo,
    /// Search the open file.
    Find,
    /// To the next place where it stands.
    FindNext,
    /// To the one before.
    FindPrevious,
    /// To a line.
    GoToLine,
    /// Copy what is selected.
    Copy,
    /// The same, and remove it.
    Cut,
    /// Insert what was copied.
    Paste,
    /// Select everything.
    SelectAll,
    /// To a pane.
    Pane(PaneId),
    /// To the next thing that is wrong.
    NextProblem,
    /// To the one before.
    PreviousProblem,
    /// Try the selected item as a learner.
    Try,
    /// Prove the selected item; stop that; put what came of it away.
    Prove,
}
