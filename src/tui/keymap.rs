//! Which key does what where: one table, from which the footer, the help and the palette are made,
//! so that they are always true.

mod author;
mod incident;
mod shell;
mod tracker;

use crossterm::event::KeyEvent;

use super::app::Action;
pub use crate::chord::Chord;
use crate::session::recording::Control;

/// Where keys are going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// The tree of modules and items.
    Home,
    /// Typing a search on Home.
    Search,
    /// The lesson pane.
    Lesson,
    /// The shell pane: every key but a few goes to the shell.
    Shell,
    /// The shell pane scrolled back: typing returns to the shell.
    Scrolled,
    /// The shell pane in copy mode.
    Copy,
    /// Typing what to search for in copy mode.
    CopySearch,
    /// A bare shell, after the leave key.
    Menu,
    /// A bare shell that cannot be typed into: it is only watched, or not open yet.
    Watch,
    /// The checks and hints.
    Sidebar,
    /// What a check's commands did.
    Drawer,
    /// The shell pane while no shell is open.
    NoShell,
    /// A recording that is played.
    Replay,
    /// How far the learner has come.
    Tracker,
    /// The list of attempts.
    History,
    /// Typing what to search it for.
    HistorySearch,
    /// An attempt's story.
    Story,
    /// A class that is followed.
    Class,
    /// First start.
    Setup,
    /// An incident whose machines are made.
    Starting,
    /// An incident that could not be started.
    NoIncident,
    /// An incident's shell pane while no shell is open.
    NoIncidentShell,
    /// What an incident's users see.
    Users,
    /// The same, once the incident is over.
    Over,
    /// An incident's charts.
    Panels,
    /// Typing a query.
    Prompt,
    /// The logs of all services.
    Logs,
    /// Typing what log lines must have in them.
    LogFilter,
    /// The list of traces.
    Traces,
    /// One trace.
    Trace,
    /// What can be done to an incident's system.
    Act,
    /// A service's configuration.
    Form,
    /// Typing a value of it.
    Field,
    /// The files of a folder of content.
    Files,
    /// Editing one.
    Editor,
    /// Typing what to search for there, or which line to go to.
    AuthorPrompt,
    /// What a learner will see.
    Preview,
    /// What is wrong.
    Problems,
}

impl Context {
    /// Its name in help.
    pub fn title(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Search => "Search",
            Self::Lesson => "Lesson",
            Self::Shell => "Shell",
            Self::Scrolled => "Shell, scrolled back",
            Self::Copy => "Copy mode",
            Self::CopySearch => "Search in copy mode",
            Self::Menu => "Shell, after the leave key",
            Self::Watch => "Watching",
            Self::Sidebar => "Checks and hints",
            Self::Drawer => "What a check did",
            Self::NoShell | Self::NoIncidentShell => "Shell (none is open)",
            Self::Replay => "Replay",
            Self::Tracker => "Tracker",
            Self::History => "History",
            Self::HistorySearch => "Search of the history",
            Self::Story => "An attempt's story",
            Self::Class => "Class",
            Self::Setup => "Setup",
            Self::Starting => "An incident that starts",
            Self::NoIncident => "An incident that could not be started",
            Self::Users => "What the users see",
            Self::Over => "What the users saw",
            Self::Panels => "Charts",
            Self::Prompt => "Query",
            Self::Logs => "Logs",
            Self::LogFilter => "Filter of the logs",
            Self::Traces => "Traces",
            Self::Trace => "Trace",
            Self::Act => "What can be done",
            Self::Form => "Configuration",
            Self::Field => "A value",
            Self::Files => "Files of content",
            Self::Editor => "Editor",
            Self::AuthorPrompt => "Search in the editor, or a line",
            Self::Preview => "Preview",
            Self::Problems => "Problems",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The keys, each as people write them: `ctrl-]`, `enter`, `?`, `shift-tab`.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// A word or two for the footer; empty keeps it out of the footer.
    pub short: &'static str,
    /// A line for help and palette.
    pub long: &'static str,
}

const fn bind(
    keys: &'static [&'static str],
    action: Action,
    short: &'static str,
    long: &'static str,
) -> Binding {
    Binding { keys, action, short, long }
}

/// What the leave key is called in the tables; the configured key stands in its place.
pub const LEAVE: &str = "leave-key";

