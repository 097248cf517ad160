//! History as it looks and what its keys do.

use std::time::Duration;

use super::*;
use crate::problem::{Exit, Problem};
use crate::session;
use crate::session::recording::Status;
use crate::store::{CheckState, SnapshotEvent};
use crate::terminal::{Emulator, Size};
use crate::tracker::Moment;
use crate::tui::app::driver::Driver;
use crate::tui::app::{Event, HistoryEvent, Layer, ReplayEvent};
use crate::tui::screens::replay::Playing;
use crate::tui::screens::tests::{screen, snapshots};

const BEGAN: &str = "2026-03-05T14:02:11Z";

fn attempt(number: u8, item: &str, state: AttemptState) -> Attempt {
    let began: Timestamp = BEGAN.parse().unwrap();
    let minutes = u64::from(number) * 3;
    Attempt {
        id: format!("019cbe00-0000-7000-8000-0000000000{number:02}").parse().unwrap(),
        item: item.to_owned(),
        content_hash: "c0ffee".to_owned(),
        engine: "docker".to_owned(),
        sandbox: None,
        state,
        started_at: began,
        last_at: began,
        ended_at: None,
        active: Duration::from_mins(minutes),
        failures: u32::from(number) % 3,
        hints: u32::from(number) % 4,
        solution_seen_at: (number == 3).then_some(began),
        seed: 7 * u32::from(number),
    }
}

fn listed() -> Vec<Listed> {
    let of = |number, item, state, recorded| Listed {
        attempt: attempt(number, item, state),
        began: format!("2026-03-{number:02} 14:02"),
        recorded,
    };
    vec![
        of(9, "linux-03", AttemptState::Active, true),
        of(7, "linux-02", AttemptState::Completed, true),
        of(3, "linux-02", AttemptState::Abandoned, false),
        of(1, "withdrawn-01", AttemptState::Completed, false),
    ]
}

fn story(attempt: &Attempt) -> Story {
    let at = |seconds: i64| attempt.started_at + jiff::SignedDuration::from_secs(seconds);
    let command = |seconds, text: &str, status, took| Moment {
        at: at(seconds),
        what: What::Command { text: text.to_owned(), status, duration: Duration::from_secs(took) },
    };
    let check = |seconds, name: &str, state| Moment {
        at: at(seconds),
        what: What::Check { name: name.to_owned(), state },
    };
    let moment = |seconds, what| Moment { at: at(seconds), what };
    Story {
        attempt: attempt.clone(),
        moments: vec![
            moment(0, What::Begun),
            command(41, "systemctl status myapp\x1b[2J\nsecond line", Some(4), 0),
            moment(95, What::Hint { number: 1 }),
            command(190, "sudo nano /etc/systemd/system/myapp.service", Some(0), 125),
            check(230, "Unit file exists", CheckState::Passed),
            moment(231, What::Snapshot { name: "check-1".to_owned(), what: SnapshotEvent::Taken }),
            check(420, "Unit file exists", CheckState::Failed),
            moment(
                445,
                What::Snapshot { name: "check-1".to_owned(), what: SnapshotEvent::Rewound },
            ),
            moment(500, What::Solution),
            moment(
                610,
                What::Told {
                    who: "pager".to_owned(),
                    text: "**Pages** do not\nload.\n\nMore".to_owned(),
                },
            ),
            moment(3905, What::Ended(AttemptState::Completed)),
        ],
    }
}

fn open(driver: &mut Driver) {
    driver.engine();
    let effects = driver.press("H");
    let [Effect::FindAttempts { visit, wanted }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*wanted, Wanted::default());
    found(driver, *visit);
}

fn found(driver: &mut Driver, visit: u64) {
    driver.event(Event::History { visit, event: HistoryEvent::Found(listed()) });
}

fn history(driver: &Driver) -> &History {
    driver.app.history.as_ref().unwrap()
}

fn visit(driver: &Driver) -> u64 {
    history(driver).visit
}

/// Opens the first attempt's story, and its recording.
fn open_story(driver: &mut Driver) {
    open(driver);
    let effects = driver.press("enter");
    let [Effect::ReadStory { visit, attempt: id }, Effect::OpenReplay { visit: replay, source }] =
        &effects[..]
    else {
        panic!("{effects:?}")
    };
    let first = listed().remove(0).attempt;
    assert_eq!((*id, source), (first.id, &Source::Attempt(first.id.to_string())));
    let event = HistoryEvent::Story(Box::new(story(&first)));
    driver.event(Event::History { visit: *visit, event });

    let size = Size { columns: 80, rows: 20 };
    let mut emulator = Emulator::new(size, 0);
    emulator.advance(b"\x1b[32mlearner@sandbox\x1b[m:~$ systemctl status myapp\r\n");
    emulator.advance(b"Unit myapp.service could not be found.\r\n");
    let screen = session::Screen::new(size);
    emulator.view_into(&mut screen.lock());
    let status = Status {
        position: Duration::from_secs(41),
        length: Duration::from_mins(10),
        speed: 1.0,
        playing: true,
        skip_idle: false,
        marks: [].into(),
    };
    let playing = Playing { title: "linux-03".to_owned(), started: None, screen, status };
    let event = ReplayEvent::Opened(playing);
    let effects = driver.event(Event::Replay { visit: *replay, event });
    let began = BEGAN.parse().unwrap();
    assert_eq!(effects, [Effect::Replay(Control::At(began))], "it stands where the cursor is");
}

