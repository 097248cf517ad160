//! How far the learner has come: what was kept, summed up by what there is to practise.
//!
//! [`Facts`] are read from the store in one go; [`Tracker`] follows from them and from the content,
//! without a clock or a file, and is what the screen, the pages of a repository and the card are
//! drawn from. What was practised and is not in the content any more counts as time and days, and is
//! told apart as [`Tracker::gone`].

pub mod calendar;
pub mod card;
pub mod due;
mod milestones;
mod story;

use std::collections::HashMap;
use std::time::Duration;

use jiff::Zoned;
use jiff::civil::Date;

pub use due::Repetition;
pub use milestones::{Milestone, Reached};
pub use story::{Moment, Story, What};

use crate::course::{Catalogue, Item, Module};
use crate::store::{Progress, Review, Status, Store, StoreError};

/// What was kept of a learner's practice.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The moment they were read, in the learner's time zone.
    pub now: Zoned,
    /// By item.
    pub progress: HashMap<String, Progress>,
    /// By item, how each practice ended, the earliest first.
    pub reviews: HashMap<String, Vec<Review>>,
    /// Time spent on each day that has any, the earliest first.
    pub days: Vec<(Date, Duration)>,
    /// Days in a row with practice.
    pub streak: u32,
}

impl Facts {
    /// Reads them as of `now`.
    pub fn read(store: &Store, now: Zoned) -> Result<Self, StoreError> {
        Ok(Self {
            progress: store.progress()?,
            reviews: store.reviews()?,
            days: store.days(&now)?,
            streak: store.streak(&now)?,
            now,
        })
    }
}

/// How far the learner has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracker {
    /// In the content's order.
    pub modules: Vec<ModuleStand>,
    /// Items that are due today or were before, the longest due first.
    pub due: Vec<Due>,
    /// What was reached, the latest first; then what is next.
    pub milestones: Vec<Milestone>,
    /// Time spent on each day that has any, the earliest first.
    pub days: Vec<(Date, Duration)>,
    /// Days in a row with practice, up to today.
    pub streak: u32,
    /// Today, where the learner is.
    pub today: Date,
    /// How many items that were completed are not in the content any more.
    pub gone: usize,
}

/// How far the learner has come in a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleStand {
    /// Its id.
    pub id: String,
    /// For people.
    pub title: String,
    /// In order.
    pub items: Vec<ItemStand>,
}

/// How far the learner has come with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemStand {
    /// Its id.
    pub id: String,
    /// `exercise`.
    pub kind: &'static str,
    /// For people.
    pub title: String,
    /// How long it should take.
    pub estimate: Duration,
    /// Where the learner stands with it, and what that took.
    pub progress: Progress,
    /// The days it was completed, the earliest first.
    pub completed: Vec<Date>,
    /// When it is due again, once it was completed.
    pub repetition: Option<Repetition>,
}

/// An item that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The item's id.
    pub item: String,
    /// For people.
    pub title: String,
    /// Since when.
    pub since: Date,
}

impl Tracker {
    /// Sums the facts up by the content.
    pub fn new(course: &Catalogue, facts: &Facts) -> Self {
        let today = facts.now.date();
        let modules: Vec<_> =
            course.modules.iter().map(|module| ModuleStand::new(module, facts)).collect();
        let items = || modules.iter().flat_map(|module| &module.items);
        let mut due: Vec<_> = items()
            .filter_map(|item| match item.repetition {
                Some(Repetition::Due(since)) if since <= today => {
                    Some(Due { item: item.id.clone(), title: item.title.clone(), since })
                }
                _ => None,
            })
            .collect();
        due.sort_by_key(|due| due.since);
        let completed = |progress: &&Progress| progress.status == Status::Completed;
        let known = items().filter(|item| completed(&&item.progress)).count();
        Self {
            milestones: milestones::of(&modules, facts),
            gone: facts.progress.values().filter(completed).count() - known,
            due,
            days: facts.days.clone(),
            streak: facts.streak,
            today,
            modules,
        }
    }

    /// All items, in order.
    pub fn items(&self) -> impl Iterator<Item = &ItemStand> {
        self.modules.iter().flat_map(|module| &module.items)
    }

    /// How many items were completed.
    pub fn done(&self) -> usize {
        self.modules.iter().map(ModuleStand::done).sum()
    }

    /// Time spent on what is in the content.
    pub fn spent(&self) -> Duration {
        self.modules.iter().map(ModuleStand::spent).sum()
    }
}

impl ModuleStand {
    fn new(module: &Module, facts: &Facts) -> Self {
        Self {
            id: module.id.clone(),
            title: module.title.clone(),
            items: module.items.iter().map(|item| ItemStand::new(item, facts)).collect(),
        }
    }

    /// How many of its items were completed.
    pub fn done(&self) -> usize {
        self.items.iter().filter(|item| item.progress.status == Status::Completed).count()
    }

    /// Time spent on its items.
    pub fn spent(&self) -> Duration {
        self.items.iter().map(|item| item.progress.spent).sum()
    }

    /// How long its items should take.
    pub fn estimate(&self) -> Duration {
        self.items.iter().map(|item| item.estimate).sum()
    }

    /// The day its last item was completed for the first time, once all were.
    pub fn completed(&self) -> Option<Date> {
        let firsts: Option<Vec<_>> =
            self.items.iter().map(|item| item.completed.first().copied()).collect();
        firsts?.into_iter().max()
    }
}

impl ItemStand {
    fn new(item: &Item, facts: &Facts) -> Self {
        let zone = facts.now.time_zone();
        let reviews = facts.reviews.get(&item.id).map_or(&[][..], Vec::as_slice);
        let completions = reviews.iter().filter(|review| review.completed);
        Self {
            id: item.id.clone(),
            kind: item.kind(),
            title: item.title.clone(),
            estimate: item.estimated_time,
            progress: facts.progress.get(&item.id).cloned().unwrap_or_default(),
            completed: completions.map(|review| zone.to_datetime(review.at).date()).collect(),
            repetition: due::repetition(reviews, zone),
        }
    }
}

#[cfg(test)]
mod tests;
