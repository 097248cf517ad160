//! `drydock sync`: the repository of completions and its other copy.

use std::cell::Cell;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::value_parser;
use serde_json::json;

use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, words};
use crate::config::Switch;
use crate::context::Context;
use crate::engine::Step;
use crate::problem::Problem;
use crate::store::Store;
use crate::sync::{Exchange, Report, Stage};

/// Items that are named in one line.
const NAMED: usize = 8;

/// Commit completions to a git repository of yours, and exchange them with its other copy
#[derive(Debug, clap::Args)]
#[command(after_help = "Completions go into a repository beside the progress (or the one that \
    sync.folder says), one file each,\nwith a LEARNING_TRACKER.md on top. The other copy is reached \
    with your own git. Nothing is ever forced.\n\n\
    Example: drydock config set sync.remote git@example.org:me/progress.git\n         \
    drydock sync --dry-run\n         drydock sync")]
pub(super) struct Sync {
    /// Show what would happen, and change nothing
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// How long one call of git may take
    #[arg(long, value_name = "SECONDS", default_value_t = crate::sync::LIMIT.as_secs(),
        value_parser = value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// In the background: no words, and no waiting for another drydock
    #[arg(long, hide = true)]
    auto: bool,
}

impl Sync {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let context = invocation.context()?;
        let store = context.store()?;
        let mut settings = context.sync()?;
        settings.limit = Duration::from_secs(self.timeout);
        settings.wait = !self.auto;
        let out = &invocation.out;
        let progress = if out.json || self.auto { None } else { Some(Progress::new(out)) };
        let stage = Cell::new(Stage::Writing);
        let tell = |now| {
            stage.set(now);
            if let Some(progress) = &progress {
                progress.show(&step(now));
            }
        };
        let done = invocation.block_on(async {
            until_interrupted(async {
                if self.dry_run {
                    tell(Stage::Fetching);
                    settings.foresee(&store, context.course()).await
                } else {
                    settings.run(&store, context.course(), &tell).await
                }
            })
            .await
            .ok_or_else(|| stopped(stage.get()))
        });
        drop(progress);
        let report = done?.map_err(Problem::from)?;
        if out.json {
            out.value(&as_json(&report, self.dry_run));
        } else if !self.auto {
            print(out, &report, self.dry_run);
        }
        match report.exchange {
            Exchange::Failed(error) if !error.fault.is_offline() => Err(error.into()),
            _ => Ok(DONE),
        }
    }
}

/// Syncs in the background, where the configuration wants that: nobody waits for it, and it goes on
/// when this program has ended.
pub(super) fn begin_if_wanted(context: &Context) {
    if context.config.sync.auto == Switch::Off {
        return;
    }
    let begun = context.sync().map_err(|problem| problem.to_string()).and_then(|settings| {
        let program = &settings.apart[0];
        let mut command = Command::new(program);
        command.args(&settings.apart[1..]).arg(program).args(context.flags());
        command.args(["sync", "--auto"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| error.to_string())
    });
    if let Err(error) = begun {
        tracing::warn!(%error, "completions are not synced in the background");
    }
}

/// How things stand, for `drydock status`: in words, and as JSON.
pub(super) fn standing(context: &Context, store: &Store) -> (String, serde_json::Value) {
    let auto = context.config.sync.auto == Switch::On;
    let standing = context.sync().and_then(|settings| Ok(settings.standing(store)?));
    match standing {
        Ok(standing) => {
            let there = standing.folder.join(".git").exists();
            let queued = standing.queued;
            let remote = standing.remote.as_deref();
            let text = match (remote, there) {
                (None, false) => "not configured".to_owned(),
                (Some(remote), _) if queued > 0 => format!("{queued} to sync with {remote}"),
                (Some(remote), _) => format!("all at {remote}"),
                (None, true) if queued > 0 => {
                    format!("{queued} to commit in {}", standing.folder.display())
                }
                (None, true) => format!("all in {}", standing.folder.display()),
            };
            let fields = json!({
                "configured": remote.is_some() || there,
                "folder": standing.folder,
                "remote": remote,
                "auto": auto,
                "queued": queued,
                "problem": null,
            });
            (text, fields)
        }
        Err(problem) => {
            let fields = json!({
                "configured": true,
                "folder": context.sync().ok().map(|settings| settings.folder),
                "remote": null,
                "auto": auto,
                "queued": null,
                "problem": problem.message,
            });
            (problem.message, fields)
        }
    }
}

fn step(stage: Stage) -> Step {
    Step { step: word(stage).to_owned(), done: 0, total: None, unit: "steps" }
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Fetching => "Asking the remote what is new",
        Stage::Writing => "Writing completions and pages",
        Stage::Pushing => "Sending what is new",
    }
}

