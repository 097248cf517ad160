//! The whole program in memory, key by key.

use std::path::PathBuf;
use std::time::Duration;

use super::driver::{Driver, complete, moments, ran, results};
use super::*;
use crate::lab::hint::Shown;
use crate::lab::provision::Notice;
use crate::lab::solution::Kept;
use crate::session::{self, End};
use crate::store::Status;
use crate::tui::keymap::Chord;
use crate::tui::screens::shell;
use crate::tui::screens::workspace::{Mode, PaneId, Phase};

fn progress(pairs: &[(&str, Status)]) -> HashMap<String, Progress> {
    pairs
        .iter()
        .map(|(id, status)| ((*id).to_owned(), Progress { status: *status, ..Progress::default() }))
        .collect()
}

#[test]
fn home_starts_where_the_learner_left_off() {
    let at = |items: &[(&str, Status)], last: &str| {
        let mut driver = Driver::new(120, 40);
        let items = progress(items);
        driver.event(Event::Progress {
            items,
            proved: HashSet::new(),
            due: HashMap::new(),
            streak: 0,
            last: Some(last.to_owned()),
            place: [None, None],
        });
        driver.selected_item().to_owned()
    };
    assert_eq!(Driver::new(120, 40).selected_item(), "linux-01");
    assert_eq!(at(&[("linux-02", Status::Started)], "linux-02"), "linux-02");
    assert_eq!(at(&[("linux-02", Status::Completed)], "linux-02"), "linux-03");
    assert_eq!(at(&[("linux-05", Status::Completed)], "linux-05"), "incidents-01");
    assert_eq!(at(&[("incidents-08", Status::Completed)], "incidents-08"), "linux-01");
}

#[test]
fn what_is_due_is_practised_in_a_fresh_sandbox_unless_its_attempt_has_begun() {
    let mut driver = Driver::new(120, 40);
    let progress = |current| {
        let progress = Progress { status: Status::Completed, current, ..Progress::default() };
        Event::Progress {
            items: [("linux-01".to_owned(), progress)].into(),
            proved: HashSet::new(),
            due: [("linux-01".to_owned(), jiff::civil::date(2026, 3, 4))].into(),
            streak: 0,
            last: None,
            place: [None, None],
        }
    };
    let opened = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::Provision { item, fresh, .. } => Some((item.clone(), *fresh)),
            _ => None,
        })
    };
    driver.event(progress(None));
    driver.press("up");
    assert_eq!(driver.selected_item(), "linux-01");
    assert_eq!(driver.press("enter esc"), []);
    assert_eq!(driver.press("enter left enter"), []);
    assert_eq!(opened(&driver.press("enter enter")), Some(("linux-01".to_owned(), true)));
    driver.press("esc");
    assert_eq!(opened(&driver.press("enter right enter")), Some(("linux-01".to_owned(), false)));
    driver.press("esc");
    let current = crate::store::Current {
        attempt: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
        active: Duration::ZERO,
        checks_passed: 0,
        checks_total: 4,
        hints: 0,
    };
    driver.event(progress(Some(current)));
    assert_eq!(opened(&driver.press("enter")), Some(("linux-01".to_owned(), false)));
}

#[test]
fn later_progress_does_not_move_the_cursor() {
    let mut driver = Driver::new(120, 40);
    driver.event(Event::Progress {
        items: HashMap::new(),
        proved: HashSet::new(),
        due: HashMap::new(),
        streak: 0,
        last: None,
        place: [None, None],
    });
    driver.press("down down");
    let items = progress(&[("linux-01", Status::Completed)]);
    driver.event(Event::Progress {
        items,
        proved: HashSet::new(),
        due: HashMap::new(),
        streak: 0,
        last: Some("linux-01".into()),
        place: [None, None],
    });
    assert_eq!(driver.selected_item(), "linux-03");
}

#[test]
fn search_finds_an_item_and_leaves_it_selected() {
    let mut driver = Driver::new(80, 24);
    driver.press("/");
    driver.text("systemd");
    assert_eq!(driver.selected_item(), "linux-03");
    driver.press("esc");
    assert_eq!(driver.selected_item(), "linux-03");
    assert!(driver.app.home.search.is_none());
}

