//! JSON as people write it by hand: comments, commas too many and a byte order mark are passed over,
//! since what is meant is clear. What was passed over keeps its place, so that positions are right.

use serde_json::Value;

use crate::course::yaml::{At, Mark, Node, parse_for_places};

/// A document, with the places of what is in it.
pub(super) struct Json {
    /// What it says.
    pub(super) value: Value,
    /// Whether something was passed over.
    pub(super) lenient: bool,
    places: Node,
}

impl Json {
    /// Reads a text; else what is wrong, and where.
    pub(super) fn read(text: &str) -> Result<Self, (Mark, String)> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let strict = serde_json::from_str(text);
        let lenient = strict.is_err();
        let cleaned = cleaned(text);
        let value = strict.or_else(|_| serde_json::from_str(&cleaned)).map_err(|error| {
            let mark = Mark { line: error.line() as u32, column: error.column().max(1) as u32 };
            let why = error.to_string();
            // The place is told by itself.
            let why = why.split(" at line ").next().unwrap_or_default().to_owned();
            (mark, why)
        })?;
        // Nearly all JSON is YAML; where it is not, the file as a whole is meant.
        let places = parse_for_places(&cleaned).unwrap_or_else(Node::empty);
        Ok(Self { value, lenient, places })
    }

    /// Where things stand in it.
    pub(super) fn at(&self) -> At<'_> {
        At::root(&self.places)
    }
}

/// The text with blanks for comments, for commas that nothing follows, and for tabs.
fn cleaned(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    // The last comma, while only blanks have followed it.
    let mut comma = None;
    while let Some(byte) = bytes.get(at).copied() {
        let end = match (byte, bytes.get(at + 1)) {
            (b'"', _) => {
                comma = None;
                string_end(&bytes, at)
            }
            (b'/', Some(b'/')) => blank(&mut bytes, at, b"\n"),
            (b'/', Some(b'*')) => blank(&mut bytes, at, b"*/"),
            (b',', _) => {
                comma = Some(at);
                at + 1
            }
            (b'}' | b']', _) => {
                if let Some(byte) = comma.take().and_then(|comma: usize| bytes.get_mut(comma)) {
                    *byte = b' ';
                }
                at + 1
            }
            (b'\t', _) => {
                bytes[at] = b' ';
                at + 1
            }
            _ => {
                if !byte.is_ascii_whitespace() {
                    comma = None;
                }
                at + 1
            }
        };
        at = end;
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The byte after a string that begins here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Blanks out what begins here, up to and with `end`, but for ends of lines; the byte after it.
fn blank(bytes: &mut [u8], start: usize, end: &[u8]) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest.windows(end.len()).position(|window| window == end);
    let stop = length.map_or(bytes.len(), |length| start + length + end.len());
    for byte in bytes.get_mut(start..stop).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    stop
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_by_hand_is_read_with_its_places() {
        let text = "\u{feff}{\n\t// a note, with \"quotes\"\n\t\"a\": [1, 2,], /* x */\n  \"b\": \"//no\",\n}\n";
        let json = Json::read(text).unwrap();
        assert_eq!(json.value, serde_json::json!({"a": [1, 2], "b": "//no"}));
        assert!(json.lenient);
        assert_eq!(json.at().key("b").mark(), Mark { line: 4, column: 8 });
        let strict = Json::read("{\"a\": \"\\ud83d\\ude00 ,}\"}").unwrap();
        assert!(!strict.lenient);
        assert_eq!(strict.value["a"], "😀 ,}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let (mark, why) = Json::read("{\n  \"a\" 1\n}").err().unwrap();
        assert_eq!((mark.line, why.as_str()), (2, "expected `:`"));
        let deep = "[".repeat(100_000);
        assert!(Json::read(&deep).err().unwrap().1.contains("recursion limit"));
        for open in ["{\"a", "{/*", "{//", "", "\"\\", ","] {
            assert!(Json::read(open).is_err(), "{open}");
        }
    }
}
