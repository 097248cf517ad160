//! `drydock init`: the first-start set-up, as a screen or, with `--yes`, by flags.

use serde_json::json;

use super::modules::usable;
use super::{DONE, Invocation, Outcome, config, images, open};
use crate::engine::Engine;
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
        }
        let engine = invocation.block_on(async { Ok(usable(&context).await) })?;
        if let Err(problem) = &engine {
            // What was asked for is done; that nothing can be started yet is worth saying.
            out.warning(problem);
        }
        if out.json {
            out.value(&json!({
                "config": paths.config_file,
                "engine": engine.as_ref().map_or_else(
                    |problem| json!({ "name": null, "reason": problem.message }),
                    |engine| json!({ "name": engine.name(), "reason": engine.reason() }),
                ),
            }));
        }
        if !out.json {
            out.line(format_args!(
                "drydock is set up; its settings are in {}",
                paths.config_file.display()
            ));
            if let Ok(engine) = &engine {
                out.line(format_args!("  {}", engine.reason()));
            }
            if let Some(first) = context.course().items().next() {
                out.line(format_args!("  drydock launch {}", first.id));
            }
        }
        Ok(DONE)
    }
}
