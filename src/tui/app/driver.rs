//! A program in memory for tests: events in, effects and the state out; no terminal, engine or
//! file, and a clock of its own.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use crossterm::event::{KeyEvent, KeyModifiers};

use super::*;
use crate::course::{self, Catalogue, Source};
use crate::engine::{Info, Offers};
use crate::lab::evidence::{Did, Evidence};
use crate::lab::verify::{CheckResult, CheckState};
use crate::session;
use crate::store::Completion;
use crate::terminal::{Emulator, Size};
use crate::tui::keymap::Chord;
use crate::tui::screens::home::Row;
use crate::tui::screens::shell::{self, Shell};
use crate::tui::screens::workspace::Workspace;
use crate::tui::theme::ColorDepth;

/// Read once for all tests.
static COURSE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(course::load(&[Source::built_in()])));

/// A program on a screen, with a clock of its own.
pub(crate) struct Driver {
    pub(crate) app: App,
    pub(crate) now: Instant,
    /// What the program in the shell was told of the focus.
    pub(crate) focus: Vec<bool>,
    /// What is behind the open shell.
    emulator: Emulator,
}

impl Driver {
    pub(crate) fn new(cols: u16, rows: u16) -> Self {
        Self::with(cols, rows, false)
    }

    pub(crate) fn with(cols: u16, rows: u16, first_start: bool) -> Self {
        let now = Instant::now();
        let settings = Settings {
            theme: Theme::find("harbour", ColorDepth::True).unwrap(),
            signs: Signs { ascii: false },
            leave: "ctrl-]".parse().unwrap(),
            mouse: true,
            offline: false,
            first_start,
            content: None,
            reading: false,
        };
        let course = COURSE.clone();
        assert_eq!(course.problems, []);
        let emulator = Emulator::new(Size { columns: 80, rows: 24 }, 1000);
        let mut driver =
            Self { app: App::new(settings, course, now), now, focus: vec![], emulator };
        driver.event(Event::Resize(cols, rows));
        driver
    }

    /// What comes of an event, but for the focus: that stands in [`Self::focus`].
    pub(crate) fn event(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = self.app.update(event, self.now);
        effects.retain(|effect| match effect {
            Effect::Shell(session::Input::Focus(focused)) => {
                self.focus.push(*focused);
                false
            }
            _ => true,
        });
        for effect in &effects {
            if let Effect::ResizeShell(size) = effect {
                self.emulator.resize(*size);
                self.show();
            }
        }
        effects
    }

    /// Presses keys written as in the keymap, separated by spaces.
    pub(crate) fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split(' ')
            .flat_map(|key| {
                let key: KeyEvent = key.parse::<Chord>().unwrap().into();
                self.event(Event::Key(key))
            })
            .collect()
    }

    pub(crate) fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.event(Event::Key(KeyEvent::new(
                crossterm::event::KeyCode::Char(c),
                KeyModifiers::NONE,
            )));
        }
    }

    pub(crate) fn engine(&mut self) {
        self.engine_with(Offers::default());
    }

    /// The engine answers, and its sandboxes can have this.
    pub(crate) fn engine_with(&mut self, offers: Offers) {
        let info = Info {
            product: "docker".into(),
            version: "20.10.24".into(),
            endpoint: "unix:///var/run/docker.sock".into(),
            cgroup_version: Some(2),
            architecture: None,
        };
        self.event(Event::Engine(EngineState::Ready(Box::new(Found {
            info,
            reason: "docker: the engine at unix:///var/run/docker.sock answers".into(),
            offers,
            builds_images: true,
            missing_images: vec![],
        }))));
    }

    /// A new sandbox for the open workspace.
    pub(crate) fn ready(&self) -> ReadyState {
        ReadyState {
            item: self.open().item.clone(),
            attempt: "018f0000-0000-7000-8000-000000000000".into(),
            image: "drydock/base:0123456789ab".into(),
            resumed: false,
            notices: vec![],
            active: Duration::ZERO,
            hints: vec![],
            failures: 0,
            completed: false,
            seed: None,
            place: None,
        }
    }

    /// Opens an item and makes its sandbox and shell ready.
    pub(crate) fn at_work(&mut self, item: &str) {
        self.engine();
        let now = self.now;
        self.app.open(item, false, now);
        let ready = self.ready();
        self.workspace(WorkspaceEvent::Ready(Box::new(ready)));
        self.shell_opens();
    }

    /// Attaches to a shell and nothing else.
    pub(crate) fn attached(&mut self, item: &str, watch: bool) -> Vec<Effect> {
        let effects = self.app.attach(item, watch);
        self.shell_opens();
        effects
    }

    /// The shell that was there is on the screen again.
    pub(crate) fn shell_is_there(&mut self) {
        self.shell_opens();
        self.show();
    }

    fn shell_opens(&mut self) {
        let screen = session::Screen::new(self.emulator.size());
        self.workspace(WorkspaceEvent::Shell { screen, lost: None });
    }

    /// The shell prints something.
    pub(crate) fn print(&mut self, output: &str) -> Vec<Effect> {
        self.emulator.advance(output.as_bytes());
        self.show();
        self.workspace(WorkspaceEvent::Changed)
    }

    fn show(&self) {
        let workspace = self.app.workspace.as_ref().map(|workspace| &workspace.shell);
        let shell = workspace.or(self.app.bare.as_ref().map(|bare| &bare.shell));
        if let Some(shell::Phase::Open(screen)) = shell.map(|shell| &shell.phase) {
            *screen.lock() = self.emulator.view();
        }
    }

    /// The lines come that were asked for.
    pub(crate) fn lines(&mut self) -> Vec<Effect> {
        self.workspace(WorkspaceEvent::Lines(self.emulator.lines().into()))
    }

    pub(crate) fn shell(&self) -> &Shell {
        match &self.app.bare {
            Some(bare) => &bare.shell,
            None => &self.open().shell,
        }
    }

    pub(crate) fn workspace(&mut self, event: WorkspaceEvent) -> Vec<Effect> {
        let visit = self.app.workspace.as_ref().map(|workspace| workspace.visit);
        let visit = visit.or(self.app.bare.as_ref().map(|bare| bare.visit)).unwrap();
        self.event(Event::Workspace { visit, event })
    }

    pub(crate) fn lesson(&mut self, item: &str) {
        let lesson = self.app.course.item(item).unwrap().lesson.clone().unwrap();
        let text = String::from_utf8(lesson.read().unwrap().into_owned()).unwrap();
        self.workspace(WorkspaceEvent::Lesson { path: lesson.path().clone(), text });
    }

    pub(crate) fn second(&mut self) -> Vec<Effect> {
        self.now += TICK;
        self.event(Event::Tick)
    }

    pub(crate) fn open(&self) -> &Workspace {
        self.app.workspace.as_ref().unwrap()
    }

    pub(crate) fn selected_item(&self) -> &str {
        match self.app.home.selected() {
            Some(Row::Item { id, .. }) => id,
            other => panic!("{other:?} is selected"),
        }
    }
}

