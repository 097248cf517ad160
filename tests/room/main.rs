//! A pack in a room: served and fetched over real sockets, by the library and by the real binary, over links
//! that break and beside strangers who do not behave.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod breaking;
mod commands;
#[path = "../../benches/support/process.rs"]
mod process;
mod strangers;
mod support;
#[path = "../support/terminal.rs"]
mod terminal;
