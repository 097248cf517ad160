//! `drydock recover`: a sound database in the place of a damaged one, from a copy of it.

use std::io::{self, IsTerminal};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::confirm::{self, confirm};
use super::export::told;
use super::interrupt::interrupted;
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, table, words};
use crate::context::Context;
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::store::backup::{self, Backup, Held, Reason};
use crate::store::exchange::Kind;
use crate::store::recovery::{self, Recovered};
use crate::store::{Store, StoreError};

/// Put a sound copy of your progress in the place of a damaged database
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A copy is made each day you practise and before the database's format changes. What \
    can be read of the damaged database and is not in the copy is taken over; the damaged file is kept \
    beside it.\n\n\
    Example: drydock recover\n         drydock recover --list\n         \
    drydock recover 2026-11-27T17-21-03Z.daily --yes"
)]
pub(super) struct Recover {
    /// The copy; without it, the latest that is sound
    #[arg(value_name = "COPY", conflicts_with = "list")]
    name: Option<String>,
    /// Only list the copies, and say whether the database is sound
    #[arg(long)]
    list: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Recover {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        // Not the context: what is damaged may be all there is to read.
        let paths = Paths::find()?;
        let database = &paths.database;
        let state = recovery::is_sound(database);
        let copies = backup::all(database);
        if self.list {
            return list(out, &paths, &state, &copies);
        }
        let copy = match &self.name {
            Some(name) => Some(named(&copies, name)?),
            None => backup::newest_good(database).map(|(copy, _)| copy),
        };
        match &state {
            Ok(true) if self.name.is_none() => {
                if out.json {
                    out.value(&json!({ "database": database, "copy": null, "aside": null,
                        "saved": {}, "unread": [] }));
                } else {
                    let sign = out.mark(out.signs.passed(), Tone::Good);
                    out.line(format_args!("{sign} {} is sound", database.display()));
                }
                return Ok(DONE);
            }
            // Nothing is wrong with it that a copy would help against.
            Err(error) if !error.is_damage() && !error.is_foreign() => {
                return Err(error.clone().into());
            }
            Ok(false) if copy.is_none() => {
                let message = "There is no progress, and no copy of any";
                return Err(Problem::new("no_progress", Exit::Environment, message)
                    .at(database.display().to_string(), None)
                    .remedy("drydock makes a database when you begin to practise"));
            }
            _ => {}
        }
        if let Err(error) = &state {
            out.note(format_args!("{}", printable(&error.to_string())));
        }
        let question = match &copy {
            Some(copy) => format!("Put back the copy of {}?", ago(copy.made_at)),
            None => "There is no sound copy. Begin anew with what can still be read?".to_owned(),
        };
        confirm(out, self.yes, &question)?;
        put_back(out, &paths, copy.as_ref())?;
        Ok(DONE)
    }
}

/// Opens the database for the full-screen program; one that is damaged is put right first, if somebody
/// is there to be asked and wants it.
pub(super) fn open_or_ask(out: &Out, context: &Context) -> Result<Store, Problem> {
    let path = &context.paths.database;
    context.paths.make(&context.paths.data_dir)?;
    let error = match Store::open(path) {
        Err(error) if error.is_damage() => error,
        opened => return Ok(opened?),
    };
    let asks = io::stdin().is_terminal() && out.errors_on_terminal;
    let Some((copy, held)) = backup::newest_good(path).filter(|_| asks) else {
        return Err(error.into());
    };
    out.problem(&Problem::from(error.clone()));
    let attempts = words::count(usize::try_from(held.attempts).unwrap_or(usize::MAX), "attempt");
    let question = format!("Put back the copy of {} ({attempts}) now?", ago(copy.made_at));
    if !confirm::agreed(&question) {
        return Err(interrupted("Nothing was changed"));
    }
    put_back(out, &context.paths, Some(&copy))?;
    context.store()
}

/// Makes the copy of the day after a command, when nobody waits for it any more. Only damage is worth a
/// word: everything else is told by the next command that it keeps from working.
pub(super) fn copy_of_the_day(out: &Out) {
    let Ok(paths) = Paths::find() else { return };
    match backup::daily(&paths.database) {
        Ok(_) => {}
        Err(error) if error.is_damage() => out.warning(&error.into()),
        Err(error) => tracing::warn!(%error, "the copy of the day was not made"),
    }
}

