//! The rows of an incident's screen.

use super::{Binding, DOWN, LEAVE, PAGE_DOWN, PAGE_UP, TOP, UP, bind};
use crate::tui::app::Action;
use crate::tui::screens::incident::{Command, Tab};

const fn does(
    keys: &'static [&'static str],
    command: Command,
    short: &'static str,
    long: &'static str,
) -> Binding {
    bind(keys, Action::Incident(command), short, long)
}

const LOGS_KEY: Binding = does(&["L"], Command::Logs, "logs", "To the logs of all services");
const TRACES_KEY: Binding = does(&["T"], Command::Traces, "traces", "To the traces");
const PROMPT_KEY: Binding =
    does(&["p"], Command::Prompt, "query", "Ask Prometheus something (PromQL)");

/// What holds on every tab but the shell as long as there is something to repair.
pub(super) const DUTY: &[Binding] = &[
    does(&["h"], Command::Hint, "hint", "Ask for the next hint"),
    does(&["d"], Command::Diagnose, "diagnosis", "Say what is wrong"),
    does(&["c"], Command::Complete, "complete", "Say that it is repaired"),
];

/// What comes first once it is over.
pub(super) const OVER: &[Binding] = &[
    does(&["m"], Command::Debrief, "what happened", "Read what happened, and what can be done now"),
    does(&["R"], Command::Restart, "start over", "Start the incident over"),
    bind(&["esc"], Action::Back, "leave", "Back one step; at last leave the incident"),
];

/// What holds on every tab but the shell.
pub(super) const INCIDENT: &[Binding] = &[
    does(&["1"], Command::Tab(Tab::User), "", "To what the users see"),
    does(&["2"], Command::Tab(Tab::Observe), "", "To metrics, logs and traces"),
    does(&["3"], Command::Tab(Tab::Act), "", "To configuration, requests and diagnostics"),
    bind(&["4", LEAVE], Action::FocusShell, "", "To the shell"),
    does(&["u"], Command::Updates, "", "Read all updates"),
    does(&["b"], Command::Briefing, "", "Read the briefing, and how the system works"),
    does(&["m"], Command::Debrief, "", "Read what happened, once it is over"),
    does(&["P"], Command::Pause, "", "Pause: load, time and hints stand still; or go on"),
    does(&["R"], Command::Restart, "", "Start the incident over"),
    does(&["e"], Command::Escalate, "", "Escalate: give up and see what was wrong"),
    bind(&["]"], Action::SendLeaveKey, "", "Send the leave key itself to the shell"),
    does(&[], Command::Dots, "", "Draw charts with braille or with blocks"),
    bind(&["esc"], Action::Back, "", "Back one step; at last leave the incident"),
];

pub(super) const USER: &[Binding] = &[
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G", "0"], Action::Bottom, "", "Back to what happens now"),
];

pub(super) const PANELS: &[Binding] = &[
    bind(&["tab"], Action::NextPane, "panel", "The next panel"),
    bind(&["enter"], Action::Open, "open", "One panel on the whole screen, or all again"),
    does(&["+", "="], Command::ZoomIn, "", "A shorter time"),
    does(&["v"], Command::Cursor, "", "Read values under a cursor, or no more"),
    PROMPT_KEY,
    LOGS_KEY,
    TRACES_KEY,
    bind(&["shift-tab"], Action::PreviousPane, "", "The panel before"),
    UP,
    DOWN,
    does(&["-"], Command::ZoomOut, "", "A longer time"),
    bind(&["left"], Action::Collapse, "", "Back in time, or the cursor to the left"),
    bind(&["right"], Action::Expand, "", "Forward in time, or the cursor to the right"),
    does(&["0"], Command::Live, "", "Back to now"),
    PAGE_UP,
    PAGE_DOWN,
    does(&["/"], Command::Filter, "", "Search the logs"),
];

