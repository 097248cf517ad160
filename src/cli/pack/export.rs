//! `drydock pack export`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::json;
use tempfile::{NamedTempFile, TempDir};

use super::super::file::{readable, refuse_existing};
use super::super::interrupt::{interrupted, until_interrupted};
use super::super::out::Tone;
use super::{DONE, Invocation, Outcome, Progress, Stop, telling, words};
use crate::context::Context;
use crate::lab::SharedStore;
use crate::pack::archive::Pack;
use crate::pack::export::{Order, Selection};
use crate::pack::signature::sign;
use crate::pack::{Fault, manifest};
use crate::problem::{Exit, Problem};

/// Write modules, the images that they need and what was proved of them into one file
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --key the manifest is signed with a secret key of minisign (minisign -G makes \
    one); whoever has the public one can then tell that the pack is yours. With --with, images of another \
    architecture are taken over from a pack that was made on such a machine.\n\n\
    Example: drydock pack export -o everything.dock\n         \
    drydock pack export linux --key ~/.minisign/minisign.key -o linux.dock"
)]
pub(super) struct Export {
    /// Modules; without any, all of them
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
    /// Where to
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// What it is installed under; without it, the file's name
    #[arg(long)]
    name: Option<String>,
    /// Only content: for machines that have the images
    #[arg(long)]
    no_images: bool,
    /// Take the images of this pack too
    #[arg(long, value_name = "PACK")]
    with: Option<PathBuf>,
    /// Sign it with this secret key of minisign
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file that begins with the key's password; without it the terminal is asked
    #[arg(long, value_name = "FILE", requires = "key")]
    password_file: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let (out, begun) = (&invocation.out, Instant::now());
        let to = &self.output;
        refuse_existing(to, self.force)?;
        let name = self.name()?;
        let context = invocation.context()?;
        let selection = Selection::of(context.course(), &self.modules)?;
        let with = self.with.as_deref().map(Pack::open).transpose()?;
        let store = context.store()?;
        let proofs = store.proofs(None)?;

        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let aside = tempfile::Builder::new().prefix(".drydock-pack-").tempdir_in(folder);
        let aside = aside.map_err(|error| unwritten(to, &error))?;
        let progress = Progress::new(out);
        let stopped =
            || interrupted(format!("The export was stopped: {} is not there", to.display()));
        let (references, images) = if self.no_images {
            (BTreeMap::new(), None)
        } else {
            let store = SharedStore::new(store);
            let work = images(&context, store, &selection, &aside, &progress);
            invocation.block_on(async { until_interrupted(work).await.ok_or_else(stopped)? })?
        };
        let stop = Stop::watch();
        let or_stopped = |fault: Fault| match fault {
            Fault::Stopped => stopped(),
            fault => fault.into(),
        };
        let order = Order { name, selection, references, images, with, proofs };
        let parts = aside.path().join("parts");
        std::fs::create_dir(&parts).map_err(|error| unwritten(to, &error))?;
        let ready = order.prepare(&parts, &telling(&progress, &stop, "Compressing images"));
        let ready = ready.map_err(or_stopped)?;
        progress.clear();
        let signature = self.sign(&ready.text, &ready.manifest.name)?;
        let mut file = NamedTempFile::new_in(folder).map_err(|error| unwritten(to, &error))?;
        let writer = BufWriter::with_capacity(1 << 20, file.as_file_mut());
        let tell = telling(&progress, &stop, "Writing the pack");
        ready.write(signature.as_deref(), writer, to, &tell).map_err(or_stopped)?;
        progress.clear();
        // What was written must be what can be read.
        Pack::open(file.path())?;
        readable(file.as_file()).map_err(|error| unwritten(to, &error))?;
        let bytes = file.as_file().metadata().map_err(|error| unwritten(to, &error))?.len();
        file.persist(to).map_err(|error| unwritten(to, &error.error))?;

