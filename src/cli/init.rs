//! `drydock init`: the first-start set-up, as a screen or, with `--yes`, by flags.

use super::modules::obstacle;
use super::{DONE, Invocation, Outcome, config, images, open};
use crate::engine::image::BuildOptions;
use crate::paths::Paths;
use crate::tui::Start;

/// Set drydock up: engine, images, theme
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock init\n         \
    drydock init --yes --theme daylight --build-images")]
pub(super) struct Init {
    /// Ask nothing: take the flags and the defaults
    #[arg(long, short)]
    yes: bool,
    /// The sandbox engine
    #[arg(long, value_name = "ENGINE")]
    backend: Option<String>,
    /// The colour theme
    #[arg(long, value_name = "NAME")]
    theme: Option<String>,
    /// Build the sandbox images now
    #[arg(long)]
    build_images: bool,
}

impl Init {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let paths = Paths::find()?;
        // Written even when it is the default: a configuration file means that this is set up.
        let backend = match (self.backend, self.yes && !paths.config_file.exists()) {
            (None, true) => Some("auto".to_owned()),
            (given, _) => given,
        };
        for (key, value) in [("backend", backend), ("theme", self.theme)] {
            if let Some(value) = value {
                config::set(out, &paths, key, &value)?;
            }
        }
        if !self.yes {
            return open::start(invocation, |_| Ok(Start::Setup));
        }
        let context = invocation.context()?;
        if self.build_images {
            let options = BuildOptions { offline: context.offline, ..BuildOptions::default() };
            images::build(invocation, &context, &[], &options, false)?;
        } else if let Some(problem) = invocation.block_on(async { Ok(obstacle(&context).await) })? {
            // What was asked for is done; that nothing can be started yet is worth saying.
            out.warning(&problem);
        }
        if !out.json {
            out.line(format_args!(
                "drydock is set up; its settings are in {}",
                paths.config_file.display()
            ));
            if let Some(first) = context.course.items().next() {
                out.line(format_args!("  drydock launch {}", first.id));
            }
        }
        Ok(DONE)
    }
}
