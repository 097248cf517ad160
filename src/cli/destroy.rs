//! `drydock destroy`: remove sandboxes and everything made for them.

use serde_json::json;

use super::confirm::confirm;
use super::out::Tone;
use super::{DONE, Invocation, Outcome, item};
use crate::lab::{Lab, SharedStore};
use crate::problem::{Exit, Problem};

/// Remove a sandbox and everything made for it
#[derive(Debug, clap::Args)]
#[command(after_help = "Progress is kept. Example: drydock destroy linux-01\n         \
    drydock destroy --all --yes")]
pub(super) struct Destroy {
    /// The item; without it, the last one worked at
    #[arg(conflicts_with = "all")]
    id: Option<String>,
    /// All sandboxes of this drydock
    #[arg(long)]
    all: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Destroy {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        if self.all { self.all(invocation) } else { self.one(invocation) }
    }

    fn one(&self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        // An item whose content is gone can still have a sandbox: its id is all that is needed.
        let id =
            match (&self.id, item::given_or_last(invocation, &context, &store, self.id.as_deref()))
            {
                (_, Ok(item)) => item.id.clone(),
                (Some(id), Err(_)) if store.progress()?.contains_key(id) => id.clone(),
                (_, Err(problem)) => return Err(problem),
            };
        confirm(out, self.yes, &format!("Remove the sandbox of {id} and everything in it?"))?;
        let store = SharedStore::new(store);
        let removed = invocation.block_on(async {
            let incidents = context.incidents(store).await?;
            incidents.end_all(Some(&id)).await?;
            Ok(incidents.lab.destroy(&id).await?)
        })?;
        if out.json {
            let ids = if removed > 0 { vec![&id] } else { Vec::new() };
            out.value(&json!({ "destroyed": ids }));
        } else if removed > 0 {
            out.line(format_args!(
                "{} The sandbox of {id} is removed; your progress is kept",
                done(invocation)
            ));
        } else {
            out.line(format_args!("{id} has no sandbox"));
        }
        Ok(DONE)
    }

    fn all(&self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = SharedStore::new(context.store()?);
        let (destroyed, others, out_of_reach) = invocation.block_on(async {
            let incidents = context.incidents(store).await?;
            let lab = &incidents.lab;
            let (ours, _) = count(lab).await?;
            if ours > 0 {
                let all = if ours == 1 {
                    "your sandbox"
                } else {
                    &format!("all {ours} sandboxes of yours")
                };
                let question = format!("Remove {all} and everything inside?");
                confirm(out, self.yes, &question)?;
            }
            incidents.end_all(None).await?;
            let destroyed = lab.destroy_all().await?;
            Ok((destroyed, count(lab).await?.1, lab.out_of_reach().await?))
        })?;
        let out_of_reach: Vec<Problem> = out_of_reach.into_iter().map(Problem::from).collect();
        let status = if out_of_reach.is_empty() { DONE } else { Exit::Environment.code() };
        if out.json {
            let reasons: Vec<_> = out_of_reach.iter().map(|problem| &problem.message).collect();
            out.value(&json!({
                "destroyed": destroyed, "others": others, "out_of_reach": reasons,
            }));
            return Ok(status);
        }
        match &destroyed[..] {
            [] => out.line("There is no sandbox to remove"),
            items => out.line(format_args!(
                "{} Removed: {}; your progress is kept",
                done(invocation),
                items.join(", ")
            )),
        }
        if others > 0 {
            out.line(format_args!(
                "Left alone on this engine: {others} of other users or other drydock homes"
            ));
        }
        for problem in &out_of_reach {
            out.warning(problem);
        }
        Ok(status)
    }
}

fn done(invocation: &Invocation) -> String {
    invocation.out.mark(invocation.out.signs.passed(), Tone::Good)
}

/// How many sandboxes on the engine are ours, and how many are not.
async fn count(lab: &Lab) -> Result<(usize, usize), Problem> {
    let all = lab.engine.list(None).await?;
    let ours = all.iter().filter(|sandbox| sandbox.owner == lab.owner).count();
    Ok((ours, all.len() - ours))
}
