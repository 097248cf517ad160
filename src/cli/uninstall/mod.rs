//! `drydock uninstall`: everything that drydock has made, listed and removed.

mod list;

use std::io::{self, IsTerminal};

use serde_json::{Value, json};

use super::confirm::{agreed, confirm};
use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, sync, words};
use crate::config::{Backend, Config};
use crate::engine::choice::DOCKER;
use crate::engine::{EngineError, Step};
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::store::Store;
use crate::uninstall::files::Purpose;
use crate::uninstall::installed::{self, Program};
use crate::uninstall::{Also, Inventory, Removed};

/// Remove everything that drydock has ever made
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Lists sandboxes, systems, snapshots and images on every engine, shells and incidents that \
    go on, and all\nfolders and files, and removes them when you say yes. Progress and the repository of \
    completions are yours:\neach is asked about by itself, and stays where nobody is asked. What other \
    homes need on an engine stays.\nThe program itself is removed by the command that is named at the end.\n\n\
    Example: drydock uninstall --dry-run\n         drydock export -o progress.jsonl && drydock \
    uninstall\n         drydock uninstall --yes --progress --completions"
)]
#[expect(clippy::struct_excessive_bools, reason = "flags, each by itself")]
pub(super) struct Uninstall {
    /// Only list what there is
    #[arg(long, short = 'n')]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    /// Remove progress too, with its copies
    #[arg(long)]
    progress: bool,
    /// Remove the repository of completions too
    #[arg(long)]
    completions: bool,
    /// Keep progress and completions without being asked
    #[arg(long, conflicts_with_all = ["progress", "completions"])]
    keep_progress: bool,
    /// Keep the images on the Docker engine
    #[arg(long)]
    keep_images: bool,
}

/// What is known of the learner's own things before any of it is removed.
struct Own {
    /// Attempts that are written down, where that can be read.
    attempts: Option<usize>,
    /// How completions stand, in words.
    completions: Option<String>,
    /// A repository of completions that the learner chose the folder of: it stays.
    elsewhere: Option<std::path::PathBuf>,
    /// Whether there may be sandboxes on a Docker engine.
    docker: bool,
}

