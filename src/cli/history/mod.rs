//! `drydock history`: what was attempted, and what happened in an attempt.

mod story;

use std::collections::HashSet;

use clap::{ValueEnum, value_parser};
use serde::Serialize;
use serde_json::json;

use crate::cli::attempt::{Named, named, short};
use crate::cli::out::{Tone, printable};
use crate::cli::{DONE, Invocation, Out, Outcome, table, words};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::session::recording::folder;
use crate::store::{Attempt, AttemptState, Command, Store, Wanted};
use crate::tracker::Story;

/// Show what was attempted, the latest first
#[derive(Debug, clap::Args)]
#[command(after_help = "An attempt is named by its id, or by the last eight digits of it.\n\n\
    Example: drydock history\n         drydock history --search 'systemctl enable'\n         \
    drydock history linux-01 --limit 3\n         drydock history linux-01 --commands")]
pub(in crate::cli) struct History {
    /// An item, for its attempts only; or an attempt, for what happened in it
    id: Option<String>,
    /// How many attempts
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20,
        value_parser = value_parser!(u32).range(1..))]
    limit: u32,
    /// Show the commands alone: of the attempt, or of the latest
    #[arg(long)]
    commands: bool,
    /// Only attempts with these words in what was typed, or in the item's id or title
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,
    /// Only attempts in this state
    #[arg(long, value_enum)]
    state: Option<State>,
}

/// [`AttemptState`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    /// Being worked on
    Active,
    /// Every check passed
    Completed,
    /// Started over
    Abandoned,
}

impl From<State> for AttemptState {
    fn from(state: State) -> Self {
        match state {
            State::Active => Self::Active,
            State::Completed => Self::Completed,
            State::Abandoned => Self::Abandoned,
        }
    }
}

#[derive(Serialize)]
struct Listed<'a> {
    attempt: String,
    item: &'a str,
    state: &'static str,
    started: String,
    ended: Option<String>,
    /// Time at the keys.
    seconds: u64,
    failures: u32,
    hints: u32,
    solution_seen: bool,
    /// What its values followed from.
    seed: u32,
    recorded: bool,
}

impl History {
    pub(in crate::cli) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let recorded: HashSet<_> =
            folder::attempts(&context.paths.recordings)?.into_iter().collect();
        let item =
            match self.id.as_deref().map(|id| named(out, &context, &store, id)).transpose()? {
                Some(Named::Attempt(attempt)) => {
                    return show(out, &store, &attempt, &recorded, self.commands);
                }
                Some(Named::Item(item)) => Some(item),
                None => None,
            };
        let limit = if self.commands { 1 } else { self.limit };
        let attempts = store.find_attempts(&self.wanted(&context, item.as_deref()), limit)?;
        if self.commands {
            let latest = attempts.first().ok_or_else(|| nothing_begun(item.as_deref()))?;
            return show(out, &store, latest, &recorded, true);
        }
        if out.json {
            let attempts: Vec<_> = attempts.iter().map(|a| listed(a, &recorded)).collect();
            out.value(&json!({ "attempts": attempts }));
            return Ok(DONE);
        }
        let all = self.search.is_none() && self.state.is_none();
        if attempts.is_empty() && !all {
            out.note("No attempt is like that");
        } else if attempts.is_empty() {
            let problem = nothing_begun(item.as_deref());
            out.note(format_args!(
                "{}; {}",
                problem,
                problem.remedy.as_deref().unwrap_or_default()
            ));
        }
        let rows: Vec<_> = attempts.iter().map(|a| row(out, a, &recorded)).collect();
        for line in table::aligned(&rows) {
            out.line(line);
        }
        Ok(DONE)
    }
}

impl History {
    fn wanted(&self, context: &Context, item: Option<&str>) -> Wanted {
        let text = self.search.clone().unwrap_or_default();
        let items = context.course().titled(&text);
        let (item, state) = (item.map(str::to_owned), self.state.map(AttemptState::from));
        Wanted { text, items, item, state }
    }
}

