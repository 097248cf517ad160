//! asciicast v2, line by line: a header, then events.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::terminal::Size;

/// The version of the format.
pub(super) const VERSION: u64 = 2;

/// No recording is longer, and no sum of its times comes near to what a clock can hold: 100 years.
pub(super) const MAX_TIME: Duration = Duration::from_hours(100 * 365 * 24);

/// What is kept of a title, in characters.
const MAX_TITLE: usize = 200;

/// What a recording says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The screen's size at first.
    pub size: Size,
    /// When it begins, to the second.
    pub started: Option<Timestamp>,
    /// What it is of.
    pub title: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// The program printed this.
    Output(String),
    /// The screen got another size.
    Resize(Size),
    /// Something to find again.
    Marker(String),
    /// Something that is not played, such as input.
    Other,
}

/// The header's line.
#[derive(Serialize, Deserialize)]
struct HeaderLine<'a> {
    version: u64,
    // Wider than they need be: a number too large is a large screen and not an error.
    #[serde(default)]
    width: u64,
    #[serde(default)]
    height: u64,
    /// Seconds since 1970; whole ones, but other programs also write parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timestamp: Option<Seconds>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(default, skip_deserializing)]
    env: Environment,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Part(f64),
}

/// What the shells of sandboxes are started with.
#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Environment {
    term: &'static str,
    shell: &'static str,
}

impl Default for Environment {
    fn default() -> Self {
        Self { term: "xterm-256color", shell: "/bin/bash" }
    }
}

/// Why a line is not the header of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// It is something else.
    Foreign,
    /// It is the header of another version.
    Version(u64),
}

/// Adds a header's line.
pub(super) fn write_header(to: &mut Vec<u8>, size: Size, started: Timestamp, title: &str) {
    let title = title.chars().take(MAX_TITLE).collect::<String>();
    write_json(
        to,
        &HeaderLine {
            version: VERSION,
            width: size.columns.into(),
            height: size.rows.into(),
            timestamp: Some(Seconds::Whole(started.as_second())),
            title: (!title.is_empty()).then_some(title.into()),
            env: Environment::default(),
        },
    );
    to.push(b'\n');
}

/// Adds output's line.
pub(super) fn write_output(to: &mut Vec<u8>, at: Duration, text: &str) {
    write_event(to, at, 'o', text);
}

/// Adds a new size's line.
pub(super) fn write_resize(to: &mut Vec<u8>, at: Duration, size: Size) {
    write_event(to, at, 'r', &format!("{}x{}", size.columns, size.rows));
}

/// Adds a marker's line.
pub(super) fn write_marker(to: &mut Vec<u8>, at: Duration, label: &str) {
    write_event(to, at, 'm', label);
}

fn write_event(to: &mut Vec<u8>, at: Duration, code: char, data: &str) {
    // Writing to memory does not fail.
    let _ = write!(to, "[{}.{:06}, \"{code}\", ", at.as_secs(), at.subsec_micros());
    write_json(to, data);
    to.extend_from_slice(b"]\n");
}

fn write_json(to: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Nor does serialising what is plain.
    let _ = serde_json::to_writer(to, value);
}

/// Reads a header's line.
pub(super) fn read_header(line: &str) -> Result<Header, NoHeader> {
    let read: HeaderLine<'_> = serde_json::from_str(line).map_err(|_| NoHeader::Foreign)?;
    if read.version != VERSION {
        return Err(NoHeader::Version(read.version));
    }
    if read.width == 0 || read.height == 0 {
        return Err(NoHeader::Foreign);
    }
    let started = read.timestamp.and_then(|seconds| {
        let seconds = match seconds {
            Seconds::Whole(seconds) => seconds,
            Seconds::Part(seconds) => seconds as i64,
        };
        Timestamp::from_second(seconds).ok()
    });
    let title = read.title.map(|title| title.chars().take(MAX_TITLE).collect());
    Ok(Header { size: size(read.width, read.height), started, title })
}

/// Reads an event's line; `None` if it is none.
pub(super) fn read_event(line: &str) -> Option<(Duration, Event)> {
    let (at, code, data): (f64, &str, String) = serde_json::from_str(line).ok()?;
    let at = Duration::try_from_secs_f64(at).ok().filter(|at| *at <= MAX_TIME)?;
    let event = match code {
        "o" => Event::Output(data),
        "m" => Event::Marker(data),
        "r" => {
            let (columns, rows) = data.split_once('x')?;
            Event::Resize(size(columns.parse().ok()?, rows.parse().ok()?))
        }
        _ => Event::Other,
    };
    Some((at, event))
}

fn size(columns: u64, rows: u64) -> Size {
    let cut = |cells| u16::try_from(cells).unwrap_or(u16::MAX);
    Size { columns: cut(columns), rows: cut(rows) }.clamped()
}

/// The sound beginning of a recording.
pub(super) struct Beginning {
    pub(super) header: Header,
    /// Where its last whole event ends; what follows was cut off.
    pub(super) end: usize,
    /// When that was.
    pub(super) last: Duration,
}

