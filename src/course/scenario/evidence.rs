//! What a learner may have looked at, as it is written: `panel:gateway-queue`.

use super::model::{Evidence, System};
use crate::course::rules::did_you_mean;
use crate::course::yaml::{At, Problems, quote};

/// The words before the colon, with an example of what follows.
const KINDS: [(&str, &str); 6] = [
    ("panel", "panel:ID"),
    ("query", "query:TEXT"),
    ("command", "command:TEXT"),
    ("config", "config:MACHINE"),
    ("logs", "logs:SERVICE"),
    ("traces", "traces"),
];

/// All of a list.
pub(super) fn evidence(
    problems: &mut Problems,
    at: At<'_>,
    texts: &[String],
    system: &System,
) -> Vec<Evidence> {
    let read = |(i, text): (usize, &String)| one(problems, at.item(i), text, system);
    texts.iter().enumerate().filter_map(read).collect()
}

fn one(problems: &mut Problems, at: At<'_>, text: &str, system: &System) -> Option<Evidence> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let rest = rest.trim().to_owned();
    if !KINDS.iter().any(|(word, _)| *word == kind) {
        let forms = KINDS.map(|(_, form)| form).join(", ");
        let help = did_you_mean(kind, KINDS.map(|(word, _)| word))
            .unwrap_or_else(|| format!("write one of {forms}"));
        problems.rule(at, format!("{} is nothing to look at", quote(text)), Some(help));
        return None;
    }
    if kind == "traces" {
        if !rest.is_empty() {
            problems.rule(at, "nothing follows \"traces\"", None);
        }
        return Some(Evidence::Traces);
    }
    if rest.is_empty() {
        let form = KINDS.iter().find(|(word, _)| *word == kind).map_or("", |(_, form)| form);
        problems.rule(
            at,
            format!("{} does not say which", quote(text)),
            Some(format!("write {form}")),
        );
        return None;
    }
    Some(match kind {
        "panel" => {
            let ids = || system.panels.iter().map(|panel| panel.id.as_str());
            if !ids().any(|id| id == rest) {
                let message =
                    format!("the system {} has no panel {}", quote(&system.id), quote(&rest));
                problems.rule(at, message, did_you_mean(&rest, ids()));
            }
            Evidence::Panel(rest)
        }
        "query" => Evidence::Query(rest),
        "command" => Evidence::Command(rest),
        "config" => {
            system.configurable(problems, at, &rest);
            Evidence::Config(rest)
        }
        _ => {
            if rest != super::system::USERS {
                system.machine(problems, at, &rest);
            }
            Evidence::Logs(rest)
        }
    })
}