#[test]
fn modules_fold_and_unfold() {
    let mut driver = Driver::new(80, 24);
    let all = driver.app.home.rows.len();
    driver.press("left left");
    assert!(driver.app.home.rows.len() < all);
    driver.press("right");
    assert_eq!(driver.app.home.rows.len(), all);
}

#[test]
fn enter_opens_the_item_and_asks_for_its_lesson_and_sandbox() {
    let mut driver = Driver::new(120, 40);
    let effects = driver.press("enter");
    let lesson = driver.open().item.lesson.clone().unwrap();
    assert_eq!(
        effects,
        [
            Effect::ReadLesson { visit: 1, lesson },
            Effect::Provision { visit: 1, item: "linux-01".into(), fresh: false },
        ]
    );
    assert_eq!(driver.app.screen, Screen::Workspace);
}

#[test]
fn results_for_a_workspace_that_was_left_are_ignored() {
    let mut driver = Driver::new(120, 40);
    driver.press("enter");
    driver.press("esc enter");
    assert_eq!(driver.open().visit, 2);
    let problem = crate::engine::EngineError::Timeout { what: "x".into() }.into();
    driver.event(Event::Workspace { visit: 1, event: WorkspaceEvent::Failed(problem) });
    assert!(matches!(driver.open().phase, Phase::Provisioning { .. }));
}

#[test]
fn a_rewind_is_chosen_confirmed_and_ends_in_a_new_shell() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    let item = driver.open().item.clone();
    driver.workspace(WorkspaceEvent::Checked {
        asked: false,
        results: results(&item, 1),
        completion: None,
    });
    assert_eq!(driver.press("u"), [Effect::Moments { visit: 1 }]);
    driver.workspace(WorkspaceEvent::Moments(Ok(moments())));
    // The latest first; a whole name is what is meant.
    let Some(Layer::Palette(palette)) = driver.app.layers.last() else { panic!() };
    assert!(palette.all[0].text.starts_with("before-1"), "{palette:?}");
    driver.text("check");
    assert_eq!(driver.press("enter"), []);
    let Some(Layer::Dialog(dialog)) = driver.app.layers.last() else { panic!() };
    assert!(dialog.text.contains("not brought back"), "{dialog:?}");
    assert!(dialog.text.contains("14:02:11"), "{dialog:?}");
    // Asked, and the answer that changes nothing is the first.
    assert_eq!(driver.press("enter"), []);
    assert!(matches!(driver.open().phase, Phase::Ready { .. }));

    driver.press("u");
    driver.workspace(WorkspaceEvent::Moments(Ok(moments())));
    driver.text("check");
    driver.press("enter");
    let effects = driver.press("right enter");
    assert_eq!(effects.last(), Some(&Effect::Rewind { visit: 1, to: "check-4".into() }));
    assert!(driver.open().results.iter().all(Option::is_none), "what held is looked at anew");
    // Nothing runs in a sandbox that is about to go.
    assert_eq!(driver.second(), []);
    assert_eq!(driver.app.next_tick(), None);
    assert_eq!(driver.press("v u s R"), []);
    driver.app.layers.clear();

    let again = ReadyState {
        resumed: true,
        notices: vec![Notice::Aside("files are back".into())],
        active: Duration::from_secs(7),
        ..driver.ready()
    };
    let ready = driver.workspace(WorkspaceEvent::Ready(Box::new(again)));
    assert!(matches!(ready[..], [Effect::OpenShell { visit: 1, .. }]), "{ready:?}");
    assert_eq!(driver.app.notice.as_deref(), Some("files are back"));
    assert!(driver.app.next_tick().is_some());
}

#[test]
fn a_rewind_that_does_not_work_leaves_everything_as_it_was() {
    let mut driver = Driver::new(80, 24);
    driver.at_work("linux-01");
    driver.press("u");
    driver.workspace(WorkspaceEvent::Moments(Ok(moments())));
    driver.press("enter right enter");
    assert!(matches!(driver.open().phase, Phase::Rewinding(_)));
    let problem = crate::engine::EngineError::DiskFull { detail: "x".into() }.into();
    let effects = driver.workspace(WorkspaceEvent::RewindFailed(problem));
    assert!(matches!(effects[..], [Effect::OpenShell { visit: 1, .. }]), "{effects:?}");
    assert!(matches!(driver.open().phase, Phase::Ready { completed: false, .. }));
    assert!(matches!(driver.app.layers[..], [Layer::Problem(_)]));
    assert!(driver.app.next_tick().is_some());
}

