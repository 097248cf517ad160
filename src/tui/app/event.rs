//! What can happen.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::civil::Date;

use super::{At, AuthorEvent, HistoryEvent, ReplayEvent, ReportEvent, SyncEvent};
use crate::course::{Catalogue, Item};
use crate::engine::{Info, Offers, Step};
use crate::incident::observe::Seen;
use crate::incident::order::Order;
use crate::incident::picture::Picture;
use crate::incident::postmortem::Story;
use crate::lab::hint::Shown;
use crate::lab::provision::Notice;
use crate::lab::rewind::Point;
use crate::lab::solution::Kept;
use crate::lab::verify::CheckResult;
use crate::pack::consent::Sheet;
use crate::problem::Problem;
use crate::prove::record::Standing;
use crate::session::{End, Screen as ShellScreen};
use crate::store::{Completion, Progress};
use crate::terminal::Line;
use crate::tracker::Tracker;
use crate::tui::widgets::highlight::Tokens;

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// A key was pressed; where a program asked to know, also held or released.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal got or lost the focus.
    Focus(bool),
    /// Text was pasted.
    Paste(String),
    /// The terminal has a new size: columns, rows.
    Resize(u16, u16),
    /// A second has gone by.
    Tick,
    /// A clock wants to be read, or something is to be remembered: nothing that is drawn changes.
    Beat,
    /// The engine was looked for.
    Engine(EngineState),
    /// What an item may do, and whether the learner agreed to it, was looked up.
    Consent {
        /// What it may do.
        sheet: Box<Sheet>,
        /// Whether it is to be opened, and if so whether it begins anew.
        opens: Option<bool>,
    },
    /// What there is to practise was read.
    Course(Arc<Catalogue>),
    /// How an item's proofs stand was looked up.
    Proofs {
        /// The item.
        item: String,
        /// `None` where it has none.
        standing: Option<Standing>,
    },
    /// Progress was read.
    Progress {
        /// By item.
        items: HashMap<String, Progress>,
        /// Items that somebody proved, or tried to.
        proved: HashSet<String>,
        /// Items that are due to be practised again, and since when.
        due: HashMap<String, Date>,
        /// Days in a row.
        streak: u32,
        /// The item practised last.
        last: Option<String>,
        /// Where the learner was: on which screen, and where on Home. As it was remembered.
        place: [Option<String>; 2],
    },
    /// Whether one can go back to where the learner was; if not, why, in words.
    WayBack {
        /// Where that was.
        to: At,
        /// Why not.
        found: Result<(), String>,
    },
    /// Images: a step of building them.
    ImageStep(Step),
    /// Images: built, or why not.
    ImagesBuilt(Result<(), Problem>),
    /// A sandbox was removed.
    Destroyed(String),
    /// A workspace's own: ignored unless it is still the open one.
    Workspace {
        /// Which visit it is for.
        visit: u64,
        /// What happened.
        event: WorkspaceEvent,
    },
    /// An incident's own: ignored unless it is still the open one.
    Incident {
        /// Which visit it is for.
        visit: u64,
        /// What happened.
        event: IncidentEvent,
    },
    /// A recording's own: ignored unless it is still the open one.
    Replay {
        /// Which opening it is for.
        visit: u64,
        /// What happened.
        event: ReplayEvent,
    },
    /// How far the learner has come was read.
    Tracker(Box<Tracker>),
    /// History's own: ignored unless it answers the last question.
    History {
        /// Which question it answers.
        visit: u64,
        /// What happened.
        event: HistoryEvent,
    },
    /// A class's own: ignored unless it is still the open one.
    Report {
        /// Which opening it is for.
        visit: u64,
        /// What happened.
        event: ReportEvent,
    },
    /// A folder of content's own: ignored unless it is still the open one.
    Author {
        /// Which opening it is for.
        visit: u64,
        /// What happened.
        event: AuthorEvent,
    },
    /// Something done in the background did not work.
    Problem(Problem),
    /// Something about completions and their repository.
    Sync(SyncEvent),
    /// A word for the footer.
    Notice(String),
    /// The program was told to end (SIGTERM, SIGHUP).
    Terminate,
}

