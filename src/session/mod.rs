//! An open shell: its stream pumped into an emulator, and everything typed into it encoded.
//!
//! One task owns the stream's output and the emulator; another writes, so that a program that does
//! not read its input cannot keep us from reading its output. The emulator is behind a lock that is
//! held for one slice of parsing or one frame of drawing, never across a wait.
//!
//! Invariants: output is taken only as fast as it is parsed, so a flood waits in the engine and not
//! in our memory; what is typed waits in a bounded queue; closing a session hangs its shell up and
//! types nothing.

mod mouse;
mod pump;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossterm::event::{KeyEvent, MouseEvent};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::engine::{Engine, EngineError, SandboxId, ShellSpec, Size};
use crate::terminal::{self, Emulator};

/// How many inputs may wait: keys come one by one and pastes whole, so this is never reached by
/// hand; past it input is refused rather than kept without bound.
const QUEUE: usize = 1024;

/// An open shell.
pub struct Session {
    screen: Screen,
    input: mpsc::Sender<Input>,
    pump: JoinHandle<()>,
}

/// What goes into a shell.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A key.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The mouse, with its position relative to the pane.
    Mouse(MouseEvent),
    /// The pane has a new size.
    Resize(Size),
    /// Look back (positive) or forward by this many lines.
    Scroll(i32),
    /// Hang up.
    Close,
}

/// What a session tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The screen changed.
    Output,
    /// Text was selected with the mouse.
    Selected(String),
    /// The shell ended by itself, with this status if the engine told.
    Ended(Option<i64>),
    /// The connection broke, or the sandbox is gone.
    Failed(EngineError),
}

/// Takes a session's notices; called from its task, must not block.
pub type Notify = Arc<dyn Fn(Notice) + Send + Sync>;

/// A shell's screen, shared between the task that fills it and whoever draws it.
#[derive(Clone)]
pub struct Screen(Arc<Mutex<Emulator>>);

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// A blank screen.
    pub fn new(size: Size, scrollback: usize) -> Self {
        Self(Arc::new(Mutex::new(Emulator::new(cells(size), scrollback))))
    }

    /// The emulator, for one frame or one slice of output. It never panics on what it is fed, so a
    /// poisoned lock can only come from a drawing that failed, and the screen is still good.
    pub fn lock(&self) -> MutexGuard<'_, Emulator> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cells(size: Size) -> terminal::Size {
    terminal::Size { columns: size.cols, rows: size.rows }
}

impl Session {
    /// Opens a shell in a sandbox. `scrollback` is in lines.
    pub async fn open(
        engine: Arc<dyn Engine>,
        sandbox: SandboxId,
        size: Size,
        scrollback: usize,
        notify: Notify,
    ) -> Result<Self, EngineError> {
        let stream = engine.shell(&sandbox, &ShellSpec { size, user: None }).await?;
        let screen = Screen::new(size, scrollback);
        let (input, inputs) = mpsc::channel(QUEUE);
        let pump = pump::Pump { engine, sandbox, screen: screen.clone(), notify };
        let pump = tokio::spawn(pump.run(stream, inputs));
        Ok(Self { screen, input, pump })
    }

    /// What the shell shows.
    pub fn screen(&self) -> Screen {
        self.screen.clone()
    }

    /// Sends an input, without waiting. `false` if the queue is full or the shell has ended.
    pub fn send(&self, input: Input) -> bool {
        self.input.try_send(input).is_ok()
    }

    /// Hangs the shell up and waits until it is done.
    pub async fn close(self) {
        if self.input.send(Input::Close).await.is_ok()
            && let Err(error) = self.pump.await
        {
            tracing::error!(%error, "the shell's task failed");
        }
    }
}
