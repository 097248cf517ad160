//! Author key by key, on a real folder, without the threads behind it.

use std::fs;
use std::sync::Arc;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use tempfile::TempDir;

use super::*;
use crate::author::{Folder, save};
use crate::course::{Severity, Texts};
use crate::problem::{Exit, Problem};
use crate::prove::{Outcome, Proof, Stage, Step, Verdict};
use crate::tui::app::driver::Driver;
use crate::tui::app::{AuthorEvent, AuthorOrder, Effect, Event, Layer, Screen};
use crate::tui::screens::tests::screen;
use crate::tui::widgets::markdown::Document;

const MANIFEST: &str = "\
id: my-01
module: mine
order: 1
title: Find the key
description: Somewhere in the yard.
estimated_time: 5m
solution: 01/solution.sh
verify:
  - name: The key is in your home
    cmd: test -f key
hints:
  - Look into the yard.
";

const LESSON: &str = "# Keys\n\nWhere they are.\n\n```sh\nfind yard\n```\n";

/// A program with Author open on a folder of one exercise.
struct Bench {
    driver: Driver,
    root: TempDir,
    folder: Folder,
    texts: Texts,
}

impl Bench {
    fn new(cols: u16, rows: u16) -> Self {
        Self::with(cols, rows, true)
    }

    /// The same, before the folder is there.
    fn closed(cols: u16, rows: u16) -> Self {
        let mut bench = Self::with(cols, rows, false);
        bench.driver.app.open_author("my-content".into());
        bench
    }

    fn with(cols: u16, rows: u16, open: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("exercises/mine/01.yaml", MANIFEST),
            (
                "exercises/mine/01/solution.sh",
                "#!/bin/sh\n# turns: \"The key is in your home\"\ncp yard/key .\n",
            ),
            ("content/mine/module.yaml", "title: Mine\norder: 90\n"),
            ("content/mine/01.md", LESSON),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let folder = Folder::open(root.path(), vec![], vec![]).unwrap();
        let mut bench = Self { driver: Driver::new(cols, rows), root, folder, texts: Texts::new() };
        if open {
            let effects = bench.driver.app.open_author("my-content".into());
            bench.serve(effects);
        }
        bench
    }

    /// Does what Author orders, as the threads behind it would; gives the rest.
    fn serve(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut rest = Vec::new();
        for effect in effects {
            let Effect::Author { order, .. } = effect else {
                rest.push(effect);
                continue;
            };
            let file = |path: &str| self.root.path().join(path);
            let event = match order {
                AuthorOrder::Open(_) => self.read(),
                AuthorOrder::Read(path) => {
                    let content = Ok(save::text(&file(&path)).unwrap().unwrap().into());
                    AuthorEvent::File { path, content }
                }
                AuthorOrder::Show(Some(path)) => self.lesson(&path),
                AuthorOrder::Changed { path, text, unsaved, .. } => {
                    self.texts.remove(&path);
                    self.texts.extend(unsaved.then_some((path, text)));
                    self.read()
                }
                AuthorOrder::Save { path, text, .. } => {
                    save::save(&file(&path), &text).unwrap();
                    AuthorEvent::Saved { path, text }
                }
                AuthorOrder::Show(None) | AuthorOrder::Keep => continue,
                order => {
                    rest.push(Effect::Author { visit: 0, order });
                    continue;
                }
            };
            rest.extend(self.event(event));
        }
        rest
    }

    fn read(&mut self) -> AuthorEvent {
        AuthorEvent::Read(Box::new(self.folder.read(self.texts.clone())))
    }

    fn lesson(&self, path: &str) -> AuthorEvent {
        let text = self.texts.get(path).map(ToString::to_string);
        let text = text.unwrap_or_else(|| fs::read_to_string(self.root.path().join(path)).unwrap());
        AuthorEvent::Lesson { path: path.to_owned(), document: Box::new(Document::parse(&text)) }
    }

    fn event(&mut self, event: AuthorEvent) -> Vec<Effect> {
        let Some(author) = &self.driver.app.author else { return vec![] };
        let visit = author.visit;
        let effects = self.driver.event(Event::Author { visit, event });
        self.serve(effects)
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        let effects = self.driver.press(keys);
        self.serve(effects)
    }

