//! `drydock postmortem`: an incident as Markdown, with its graphs as SVG beside it.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::attempt::{Named, named, short};
use super::file::{unwritable, write};
use super::{DONE, Invocation, Outcome, incident, item};
use crate::incident::postmortem::Material;
use crate::incident::{director, incidents};
use crate::problem::{Exit, Problem};

/// Write an incident's post-mortem: Markdown, and its graphs as SVG
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock postmortem incidents-03 -o ~/notes")]
pub(super) struct Postmortem {
    /// The scenario or an attempt; without it, the last item worked at
    id: Option<String>,
    /// The folder to write to; without it, the current one
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print the Markdown instead of writing files
    #[arg(long, conflicts_with = "output")]
    stdout: bool,
}

impl Postmortem {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let (item, attempt) = match self.id.as_deref().map(|id| named(out, &context, &store, id)) {
            Some(Ok(Named::Attempt(attempt))) => {
                (item::find(out, context.course(), &attempt.item)?, *attempt)
            }
            Some(Err(problem)) => return Err(problem),
            Some(Ok(Named::Item(_))) | None => {
                let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
                (item, incident::last(&store, item)?)
            }
        };
        let scenario = incidents::of(item)?;
        let life = director::written(&store, attempt.id)?.ok_or_else(|| {
            let message = format!("There is nothing to tell of {} yet", item.id);
            Problem::new("no_attempt", Exit::Environment, message)
                .remedy(format!("drydock launch {}", item.id))
        })?;
        let measured = store.incident_values(attempt.id)?;
        let commands = store.commands(attempt.id)?;
        let material = Material {
            item,
            scenario: &scenario,
            attempt: &attempt,
            life: &life,
            measured: &measured,
            commands: &commands,
        };
        let name = format!("postmortem-{}-{}", item.id, short(attempt.id));
        let page = material.markdown(&format!("{name}.svg"));
        if self.stdout {
            out.write(page.as_bytes());
            return Ok(DONE);
        }
        let graphs = material.svg().map_err(|why| {
            Problem::new("graphs", Exit::Environment, format!("The graphs cannot be drawn: {why}"))
        })?;
        let folder = self.output.unwrap_or_else(|| PathBuf::from("."));
        std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        let (page_path, svg_path) =
            (folder.join(format!("{name}.md")), folder.join(format!("{name}.svg")));
        write(&svg_path, &graphs)?;
        write(&page_path, &page)?;
        if out.json {
            let path = |path: &Path| path.display().to_string();
            out.value(&json!({
                "id": item.id, "attempt": attempt.id.to_string(),
                "markdown": path(&page_path), "svg": path(&svg_path),
            }));
        } else {
            out.line(page_path.display());
            out.line(svg_path.display());
        }
        Ok(DONE)
    }
}
