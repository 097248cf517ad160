//! Time at the keys: runs while somebody is there, and tells what has not been written yet.
//!
//! It is read and written every [`BEAT`], and one reading adds [`MOST`] at most: whatever happened to the
//! program since the last one (killed, stopped, the machine asleep), no more than a second is gained or
//! lost, and a machine under load may be half a second late without losing any. It goes by the machine's
//! clock, which runs evenly whatever the time of day is set to, and stands still while the machine sleeps.

use std::time::{Duration, Instant};

use crate::platform::process;
use crate::store::{AttemptId, Store, StoreError};

/// After this long without a key the clock stops, and says so.
pub const PRESENCE: Duration = Duration::from_mins(5);

/// What is said then,
pub const STANDS: &str = "No key for five minutes: the clock stands still until the next";

/// and with the next key.
pub const GOES_ON: &str = "The clock goes on";

/// How often it is read and written.
pub const BEAT: Duration = Duration::from_millis(500);

/// The most that one reading adds.
const MOST: Duration = Duration::from_secs(1);

/// A clock for one attempt.
#[derive(Debug, Clone)]
pub struct Clock {
    total: Duration,
    /// What was counted here since it was started; others may count too.
    counted: Duration,
    /// When it was last read, while it runs.
    running: Option<Instant>,
    last_seen: Instant,
}

/// What a reading counted: it is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// How long it is, in whole milliseconds as they are kept.
    pub time: Duration,
    /// When it ended.
    pub until: Instant,
    /// What the clock shows with it.
    pub total: Duration,
    /// What the clock has counted with it; [`Clock::settle`] wants to know.
    pub counted: Duration,
}

impl Stretch {
    /// Writes it down, in the order in which the stretches ended. Gives the attempt's time: more than
    /// the clock shows where another program counts too, and less where both counted the same.
    pub fn write(&self, store: &Store, attempt: AttemptId) -> Result<Duration, StoreError> {
        store.work(attempt, process::clock().saturating_sub(self.until.elapsed()), self.time)
    }
}

impl Clock {
    /// A stopped clock.
    pub fn stopped(now: Instant) -> Self {
        let (total, counted) = (Duration::ZERO, Duration::ZERO);
        Self { total, counted, running: None, last_seen: now }
    }

    /// Sets what was counted before, and starts.
    pub fn start(&mut self, total: Duration, now: Instant) {
        *self = Self { total, counted: Duration::ZERO, running: Some(now), last_seen: now };
    }

    /// Stops for good (until it is started again). Gives what was not written yet.
    pub fn stop(&mut self, now: Instant) -> Option<Stretch> {
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

    /// When it wants to be read, while it runs; not for the reading that stops it, which is no beat.
    pub fn due(&self) -> Option<Instant> {
        let due = self.running? + BEAT;
        (due < self.last_seen + PRESENCE).then_some(due)
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

    /// Counts up to now; gives what was added, if anything was. Stops when nobody was there for
    /// [`PRESENCE`].
    pub fn read(&mut self, now: Instant) -> Option<Stretch> {
        let since = self.running?;
        let end = now.min(self.last_seen + PRESENCE);
        let passed = end.saturating_duration_since(since);
        // What is less than a millisecond stays for the next reading.
        let time = Duration::from_millis(passed.min(MOST).as_millis() as u64);
        let until = if passed > MOST { end } else { since + time };
        self.total += time;
        self.counted += time;
        self.running = (now < self.last_seen + PRESENCE).then_some(until);
        let (total, counted) = (self.total, self.counted);
        (!time.is_zero()).then_some(Stretch { time, until, total, counted })
    }

    /// The attempt's time was `total` once what is `counted` here up to then was written.
    pub fn settle(&mut self, total: Duration, counted: Duration) {
        // Of before it was started anew.
        if let Some(since) = self.counted.checked_sub(counted) {
            self.total = total + since;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn added(stretch: Option<Stretch>) -> Duration {
        stretch.map_or(Duration::ZERO, |stretch| stretch.time)
    }

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
        assert!(!clock.runs() && clock.due().is_none());
        assert!(clock.present(at(500)));
        assert_eq!(added(clock.read(at(501))), Duration::from_secs(1));
        assert!(!clock.present(at(502)));
    }

    #[test]
    fn nobody_is_there_for_five_minutes_and_no_longer() {
        let start = Instant::now();
        let mut clock = Clock::stopped(start);
        clock.start(Duration::ZERO, start);
        let nearly = Duration::from_millis(299_700);
        for ms in (500..=nearly.as_millis() as u64).step_by(500) {
            clock.read(start + Duration::from_millis(ms));
        }
        clock.read(start + PRESENCE + Duration::from_millis(400));
        assert_eq!(clock.total(), PRESENCE);
        assert!(!clock.runs());
    }

    #[test]
    fn a_stopped_clock_is_not_started_by_keys() {
        let start = Instant::now();
        let mut clock = Clock::stopped(start);
        assert!(!clock.present(start + Duration::from_secs(1)));
        assert!(!clock.runs());
    }

    #[test]
    fn what_another_program_counted_is_shown_too() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = Clock::stopped(start);
        clock.start(Duration::from_secs(10), start);
        let first = clock.read(at(500)).unwrap();
        clock.read(at(1000));
        clock.settle(Duration::from_secs(20), first.counted);
        assert_eq!(clock.total(), Duration::from_millis(20_500));
        clock.start(Duration::from_secs(30), at(1000));
        clock.settle(Duration::ZERO, first.counted);
        assert_eq!(clock.total(), Duration::from_secs(30), "of before it was started");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        /// Beats that come late by less than half a second, and now and then a stop (a signal, a sleep, a
        /// frozen machine) of any length at any moment.
        #[test]
        fn late_beats_lose_nothing_and_a_stop_gains_less_than_a_second(
            beats in prop::collection::vec((0u64..500, prop::option::weighted(0.1, 1u64..20_000_000)), 1..60),
        ) {
            let start = Instant::now();
            let mut clock = Clock::stopped(start);
            clock.start(Duration::ZERO, start);
            let (mut now, mut ran, mut stops) = (start, Duration::ZERO, 0u32);
            for (late, stop) in beats {
                let due = clock.due().unwrap();
                // It runs until it is due (or a little later), unless it is stopped half way there.
                let length = due.duration_since(now) + Duration::from_millis(late);
                let stopped = Duration::from_micros(stop.unwrap_or(0));
                ran += length;
                now += length + stopped;
                stops += u32::from(stop.is_some());
                clock.present(now);
                clock.read(now);
            }
            let millisecond = Duration::from_millis(1);
            prop_assert!(clock.total() + millisecond * (1 + stops) >= ran);
            prop_assert!(clock.total() <= ran + Duration::from_secs(1) * stops);
        }
    }
}
