//! What a pack brings and what its items may do, before it is installed.

use serde_json::{Value, json};

use super::super::out::{Tone, printable};
use super::{Out, signer_json, table, words};
use crate::engine::Limits;
use crate::lab::permissions::Permissions;
use crate::pack::install::Staged;
use crate::pack::manifest::{Image, Proof};

/// What is said of a pack.
pub(super) struct Sheet<'a> {
    staged: &'a Staged,
    images: &'a [&'a Image],
    items: Vec<(String, String, &'static str, Permissions)>,
}

impl<'a> Sheet<'a> {
    /// Of one that is ready to be installed, with the images that would be taken in.
    pub(super) fn of(staged: &'a Staged, images: &'a [&'a Image], usual: Limits) -> Self {
        let items = staged.items().filter_map(|item| {
            let permissions = Permissions::of(item, usual)?;
            Some((item.id.clone(), item.title.clone(), item.kind(), permissions))
        });
        Self { staged, images, items: items.collect() }
    }

    /// Says it.
    pub(super) fn print(&self, out: &Out) {
        if out.json {
            out.value(&self.json());
            return;
        }
        let manifest = &self.staged.manifest;
        let heading = format!("{}: {}", manifest.name, words::count(self.items.len(), "item"));
        out.line(out.mark(heading, Tone::Strong));
        out.line(format_args!(
            "  made {} by {}",
            words::when(manifest.made),
            printable(&manifest.program)
        ));
        out.line(format_args!("  {}", printable(&self.staged.signer.to_string())));
        if let Some(old) = self.staged.replaces() {
            out.line(format_args!("  replaces the one of {}", words::when(old.manifest.made)));
        }
        let mut rows = Vec::new();
        for (id, title, kind, may) in &self.items {
            let mut what = vec![format!("{} MiB", may.memory >> 20)];
            if may.machines > 1 {
                what.push(format!("{} machines", may.machines));
            }
            if may.network {
                what.push("reaches the internet".to_owned());
            }
            what.extend((!may.capabilities.is_empty()).then(|| may.capabilities.join(" ")));
            if may.user == "root" && *kind == "exercise" {
                what.push("root in its sandbox".to_owned());
            }
            what.push(proved(&self.proofs(id)));
            rows.push(vec![format!("  {id}"), printable(title), what.join(", ")]);
        }
        for line in table::aligned(&rows) {
            out.line(line);
        }
        for image in self.images {
            out.line(format_args!("  image {} for {}", image.reference, image.architecture));
        }
        out.line("  Nothing of it runs outside a sandbox, and none sees a file of this machine.");
    }

    fn proofs(&self, id: &str) -> Vec<&Proof> {
        let manifest = &self.staged.manifest;
        let hash = manifest.items().find(|item| item.id == id).map(|item| &item.hash);
        manifest.proofs.iter().filter(|it| it.item == id && Some(&it.hash) == hash).collect()
    }

    fn json(&self) -> Value {
        let items = self.items.iter().map(|(id, title, kind, may)| {
            let proofs = self.proofs(id);
            json!({ "id": id, "title": title, "kind": kind, "permissions": may, "proofs": proofs })
        });
        json!({
            "pack": self.staged.manifest.name,
            "made": self.staged.manifest.made,
            "signature": signer_json(&self.staged.signer),
            "replaces": self.staged.replaces().map(|old| old.manifest.made),
            "items": items.collect::<Vec<_>>(),
            "images": self.images,
        })
    }
}

fn proved(proofs: &[&Proof]) -> String {
    match proofs.iter().map(|proof| proof.engine.as_str()).collect::<Vec<_>>().as_slice() {
        [] => "not proved".to_owned(),
        engines => format!("proved on {}", printable(&engines.join(" and "))),
    }
}