#[test]
fn a_snapshot_is_asked_for_by_a_key() {
    let mut driver = Driver::new(80, 24);
    driver.press("enter");
    assert_eq!(driver.press("s u"), [], "there is no sandbox yet");
    driver.at_work("linux-01");
    assert_eq!(driver.press("s"), [Effect::Snapshot { visit: 2 }]);
}

#[test]
fn in_the_shell_every_key_but_one_goes_to_the_shell() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    driver.press("2");
    assert_eq!(driver.app.context(), Context::Shell);
    for key in ["q", "?", ":", "esc", "tab", "ctrl-c", "ctrl-z", "ctrl-b", "h", "v", "l"] {
        let effects = driver.press(key);
        assert!(matches!(effects[..], [Effect::Shell(session::Input::Key(_))]), "{key}");
    }
    assert_eq!(driver.press("ctrl-]"), []);
    assert_eq!(driver.app.context(), Context::Lesson);
    driver.press("ctrl-]");
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn the_leave_key_can_itself_be_sent_to_the_shell() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    let effects = driver.press("]");
    let [Effect::Shell(session::Input::Key(key))] = effects[..] else { panic!("{effects:?}") };
    assert_eq!(Chord::of(key), "ctrl-]".parse().unwrap());
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn the_shell_is_told_its_size_when_the_layout_or_the_terminal_changes() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    let resized = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::ResizeShell(_)));
    assert!(resized(&driver.press("l")));
    assert_eq!(driver.open().mode, Mode::Two);
    assert!(resized(&driver.event(Event::Resize(80, 24))));
    // at 80 columns panes are tabs; the shell keeps its size in all of them
    assert!(!resized(&driver.press("tab tab")));
}

#[test]
fn checks_run_every_second_and_one_at_a_time() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    let checks = |effects: &[Effect]| {
        effects.iter().filter(|e| matches!(e, Effect::Check { asked: false, .. })).count()
    };
    // the first run begins with the prompt; the next waits for its result
    assert_eq!(checks(&driver.second()), 0);
    assert_eq!(checks(&driver.workspace(WorkspaceEvent::Changed)), 1);
    assert_eq!(checks(&driver.workspace(WorkspaceEvent::Changed)), 0);
    assert_eq!(checks(&driver.second()), 0);
    let item = driver.open().item.clone();
    let run = |passed| WorkspaceEvent::Checked {
        asked: false,
        results: results(&item, passed),
        completion: None,
    };
    driver.workspace(run(1));
    assert_eq!(driver.open().passed(), 1);
    assert_eq!(checks(&driver.second()), 1);
    driver.workspace(run(2));
    assert_eq!(driver.app.notice.as_deref(), Some("Holds now: Service is enabled"));
}

#[test]
fn checks_wait_for_a_pause_in_typing_but_not_for_long() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    let item = driver.open().item.clone();
    driver.workspace(WorkspaceEvent::Changed);
    let (mut seconds, mut runs) = (Vec::new(), true);
    for second in 0..14 {
        if std::mem::take(&mut runs) {
            let results = results(&item, 1);
            driver.workspace(WorkspaceEvent::Checked { asked: false, results, completion: None });
        }
        // A key, a moment before the second is over.
        let began = driver.now;
        driver.now += Duration::from_millis(900);
        if second < 12 {
            driver.press("x");
        }
        driver.now = began;
        runs = driver.second().iter().any(|e| matches!(e, Effect::Check { .. }));
        if runs {
            seconds.push(second);
        }
    }
    assert_eq!(seconds, [9, 12, 13]);
}

#[test]
fn nothing_ticks_on_home_nor_after_completion() {
    let mut driver = Driver::new(120, 40);
    assert_eq!(driver.app.next_tick(), None);
    driver.at_work("linux-03");
    assert!(driver.app.next_tick().is_some());
    complete(&mut driver);
    assert_eq!(driver.app.next_tick(), None);
}

