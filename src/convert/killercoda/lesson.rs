//! The lesson and the hints of an exercise: what its pages say.

use std::fmt::Write;

use super::draft::{DONE, Hint, Leaf};
use super::markdown::one_line;
use super::scenario::Kind;

/// The pages as chapters, after what there is to say about them; `marked` where the learner says when it is
/// done.
pub(super) fn lesson(title: &str, about: &str, leaves: &[Leaf<'_>], marked: bool) -> String {
    let mut lesson = format!("# {title}\n");
    if !about.is_empty() {
        let _ = write!(lesson, "\n{about}\n");
    }
    for leaf in leaves {
        let heading = match (leaf.page.kind, leaf.page.title.as_str()) {
            (Kind::Intro, "") => "Introduction".to_owned(),
            (Kind::Step(number), "") => format!("Step {number}"),
            (Kind::Finish, "") => "At the end".to_owned(),
            (Kind::Step(number), title) if !title.starts_with(|c: char| c.is_ascii_digit()) => {
                format!("{number}. {title}")
            }
            (_, title) => title.to_owned(),
        };
        let text = without_title(&leaf.lesson.lesson, &leaf.page.title);
        if !text.is_empty() || matches!(leaf.page.kind, Kind::Step(_)) {
            let _ = write!(lesson, "\n## {heading}\n");
        }
        if let Some((command, what)) = &leaf.lacks {
            let _ = write!(
                lesson,
                "\n> Not all of this can be done here: it runs `{command}`, and no sandbox has {what}. What needs \
                that can only be read, and is not checked.\n"
            );
        }
        if !text.is_empty() {
            let _ = write!(lesson, "\n{text}\n");
        }
    }
    if marked {
        let _ = write!(
            lesson,
            "\n## When you are done\n\nNothing here is checked. When you have done every step, say \
            so:\n\n```sh\ntouch {DONE}\n```\n"
        );
    }
    let answers: Vec<_> = leaves.iter().flat_map(|leaf| &leaf.lesson.answers).collect();
    if !answers.is_empty() {
        lesson.push_str("\n## Answers\n\n");
    }
    for answer in answers {
        let _ = writeln!(lesson, "- {answer}");
    }
    lesson
}

/// A page's text without a heading that only repeats its title.
fn without_title<'a>(text: &'a str, title: &str) -> &'a str {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let same = first.starts_with('#') && one_line(first).eq_ignore_ascii_case(title);
    if same { rest.trim_start_matches('\n') } else { text }
}

/// Hints by themselves, but for those that are the answer: they stay in the lesson.
pub(super) fn hints(leaves: &mut [Leaf<'_>], solution: Option<&str>) -> Vec<Hint> {
    let mut hints = Vec::new();
    for leaf in leaves {
        for text in std::mem::take(&mut leaf.lesson.hints) {
            if solution.is_some_and(|solution| crate::course::gives_away(&text, solution)) {
                let _ = write!(leaf.lesson.lesson, "\n\n{text}");
                continue;
            }
            let check = leaf.check.as_ref().map(|check| check.name.clone());
            hints.push(Hint { text, check });
        }
    }
    hints
}
