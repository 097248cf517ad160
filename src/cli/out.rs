//! Text and JSON on stdout, everything else on stderr.
//!
//! Nothing from content or a sandbox reaches the terminal without [`printable`]. Colours only where
//! a terminal shows them and `NO_COLOR` is not set; no meaning is carried by them alone.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::platform::terminal::takes_sequences;
use crate::problem::{Exit, Problem};
use crate::tui::theme::{ColorDepth, Signs};

/// Where a command's words go.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts about three streams, each by itself")]
pub(super) struct Out {
    /// Whether facts are printed as JSON.
    pub(super) json: bool,
    /// The signs for states.
    pub(super) signs: Signs,
    /// Whether stdout is a terminal that shows colours.
    pub(super) color: bool,
    /// The same for stderr.
    color_errors: bool,
    /// Whether stderr is a terminal.
    pub(super) errors_on_terminal: bool,
    /// The first failure to write to stdout; printing stops there and the work goes on.
    failed: Mutex<Option<io::Error>>,
}

/// What a piece of text stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Wants a look.
    Attention,
    /// Of less weight.
    Muted,
    /// Of more weight.
    Strong,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Bad => "31",
            Self::Attention => "33",
            Self::Muted => "2",
            Self::Strong => "1",
        }
    }
}

impl Out {
    /// Looks at the terminal and the locale.
    pub(super) fn new(json: bool) -> Self {
        let var = |name: &str| std::env::var(name).ok();
        let colors = ColorDepth::detect(var) != ColorDepth::None && takes_sequences();
        let errors_on_terminal = io::stderr().is_terminal();
        Self {
            json,
            signs: Signs::detect(var),
            color: colors && io::stdout().is_terminal(),
            color_errors: colors && errors_on_terminal,
            errors_on_terminal,
            failed: Mutex::default(),
        }
    }

    /// A line of text on stdout.
    pub(super) fn line(&self, text: impl Display) {
        self.write(format!("{text}\n").as_bytes());
    }

    /// A line of JSON on stdout.
    pub(super) fn value(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => self.write((text + "\n").as_bytes()),
            Err(error) => self.remember(io::Error::other(error)),
        }
    }

    /// Bytes on stdout as they are.
    pub(super) fn write(&self, bytes: &[u8]) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            let mut out = io::stdout().lock();
            *failed = out.write_all(bytes).and_then(|()| out.flush()).err();
        }
    }

    fn remember(&self, error: io::Error) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// A line on stderr for people; not printed with `--json`.
    pub(super) fn note(&self, text: impl Display) {
        if !self.json {
            // Nobody can be told that stderr is gone.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// The same for something that one should know: a `note:` line.
    pub(super) fn remark(&self, text: &str) {
        self.note(format_args!(
            "{} {}",
            self.mark_error("note:", Tone::Attention),
            printable(text)
        ));
    }

    /// What ended the command, on stderr: `error:` and `help:` lines, or the JSON object.
    pub(super) fn problem(&self, problem: &Problem) {
        let mut errors = io::stderr().lock();
        let _ = if self.json {
            writeln!(errors, "{}", serde_json::json!({ "error": problem }))
        } else {
            let text = printable(&problem.to_string());
            let help = problem.remedy.as_deref().map_or_else(String::new, |remedy| {
                format!("\n{} {}", self.mark_error("help:", Tone::Strong), printable(remedy))
            });
            let sign = match problem.exit {
                Exit::Interrupted => self.mark_error("interrupted:", Tone::Attention),
                _ => self.mark_error("error:", Tone::Bad),
            };
            writeln!(errors, "{sign} {text}{help}")
        };
    }

    /// What is not as it should be but stops nothing: `warning:` and `help:` lines on stderr.
    pub(super) fn warning(&self, problem: &Problem) {
        let sign = self.mark_error("warning:", Tone::Attention);
        self.note(format_args!("{sign} {}", printable(&problem.to_string())));
        if let Some(remedy) = &problem.remedy {
            self.note(format_args!(
                "{} {}",
                self.mark_error("help:", Tone::Strong),
                printable(remedy)
            ));
        }
    }

    /// Text for stdout in a tone.
    pub(super) fn mark(&self, text: impl Display, tone: Tone) -> String {
        painted(self.color, &text.to_string(), tone)
    }

    /// Text for stderr in a tone.
    pub(super) fn mark_error(&self, text: impl Display, tone: Tone) -> String {
        painted(self.color_errors, &text.to_string(), tone)
    }

    /// Tells whether everything could be printed. A reader who has gone is no failure.
    pub(super) fn finish(&self) -> Result<(), Problem> {
        match self.failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                let message = format!("The output cannot be written: {error}");
                Err(Problem::new("output", Exit::Environment, message))
            }
            _ => Ok(()),
        }
    }
}

fn painted(color: bool, text: &str, tone: Tone) -> String {
    if color { format!("\x1b[{}m{text}\x1b[0m", tone.code()) } else { text.to_owned() }
}

/// Text without anything a terminal would obey. Lines stay lines.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_a_terminal_obeys_is_printed() {
        assert_eq!(printable("a\x1b[31mb\u{9b}2J\x07\n\tc\r"), "a[31mb2J\n\tc");
    }

    #[test]
    fn colour_only_where_it_is_shown() {
        assert_eq!(painted(false, "ok", Tone::Good), "ok");
        assert_eq!(painted(true, "ok", Tone::Good), "\x1b[32mok\x1b[0m");
    }
}
