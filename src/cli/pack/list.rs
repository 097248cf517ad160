//! `drydock pack list`.

use std::path::PathBuf;

use serde_json::json;

use super::super::out::printable;
use super::{DONE, Invocation, Outcome, keys, signer_json, table, words};
use crate::pack::archive::Pack;
use crate::pack::install::Packs;
use crate::pack::manifest::Manifest;
use crate::pack::signature::Signer;
use crate::problem::Problem;

/// List the packs that are installed, or what is in one
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock pack list\n         drydock pack list linux.dock")]
pub(super) struct List {
    /// A pack that is not installed; only its beginning is read
    #[arg(value_name = "FILE")]
    pack: Option<PathBuf>,
}

impl List {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let keys = keys(&context, None)?;
        if let Some(file) = self.pack {
            let pack = Pack::open(&file)?;
            let signer = pack.signer(&keys)?;
            if out.json {
                out.value(&told(&pack.manifest, Some(&signer)));
                return Ok(DONE);
            }
            let manifest = &pack.manifest;
            out.line(format_args!(
                "{}  {}  {}",
                manifest.name,
                words::size(pack.size),
                printable(&signer.to_string())
            ));
            let mut rows = Vec::new();
            for module in &manifest.modules {
                rows.push(vec![printable(&module.title)]);
                for item in &module.items {
                    let (id, title) = (printable(&item.id), printable(&item.title));
                    rows.push(vec![format!("  {id}"), title, printable(&item.image)]);
                }
            }
            for image in &manifest.images {
                rows.push(vec![format!("image {} for {}", image.reference, image.architecture)]);
            }
            // Titles are no columns.
            for row in rows {
                let lines = if row.len() == 1 { row } else { table::aligned(&[row]) };
                for line in lines {
                    out.line(line);
                }
            }
            return Ok(DONE);
        }
        let (packs, faults) = Packs::at(context.paths.packs()).all();
        if out.json {
            let all =
                packs.iter().map(|pack| told(&pack.manifest, pack.signer(&keys).ok().as_ref()));
            let faults: Vec<_> =
                faults.into_iter().map(|fault| Problem::from(fault).message).collect();
            out.value(&json!({ "packs": all.collect::<Vec<_>>(), "unreadable": faults }));
            return Ok(DONE);
        }
        let rows = packs.iter().map(|pack| {
            let manifest = &pack.manifest;
            let signer = match pack.signer(&keys) {
                Ok(signer) => signer.to_string(),
                Err(fault) => fault.to_string(),
            };
            vec![
                manifest.name.clone(),
                words::count(manifest.items().count(), "item"),
                words::when(manifest.made),
                printable(&signer),
            ]
        });
        let rows: Vec<_> = rows.collect();
        for line in table::aligned(&rows) {
            out.line(line);
        }
        for fault in faults {
            out.warning(&fault.into());
        }
        if rows.is_empty() {
            out.note("No pack is installed: drydock pack import FILE");
        }
        Ok(DONE)
    }
}

/// A pack for scripts.
fn told(manifest: &Manifest, signer: Option<&Signer>) -> serde_json::Value {
    json!({
        "name": manifest.name,
        "program": manifest.program,
        "made": manifest.made,
        "bytes": manifest.size(),
        "modules": manifest.modules,
        "images": manifest.images,
        "proofs": manifest.proofs,
        "signature": signer.map(signer_json),
    })
}
