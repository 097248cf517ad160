//! drydock: learn to build, run and repair infrastructure without leaving the terminal and
//! without a network.
//!
//! The folders are the architecture; an arrow points only downwards (see `docs/architecture.md`):
//!
//! ```text
//! cli · tui                         the two faces
//! author · sync · lab               what writing content needs; completions elsewhere; an attempt's life
//! session                           a shell kept going and its screen
//! terminal · engine · course · store   each alone: none knows another
//! ```

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::format_collect,
        clippy::format_push_string,
        clippy::needless_for_each,
        reason = "a test that cannot go on fails, and need not be fast"
    )
)]

pub mod author;
pub mod chord;
pub mod cli;
pub mod config;
pub mod context;
pub mod convert;
pub mod course;
pub mod engine;
pub mod incident;
pub mod lab;
pub mod pack;
pub mod paths;
mod platform;
pub mod problem;
pub mod prove;
pub mod report;
pub mod session;
pub mod store;
pub mod sync;
pub mod terminal;
pub mod tracker;
pub mod tui;
pub mod uninstall;
