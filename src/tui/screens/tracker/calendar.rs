//! The days with practice as a calendar: a column for each week, a row for each day of it.

use std::time::Duration;

use jiff::civil::Date;

use crate::tracker::calendar;
use crate::tui::theme::Signs;

/// How much was practised on a day, in five steps. The signs tell them apart, colours only help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// 0, nothing, to 4, an hour and more.
    pub level: usize,
}

/// From how many minutes on a day is of a level.
const LEVELS: [u64; 4] = [0, 10, 30, 60];

/// The sign of a level.
pub fn sign(level: usize, signs: Signs) -> &'static str {
    let all =
        if signs.ascii { [".", "-", "+", "*", "#"] } else { ["·", "░", "▒", "▓", "█"] };
    all[level.min(all.len() - 1)]
}

/// The weeks up to today's, from Monday on, the earliest first; days to come are left out.
pub fn weeks(days: &[(Date, Duration)], today: Date, count: usize) -> Vec<Vec<Day>> {
    let week = |week: [(Date, Option<Duration>); 7]| {
        let come = week.into_iter().take_while(|(date, _)| *date <= today);
        come.map(|(date, spent)| Day { date, level: spent.map_or(0, level) }).collect()
    };
    calendar::weeks(days, today, count).map(week).collect()
}

fn level(spent: Duration) -> usize {
    let minutes = spent.as_secs() / 60;
    LEVELS.iter().rposition(|from| minutes >= *from).unwrap_or_default() + 1
}

/// The line of months above weeks of two cells each: a month's name over its first whole week, where
/// there is room for it.
pub fn months(weeks: &[Vec<Day>]) -> String {
    let mut line = String::new();
    let mut last = None;
    for (index, week) in weeks.iter().enumerate() {
        let Some(day) = week.first() else { continue };
        let month = day.date.month();
        let begins = last.is_some_and(|last| last != month) || (index == 0 && day.date.day() <= 14);
        if begins && line.len() <= index * 2 {
            line.push_str(&" ".repeat(index * 2 - line.len()));
            line.push_str(&day.date.strftime("%b ").to_string());
        }
        last = Some(month);
    }
    line.truncate(weeks.len() * 2);
    line
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weeks_begin_on_mondays_and_end_today() {
        let day = |day, minutes| (date(2026, 3, day), Duration::from_mins(minutes));
        let days = [day(2, 1), day(4, 10), day(5, 59), day(10, 60), day(11, 0)];
        let weeks = weeks(&days, date(2026, 3, 11), 2);
        let levels: Vec<Vec<_>> =
            weeks.iter().map(|week| week.iter().map(|day| day.level).collect()).collect();
        assert_eq!(levels, [vec![1, 0, 2, 3, 0, 0, 0], vec![0, 4, 1]]);
        assert_eq!(weeks[0][0].date, date(2026, 3, 2));
        assert_eq!(weeks[1].last().unwrap().date, date(2026, 3, 11));
    }

    #[test]
    fn months_stand_over_their_first_week() {
        let line = months(&weeks(&[], date(2026, 3, 11), 12));
        assert_eq!(line, "    Jan     Feb     Mar ");
        assert_eq!(months(&weeks(&[], date(2026, 3, 11), 1)), "Ma");
    }

    #[test]
    fn every_level_has_its_own_sign() {
        for ascii in [false, true] {
            let mut all: Vec<_> = (0..5).map(|level| sign(level, Signs { ascii })).collect();
            all.dedup();
            assert_eq!(all.len(), 5);
        }
    }
}
