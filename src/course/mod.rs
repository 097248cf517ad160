//! What contributors write: modules, lessons and exercise manifests, read with positions.
//!
//! Content comes from the binary itself and from folders laid over it ([`source`]). One bad file
//! never hides the others: [`load`] always gives a [`Catalogue`], with a [`Diagnostic`] for
//! everything that is wrong. Nothing here runs anything or knows an engine.

pub mod diagnostic;
pub mod model;
pub mod source;

pub use diagnostic::{Diagnostic, Severity};
pub use model::*;
