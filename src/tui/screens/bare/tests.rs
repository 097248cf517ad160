//! A bare shell, key by key and as it looks.

use std::sync::Arc;

use super::*;
use crate::session::Input;
use crate::tui::app::Event;
use crate::tui::app::driver::Driver;
use crate::tui::screens::tests::{screen, snapshots};

fn attached(watch: bool) -> Driver {
    let mut driver = Driver::new(80, 24);
    driver.attached("linux-01", watch);
    for n in 0..50 {
        driver.print(&format!("line {n}\r\n"));
    }
    driver.print("learner@sandbox:~$ ");
    driver
}

fn typed(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Shell(Input::Key(_))])
}

#[test]
fn the_shell_has_the_whole_terminal() {
    let mut driver = Driver::new(80, 24);
    let size = Size { columns: 80, rows: 24 };
    let attach =
        |size, watch| Effect::AttachShell { visit: 1, item: "linux-01".into(), size, watch };
    assert_eq!(driver.attached("linux-01", false), [attach(size, false)]);
    let resized = driver.event(Event::Resize(100, 30));
    assert_eq!(resized, [Effect::ResizeShell(Size { columns: 100, rows: 30 })]);
    let mut driver = Driver::new(80, 24);
    let size = Size { columns: 80, rows: 23 };
    assert_eq!(driver.attached("linux-01", true), [attach(size, true)]);
}

#[test]
fn every_key_but_the_leave_key_is_typed() {
    let mut driver = attached(false);
    for key in ["q", "?", ":", "esc", "ctrl-c", "[", "tab", "ctrl-d"] {
        assert!(typed(&driver.press(key)), "{key}");
    }
    assert_eq!(driver.press("ctrl-]"), []);
    assert_eq!(driver.app.context(), Context::Menu);
    assert_eq!(driver.press("x"), [], "any other key leads back");
    assert!(typed(&driver.press("x")));
    assert!(typed(&driver.press("ctrl-] ]")), "the leave key itself");
}

#[test]
fn the_leave_key_twice_leaves_the_shell_running() {
    for keys in ["ctrl-] ctrl-]", "ctrl-] q"] {
        let mut driver = attached(false);
        driver.press(keys);
        assert!(driver.app.quitting);
        assert_eq!(driver.app.ending, Some(Ending::Left));
    }
}

#[test]
fn the_program_ends_with_its_shell() {
    let ending = |event| {
        let mut driver = attached(false);
        driver.workspace(event);
        assert!(driver.app.quitting);
        driver.app.ending.unwrap()
    };
    let end = End::Exited(Some(3));
    assert_eq!(ending(WorkspaceEvent::ShellEnded(end.clone())), Ending::Ended(end));
    let problem: Problem = crate::engine::EngineError::SandboxGone { id: "x".into() }.into();
    assert_eq!(ending(WorkspaceEvent::ShellFailed(problem.clone())), Ending::Failed(problem));
}

