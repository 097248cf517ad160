//! A shell kept going, with its screen.
