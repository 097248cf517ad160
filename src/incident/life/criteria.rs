//! How a criterion stands: its value, since when it is true, and whether the window still looks back.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::reading::{Readings, judge};
use crate::course::scenario::{Criterion, CriterionKind, Judged, Op};
use crate::incident::picture::Standing;

/// How often a value is kept for the sparkline, in seconds: as often as the system is measured.
const EVERY: f64 = 2.0;

/// What part of the way to good a value must have come to count as getting better: less is noise.
const PART: f64 = 0.1;

/// How many values are kept: two minutes.
const RECENT: usize = 60;

/// How one criterion stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Whether it is true; `None` before it was judged.
    pub met: Option<bool>,
    /// How long it has been true without a break, in the incident's own seconds.
    pub held: f64,
    /// Its value.
    pub value: Option<f64>,
    /// What that is compared with.
    pub threshold: Option<(Op, f64)>,
    /// What was found instead, or why it could not be judged.
    pub note: Option<String>,
    /// Whether it was ever false while the incident was live.
    pub was_false: bool,
    /// Since when its value gets better.
    pub better_since: Option<f64>,
    /// How far from good the value was at worst before that, and at best since.
    worst: Option<f64>,
    best: Option<f64>,
    /// The latest values.
    recent: VecDeque<Option<f64>>,
    /// When the last of them was kept.
    kept_at: f64,
}

impl Held {
    /// Takes in what was measured. `spent` is how much of the incident's own time has passed since
    /// the last time, `live` whether a falsehood counts against the learner. While the windows fill up
    /// again after a pause (`settling`) what is false does not end the time that something held.
    pub(super) fn take(
        &mut self,
        criterion: &Criterion,
        readings: &Readings,
        baseline: &std::collections::BTreeMap<String, f64>,
        now: f64,
        (spent, live, settling): (f64, bool, bool),
    ) {
        match &criterion.judged {
            Judged::Metric(condition) => {
                let judged = judge(condition, readings, baseline);
                self.value = judged.value;
                self.threshold = judged.threshold;
                self.trend(judged.value, judged.met, now);
                self.note = judged.note;
                self.turn(judged.met, spent, settling);
                self.keep(judged.value, now);
            }
            Judged::Command { .. } => {
                let Some(reading) = readings.commands.get(&criterion.id) else {
                    // Not asked this time: it stands as it stood.
                    if self.met == Some(true) {
                        self.held += spent;
                    }
                    return;
                };
                let met = reading.met.unwrap_or(false);
                // What could not be run says why; what failed says what its author has to say.
                let fail = criterion.fail.clone().filter(|_| reading.met.is_some());
                self.note = (!met).then(|| fail.unwrap_or_else(|| reading.found.clone()));
                self.turn(met, spent, settling);
            }
        }
        if live && self.met == Some(false) && !settling {
            self.was_false = true;
        }
    }

    fn turn(&mut self, met: bool, spent: f64, settling: bool) {
        if settling && !met {
            return;
        }
        self.held = match (self.met, met) {
            (Some(true), true) => self.held + spent,
            _ => 0.0,
        };
        self.met = Some(met);
    }

    /// Notes since when a value that is not good enough gets better: it has come a good part of the
    /// way to what it must be, and has not gone back since.
    fn trend(&mut self, value: Option<f64>, met: bool, now: f64) {
        let (Some(value), Some((op, limit)), false) = (value, self.threshold, met) else {
            (self.better_since, self.worst, self.best) = (None, None, None);
            return;
        };
        // How far from good, whatever the direction.
        let missing = match op {
            Op::Less | Op::AtMost => value - limit,
            Op::More | Op::AtLeast => limit - value,
            Op::Equal | Op::Differs => (value - limit).abs(),
        };
        let worst = self.worst.unwrap_or(missing);
        let best = self.best.unwrap_or(missing).min(missing);
        let part = worst.abs() * PART;
        if missing > worst || missing > best + part {
            (self.better_since, self.worst, self.best) = (None, Some(missing), Some(missing));
            return;
        }
        if worst - missing >= part {
            self.better_since.get_or_insert(now);
        }
        (self.worst, self.best) = (Some(worst), Some(best));
    }

    fn keep(&mut self, value: Option<f64>, now: f64) {
        if now - self.kept_at < EVERY - 0.5 {
            return;
        }
        self.kept_at = now;
        self.recent.push_back(value.filter(|value| value.is_finite()));
        while self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// Whether it has been true for as long as it must.
    pub(super) fn done(&self, criterion: &Criterion) -> bool {
        self.met == Some(true) && self.held >= criterion.hold.as_secs_f64()
    }

    /// For the screens. A hidden one tells nothing until it has become true.
    pub(super) fn standing(
        &self,
        criterion: &Criterion,
        (window, now, live): (f64, f64, bool),
    ) -> Standing {
        let secret = criterion.hidden && !(live && self.was_false && self.met == Some(true));
        let draining = self.better_since.map(|since| (since + window - now).max(0.0));
        let held = self.held.min(criterion.hold.as_secs_f64());
        let shown = Standing {
            id: criterion.id.clone(),
            title: criterion.title.clone(),
            kind: criterion.kind,
            met: self.met,
            value: self.value,
            threshold: self.threshold,
            unit: criterion.unit,
            held,
            hold: criterion.hold.as_secs_f64(),
            draining: draining.filter(|left| *left > 0.0 && self.met == Some(false)),
            recent: self.recent.iter().copied().collect(),
            note: self.note.clone(),
        };
        if !secret {
            return shown;
        }
        Standing {
            title: String::new(),
            value: None,
            threshold: None,
            draining: None,
            recent: Vec::new(),
            note: None,
            ..shown
        }
    }
}

/// Whether a criterion counts now: one of a replay only while the trigger is fired again.
pub(super) fn counts(criterion: &Criterion, replaying: bool) -> bool {
    criterion.kind != CriterionKind::Replay || replaying
}
