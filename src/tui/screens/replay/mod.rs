//! Replay: a recording played, with a bar to find one's way in it.
//!
//! The player is the worker's: this has the screen that it fills, and how far it is.

mod view;

pub use view::{draw, draw_screen, seek_at};

use std::path::PathBuf;
use std::sync::Arc;

use crate::session;
use crate::session::recording::{Recording, Settings, Status};

/// A recording to be played.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// That of the item's latest attempt that has one.
    Item(String),
    /// That of the attempt with this id.
    Attempt(String),
    /// One that was read already.
    Read {
        /// The recording.
        recording: Arc<Recording>,
        /// Its file.
        path: PathBuf,
        /// How to begin.
        settings: Settings,
    },
}

/// Replay's state.
#[derive(Debug)]
pub struct Replay {
    /// Which opening it is: what comes of an earlier one is ignored.
    pub visit: u64,
    /// Whether the program was started for this alone: leaving it ends the program.
    pub alone: bool,
    /// The recording, once it is open.
    pub playing: Option<Playing>,
}

/// An open recording.
#[derive(Debug)]
pub struct Playing {
    /// What it is of, without control characters.
    pub title: String,
    /// When it was made, in words.
    pub started: Option<String>,
    /// What is to be seen.
    pub screen: session::Screen,
    /// How far it is.
    pub status: Status,
}

#[cfg(test)]
mod tests;
