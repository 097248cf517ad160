//! One opened workspace: its sandbox, its shell and its connection for the checks.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::presence::Presence;
use crate::course::Item;
use crate::engine::{EngineError, Sandbox};
use crate::lab::probe::Probes;
use crate::lab::provision::{Begin, Ready};
use crate::lab::rewind::{Kept, Point};
use crate::lab::standing::Standing;
use crate::lab::verify::CheckResult;
use crate::lab::{Lab, Recorded, checks, exercise, hints, solution, verify};
use crate::problem::Problem;
use crate::session::{Input, Notice, Notify, Opened, Session, Visitor};
use crate::store::Attempt;
use crate::terminal::Size;
use crate::tui::app::{ATTEMPT, Event, IncidentEvent, Moment, ReadyState, WorkspaceEvent};

/// How much may be typed before the shell is open: a line or two.
const EARLY: usize = 256;

/// What is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A workspace.
    Workspace,
    /// A shell without one.
    Shell,
    /// A shell, to be watched.
    Watch,
    /// An incident's shell; the rest of it is followed by [`super::incident`].
    Incident,
}

/// An opened workspace, or a shell without one. Clones are the same.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) id: u64,
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    shared: Shared,
    item: Item,
    kind: Kind,
    /// Counts time at the keys where no workspace does.
    presence: Option<Presence>,
    cancel: CancellationToken,
    /// Set once the sandbox is ready.
    ready: Mutex<Option<(Lab, Ready)>>,
    /// The connection for the checks, and how they stand; one verification at a time.
    probes: AsyncMutex<Option<(Probes, Standing)>>,
    session: Mutex<Option<Session>>,
    /// What was typed before the shell was open.
    early: Mutex<Vec<Input>>,
    /// Whether the screen changed since it was last drawn.
    changed: AtomicBool,
}

impl Visit {
    /// Begins to make the item's sandbox ready.
    pub(super) fn begin(shared: Shared, id: u64, item: &str, fresh: bool) -> Option<Self> {
        let inner = Inner::new(shared, id, item, Kind::Workspace)?;
        let this = inner.clone();
        inner.spawn(async move {
            match this.provision(fresh).await {
                Ok(ready) => WorkspaceEvent::Ready(Box::new(ready)),
                Err(problem) => WorkspaceEvent::Failed(problem),
            }
        });
        Some(Self { id, inner })
    }

    /// Attaches to the shell of a sandbox that is there, without a workspace.
    pub(super) fn attach(shared: Shared, id: u64, item: &str, visitor: Visitor) -> Option<Self> {
        let kind = if visitor.watch { Kind::Watch } else { Kind::Shell };
        let inner = Inner::new(shared, id, item, kind)?;
        let this = inner.clone();
        inner.spawn(async move {
            match this.attach(visitor).await {
                Ok(event) => event,
                Err(problem) => WorkspaceEvent::ShellFailed(problem),
            }
        });
        Some(Self { id, inner })
    }

    /// An incident's shell: its machine comes later.
    pub(super) fn of_incident(shared: Shared, id: u64, item: &str) -> Option<Self> {
        Some(Self { id, inner: Inner::new(shared, id, item, Kind::Incident)? })
    }

    /// The sandbox is there, or is another one: a shell of the old one is over.
    pub(super) fn use_sandbox(&self, lab: Lab, attempt: Attempt, sandbox: Sandbox) {
        let item = Arc::new(self.inner.item.clone());
        let ready = Ready { item, sandbox, attempt, resumed: true, notices: Vec::new() };
        *lock(&self.inner.ready) = Some((lab, ready));
    }

    pub(super) fn screen_seen(&self) {
        if self.inner.changed.swap(false, Ordering::AcqRel) {
            self.with_session(Session::seen);
        }
    }

    pub(super) fn open_shell(&self, size: Size) {
        let this = self.inner.clone();
        self.inner.spawn(async move {
            match this.open_shell(Visitor { size, watch: false }).await {
                Ok(event) => event,
                Err(problem) => WorkspaceEvent::ShellFailed(problem),
            }
        });
    }

    /// Somebody pressed a key for the shell.
    pub(super) fn present(&self) {
        if let Some(presence) = &self.inner.presence {
            presence.present(&self.inner.shared);
        }
    }

    /// Something for the shell. While it is being opened, it waits.
    pub(super) fn send(&self, input: Input) {
        if let Some(session) = &*lock(&self.inner.session) {
            if !session.send(input) {
                tracing::warn!("the holder of the shell does not take input");
            }
            return;
        }
        let mut early = lock(&self.inner.early);
        if early.len() < EARLY {
            early.push(input);
        }
    }

