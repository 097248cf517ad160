//! Checks of the scripts that verify steps.

use super::draft::{Check, Leaf};
use super::needs::lacking;
use super::prepare::interpreter;
use super::programs::Programs;
use super::said::Said;
use super::scenario::{Kind, Page, Text};
use crate::course::yaml::Mark;

/// Makes checks of the scripts that verify, leaving out those that can never be passed here.
///
/// Where there are none, what can be done here decides: the greater part of the pages with commands.
pub(super) fn checks(leaves: &mut [Leaf<'_>], programs: &Programs, said: &mut Said) {
    let verified = leaves.iter().any(|leaf| leaf.page.verify.is_some());
    let mut names: Vec<String> = Vec::new();
    let (mut left_out, mut undone) = (Vec::new(), Vec::new());
    for leaf in leaves.iter_mut() {
        let page = leaf.page;
        let text_file = page.text.as_ref().map_or("", |text| text.file.as_str());
        let in_code = leaf.code.iter().find_map(|it| Some((it, lacking(it)?)));
        let verify = page.verify.as_ref();
        let found = verify.map(|verify| programs.commands(&verify.text)).unwrap_or_default();
        let in_verify = found.iter().find_map(|it| Some((it, lacking(it)?)));
        let lack = match (in_verify, in_code, verify) {
            (Some(lack), _, Some(verify)) => Some((lack, verify.file.as_str())),
            (_, Some(lack), _) => Some((lack, text_file)),
            _ => None,
        };
        if let Some(((command, what), file)) = lack {
            let mark = Mark { line: command.line, column: u32::from(command.line > 0) };
            let why = format!("it runs {}, and no sandbox has {what}", command.name());
            let lacks = Some((command.name().to_owned(), what));
            match (verified, verify) {
                (false, _) => undone.push((file.to_owned(), mark, why)),
                (true, Some(_)) => left_out.push((file.to_owned(), mark, why)),
                (true, None) => said.note_in(file, mark, why, None),
            }
            leaf.lacks = lacks;
            continue;
        }
        let Some(verify) = verify else { continue };
        if verify.text.trim().is_empty() {
            said.note_in(
                &verify.file,
                Mark::default(),
                "it is empty: this check was left out",
                None,
            );
            continue;
        }
        let name = name_of(page, &names);
        names.push(name.clone());
        leaf.check = Some(Check { name, cmd: command_of(verify) });
    }
    let asking = leaves.iter().filter(|leaf| !leaf.code.is_empty()).count();
    let most = undone.len() * 2 < asking;
    for (file, mark, why) in undone {
        if most {
            said.note_in(&file, mark, format!("{why}: the lesson says so there"), None);
        } else {
            said.refuse_in(&file, mark, why, None);
        }
    }
    let none = names.is_empty();
    for (file, mark, why) in left_out {
        if none {
            said.refuse_in(&file, mark, why, None);
        } else {
            said.note_in(&file, mark, format!("{why}: this check was left out"), None);
        }
    }
    if verified && none && !said.refused() {
        said.refuse(Mark::default(), "none of its checks can be converted", None);
    }
}

/// What a check is called: by the title of its step.
fn name_of(page: &Page, taken: &[String]) -> String {
    /// It stands in a narrow list.
    const MOST: usize = 90;
    let title = match (page.title.as_str(), page.kind) {
        ("", Kind::Intro) => "Introduction".to_owned(),
        ("", Kind::Step(number)) => format!("Step {number}"),
        ("", Kind::Finish) => "Finish".to_owned(),
        (title, _) => title.trim_end_matches('.').to_owned(),
    };
    let mut name: String = title.chars().take(MOST).collect();
    if title.chars().count() > MOST {
        name.push('…');
    }
    let other = (2..).map(|number| format!("{name} ({number})"));
    let mut names = std::iter::once(name.clone()).chain(other);
    names.find(|name| !taken.contains(name)).unwrap_or(name)
}

/// The command of a check: the script itself for a shell, else what reads it.
fn command_of(verify: &Text) -> String {
    let text = verify.text.trim_end();
    match interpreter(&verify.text).as_str() {
        "bash" | "sh" | "dash" => format!("{text}\n"),
        program => {
            let mut end = "END_OF_SCRIPT".to_owned();
            while text.lines().any(|line| line == end) {
                end.push('_');
            }
            format!("{program} - <<'{end}'\n{text}\n{end}\n")
        }
    }
}
