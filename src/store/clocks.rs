//! Time at the keys, counted once however many programs count it.
//!
//! Programs tell stretches of time on the machine's clock, which goes on evenly whatever the time of day
//! is set to. For each attempt it is kept up to where time is counted; what lies before that has been.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::value::Length;
use super::{AttemptId, Store, StoreError, attempt};

/// The machine's clock begins anew when the machine starts. What is ahead by more than this was written
/// before that: programs that run at the same time are no further apart.
const AHEAD: Duration = Duration::from_secs(10);

impl Store {
    /// Adds time spent working that ended at `until` on the machine's clock, but for what has been added
    /// up to then already. Gives the attempt's time. A stretch that is told after a later one counts for
    /// nothing: tell them in order.
    pub fn work(
        &self,
        id: AttemptId,
        until: Duration,
        spent: Duration,
    ) -> Result<Duration, StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if attempt::is_active(transaction, id)? {
                let counted = transaction
                    .prepare_cached("SELECT until_ms FROM clocks WHERE attempt = ?1")?
                    .query_row([id], |row| row.get::<_, Length>(0))
                    .optional()?
                    .map_or(Duration::ZERO, |until| until.0);
                // Whole milliseconds, as it is kept: one that is cut off is one that is lost.
                let until = Duration::from_millis(until.as_millis() as u64);
                let counted = if counted > until + AHEAD { Duration::ZERO } else { counted };
                let new = spent.min(until.saturating_sub(counted));
                attempt::touch(transaction, id, now, new)?;
                transaction
                    .prepare_cached(
                        "INSERT INTO clocks (attempt, until_ms) VALUES (?1, ?2)
                         ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms",
                    )?
                    .execute(params![id, Length(counted.max(until))])?;
            }
            let time = transaction
                .prepare_cached("SELECT active_ms FROM attempts WHERE id = ?1")?
                .query_row([id], |row| row.get::<_, Length>(0))?;
            Ok(time.0)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store};
    use proptest::prelude::*;

    const BEAT: u64 = 500;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_time_of_day_that_is_changed_adds_and_loses_nothing() {
        let (_folder, store) = store();
        let day = 24 * 60 * 60;
        set_clock(1_772_618_400); // 2026-03-04T10:00Z
        let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
        let days = [0, 400 * day, -30 * day, 0, 1];
        for (beat, shift) in (1..).zip(days) {
            set_clock(1_772_618_400 + shift);
            store.work(attempt.id, ms(90_000 + beat * BEAT), ms(BEAT)).unwrap();
        }
        let now = store.attempt(attempt.id).unwrap();
        assert_eq!(now.active, ms(5 * BEAT));
        set_clock(1_772_618_400 - day);
        let ended = store.complete(attempt.id).unwrap().attempt;
        assert!(ended.ended_at.unwrap() >= ended.started_at && ended.last_at >= ended.started_at);
        assert_eq!(ended.active, ms(5 * BEAT));
    }

    #[test]
    fn a_streak_is_what_it_was_once_the_clock_is_right_again() {
        let (_folder, store) = store();
        let practise = |at: &str| {
            set_clock(at.parse::<jiff::Timestamp>().unwrap().as_second());
            let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
            store.add_active(attempt.id, ms(BEAT)).unwrap();
        };
        let streak = || store.streak(&"2026-03-04T12:00[UTC]".parse().unwrap()).unwrap();
        for day in ["2026-03-02T10:00Z", "2026-03-03T10:00Z", "2026-03-04T10:00Z"] {
            practise(day);
        }
        assert_eq!(streak(), 3);
        for day in ["2031-01-01T10:00Z", "1999-01-01T10:00Z", "2026-03-04T11:00Z"] {
            practise(day);
        }
        assert_eq!(streak(), 3);
    }

    #[test]
    fn a_machine_that_was_started_anew_goes_on_counting() {
        let (_folder, store) = store();
        let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
        store.work(attempt.id, ms(86_400_000), ms(BEAT)).unwrap();
        assert_eq!(store.work(attempt.id, ms(30_000), ms(BEAT)).unwrap(), ms(2 * BEAT));
        assert_eq!(store.work(attempt.id, ms(30_500), ms(BEAT)).unwrap(), ms(3 * BEAT));
    }

    #[test]
    fn an_attempt_that_has_ended_has_the_time_it_had() {
        let (_folder, store) = store();
        let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
        store.work(attempt.id, ms(60_000), ms(BEAT)).unwrap();
        store.complete(attempt.id).unwrap();
        assert_eq!(store.work(attempt.id, ms(61_000), ms(BEAT)).unwrap(), ms(BEAT));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 32, ..ProptestConfig::default() })]
        /// Each program's beats follow each other; whose turn it is changes at will.
        #[test]
        fn programs_that_count_at_once_count_once(
            beats in prop::collection::vec((0usize..3, 1u64..400), 1..60),
        ) {
            let (_folder, store) = store();
            let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
            let mut last = [100_000u64; 3];
            let mut now = 100_000;
            for (program, step) in beats {
                now += step;
                let spent = now - std::mem::replace(&mut last[program], now);
                let kept = store.work(attempt.id, ms(now), ms(spent)).unwrap();
                prop_assert_eq!(kept, ms(now - 100_000));
            }
        }
    }
}
