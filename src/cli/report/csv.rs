//! A class for spreadsheets: a row for each item that a learner completed.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe instead: names and
//! titles are strangers' texts.

use csv::Writer;

use crate::problem::{Exit, Problem};
use crate::report::Class;

const HEAD: [&str; 12] = [
    "learner",
    "item",
    "title",
    "module",
    "completed",
    "active_seconds",
    "estimate_seconds",
    "failures",
    "hints",
    "solution_seen",
    "hard",
    "times",
];

pub(super) fn of(class: &Class) -> Result<Vec<u8>, Problem> {
    write(class).map_err(|error| {
        Problem::new("output", Exit::Environment, format!("The table cannot be written: {error}"))
    })
}

fn write(class: &Class) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for learner in &class.learners {
        for item in &class.items {
            let Some(done) = learner.done.get(&item.id) else { continue };
            let estimate = item.estimate.map(|time| time.as_secs().to_string());
            writer.write_record([
                text(&learner.name),
                text(&item.id),
                text(&item.title),
                text(&item.module),
                done.at.to_string(),
                done.active.as_secs().to_string(),
                estimate.unwrap_or_default(),
                done.failures.to_string(),
                done.hints.to_string(),
                done.solution_seen.to_string(),
                done.hard.to_string(),
                done.times.to_string(),
            ])?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// A text that stays one.
fn text(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    let is_formula = plain.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_a_formula() {
        assert_eq!(text("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(text("\t@sum"), "'@sum");
        assert_eq!(text(" -1"), "' -1");
        assert_eq!(text("a\r\n=b"), "a=b");
        assert_eq!(text("anna"), "anna");
    }
}
