//! What shells showed, kept to be played again.
//!
//! A recording is an asciicast v2 file of an attempt: `ATTEMPT.cast` while a shell is recorded,
//! `ATTEMPT.cast.gz` once it is closed. Later shells of the attempt go on in the same recording.
//! [`Recorder`] writes it, [`Recording`] reads it, [`Player`] plays it into an emulator, and
//! [`folder`] keeps order among them.
//!
//! Invariants:
//!
//! - Only what the shell shows is recorded, never what is typed: a password that is not shown is in
//!   no recording.
//! - Whatever goes wrong with a recording, the shell goes on: it is logged, once, and recording ends.
//! - What was handed to a [`Recorder`] is in the file when the call returns: `kill -9` loses none of
//!   it. A power cut may lose the last seconds, and what is before them can be played.
//! - What comes faster than a person can follow is left out, and the screen recorded instead. What
//!   comes after that is shown as it was.
//! - A recording is there under one name or the other at every moment; if under both, the plain one
//!   counts.
//! - Nothing in a file is trusted: all that is read is read with limits.

mod cast;
mod error;
mod flood;
pub mod folder;
mod pack;
mod player;
mod reader;
mod recorder;
mod rest;
mod timeline;
mod utf8;

use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use cast::Header;
pub use error::{Fault, RecordingError};
pub use player::{Control, Mark, Player, SPEED_RANGE, Settings, Status};
pub use reader::{Recording, asciicast};
pub use recorder::Recorder;

/// A recording ends with so many bytes, or a line more: days of work at a prompt. So many are still unpacked, and played from the start when somebody steps back, in 0.2 s.
pub const MAX_BYTES: u64 = 16 << 20;

/// A moment, on both clocks: one that is never set, and one that goes on while the machine sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// On the clock that is never set.
    pub instant: Instant,
    /// On the wall.
    pub wall: Timestamp,
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        Self { instant: Instant::now(), wall: Timestamp::now() }
    }

    /// The time since an earlier moment. A sleep counts; a wall clock that was set back does not.
    fn since(self, earlier: Self) -> Duration {
        let steady = self.instant.saturating_duration_since(earlier.instant);
        let wall = Duration::try_from(self.wall.duration_since(earlier.wall));
        steady.max(wall.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_in_a_sleep_and_not_back_when_the_clock_is_set() {
        let second = Duration::from_secs(1);
        let begin = Moment::now();
        let later = |steady: u32, wall: i64| Moment {
            instant: begin.instant + second * steady,
            wall: begin.wall + jiff::SignedDuration::from_secs(wall),
        };
        assert_eq!(later(5, 5).since(begin), second * 5);
        assert_eq!(later(5, 3600).since(begin), second * 3600, "slept");
        assert_eq!(later(5, -3600).since(begin), second * 5, "set back");
        assert_eq!(begin.since(later(5, 5)), Duration::ZERO);
    }
}
