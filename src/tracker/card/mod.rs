//! A card: what a learner has done, in little room, to show to others.
//!
//! It has nothing in it but titles of the content, numbers, days, and a name if one was given: no
//! user, host or path.

mod svg;

use std::time::Duration;

use jiff::civil::Date;
use serde::Serialize;

use super::{Milestone, Reached, Tracker, calendar};

/// How many weeks the calendar has.
pub const WEEKS: usize = 12;

/// How many modules there are room for.
const MODULES: usize = 8;

/// How many milestones there are room for: a line for each day of a week.
const MILESTONES: usize = 7;

/// How many of them are still ahead, at most.
const AHEAD: usize = 2;

/// More than so much on a day shows as the next shade.
const SHADES: [Duration; 3] =
    [Duration::from_mins(15), Duration::from_mins(45), Duration::from_mins(90)];

/// What the card says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// Whose it is, if that is to be seen.
    pub name: Option<String>,
    /// Today, where the learner is.
    pub day: Date,
    /// Items that were completed.
    pub done: usize,
    /// Items that there are.
    pub items: usize,
    /// Time spent on them.
    pub seconds: u64,
    /// Days in a row with practice.
    pub streak: u32,
    /// The modules that were begun, those with the most done first.
    pub modules: Vec<CardModule>,
    /// How many that were begun have no room.
    pub more_modules: usize,
    /// The last weeks, the earliest first; each from Monday to Sunday.
    pub weeks: Vec<Vec<CardDay>>,
    /// What was reached, the latest first, and what is next.
    pub milestones: Vec<CardMilestone>,
}

/// A module on the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardModule {
    /// For people.
    pub title: String,
    /// Items that were completed.
    pub done: usize,
    /// Items that it has.
    pub items: usize,
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CardDay {
    /// Which.
    pub day: Date,
    /// Time spent.
    pub seconds: u64,
    /// From 0, nothing, to 4; `None` for a day that has not come.
    pub shade: Option<u8>,
}

/// A milestone on the card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CardMilestone {
    /// For people.
    pub title: String,
    /// The day it was reached, if it was.
    pub reached: Option<Date>,
    /// What is done of it, and what it takes, if it is ahead.
    pub towards: Option<(usize, usize)>,
}

impl Card {
    /// The card of a learner, with a name on it or without.
    pub fn new(tracker: &Tracker, name: Option<&str>) -> Self {
        let mut modules: Vec<_> = tracker
            .modules
            .iter()
            .filter(|module| module.done() > 0)
            .map(|module| CardModule {
                title: plain(&module.title),
                done: module.done(),
                items: module.items.len(),
            })
            .collect();
        modules.sort_by_key(|module| std::cmp::Reverse(module.done));
        let more_modules = modules.len().saturating_sub(MODULES);
        modules.truncate(MODULES);
        Self {
            name: name.map(plain).filter(|name| !name.is_empty()),
            day: tracker.today,
            done: tracker.done(),
            items: tracker.items().count(),
            seconds: tracker.spent().as_secs(),
            streak: tracker.streak,
            modules,
            more_modules,
            weeks: weeks(tracker),
            milestones: milestones(&tracker.milestones),
        }
    }
}

fn weeks(tracker: &Tracker) -> Vec<Vec<CardDay>> {
    let today = tracker.today;
    let day = |(day, spent): (Date, Option<Duration>)| {
        let shade = spent
            .map_or(0, |spent| 1 + SHADES.iter().filter(|least| spent > **least).count() as u8);
        CardDay {
            day,
            seconds: spent.unwrap_or_default().as_secs(),
            shade: (day <= today).then_some(shade),
        }
    };
    let weeks = calendar::weeks(&tracker.days, today, WEEKS);
    weeks.map(|week| week.map(day).to_vec()).collect()
}

fn milestones(all: &[Milestone]) -> Vec<CardMilestone> {
    let (reached, ahead): (Vec<_>, Vec<_>) =
        all.iter().partition(|milestone| matches!(milestone.reached, Reached::On(_)));
    let ahead = &ahead[..ahead.len().min(AHEAD)];
    let reached = reached.into_iter().take(MILESTONES - ahead.len());
    let card = |milestone: &Milestone| {
        let title = plain(&milestone.title);
        match milestone.reached {
            Reached::On(day) => CardMilestone { title, reached: Some(day), towards: None },
            Reached::Towards { done, of } => {
                CardMilestone { title, reached: None, towards: Some((done, of)) }
            }
        }
    };
    reached.chain(ahead.iter().copied()).map(card).collect()
}

