//! When each event of a recording is played: as it was recorded, or without the pauses.

use std::time::Duration;

/// The longest pause that is played when idle time is skipped: enough to see that there was one.
pub(super) const IDLE: Duration = Duration::from_secs(2);

/// The times at which events are played.
#[derive(Debug)]
pub(super) struct Timeline {
    recorded: Vec<Duration>,
    played: Vec<Duration>,
}

impl Timeline {
    /// Of events recorded at these times, which never go back.
    pub(super) fn new(recorded: Vec<Duration>, skip_idle: bool) -> Self {
        let longest = if skip_idle { IDLE } else { Duration::MAX };
        let (mut before, mut at) = (Duration::ZERO, Duration::ZERO);
        let played = recorded.iter().map(|now| {
            at += now.saturating_sub(before).min(longest);
            before = *now;
            at
        });
        Self { played: played.collect(), recorded }
    }

    /// The same events with or without the pauses.
    pub(super) fn skipping_idle(self, skip_idle: bool) -> Self {
        Self::new(self.recorded, skip_idle)
    }

    /// How long playing takes.
    pub(super) fn length(&self) -> Duration {
        self.played.last().copied().unwrap_or_default()
    }

    /// When the event with this number is played.
    pub(super) fn at(&self, event: usize) -> Option<Duration> {
        self.played.get(event).copied()
    }

    /// How many events have been played at this time.
    pub(super) fn due(&self, played: Duration) -> usize {
        self.played.partition_point(|at| *at <= played)
    }

    /// The time in the recording that is played at this time.
    pub(super) fn recorded_at(&self, played: Duration) -> Duration {
        translate(&self.played, &self.recorded, played)
    }

    /// When this time in the recording is played.
    pub(super) fn played_at(&self, recorded: Duration) -> Duration {
        translate(&self.recorded, &self.played, recorded)
    }
}

/// The time among `to` that stands where `time` does among `from`: as long after the event before,
/// but not after the next.
fn translate(from: &[Duration], to: &[Duration], time: Duration) -> Duration {
    let next = from.partition_point(|at| *at <= time);
    let before = |times: &[Duration]| match next {
        0 => Duration::ZERO,
        _ => times.get(next - 1).copied().unwrap_or_default(),
    };
    let there = before(to) + time.saturating_sub(before(from));
    there.min(to.get(next).or(to.last()).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(all: &[u64]) -> Vec<Duration> {
        all.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn pauses_are_as_long_as_they_were_or_two_seconds() {
        let all = Timeline::new(seconds(&[1, 2, 12, 12, 14]), false);
        assert_eq!(
            (all.played.clone(), all.length()),
            (seconds(&[1, 2, 12, 12, 14]), all.played[4])
        );
        let short = all.skipping_idle(true);
        assert_eq!(short.played, seconds(&[1, 2, 4, 4, 6]));
        assert_eq!([0, 1, 4, 9].map(|at| short.due(Duration::from_secs(at))), [0, 1, 4, 5]);
    }

    #[test]
    fn a_time_on_one_is_a_time_on_the_other() {
        let short = Timeline::new(seconds(&[1, 11, 12]), true);
        let second = Duration::from_secs;
        for (recorded, played) in [(0, 0), (1, 1), (2, 2), (8, 3), (11, 3), (12, 4), (99, 4)] {
            assert_eq!(short.played_at(second(recorded)), second(played), "{recorded}");
        }
        for (played, recorded) in [(0, 0), (1, 1), (2, 2), (3, 11), (4, 12), (99, 12)] {
            assert_eq!(short.recorded_at(second(played)), second(recorded), "{played}");
        }
        let none = Timeline::new(vec![], true);
        assert_eq!((none.length(), none.played_at(second(9))), (Duration::ZERO, Duration::ZERO));
    }
}
