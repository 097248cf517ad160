//! Facts of a few days, summed up.

use jiff::civil::date;

use super::*;
use crate::course::{Source, load};

fn facts(now: &str, practised: &[(&str, &str)], days: &[&str], streak: u32) -> Facts {
    let mut reviews: HashMap<String, Vec<Review>> = HashMap::new();
    let mut progress: HashMap<String, Progress> = HashMap::new();
    for (item, at) in practised {
        let at = at.parse().unwrap();
        let review = Review { at, completed: true, hints: 0, failures: 0, solution_seen: false };
        reviews.entry((*item).to_owned()).or_default().push(review);
        let progress = progress.entry((*item).to_owned()).or_default();
        progress.status = Status::Completed;
        progress.completions += 1;
        progress.spent += Duration::from_mins(10);
    }
    let days = days.iter().map(|day| (day.parse().unwrap(), Duration::from_mins(10))).collect();
    Facts { now: now.parse().unwrap(), progress, reviews, days, streak }
}

fn tracker(facts: &Facts) -> Tracker {
    Tracker::new(&load(&[Source::built_in()]), facts)
}

#[test]
fn a_module_sums_up_its_items() {
    let facts = facts(
        "2026-03-05T12:00[Europe/Berlin]",
        &[
            ("linux-01", "2026-03-03T23:30Z"),
            ("linux-02", "2026-03-04T08:00Z"),
            ("linux-01", "2026-03-04T09:00Z"),
            ("withdrawn-01", "2026-03-04T09:00Z"),
        ],
        &["2026-03-04"],
        1,
    );
    let tracker = tracker(&facts);
    let linux = tracker.modules.iter().find(|module| module.id == "linux").unwrap();
    assert_eq!(
        (linux.done(), linux.spent(), linux.completed()),
        (2, Duration::from_mins(30), None)
    );
    assert_eq!(linux.estimate(), linux.items.iter().map(|item| item.estimate).sum::<Duration>());
    // Half past eleven at night in UTC is the next day in Berlin.
    assert_eq!(linux.items[0].completed, [date(2026, 3, 4), date(2026, 3, 4)]);
    assert_eq!((tracker.done(), tracker.gone), (2, 1));
    assert_eq!(tracker.spent(), Duration::from_mins(30));
    let due: Vec<_> = tracker.due.iter().map(|due| (&*due.item, due.since)).collect();
    assert_eq!(due, [("linux-01", date(2026, 3, 5)), ("linux-02", date(2026, 3, 5))]);
}

#[test]
fn milestones_are_reached_on_a_day_or_nearer() {
    let items: Vec<String> = (1..=5).map(|number| format!("linux-{number:02}")).collect();
    let at = ["2026-03-01T10:00Z", "2026-03-02T10:00Z", "2026-03-03T10:00Z", "2026-03-03T11:00Z"];
    let practised: Vec<_> = items.iter().map(String::as_str).zip(at).collect();
    let days = ["2026-02-11", "2026-03-01", "2026-03-02", "2026-03-03"];
    let told = |facts: &Facts| -> Vec<(String, Reached)> {
        tracker(facts).milestones.into_iter().map(|m| (m.title, m.reached)).collect()
    };
    let (third, first) = (Reached::On(date(2026, 3, 3)), Reached::On(date(2026, 3, 1)));
    let expected = [
        ("3 days in a row", third),
        ("First item completed", first),
        ("5 items completed", Reached::Towards { done: 4, of: 5 }),
        ("Linux Fundamentals completed", Reached::Towards { done: 4, of: 5 }),
        ("7 days in a row", Reached::Towards { done: 3, of: 7 }),
    ];
    let found: Vec<_> = told(&facts("2026-03-03T12:00[UTC]", &practised, &days, 3));
    assert_eq!(found, expected.map(|(title, reached)| (title.to_owned(), reached)));

    let practised: Vec<_> =
        items.iter().map(String::as_str).zip(at.into_iter().chain(["2026-03-09T10:00Z"])).collect();
    let found: Vec<_> = told(&facts("2026-03-20T12:00[UTC]", &practised, &days, 0));
    let ninth = Reached::On(date(2026, 3, 9));
    assert!(found.contains(&("Linux Fundamentals completed".to_owned(), ninth)), "{found:?}");
    assert!(found.contains(&("5 items completed".to_owned(), ninth)), "{found:?}");
    assert!(!found.iter().any(|(title, _)| title == "7 days in a row"), "{found:?}");
}

#[test]
fn nothing_practised_is_nothing_due_and_one_milestone_ahead() {
    let tracker = tracker(&facts("2026-03-05T12:00[UTC]", &[], &[], 0));
    assert_eq!((tracker.done(), tracker.due.len(), tracker.gone), (0, 0, 0));
    let ahead = Milestone {
        title: "First item completed".to_owned(),
        reached: Reached::Towards { done: 0, of: 1 },
    };
    assert_eq!(tracker.milestones, [ahead]);
}