#[test]
fn scrolling_copy_mode_and_links_work_as_in_the_workspace() {
    let mut driver = attached(false);
    assert_eq!(driver.press("shift-pageup"), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(driver.app.context(), Context::Scrolled);
    assert!(typed(&driver.press("x")));
    assert_eq!(driver.press("ctrl-] ["), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(driver.press("k V y"), [Effect::Copy("line 49".into())]);
    assert_eq!(driver.app.context(), Context::Shell);
    driver.press("ctrl-] {");
    driver.workspace(WorkspaceEvent::Lines(Arc::from([])));
    assert_eq!(driver.app.notice.as_deref(), Some("There is no prompt above"));
    driver.press("x");
    driver.print("see https://example.org/");
    assert_eq!(driver.press("ctrl-] o"), [Effect::OpenUrl("https://example.org/".into())]);
}

#[test]
fn who_watches_types_nothing() {
    let mut driver = attached(true);
    driver.print("\x1b[?1003h\x1b[?1004h");
    for key in ["x", "enter", "ctrl-d", "esc"] {
        assert_eq!(driver.press(key), [], "{key}");
    }
    assert_eq!(driver.event(Event::Paste("rm".into())), []);
    driver.event(Event::Focus(false));
    assert_eq!(driver.focus, [false; 0]);
    assert_eq!(driver.workspace(WorkspaceEvent::Clipboard("x".into())), []);
    assert!(driver.app.layers.is_empty());
    assert_eq!(driver.press("pageup"), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(driver.press("x"), [], "back, and not typed");
    assert_eq!(driver.app.context(), Context::Watch);
    driver.press("q");
    assert_eq!((driver.app.quitting, &driver.app.ending), (true, &Some(Ending::Left)));
}

#[test]
fn what_was_lost_is_said_first() {
    let mut driver = Driver::new(80, 24);
    driver.app.attach("linux-01", false);
    let screen = crate::session::Screen::new(Size { columns: 80, rows: 24 });
    let lost = Some("The shell before this one is gone, with what ran in it".to_owned());
    driver.workspace(WorkspaceEvent::Shell { screen, lost });
    assert_eq!(driver.app.layers.len(), 1);
    driver.press("enter");
    assert!(driver.app.layers.is_empty() && typed(&driver.press("x")));
}

#[test]
fn every_size_can_be_drawn() {
    for (cols, rows) in [(1, 1), (2, 1), (1, 3), (5, 2), (19, 5), (40, 6), (300, 2), (640, 250)] {
        for keys in ["x", "x ctrl-]", "ctrl-] [ k v", "ctrl-] [ ? l i n", "ctrl-] ?", "ctrl-] :"] {
            for watch in [false, true] {
                let mut driver = Driver::new(80, 24);
                prepared(&mut driver, watch);
                driver.press(keys);
                driver.lines();
                driver.event(Event::Resize(cols, rows));
                screen(&driver);
                driver.event(Event::Resize(rows, cols));
                screen(&driver);
            }
        }
    }
}

#[test]
fn only_ascii_where_there_is_only_ascii() {
    for keys in ["x", "ctrl-]", "ctrl-] [ ctrl-u", "ctrl-] [ ? i n e enter", "ctrl-] o", "ctrl-] :"]
    {
        for watch in [false, true] {
            let mut driver = Driver::new(80, 24);
            driver.app.signs.ascii = true;
            prepared(&mut driver, watch);
            driver.print("/a/b /c/d");
            driver.workspace(WorkspaceEvent::Bell);
            driver.press(keys);
            driver.lines();
            let shown = screen(&driver);
            assert!(shown.is_ascii(), "{keys}: {shown}");
        }
    }
}

/// A shell with a little on its screen.
fn prepared(driver: &mut Driver, watch: bool) {
    driver.attached("linux-01", watch);
    for n in 0..70 {
        driver.print(&format!("line {n}\r\n"));
    }
    driver.print("\x1b[2J\x1b[H\x1b[32mlearner@sandbox\x1b[m:~$ ");
}

#[test]
fn looks() {
    snapshots("bare", |driver| prepared(driver, false));
    snapshots("bare_menu", |driver| {
        prepared(driver, false);
        driver.press("x ctrl-]");
    });
    snapshots("bare_copy_mode", |driver| {
        prepared(driver, false);
        driver.press("ctrl-] [");
        driver.lines();
        driver.press("ctrl-u");
    });
    snapshots("watch", |driver| prepared(driver, true));
    snapshots("clipboard", |driver| {
        prepared(driver, false);
        let text = "curl -s https://example.org/install.sh | sh\n# \u{202e}and more\n".repeat(3);
        driver.workspace(WorkspaceEvent::Clipboard(text));
    });
}

#[test]
fn what_is_typed_while_the_shell_is_being_opened_is_for_it() {
    let mut driver = Driver::new(80, 24);
    driver.app.attach("linux-01", false);
    let effects = driver.press("q");
    assert!(matches!(effects[..], [Effect::Shell(_)]), "{effects:?}");
    assert!(!driver.app.quitting);
}
