//! What there is and what became of it, as text and as JSON.

use serde_json::{Value, json};

use super::super::out::{Out, Tone, printable};
use super::super::{table, words};
use super::{Own, done};
use crate::engine::SandboxState;
use crate::engine::belongings::Belongings;
use crate::problem::Problem;
use crate::uninstall::files::{Part, Purpose};
use crate::uninstall::installed::Program;
use crate::uninstall::{Also, Inventory, OnEngine, Removed};

/// Prints everything there is, with sizes.
pub(super) fn print(out: &Out, inventory: &Inventory, own: &Own, program: &Program) {
    for on in &inventory.engines {
        match &on.found {
            Ok(found) if found.is_empty() => {}
            Ok(found) => section(out, &format!("On the {} engine", on.name), &on_engine(found)),
            Err(error) => {
                let mut problem = Problem::from(error.clone());
                problem.message =
                    format!("What is on the {} engine is not known: {error}", on.name);
                out.warning(&problem);
            }
        }
    }
    let shells = inventory
        .shells
        .iter()
        .map(|held| vec!["shell".to_owned(), held.item.clone(), format!("process {}", held.pid)]);
    let incidents = inventory.incidents.iter();
    let incidents = incidents.map(|id| vec!["incident".to_owned(), id.to_string()]);
    section(out, "At work", &shells.chain(incidents).collect::<Vec<_>>());
    let yours = |part: &&Part| matches!(part.purpose, Purpose::Progress | Purpose::Completions);
    let (own_files, files): (Vec<_>, Vec<_>) = inventory.files.iter().partition(yours);
    section(out, "Files", &files.into_iter().map(row).collect::<Vec<_>>());
    let mut rows: Vec<_> = own_files.into_iter().map(row).collect();
    let stays = own.elsewhere.iter().map(|folder| {
        let word = Purpose::Completions.word().to_owned();
        vec![word, folder.display().to_string(), "stays: you chose its folder".to_owned()]
    });
    rows.extend(stays);
    section(out, "Yours: removed only if you say so", &rows);
    let row = vec!["program".to_owned(), program.path.display().to_string()];
    section(out, "Not removed by this command", &[row]);
}

fn section(out: &Out, title: &str, rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    out.line(out.mark(title, Tone::Strong));
    for line in table::aligned(rows) {
        out.line(format_args!("  {}", printable(&line)));
    }
}

fn row(part: &Part) -> Vec<String> {
    let path = part.path.display().to_string();
    vec![part.purpose.word().to_owned(), path, words::size(part.bytes)]
}

fn on_engine(found: &Belongings) -> Vec<Vec<String>> {
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), words::size);
    let mut rows = Vec::new();
    let mut row = |kind: &str, name: String, size: String, more: String| {
        rows.push(vec![kind.to_owned(), name, size, more]);
    };
    for (sandbox, bytes) in &found.sandboxes {
        let machine = sandbox.machine.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        let runs = if sandbox.state == SandboxState::Running { "running" } else { "" };
        row("sandbox", format!("{}{machine}", sandbox.item), size(*bytes), runs.to_owned());
    }
    for network in &found.networks {
        row("network", network.name.clone(), "-".to_owned(), String::new());
    }
    for snapshot in &found.snapshots {
        let name = format!("{} {}", snapshot.item, snapshot.name);
        row("snapshot", name, size(snapshot.bytes), String::new());
    }
    for image in &found.images {
        let stays = image.kept.as_ref().map_or_else(String::new, |why| format!("stays: {why}"));
        row("image", image.names.join(", "), size(image.bytes), stays);
    }
    rows
}