    fn typed(&mut self, text: &str) {
        for c in text.chars() {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            let effects = self.driver.event(Event::Key(key));
            self.serve(effects);
        }
    }

    fn click(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let mouse = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        let effects = self.driver.event(Event::Mouse(mouse));
        self.serve(effects);
    }

    fn author(&self) -> &Author {
        self.driver.app.author.as_ref().unwrap()
    }

    /// Opens a file by its name in the tree.
    fn edit(&mut self, path: &str) {
        let choice = Effect::Author { visit: 0, order: AuthorOrder::Read(path.to_owned()) };
        self.serve(vec![choice]);
        assert_eq!(self.author().open.as_deref(), Some(path));
    }

    fn text(&self) -> &str {
        &self.author().buffer().unwrap().text
    }

    fn disk(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).unwrap()
    }

    fn dialog(&self) -> Option<&str> {
        match self.driver.app.layers.last() {
            Some(Layer::Dialog(dialog)) => Some(&dialog.text),
            _ => None,
        }
    }

    fn sees(&self, text: &str) {
        let screen = screen(&self.driver);
        assert!(screen.contains(text), "no {text:?} in\n{screen}");
    }
}

use crossterm::event::{KeyCode, KeyEvent};

const YAML: &str = "exercises/mine/01.yaml";
const MD: &str = "content/mine/01.md";

#[test]
fn how_it_looks() {
    for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut bench = Bench::new(cols, rows);
        bench.press("down down right down");
        insta::assert_snapshot!(format!("files_{cols}x{rows}"), screen(&bench.driver));
        bench.press("enter");
        bench.press("ctrl-g");
        bench.typed("4");
        bench.press("enter end");
        bench.typed(" now");
        insta::assert_snapshot!(format!("editor_{cols}x{rows}"), screen(&bench.driver));
        bench.press("home");
        bench.typed("#");
        bench.press("esc 4");
        insta::assert_snapshot!(format!("problems_{cols}x{rows}"), screen(&bench.driver));
        bench.edit(MD);
        bench.press("esc 3");
        insta::assert_snapshot!(format!("lesson_{cols}x{rows}"), screen(&bench.driver));
    }
}

#[test]
fn every_size_can_be_drawn_and_the_cursor_is_inside() {
    let mut bench = Bench::new(80, 24);
    bench.edit(YAML);
    bench.typed("x: \t日本");
    bench.press("ctrl-f");
    for (cols, rows) in (1..140).step_by(9).flat_map(|c| (1..40).step_by(4).map(move |r| (c, r))) {
        bench.driver.event(Event::Resize(cols, rows));
        for pane in ["esc", "1", "3", "4", "2"] {
            screen(&bench.driver);
            bench.press(pane);
        }
    }
}

#[test]
fn preview_and_problems_follow_what_is_typed() {
    let mut bench = Bench::new(120, 40);
    bench.edit(YAML);
    bench.sees("Somewhere in the yard.");
    bench.sees("The key is in your home");
    bench.sees("1. Look into the yard.");
    bench.press("ctrl-g");
    bench.typed("5:14");
    bench.press("enter");
    bench.typed("Behind ");
    bench.sees("Behind Somewhere in the yard.");
    assert_eq!(bench.disk(YAML), MANIFEST, "nothing is saved by itself");
    // A manifest that cannot be read: it is told where, and what was last seen stays.
    bench.press("ctrl-home");
    bench.typed("x");
    let errors: Vec<_> = bench.author().problems.all.iter().collect();
    assert_eq!((errors[0].file.as_str(), errors[0].line), (YAML, 1), "{errors:?}");
    bench.sees("as it was before");
    bench.sees("Behind Somewhere in the yard.");
    bench.press("ctrl-z");
    let problems = &bench.author().problems.all;
    assert!(problems.iter().all(|it| it.severity == Severity::Warning), "{problems:?}");
}

