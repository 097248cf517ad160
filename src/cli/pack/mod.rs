//! `drydock pack`: modules with all that they need in one file, for where there is no network.

mod export;
mod import;
mod list;
mod remove;
mod sheet;
mod verify;

use std::path::{Path, PathBuf};

use super::interrupt::Stop;
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, table, words};
use crate::context::Context;
use crate::engine::Step;
use crate::pack::Fault;
use crate::pack::signature::{Key, Signer};
use crate::problem::Problem;

/// Carry modules, their images and their proofs in one file
#[derive(Debug, clap::Args)]
#[command(after_help = "docs/packs.md tells how to prepare a workshop.\n\n\
    Example: drydock pack export linux -o linux.dock\n         \
    drydock pack import linux.dock")]
pub(super) struct PackCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    Export(export::Export),
    Import(import::Import),
    Verify(verify::Verify),
    List(list::List),
    Remove(remove::Remove),
}

impl PackCommand {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        match self.action {
            Action::Export(export) => export.run(invocation),
            Action::Import(import) => import.run(invocation),
            Action::Verify(verify) => verify.run(invocation),
            Action::List(list) => list.run(invocation),
            Action::Remove(remove) => remove.run(invocation),
        }
    }
}

/// Shows how far work on bytes is, until somebody interrupts.
fn telling<'a>(
    progress: &'a Progress<'_>,
    stop: &'a Stop,
    what: &'a str,
) -> impl Fn(u64, u64) -> bool + Sync + 'a {
    move |done, total| {
        progress.show(&Step { step: what.to_owned(), done, total: Some(total), unit: "bytes" });
        stop.goes_on()
    }
}

/// The keys that are known here, and the one that is asked for, which goes before them.
fn keys(context: &Context, asked: Option<&Path>) -> Result<Vec<Key>, Problem> {
    let mut keys: Vec<_> = asked.map(Key::read).transpose()?.into_iter().collect();
    keys.extend(Key::all(&context.paths.keys()));
    Ok(keys)
}

/// Where a key was asked for, the pack must be signed with it.
fn must_be_signed(
    signer: &Signer,
    keys: &[Key],
    asked: Option<&PathBuf>,
    pack: &Path,
) -> Result<(), Problem> {
    let (Some(asked), Some(wanted)) = (asked, keys.first()) else { return Ok(()) };
    let why = match signer {
        Signer::Known { key, .. } if *key == wanted.number() => return Ok(()),
        Signer::Nobody => "is not signed".to_owned(),
        Signer::Known { key, .. } | Signer::Unknown { key } => {
            format!("is signed with the key {key}, not with {}", asked.display())
        }
    };
    Err(Fault::Signature { file: pack.to_owned(), why }.into())
}

/// Who signed something, for scripts.
pub(super) fn signer_json(signer: &Signer) -> serde_json::Value {
    match signer {
        Signer::Nobody => serde_json::json!({ "signed": false }),
        Signer::Unknown { key } => {
            serde_json::json!({ "signed": true, "key": key, "known": false })
        }
        Signer::Known { name, key } => {
            serde_json::json!({ "signed": true, "key": key, "known": true, "name": name })
        }
    }
}
