//! `drydock snapshot`: keep a sandbox's files as they are now.

use std::time::Instant;

use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::Tone;
use super::{DONE, Invocation, Outcome, item, words};
use crate::lab::exercise;
use crate::lab::rewind::Kept;

/// Keep a sandbox's files as they are now
#[derive(Debug, clap::Args)]
#[command(
    after_help = "One is taken by itself whenever a check first passes. Only files are kept, never \
    processes. drydock rewind brings them back.\n\n\
    Example: drydock snapshot linux-01\n         drydock snapshot linux-01 --name before-i-try"
)]
pub(super) struct Snapshot {
    /// The item; without it, the last one worked at
    #[arg(value_name = "ITEM")]
    id: Option<String>,
    /// What to call it: a to z, 0 to 9, ".", "_", "-"; without it, manual-1 and so on
    #[arg(long)]
    name: Option<String>,
}

impl Snapshot {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        let lab = invocation.lab(&context, store)?;
        let started = Instant::now();
        let Kept { point, removed } = invocation.block_on(async {
            match until_interrupted(lab.keep(item, self.name.as_deref())).await {
                Some(kept) => Ok(kept?),
                None => Err(interrupted(format!(
                    "The snapshot of {} was stopped: it is there whole or not at all; the sandbox \
                     still runs",
                    item.id
                ))
                .remedy(format!("drydock rewind {} --list shows which", item.id))),
            }
        })?;
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if out.json {
            out.value(&json!({ "id": item.id, "snapshot": point, "removed": removed, "ms": ms }));
            return Ok(DONE);
        }
        let size =
            point.bytes.map_or_else(String::new, |bytes| format!("{}, ", words::size(bytes)));
        let seconds = ms as f64 / 1000.0;
        out.line(format_args!(
            "{} {}: its files are kept as {} ({size}{seconds:.1} s)",
            out.mark(out.signs.passed(), Tone::Good),
            item.id,
            point.name
        ));
        out.line(format_args!("  drydock rewind {} {}   brings them back", item.id, point.name));
        if !point.whole {
            let folders: Vec<_> =
                exercise(item)?.tmpfs.iter().map(|mount| mount.path.as_str()).collect();
            out.remark(&format!("what lies in memory is not in it: {}", folders.join(", ")));
        }
        if !removed.is_empty() {
            out.remark(&format!("older ones made room for it: {}", removed.join(", ")));
        }
        Ok(DONE)
    }
}
