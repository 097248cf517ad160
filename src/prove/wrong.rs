//! What is wrong with an item, and where that is written.

use crate::course::{Item, Place};

/// What is wrong, in one sentence, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) why: String,
    about: Option<About>,
}

/// What a failure is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// A check, by its name.
    Check(String),
    /// The entry with this index (from 0) of a list of the manifest.
    Entry(&'static str, usize),
    /// A line of a file.
    Line(Place),
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { why, about: None }
    }
}

impl Wrong {
    pub(super) fn about(why: impl Into<String>, about: About) -> Self {
        Self { why: why.into(), about: Some(about) }
    }

    pub(super) fn check(why: impl Into<String>, name: &str) -> Self {
        Self::about(why, About::Check(name.to_owned()))
    }

    /// It is about this, if nothing is known that is nearer.
    pub(super) fn or_about(self, about: About) -> Self {
        Self { about: self.about.or(Some(about)), ..self }
    }

    /// Where what it is about is written.
    pub(super) fn place(&self, item: &Item) -> Option<Place> {
        match self.about.as_ref()? {
            About::Check(name) => item.place_of_check(name),
            About::Entry(list, index) => item.place_of(list, *index),
            About::Line(place) => Some(place.clone()),
        }
    }
}
