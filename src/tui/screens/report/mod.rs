//! A class on a projector: its learners and its items with a bar each, followed while they change.
//!
//! It is read from far away and mostly without anybody at the keys: where not all fits, pages turn by
//! themselves. The worker reads; this has what was read last.

mod update;
mod view;

pub use view::draw;

use std::sync::Arc;

use jiff::Zoned;
use ratatui::layout::Rect;

use crate::report::{Class, ClassItem, Learner};

/// How many seconds a page stays.
const PAGE: u32 = 10;

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The class.
    pub class: Arc<Class>,
    /// When, where the reader is.
    pub at: Zoned,
}

/// The state of the screen.
#[derive(Debug)]
pub struct Report {
    /// Which opening it is: what comes of an earlier one is ignored.
    pub visit: u64,
    /// What was read last.
    pub reading: Option<Reading>,
    /// The list that has the keys, and the one that is shown where there is room for one.
    pub list: List,
    /// The first row of each list.
    first: [usize; 2],
    /// The order of each list.
    sort: [Sort; 2],
    /// Whether pages turn by themselves.
    turning: bool,
    /// Seconds until the next does.
    left: u32,
}

/// The lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// By learner.
    Learners,
    /// By item.
    Items,
}

/// The orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// Learners by name, items as the content has them.
    Natural,
    /// The most done first.
    Most,
    /// Learners: who completed something last first. Items: where most got stuck first.
    Third,
}

impl List {
    fn other(self) -> Self {
        match self {
            Self::Learners => Self::Items,
            Self::Items => Self::Learners,
        }
    }
}

impl Sort {
    fn next(self) -> Self {
        match self {
            Self::Natural => Self::Most,
            Self::Most => Self::Third,
            Self::Third => Self::Natural,
        }
    }

    fn word(self, list: List) -> &'static str {
        match (self, list) {
            (Self::Natural, List::Learners) => "by name",
            (Self::Natural, List::Items) => "in order",
            (Self::Most, _) => "most done first",
            (Self::Third, List::Learners) => "latest first",
            (Self::Third, List::Items) => "hardest first",
        }
    }
}

impl Report {
    /// Before anything was read.
    pub fn new(visit: u64) -> Self {
        Self {
            visit,
            reading: None,
            list: List::Learners,
            first: [0; 2],
            sort: [Sort::Natural; 2],
            turning: true,
            left: PAGE,
        }
    }

    /// Whether the seconds until the next page are shown.
    pub fn moves(&self, area: Rect) -> bool {
        self.turning && self.turns(area)
    }

    /// Whether there is more than is to be seen at once.
    fn turns(&self, area: Rect) -> bool {
        let lists = [List::Learners, List::Items];
        !view::is_wide(area) || lists.iter().any(|list| self.last_first(*list, area) > 0)
    }

    fn learners(&self) -> Vec<&Learner> {
        let Some(reading) = &self.reading else { return vec![] };
        let mut learners: Vec<_> = reading.class.learners.iter().collect();
        match self.sort[List::Learners as usize] {
            Sort::Natural => {}
            Sort::Most => learners.sort_by_key(|it| std::cmp::Reverse(it.done.len())),
            Sort::Third => {
                learners.sort_by_key(|it| std::cmp::Reverse(it.last.as_ref().map(|(_, at)| *at)));
            }
        }
        learners
    }

    fn items(&self) -> Vec<&ClassItem> {
        let Some(reading) = &self.reading else { return vec![] };
        let mut items: Vec<_> = reading.class.items.iter().collect();
        match self.sort[List::Items as usize] {
            Sort::Natural => {}
            Sort::Most => items.sort_by_key(|it| std::cmp::Reverse(it.done)),
            Sort::Third => items.sort_by_key(|it| std::cmp::Reverse(it.hardness())),
        }
        items
    }

    fn count(&self, list: List) -> usize {
        self.reading.as_ref().map_or(0, |reading| match list {
            List::Learners => reading.class.learners.len(),
            List::Items => reading.class.items.len(),
        })
    }

    /// The first row of a list that is scrolled to its end.
    fn last_first(&self, list: List, area: Rect) -> usize {
        let count = self.count(list);
        count.saturating_sub(view::rows(area, count))
    }
}

#[cfg(test)]
mod tests;