impl Beginning {
    /// Finds it in a file's bytes: what a killed program or a power cut left is at the end. `None`
    /// if there is not even a header.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let first = bytes.iter().position(|byte| *byte == b'\n')? + 1;
        let header = read_header(str::from_utf8(&bytes[..first]).ok()?).ok()?;
        let mut end = bytes.iter().rposition(|byte| *byte == b'\n')? + 1;
        while end > first {
            let start = bytes[..end - 1].iter().rposition(|byte| *byte == b'\n')? + 1;
            if let Some((last, _)) = str::from_utf8(&bytes[start..end]).ok().and_then(read_event) {
                return Some(Self { header, end, last });
            }
            end = start;
        }
        Some(Self { header, end: first, last: Duration::ZERO })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { columns: 80, rows: 24 };

    #[test]
    fn the_lines_are_those_of_asciicast() {
        let mut lines = Vec::new();
        let started = Timestamp::from_second(1_760_000_000).unwrap();
        write_header(&mut lines, SIZE, started, "linux-01: \"Files\"");
        write_output(&mut lines, Duration::from_micros(248_848), "\x1b[1mhé\x7f\u{0}\r\n\"\\");
        write_marker(&mut lines, Duration::from_secs(2), "");
        write_resize(&mut lines, Duration::from_millis(2_500), SIZE);
        assert_eq!(
            String::from_utf8(lines).unwrap(),
            concat!(
                r#"{"version":2,"width":80,"height":24,"timestamp":1760000000,"#,
                r#""title":"linux-01: \"Files\"","env":{"TERM":"xterm-256color","SHELL":"/bin/bash"}}"#,
                "\n[0.248848, \"o\", \"\\u001b[1mhé\x7f\\u0000\\r\\n\\\"\\\\\"]\n",
                "[2.000000, \"m\", \"\"]\n[2.500000, \"r\", \"80x24\"]\n",
            )
        );
    }

    #[test]
    fn headers_of_other_programs_are_read() {
        let header = |text| read_header(text).unwrap();
        assert_eq!(
            header(r#"{"version": 2, "width": 80, "height": 24}"#),
            Header { size: SIZE, started: None, title: None }
        );
        let more = header(
            r#"{"version":2,"width":99999,"height":24,"timestamp":1.5,"title":"a\nb","theme":{}}"#,
        );
        assert_eq!(more.size, Size { columns: 640, rows: 24 });
        assert_eq!(more.started, Timestamp::from_second(1).ok());
        assert_eq!(more.title.as_deref(), Some("a\nb"));
        let refused = |text| read_header(text).unwrap_err();
        assert_eq!(refused(r#"{"version":3,"term":{"cols":80}}"#), NoHeader::Version(3));
        for text in ["", "{}", "[]", r#"{"version":2}"#, "Dear diary"] {
            assert_eq!(refused(text), NoHeader::Foreign, "{text}");
        }
    }

    #[test]
    fn events_are_read_and_what_is_none_is_not() {
        let event = |text| read_event(text).map(|(_, event)| event);
        assert_eq!(
            read_event("[1.5, \"o\", \"\\u001bc\"]\n"),
            Some((Duration::from_millis(1500), Event::Output("\x1bc".into())))
        );
        assert_eq!(event(r#"[0, "r", "80x24"]"#), Some(Event::Resize(SIZE)));
        assert_eq!(event(r#"[0, "m", "make"]"#), Some(Event::Marker("make".into())));
        assert_eq!(event(r#"[0, "i", "secret"]"#), Some(Event::Other));
        for text in [
            "",
            "{}",
            r#"[1, "o"]"#,
            r#"[1, "o", "cut of"#,
            r#"[-1, "o", ""]"#,
            r#"[1e300, "o", ""]"#,
            r#"[null, "o", ""]"#,
            r#"[0, "r", "80"]"#,
            "\0\0\0\0",
        ] {
            assert_eq!(read_event(text), None, "{text}");
        }
    }

    #[test]
    fn the_sound_beginning_ends_with_the_last_whole_event() {
        let header = "{\"version\":2,\"width\":80,\"height\":24}\n";
        let event = "[3.000000, \"o\", \"x\"]\n";
        let end = |rest: &str| {
            let text = format!("{header}{rest}");
            Beginning::of(text.as_bytes()).map(|b| (b.end - header.len(), b.last.as_secs()))
        };
        assert_eq!(end(""), Some((0, 0)));
        assert_eq!(end(event), Some((event.len(), 3)));
        for cut in ["[4.0", "[4.000000, \"o\", \"y\"]", "\0\0\0\0\n\0\0", "\n\n", "[4, \"o\"]\n"] {
            assert_eq!(end(&format!("{event}{cut}")), Some((event.len(), 3)), "{cut:?}");
            assert_eq!(end(cut), Some((0, 0)), "{cut:?}");
        }
        for none in ["", "\n", "{\"version\":2", "[0, \"o\", \"\"]\n"] {
            assert!(Beginning::of(none.as_bytes()).is_none(), "{none:?}");
        }
    }
}
