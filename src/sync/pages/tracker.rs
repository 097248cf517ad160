//! `LEARNING_TRACKER.md`: all of it on one page.

use std::fmt::Write as _;

use super::markdown::{count, length, plain, table};
use super::{FIRST_LINE, Summary, best, date, help, page_of, sign, when};
use crate::course::{Catalogue, check_id};
use crate::tracker::{ItemStand, ModuleStand, Reached};

/// Cells of a module's bar.
const BAR: usize = 10;

pub(super) fn page(summary: &Summary<'_>) -> String {
    let tracker = &summary.tracker;
    let mut out = format!("{FIRST_LINE}# Learning tracker\n\n");
    let all = tracker.items().count();
    if summary.completions.is_empty() {
        let _ = writeln!(out, "Nothing is completed yet; there are {all} items to practise.\n");
    } else {
        let times: usize = summary.completions.values().map(Vec::len).sum();
        let spent = summary.completions.values().flatten().map(|one| one.active).sum();
        let last = summary.completions.values().flatten().map(|one| one.at).max();
        let _ = writeln!(
            out,
            "**{} of {all} items completed**, {} in all, {} of practice on {}, the last on {}.",
            tracker.done(),
            count(times, "completion"),
            length(spent),
            count(tracker.days.len(), "day"),
            last.map(date).unwrap_or_default(),
        );
        if tracker.streak > 1 {
            let _ = writeln!(out, "The last {} of these days were in a row.", tracker.streak);
        }
        out.push('\n');
    }
    if let Some(item) = next(tracker.modules.iter()) {
        let _ = writeln!(out, "**Next:** {}\n", named(item));
    }
    overview(&mut out, summary);
    milestones(&mut out, summary);
    for module in &tracker.modules {
        section(&mut out, summary, module);
    }
    gone(&mut out, summary);
    out.push_str("Days are UTC's. Times are those of completed attempts, at the keys.\n");
    out
}

/// Where to go on: in the module that was begun, else in the first that is not done.
fn next<'a>(modules: impl Iterator<Item = &'a ModuleStand> + Clone) -> Option<&'a ItemStand> {
    let open = |item: &&ItemStand| item.completed.is_empty();
    let begun = modules.clone().filter(|module| module.done() > 0);
    begun.chain(modules).flat_map(|module| &module.items).find(open)
}

fn named(item: &ItemStand) -> String {
    format!("{} {} ({})", plain(&item.id), plain(&item.title), length(item.estimate))
}

/// A module's title, leading to its page.
pub(super) fn linked(module: &ModuleStand) -> String {
    match check_id(&module.id) {
        Ok(()) => format!("[{}]({})", plain(&module.title), page_of(&module.id)),
        Err(_) => plain(&module.title),
    }
}

fn overview(out: &mut String, summary: &Summary<'_>) {
    let rows: Vec<_> = summary
        .tracker
        .modules
        .iter()
        .map(|module| {
            let (done, all) = (module.done(), module.items.len());
            let full = (done * BAR).checked_div(all).unwrap_or(0);
            let last = module.items.iter().flat_map(|item| &item.completed).max();
            vec![
                linked(module),
                format!("{done} of {all}"),
                "█".repeat(full) + &"░".repeat(BAR - full),
                if done > 0 { length(module.spent()) } else { String::new() },
                length(module.estimate()),
                last.map(ToString::to_string).unwrap_or_default(),
            ]
        })
        .collect();
    table(out, &["Module", "Done", "", "Time", "Estimate", "Last"], &rows);
}

fn milestones(out: &mut String, summary: &Summary<'_>) {
    out.push_str("## Milestones\n\n");
    for milestone in &summary.tracker.milestones {
        let title = plain(&milestone.title);
        let _ = match milestone.reached {
            Reached::On(day) => writeln!(out, "- [x] {title}, {day}"),
            Reached::Towards { done, of } => writeln!(out, "- [ ] {title}: {done} of {of}"),
        };
    }
    out.push('\n');
}

fn section(out: &mut String, summary: &Summary<'_>, module: &ModuleStand) {
    let _ = writeln!(out, "## {}\n", linked(module));
    let state = match module.completed() {
        Some(day) => format!("Completed on {day}."),
        None => match next(std::iter::once(module)) {
            Some(item) if module.done() > 0 => format!("Next: {}", named(item)),
            _ => "Not begun.".to_owned(),
        },
    };
    let needs = prerequisites(summary.course, &module.id);
    let _ = writeln!(out, "{state}{needs}\n");
    let rows: Vec<_> = module
        .items
        .iter()
        .map(|item| {
            let completions = summary.of(&item.id);
            vec![
                sign(!completions.is_empty()).to_owned(),
                plain(&item.id),
                plain(&item.title),
                when(completions),
                best(item),
                length(item.estimate),
                help(completions),
            ]
        })
        .collect();
    let head = ["Done", "Item", "Title", "Completed", "Best time", "Estimate", "Help"];
    table(out, &head, &rows);
}

fn prerequisites(course: &Catalogue, module: &str) -> String {
    let needed = course.modules.iter().find(|one| one.id == module);
    let titles: Vec<_> = needed
        .into_iter()
        .flat_map(|module| &module.prerequisites)
        .filter_map(|id| course.modules.iter().find(|one| one.id == *id))
        .map(|module| plain(&module.title))
        .collect();
    if titles.is_empty() { String::new() } else { format!(" After {}.", titles.join(", ")) }
}

/// What was completed and is in no content of the machine that writes.
fn gone(out: &mut String, summary: &Summary<'_>) {
    let known = |item: &str| summary.tracker.items().any(|one| one.id == item);
    let rows: Vec<_> = summary
        .completions
        .iter()
        .filter(|(item, _)| !known(item))
        .map(|(item, completions)| {
            let best = completions.iter().map(|one| one.active).min().unwrap_or_default();
            vec!["[x]".to_owned(), plain(item), when(completions), length(best), help(completions)]
        })
        .collect();
    if !rows.is_empty() {
        out.push_str("## Other content\n\nCompleted, and not in the content of this machine.\n\n");
        table(out, &["Done", "Item", "Completed", "Best time", "Help"], &rows);
    }
}
