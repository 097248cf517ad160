//! Shells that outlive the program.
//!
//! Each sandbox's shell is held by a process of its own, the [`holder`]: it has the engine's stream,
//! the emulator, the lines above the screen and the recording. What opens a shell, the full-screen
//! program or a command, is a client of it ([`Session`]) over a socket that only this user can open.
//! The holder tells its clients what changed on the screen, never the bytes that changed it: nothing
//! a container prints can reach a terminal but as cells.
//!
//! Invariants: a client that dies, hangs or is slow changes nothing for the shell; a holder that
//! dies leaves word of what it held, and the next client says what was lost; output is taken only as
//! fast as it is parsed, so a flood waits in the engine and not in our memory.

mod client;
pub mod holder;
mod place;
mod protocol;
pub mod recording;
pub mod solution;
mod start;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossterm::event::{KeyEvent, MouseEvent};
use serde::{Deserialize, Serialize};

pub use client::Session;
pub use place::{Held, Place};
pub use start::{Launcher, Opened, Order, Shells, Visitor};

use crate::problem::Problem;
use crate::terminal::{Line, Size, View};

/// What goes into a shell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Input {
    /// A key, encoded as the program has asked for.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse, with its position on the shell's screen; dropped unless the program wants it.
    Mouse(MouseEvent),
    /// The pane got or lost the focus; dropped unless the program wants to know.
    Focus(bool),
}

/// What a session tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The screen changed.
    Changed,
    /// All lines, as asked for with [`Session::ask_for_lines`].
    Lines(Arc<[Line]>),
    /// The bell rang.
    Bell,
    /// The program asks to put this on the clipboard: at most 75 KB, and a person is asked first.
    Clipboard(String),
    /// What is typed is written down as a solution in this file; with `None` it is not any more. Or
    /// why it cannot be.
    Solving(Result<Option<PathBuf>, String>),
    /// The shell is over.
    Ended(End),
}

/// How a shell ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// By itself, with this status if the engine told.
    Exited(Option<i64>),
    /// Something happened to it: its sandbox, the engine, its holder.
    Lost {
        /// A stable word for scripts.
        kind: String,
        /// One sentence.
        message: String,
        /// What helps.
        remedy: Option<String>,
    },
}

/// Takes a session's notices; called from its task, must not block.
pub type Notify = Arc<dyn Fn(Notice) + Send + Sync>;

/// A shell's screen, shared between the task that keeps it in step and whoever draws it.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<View>>);

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// A blank screen.
    pub fn new(size: Size) -> Self {
        Self(Arc::new(Mutex::new(View::blank(size))))
    }

    /// The view, for one frame or one change. A poisoned lock can only come from a drawing that
    /// failed, and the view is still good.
    pub fn lock(&self) -> MutexGuard<'_, View> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl End {
    fn lost(problem: &Problem) -> Self {
        Self::Lost {
            kind: problem.kind.to_owned(),
            message: problem.message.clone(),
            remedy: problem.remedy.clone(),
        }
    }
}
