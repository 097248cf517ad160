//! What was measured at a moment, and what that makes of a condition.

use std::collections::BTreeMap;

use crate::course::scenario::{Condition, Op};

/// Everything that was measured at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Readings {
    /// What each query gave, by its text.
    pub metrics: BTreeMap<String, Reading>,
    /// What each command criterion gave, by its id; those that did not run this time are not in it.
    pub commands: BTreeMap<String, CommandReading>,
    /// The configuration's version of each machine.
    pub versions: BTreeMap<String, Version>,
    /// What cannot be seen, one sentence each.
    pub trouble: Vec<String>,
}

/// A version of a machine's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Counts the changes.
    pub number: f64,
    /// Who made the last one, if that is known.
    pub by: Option<String>,
}

/// What a query gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A number.
    Value(f64),
    /// Nothing that can be compared, and why: empty, several lines, not a number, stale, an error.
    Nothing(String),
}

/// What a command gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandReading {
    /// Whether it was as expected; `None` if it could not be run.
    pub met: Option<bool>,
    /// What was found, for people.
    pub found: String,
}

impl Readings {
    /// What a query gave; one that was not asked gave nothing.
    pub fn metric(&self, query: &str) -> Reading {
        let reading = self.metrics.get(query).cloned();
        reading.unwrap_or_else(|| Reading::Nothing("it was not measured".to_owned()))
    }

    /// A number, if there is one.
    pub fn number(&self, query: &str) -> Option<f64> {
        match self.metrics.get(query)? {
            Reading::Value(value) => Some(*value),
            Reading::Nothing(_) => None,
        }
    }
}

/// What became of a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Judgement {
    pub(super) met: bool,
    pub(super) value: Option<f64>,
    pub(super) threshold: Option<(Op, f64)>,
    pub(super) note: Option<String>,
}

/// Judges a condition. Whatever cannot be compared is false, and says why.
pub(super) fn judge(
    condition: &Condition,
    readings: &Readings,
    baseline: &BTreeMap<String, f64>,
) -> Judgement {
    let threshold = if condition.of_baseline {
        baseline.get(&condition.query).map(|normal| normal * condition.value)
    } else {
        Some(condition.value)
    };
    let threshold = threshold.map(|value| (condition.op, value));
    let no = |note: String| Judgement { met: false, value: None, threshold, note: Some(note) };
    match (readings.metric(&condition.query), threshold) {
        (Reading::Nothing(why), _) => no(why),
        (Reading::Value(value), None) => Judgement {
            value: Some(value),
            ..no("what is normal here has not been measured yet".to_owned())
        },
        (Reading::Value(value), Some((op, limit))) => {
            Judgement { met: op.holds(value, limit), value: Some(value), threshold, note: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(op: Op, value: f64, of_baseline: bool) -> Condition {
        Condition { query: "q".to_owned(), op, value, of_baseline }
    }

    fn readings(reading: Reading) -> Readings {
        Readings { metrics: [("q".to_owned(), reading)].into(), ..Readings::default() }
    }

    #[test]
    fn what_is_no_number_is_false_whatever_is_asked() {
        let all = Op::ALL.map(|(_, op)| op);
        for op in all {
            let empty = readings(Reading::Nothing("no data".to_owned()));
            let judged = judge(&condition(op, 0.0, false), &empty, &BTreeMap::new());
            assert!(!judged.met && judged.note.as_deref() == Some("no data"), "{op:?}");
            assert!(!judge(&condition(op, 0.0, false), &Readings::default(), &BTreeMap::new()).met);
            let nan = readings(Reading::Value(f64::NAN));
            assert!(!judge(&condition(op, 0.0, false), &nan, &BTreeMap::new()).met, "{op:?}");
        }
    }

    #[test]
    fn a_threshold_can_count_in_what_is_normal_here() {
        let slow = readings(Reading::Value(0.3));
        let twice = condition(Op::AtMost, 2.0, true);
        let judged = judge(&twice, &slow, &[("q".to_owned(), 0.1)].into());
        assert_eq!((judged.met, judged.threshold), (false, Some((Op::AtMost, 0.2))));
        let judged = judge(&twice, &slow, &[("q".to_owned(), 0.2)].into());
        assert!(judged.met);
        let unknown = judge(&twice, &slow, &BTreeMap::new());
        assert!(!unknown.met && unknown.note.is_some_and(|note| note.contains("normal")));
    }
}