#[test]
fn completion_is_a_moment_and_leads_on() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    complete(&mut driver);
    let Some(Layer::Completed(completed)) = driver.app.layers.last() else { panic!() };
    assert_eq!(completed.active, Duration::from_secs(372));
    assert!(!completed.takeaways.is_empty());
    let next = completed.next.clone().unwrap().0;
    assert_eq!(next, "linux-04");
    // keys typed at that moment for the shell do nothing
    driver.press("x y z");
    let effects = driver.press("enter");
    assert!(
        effects.contains(&Effect::Provision { visit: 2, item: next, fresh: false }),
        "{effects:?}"
    );
    assert!(driver.app.layers.is_empty());
}

#[test]
fn a_hint_is_a_layer_where_the_sidebar_is_not_shown() {
    for (cols, layers) in [(80, 1), (120, 0)] {
        let mut driver = Driver::new(cols, 40);
        driver.at_work("linux-01");
        assert_eq!(driver.press("h"), [Effect::Hint { visit: 1 }]);
        let shown = Shown { index: 0, of: 3, text: "Look around.".into() };
        driver.workspace(WorkspaceEvent::Hint(Some(shown)));
        assert_eq!(driver.open().hints, ["Look around."]);
        assert_eq!(driver.app.layers.len(), layers, "at {cols} columns");
    }
}

#[test]
fn a_code_block_is_typed_into_the_shell_without_its_last_line_end() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-03");
    driver.lesson("linux-03");
    let effects = driver.press("n t");
    let typed = effects.iter().find_map(|effect| match effect {
        Effect::Shell(session::Input::Paste(text)) => Some(text.as_str()),
        _ => None,
    });
    let typed = typed.unwrap();
    assert!(!typed.is_empty() && !typed.ends_with('\n'));
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn a_failure_is_shown_and_can_be_tried_again() {
    let mut driver = Driver::new(120, 40);
    driver.press("enter");
    let gone = crate::engine::EngineError::SandboxGone { id: "x".into() };
    driver.workspace(WorkspaceEvent::Failed(gone.into()));
    assert!(matches!(driver.open().phase, Phase::Failed(_)));
    driver.press("2");
    assert_eq!(driver.app.context(), Context::NoShell);
    let effects = driver.press("enter");
    assert!(effects.iter().any(|e| matches!(e, Effect::Provision { fresh: false, .. })));
}

#[test]
fn a_shell_that_ended_keeps_its_last_screen() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    driver.press("2");
    driver.workspace(WorkspaceEvent::ShellEnded(End::Exited(Some(0))));
    assert!(matches!(driver.shell().phase, shell::Phase::Ended(_, End::Exited(Some(0)))));
    assert_eq!(driver.app.context(), Context::NoShell);
    assert!(driver.press("enter").iter().any(|e| matches!(e, Effect::Provision { .. })));
}

#[test]
fn what_was_lost_is_not_overlooked_and_what_is_aside_stands_in_the_footer() {
    use crate::lab::provision::Notice;
    let ready = |notice| {
        let mut driver = Driver::new(80, 24);
        driver.press("enter");
        let again = ReadyState { notices: vec![notice], ..driver.ready() };
        driver.workspace(WorkspaceEvent::Ready(Box::new(again)));
        driver
    };
    let mut driver = ready(Notice::Lost("Your files are gone".into()));
    assert!(matches!(driver.app.layers[..], [Layer::Dialog(_)]));
    driver.press("enter");
    assert!(driver.app.layers.is_empty());
    let driver = ready(Notice::Aside("Using drydock/base".into()));
    assert_eq!(driver.app.notice.as_deref(), Some("Using drydock/base"));
    assert!(driver.app.layers.is_empty());
}

#[test]
fn leaving_a_workspace_writes_the_rest_of_the_clock_and_keeps_the_sandbox() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-02");
    driver.second();
    let effects = driver.press("esc");
    assert!(effects.contains(&Effect::Leave));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Destroy { .. })));
    assert_eq!(driver.app.screen, Screen::Home);
    assert_eq!(driver.selected_item(), "linux-02");
}

#[test]
fn the_palette_reaches_actions_and_items() {
    let mut driver = Driver::new(80, 24);
    driver.press(":");
    driver.text("open linux-04");
    let effects = driver.press("enter");
    assert!(effects.contains(&Effect::Provision {
        visit: 1,
        item: "linux-04".into(),
        fresh: false
    }));
    driver.press(":");
    driver.text("quit");
    driver.press("enter");
    assert!(driver.app.quitting);
}