    pub(super) fn with_session(&self, act: impl FnOnce(&Session)) {
        if let Some(session) = &*lock(&self.inner.session) {
            act(session);
        }
    }

    pub(super) fn read_file(&self, path: String, line: Option<u32>) {
        let this = self.inner.clone();
        self.inner.spawn(async move {
            let content = match this.sandbox() {
                Some((lab, sandbox)) => {
                    super::file::read(lab.engine.as_ref(), &sandbox, &path).await
                }
                None => Err(EngineError::SandboxGone { id: this.item.id.clone() }.into()),
            };
            WorkspaceEvent::File { path, line, content }
        });
    }

    pub(super) fn check(&self, asked: bool) {
        let this = self.inner.clone();
        self.inner.spawn(async move {
            match this.check(asked).await {
                Ok(event) => event,
                Err(problem) => WorkspaceEvent::CheckFailed(problem),
            }
        });
    }

    /// Runs one check; nobody is told but who asked.
    pub(super) fn run_check(&self, check: usize) {
        let this = self.inner.clone();
        self.inner.spawn(async move {
            match this.run_check(check).await {
                Ok(result) => WorkspaceEvent::CheckRan { check, result },
                Err(problem) => WorkspaceEvent::CheckFailed(problem),
            }
        });
    }

    pub(super) fn moments(&self) {
        let this = self.inner.clone();
        self.inner.spawn(async move { WorkspaceEvent::Moments(this.moments().await) });
    }

    /// Takes a snapshot; it goes on when the visit ends.
    pub(super) fn snapshot(&self) {
        let this = self.inner.clone();
        tokio::spawn(async move {
            this.shared.send(match this.snapshot().await {
                Ok(words) => Event::Notice(words),
                Err(problem) => Event::Problem(problem),
            });
        });
    }

    /// Begins to write down what is typed as a solution, or stops that.
    pub(super) fn record_solution(&self, begin: bool) {
        if !begin {
            return self.with_session(|session| session.solve(None));
        }
        let this = self.clone();
        self.inner.shared.with_store(move |shared| {
            let paths = &shared.context.paths;
            paths.make(&paths.solutions)?;
            let item = &this.inner.item.id;
            let draft = solution::draft(&paths.solutions, item, &jiff::Zoned::now());
            this.with_session(|session| session.solve(Some(draft)));
            Ok(())
        });
    }

    pub(super) fn keep_solution(&self, draft: PathBuf, replace: bool) {
        let this = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let kept = solution::keep(&this.item, &draft, replace);
            this.send(WorkspaceEvent::SolutionKept { draft, kept });
        });
    }

    /// Rewinds. It goes on when the visit ends: half of it would help nobody.
    pub(super) fn rewind(&self, to: String) {
        let this = self.inner.clone();
        tokio::spawn(async move {
            this.send(match this.rewind(&to).await {
                Ok(ready) => WorkspaceEvent::Ready(Box::new(ready)),
                Err(problem) => WorkspaceEvent::RewindFailed(problem),
            });
        });
    }

    pub(super) fn hint(&self) {
        let this = self.inner.clone();
        self.inner.shared.with_store(move |shared| {
            let Some((lab, ready)) = lock(&this.ready).clone() else { return Ok(()) };
            let shown = lab.store.next_hint(ready.attempt.id, hints(&ready.item))?;
            let event = WorkspaceEvent::Hint(shown);
            shared.send(Event::Workspace { visit: this.id, event });
            Ok(())
        });
    }

    /// Stops what is going on; the sandbox and its shell keep running.
    pub(super) async fn end(self) {
        self.inner.cancel.cancel();
        let session = lock(&self.inner.session).take();
        if let Some(session) = session {
            session.detach().await;
        }
        let ready = lock(&self.inner.ready).clone();
        match (ready, &self.inner.presence) {
            // What is half made was made here.
            (None, _) if self.inner.kind == Kind::Workspace => self.inner.tidy().await,
            (Some((_, ready)), Some(presence)) => {
                presence.stop(&self.inner.shared, ready.attempt.id);
            }
            _ => {}
        }
    }
}

impl Inner {
    fn new(shared: Shared, id: u64, item: &str, kind: Kind) -> Option<Arc<Self>> {
        let item = shared.course().item(item)?.clone();
        Some(Arc::new(Self {
            id,
            shared,
            item,
            kind,
            presence: (kind == Kind::Shell).then(Presence::new),
            cancel: CancellationToken::new(),
            ready: Mutex::new(None),
            probes: AsyncMutex::new(None),
            session: Mutex::new(None),
            early: Mutex::new(Vec::new()),
            changed: AtomicBool::new(false),
        }))
    }

