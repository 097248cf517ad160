//! Nothing that a container prints, and no resize, may panic, stall or unbalance the emulator; and
//! the screen does not depend on how the output was cut into pieces.
//!
//! Sessions are made of output that real programs print, of sequences that look like it, and of
//! noise. A failing one is named by its seed: `DRYDOCK_FUZZ_SEED=N cargo test --test terminal_fuzz`
//! runs that one alone; `DRYDOCK_FUZZ_SECONDS` runs for longer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test that cannot go on fails"
)]

use std::env;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use drydock::terminal::{Emulator, Event, Line, Size, Width};

/// How long each test runs if nothing else is asked for.
const SECONDS: u64 = 4;

/// What one action may take in a debug build on a busy machine. A stall is seconds.
const STALL: Duration = Duration::from_secs(2);

/// `SplitMix64`: a session is its seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len() as u64) as usize]
    }

    /// A parameter: mostly small, sometimes absent or absurd.
    fn parameter(&mut self) -> String {
        match self.below(10) {
            0 => String::new(),
            1 => "65535".into(),
            2 => "99999999999".into(),
            3 => self.below(3000).to_string(),
            _ => self.below(60).to_string(),
        }
    }

    fn size(&mut self) -> Size {
        match self.below(8) {
            0 => Size { columns: self.below(300) as u16 + 1, rows: self.below(100) as u16 + 1 },
            1 => Size { columns: self.below(12) as u16, rows: self.below(4) as u16 },
            _ => Size { columns: self.below(40) as u16, rows: self.below(12) as u16 },
        }
    }

    /// A piece of output.
    fn output(&mut self) -> Vec<u8> {
        match self.below(10) {
            9 => "many lines\n".repeat(self.below(800) as usize).into_bytes(),
            0 => (0..self.below(60)).map(|_| self.next() as u8).collect(),
            1 => "plain text \r\n".repeat(self.below(20) as usize).into_bytes(),
            2 | 3 => self.characters().into_bytes(),
            4 => self.command(),
            _ => self.sequences().into_bytes(),
        }
    }

    fn characters(&mut self) -> String {
        let kinds = [
            "日本語",
            "한글",
            "é",
            "e\u{301}",
            "❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            "🇩🇪",
            "👍🏽",
            "ไทย",
            "x",
            "\t",
            "\r",
            "\n",
            "\u{8}",
            "━┃",
            "\u{202e}",
            "\u{ad}",
            "ａ",
            "\u{1100}\u{1161}",
        ];
        (0..self.below(80)).map(|_| self.pick(&kinds)).collect()
    }

    fn sequences(&mut self) -> String {
        let fixed = [
            "\x1b7",
            "\x1b8",
            "\x1bc",
            "\x1bD",
            "\x1bE",
            "\x1bM",
            "\x1bH",
            "\x1bZ",
            "\x1b#8",
            "\x1b=",
            "\x1b(0",
            "\x1b(B",
            "\x1b)0",
            "\x0e",
            "\x0f",
            "\x1bP+q544e\x1b\\",
            "\x1b_x\x1b\\",
            "\x18",
            "\x1b[?2026h",
            "\x1b[?2026l",
            "\x1b[4h",
            "\x1b[4l",
            "\x1b[20h",
            "\x1b[3g",
            "\x1b[>11u",
            "\x1b[=3;2u",
            "\x1b[<u",
            "\x1b[>4;2m",
            "\x1b[?4m",
            "\x1b[?u",
            "\x1b[>q",
            "\x1b[c",
            "\x1b[6n",
            "\x1b[!p",
            "\x1b[x",
            "\x1b[=c",
            "\x1b[2;5r",
            "\x1b[9;3r",
            "\x1b[?1049h",
            "\x1b[?1049l",
        ];
        let private = [
            "1", "3", "5", "6", "7", "9", "25", "47", "1000", "1003", "1006", "1047", "1048",
            "2004",
        ];
        let mut text = String::new();
        for _ in 0..self.below(12) {
            let result = match self.below(4) {
                0 => write!(text, "{}", self.pick(&fixed)),
                1 => write!(text, "\x1b[?{}{}", self.pick(&private), self.pick(&["h", "l", "$p"])),
                2 => {
                    let (a, b) = (self.parameter(), self.parameter());
                    write!(text, "\x1b[38;2;{a};{b};7m\x1b[4:3;58:5:{a}m\x1b[{b}m")
                }
                _ => {
                    let finals = "@ABCDEFGHIJKLMPSTXZ`abdefghlmnrstu";
                    let last = self.below(finals.len() as u64) as usize;
                    let (a, b) = (self.parameter(), self.parameter());
                    write!(text, "\x1b[{a};{b}{}", &finals[last..=last])
                }
            };
            result.unwrap();
            text.push_str(self.pick(&["", "x", "日", "wrap around ", "\r\n", "\u{301}"]));
        }
        text
    }

    fn command(&mut self) -> Vec<u8> {
        if self.below(2) == 0 {
            return self.note();
        }
        let start = self
            .pick(&["0;", "2;", "4;1;", "4;1;#", "8;;", "10;", "11;?", "52;c;", "104", "1337;"]);
        let body = self.pick(&["a", "0", ";", "?", "QUFB", "日"]).repeat(self.below(400) as usize);
        let end = self.pick(&["\x07", "\x1b\\", "\x18", ""]);
        format!("\x1b]{start}{body}{end}").into_bytes()
    }
}