        let manifest = &ready.manifest;
        let items = manifest.items().count();
        let architectures = manifest.architectures();
        if out.json {
            out.value(&json!({
                "file": to,
                "name": manifest.name,
                "bytes": bytes,
                "modules": manifest.modules.len(),
                "items": items,
                "images": references_of(manifest),
                "architectures": architectures,
                "proofs": manifest.proofs.len(),
                "signed": signature.is_some(),
                "ms": begun.elapsed().as_millis() as u64,
            }));
            return Ok(DONE);
        }
        let sign = out.mark(out.signs.passed(), Tone::Good);
        let modules = words::count(manifest.modules.len(), "module");
        out.line(format_args!(
            "{sign} {} holds {modules}, {}, {}, {} ({}, {:.1} s)",
            to.display(),
            words::count(items, "item"),
            words::count(references_of(manifest).len(), "image"),
            words::count(manifest.proofs.len(), "proof"),
            words::size(bytes),
            begun.elapsed().as_secs_f64(),
        ));
        if !architectures.is_empty() {
            let all: Vec<_> = architectures.into_iter().collect();
            out.line(format_args!("  for {}", all.join(", ")));
        }
        out.line(format_args!("  drydock pack import {} takes it in elsewhere", to.display()));
        Ok(DONE)
    }

    /// What it is to be called.
    fn name(&self) -> Result<String, Problem> {
        let stem = self.output.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
        let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        let of_file = stem.unwrap_or_default().chars().map(plain).collect::<String>();
        let name = self.name.clone().unwrap_or_else(|| of_file.trim_matches('-').to_owned());
        manifest::name(&name).map_err(|why| {
            Problem::new("pack_name", Exit::Usage, why).remedy("--name NAME gives it one")
        })?;
        Ok(name)
    }

    fn sign(&self, text: &[u8], name: &str) -> Result<Option<String>, Problem> {
        let Some(key) = &self.key else { return Ok(None) };
        let password = match &self.password_file {
            None => None,
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    let message = format!("{} cannot be read: {error}", file.display());
                    Problem::new("cannot_read", Exit::Usage, message)
                })?;
                Some(text.lines().next().unwrap_or_default().to_owned())
            }
        };
        Ok(Some(sign(text, name, key, password, io::stdin().is_terminal())?))
    }
}

/// The image that each item needs, and all of them as the engine exports them.
async fn images(
    context: &Context,
    store: SharedStore,
    selection: &Selection<'_>,
    aside: &TempDir,
    progress: &Progress<'_>,
) -> Result<(BTreeMap<String, String>, Option<File>), Problem> {
    let lab = context.lab(store).await?;
    let Some(builder) = lab.engine.builder() else {
        let message =
            format!("The {} engine makes no images that a pack could carry", lab.engine.name());
        return Err(Problem::new("no_images", Exit::Environment, message)
            .remedy("drydock config set backend docker; or --no-images for content alone"));
    };
    let show = |step| progress.show(&step);
    let mut references = BTreeMap::new();
    for item in selection.items() {
        references.insert(item.id.clone(), lab.image_of(item, &show).await?);
    }
    let all: BTreeSet<_> = references.values().map(String::as_str).collect();
    let all: Vec<_> = all.into_iter().collect();
    let path = aside.path().join("images.tar");
    let file = File::options().read(true).write(true).create_new(true).open(&path);
    let mut file = file.map_err(|error| unwritten(&path, &error))?;
    let mut writer = BufWriter::with_capacity(1 << 20, &mut file);
    builder.export(&all, &mut writer, &show).await?;
    writer.flush().map_err(|error| unwritten(&path, &error))?;
    drop(writer);
    progress.clear();
    file.rewind().map_err(|error| unwritten(&path, &error))?;
    Ok((references, Some(file)))
}

fn references_of(manifest: &manifest::Manifest) -> BTreeSet<&str> {
    manifest.images.iter().map(|image| image.reference.as_str()).collect()
}

fn unwritten(path: &Path, error: &io::Error) -> Problem {
    let message = format!("{} cannot be written: {error}", path.display());
    Problem::new("cannot_write", Exit::Environment, message)
}
