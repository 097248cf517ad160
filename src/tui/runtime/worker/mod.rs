//! Carries effects out, away from the drawing thread, and sends what comes of them as events.

mod author;
mod clerk;
mod file;
mod history;
mod incident;
mod presence;
mod proof;
mod replay;
mod report;
mod sync;
mod visit;
mod way;

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex as Short, PoisonError};

use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::desktop::Desktop;
use crate::context::Context;
use crate::course::Catalogue;
use crate::engine::Engine;
use crate::engine::image::BuildOptions;
use crate::lab::{Lab, SharedStore};
use crate::problem::{Exit, Problem};
use crate::prove::record::standing;
use crate::session::{Session, Visitor};
use crate::store::{Store, backup};
use crate::tracker::due;
use crate::tui::app::{
    AuthorEvent, AuthorOrder, Effect, EngineState, Event, Found, HOME, SCREEN, SyncEvent,
    WorkspaceEvent,
};
use crate::tui::widgets::markdown::highlight_all;
use clerk::{Clerk, Note};
use incident::Follow;
use visit::Visit;

/// Threads that carry effects out: waiting for an engine takes none, what computes has threads of its
/// own, and with one there is no going from one to the other for each piece of an answer.
const THREADS: usize = 1;

/// The background half of the program.
pub(super) struct Worker {
    runtime: Runtime,
    shared: Shared,
    visit: Option<Visit>,
    incident: Option<Follow>,
    build: Option<CancellationToken>,
    desktop: Arc<Desktop>,
    clerk: Clerk,
    replay: Option<replay::Replay>,
    class: Option<report::Follow>,
    desk: Option<author::Desk>,
    proof: Option<proof::Proving>,
}

/// What every task works with.
#[derive(Clone)]
struct Shared {
    context: Arc<Context>,
    store: SharedStore,
    events: Sender<Event>,
    /// What there is to practise since somebody wrote in it.
    course: Arc<Short<Option<Arc<Catalogue>>>>,
    /// Held by who makes a sandbox: the launch of an item would take away what a rewind of it is
    /// just making.
    making: Arc<Mutex<()>>,
}

impl Shared {
    fn new(context: Arc<Context>, store: Store, events: Sender<Event>) -> Self {
        let store = SharedStore::new(store);
        Self { context, store, events, course: Arc::default(), making: Arc::default() }
    }

    fn send(&self, event: Event) {
        // It fails only while the program is ending.
        let _ = self.events.send(event);
    }

    /// What there is to practise; this waits where it is still being read.
    fn course(&self) -> Arc<Catalogue> {
        let written = self.course.lock().unwrap_or_else(PoisonError::into_inner).clone();
        written.unwrap_or_else(|| Arc::clone(self.context.course()))
    }

    /// From now on there is this to practise.
    fn learn(&self, course: Arc<Catalogue>) {
        *self.course.lock().unwrap_or_else(PoisonError::into_inner) = Some(course);
    }

    async fn lab(&self) -> Result<Lab, Problem> {
        self.context.lab(self.store.clone()).await
    }

    /// What is remembered under a key; where it cannot be read, nothing is.
    fn recall(&self, key: impl AsRef<str>) -> Option<String> {
        self.store.lock().recall(key.as_ref()).unwrap_or_else(|error| {
            tracing::warn!(%error, "where the learner was cannot be read");
            None
        })
    }

    /// Runs something short with the store on a thread that may block.
    fn with_store(&self, work: impl FnOnce(&Self) -> Result<(), Problem> + Send + 'static) {
        let shared = self.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(problem) = work(&shared) {
                shared.send(Event::Problem(problem));
            }
        });
    }
}

impl Worker {
    /// Starts the background half.
    pub(super) fn start(
        context: Arc<Context>,
        store: Store,
        events: Sender<Event>,
        desktop: Arc<Desktop>,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("worker")
            .enable_all()
            .build()?;
        let shared = Shared::new(context, store, events);
        let clerk = Clerk::begin(shared.clone())?;
        Ok(Self {
            clerk,
            runtime,
            shared,
            visit: None,
            incident: None,
            build: None,
            replay: None,
            class: None,
            desk: None,
            proof: None,
            desktop,
        })
    }

    /// The screen is about to be drawn: the next output is news again.
    pub(super) fn screen_seen(&self) {
        if let Some(visit) = &self.visit {
            visit.screen_seen();
        }
    }

