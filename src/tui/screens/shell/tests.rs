//! The shell's pane, key by key and click by click.

use std::sync::Arc;

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Rect;

use super::*;
use crate::session::Input;
use crate::terminal::{Line, Mark};
use crate::tui::app::driver::Driver;
use crate::tui::app::{Effect, Event, FileContent, Layer, WorkspaceEvent};
use crate::tui::screens::workspace::PaneId;

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);
const WHEEL_UP: MouseEventKind = MouseEventKind::ScrollUp;
const WHEEL_DOWN: MouseEventKind = MouseEventKind::ScrollDown;

/// At work with the shell in front, a hundred lines printed.
fn practising() -> Driver {
    let mut driver = Driver::new(120, 40);
    driver.at_work("linux-01");
    driver.press("2");
    let lines: Vec<_> = (0..100).map(|n| format!("line {n}")).collect();
    driver.print(&lines.join("\r\n"));
    driver.app.notice = None;
    driver
}

fn inner(driver: &Driver) -> Rect {
    driver.open().places(driver.app.area).inner(PaneId::Shell).unwrap()
}

/// The mouse at a cell of the pane, which may be beyond it.
fn mouse_with(
    driver: &mut Driver,
    kind: MouseEventKind,
    (column, row): (i16, i16),
    modifiers: KeyModifiers,
) -> Vec<Effect> {
    let inner = inner(driver);
    let column = inner.x.saturating_add_signed(column);
    let row = inner.y.saturating_add_signed(row);
    driver.event(Event::Mouse(MouseEvent { kind, column, row, modifiers }))
}

fn mouse(driver: &mut Driver, kind: MouseEventKind, cell: (i16, i16)) -> Vec<Effect> {
    mouse_with(driver, kind, cell, KeyModifiers::NONE)
}

fn top(driver: &Driver) -> Option<String> {
    let looking = driver.shell().looking.as_ref()?;
    Some(looking.copy.in_view()[0].text().to_owned())
}

fn copied(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.as_str()),
        _ => None,
    })
}

fn typed(effects: &[Effect]) -> bool {
    matches!(effects, [Effect::Shell(Input::Key(_))])
}

