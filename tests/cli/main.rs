//! The commands, as somebody at a prompt or a script meets them: the real binary, its outputs and
//! its exit status.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod alone;
mod authoring;
mod class;
#[path = "../support/dockerd.rs"]
mod dockerd;
mod engines;
mod home;
mod import;
mod kept;
mod packs;
mod practice;
mod recorded;
mod rewind;
mod shell;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/terminal.rs"]
mod terminal;
mod uninstall;
