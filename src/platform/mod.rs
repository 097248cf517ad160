//! What the system below is to the rest of the program: files, processes, signals, sockets, terminals.
//!
//! Everything that is one thing on Unix and another on Windows is here, behind one surface that both have;
//! nobody else asks which of them it is. What only Linux has is the native engine's own.
//!
//! Invariants: what is made private is its owner's only, by its mode on Unix; on Windows by where it lies,
//! the user's profile, which the system keeps from others, and no mode says more. What a system has no
//! word for (a mode, an owner, a stop) is left out there and never faked.

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(crate) use unix::{files, process, signals, socket, terminal};
#[cfg(windows)]
pub(crate) use windows::{files, process, signals, socket, terminal};

/// What somebody tells a program from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// It is to end: SIGTERM; on Windows Ctrl-Break, and the machine's shutting down.
    Terminate,
    /// Its terminal is gone: SIGHUP; on Windows the window was closed, or the user logged off.
    HangUp,
    /// Its terminal has another size.
    #[cfg_attr(windows, expect(dead_code, reason = "it comes with the keys there"))]
    Resize,
}

/// Which file something is, whatever it is called: it stays the same while the file is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The device, or the volume.
    on: u64,
    /// Its number there.
    number: u64,
}

impl Identity {
    /// Whether the file at `path` is still this one.
    pub(crate) fn is_at(file: &File, path: &Path) -> io::Result<bool> {
        let own = Self::of(file)?;
        match Self::at(path) {
            Ok(there) => Ok(there == own),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// A program that has a file open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Its process, where the system tells.
    pub(crate) pid: Option<i32>,
}

/// How a group of processes is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// They are asked, and may clean up. Windows has no such question for a program without a window.
    Asked,
    /// They are not.
    Killed,
}
