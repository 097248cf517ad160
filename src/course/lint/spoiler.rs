//! Hints that are the answer.

use super::Findings;
use crate::course::yaml::quote;

/// A shorter line (`done`, `EOF`, `cd /srv`) is nobody's secret.
const LEAST: usize = 12;

/// Tells it if the hint at this place of `hints` has a line of a solution in it.
pub(super) fn look<'s>(
    index: usize,
    hint: &str,
    scripts: impl Iterator<Item = &'s str>,
    findings: &mut Findings<'_>,
) {
    let hint = flat(hint);
    let told = scripts.flat_map(str::lines).map(flat).find(|line| gives_away(&hint, line));
    if let Some(line) = told {
        findings.error(
            |at| {
                let hint = at.key("hints").item(index);
                // A hint is a text, or a mapping that has one.
                hint.key("text")
            },
            format!("this hint has a line of the solution in it: {}", quote(&line)),
            "say where to look or why, and leave the line to the learner",
        );
    }
}

fn gives_away(hint: &str, line: &str) -> bool {
    line.len() >= LEAST && line.contains(' ') && !line.starts_with('#') && hint.contains(line)
}

/// With single blanks only, without what a shell does not care about.
fn flat(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let flat = words.join(" ");
    flat.strip_prefix("sudo ").map_or(flat.clone(), str::to_owned)
}
