//! The drydock program: see the library.

fn main() {}
