//! Which attempt a command is about.

use super::{Out, item};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::store::{Attempt, AttemptId, Store};

/// How many of an id's last digits name an attempt where people read: those are random, the first
/// ones are the time.
const SHORT: usize = 8;

/// What a word names.
#[derive(Debug)]
pub(super) enum Named {
    /// An attempt.
    Attempt(Box<Attempt>),
    /// An item, which there is or which there was.
    Item(String),
}

/// An attempt's name where people read.
pub(super) fn short(id: AttemptId) -> String {
    let id = id.to_string();
    id[id.len() - SHORT..].to_owned()
}

/// The item or the attempt of this name; else one sentence with the nearest.
pub(super) fn named(
    out: &Out,
    context: &Context,
    store: &Store,
    name: &str,
) -> Result<Named, Problem> {
    if context.course().item(name).is_some() || !store.history(Some(name), 1)?.is_empty() {
        return Ok(Named::Item(name.to_owned()));
    }
    let id = name.parse::<AttemptId>().ok();
    let is_short = name.len() == SHORT && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if id.is_none() && !is_short {
        // It is none: this tells the nearest, or what is wrong with its file.
        return Ok(Named::Item(item::find(out, context.course(), name)?.id.clone()));
    }
    let end = name.to_ascii_lowercase();
    let is_it = |a: &Attempt| id == Some(a.id) || (is_short && a.id.to_string().ends_with(&end));
    let found = store.history(None, u32::MAX)?.into_iter().find(is_it);
    found.map(|attempt| Named::Attempt(Box::new(attempt))).ok_or_else(|| {
        let message = format!("There is no attempt \"{name}\"");
        Problem::new("unknown_attempt", Exit::Usage, message)
            .remedy("drydock history lists what was attempted")
    })
}
