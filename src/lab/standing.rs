//! How checks stand over time: a command tells what is true now, a check's mode what that counts.
//!
//! One [`Standing`] follows the checks of one sandbox from verification to verification. What has
//! been true once in an attempt comes from the store; how long something has been true is counted
//! from when it was seen to be, so a look that comes too late begins anew.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::verify::{CheckResult, CheckState};
use crate::course::{Check, Mode};

/// After so long without a look nobody knows what was true meanwhile. Checks run every second; while
/// somebody types they wait ten.
const UNSEEN: Duration = Duration::from_secs(15);

/// A check that is true, and not for long enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Held {
    /// How long it has been true, in whole seconds.
    pub seconds: u64,
    /// How long it must be.
    pub of: u64,
}

/// What is known of the checks of one sandbox.
#[derive(Debug, Default)]
pub struct Standing {
    /// Those that have been true in the attempt.
    passed: HashSet<String>,
    /// Those that are true: since when, and when that was last seen.
    truth: HashMap<String, (Instant, Instant)>,
}

impl Standing {
    /// For an attempt in which these checks have passed.
    pub fn new(passed: impl IntoIterator<Item = String>) -> Self {
        Self { passed: passed.into_iter().collect(), truth: HashMap::new() }
    }

    /// What a result of now counts.
    pub fn judge(&mut self, check: &Check, mut result: CheckResult, now: Instant) -> CheckResult {
        let is_true = result.state == CheckState::Passed;
        match check.mode {
            Mode::Level => {}
            Mode::Edge if is_true => drop(self.passed.insert(check.name.clone())),
            Mode::Edge => {
                if self.passed.contains(&check.name) {
                    result.state = CheckState::Passed;
                    result.message = None;
                }
            }
            Mode::Hold(wanted) if is_true => {
                let (since, seen) = self.truth.entry(check.name.clone()).or_insert((now, now));
                if now.saturating_duration_since(*seen) > UNSEEN {
                    *since = now;
                }
                *seen = now;
                let time = now.saturating_duration_since(*since);
                if time < wanted {
                    result.state = CheckState::Failed;
                    let held = Held { seconds: time.as_secs(), of: wanted.as_secs() };
                    result.actual = format!("true for {} s of {} s", held.seconds, held.of);
                    result.held = Some(held);
                }
            }
            Mode::Hold(_) => drop(self.truth.remove(&check.name)),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(standing: &mut Standing, check: &Check, state: CheckState, at: Instant) -> CheckState {
        let result = CheckResult {
            name: check.name.clone(),
            state,
            expected: String::new(),
            actual: String::new(),
            message: Some("no".into()),
            held: None,
            ms: 0,
            evidence: None,
        };
        let result = standing.judge(check, result, at);
        assert_eq!(result.held.is_some(), state != result.state && result.state == Failed);
        result.state
    }

    use CheckState::{Failed, Passed};

    #[test]
    fn an_edge_passes_for_ever_once_it_was_seen() {
        let check = Check { mode: Mode::Edge, ..Check::new("restarted", "true") };
        let now = Instant::now();
        let mut new = Standing::default();
        assert_eq!(found(&mut new, &check, Failed, now), Failed);
        assert_eq!(found(&mut new, &check, Passed, now), Passed);
        assert_eq!(found(&mut new, &check, Failed, now), Passed);
        let mut resumed = Standing::new(["restarted".to_owned()]);
        assert_eq!(found(&mut resumed, &check, Failed, now), Passed);
        let level = Check::new("restarted", "true");
        assert_eq!(found(&mut resumed, &level, Failed, now), Failed);
    }

    #[test]
    fn what_holds_is_true_without_a_break_that_somebody_saw() {
        let check = Check { mode: Mode::Hold(Duration::from_secs(20)), ..Check::new("up", "true") };
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut standing = Standing::default();
        for (second, state, counts) in [
            (0, Passed, Failed),
            (10, Passed, Failed),
            (19, Failed, Failed),
            (20, Passed, Failed),
            (30, Passed, Failed),
            (40, Passed, Passed),
            (41, Passed, Passed),
            // Nobody looked for so long.
            (100, Passed, Failed),
            (110, Passed, Failed),
            (120, Passed, Passed),
        ] {
            assert_eq!(found(&mut standing, &check, state, at(second)), counts, "{second}");
        }
    }
}
