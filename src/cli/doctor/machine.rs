//! This machine: configuration, content, progress, disk, terminal and locale.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::Finding;
use crate::cli::{Invocation, words};
use crate::config::Config;
use crate::course::Severity;
use crate::paths::Paths;
use crate::platform::{files, terminal};
use crate::problem::Problem;
use crate::store::{Store, backup};

/// What progress, logs and recordings need to go on for a while.
const DISK_NEEDED: u64 = 50_000_000;

/// The smallest terminal everything is usable on.
const SMALLEST: (u16, u16) = (80, 24);

/// How many faults of the content are told one by one.
const FAULTS_TOLD: usize = 20;

/// Looks at everything that is not the engine's.
pub(super) fn findings(invocation: &Invocation) -> Vec<Finding> {
    let mut found = Vec::new();
    match Paths::find() {
        Ok(paths) => {
            let config = configuration(&paths);
            // Content cannot be looked for where the configuration cannot be read.
            let readable = config.ok;
            found.push(config);
            if readable {
                found.extend(content(invocation));
            }
            found.push(progress(&paths));
            found.extend(copies(&paths));
            found.extend(disk("disk", &paths.data_dir, DISK_NEEDED));
        }
        Err(error) => found.push(Finding::fatal("home", &Problem::from(error))),
    }
    found.push(screen());
    found.push(locale(invocation));
    found
}

fn configuration(paths: &Paths) -> Finding {
    const NAME: &str = "configuration";
    let file = &paths.config_file;
    match Config::load(file) {
        Ok(_) if file.exists() => Finding::good(NAME, file.display().to_string()),
        Ok(_) => Finding::good(NAME, format!("all defaults; {} is not there yet", file.display())),
        Err(error) => Finding::fatal(NAME, &Problem::from(error)),
    }
}

fn content(invocation: &Invocation) -> Vec<Finding> {
    const NAME: &str = "content";
    let course = match invocation.context() {
        Ok(context) => Arc::clone(context.course()),
        Err(problem) => return vec![Finding::fatal(NAME, &problem)],
    };
    let (items, modules) = (course.items().count(), course.modules.len());
    let counted = format!("{} in {}", words::count(items, "item"), words::count(modules, "module"));
    let mut found = vec![Finding::good(NAME, counted)];
    found.extend(course.problems.iter().take(FAULTS_TOLD).map(|problem| {
        let error = problem.severity == Severity::Error;
        let problem = Problem::from(problem.clone());
        let what = if error { "it is left out" } else { "it is used all the same" };
        let remedy = problem.remedy.clone().unwrap_or_else(|| what.to_owned());
        Finding::poor(NAME, problem.to_string(), remedy)
    }));
    if let Some(more @ 1..) = course.problems.len().checked_sub(FAULTS_TOLD) {
        let more = words::count(more, "more fault");
        found.push(Finding::poor(NAME, format!("and {more}"), "drydock modules lists them all"));
    }
    found
}

fn progress(paths: &Paths) -> Finding {
    const NAME: &str = "progress";
    let file = &paths.database;
    if !file.exists() {
        let writable = paths.make(&paths.data_dir);
        return match writable {
            Ok(()) => Finding::good(NAME, format!("none yet; it will be in {}", file.display())),
            Err(error) => Finding::fatal(NAME, &Problem::from(error)),
        };
    }
    match Store::open(file).and_then(|store| store.check_integrity()) {
        Ok(()) => Finding::good(NAME, format!("{} is sound", file.display())),
        Err(error) => Finding::fatal(NAME, &Problem::from(error)),
    }
}

/// The latest sound copy of the progress, where there is any progress.
fn copies(paths: &Paths) -> Option<Finding> {
    const NAME: &str = "copies";
    let all = backup::all(&paths.database);
    let damaged = all.iter().take_while(|copy| copy.check().is_err()).count();
    let Some(copy) = all.get(damaged) else {
        let detail =
            "there is no sound copy of the progress yet; one is made each day you practise";
        return paths.database.exists().then(|| Finding::good(NAME, detail));
    };
    let detail = format!("the last sound one is of {}", words::when(copy.made_at));
    Some(if damaged == 0 {
        Finding::good(NAME, detail)
    } else {
        let damaged = words::count(damaged, "later one");
        Finding::poor(NAME, format!("{detail}; {damaged} cannot be read"), "drydock recover --list")
    })
}

/// How much is free on the disk of a folder, or of the nearest one above it that is there; `None`
/// where the system does not tell.
pub(super) fn disk(name: &'static str, folder: &Path, needed: u64) -> Option<Finding> {
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let free = files::free(there).ok()?;
    let detail = format!("{} free at {}", words::size(free), there.display());
    Some(if free >= needed {
        Finding::good(name, detail)
    } else {
        let needed = words::size(needed);
        Finding::poor(name, format!("{detail}, of {needed} needed"), "df -h shows what is full")
    })
}

fn screen() -> Finding {
    const NAME: &str = "terminal";
    let term = terminal::kind();
    let Some((columns, rows)) = terminal::size(io::stdout()) else {
        return Finding::good(NAME, "this output is not one; the full-screen program needs one");
    };
    let detail = format!("{term}, {columns} columns and {rows} rows");
    if term.is_empty() || term == "dumb" {
        let detail = format!("TERM is \"{term}\": nothing can be drawn on such a terminal");
        Finding::poor(NAME, detail, "export TERM=xterm-256color")
    } else if columns < SMALLEST.0 || rows < SMALLEST.1 {
        let (columns, rows) = SMALLEST;
        Finding::poor(NAME, detail, format!("make the window at least {columns} by {rows}"))
    } else {
        Finding::good(NAME, detail)
    }
}

fn locale(invocation: &Invocation) -> Finding {
    const NAME: &str = "locale";
    if invocation.out.signs.ascii {
        let detail = "not UTF-8: signs and borders are drawn with ASCII characters";
        Finding::poor(NAME, detail, "export LC_ALL=C.UTF-8")
    } else {
        Finding::good(NAME, "UTF-8")
    }
}
