//! `drydock modules`: what there is to practise and how far the learner is.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::json;

use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, table, words};
use crate::context::Context;
use crate::course::{Diagnostic, Item, Module, Severity};
use crate::engine::choice::Chosen;
use crate::engine::{Engine, EngineError};
use crate::lab::needs;
use crate::problem::Problem;
use crate::store::{Progress, Status};

/// How long the engine may take to tell that it is there: this is a list, not a launch.
pub(super) const ENGINE_TIMEOUT: Duration = Duration::from_secs(2);

/// List modules and items with their status
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock modules\n         \
    drydock modules --json | jq '.modules[].items[].id'")]
pub(super) struct Modules {}

#[derive(Serialize)]
struct ListedModule<'a> {
    id: &'a str,
    title: &'a str,
    items: Vec<ListedItem<'a>>,
}

#[derive(Serialize)]
struct ListedItem<'a> {
    id: &'a str,
    kind: &'static str,
    title: &'a str,
    difficulty: &'static str,
    /// Minutes it should take.
    minutes: u64,
    status: &'static str,
    runnable: bool,
    reason: Option<String>,
    remedy: Option<String>,
}

impl Modules {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let (progress, engine) = invocation.block_on(async {
            // The engine is asked while the store is opened.
            let (progress, engine) = tokio::join!(progress(&context), usable(&context));
            Ok((progress?, engine))
        })?;
        let course = context.course();
        if out.json {
            let modules: Vec<_> =
                course.modules.iter().map(|m| listed(m, &progress, &engine)).collect();
            out.value(&json!({ "modules": modules, "problems": course.problems }));
            return Ok(DONE);
        }
        for (index, module) in course.modules.iter().enumerate() {
            if index > 0 {
                out.line("");
            }
            show(out, module, &progress, &engine);
        }
        let hindrances = match &engine {
            Err(problem) => vec![problem.clone()],
            Ok(engine) => needs::obstacles(course.items(), engine.as_ref()),
        };
        if !hindrances.is_empty() {
            out.note("");
        }
        for problem in &hindrances {
            out.warning(problem);
        }
        report(out, &course.problems);
        Ok(DONE)
    }
}

/// Progress by item, read on a thread that may block.
async fn progress(context: &Context) -> Result<HashMap<String, Progress>, Problem> {
    let paths = context.paths.clone();
    let read = move || {
        paths.make(&paths.data_dir)?;
        Ok(crate::store::Store::open(&paths.database)?.progress()?)
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| {
        let exit = crate::problem::Exit::Environment;
        Err(Problem::new("system", exit, format!("The progress could not be read: {error}")))
    })
}

/// The engine, if it answers.
pub(super) async fn usable(context: &Context) -> Result<Arc<Chosen>, Problem> {
    let asked = async {
        let engine = context.engine().await?;
        engine.info().await?;
        Ok(engine)
    };
    let late = |_| {
        let what = format!("no answer within {} s", ENGINE_TIMEOUT.as_secs());
        Err(EngineError::Timeout { what })
    };
    Ok(tokio::time::timeout(ENGINE_TIMEOUT, asked).await.unwrap_or_else(late)?)
}

/// Why an item cannot be started now, if so.
fn hindrance(item: &Item, engine: &Result<Arc<Chosen>, Problem>) -> Option<Problem> {
    match engine {
        Ok(engine) => needs::obstacle(item, engine.as_ref()),
        Err(problem) => Some(problem.clone()),
    }
}

fn listed<'a>(
    module: &'a Module,
    progress: &HashMap<String, Progress>,
    engine: &Result<Arc<Chosen>, Problem>,
) -> ListedModule<'a> {
    let item = |item: &'a Item| {
        let hindrance = hindrance(item, engine);
        ListedItem {
            id: &item.id,
            kind: item.kind(),
            title: &item.title,
            difficulty: item.difficulty.word(),
            minutes: item.estimated_time.as_secs() / 60,
            status: status(progress, item).word(),
            runnable: hindrance.is_none(),
            reason: hindrance.as_ref().map(|problem| problem.message.clone()),
            remedy: hindrance.and_then(|problem| problem.remedy),
        }
    };
    ListedModule {
        id: &module.id,
        title: &module.title,
        items: module.items.iter().map(item).collect(),
    }
}

fn show(
    out: &Out,
    module: &Module,
    progress: &HashMap<String, Progress>,
    engine: &Result<Arc<Chosen>, Problem>,
) {
    let done = module.items.iter().filter(|i| status(progress, i) == Status::Completed).count();
    out.line(format_args!(
        "{}  {done} of {} done, about {}",
        out.mark(printable(&module.title), Tone::Strong),
        module.items.len(),
        words::length(module.estimated_time())
    ));
    let rows: Vec<_> = module
        .items
        .iter()
        .map(|item| {
            let status = status(progress, item);
            let sign = match status {
                Status::New if hindrance(item, engine).is_some() => out.signs.unavailable(),
                Status::New => out.signs.open(),
                Status::Started => out.signs.started(),
                Status::Completed => out.signs.passed(),
            };
            vec![
                format!("  {sign}"),
                item.id.clone(),
                printable(&item.title),
                item.difficulty.word().to_owned(),
                words::length(item.estimated_time),
                status.word().to_owned(),
            ]
        })
        .collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
}

fn status(progress: &HashMap<String, Progress>, item: &Item) -> Status {
    progress.get(&item.id).map(|progress| progress.status).unwrap_or_default()
}

/// What is wrong with the content, on stderr.
fn report(out: &Out, problems: &[Diagnostic]) {
    for problem in problems {
        let shown = Problem::from(problem.clone());
        match problem.severity {
            Severity::Error => out.problem(&shown),
            Severity::Warning => out.warning(&shown),
        }
    }
}
