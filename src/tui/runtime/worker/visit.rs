//! One opened workspace: its sandbox, its shell and its connection for the checks.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::course::Item;
use crate::engine::{EngineError, SandboxId, Size};
use crate::lab::probe::Probes;
use crate::lab::provision::Ready;
use crate::lab::{Lab, exercise, verify};
use crate::problem::Problem;
use crate::session::{Input, Notice, Notify, Session};
use crate::tui::app::{Event, ReadyState, WorkspaceEvent};

/// An opened workspace.
pub(super) struct Visit {
    pub(super) id: u64,
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    shared: Shared,
    item: Item,
    cancel: CancellationToken,
    /// Set once the sandbox is ready.
    ready: Mutex<Option<(Lab, Ready)>>,
    /// The connection for the checks; one verification at a time.
    probes: AsyncMutex<Option<Probes>>,
    session: Mutex<Option<Session>>,
    /// Whether output was told since the screen was last drawn: one event a frame is enough.
    output_told: AtomicBool,
}

impl Visit {
    /// Begins to make the item's sandbox ready.
    pub(super) fn begin(shared: Shared, id: u64, item: &str, fresh: bool) -> Option<Self> {
        let item = shared.context.course.item(item)?.clone();
        let inner = Arc::new(Inner {
            id,
            shared,
            item,
            cancel: CancellationToken::new(),
            ready: Mutex::new(None),
            probes: AsyncMutex::new(None),
            session: Mutex::new(None),
            output_told: AtomicBool::new(false),
        });
        let this = inner.clone();
        inner.spawn(async move {
            match this.provision(fresh).await {
                Ok(ready) => WorkspaceEvent::Ready(Box::new(ready)),
                Err(problem) => WorkspaceEvent::Failed(problem),
            }
        });
        Some(Self { id, inner })
    }

    pub(super) fn screen_seen(&self) {
        self.inner.output_told.store(false, Ordering::Release);
    }

    pub(super) fn open_shell(&self, size: Size) {
        let this = self.inner.clone();
        self.inner.spawn(async move {
            match this.open_shell(size).await {
                Ok(event) => event,
                Err(error) => WorkspaceEvent::ShellFailed(error.into()),
            }
        });
    }

    pub(super) fn shell(&self, input: Input) {
        if let Some(session) = &*lock(&self.inner.session) {
            session.send(input);
        }
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

    pub(super) fn hint(&self) {
        let this = self.inner.clone();
        self.inner.shared.with_store(move |shared| {
            let Some((lab, ready)) = lock(&this.ready).clone() else { return Ok(()) };
            let shown = lab.store.next_hint(ready.attempt.id, &exercise(&this.item).hints)?;
            let event = WorkspaceEvent::Hint(shown);
            shared.send(Event::Workspace { visit: this.id, event });
            Ok(())
        });
    }

    /// Stops what is going on and hangs the shell up; the sandbox keeps running.
    pub(super) async fn end(self) {
        self.inner.cancel.cancel();
        let session = lock(&self.inner.session).take();
        if let Some(session) = session {
            session.close().await;
        }
        if lock(&self.inner.ready).is_none() {
            self.inner.tidy().await;
        }
    }
}

impl Inner {
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
        self.shared.send(Event::Workspace { visit: self.id, event });
    }

    async fn provision(&self, fresh: bool) -> Result<ReadyState, Problem> {
        let lab = self.shared.lab()?;
        let ready =
            lab.provision(&self.item, fresh, &|step| self.send(WorkspaceEvent::Step(step))).await?;
        let hints = lab.shown_hints(ready.attempt.id, &exercise(&self.item).hints)?;
        let state = ReadyState {
            attempt: ready.attempt.id.to_string(),
            image: ready.sandbox.image.clone(),
            resumed: ready.resumed,
            notices: ready.notices.clone(),
            active: ready.attempt.active,
            hints,
            failures: ready.attempt.failures,
            completed: ready.attempt.state == crate::store::AttemptState::Completed,
        };
        *lock(&self.ready) = Some((lab, ready));
        Ok(state)
    }

    /// Removes what was half made when the visit ended. Best effort: the next launch does it too.
    async fn tidy(&self) {
        let Ok(lab) = self.shared.lab() else { return };
        if let Err(error) = lab.tidy(&self.item.id).await {
            tracing::info!(%error, "a half-made sandbox may be left");
        }
    }

    fn sandbox(&self) -> Option<(Lab, SandboxId)> {
        lock(&self.ready).as_ref().map(|(lab, ready)| (lab.clone(), ready.sandbox.id.clone()))
    }

    async fn open_shell(self: &Arc<Self>, size: Size) -> Result<WorkspaceEvent, EngineError> {
        let Some((lab, sandbox)) = self.sandbox() else {
            return Err(EngineError::SandboxGone { id: self.item.id.clone() });
        };
        let this = Arc::downgrade(self);
        let notify: Notify = Arc::new(move |notice| {
            if let Some(this) = this.upgrade() {
                this.noticed(notice);
            }
        });
        let scrollback = self.shared.context.config.scrollback as usize;
        let session = Session::open(lab.engine.clone(), sandbox, size, scrollback, notify).await?;
        let screen = session.screen();
        let old = lock(&self.session).replace(session);
        if let Some(old) = old {
            old.close().await;
        }
        Ok(WorkspaceEvent::Shell(screen))
    }

    fn noticed(&self, notice: Notice) {
        match notice {
            Notice::Output => {
                if !self.output_told.swap(true, Ordering::AcqRel) {
                    self.send(WorkspaceEvent::Output);
                }
            }
            Notice::Selected(text) => self.shared.send(Event::Selected(text)),
            Notice::Ended(status) => self.send(WorkspaceEvent::ShellEnded(status)),
            Notice::Failed(error) => self.send(WorkspaceEvent::ShellFailed(error.into())),
        }
    }

    async fn check(&self, asked: bool) -> Result<WorkspaceEvent, Problem> {
        let Some((lab, sandbox)) = self.sandbox() else {
            return Err(EngineError::SandboxGone { id: self.item.id.clone() }.into());
        };
        let mut probes = self.probes.lock().await;
        let probes = probes.get_or_insert_with(|| Probes::new(lab.engine.clone(), sandbox));
        let attempt = lock(&self.ready).as_ref().map(|(_, ready)| ready.attempt.id);
        let Some(attempt) = attempt else {
            return Err(EngineError::SandboxGone { id: self.item.id.clone() }.into());
        };
        let results = verify::verify(&exercise(&self.item).verify, probes, |_| ()).await?;
        let completion = lab.record(attempt, &results, asked)?;
        Ok(WorkspaceEvent::Checked { asked, results, completion })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
