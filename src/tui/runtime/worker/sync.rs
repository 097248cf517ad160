//! Completions are synced on a thread of its own: nothing waits for it, and when the program ends it
//! is left as it is. What it did not come to is done the next time.

use std::io;

use super::Shared;
use crate::config::Switch;
use crate::problem::{Exit, Problem};
use crate::store::Store;
use crate::sync::Exchange;
use crate::tui::app::{Event, SyncEvent, Synced};

/// Tells how completions stand with their repository, where there is one or is to be one.
pub(super) fn look(shared: &Shared) -> Result<(), Problem> {
    let auto = shared.context.config.sync.auto == Switch::On;
    let settings = shared.context.sync()?;
    if !auto && settings.remote.is_none() && !settings.folder.join(".git").exists() {
        return Ok(());
    }
    // Others need not wait for the store meanwhile.
    let store = Store::open(&shared.context.paths.database)?;
    match settings.standing(&store) {
        Ok(standing) => {
            let queued = standing.queued;
            shared.send(Event::Sync(SyncEvent::Stands { queued, auto }));
        }
        Err(error) => tracing::info!(%error, "the repository of completions was not read"),
    }
    Ok(())
}

/// Syncs, and tells what came of it.
pub(super) fn begin(shared: Shared, wait: bool) {
    let teller = shared.clone();
    let begun = std::thread::Builder::new().name("sync".to_owned()).spawn(move || {
        let synced = sync(&shared, wait).unwrap_or_else(|problem| Synced {
            problem: Some((problem, false)),
            ..Synced::default()
        });
        shared.send(Event::Sync(SyncEvent::Done(synced)));
    });
    if let Err(error) = begun {
        let problem = Some((no_thread(&error), true));
        let synced = Synced { problem, ..Synced::default() };
        teller.send(Event::Sync(SyncEvent::Done(synced)));
    }
}

fn sync(shared: &Shared, wait: bool) -> Result<Synced, Problem> {
    let mut settings = shared.context.sync()?;
    settings.wait = wait;
    let store = Store::open(&shared.context.paths.database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| no_thread(&error))?;
    let done = runtime.block_on(settings.run(&store, &shared.course(), &|_| {}));
    let report = match done {
        Ok(report) => report,
        Err(error) => {
            let passes = error.fault.passes();
            return Ok(Synced { problem: Some((error.into(), passes)), ..Synced::default() });
        }
    };
    for (file, why) in &report.left {
        tracing::info!(file, why, "a file of the repository of completions stays as it is");
    }
    let problem = match report.exchange {
        Exchange::Failed(error) => {
            let passes = error.fault.passes();
            Some((error.into(), passes))
        }
        Exchange::Done | Exchange::NoRemote | Exchange::Offline => None,
    };
    Ok(Synced {
        written: report.written.len(),
        received: report.received.len(),
        queued: Some(report.queued),
        problem,
    })
}

fn no_thread(error: &io::Error) -> Problem {
    Problem::new("system", Exit::Environment, format!("Completions cannot be synced: {error}"))
}
