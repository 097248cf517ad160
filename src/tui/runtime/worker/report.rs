//! Follows a class: reads it when something changes and every so often, on a thread of its own, and
//! fetches what is elsewhere on another, so that a remote that does not answer keeps nothing waiting.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Zoned;

use super::Shared;
use crate::problem::{Exit, Problem};
use crate::report::{Class, Followed, Trouble, Watch};
use crate::tui::app::{Event, ReportEvent};
use crate::tui::screens::report::Reading;

/// What comes so soon after a change belongs to it.
const PAUSE: Duration = Duration::from_millis(200);

/// A class that is followed; until it is dropped.
pub(super) struct Follow {
    _stop: Sender<()>,
}

impl Follow {
    /// Begins to follow.
    pub(super) fn begin(shared: Shared, visit: u64, followed: Followed) -> std::io::Result<Self> {
        let unreached: Arc<Mutex<Vec<Trouble>>> = Arc::default();
        let (changes, inbox) = channel();
        let fetches = (followed.sources.has_remotes() && !followed.offline)
            .then(|| Fetching::begin(followed.clone(), Arc::clone(&unreached), changes.clone()))
            .transpose()?;
        let (stop, stopped) = channel();
        std::thread::Builder::new().name("class".to_owned()).spawn(move || {
            let _fetches = fetches;
            let tell = |event| shared.send(Event::Report { visit, event });
            let mut watch = Watch::begin(&followed.sources, move || {
                // It fails only once nothing is followed any more.
                let _ = changes.send(());
            });
            let mut last: Option<Class> = None;
            while matches!(stopped.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty)) {
                let unreached = unreached.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let class = followed.sources.read(&shared.course(), &unreached);
                if last.as_ref() != Some(&class) {
                    last = Some(class.clone());
                    let reading = Reading { class: Arc::new(class), at: Zoned::now() };
                    tell(ReportEvent::Read(reading));
                }
                wait(&inbox, followed.every);
                watch.again(&followed.sources);
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

/// Waits for a change and what belongs to it, or for the next look.
fn wait(inbox: &Receiver<()>, every: Duration) {
    if inbox.recv_timeout(every) == Ok(()) {
        let begun = std::time::Instant::now();
        while begun.elapsed() < PAUSE {
            let left = PAUSE.saturating_sub(begun.elapsed());
            if inbox.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
    }
}

/// Why a class cannot be followed where threads cannot be had.
pub(super) fn no_thread(error: &std::io::Error) -> ReportEvent {
    let message = format!("The class cannot be followed: {error}");
    ReportEvent::Failed(Problem::new("system", Exit::Environment, message))
}

/// What is elsewhere, fetched every so often; until it is dropped.
struct Fetching {
    _stop: Sender<()>,
}

impl Fetching {
    fn begin(
        followed: Followed,
        unreached: Arc<Mutex<Vec<Trouble>>>,
        changes: Sender<()>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("class-fetch".to_owned()).spawn(move || {
            loop {
                let troubles = runtime.block_on(followed.sources.fetch());
                *unreached.lock().unwrap_or_else(PoisonError::into_inner) = troubles;
                let told = changes.send(());
                let waited = stopped.recv_timeout(followed.every);
                if told.is_err() || waited != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}