#[test]
fn the_list() {
    snapshots("history", open);
}

#[test]
fn a_story_with_its_recording() {
    snapshots("story", |driver| {
        open_story(driver);
        driver.press("down");
    });
}

#[test]
fn moving_in_the_story_moves_the_recording() {
    let mut driver = Driver::new(120, 40);
    open_story(&mut driver);
    let at = |seconds: i64| {
        let began: Timestamp = BEGAN.parse().unwrap();
        [Effect::Replay(Control::At(began + jiff::SignedDuration::from_secs(seconds)))]
    };
    let command = BEGAN.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_millis(41_200);
    assert_eq!(driver.press("down"), [Effect::Replay(Control::At(command))]);
    // A command is shown as it ended, but not beyond what happened while it ran.
    assert_eq!(driver.press("down down")[1..], at(230));
    assert_eq!(driver.press("n"), at(230));
    assert_eq!(driver.press("n"), at(420));
    assert_eq!(driver.press("n"), at(420), "there is no other");
    assert_eq!(driver.press("N"), at(230));
    assert_eq!(driver.press("end"), at(3905));
    assert_eq!(driver.press("enter"), [Effect::Replay(Control::Pause)]);
    assert_eq!(driver.app.screen, Screen::Replay);
    assert_eq!(driver.press("esc"), at(3905));
    assert_eq!(driver.app.screen, Screen::History);
    let effects = driver.press("esc");
    assert!(effects.contains(&Effect::CloseReplay), "{effects:?}");
    assert!(history(&driver).open.is_none() && driver.app.replay.is_none());
    driver.press("esc");
    assert!(driver.app.screen == Screen::Home && driver.app.history.is_none());
}

#[test]
fn a_search_asks_with_each_key_and_only_the_last_answer_counts() {
    let mut driver = Driver::new(80, 24);
    open(&mut driver);
    driver.press("down /");
    let first = visit(&driver);
    driver.text("my");
    let now = visit(&driver);
    assert!(now > first);
    driver.event(Event::History { visit: first, event: HistoryEvent::Found(vec![]) });
    assert_eq!(history(&driver).found.as_ref().map(Vec::len), Some(4), "that answer is late");
    let effects = driver.press("a");
    let wanted = Wanted { text: "mya".to_owned(), ..Wanted::default() };
    assert_eq!(effects, [Effect::FindAttempts { visit: now + 1, wanted }]);
    assert_eq!(history(&driver).cursor, 0);
    driver.event(Event::Paste("pp\n\x1b".to_owned()));
    assert_eq!(history(&driver).text, "myapp");
    driver.event(Event::Paste("ä".repeat(900)));
    assert_eq!(history(&driver).text.chars().count(), MAX_SEARCH);
    // Out of the line, then out of the search, then out of the screen.
    driver.press("esc");
    assert!(!history(&driver).typing);
    assert!(matches!(&driver.press("esc")[..], [Effect::FindAttempts { wanted, .. }]
        if *wanted == Wanted::default()));
    driver.press("esc");
    assert_eq!(driver.app.screen, Screen::Home);
}

#[test]
fn the_filter_goes_through_the_states() {
    let mut driver = Driver::new(80, 24);
    open(&mut driver);
    let states: Vec<_> = (0..4)
        .map(|_| match &driver.press("tab")[..] {
            [Effect::FindAttempts { wanted, .. }] => wanted.state,
            effects => panic!("{effects:?}"),
        })
        .collect();
    let all = [AttemptState::Completed, AttemptState::Active, AttemptState::Abandoned];
    assert_eq!(states, [Some(all[0]), Some(all[1]), Some(all[2]), None]);
}

#[test]
fn an_attempt_without_a_recording_says_so() {
    let mut driver = Driver::new(120, 40);
    open(&mut driver);
    let effects = driver.press("down down enter");
    let [Effect::ReadStory { visit, .. }] = &effects[..] else { panic!("{effects:?}") };
    let story = story(&listed().remove(2).attempt);
    let event = HistoryEvent::Story(Box::new(story));
    assert_eq!(driver.event(Event::History { visit: *visit, event }), []);
    assert!(screen(&driver).contains("This attempt was not recorded"));
    assert_eq!(driver.press("enter"), []);
    assert_eq!(driver.app.notice.as_deref(), Some("It was not recorded"));
}

#[test]
fn a_recording_that_cannot_be_played_leaves_the_story() {
    let mut driver = Driver::new(80, 24);
    open_story(&mut driver);
    let problem = Problem::new("progress_damaged", Exit::Environment, "It is damaged");
    let replay = driver.app.replay.as_ref().unwrap().visit;
    driver.event(Event::Replay { visit: replay, event: ReplayEvent::Failed(problem.clone()) });
    assert_eq!(driver.app.layers, [Layer::Problem(problem)]);
    assert_eq!(driver.app.screen, Screen::History);
}

#[test]
fn every_size_can_be_drawn() {
    for cols in (1..=220).step_by(7) {
        for rows in [1, 2, 3, 4, 6, 8, 24, 59] {
            let mut driver = Driver::new(cols, rows);
            open(&mut driver);
            screen(&driver);
            let mut driver = Driver::new(cols, rows);
            open_story(&mut driver);
            screen(&driver);
        }
    }
}
