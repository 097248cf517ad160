//! `drydock pack verify`.

use std::path::PathBuf;

use serde_json::json;

use super::super::out::{Tone, printable};
use super::{super::interrupt::interrupted, words};
use super::{
    DONE, Invocation, Outcome, Progress, Stop, keys, must_be_signed, signer_json, telling,
};
use crate::pack::Fault;
use crate::pack::archive::Pack;
use crate::pack::install::look_at;

/// Read all of a pack and compare it with its checksums; nothing is installed
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock pack verify linux.dock --key teacher.pub")]
pub(super) struct Verify {
    /// The pack
    #[arg(value_name = "FILE")]
    pack: PathBuf,
    /// It must be signed with this public key of minisign
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Verify {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let keys = keys(&context, self.key.as_deref())?;
        let pack = Pack::open(&self.pack)?;
        let (progress, stop) = (Progress::new(out), Stop::watch());
        let looked = look_at(&pack, &keys, &telling(&progress, &stop, "Reading the pack"));
        progress.clear();
        let (staged, _aside) = looked.map_err(|fault| match fault {
            Fault::Stopped => interrupted("The reading was stopped"),
            fault => fault.into(),
        })?;
        must_be_signed(&staged.signer, &keys, self.key.as_ref(), &self.pack)?;
        if out.json {
            out.value(&json!({
                "file": self.pack,
                "name": pack.manifest.name,
                "sound": true,
                "bytes": pack.size,
                "signature": signer_json(&staged.signer),
            }));
            return Ok(DONE);
        }
        let sign = out.mark(out.signs.passed(), Tone::Good);
        out.line(format_args!(
            "{sign} {} is sound: {} files, {}; {}",
            self.pack.display(),
            pack.manifest.files.len(),
            words::size(pack.size),
            printable(&staged.signer.to_string()),
        ));
        Ok(DONE)
    }
}
