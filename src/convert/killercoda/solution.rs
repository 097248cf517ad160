//! A solution made of what the pages say: the code of their solutions, or what clicks on them run.

use std::fmt::Write;

use super::draft::without_prompts;
use super::markdown::{Page, Solution};
use crate::course::solution::mark;

/// A page's part in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    /// The check that it turns.
    pub(super) check: Option<&'a str>,
    pub(super) page: &'a Page,
    /// Whether what it says can be done.
    pub(super) runs: bool,
}

/// The script; `None` unless every check has something that may turn it.
pub(super) fn of(parts: &[Part<'_>]) -> Option<String> {
    let checked = || parts.iter().filter(|part| part.check.is_some());
    if checked().next().is_none() || checked().any(|part| part.page.solving().is_empty()) {
        return None;
    }
    let mut script = "# Taken from the pages of the scenario, where it was meant to be typed or clicked step by \
        step.\n# \"drydock prove\" tells whether it solves the exercise.\n"
        .to_owned();
    for part in parts.iter().filter(|part| part.runs) {
        script.push('\n');
        if let Some(check) = part.check {
            script.push_str(&mark(&[check.to_owned()]));
            script.push('\n');
        }
        for words in words(part.page) {
            let _ = writeln!(script, "# {words}");
        }
        for code in part.page.solving() {
            script.push_str(without_prompts(code).trim_end());
            script.push('\n');
        }
    }
    Some(script)
}

/// What the page's solution says besides its code, line by line.
fn words(page: &Page) -> impl Iterator<Item = &str> {
    let words = page.solution.iter().filter_map(|piece| match piece {
        Solution::Words(words) => Some(words.as_str()),
        Solution::Code(_) => None,
    });
    // A line that says what a step turns would begin one.
    words.flat_map(str::lines).map(|line| line.trim_start_matches("turns:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part<'a>(check: Option<&'a str>, page: &'a Page) -> Part<'a> {
        Part { check, page, runs: true }
    }

    #[test]
    fn each_step_turns_its_check_with_what_its_page_says() {
        let first = Page::read("`touch a`{{exec}}", 0);
        let between = Page::read("```\n$ touch b\n```{{exec}}", 0);
        let last = Page::read(
            "`touch no`{{exec}}\n<details><summary>Solution</summary>\nSo:\n```\nrm a\n```\n</details>",
            0,
        );
        let script =
            of(&[part(Some("One"), &first), part(None, &between), part(Some("Two"), &last)]);
        let script = script.unwrap();
        let lines: Vec<_> = script.lines().skip(2).filter(|line| !line.is_empty()).collect();
        let expected =
            ["# turns: \"One\"", "touch a", "touch b", "# turns: \"Two\"", "# So:", "rm a"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn half_a_solution_is_none() {
        let (told, untold) = (Page::read("`touch a`{{exec}}", 0), Page::read("Do it.", 0));
        assert_eq!(of(&[part(Some("One"), &told), part(Some("Two"), &untold)]), None);
        assert_eq!(of(&[part(None, &told)]), None);
    }
}
