//! What contributors write: modules, lessons, exercises and scenarios, read with positions.
//!
//! Content comes from the binary itself and from folders laid over it ([`source`]). One bad file
//! never hides the others: [`load`] always gives a [`Catalogue`], with a [`Diagnostic`] for
//! everything that is wrong. Nothing here runs anything or knows an engine.
//!
//! The way of a manifest: `source` finds it, `yaml` reads it into the types of `manifest`,
//! `exercise` applies the rules and makes an [`Item`] of `model`, `catalogue` puts all items
//! together. Scenarios go the same way through [`scenario`]. What contributors can write is described in `docs/formats.md`.

mod capability;
mod catalogue;
pub mod diagnostic;
mod exercise;
pub mod index;
pub mod keys;
pub(crate) mod limits;
mod lint;
pub(crate) mod manifest;
pub mod model;
mod nearest;
mod parallel;
mod place;
mod prerequisites;
mod quantity;
mod rules;
pub mod scenario;
pub mod schema;
mod seeded;
mod shell;
pub mod solution;
pub mod source;
pub mod vars;
pub(crate) mod yaml;

pub use catalogue::load;
pub(crate) use catalogue::title_from;
pub use diagnostic::{Diagnostic, Severity};
pub(crate) use lint::gives_away;
pub use lint::lint;
pub use model::*;
pub use nearest::nearest;
pub use place::Place;
pub(crate) use quantity::{absolute_path as check_path, id as check_id};
pub(crate) use shell::shell_word;
pub use source::{Resource, Source, Texts};

#[cfg(test)]
mod tests;