pub(crate) fn results(item: &crate::course::Item, passed: usize) -> Vec<CheckResult> {
    crate::lab::checks(item)
        .iter()
        .enumerate()
        .map(|(index, check)| CheckResult {
            name: check.name.clone(),
            state: if index < passed { CheckState::Passed } else { CheckState::Failed },
            expected: "active".into(),
            actual: "inactive".into(),
            message: None,
            held: None,
            ms: 4,
            evidence: None,
        })
        .collect()
}

/// What a run of a check did that ended with this status and output.
pub(crate) fn ran(status: i64, stdout: &str) -> CheckResult {
    let did = |command: &str, stdout: &str, stderr: Option<&str>| Did {
        command: command.into(),
        status,
        stdout: stdout.into(),
        stderr: stderr.map(str::to_owned),
        ms: 12,
    };
    CheckResult {
        name: "Reports are sorted by year".into(),
        state: if status == 0 { CheckState::Passed } else { CheckState::Failed },
        expected: "2024: 5".into(),
        actual: stdout.into(),
        message: None,
        held: None,
        ms: 12,
        evidence: Some(Evidence {
            at: "2026-03-04T14:02:11+00:00[UTC]".parse().unwrap(),
            check: Some(did("ls", stdout, Some("ls: x: Permission denied\n"))),
            observe: Some(did("ls -l", "total 4\n", None)),
        }),
    }
}

/// What linux-01 can be rewound to.
pub(crate) fn moments() -> Vec<Moment> {
    use crate::lab::rewind::{Kind, Point};
    let point = |name: &str, kind, words: &str| Point {
        name: name.into(),
        kind,
        taken: jiff::Timestamp::UNIX_EPOCH,
        words: words.into(),
        checks: vec![],
        passed: 1,
        of: 4,
        whole: true,
        bytes: None,
    };
    [
        point("start", Kind::Start, "the exercise as it was prepared"),
        point("check-4", Kind::Check, "The key is found and copied"),
        point("before-1", Kind::Before, "before the rewind to start"),
    ]
    .map(|point| Moment { point, at: "14:02:11".into() })
    .into()
}

/// Lets the open workspace's checks all pass.
pub(crate) fn complete(driver: &mut Driver) -> Vec<Effect> {
    let item = driver.open().item.clone();
    let attempt = crate::store::Attempt {
        id: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
        item: item.id.clone(),
        content_hash: String::new(),
        engine: "docker".into(),
        sandbox: None,
        state: crate::store::AttemptState::Completed,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        last_at: jiff::Timestamp::UNIX_EPOCH,
        ended_at: None,
        active: Duration::from_secs(372),
        failures: 0,
        hints: 0,
        solution_seen_at: None,
        seed: 1,
    };
    let count = crate::lab::checks(&item).len();
    driver.workspace(WorkspaceEvent::Checked {
        asked: false,
        results: results(&item, count),
        completion: Some(Completion { attempt, new: true, first: true, previous_best: None }),
    })
}
