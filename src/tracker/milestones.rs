//! Milestones: what there is to be a little proud of, and what comes next.

use jiff::civil::Date;

use super::{Facts, ModuleStand};

/// After how many completed items there is one.
const ITEMS: [usize; 6] = [1, 5, 10, 25, 50, 100];

/// After how many days in a row there is one.
const ROWS: [usize; 4] = [3, 7, 30, 100];

/// Something that is reached by practising.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// For people: `Linux Fundamentals completed`.
    pub title: String,
    /// How far the learner is.
    pub reached: Reached,
}

/// How far the learner is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// It was reached on this day.
    On(Date),
    /// So many of so many.
    Towards {
        /// What is done.
        done: usize,
        /// What it takes.
        of: usize,
    },
}

/// What was reached, the latest first; then what is next of each kind that was begun, the nearest
/// first.
pub(super) fn of(modules: &[ModuleStand], facts: &Facts) -> Vec<Milestone> {
    let mut all = items(modules);
    all.extend(rows(facts));
    all.extend(modules.iter().filter_map(module));
    let key = |milestone: &Milestone| match milestone.reached {
        Reached::On(day) => (0, std::cmp::Reverse(Some(day)), 0),
        Reached::Towards { done, of } => (1, std::cmp::Reverse(None), of - done),
    };
    all.sort_by_key(key);
    all
}

fn module(module: &ModuleStand) -> Option<Milestone> {
    let reached = match module.completed() {
        Some(day) => Reached::On(day),
        None if module.done() == 0 => return None,
        None => Reached::Towards { done: module.done(), of: module.items.len() },
    };
    Some(Milestone { title: format!("{} completed", module.title), reached })
}

/// The days on which a first, a fifth and so on item was completed.
fn items(modules: &[ModuleStand]) -> Vec<Milestone> {
    let mut firsts: Vec<_> = modules
        .iter()
        .flat_map(|module| &module.items)
        .filter_map(|item| item.completed.first().copied())
        .collect();
    firsts.sort_unstable();
    let title = |count: usize| match count {
        1 => "First item completed".to_owned(),
        count => format!("{count} items completed"),
    };
    steps(&ITEMS, firsts.len(), title, |count| firsts.get(count - 1).copied())
}

/// The days on which a row of days first was so long.
fn rows(facts: &Facts) -> Vec<Milestone> {
    let mut reached = Vec::new();
    let (mut row, mut last) = (0_usize, None::<Date>);
    for &(day, _) in &facts.days {
        let follows = last.is_some_and(|last| last.tomorrow().is_ok_and(|next| next == day));
        row = if follows { row + 1 } else { 1 };
        last = Some(day);
        if row > reached.len() {
            reached.push(day);
        }
    }
    let title = |count: usize| format!("{count} days in a row");
    let days = |count: usize| reached.get(count - 1).copied();
    let mut steps = steps(&ROWS, facts.streak as usize, title, days);
    if facts.streak == 0 {
        steps.retain(|milestone| matches!(milestone.reached, Reached::On(_)));
    }
    steps
}

/// Those of a ladder that were reached, and the next one.
fn steps(
    ladder: &[usize],
    done: usize,
    title: impl Fn(usize) -> String,
    reached: impl Fn(usize) -> Option<Date>,
) -> Vec<Milestone> {
    let mut milestones = Vec::new();
    for &of in ladder {
        let reached = reached(of);
        milestones.push(Milestone {
            title: title(of),
            reached: reached.map_or(Reached::Towards { done: done.min(of), of }, Reached::On),
        });
        if reached.is_none() {
            break;
        }
    }
    milestones
}
