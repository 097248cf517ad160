//! The full-screen program.
//!
//! One direction: an [`app::Event`] goes into [`app::App::update`], the only place where state
//! changes, which gives [`app::Effect`]s; the [`runtime`] carries them out on other threads and
//! their results come back as events; [`screens`] draw the state and change nothing.

pub mod app;
pub mod color;
pub mod keymap;
pub mod place;
pub mod runtime;
pub mod screens;
pub mod signs;
pub mod theme;
pub mod widgets;

pub use runtime::{Options, Start, run};
pub use screens::bare::Ending;
