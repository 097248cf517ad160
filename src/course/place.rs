//! Where the parts of an item are written, for messages about what they do.

use super::yaml::{At, parse_for_places};
use super::{Body, Item};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as messages call it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl Item {
    /// Where the check of this name is written.
    pub fn place_of_check(&self, name: &str) -> Option<Place> {
        let Body::Exercise(exercise) = &self.body else { return None };
        let index = exercise.verify.iter().position(|check| check.name == name)?;
        self.place_of("verify", index)
    }

    /// Where the entry with this index (from 0) of a list of its manifest is written.
    pub fn place_of(&self, list: &str, index: usize) -> Option<Place> {
        let text = self.manifest.utf8().ok()?;
        let tree = parse_for_places(&text)?;
        let line = At::root(&tree).key(list).item(index).mark().line;
        Some(Place { file: self.manifest.path(), line })
    }
}
