//! When a completed item is due to be practised again.
//!
//! The rule: an item comes due 1, 3, 7 and 21 days after it went well, one step further each time it
//! went well again, and after the last step it is learned. Done before it is due it keeps its step.
//! Hard going (the solution was shown, two hints or more, three failed verifications or more) goes
//! a step back; one that was given up after a failed verification begins at the first step. Days are
//! the learner's: what was done late in the evening is due from the next midnight on.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::store::Review;

/// Days from one practice to the next, by step.
pub const STEPS: [i64; 4] = [1, 3, 7, 21];

/// From how many hints on it was hard going.
const HINT_HEAVY: u32 = 2;

/// From how many failed verifications on it was hard going.
const FAILURE_HEAVY: u32 = 3;

/// How an item stands with its repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// It is due from this day on.
    Due(Date),
    /// It went well at every step.
    Learned,
}

impl Repetition {
    /// Whether it is due on a day.
    pub fn is_due(self, today: Date) -> bool {
        matches!(self, Self::Due(day) if day <= today)
    }
}

/// When an item is due, from how it went so far, the earliest first. `None` before it was completed.
pub fn repetition(reviews: &[Review], zone: &TimeZone) -> Option<Repetition> {
    let mut stands: Option<(usize, Date)> = None; // the step, and the day it was last practised
    for review in reviews {
        let day = zone.to_datetime(review.at).date();
        stands = match (stands, review.completed) {
            (None, false) => None,
            (None, true) | (Some(_), false) => Some((0, day)),
            (Some((step, last)), true) if is_hard(review) => {
                Some((step.saturating_sub(1), day.max(last)))
            }
            (Some((step, last)), true) => {
                let was_due = after(last, step).is_none_or(|due| due <= day);
                Some((if was_due { step + 1 } else { step }, day.max(last)))
            }
        };
    }
    let (step, last) = stands?;
    Some(after(last, step).map_or(Repetition::Learned, Repetition::Due))
}

fn is_hard(review: &Review) -> bool {
    review.solution_seen || review.hints >= HINT_HEAVY || review.failures >= FAILURE_HEAVY
}

/// The day a step ends, if there is such a step.
fn after(day: Date, step: usize) -> Option<Date> {
    Some(day.saturating_add(STEPS.get(step)?.days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `12 ok`, `13 hints`, `14 gave up`: the day in March, and how it went.
    fn after_these(reviews: &[(i8, &str)]) -> Option<Repetition> {
        let reviews: Vec<_> = reviews
            .iter()
            .map(|(day, how)| Review {
                at: format!("2026-03-{day:02}T20:00Z").parse().unwrap(),
                completed: *how != "gave up",
                hints: if *how == "hints" { 2 } else { 1 },
                failures: if *how == "failures" { 3 } else { 2 },
                solution_seen: *how == "solution",
            })
            .collect();
        repetition(&reviews, &TimeZone::UTC)
    }

    fn in_march(day: i8) -> Repetition {
        Repetition::Due(jiff::civil::date(2026, 3, day))
    }

    #[test]
    fn what_goes_well_comes_after_1_3_7_and_21_days_and_is_learned() {
        assert_eq!(after_these(&[]), None);
        assert_eq!(after_these(&[(1, "ok")]), Some(in_march(2)));
        assert_eq!(after_these(&[(1, "ok"), (2, "ok")]), Some(in_march(5)));
        assert_eq!(after_these(&[(1, "ok"), (2, "ok"), (6, "ok")]), Some(in_march(13)));
        let three = [(1, "ok"), (2, "ok"), (5, "ok"), (12, "ok")];
        assert_eq!(after_these(&three), Some(Repetition::Due(jiff::civil::date(2026, 4, 2))));
        let reviews = [1, 2, 5, 12].map(|day| (3, day)).into_iter().chain([(4, 2)]);
        let reviews: Vec<_> = reviews
            .map(|(month, day)| Review {
                at: format!("2026-{month:02}-{day:02}T20:00Z").parse().unwrap(),
                completed: true,
                hints: 0,
                failures: 0,
                solution_seen: false,
            })
            .collect();
        assert_eq!(repetition(&reviews, &TimeZone::UTC), Some(Repetition::Learned));
    }

    #[test]
    fn hard_going_comes_sooner_and_giving_up_begins_again() {
        for hard in ["hints", "failures", "solution"] {
            assert_eq!(
                after_these(&[(1, "ok"), (2, "ok"), (5, hard)]),
                Some(in_march(6)),
                "{hard}"
            );
            assert_eq!(after_these(&[(1, hard)]), Some(in_march(2)), "{hard}");
        }
        assert_eq!(
            after_these(&[(1, "ok"), (2, "ok"), (5, "ok"), (9, "gave up")]),
            Some(in_march(10))
        );
        assert_eq!(after_these(&[(1, "gave up")]), None);
    }

    #[test]
    fn before_it_is_due_practice_keeps_the_step() {
        assert_eq!(after_these(&[(1, "ok"), (1, "ok"), (1, "ok")]), Some(in_march(2)));
        assert_eq!(after_these(&[(1, "ok"), (2, "ok"), (3, "ok")]), Some(in_march(6)));
    }

    #[test]
    fn days_are_the_learners() {
        let zone = TimeZone::get("Asia/Kathmandu").unwrap();
        let review = Review {
            at: "2026-03-03T18:35Z".parse().unwrap(),
            completed: true,
            hints: 0,
            failures: 0,
            solution_seen: false,
        };
        assert_eq!(repetition(&[review], &zone), Some(in_march(5)));
        assert!(in_march(5).is_due(jiff::civil::date(2026, 3, 5)));
        assert!(!in_march(5).is_due(jiff::civil::date(2026, 3, 4)));
        assert!(!Repetition::Learned.is_due(jiff::civil::date(2026, 3, 5)));
    }
}