#[test]
fn a_problem_is_gone_to() {
    let mut bench = Bench::new(80, 24);
    bench.edit(YAML);
    bench.press("ctrl-g");
    bench.typed("6");
    bench.press("enter");
    bench.typed("x");
    bench.press("esc 4 enter");
    assert_eq!(bench.author().focus, PaneId::Editor);
    assert_eq!(bench.author().buffer().unwrap().editor.cursor(), (5, 0));
    bench.sees("unknown key \"xestimated_time\"");
    bench.press("ctrl-home f8");
    assert_eq!(bench.author().buffer().unwrap().editor.cursor().0, 5);
}

#[test]
fn nothing_unsaved_is_left_without_a_question() {
    for (way, gone) in [("esc esc", Screen::Home), ("ctrl-q", Screen::Author)] {
        let mut bench = Bench::new(80, 24);
        bench.edit(YAML);
        bench.typed("# ");
        bench.press(way);
        assert!(bench.dialog().unwrap().contains(YAML), "{way}");
        bench.press("enter");
        assert_eq!((bench.driver.app.screen, bench.driver.app.quitting), (Screen::Author, false));
        bench.press(if way == "ctrl-q" { "ctrl-q" } else { "esc" });
        bench.press("right enter");
        assert_eq!(bench.disk(YAML), format!("# {MANIFEST}"));
        assert_eq!(bench.driver.app.screen, gone);
        assert_eq!(bench.driver.app.quitting, way == "ctrl-q");
    }
}

#[test]
fn changes_can_be_thrown_away() {
    let mut bench = Bench::new(80, 24);
    bench.edit(YAML);
    bench.typed("# ");
    let effects = bench.press("esc esc right right enter");
    assert!(effects.contains(&Effect::CloseAuthor), "{effects:?}");
    assert_eq!((bench.driver.app.screen, bench.disk(YAML).as_str()), (Screen::Home, MANIFEST));
    assert!(bench.texts.is_empty(), "nor is anything kept of them");
}

#[test]
fn what_could_not_be_saved_keeps_one_here() {
    let mut bench = Bench::new(80, 24);
    bench.edit(YAML);
    bench.typed("# ");
    let effects = bench.driver.press("esc esc right enter");
    assert!(matches!(effects[..], [Effect::Author { order: AuthorOrder::Save { .. }, .. }]));
    let problem = Problem::new("file", crate::problem::Exit::Environment, "no room");
    bench.event(AuthorEvent::NotSaved(problem));
    assert!(matches!(bench.driver.app.layers.last(), Some(Layer::Problem(_))));
    assert_eq!(bench.driver.app.screen, Screen::Author);
    assert_eq!(bench.author().unsaved().count(), 1);
}

#[test]
fn a_file_that_others_change_is_read_again_or_asked_about() {
    let theirs: Arc<str> = MANIFEST.replace("5m", "9m").into();
    let changed = || AuthorEvent::Disk { path: YAML.to_owned(), text: Some(theirs.clone()) };
    let mut bench = Bench::new(120, 40);
    bench.edit(YAML);
    bench.press("down down");
    bench.event(changed());
    assert_eq!((bench.text(), bench.dialog()), (&*theirs, None));
    assert_eq!(bench.author().buffer().unwrap().editor.cursor(), (2, 0), "the cursor stays");

    for (answer, text) in [("right right enter", "# id"), ("right right right enter", "id: ")] {
        let mut bench = Bench::new(120, 40);
        bench.edit(YAML);
        bench.typed("# ");
        bench.event(changed());
        assert!(bench.dialog().unwrap().contains("2 lines differ"), "{:?}", bench.dialog());
        // It is asked as often as somebody saves without having decided.
        bench.press("enter ctrl-s");
        assert!(bench.dialog().is_some());
        bench.press("right enter");
        assert!(matches!(bench.driver.app.layers.last(), Some(Layer::File(_))));
        bench.press("q");
        bench.press(answer);
        assert!(bench.text().starts_with(text), "{answer}: {}", bench.text());
        bench.press("ctrl-s");
        assert_eq!(bench.dialog(), None);
    }
}