// Of every list that is no more than a list.
const UP: Binding = bind(&["up", "k"], Action::Up, "", "Up");
const DOWN: Binding = bind(&["down", "j"], Action::Down, "", "Down");
const PAGE_UP: Binding = bind(&["pageup"], Action::PageUp, "", "A page up");
const PAGE_DOWN: Binding = bind(&["pagedown", "space"], Action::PageDown, "", "A page down");
const TOP: Binding = bind(&["home", "g"], Action::Top, "", "To the first");
const BOTTOM: Binding = bind(&["end", "G"], Action::Bottom, "", "To the last");
const LIST: &[Binding] = &[UP, DOWN, PAGE_UP, PAGE_DOWN, TOP, BOTTOM];

const ANYWHERE: &[Binding] = &[
    bind(&[":"], Action::Palette, "commands", "Find and run any command"),
    bind(&["?"], Action::Help, "keys", "Show the keys of this screen"),
    bind(&["ctrl-l"], Action::Redraw, "", "Draw the screen anew"),
    bind(&["ctrl-z"], Action::Suspend, "", "Suspend drydock (fg brings it back)"),
    bind(&[], Action::Sync, "", "Sync completions with their repository now"),
    bind(&[], Action::NextTheme, "", "Switch to the next theme"),
    bind(&[], Action::ToggleMouse, "", "Turn the mouse on or off (off: the terminal selects text)"),
];

const QUIT: &[Binding] =
    &[bind(&["q", "ctrl-c"], Action::Quit, "quit", "Quit; the sandbox keeps running")];

const HOME: &[Binding] = &[
    bind(&["enter"], Action::Open, "open", "Open the selected item, or fold the module"),
    bind(&["/"], Action::Search, "search", "Search all modules and items"),
    bind(&["up", "k"], Action::Up, "", "Up"),
    bind(&["down", "j"], Action::Down, "", "Down"),
    bind(&["left", "h"], Action::Collapse, "", "Fold the module, or go to it"),
    bind(&["right", "l"], Action::Expand, "", "Unfold the module"),
    bind(&["pageup"], Action::PageUp, "", "A page up"),
    bind(&["pagedown"], Action::PageDown, "", "A page down"),
    bind(&["home", "g"], Action::Top, "", "To the first"),
    bind(&["end", "G"], Action::Bottom, "", "To the last"),
    bind(&["f"], Action::OpenFresh, "", "Start the selected item over in a fresh sandbox"),
    bind(&["d"], Action::Destroy, "", "Remove the selected item's sandbox"),
    bind(&["i"], Action::Permissions, "", "Show what the selected item may do on this machine"),
    bind(&["p"], Action::OpenReplay, "", "Play the selected item's last recording"),
    bind(&["t"], Action::OpenTracker, "tracker", "Show how far you have come"),
    bind(&["H"], Action::OpenHistory, "", "Show what was attempted"),
    bind(&["r"], Action::Refresh, "", "Look at the engine and the progress again"),
    bind(&["a"], Action::OpenContent, "author", "Write content of your own"),
    bind(&["s"], Action::Setup, "", "Open setup"),
];

const SEARCH: &[Binding] = &[
    bind(&["enter"], Action::Open, "open", "Open the selected item"),
    bind(&["up", "ctrl-p"], Action::Up, "", "Up"),
    bind(&["down", "ctrl-n"], Action::Down, "", "Down"),
    bind(&["esc"], Action::Back, "end search", "End the search"),
];

const WORKSPACE: &[Binding] = &[
    bind(&[LEAVE], Action::FocusShell, "shell", "Back to the shell"),
    bind(&["tab"], Action::NextPane, "pane", "The next pane"),
    bind(&["shift-tab"], Action::PreviousPane, "", "The pane before"),
    bind(&["v"], Action::Verify, "verify", "Run the checks now"),
    bind(&["h"], Action::Hint, "hint", "Show the next hint"),
    bind(&["u"], Action::Rewind, "", "Undo: bring the files back to a snapshot"),
    bind(&["s"], Action::Snapshot, "", "Take a snapshot: keep the files as they are now"),
    bind(&["d"], Action::Drawer, "", "Debug: what the checks' commands did, run by run"),
    bind(&["S"], Action::RecordSolution, "", "Write down what you type as a solution; or end that"),
    bind(&["l"], Action::Layout, "layout", "Switch the layout: all panes, two, one"),
    bind(&["<"], Action::Narrower, "", "Make the pane narrower (the mouse drags its border)"),
    bind(&[">"], Action::Wider, "", "Make the pane wider"),
    bind(&["1"], Action::FocusLesson, "", "To the lesson"),
    bind(&["2"], Action::FocusShell, "", "To the shell"),
    bind(&["3"], Action::FocusSidebar, "", "To the checks and hints"),
    bind(&["]"], Action::SendLeaveKey, "", "Send the leave key itself to the shell"),
    bind(&["R"], Action::Reset, "", "Start over in a fresh sandbox"),
    bind(&["esc"], Action::GoHome, "home", "Back to Home; the sandbox keeps running"),
];

