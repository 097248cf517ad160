//! What the state asks to be done; carried out by the runtime on other threads.

use std::path::PathBuf;
use std::time::Duration;

use super::{At, AuthorOrder};
use crate::course::Resource;
use crate::incident::observe::Request;
use crate::incident::order::Order;
use crate::lab::clock::Stretch;
use crate::pack::consent::Sheet;
use crate::report::Followed;
use crate::session;
use crate::session::recording::Control;
use crate::store::{AttemptId, Wanted};
use crate::terminal::Size;
use crate::tui::screens::replay::Source;
use crate::tui::widgets::markdown::Code;

/// How much of a file is read to be shown, in bytes: as much as anybody reads on a screen.
pub const MAX_FILE: usize = 1 << 20;

/// Something to do. Each ends in an [`super::Event`] where there is a result to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Clear the terminal and draw everything.
    Redraw,
    /// Give the terminal back and stop until `SIGCONT`.
    Suspend,
    /// Capture the mouse or let it go.
    Mouse(bool),
    /// Look for the engine and our images.
    LookForEngine,
    /// Look up how an item's proofs stand.
    LookUpProofs {
        /// The item.
        item: String,
    },
    /// Read what there is to practise.
    ReadCourse,
    /// Look what an item may do, and whether the learner agreed to that.
    LookUpConsent {
        /// The item.
        item: String,
        /// Whether it is opened then, and if so whether it begins anew.
        opens: Option<bool>,
    },
    /// The learner agrees to it.
    Agree {
        /// What was told.
        sheet: Box<Sheet>,
    },
    /// Read all progress.
    LoadProgress,
    /// Read how far the learner has come.
    LoadTracker,
    /// Look for attempts.
    FindAttempts {
        /// Which question it is.
        visit: u64,
        /// Which are wanted; items whose titles have the words are added.
        wanted: Wanted,
    },
    /// Read an attempt's story.
    ReadStory {
        /// Which question it is.
        visit: u64,
        /// The attempt.
        attempt: AttemptId,
    },
    /// Sync completions; with `wait`, after another drydock that does.
    Sync {
        /// Whether to wait for it.
        wait: bool,
    },
    /// Try it again after a while.
    SyncLater(Duration),
    /// Make the copy of the day, if it is due.
    BackUp,
    /// Build our images.
    BuildImages,
    /// Stop building.
    CancelBuild,
    /// Make an item's sandbox ready and keep it open as this visit.
    Provision {
        /// The visit.
        visit: u64,
        /// The item.
        item: String,
        /// Start over.
        fresh: bool,
    },
    /// Stop what is going on for the open visit and let it go; its sandbox keeps running.
    Leave,
    /// Read a lesson.
    ReadLesson {
        /// The visit.
        visit: u64,
        /// The lesson.
        lesson: Resource,
    },
    /// Highlight a lesson's code.
    Highlight {
        /// The visit.
        visit: u64,
        /// The lesson's path.
        path: String,
        /// Its blocks of code.
        code: Vec<Code>,
    },
    /// Open a shell in the visit's sandbox.
    OpenShell {
        /// The visit.
        visit: u64,
        /// The pane's size.
        size: Size,
    },
    /// Attach to the shell of an item's sandbox, without a workspace. What happens comes as a
    /// workspace's events do.
    AttachShell {
        /// The visit.
        visit: u64,
        /// The item.
        item: String,
        /// The terminal's size.
        size: Size,
        /// Only to watch.
        watch: bool,
    },
    /// Something for the open shell.
    Shell(session::Input),
    /// The open shell's pane has a new size.
    ResizeShell(Size),
    /// Read all lines of the open shell, those above its screen too.
    ReadLines,
    /// Read a file of the visit's sandbox, to be shown: its first [`MAX_FILE`].
    ReadFile {
        /// The visit.
        visit: u64,
        /// Absolute, or from the user's home: `~/notes`, `notes`.
        path: String,
        /// The line asked for, from 1.
        line: Option<u32>,
    },
    /// Open an address of the web in a browser, or copy it where there is none.
    OpenUrl(String),
    /// Run the checks.
    Check {
        /// The visit.
        visit: u64,
        /// Whether somebody asked.
        asked: bool,
    },
    /// Run one check for the drawer; it is no verification.
    RunCheck {
        /// The visit.
        visit: u64,
        /// The check's place among the item's.
        check: usize,
    },
    /// Give the next hint.
    Hint {
        /// The visit.
        visit: u64,
    },
    /// Look which snapshots there are.
    Moments {
        /// The visit.
        visit: u64,
    },
    /// Keep the files as they are now.
    Snapshot {
        /// The visit.
        visit: u64,
    },
    /// Bring the files back to a snapshot, in a new sandbox for the visit.
    Rewind {
        /// The visit.
        visit: u64,
        /// The snapshot's name.
        to: String,
    },
    /// Write down what is typed in the visit's shell as a solution, or stop that.
    RecordSolution {
        /// The visit.
        visit: u64,
        /// Whether to begin.
        begin: bool,
    },
    /// Make what was written down the item's solution, if its folder can be written.
    KeepSolution {
        /// The visit.
        visit: u64,
        /// What was written down.
        draft: PathBuf,
        /// Replace the solution that is there.
        replace: bool,
    },
    /// Write down time spent at the keys. If the attempt's time is another one then than the clock shows,
    /// that is told.
    AddActive {
        /// The visit.
        visit: u64,
        /// The attempt.
        attempt: String,
        /// How much, and when.
        stretch: Stretch,
    },
    /// Look whether one can go back to where the learner was.
    FindWayBack(At),
    /// Remember something under a key, in place of what was remembered there.
    Remember {
        /// The key.
        key: String,
        /// What, as JSON.
        json: String,
    },
    /// Make an incident's machines ready and keep it open as this visit. What happens comes as
    /// [`super::IncidentEvent`]s.
    OpenIncident {
        /// The visit.
        visit: u64,
        /// The item.
        item: String,
        /// Start over.
        fresh: bool,
    },
    /// Look at the visit's system: one exchange with its gate.
    Observe {
        /// The visit.
        visit: u64,
        /// What is asked for.
        request: Request,
    },
    /// Something that the learner orders of the visit's incident.
    IncidentDo {
        /// The visit.
        visit: u64,
        /// What.
        order: Order,
    },
    /// Remove an item's sandbox.
    Destroy {
        /// The item.
        item: String,
    },
    /// Something that Author wants to be done.
    Author {
        /// Which opening it is.
        visit: u64,
        /// What.
        order: AuthorOrder,
    },
    /// Prove an item, as it is on the disk; what comes of it are an open folder's events.
    Prove {
        /// Which opening it is for.
        visit: u64,
        /// The item.
        item: String,
    },
    /// Stop that.
    StopProving,
    /// Follow the open folder of content no longer.
    CloseAuthor,
    /// Open a recording and play it.
    OpenReplay {
        /// Which opening it is.
        visit: u64,
        /// The recording.
        source: Source,
    },
    /// Something that the player is to do.
    Replay(Control),
    /// Stop playing.
    CloseReplay,
    /// Read a class, and again whenever it changes.
    FollowClass {
        /// Which opening it is.
        visit: u64,
        /// What is followed.
        followed: Followed,
    },
    /// Put text on the clipboard.
    Copy(String),
    /// Write a configuration value.
    Configure {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
}

impl Effect {
    /// Whether it changes nothing that is drawn.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Shell(_) | Self::AddActive { .. } | Self::Remember { .. })
    }
}
