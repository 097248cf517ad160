//! The one way into a running system: a program on its shell machine that answers questions.
//!
//! Nothing of a system is published on anybody's network. Whoever wants to see it, on this machine or
//! from far away, has the engine run the system's gate program and asks it: [`wire`] is what is said,
//! [`Gate`] says it.

mod client;
pub mod wire;

pub use client::Gate;