#[test]
fn starting_over_asks_first_and_keeping_is_the_first_answer() {
    let mut driver = Driver::new(120, 40);
    driver.press("f enter");
    assert_eq!(driver.app.screen, Screen::Home);
    let effects = driver.press("f right enter");
    assert!(effects.iter().any(|e| matches!(e, Effect::Provision { fresh: true, .. })));
}

#[test]
fn the_first_start_is_setup_and_finishing_it_writes_the_configuration() {
    let mut driver = Driver::with(80, 24, true);
    assert_eq!(driver.app.context(), Context::Setup);
    let effects = driver.press("down down right down enter");
    assert_eq!(driver.app.screen, Screen::Home);
    assert!(effects.contains(&Effect::Configure { key: "theme", value: "daylight".into() }));
}

#[test]
fn every_pane_has_a_key_that_leaves_it() {
    let mut driver = Driver::new(80, 24);
    driver.at_work("linux-01");
    for pane in PaneId::ALL {
        while driver.open().focus != pane {
            if driver.app.context() == Context::Shell {
                driver.press("ctrl-]");
                driver.press("3");
            } else {
                driver.press("tab");
            }
        }
        driver.press("ctrl-]");
        assert_ne!(driver.open().focus, pane, "{pane:?}");
    }
}

#[test]
fn a_key_that_only_the_shell_hears_needs_no_frame() {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    assert!(!driver.app.only_the_shell_listens(), "the lesson is in front");
    driver.press("2");
    assert!(driver.app.only_the_shell_listens());
    driver.app.notice = Some("a word that the next key takes away".into());
    assert!(!driver.app.only_the_shell_listens());
    driver.press("x");
    driver.workspace(WorkspaceEvent::Bell);
    assert!(!driver.app.only_the_shell_listens(), "the next key takes its sign away");
}

#[test]
fn a_run_from_the_drawer_is_no_verification() {
    let mut driver = Driver::new(80, 24);
    driver.at_work("linux-01");
    driver.press("2 ctrl-] d");
    assert_eq!(driver.app.context(), Context::Drawer);
    let visit = driver.open().visit;
    assert_eq!(driver.press("right r"), [Effect::RunCheck { visit, check: 1 }]);
    driver.workspace(WorkspaceEvent::CheckRan { check: 1, result: ran(0, "") });
    let notice = "Reports are sorted by year was run: passed";
    assert_eq!(driver.app.notice.as_deref(), Some(notice));
    assert_eq!(driver.open().passed(), 0, "it says nothing of the exercise");
    // Nothing reaches the shell meanwhile.
    assert_eq!(driver.event(Event::Paste("x".into())), []);
    driver.press("q");
    assert_eq!(driver.app.context(), Context::Sidebar);
}

#[test]
fn a_solution_is_written_down_kept_and_replaced_only_on_request() {
    let mut driver = Driver::new(80, 24);
    driver.at_work("linux-01");
    let visit = driver.open().visit;
    let draft = PathBuf::from("/data/linux-01.keys");
    assert_eq!(driver.press("S"), [Effect::RecordSolution { visit, begin: true }]);
    driver.workspace(WorkspaceEvent::Solving(Ok(Some(draft.clone()))));
    assert_eq!(driver.press("S"), [Effect::RecordSolution { visit, begin: false }]);
    let keep = |replace| Effect::KeepSolution { visit, draft: draft.clone(), replace };
    assert_eq!(driver.workspace(WorkspaceEvent::Solving(Ok(None))), [keep(false)]);
    let taken = || WorkspaceEvent::SolutionKept {
        draft: draft.clone(),
        kept: Ok(Kept::Taken("/content/solution.keys".into())),
    };
    driver.workspace(taken());
    assert_eq!(driver.press("enter"), [], "both are kept");
    driver.workspace(taken());
    assert_eq!(driver.press("right enter"), [keep(true)]);
    // The shell's end is its end too.
    driver.workspace(WorkspaceEvent::Solving(Ok(Some(draft.clone()))));
    let ended = WorkspaceEvent::ShellEnded(End::Exited(Some(0)));
    assert!(driver.workspace(ended).contains(&keep(false)));
    assert_eq!(driver.open().solving, None);
    driver.press("3");
    assert_eq!(driver.press("S"), [], "there is no shell");
}
