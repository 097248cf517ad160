//! Proves an item on a thread of its own: it takes seconds or minutes, on every engine that works.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::course::{self, Item};
use crate::engine::image;
use crate::problem::{Exit, Problem};
use crate::prove::round::{self, Follow};
use crate::prove::{Outcome, Stage};
use crate::store::Store;
use crate::tui::app::{AuthorEvent, Event};

/// How long the program's end waits for the sandboxes of a proof to be removed. What is left then is
/// removed by the next proof.
const PATIENCE: Duration = Duration::from_secs(5);

/// A proof that is run. Dropping it stops that; its sandboxes are removed.
pub(super) struct Proving {
    cancel: CancellationToken,
    /// Ends when the thread does.
    over: Receiver<()>,
}

impl Proving {
    /// Begins to prove the item with this id.
    pub(super) fn begin(shared: Shared, visit: u64, item: String) -> std::io::Result<Self> {
        let cancel = CancellationToken::new();
        let (told, over) = channel();
        let stopped = cancel.clone();
        std::thread::Builder::new().name("prove".to_owned()).spawn(move || {
            let result = run(&shared, visit, &item, &stopped);
            shared.send(Event::Author { visit, event: AuthorEvent::ProofOver(result) });
            drop(told);
        })?;
        Ok(Self { cancel, over })
    }

    /// Stops it, and waits a little until nothing is left of it.
    pub(super) fn finish(self) {
        self.cancel.cancel();
        let _ = self.over.recv_timeout(PATIENCE);
    }
}

impl Drop for Proving {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Why nothing is proved where threads cannot be had.
pub(super) fn no_thread(error: &dyn std::fmt::Display) -> Problem {
    Problem::new("system", Exit::Environment, format!("Nothing can be proved: {error}"))
}

/// Tells the screen.
struct Told<'a> {
    shared: &'a Shared,
    visit: u64,
}

impl Told<'_> {
    fn tell(&self, event: AuthorEvent) {
        self.shared.send(Event::Author { visit: self.visit, event });
    }
}

impl Follow for Told<'_> {
    fn begins(&self, _: &Item, engine: &'static str, stage: Stage) {
        self.tell(AuthorEvent::Proving { engine, stage });
    }

    fn done(&self, _: &Item, engine: &'static str, outcome: &Outcome) {
        self.tell(AuthorEvent::Proved { engine, outcome: Box::new(outcome.clone()) });
    }
}

fn run(shared: &Shared, visit: u64, item: &str, stop: &CancellationToken) -> Result<(), Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| no_thread(&error))?;
    let result = runtime.block_on(prove(shared, visit, item, stop));
    runtime.shutdown_background();
    result
}

async fn prove(
    shared: &Shared,
    visit: u64,
    item: &str,
    stop: &CancellationToken,
) -> Result<(), Problem> {
    let context = &shared.context;
    let _alone = round::alone(&context.paths)?;
    let course = shared.course();
    let gone =
        || Problem::new("unknown_item", Exit::Usage, format!("{item} is not there any more"));
    let item = course.item(item).ok_or_else(gone)?;
    let findings = course::lint(&course, &image::ours());
    let proofs = Store::open(&context.paths.database)?;
    let folder = tempfile::tempdir().map_err(|error| no_thread(&error))?;
    let labs = context.labs_to_prove(None, folder.path()).await?;
    round::clear(&labs).await?;
    let tasks = round::tasks(&[item], &labs);
    let told = Told { shared, visit };
    let work = round::all(&tasks, &findings, tasks.len().max(1), &proofs, &told);
    if stop.run_until_cancelled(work).await.is_none() {
        round::sweep(&labs).await?;
    }
    Ok(())
}
