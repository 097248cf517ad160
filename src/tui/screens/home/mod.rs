//! Home: everything there is to practise, as a tree, and the selected item's facts.

mod place;
mod view;

use std::collections::{HashMap, HashSet};

pub use place::Place;
pub use view::{draw, item_facts, module_facts, row_at};

use super::search::rank;
use crate::course::Catalogue;
use crate::prove::record::Standing;
use crate::store::{Progress, Status};

/// Home's state.
#[derive(Debug, Default)]
pub struct Home {
    /// The rows that are shown now.
    pub rows: Vec<Row>,
    /// Index into `rows`.
    pub cursor: usize,
    /// The search that is typed, if there is one.
    pub search: Option<String>,
    /// How the proofs of an item stand, once they were looked up.
    pub proofs: Option<(String, Option<Standing>)>,
    folded: HashSet<String>,
    /// Whether the cursor has been put where the learner left off.
    resumed: bool,
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A module.
    Module {
        /// Its id.
        id: String,
        /// Whether its items are hidden.
        folded: bool,
    },
    /// An item.
    Item {
        /// Its id.
        id: String,
        /// Whether it stands below its module, rather than among search results.
        nested: bool,
    },
}

impl Home {
    /// All modules unfolded, the cursor on `item` or the first item.
    pub fn new(course: &Catalogue, item: Option<&str>) -> Self {
        let mut home = Self::default();
        home.list(course);
        match item {
            Some(item) => home.select(course, item),
            None => home.cursor = usize::from(home.rows.len() > 1),
        }
        home
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }

    /// Moves the cursor, stopping at the ends.
    pub fn move_by(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor on an item, unfolding its module.
    pub fn select(&mut self, course: &Catalogue, item: &str) {
        if let Some(found) = course.item(item) {
            self.folded.remove(&found.module);
            self.list(course);
        }
        let at = self.rows.iter().position(|row| matches!(row, Row::Item { id, .. } if id == item));
        self.cursor = at.unwrap_or(self.cursor);
    }

    /// The first time progress is known, puts the cursor where the learner left off: on the last
    /// item if it was only begun, else on the first after it that is not complete.
    pub fn resume_at(
        &mut self,
        course: &Catalogue,
        progress: &HashMap<String, Progress>,
        last: Option<&str>,
    ) {
        if std::mem::replace(&mut self.resumed, true) {
            return;
        }
        let done = |id: &str| progress.get(id).is_some_and(|p| p.status == Status::Completed);
        let from =
            last.and_then(|last| course.items().position(|item| item.id == last)).unwrap_or(0);
        let next = course.items().skip(from).chain(course.items()).find(|item| !done(&item.id));
        if let Some(item) = next {
            self.select(course, &item.id.clone());
        }
    }

    /// What there is to practise has changed; the cursor stays on what it was on.
    pub fn renew(&mut self, course: &Catalogue) {
        let selected = self.selected().cloned();
        if self.search.is_some() {
            self.filter(course);
        } else {
            self.list(course);
        }
        let at = self.rows.iter().position(|row| Some(row) == selected.as_ref());
        self.cursor = at.unwrap_or(self.cursor);
        self.move_by(0);
    }

    /// Folds or unfolds the module under the cursor.
    pub fn toggle(&mut self, course: &Catalogue) {
        if let Some(Row::Module { id, folded }) = self.selected().cloned() {
            if folded {
                self.folded.remove(&id)
            } else {
                self.folded.insert(id)
            };
            self.list(course);
        }
    }

    /// Folds the module under the cursor; from an item, goes to its module.
    pub fn collapse(&mut self, course: &Catalogue) {
        match self.selected().cloned() {
            Some(Row::Module { folded: false, .. }) => self.toggle(course),
            Some(Row::Item { nested: true, .. }) => {
                while self.cursor > 0 && matches!(self.selected(), Some(Row::Item { .. })) {
                    self.cursor -= 1;
                }
            }
            _ => {}
        }
    }

    /// Unfolds the module under the cursor.
    pub fn expand(&mut self, course: &Catalogue) {
        if let Some(Row::Module { folded: true, .. }) = self.selected() {
            self.toggle(course);
        }
    }

    /// Opens the search line.
    pub fn begin_search(&mut self, course: &Catalogue) {
        self.search = Some(String::new());
        self.filter(course);
    }

    /// Closes the search, keeping the found item selected in the tree.
    pub fn end_search(&mut self, course: &Catalogue) {
        if self.search.take().is_none() {
            return;
        }
        let found = self.selected().cloned();
        self.list(course);
        match found {
            Some(Row::Item { id, .. }) => self.select(course, &id),
            _ => self.move_by(0),
        }
    }

    /// Lists what matches the search, the best first.
    pub fn filter(&mut self, course: &Catalogue) {
        let query = self.search.clone().unwrap_or_default();
        let texts: Vec<(String, String)> = course
            .modules
            .iter()
            .flat_map(|module| {
                module.items.iter().map(move |item| {
                    let text =
                        format!("{} {} {} {}", item.id, item.title, module.title, item.description);
                    (item.id.clone(), text)
                })
            })
            .collect();
        self.rows = rank(&query, texts.iter().map(|(_, text)| text.as_str()))
            .into_iter()
            .map(|index| Row::Item { id: texts[index].0.clone(), nested: false })
            .collect();
        self.cursor = 0;
    }

    fn list(&mut self, course: &Catalogue) {
        self.rows.clear();
        for module in &course.modules {
            let folded = self.folded.contains(&module.id);
            self.rows.push(Row::Module { id: module.id.clone(), folded });
            if !folded {
                let items = module.items.iter();
                self.rows.extend(items.map(|item| Row::Item { id: item.id.clone(), nested: true }));
            }
        }
        self.move_by(0);
    }
}
