//! Lines of JSON: written so that a terminal obeys nothing in them, read with an end to each.

use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ExchangeError;
use super::record::{Kind, Record};

/// The longest line that is read: the largest value, with every character of it escaped.
const LONGEST: u64 = 64 << 20;

/// The first line's kind, and the last one's.
const HEAD: &str = "drydock-progress";
const END: &str = "end";

/// The format of the lines. It is counted up when an older program could misunderstand them.
pub(super) const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Head {
    kind: String,
    format: u32,
    #[serde(default)]
    version: String,
}

#[derive(Serialize, Deserialize)]
struct Tag {
    kind: String,
}

/// Writes the first line.
pub(super) fn begin(to: &mut dyn Write) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    write(to, &Head { kind: HEAD.to_owned(), format: FORMAT, version })
}

/// Writes the last line.
pub(super) fn end(to: &mut dyn Write) -> io::Result<()> {
    write(to, &Tag { kind: END.to_owned() })?;
    to.flush()
}

/// Writes a line. JSON lets some control characters stand that terminals obey: they are escaped too.
pub(super) fn write(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_string(value)?;
    if line.chars().any(char::is_control) {
        line = line.chars().fold(String::with_capacity(line.len()), |mut text, c| {
            // Writing to a string does not fail.
            let _ = if c.is_control() {
                write!(text, "\\u{:04x}", u32::from(c))
            } else {
                text.write_char(c)
            };
            text
        });
    }
    line.push('\n');
    to.write_all(line.as_bytes())
}

/// Understands every line, and gives the records with their lines' numbers.
pub(super) fn read(
    from: &mut impl BufRead,
    each: &mut dyn FnMut(u32, Record) -> Result<(), ExchangeError>,
) -> Result<(), ExchangeError> {
    let mut number = 1;
    let Some(first) = next(from, number)? else {
        return Err(wrong(number, "there is nothing in it"));
    };
    let head: Head = match understand::<Tag>(&first, number) {
        Ok(tag) if tag.kind == HEAD => understand(&first, number)?,
        _ => return Err(wrong(number, "this is no progress that drydock export wrote")),
    };
    if head.format > FORMAT {
        return Err(ExchangeError::Newer { found: head.format });
    }
    loop {
        number = number.saturating_add(1);
        let Some(line) = next(from, number)? else {
            return Err(wrong(number, "the rest is missing: the last line would say `end`"));
        };
        let tag: Tag = understand(&line, number)?;
        if tag.kind == END {
            break;
        }
        let Some(&kind) = Kind::ALL.iter().find(|kind| kind.word() == tag.kind) else {
            let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.word()).collect();
            let kinds = kinds.join(", ");
            return Err(wrong(number, &format!("there is no such kind; there are {kinds}")));
        };
        let record = Record::parse(kind, &line).map_err(|error| at(number, &line, &error))?;
        each(number, record)?;
    }
    match next(from, number + 1)? {
        None => Ok(()),
        Some(_) => Err(wrong(number + 1, "nothing follows the line that says `end`")),
    }
}

/// Whether a record would be taken in from a file.
pub(super) fn is_sensible(record: &Record) -> bool {
    let line = serde_json::to_string(record);
    line.is_ok_and(|line| Record::parse(record.kind(), &line).is_ok())
        && record.contradiction().is_none()
}

/// The next line, without its end; `None` after the last.
fn next(from: &mut impl BufRead, number: u32) -> Result<Option<String>, ExchangeError> {
    let mut line = Vec::new();
    from.take(LONGEST).read_until(b'\n', &mut line)?;
    if line.len() as u64 == LONGEST {
        return Err(wrong(number, "this line is longer than 64 MiB"));
    }
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    String::from_utf8(line).map(Some).map_err(|error| {
        let sound = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let column = u32::try_from(sound.chars().count() + 1).unwrap_or(u32::MAX);
        ExchangeError::Line { line: number, column, message: "this is not UTF-8".to_owned() }
    })
}

fn understand<T: DeserializeOwned>(line: &str, number: u32) -> Result<T, ExchangeError> {
    serde_json::from_str(line).map_err(|error| at(number, line, &error))
}

/// What the parser says, at its place in the file: it knows of this line alone.
fn at(number: u32, line: &str, error: &serde_json::Error) -> ExchangeError {
    let before = line.floor_char_boundary(error.column().saturating_sub(1));
    let column = u32::try_from(line[..before].chars().count() + 1).unwrap_or(u32::MAX);
    let message = error.to_string();
    let message = message.split(" at line 1 column").next().unwrap_or(&message).to_owned();
    ExchangeError::Line { line: number, column, message }
}

/// Something wrong with a line as a whole.
pub(super) fn wrong(line: u32, message: &str) -> ExchangeError {
    ExchangeError::Line { line, column: 1, message: message.to_owned() }
}
