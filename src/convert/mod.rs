//! What others wrote for other programs, made into content of ours.
//!
//! A converter reads a folder and gives a [`Plan`]: the files that would be written, what of the original
//! is in them only in part, and what could not be converted and why. It writes nothing; [`write`](mod@write)
//! does, all of a plan or nothing of it.
//!
//! Invariants: nothing that is read is trusted (sizes, counts and depths are limited, no path and no link
//! leads out of the folder, and no text keeps a character that a terminal would obey); nothing is left out
//! in silence.

pub mod killercoda;
pub mod write;

use crate::course::Diagnostic;

/// What a conversion would write.
#[derive(Debug, Default)]
pub struct Plan {
    /// Modules that are not there yet, in order.
    pub modules: Vec<NewModule>,
    /// What was converted, module by module, in order.
    pub items: Vec<Converted>,
    /// What was not.
    pub refused: Vec<Refused>,
}

/// A module to be described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewModule {
    /// Its id.
    pub id: String,
    /// For people.
    pub title: String,
    /// Its place among the modules.
    pub order: u32,
}

/// An exercise made of somebody else's.
#[derive(Debug)]
pub struct Converted {
    /// Its id.
    pub id: String,
    /// Its module's id.
    pub module: String,
    /// For people.
    pub title: String,
    /// The folder it was made of, below the one that was read; empty for that one itself.
    pub from: String,
    /// How many checks it has.
    pub checks: usize,
    /// Whether it needs a network.
    pub network: bool,
    /// The path of its files without an ending, below `exercises/` and `content/`: `module/01-name`.
    pub path: String,
    /// What is written.
    pub files: Vec<File>,
    /// What of the original is not in it, or differs.
    pub findings: Vec<Diagnostic>,
}

/// What was not converted.
#[derive(Debug)]
pub struct Refused {
    /// Its folder, as for [`Converted::from`].
    pub from: String,
    /// For people; empty where it is not known.
    pub title: String,
    /// Why: at least one reason.
    pub reasons: Vec<Diagnostic>,
}

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Below the folder of content, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}