    /// Runs something until the visit ends and sends what comes of it.
    fn spawn(self: &Arc<Self>, work: impl Future<Output = WorkspaceEvent> + Send + 'static) {
        let this = self.clone();
        tokio::spawn(async move {
            if let Some(event) = this.cancel.run_until_cancelled(work).await {
                this.send(event);
            }
        });
    }

    fn send(&self, event: WorkspaceEvent) {
        let visit = self.id;
        self.shared.send(match self.kind {
            Kind::Incident => {
                Event::Incident { visit, event: IncidentEvent::Shell(Box::new(event)) }
            }
            Kind::Workspace | Kind::Shell | Kind::Watch => Event::Workspace { visit, event },
        });
    }

    async fn provision(&self, fresh: bool) -> Result<ReadyState, Problem> {
        let lab = self.shared.lab().await?;
        let _making = self.shared.making.lock().await;
        let begin = Begin { fresh, seed: None };
        let ready =
            lab.provision(&self.item, begin, &|step| self.send(WorkspaceEvent::Step(step))).await?;
        self.take_over(lab, ready)
    }

    /// Uses a sandbox from now on.
    fn take_over(&self, lab: Lab, ready: Ready) -> Result<ReadyState, Problem> {
        let hints = lab.shown_hints(ready.attempt.id, hints(&ready.item))?;
        let state = ReadyState {
            item: Item::clone(&ready.item),
            attempt: ready.attempt.id.to_string(),
            image: ready.sandbox.image.clone(),
            resumed: ready.resumed,
            notices: ready.notices.clone(),
            active: ready.attempt.active,
            hints,
            failures: ready.attempt.failures,
            completed: ready.attempt.state == crate::store::AttemptState::Completed,
            seed: ready.item.varies().then_some(ready.attempt.seed),
            place: self.shared.recall(format!("{ATTEMPT}{}", ready.attempt.id)),
        };
        *lock(&self.ready) = Some((lab, ready));
        Ok(state)
    }

