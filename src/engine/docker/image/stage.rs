//! One progress bar for work that consists of other work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::engine::{Progress, Step};

/// A part of the bar. Invariant: the bar never goes back, whatever its parts report.
pub(super) struct Stage<'a> {
    progress: Progress<'a>,
    from: f64,
    to: f64,
    furthest: Arc<AtomicU64>,
}

/// The end of the bar: it counts in percent.
const FULL: f64 = 100.0;

impl<'a> Stage<'a> {
    /// The whole bar.
    pub(super) fn whole(progress: Progress<'a>) -> Self {
        Self { progress, from: 0.0, to: 1.0, furthest: Arc::default() }
    }

    /// The piece of this one between two fractions of it.
    pub(super) fn part(&self, from: f64, to: f64) -> Self {
        let length = self.to - self.from;
        Self {
            progress: self.progress,
            from: self.from + from * length,
            to: self.from + to * length,
            furthest: Arc::clone(&self.furthest),
        }
    }

    /// Says what is being done, and which fraction of this part is.
    pub(super) fn report(&self, fraction: f64, words: &str) {
        let at = self.from + fraction.clamp(0.0, 1.0) * (self.to - self.from);
        let percent = (at * FULL).round() as u64;
        let percent = self.furthest.fetch_max(percent, Ordering::Relaxed).max(percent);
        (self.progress)(Step {
            step: words.to_owned(),
            done: percent,
            total: Some(FULL as u64),
            unit: "percent",
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn parts_add_up_and_the_bar_never_goes_back() {
        let told = Mutex::new(Vec::new());
        let progress = |step: Step| told.lock().unwrap().push(step.done);
        let whole = Stage::whole(&progress);
        let first = whole.part(0.0, 0.5);
        first.report(0.5, "");
        first.report(0.1, "");
        whole.part(0.5, 1.0).part(0.0, 0.5).report(9.0, "");
        whole.report(1.0, "");
        assert_eq!(*told.lock().unwrap(), [25, 25, 75, 100]);
    }
}
