//! Playing, with a clock that moves when it is told to.

use std::fmt::Write;

use super::*;
use crate::terminal::Size;

const HEADER: &str = "{\"version\":2,\"width\":20,\"height\":3}\n";

/// A player and its clock.
struct Playing {
    player: Player,
    now: Instant,
}

impl Playing {
    fn new(events: &str, settings: Settings) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{HEADER}{events}")).unwrap();
        let now = Instant::now();
        let recording = Arc::new(Recording::read(file.path()).unwrap());
        let mut playing = Self { player: Player::new(recording, settings, now), now };
        playing.settle();
        playing
    }

    fn settle(&mut self) {
        while self.player.advance(self.now) {}
    }

    fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
        self.settle();
    }

    fn press(&mut self, control: Control) -> u128 {
        self.player.control(control, self.now);
        self.settle();
        self.position()
    }

    fn position(&self) -> u128 {
        self.player.status().position.as_millis()
    }

    fn text(&self) -> String {
        let mut view = View::blank(Size { columns: 20, rows: 3 });
        self.player.view_into(&mut view);
        view.text()
    }
}

const THREE: &str = "[1, \"o\", \"one \"]\n[2, \"o\", \"two \"]\n[12, \"o\", \"three\"]\n";

#[test]
fn events_come_when_they_came() {
    let mut playing = Playing::new(THREE, Settings::default());
    assert_eq!(playing.text(), "");
    playing.wait(1_000);
    assert_eq!(playing.text(), "one");
    playing.wait(10_999);
    assert_eq!((playing.text().as_str(), playing.position()), ("one two", 11_999));
    assert!(playing.player.status().playing);
    playing.wait(5_000);
    assert_eq!((playing.text().as_str(), playing.position()), ("one two three", 12_000));
    assert!(!playing.player.status().playing, "it stands at the end");
    assert_eq!(playing.player.due(), None);
    assert_eq!(playing.press(Control::Pause), 0, "and begins again");
    playing.wait(1_000);
    assert_eq!(playing.text(), "one");
}

#[test]
fn it_wakes_for_events_and_for_the_clocks_seconds_only() {
    let mut playing = Playing::new("[0.4,\"o\",\"a\"]\n[2.5,\"o\",\"b\"]\n", Settings::default());
    let begin = playing.now;
    let mut woken = vec![];
    while let Some(due) = playing.player.due() {
        playing.now = due;
        playing.settle();
        woken.push((due - begin).as_millis());
    }
    assert_eq!(woken, [400, 1000, 2000, 2500]);
    playing.press(Control::Start);
    assert_eq!(playing.player.due(), None, "while it stands there is nothing to wake for");
}

#[test]
fn speed_changes_how_long_it_takes_and_nothing_else() {
    let mut playing = Playing::new(THREE, Settings { speed: 99.0, skip_idle: false });
    assert!((playing.player.status().speed - 16.0).abs() < 1e-9);
    playing.wait(500);
    assert_eq!((playing.position(), playing.text().as_str()), (8_000, "one two"));
    for _ in 0..9 {
        playing.press(Control::Slower);
    }
    assert!((playing.player.status().speed - 0.25).abs() < 1e-9);
    playing.wait(4_000);
    assert_eq!(playing.position(), 9_000);
    playing.press(Control::Faster);
    playing.wait(2_000);
    assert_eq!(playing.position(), 10_000);
}

#[test]
fn pauses_are_skipped_and_played_again() {
    let mut playing = Playing::new(THREE, Settings { skip_idle: true, ..Settings::default() });
    assert_eq!(playing.player.status().length, Duration::from_secs(4));
    playing.wait(3_000);
    assert_eq!((playing.position(), playing.text().as_str()), (3_000, "one two"));
    assert_eq!(playing.press(Control::SkipIdle), 3_000, "a second after the event before");
    assert_eq!(playing.player.status().length, Duration::from_secs(12));
    playing.wait(5_000);
    assert_eq!(playing.press(Control::SkipIdle), 4_000);
    assert_eq!(playing.text(), "one two three");
}

#[test]
fn any_place_can_be_gone_to() {
    let mut playing = Playing::new(THREE, Settings::default());
    playing.press(Control::Pause);
    assert_eq!(playing.press(Control::Seek(5)), 5_000);
    assert_eq!(playing.text(), "one two");
    playing.wait(60_000);
    assert_eq!(playing.position(), 5_000, "it stands");
    assert_eq!(playing.press(Control::Seek(-4)), 1_000);
    assert_eq!(playing.text(), "one");
    assert_eq!((playing.press(Control::Seek(-30)), playing.text().as_str()), (0, ""));
    assert_eq!((playing.press(Control::End), playing.text().as_str()), (12_000, "one two three"));
    assert_eq!(playing.press(Control::Seek(30)), 12_000);
    assert_eq!(playing.press(Control::To(250)), 3_000);
    assert_eq!(playing.press(Control::To(9_999)), 12_000);
    assert_eq!(playing.press(Control::Start), 0);
}

