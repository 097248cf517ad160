//! The logs of all services in one stream: filtered, and with what repeats folded.
//!
//! The stream follows what comes. Whoever scrolls up stops it: lines go on coming, and what is read
//! stands still.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::clock_of;
use crate::incident::gate::wire;
use crate::tui::widgets::tame::visible;

/// How many lines are kept.
const MAX: usize = 5000;

/// How long a line is kept, in characters.
const MAX_LINE: usize = 1000;

/// Lines are folded together within so many seconds: a flood stays one row, and time goes on.
const FOLDED: f64 = 20.0;

/// How many lines of other kinds may stand between two that are folded together.
const APART: usize = 16;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    #[default]
    Debug,
    Info,
    Warn,
    Error,
}

impl Severity {
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "debug" | "trace" => Self::Debug,
            "warn" | "warning" => Self::Warn,
            "error" | "fatal" | "critical" | "panic" | "alert" => Self::Error,
            _ => Self::Info,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// One line, fit to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub n: i64,
    /// Unix seconds; not a number where the line had no time.
    pub time: f64,
    pub clock: String,
    pub service: String,
    pub severity: Severity,
    /// The message and the fields.
    pub text: String,
    /// The same for lines that differ in numbers only.
    pattern: u64,
}

/// A row: a line, or several of the same pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The number of the last of them.
    pub n: i64,
    /// The number of the first of them: it stays.
    pub first: i64,
    pub count: usize,
}

/// See the module.
#[derive(Debug)]
pub struct Logs {
    lines: VecDeque<Entry>,
    /// What to ask after.
    after: i64,
    /// Lines that were gone before they could be read.
    pub dropped: u64,
    /// Only this service's lines.
    pub service: Option<String>,
    /// Only these lines and worse ones.
    pub least: Severity,
    /// Only lines with this text.
    pub text: String,
    /// Whether it is being typed.
    pub typing: bool,
    /// Whether what repeats is folded.
    pub fold: bool,
    rows: Vec<Row>,
    /// The first line of the selected row, while the stream is stopped.
    stopped: Option<i64>,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            after: -1,
            dropped: 0,
            service: None,
            least: Severity::default(),
            text: String::new(),
            typing: false,
            fold: true,
            rows: Vec::new(),
            stopped: None,
        }
    }
}

/// The message and all fields, on one line.
fn worded(line: &wire::LogLine) -> String {
    let mut text = line.message.clone();
    for (name, value) in &line.fields {
        if text.len() > MAX_LINE {
            break;
        }
        let value = match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        text.push(' ');
        text.push_str(name);
        text.push('=');
        text.push_str(&value);
    }
    let text: String = text.chars().take(MAX_LINE).collect();
    visible(&text)
}

/// The same for lines that differ in numbers and ids only. Fields of which only the value differs are
/// of one pattern too.
fn pattern(service: &str, severity: Severity, message: &str) -> u64 {
    let mut hash = DefaultHasher::new();
    (service, severity as u8).hash(&mut hash);
    let mut number = false;
    for word in message.split_whitespace() {
        if word.chars().any(|c| c.is_ascii_digit()) {
            // The part before the value says what it is.
            let name = word.split(['=', ':', '/']).next().unwrap_or_default();
            let name: String = name.chars().filter(|c| !c.is_ascii_digit()).collect();
            (true, name).hash(&mut hash);
            number = true;
        } else {
            word.hash(&mut hash);
        }
    }
    number.hash(&mut hash);
    hash.finish()
}

impl Entry {
    fn of(line: &wire::LogLine) -> Self {
        let severity = Severity::of(&line.level);
        let text = worded(line);
        let service: String = visible(&line.service).chars().take(24).collect();
        let time: Option<jiff::Timestamp> = line.time.parse().ok();
        Self {
            n: line.n,
            time: time.map_or(f64::NAN, |time| time.as_millisecond() as f64 / 1e3),
            clock: clock_of(&line.time),
            pattern: pattern(&service, severity, &line.message),
            service,
            severity,
            text,
        }
    }
}

