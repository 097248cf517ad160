//! A recording's life: begun, gone on with, closed, too long, on a full disk.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use flate2::read::GzDecoder;
use jiff::{SignedDuration, Timestamp};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use tempfile::TempDir;

use super::*;

const ATTEMPT: &str = "018f0000-0000-7000-8000-000000000000";
const SIZE: Size = Size { columns: 80, rows: 24 };

/// Where nothing is left out, nobody asks for the screen.
fn nothing() -> String {
    panic!("something was left out")
}

/// A folder, and a clock that stands until it is moved.
struct Place {
    folder: TempDir,
    now: Moment,
}

impl Place {
    fn new() -> Self {
        let wall = Timestamp::from_millisecond(1_760_000_000_250).unwrap();
        let now = Moment { instant: Instant::now(), wall };
        Self { folder: tempfile::tempdir().unwrap(), now }
    }

    fn wait(&mut self, milliseconds: u32) {
        self.now.instant += Duration::from_millis(milliseconds.into());
        self.now.wall += SignedDuration::from_millis(milliseconds.into());
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("recordings")
    }

    fn open(&self) -> Recorder {
        Recorder::open(&self.path(), ATTEMPT, SIZE, "linux-01: Files", self.now).unwrap()
    }

    fn plain(&self) -> PathBuf {
        self.path().join(format!("{ATTEMPT}.cast"))
    }

    fn packed(&self) -> PathBuf {
        self.path().join(format!("{ATTEMPT}.cast.gz"))
    }

    /// The lines after the header.
    fn events(&self) -> Vec<String> {
        let mut text = String::new();
        if self.plain().exists() {
            assert!(!self.packed().exists(), "one or the other");
            File::open(self.plain()).unwrap().read_to_string(&mut text).unwrap();
        } else {
            let packed = File::open(self.packed()).unwrap();
            GzDecoder::new(packed).read_to_string(&mut text).unwrap();
        }
        let mut lines = text.lines();
        let header = r#"{"version":2,"width":80,"height":24,"timestamp":1760000000,"title":"linux-01: Files","#;
        assert!(lines.next().unwrap().starts_with(header), "{text}");
        assert!(text.ends_with('\n'));
        lines.map(str::to_owned).collect()
    }
}

