//! Where somebody was on Home.

use serde::{Deserialize, Serialize};

use super::{Home, Row};
use crate::course::Catalogue;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    selected: Option<Selected>,
    /// In their order, so that the same is always written alike.
    folded: Vec<String>,
    search: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Selected {
    Module(String),
    Item(String),
}

impl Home {
    /// Where somebody is; nothing before it is known where the learner left off.
    pub fn place(&self) -> Option<Place> {
        let selected = self.selected().map(|row| match row {
            Row::Module { id, .. } => Selected::Module(id.clone()),
            Row::Item { id, .. } => Selected::Item(id.clone()),
        });
        let mut folded: Vec<_> = self.folded.iter().cloned().collect();
        folded.sort_unstable();
        self.resumed.then(|| Place { selected, folded, search: self.search.clone() })
    }

    /// Goes back there, as far as it is still there.
    pub fn return_to(&mut self, place: Place, course: &Catalogue) {
        self.resumed = true;
        let known = |id: &String| course.modules.iter().any(|module| module.id == *id);
        self.folded = place.folded.into_iter().filter(known).collect();
        self.search = place.search.map(|text| text.chars().filter(|c| !c.is_control()).collect());
        match self.search {
            Some(_) => self.filter(course),
            None => self.list(course),
        }
        let at = self.rows.iter().position(|row| match (row, &place.selected) {
            (Row::Module { id, .. }, Some(Selected::Module(selected)))
            | (Row::Item { id, .. }, Some(Selected::Item(selected))) => id == selected,
            _ => false,
        });
        self.cursor = at.unwrap_or(self.cursor);
        self.move_by(0);
    }
}
