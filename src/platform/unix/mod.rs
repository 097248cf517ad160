//! Unix: modes, Unix sockets, signals, sessions.

pub(crate) mod files;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod terminal;
