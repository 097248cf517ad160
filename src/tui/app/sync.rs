//! Completions and their repository: when they are synced, and what is said of it.
//!
//! By itself it is quiet: a word in Home's title while something waits, a sentence once when somebody
//! has to do something. Who asked for it is answered.

use std::time::Duration;

use super::{App, Effect, Layer};
use crate::problem::Problem;

/// The first wait before another try, and the longest.
const WAIT: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_mins(30);

/// What to type to be told why.
const ASK: &str = "\":sync\"";

/// How completions stand with their repository.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts about it, each by itself")]
pub struct Syncing {
    /// How many are not there yet.
    pub queued: usize,
    /// Whether they are being synced.
    pub running: bool,
    /// Whether it is done without being asked for.
    auto: bool,
    /// Whether somebody waits for what is running.
    asked: bool,
    /// Whether it was looked at before.
    known: bool,
    /// Failures in a row.
    failures: u32,
    /// What failed and was told already; how many waited then.
    told: Option<(&'static str, usize)>,
}

/// What can happen to it.
#[derive(Debug)]
pub enum SyncEvent {
    /// It was looked at.
    Stands {
        /// How many completions are not there yet.
        queued: usize,
        /// Whether they are to be synced without being asked for.
        auto: bool,
    },
    /// They were synced, or not.
    Done(Synced),
    /// It is time for another try.
    Due,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Synced {
    /// Completions that were written.
    pub written: usize,
    /// Completions that came from elsewhere.
    pub received: usize,
    /// How many are not there yet, as far as is known.
    pub queued: Option<usize>,
    /// Why not all went well; and whether waiting is all that it takes.
    pub problem: Option<(Problem, bool)>,
}

impl App {
    /// Syncs now, because somebody asked.
    pub(super) fn sync_now(&mut self) -> Vec<Effect> {
        self.sync.asked = true;
        if self.sync.running {
            return vec![];
        }
        self.notice = Some("Syncing completions".to_owned());
        self.begin_sync()
    }

    fn begin_sync(&mut self) -> Vec<Effect> {
        self.sync.running = true;
        vec![Effect::Sync { wait: self.sync.asked }]
    }

    pub(super) fn sync_happened(&mut self, event: SyncEvent) -> Vec<Effect> {
        match event {
            SyncEvent::Stands { queued, auto } => {
                let first = !std::mem::replace(&mut self.sync.known, true);
                let tried = match self.sync.told {
                    Some((_, before)) => before == queued,
                    None => self.sync.failures > 0,
                };
                self.sync.queued = queued;
                self.sync.auto = auto;
                let wanted = auto && (first || (queued > 0 && !tried));
                if wanted && !self.sync.running { self.begin_sync() } else { vec![] }
            }
            SyncEvent::Due if self.sync.running => vec![],
            SyncEvent::Due => self.begin_sync(),
            SyncEvent::Done(synced) => self.synced(synced),
        }
    }

