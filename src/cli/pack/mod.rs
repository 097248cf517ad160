//! `drydock pack`: modules with all that they need in one file, for where there is no network.

mod export;
mod fetch;
mod follow;
mod import;
mod list;
mod remove;
mod serve;
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
use crate::problem::{Exit, Problem};

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
    /// Offer a pack on the network of this room, with a code to type
    #[command(
        after_help = "What others have to type is printed: an address and a code. It serves until \
        Ctrl-C, and only reads.\nThe code keeps away who is on the network by chance; it is plain HTTP, so who \
        can listen\nthere can read it and the pack. What is in a pack is checked where it is taken in.\n\n\
        Example: drydock pack serve workshop.dock\n         \
        drydock pack serve workshop.dock --port 8080 --code blue-anchor"
    )]
    Serve(serve::Serve),
    /// Fetch a pack that is served in this room, over links that break too
    #[command(
        after_help = "What has come stays in FILE.part when the link breaks or the program is closed; the \
        same command\ngoes on from there. Any web server will do that is told the whole address of a file.\n\n\
        Example: drydock pack fetch http://192.168.1.20:7070/ --code '482 913' -o workshop.dock"
    )]
    Fetch(fetch::Fetch),
}

impl PackCommand {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        match self.action {
            Action::Export(export) => export.run(invocation),
            Action::Import(import) => import.run(invocation),
            Action::Verify(verify) => verify.run(invocation),
            Action::List(list) => list.run(invocation),
            Action::Remove(remove) => remove.run(invocation),
            Action::Serve(serve) => serve.run(invocation, &invocation.context()?),
            Action::Fetch(fetch) => fetch.run(invocation, &invocation.context()?),
        }
    }
}

/// Fails where the network may not be used.
fn online(context: &Context) -> Result<(), Problem> {
    if context.offline {
        let message = "The network may not be used: drydock was told to be offline";
        return Err(Problem::new("offline", Exit::Environment, message)
            .remedy("leave out --offline, or: drydock config set offline off"));
    }
    Ok(())
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
