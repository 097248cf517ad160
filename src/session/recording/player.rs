//! Plays a recording into an emulator: pure, with a clock that is brought along.
//!
//! Whoever plays calls [`Player::advance`] when [`Player::due`] says so, and at once while it says
//! that there is more; between that it costs nothing. Going back plays again from the start: there is
//! no cheaper way to know a screen, and 16 MB take 0.2 s.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::reader::{Kind, Recording};
use super::timeline::Timeline;
use crate::terminal::{Emulator, View};

/// The speeds that keys go through.
const SPEEDS: [f64; 7] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];

/// The slowest and the fastest there is.
pub const SPEED_RANGE: std::ops::RangeInclusive<f64> = 0.25..=16.0;

/// How much is played before somebody may look or ask for something else: the dearest sequences take
/// 0.4 s for so many bytes at 200x60, text some milliseconds.
const STEP: usize = 64 << 10;

/// What a new size counts as among the bytes of a step: long lines are wrapped anew.
const RESIZE_COST: usize = 4 << 10;

/// The step back to a marker leaves out the one just passed, or nobody would get any further.
const JUST_PASSED: Duration = Duration::from_secs(2);

/// Markers are a help for the eye; nobody finds one among so many.
const MAX_MARKS: usize = 10_000;

/// What is kept of a marker's label, in characters.
const MAX_LABEL: usize = 120;

/// Something that a player can be told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// Stop, or go on; at the end, play again.
    Pause,
    /// Forward, or back, by so many seconds.
    Seek(i32),
    /// To so many thousandths of the whole.
    To(u16),
    /// To a moment, and stop there; nothing where the recording does not say when it was made.
    At(Timestamp),
    /// To the beginning.
    Start,
    /// To the end.
    End,
    /// To the next marker.
    NextMark,
    /// To the marker before.
    PreviousMark,
    /// The next speed up.
    Faster,
    /// The next speed down.
    Slower,
    /// Play pauses, or skip them.
    SkipIdle,
}

/// How to begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// How fast.
    pub speed: f64,
    /// Whether no pause is longer than two seconds.
    pub skip_idle: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { speed: 1.0, skip_idle: false }
    }
}

/// A place in the recording with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When it is played.
    pub at: Duration,
    /// Its name, without control characters; it may be empty.
    pub label: String,
}

/// How far a player is.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// Where it is.
    pub position: Duration,
    /// How long playing takes, without skipped pauses.
    pub length: Duration,
    /// How fast.
    pub speed: f64,
    /// Whether it plays now.
    pub playing: bool,
    /// Whether no pause is longer than two seconds.
    pub skip_idle: bool,
    /// The markers, the earliest first.
    pub marks: Arc<[Mark]>,
}

/// Plays a recording.
pub struct Player {
    recording: Arc<Recording>,
    timeline: Timeline,
    settings: Settings,
    marks: Arc<[Mark]>,
    position: Duration,
    /// While it plays: when the position was last moved.
    moved: Option<Instant>,
    emulator: Emulator,
    /// How many events the emulator has had, and how many bytes of the next.
    fed: usize,
    part: usize,
}

impl Player {
    /// A player that begins to play now.
    pub fn new(recording: Arc<Recording>, settings: Settings, now: Instant) -> Self {
        let speed = settings.speed.clamp(*SPEED_RANGE.start(), *SPEED_RANGE.end());
        let times = recording.events.iter().map(|event| event.at).collect();
        let mut player = Self {
            timeline: Timeline::new(times, settings.skip_idle),
            settings: Settings { speed, ..settings },
            marks: Arc::new([]),
            position: Duration::ZERO,
            moved: Some(now),
            emulator: blank(&recording),
            fed: 0,
            part: 0,
            recording,
        };
        player.place_marks();
        player
    }

    /// How far it is.
    pub fn status(&self) -> Status {
        Status {
            position: self.position,
            length: self.timeline.length(),
            speed: self.settings.speed,
            playing: self.moved.is_some(),
            skip_idle: self.settings.skip_idle,
            marks: self.marks.clone(),
        }
    }

    /// What is to be seen now, in the memory of another view.
    pub fn view_into(&self, view: &mut View) {
        self.emulator.view_into(view);
    }

    /// Moves on to `now` and plays what is due by then, or the next step of it; whether there is
    /// more.
    pub fn advance(&mut self, now: Instant) -> bool {
        self.move_on(now);
        self.emulator.release(now);
        let due = self.timeline.due(self.position);
        if due < self.fed || (due == self.fed && self.part > 0) {
            self.emulator = blank(&self.recording);
            (self.fed, self.part) = (0, 0);
        }
        let mut left = STEP;
        while self.fed < due && left > 0 {
            left = left.saturating_sub(self.feed(left));
        }
        // Questions that were answered, titles and bells are those of another time.
        self.emulator.take_replies();
        self.emulator.take_events();
        self.fed < due
    }