    /// Begins what an effect asks for.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        let _inside = self.runtime.enter();
        let shared = self.shared.clone();
        match effect {
            Effect::LoadProgress => shared.with_store(|shared| {
                load_progress(shared)?;
                sync::look(shared)
            }),
            Effect::ReadCourse => {
                tokio::task::spawn_blocking(move || {
                    let course = Arc::clone(shared.context.course());
                    shared.send(Event::Course(course));
                    shared.context.keep_index();
                });
            }
            Effect::LookUpConsent { item, opens } => shared.with_store(move |shared| {
                let course = shared.course();
                let Some(item) = course.item(&item) else { return Ok(()) };
                let sheet = Box::new(shared.context.sheet(item, &shared.store.lock())?);
                shared.send(Event::Consent { sheet, opens });
                Ok(())
            }),
            Effect::Agree { sheet } => {
                shared.with_store(move |shared| sheet.agree(&shared.store.lock()));
            }
            Effect::LoadTracker => shared.with_store(history::load_tracker),
            Effect::FindAttempts { visit, wanted } => {
                shared.with_store(move |shared| history::find(shared, visit, wanted));
            }
            Effect::ReadStory { visit, attempt } => {
                shared.with_store(move |shared| history::read(shared, visit, attempt));
            }
            Effect::Sync { wait } => sync::begin(shared, wait),
            Effect::SyncLater(after) => {
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    shared.send(Event::Sync(SyncEvent::Due));
                });
            }
            Effect::BackUp => shared.with_store(back_up),
            Effect::LookUpProofs { item } => {
                shared.with_store(move |shared| look_up_proofs(shared, item));
            }
            Effect::FindWayBack(to) => {
                tokio::spawn(async move {
                    let found = way::find(&shared, &to).await;
                    shared.send(Event::WayBack { to, found });
                });
            }
            Effect::LookForEngine => {
                tokio::spawn(
                    async move { shared.send(Event::Engine(look_for_engine(&shared).await)) },
                );
            }
            Effect::BuildImages => {
                let cancel = CancellationToken::new();
                self.build = Some(cancel.clone());
                tokio::spawn(async move {
                    // Dropping the build is what stops it.
                    if let Some(result) = cancel.run_until_cancelled(build_images(&shared)).await {
                        shared.send(Event::ImagesBuilt(result));
                    }
                });
            }
            Effect::CancelBuild => {
                if let Some(cancel) = self.build.take() {
                    cancel.cancel();
                }
            }
            Effect::Provision { visit, item, fresh } => {
                self.leave();
                self.visit = Visit::begin(shared, visit, &item, fresh);
            }
            Effect::AttachShell { visit, item, size, watch } => {
                self.leave();
                self.visit = Visit::attach(shared, visit, &item, Visitor { size, watch });
            }
            Effect::Leave => self.leave(),
            Effect::ReadLesson { visit, lesson } => {
                shared.with_store(move |shared| {
                    let text = lesson.text()?.into_owned();
                    let event = WorkspaceEvent::Lesson { path: lesson.path(), text };
                    shared.send(Event::Workspace { visit, event });
                    Ok(())
                });
            }
            Effect::Highlight { visit, path, code } => {
                tokio::task::spawn_blocking(move || {
                    let highlights = highlight_all(&code);
                    let event = WorkspaceEvent::Highlighted { path, highlights };
                    shared.send(Event::Workspace { visit, event });
                });
            }
            Effect::OpenShell { visit, size } => self.with_visit(visit, |v| v.open_shell(size)),
            Effect::Shell(input) => {
                if let Some(visit) = &self.visit {
                    visit.present();
                    visit.send(input);
                }
            }
            Effect::ResizeShell(size) => self.with_session(|session| session.resize(size)),
            Effect::ReadLines => self.with_session(Session::ask_for_lines),
            Effect::Check { visit, asked } => self.with_visit(visit, |v| v.check(asked)),
            Effect::RunCheck { visit, check } => self.with_visit(visit, |v| v.run_check(check)),
            Effect::Hint { visit } => self.with_visit(visit, Visit::hint),
            Effect::Moments { visit } => self.with_visit(visit, Visit::moments),
            Effect::Snapshot { visit } => self.with_visit(visit, Visit::snapshot),
            Effect::RecordSolution { visit, begin } => {
                self.with_visit(visit, |v| v.record_solution(begin));
            }
            Effect::KeepSolution { visit, draft, replace } => {
                self.with_visit(visit, |v| v.keep_solution(draft, replace));
            }
            Effect::Rewind { visit, to } => self.with_visit(visit, |v| v.rewind(to)),
            Effect::AddActive { visit, attempt, stretch } => {
                self.clerk.write(Note::Time { visit, attempt, stretch });
            }
            Effect::Remember { key, json } => self.clerk.write(Note::Memory { key, json }),
            Effect::OpenIncident { visit, item, fresh } => {
                self.leave();
                self.visit = Visit::of_incident(shared.clone(), visit, &item);
                let shell = self.visit.clone();
                self.incident =
                    shell.and_then(|shell| Follow::begin(shared, shell, visit, &item, fresh));
            }
            Effect::Observe { visit, request } => {
                self.with_incident(visit, |incident| incident.observe(request));
            }
            Effect::IncidentDo { visit, order } => {
                self.with_incident(visit, |incident| incident.order(order));
            }
            Effect::Destroy { item } => {
                tokio::spawn(async move {
                    let destroyed = async {
                        let incidents = shared.context.incidents(shared.store.clone()).await?;
                        incidents.end_all(Some(&item)).await?;
                        Ok::<_, Problem>(incidents.lab.destroy(&item).await?)
                    };
                    shared.send(match destroyed.await {
                        Ok(0) => Event::Notice(format!("{item} has no sandbox")),
                        Ok(_) => Event::Destroyed(item),
                        Err(problem) => Event::Problem(problem),
                    });
                });
            }
            Effect::OpenReplay { visit, source } => {
                match replay::Replay::begin(shared.clone(), visit, source) {
                    Ok(begun) => self.replay = Some(begun),
                    Err(error) => {
                        shared.send(Event::Replay { visit, event: replay::no_thread(&error) });
                    }
                }
            }
            Effect::Replay(control) => {
                if let Some(replay) = &self.replay {
                    replay.control(control);
                }
            }
            Effect::FollowClass { visit, followed } => {
                match report::Follow::begin(shared.clone(), visit, followed) {
                    Ok(begun) => self.class = Some(begun),
                    Err(error) => {
                        shared.send(Event::Report { visit, event: report::no_thread(&error) });
                    }
                }
            }
            Effect::CloseReplay => self.replay = None,
            Effect::Author { visit, order } => {
                if let AuthorOrder::Open(_) = order {
                    match author::Desk::begin(shared.clone(), visit) {
                        Ok(desk) => self.desk = Some(desk),
                        Err(error) => shared.send(Event::Problem(no_thread(&error))),
                    }
                }
                if let Some(desk) = &self.desk {
                    desk.order(visit, order);
                }
            }
            Effect::Prove { visit, item } => self.prove(visit, item),
            Effect::StopProving => self.proof = None,
            Effect::CloseAuthor => {
                self.desk = None;
                self.proof = None;
            }
            Effect::Configure { key, value } => shared.with_store(move |shared| {
                crate::config::set(&shared.context.paths.config_file, key, &value)?;
                Ok(())
            }),
            Effect::ReadFile { visit, path, line } => {
                self.with_visit(visit, |visit| visit.read_file(path, line));
            }
            Effect::Copy(text) => {
                let desktop = self.desktop.clone();
                tokio::spawn(async move {
                    if let Err(error) = desktop.copy(&text).await {
                        tracing::info!(%error, "the desktop's clipboard was not reached");
                    }
                });
            }
            Effect::OpenUrl(address) => {
                let desktop = self.desktop.clone();
                tokio::spawn(async move {
                    if let Err(error) = desktop.open(&address).await {
                        shared.send(Event::Notice(format!("No browser could be opened: {error}")));
                    }
                });
            }
            // These are the drawing thread's own: it has the terminal.
            Effect::Redraw | Effect::Suspend | Effect::Mouse(_) => {}
        }
    }

    /// Proves an item on a thread of its own, once what is proved now is stopped.
    fn prove(&mut self, visit: u64, item: String) {
        self.proof = None;
        match proof::Proving::begin(self.shared.clone(), visit, item) {
            Ok(begun) => self.proof = Some(begun),
            Err(error) => {
                let event = AuthorEvent::ProofOver(Err(proof::no_thread(&error)));
                self.shared.send(Event::Author { visit, event });
            }
        }
    }

    fn with_visit(&self, id: u64, act: impl FnOnce(&Visit)) {
        if let Some(visit) = self.visit.as_ref().filter(|visit| visit.id == id) {
            act(visit);
        }
    }

    fn with_incident(&self, id: u64, act: impl FnOnce(&Follow)) {
        if let Some(incident) = self.incident.as_ref().filter(|incident| incident.id == id) {
            act(incident);
        }
    }

    fn with_session(&self, act: impl FnOnce(&Session)) {
        if let Some(visit) = &self.visit {
            visit.with_session(act);
        }
    }

    fn leave(&mut self) {
        if let Some(incident) = self.incident.take() {
            incident.end();
        }
        if let Some(visit) = self.visit.take() {
            tokio::spawn(visit.end());
        }
    }

    /// Carries the last effects out and waits for them: the last second of a timer is written, the
    /// shell is hung up.
    pub(super) fn finish(mut self, effects: Vec<Effect>) {
        if let Some(desk) = self.desk.take() {
            desk.finish();
        }
        if let Some(proof) = self.proof.take() {
            proof.finish();
        }
        let visit = self.visit.take();
        for effect in effects {
            self.carry_out(effect);
        }
        if let Some(visit) = visit {
            self.runtime.block_on(visit.end());
        }
        self.clerk.finish();
        // Blocking work that was begun is finished; it is short, but a hung engine is not waited for.
        self.runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    }
}

