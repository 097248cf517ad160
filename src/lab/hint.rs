//! Which hint comes next, and when one is offered by itself.
//!
//! Hints are shown in order, from nudge to approach. On request the next one is always given; by
//! itself one is only *offered* when its trigger holds, so that nobody is spoiled unasked.

use std::time::Duration;

use super::{Lab, LabError, SharedStore};
use crate::course::Hint;
use crate::store::{AttemptId, StoreError};

/// A hint that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its place among the item's hints, from 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    /// Markdown.
    pub text: String,
}

/// What an attempt has been like so far.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// Time at the keys.
    pub active: Duration,
    /// Verifications asked for that did not pass.
    pub failures: u32,
    /// Names of checks that do not hold now.
    pub failing: Vec<String>,
}

/// The index of the hint to offer now, given how many were shown: the next one, if it has a trigger
/// and the trigger holds. A `when_failing` hint also waits for two failed verifications, so that it
/// is not offered for work that has just begun.
pub fn offer(hints: &[Hint], shown: usize, trouble: &Trouble) -> Option<usize> {
    /// How often a check must have failed before it counts as "keeps failing".
    const KEEPS: u32 = 2;
    let trigger = &hints.get(shown)?.trigger;
    let long = trigger.after.is_some_and(|after| trouble.active >= after);
    let often = trigger.failures.is_some_and(|failures| trouble.failures >= failures);
    let stuck = trigger
        .failing
        .as_ref()
        .is_some_and(|name| trouble.failures >= KEEPS && trouble.failing.contains(name));
    (long || often || stuck).then_some(shown)
}

impl SharedStore {
    /// The next hint of an attempt, recorded before it is returned; `None` when all were shown.
    pub fn next_hint(
        &self,
        attempt: AttemptId,
        hints: &[Hint],
    ) -> Result<Option<Shown>, StoreError> {
        let store = self.lock();
        let index = store.hints(attempt)?.len();
        let Some(hint) = hints.get(index) else {
            return Ok(None);
        };
        store.show_hint(attempt, u32::try_from(index).unwrap_or(u32::MAX))?;
        Ok(Some(Shown { index, of: hints.len(), text: hint.text.clone() }))
    }
}

impl Lab {
    /// The texts of the hints that an attempt has seen, in order.
    pub fn shown_hints(&self, attempt: AttemptId, hints: &[Hint]) -> Result<Vec<String>, LabError> {
        let shown = self.store.lock().hints(attempt)?.len();
        Ok(hints.iter().take(shown).map(|hint| hint.text.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Trigger;

    fn hint(trigger: Trigger) -> Hint {
        Hint { text: "look".into(), trigger }
    }

    #[test]
    fn a_hint_without_a_trigger_is_never_offered_unasked() {
        let trouble = Trouble { active: Duration::from_secs(9999), failures: 99, failing: vec![] };
        assert_eq!(offer(&[hint(Trigger::default())], 0, &trouble), None);
    }

    #[test]
    fn any_part_of_a_trigger_is_enough_and_only_the_next_hint_counts() {
        let hints = [
            hint(Trigger { after: Some(Duration::from_mins(2)), ..Trigger::default() }),
            hint(Trigger { failures: Some(3), failing: Some("up".into()), ..Trigger::default() }),
        ];
        let trouble = |active, failures, failing: &[&str]| Trouble {
            active: Duration::from_secs(active),
            failures,
            failing: failing.iter().map(ToString::to_string).collect(),
        };
        assert_eq!(offer(&hints, 0, &trouble(119, 9, &["up"])), None);
        assert_eq!(offer(&hints, 0, &trouble(120, 0, &[])), Some(0));
        assert_eq!(offer(&hints, 1, &trouble(0, 1, &["up"])), None);
        assert_eq!(offer(&hints, 1, &trouble(0, 2, &["up"])), Some(1));
        assert_eq!(offer(&hints, 1, &trouble(0, 3, &[])), Some(1));
        assert_eq!(offer(&hints, 2, &trouble(999, 9, &["up"])), None);
    }
}
