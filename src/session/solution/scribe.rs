//! Writes down what somebody types at a shell, as a solution that can be typed again.
//!
//! At a prompt only what comes of it counts: the command line that the shell tells, whatever way it was
//! edited. While a program runs, each stroke does. A command whose program was typed at is written as
//! text and Enter instead of `run`, as its next prompt comes only after that.
//!
//! What is typed ahead of a prompt is for the shell if the shell then says that it was its next command.

mod entry;
mod news;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use tempfile::NamedTempFile;

use self::entry::{Entry, Text, What};
use self::news::news;
use super::text_of;
use crate::chord::Chord;
use crate::course::keys::Stroke;
use crate::course::solution::mark;
use crate::terminal::{Emulator, Size, View};

/// Whoever typed nothing for so long has looked at the screen: so should who types it again.
const PAUSE: Duration = Duration::from_millis(500);

/// Strokes of a solution: as many lines as are read again.
const MOST: usize = 1900;

const HEADER: &str =
    "# Written down while it was done. Lines can be changed; see docs/formats.md.\n";

/// What is written where no more is.
const FULL: &str = "# the recording ends here: a typed solution is no longer\n";

/// See the [module above](super).
#[derive(Debug)]
pub struct Scribe {
    path: PathBuf,
    /// What the file says.
    written: String,
    entries: Vec<Entry>,
    /// The command that was started last, or what comes before the first.
    current: Current,
    /// What was typed after Enter at a prompt, until the shell says what became of that.
    entered: Option<VecDeque<Entry>>,
    /// Whether something was typed at the present prompt.
    typing: bool,
    /// How many prompts there have been.
    prompts: u64,
    /// The screen when the last stroke came, and when that was.
    seen: String,
    last: Instant,
    /// The beginning and end of each step, and the checks that turned with it.
    turns: Vec<(Instant, Vec<String>)>,
}

/// A command, what was typed at its program, and whether the shell has come back.
#[derive(Debug)]
struct Current {
    command: Option<String>,
    begun: Instant,
    tail: VecDeque<Entry>,
    back: Option<Instant>,
}

impl Current {
    fn begin(command: Option<String>, begun: Instant, tail: VecDeque<Entry>) -> Self {
        Self { command, begun, tail, back: None }
    }
}

