//! Replay as it looks and what its keys do, without a recording or a player.

use std::time::{Duration, Instant};

use crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::course::{self, Source as Content};
use crate::problem::{Exit, Problem};
use crate::session::recording::{Control, Mark};
use crate::terminal::{Emulator, Size};
use crate::tui::app::{App, Effect, Event, Layer, ReplayEvent, Screen, Settings as AppSettings};
use crate::tui::keymap::Chord;
use crate::tui::screens;
use crate::tui::theme::{ColorDepth, Signs, Theme};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn app(cols: u16, rows: u16) -> App {
    let settings = AppSettings {
        theme: Theme::find("harbour", ColorDepth::True).unwrap(),
        signs: Signs { ascii: false },
        leave: "ctrl-]".parse().unwrap(),
        mouse: true,
        offline: false,
        first_start: false,
        content: None,
        reading: false,
    };
    let course = Arc::new(course::load(&[Content::built_in()]));
    let mut app = App::new(settings, course, Instant::now());
    app.update(Event::Resize(cols, rows), Instant::now());
    app
}

fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    keys.split(' ')
        .flat_map(|key| {
            let key: KeyEvent = key.parse::<Chord>().unwrap().into();
            app.update(Event::Key(key), Instant::now())
        })
        .collect()
}

fn status(position: u64) -> Status {
    let mark = |at, label: &str| Mark { at: Duration::from_secs(at), label: label.to_owned() };
    Status {
        position: Duration::from_secs(position),
        length: Duration::from_secs(200),
        speed: 2.0,
        playing: true,
        skip_idle: true,
        marks: Arc::new([mark(20, "mkdir harbour"), mark(60, "make -C harbour"), mark(150, "")]),
    }
}

fn playing(size: Size, position: u64) -> Playing {
    let mut emulator = Emulator::new(size, 0);
    emulator.advance(b"\x1b[32mlearner@sandbox\x1b[m:~$ mkdir harbour\r\n");
    emulator.advance(b"\x1b[32mlearner@sandbox\x1b[m:~$ make -C harbour");
    let screen = session::Screen::new(size);
    emulator.view_into(&mut screen.lock());
    Playing {
        title: "linux-01: Files and the shell".to_owned(),
        started: Some("2025-11-05 14:02".to_owned()),
        screen,
        status: status(position),
    }
}

/// A program that plays a recording of an 80x21 screen, opened from Home.
fn open(cols: u16, rows: u16) -> App {
    let mut app = app(cols, rows);
    let effects = press(&mut app, "p");
    let [Effect::OpenReplay { visit, source }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*source, Source::Item("linux-01".to_owned()));
    let event = ReplayEvent::Opened(playing(Size { columns: 80, rows: 21 }, 75));
    app.update(Event::Replay { visit: *visit, event }, Instant::now());
    app
}

