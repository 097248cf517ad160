//! `drydock permissions`: what an item may do on this machine.

use serde_json::{Value, json};

use super::confirm::agreed;
use super::out::{Tone, printable};
use super::{DONE, Invocation, Outcome, item};
use crate::context::Context;
use crate::course::Item;
use crate::pack::consent::Sheet;
use crate::problem::{Exit, Problem};
use crate::store::Store;

/// Say what an item may do on this machine, where it is from and whether it was proved
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What came in a pack, or was converted, is said before it starts for the first time, and \
    again when it has changed.\n\nExample: drydock permissions linux-01"
)]
pub(super) struct PermissionsCommand {
    /// The item
    #[arg(value_name = "ID")]
    id: String,
}

impl PermissionsCommand {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let item = item::find(out, context.course(), &self.id)?;
        let sheet = context.sheet(item, &context.store()?)?;
        if out.json {
            out.value(&as_json(&sheet));
            return Ok(DONE);
        }
        print(invocation, &sheet, |line| out.line(line));
        Ok(DONE)
    }
}

/// Has whoever is at the terminal agree to an item from elsewhere, if it asks for that.
pub(super) fn ask(
    invocation: &Invocation,
    context: &Context,
    item: &Item,
    store: &Store,
    yes: bool,
) -> Result<(), Problem> {
    let out = &invocation.out;
    if !item.is_from_elsewhere() {
        return Ok(());
    }
    let sheet = context.sheet(item, store)?;
    if !sheet.asks() {
        return Ok(());
    }
    if yes {
        return sheet.agree(store);
    }
    if out.json || !out.errors_on_terminal || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        let from = sheet.from().unwrap_or_default();
        let message = format!("{} {}, and nobody agreed to it yet", item.id, printable(&from));
        return Err(Problem::new("not_agreed", Exit::Usage, message).remedy(format!(
            "drydock permissions {0} says what it may do; drydock launch {0} --yes agrees",
            item.id
        )));
    }
    print(invocation, &sheet, |line| out.note(line));
    if agreed("Start it?") {
        return sheet.agree(store);
    }
    Err(super::interrupt::interrupted(format!("{} was not started", item.id)))
}

fn print(invocation: &Invocation, sheet: &Sheet, line: impl Fn(String)) {
    let title = format!("{}  {}", sheet.item, printable(&sheet.title));
    line(invocation.out.mark(title, Tone::Strong));
    for text in sheet.lines() {
        line(printable(&text));
    }
}

fn as_json(sheet: &Sheet) -> Value {
    let changes = sheet.changes.as_ref().map(|changes| {
        let change = |(what, old, new): &(&str, String, String)| {
            json!({ "what": what, "before": old, "now": new })
        };
        changes.iter().map(change).collect::<Vec<_>>()
    });
    json!({
        "id": sheet.item,
        "title": sheet.title,
        "pack": sheet.pack,
        "origin": sheet.origin,
        "signature": super::pack::signer_json(&sheet.signer),
        "permissions": sheet.may,
        "proof": sheet.proof.as_ref().map(|it| json!({ "holds": it.holds, "words": it.words })),
        "changes": changes,
        "asks": sheet.asks(),
    })
}