    async fn moments(&self) -> Result<Vec<Moment>, Problem> {
        let (lab, _) = self.sandbox().ok_or_else(|| self.gone())?;
        let now = jiff::Zoned::now();
        let moment = |point: Point| {
            let at = point.taken.to_zoned(now.time_zone().clone());
            let today = at.date() == now.date();
            let at = at.strftime(if today { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string();
            Moment { point, at }
        };
        Ok(lab.points(&self.item).await?.into_iter().map(moment).collect())
    }

    async fn snapshot(&self) -> Result<String, Problem> {
        let (lab, _) = self.sandbox().ok_or_else(|| self.gone())?;
        let Kept { point, removed } = lab.keep(&self.item, None).await?;
        let mut words = format!("The files are kept as {}; u brings them back", point.name);
        if !point.whole {
            words.push_str(" (not what lies in memory)");
        }
        if !removed.is_empty() {
            words = format!("{words}; {} made room", removed.join(", "));
        }
        Ok(words)
    }

    /// Keeps the files of a moment in which checks first passed. Nobody waits for it, and it goes on
    /// when the visit ends; without it there is only one moment less to go back to.
    fn keep_step(&self, lab: Lab, turned: Vec<usize>) {
        let Some((_, Ready { sandbox, attempt, .. })) = lock(&self.ready).clone() else { return };
        let item = self.item.clone();
        tokio::spawn(async move {
            if let Err(error) = lab.keep_step(&item, &attempt, &sandbox, &turned).await {
                tracing::warn!(%error, "no snapshot was taken after a check first passed");
            }
        });
    }

    async fn rewind(&self, to: &str) -> Result<ReadyState, Problem> {
        let (lab, _) = self.sandbox().ok_or_else(|| self.gone())?;
        let _making = self.shared.making.lock().await;
        // No check runs meanwhile: it would find half of it.
        let mut probes = self.probes.lock().await;
        // The end of the old shell is no news.
        let session = lock(&self.session).take();
        if let Some(session) = session {
            session.detach().await;
        }
        let tell = |step| self.send(WorkspaceEvent::Step(step));
        let rewound = lab.rewind(&self.item, to, &tell).await?;
        *probes = None;
        self.take_over(lab, rewound.ready)
    }

    fn gone(&self) -> Problem {
        EngineError::SandboxGone { id: self.item.id.clone() }.into()
    }

    /// Removes what was half made when the visit ended. Best effort: the next launch does it too.
    async fn tidy(&self) {
        let Ok(lab) = self.shared.lab().await else { return };
        if let Err(error) = lab.tidy(&self.item.id).await {
            tracing::info!(%error, "a half-made sandbox may be left");
        }
    }

    fn sandbox(&self) -> Option<(Lab, Sandbox)> {
        lock(&self.ready).as_ref().map(|(lab, ready)| (lab.clone(), ready.sandbox.clone()))
    }

    async fn attach(self: &Arc<Self>, visitor: Visitor) -> Result<WorkspaceEvent, Problem> {
        let lab = self.shared.lab().await?;
        let (attempt, sandbox) = lab.running(&self.item.id).await?;
        let item = Arc::new(self.item.seeded(attempt.seed).into_owned());
        let ready = Ready { item, sandbox, attempt, resumed: true, notices: Vec::new() };
        let id = ready.attempt.id;
        *lock(&self.ready) = Some((lab, ready));
        let event = self.open_shell(visitor).await?;
        if self.presence.is_some() {
            let this = self.clone();
            tokio::spawn(async move {
                let Some(presence) = &this.presence else { return };
                this.cancel.run_until_cancelled(presence.count(&this.shared, id)).await;
            });
        }
        Ok(event)
    }

    async fn open_shell(self: &Arc<Self>, visitor: Visitor) -> Result<WorkspaceEvent, Problem> {
        let Some((lab, sandbox)) = self.sandbox() else {
            return Err(EngineError::SandboxGone { id: self.item.id.clone() }.into());
        };
        let this = Arc::downgrade(self);
        let notify: Notify = Arc::new(move |notice| {
            if let Some(this) = this.upgrade() {
                this.noticed(notice);
            }
        });
        let Opened { session, lost } = lab.shells.open(&sandbox, visitor, notify).await?;
        let screen = session.screen();
        let mut place = lock(&self.session);
        for input in std::mem::take(&mut *lock(&self.early)) {
            session.send(input);
        }
        *place = Some(session);
        drop(place);
        Ok(WorkspaceEvent::Shell { screen, lost })
    }

    fn noticed(&self, notice: Notice) {
        match notice {
            Notice::Changed => {
                self.changed.store(true, Ordering::Release);
                self.send(WorkspaceEvent::Changed);
            }
            Notice::Lines(lines) => self.send(WorkspaceEvent::Lines(lines)),
            Notice::Bell => self.send(WorkspaceEvent::Bell),
            Notice::Clipboard(text) => self.send(WorkspaceEvent::Clipboard(text)),
            Notice::Solving(now) => self.send(WorkspaceEvent::Solving(now)),
            Notice::Ended(end) => self.send(WorkspaceEvent::ShellEnded(end)),
        }
    }

    async fn run_check(&self, check: usize) -> Result<CheckResult, Problem> {
        let ready = lock(&self.ready).clone();
        let (lab, Ready { sandbox, item, .. }) = ready.ok_or_else(|| self.gone())?;
        let check = checks(&item).get(check).ok_or_else(|| self.gone())?;
        // Of its own: those of the verifications are not waited for.
        Ok(verify::once(check, &mut Probes::of(lab.engine.clone(), &sandbox)).await?)
    }

    async fn check(&self, asked: bool) -> Result<WorkspaceEvent, Problem> {
        let Some((lab, sandbox)) = self.sandbox() else {
            return Err(EngineError::SandboxGone { id: self.item.id.clone() }.into());
        };
        let mut probes = self.probes.lock().await;
        let ready = lock(&self.ready).as_ref().map(|(_, ready)| ready.clone());
        let Some(Ready { attempt, item, .. }) = ready else { return Err(self.gone()) };
        let attempt = attempt.id;
        let (probes, standing) = match &mut *probes {
            Some(probes) => probes,
            none => {
                none.insert((Probes::new(lab.engine.clone(), sandbox.id), lab.standing(attempt)?))
            }
        };
        let checks = &exercise(&item)?.verify;
        let begun = Instant::now();
        let results = verify::verify(checks, probes, standing, |_| ()).await?;
        let Recorded { completion, turned } = lab.record(attempt, &results, asked)?;
        if !turned.is_empty() {
            let name = |number: &usize| Some(checks.get(number.checked_sub(1)?)?.name.clone());
            let names = turned.iter().filter_map(name).collect();
            if let Some(session) = &*lock(&self.session) {
                session.turned(names, begun.elapsed());
            }
            self.keep_step(lab, turned);
        }
        Ok(WorkspaceEvent::Checked { asked, results, completion })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
