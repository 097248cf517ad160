//! What is being proved now: some lines at the foot of a terminal, below what is done. Elsewhere than
//! on a terminal, and with `--json`, nothing is shown before it is done.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Out;
use crate::cli::out::Tone;
use crate::cli::progress::{cut, width};
use crate::cli::words;
use crate::prove::{Outcome, Stage};

/// How often the times are drawn anew.
const REDRAW: Duration = Duration::from_millis(250);

/// The most rows of what is going on: a terminal of 24 lines has room for what is done above them.
const ROWS: usize = 8;

/// Follows proofs.
pub(super) struct Board<'a> {
    out: &'a Out,
    shown: bool,
    state: Mutex<State>,
}

struct State {
    begun: Instant,
    of: usize,
    done: usize,
    failed: usize,
    /// What goes on, by when it began.
    rows: Vec<Row>,
    /// How many lines are on the screen now.
    drawn: usize,
}

struct Row {
    name: String,
    engine: &'static str,
    stage: Stage,
    since: Instant,
}

impl<'a> Board<'a> {
    /// For so many proofs.
    pub(super) fn new(out: &'a Out, of: usize) -> Self {
        let (begun, rows) = (Instant::now(), Vec::new());
        let state = State { begun, of, done: 0, failed: 0, rows, drawn: 0 };
        Self { out, shown: out.errors_on_terminal && !out.json, state: Mutex::new(state) }
    }

    /// A stage of an item on an engine begins.
    pub(super) fn begins(&self, name: &str, engine: &'static str, stage: Stage) {
        let rows = &mut self.lock().rows;
        let new = Row { name: name.to_owned(), engine, stage, since: Instant::now() };
        match rows.iter_mut().find(|row| row.name == name && row.engine == engine) {
            Some(row) => *row = new,
            None => rows.push(new),
        }
    }

    /// It is done; `tell` prints what came of it above the board.
    pub(super) fn done(&self, name: &str, engine: &str, outcome: &Outcome, tell: impl FnOnce()) {
        let mut state = self.lock();
        state.rows.retain(|row| row.name != name || row.engine != engine);
        state.done += 1;
        if let Outcome::Ran(proof) = outcome
            && !proof.proved
        {
            state.failed += 1;
        }
        self.draw(&mut state, false);
        tell();
        self.draw(&mut state, true);
    }

    /// Shows how far work is until it is done, and then nothing any more.
    pub(super) async fn follow<T>(&self, work: impl Future<Output = T>) -> T {
        let _cleared = Cleared(self);
        let mut tick = tokio::time::interval(REDRAW);
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                result = &mut work => return result,
                _ = tick.tick() => self.draw(&mut self.lock(), true),
            }
        }
    }

    /// Takes what is on the screen away and, if wanted, draws what is so now.
    fn draw(&self, state: &mut State, wanted: bool) {
        if !self.shown {
            return;
        }
        let mut text = String::new();
        if state.drawn > 0 {
            let _ = write!(text, "\x1b[{}F\x1b[J", state.drawn);
        }
        let lines = if wanted { self.lines(state) } else { Vec::new() };
        for line in &lines {
            let line = cut(line, width().saturating_sub(1));
            let _ = writeln!(text, "{}", self.out.mark_error(line, Tone::Muted));
        }
        state.drawn = lines.len();
        let _ = io::stderr().write_all(text.as_bytes());
    }

    fn lines(&self, state: &State) -> Vec<String> {
        let (full, empty) = self.out.signs.bar(state.done as u64, state.of as u64, 20);
        let failed =
            if state.failed > 0 { format!(", {} failed", state.failed) } else { String::new() };
        let time = words::short_length(state.begun.elapsed());
        let mut lines =
            vec![format!("[{full}{empty}] {}/{}{failed}  {time}", state.done, state.of)];
        lines.extend(state.rows.iter().take(ROWS).map(|row| {
            let (sign, at) = (self.out.signs.open(), row.stage.word());
            let time = words::short_length(row.since.elapsed());
            format!("{sign} {:<16} {:<8}{at:<10} {time}", row.name, row.engine)
        }));
        if let Some(more @ 1..) = state.rows.len().checked_sub(ROWS) {
            lines.push(format!("  and {more} more"));
        }
        lines
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leaves nothing on the screen, also where the work is dropped.
struct Cleared<'a>(&'a Board<'a>);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        self.0.draw(&mut self.0.lock(), false);
    }
}