fn stopped(stage: Stage) -> Problem {
    let (what, kept) = match stage {
        Stage::Fetching => ("fetching", "nothing was changed"),
        Stage::Writing => ("writing", "completions are kept"),
        Stage::Pushing => ("pushing", "everything is committed here"),
    };
    interrupted(format!("Stopped while {what}; {kept}, and nothing still runs"))
        .remedy("drydock sync")
}

fn print(out: &Out, report: &Report, dry: bool) {
    let good = out.mark(out.signs.passed(), Tone::Good);
    let waits = out.mark(out.signs.open(), Tone::Attention);
    let would = |done: &str, would: &str| if dry { would } else { done }.to_owned();
    if !report.written.is_empty() {
        let what = words::count(report.written.len(), "completion");
        let verb = would("committed", "to commit");
        out.line(format!("{good} {what} {verb}: {}", named(&report.written)));
    }
    if !report.received.is_empty() {
        let verb = would("", ", to be marked done here");
        out.line(format!(
            "{good} {} from elsewhere{verb}: {}",
            report.received.len(),
            named(&report.received)
        ));
    }
    if dry {
        for file in &report.files {
            out.line(format!("    {}", printable(file)));
        }
    }
    let remote = printable(report.remote.as_deref().unwrap_or_default());
    let branch = printable(&report.branch);
    let queued = words::count(report.queued, "completion");
    match &report.exchange {
        Exchange::Done => {
            let (fetched, pushed) = (report.fetched, report.pushed);
            let moved = match (fetched, pushed) {
                (0, 0) => "nothing new".to_owned(),
                _ => format!(
                    "{} {}, {pushed} {}",
                    words::count(fetched, "commit"),
                    would("fetched", "to fetch"),
                    would("pushed", "to push")
                ),
            };
            let same = would("The same as", "With");
            out.line(format!("{good} {same} {remote} ({branch}): {moved}"));
        }
        Exchange::NoRemote => {
            let folder = report.folder.display();
            out.line(format!("{good} {} {folder}", would("All is in", "In")));
            out.note("There is no other copy yet: drydock config set sync.remote URL");
        }
        Exchange::Offline => out.line(format!("{waits} offline: {queued} to sync with {remote}")),
        Exchange::Failed(error) if error.fault.is_offline() => {
            let why = printable(&error.fault.to_string());
            out.line(format!("{waits} {queued} to sync: {why}"));
        }
        Exchange::Failed(_) => out.line(format!("{waits} {queued} to sync with {remote}")),
    }
    for (file, why) in &report.left {
        out.remark(&format!("{file} stays as it is: {why}"));
    }
    if report.nameless {
        out.remark(
            "git does not know your name, so commits are made as \"drydock\": \
             git config --global user.name NAME; git config --global user.email ADDRESS",
        );
    }
}

/// Items by their ids, each once, and how many more there are.
fn named(items: &[String]) -> String {
    let mut all: Vec<&str> = Vec::new();
    for item in items {
        if !all.contains(&item.as_str()) {
            all.push(item);
        }
    }
    let more = all.len().saturating_sub(NAMED);
    let some = printable(&all[..all.len() - more].join(", "));
    if more == 0 { some } else { format!("{some} and {more} more") }
}

fn as_json(report: &Report, dry: bool) -> serde_json::Value {
    let left: Vec<_> =
        report.left.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
    let (state, reason) = match &report.exchange {
        Exchange::Done => ("done", None),
        Exchange::NoRemote => ("no_remote", None),
        Exchange::Offline => ("offline", None),
        Exchange::Failed(error) if error.fault.is_offline() => {
            ("unreachable", Some(error.fault.to_string()))
        }
        Exchange::Failed(error) => ("failed", Some(error.fault.to_string())),
    };
    json!({
        "dry_run": dry,
        "state": state,
        "reason": reason,
        "folder": report.folder,
        "remote": report.remote,
        "branch": report.branch,
        "written": report.written,
        "received": report.received,
        "files": report.files,
        "fetched": report.fetched,
        "pushed": report.pushed,
        "queued": report.queued,
        "left": left,
    })
}
