//! A class as it looks, and what its keys do.

use std::sync::LazyLock;
use std::time::Duration;

use super::*;
use crate::course::{Catalogue, Source, load};
use crate::report::{Followed, Sources, Trouble};
use crate::store::Completed;
use crate::tui::app::{Effect, Event, Layer, ReportEvent, driver::Driver};
use crate::tui::screens::tests::{screen, snapshots};

const NAMES: [&str; 8] = ["anna", "bert", "chiara", "日向子", "emre", "farida", "gus", "hana"];

/// So many learners, one a little further than the next.
fn class(learners: usize) -> Class {
    static COURSE: LazyLock<Catalogue> = LazyLock::new(|| load(&[Source::built_in()]));
    let course = &*COURSE;
    let items: Vec<_> = course.items().filter(|item| item.module == "linux").collect();
    let completed = |learner: usize, number: usize| Completed {
        id: format!("01890000-0000-7000-8000-{:012}", learner * 100 + number).parse().unwrap(),
        item: items[number].id.clone(),
        content_hash: String::new(),
        engine: "docker".into(),
        seed: 7,
        started_at: "2026-03-04T08:00Z".parse().unwrap(),
        at: "2026-03-03T08:00Z".parse::<jiff::Timestamp>().unwrap()
            + Duration::from_mins((learner * 7 + number * 400) as u64),
        active: Duration::from_mins(10 + (learner * 5 + number * 11) as u64 % 60),
        failures: (learner + number) as u32 % 4,
        hints: (learner * number) as u32 % 3,
        solution_seen: false,
        checks: vec![],
        version: String::new(),
        here: false,
    };
    let read = (0..learners).map(|learner| {
        let name = NAMES[learner % NAMES.len()];
        let turn = learner / NAMES.len();
        let name = if turn == 0 { name.to_owned() } else { format!("{name} {turn}") };
        let done = learner * 3 % 6;
        (name, (0..done.min(items.len())).map(|number| completed(learner, number)).collect())
    });
    let trouble = Trouble::of("/class/ivo", "there is no such folder");
    Class::new(course, read.collect(), vec![trouble])
}

fn open(driver: &mut Driver) -> u64 {
    let followed = Followed {
        sources: Sources { named: vec![], cache: "/cache".into() },
        every: Duration::from_secs(10),
        offline: false,
    };
    let effects = driver.app.open_report(followed);
    let [Effect::FollowClass { visit, .. }] = effects[..] else { panic!("{effects:?}") };
    visit
}

fn read(driver: &mut Driver, visit: u64, learners: usize) {
    let at = "2026-03-04T12:00[UTC]".parse().unwrap();
    let event = ReportEvent::Read(Reading { class: Arc::new(class(learners)), at });
    driver.event(Event::Report { visit, event });
}

fn followed(cols: u16, rows: u16, learners: usize) -> Driver {
    let mut driver = Driver::new(cols, rows);
    let visit = open(&mut driver);
    read(&mut driver, visit, learners);
    driver
}

/// The names in the left column, as far as they are seen.
fn seen(driver: &Driver, names: &[&str]) -> Vec<String> {
    let screen = screen(driver);
    let has = |name: &&&str| screen.lines().any(|line| line.contains(&format!("│ {name} ")));
    names.iter().filter(has).map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_class_of_forty() {
    snapshots("class_of_40", |driver| {
        let visit = open(driver);
        read(driver, visit, 40);
    });
}

#[test]
fn a_class_of_eight() {
    snapshots("class_of_8", |driver| {
        let visit = open(driver);
        read(driver, visit, 8);
        driver.press("tab s s");
    });
}

#[test]
fn before_it_is_read_and_with_nobody_it_says_so() {
    let mut driver = Driver::new(80, 24);
    let visit = open(&mut driver);
    assert!(screen(&driver).contains("Reading"));
    read(&mut driver, visit, 0);
    assert!(screen(&driver).contains("Nobody is here yet"));
    driver.press("tab");
    assert!(screen(&driver).contains("Nothing was completed yet"));
    read(&mut driver, visit + 1, 8);
    assert!(screen(&driver).contains("Nothing was completed yet"), "another opening's");
}

#[test]
fn pages_turn_by_themselves_until_somebody_holds_them() {
    let mut driver = followed(80, 24, 40);
    assert!(screen(&driver).contains("1-20 of 40 · next in 10 s"));
    assert!(driver.app.next_tick().is_some());
    driver.second();
    assert!(screen(&driver).contains("1-20 of 40 · next in 9 s"));
    let turn = |driver: &mut Driver| {
        for _ in 0..10 {
            driver.second();
        }
    };
    turn(&mut driver);
    assert!(screen(&driver).contains("21-40 of 40 · next in 9 s"), "{}", screen(&driver));
    turn(&mut driver);
    assert!(screen(&driver).contains("Items 5"), "{}", screen(&driver));
    turn(&mut driver);
    assert!(screen(&driver).contains("1-20 of 40"));
    driver.press("space");
    assert!(screen(&driver).contains("1-20 of 40 · held"));
    assert_eq!(driver.app.next_tick(), None);
    driver.press("space down");
    assert!(screen(&driver).contains("2-21 of 40 · held"), "who scrolls reads");
    driver.press("end");
    assert!(screen(&driver).contains("21-40 of 40"));
    driver.press("down home");
    assert!(screen(&driver).contains("1-20 of 40"));
    assert_eq!(followed(200, 60, 8).app.next_tick(), None, "everything is seen");
}

#[test]
fn the_order_is_changed() {
    let mut driver = followed(80, 24, 8);
    let names = ["anna", "bert", "chiara", "emre"];
    let order = |driver: &Driver| {
        let screen = screen(driver);
        let mut at: Vec<_> = names
            .iter()
            .filter_map(|name| Some((screen.find(&format!("│ {name} "))?, *name)))
            .collect();
        at.sort_unstable();
        at.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    assert_eq!(seen(&driver, &names), names);
    assert_eq!(order(&driver), names);
    driver.press("s");
    assert!(screen(&driver).contains("most done first"));
    assert_eq!(order(&driver)[..2], ["bert", "anna"]);
    driver.press("s");
    assert!(screen(&driver).contains("latest first"));
    driver.press("tab s s");
    assert!(screen(&driver).contains("hardest first"));
}

#[test]
fn what_could_not_be_read_is_told() {
    let mut driver = followed(80, 24, 8);
    assert!(screen(&driver).contains("! 1 not read"));
    driver.press("e");
    assert!(
        matches!(&driver.app.layers[..], [Layer::Problem(it)] if it.message.contains("/class/ivo"))
    );
    driver.press("esc");
    assert!(!driver.app.quitting);
    driver.press("q");
    assert!(driver.app.quitting);
}

#[test]
fn every_size_can_be_drawn() {
    for learners in [0, 8, 40] {
        for cols in (1..=220).step_by(13) {
            for rows in [1, 3, 6, 8, 24] {
                let mut driver = followed(cols, rows, learners);
                screen(&driver);
                driver.press("tab end");
                screen(&driver);
            }
        }
    }
}
