//! Weeks of days with practice, as a calendar has them.

use std::time::Duration;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// So many weeks up to that of `today`, the earliest first, each from Monday to Sunday: the days with the
/// time that was spent on them, if any. `days` are sorted.
pub fn weeks(
    days: &[(Date, Duration)],
    today: Date,
    count: usize,
) -> impl Iterator<Item = [(Date, Option<Duration>); 7]> {
    let since_monday = i64::from(today.weekday().since(Weekday::Monday));
    let monday = today.saturating_sub(since_monday.days());
    let count = i64::try_from(count).unwrap_or_default();
    let spent = |day: Date| {
        let at = days.binary_search_by_key(&day, |(day, _)| *day).ok()?;
        days.get(at).map(|(_, spent)| *spent)
    };
    (0..count).map(move |week| {
        let first = monday.saturating_sub((count - 1 - week).weeks());
        [0, 1, 2, 3, 4, 5, 6].map(|day: i64| {
            let day = first.saturating_add(day.days());
            (day, spent(day))
        })
    })
}