/// What can happen to an open workspace.
#[derive(Debug)]
pub enum WorkspaceEvent {
    /// The lesson (or one it links to) was read.
    Lesson {
        /// The lesson's path.
        path: String,
        /// Its Markdown.
        text: String,
    },
    /// The code of a lesson was highlighted.
    Highlighted {
        /// The lesson's path.
        path: String,
        /// For each block of code.
        highlights: Vec<Option<Vec<Tokens>>>,
    },
    /// A step of making the sandbox.
    Step(Step),
    /// The sandbox is ready.
    Ready(Box<ReadyState>),
    /// It could not be made.
    Failed(Problem),
    /// The shell is open.
    Shell {
        /// Its screen.
        screen: ShellScreen,
        /// What became of an earlier one that is not there any more.
        lost: Option<String>,
    },
    /// The shell's screen changed.
    Changed,
    /// All lines of the shell, as asked for.
    Lines(Arc<[Line]>),
    /// The bell rang in the shell.
    Bell,
    /// A program in the shell asks to put this on the clipboard.
    Clipboard(String),
    /// A file that a link led to was read, or why not.
    File {
        /// Its path.
        path: String,
        /// The line asked for, from 1.
        line: Option<u32>,
        /// What is in it.
        content: Result<FileContent, Problem>,
    },
    /// The shell is over.
    ShellEnded(End),
    /// The shell could not be opened.
    ShellFailed(Problem),
    /// The checks were run.
    Checked {
        /// Whether somebody asked.
        asked: bool,
        /// Their results, in order.
        results: Vec<CheckResult>,
        /// Set when this was what completed the attempt.
        completion: Option<Completion>,
    },
    /// One check was run for the drawer.
    CheckRan {
        /// The check's place among the item's.
        check: usize,
        /// What it found, and what its commands did.
        result: CheckResult,
    },
    /// The checks could not be run at all: the engine or the sandbox is gone.
    CheckFailed(Problem),
    /// The snapshots that were asked for, the oldest first.
    Moments(Result<Vec<Moment>, Problem>),
    /// The files could not be brought back; the sandbox is as it was.
    RewindFailed(Problem),
    /// What is typed is written down in this file; with `None` it is not any more. Or why it cannot be.
    Solving(Result<Option<PathBuf>, String>),
    /// What became of a solution that was written down in this file.
    SolutionKept {
        /// The file.
        draft: PathBuf,
        /// Where it is now, or why it could not be kept.
        kept: Result<Kept, Problem>,
    },
    /// A hint was asked for; `None` when there are no more.
    Hint(Option<Shown>),
    /// The attempt's time is another one than the clock shows: somewhere else it is counted too.
    Worked {
        /// What it was,
        total: Duration,
        /// once so much of what the clock has counted was written.
        counted: Duration,
    },
}

/// What can happen to an open incident.
#[derive(Debug)]
pub enum IncidentEvent {
    /// It is this attempt, and the learner was there in it, as it was remembered.
    Begun {
        /// The attempt.
        attempt: String,
        /// Where.
        place: Option<String>,
    },
    /// A step of making and starting its machines.
    Starting(Step),
    /// How it is now.
    Picture(Box<Picture>),
    /// What happened, once it is over; before the picture that says so.
    Story(Box<Story>),
    /// What was seen of its system.
    Seen(Box<Seen>),
    /// Something happened to its shell. The shell's events may come as a workspace's do, too.
    Shell(Box<WorkspaceEvent>),
    /// What came of an order.
    Done(Order, Result<(), Problem>),
    /// It could not be started, or cannot be reached.
    Problem(Problem),
}

/// Something that can be rewound to.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    /// What it is.
    pub point: Point,
    /// When it was, where the learner is.
    pub at: String,
}

/// What is in a file, or the beginning of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// At most [`MAX_FILE`](super::MAX_FILE).
    pub bytes: Vec<u8>,
    /// The whole file's size.
    pub size: u64,
}

/// A ready sandbox and what was kept of its attempt.
#[derive(Debug)]
pub struct ReadyState {
    /// The item as the attempt has it.
    pub item: Item,
    /// The attempt's id.
    pub attempt: String,
    /// The image in use.
    pub image: String,
    /// Whether the sandbox was there already.
    pub resumed: bool,
    /// What the learner should know.
    pub notices: Vec<Notice>,
    /// Active time so far.
    pub active: Duration,
    /// Hints shown before.
    pub hints: Vec<String>,
    /// Failed verifications so far.
    pub failures: u32,
    /// Whether the attempt is complete already.
    pub completed: bool,
    /// What the item's values follow from, if it has some.
    pub seed: Option<u32>,
    /// Where the learner was in it, as it was remembered.
    pub place: Option<String>,
}

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineState {
    /// It is being looked for.
    Looking,
    /// It answers.
    Ready(Box<Found>),
    /// It cannot be used, and why.
    Failed(Problem),
}

impl EngineState {
    /// What its sandboxes can have, as far as it is known.
    pub fn offers(&self) -> Option<&Offers> {
        match self {
            Self::Ready(found) => Some(&found.offers),
            Self::Looking | Self::Failed(_) => None,
        }
    }
}

/// An engine that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its name and version.
    pub info: Info,
    /// Why it is the one that is used.
    pub reason: String,
    /// What its sandboxes can have.
    pub offers: Offers,
    /// Whether it builds images: one that does not needs none.
    pub builds_images: bool,
    /// Names of our images that are not built yet.
    pub missing_images: Vec<String>,
}
