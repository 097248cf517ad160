//! A class as tables, no wider than the terminal: the learners, who did what, and where most got
//! stuck.

use std::io::{self, IsTerminal};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use unicode_width::UnicodeWidthStr;

use super::super::out::{Tone, printable};
use super::super::{Out, table, words};
use crate::report::{Class, ClassItem, Learner};
use crate::tui::widgets::text::{fit, wide};

/// How wide it is where there is no terminal.
const WIDTH: usize = 80;

/// How wide a learner's name may be.
const NAME: usize = 16;

/// How many items are told where most got stuck.
const STUCK: usize = 10;

pub(super) fn show(out: &Out, class: &Class) {
    let width = if io::stdout().is_terminal() {
        crossterm::terminal::size().map_or(WIDTH, |(columns, _)| columns.into())
    } else {
        WIDTH
    };
    let mut lines = vec![out.mark(head(class), Tone::Strong)];
    lines.push(String::new());
    lines.extend(learners(out, class));
    lines.push(String::new());
    lines.extend(matrix(out, class, width.max(40)));
    lines.push(String::new());
    lines.extend(stuck(out, class, width.max(40)));
    for line in lines {
        out.line(line.trim_end());
    }
}

fn head(class: &Class) -> String {
    let mut head = format!(
        "{}, {}, {} of {} done",
        words::count(class.learners.len(), "learner"),
        words::count(class.items.len(), "item"),
        class.done(),
        class.all()
    );
    if let Some((learner, item, at)) = class.latest() {
        let learner = fit(&printable(learner), NAME);
        head = format!("{head}; last {learner} {item}, {}", words::when(at));
    }
    head
}

fn learners(out: &Out, class: &Class) -> Vec<String> {
    let names = ["learner", "done", "", "time", "failed", "hints", "shown", "last"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(class.learners.iter().map(|learner| {
        let (full, empty) = out.signs.bar(learner.done.len() as u64, class.items.len() as u64, 6);
        vec![
            fit(&printable(&learner.name), NAME),
            full + &empty,
            format!("{}/{}", learner.done.len(), class.items.len()),
            words::length(learner.active),
            learner.failures().to_string(),
            learner.hints().to_string(),
            learner.solutions().to_string(),
            learner.last.as_ref().map(|(_, at)| when(*at)).unwrap_or_default(),
        ]
    }));
    table::aligned(&rows)
}

fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%m-%d %H:%M").to_string()
}

/// A row for each learner and a cell for each item; as many blocks as the width asks for.
fn matrix(out: &Out, class: &Class, width: usize) -> Vec<String> {
    let name = class.learners.iter().map(|it| printable(&it.name).width()).max().unwrap_or(0);
    let name = name.min(NAME);
    let mut lines = Vec::new();
    for block in blocks(&class.items, width - name - 2) {
        let groups = |cell: &dyn Fn(&[ClassItem]) -> String| {
            let groups: Vec<_> = block
                .iter()
                .map(|group| wide(&fit(&cell(group), group_width(group)), group_width(group)))
                .collect();
            groups.join("  ")
        };
        let digits = |place: fn(usize) -> Option<usize>| {
            groups(&|group| group.iter().map(|item| digit(place(number(item)))).collect())
        };
        let blank = " ".repeat(name);
        lines.push(format!("{blank}  {}", groups(&|group| module(group).to_owned())));
        if block.iter().flat_map(|group| group.iter()).any(|item| number(item) > 9) {
            lines.push(format!(
                "{blank}  {}",
                digits(|number| Some(number / 10).filter(|it| *it > 0))
            ));
        }
        lines.push(format!("{blank}  {}", digits(|number| Some(number % 10))));
        lines.extend(class.learners.iter().map(|learner| {
            let cells =
                groups(&|group| group.iter().map(|item| cell(out, learner, item)).collect());
            format!("{}  {cells}", wide(&fit(&printable(&learner.name), name), name))
        }));
    }
    let (done, open) = (out.signs.passed(), open(out));
    lines.push(format!("{done} done  ! done, hard going  {open} not completed; shown: solutions"));
    lines
}

fn cell<'a>(out: &'a Out, learner: &Learner, item: &ClassItem) -> &'a str {
    match learner.done.get(&item.id) {
        Some(done) if done.hard => "!",
        Some(_) => out.signs.passed(),
        None => open(out),
    }
}

fn open(out: &Out) -> &'static str {
    if out.signs.ascii { "." } else { "·" }
}

/// The items of each module, divided so that each block has room for its groups.
fn blocks(items: &[ClassItem], room: usize) -> Vec<Vec<&[ClassItem]>> {
    let groups = items.chunk_by(|one, next| one.module == next.module);
    let mut blocks: Vec<Vec<&[ClassItem]>> = vec![Vec::new()];
    let mut used = 0;
    for group in groups.flat_map(|group| group.chunks(room.max(1))) {
        let wide = group_width(group) + if used > 0 { 2 } else { 0 };
        if used > 0 && used + wide > room {
            blocks.push(Vec::new());
            used = 0;
        }
        used += if used > 0 { wide } else { group_width(group) };
        if let Some(block) = blocks.last_mut() {
            block.push(group);
        }
    }
    blocks
}

/// A cell for each item, and room for the beginning of the module's name.
fn group_width(group: &[ClassItem]) -> usize {
    group.len().max(module(group).width().min(6))
}

fn module(group: &[ClassItem]) -> &str {
    group.first().map(|item| &*item.module).filter(|module| !module.is_empty()).unwrap_or("other")
}

/// The number in an item's id: `linux-03`.
fn number(item: &ClassItem) -> usize {
    let digits = item.id.rsplit('-').next().and_then(|digits| digits.parse().ok());
    digits.filter(|number| *number < 100).unwrap_or(0)
}

fn digit(digit: Option<usize>) -> char {
    let digit = digit.and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10));
    digit.unwrap_or(' ')
}

fn stuck(out: &Out, class: &Class, width: usize) -> Vec<String> {
    let stuck = class.stuck();
    if stuck.is_empty() {
        return vec!["Nobody had a hard time with what was completed".to_owned()];
    }
    let mut lines = vec![out.mark("Where most got stuck", Tone::Strong)];
    let names = ["item", "hard", "half took", "of", "failed", "hints", "shown"];
    let mut rows = vec![names.map(str::to_owned).to_vec()];
    rows.extend(stuck.iter().take(STUCK).map(|item| {
        let length = |time: Option<Duration>| time.map(words::length).unwrap_or_default();
        vec![
            fit(&item.id, NAME),
            format!("{} of {}", item.hard, item.done),
            length(item.median),
            length(item.estimate),
            item.failures.to_string(),
            item.hints.to_string(),
            item.solutions.to_string(),
        ]
    }));
    let table = table::aligned(&rows);
    let used = table.iter().map(|line| line.width()).max().unwrap_or(0) + 2;
    let titles = stuck.iter().take(STUCK).map(|item| &*item.title);
    lines.extend(table.iter().zip(std::iter::once("title").chain(titles)).map(|(line, title)| {
        format!("{}{}", wide(line, used), fit(&printable(title), width.saturating_sub(used)))
    }));
    lines
        .push("What was begun and not completed is in no completion, so it is not told".to_owned());
    lines
}