fn drawn(app: &App) -> (String, Option<ratatui::layout::Position>) {
    let mut terminal = Terminal::new(TestBackend::new(app.area.width, app.area.height)).unwrap();
    let mut cursor = None;
    let frame = terminal.draw(|frame| {
        screens::draw(app, frame);
        cursor = app.replay.as_ref().and_then(|replay| draw(app, replay, frame));
    });
    let buffer = frame.unwrap().buffer.clone();
    let rows = (0..app.area.height).map(|y| {
        let row: String = (0..app.area.width).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    (rows.collect::<Vec<_>>().join("\n"), cursor)
}

#[test]
fn replay() {
    for (cols, rows) in SIZES {
        insta::assert_snapshot!(format!("replay_{cols}x{rows}"), drawn(&open(cols, rows)).0);
    }
}

#[test]
fn a_screen_larger_than_this_one_is_shown_in_part() {
    let mut app = open(60, 16);
    app.signs.ascii = true;
    let replay = app.replay.as_mut().unwrap();
    replay.playing.as_mut().unwrap().status = Status {
        playing: false,
        position: Duration::from_secs(200),
        skip_idle: false,
        ..status(0)
    };
    insta::assert_snapshot!(drawn(&app).0);
}

#[test]
fn keys_are_passed_to_the_player_and_two_leave() {
    let mut app = open(80, 24);
    for (keys, control) in [
        ("space", Control::Pause),
        ("left", Control::Seek(-5)),
        ("shift-right", Control::Seek(30)),
        ("pageup", Control::Seek(-60)),
        ("home", Control::Start),
        ("end", Control::End),
        ("n", Control::NextMark),
        ("p", Control::PreviousMark),
        ("+", Control::Faster),
        ("-", Control::Slower),
        ("i", Control::SkipIdle),
    ] {
        assert_eq!(press(&mut app, keys), [Effect::Replay(control)], "{keys}");
    }
    assert_eq!(app.next_tick(), None, "the player has the clock");
    assert_eq!(press(&mut app, "q"), [Effect::CloseReplay]);
    assert!(app.screen == Screen::Home && app.replay.is_none() && !app.quitting);
}

#[test]
fn what_comes_late_is_ignored_and_what_fails_is_told_at_home() {
    let mut app = open(80, 24);
    let visit = app.replay.as_ref().unwrap().visit;
    let now = Instant::now();
    app.update(Event::Replay { visit: visit - 1, event: ReplayEvent::Moved(status(1)) }, now);
    let at = |app: &App| app.replay.as_ref().unwrap().playing.as_ref().unwrap().status.position;
    assert_eq!(at(&app).as_secs(), 75);
    app.update(Event::Replay { visit, event: ReplayEvent::Moved(status(90)) }, now);
    assert_eq!(at(&app).as_secs(), 90);
    let problem = Problem::new("no_recording", Exit::Environment, "There is no recording");
    app.update(Event::Replay { visit, event: ReplayEvent::Failed(problem.clone()) }, now);
    assert_eq!((app.screen, &app.layers[..]), (Screen::Home, &[Layer::Problem(problem)][..]));
}

#[test]
fn a_program_started_for_it_ends_with_it() {
    let mut app = app(80, 24);
    app.open_replay(Source::Item("linux-02".into()), true);
    assert!(drawn(&app).0.contains("Opening the recording"));
    press(&mut app, "esc");
    assert!(app.quitting);
}

#[test]
fn nothing_plays_on_behind_an_item_that_is_opened() {
    let mut app = open(80, 24);
    press(&mut app, ":");
    for c in "Open linux-03".chars() {
        app.update(Event::Key(crossterm::event::KeyCode::Char(c).into()), Instant::now());
    }
    let effects = press(&mut app, "enter");
    assert!(effects.contains(&Effect::CloseReplay), "{effects:?}");
    assert!(app.screen == Screen::Workspace && app.replay.is_none());
}

#[test]
fn a_click_on_the_bar_goes_there() {
    let mut app = open(80, 24);
    let mut click = |column, row| {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        app.update(Event::Mouse(mouse), Instant::now())
    };
    let (shown, _) = drawn(&open(80, 24));
    let bar = shown.lines().nth(22).unwrap();
    let first = bar.chars().position(|c| c == '━').unwrap() as u16;
    let last = bar.chars().collect::<Vec<_>>().iter().rposition(|c| *c == '─').unwrap() as u16;
    assert_eq!(click(first, 22), [Effect::Replay(Control::To(0))]);
    assert_eq!(click(last, 22), [Effect::Replay(Control::To(1000))]);
    let Effect::Replay(Control::To(middle)) = click(u16::midpoint(first, last), 22)[0] else {
        panic!()
    };
    assert!((480..=520).contains(&middle), "{middle}");
    assert_eq!(click(first - 1, 22), []);
    assert_eq!(click(first, 21), []);
}

#[test]
fn every_size_can_be_drawn_and_the_cursor_is_inside() {
    for cols in (1..=220).step_by(3) {
        for rows in [1, 2, 3, 4, 6, 8, 24, 59] {
            let app = open(cols, rows);
            if let (_, Some(cursor)) = drawn(&app) {
                assert!(app.area.contains(cursor), "{cols}x{rows}");
            }
        }
    }
}
