//! An open folder on a real disk, changed from both sides.

use std::fs;
use std::sync::mpsc::Receiver;

use tempfile::TempDir;

use super::*;
use crate::author::Reading;
use crate::context::Context;
use crate::paths::Paths;
use crate::store::Store;

const YAML: &str = "exercises/mine/01.yaml";
const MANIFEST: &str =
    "id: my-01\nmodule: mine\norder: 1\ntitle: One\nverify:\n  - name: a\n    cmd: ls /a\n";

struct Bench {
    root: TempDir,
    home: TempDir,
    desk: Desk,
    events: Receiver<Event>,
}

impl Bench {
    fn new() -> Self {
        let (root, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(root.path().join("exercises/mine")).unwrap();
        fs::create_dir_all(root.path().join("content/mine")).unwrap();
        fs::write(root.path().join(YAML), MANIFEST).unwrap();
        fs::write(root.path().join("content/mine/01.md"), "# One\n").unwrap();
        Self::at(root, home)
    }

    fn at(root: TempDir, home: TempDir) -> Self {
        let (events, inbox) = channel();
        let context = Context::at(Paths::under(home.path()), &[], true).unwrap();
        let shared = Shared::new(
            Arc::new(context),
            Store::open(&home.path().join("progress.db")).unwrap(),
            events,
        );
        let desk = Desk::begin(shared, 1).unwrap();
        let bench = Self { root, home, desk, events: inbox };
        bench.order(AuthorOrder::Open(bench.root.path().to_owned()));
        bench.reading(|_| true);
        bench
    }

    fn order(&self, order: AuthorOrder) {
        self.desk.order(1, order);
    }

    /// The next event that is wanted.
    fn wait<T>(&self, mut wanted: impl FnMut(AuthorEvent) -> Option<T>) -> T {
        loop {
            match self.events.recv_timeout(Duration::from_mins(1)).unwrap() {
                Event::Author { visit: 1, event } => {
                    if let Some(found) = wanted(event) {
                        return found;
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn reading(&self, mut wanted: impl FnMut(&Reading) -> bool) -> Reading {
        self.wait(|event| match event {
            AuthorEvent::Read(reading) if wanted(&reading) => Some(*reading),
            _ => None,
        })
    }

    fn titled(&self, title: &str) {
        self.reading(|it| it.course.item("my-01").is_some_and(|item| item.title == title));
    }

    fn open(&self) -> Arc<str> {
        self.order(AuthorOrder::Read(YAML.to_owned()));
        self.wait(|event| match event {
            AuthorEvent::File { content, .. } => Some(content.unwrap()),
            _ => None,
        })
    }

    fn change(&self, text: &str) {
        let (path, text) = (YAML.to_owned(), Arc::from(text));
        self.order(AuthorOrder::Changed { path, text, edits: 1, unsaved: true });
    }

    fn kept(&self) -> Vec<String> {
        let all = fs::read_dir(self.home.path().join("state/author")).unwrap();
        let files = all.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let paths = files.map(|file| file.unwrap().path());
        let kept = paths.filter(|path| path.extension().is_some());
        kept.map(|path| fs::read_to_string(path).unwrap()).collect()
    }
}

#[test]
fn what_is_typed_is_read_and_kept_before_it_is_saved() {
    let bench = Bench::new();
    let text = bench.open();
    let changed = MANIFEST.replace("One", "Two");
    bench.change(&changed);
    bench.titled("Two");
    assert_eq!(fs::read_to_string(bench.root.path().join(YAML)).unwrap(), MANIFEST);
    bench.order(AuthorOrder::Keep);
    let save =
        AuthorOrder::Save { path: YAML.into(), text: changed.as_str().into(), over: Some(text) };
    bench.order(AuthorOrder::Read("nothing".into()));
    bench.wait(|event| matches!(event, AuthorEvent::File { content: Err(_), .. }).then_some(()));
    assert!(bench.kept()[0].contains("Two"), "{:?}", bench.kept());
    bench.order(save);
    bench.wait(|event| matches!(event, AuthorEvent::Saved { .. }).then_some(()));
    assert_eq!(fs::read_to_string(bench.root.path().join(YAML)).unwrap(), changed);
    assert!(bench.kept().is_empty());
}

#[test]
fn what_others_write_is_told_and_not_written_over() {
    let bench = Bench::new();
    let text = bench.open();
    let path = bench.root.path().join(YAML);
    let theirs = MANIFEST.replace("One", "Theirs");
    save::save(&path, &theirs).unwrap();
    let told = bench.wait(|event| match event {
        AuthorEvent::Disk { text, .. } => text,
        _ => None,
    });
    assert_eq!(*told, *theirs);
    bench.titled("Theirs");
    let mine = Arc::from(MANIFEST.replace("One", "Mine"));
    bench.order(AuthorOrder::Save { path: YAML.into(), text: mine, over: Some(text) });
    bench.wait(|event| matches!(event, AuthorEvent::Conflict { .. }).then_some(()));
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    // Its own writing is no news.
    let mine: Arc<str> = MANIFEST.replace("One", "Mine").into();
    let over = Some(theirs.as_str().into());
    bench.order(AuthorOrder::Save { path: YAML.into(), text: mine, over });
    bench.wait(|event| match event {
        AuthorEvent::Disk { .. } => panic!("{event:?}"),
        AuthorEvent::Read(it) => it.course.item("my-01").filter(|it| it.title == "Mine").map(drop),
        _ => None,
    });
}

#[test]
fn an_end_keeps_what_the_next_begin_offers() {
    let bench = Bench::new();
    bench.open();
    bench.change(&MANIFEST.replace("One", "Lost"));
    let Bench { root, home, desk, .. } = bench;
    desk.finish();
    let (events, inbox) = channel();
    let context = Context::at(Paths::under(home.path()), &[], true).unwrap();
    let shared = Shared::new(
        Arc::new(context),
        Store::open(&home.path().join("progress.db")).unwrap(),
        events,
    );
    let desk = Desk::begin(shared, 1).unwrap();
    desk.order(1, AuthorOrder::Open(root.path().to_owned()));
    let found = inbox.iter().find_map(|event| match event {
        Event::Author { event: AuthorEvent::Recovered(it), .. } => Some(it),
        _ => None,
    });
    assert!(found.unwrap().text.contains("Lost"));
}

#[test]
fn a_lesson_is_laid_out_whenever_it_changes() {
    let bench = Bench::new();
    bench.order(AuthorOrder::Show(Some("content/mine/01.md".into())));
    let lesson = |code: usize| {
        bench.wait(|event| match event {
            AuthorEvent::Lesson { document, .. } => (document.code().len() == code).then_some(()),
            _ => None,
        });
    };
    lesson(0);
    let path = bench.root.path().join("content/mine/01.md");
    fs::write(path, "# One\n\n```sh\nls\n```\n").unwrap();
    lesson(1);
}
