//! `drydock replay`: a recording played on the screen, or written out for other programs.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::attempt::{Named, named, short};
use super::out::printable;
use super::{DONE, Invocation, Out, Outcome, table, words};
use crate::context::Context;
use crate::problem::Problem;
use crate::session::recording::folder::{self, Entry};
use crate::session::recording::{Recording, SPEED_RANGE, Settings, asciicast};
use crate::store::{Attempt, AttemptId, Store};
use crate::tui::screens::replay::Source;
use crate::tui::{self, Start};

/// Play what a shell showed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Where standard output is no terminal, the recording is written there, as an \
    asciicast.\nAn attempt is named by its id, or by the last eight digits of it.\n\n\
    Example: drydock replay linux-01 --skip-idle\n         drydock replay --list\n         \
    drydock replay linux-01 > my.cast\n         drydock replay | asciinema play -"
)]
pub(super) struct Replay {
    /// An item, for its last recording; an attempt; or a file. Without it, the last recording
    #[arg(value_name = "ID|ATTEMPT|FILE")]
    what: Option<String>,
    /// List the recordings there are (--json implies it)
    #[arg(long, short)]
    list: bool,
    /// How fast to play, from 0.25 to 16
    #[arg(long, short, value_name = "N", default_value = "1", value_parser = speed)]
    speed: f64,
    /// Let no pause be longer than two seconds
    #[arg(long, short = 'i')]
    skip_idle: bool,
}

#[derive(Serialize)]
struct Listed {
    attempt: String,
    /// `None` where the attempt is not in the progress.
    item: Option<String>,
    started: Option<String>,
    /// With all pauses.
    seconds: Option<u64>,
    bytes: u64,
    file: PathBuf,
}

impl Replay {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        if self.list || out.json {
            return list(out, &context, &store, self.what.as_deref());
        }
        let path = find(out, &context, &store, self.what.as_deref())?;
        if !io::stdout().is_terminal() {
            out.write(&asciicast(&path)?);
            return Ok(DONE);
        }
        let recording = Arc::new(Recording::read(&path)?);
        let settings = Settings { speed: self.speed, skip_idle: self.skip_idle };
        let start = Start::Replay(Source::Read { recording, path, settings });
        tui::run(tui::Options { context, store, start })?;
        Ok(DONE)
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse().ok();
    speed
        .filter(|speed| SPEED_RANGE.contains(speed))
        .ok_or_else(|| "a speed is a number from 0.25 to 16".to_owned())
}

/// The recording that is meant.
fn find(
    out: &Out,
    context: &Context,
    store: &Store,
    what: Option<&str>,
) -> Result<PathBuf, Problem> {
    let item = match what {
        Some(what) if is_file(what) => return Ok(PathBuf::from(what)),
        Some(what) => match named(out, context, store, what)? {
            Named::Item(item) => Some(item),
            Named::Attempt(attempt) => {
                let found = folder::find(&context.paths.recordings, &attempt.id.to_string());
                let id = attempt.id;
                return found.ok_or_else(|| {
                    context.no_recording(&format!("There is no recording of the attempt {id}"))
                });
            }
        },
        None => None,
    };
    Ok(context.last_recorded(store, item.as_deref())?.1)
}

/// Whether this names a file rather than an item or an attempt, whose names are neither paths nor end
/// like this.
fn is_file(what: &str) -> bool {
    let ending = Path::new(what).extension();
    what.contains('/') || ending.is_some_and(|ending| ending == "cast" || ending == "gz")
}

fn list(out: &Out, context: &Context, store: &Store, what: Option<&str>) -> Outcome {
    let wanted = what.map(|what| named(out, context, store, what)).transpose()?;
    let mut ids = folder::attempts(&context.paths.recordings)?;
    // The latest begun first: an id begins with its time.
    ids.reverse();
    let mut found = Vec::new();
    for id in ids {
        let attempt = known(store, &id)?;
        let is_wanted = match &wanted {
            None => true,
            Some(Named::Item(item)) => attempt.as_ref().is_some_and(|a| a.item == *item),
            Some(Named::Attempt(wanted)) => attempt.as_ref().is_some_and(|a| a.id == wanted.id),
        };
        // It may be gone by now.
        if is_wanted && let Some(entry) = folder::entry(&context.paths.recordings, &id) {
            found.push((entry, attempt));
        }
    }
    if out.json {
        let recordings: Vec<_> = found.into_iter().map(listed).collect();
        out.value(&json!({ "recordings": recordings }));
        return Ok(DONE);
    }
    if found.is_empty() {
        let problem = context.no_recording("There is no recording yet");
        out.note(format_args!("{problem}; {}", problem.remedy.as_deref().unwrap_or_default()));
    }
    let rows: Vec<_> = found.iter().map(|(entry, attempt)| row(entry, attempt.as_ref())).collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
    Ok(DONE)
}

/// The attempt that a recording is named after, if it is in the progress.
fn known(store: &Store, id: &str) -> Result<Option<Attempt>, Problem> {
    let Ok(id) = id.parse::<AttemptId>() else { return Ok(None) };
    match store.attempt(id) {
        Ok(attempt) => Ok(Some(attempt)),
        Err(error) if error.fault == crate::store::Fault::NoSuchAttempt(id) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn listed((entry, attempt): (Entry, Option<Attempt>)) -> Listed {
    Listed {
        attempt: entry.attempt,
        item: attempt.map(|attempt| attempt.item),
        started: entry.started.map(|at| at.to_string()),
        seconds: entry.length.map(|length| length.as_secs()),
        bytes: entry.bytes,
        file: entry.path,
    }
}

fn row(entry: &Entry, attempt: Option<&Attempt>) -> Vec<String> {
    let (name, item) = match attempt {
        Some(attempt) => (short(attempt.id), attempt.item.clone()),
        None => (entry.attempt.clone(), entry.title.clone().unwrap_or_default()),
    };
    vec![
        entry.started.map(words::when).unwrap_or_default(),
        printable(&name),
        printable(&item),
        entry.length.map(words::length).unwrap_or_default(),
        words::size(entry.bytes),
    ]
}
