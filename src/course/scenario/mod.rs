//! Scenarios: incidents on a system of several machines.
//!
//! A scenario names what it is made of: a system, load patterns, configuration states and faults,
//! each a file of its own ([`parts`]). Those are read first, each judged by itself; then [`incident`]
//! makes an item of a scenario's manifest, in which every name is resolved and every fault's steps
//! have their arguments in place. The rules are in files by what they are about: [`system`],
//! [`fault`], [`condition`], [`timeline`], [`evidence`], [`query`].

mod condition;
mod evidence;
mod fault;
mod incident;
mod manifest;
mod model;
mod parts;
mod query;
mod system;
mod timeline;

use std::time::Duration;

pub(super) use incident::item;
pub(super) use manifest::{
    FaultManifest, LoadManifest, ScenarioManifest, StateManifest, SystemManifest,
};
pub use model::*;
pub use parts::Parts;

use super::quantity;
use super::yaml::Problems;
use super::yaml::{At, quote};

#[cfg(test)]
mod tests;

/// A duration of at most this.
fn span(text: &str, most: Duration) -> Result<Duration, String> {
    match quantity::duration(text) {
        Err(why) => Err(why.to_owned()),
        Ok(duration) if duration > most => Err(format!("is too long: {} at most", short(most))),
        Ok(duration) => Ok(duration),
    }
}

/// The same, where no time at all makes sense too.
fn span_or_none(text: &str, most: Duration) -> Result<Duration, String> {
    let none = text.trim().strip_prefix('0').is_some_and(|unit| {
        matches!(unit.trim(), "" | "ms" | "s" | "m" | "h" | "seconds" | "minutes")
    });
    if none { Ok(Duration::ZERO) } else { span(text, most) }
}

/// A list up to a length. What a file repeats of another must not add up without end.
fn at_most<'e, T>(
    problems: &mut Problems,
    at: At<'_>,
    what: &str,
    entries: &'e [T],
    most: usize,
) -> &'e [T] {
    if entries.len() > most {
        problems.rule(at.item(most), format!("there are {most} {what} at most"), None);
    }
    &entries[..entries.len().min(most)]
}

/// `5m`.
fn short(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// Keys of which one makes no sense without another.
fn belongs(problems: &mut Problems, at: At<'_>, keys: &[(&str, bool)], to: &str) {
    for (key, given) in keys {
        if *given {
            problems.rule(at.name(key), format!("{} belongs to {}", quote(key), quote(to)), None);
        }
    }
}

/// The one of these keys that is given; `what` names what has them in messages.
fn exactly_one<'k>(
    problems: &mut Problems,
    at: At<'_>,
    what: &str,
    keys: &[(&'k str, bool)],
) -> Option<&'k str> {
    let mut given = keys.iter().filter(|(_, given)| *given).map(|(key, _)| *key);
    let first = given.next();
    match (first, given.next()) {
        (None, _) => {
            let names: Vec<_> = keys.iter().map(|(key, _)| *key).collect();
            problems.rule(at, format!("{what} must have one of {}", names.join(", ")), None);
        }
        (Some(first), Some(second)) => {
            let message = format!("{what} has either {first:?} or {second:?}, not both");
            problems.rule(at.name(second), message, None);
        }
        (Some(_), None) => {}
    }
    first
}