const GONE_ON: [&str; 3] = [r#""m", "a new shell"]"#, r#""r", "80x24"]"#, r#""o", "\u001bc"]"#];

#[test]
fn all_that_is_shown_is_in_the_file_at_once() {
    let mut place = Place::new();
    let mut recorder = place.open();
    place.wait(1_000);
    recorder.output(b"$ \x1b[1mls\r\n", place.now, nothing);
    assert_eq!(place.events(), [r#"[1.250000, "o", "$ \u001b[1mls\r\n"]"#]);
    place.wait(500);
    recorder.resize(Size { columns: 1000, rows: 40 }, place.now);
    recorder.marker("make \"all\"", place.now);
    assert_eq!(
        place.events()[1..],
        [r#"[1.750000, "r", "640x40"]"#, r#"[1.750000, "m", "make \"all\""]"#]
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.path()), mode(&place.plain())), (0o700, 0o600));
    recorder.close(place.now, nothing);
    assert_eq!((place.events().len(), mode(&place.packed())), (3, 0o600));
}

#[test]
fn characters_that_are_cut_are_put_together() {
    let place = Place::new();
    let mut recorder = place.open();
    recorder.output(b"a\xe2\x82", place.now, nothing);
    recorder.output(b"\xac\xff", place.now, nothing);
    recorder.output(b"\xf0\x9f", place.now, nothing);
    let expected = [
        r#"[0.250000, "o", "a"]"#,
        "[0.250000, \"o\", \"€\u{fffd}\"]",
        "[0.250000, \"o\", \"\u{fffd}\"]",
    ];
    assert_eq!(place.events(), expected[..2]);
    recorder.close(place.now, nothing);
    assert_eq!(place.events(), expected);
}

#[test]
fn a_closed_recording_goes_on_with_the_next_shell() {
    let mut place = Place::new();
    let mut recorder = place.open();
    recorder.output(b"first", place.now, nothing);
    recorder.close(place.now, nothing);
    assert!(place.packed().exists());
    place.wait(3_600_000);
    let mut recorder = place.open();
    recorder.output(b"second", place.now, nothing);
    let events = place.events();
    assert_eq!(events.len(), 5);
    for (event, end) in events[1..4].iter().zip(GONE_ON) {
        assert_eq!(event, &format!("[3600.250000, {end}"));
    }
    assert_eq!(events[4], r#"[3600.250000, "o", "second"]"#);
}

#[test]
fn a_killed_recorder_loses_nothing_but_half_a_line() {
    let mut place = Place::new();
    let mut recorder = place.open();
    recorder.output(b"first", place.now, nothing);
    drop(recorder); // as the system closes the file of a process that is killed
    let whole = fs::read(place.plain()).unwrap();
    for cut in ["", "[7.000000, \"o\", \"half of", "\0\0\0\0\0", "[7.0, \"o\", \"\u{fffd}\n\0\0"] {
        fs::write(place.plain(), [&whole, cut.as_bytes()].concat()).unwrap();
        place.wait(1_000);
        drop(place.open());
        let events = place.events();
        assert_eq!((events[0].as_str(), events.len()), (r#"[0.250000, "o", "first"]"#, 4), "{cut}");
    }
}

#[test]
fn time_never_goes_back() {
    let mut place = Place::new();
    let mut recorder = place.open();
    place.wait(9_750);
    recorder.output(b"x", place.now, nothing);
    drop(recorder);
    // The clock was set back while nothing was recorded, and again while something is.
    place.now.wall -= SignedDuration::from_hours(5);
    let mut recorder = place.open();
    place.now.instant += Duration::from_secs(1);
    place.now.wall -= SignedDuration::from_hours(5);
    recorder.output(b"y", place.now, nothing);
    let events = place.events();
    let times: Vec<_> = events.iter().map(|event| &event[..10]).collect();
    assert_eq!(times, ["[10.000000", "[10.000000", "[10.000000", "[10.000000", "[11.000000"]);
}

#[test]
fn a_recording_ends_at_its_cap_and_says_so() {
    let mut place = Place::new();
    let mut recorder = place.open();
    // Control characters are six times as long in the file.
    for piece in [vec![b'x'; 1 << 17], vec![1; 1 << 17]].iter().cycle().take(2 * 19) {
        place.wait(4_000);
        recorder.output(piece, place.now, nothing);
    }
    let length = fs::metadata(place.plain()).unwrap().len();
    assert!((MAX_BYTES..MAX_BYTES + (1 << 19)).contains(&length), "{length}");
    let last = |place: &Place| place.events().last().unwrap().clone();
    assert!(last(&place).contains("the recording ends here"), "{}", last(&place));
    recorder.marker("more", place.now);
    recorder.close(place.now, nothing);
    let mut recorder = place.open();
    recorder.output(b"more", place.now, nothing);
    assert_eq!(fs::metadata(place.plain()).unwrap().len(), length);
    recorder.close(place.now, nothing);
    assert!(last(&place).contains("the recording ends here"));
}

#[test]
fn a_full_disk_ends_the_recording_and_nothing_else() {
    let place = Place::new();
    let mut recorder = place.open();
    recorder.output(b"kept", place.now, nothing);
    recorder.file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    recorder.output(b"lost", place.now, nothing);
    assert!(recorder.stopped);
    recorder.output(b"lost", place.now, nothing);
    recorder.close(place.now, nothing);
    assert_eq!(place.events(), [r#"[0.250000, "o", "kept"]"#]);
}

#[test]
fn an_attempt_is_recorded_by_one_and_named_as_one() {
    let place = Place::new();
    let recorder = place.open();
    let open = |attempt| Recorder::open(&place.path(), attempt, SIZE, "", place.now);
    let fault = |attempt| open(attempt).unwrap_err().fault;
    assert!(matches!(fault(ATTEMPT), Fault::InUse));
    drop(recorder);
    drop(open(ATTEMPT).unwrap());
    for name in ["", "../x", "a/b", "a.b", "a b", &"x".repeat(65)] {
        assert!(matches!(fault(name), Fault::Name), "{name}");
    }
}

#[test]
fn what_is_no_recording_is_made_anew_and_of_a_damaged_one_the_rest_is_kept() {
    let mut place = Place::new();
    fs::create_dir(place.path()).unwrap();
    for text in ["", "Dear diary\n", "\0\0\0"] {
        fs::write(place.plain(), text).unwrap();
        drop(place.open());
        assert_eq!(place.events().len(), 0, "{text:?}");
    }
    let mut recorder = place.open();
    for n in 0..20_000 {
        place.wait(1);
        recorder.output(format!("{n} {}\r\n", n * n % 977).as_bytes(), place.now, nothing);
    }
    recorder.close(place.now, nothing);
    let whole = fs::read(place.packed()).unwrap();
    fs::write(place.packed(), &whole[..whole.len() / 2]).unwrap();
    drop(place.open());
    let events = place.events();
    assert!(events.len() > 5_000 && events.len() < 20_000, "{}", events.len());
    assert!(events[events.len() - 3].ends_with(GONE_ON[0]));
}

/// A password at a prompt that does not show it: a real terminal, everything it prints recorded.
#[test]
fn what_is_typed_without_echo_is_in_no_recording() {
    let place = Place::new();
    let mut recorder = place.open();
    let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", "read a; stty -echo; echo ready; read b; echo \"${#a} ${#b}\""]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut keys = pair.master.take_writer().unwrap();
    let mut output = pair.master.try_clone_reader().unwrap();
    std::io::Write::write_all(&mut keys, b"harbour\r").unwrap();
    let (mut shown, mut asked, mut buffer) = (String::new(), false, [0; 1024]);
    while let Ok(count @ 1..) = output.read(&mut buffer) {
        recorder.output(&buffer[..count], place.now, nothing);
        shown.push_str(&String::from_utf8_lossy(&buffer[..count]));
        if shown.contains("ready") && !std::mem::replace(&mut asked, true) {
            std::io::Write::write_all(&mut keys, b"hunter2\r").unwrap();
        }
    }
    child.wait().unwrap();
    recorder.close(place.now, nothing);
    let events = place.events().concat();
    assert!(events.contains("harbour") && events.contains("7 7"), "{events}");
    assert!(!events.contains("hunter"), "{events}");
}