fn put_back(out: &Out, paths: &Paths, copy: Option<&Backup>) -> Result<(), Problem> {
    let Recovered { aside, saved, torn } = recovery::recover(&paths.database, copy)?;
    if out.json {
        out.value(&json!({
            "database": paths.database, "copy": copy.map(|copy| &copy.name), "aside": aside,
            "saved": saved, "unread": torn.as_deref().unwrap_or(Kind::ALL),
        }));
        return Ok(());
    }
    let sign = out.mark(out.signs.passed(), Tone::Good);
    let from = match copy {
        Some(copy) => format!("the copy of {} is back", words::when(copy.made_at)),
        None => "there is an empty database again".to_owned(),
    };
    out.line(format_args!("{sign} {}: {from}", paths.database.display()));
    if let Some(aside) = &aside {
        match torn.as_deref() {
            None => out.line("  nothing could be read of what was there"),
            Some(torn) => {
                out.line(if saved.is_empty() {
                    "  nothing more could be read of what was there".to_owned()
                } else {
                    format!("  taken over from what was there: {}", told(&saved))
                });
                if !torn.is_empty() {
                    let torn: Vec<_> = torn.iter().map(|kind| kind.word()).collect();
                    out.line(format_args!("  not all could be read of: {}", torn.join(", ")));
                }
            }
        }
        out.line(format_args!("  what was there is kept as {}", aside.display()));
    }
    Ok(())
}

fn named(copies: &[Backup], name: &str) -> Result<Backup, Problem> {
    copies.iter().find(|copy| copy.name == name).cloned().ok_or_else(|| {
        let message = format!("There is no copy \"{name}\"");
        Problem::new("unknown_copy", Exit::Usage, message)
            .remedy("drydock recover --list lists the copies")
    })
}

fn list(out: &Out, paths: &Paths, state: &Result<bool, StoreError>, copies: &[Backup]) -> Outcome {
    let checked: Vec<_> = copies.iter().map(|copy| (copy, copy.check())).collect();
    if out.json {
        let copies: Vec<_> = checked.iter().map(|(copy, held)| listed(copy, held)).collect();
        let fault = state.as_ref().err().map(ToString::to_string);
        out.value(&json!({
            "database": paths.database, "sound": state.as_ref().is_ok_and(|sound| *sound),
            "fault": fault, "copies": copies,
        }));
        return Ok(DONE);
    }
    let database = paths.database.display();
    match state {
        Ok(true) => {
            let sign = out.mark(out.signs.passed(), Tone::Good);
            out.line(format_args!("{sign} {database} is sound"));
        }
        Ok(false) => {
            out.line(format_args!("{} {database} is not there", out.signs.open()));
        }
        Err(error) => {
            let sign = out.mark(out.signs.failed(), Tone::Bad);
            out.line(format_args!("{sign} {database}: {}", printable(&error.to_string())));
        }
    }
    if checked.is_empty() {
        out.note("There is no copy of it yet: one is made each day you practise");
    }
    let rows: Vec<_> = checked.iter().map(|(copy, held)| row(out, copy, held)).collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
    Ok(DONE)
}

fn listed(copy: &Backup, held: &Result<Held, StoreError>) -> Value {
    let held_or = held.as_ref();
    json!({
        "name": copy.name, "file": copy.path, "made": copy.made_at.to_string(),
        "reason": match copy.reason { Reason::Daily => "daily", Reason::Format(_) => "format" },
        "bytes": copy.bytes, "good": held.is_ok(),
        "fault": held_or.err().map(ToString::to_string),
        "attempts": held_or.ok().map(|held| held.attempts),
        "completions": held_or.ok().map(|held| held.completions),
        "last": held_or.ok().and_then(|held| held.last_at).map(|at| at.to_string()),
    })
}

fn row(out: &Out, copy: &Backup, held: &Result<Held, StoreError>) -> Vec<String> {
    let count = |number: u64, one| words::count(usize::try_from(number).unwrap_or(usize::MAX), one);
    let (sign, holds) = match held {
        Ok(held) => {
            let completed = count(held.completions, "completion");
            (out.signs.passed(), format!("{}, {completed}", count(held.attempts, "attempt")))
        }
        Err(error) => (out.signs.failed(), printable(&error.to_string())),
    };
    vec![format!("{sign} {}", copy.name), ago(copy.made_at), words::size(copy.bytes), holds]
}

/// `3 hours ago`, as coarsely as it matters.
fn ago(at: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(at).as_secs();
    let (number, unit) = match seconds {
        ..120 => return "just now".to_owned(),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{} ago", words::count(usize::try_from(number).unwrap_or(0), unit))
}