impl Uninstall {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        // Not the context: what is damaged goes too.
        let paths = Paths::find()?;
        let own = Own::look(invocation, &paths);
        let inventory = invocation.block_on(async { Ok(Inventory::take(&paths).await) })?;
        let program = installed::program().map_err(|error| {
            let message = format!("drydock does not find its own program: {error}");
            Problem::new("system", Exit::Environment, message)
        })?;
        if !out.json {
            list::print(out, &inventory, &own, &program);
        }
        if self.dry_run {
            if out.json {
                out.value(&self.told(&inventory, &own, &program, None));
            }
            return Ok(status(&inventory, &own, None));
        }
        let also = self.choose(out, &inventory, &own)?;
        let removed = self.remove(invocation, &inventory, also)?;
        if out.json {
            out.value(&self.told(&inventory, &own, &program, Some((&removed, also))));
        } else {
            list::print_removed(out, &inventory, &removed, also, &program);
        }
        Ok(status(&inventory, &own, Some(&removed)))
    }

    /// Asks, where there is somebody to ask: whether to go on, and what of the learner's own goes too.
    fn choose(&self, out: &Out, inventory: &Inventory, own: &Own) -> Result<Also, Problem> {
        confirm(out, self.yes, "Remove all of this but your progress and completions?")?;
        let asks = !self.yes && !out.json && io::stdin().is_terminal() && out.errors_on_terminal;
        let ask = |flag: bool, purpose: Purpose, question: &dyn Fn() -> String| {
            let there = inventory.of(purpose).next().is_some();
            flag || (there && asks && !self.keep_progress && agreed(&question()))
        };
        let progress = ask(self.progress, Purpose::Progress, &|| {
            let attempts = own.attempts.map_or_else(String::new, |number| {
                format!(" ({})", words::count(number, "attempt"))
            });
            format!(
                "Remove your progress{attempts} too? drydock export -o FILE keeps a copy of it."
            )
        });
        let completions = ask(self.completions, Purpose::Completions, &|| {
            let stand = own.completions.as_ref().map_or_else(String::new, |it| format!(" ({it})"));
            printable(&format!("Remove the repository of your completions{stand} too?"))
        });
        Ok(Also { progress, completions, images: !self.keep_images })
    }

    fn remove(
        &self,
        invocation: &Invocation,
        inventory: &Inventory,
        also: Also,
    ) -> Result<Removed, Problem> {
        let out = &invocation.out;
        let progress = (!out.json).then(|| Progress::new(out));
        let tell = |what: &str| {
            if let Some(progress) = &progress {
                progress.show(&Step { step: what.to_owned(), done: 0, total: None, unit: "steps" });
            }
        };
        invocation.block_on(async {
            let done = until_interrupted(inventory.remove(also, &tell)).await;
            done.unwrap_or_else(|| {
                let message = "The removal was stopped: what was not reached is as it was";
                Err(interrupted(message).remedy("drydock uninstall goes on from there"))
            })
        })
    }

    fn told(
        &self,
        inventory: &Inventory,
        own: &Own,
        program: &Program,
        removed: Option<(&Removed, Also)>,
    ) -> Value {
        let failed = removed.map(|(removed, _)| {
            let told = removed.failed.iter().map(|(what, problem)| {
                json!({ "what": what, "why": problem.message, "remedy": problem.remedy })
            });
            told.collect::<Vec<_>>()
        });
        json!({
            "dry_run": self.dry_run,
            "engines": list::engines(inventory),
            "shells": inventory.shells.iter().map(|held| json!({ "id": held.item, "pid": held.pid }))
                .collect::<Vec<_>>(),
            "incidents": inventory.incidents.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "files": inventory.files,
            "completions_elsewhere": own.elsewhere,
            "removed": removed.map(|(_, also)| {
                json!({ "progress": also.progress, "completions": also.completions,
                    "images": also.images })
            }),
            "failed": failed.unwrap_or_default(),
            "strangers": removed.map_or(&[][..], |(removed, _)| &removed.strangers),
            "program": { "path": program.path, "command": program.command },
        })
    }
}

impl Own {
    fn look(invocation: &Invocation, paths: &Paths) -> Self {
        let config = Config::load(&paths.config_file).unwrap_or_else(|error| {
            invocation.out.warning(&error.into());
            Config::default()
        });
        let elsewhere = config.sync_folder(&paths.config_file);
        let mut own = Self {
            attempts: None,
            completions: None,
            elsewhere: elsewhere.filter(|folder| folder.exists()),
            docker: matches!(config.backend, Backend::Docker | Backend::Local),
        };
        if !paths.database.exists() {
            return own;
        }
        let Ok(store) = Store::open(&paths.database) else {
            // Where it cannot be read, nobody knows.
            own.docker = true;
            return own;
        };
        if let Ok(all) = store.history(None, u32::MAX) {
            own.docker |= all.iter().any(|attempt| attempt.engine == DOCKER);
            own.attempts = Some(all.len());
        }
        if let Ok(context) = invocation.context() {
            own.completions = Some(sync::standing(&context, &store).0);
        }
        own
    }

    /// Whether an engine that does not answer is one that this home has used.
    fn misses(&self, name: &str, error: &EngineError) -> bool {
        name != DOCKER || self.docker || !matches!(error, EngineError::NotInstalled { .. })
    }
}

/// 3 where something was to go and is still there, or may be.
fn status(inventory: &Inventory, own: &Own, removed: Option<&Removed>) -> u8 {
    let missed = inventory
        .engines
        .iter()
        .any(|on| on.found.as_ref().err().is_some_and(|error| own.misses(on.name, error)));
    let failed = removed.is_some_and(|removed| !removed.failed.is_empty());
    if missed || failed { Exit::Environment.code() } else { DONE }
}

/// The sign of what is done.
fn done(out: &Out) -> String {
    out.mark(out.signs.passed(), Tone::Good)
}
