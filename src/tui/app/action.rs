//! What a user can do; keys, the palette and the mouse all come down to these.

use crate::session::recording::Control;
use crate::terminal::copy::Command;
use crate::tui::screens::{author, incident, tracker};

/// One thing to do. What it acts on is the screen's selection and focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// End the program.
    Quit,
    /// Show the keys.
    Help,
    /// Find a command.
    Palette,
    /// Draw anew.
    Redraw,
    /// Stop, for the parent shell's `fg`.
    Suspend,
    /// The next theme.
    NextTheme,
    /// Mouse on or off.
    ToggleMouse,
    /// Up a line or row.
    Up,
    /// Down a line or row.
    Down,
    /// Up a page.
    PageUp,
    /// Down a page.
    PageDown,
    /// To the beginning.
    Top,
    /// To the end.
    Bottom,
    /// Fold, or to the left.
    Collapse,
    /// Unfold, or to the right.
    Expand,
    /// Do the selected thing.
    Open,
    /// Open the selected item in a fresh sandbox.
    OpenFresh,
    /// Go back one step.
    Back,
    /// Search on Home.
    Search,
    /// Remove the selected item's sandbox.
    Destroy,
    /// Show what the selected item may do on this machine.
    Permissions,
    /// Play the selected item's recording.
    OpenReplay,
    /// Show how far one has come.
    OpenTracker,
    /// Show what was attempted.
    OpenHistory,
    /// To a pane of Tracker.
    Pane(tracker::PaneId),
    /// The next filter of History.
    NextState,
    /// To the next change of a check in a story.
    NextMoment,
    /// To the one before.
    PreviousMoment,
    /// Something that the player is to do.
    Replay(Control),
    /// Another order.
    Sort,
    /// Pages that turn by themselves, or stay.
    Turn,
    /// What could not be read.
    Troubles,
    /// Look again.
    Refresh,
    /// Open setup.
    Setup,
    /// Write content.
    OpenContent,
    /// Something on Author.
    Author(author::Command),
    /// Go Home.
    GoHome,
    /// The next pane.
    NextPane,
    /// The pane before.
    PreviousPane,
    /// To the lesson.
    FocusLesson,
    /// To the shell.
    FocusShell,
    /// To the checks and hints.
    FocusSidebar,
    /// Out of the shell.
    LeaveShell,
    /// Send the leave key to the shell.
    SendLeaveKey,
    /// Look back in the shell with keys.
    CopyMode,
    /// Something in copy mode.
    Copy(Command),
    /// To the shell's prompt above.
    PreviousPrompt,
    /// To the shell's prompt below.
    NextPrompt,
    /// Copy what the shell's last command printed.
    CopyOutput,
    /// Open a link that the shell shows.
    OpenLinks,
    /// Run the checks now.
    Verify,
    /// The next hint.
    Hint,
    /// The next layout.
    Layout,
    /// Make the pane narrower.
    Narrower,
    /// Make the pane wider.
    Wider,
    /// Show what the checks' commands did.
    Drawer,
    /// Run the shown check alone.
    RunCheck,
    /// Start over.
    Reset,
    /// Choose a snapshot whose files to bring back.
    Rewind,
    /// Keep the files as they are now.
    Snapshot,
    /// Write down what is typed as a solution, or end that.
    RecordSolution,
    /// Select the next code block or link.
    NextBlock,
    /// Select the one before.
    PreviousBlock,
    /// Copy the selected code block.
    CopyBlock,
    /// Type the selected code block into the shell.
    TypeBlock,
    /// Open the selected link.
    FollowLink,
    /// Prepare the sandbox again, or open a new shell.
    Retry,
    /// Sync completions.
    Sync,
    /// Something on an incident's screen.
    Incident(incident::Command),
}

impl Action {
    /// How far it moves in a list, or in a text, whose page has so many lines; to the ends it is
    /// further than any is long. `None` where it is no such movement.
    pub fn step(self, page: usize) -> Option<isize> {
        let page = page.max(1).cast_signed();
        match self {
            Self::Up => Some(-1),
            Self::Down => Some(1),
            Self::PageUp => Some(-page),
            Self::PageDown => Some(page),
            Self::Top => Some(isize::MIN / 2),
            Self::Bottom => Some(isize::MAX / 2),
            _ => None,
        }
    }
}
