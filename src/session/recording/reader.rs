//! Reads a recording, whoever made it, within limits.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;

use super::RecordingError;
use super::cast::{self, Event as Line, Header, NoHeader};
use super::error::Fault;
use crate::terminal::Size;

/// What is unpacked and read at most: four times what a recording of ours can be.
const MAX_UNPACKED: u64 = 64 << 20;

/// Lines are no longer: ours are at most 400 KB.
const MAX_LINE: usize = 4 << 20;

/// As many events as a recording of ours can have, each 20 bytes long at least.
const MAX_EVENTS: usize = 1 << 20;

/// How every gzip file begins.
const PACKED: [u8; 2] = [0x1f, 0x8b];

/// A recording that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// What it says about itself.
    pub header: Header,
    pub(super) events: Vec<Event>,
    /// The output and the labels of all events, one after the other.
    text: String,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// When; never before the one before.
    pub(super) at: Duration,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Output, by its place in the text.
    Output(Range<usize>),
    Resize(Size),
    /// A marker, by its label's place in the text.
    Marker(Range<usize>),
}

impl Recording {
    /// Reads the file at `path`, packed or not. One that is still being written is read as far as it
    /// goes.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let bytes = unpacked(path)?;
        Self::parse(&bytes).map_err(|fault| RecordingError::new(path, fault))
    }

    /// How long it is.
    pub fn length(&self) -> Duration {
        self.events.last().map_or(Duration::ZERO, |event| event.at)
    }

    pub(super) fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// All output.
    #[cfg(test)]
    pub(super) fn output(&self) -> String {
        let output = self.events.iter().filter_map(|event| match &event.kind {
            Kind::Output(range) => Some(self.text(range)),
            Kind::Resize(_) | Kind::Marker(_) => None,
        });
        output.collect()
    }

    fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let header = str::from_utf8(first).map_err(|_| Fault::Foreign).and_then(|line| {
            cast::read_header(line).map_err(|error| match error {
                NoHeader::Foreign => Fault::Foreign,
                NoHeader::Version(version) => Fault::Version(version),
            })
        })?;
        let mut recording = Self { header, events: Vec::new(), text: String::new() };
        for (line, number) in lines.zip(2..) {
            if line.len() > MAX_LINE {
                return Err(Fault::TooLarge(format!("{} MB in a line", MAX_LINE >> 20)));
            }
            let read = str::from_utf8(line).ok().and_then(cast::read_event);
            let cut_off = line.last() != Some(&b'\n');
            match read {
                Some((at, event)) => recording.push(at, event)?,
                None if cut_off || line.trim_ascii().is_empty() => {}
                None => return Err(Fault::Event { line: number }),
            }
        }
        Ok(recording)
    }

    fn push(&mut self, at: Duration, line: Line) -> Result<(), Fault> {
        let mut keep = |text: &str| {
            let start = self.text.len();
            self.text.push_str(text);
            start..self.text.len()
        };
        let kind = match line {
            Line::Output(text) => Kind::Output(keep(&text)),
            Line::Marker(label) => Kind::Marker(keep(&label)),
            Line::Resize(size) => Kind::Resize(size),
            Line::Other => return Ok(()),
        };
        if self.events.len() == MAX_EVENTS {
            return Err(Fault::TooLarge(format!("{MAX_EVENTS} events")));
        }
        let at = at.max(self.length());
        self.events.push(Event { at, kind });
        Ok(())
    }
}

/// The bytes of the asciicast at `path`, packed or not, up to its last whole line.
pub fn asciicast(path: &Path) -> Result<Vec<u8>, RecordingError> {
    let mut bytes = unpacked(path)?;
    Recording::parse(&bytes).map_err(|fault| RecordingError::new(path, fault))?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    bytes.truncate(end);
    Ok(bytes)
}

fn unpacked(path: &Path) -> Result<Vec<u8>, RecordingError> {
    let read = |source| RecordingError::read(path, source);
    let mut source = BufReader::new(File::open(path).map_err(read)?);
    let packed = source.fill_buf().map_err(read)?.starts_with(&PACKED);
    let bytes = if packed {
        limited(MultiGzDecoder::new(source))
            .map_err(|error| RecordingError::new(path, Fault::Packing(error)))
    } else {
        limited(source).map_err(read)
    }?;
    if bytes.len() as u64 > MAX_UNPACKED {
        let limit = format!("{} MB", MAX_UNPACKED >> 20);
        return Err(RecordingError::new(path, Fault::TooLarge(limit)));
    }
    Ok(bytes)
}