    /// Plays the next event, or `most` bytes of it; how much work that was.
    fn feed(&mut self, most: usize) -> usize {
        let Some(event) = self.recording.events.get(self.fed) else { return 1 };
        let (done, work) = match &event.kind {
            Kind::Output(range) => {
                let text = self.recording.text(range).as_bytes();
                let rest = &text[self.part.min(text.len())..];
                let piece = &rest[..rest.len().min(most)];
                self.emulator.advance(piece);
                self.part += piece.len();
                (piece.len() == rest.len(), piece.len() + 1)
            }
            Kind::Resize(size) => {
                self.emulator.resize(*size);
                (true, RESIZE_COST)
            }
            Kind::Marker(_) => (true, 1),
        };
        if done {
            self.fed += 1;
            self.part = 0;
        }
        work
    }

    /// When there is the next thing to do; `None` while it stands.
    pub fn due(&self) -> Option<Instant> {
        let playing = self.moved.and_then(|moved| {
            // The next event, or the next second that the clock shows.
            let second = Duration::from_secs(self.position.as_secs() + 1);
            let event = self.timeline.at(self.timeline.due(self.position));
            let next = event.unwrap_or_default().min(second);
            let wait = next.saturating_sub(self.position).div_f64(self.settings.speed);
            // Rather a moment late than one too early, which would have to be waited for again.
            moved.checked_add(wait + Duration::from_nanos(1))
        });
        [playing, self.emulator.held_until()].into_iter().flatten().min()
    }

    /// Does what it is told. What there is to see then comes with [`Self::advance`].
    pub fn control(&mut self, control: Control, now: Instant) {
        self.move_on(now);
        let length = self.timeline.length();
        match control {
            Control::Pause if self.moved.is_some() => self.moved = None,
            Control::Pause => {
                if self.position >= length {
                    self.position = Duration::ZERO;
                }
                self.moved = Some(now);
            }
            Control::Seek(seconds) => {
                let by = Duration::from_secs(seconds.unsigned_abs().into());
                let forward = self.position.saturating_add(by).min(length);
                let back = self.position.saturating_sub(by);
                self.position = if seconds < 0 { back } else { forward };
            }
            Control::To(part) => self.position = length.mul_f64(f64::from(part.min(1000)) / 1000.0),
            Control::At(moment) => {
                if let Some(started) = self.recording.header.started {
                    let recorded = moment.duration_since(started).try_into().unwrap_or_default();
                    self.position = self.timeline.played_at(recorded).min(length);
                    self.moved = None;
                }
            }
            Control::Start => self.position = Duration::ZERO,
            Control::End => self.position = length,
            Control::NextMark => {
                let next = self.marks.iter().find(|mark| mark.at > self.position);
                self.position = next.map_or(length, |mark| mark.at);
            }
            Control::PreviousMark => {
                let before = self.position.saturating_sub(JUST_PASSED);
                let previous = self.marks.iter().rfind(|mark| mark.at < before);
                self.position = previous.map_or(Duration::ZERO, |mark| mark.at);
            }
            Control::Faster => {
                let faster = SPEEDS.into_iter().find(|speed| *speed > self.settings.speed);
                self.settings.speed = faster.unwrap_or(self.settings.speed);
            }
            Control::Slower => {
                let slower = SPEEDS.into_iter().rfind(|speed| *speed < self.settings.speed);
                self.settings.speed = slower.unwrap_or(self.settings.speed);
            }
            Control::SkipIdle => self.skip_idle(!self.settings.skip_idle),
        }
    }

    fn move_on(&mut self, now: Instant) {
        let Some(moved) = self.moved else { return };
        let length = self.timeline.length();
        let by = now.saturating_duration_since(moved).mul_f64(self.settings.speed);
        self.position = self.position.saturating_add(by).min(length);
        // At the end it stands.
        self.moved = (self.position < length).then_some(now);
    }

    fn skip_idle(&mut self, skip_idle: bool) {
        self.settings.skip_idle = skip_idle;
        let recorded = self.timeline.recorded_at(self.position);
        let timeline = std::mem::replace(&mut self.timeline, Timeline::new(vec![], false));
        self.timeline = timeline.skipping_idle(skip_idle);
        self.position = self.timeline.played_at(recorded);
        self.place_marks();
    }

    fn place_marks(&mut self) {
        let marks = self.recording.events.iter().filter_map(|event| match &event.kind {
            Kind::Marker(label) => {
                let label = self.recording.text(label).chars().filter(|c| !c.is_control());
                let label = label.take(MAX_LABEL).collect();
                Some(Mark { at: self.timeline.played_at(event.at), label })
            }
            Kind::Output(_) | Kind::Resize(_) => None,
        });
        self.marks = marks.take(MAX_MARKS).collect();
    }
}

/// The screen before anything was played. There is no way to scroll back: the bar goes back instead.
fn blank(recording: &Recording) -> Emulator {
    Emulator::new(recording.header.size, 0)
}

#[cfg(test)]
mod tests;
