//! Hints that are the answer.

use super::Findings;
use crate::course::yaml::quote;

/// A shorter line is nobody's secret.
const LEAST: usize = 6;

/// What a line begins with that is in every script and solves nothing: a hint may have it too.
const HARMLESS: [&str; 5] = ["#", "cd ", "set ", "sleep ", "exit "];

/// Tells it if the hint at this place of `hints` has a line of a solution in it.
pub(super) fn look<'s>(
    index: usize,
    hint: &str,
    scripts: impl Iterator<Item = &'s str>,
    findings: &mut Findings<'_>,
) {
    let hint = flat(hint);
    let mut lines = scripts.flat_map(lines);
    if let Some(line) = lines.find(|line| is_in(&hint, line)) {
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

/// Whether a text has a line of a script in it that gives the script away.
pub(crate) fn gives_away(text: &str, script: &str) -> bool {
    let text = flat(text);
    lines(script).iter().any(|line| is_in(&text, line))
}

/// The lines of a script as a shell reads them: one that ends in a backslash goes on in the next.
fn lines(script: &str) -> Vec<String> {
    script.replace("\\\n", " ").lines().map(flat).collect()
}

/// Whether the line is in the hint and is more than a word, which may well stand in a hint.
fn is_in(hint: &str, line: &str) -> bool {
    line.len() >= LEAST
        && line.contains([' ', '='])
        && !HARMLESS.iter().any(|start| line.starts_with(start))
        && hint.contains(line)
}

/// With single blanks only, without what a shell does not care about.
fn flat(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let flat = words.join(" ");
    flat.strip_prefix("sudo ").map_or(flat.clone(), str::to_owned)
}