/// Text without control characters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::tracker::{ItemStand, ModuleStand};

    pub(super) fn tracker() -> Tracker {
        let item = |done: bool| {
            let mut item = ItemStand {
                id: String::new(),
                kind: "exercise",
                title: String::new(),
                estimate: Duration::from_mins(15),
                progress: crate::store::Progress::default(),
                completed: vec![],
                repetition: None,
            };
            if done {
                item.progress.status = crate::store::Status::Completed;
                item.progress.spent = Duration::from_mins(20);
            }
            item
        };
        let module = |title: &str, done: usize, of: usize| ModuleStand {
            id: title.to_lowercase(),
            title: title.to_owned(),
            items: (0..of).map(|number| item(number < done)).collect(),
        };
        let day = |month, day| date(2026, month, day);
        let minutes = Duration::from_mins;
        let reached = |title: &str, reached| Milestone { title: title.to_owned(), reached };
        Tracker {
            modules: vec![
                module("Networking", 0, 5),
                module("Incidents & <Alarms>", 2, 8),
                module("Linux Fundamentals", 5, 5),
            ],
            due: vec![],
            milestones: vec![
                reached("Linux Fundamentals completed", Reached::On(day(3, 4))),
                reached("First item completed", Reached::On(day(2, 20))),
                reached("10 items completed", Reached::Towards { done: 7, of: 10 }),
            ],
            days: vec![
                (date(2025, 12, 1), minutes(60)),
                (day(2, 20), minutes(10)),
                (day(2, 21), minutes(30)),
                (day(3, 3), minutes(60)),
                (day(3, 4), minutes(120)),
            ],
            streak: 2,
            today: day(3, 4),
            gone: 0,
        }
    }

    #[test]
    fn a_card_has_what_was_done_and_nothing_of_who_did_it() {
        let card = Card::new(&tracker(), None);
        assert_eq!((card.name, card.done, card.items, card.seconds), (None, 7, 18, 7 * 20 * 60));
        let modules: Vec<_> =
            card.modules.iter().map(|module| (&*module.title, module.done, module.items)).collect();
        assert_eq!(modules, [("Linux Fundamentals", 5, 5), ("Incidents & <Alarms>", 2, 8)]);
        assert_eq!(card.milestones.len(), 3);
        assert_eq!(card.milestones[2].towards, Some((7, 10)));
        let named = Card::new(&tracker(), Some(" A\u{1b}nna\n"));
        assert_eq!(named.name.as_deref(), Some("Anna"));
    }

    #[test]
    fn the_calendar_ends_with_this_week_and_has_days_that_have_not_come() {
        let card = Card::new(&tracker(), None);
        assert_eq!(card.weeks.len(), 12);
        assert!(card.weeks.iter().all(|week| week.len() == 7));
        // 2026-03-04 is a Wednesday.
        let last = card.weeks.last().unwrap();
        let shades: Vec<_> = last.iter().map(|day| day.shade).collect();
        assert_eq!(shades, [Some(0), Some(3), Some(4), None, None, None, None]);
        assert_eq!(last[2].day, date(2026, 3, 4));
        assert_eq!(card.weeks[0][0].day, date(2025, 12, 15));
        let shade = |week: usize, day: usize| card.weeks[week][day].shade;
        assert_eq!((shade(9, 4), shade(9, 5)), (Some(1), Some(2)));
    }

    #[test]
    fn there_is_room_for_so_much() {
        let mut tracker = tracker();
        let linux = tracker.modules[2].clone();
        tracker.modules = vec![linux; 11];
        tracker.milestones = vec![tracker.milestones[0].clone(); 30];
        let card = Card::new(&tracker, None);
        assert_eq!((card.modules.len(), card.more_modules), (8, 3));
        assert_eq!(card.milestones.len(), MILESTONES);
    }
}