const LESSON: &[Binding] = &[
    bind(&["up", "k"], Action::Up, "", "Scroll up"),
    bind(&["down", "j"], Action::Down, "", "Scroll down"),
    bind(&["pageup", "b"], Action::PageUp, "", "A page up"),
    bind(&["pagedown", "space"], Action::PageDown, "", "A page down"),
    bind(&["home", "g"], Action::Top, "", "To the beginning"),
    bind(&["end", "G"], Action::Bottom, "", "To the end"),
    bind(&["n"], Action::NextBlock, "", "Select the next code block or link"),
    bind(&["p"], Action::PreviousBlock, "", "Select the one before"),
    bind(&["c"], Action::CopyBlock, "copy", "Copy the selected code block"),
    bind(
        &["t"],
        Action::TypeBlock,
        "type it",
        "Type the selected code block into the shell (you press enter)",
    ),
    bind(
        &["enter"],
        Action::FollowLink,
        "",
        "Open the selected link; type the selected code block",
    ),
    bind(&["backspace"], Action::Back, "", "Back from a linked lesson"),
];

const SIDEBAR: &[Binding] = &[
    bind(&["up", "k"], Action::Up, "", "Scroll up"),
    bind(&["down", "j"], Action::Down, "", "Scroll down"),
    bind(&["pageup"], Action::PageUp, "", "A page up"),
    bind(&["pagedown", "space"], Action::PageDown, "", "A page down"),
    bind(&["home", "g"], Action::Top, "", "To the beginning"),
    bind(&["end", "G"], Action::Bottom, "", "To the end"),
];

const DRAWER: &[Binding] = &[
    bind(
        &["r", "enter"],
        Action::RunCheck,
        "run it now",
        "Run this check now; it counts for nothing",
    ),
    bind(&["left", "h"], Action::Collapse, "", "The check before"),
    bind(&["right", "l"], Action::Expand, "next check", "The next check"),
    bind(&["up", "k"], Action::Up, "", "Scroll up"),
    bind(&["down", "j"], Action::Down, "scroll", "Scroll down"),
    bind(&["pageup", "b"], Action::PageUp, "", "A page up"),
    bind(&["pagedown", "space"], Action::PageDown, "", "A page down"),
    bind(&["home", "g"], Action::Top, "", "To the beginning"),
    bind(&["end", "G"], Action::Bottom, "", "To the end"),
    bind(&["esc", "d", "q", "ctrl-c", LEAVE], Action::Back, "close", "Close it"),
];

const NO_SHELL: &[Binding] = &[bind(
    &["enter", "r"],
    Action::Retry,
    "try again",
    "Prepare the sandbox again, or open a new shell",
)];

const REPLAY: &[Binding] = &[
    bind(&["space"], Action::Replay(Control::Pause), "pause", "Stop, or go on"),
    bind(&["left"], Action::Replay(Control::Seek(-5)), "back", "5 seconds back"),
    bind(&["right"], Action::Replay(Control::Seek(5)), "forward", "5 seconds forward"),
    bind(&["esc", "q", "ctrl-c"], Action::Back, "leave", "Leave the recording"),
    bind(&["shift-left"], Action::Replay(Control::Seek(-30)), "", "30 seconds back"),
    bind(&["shift-right"], Action::Replay(Control::Seek(30)), "", "30 seconds forward"),
    bind(&["pageup"], Action::Replay(Control::Seek(-60)), "", "A minute back"),
    bind(&["pagedown"], Action::Replay(Control::Seek(60)), "", "A minute forward"),
    bind(&["home"], Action::Replay(Control::Start), "", "To the beginning"),
    bind(&["end"], Action::Replay(Control::End), "", "To the end"),
    bind(&["n"], Action::Replay(Control::NextMark), "next mark", "To the next marker"),
    bind(&["p"], Action::Replay(Control::PreviousMark), "", "To the marker before"),
    bind(&["+", "="], Action::Replay(Control::Faster), "faster", "Faster, up to 16 times"),
    bind(&["-"], Action::Replay(Control::Slower), "", "Slower, down to a quarter"),
    bind(&["i"], Action::Replay(Control::SkipIdle), "pauses", "Skip long pauses, or play them"),
];

