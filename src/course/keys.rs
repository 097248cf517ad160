//! Solutions that are typed: what somebody types into a sandbox's shell, line by line.
//!
//! For what a script cannot do: an editor, a pager, a program that asks. One line is one [`Stroke`]:
//! a word, a blank, and what follows to the end of the line as it is. Empty lines and lines that
//! begin with `#` are for people, but for those that begin a step ([`super::solution`]).

use std::fmt;

use super::yaml::quote;
use super::{Diagnostic, Resource, Severity, nearest};
use crate::chord::Chord;

/// What a file's name ends in.
const ENDING: &str = ".keys";

/// Lines of one solution: hours of typing.
const MAX_LINES: usize = 2000;

/// Characters of one line, as much as a shell's note of a command holds.
const MAX_LENGTH: usize = 4096;

/// The words that begin a line.
const WORDS: [&str; 6] = ["run", "type", "key", "wait", "prompt", "size"];

/// One thing that is typed or waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stroke {
    /// Types a line and Enter, and waits until the shell waits for the next one.
    Run(String),
    /// Types this and nothing else.
    Type(String),
    /// Presses one key.
    Key(Chord),
    /// Waits until the screen shows this.
    Wait(String),
    /// Waits until the shell shows a prompt after the last Enter, or the last key with Ctrl.
    Prompt,
    /// Gives the terminal this size.
    Size {
        /// Its width.
        columns: u16,
        /// Its height.
        rows: u16,
    },
}

/// A stroke and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u32,
    /// What it says.
    pub stroke: Stroke,
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(text) => write!(f, "run {text}"),
            Self::Type(text) => write!(f, "type {text}"),
            Self::Key(chord) => write!(f, "key {chord}"),
            Self::Wait(text) => write!(f, "wait {text}"),
            Self::Prompt => f.write_str("prompt"),
            Self::Size { columns, rows } => write!(f, "size {columns}x{rows}"),
        }
    }
}

/// Whether a file has strokes in it, and is not a script for a shell.
pub fn is_typed(file: &Resource) -> bool {
    file.relative().ends_with(ENDING)
}

/// The command or text of a line, without the word before it: what a learner would type.
pub(super) fn typed(line: &str) -> &str {
    let line = line.trim_start();
    ["run ", "type "].iter().find_map(|word| line.strip_prefix(word)).unwrap_or(line)
}

/// The strokes of a text. `file` is its name in messages, `first` the number of its first line.
pub fn lines(file: &str, first: u32, text: &str) -> Result<Vec<Line>, Diagnostic> {
    let mut lines = Vec::new();
    for (number, line) in (first..).zip(text.lines()) {
        let wrong = |column: usize, message: String, help: Option<String>| Diagnostic {
            severity: Severity::Error,
            file: file.to_owned(),
            line: number,
            column: column as u32 + 1,
            message,
            help,
        };
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        if lines.len() == MAX_LINES {
            let message = format!("a typed solution has {MAX_LINES} lines at most");
            return Err(wrong(0, message, None));
        }
        let stroke = stroke(line).map_err(|Wrong { at, message, help }| {
            wrong(line[..at].chars().count(), message, help)
        })?;
        lines.push(Line { number, stroke });
    }
    Ok(lines)
}

/// What is wrong with a line, and at which byte of it.
struct Wrong {
    at: usize,
    message: String,
    help: Option<String>,
}

