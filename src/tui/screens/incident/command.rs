//! What can be done on an incident's screen besides moving around.

use super::Tab;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// To a tab.
    Tab(Tab),
    /// Read the page again that called for help, and how the system works.
    Briefing,
    /// Read all updates.
    Updates,
    /// Ask for the next hint.
    Hint,
    /// Say what is wrong.
    Diagnose,
    /// Say that it is repaired.
    Complete,
    /// Hold it, or go on.
    Pause,
    /// Start over.
    Restart,
    /// Give up.
    Escalate,
    /// Read what happened, once it is over.
    Debrief,
    /// A shorter time.
    ZoomIn,
    /// A longer time.
    ZoomOut,
    /// Back to now.
    Live,
    /// Read values under a cursor.
    Cursor,
    /// Ask Prometheus something.
    Prompt,
    /// Take the completion that is selected.
    TakeCompletion,
    /// Filter the logs by a text.
    Filter,
    /// To the logs, or back.
    Logs,
    /// To the traces, or back.
    Traces,
    /// Only the next service's log lines.
    Service,
    /// Only log lines of the next severity and worse.
    Level,
    /// Fold repeated log lines, or show each.
    Fold,
    /// All log lines again.
    ClearFilters,
    /// The slowest traces, or those that failed.
    FailedTraces,
    /// Apply the changes of a form.
    Apply,
    /// Drop the changes of a form.
    Discard,
    /// Bring a service's configuration back to its defaults.
    Defaults,
    /// Start a service anew.
    RestartService,
    /// Draw charts with other signs.
    Dots,
}