const CLASS: &[Binding] = &[
    bind(&["tab", "left", "right"], Action::NextPane, "list", "To the learners, or to the items"),
    bind(&["s"], Action::Sort, "sort", "Another order of this list"),
    bind(&["space"], Action::Turn, "hold", "Hold the page, or let pages turn by themselves"),
    UP,
    DOWN,
    PAGE_UP,
    bind(&["pagedown"], Action::PageDown, "", "A page down"),
    TOP,
    BOTTOM,
    bind(&["e"], Action::Troubles, "", "What could not be read"),
];

/// Nothing goes on behind a class.
const LEAVE_CLASS: &[Binding] = &[bind(&["q", "esc", "ctrl-c"], Action::Quit, "quit", "Quit")];

const SETUP: &[Binding] = &[
    bind(&["up", "k", "shift-tab"], Action::Up, "", "Up"),
    bind(&["down", "j", "tab"], Action::Down, "move", "Down"),
    bind(&["left"], Action::Collapse, "", "The theme before"),
    bind(&["right"], Action::Expand, "change", "The next theme"),
    bind(&["enter", "space"], Action::Open, "choose", "Do what the selected row says"),
    bind(&["r"], Action::Refresh, "", "Look for engines again"),
    bind(&["esc"], Action::Back, "finish", "Save and go Home"),
];

/// What holds on every tab of an incident that is not over.
const ON_CALL: &[&[Binding]] =
    &[incident::DUTY, incident::INCIDENT, ANYWHERE, QUIT, shell::COMMANDS];

/// The rows that hold in a context, the most particular first. In the shell and in a search only
/// their own rows hold: every other key is input.
pub fn bindings(context: Context) -> impl Iterator<Item = &'static Binding> {
    // What holds on one tab of an incident alone.
    let own: &[Binding] = match context {
        Context::NoIncidentShell => NO_SHELL,
        Context::Users => incident::USER,
        Context::Panels => incident::PANELS,
        Context::Logs => incident::LOGS,
        Context::Traces => incident::TRACES,
        Context::Trace => incident::TRACE,
        Context::Act => incident::ACT,
        Context::Form => incident::FORM,
        _ => &[],
    };
    let tables: &[&[Binding]] = match context {
        Context::Home => &[HOME, ANYWHERE, QUIT],
        Context::Search => &[SEARCH],
        Context::Lesson => &[LESSON, WORKSPACE, ANYWHERE, QUIT, shell::COMMANDS],
        Context::Sidebar => &[SIDEBAR, WORKSPACE, ANYWHERE, QUIT, shell::COMMANDS],
        // Its keys to quit close it.
        Context::Drawer => &[DRAWER, ANYWHERE],
        Context::Shell => &[shell::SHELL],
        Context::Scrolled => &[shell::SCROLLED],
        Context::Copy => &[shell::COPY],
        Context::CopySearch => &[shell::COPY_SEARCH],
        Context::Menu => &[shell::MENU, shell::COMMANDS, shell::MENU_MORE],
        Context::Watch => &[shell::WATCH, shell::COMMANDS],
        Context::NoShell => &[NO_SHELL, WORKSPACE, ANYWHERE, QUIT, shell::COMMANDS],
        // Its keys to quit leave the recording.
        Context::Replay => &[REPLAY, ANYWHERE],
        Context::Tracker => &[tracker::TRACKER, LIST, ANYWHERE, QUIT],
        Context::History => &[tracker::HISTORY, LIST, ANYWHERE, QUIT],
        Context::HistorySearch => &[tracker::SEARCH],
        Context::Story => &[tracker::STORY, LIST, ANYWHERE, QUIT],
        Context::Class => &[CLASS, ANYWHERE, LEAVE_CLASS],
        Context::Setup => &[SETUP, ANYWHERE, QUIT],
        Context::Starting => &[incident::STARTING, ANYWHERE, QUIT],
        Context::NoIncident => &[incident::NO_INCIDENT, ANYWHERE, QUIT],
        Context::Over => {
            &[incident::OVER, incident::USER, incident::INCIDENT, ANYWHERE, QUIT, shell::COMMANDS]
        }
        Context::NoIncidentShell
        | Context::Users
        | Context::Panels
        | Context::Logs
        | Context::Traces
        | Context::Trace
        | Context::Act
        | Context::Form => ON_CALL,
        Context::Prompt => &[incident::PROMPT],
        Context::LogFilter => &[incident::LOG_FILTER],
        Context::Field => &[incident::FIELD],
        Context::Files => &[author::FILES, LIST, author::AUTHOR, ANYWHERE, QUIT],
        Context::Preview => &[LIST, author::AUTHOR, ANYWHERE, QUIT],
        Context::Problems => &[author::PROBLEMS, LIST, author::AUTHOR, ANYWHERE, QUIT],
        Context::Editor => &[author::EDITOR],
        Context::AuthorPrompt => &[author::PROMPT],
    };
    own.iter().chain(tables.iter().copied().flatten())
}

