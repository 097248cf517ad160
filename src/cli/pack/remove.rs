//! `drydock pack remove`.

use serde_json::json;

use super::super::confirm::confirm;
use super::super::out::Tone;
use super::{DONE, Invocation, Outcome, words};
use crate::pack::install::Packs;
use crate::problem::{Exit, Problem};

/// Remove the content of a pack; images and what you did stay
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Progress stays, and is there again when the pack is. drydock images remove removes \
    images.\n\nExample: drydock pack remove linux"
)]
pub(super) struct Remove {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Remove {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let packs = Packs::at(context.paths.packs());
        let pack = packs.find(&self.name)?;
        let store = context.store()?;
        for item in pack.manifest.items() {
            let last = store.history(Some(&item.id), 1)?.pop();
            if last.is_some_and(|attempt| attempt.sandbox.is_some()) {
                let message = format!("{} has a sandbox", item.id);
                return Err(Problem::new("in_use", Exit::Usage, message)
                    .remedy(format!("drydock destroy {}", item.id)));
            }
        }
        let items = words::count(pack.manifest.items().count(), "item");
        confirm(out, self.yes, &format!("Remove {} with {items}?", self.name))?;
        packs.remove(&self.name)?;
        if out.json {
            out.value(&json!({ "removed": self.name }));
        } else {
            let sign = out.mark(out.signs.passed(), Tone::Good);
            out.line(format_args!("{sign} {} is removed", self.name));
        }
        Ok(DONE)
    }
}
