//! Incidents: a scenario's life on a running system.
//!
//! [`life`] is what has happened so far and what is to be done next, as a pure value. [`director`] is
//! the process that makes it go on: it measures through the system's [`gate`], carries out what is
//! due, and writes the life to the store each second. Screens and commands read it there
//! ([`picture`]) and write what they want ([`order`]); so an incident goes on when they are killed.

mod deeds;
pub mod director;
pub mod gate;
pub mod incidents;
pub mod life;
mod measure;
pub mod observe;
pub mod order;
pub mod picture;
pub mod postmortem;
pub mod rig;
pub mod words;
