//! `drydock import`: content that others wrote for other programs, made into content of ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Subcommand;
use serde_json::json;

use super::interrupt::interrupted;
use super::new::word;
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, words};
use crate::config::Config;
use crate::context::sources;
use crate::convert::killercoda::{Wish, check_module, plan};
use crate::convert::write::{WriteError, stage};
use crate::convert::{Converted, Plan, Refused};
use crate::course::{self, Catalogue, Diagnostic, Source};
use crate::paths::Paths;
use crate::platform::signals;
use crate::problem::{Exit, Problem};

/// Something was not converted.
const NOT_ALL: u8 = 1;

/// Where it is written if nothing says where.
const USUAL: &str = "drydock-content";

/// Make content of ours out of what was written for other programs
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock import killercoda my-scenarios -o my-content")]
pub(super) struct Import {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    Killercoda(Killercoda),
}

/// Scenarios of Killercoda or Katacoda: folders with an index.json
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each scenario becomes an exercise: its pages are the lesson, its verify scripts the checks. What\n\
    could not be converted is listed with the reason. It is written into the folder of -o, or the last of\n\
    --content, or the last configured one, or drydock-content here.\n\n\
    Example: drydock import killercoda my-scenarios\n         \
    drydock import killercoda my-scenarios/first -o my-content --module first-steps\n         \
    drydock import killercoda my-scenarios --dry-run --json\n\n\
    Exit status: 0 all was converted; 1 something was not; 2 there is no scenario."
)]
struct Killercoda {
    /// The folder of a scenario, or of a repository of scenarios
    dir: PathBuf,
    /// The folder of content to write to; made if it is not there
    #[arg(short, long, value_name = "CONTENT")]
    output: Option<PathBuf>,
    /// The module that all of them go to; one for each course if not given
    #[arg(long, value_name = "ID")]
    module: Option<String>,
    /// Replace exercises that were imported before
    #[arg(long)]
    force: bool,
    /// Write nothing, only say what would become of it
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let Format::Killercoda(killercoda) = self.format;
        killercoda.run(invocation)
    }
}

impl Killercoda {
    fn run(self, invocation: &Invocation) -> Outcome {
        if let Some(module) = &self.module {
            check_module(module).map_err(|why| {
                Problem::new("usage", Exit::Usage, format!("--module: {why}"))
                    .remedy("take letters, digits and \"-\": --module first-steps")
            })?;
        }
        let paths = Paths::find()?;
        let config = Config::load(&paths.config_file)?;
        let configured = config.content_folders(&paths.config_file);
        let last = invocation.content.last().or(configured.last());
        let folder = self.output.as_ref().or(last).cloned().unwrap_or_else(|| USUAL.into());
        let mut all = sources(&config, &paths, &invocation.content)?;
        let into = there(&folder)?.map(|source| {
            all.push(source.clone());
            course::load(&[source])
        });
        let into = into.unwrap_or_default();
        let wish = Wish { folder: &self.dir, module: self.module.as_deref(), force: self.force };
        let mut plan = plan(wish, &into, &course::load(&all))?;
        let stop = Arc::new(AtomicBool::new(false));
        // Without it the signal ends the program at once, before anything is in its place or after.
        let _ = signals::note(&stop);
        let staged = stage(&mut plan, &folder, self.dry_run).map_err(problem)?;
        if stop.load(Ordering::Relaxed) {
            return Err(interrupted("Nothing was written"));
        }
        if !self.dry_run && !plan.items.is_empty() {
            staged.put(|| stop.load(Ordering::Relaxed)).map_err(problem)?;
        }
        report(&invocation.out, &plan, &folder, self.dry_run);
        Ok(if plan.refused.is_empty() { DONE } else { NOT_ALL })
    }
}

/// The content that is there already; `None` where the folder is yet to be made.
fn there(folder: &Path) -> Result<Option<Source>, Problem> {
    if !folder.exists() {
        return Ok(None);
    }
    let source = Source::folder(folder)?;
    let catalogue: Catalogue = course::load(std::slice::from_ref(&source));
    if !source.is_laid_out() && catalogue.items().next().is_some() {
        let message = "Manifests lie in this folder itself, and would not be read any more";
        return Err(Problem::new("no_folder", Exit::Usage, message)
            .at(folder.display().to_string(), None)
            .remedy("move them to exercises/MODULE/, or name another folder with -o"));
    }
    Ok(Some(source))
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn problem(error: WriteError) -> Problem {
    match error {
        WriteError::Stopped => interrupted("Nothing was written"),
        WriteError::File { .. } => Problem::new("output", Exit::Environment, error.to_string())
            .remedy("nothing was changed; name another place with -o"),
    }
}

/// What became of each, and what to do now.
fn report(out: &Out, plan: &Plan, folder: &Path, dry_run: bool) {
    let next = next(plan, folder, dry_run);
    if out.json {
        out.value(&json!({
            "folder": folder.display().to_string(),
            "dry_run": dry_run,
            "converted": plan.items.iter().map(converted).collect::<Vec<_>>(),
            "not_converted": plan.refused.iter().map(refused).collect::<Vec<_>>(),
            "next": next,
        }));
        return;
    }
    for item in &plan.items {
        let sign = out.mark(out.signs.passed(), Tone::Good);
        let (id, title) = (printable(&item.id), printable(&item.title));
        let checks = words::count(item.checks, "check");
        let network = if item.network { ", network" } else { "" };
        out.line(format_args!("{sign} {id}  {title} ({checks}{network})"));
        findings(out, &item.findings);
    }
    for it in &plan.refused {
        let sign = out.mark(out.signs.failed(), Tone::Bad);
        out.line(format_args!("{sign} {}  {}", from(&it.from), printable(&it.title)));
        findings(out, &it.reasons);
    }
    let all = plan.items.len() + plan.refused.len();
    let verb = if dry_run { "would be converted" } else { "converted" };
    let of = words::count(all, "scenario");
    out.line(format_args!("{} of {of} {verb}.", plan.items.len()));
    if next.is_empty() {
        return;
    }
    out.line("What now:");
    for command in next {
        out.line(format_args!("  {}", printable(&command)));
    }
}

fn findings(out: &Out, found: &[Diagnostic]) {
    for it in found {
        out.line(format_args!("    {}", printable(&it.to_string())));
    }
}

/// The folder of a scenario as it is shown.
fn from(folder: &str) -> String {
    if folder.is_empty() { ".".to_owned() } else { printable(folder) }
}

fn converted(item: &Converted) -> serde_json::Value {
    json!({
        "id": item.id, "module": item.module, "title": item.title, "from": from(&item.from),
        "checks": item.checks, "network": item.network, "warnings": item.findings,
    })
}

fn refused(it: &Refused) -> serde_json::Value {
    json!({ "from": from(&it.from), "title": it.title, "reasons": it.reasons })
}

/// Commands to go on with.
fn next(plan: &Plan, folder: &Path, dry_run: bool) -> Vec<String> {
    let Some(first) = plan.items.first().filter(|_| !dry_run) else { return Vec::new() };
    let dir = word(&folder.display().to_string());
    vec![
        format!("drydock lint {dir}"),
        format!("drydock --content {dir} modules"),
        format!("drydock --content {dir} launch {}", first.id),
    ]
}