/// What a key does in a context.
pub fn action(context: Context, leave: Chord, key: KeyEvent) -> Option<Action> {
    let pressed = Chord::of(key);
    bindings(context)
        .find(|binding| {
            binding.keys.iter().any(|name| {
                if *name == LEAVE { pressed == leave } else { name.parse() == Ok(pressed) }
            })
        })
        .map(|binding| binding.action)
}

/// A key's name for people, with the leave key filled in.
pub fn label(name: &str, leave: Chord) -> String {
    if name == LEAVE { leave.to_string() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Context; 39] = [
        Context::Tracker,
        Context::History,
        Context::HistorySearch,
        Context::Story,
        Context::Class,
        Context::Home,
        Context::Search,
        Context::Lesson,
        Context::Shell,
        Context::Scrolled,
        Context::Copy,
        Context::CopySearch,
        Context::Menu,
        Context::Watch,
        Context::Sidebar,
        Context::Drawer,
        Context::NoShell,
        Context::Replay,
        Context::Class,
        Context::Setup,
        Context::Starting,
        Context::NoIncident,
        Context::NoIncidentShell,
        Context::Users,
        Context::Over,
        Context::Panels,
        Context::Prompt,
        Context::Logs,
        Context::LogFilter,
        Context::Traces,
        Context::Trace,
        Context::Act,
        Context::Form,
        Context::Field,
        Context::Files,
        Context::Editor,
        Context::AuthorPrompt,
        Context::Preview,
        Context::Problems,
    ];

    #[test]
    fn every_key_in_the_tables_is_a_key_and_has_words() {
        for context in ALL {
            let mut names = Vec::new();
            for binding in bindings(context) {
                assert!(!binding.long.is_empty());
                for name in binding.keys.iter().filter(|name| **name != LEAVE) {
                    assert!(name.parse::<Chord>().is_ok(), "{name}");
                    names.push(*name);
                }
            }
            let own = matches!(
                context,
                Context::Copy
                    | Context::Shell
                    | Context::Scrolled
                    | Context::Menu
                    | Context::Watch
                    | Context::Editor
            );
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert!(!own || names.len() == count, "a key has two meanings in {context:?}");
        }
    }

    #[test]
    fn the_shell_keeps_every_key_but_the_leave_key_and_scrolling() {
        let leave: Chord = "ctrl-]".parse().unwrap();
        let press = |name: &str| name.parse::<Chord>().unwrap().into();
        for name in
            ["ctrl-c", "ctrl-z", "q", "?", ":", "esc", "tab", "ctrl-b", "[", "f1", "up", "pageup"]
        {
            assert_eq!(action(Context::Shell, leave, press(name)), None, "{name}");
        }
        assert_eq!(action(Context::Shell, leave, press("ctrl-]")), Some(Action::LeaveShell));
        // The byte 0x1d arrives as Ctrl-5 from the input library.
        assert_eq!(action(Context::Shell, leave, press("ctrl-5")), Some(Action::LeaveShell));
    }
}
