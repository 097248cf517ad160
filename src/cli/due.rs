//! `drydock due`: what comes to be practised again, and when.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome, table, words};
use crate::tracker::{Facts, ItemStand, Repetition, Tracker};

/// Show what is due to be practised again
#[derive(Debug, clap::Args)]
#[command(
    after_help = "An item that was completed is due 1, 3, 7 and 21 days after it went well, one step further each\n\
    time, and learned after the last. Practised before it is due, it keeps its step. With the\n\
    solution shown, two hints or more, or three failed verifications or more, it goes a step back;\n\
    given up after a failed verification, it begins at the first. Days begin at your midnight.\n\n\
    Example: drydock due\n         drydock due --json | jq -r '.due[].item'"
)]
pub(super) struct Due {}

/// An item, and the day that it is about.
struct Row<'a> {
    item: &'a ItemStand,
    day: Date,
}

impl Due {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let facts = Facts::read(&context.store()?, jiff::Zoned::now())?;
        let tracker = Tracker::new(context.course(), &facts);
        let mut rows: Vec<_> = tracker
            .items()
            .filter_map(|item| match item.repetition {
                Some(Repetition::Due(day)) => Some(Row { item, day }),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|row| row.day);
        let (due, coming) = rows.split_at(rows.partition_point(|row| row.day <= tracker.today));
        let learned: Vec<_> =
            tracker.items().filter(|item| item.repetition == Some(Repetition::Learned)).collect();
        if out.json {
            out.value(&json!({
                "today": tracker.today.to_string(),
                "due": due.iter().map(|row| listed(row, "since")).collect::<Vec<_>>(),
                "coming": coming.iter().map(|row| listed(row, "on")).collect::<Vec<_>>(),
                "learned": learned.iter().map(|item| stands(item)).collect::<Vec<_>>(),
            }));
            return Ok(DONE);
        }
        if due.is_empty() && coming.is_empty() && learned.is_empty() {
            out.note("Nothing was completed yet: what was comes to be practised again");
            return Ok(DONE);
        }
        if due.is_empty() {
            out.line(out.mark("Nothing is due", Tone::Good));
        }
        show(out, "Due", due, |row| (out.signs.due(), since(row.day, tracker.today)));
        show(out, "Coming", coming, |row| (out.signs.open(), ahead(row.day, tracker.today)));
        show_learned(out, &learned);
        if let Some(first) = due.first() {
            out.note(format_args!("\ndrydock launch {} practises it again", first.item.id));
        }
        Ok(DONE)
    }
}

fn show<'a>(
    out: &Out,
    title: &str,
    rows: &[Row<'a>],
    when: impl Fn(&Row<'a>) -> (&'static str, String),
) {
    if rows.is_empty() {
        return;
    }
    out.line(out.mark(title, Tone::Strong));
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let (sign, when) = when(row);
            vec![
                format!("  {sign}"),
                when,
                row.item.id.clone(),
                words::length(row.item.estimate),
                printable(&row.item.title),
            ]
        })
        .collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
}

fn show_learned(out: &Out, learned: &[&ItemStand]) {
    if learned.is_empty() {
        return;
    }
    out.line(out.mark("Learned", Tone::Strong));
    let sign = out.signs.passed();
    let rows: Vec<_> = learned
        .iter()
        .map(|item| vec![format!("  {sign}"), item.id.clone(), printable(&item.title)])
        .collect();
    for line in table::aligned(&rows) {
        out.line(line);
    }
}

/// `since today`, `since 2026-03-01, 3 days`.
fn since(day: Date, today: Date) -> String {
    match days(day, today) {
        0 => "since today".to_owned(),
        days => format!("since {day}, {}", words::count(days, "day")),
    }
}

/// `tomorrow`, `2026-03-08, in 4 days`.
fn ahead(day: Date, today: Date) -> String {
    match days(today, day) {
        1 => "tomorrow".to_owned(),
        days => format!("{day}, in {}", words::count(days, "day")),
    }
}

/// How many days lie between two days that come in this order.
fn days(from: Date, to: Date) -> usize {
    let hours = to.duration_since(from).as_hours();
    usize::try_from(hours / 24).unwrap_or(0)
}

fn stands(item: &ItemStand) -> Value {
    json!({
        "item": item.id,
        "title": item.title,
        "completions": item.progress.completions,
        "last": item.completed.last().map(ToString::to_string),
    })
}

fn listed(row: &Row<'_>, key: &str) -> Value {
    let mut value = stands(row.item);
    value[key] = row.day.to_string().into();
    value["minutes"] = (row.item.estimate.as_secs() / 60).into();
    value
}