fn stroke(line: &str) -> Result<Stroke, Wrong> {
    let indent = line.len() - line.trim_start().len();
    let body = line[indent..].trim_end_matches('\r');
    let (word, rest) = body.split_once(' ').unwrap_or((body, ""));
    let value = indent + word.len() + 1;
    let wrong = |at: usize, message: String, help: Option<String>| {
        Err(Wrong { at: at.min(line.len()), message, help })
    };
    if let Some((at, c)) = rest.char_indices().find(|(_, c)| c.is_control()) {
        let message = format!("the character U+{:04X} cannot be typed", u32::from(c));
        return wrong(value + at, message, Some("write it as a key, such as \"key Tab\"".into()));
    }
    if rest.chars().count() > MAX_LENGTH {
        return wrong(value, format!("a line has {MAX_LENGTH} characters at most"), None);
    }
    let bare = rest.trim();
    match word {
        "run" | "type" | "wait" if bare.is_empty() => {
            let help = (word == "type").then(|| "a blank is \"key Space\"".to_owned());
            wrong(value, format!("{} needs a text behind it", quote(word)), help)
        }
        "run" => Ok(Stroke::Run(rest.to_owned())),
        "type" => Ok(Stroke::Type(rest.to_owned())),
        "wait" => Ok(Stroke::Wait(bare.to_owned())),
        "prompt" if bare.is_empty() => Ok(Stroke::Prompt),
        "prompt" => wrong(value, "nothing stands behind \"prompt\"".to_owned(), None),
        "key" => bare.parse().map(Stroke::Key).or_else(|_| {
            let help = "keys are Enter, Esc, Tab, Up, F2, Ctrl-x, Alt-b, …; text is typed with \
                        \"type\"";
            wrong(value, format!("there is no key {}", quote(bare)), Some(help.to_owned()))
        }),
        "size" => size(bare).map_or_else(
            || {
                let help = "write \"size 80x24\": columns and rows, 10x1 to 640x256".to_owned();
                wrong(value, format!("{} is no size of a terminal", quote(bare)), Some(help))
            },
            Ok,
        ),
        _ => {
            let help = match nearest(word, WORDS) {
                Some(near) => format!("did you mean {}?", quote(near)),
                None => format!("a line begins with {}", WORDS.join(", ")),
            };
            wrong(indent, format!("{} begins no line of a typed solution", quote(word)), Some(help))
        }
    }
}

fn size(text: &str) -> Option<Stroke> {
    let (columns, rows) = text.split_once('x')?;
    let (columns, rows) = (columns.parse().ok()?, rows.parse().ok()?);
    let usable = (10..=640).contains(&columns) && (1..=256).contains(&rows);
    usable.then_some(Stroke::Size { columns, rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# by hand\nsize 80x24\nrun mkdir -p /srv/data\n\ntype  :wq\n  key Ctrl-x\n\
        wait GNU nano\nprompt\n";

    #[test]
    fn a_line_is_a_word_and_what_follows_it() {
        let read = lines("x", 1, TEXT).unwrap();
        let numbers: Vec<_> = read.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [2, 3, 5, 6, 7, 8]);
        assert_eq!(read[2].stroke, Stroke::Type(" :wq".to_owned()), "one blank ends the word");
        let written: String = read.iter().map(|line| format!("{}\n", line.stroke)).collect();
        let again = lines("x", 1, &written).unwrap();
        let strokes =
            |lines: Vec<Line>| lines.into_iter().map(|line| line.stroke).collect::<Vec<_>>();
        assert_eq!(strokes(again), strokes(read), "what is written is read");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (text, line, column, message, help) in [
            ("run ls\nrnu ls\n", 2, 1, "\"rnu\" begins no line", "did you mean \"run\"?"),
            ("  key Entre\n", 1, 7, "there is no key \"Entre\"", "Ctrl-x"),
            ("run a\tb\n", 1, 6, "U+0009 cannot be typed", "key Tab"),
            ("type\n", 1, 5, "needs a text", "key Space"),
            ("size 80\n", 1, 6, "\"80\" is no size", "80x24"),
            ("prompt $\n", 1, 8, "nothing stands behind", ""),
        ] {
            let wrong = lines("x", 1, text).unwrap_err();
            assert_eq!((wrong.line, wrong.column), (line, column), "{wrong}");
            assert!(wrong.message.contains(message), "{wrong}");
            assert!(wrong.help.unwrap_or_default().contains(help), "{text}");
        }
        let long = "run ls\n".repeat(MAX_LINES + 1);
        assert_eq!(lines("x", 1, &long).unwrap_err().line, 2001);
    }
}