fn no_thread(error: &std::io::Error) -> Problem {
    let message = format!("The folder cannot be opened: {error}");
    Problem::new("system", Exit::Environment, message)
}

fn unknown_attempt(id: &str) -> Problem {
    Problem::new("store", Exit::Environment, format!("{id} is no attempt"))
}

fn load_progress(shared: &Shared) -> Result<(), Problem> {
    // The first look at the time zone reads files: not while others wait for the store.
    let now = jiff::Zoned::now();
    let store = shared.store.lock();
    let items = store.progress()?;
    let streak = store.streak(&now)?;
    let last = store.last_item()?;
    let proved = store.proved_items()?;
    let reviews = store.reviews()?;
    drop(store);
    let due = due::since(&reviews, &now);
    let place = [SCREEN, HOME].map(|key| shared.recall(key));
    shared.send(Event::Progress { items, proved, due, streak, last, place });
    Ok(())
}

/// On a connection of its own, so that nobody waits for it. That the progress is damaged is told; a copy
/// that could not be made for another reason is tried again by whatever is started next.
fn back_up(shared: &Shared) -> Result<(), Problem> {
    match backup::daily(&shared.context.paths.database) {
        Err(error) if error.is_damage() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the copy of the day was not made");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}

fn look_up_proofs(shared: &Shared, id: String) -> Result<(), Problem> {
    let proofs = shared.store.lock().proofs(Some(&id))?;
    let hash = shared.course().item(&id).and_then(|item| item.hash().ok());
    let standing = standing(&proofs, &hash.unwrap_or_default(), jiff::Timestamp::now());
    shared.send(Event::Proofs { item: id, standing });
    Ok(())
}

async fn look_for_engine(shared: &Shared) -> EngineState {
    let look = async {
        let engine = shared.context.engine_again().await?;
        let info = engine.info().await?;
        let missing_images = match engine.builder() {
            Some(images) => {
                let all = images.list().await?;
                all.into_iter().filter(|i| i.current && !i.present).map(|i| i.name).collect()
            }
            None => Vec::new(),
        };
        let found = Found {
            info,
            reason: engine.reason().to_owned(),
            offers: engine.offers(),
            builds_images: engine.builder().is_some(),
            missing_images,
        };
        Ok::<_, crate::engine::EngineError>(EngineState::Ready(Box::new(found)))
    };
    look.await.unwrap_or_else(|error| EngineState::Failed(error.into()))
}

async fn build_images(shared: &Shared) -> Result<(), Problem> {
    let engine = shared.context.engine().await?;
    let Some(images) = engine.builder() else { return Ok(()) };
    let options = BuildOptions { offline: shared.context.offline, ..BuildOptions::default() };
    for image in images.list().await?.into_iter().filter(|image| image.current && !image.present) {
        images.ensure(&image.name, &options, &|step| shared.send(Event::ImageStep(step))).await?;
    }
    Ok(())
}