    fn synced(&mut self, synced: Synced) -> Vec<Effect> {
        let asked = std::mem::take(&mut self.sync.asked);
        self.sync.running = false;
        self.sync.queued = synced.queued.unwrap_or(self.sync.queued);
        let mut effects = Vec::new();
        if synced.received > 0 {
            effects.push(Effect::LoadProgress);
        }
        let Some((problem, passes)) = synced.problem else {
            self.sync.failures = 0;
            self.sync.told = None;
            if asked || synced.received > 0 {
                self.notice = Some(words(&synced));
            }
            return effects;
        };
        self.sync.failures += 1;
        if passes && self.sync.auto {
            let times = 1 << (self.sync.failures - 1).min(10);
            effects.push(Effect::SyncLater((WAIT * times).min(LONGEST)));
        }
        let told = Some((problem.kind, self.sync.queued));
        if asked && passes {
            self.notice = Some(problem.message);
        } else if asked {
            self.layers.push(Layer::Problem(problem));
        } else if !passes && self.sync.told.map(|(kind, _)| kind) != Some(problem.kind) {
            // The footer has one line: who asks is told all of it.
            self.notice =
                Some(format!("Completions are not synced: {ASK} tells why and what helps"));
        }
        self.sync.told = if passes { None } else { told };
        effects
    }
}

/// What was done: `Synced: 3 sent, 2 from elsewhere`.
fn words(synced: &Synced) -> String {
    let mut parts = Vec::new();
    if synced.written > 0 {
        parts.push(format!("{} written", synced.written));
    }
    if synced.received > 0 {
        parts.push(format!("{} from elsewhere", synced.received));
    }
    if parts.is_empty() {
        "Synced: nothing new".to_owned()
    } else {
        format!("Synced: {}", parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Exit;
    use crate::tui::app::driver::Driver;
    use crate::tui::app::{Action, Event};

    fn stands(driver: &mut Driver, queued: usize, auto: bool) -> Vec<Effect> {
        driver.event(Event::Sync(SyncEvent::Stands { queued, auto }))
    }

    fn done(driver: &mut Driver, synced: Synced) -> Vec<Effect> {
        driver.event(Event::Sync(SyncEvent::Done(synced)))
    }

    fn failed(kind: &'static str, passes: bool, queued: usize) -> Synced {
        let problem = Problem::new(kind, Exit::Environment, "It did not work").remedy("do this");
        Synced { queued: Some(queued), problem: Some((problem, passes)), ..Synced::default() }
    }

    const QUIETLY: Effect = Effect::Sync { wait: false };

    #[test]
    fn by_itself_only_where_that_is_wanted() {
        let mut driver = Driver::new(80, 24);
        assert_eq!(stands(&mut driver, 3, false), []);
        assert_eq!(driver.app.sync.queued, 3);
        let mut driver = Driver::new(80, 24);
        // At the start for what others have, then for what is new here, one at a time.
        assert_eq!(stands(&mut driver, 0, true), [QUIETLY]);
        assert_eq!(stands(&mut driver, 1, true), []);
        let came = Synced { received: 2, queued: Some(0), ..Synced::default() };
        assert_eq!(done(&mut driver, came), [Effect::LoadProgress]);
        assert_eq!(driver.app.notice.as_deref(), Some("Synced: 2 from elsewhere"));
        assert_eq!(stands(&mut driver, 0, true), []);
        assert_eq!(stands(&mut driver, 1, true), [QUIETLY]);
        driver.app.notice = None;
        let sent = Synced { written: 1, queued: Some(0), ..Synced::default() };
        assert_eq!(done(&mut driver, sent), []);
        assert_eq!(driver.app.notice, None);
    }

    #[test]
    fn offline_it_waits_longer_each_time_and_says_nothing() {
        let mut driver = Driver::new(80, 24);
        stands(&mut driver, 1, true);
        for seconds in [30, 60, 120] {
            let effects = done(&mut driver, failed("sync_unreachable", true, 1));
            assert_eq!(effects, [Effect::SyncLater(Duration::from_secs(seconds))]);
            assert_eq!((&driver.app.notice, driver.app.layers.len()), (&None, 0));
            assert_eq!(stands(&mut driver, 1, true), []);
            assert_eq!(driver.event(Event::Sync(SyncEvent::Due)), [QUIETLY]);
        }
        for _ in 0..40 {
            done(&mut driver, failed("sync_unreachable", true, 1));
        }
        let effects = done(&mut driver, failed("sync_unreachable", true, 1));
        assert_eq!(effects, [Effect::SyncLater(LONGEST)]);
        driver.event(Event::Sync(SyncEvent::Due));
        done(&mut driver, Synced { queued: Some(0), ..Synced::default() });
        assert_eq!(stands(&mut driver, 1, true), [QUIETLY]);
    }

    #[test]
    fn what_somebody_has_to_see_to_is_said_once_and_tried_with_the_next_completion() {
        let mut driver = Driver::new(80, 24);
        stands(&mut driver, 1, true);
        assert_eq!(done(&mut driver, failed("sync_conflict", false, 1)), []);
        let told = driver.app.notice.take();
        let words = "Completions are not synced: \":sync\" tells why and what helps";
        assert_eq!(told.as_deref(), Some(words));
        assert_eq!(stands(&mut driver, 1, true), []);
        assert_eq!(stands(&mut driver, 2, true), [QUIETLY]);
        done(&mut driver, failed("sync_conflict", false, 2));
        assert_eq!(driver.app.notice, None);
    }

    #[test]
    fn who_asks_is_answered() {
        let mut driver = Driver::new(80, 24);
        let now = driver.now;
        assert_eq!(driver.app.act(Action::Sync, now), [Effect::Sync { wait: true }]);
        assert_eq!(driver.app.act(Action::Sync, now), []);
        done(&mut driver, Synced { queued: Some(0), ..Synced::default() });
        assert_eq!(driver.app.notice.as_deref(), Some("Synced: nothing new"));
        driver.app.act(Action::Sync, now);
        done(&mut driver, failed("sync_conflict", false, 1));
        assert!(matches!(driver.app.layers.last(), Some(Layer::Problem(_))));
    }
}
