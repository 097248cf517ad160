//! What an item from elsewhere may do, told before it first starts, and that the learner agreed.
//!
//! Who agreed to an item agreed to it as it was: what has changed since is told with both sides. Of what was
//! converted only what it may do counts, not its files: those lie in the learner's own folder, to be changed.
//! Built-in content and what the learner wrote need no consent, nor does a pack's copy of what is built in;
//! what they may do is told on request.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::install::{Installed, Packs};
use super::manifest::Proof;
use super::signature::{Key, Signer};
use crate::course::{self, Item, Source};
use crate::engine::Limits;
use crate::lab::permissions::Permissions;
use crate::problem::{Exit, Problem};
use crate::prove::record::{Standing, standing};
use crate::store::{Proved, Store};

/// Under which consent to an item is remembered, with its id after it.
const AGREED: &str = "agreed.";

/// What is told of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The item.
    pub item: String,
    /// Its title.
    pub title: String,
    /// The pack that it is from; none for what is built in or the learner's own.
    pub pack: Option<String>,
    /// Whose work it was converted from, if it was.
    pub origin: Option<String>,
    /// Who signed that.
    pub signer: Signer,
    /// What it may do.
    pub may: Permissions,
    /// How its proofs stand, those that came with the pack included.
    pub proof: Option<Standing>,
    /// What it may do differs from what was agreed to: what, how it was, how it is. `None` where nothing was
    /// agreed to yet.
    pub changes: Option<Vec<(&'static str, String, String)>>,
    /// What its files come to.
    hash: String,
    /// Whether it is as it was agreed to.
    agreed: bool,
    /// Whether the program has the very same.
    built_in: bool,
}

/// What was agreed to.
#[derive(Debug, Serialize, Deserialize)]
struct Agreement {
    hash: String,
    may: Permissions,
}

impl Sheet {
    /// Of an item of the course, where nothing else is said with `usual` limits.
    pub fn of(
        item: &Item,
        packs: &Packs,
        keys: &[Key],
        store: &Store,
        usual: Limits,
    ) -> Result<Self, Problem> {
        let unread =
            |why: String| Problem::new("content", Exit::Usage, format!("{}: {why}", item.id));
        let hash = item.hash().map_err(|error| unread(error.to_string()))?;
        let may =
            Permissions::of(item, usual).ok_or_else(|| unread("it was not read".to_owned()))?;
        let pack = item.pack().map(|name| packs.find(name)).transpose()?;
        let agreement = store.recall(&key(&item.id))?;
        // One that cannot be read any more is none.
        let agreement: Option<Agreement> =
            agreement.and_then(|json| serde_json::from_str(&json).ok());
        let signer = pack.as_ref().map_or(Ok(Signer::Nobody), |pack| pack.signer(keys))?;
        let mut proofs = store.proofs(Some(&item.id))?;
        proofs.extend(pack.iter().flat_map(|pack| theirs(pack, &item.id)));
        let unchanged =
            |agreed: &Agreement| agreed.may == may && (pack.is_none() || agreed.hash == hash);
        Ok(Self {
            item: item.id.clone(),
            title: item.title.clone(),
            signer,
            proof: standing(&proofs, &hash, Timestamp::now()),
            changes: agreement.as_ref().map(|agreed| may.differences(&agreed.may)),
            built_in: item.pack().is_some() && is_built_in(&item.id, &hash),
            agreed: agreement.as_ref().is_some_and(unchanged),
            pack: pack.map(|pack| pack.manifest.name),
            origin: item.origin().map(str::to_owned),
            may,
            hash,
        })
    }

    /// Whether the learner has to agree before it starts.
    pub fn asks(&self) -> bool {
        self.from().is_some() && !self.agreed && !self.built_in
    }

    /// Where it is from, after its name in a sentence; nothing for what is built in or the learner's own.
    pub fn from(&self) -> Option<String> {
        match (&self.pack, &self.origin) {
            (Some(pack), Some(origin)) => {
                Some(format!("is from the pack {pack} and was converted from {origin}"))
            }
            (Some(pack), None) => Some(format!("is from the pack {pack}")),
            (None, Some(origin)) => Some(format!("was converted from {origin}")),
            (None, None) => None,
        }
    }

    /// The learner agrees.
    pub fn agree(&self, store: &Store) -> Result<(), Problem> {
        let agreement = Agreement { hash: self.hash.clone(), may: self.may.clone() };
        let json = serde_json::to_string(&agreement).map_err(|error| {
            Problem::new(
                "system",
                Exit::Environment,
                format!("the consent cannot be kept: {error}"),
            )
        })?;
        Ok(store.remember(&key(&self.item), &json)?)
    }

    /// For people, a line each: where it is from, what it may do, and what is different.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(from) = self.from() {
            let signer =
                if self.pack.is_some() { format!(", {}", self.signer) } else { String::new() };
            let same =
                if self.built_in { " It is the same as the one that is built in." } else { "" };
            lines.push(format!("It {from}{signer}.{same}"));
        }
        lines.push(match &self.proof {
            Some(proof) => format!("Proof: {}", proof.words),
            None => "Proof: none".to_owned(),
        });
        match &self.changes {
            Some(changes) if self.asks() && changes.is_empty() => {
                lines.push(
                    "Its files have changed since you agreed; what it may do has not.".to_owned(),
                );
            }
            Some(changes) if self.asks() => {
                lines.push("Since you agreed has changed:".to_owned());
                lines.extend(
                    changes.iter().map(|(what, old, new)| format!("  {what}: {old}, now {new}")),
                );
            }
            _ => {}
        }
        lines.push("It may have:".to_owned());
        lines.extend(self.may.rows().iter().map(|(what, how)| format!("  {what}: {how}")));
        lines
    }
}

/// Whether an item with this digest of all its files is compiled into the program.
fn is_built_in(id: &str, hash: &str) -> bool {
    let course = course::load(&[Source::built_in()]);
    course.item(id).and_then(|item| item.hash().ok()).as_deref() == Some(hash)
}

fn key(item: &str) -> String {
    format!("{AGREED}{item}")
}

/// The proofs that came with a pack.
fn theirs(pack: &Installed, item: &str) -> Vec<Proved> {
    let of = |proof: &&Proof| proof.item == item;
    let proved = |proof: &Proof| Proved {
        item: proof.item.clone(),
        engine: proof.engine.clone(),
        content_hash: proof.hash.clone(),
        image: None,
        version: proof.version.clone(),
        proved: true,
        at: proof.at,
        took: Duration::from_millis(proof.took_ms),
        peak: proof.peak,
        failure: None,
    };
    pack.manifest.proofs.iter().filter(of).map(proved).collect()
}
