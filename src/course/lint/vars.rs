//! Variables: each is used, and what looks like one is one.

use std::collections::BTreeSet;

use super::{Findings, Mark};
use crate::course::rules::did_you_mean;
use crate::course::vars::{Variable, places};
use crate::course::yaml::quote;
use crate::course::{Diagnostic, Item, Severity};

/// Only of an exercise that has variables: elsewhere `{{name}}` is somebody else's.
pub(super) fn look(item: &Item, variables: &[Variable], findings: &mut Findings<'_>) {
    if variables.is_empty() {
        return;
    }
    let mut used = BTreeSet::new();
    for file in item.files() {
        // What is no text has no places; one that cannot be read is told elsewhere.
        let Ok(text) = file.utf8() else { continue };
        for (at, name) in places(&text) {
            if variables.iter().any(|variable| variable.name == name) {
                used.insert(name.to_owned());
                continue;
            }
            let help = did_you_mean(name, variables.iter().map(|variable| variable.name.as_str()));
            let Mark { line, column } = Mark::of(&text, at);
            findings.found.push(Diagnostic {
                // It may be meant for a program in the sandbox.
                severity: if help.is_some() { Severity::Error } else { Severity::Warning },
                file: file.path(),
                line,
                column,
                message: format!("there is no variable {}", quote(name)),
                help: help.or_else(|| Some("declare it under \"vars\"".to_owned())),
            });
        }
    }
    for variable in variables.iter().filter(|variable| !used.contains(&variable.name)) {
        findings.warn(
            |at| at.key("vars").name(&variable.name),
            format!("nothing uses the variable {}", quote(&variable.name)),
            format!("write {{{{{}}}}} where its value belongs, or remove it", variable.name),
        );
    }
}
