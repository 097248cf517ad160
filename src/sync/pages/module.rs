//! A module's page: each item, and each time it was completed.

use std::fmt::Write as _;

use super::markdown::{count, length, plain, sentence, table};
use super::{FIRST_LINE, Summary, TRACKER, date, sign};
use crate::course::Module;
use crate::tracker::ModuleStand;

/// Completions of an item that are told one by one: the latest.
const MOST: usize = 20;

pub(super) fn page(summary: &Summary<'_>, module: &Module, stand: &ModuleStand) -> String {
    let mut out = format!("{FIRST_LINE}# {}\n\n", plain(&module.title));
    let done = match stand.completed() {
        Some(day) => format!(", all of them on {day}"),
        None => String::new(),
    };
    let _ = writeln!(
        out,
        "{} of {} completed{done}; estimated {}, practised {}. [All modules](../{TRACKER})\n",
        stand.done(),
        count(stand.items.len(), "item"),
        length(stand.estimate()),
        length(stand.spent()),
    );
    for item in &module.items {
        let completions = summary.of(&item.id);
        let sign = sign(!completions.is_empty());
        let _ = writeln!(out, "## {sign} {} {}\n", plain(&item.id), plain(&item.title));
        let _ = writeln!(
            out,
            "{}, {}, estimated {}\n",
            item.kind(),
            item.difficulty.word(),
            length(item.estimated_time)
        );
        let lines = if completions.is_empty() { &item.objectives } else { &item.takeaways };
        for line in if lines.is_empty() { &item.objectives } else { lines } {
            let _ = writeln!(out, "- {}", sentence(line));
        }
        if !item.objectives.is_empty() || !lines.is_empty() {
            out.push('\n');
        }
        if completions.is_empty() {
            continue;
        }
        let before = completions.len().saturating_sub(MOST);
        let rows: Vec<_> = completions[before..]
            .iter()
            .map(|one| {
                vec![
                    date(one.at).to_string(),
                    length(one.active),
                    one.failures.to_string(),
                    one.hints.to_string(),
                    if one.solution_seen { "seen" } else { "" }.to_owned(),
                    count(one.checks.len(), "check"),
                    plain(&one.engine),
                    one.seed.to_string(),
                ]
            })
            .collect();
        let head = ["Completed", "Time", "Failed", "Hints", "Solution", "Passed", "Engine", "Seed"];
        table(&mut out, &head, &rows);
        if before > 0 {
            let _ = writeln!(out, "And {} before these.\n", count(before, "completion"));
        }
    }
    out
}
