//! `drydock status`: configuration, engine, sandboxes, and where the learner is.

use std::sync::Arc;

use futures_util::future;
use serde_json::json;

use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, sync, table, words};
use crate::context::Context;
use crate::engine::choice::{Chosen, DOCKER, NATIVE, Wanted, name_of};
use crate::engine::{Engine, EngineError, Info, Sandbox, SandboxState, Snapshot};
use crate::problem::Problem;
use crate::session::Held;
use crate::store::{Progress, Status as Stand, Store};

/// Show the configuration, the engine, running sandboxes and the last item
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock status")]
pub(super) struct Status {}

impl Status {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let context = invocation.context()?;
        let store = context.store()?;
        let (last, progress) = (store.last_item()?, store.progress()?);
        let engine = invocation.block_on(async { Ok(ask(&context).await) })?;
        let held = context.shells()?.place.held();
        if invocation.out.json {
            print_json(&invocation.out, &context, &store, last.as_deref(), engine, &held);
            return Ok(DONE);
        }
        let out = &invocation.out;
        let done = context.course().items().filter(|item| {
            progress.get(&item.id).is_some_and(|progress| progress.status == Stand::Completed)
        });
        let mut rows = vec![vec!["version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()]];
        let mut row = |name: &str, text: String| rows.push(vec![name.to_owned(), text]);
        row(
            "engine",
            match &engine {
                Ok(Asked { info, .. }) => {
                    format!("{} {} at {}", info.product, info.version, info.endpoint)
                }
                Err(error) => format!("none: {error}"),
            },
        );
        if let Ok(asked) = &engine {
            row("why this one", asked.engine.reason().to_owned());
        }
        row(
            "sandboxes",
            match &engine {
                Ok(Asked { sandboxes, engine, .. }) if !sandboxes.is_empty() => {
                    let open = |s: &Sandbox| held.iter().any(|held| held.sandbox == s.id);
                    let one = |(s, kept): &(Sandbox, Vec<Snapshot>)| {
                        let shell = if open(s) { ", shell open" } else { "" };
                        let kept = match kept.len() {
                            0 => String::new(),
                            number => format!(", {}", words::count(number, "snapshot")),
                        };
                        let on = match name_of(&s.id) {
                            name if name == engine.name() => String::new(),
                            other => format!(", on the {other} engine"),
                        };
                        let machine =
                            s.machine.as_ref().map_or_else(String::new, |name| format!(" {name}"));
                        format!("{}{machine} ({}{shell}{kept}{on})", s.item, word(s.state))
                    };
                    sandboxes.iter().map(one).collect::<Vec<_>>().join(", ")
                }
                Ok(_) => "none".to_owned(),
                Err(_) => "not known without an engine".to_owned(),
            },
        );
        row(
            "last item",
            match &last {
                Some(id) => describe(&context, id, progress.get(id)),
                None => "none yet".to_owned(),
            },
        );
        row("completed", format!("{} of {}", done.count(), context.course().items().count()));
        row("config", context.paths.config_file.display().to_string());
        row("progress", context.paths.database.display().to_string());
        row("offline", if context.offline { "yes" } else { "no" }.to_owned());
        row("sync", sync::standing(&context, &store).0);
        for line in table::aligned(&rows) {
            out.line(printable(&line));
        }
        if let Err(error) = engine
            && let Some(remedy) = error.remedy()
        {
            out.note(format_args!("{} {remedy}", out.mark_error("help:", Tone::Strong)));
        }
        Ok(DONE)
    }
}

/// The engine, this home's sandboxes, and the snapshots of each.
struct Asked {
    engine: Arc<Chosen>,
    info: Info,
    sandboxes: Vec<(Sandbox, Vec<Snapshot>)>,
}

async fn ask(context: &Context) -> Result<Asked, EngineError> {
    let engine = context.engine().await?;
    let owner = context.paths.owner();
    let (info, sandboxes) = tokio::try_join!(engine.info(), engine.list(Some(&owner)))?;
    let kept = sandboxes.into_iter().map(async |sandbox| {
        let kept = match engine.snapshots(&sandbox.id).await {
            // It has just been removed.
            Err(EngineError::SandboxGone { .. }) => Vec::new(),
            kept => kept?,
        };
        Ok::<_, EngineError>((sandbox, kept))
    });
    let sandboxes = future::try_join_all(kept).await?;
    Ok(Asked { engine, info, sandboxes })
}

fn print_json(
    out: &Out,
    context: &Context,
    store: &Store,
    last: Option<&str>,
    engine: Result<Asked, EngineError>,
    held: &[Held],
) {
    // Where none works, the one that most have.
    let name = engine.as_ref().map_or_else(
        |_| match context.config.backend.wanted() {
            Wanted::Native => NATIVE,
            Wanted::Any | Wanted::Docker => DOCKER,
        },
        |asked| asked.engine.name(),
    );
    let (engine, sandboxes) = match engine {
        Ok(Asked { engine, info, sandboxes }) => (
            json!({
                "name": name,
                "product": info.product,
                "version": info.version,
                "endpoint": info.endpoint,
                "reachable": true,
                "reason": engine.reason(),
            }),
            sandboxes,
        ),
        Err(error) => {
            let problem = Problem::from(error);
            let engine = json!({
                "name": name,
                "version": null,
                "reachable": false,
                "reason": problem.message,
                "remedy": problem.remedy,
            });
            (engine, Vec::new())
        }
    };
    let sandboxes: Vec<_> = sandboxes
        .iter()
        .map(|(s, kept)| {
            let names: Vec<_> = kept.iter().map(|snapshot| &snapshot.name).collect();
            let shell = held.iter().find(|held| held.sandbox == s.id);
            let shell = shell.map(|held| json!({ "pid": held.pid, "since": since(held) }));
            json!({
                "id": s.item, "engine": name_of(&s.id), "sandbox": s.id, "state": s.state, "image": s.image,
                "machine": s.machine, "shell": shell, "snapshots": names
            })
        })
        .collect();
    out.value(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "engine": engine,
        "sandboxes": sandboxes,
        "last_item": last,
        "offline": context.offline,
        "config": context.paths.config_file,
        "progress": context.paths.database,
        "sync": sync::standing(context, store).1,
    }));
}

/// When a shell was opened, as RFC 3339.
fn since(held: &Held) -> Option<String> {
    Some(jiff::Timestamp::from_millisecond(held.since).ok()?.to_string())
}

fn describe(context: &Context, id: &str, progress: Option<&Progress>) -> String {
    let title = context.course().item(id).map_or("(no longer there)", |item| &item.title);
    let stand = match progress {
        Some(Progress { current: Some(now), .. }) if now.checks_total > 0 => {
            format!("{} of {} checks pass", now.checks_passed, now.checks_total)
        }
        Some(progress) => progress.status.word().to_owned(),
        None => Stand::New.word().to_owned(),
    };
    format!("{id} {title} ({stand})")
}

fn word(state: SandboxState) -> &'static str {
    match state {
        SandboxState::Created => "not started",
        SandboxState::Running => "running",
        SandboxState::Paused => "paused",
        SandboxState::Stopped => "stopped",
    }
}