impl Random {
    /// What a shell says, or nearly, with something after it.
    fn note(&mut self) -> Vec<u8> {
        let notes = ["133;A", "133;B", "133;C", "133;D", "133;P", "7;file://h", "7;", "13", "7"];
        let options = ["", ";0", ";k=s", ";k=r", ";", "/tmp/a", "%41", "%", "\u{9b}", "日"];
        let mut text = String::new();
        for _ in 0..self.below(8) {
            let end = self.pick(&["\x07", "\x1b\\", "\x18", "\x1b[", ""]);
            let option = self.pick(&options).repeat(self.below(3) as usize);
            let after = self.pick(&["", "$ ", "ls -l", "\r\n", "日本", "\x1b7", "\x1b8", "\x1b[K"]);
            write!(text, "\x1b]{}{option}{end}{after}", self.pick(&notes)).unwrap();
        }
        if self.below(50) == 0 {
            let length = self.below(10_000) as usize;
            write!(text, "\x1b]7;/{}\x07", "x".repeat(length)).unwrap();
        }
        text.into_bytes()
    }
}

/// What the emulator promises of commands and folders.
fn heed(emulator: &mut Emulator) {
    let events = emulator.take_events();
    for event in &events {
        if let Event::CommandStarted { text } = event {
            assert!(text.len() <= 4096 && !text.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
    let ends =
        |two: &[Event]| matches!(two, [Event::CommandEnded { .. }, Event::CommandEnded { .. }]);
    assert!(!events.windows(2).any(ends), "an end without a start: {events:?}");
    if let Some(folder) = emulator.view().state.folder {
        assert!(folder.starts_with('/') && !folder.contains(char::is_control));
    }
}

/// Goes over the whole screen as a drawer would and checks what it relies on.
fn draw(emulator: &Emulator) {
    let view = emulator.view();
    assert_eq!(view.size, emulator.size());
    assert_eq!(view.rows.len(), usize::from(view.size.rows));
    for line in &view.rows {
        check(line, view.size.columns);
    }
    if let Some(cursor) = view.state.cursor {
        assert!(cursor.column < view.size.columns && cursor.row < view.size.rows);
    }
}

/// What whoever gets a line relies on.
fn check(line: &Line, columns: u16) {
    let (mut count, mut before) = (0, Width::Narrow);
    for cell in line.cells() {
        assert!(!cell.character.is_control(), "{:?} in a cell", cell.character);
        let halves = (before == Width::Wide, cell.width == Width::Spacer);
        assert_eq!(halves.0, halves.1, "a torn character at {count} in {line:?}");
        (count, before) = (count + 1, cell.width);
    }
    assert_ne!(before, Width::Wide, "cut by the edge: {line:?}");
    assert_eq!(count, line.columns());
    assert!(count <= usize::from(columns), "{count} cells in {columns} columns");
    let text = line.cells().filter(|cell| cell.width != Width::Spacer);
    let text: String =
        text.flat_map(|cell| [cell.character.to_string(), cell.combining.into()]).collect();
    assert_eq!(text, line.text());
}

/// The same for all lines, and that there are as many as was said.
fn read(emulator: &Emulator, scrollback: usize) {
    let lines = emulator.lines();
    let above = lines.len() - usize::from(emulator.size().rows);
    assert!(above <= scrollback && emulator.history() <= scrollback);
    for line in &lines {
        check(line, emulator.size().columns);
    }
}

/// A session with everything at once.
fn session(random: &mut Random) {
    let scrollback = random.below(200) as usize * random.below(10) as usize;
    let mut emulator = Emulator::new(random.size(), scrollback);
    for _ in 0..random.below(60) {
        let started = Instant::now();
        match random.below(12) {
            0 | 1 => drop(emulator.resize(random.size())),
            2 => read(&emulator, scrollback),
            3 => {
                emulator.take_replies();
                heed(&mut emulator);
            }
            _ => emulator.advance(&random.output()),
        }
        draw(&emulator);
        let took = started.elapsed();
        assert!(took < STALL, "an action took {took:?}");
    }
    read(&emulator, scrollback);
}

/// The same output, whole and in pieces, on screens of the same size.
fn pieces(random: &mut Random) {
    let size = random.size();
    let output: Vec<u8> = (0..random.below(30)).flat_map(|_| random.output()).collect();
    // What is shown of an unfinished update depends on the clock.
    let output = String::from_utf8_lossy(&output).replace("2026", "2027").into_bytes();
    let output = if random.below(2) == 0 { output } else { noise(random, output) };
    let mut whole = Emulator::new(size, 50);
    whole.advance(&output);
    let mut cut = Emulator::new(size, 50);
    let mut rest = output.as_slice();
    let most = [1, 2, 3, 8, 100][random.below(5) as usize];
    while !rest.is_empty() {
        let (piece, others) = rest.split_at((random.below(most) as usize + 1).min(rest.len()));
        cut.advance(piece);
        rest = others;
    }
    assert_eq!(whole.view(), cut.view(), "in pieces of {most}");
    assert_eq!(whole.lines(), cut.lines(), "in pieces of {most}");
    assert_eq!(whole.take_replies(), cut.take_replies());
    assert_eq!(whole.take_events(), cut.take_events());
}

/// The output with some bytes overwritten, so that characters and sequences are broken off.
fn noise(random: &mut Random, mut output: Vec<u8>) -> Vec<u8> {
    for _ in 0..output.len() / 20 {
        let at = random.below(output.len() as u64) as usize;
        output[at] = *random.pick(&[&0xc3u8, &0xe2, &0xf0, &0x9f, &0x1b, &0x80, &b'a', &0x90]);
    }
    output
}

fn run(what: fn(&mut Random)) {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("DRYDOCK_FUZZ_SEED") {
        return what(&mut Random(seed));
    }
    let seconds = number("DRYDOCK_FUZZ_SECONDS").unwrap_or(SECONDS);
    let (started, mut seed) = (Instant::now(), 0);
    while started.elapsed() < Duration::from_secs(seconds) {
        let result = catch_unwind(AssertUnwindSafe(|| what(&mut Random(seed))));
        assert!(result.is_ok(), "session DRYDOCK_FUZZ_SEED={seed} failed");
        seed += 1;
    }
    println!("{seed} sessions");
    assert!(seed > 20, "only {seed} sessions in {seconds} s");
}

#[test]
fn nothing_panics_or_stalls() {
    run(session);
}

#[test]
fn pieces_do_not_matter() {
    run(pieces);
}
