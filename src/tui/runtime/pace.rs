//! When the next frame may be drawn.
//!
//! Here, a frame may follow another after [`FRAME`]; when they have followed each other like that for
//! a while, nobody can read what goes by, and every other one is left out. Over SSH frames are rarer,
//! and after a large one there is a pause, so that no more than [`SSH_BYTES`] a second are sent: what
//! was queued on the way would keep the answer to a key waiting.

use std::time::{Duration, Instant};

/// The least time between two frames: 60 a second.
const FRAME: Duration = Duration::from_millis(16);

/// How many frames may follow each other so quickly.
const BURST: u32 = 16;

/// The least time between two frames after that, and over SSH: 30 a second.
const SLOW: Duration = Duration::from_nanos(33_333_334);

/// Bytes a second over SSH: less than a slow uplink carries.
const SSH_BYTES: f64 = 200_000.0;

/// See the module.
#[derive(Debug)]
pub(super) struct Pace {
    ssh: bool,
    drawn: Instant,
    /// Frames drawn as soon as they might be.
    row: u32,
    pause: Duration,
}

impl Pace {
    /// Before the first frame after `drawn`.
    pub(super) fn new(ssh: bool, drawn: Instant) -> Self {
        Self { ssh, drawn, row: 0, pause: if ssh { SLOW } else { FRAME } }
    }

    /// When the next frame may be drawn. One that answers a key (`urgent`) may at once, but not over
    /// SSH, where frames are counted.
    pub(super) fn next(&self, urgent: bool) -> Instant {
        if urgent && !self.ssh { self.drawn } else { self.drawn + self.pause }
    }

    /// A frame of so many bytes was drawn.
    pub(super) fn drew(&mut self, now: Instant, bytes: u64) {
        let soon = now.saturating_duration_since(self.drawn) < 2 * self.pause;
        self.row = if soon { self.row.saturating_add(1) } else { 0 };
        self.drawn = now;
        self.pause = if self.ssh {
            SLOW.max(Duration::from_secs_f64(bytes as f64 / SSH_BYTES))
        } else if self.row > BURST {
            SLOW
        } else {
            FRAME
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many frames of `bytes` are drawn in a second, as soon as each may be.
    fn frames(ssh: bool, bytes: u64) -> u32 {
        let start = Instant::now();
        let (mut pace, mut count) = (Pace::new(ssh, start), 0);
        loop {
            let next = pace.next(false);
            if next >= start + Duration::from_secs(1) {
                return count;
            }
            pace.drew(next, bytes);
            count += 1;
        }
    }

    #[test]
    fn over_ssh_frames_and_bytes_are_bounded() {
        assert_eq!(frames(true, 100), 29);
        let large = frames(true, 50_000);
        assert!(large * 50_000 <= 200_000, "{large}");
    }

    #[test]
    fn a_flood_is_drawn_more_slowly_than_what_can_be_read() {
        assert!((35..=45).contains(&frames(false, 100)), "{}", frames(false, 100));
    }

    #[test]
    fn the_answer_to_a_key_is_drawn_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(false, start);
        pace.drew(start, 10);
        assert_eq!(pace.next(true), start);
        assert_eq!(pace.next(false), start + FRAME);
        let mut far = Pace::new(true, start);
        far.drew(start, 10);
        assert_eq!(far.next(true), start + SLOW);
    }

    #[test]
    fn a_pause_ends_a_flood() {
        let start = Instant::now();
        let mut pace = Pace::new(false, start);
        let mut now = start;
        for _ in 0..100 {
            now = pace.next(false);
            pace.drew(now, 10);
        }
        assert_eq!(pace.next(false), now + SLOW);
        now += Duration::from_secs(1);
        pace.drew(now, 10);
        assert_eq!(pace.next(false), now + FRAME);
    }
}
