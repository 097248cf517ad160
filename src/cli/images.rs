//! `drydock images`: the sandbox images and building them.

use std::time::Instant;

use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::Tone;
use super::progress::Progress;
use super::{DONE, Invocation, Outcome, table, words};
use crate::context::Context;
use crate::course::nearest;
use crate::engine::Engine;
use crate::engine::image::{BuildOptions, ImageInfo};
use crate::problem::{Exit, Problem};

/// List and build the sandbox images
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
        }
    }

    /// Whether what builds print is wanted on stderr.
    pub(super) fn verbose(&self) -> bool {
        matches!(&self.action, Action::Build(build) if build.verbose)
    }
}

fn list(invocation: &Invocation, context: &Context) -> Outcome {
    let out = &invocation.out;
    let images = invocation.block_on(async {
        let engine = context.engine().await?;
        inventory(engine.as_ref()).await
    })?;
    if out.json {
        out.value(&json!({ "images": images }));
        return Ok(DONE);
    }
    let row = |image: &ImageInfo| {
        let (sign, state) = match (image.present, image.current) {
            (true, true) => (out.signs.passed(), "up to date"),
            (true, false) => (out.signs.unavailable(), "old: no longer used"),
            (false, _) => (out.signs.open(), "not built"),
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
    if images.is_empty() {
        out.note("There are none: the native engine runs this machine's own programs");
    }
    if images.iter().any(|image| image.current && !image.present) {
        out.note(format_args!("{} drydock images build", out.mark_error("help:", Tone::Strong)));
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
        let Some(images) = engine.images() else {
            let message = format!("The {} engine needs no images, and builds none", engine.name());
            return Err(Problem::new("no_images", Exit::Environment, message)
                .remedy("for a Docker engine: drydock config set backend docker"));
        };
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
