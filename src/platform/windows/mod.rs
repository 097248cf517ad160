//! Windows: named pipes, events of the console, processes without one.

pub(crate) mod files;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod terminal;