/// Prints what is gone, what is not and why, and what removes the program.
pub(super) fn print_removed(
    out: &Out,
    inventory: &Inventory,
    removed: &Removed,
    also: Also,
    program: &Program,
) {
    for (what, problem) in &removed.failed {
        let mut problem = problem.clone();
        problem.message = format!("Still there: {what}. {}", problem.message);
        out.warning(&problem);
    }
    let sign = done(out);
    if removed.failed.is_empty() {
        out.line(format_args!("{sign} Removed: {}", counted(inventory, also)));
    }
    for on in &inventory.engines {
        let kept = on.found.iter().flat_map(|found| &found.images).filter(|_| also.images);
        let kept: Vec<_> = kept.filter_map(|image| Some((image, image.kept.as_ref()?))).collect();
        if let Some((_, why)) = kept.first() {
            let images = words::count(kept.len(), "image");
            out.line(printable(&format!("  {images} on the {} engine stayed: {why}", on.name)));
        }
    }
    let stayed = |purpose: Purpose, goes: bool| {
        for part in inventory.of(purpose).filter(|_| !goes) {
            out.line(printable(&format!("  {} stayed: {}", purpose.word(), part.path.display())));
        }
    };
    stayed(Purpose::Progress, also.progress);
    stayed(Purpose::Completions, also.completions);
    if let Some(first) = removed.strangers.first() {
        let more = removed.strangers.len().saturating_sub(1);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let text = format!("  left alone, as it is none of drydock's: {}{more}", first.display());
        out.line(printable(&text));
    }
    out.line(printable(&format!("To remove the program itself: {}", program.command)));
}

/// What was removed, counted.
fn counted(inventory: &Inventory, also: Also) -> String {
    let found = || inventory.engines.iter().filter_map(|on| on.found.as_ref().ok());
    let images = found().flat_map(|found| &found.images);
    let images = images.filter(|image| also.images && image.kept.is_none()).count();
    let goes = |part: &&Part| match part.purpose {
        Purpose::Progress => also.progress,
        Purpose::Completions => also.completions,
        _ => true,
    };
    let files: Vec<_> = inventory.files.iter().filter(goes).collect();
    let bytes = files.iter().map(|part| part.bytes).sum();
    let all = [
        (found().map(|found| found.sandboxes.len()).sum(), "sandbox"),
        (found().map(|found| found.networks.len()).sum(), "network"),
        (found().map(|found| found.snapshots.len()).sum(), "snapshot"),
        (images, "image"),
    ];
    let plural = |number, one| match (number, one) {
        (2.., "sandbox") => format!("{number} sandboxes"),
        _ => words::count(number, one),
    };
    let mut told: Vec<_> =
        all.into_iter().filter(|(n, _)| *n > 0).map(|(n, one)| plural(n, one)).collect();
    if !files.is_empty() {
        told.push(format!("{} in files", words::size(bytes)));
    }
    if told.is_empty() { "nothing; there was nothing left".to_owned() } else { told.join(", ") }
}

/// What is on each engine, as JSON.
pub(super) fn engines(inventory: &Inventory) -> Vec<Value> {
    let told = |on: &OnEngine| {
        let (found, reason) = match &on.found {
            Ok(found) => (Some(found), None),
            Err(error) => (None, Some(Problem::from(error.clone()))),
        };
        let remedy = reason.as_ref().and_then(|problem| problem.remedy.clone());
        json!({
            "engine": on.name,
            "reachable": found.is_some(),
            "reason": reason.map(|problem| problem.message),
            "remedy": remedy,
            "sandboxes": list(found, |found| found.sandboxes.iter().map(|(sandbox, bytes)| json!({
                "id": sandbox.item, "sandbox": sandbox.id, "machine": sandbox.machine,
                "state": sandbox.state, "bytes": bytes,
            })).collect()),
            "networks": list(found, |found| found.networks.iter().map(|network| json!({
                "name": network.name, "id": network.item,
            })).collect()),
            "snapshots": list(found, |found| found.snapshots.iter().map(|snapshot| json!({
                "id": snapshot.item, "name": snapshot.name, "bytes": snapshot.bytes,
            })).collect()),
            "images": list(found, |found| found.images.iter().map(|image| json!({
                "names": image.names, "bytes": image.bytes, "stays": image.kept,
            })).collect()),
        })
    };
    inventory.engines.iter().map(told).collect()
}

fn list(found: Option<&Belongings>, each: impl FnOnce(&Belongings) -> Vec<Value>) -> Vec<Value> {
    found.map(each).unwrap_or_default()
}
