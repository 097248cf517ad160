//! drydock: learn to build, run and repair infrastructure without leaving the terminal and
//! without a network.
//!
//! The folders are the architecture; an arrow points only downwards (see `docs/architecture.md`):
//!
//! ```text
//! cli · tui                         the two faces
//! lab                               what practising means: an attempt's life
//! session                           a shell kept going and its screen
//! terminal · engine · course · store   each alone: none knows another
//! ```

pub mod cli;
pub mod config;
pub mod context;
pub mod course;
pub mod engine;
pub mod lab;
pub mod paths;
pub mod problem;
pub mod session;
pub mod store;
pub mod terminal;
pub mod tui;
