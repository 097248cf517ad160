//! `drydock report`: who of a class did what, and where most had a hard time.

mod csv;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::value_parser;
use serde_json::{Value, json};

use super::out::printable;
use super::{DONE, Invocation, Out, Outcome, open};
use crate::context::Context;
use crate::problem::{Exit, Problem};
use crate::report::{Class, ClassItem, Done, Followed, Learner, Named, Place, Sources};
use crate::tui::Start;

/// How large a file of names may be.
const MAX_NAMES: u64 = 1 << 20;

/// How many of the things that could not be read are told one by one.
const MAX_TOLD: usize = 10;

/// Show who of a class did what, from their repositories of completions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A folder is one learner's repository, or has several in it; a bare repository is read as it is, an\n\
    address is fetched with your git. Nothing is changed in any of them. A learner is called as the\n\
    folder is, or as you say: NAME=DIR; one name for two of them is one learner.\n\n\
    Hard going is: the solution was shown, two hints or more, three failed verifications or more, or\n\
    twice the estimate. The first completion of each item counts. What was begun and not completed\n\
    is in no completion, so it is not told.\n\n\
    Example: drydock report class/\n         drydock report anna=/srv/git/a.git git@example.org:bert/progress.git\n         \
    drydock report class/ --format csv > class.csv\n         drydock report class/ --watch"
)]
pub(super) struct Report {
    /// Folders, bare repositories or addresses, each with a name before it or not
    #[arg(value_name = "[NAME=]DIR|REPO", required_unless_present = "names")]
    sources: Vec<String>,
    /// Read more of them from a file, one a line
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
    /// Show it on a screen that follows what changes
    #[arg(long, short)]
    watch: bool,
    /// With --watch: how often all is looked at, and addresses are fetched
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "watch",
        value_parser = value_parser!(u64).range(1..=3600))]
    every: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For spreadsheets: a row for each item that a learner completed
    Csv,
    /// For scripts, as with --json
    Json,
}

impl Report {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let named = self.named()?;
        if self.watch {
            return open::start(invocation, |context| {
                let sources = sources(context, named);
                if !sources.named.iter().any(is_there) {
                    return Err(nothing(&sources));
                }
                let every = Duration::from_secs(self.every);
                Ok(Start::Report(Followed { sources, every, offline: context.offline }))
            });
        }
        let context = invocation.context()?;
        let sources = sources(&context, named);
        let unreached = if context.offline || !sources.has_remotes() {
            Vec::new()
        } else {
            invocation.out.note("Fetching");
            context.paths.make(&sources.cache)?;
            invocation.block_on(async { Ok(sources.fetch().await) })?
        };
        let class = sources.read(context.course(), &unreached);
        if class.learners.is_empty() {
            tell(&invocation.out, &class);
            return Err(nothing(&sources));
        }
        match self.format {
            _ if invocation.out.json => invocation.out.value(&as_json(&class)),
            Format::Json => invocation.out.value(&as_json(&class)),
            Format::Csv => invocation.out.write(&csv::of(&class)?),
            Format::Table => table::show(&invocation.out, &class),
        }
        tell(&invocation.out, &class);
        Ok(DONE)
    }

    /// What is named on the command line and in the file.
    fn named(&self) -> Result<Vec<Named>, Problem> {
        let here = Path::new("");
        let mut named: Vec<_> = self.sources.iter().map(|word| Named::parse(word, here)).collect();
        if let Some(path) = &self.names {
            let wrong = |why: &str| {
                let message = format!("The names cannot be read: {why}");
                Problem::new("names", Exit::Usage, message)
                    .at(path.display().to_string(), None)
                    .remedy("write one NAME=DIR or NAME=ADDRESS a line")
            };
            let size = fs::metadata(path).map_err(|error| wrong(&error.to_string()))?.len();
            if size > MAX_NAMES {
                return Err(wrong("the file is larger than a megabyte"));
            }
            let text = fs::read_to_string(path).map_err(|error| wrong(&error.to_string()))?;
            let base = path.parent().unwrap_or(here);
            let lines = text.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            named.extend(lines.map(|line| Named::parse(line, base)));
            if named.is_empty() {
                return Err(wrong("there is nothing in the file"));
            }
        }
        Ok(named)
    }
}

fn sources(context: &Context, named: Vec<Named>) -> Sources {
    Sources { named, cache: context.paths.report_cache() }
}

fn is_there(named: &Named) -> bool {
    match &named.at {
        Place::Local(path) => path.is_dir(),
        Place::Remote(_) => true,
    }
}

fn nothing(sources: &Sources) -> Problem {
    let message = match sources.named.as_slice() {
        [one] => format!("There are no completions to read in {}", one.shown()),
        _ => "There are no completions to read in any of these".to_owned(),
    };
    Problem::new("no_completions", Exit::Usage, message)
        .remedy("name a folder with a completions/ in it, or a folder of such folders")
}

/// What could not be read, on stderr.
fn tell(out: &Out, class: &Class) {
    for trouble in class.troubles.iter().take(MAX_TOLD) {
        out.warning(&Problem::new("unread", Exit::Usage, trouble.to_string()));
    }
    if let Some(more @ 1..) = class.troubles.len().checked_sub(MAX_TOLD) {
        out.remark(&format!("{more} more could not be read; --json names them all"));
    }
}

fn as_json(class: &Class) -> Value {
    json!({
        "learners": class.learners.iter().map(|it| learner(class, it)).collect::<Vec<_>>(),
        "items": class.items.iter().map(item).collect::<Vec<_>>(),
        "stuck": class.stuck().iter().map(|item| &item.id).collect::<Vec<_>>(),
        "problems": class.troubles,
    })
}

fn learner(class: &Class, learner: &Learner) -> Value {
    let done = |(item, done): (&String, &Done)| {
        json!({
            "item": item,
            "completed": done.at.to_string(),
            "active_seconds": done.active.as_secs(),
            "failures": done.failures,
            "hints": done.hints,
            "solution_seen": done.solution_seen,
            "hard": done.hard,
            "times": done.times,
        })
    };
    json!({
        "name": printable(&learner.name),
        "done": learner.done.len(),
        "of": class.items.len(),
        "active_seconds": learner.active.as_secs(),
        "failures": learner.failures(),
        "hints": learner.hints(),
        "solutions": learner.solutions(),
        "last": learner.last.as_ref().map(|(_, at)| at.to_string()),
        "items": learner.done.iter().map(done).collect::<Vec<_>>(),
    })
}

fn item(item: &ClassItem) -> Value {
    json!({
        "id": item.id,
        "title": item.title,
        "module": Some(&item.module).filter(|module| !module.is_empty()),
        "estimate_seconds": item.estimate.map(|time| time.as_secs()),
        "done": item.done,
        "hard": item.hard,
        "median_seconds": item.median.map(|time| time.as_secs()),
        "failures": item.failures,
        "hints": item.hints,
        "solutions": item.solutions,
    })
}
