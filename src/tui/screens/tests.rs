//! Each screen as it looks, at the three sizes that matter.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;

use crate::course::Body;
use crate::engine::{EngineError, Offers, Step};
use crate::lab::hint::Shown;
use crate::lab::standing::Held;
use crate::prove::record::Standing;
use crate::store::{Current, Progress, Status};
use crate::tui::app::{Effect, Event, ReadyState, WorkspaceEvent, driver::*};
use crate::tui::theme::ColorDepth;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn buffer(driver: &Driver) -> Buffer {
    let area = driver.app.area;
    let mut terminal = Terminal::new(TestBackend::new(area.width, area.height)).unwrap();
    terminal.draw(|frame| super::draw(&driver.app, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// What a snapshot of the text does not show: where the selection and the matches are.
pub(super) fn laid_over(driver: &Driver) -> String {
    let buffer = buffer(driver);
    let background = driver.app.theme.selection().bg;
    let selected = |cell: &Cell| Some(cell.bg) == background;
    let matched = |cell: &Cell| cell.modifier.contains(Modifier::UNDERLINED);
    let here = |cell: &Cell| cell.modifier.contains(Modifier::REVERSED | Modifier::BOLD);
    let kinds =
        [("selected", &selected as &dyn Fn(&Cell) -> bool), ("match", &matched), ("here", &here)];
    let mut all = Vec::new();
    for y in 0..buffer.area.height {
        for (name, wanted) in kinds {
            let cells = (0..buffer.area.width).map(|x| &buffer[(x, y)]);
            let text: String = cells.filter(|cell| wanted(cell)).map(Cell::symbol).collect();
            if !text.is_empty() {
                all.push(format!("{y:>2} {name}: {text:?}"));
            }
        }
    }
    all.join("\n")
}

pub(in crate::tui) fn screen(driver: &Driver) -> String {
    let area = driver.app.area;
    let buffer = buffer(driver);
    let rows = (0..area.height).map(|y| {
        let row: String = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Shows a screen at all sizes.
pub(super) fn snapshots(name: &str, prepare: impl Fn(&mut Driver)) {
    for (cols, rows) in SIZES {
        let mut driver = Driver::new(cols, rows);
        prepare(&mut driver);
        insta::assert_snapshot!(format!("{name}_{cols}x{rows}"), screen(&driver));
    }
}

fn practised(driver: &mut Driver) {
    driver.engine();
    let completed = Progress {
        status: Status::Completed,
        attempts: 1,
        completions: 1,
        best_active: Some(Duration::from_mins(12)),
        ..Progress::default()
    };
    let started = Progress {
        status: Status::Started,
        attempts: 1,
        current: Some(Current {
            attempt: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
            active: Duration::from_mins(6),
            checks_passed: 2,
            checks_total: 4,
            hints: 1,
        }),
        ..Progress::default()
    };
    let items = [("linux-01", completed.clone()), ("linux-02", completed), ("linux-03", started)];
    driver.event(Event::Progress {
        items: items.map(|(id, progress)| (id.to_owned(), progress)).into(),
        proved: ["linux-03".to_owned()].into(),
        due: [("linux-01".to_owned(), jiff::civil::date(2026, 3, 4))].into(),
        streak: 7,
        last: Some("linux-03".into()),
        place: [None, None],
    });
}

pub(super) fn working(driver: &mut Driver) {
    driver.at_work("linux-03");
    driver.lesson("linux-03");
    let item = driver.app.workspace.as_ref().unwrap().item.clone();
    driver.workspace(WorkspaceEvent::Checked {
        asked: false,
        results: results(&item, 2),
        completion: None,
    });
    driver.print("\x1b[32mlearner@sandbox\x1b[m:~$ systemctl is-active myapp\r\n");
    driver.print("inactive\r\n\x1b[32mlearner@sandbox\x1b[m:~$ ");
    driver.app.notice = None;
}

#[test]
fn home() {
    snapshots("home", practised);
}

#[test]
fn home_without_an_engine() {
    snapshots("home_without_an_engine", |driver| {
        let error =
            EngineError::PermissionDenied { endpoint: "unix:///var/run/docker.sock".into() };
        driver.event(Event::Engine(crate::tui::app::EngineState::Failed(error.into())));
    });
}

#[test]
fn home_with_what_cannot_run() {
    snapshots("home_with_what_cannot_run", |driver| {
        let reason = "the native engine runs no init system in a sandbox".to_owned();
        let remedy = "use a Docker engine: drydock config set backend docker".to_owned();
        let lack = crate::engine::Lack { reason, remedy };
        driver.engine_with(Offers { init_system: Err(lack), ..Offers::default() });
        driver.press("down");
        driver.press("down");
    });
}

#[test]
fn search() {
    snapshots("search", |driver| {
        practised(driver);
        driver.press("/");
        driver.text("disk");
    });
}

#[test]
fn setup() {
    for (cols, rows) in SIZES {
        let mut driver = Driver::with(cols, rows, true);
        driver.engine();
        driver.press("down enter");
        driver.event(Event::ImageStep(Step {
            step: "Building drydock/base: installing packages".into(),
            done: 5,
            total: Some(12),
            unit: "steps",
        }));
        insta::assert_snapshot!(format!("setup_{cols}x{rows}"), screen(&driver));
    }
}

#[test]
fn provisioning() {
    snapshots("provisioning", |driver| {
        driver.engine();
        driver.press("enter");
        driver.lesson("linux-01");
        driver.workspace(WorkspaceEvent::Step(Step {
            step: "Pulling debian:bookworm-slim".into(),
            done: 12_500_000,
            total: Some(28_200_000),
            unit: "bytes",
        }));
    });
}

#[test]
fn a_sandbox_that_could_not_be_made() {
    snapshots("failed", |driver| {
        driver.engine();
        driver.press("enter");
        let full = EngineError::DiskFull { detail: "no space left on device".into() };
        driver.workspace(WorkspaceEvent::Failed(full.into()));
        driver.press("2");
    });
}

#[test]
fn workspace_lesson() {
    snapshots("workspace_lesson", |driver| {
        working(driver);
        driver.press("n n");
    });
}

#[test]
fn workspace_shell() {
    snapshots("workspace_shell", |driver| {
        working(driver);
        driver.press("2");
    });
}

#[test]
fn workspace_checks() {
    snapshots("workspace_checks", |driver| {
        working(driver);
        let shown = Shown { index: 0, of: 3, text: "Start with the unit file.".into() };
        driver.workspace(WorkspaceEvent::Hint(Some(shown)));
        driver.app.layers.clear();
        driver.press("3");
    });
}

#[test]
fn completed() {
    snapshots("completed", |driver| {
        working(driver);
        complete(driver);
    });
}

#[test]
fn help_palette_and_question() {
    for (name, keys) in [("help", "?"), ("palette", ":"), ("question", "f")] {
        snapshots(name, |driver| {
            practised(driver);
            driver.press(keys);
        });
    }
}

#[test]
fn ascii_and_no_colours() {
    let mut driver = Driver::new(80, 24);
    driver.app.signs.ascii = true;
    driver.app.theme.depth = ColorDepth::None;
    practised(&mut driver);
    let shown = screen(&driver);
    let strange = shown.chars().find(|c| !c.is_ascii() && *c != '·');
    assert_eq!(strange, None, "{shown}");
}

/// The sizes at which nothing must panic or be cut in a way that hides the way out.
#[test]
fn every_size_can_be_drawn() {
    for cols in (1..=220).step_by(3) {
        for rows in [1, 2, 3, 5, 6, 8, 12, 24, 59] {
            for prepare in [practised as fn(&mut Driver), working] {
                let mut driver = Driver::new(cols, rows);
                prepare(&mut driver);
                screen(&driver);
                driver.event(Event::Resize(rows.max(2), cols));
                screen(&driver);
                driver.press("?");
                screen(&driver);
            }
        }
    }
}

#[test]
fn checks_that_find_what_they_had_found_need_no_frame() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    driver.workspace(WorkspaceEvent::Changed);
    let item = driver.open().item.clone();
    let run = |passed, asked| {
        let results = results(&item, passed);
        let event = WorkspaceEvent::Checked { asked, results, completion: None };
        Event::Workspace { visit: 1, event }
    };
    assert!(!driver.app.knows(&run(1, false)), "the first result");
    driver.event(run(1, false));
    driver.second();
    assert!(driver.app.knows(&run(1, false)));
    assert!(!driver.app.knows(&run(2, false)) && !driver.app.knows(&run(1, true)));
    let before = buffer(&driver);
    driver.event(run(1, false));
    assert_eq!(buffer(&driver), before);
    let problem = EngineError::Timeout { what: "x".into() }.into();
    driver.workspace(WorkspaceEvent::CheckFailed(problem));
    driver.second();
    assert!(!driver.app.knows(&run(1, false)), "what could not be checked can be again");
}

#[test]
fn the_proofs_of_the_selected_item_are_looked_up_once_and_shown() {
    let mut driver = Driver::new(120, 40);
    let item = driver.selected_item().to_owned();
    let progress = |proved: &[&String]| Event::Progress {
        items: std::collections::HashMap::new(),
        proved: proved.iter().map(ToString::to_string).collect(),
        due: std::collections::HashMap::new(),
        streak: 0,
        last: None,
        place: [None, None],
    };
    assert_eq!(driver.event(progress(&[])), []);
    let asked = [Effect::LookUpProofs { item: item.clone() }];
    assert_eq!(driver.event(progress(&[&item])), asked);
    assert_eq!(driver.press("down up"), [], "what was passed on the way has none");
    let words = "proved 3 days ago on docker and native, 41 MB, 2 s".to_owned();
    let standing = Some(Standing { holds: true, words: words.clone() });
    assert_eq!(driver.event(Event::Proofs { item, standing }), []);
    assert!(screen(&driver).contains(&words));
}

#[test]
fn what_must_stay_true_is_told_when_it_breaks_and_what_waits_has_not_failed() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    let workspace = driver.app.workspace.as_mut().unwrap();
    let Body::Exercise(exercise) = &mut workspace.item.body else { panic!() };
    exercise.verify[0].invariant = true;
    let item = driver.open().item.clone();
    let mut found = results(&item, 2);
    found[2].held = Some(Held { seconds: 12, of: 30 });
    found[2].actual = "true for 12 s of 30 s".into();
    let looked = |results| WorkspaceEvent::Checked { asked: false, results, completion: None };
    driver.workspace(looked(found));
    let shown = screen(&driver);
    assert!(shown.contains("true for 12 s of 30 s") && !shown.contains("goes back"), "{shown}");
    driver.workspace(looked(results(&item, 0)));
    let shown = screen(&driver);
    assert!(shown.contains("Broken: ") && shown.contains("must stay true"), "{shown}");
    driver.workspace(looked(results(&item, 1)));
    assert!(!screen(&driver).contains("must stay true"));
}

#[test]
fn a_resumed_sandbox_opens_with_the_shell_in_front() {
    let mut driver = Driver::new(80, 24);
    let now = driver.now;
    driver.app.open("linux-01", false, now);
    let again = ReadyState {
        resumed: true,
        active: Duration::from_mins(1),
        hints: vec!["one".into()],
        ..driver.ready()
    };
    driver.workspace(WorkspaceEvent::Ready(Box::new(again)));
    assert!(screen(&driver).contains("[2 Shell]"));
}

#[test]
fn rewind_list_question_and_progress() {
    let listed = |driver: &mut Driver| {
        driver.at_work("linux-01");
        driver.press("3 u");
        driver.workspace(WorkspaceEvent::Moments(Ok(moments())));
    };
    snapshots("rewind_list", listed);
    snapshots("rewind_question", |driver| {
        listed(driver);
        driver.press("down enter");
    });
    snapshots("rewinding", |driver| {
        listed(driver);
        driver.press("down enter right enter");
        let step = "Keeping the files as they are now".into();
        let step = Step { step, done: 0, total: None, unit: "steps" };
        driver.workspace(WorkspaceEvent::Step(step));
    });
}

#[test]
fn what_a_check_did() {
    snapshots("drawer", |driver| {
        driver.at_work("linux-01");
        driver.press("3 d");
        for status in [0, 1] {
            let result = ran(status, "2024: 5\nleft: \x1b[2J0\n");
            driver.workspace(WorkspaceEvent::CheckRan { check: 0, result });
        }
        driver.app.notice = None;
    });
}

#[test]
fn that_a_solution_is_written_down_is_always_in_sight() {
    for (cols, rows) in SIZES {
        let mut driver = Driver::new(cols, rows);
        driver.at_work("linux-01");
        driver.workspace(WorkspaceEvent::Solving(Ok(Some("/x.keys".into()))));
        for pane in ["1", "2", "ctrl-] 3"] {
            driver.press(pane);
            let shown = screen(&driver);
            assert!(shown.lines().next().unwrap().contains("writing down"), "{shown}");
        }
    }
}