fn listed<'a>(attempt: &'a Attempt, recorded: &HashSet<String>) -> Listed<'a> {
    let id = attempt.id.to_string();
    Listed {
        recorded: recorded.contains(&id),
        attempt: id,
        item: &attempt.item,
        state: attempt.state.word(),
        started: attempt.started_at.to_string(),
        ended: attempt.ended_at.map(|at| at.to_string()),
        seconds: attempt.active.as_secs(),
        failures: attempt.failures,
        hints: attempt.hints,
        solution_seen: attempt.solution_seen_at.is_some(),
        seed: attempt.seed,
    }
}

fn row(out: &Out, attempt: &Attempt, recorded: &HashSet<String>) -> Vec<String> {
    let sign = match attempt.state {
        AttemptState::Active => out.signs.started(),
        AttemptState::Completed => out.signs.passed(),
        AttemptState::Abandoned => out.signs.unavailable(),
    };
    let recorded = recorded.contains(&attempt.id.to_string());
    vec![
        format!("{sign} {}", words::when(attempt.started_at)),
        short(attempt.id),
        printable(&attempt.item),
        attempt.state.word().to_owned(),
        words::length(attempt.active),
        words::count(attempt.failures as usize, "failure"),
        words::count(attempt.hints as usize, "hint"),
        if recorded { "recorded" } else { "" }.to_owned(),
    ]
}

/// Shows an attempt: its story, or its commands alone.
fn show(
    out: &Out,
    store: &Store,
    attempt: &Attempt,
    recorded: &HashSet<String>,
    commands_alone: bool,
) -> Outcome {
    if out.json {
        let commands = store.commands(attempt.id)?;
        let numbered = commands.iter().zip(1..);
        let commands: Vec<_> = numbered
            .map(|(command, number)| {
                json!({
                    "number": number,
                    "text": command.text,
                    "folder": command.folder,
                    "status": command.status,
                    "started": command.started_at.to_string(),
                    "ms": u64::try_from(command.duration.as_millis()).unwrap_or(u64::MAX),
                })
            })
            .collect();
        out.value(&json!({
            "attempt": listed(attempt, recorded),
            "commands": commands,
            "moments": story::as_json(&Story::read(store, attempt.id)?),
        }));
        return Ok(DONE);
    }
    let line = row(out, attempt, recorded).join("  ");
    out.line(out.mark(line.trim_end(), Tone::Strong));
    if !commands_alone {
        story::print(out, &Story::read(store, attempt.id)?);
        return Ok(DONE);
    }
    let commands = store.commands(attempt.id)?;
    if commands.is_empty() {
        out.note("No command of this attempt is known");
    }
    let rows: Vec<_> = commands.iter().flat_map(|command| command_rows(out, command)).collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
    Ok(DONE)
}

/// A command's row, and one for each further line of its text.
fn command_rows(out: &Out, command: &Command) -> Vec<Vec<String>> {
    let status = match command.status {
        Some(0) => out.signs.passed().to_owned(),
        Some(status) => format!("{} {status}", out.signs.failed()),
        None => "?".to_owned(),
    };
    let text = printable(&command.text).replace('\t', "    ");
    let mut lines = text.lines();
    let first = vec![
        format!("  {}", words::when(command.started_at)),
        words::short_length(command.duration),
        status,
        lines.next().unwrap_or_default().to_owned(),
    ];
    let rest = lines.map(|line| {
        let blank = String::new();
        vec![blank.clone(), blank.clone(), blank, line.to_owned()]
    });
    std::iter::once(first).chain(rest).collect()
}

fn nothing_begun(item: Option<&str>) -> Problem {
    let message = match item {
        Some(item) => format!("{item} has not been started"),
        None => "Nothing has been started yet".to_owned(),
    };
    let remedy = format!("drydock launch {}", item.unwrap_or("ID"));
    Problem::new("no_attempt", Exit::Environment, message).remedy(remedy)
}