#[test]
fn what_was_left_behind_is_offered() {
    let mut bench = Bench::new(80, 24);
    let all = tempfile::tempdir().unwrap();
    let written = MANIFEST.replace("Find", "Seek");
    let begin = || crate::author::Recovery::begin(all.path()).unwrap();
    begin().keep(bench.root.path(), YAML, &written).unwrap();
    let [found] = &begin().left_behind(bench.root.path()).unwrap()[..] else { panic!() };
    bench.event(AuthorEvent::Recovered(found.clone()));
    assert!(bench.dialog().unwrap().contains("1 line differs"));
    let effects = bench.press("right enter");
    assert_eq!(bench.text(), written);
    assert_eq!(bench.author().unsaved().next(), Some(YAML));
    assert_eq!(bench.disk(YAML), MANIFEST);
    let last = effects.last().unwrap();
    assert!(matches!(last, Effect::Author { order: AuthorOrder::Forget(_), .. }), "{effects:?}");
}

#[test]
fn search_and_lines() {
    let mut bench = Bench::new(80, 24);
    bench.edit(YAML);
    bench.press("ctrl-f");
    bench.typed("key");
    let at = |bench: &Bench| bench.author().buffer().unwrap().editor.cursor();
    assert_eq!(at(&bench), (3, 16));
    bench.press("enter");
    assert_eq!(at(&bench), (8, 14));
    bench.press("up");
    assert_eq!(at(&bench), (3, 16));
    bench.press("esc f3");
    assert_eq!(at(&bench), (8, 14));
    bench.press("alt-p");
    assert_eq!(at(&bench), (3, 16));
}

#[test]
fn an_item_is_tried_once_it_is_saved_and_one_comes_back() {
    let mut bench = Bench::new(120, 40);
    bench.edit(YAML);
    bench.press("ctrl-end");
    bench.typed("# why");
    bench.press("f5");
    assert!(bench.dialog().is_some(), "what is tried is what the disk has");
    let effects = bench.press("right enter");
    let provisions =
        |effect: &Effect| matches!(effect, Effect::Provision { item, .. } if item == "my-01");
    assert!(effects.iter().any(provisions), "{effects:?}");
    assert_eq!(bench.driver.app.screen, Screen::Workspace);
    bench.press("esc");
    assert_eq!(bench.driver.app.screen, Screen::Author);
    assert!(bench.text().ends_with("# why"));
}

#[test]
fn the_mouse_does_what_keys_do() {
    let mut bench = Bench::new(120, 40);
    let left = MouseEventKind::Down(MouseButton::Left);
    bench.press("down down right down");
    let row = 2 + bench.author().tree.cursor as u16;
    bench.click(left, 6, row);
    assert_eq!(bench.author().open.as_deref(), Some(YAML));
    let editor = bench.author().places(bench.driver.app.area).inner(PaneId::Editor).unwrap();
    bench.click(left, editor.x + 4 + 4, editor.y + 3);
    assert_eq!(bench.author().buffer().unwrap().editor.cursor(), (3, 4));
    bench.click(MouseEventKind::Drag(MouseButton::Left), editor.x + 4 + 7, editor.y + 3);
    assert_eq!(bench.author().buffer().unwrap().editor.selected().as_deref(), Some("e: "));
    let mut narrow = Bench::new(80, 24);
    narrow.click(left, 25, 0);
    assert_eq!(narrow.author().focus, PaneId::Editor);
}

#[test]
fn the_preview_of_a_lesson_stays_where_it_is() {
    let mut bench = Bench::new(80, 24);
    bench.edit(MD);
    bench.press("ctrl-end");
    let effects = bench.driver.event(Event::Paste("a line\r\r".repeat(60)));
    bench.serve(effects);
    let lesson = bench.lesson(MD);
    bench.event(lesson);
    bench.press("esc 3 pagedown pagedown");
    let before = bench.author().preview.lesson.scroll;
    assert!(before > 0);
    let lesson = bench.lesson(MD);
    bench.event(lesson);
    assert_eq!(bench.author().preview.lesson.scroll, before);
}

#[test]
fn built_in_content_is_not_written_in() {
    let mut driver = Driver::new(80, 24);
    assert_eq!(driver.press("a"), []);
    let Some(Layer::Problem(problem)) = driver.app.layers.last() else { panic!() };
    assert!(problem.remedy.as_ref().unwrap().contains("drydock author DIR"));
    driver.press("esc");
    driver.app.content = Some("mine".into());
    let effects = driver.press("a");
    assert!(matches!(&effects[..], [Effect::Author { order: AuthorOrder::Open(folder), .. }]
        if folder == std::path::Path::new("mine")));
}