pub(super) const LOGS: &[Binding] = &[
    does(&["/"], Command::Filter, "filter", "Only lines with a text"),
    does(&["s"], Command::Service, "service", "Only the next service's lines"),
    does(&["l"], Command::Level, "level", "Only lines of the next severity and worse"),
    does(&["f"], Command::Fold, "fold", "Fold repeated lines, or show each"),
    does(&["x"], Command::ClearFilters, "all lines", "All lines again"),
    bind(&["enter"], Action::Open, "", "Read the selected line in full"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G", "0"], Action::Bottom, "", "Follow what comes again"),
    does(&["L"], Command::Logs, "", "Back to the panels"),
    TRACES_KEY,
    PROMPT_KEY,
];

pub(super) const TRACES: &[Binding] = &[
    bind(&["enter"], Action::Open, "open", "Open the selected trace"),
    does(
        &["f"],
        Command::FailedTraces,
        "slowest/failed",
        "The slowest traces, or those that failed",
    ),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G"], Action::Bottom, "", "To the last"),
    does(&["T"], Command::Traces, "", "Back to the panels"),
    LOGS_KEY,
    PROMPT_KEY,
];

pub(super) const TRACE: &[Binding] = &[
    bind(&["esc", "backspace"], Action::Back, "all traces", "Back to the list"),
    does(&["L"], Command::Logs, "its logs", "The log lines of this trace"),
    bind(&["up", "k"], Action::Up, "", "The span above"),
    bind(&["down", "j"], Action::Down, "", "The span below"),
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G"], Action::Bottom, "", "To the last"),
    PROMPT_KEY,
];

pub(super) const ACT: &[Binding] = &[
    bind(&["enter"], Action::Open, "open, send, type", "Open, send or type what is selected"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G"], Action::Bottom, "", "To the last"),
    bind(&["tab"], Action::NextPane, "", "To the opened form"),
    does(&["r"], Command::RestartService, "", "Start the selected service anew"),
];

pub(super) const FORM: &[Binding] = &[
    bind(&["enter"], Action::Open, "change", "Change the selected value"),
    does(&["a"], Command::Apply, "apply", "Apply the changes"),
    does(&["x"], Command::Discard, "", "Drop the changes"),
    bind(&["esc", "tab", "left"], Action::Back, "back", "Back to the list"),
    UP,
    DOWN,
    PAGE_UP,
    PAGE_DOWN,
    TOP,
    bind(&["end", "G"], Action::Bottom, "", "To the last"),
    does(&["D"], Command::Defaults, "", "Bring this service's configuration back to its defaults"),
    does(&["r"], Command::RestartService, "", "Start this service anew"),
];

pub(super) const FIELD: &[Binding] = &[
    bind(&["enter"], Action::Open, "keep", "Keep the value; a applies it"),
    bind(&["esc", "ctrl-c"], Action::Back, "give up", "Leave the value as it is"),
];

pub(super) const PROMPT: &[Binding] = &[
    bind(&["enter"], Action::Open, "run", "Run the query"),
    does(&["tab"], Command::TakeCompletion, "complete", "Take the selected name"),
    bind(&["up", "ctrl-p"], Action::Up, "", "The name above, or the query before"),
    bind(&["down", "ctrl-n"], Action::Down, "", "The name below"),
    bind(&["esc", "ctrl-c"], Action::Back, "give up", "Close the prompt"),
];

pub(super) const LOG_FILTER: &[Binding] = &[
    bind(&["enter"], Action::Open, "keep", "Keep the filter"),
    bind(&["esc", "ctrl-c"], Action::Back, "give up", "All texts again"),
];

pub(super) const NO_INCIDENT: &[Binding] = &[
    bind(&["enter", "r"], Action::Retry, "try again", "Start it again"),
    bind(&["esc"], Action::GoHome, "home", "Back to Home"),
];

/// Before it is the learner's turn there is nothing to be done but to look around, or to leave.
pub(super) const STARTING: &[Binding] = &[
    bind(&["esc"], Action::GoHome, "stop", "Stop, and back to Home"),
    does(&["1"], Command::Tab(Tab::User), "", "How far it is"),
    does(&["2"], Command::Tab(Tab::Observe), "look around", "To what is normal in the system"),
    does(&["u"], Command::Updates, "", "Read all updates"),
];
