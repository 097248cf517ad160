//! What an exercise should have to be solvable, provable, and startable without a network.

use std::collections::HashSet;

use super::{Findings, spoiler, vars};
use crate::course::solution::steps;
use crate::course::source::{join, parent, stem};
use crate::course::yaml::quote;
use crate::course::{Exercise, Item, Resource, Severity, keys, nearest};

/// Where a shell keeps what was typed. A check of this asks for keystrokes instead of a result.
const KEYSTROKES: [&str; 4] = ["sh_history", "HISTFILE", "fc -l", "lastcomm"];

pub(super) fn look(
    item: &Item,
    exercise: &Exercise,
    images: &[String],
    findings: &mut Findings<'_>,
) {
    if exercise.hints.is_empty() {
        let help = "add \"hints\", from nudge to approach";
        findings.warn(|at| at.name("hints"), "whoever is stuck here gets no hint", help);
    }
    solution(exercise, findings);
    checks(exercise, findings);
    image(exercise, images, findings);
    files(item, findings);
    vars::look(item, &exercise.vars, findings);
}

fn solution(exercise: &Exercise, findings: &mut Findings<'_>) {
    let Some(file) = &exercise.solution else {
        let help = "write solution.sh or solution.keys beside its other files: what makes every check pass";
        let message = "there is no solution: nobody can prove that this can be solved";
        // Who converts somebody else's work may well not know how it is done.
        let converted = exercise.origin.is_some();
        let severity = if converted { Severity::Warning } else { Severity::Error };
        return findings.tell(severity, |at| at.name("solution"), message, help);
    };
    if exercise.decoys.is_empty() {
        let help =
            "add \"decoys\": wrong solutions that people try, and the checks that refuse them";
        let message = "there is no wrong solution: nobody knows what else would pass";
        findings.warn(|at| at.name("decoys"), message, help);
    }
    let typed = keys::is_typed(file);
    let script = match file.utf8() {
        Ok(script) => script,
        // A script that is no text is told when it is run.
        Err(wrong) => return findings.found.extend(typed.then_some(wrong)),
    };
    if script.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#')) {
        let help = "write what makes every check pass";
        findings.error(|at| at.key("solution"), "the solution does nothing", help);
    }
    findings.found.extend(steps(&file.path(), &script, &exercise.verify).err());
    if typed {
        findings.found.extend(keys::lines(&file.path(), 1, &script).err());
    }
    let typed_text = || script.lines().map(keys::typed).collect::<Vec<_>>().join("\n");
    let script = if typed { typed_text().into() } else { script };
    for (i, hint) in exercise.hints.iter().enumerate() {
        spoiler::look(i, &hint.text, std::iter::once(script.as_ref()), findings);
    }
}

fn checks(exercise: &Exercise, findings: &mut Findings<'_>) {
    for (i, check) in exercise.verify.iter().enumerate() {
        let mut commands = check.cmd.split(['|', ';', '&', '(', '\'', '"', '\n']);
        let typed = KEYSTROKES.iter().any(|word| check.cmd.contains(word))
            || commands.any(|command| command.split_whitespace().next() == Some("history"));
        if typed {
            findings.warn(
                |at| at.key("verify").item(i).key("cmd"),
                format!("the check {} looks at what was typed, not at what is", quote(&check.name)),
                "there are other ways to the same end: check the state they all lead to",
            );
        }
    }
}

fn image(exercise: &Exercise, images: &[String], findings: &mut Findings<'_>) {
    let Some(image) = &exercise.container_image else { return };
    let known = |name: &str| images.iter().any(|known| known == name);
    let name = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => image,
    };
    if known(name) {
        return;
    }
    // What stands before the last slash is alike in all of ours, and says nothing of what was meant.
    let parts = |name| str::rsplit_once(name, '/').unwrap_or(("", name));
    let (owner, word) = parts(name);
    let ours: Vec<_> = images.iter().map(|image| parts(image)).collect();
    let near = ours.iter().filter(|(other, _)| owner.is_empty() || *other == owner);
    let near = nearest(word, near.map(|(_, word)| *word));
    let near = near.and_then(|near| images.iter().find(|image| parts(image).1 == near));
    let all = images.join(", ");
    let missing = match near {
        Some(near) => Some(format!("did you mean {}?", quote(near))),
        None if ours.iter().any(|(other, _)| *other == owner) => Some(format!("there are {all}")),
        None => None,
    };
    let (severity, message, help) = match missing {
        Some(help) => (Severity::Error, format!("there is no image {}", quote(image)), help),
        None => (
            Severity::Warning,
            format!("the image {} has to be fetched", quote(image)),
            format!("without a network only {all} are there"),
        ),
    };
    findings.tell(severity, |at| at.key("container_image"), message, help);
}

/// Files in its folder that nothing names: forgotten, or meant for something that has another name.
fn files(item: &Item, findings: &mut Findings<'_>) {
    let path = item.manifest.relative();
    let folder = join(parent(path), stem(path));
    let named: HashSet<&str> = item.files().into_iter().map(Resource::relative).collect();
    for file in item.manifest.below(&folder) {
        if !named.contains(file.relative()) {
            findings.warn(
                |at| at.name("setup"),
                format!("nothing uses the file {}", quote(file.relative())),
                "name it in \"setup\", \"prepare\", \"solution\" or \"decoys\", or remove it",
            );
        }
    }
}
