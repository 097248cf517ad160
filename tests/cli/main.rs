//! The commands, as somebody at a prompt or a script meets them: the real binary, its outputs and
//! its exit status.

mod alone;
mod home;
mod practice;
mod shell;
#[path = "../support/mod.rs"]
mod support;
