//! Time at the keys: runs while somebody is there, and tells what has not been written yet.

use std::time::{Duration, Instant};

/// After this long without a key the clock stops, and says so.
pub const PRESENCE: Duration = Duration::from_mins(5);

/// The most that one reading may add: more means the machine slept or the program was stopped.
const LEAP: Duration = Duration::from_secs(5);

/// A clock for one attempt.
#[derive(Debug, Clone)]
pub struct Clock {
    total: Duration,
    /// When it was last read, while it runs.
    running: Option<Instant>,
    last_seen: Instant,
}

impl Clock {
    /// A stopped clock.
    pub fn stopped(now: Instant) -> Self {
        Self { total: Duration::ZERO, running: None, last_seen: now }
    }

    /// Sets what was counted before, and starts.
    pub fn start(&mut self, total: Duration, now: Instant) {
        *self = Self { total, running: Some(now), last_seen: now };
    }

    /// Stops for good (until it is started again). Gives what was not written yet.
    pub fn stop(&mut self, now: Instant) -> Duration {
        let rest = self.read(now);
        self.running = None;
        rest
    }

    /// The time at the keys so far.
    pub fn total(&self) -> Duration {
        self.total
    }

    /// Whether it counts now.
    pub fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// Somebody pressed a key. Whether this started it again after a pause.
    pub fn present(&mut self, now: Instant) -> bool {
        let paused = self.running.is_none() && now.duration_since(self.last_seen) >= PRESENCE;
        self.last_seen = now;
        if paused {
            self.running = Some(now);
        }
        paused
    }

    /// Counts up to now; gives what was added, which is to be written. Stops when nobody was there
    /// for [`PRESENCE`].
    pub fn read(&mut self, now: Instant) -> Duration {
        let Some(since) = self.running else { return Duration::ZERO };
        let added = now.duration_since(since).min(LEAP);
        self.total += added;
        self.running = (now.duration_since(self.last_seen) < PRESENCE).then_some(now);
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_while_somebody_is_there_and_starts_again_with_a_key() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut clock = Clock::stopped(start);
        clock.start(Duration::from_mins(1), start);
        for second in 1..=400 {
            clock.read(at(second));
        }
        assert_eq!(clock.total(), Duration::from_mins(1) + PRESENCE);
        assert!(!clock.runs());
        assert!(clock.present(at(500)));
        assert_eq!(clock.read(at(501)), Duration::from_secs(1));
        assert!(!clock.present(at(502)));
    }

    #[test]
    fn a_sleep_of_the_machine_is_not_time_at_the_keys() {
        let start = Instant::now();
        let mut clock = Clock::stopped(start);
        clock.start(Duration::ZERO, start);
        assert_eq!(clock.read(start + Duration::from_mins(4)), LEAP);
    }

    #[test]
    fn a_stopped_clock_is_not_started_by_keys() {
        let start = Instant::now();
        let mut clock = Clock::stopped(start);
        assert!(!clock.present(start + Duration::from_secs(1)));
        assert!(!clock.runs());
    }
}
