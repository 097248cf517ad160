//! Tracker as it looks and what its keys do.

use std::time::Duration;

use jiff::Zoned;

use super::*;
use crate::store::{Current, Progress, Review, Status};
use crate::tracker::Facts;
use crate::tui::app::driver::Driver;
use crate::tui::app::{Effect, Event, Screen};
use crate::tui::screens::tests::{screen, snapshots};

/// Somebody who has done some of Linux over three weeks, and something that is not there any more.
fn summary(driver: &Driver) -> Summary {
    let now: Zoned = "2026-03-11T12:00[UTC]".parse().unwrap();
    let mut facts = Facts { now, progress: [].into(), reviews: [].into(), days: vec![], streak: 3 };
    for (item, minutes, days) in [
        ("linux-01", 14, &["2026-02-20", "2026-02-21", "2026-02-24", "2026-03-03"][..]),
        ("linux-02", 31, &["2026-03-09"]),
        ("net-01", 8, &["2026-03-10"]),
        ("withdrawn-01", 5, &["2026-03-10"]),
    ] {
        let reviews = days.iter().map(|day| Review {
            at: format!("{day}T10:00Z").parse().unwrap(),
            completed: true,
            hints: 0,
            failures: 0,
            solution_seen: false,
        });
        facts.reviews.insert(item.to_owned(), reviews.collect());
        let progress = Progress {
            status: Status::Completed,
            attempts: days.len() as u32,
            completions: days.len() as u32,
            spent: Duration::from_mins(minutes),
            ..Progress::default()
        };
        facts.progress.insert(item.to_owned(), progress);
    }
    let current = Current {
        attempt: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
        active: Duration::from_mins(6),
        checks_passed: 2,
        checks_total: 4,
        hints: 1,
    };
    let started = Progress {
        status: Status::Started,
        attempts: 1,
        spent: Duration::from_mins(6),
        current: Some(current),
        ..Progress::default()
    };
    facts.progress.insert("linux-03".to_owned(), started);
    for (day, minutes) in [
        ("02-20", 7),
        ("02-21", 3),
        ("02-24", 12),
        ("03-03", 4),
        ("03-09", 31),
        ("03-10", 13),
        ("03-11", 70),
    ] {
        let day = format!("2026-{day}").parse().unwrap();
        facts.days.push((day, Duration::from_mins(minutes)));
    }
    Summary::new(&driver.app.course, &facts)
}

fn open(driver: &mut Driver) {
    driver.engine();
    assert_eq!(driver.press("t"), [Effect::LoadTracker]);
    let summary = summary(driver);
    driver.event(Event::Tracker(Box::new(summary)));
}

fn tracker(driver: &Driver) -> &Tracker {
    driver.app.tracker.as_ref().unwrap()
}

#[test]
fn the_screen() {
    snapshots("tracker", open);
}

#[test]
fn what_is_due_where_one_pane_is_shown() {
    let mut driver = Driver::new(80, 24);
    open(&mut driver);
    for (keys, name) in [("2", "due"), ("3", "milestones"), ("tab", "days")] {
        driver.press(keys);
        insta::assert_snapshot!(format!("tracker_{name}_80x24"), screen(&driver));
    }
}

#[test]
fn without_colours_signs_and_words_tell_everything() {
    let mut driver = Driver::new(120, 40);
    driver.app.signs.ascii = true;
    open(&mut driver);
    assert!(screen(&driver).is_ascii(), "{}", screen(&driver));
}

#[test]
fn an_item_is_gone_on_with_or_practised_again() {
    let mut driver = Driver::new(120, 40);
    open(&mut driver);
    // Linux is under way and unfolded: its third item was begun.
    driver.press("down down down");
    assert_eq!(tracker(&driver).item(), Some("linux-03"));
    let provisions = |effects: &[Effect], id: &str, again: bool| {
        effects.iter().any(|effect| {
            matches!(effect, Effect::Provision { item, fresh, .. } if item == id && *fresh == again)
        })
    };
    let effects = driver.press("enter");
    assert!(provisions(&effects, "linux-03", false), "{effects:?}");
    driver.press("esc");
    assert_eq!(driver.app.screen, Screen::Home);

    driver.press("t 2");
    assert_eq!(tracker(&driver).item(), Some("linux-02"));
    assert_eq!(driver.press("enter"), [], "how, is asked");
    let effects = driver.press("enter");
    assert!(provisions(&effects, "linux-02", true), "{effects:?}");
}

#[test]
fn modules_fold_and_the_cursor_stays_in_the_list() {
    let mut driver = Driver::new(80, 24);
    open(&mut driver);
    let before = tracker(&driver).rows.len();
    driver.press("down left");
    assert_eq!(tracker(&driver).cursor(PaneId::Progress), 0);
    assert!(tracker(&driver).rows.len() < before);
    driver.press("enter");
    assert_eq!(tracker(&driver).rows.len(), before);
    driver.press("G j pagedown");
    assert_eq!(tracker(&driver).cursor(PaneId::Progress), tracker(&driver).rows.len() - 1);
    // Read again, nothing moves.
    let summary = summary(&driver);
    driver.event(Event::Tracker(Box::new(summary)));
    assert_eq!(tracker(&driver).cursor(PaneId::Progress), tracker(&driver).rows.len() - 1);
    driver.press("esc");
    assert_eq!(driver.app.screen, Screen::Home);
}

#[test]
fn every_size_can_be_drawn_and_what_is_clicked_is_what_is_shown() {
    for cols in (1..=220).step_by(7) {
        for rows in [1, 2, 3, 4, 6, 8, 21, 22, 24, 59] {
            let mut driver = Driver::new(cols, rows);
            open(&mut driver);
            let shown = screen(&driver);
            let row = shown.lines().position(|line| line.contains("  ✓ Users and permissions"));
            let Some(row) = row.filter(|_| cols >= 80) else { continue };
            let at = ratatui::layout::Position::new(8, row as u16);
            let (pane, row) = row_at(tracker(&driver), driver.app.area, at).unwrap();
            assert_eq!((pane, row), (PaneId::Progress, 2), "{cols}x{rows}");
        }
    }
}
