//! Writes down what is told all the time and in its order, on a thread of its own: time at the keys, and
//! where the learner is.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use super::{Shared, unknown_attempt};
use crate::lab::clock::Stretch;
use crate::problem::Problem;
use crate::tui::app::{Event, WorkspaceEvent};

/// Something to write down.
pub(super) enum Note {
    /// Time at the keys of an attempt, counted by a visit.
    Time { visit: u64, attempt: String, stretch: Stretch },
    /// JSON under a key.
    Memory { key: String, json: String },
}

/// See the module.
pub(super) struct Clerk {
    notes: Sender<Note>,
    thread: JoinHandle<()>,
}

impl Clerk {
    pub(super) fn begin(shared: Shared) -> std::io::Result<Self> {
        let (notes, inbox) = channel();
        let work = move || write_all(&shared, &inbox);
        let thread = std::thread::Builder::new().name("clerk".to_owned()).spawn(work)?;
        Ok(Self { notes, thread })
    }

    pub(super) fn write(&self, note: Note) {
        // It fails only once the thread has failed.
        let _ = self.notes.send(note);
    }

    /// Waits until everything is written.
    pub(super) fn finish(self) {
        drop(self.notes);
        let _ = self.thread.join();
    }
}

fn write_all(shared: &Shared, inbox: &Receiver<Note>) {
    let mut failing = false;
    for note in inbox {
        match note {
            Note::Time { visit, attempt, stretch } => {
                let failed = add(shared, visit, &attempt, stretch).err();
                // Told once, and not with every beat.
                let before = std::mem::replace(&mut failing, failed.is_some());
                if let Some(problem) = failed.filter(|_| !before) {
                    shared.send(Event::Problem(problem));
                }
            }
            Note::Memory { key, json } => {
                if let Err(error) = shared.store.lock().remember(&key, &json) {
                    tracing::warn!(%error, "where the learner is was not written");
                }
            }
        }
    }
}

fn add(shared: &Shared, visit: u64, attempt: &str, stretch: Stretch) -> Result<(), Problem> {
    let id = attempt.parse().map_err(|_| unknown_attempt(attempt))?;
    let total = stretch.write(&shared.store.lock(), id)?;
    if total != stretch.total {
        let event = WorkspaceEvent::Worked { total, counted: stretch.counted };
        shared.send(Event::Workspace { visit, event });
    }
    Ok(())
}
