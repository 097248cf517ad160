//! The clock of a workspace: read, written, stopped and gone on.

use std::time::Duration;

use super::*;
use crate::lab::clock::{BEAT, GOES_ON, STANDS};
use crate::tui::app::driver::Driver;

fn written(effects: &[Effect]) -> Duration {
    let time = effects.iter().filter_map(|effect| match effect {
        Effect::AddActive { stretch, .. } => Some(stretch.time),
        _ => None,
    });
    time.sum()
}

/// What the loop does until `time` has gone by.
fn wait(driver: &mut Driver, time: Duration) -> Vec<Effect> {
    let until = driver.now + time;
    let mut effects = Vec::new();
    loop {
        let (tick, beat) = (driver.app.next_tick(), driver.app.next_beat());
        let Some(next) = [tick, beat].into_iter().flatten().min().filter(|at| *at <= until) else {
            driver.now = until;
            return effects;
        };
        driver.now = next.max(driver.now);
        if tick.is_some_and(|tick| driver.now >= tick) {
            effects.extend(driver.event(Event::Tick));
        }
        if driver.app.next_beat().is_some_and(|beat| driver.now >= beat) {
            let beat = driver.event(Event::Beat);
            assert!(beat.iter().all(Effect::is_silent));
            effects.extend(beat);
        }
    }
}

#[test]
fn every_half_second_at_the_keys_is_written() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    assert_eq!(written(&wait(&mut driver, BEAT)), BEAT);
    assert_eq!(written(&wait(&mut driver, 5 * BEAT)), 5 * BEAT);
    driver.now += Duration::from_millis(300);
    assert_eq!(written(&driver.press("esc")), Duration::from_millis(300), "and the rest");
    wait(&mut driver, BEAT);
    assert_eq!(driver.app.next_beat(), None, "nothing wakes up on Home");
}

#[test]
fn after_five_minutes_without_a_key_it_stands_and_a_key_makes_it_go_on() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    driver.press("2");
    let minute = Duration::from_mins(1);
    assert_eq!(written(&wait(&mut driver, 4 * minute)), 4 * minute);
    assert_eq!(driver.app.notice, None);
    assert!(driver.app.only_the_shell_listens());
    let effects = wait(&mut driver, 10 * minute);
    assert_eq!(written(&effects), minute);
    assert_eq!(driver.app.notice.as_deref(), Some(STANDS));
    assert!(driver.open().stands());
    assert_eq!(driver.app.next_beat(), None);
    assert!(!driver.app.only_the_shell_listens(), "the next key is seen on the screen");
    driver.press("x");
    assert_eq!(driver.app.notice.as_deref(), Some(GOES_ON));
    assert_eq!(written(&wait(&mut driver, minute)), minute);
    driver.press("y");
    assert_eq!(driver.app.notice, None);
}

#[test]
fn a_program_that_was_stopped_for_an_hour_counts_a_second_of_it_at_most() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    wait(&mut driver, 3 * BEAT);
    driver.now += Duration::from_hours(1);
    let effects = [driver.event(Event::Tick), driver.event(Event::Beat)].concat();
    assert!(written(&effects) <= Duration::from_secs(1));
    assert!(driver.open().stands(), "nobody was there for five minutes");
}

#[test]
fn what_another_program_counted_is_shown() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    wait(&mut driver, 2 * BEAT);
    let total = Duration::from_mins(7);
    driver.workspace(WorkspaceEvent::Worked { total, counted: 2 * BEAT });
    let screen = crate::tui::screens::tests::screen(&driver);
    assert!(screen.contains("07:00 of"), "{screen}");
}