#[test]
fn markers_are_gone_to_from_one_to_the_next() {
    let events = "[1,\"m\",\"a\\u001b[2J\"]\n[5,\"m\",\"\"]\n[20,\"o\",\"x\"]\n[20,\"m\",\"c\"]\n[30,\"o\",\"y\"]\n";
    let mut playing = Playing::new(events, Settings::default());
    let marks = playing.player.status().marks;
    let marks: Vec<_> = marks.iter().map(|m| (m.at.as_secs(), m.label.as_str())).collect();
    assert_eq!(marks, [(1, "a[2J"), (5, ""), (20, "c")]);
    playing.press(Control::Pause);
    let mut next = || playing.press(Control::NextMark);
    assert_eq!([next(), next(), next(), next(), next()], [1_000, 5_000, 20_000, 30_000, 30_000]);
    let mut previous = || playing.press(Control::PreviousMark);
    assert_eq!([previous(), previous(), previous(), previous()], [20_000, 5_000, 1_000, 0]);
    // While it plays, the one just passed is passed over.
    playing.press(Control::Pause);
    playing.press(Control::NextMark);
    playing.press(Control::NextMark);
    playing.wait(1_500);
    assert_eq!(playing.press(Control::PreviousMark), 1_000);
    playing.press(Control::SkipIdle);
    let marks = playing.player.status().marks;
    assert_eq!(marks.iter().map(|m| m.at.as_secs()).collect::<Vec<_>>(), [1, 3, 5]);
}

#[test]
fn the_screen_has_the_size_it_had() {
    let events = "[1,\"o\",\"0123456789abcdef\"]\n[2,\"r\",\"12x5\"]\n[3,\"o\",\"!\"]\n";
    let mut playing = Playing::new(events, Settings::default());
    let size = |playing: &Playing| {
        let mut view = View::blank(Size { columns: 1, rows: 1 });
        playing.player.view_into(&mut view);
        (view.size.columns, view.size.rows)
    };
    playing.wait(1_000);
    assert_eq!(size(&playing), (20, 3));
    playing.wait(2_000);
    assert_eq!(size(&playing), (12, 5));
    assert!(playing.text().ends_with("cdef!"));
    playing.press(Control::Seek(-2));
    assert_eq!((size(&playing), playing.text().as_str()), ((20, 3), "0123456789abcdef"));
}

#[test]
fn a_flood_is_played_in_steps_and_can_be_left_in_the_middle() {
    let mut events = String::new();
    for n in 0..40 {
        let line = format!("{n} ").repeat(4_000);
        writeln!(events, "[{n}, \"o\", \"\\u001bc{line}\"]").unwrap();
    }
    let mut playing = Playing::new(&events, Settings::default());
    playing.press(Control::Pause);
    playing.player.control(Control::End, playing.now);
    assert!(playing.player.advance(playing.now), "not all at once");
    playing.player.control(Control::Start, playing.now);
    playing.settle();
    assert!(playing.text().starts_with("0 0 0 "), "{}", playing.text());
    playing.press(Control::End);
    assert!(playing.text().contains("39 39"));
}

#[test]
fn an_empty_recording_ends_at_once() {
    let mut playing = Playing::new("", Settings::default());
    assert_eq!((playing.player.due(), playing.player.status().playing), (None, false));
    for control in [
        Control::Pause,
        Control::Seek(5),
        Control::Seek(i32::MIN),
        Control::NextMark,
        Control::PreviousMark,
        Control::SkipIdle,
        Control::To(500),
    ] {
        assert_eq!(playing.press(control), 0, "{control:?}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    })]
    /// However one came to a place, it looks the same.
    #[test]
    fn the_way_makes_no_difference(
        steps in proptest::collection::vec((0usize..6, 0u64..5_000), 1..12),
    ) {
        let events: String = (0..12).fold(String::new(), |all, n| {
            all + &format!("[{}, \"o\", \"{n} \\u001b[3{}m\"]\n", n * n, n % 8)
        });
        let mut playing = Playing::new(&events, Settings::default());
        for (step, milliseconds) in steps {
            match step {
                0 => playing.wait(milliseconds),
                1 => drop(playing.press(Control::Seek(-7))),
                2 => drop(playing.press(Control::Seek(13))),
                3 => drop(playing.press(Control::Pause)),
                4 => drop(playing.press(Control::To((milliseconds / 5) as u16))),
                _ => drop(playing.press(Control::SkipIdle)),
            }
            let status = playing.player.status();
            let mut straight = Playing::new(&events, Settings { speed: 1.0, skip_idle: status.skip_idle });
            straight.player.control(Control::Pause, straight.now);
            straight.player.position = status.position;
            straight.settle();
            proptest::prop_assert_eq!(playing.text(), straight.text());
        }
    }
}
