//! Tracker: how far the learner has come. Modules with their items, the days with practice, what is
//! due, milestones; beside each other where there is room, else one at a time.

mod calendar;
mod layout;
mod view;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use jiff::civil::Date;
pub use layout::{pane_at, row_at};
pub use view::draw;

use super::outcome::Outcome;
use crate::tracker::{ModuleStand, Repetition, Tracker as Summary};
use crate::tui::app::Action;

/// Its panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PaneId {
    /// Modules and their items.
    #[default]
    Progress,
    /// What is due.
    Due,
    /// Milestones.
    Milestones,
    /// The days with practice.
    Days,
}

impl PaneId {
    /// In the order of the keys.
    pub const ALL: [Self; 4] = [Self::Progress, Self::Due, Self::Milestones, Self::Days];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Progress => "Progress",
            Self::Due => "Practice again",
            Self::Milestones => "Milestones",
            Self::Days => "Days",
        }
    }
}

/// A row of the tree: a module, or an item of the module above it. Both by their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// The module at this place.
    Module(usize),
    /// The item at this place of the module at that.
    Item(usize, usize),
}

/// Tracker's state.
#[derive(Debug, Default)]
pub struct Tracker {
    /// What there is to tell, once it was read.
    pub summary: Option<Box<Summary>>,
    /// Where keys go.
    pub pane: PaneId,
    /// The rows of the tree that are shown.
    pub rows: Vec<Row>,
    /// In each pane, the selected row.
    cursors: [usize; 4],
    /// Ids of modules whose items are shown.
    unfolded: HashSet<String>,
}

impl Tracker {
    /// What was read takes the place of what was there; the cursors stay where they were.
    pub fn learn(&mut self, summary: Summary) {
        if self.summary.is_none() {
            // Where the learner is at work there is most to see.
            let begun =
                |module: &&ModuleStand| module.items.iter().any(|it| it.progress.attempts > 0);
            let open = summary.modules.iter().filter(begun).filter(|it| it.completed().is_none());
            self.unfolded = open.map(|module| module.id.clone()).collect();
        }
        self.summary = Some(Box::new(summary));
        self.list();
    }

    /// The selected row of a pane.
    pub fn cursor(&self, pane: PaneId) -> usize {
        self.cursors[pane as usize]
    }

    /// Whether a module's items are shown.
    pub fn is_unfolded(&self, module: &str) -> bool {
        self.unfolded.contains(module)
    }

    /// How many rows a pane has.
    pub fn count(&self, pane: PaneId) -> usize {
        let Some(summary) = &self.summary else { return 0 };
        match pane {
            PaneId::Progress => self.rows.len(),
            PaneId::Due => summary.due.len(),
            PaneId::Milestones => summary.milestones.len(),
            PaneId::Days => 0,
        }
    }

    /// The id of the selected item, if the selected row is of one.
    pub fn item(&self) -> Option<&str> {
        let summary = self.summary.as_ref()?;
        match self.pane {
            PaneId::Progress => match self.rows.get(self.cursor(self.pane))? {
                Row::Item(module, item) => {
                    Some(&summary.modules.get(*module)?.items.get(*item)?.id)
                }
                Row::Module(_) => None,
            },
            PaneId::Due => Some(&summary.due.get(self.cursor(self.pane))?.item),
            PaneId::Milestones | PaneId::Days => None,
        }
    }

    /// Moves the cursor of a pane, stopping at the ends.
    pub fn move_by(&mut self, pane: PaneId, by: isize) {
        let last = self.count(pane).saturating_sub(1);
        let cursor = &mut self.cursors[pane as usize];
        *cursor = cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor of a pane on a row and the keys into the pane; whether both were so.
    pub fn point(&mut self, pane: PaneId, row: Option<usize>) -> bool {
        let there = self.pane == pane && row == Some(self.cursor(pane));
        self.pane = pane;
        if let Some(row) = row {
            self.cursors[pane as usize] = row;
            self.move_by(pane, 0);
        }
        there
    }

    /// Does what can be done here alone. `page` is how many rows a page has.
    pub fn act(&mut self, action: Action, page: usize) -> Outcome {
        if let Some(by) = action.step(page) {
            self.move_by(self.pane, by);
            return Outcome::default();
        }
        match action {
            Action::NextPane => self.pane = self.beside(1),
            Action::PreviousPane => self.pane = self.beside(PaneId::ALL.len() - 1),
            Action::Expand => self.fold(false),
            Action::Collapse => self.fold(true),
            Action::Open => {
                if let Some(Row::Module(_)) = self.selected_row() {
                    let open = self.module().is_some_and(|module| self.is_unfolded(&module.id));
                    self.fold(open);
                }
            }
            _ => {}
        }
        Outcome::default()
    }

    /// The selected item, and since when it is due, unless it is under way again.
    pub fn choice(&self) -> Option<(String, Option<Date>)> {
        let summary = self.summary.as_ref()?;
        let id = self.item()?;
        let item = summary.items().find(|item| item.id == id)?;
        let since = match item.repetition {
            Some(Repetition::Due(since)) if item.progress.current.is_none() => Some(since),
            _ => None,
        };
        Some((id.to_owned(), since.filter(|since| *since <= summary.today)))
    }

    fn beside(&self, by: usize) -> PaneId {
        PaneId::ALL[(self.pane as usize + by) % PaneId::ALL.len()]
    }

    fn selected_row(&self) -> Option<Row> {
        (self.pane == PaneId::Progress).then(|| self.rows.get(self.cursor(self.pane)).copied())?
    }

    /// The module of the selected row.
    fn module(&self) -> Option<&ModuleStand> {
        let (Row::Module(at) | Row::Item(at, _)) = self.selected_row()?;
        self.summary.as_ref()?.modules.get(at)
    }

    /// Hides or shows the items of the selected row's module; the cursor goes to the module.
    fn fold(&mut self, fold: bool) {
        let Some(id) = self.module().map(|module| module.id.clone()) else { return };
        let Some(Row::Module(at) | Row::Item(at, _)) = self.selected_row() else { return };
        if fold {
            self.unfolded.remove(&id);
        } else {
            self.unfolded.insert(id);
        }
        self.list();
        if fold {
            let row = self.rows.iter().position(|row| *row == Row::Module(at));
            self.cursors[PaneId::Progress as usize] = row.unwrap_or_default();
        }
    }

    fn list(&mut self) {
        self.rows.clear();
        let modules = self.summary.iter().flat_map(|summary| &summary.modules);
        for (at, module) in modules.enumerate() {
            self.rows.push(Row::Module(at));
            if self.unfolded.contains(&module.id) {
                self.rows.extend((0..module.items.len()).map(|item| Row::Item(at, item)));
            }
        }
        for pane in PaneId::ALL {
            self.move_by(pane, 0);
        }
    }
}
