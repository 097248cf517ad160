//! What comes too fast is left out, and whoever plays the recording sees no difference afterwards.

use std::sync::Arc;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::session::recording::{Control, Player, Recording, Settings};
use crate::terminal::{Cursor, Emulator, View};

const ATTEMPT: &str = "018f0000-0000-7000-8000-000000000000";
const SIZE: Size = Size { columns: 40, rows: 8 };
const MS: Duration = Duration::from_millis(1);

/// A shell that is recorded, and a clock that stands until it is moved.
struct Shell {
    folder: TempDir,
    recorder: Recorder,
    emulator: Emulator,
    now: Moment,
}

impl Shell {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wall = Timestamp::from_second(1_760_000_000).unwrap();
        let now = Moment { instant: Instant::now(), wall };
        let recorder = Recorder::open(folder.path(), ATTEMPT, SIZE, "", now).unwrap();
        Self { folder, recorder, emulator: Emulator::new(SIZE, 100), now }
    }

    fn print(&mut self, bytes: &[u8]) {
        self.emulator.advance(bytes);
        self.recorder.output(bytes, self.now, || self.emulator.to_ansi());
    }

    /// Time goes by, and what is due meanwhile is done.
    fn wait(&mut self, time: Duration) {
        let end = self.now.instant + time;
        while let Some(due) = self.recorder.due().filter(|due| *due <= end) {
            self.forward(due);
            self.recorder.catch_up(self.now, || self.emulator.to_ansi());
        }
        self.forward(end);
        self.emulator.release(self.now.instant);
    }

    fn forward(&mut self, to: Instant) {
        let time = to.saturating_duration_since(self.now.instant);
        self.now.wall += SignedDuration::try_from(time).unwrap();
        self.now.instant += time;
    }

    fn recording(&self) -> Recording {
        Recording::read(&self.recorder.path).unwrap()
    }

    fn bytes(&self) -> u64 {
        self.recorder.length
    }

    /// What is to be seen at the end of the recording.
    fn replayed(&self) -> View {
        let now = Instant::now();
        let mut player = Player::new(Arc::new(self.recording()), Settings::default(), now);
        player.control(Control::End, now);
        while player.advance(now) {}
        // An unfinished update is shown in the end.
        player.advance(now + Duration::from_hours(1));
        let mut view = View::blank(SIZE);
        player.view_into(&mut view);
        view
    }
}

/// What is to be seen of a view.
fn seen(view: &View) -> (String, String, Option<Cursor>, bool) {
    (view.text(), view.to_ansi(), view.state.cursor, view.state.modes.alternate_screen)
}

#[test]
fn what_a_person_can_follow_is_recorded_byte_for_byte() {
    let mut shell = Shell::new();
    let mut printed = String::new();
    for n in 0..2_000 {
        let line = format!("\x1b[3{}m{n} of 2000: ✓ done\x1b[m\r\n", n % 8);
        shell.print(line.as_bytes());
        shell.wait(MS * 5);
        printed.push_str(&line);
    }
    let page = "a page that comes at once\r\n".repeat(7_000);
    shell.print(page.as_bytes());
    shell.wait(Duration::from_secs(9));
    assert_eq!(shell.recording().output(), printed + &page);
}

#[test]
fn bursts_of_200_mb_take_less_than_2() {
    let mut shell = Shell::new();
    let (mut printed, mut screens) = (0, 0);
    while printed < 200 << 20 {
        // 30 MB a second, with pauses. Each piece draws the screen anew, so that the emulator
        // needs only its two ends.
        screens += 1;
        let piece = format!("\x1b[H\x1b[2J\x1b[4{}mscreen {screens}\x1b[m\r\n", screens % 8);
        let piece = piece + &"0123456789abcdef\r\n".repeat(3_600);
        printed += piece.len();
        shell.wait(MS * 2);
        shell.emulator.advance(&piece.as_bytes()[..64]);
        shell.emulator.advance(&piece.as_bytes()[piece.len() - 900..]);
        shell.recorder.output(piece.as_bytes(), shell.now, || shell.emulator.to_ansi());
        if screens % 150 == 0 {
            shell.wait(MS * 1_500);
            assert_eq!(seen(&shell.replayed()), seen(&shell.emulator.view()));
        }
    }
    shell.wait(MS * 2_000);
    assert!((200 << 10..2 << 20).contains(&shell.bytes()), "{}", shell.bytes());
    assert_eq!(seen(&shell.replayed()), seen(&shell.emulator.view()));
    shell.print(b"$ ls\r\n");
    assert!(shell.recording().output().ends_with("$ ls\r\n"), "from then on all");
}

#[test]
fn a_flood_that_the_shell_ends_in_is_shown_to_its_end() {
    let mut shell = Shell::new();
    shell.print("y\r\n".repeat(200_000).as_bytes());
    shell.print(b"the end");
    let Shell { folder, recorder, emulator, now } = shell;
    recorder.close(now, || emulator.to_ansi());
    let packed = folder.path().join(format!("{ATTEMPT}.cast.gz"));
    assert!(Recording::read(&packed).unwrap().output().contains("the end"));
}

/// What a program may print, but for leaving the alternate screen: what the other shows is in no
/// picture.
const PARTS: &str = "y\r\n|日本語 e\u{301}|\x1b[31mred\x1b[m\r\n|\x1b[1;7mon |\x1b[2;5r|\x1b[r|\x1b[?1049h|\
    \x1b[H\x1b[J|\x1b[?25l|\x1b[?25h|\x1b[3;7Hthere|\x1b[?2026h|\x1b[?2026l|\x1b]2;title\x07|\
    \x1bPq#0;2;0;0;0~~@@vv@@~~-|\x1b\\|a line that is longer than the screen is wide |\x1b[?7l|\
    \x1b[?7h|\x1b[4h|\x1b[4l|\x1b[L\x1b[2M|\t\x08\x08x";

/// Some of it, and how often.
fn output() -> impl Strategy<Value = (Vec<u8>, usize)> {
    let part = prop::sample::select(PARTS.split('|').collect::<Vec<_>>());
    let times = prop::sample::select(vec![1, 3, 40_000]);
    (prop::collection::vec(part, 1..6), times).prop_map(|(parts, times)| {
        let parts = parts.concat().into_bytes();
        let times = times.min(400_000 / parts.len());
        (parts, times)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 48,
        ..ProptestConfig::default()
    })]
    /// Whatever is printed, however it is cut and whenever it comes: once it has been quiet for a
    /// moment, the recording shows the same as the shell.
    #[test]
    fn after_a_flood_all_is_as_if_it_had_been_recorded(
        parts in prop::collection::vec((output(), 1usize..70_000, 0u64..1_500), 1..6),
    ) {
        let mut shell = Shell::new();
        for ((part, times), piece, pause) in parts {
            for piece in part.repeat(times).chunks(piece) {
                shell.print(piece);
                shell.wait(MS);
            }
            shell.wait(Duration::from_millis(pause));
        }
        // Whatever was begun is ended, which is as far as a recording can be compared.
        shell.print(b"\x1b\\\x18");
        shell.wait(Duration::from_secs(3));
        // The emulator looks at a clock of its own, which may be ahead of this one on a busy machine.
        shell.emulator.release(Instant::now() + Duration::from_secs(1));
        prop_assert_eq!(seen(&shell.replayed()), seen(&shell.emulator.view()));
    }
}
