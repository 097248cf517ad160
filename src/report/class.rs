//! What learners have completed, summed up by learner and by item.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Trouble;
use crate::course::{Catalogue, Item};
use crate::store::{Completed, Review};
use crate::tracker::due::is_hard;

/// From how many times its estimate on an item was hard going.
const SLOW: u32 = 2;

/// Learners and what they have completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Class {
    /// By name.
    pub learners: Vec<Learner>,
    /// The items of every module that somebody has begun, in the content's order; then those that
    /// are in no content here.
    pub items: Vec<ClassItem>,
    /// What could not be read.
    pub troubles: Vec<Trouble>,
}

/// A learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// The name.
    pub name: String,
    /// By item.
    pub done: BTreeMap<String, Done>,
    /// Time spent on all completions.
    pub active: Duration,
    /// The last completion: the item, and when.
    pub last: Option<(String, Timestamp)>,
}

/// An item as one learner completed it the first time: later times are practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: Timestamp,
    /// Time spent.
    pub active: Duration,
    /// Verifications that did not pass.
    pub failures: u32,
    /// Hints shown.
    pub hints: u32,
    /// Whether the solution was shown.
    pub solution_seen: bool,
    /// How often it was completed.
    pub times: u32,
    /// Whether it was hard going.
    pub hard: bool,
}

/// An item, as the class did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassItem {
    /// Its id.
    pub id: String,
    /// For people; the id where it is in no content here.
    pub title: String,
    /// Its module; empty where it is in no content here.
    pub module: String,
    /// How long it should take, if that is known.
    pub estimate: Option<Duration>,
    /// How many learners completed it.
    pub done: usize,
    /// For how many of them it was hard going.
    pub hard: usize,
    /// The time that half of them took at most.
    pub median: Option<Duration>,
    /// Their verifications that did not pass.
    pub failures: u32,
    /// Their hints.
    pub hints: u32,
    /// To how many of them the solution was shown.
    pub solutions: usize,
}

impl Class {
    /// Sums up what was read, by the content.
    pub fn new(
        course: &Catalogue,
        read: Vec<(String, Vec<Completed>)>,
        troubles: Vec<Trouble>,
    ) -> Self {
        let known: HashMap<&str, &Item> =
            course.items().map(|item| (item.id.as_str(), item)).collect();
        let mut learners: Vec<_> = read
            .into_iter()
            .map(|(name, completions)| Learner::new(name, completions, &known))
            .collect();
        learners.sort_by_cached_key(|learner| (learner.name.to_lowercase(), learner.name.clone()));
        let done: HashSet<&str> =
            learners.iter().flat_map(|learner| learner.done.keys().map(String::as_str)).collect();
        let begun = course
            .modules
            .iter()
            .filter(|module| module.items.iter().any(|item| done.contains(&*item.id)));
        let mut items: Vec<_> = begun
            .flat_map(|module| &module.items)
            .map(|item| ClassItem::new(&item.id, Some(item), &learners))
            .collect();
        let mut unknown: Vec<_> = done.iter().filter(|id| !known.contains_key(**id)).collect();
        unknown.sort();
        items.extend(unknown.into_iter().map(|id| ClassItem::new(id, None, &learners)));
        Self { learners, items, troubles }
    }

    /// How many items were completed by all learners together.
    pub fn done(&self) -> usize {
        self.learners.iter().map(|learner| learner.done.len()).sum()
    }

    /// How many there would be if everybody had completed everything.
    pub fn all(&self) -> usize {
        self.learners.len() * self.items.len()
    }

    /// The items that were hard going for somebody, where most had it first.
    pub fn stuck(&self) -> Vec<&ClassItem> {
        let mut stuck: Vec<_> = self.items.iter().filter(|item| item.hard > 0).collect();
        stuck.sort_by_key(|item| std::cmp::Reverse(item.hardness()));
        stuck
    }

    /// Who completed something last: the learner, the item, and when.
    pub fn latest(&self) -> Option<(&str, &str, Timestamp)> {
        let last = self.learners.iter().filter_map(|learner| {
            learner.last.as_ref().map(|(item, at)| (&*learner.name, &**item, *at))
        });
        last.max_by_key(|(.., at)| *at)
    }
}

impl Learner {
    fn new(name: String, mut completions: Vec<Completed>, known: &HashMap<&str, &Item>) -> Self {
        completions.sort_by_key(|completed| (completed.at, completed.id.to_string()));
        let mut seen = HashSet::new();
        completions.retain(|completed| seen.insert(completed.id));
        let last = completions.last().map(|last| (last.item.clone(), last.at));
        let active = completions.iter().map(|completed| completed.active).sum();
        let mut done: BTreeMap<String, Done> = BTreeMap::new();
        for completed in completions {
            if let Some(done) = done.get_mut(&completed.item) {
                done.times += 1;
            } else {
                let estimate = known.get(&*completed.item).map(|item| item.estimated_time);
                done.insert(completed.item.clone(), Done::first(&completed, estimate));
            }
        }
        Self { name, done, active, last }
    }

    /// Hints that were shown.
    pub fn hints(&self) -> u32 {
        self.done.values().map(|done| done.hints).fold(0, u32::saturating_add)
    }

    /// Verifications that did not pass.
    pub fn failures(&self) -> u32 {
        self.done.values().map(|done| done.failures).fold(0, u32::saturating_add)
    }

    /// How many solutions were shown.
    pub fn solutions(&self) -> usize {
        self.done.values().filter(|done| done.solution_seen).count()
    }
}

impl Done {
    fn first(completed: &Completed, estimate: Option<Duration>) -> Self {
        let review = Review {
            at: completed.at,
            completed: true,
            hints: completed.hints,
            failures: completed.failures,
            solution_seen: completed.solution_seen,
        };
        let slow = estimate.is_some_and(|estimate| {
            !estimate.is_zero() && completed.active > estimate.saturating_mul(SLOW)
        });
        Self {
            at: completed.at,
            active: completed.active,
            failures: completed.failures,
            hints: completed.hints,
            solution_seen: completed.solution_seen,
            times: 1,
            hard: slow || is_hard(&review),
        }
    }
}

impl ClassItem {
    fn new(id: &str, item: Option<&Item>, learners: &[Learner]) -> Self {
        let done: Vec<_> = learners.iter().filter_map(|learner| learner.done.get(id)).collect();
        let mut times: Vec<_> = done.iter().map(|done| done.active).collect();
        times.sort_unstable();
        let sum =
            |of: fn(&Done) -> u32| done.iter().map(|done| of(done)).fold(0, u32::saturating_add);
        Self {
            id: id.to_owned(),
            title: item.map_or_else(|| id.to_owned(), |item| item.title.clone()),
            module: item.map(|item| item.module.clone()).unwrap_or_default(),
            estimate: item.map(|item| item.estimated_time).filter(|time| !time.is_zero()),
            done: done.len(),
            hard: done.iter().filter(|done| done.hard).count(),
            median: times.get(times.len().saturating_sub(1) / 2).copied(),
            failures: sum(|done| done.failures),
            hints: sum(|done| done.hints),
            solutions: done.iter().filter(|done| done.solution_seen).count(),
        }
    }

    /// How many times its estimate half of the learners took at most, in hundredths.
    pub fn ratio(&self) -> Option<u64> {
        let estimate = self.estimate?.as_millis();
        (self.median?.as_millis() * 100).checked_div(estimate).and_then(|it| it.try_into().ok())
    }

    /// What is compared to find out where most have a hard time.
    pub fn hardness(&self) -> (usize, u64) {
        (self.hard, self.ratio().unwrap_or(0))
    }
}
