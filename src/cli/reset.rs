//! `drydock reset`: start an item over.

use super::confirm::confirm;
use super::{Invocation, Outcome, incident, item, launch};
use crate::incident::incidents::Begin;
use crate::lab::{provision, scenario};

/// Start an item over in a new sandbox
#[derive(Debug, clap::Args)]
#[command(after_help = "What was completed stays completed. Example: drydock reset linux-01")]
pub(super) struct Reset {
    /// The item; without it, the last one worked at
    id: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Reset {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        let question = format!("Start {} over? Everything in its sandbox is lost.", item.id);
        confirm(&invocation.out, self.yes, &question)?;
        if scenario(item).is_some() {
            return incident::begin(
                invocation,
                &context,
                store,
                item,
                Begin { fresh: true, ..Begin::default() },
            );
        }
        let lab = invocation.lab(&context, store)?;
        launch::provision(invocation, &lab, item, provision::Begin { fresh: true, seed: None })
    }
}