/// Begins to prove the item, and tells what was run so far.
fn proving(bench: &mut Bench) {
    bench.press("down down right down");
    let visit = bench.author().visit;
    let effects = bench.press("P");
    assert_eq!(effects, [Effect::Prove { visit, item: "my-01".to_owned() }]);
    for stage in [Stage::Lint, Stage::Provision, Stage::Red] {
        bench.event(AuthorEvent::Proving { engine: "docker", stage });
    }
    let step = |stage, verdict| Step { stage, verdict, ms: 1200 };
    let why = "the check passes before anything is done".to_owned();
    let failed = Verdict::Failed { why, file: Some(YAML.to_owned()), line: Some(8) };
    let proof = Proof {
        id: "my-01".to_owned(),
        engine: "native",
        content_hash: String::new(),
        image: None,
        version: "0.1.0",
        proved: false,
        stages: vec![
            step(Stage::Lint, Verdict::Passed),
            step(Stage::Red, failed),
            step(Stage::Solve, Verdict::Skipped),
        ],
        ms: 2400,
        peak_bytes: None,
    };
    let outcome = Box::new(Outcome::Ran(proof));
    bench.event(AuthorEvent::Proved { engine: "native", outcome });
}

#[test]
fn an_item_is_proved_in_the_previews_place() {
    for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
        let mut bench = Bench::new(cols, rows);
        proving(&mut bench);
        insta::assert_snapshot!(format!("proof_{cols}x{rows}"), screen(&bench.driver));
    }
}

#[test]
fn a_proof_is_stopped_or_put_away_with_the_same_key() {
    let mut bench = Bench::new(120, 40);
    proving(&mut bench);
    assert_eq!(bench.press("P"), [Effect::StopProving]);
    bench.event(AuthorEvent::ProofOver(Ok(())));
    bench.sees("not proved on native");
    assert!(!screen(&bench.driver).contains("docker"), "it was stopped there");
    assert_eq!(bench.press("P"), []);
    bench.sees("Preview");
    // Again from the beginning.
    let visit = bench.author().visit;
    assert_eq!(bench.press("P"), [Effect::Prove { visit, item: "my-01".to_owned() }]);
    let problem = Problem::new("no_engine", Exit::Environment, "No engine works here");
    bench.event(AuthorEvent::ProofOver(Err(problem.clone())));
    assert_eq!(bench.driver.app.layers, [Layer::Problem(problem)]);
}

#[test]
fn what_is_not_saved_is_not_proved() {
    let mut bench = Bench::new(120, 40);
    bench.edit(YAML);
    bench.press("end");
    bench.typed(" ");
    assert_eq!(bench.press("f7"), []);
    assert!(bench.driver.app.notice.as_ref().unwrap().starts_with("Save first"));
}

/// What is remembered of the open folder.
fn remembered(bench: &mut Bench) -> Option<String> {
    bench.driver.app.remember().into_iter().find_map(|effect| match effect {
        Effect::Remember { key, json } if key.starts_with("place.content.") => Some(json),
        _ => None,
    })
}

#[test]
fn a_folder_is_gone_back_to_exactly() {
    for (cols, rows) in [(80, 24), (120, 40), (200, 60)] {
        for keys in [
            "right down enter down down right right",
            "right down down",
            "right down enter down down f2 down",
            "right down enter end down f3",
            "left",
        ] {
            let opened = |bench: &mut Bench, place| {
                let root = "/content".into();
                bench.event(AuthorEvent::Opened { root, place });
                let read = bench.read();
                bench.event(read);
            };
            let mut bench = Bench::closed(cols, rows);
            opened(&mut bench, None);
            bench.press(keys);
            bench.driver.app.notice = None;
            let before = screen(&bench.driver);
            let place = remembered(&mut bench);
            assert!(place.is_some());

            let mut bench = Bench::closed(cols, rows);
            opened(&mut bench, place.clone());
            bench.driver.app.notice = None;
            assert_eq!(screen(&bench.driver), before, "{keys} at {cols}x{rows}");
            assert_eq!(remembered(&mut bench), place, "{keys} at {cols}x{rows}");
        }
    }
}
