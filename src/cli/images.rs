//! `drydock images`: the sandbox images: building them, and carrying them to where they cannot be.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::file::{readable, refuse_existing};
use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Outcome, table, words};
use crate::context::Context;
use crate::course::nearest;
use crate::engine::Engine;
use crate::engine::image::{BuildOptions, Builder, ImageInfo};
use crate::problem::{Exit, Problem};

/// List, build, export and import the sandbox images
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock images build")]
pub(super) struct Images {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the images, those that are not built yet and old ones included
    #[command(after_help = "Example: drydock images list")]
    List,
    /// Build images; those that are up to date are left as they are
    #[command(
        after_help = "The base system comes from the first that works: already there; pulled; \
        made with mmdebstrap or debootstrap.\n\n\
        Example: drydock images build\n         drydock images build base --base debian:bookworm-slim"
    )]
    Build(Build),
    /// Write images into a file for machines without a network or without Docker
    #[command(
        after_help = "The file is what docker save writes too. One whose name ends in .gz is \
        compressed.\n\n\
        Example: drydock images export -o sandboxes.tar.gz\n         \
        drydock images export base debian:bookworm-slim -o images.tar.gz"
    )]
    Export(Export),
    /// Take in the images of a file: to Docker, or unpacked for the native engine
    #[command(
        after_help = "Takes what drydock images export, docker save and podman save write.\n\n\
        Example: drydock images import sandboxes.tar.gz"
    )]
    Import(Import),
    /// Remove an image
    #[command(after_help = "Example: drydock images remove debian:bookworm-slim")]
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Export {
    /// Names of ours, which are built if need be, or references; without any, all of ours
    #[arg(value_name = "IMAGE")]
    images: Vec<String>,
    /// Where to
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
struct Import {
    /// The file
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// Names of ours, or references
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Build {
    /// Which; all without a name
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Build on this Debian image
    #[arg(long, value_name = "IMAGE")]
    base: Option<String>,
    /// Build even what is up to date
    #[arg(long)]
    force: bool,
    /// Show all that the builds print instead of a bar
    #[arg(long, short)]
    verbose: bool,
}

impl Images {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let context = invocation.context()?;
        match self.action {
            Action::List => list(invocation, &context),
            Action::Build(build) => {
                let options =
                    BuildOptions { base: build.base, force: build.force, offline: context.offline };
                self::build(invocation, &context, &build.names, &options, build.verbose)
            }
            Action::Export(export) => export.run(invocation, &context),
            Action::Import(import) => import.run(invocation, &context),
            Action::Remove(remove) => remove.run(invocation, &context),
        }
    }

    /// Whether what builds print is wanted on stderr.
    pub(super) fn verbose(&self) -> bool {
        matches!(&self.action, Action::Build(build) if build.verbose)
    }
}

fn list(invocation: &Invocation, context: &Context) -> Outcome {
    let out = &invocation.out;
    let (images, builds) = invocation.block_on(async {
        let engine = context.engine().await?;
        Ok((inventory(engine.as_ref()).await?, engine.builder().is_some()))
    })?;
    if out.json {
        out.value(&json!({ "images": images }));
        return Ok(DONE);
    }
    let row = |image: &ImageInfo| {
        let (sign, state) = match (image.present, image.current) {
            (true, true) if builds => (out.signs.passed(), "up to date"),
            (true, true) => (out.signs.passed(), "unpacked"),
            (true, false) => (out.signs.unavailable(), "old: no longer used"),
            (false, _) if builds => (out.signs.open(), "not built"),
            (false, _) => (out.signs.open(), "not unpacked"),
        };
        vec![
            sign.to_owned(),
            image.name.clone(),
            state.to_owned(),
            image.size.map_or_else(|| "-".to_owned(), words::size),
            image.reference.clone(),
        ]
    };
    for line in table::aligned(&images.iter().map(row).collect::<Vec<_>>()) {
        out.line(line);
    }
    let help = |text: &str| {
        out.note(format_args!("{} {text}", out.mark_error("help:", Tone::Strong)));
    };
    let missing = images.iter().any(|image| image.current && !image.present);
    match (builds, missing) {
        (true, true) => help("drydock images build"),
        (false, true) => {
            out.note(
                "None is needed: where one is not unpacked, the native engine runs this machine's own \
                 programs",
            );
            help("drydock images import FILE unpacks what drydock images export wrote elsewhere");
        }
        (_, false) => {}
    }
    Ok(DONE)
}

/// Builds the named images, or all.
pub(super) fn build(
    invocation: &Invocation,
    context: &Context,
    names: &[String],
    options: &BuildOptions,
    verbose: bool,
) -> Outcome {
    let out = &invocation.out;
    invocation.block_on(async {
        let engine = context.engine().await?;
        let images = builder(engine.as_ref())?;
        let all = inventory(engine.as_ref()).await?;
        let wanted = wanted(&all, names)?;
        let progress = if verbose { Progress::quiet(out) } else { Progress::new(out) };
        for name in &wanted {
            let started = Instant::now();
            let show = |step| progress.show(&step);
            let built = until_interrupted(images.ensure(name, options, &show)).await;
            progress.clear();
            let Some(reference) = built else {
                return Err(interrupted(format!(
                    "The build of {name} was stopped: nothing of it runs; the engine keeps the \
                     steps that were finished"
                ))
                .remedy("drydock images build goes on from there"));
            };
            let (reference, ms) = (reference?, started.elapsed().as_millis());
            if out.json {
                out.value(&json!({ "image": name, "reference": reference, "ms": ms as u64 }));
            } else {
                let sign = out.mark(out.signs.passed(), Tone::Good);
                let seconds = started.elapsed().as_secs_f64();
                out.line(format_args!("{sign} {name} is up to date: {reference} ({seconds:.1} s)"));
            }
        }
        Ok(DONE)
    })
}

/// What makes images here.
fn builder(engine: &dyn Engine) -> Result<&dyn Builder, Problem> {
    engine.builder().ok_or_else(|| {
        let message = format!("The {} engine needs no images, and builds none", engine.name());
        Problem::new("no_images", Exit::Environment, message)
            .remedy("for a Docker engine: drydock config set backend docker")
    })
}

impl Export {
    fn run(self, invocation: &Invocation, context: &Context) -> Outcome {
        let out = &invocation.out;
        let to = &self.output;
        refuse_existing(to, self.force)?;
        let failed = |error: &io::Error| {
            let message = format!("{} cannot be written: {error}", to.display());
            Problem::new("cannot_write", Exit::Environment, message)
        };
        // Beside its place, so that it is there whole or not at all.
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        let references = invocation.block_on(async {
            let engine = context.engine().await?;
            let images = builder(engine.as_ref())?;
            let progress = Progress::new(out);
            let show = |step| progress.show(&step);
            let work = async {
                let options = BuildOptions { offline: context.offline, ..BuildOptions::default() };
                let references = self.references(images, &options, &show).await?;
                let names: Vec<_> = references.iter().map(String::as_str).collect();
                let packs = to.extension().is_some_and(|end| end == "gz" || end == "tgz");
                if packs {
                    let mut packed = GzEncoder::new(file.as_file_mut(), Compression::default());
                    images.export(&names, &mut packed, &show).await?;
                    packed.finish().map_err(|error| failed(&error))?;
                } else {
                    images.export(&names, file.as_file_mut(), &show).await?;
                }
                Ok::<_, Problem>(references)
            };
            let done = until_interrupted(work).await;
            progress.clear();
            done.unwrap_or_else(|| {
                Err(interrupted(format!("The export was stopped: {} is not there", to.display())))
            })
        })?;
        let bytes = file.as_file().metadata().map_err(|error| failed(&error))?.len();
        readable(file.as_file()).map_err(|error| failed(&error))?;
        file.persist(to).map_err(|error| failed(&error.error))?;
        if out.json {
            out.value(&json!({ "file": to, "bytes": bytes, "images": references }));
        } else {
            let sign = out.mark(out.signs.passed(), Tone::Good);
            out.line(format_args!(
                "{sign} {} holds {} ({})",
                to.display(),
                references.join(", "),
                words::size(bytes)
            ));
            out.line(format_args!(
                "  drydock images import {} takes it in elsewhere",
                to.display()
            ));
        }
        Ok(DONE)
    }

    /// What is to be exported, all of it there.
    async fn references(
        &self,
        images: &dyn Builder,
        options: &BuildOptions,
        show: crate::engine::Progress<'_>,
    ) -> Result<Vec<String>, Problem> {
        let ours: Vec<_> = images.list().await?.into_iter().filter(|image| image.current).collect();
        let names: Vec<_> = if self.images.is_empty() {
            ours.iter().map(|image| image.name.clone()).collect()
        } else {
            self.images.clone()
        };
        let mut references = Vec::new();
        for name in names {
            let is_ours = ours.iter().any(|image| image.name == name);
            let reference = if is_ours {
                images.ensure(&name, options, show).await?
            } else if images.present(&name).await? {
                name
            } else {
                let message = format!("There is no image \"{name}\" on this engine");
                let ours: Vec<_> = ours.iter().map(|image| image.name.as_str()).collect();
                return Err(Problem::new("unknown_image", Exit::Usage, message).remedy(format!(
                    "ours are {}; docker pull {name} may fetch it",
                    ours.join(", ")
                )));
            };
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        Ok(references)
    }
}

/// The images of an engine, which must have such a thing.
pub(super) fn images(engine: &dyn Engine) -> Result<&dyn crate::engine::image::Images, Problem> {
    engine.images().ok_or_else(|| {
        let message = format!("The {} engine has no images", engine.name());
        Problem::new("no_images", Exit::Environment, message)
    })
}

impl Import {
    fn run(self, invocation: &Invocation, context: &Context) -> Outcome {
        let out = &invocation.out;
        let file = &self.file;
        if !file.is_file() {
            let message = format!("{} is no file", file.display());
            return Err(Problem::new("no_file", Exit::Usage, message)
                .remedy("drydock images export -o FILE writes one"));
        }
        let references = invocation.block_on(async {
            let engine = context.engine().await?;
            let images = images(engine.as_ref())?;
            let progress = Progress::new(out);
            let show = |step| progress.show(&step);
            let done = until_interrupted(images.import(file, &show)).await;
            progress.clear();
            let Some(done) = done else {
                return Err(interrupted(format!(
                    "The import of {} was stopped: no image is there in part",
                    file.display()
                )));
            };
            Ok(done?)
        })?;
        if out.json {
            out.value(&json!({ "images": references }));
        } else {
            for reference in references {
                let sign = out.mark(out.signs.passed(), Tone::Good);
                out.line(format_args!("{sign} {}", printable(&reference)));
            }
        }
        Ok(DONE)
    }
}

impl Remove {
    fn run(self, invocation: &Invocation, context: &Context) -> Outcome {
        let out = &invocation.out;
        invocation.block_on(async {
            let engine = context.engine().await?;
            let images = images(engine.as_ref())?;
            let ours = images.list().await?;
            for name in &self.images {
                let known = ours.iter().find(|image| image.current && image.name == *name);
                let reference = known.map_or(name, |image| &image.reference);
                images.remove(reference).await?;
                if out.json {
                    out.value(&json!({ "removed": reference }));
                } else {
                    let sign = out.mark(out.signs.passed(), Tone::Good);
                    out.line(format_args!("{sign} {reference} is removed"));
                }
            }
            Ok(DONE)
        })
    }
}

async fn inventory(engine: &dyn Engine) -> Result<Vec<ImageInfo>, Problem> {
    match engine.images() {
        Some(images) => Ok(images.list().await?),
        None => Ok(Vec::new()),
    }
}

/// The names to build, each once, in the order in which they are defined.
fn wanted(all: &[ImageInfo], names: &[String]) -> Result<Vec<String>, Problem> {
    let defined: Vec<&str> =
        all.iter().filter(|image| image.current).map(|image| image.name.as_str()).collect();
    if let Some(unknown) = names.iter().find(|name| !defined.contains(&name.as_str())) {
        let help = match nearest(unknown, defined.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the images are {}", defined.join(", ")),
        };
        let message = format!("There is no image \"{unknown}\"");
        return Err(Problem::new("unknown_image", Exit::Usage, message).remedy(help));
    }
    let asked = |name: &&str| names.is_empty() || names.iter().any(|asked| asked == name);
    Ok(defined.into_iter().filter(asked).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_put_in_order() {
        let image = |name: &str, current| ImageInfo {
            name: name.to_owned(),
            reference: String::new(),
            present: true,
            current,
            size: None,
        };
        let all = [image("base", true), image("systemd", true), image("base", false)];
        let wanted = |names: &[&str]| {
            wanted(&all, &names.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(wanted(&[]).unwrap(), ["base", "systemd"]);
        assert_eq!(wanted(&["systemd", "base", "base"]).unwrap(), ["base", "systemd"]);
        let problem = wanted(&["bse"]).unwrap_err();
        assert_eq!(problem.remedy.as_deref(), Some("did you mean base?"));
    }
}
