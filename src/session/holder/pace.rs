//! How fast output is taken while nobody looks.
//!
//! A program that prints without end would keep a core busy for nobody. So after a good deal of
//! output it is slowed down: builds and logs of any usual length go on at full speed, an endless
//! `yes` waits. With a client, everything is taken as fast as it comes.

use std::time::{Duration, Instant};

/// What is taken at full speed.
const BURST: f64 = (32 << 20) as f64;

/// Bytes a second after that: parsing so many takes 0.3 % of a core.
const TRICKLE: f64 = (256 << 10) as f64;

/// The least time between two chunks of a trickle: fewer wake-ups than one for each 4 KB.
const PAUSE: Duration = Duration::from_millis(250);

/// See the module.
#[derive(Debug)]
pub(super) struct Pace {
    allowance: f64,
    since: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { allowance: BURST, since: now }
    }

    /// Somebody came or went: everything may be taken again.
    pub(super) fn restore(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// So many bytes were taken.
    pub(super) fn took(&mut self, bytes: usize, now: Instant) {
        let earned = now.saturating_duration_since(self.since).as_secs_f64() * TRICKLE;
        self.allowance = (self.allowance + earned).min(BURST) - bytes as f64;
        self.since = now;
    }

    /// When the next bytes may be taken; `None` is now.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        if self.allowance >= 0.0 {
            return None;
        }
        let at = self.since + Duration::from_secs_f64(-self.allowance / TRICKLE).max(PAUSE);
        (at > now).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_build_is_not_slowed_down_and_a_flood_is() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..31 {
            pace.took(1 << 20, start);
        }
        assert_eq!(pace.next(start), None);
        let (mut now, mut taken) = (start, 0);
        while now < start + Duration::from_mins(1) {
            if let Some(next) = pace.next(now) {
                now = next;
            } else {
                pace.took(64 << 10, now);
                taken += 64 << 10;
            }
        }
        let trickle = 60 * (256 << 10) + (1 << 20);
        assert!((trickle..trickle + (128 << 10)).contains(&taken), "{taken}");
        pace.restore(now);
        assert_eq!(pace.next(now), None);
    }
}
