//! How much of what a shell shows is recorded: all that a person can follow.
//!
//! What comes faster is left out, and pictures of the screen take its place: seldom while it lasts,
//! and one when it is over, from which on everything is recorded again. So a program that prints
//! without end uses up no recording.

use std::time::{Duration, Instant};

/// What is recorded at whatever speed it comes: a log or a manual of 3000 lines.
const BURST: f64 = (256 << 10) as f64;

/// Bytes a second that are always recorded: sixteen full screens of 80x24, more than anybody reads.
const RATE: f64 = (32 << 10) as f64;

/// How often it is looked whether a flood is over.
const LOOK: Duration = Duration::from_millis(250);

/// A flood is over when output comes at half the [`RATE`] or less: when so much has been earned
/// between two looks.
const ENOUGH: f64 = RATE / 8.0;

/// The least time between two pictures. One may be several hundred KB.
const PAUSE: Duration = Duration::from_secs(1);

/// While a flood lasts there is twice as much time before each further picture, up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Debug)]
pub(super) struct Flood {
    /// How much may be recorded now.
    allowance: f64,
    earned: Instant,
    /// When the last picture was taken.
    picture: Option<Instant>,
    left_out: Option<LeftOut>,
}

/// Something is being left out.
#[derive(Debug)]
struct LeftOut {
    /// Whether anything came after the last picture.
    more: bool,
    /// When to look whether it is over.
    look: Instant,
    /// When to take a picture though it is not.
    picture: Instant,
    /// How long after the one before that is.
    pause: Duration,
}

impl Flood {
    pub(super) fn new(now: Instant) -> Self {
        Self { allowance: BURST, earned: now, picture: None, left_out: None }
    }

    /// So many bytes were shown: whether they are recorded.
    pub(super) fn admit(&mut self, bytes: usize, now: Instant) -> bool {
        self.earn(now);
        let cost = bytes as f64;
        if self.left_out.is_none() && cost <= self.allowance {
            self.allowance -= cost;
            return true;
        }
        self.allowance = (self.allowance - cost).max(0.0);
        let left_out = self.left_out.get_or_insert(LeftOut {
            more: true,
            look: now + LOOK,
            picture: now + PAUSE,
            pause: PAUSE,
        });
        left_out.more = true;
        false
    }

    /// Whether to take a picture of the screen now. `between` is whether output has stopped between
    /// two sequences: only from there can it be recorded again.
    pub(super) fn wants_picture(&mut self, between: bool, now: Instant) -> bool {
        self.earn(now);
        let Some(left_out) = self.left_out.as_mut().filter(|it| it.look <= now) else {
            return false;
        };
        left_out.look = now + LOOK;
        let early = self.picture.is_some_and(|before| now < before + PAUSE);
        let over = between && !early && self.allowance >= ENOUGH;
        let wanted = left_out.more && (over || left_out.picture <= now);
        if wanted {
            left_out.more = false;
            left_out.pause = (left_out.pause * 2).min(LONGEST_PAUSE);
            left_out.picture = now + left_out.pause;
            self.picture = Some(now);
        }
        if over {
            self.left_out = None;
        }
        wanted
    }

    /// Whether something was left out that no picture shows.
    pub(super) fn lacks(&self) -> bool {
        self.left_out.as_ref().is_some_and(|left_out| left_out.more)
    }

    /// When [`Self::wants_picture`] is to be asked, even if nothing more is shown.
    pub(super) fn due(&self, between: bool) -> Option<Instant> {
        let left_out = self.left_out.as_ref().filter(|left_out| left_out.more || between);
        left_out.map(|left_out| left_out.look)
    }

    fn earn(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.earned).as_secs_f64();
        self.allowance = (self.allowance + time * RATE).min(BURST);
        self.earned = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Feeds so many bytes a millisecond for a while, looking as a recorder does: the bytes that were
    /// admitted, and when pictures were taken.
    fn feed(flood: &mut Flood, bytes: usize, start: Instant, time: u32) -> (usize, Vec<u128>) {
        let (mut admitted, mut pictures) = (0, Vec::new());
        for ms in 0..time {
            let now = start + MS * ms;
            if bytes > 0 && flood.admit(bytes, now) {
                admitted += bytes;
            }
            if flood.due(true).is_some_and(|due| due <= now) && flood.wants_picture(true, now) {
                pictures.push((now - start).as_millis());
            }
        }
        (admitted, pictures)
    }

    #[test]
    fn what_a_person_can_follow_is_admitted() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        assert_eq!(feed(&mut flood, 30, start, 60_000), (30 * 60_000, vec![]));
        assert!(flood.admit(200 << 10, start + 60_000 * MS), "a page of it at once");
    }

    #[test]
    fn of_a_flood_there_are_its_beginning_and_pictures_and_then_all_again() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        let (admitted, pictures) = feed(&mut flood, 10_000, start, 20_000);
        assert!(((BURST - 2e4) as usize..BURST as usize + 20_000).contains(&admitted));
        assert_eq!(pictures.len(), 4, "{pictures:?}");
        let end = start + 20_000 * MS;
        assert!(flood.lacks());
        let (_, last) = feed(&mut flood, 0, end, 1_000);
        assert!(matches!(last[..], [at] if at < 500), "{last:?}");
        assert!(!flood.lacks() && flood.due(true).is_none());
        assert_eq!(feed(&mut flood, 10, end + 1_000 * MS, 1_000), (10_000, vec![]));
    }

    #[test]
    fn floods_one_after_the_other_are_not_each_admitted_anew() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        let (mut admitted, mut pictures) = (0, 0);
        for second in 0..60 {
            let now = start + Duration::from_secs(second);
            for (bytes, from, time) in [(10_000, 0, 500), (0, 500, 500)] {
                let (some, taken) = feed(&mut flood, bytes, now + from * MS, time);
                admitted += some;
                pictures += taken.len();
            }
        }
        assert!(admitted as f64 <= BURST + 60.0 * RATE, "{admitted}");
        assert!((50..=61).contains(&pictures), "{pictures}");
    }

    #[test]
    fn within_a_sequence_nothing_is_admitted_and_nothing_looked_for() {
        let start = Instant::now();
        let mut flood = Flood::new(start);
        feed(&mut flood, 10_000, start, 100);
        let mut now = start + 100 * MS;
        while let Some(due) = flood.due(false) {
            assert!(due <= now + LOOK);
            now = due;
            flood.wants_picture(false, now);
        }
        assert!(!flood.lacks() && now < start + 2 * PAUSE, "one picture, and then quiet");
        assert!(!flood.admit(1, now));
        assert!(flood.wants_picture(true, now + PAUSE), "when the sequence has come to its end");
        assert!(flood.admit(1, now + PAUSE));
    }
}