#[test]
fn the_wheel_scrolls_back_and_typing_returns() {
    let mut driver = practising();
    assert_eq!(mouse(&mut driver, WHEEL_UP, (5, 5)), [Effect::ReadLines]);
    assert_eq!(mouse(&mut driver, WHEEL_UP, (5, 5)), [], "asked once");
    assert_eq!(driver.app.context(), Context::Shell, "live until the lines come");
    driver.lines();
    // 36 rows of 100 lines: the last view begins at line 64, and two notches are six rows.
    assert_eq!(inner(&driver).height, 36);
    assert_eq!(top(&driver).unwrap(), "line 58");
    assert_eq!(place(&driver.app, driver.shell()).unwrap(), "6 of 64 lines back");
    driver.print("\r\nmore");
    assert_eq!(top(&driver).unwrap(), "line 58", "it stands still");
    assert!(typed(&driver.press("x")));
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn the_wheel_down_to_the_bottom_returns() {
    let mut driver = practising();
    mouse(&mut driver, WHEEL_UP, (5, 5));
    driver.lines();
    assert_eq!(driver.app.context(), Context::Scrolled);
    mouse(&mut driver, WHEEL_DOWN, (5, 5));
    assert_eq!(driver.app.context(), Context::Shell);
    assert_eq!(mouse(&mut driver, WHEEL_DOWN, (5, 5)), [], "nothing is below");
}

#[test]
fn pages_scroll_and_esc_returns_without_being_typed() {
    let mut driver = practising();
    assert_eq!(driver.press("shift-pageup"), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(top(&driver).unwrap(), "line 30");
    driver.press("shift-pageup");
    assert_eq!(top(&driver).unwrap(), "line 0", "no further");
    driver.press("shift-pagedown");
    assert_eq!(top(&driver).unwrap(), "line 34");
    assert_eq!(driver.press("esc"), []);
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn modifiers_type_nothing_and_releases_change_nothing() {
    let mut driver = practising();
    driver.press("shift-pageup");
    driver.lines();
    let shift = KeyCode::Modifier(crossterm::event::ModifierKeyCode::LeftShift);
    driver.event(Event::Key(shift.into()));
    let release = |code| KeyEvent::new_with_kind(code, KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(driver.event(Event::Key(release(KeyCode::Char('x')))), []);
    assert_eq!(driver.app.context(), Context::Scrolled);
    driver.press("esc");
    assert!(typed(&driver.event(Event::Key(release(KeyCode::Char('x'))))));
    let leave =
        KeyEvent::new_with_kind(KeyCode::Char(']'), KeyModifiers::CONTROL, KeyEventKind::Release);
    assert_eq!(driver.event(Event::Key(leave)), []);
    assert_eq!(driver.app.context(), Context::Shell);
    driver.press("ctrl-]");
    assert_eq!(driver.event(Event::Key(release(KeyCode::Char('q')))), []);
    assert!(!driver.app.quitting);
}

#[test]
fn in_the_alternate_screen_nothing_is_above() {
    let mut driver = practising();
    driver.print("\x1b[?1049h");
    for key in ["shift-pageup", "ctrl-shift-up"] {
        assert!(typed(&driver.press(key)), "{key} is the program's");
    }
    let effects = mouse(&mut driver, WHEEL_UP, (1, 2));
    assert!(matches!(effects[..], [Effect::Shell(Input::Mouse(_))]), "arrows for a pager");
    driver.print("\x1b[?1007l");
    assert_eq!(mouse(&mut driver, WHEEL_UP, (1, 2)), []);
}

#[test]
fn a_drag_selects_and_copies_on_release() {
    let mut driver = practising();
    assert_eq!(mouse(&mut driver, DOWN, (0, 0)), []);
    assert_eq!(mouse(&mut driver, DRAG, (3, 0)), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(mouse(&mut driver, DRAG, (5, 1)), []);
    let effects = mouse(&mut driver, UP, (5, 1));
    assert_eq!(copied(&effects), Some("line 64\nline 6"));
    assert_eq!(driver.app.notice.as_deref(), Some("Copied 14 characters"));
    assert!(driver.shell().looking.is_some(), "it stays selected");
    driver.print("\r\nmore");
    assert!(driver.shell().looking.is_none(), "until its place moves");
    mouse(&mut driver, DOWN, (0, 0));
    mouse(&mut driver, DRAG, (3, 0));
    driver.lines();
    mouse(&mut driver, UP, (3, 0));
    assert!(typed(&driver.press("esc")), "or until a key, which is the program's");
    assert!(driver.shell().looking.is_none());
}

#[test]
fn a_drag_that_is_over_before_the_lines_come_is_copied_too() {
    let mut driver = practising();
    mouse(&mut driver, DOWN, (0, 2));
    mouse(&mut driver, DRAG, (2, 2));
    mouse(&mut driver, DRAG, (3, 2));
    assert_eq!(mouse(&mut driver, UP, (3, 2)), []);
    assert_eq!(copied(&driver.lines()), Some("line"));
}

#[test]
fn a_click_selects_nothing_and_asks_for_nothing() {
    let mut driver = practising();
    assert_eq!(mouse(&mut driver, DOWN, (2, 2)), []);
    assert_eq!(mouse(&mut driver, UP, (2, 2)), []);
    assert!(driver.shell().looking.is_none() && driver.shell().press.is_none());
}

#[test]
fn double_and_triple_clicks_take_words_and_lines() {
    let mut driver = practising();
    let mut click = || {
        mouse(&mut driver, DOWN, (6, 0));
        driver.lines();
        let effects = mouse(&mut driver, UP, (6, 0));
        copied(&effects).map(str::to_owned)
    };
    assert_eq!(click(), None);
    assert_eq!(click().as_deref(), Some("64"));
    assert_eq!(click().as_deref(), Some("line 64"));
    assert_eq!(click(), None, "and from the beginning");
    driver.now += std::time::Duration::from_secs(1);
    mouse(&mut driver, DOWN, (6, 0));
    assert_eq!(mouse(&mut driver, UP, (6, 0)), [], "not so slowly");
}

#[test]
fn with_alt_a_drag_selects_a_block() {
    for modifier in [KeyModifiers::ALT, KeyModifiers::CONTROL] {
        let mut driver = practising();
        mouse_with(&mut driver, DOWN, (5, 0), modifier);
        mouse_with(&mut driver, DRAG, (6, 2), modifier);
        driver.lines();
        let effects = mouse_with(&mut driver, UP, (6, 2), modifier);
        assert_eq!(copied(&effects), Some("64\n65\n66"));
    }
}

#[test]
fn dragging_past_the_edge_scrolls() {
    let mut driver = practising();
    mouse(&mut driver, DOWN, (4, 1));
    mouse(&mut driver, DRAG, (0, 0));
    driver.lines();
    mouse(&mut driver, DRAG, (0, -1));
    assert_eq!(top(&driver).unwrap(), "line 63");
    mouse(&mut driver, DRAG, (0, -2));
    assert_eq!(top(&driver).unwrap(), "line 61", "further out is faster");
    let effects = mouse(&mut driver, UP, (0, -2));
    assert_eq!(copied(&effects), Some("line 61\nline 62\nline 63\nline 64\nline"));
    assert_eq!(driver.app.context(), Context::Scrolled);
    mouse(&mut driver, DOWN, (0, 0));
    assert_eq!(driver.shell().looking.as_ref().unwrap().copy.selected(), None);
    mouse(&mut driver, DRAG, (2, 40));
    mouse(&mut driver, DRAG, (2, 40));
    assert_eq!(top(&driver).unwrap(), "line 64", "down again, but no further");
}

#[test]
fn the_mouse_is_the_programs_that_asked_for_it() {
    let mut driver = practising();
    driver.print("\x1b[?1002h\x1b[?1006h");
    let at = |effects: &[Effect]| match effects {
        [Effect::Shell(Input::Mouse(mouse))] => Some((mouse.kind, mouse.column, mouse.row)),
        _ => None,
    };
    assert_eq!(at(&mouse(&mut driver, WHEEL_UP, (3, 4))), Some((WHEEL_UP, 3, 4)));
    assert_eq!(at(&mouse(&mut driver, DOWN, (3, 4))), Some((DOWN, 3, 4)));
    assert_eq!(at(&mouse(&mut driver, DRAG, (-9, 99))), Some((DRAG, 0, 35)), "wherever it goes");
    assert_eq!(at(&mouse(&mut driver, UP, (-9, 99))), Some((UP, 0, 35)));
    assert_eq!(driver.open().focus, PaneId::Shell);
    assert_eq!(mouse(&mut driver, UP, (-9, 9)), [], "and no longer");
}

#[test]
fn a_release_that_went_astray_does_not_keep_the_mouse() {
    let mut driver = practising();
    mouse(&mut driver, DOWN, (3, 4));
    driver.workspace(WorkspaceEvent::Clipboard("x".into()));
    mouse(&mut driver, UP, (3, 4));
    driver.press("esc");
    mouse(&mut driver, DOWN, (-10, 4));
    assert_eq!(driver.open().focus, PaneId::Lesson, "clicked there");
}

#[test]
fn copy_mode_from_the_commands() {
    let mut driver = practising();
    driver.press("ctrl-]");
    assert_eq!(driver.press("["), [Effect::ReadLines]);
    driver.lines();
    assert_eq!(driver.app.context(), Context::Copy);
    driver.press("k k 0 v $");
    driver.print("\r\nthe shell goes on");
    let effects = driver.press("y");
    assert_eq!(copied(&effects), Some("line 97"));
    assert_eq!(driver.app.notice.as_deref(), Some("Copied 7 characters"));
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn keys_for_copy_mode_wait_for_its_lines() {
    let mut driver = practising();
    assert_eq!(driver.press("ctrl-] [ k V y"), [Effect::ReadLines]);
    assert_eq!(copied(&driver.lines()), Some("line 98"));
    assert_eq!(driver.app.context(), Context::Shell);
    driver.press("ctrl-] {");
    assert_eq!(driver.press("r m"), []);
    driver.lines();
    assert_eq!(driver.app.context(), Context::Shell, "no prompt, and nothing was typed");
    driver.press("ctrl-] [ x ctrl-]");
    assert_eq!(driver.app.context(), Context::Lesson, "there is a way out");
    assert_eq!(driver.lines(), []);
    driver.press("2 shift-pageup");
    assert!(typed(&driver.press("x")));
    driver.lines();
    assert_eq!(driver.app.context(), Context::Shell, "who types is back already");
}

#[test]
fn copy_mode_searches_while_one_types() {
    let mut driver = practising();
    driver.press("ctrl-] [");
    driver.lines();
    driver.press("?");
    assert_eq!(driver.app.context(), Context::CopySearch);
    driver.text("line 7q");
    driver.press("backspace");
    driver.event(Event::Paste("1\n".into()));
    let looking = |driver: &Driver| {
        let copy = &driver.shell().looking.as_ref().unwrap().copy;
        (copy.typing().map(|(query, _)| query.to_owned()), copy.found().map(|found| found.count))
    };
    assert_eq!(looking(&driver), (Some("line 71".into()), Some(1)));
    driver.press("enter v e y");
    assert_eq!(driver.app.notice.as_deref(), Some("Copied 4 characters"));
    driver.press("ctrl-] [");
    driver.lines();
    driver.press("/ x esc");
    assert_eq!((driver.app.context(), looking(&driver)), (Context::Copy, (None, None)));
    driver.press("esc");
    assert_eq!(driver.app.context(), Context::Shell);
}

#[test]
fn copy_mode_has_the_mouse_too() {
    let mut driver = practising();
    driver.press("ctrl-] [");
    driver.lines();
    mouse(&mut driver, WHEEL_UP, (0, 0));
    assert_eq!(top(&driver).unwrap(), "line 61");
    mouse(&mut driver, DOWN, (5, 0));
    mouse(&mut driver, UP, (5, 0));
    assert_eq!(copied(&driver.press("v $ y")), Some("61"), "the cursor went there");
    driver.press("ctrl-] [");
    driver.lines();
    mouse(&mut driver, DOWN, (0, 0));
    mouse(&mut driver, DRAG, (3, 0));
    assert_eq!(copied(&mouse(&mut driver, UP, (3, 0))), Some("line"));
    assert_eq!(driver.app.context(), Context::Copy, "keys are still its");
}

#[test]
fn a_scrolled_view_becomes_copy_mode() {
    let mut driver = practising();
    driver.press("shift-pageup");
    driver.lines();
    assert_eq!(driver.press("ctrl-] ["), []);
    assert_eq!(driver.app.context(), Context::Copy);
    assert_eq!(copied(&driver.press("V y")), Some("line 65"), "the cursor came into view");
}

/// Three prompts, the last of which is being typed at.
fn session() -> Arc<[Line]> {
    let prompt = |text: &str| Line::marked(&[(Mark::Prompt, "$ "), (Mark::Input, text)]);
    let mut lines = vec![prompt("seq 50")];
    lines.extend((1..=50).map(|n| Line::plain(&n.to_string())));
    lines.push(prompt("id -un"));
    lines.push(Line::plain("learner"));
    lines.push(prompt("half"));
    lines.into()
}

#[test]
fn the_last_output_is_copied_from_the_commands() {
    let mut driver = practising();
    driver.press("ctrl-]");
    assert_eq!(driver.press("y"), [Effect::ReadLines]);
    assert_eq!(copied(&driver.workspace(WorkspaceEvent::Lines(session()))), Some("learner"));
    assert_eq!(driver.app.context(), Context::Lesson, "one stays where one is");
    driver.press("y");
    let lines = [Line::plain("no marks")];
    assert_eq!(driver.workspace(WorkspaceEvent::Lines(Arc::from(lines))), []);
    assert_eq!(driver.app.notice.as_deref(), Some("This shell does not mark its prompts"));
}

#[test]
fn prompts_are_jumped_to_from_the_commands_and_from_the_shell() {
    let mut driver = practising();
    driver.press("ctrl-] {");
    driver.workspace(WorkspaceEvent::Lines(session()));
    assert_eq!(driver.app.context(), Context::Copy);
    driver.press("{");
    assert_eq!(top(&driver).unwrap(), "$ seq 50");
    driver.press("q");

    assert_eq!(driver.press("ctrl-shift-up"), [Effect::ReadLines]);
    driver.workspace(WorkspaceEvent::Lines(session()));
    assert_eq!(
        (driver.app.context(), top(&driver).unwrap()),
        (Context::Scrolled, "$ seq 50".into())
    );
    driver.press("ctrl-shift-up");
    assert_eq!(driver.app.notice.as_deref(), Some("There is no prompt above"));
    driver.press("ctrl-shift-down");
    assert_eq!(driver.app.context(), Context::Shell, "the next one is at the bottom");
}

#[test]
fn links_are_opened() {
    let mut driver = practising();
    driver.press("ctrl-] o");
    assert_eq!(driver.app.notice.as_deref(), Some("No address or file name is in view"));
    driver.print("\x1b[2J\x1b[Hsee https://example.org/a.");
    assert_eq!(driver.press("o"), [Effect::OpenUrl("https://example.org/a".into())]);
    driver.print("\r\n main.rs:12:3 https://example.org/a main.rs:12");
    let Phase::Open(screen) = &driver.shell().phase else { panic!() };
    screen.lock().state.folder = Some("/home/learner/src".into());
    assert_eq!(driver.press("o"), []);
    let Some(Layer::Palette(links)) = driver.app.layers.last() else { panic!() };
    let rows: Vec<_> = links.all.iter().map(|row| row.text.as_str()).collect();
    assert_eq!(rows, ["main.rs:12", "https://example.org/a"], "the newest first, each once");
    let path = "/home/learner/src/main.rs".to_owned();
    let read = Effect::ReadFile { visit: 1, path, line: Some(12) };
    assert_eq!(driver.press("enter"), std::slice::from_ref(&read));
    let control = KeyModifiers::CONTROL;
    mouse_with(&mut driver, DOWN, (3, 1), control);
    assert_eq!(mouse_with(&mut driver, UP, (3, 1), control), [read]);
    mouse_with(&mut driver, DOWN, (49, 1), control);
    assert_eq!(mouse_with(&mut driver, UP, (49, 1), control), []);
}

#[test]
fn a_file_is_read_and_closed_again() {
    let mut driver = practising();
    let file = |content| WorkspaceEvent::File { path: "/etc/x".into(), line: None, content };
    let content = FileContent { bytes: b"one\ntwo".to_vec(), size: 7 };
    driver.workspace(file(Ok(content)));
    assert_eq!(driver.press("j x ctrl-w"), [], "no key goes to the shell");
    assert!(matches!(driver.app.layers[..], [Layer::File(_)]));
    driver.press("ctrl-]");
    assert!(driver.app.layers.is_empty());
    let gone = crate::engine::EngineError::SandboxGone { id: "x".into() };
    driver.workspace(file(Err(gone.into())));
    assert!(matches!(driver.app.layers[..], [Layer::Problem(_)]));
}

#[test]
fn the_bell_is_a_sign_until_somebody_types() {
    let mut driver = practising();
    driver.workspace(WorkspaceEvent::Bell);
    assert_eq!(title(&driver.app, driver.shell(), 40), "learner@sandbox ♪");
    driver.press("x");
    assert_eq!(title(&driver.app, driver.shell(), 40), "learner@sandbox");
    driver.print("\x1b]2;vim \u{202e}README.md\x07");
    assert_eq!(title(&driver.app, driver.shell(), 40), "vim README.md");
    assert_eq!(title(&driver.app, driver.shell(), 8), "vim REA…");
}

#[test]
fn a_resize_keeps_what_is_looked_at() {
    let mut driver = practising();
    driver.press("shift-pageup");
    driver.lines();
    driver.event(Event::Resize(120, 30));
    assert_eq!(driver.shell().looking.as_ref().unwrap().copy.in_view().len(), 26);
    assert_eq!(top(&driver).unwrap(), "line 30");
    assert_eq!(driver.app.context(), Context::Scrolled);
}

#[test]
fn the_last_screen_of_a_shell_that_ended_can_be_copied_from() {
    let mut driver = practising();
    driver.workspace(WorkspaceEvent::ShellEnded(End::Exited(Some(1))));
    assert_eq!(driver.press("["), [], "nobody is there to ask");
    assert_eq!(driver.app.context(), Context::Copy);
    assert_eq!(copied(&driver.press("g V y")), Some("line 64"));
    assert_eq!(driver.app.context(), Context::NoShell);
}
