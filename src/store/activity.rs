//! When somebody practised, and for how many days in a row.
//!
//! Kept in UTC by the quarter of an hour, because every time zone's days begin at one: the same
//! record is right wherever the learner travels.

use std::ops::Range;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rusqlite::{Connection, params};

use super::value::Length;
use super::{Fault, Store, StoreError};

pub(super) const QUARTER_HOUR_SECONDS: i64 = 15 * 60;

/// Notes practice now.
pub(super) fn note(connection: &Connection, now: Timestamp, spent: Duration) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO activity (quarter_hour, active_ms) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET active_ms = active_ms + excluded.active_ms",
        )?
        .execute(params![quarter_hour(now), Length(spent)])?;
    Ok(())
}

fn quarter_hour(at: Timestamp) -> i64 {
    at.as_second().div_euclid(QUARTER_HOUR_SECONDS)
}

impl Store {
    /// Time spent working on each day that has any, the earliest first, in the time zone of `now`.
    pub fn days(&self, now: &Zoned) -> Result<Vec<(Date, Duration)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT quarter_hour, active_ms FROM activity WHERE quarter_hour <= ?1
                 ORDER BY quarter_hour",
            )?;
            let mut rows = statement.query([quarter_hour(now.timestamp())])?;
            let mut days: Vec<(Date, Duration)> = Vec::new();
            let mut local = LocalDay::new(now.time_zone());
            while let Some(row) = rows.next()? {
                let (day, spent) = (local.of(row.get(0)?), row.get::<_, Length>(1)?.0);
                match days.last_mut() {
                    Some((last, sum)) if *last == day => *sum += spent,
                    _ => days.push((day, spent)),
                }
            }
            Ok(days)
        })
    }

    /// How many days in a row somebody practised, in the time zone of `now`. Today counts once it
    /// has practice and does not break the row while it has none.
    pub fn streak(&self, now: &Zoned) -> Result<u32, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT quarter_hour FROM activity WHERE quarter_hour <= ?1
                 ORDER BY quarter_hour DESC",
            )?;
            let mut rows = statement.query([quarter_hour(now.timestamp())])?;
            let mut days = 0;
            let mut earliest = None;
            let mut local = LocalDay::new(now.time_zone());
            while let Some(row) = rows.next()? {
                let day = local.of(row.get(0)?);
                let follows = match earliest {
                    None => day == now.date() || follows(day, now.date()),
                    Some(earliest) if day == earliest => continue,
                    Some(earliest) => follows(day, earliest),
                };
                if !follows {
                    break;
                }
                days += 1;
                earliest = Some(day);
            }
            Ok(days)
        })
    }
}

/// Whether `next` is the day after `day`.
fn follows(day: Date, next: Date) -> bool {
    day.tomorrow().is_ok_and(|tomorrow| tomorrow == next)
}

/// Which day a quarter of an hour is on. Those of one day come one after another, so the zone is asked
/// once for each day.
struct LocalDay<'a> {
    zone: &'a TimeZone,
    /// The day that was asked for last, and its quarters of an hour.
    last: Option<(Range<i64>, Date)>,
}

impl<'a> LocalDay<'a> {
    fn new(zone: &'a TimeZone) -> Self {
        Self { zone, last: None }
    }

    fn of(&mut self, quarter: i64) -> Date {
        if let Some((quarters, day)) = &self.last
            && quarters.contains(&quarter)
        {
            return *day;
        }
        let start = Timestamp::from_second(quarter.saturating_mul(QUARTER_HOUR_SECONDS));
        let start = self.zone.to_datetime(start.unwrap_or(Timestamp::MIN));
        let day = start.date();
        let begins = |day: Date| {
            let begins = day.to_zoned(self.zone.clone()).ok()?;
            Some(begins.timestamp().as_second().div_euclid(QUARTER_HOUR_SECONDS))
        };
        let next = day.tomorrow().ok();
        self.last = begins(day).zip(next.and_then(begins)).map(|(from, to)| (from..to, day));
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{set_clock, store};

    /// Practises at each of these moments and tells the streak at the last argument.
    fn streak(practised: &[&str], now: &str) -> u32 {
        let (_folder, store) = store();
        for at in practised {
            set_clock(at.parse::<Timestamp>().unwrap().as_second());
            let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
            store.add_active(attempt.id, Duration::from_secs(1)).unwrap();
        }
        store.streak(&now.parse().unwrap()).unwrap()
    }

    #[test]
    fn days_in_a_row_count_back_from_today_or_yesterday() {
        let days = ["2026-03-01T10:00Z", "2026-03-03T10:00Z", "2026-03-04T09:00Z"];
        assert_eq!(streak(&days, "2026-03-04T12:00[UTC]"), 2);
        assert_eq!(streak(&days, "2026-03-05T12:00[UTC]"), 2);
        assert_eq!(streak(&days, "2026-03-06T00:00[UTC]"), 0);
        assert_eq!(streak(&[], "2026-03-06T00:00[UTC]"), 0);
    }

    #[test]
    fn a_day_is_the_learners_not_utcs() {
        // 23:50 and 00:20 in Kathmandu (UTC+05:45): two days there, one in UTC.
        let night = ["2026-03-03T18:05Z", "2026-03-03T18:35Z"];
        assert_eq!(streak(&night, "2026-03-04T08:00[Asia/Kathmandu]"), 2);
        assert_eq!(streak(&night, "2026-03-03T20:00[UTC]"), 1);
    }

    #[test]
    fn each_day_has_the_time_that_was_spent_on_it() {
        let (_folder, store) = store();
        for (at, seconds) in
            [("2026-03-03T18:05Z", 60), ("2026-03-03T18:35Z", 20), ("2026-03-03T19:00Z", 9)]
        {
            set_clock(at.parse::<Timestamp>().unwrap().as_second());
            let attempt = store.begin("linux-01", "hash", "docker", None).unwrap();
            store.add_active(attempt.id, Duration::from_secs(seconds)).unwrap();
        }
        let days = |now: &str| store.days(&now.parse().unwrap()).unwrap();
        let day = |text: &str, seconds| (text.parse().unwrap(), Duration::from_secs(seconds));
        assert_eq!(
            days("2026-03-09T08:00[Asia/Kathmandu]"),
            [day("2026-03-03", 60), day("2026-03-04", 29)]
        );
        assert_eq!(days("2026-03-09T08:00[UTC]"), [day("2026-03-03", 89)]);
    }

    #[test]
    fn practice_in_the_future_of_a_clock_set_back_is_left_out() {
        assert_eq!(streak(&["2026-03-03T10:00Z"], "2026-03-02T12:00[UTC]"), 0);
    }
}
