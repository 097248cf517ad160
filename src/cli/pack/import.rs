//! `drydock pack import`.

use std::path::PathBuf;

use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::confirm::confirm;
use super::super::images::images;
use super::super::interrupt::{interrupted, until_interrupted};
use super::super::out::{Tone, printable};
use super::fetch::bring;
use super::{DONE, Invocation, Outcome, Progress, Stop, keys, must_be_signed, sheet, telling};
use crate::context::Context;
use crate::engine::choice::Chosen;
use crate::engine::image::architecture;
use crate::engine::{Engine, Step};
use crate::pack::Fault;
use crate::pack::archive::Pack;
use crate::pack::fetch::Address;
use crate::pack::install::{Packs, Staged};
use crate::pack::manifest::{Image, Manifest};
use crate::problem::{Exit, Problem};

/// Install a pack: its content here, its images on the engine
#[derive(Debug, clap::Args)]
#[command(
    after_help = "All of the pack is read and compared with its checksums first; then it is said what it \
    brings and what each item may do. It is installed whole or not at all, and an older one of its name is \
    replaced. Images that are there already are left as they are.\n\n\
    Example: drydock pack import linux.dock\n         \
    drydock pack import linux.dock --key teacher.pub --yes\n         \
    drydock pack import http://192.168.1.20:7070/ --code '482 913'"
)]
pub(super) struct Import {
    /// The pack, or the address that drydock pack serve shows
    #[arg(value_name = "FILE|URL")]
    pack: PathBuf,
    /// The code that goes with the address; asked for if not given
    #[arg(long)]
    code: Option<String>,
    /// It must be signed with this public key of minisign
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Leave its images out
    #[arg(long)]
    no_images: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Import {
    pub(super) fn run(mut self, invocation: &Invocation) -> Outcome {
        let context = invocation.context()?;
        let text = self.pack.to_str().unwrap_or_default();
        if !text.contains("://") {
            return self.install_file(invocation, &context);
        }
        super::online(&context)?;
        let address = Address::parse(text)?;
        // Named by its address: what a broken link left is gone on with.
        context.paths.make(&context.paths.cache_dir)?;
        let name = format!(".tmp-{:x}.dock", Sha256::digest(text));
        let file = context.paths.cache_dir.join(name);
        bring(invocation, &address, self.code.as_deref(), &file, text)?;
        self.pack.clone_from(&file);
        let done = self.install_file(invocation, &context);
        // Whatever came of it: the one who serves it has it.
        let _ = std::fs::remove_file(&file);
        done
    }

    fn install_file(&self, invocation: &Invocation, context: &Context) -> Outcome {
        let out = &invocation.out;
        let keys = keys(context, self.key.as_deref())?;
        let pack = Pack::open(&self.pack)?;
        let progress = Progress::new(out);
        let (engine, wanted) = self.wanted(invocation, context, &pack.manifest)?;

        let stop = Stop::watch();
        let stopped = || interrupted(format!("Nothing of {} was installed", self.pack.display()));
        let or_stopped = |fault: Fault| match fault {
            Fault::Stopped => stopped(),
            fault => fault.into(),
        };
        let packs = Packs::at(context.paths.packs());
        context.paths.make(&context.paths.data_dir)?;
        let tell = telling(&progress, &stop, "Reading the pack");
        let staged = packs.stage(&pack, !wanted.is_empty(), &keys, &tell).map_err(or_stopped)?;
        progress.clear();
        must_be_signed(&staged.signer, &keys, self.key.as_ref(), &self.pack)?;
        let sheet = sheet::Sheet::of(&staged, &wanted, context.limits());
        sheet.print(out);
        confirm(out, self.yes, "Install it?")?;

        let taken = match &engine {
            Some(engine) if !wanted.is_empty() => {
                let tell = telling(&progress, &stop, "Unpacking images");
                let archive = staged.archive(&wanted, &context.paths.cache_dir, &tell);
                let archive = archive.map_err(or_stopped)?;
                let images = images(engine.as_ref())?;
                // The file that they pass through means nothing to anybody.
                let passing = archive.path().display().to_string();
                let show = |step: Step| {
                    let words = step.step.replace(&passing, "the images");
                    progress.show(&Step { step: words, ..step });
                };
                let work = images.import(archive.path(), &show);
                let done = invocation.block_on(async {
                    until_interrupted(work).await.ok_or_else(stopped)?.map_err(Problem::from)
                });
                progress.clear();
                done?
            }
            _ => Vec::new(),
        };
        let installed = match self.install(staged, &stop) {
            Ok(installed) => installed,
            Err(problem) => {
                // Without the content nobody needs them.
                if let Some(engine) = &engine {
                    invocation.block_on(async {
                        for reference in &taken {
                            images(engine.as_ref())?.remove(reference).await?;
                        }
                        Ok(())
                    })?;
                }
                return Err(problem);
            }
        };
        if out.json {
            out.value(&json!({
                "installed": installed.manifest.name,
                "items": installed.manifest.items().map(|item| &item.id).collect::<Vec<_>>(),
                "images": taken,
            }));
            return Ok(DONE);
        }
        let sign = out.mark(out.signs.passed(), Tone::Good);
        out.line(format_args!("{sign} {} is installed", installed.manifest.name));
        if let Some(first) = installed.manifest.items().next() {
            out.line(format_args!(
                "  drydock launch {} begins with its first item",
                printable(&first.id)
            ));
        }
        Ok(DONE)
    }

    fn install(
        &self,
        staged: Staged,
        stop: &Stop,
    ) -> Result<crate::pack::install::Installed, Problem> {
        if !stop.goes_on() {
            return Err(interrupted(format!("Nothing of {} was installed", self.pack.display())));
        }
        Ok(staged.install()?)
    }

    /// The engine, and the images for this machine that it has not.
    fn wanted<'a>(
        &self,
        invocation: &Invocation,
        context: &Context,
        manifest: &'a Manifest,
    ) -> Result<(Option<std::sync::Arc<Chosen>>, Vec<&'a Image>), Problem> {
        if self.no_images || manifest.images.is_empty() {
            return Ok((None, Vec::new()));
        }
        invocation.block_on(async {
            let engine = context.engine().await?;
            let info = engine.info().await?;
            let here = architecture(info.architecture.as_deref());
            let fits: Vec<_> = manifest.images.iter().filter(|it| it.architecture == here).collect();
            if fits.is_empty() {
                let theirs: Vec<_> = manifest.architectures().into_iter().collect();
                let (pack, theirs) = (self.pack.display(), theirs.join(", "));
                let message = format!("{pack} has images for {theirs}, and this engine is {here}");
                return Err(Problem::new("pack_architecture", Exit::Environment, message).remedy(
                    "get one for this machine; or --no-images for its content alone, if they are here",
                ));
            }
            let images = images(engine.as_ref())?;
            let mut wanted = Vec::new();
            for image in fits {
                if !images.present(&image.reference).await? {
                    wanted.push(image);
                }
            }
            Ok((Some(engine), wanted))
        })
    }
}