impl Logs {
    /// What to ask after.
    pub fn next(&self) -> i64 {
        self.after
    }

    /// More lines.
    pub fn take(&mut self, logs: &wire::Logs) {
        self.after = logs.next;
        self.dropped += logs.dropped;
        let last = self.lines.back().map_or(i64::MIN, |line| line.n);
        // Only the last ones could stay.
        let skip = logs.lines.len().saturating_sub(MAX);
        let fresh = logs.lines.iter().skip(skip).filter(|line| line.n > last);
        let before = self.lines.len();
        self.lines.extend(fresh.map(Entry::of));
        let added = self.lines.len() - before;
        let gone = self.lines.len().saturating_sub(MAX);
        self.lines.drain(..gone);
        if added > 0 {
            self.arrange();
        }
    }

    pub fn line(&self, n: i64) -> Option<&Entry> {
        let index = self.lines.binary_search_by_key(&n, |line| line.n).ok()?;
        self.lines.get(index)
    }

    pub fn lines(&self) -> impl Iterator<Item = &Entry> {
        self.lines.iter()
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Whether anything is left out by a filter.
    pub fn is_filtered(&self) -> bool {
        self.service.is_some() || self.least > Severity::Debug || !self.text.is_empty()
    }

    pub fn passes(&self, line: &Entry) -> bool {
        line.severity >= self.least
            && self.service.as_ref().is_none_or(|service| *service == line.service)
    }

    /// Filters and folds anew. What is read stands still.
    pub fn arrange(&mut self) {
        let text = self.text.to_lowercase();
        let has_text = |line: &&Entry| text.is_empty() || line.text.to_lowercase().contains(&text);
        let mut rows: Vec<(Row, u64, f64)> = Vec::new();
        for line in self.lines.iter().filter(|line| self.passes(line)).filter(has_text) {
            let same = if self.fold {
                let alike = |(_, pattern, began): &&mut (Row, u64, f64)| {
                    *pattern == line.pattern && line.time - *began <= FOLDED
                };
                rows.iter_mut().rev().take(APART).find(alike)
            } else {
                None
            };
            if let Some((row, ..)) = same {
                row.n = line.n;
                row.count += 1;
            } else {
                let row = Row { n: line.n, first: line.n, count: 1 };
                rows.push((row, line.pattern, line.time));
            }
        }
        self.rows = rows.into_iter().map(|(row, ..)| row).collect();
    }

    /// The index of the selected row, while the stream is stopped.
    pub fn selected(&self) -> Option<usize> {
        let stopped = self.stopped?;
        let after = self.rows.partition_point(|row| row.first <= stopped);
        // What was selected may be gone, or folded into another row.
        Some(after.saturating_sub(1))
    }

    /// Moves the selection by rows; upwards stops the stream, over the end lets it go on.
    pub fn move_by(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        let at = match self.selected() {
            Some(at) => at.saturating_add_signed(by),
            None if by < 0 => last.saturating_add_signed(by.saturating_add(1)),
            None => return,
        };
        self.stopped = if at > last { None } else { self.rows.get(at).map(|row| row.first) };
    }

    /// Selects a row; the stream stops.
    pub fn select(&mut self, at: usize) {
        self.stopped = self.rows.get(at).map(|row| row.first);
    }

    /// Follows what comes.
    pub fn follow(&mut self) {
        self.stopped = None;
    }

    /// The next service in turn, or all again.
    pub fn next_service(&mut self) {
        let mut names: Vec<&String> = self.lines.iter().map(|line| &line.service).collect();
        names.sort_unstable();
        names.dedup();
        let next = match &self.service {
            None => names.first(),
            Some(now) => names.iter().find(|name| **name > now),
        };
        self.service = next.map(|name| (*name).clone());
        self.filtered();
    }

    /// The next severity, or all again.
    pub fn next_level(&mut self) {
        self.least = match self.least {
            Severity::Debug => Severity::Info,
            Severity::Info => Severity::Warn,
            Severity::Warn => Severity::Error,
            Severity::Error => Severity::Debug,
        };
        self.filtered();
    }

    /// All lines again.
    pub fn clear(&mut self) {
        self.service = None;
        self.least = Severity::Debug;
        self.text.clear();
        self.filtered();
    }

    /// The filter has changed.
    pub fn filtered(&mut self) {
        self.arrange();
        self.follow();
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn line(n: i64, service: &str, level: &str, message: &str) -> wire::LogLine {
        let time = 1_764_151_200 + n;
        wire::LogLine {
            n,
            time: jiff::Timestamp::from_second(time).unwrap().to_string(),
            service: service.into(),
            level: level.into(),
            message: message.into(),
            fields: [("ms".to_owned(), serde_json::json!(n))].into(),
        }
    }

    fn take(logs: &mut Logs, lines: Vec<wire::LogLine>) {
        let next = lines.last().map_or(0, |line| line.n);
        logs.take(&wire::Logs { next, dropped: 0, lines });
    }

    fn texts(logs: &Logs) -> Vec<(String, usize)> {
        let rows = logs.rows().iter();
        rows.map(|row| (logs.line(row.n).unwrap().text.clone(), row.count)).collect()
    }

    #[test]
    fn what_repeats_is_folded_even_with_others_between() {
        let mut logs = Logs::default();
        let lines = (0..6).map(|n| match n % 3 {
            0 => line(n, "db", "info", "checkpoint complete"),
            _ => line(n, "api", "warn", &format!("slow request path=/x{n} took {n} ms")),
        });
        take(&mut logs, lines.collect());
        assert_eq!(
            texts(&logs),
            [
                ("checkpoint complete ms=3".to_owned(), 2),
                ("slow request path=/x5 took 5 ms ms=5".to_owned(), 4)
            ]
        );
        logs.fold = false;
        logs.arrange();
        assert_eq!(logs.rows().len(), 6);
    }

    #[test]
    fn filters_leave_out_and_come_back() {
        let mut logs = Logs::default();
        take(
            &mut logs,
            vec![
                line(0, "db", "info", "ready"),
                line(1, "api", "error", "Refused"),
                line(2, "api", "debug", "x\u{1b}[31m"),
            ],
        );
        logs.next_service();
        assert_eq!((logs.service.as_deref(), logs.rows().len()), (Some("api"), 2));
        logs.next_level();
        assert_eq!(logs.rows().len(), 1);
        logs.clear();
        logs.text = "refused".into();
        logs.filtered();
        assert_eq!(texts(&logs), [("Refused ms=1".to_owned(), 1)]);
        logs.clear();
        assert_eq!(logs.line(2).unwrap().text, "x^[[31m ms=2");
        logs.next_service();
        logs.next_service();
        logs.next_service();
        assert_eq!(logs.service, None);
    }

    #[test]
    fn whoever_scrolls_up_reads_in_peace() {
        let mut logs = Logs { fold: false, ..Logs::default() };
        take(&mut logs, (0..50).map(|n| line(n, "api", "info", "a")).collect());
        assert_eq!(logs.selected(), None);
        logs.move_by(-1);
        assert_eq!(logs.selected(), Some(49));
        logs.move_by(-9);
        take(&mut logs, (50..99).map(|n| line(n, "api", "info", "a")).collect());
        assert_eq!(logs.selected(), Some(40));
        logs.move_by(isize::MAX / 2);
        assert_eq!(logs.selected(), None, "over the end it follows again");
        logs.move_by(isize::MIN / 2);
        assert_eq!(logs.selected(), Some(0));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let mut logs = Logs::default();
        take(&mut logs, (0..6000).map(|n| line(n, "api", "info", "a")).collect());
        take(&mut logs, (5990..6010).map(|n| line(n, "api", "info", "a")).collect());
        assert_eq!(logs.lines().count(), MAX);
        assert_eq!(logs.next(), 6009);
        assert!(logs.line(0).is_none() && logs.line(6009).is_some());
        assert_eq!(logs.rows().len(), 5000_usize.div_ceil(21));
        let long = line(7000, "api", "info", &"y".repeat(5000));
        take(&mut logs, vec![long]);
        assert!(logs.line(7000).unwrap().text.len() <= MAX_LINE);
    }
}
