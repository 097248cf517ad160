//! What a shell says of itself: where its prompts, its input and its output are (OSC 133), and its
//! folder (OSC 7).
//!
//! The mark of what is printed next is hidden in the cursor's link, which the model copies into each
//! cell and keeps with it, wherever lines are wrapped anew or scrolled. Real links are ignored.
//!
//! Any program can say these things, and a shell can be killed between two of them. So nothing
//! follows from them but marks, a folder's name and [`Event`](super::Event)s: each mark ends the one
//! before, and a prompt means that no command runs.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::term::Term;
use alacritty_terminal::term::cell::Hyperlink;

use super::Line;
use super::cell::{Mark, Width};
use super::guard::Guard;
use super::outbox::Outbox;
use super::screen;

/// A command's length in bytes: whole scripts are pasted, but are not told by their text.
const MAX_TEXT: usize = 4096;

/// How many cells are read for it at most: of a longer one its first part is kept, which is found
/// last.
const MAX_CELLS: usize = 4 * MAX_TEXT;

/// What one of these commands says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// A shell waits for a command: its prompt follows.
    Waits,
    /// What follows has this mark.
    Mark(Mark),
    /// A command runs, and its output follows.
    Runs,
    /// It is over, with this status if the shell tells.
    Over(Option<i32>),
    /// The shell's folder, if it tells.
    Folder(Option<String>),
}

impl Note {
    /// Reads a command without what begins and ends it; `None` if it says nothing of this.
    pub(super) fn read(command: &[u8]) -> Option<Self> {
        let command = std::str::from_utf8(command).ok()?;
        if let Some(place) = command.strip_prefix("7;") {
            return if place.is_empty() { Some(Self::Folder(None)) } else { folder(place) };
        }
        let mut fields = command.strip_prefix("133;")?.split(';');
        let (name, options) = (fields.next()?, fields);
        let continues = || options.clone().any(|option| matches!(option, "k=s" | "k=c"));
        Some(match name {
            "A" | "P" if continues() => Self::Mark(Mark::Continuation),
            "A" => Self::Waits,
            "P" => Self::Mark(Mark::Prompt),
            "B" => Self::Mark(Mark::Input),
            "C" => Self::Runs,
            "D" => Self::Over(options.clone().next().and_then(|status| status.parse().ok())),
            _ => return None,
        })
    }
}

/// A folder's URL or path.
fn folder(place: &str) -> Option<Note> {
    let path = match place.strip_prefix("file://") {
        Some(rest) => decoded(&rest[rest.find('/')?..])?,
        None => place.to_owned(),
    };
    let usable = path.starts_with('/') && !path.contains(char::is_control);
    usable.then_some(Note::Folder(Some(path)))
}

/// Undoes a URL's encoding.
fn decoded(text: &str) -> Option<String> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        let code = match after {
            [high, low, ..] if *byte == b'%' => digit(high).zip(digit(low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push((16 * high + low) as u8);
                rest = &after[2..];
            }
            None => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// How far a shell is.
pub(super) struct Shell {
    /// The mark of what is printed next.
    mark: Mark,
    /// Whether a command may have been typed.
    typed: bool,
    /// Whether a command runs whose end is to be told.
    running: bool,
    /// Whether a prompt has begun after which nothing may be typed yet.
    prompting: bool,
    /// How many prompts there have been.
    prompts: u64,
    /// Made once, since each cell has one.
    links: [(Mark, Hyperlink); 3],
}

impl Default for Shell {
    fn default() -> Self {
        let link = |mark: Mark| (mark, Hyperlink::new(Some(mark.name()), String::new()));
        Self {
            mark: Mark::Output,
            typed: false,
            running: false,
            prompting: false,
            prompts: 0,
            links: [Mark::Prompt, Mark::Continuation, Mark::Input].map(link),
        }
    }
}

impl Shell {
    /// A reset ends what is being typed. It may come from a command, whose end is still to be told.
    pub(super) fn reset(&mut self) {
        self.mark = Mark::Output;
        self.typed = false;
    }

    /// Whether what is typed now is a command.
    pub(super) fn waits(&self) -> bool {
        self.mark == Mark::Input
    }

    /// How many times it has begun to wait for a command, or for more of one.
    pub(super) fn prompts(&self) -> u64 {
        self.prompts
    }
}

impl Guard<'_> {
    /// Takes in what the shell says.
    pub(super) fn note(&mut self, note: Note) {
        let shell = &mut self.extras.shell;
        let mark = match note {
            Note::Folder(folder) => {
                self.extras.folder = folder;
                return;
            }
            Note::Mark(mark) => {
                if mark == Mark::Input {
                    shell.typed = true;
                    shell.prompts += u64::from(std::mem::take(&mut shell.prompting));
                }
                shell.prompting |= mark == Mark::Continuation;
                mark
            }
            Note::Waits => {
                (shell.typed, shell.running, shell.prompting) = (false, false, true);
                Mark::Prompt
            }
            Note::Runs => {
                if std::mem::take(&mut shell.typed) {
                    shell.running = self.outbox.command_started(typed(self.term));
                }
                Mark::Output
            }
            Note::Over(status) => {
                if std::mem::take(&mut shell.running) {
                    self.outbox.command_ended(status);
                }
                shell.typed = false;
                Mark::Output
            }
        };
        shell.mark = mark;
        self.mark_cursor();
    }

    /// Gives the cursor the present mark. Needed wherever the model takes another cursor.
    pub(super) fn mark_cursor(&mut self) {
        let Shell { mark, links, .. } = &self.extras.shell;
        let template = &mut self.term.grid_mut().cursor.template;
        if Mark::of(template) != *mark {
            let link = links.iter().find(|(name, _)| name == mark);
            template.set_hyperlink(link.map(|(_, link)| link.clone()));
        }
    }
}

/// What was typed at the prompt above the cursor.
fn typed(term: &Term<Outbox>) -> String {
    let cursor = term.grid().cursor.point;
    let below = usize::try_from(cursor.line.0).unwrap_or_default() + usize::from(cursor.column > 0);
    let screen = (0..below).rev().map(|row| screen::below(term, row));
    let above = (1..=term.history_size()).map(|row| screen::above(term, row));
    let (mut lines, mut cells) = (Vec::new(), 0);
    for row in screen.chain(above) {
        let line = Line::of(row, term.colors());
        let is = |mark| line.has_mark(mark);
        // Where the input ends at the edge, there is an empty row below it.
        let between = lines.is_empty() && line.columns() == 0;
        if !between && !is(Mark::Prompt) && !is(Mark::Continuation) && !is(Mark::Input) {
            break;
        }
        let first = is(Mark::Prompt);
        cells += line.columns();
        lines.push(line);
        if first || cells >= MAX_CELLS {
            break;
        }
    }
    let mut text = String::new();
    let mut goes_on = true;
    for line in lines.iter().rev() {
        if !goes_on || line.starts_with(Mark::Continuation) {
            text.push('\n');
        }
        text.push_str(&input(line));
        // The shell may have moved the cursor to the next row itself.
        goes_on = line.wrapped || line.columns() >= term.columns();
    }
    let text = text.trim();
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

/// A line's text from the first to the last cell of input.
fn input(line: &Line) -> String {
    let (mut text, mut end) = (String::new(), 0);
    for cell in line.cells().filter(|cell| cell.width != Width::Spacer) {
        match cell.mark {
            Mark::Input => {}
            Mark::Output if !text.is_empty() => {}
            _ => continue,
        }
        text.push(cell.character);
        text.push_str(cell.combining);
        if cell.mark == Mark::Input {
            end = text.len();
        }
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests;