impl Scribe {
    /// Begins a solution in a new file.
    pub fn begin(path: &Path, emulator: &Emulator, now: Instant) -> io::Result<Self> {
        let Size { columns, rows } = emulator.size();
        let mut scribe = Self {
            path: path.to_owned(),
            written: String::new(),
            entries: vec![Entry::stroke(now, Stroke::Size { columns, rows })],
            current: Current::begin(None, now, VecDeque::new()),
            entered: None,
            typing: false,
            prompts: emulator.prompts(),
            seen: text_of(&emulator.view()),
            last: now,
            turns: Vec::new(),
        };
        scribe.write()?;
        Ok(scribe)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A key is on its way to the program.
    pub fn key(&mut self, chord: Chord, emulator: &Emulator, now: Instant) -> io::Result<()> {
        // A key without a name, such as a modifier alone, could not be read again.
        if chord.to_string().parse() != Ok(chord) {
            return Ok(());
        }
        match chord.character() {
            Some(c) => self.typed(&c.to_string(), emulator, now),
            None => self.pressed(chord, emulator, now),
        }
        self.write()
    }

    /// Pasted text is.
    pub fn paste(&mut self, text: &str, emulator: &Emulator, now: Instant) -> io::Result<()> {
        // The shell takes the lines of a marked paste as one, and says at the end what came of it.
        let whole = emulator.shell_waits() && emulator.modes().bracketed_paste;
        for (index, line) in text.split(['\r', '\n']).enumerate() {
            if index > 0 && !whole {
                self.pressed(KeyCode::Enter.into(), emulator, now);
            }
            let line: String = line.chars().filter(|c| !c.is_control()).collect();
            if !line.is_empty() {
                self.typed(&line, emulator, now);
            }
        }
        self.write()
    }

    /// The shell said that it runs this.
    pub fn command(&mut self, command: &str, now: Instant) -> io::Result<()> {
        let mut next = match self.entered.take() {
            Some(after) => {
                self.drop_begun(command);
                after
            }
            None => self.typed_ahead(command),
        };
        self.typing = false;
        self.commit();
        // Lines that continue a command were typed at prompts of their own.
        let mut lines: Vec<_> = command.lines().map(str::to_owned).collect();
        let last = lines.pop();
        self.entries.extend(lines.into_iter().map(|line| Entry::stroke(now, Stroke::Run(line))));
        for entry in &mut next {
            entry.at = entry.at.max(now);
        }
        self.current = Current::begin(last, now, next);
        self.write()
    }

    /// Something was printed.
    pub fn printed(&mut self, emulator: &Emulator, now: Instant) -> io::Result<()> {
        let prompted = emulator.prompts() > self.prompts;
        if !prompted && !self.current.tail.iter().any(Entry::is_open) {
            return Ok(());
        }
        let view = emulator.view();
        let last = self.current.tail.len().saturating_sub(1);
        for (index, entry) in self.current.tail.iter_mut().enumerate() {
            if let What::Text(text) = &mut entry.what {
                text.look(&view, index < last);
            }
        }
        if prompted {
            self.prompts = emulator.prompts();
            self.typing = false;
            self.current.back = Some(now);
            if let Some(after) = self.entered.take() {
                self.current.tail.extend(after);
            }
        }
        self.write()
    }

    /// The terminal has another size.
    pub fn resized(&mut self, size: Size, now: Instant) -> io::Result<()> {
        let Size { columns, rows } = size;
        let stroke = Entry::stroke(now, Stroke::Size { columns, rows });
        if self.current.command.is_none() || self.current.back.is_some() {
            self.commit();
            self.current = Current::begin(None, now, VecDeque::new());
            self.entries.push(stroke);
        } else {
            self.current.tail.push_back(stroke);
        }
        self.write()
    }

    /// These checks were found to have turned green by a verification that began at `asked`.
    pub fn turned(&mut self, names: Vec<String>, asked: Instant) -> io::Result<()> {
        let since = self.turns.last().map(|(end, _)| *end);
        let within = |at: Instant| at < asked && since.is_none_or(|since| at >= since);
        // The size that every solution begins with does nothing.
        let did = self.all().iter().skip(1).any(|entry| within(entry.at));
        if did {
            self.turns.push((asked, names));
        } else if let Some((_, before)) = self.turns.last_mut() {
            before.extend(names);
        }
        self.write()
    }

    /// Text on its way to the program.
    fn typed(&mut self, typed: &str, emulator: &Emulator, now: Instant) {
        if emulator.shell_waits() && self.entered.is_none() {
            self.typing = true;
            return;
        }
        let view = emulator.view();
        self.wait(&view, now);
        let tail = self.entered.as_mut().unwrap_or(&mut self.current.tail);
        let taken = match tail.back_mut().map(|entry| &mut entry.what) {
            Some(What::Text(text)) => text.takes(typed),
            _ => false,
        };
        if !taken && tail.len() < MOST {
            tail.push_back(Entry { at: now, what: What::Text(Text::begin(typed, &view)) });
        }
        self.stroked(&view, now);
    }

    /// A key that types nothing is.
    fn pressed(&mut self, chord: Chord, emulator: &Emulator, now: Instant) {
        let enter = chord == KeyCode::Enter.into();
        let leaves = chord.commands() && chord.to_string().eq_ignore_ascii_case("ctrl-d");
        match &mut self.entered {
            None if emulator.shell_waits() && enter => {
                self.entered = Some(VecDeque::new());
                self.stroked(&emulator.view(), now);
            }
            // It ends the shell, and no command does.
            None if emulator.shell_waits() && leaves && !self.typing => {
                self.commit();
                let key = Entry::stroke(now, Stroke::Key(chord));
                self.current = Current::begin(None, now, VecDeque::from([key]));
            }
            None if emulator.shell_waits() => self.typing = true,
            _ => {
                let view = emulator.view();
                self.wait(&view, now);
                let tail = self.entered.as_mut().unwrap_or(&mut self.current.tail);
                if tail.len() < MOST {
                    tail.push_back(Entry::stroke(now, Stroke::Key(chord)));
                }
                self.stroked(&view, now);
            }
        }
    }

    /// Waits for something that is new on the screen, if there was a pause to look at it.
    fn wait(&mut self, view: &View, now: Instant) {
        if self.entered.is_some() {
            return;
        }
        let first = self.current.tail.is_empty();
        if first || now.duration_since(self.last) >= PAUSE {
            let typed = self.current.tail.iter().rev().find_map(Entry::text).unwrap_or_default();
            if let Some(text) = news(&self.seen, view, typed) {
                let wait = Entry::stroke(now, Stroke::Wait(text));
                self.current.tail.push_back(wait);
            }
        }
    }

    fn stroked(&mut self, view: &View, now: Instant) {
        self.seen = text_of(view);
        self.last = now;
    }

    /// A command that was typed before its prompt came: what was typed after it.
    fn typed_ahead(&mut self, command: &str) -> VecDeque<Entry> {
        let tail = &mut self.current.tail;
        let line = |at: usize| {
            let texts = tail.iter().skip(at).map_while(Entry::ahead);
            let (count, typed) =
                texts.fold((0, String::new()), |(n, line), text| (n + 1, line + text));
            let entered = tail.get(at + count).is_some_and(Entry::is_enter);
            (entered && typed.trim() == command).then_some((at, count + 1))
        };
        let Some((at, count)) = (0..tail.len()).find_map(line) else {
            self.drop_begun(command);
            return VecDeque::new();
        };
        let rest = tail.split_off(at + count);
        tail.truncate(at);
        // Nothing was for the program: what it printed was looked at, no more.
        if !tail.iter().any(|entry| !matches!(entry.what, What::Stroke(Stroke::Wait(_)))) {
            tail.clear();
        }
        rest
    }

    /// The beginning of a command, typed before its prompt came.
    fn drop_begun(&mut self, command: &str) {
        let tail = &mut self.current.tail;
        let count = tail.iter().rev().map_while(Entry::ahead).count();
        let from = tail.len() - count;
        let begun: String = tail.iter().skip(from).filter_map(Entry::ahead).collect();
        if !begun.trim().is_empty() && command.starts_with(begun.trim_start()) {
            tail.truncate(from);
        }
    }

    /// The current command is over, and another takes its place.
    fn commit(&mut self) {
        self.current.tail.iter_mut().for_each(Entry::settle);
        if self.entries.len() < MOST {
            self.entries.extend(self.rendered());
        }
    }

    /// The current command as strokes.
    fn rendered(&self) -> Vec<Entry> {
        let Current { command, begun, tail, back } = &self.current;
        let stroke = |stroke| Entry::stroke(*begun, stroke);
        let mut all = Vec::new();
        match command {
            Some(command) if tail.is_empty() => all.push(stroke(Stroke::Run(command.clone()))),
            Some(command) => {
                all.push(stroke(Stroke::Type(command.clone())));
                all.push(stroke(Stroke::Key(KeyCode::Enter.into())));
            }
            None => {}
        }
        all.extend(tail.iter().cloned());
        if let Some(at) = back.filter(|_| !tail.is_empty()) {
            all.push(Entry::stroke(at, Stroke::Prompt));
        }
        all
    }

    fn all(&self) -> Vec<Entry> {
        let mut all = self.entries.clone();
        all.extend(self.rendered());
        all
    }

    /// The file's text as it should be.
    fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        let mut turns = self.turns.iter();
        let mut step = turns.next();
        let mut marked = false;
        for entry in self.all().iter().take(MOST) {
            while step.is_some_and(|(end, _)| entry.at >= *end) {
                step = turns.next();
                marked = false;
            }
            let sets_up = matches!(entry.what, What::Stroke(Stroke::Size { .. }));
            if let Some((_, names)) = step.filter(|_| !marked && !sets_up) {
                // Writing into a string does not fail.
                let _ = write!(text, "\n{}\n", mark(names));
                marked = true;
            }
            entry.write(&mut text);
        }
        if self.entries.len() >= MOST {
            text.push_str(FULL);
        }
        text
    }

    /// Writes what is not in the file yet.
    fn write(&mut self) -> io::Result<()> {
        let text = self.text();
        if text == self.written {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path).map_err(|error| error.error)?;
        self.written = text;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