/// All bytes, but not many more than are taken.
fn limited(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_UNPACKED + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::problem::Problem;

    const HEADER: &str = "{\"version\":2,\"width\":80,\"height\":24}\n";

    fn read(bytes: &[u8]) -> Result<Recording, Problem> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Recording::read(file.path()).map_err(Problem::from)
    }

    fn packed(pieces: &[&[u8]]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        pieces.iter().for_each(|piece| packer.write_all(piece).unwrap());
        packer.finish().unwrap()
    }

    fn shown(recording: &Recording) -> Vec<(u128, String)> {
        let shown = |event: &Event| match &event.kind {
            Kind::Output(range) => recording.text(range).to_owned(),
            Kind::Marker(range) => format!("[{}]", recording.text(range)),
            Kind::Resize(size) => format!("{}x{}", size.columns, size.rows),
        };
        recording.events.iter().map(|event| (event.at.as_millis(), shown(event))).collect()
    }

    #[test]
    fn all_that_is_played_is_read_packed_or_not() {
        let text = format!(
            "{HEADER}[0.5,\"o\",\"a\\u001b\"]\n[1,\"i\",\"typed\"]\n\n[2,\"m\",\"make\"]\n\
             [1.5,\"r\",\"9x2\"]\n[3,\"x\",\"0\"]\n[3, \"o\", \"\u{e9}\"]\n[4, \"o\", \"cut o"
        );
        let expected = [(500, "a\x1b"), (2000, "[make]"), (2000, "10x2"), (3000, "\u{e9}")];
        for bytes in [text.clone().into_bytes(), packed(&[text.as_bytes()])] {
            let recording = read(&bytes).unwrap();
            assert_eq!(shown(&recording), expected.map(|(at, text)| (at, text.to_owned())));
            assert_eq!(recording.length(), Duration::from_secs(3), "never back, and no half event");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told_in_a_sentence() {
        let good = "[0, \"o\", \"x\"]\n";
        let problem = |bytes: &[u8]| {
            let problem = read(bytes).unwrap_err();
            (problem.kind, problem.message, problem.line)
        };
        for text in ["", "\n", "Dear diary", "{}\n", "{\"version\":2}\n", "\0\0\0"] {
            assert_eq!(problem(text.as_bytes()).0, "not_a_recording", "{text:?}");
        }
        let later = problem(b"{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n");
        assert_eq!(later.1, "This is asciicast version 3; drydock plays version 2");
        let damaged = problem(format!("{HEADER}{good}{{}}\n{good}").as_bytes());
        assert_eq!((damaged.0, damaged.2), ("recording_damaged", Some(3)));
        let whole = packed(&[HEADER.as_bytes(), good.repeat(100).as_bytes()]);
        assert_eq!(problem(&whole[..whole.len() - 20]).0, "recording_damaged");
        let missing = Recording::read(Path::new("/nonexistent/x.cast")).unwrap_err();
        assert_eq!(Problem::from(missing).kind, "recording_io");
    }

    #[test]
    fn bombs_are_refused() {
        let problem = |bytes: &[u8]| {
            let problem = read(bytes).unwrap_err();
            assert_eq!(problem.kind, "recording_too_large");
            problem.message
        };
        let zeros = vec![b'\n'; 1 << 20];
        let bomb = packed(&vec![&zeros[..]; 65]);
        assert!(bomb.len() < 1 << 20);
        assert!(problem(&bomb).ends_with("64 MB"));
        let line = format!("{HEADER}[0, \"o\", \"{}\"]\n", "x".repeat(MAX_LINE));
        assert!(problem(line.as_bytes()).ends_with("4 MB in a line"));
        let mut many = read(HEADER.as_bytes()).unwrap();
        many.events = vec![Event { at: Duration::ZERO, kind: Kind::Marker(0..0) }; MAX_EVENTS];
        let fault = many.push(Duration::ZERO, Line::Output(String::new())).unwrap_err();
        assert!(fault.to_string().ends_with("1048576 events"));
        // As deep as can be.
        let nested = format!("{HEADER}{}\n", "[".repeat(1 << 20));
        assert_eq!(read(nested.as_bytes()).unwrap_err().kind, "recording_damaged");
    }

    #[test]
    fn the_asciicast_itself_ends_with_a_whole_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let whole = format!("{HEADER}[0, \"o\", \"x\"]\n");
        std::fs::write(file.path(), packed(&[whole.as_bytes(), b"[1, \"o\", \"cut"])).unwrap();
        assert_eq!(asciicast(file.path()).unwrap(), whole.as_bytes());
        std::fs::write(file.path(), "Dear diary").unwrap();
        assert!(asciicast(file.path()).is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            failure_persistence: None,
            ..Default::default()
        })]
        /// Whatever is damaged in a file, reading it ends.
        #[test]
        fn any_damage_is_survived(
            at in 0usize..400,
            by in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..8),
            pack: bool,
        ) {
            let lines = "[0.25, \"o\", \"\\u001b[1mx\"]\n[1, \"r\", \"80x24\"]\n[2, \"m\", \"a\"]\n";
            let text = format!("{HEADER}{}", lines.repeat(4));
            let mut bytes = if pack { packed(&[text.as_bytes()]) } else { text.into_bytes() };
            let at = at.min(bytes.len());
            let end = (at + by.len()).min(bytes.len());
            bytes.splice(at..end, by);
            drop(read(&bytes));
        }
    }
}
