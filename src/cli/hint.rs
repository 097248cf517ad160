//! `drydock hint`: the next hint, from nudge to approach.

use serde_json::json;

use super::out::{Tone, printable};
use super::{DONE, Invocation, Outcome, incident, item, words};
use crate::lab::{SharedStore, exercise, scenario};
use crate::problem::{Exit, Problem};
use crate::store::{Status, Store};

/// Show the next hint
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock hint linux-01")]
pub(super) struct Hint {
    /// The item; without it, the last one worked at
    id: Option<String>,
}

impl Hint {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        if scenario(item).is_some() {
            return incident::hint(invocation, item);
        }
        exercise(item)?;
        let Some(attempt) = store.active(&item.id)? else {
            return Err(nothing_begun(&store, &item.id)?);
        };
        let item = item.seeded(attempt.seed);
        let hints = &exercise(&item)?.hints;
        let shown = SharedStore::new(store).next_hint(attempt.id, hints)?;
        if out.json {
            let hint = shown
                .as_ref()
                .map(|hint| json!({ "number": hint.index + 1, "of": hint.of, "text": hint.text }));
            out.value(&json!({ "id": item.id, "hint": hint }));
            return Ok(DONE);
        }
        // Once all were shown they are shown again: they scroll away.
        let repeated = shown.is_none();
        if repeated {
            let said = if hints.is_empty() { "has no hints" } else { "has no more hints" };
            out.line(format_args!("{} {said}", item.id));
        }
        let numbered = hints.iter().enumerate();
        for (index, hint) in
            numbered.filter(|(i, _)| repeated || shown.as_ref().is_some_and(|s| s.index == *i))
        {
            out.line("");
            out.line(out.mark(format_args!("Hint {} of {}", index + 1, hints.len()), Tone::Strong));
            out.line(printable(hint.text.trim()));
        }
        if let Some(shown) = shown {
            let left = shown.of - shown.index - 1;
            out.line("");
            out.line(out.mark(format_args!("{} left", words::count(left, "hint")), Tone::Muted));
        }
        Ok(DONE)
    }
}

/// There is no attempt to give a hint for.
fn nothing_begun(store: &Store, id: &str) -> Result<Problem, Problem> {
    let completed = store.progress()?.get(id).is_some_and(|p| p.status == Status::Completed);
    let (message, remedy) = if completed {
        (format!("{id} is completed"), format!("drydock reset {id} starts over"))
    } else {
        (format!("{id} has not been started"), format!("drydock launch {id}"))
    };
    Ok(Problem::new("no_attempt", Exit::Environment, message).remedy(remedy))
}
