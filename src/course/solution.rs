//! Solutions in steps.
//!
//! A line `# turns: "A check", "Another"` begins a step of a solution and claims that these checks turn
//! green with it. A script stays one that can be read and piped into a shell; without such a line a
//! solution is one step that claims every check. What stands before the first such line belongs to the
//! first step. Each step of a script is run in a shell of its own; a typed solution ([`super::keys`])
//! goes on in the same.

use super::rules::did_you_mean;
use super::yaml::quote;
use super::{Check, Diagnostic, Severity};

/// What begins the line that begins a step.
const MARK: &str = "# turns:";

/// The line that begins a step which turns these checks.
pub fn mark(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| serde_json::json!(name).to_string()).collect();
    format!("{MARK} {}", names.join(", "))
}

/// A step of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolutionStep {
    /// What is run or typed.
    pub script: String,
    /// The number of its first line in the file, from 1.
    pub first: u32,
    /// Names of the checks that turn green with it.
    pub turns: Vec<String>,
}

/// The steps of a solution that solves these checks: every check is claimed by exactly one step; one
/// that may pass from the beginning need not be.
/// `file` is the script's name in messages.
pub fn steps(file: &str, script: &str, checks: &[Check]) -> Result<Vec<SolutionStep>, Diagnostic> {
    let wrong = |index: usize, message: String, help: Option<String>| Diagnostic {
        severity: Severity::Error,
        file: file.to_owned(),
        line: index as u32 + 1,
        column: 1,
        message,
        help,
    };
    let mut steps: Vec<SolutionStep> = Vec::new();
    let mut before = String::new();
    for (index, text) in script.lines().enumerate() {
        let wrong = |message: String, help| wrong(index, message, help);
        let line = format!("{text}\n");
        let Some(claim) = text.trim_start().strip_prefix(MARK) else {
            steps.last_mut().map_or(&mut before, |step| &mut step.script).push_str(&line);
            continue;
        };
        let names: Vec<String> = serde_json::from_str(&format!("[{claim}]")).map_err(|_| {
            let message = "the checks that a step turns are written in quotes".to_owned();
            wrong(message, Some(format!("{MARK} \"A check\", \"Another\"")))
        })?;
        if names.is_empty() {
            return Err(wrong("a step turns one check at least".to_owned(), None));
        }
        for name in &names {
            if !checks.iter().any(|check| check.name == *name) {
                let help = did_you_mean(name, checks.iter().map(|check| check.name.as_str()));
                return Err(wrong(format!("there is no check {}", quote(name)), help));
            }
            if steps.iter().any(|step| step.turns.contains(name)) {
                return Err(wrong(format!("{} was turned by an earlier step", quote(name)), None));
            }
        }
        let first = if steps.is_empty() { 1 } else { index as u32 + 1 };
        let script = std::mem::take(&mut before) + &line;
        steps.push(SolutionStep { script, first, turns: names });
    }
    if steps.is_empty() {
        let turns = checks.iter().map(|check| check.name.clone()).collect();
        return Ok(vec![SolutionStep { script: before, first: 1, turns }]);
    }
    let claimed = |check: &&Check| steps.iter().any(|step| step.turns.contains(&check.name));
    match checks.iter().find(|check| !check.green_before && !claimed(check)) {
        Some(check) => Err(wrong(
            0,
            format!("no step turns the check {}", quote(&check.name)),
            Some(format!("add it to the {MARK} line of the step that does")),
        )),
        None => Ok(steps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks() -> Vec<Check> {
        ["one, first", "two"].map(|name| Check::new(name, "true")).into()
    }

    #[test]
    fn a_script_is_one_step_or_as_many_as_it_says() {
        let whole = steps("x", "set -e\na\n", &checks()).unwrap();
        assert_eq!(whole.len(), 1);
        assert_eq!((whole[0].script.as_str(), whole[0].turns.len()), ("set -e\na\n", 2));
        let text = "# why\n# turns: \"two\"\na\n\n  # turns: \"one, first\"\nb\n";
        let two = steps("x", text, &checks()).unwrap();
        let (first, second) = (&two[0], &two[1]);
        let script = "# why\n# turns: \"two\"\na\n\n";
        assert_eq!(
            (first.script.as_str(), first.first, &*first.turns),
            (script, 1, &["two".to_owned()][..])
        );
        let script = "  # turns: \"one, first\"\nb\n";
        assert_eq!((second.script.as_str(), second.first, second.turns.len()), (script, 5, 1));
        assert_eq!(mark(&second.turns), "# turns: \"one, first\"");
    }

    #[test]
    fn a_wrong_claim_is_told_with_its_line() {
        for (script, line, message) in [
            ("a\n# turns: two\n", 2, "in quotes"),
            ("# turns:\n", 1, "one check at least"),
            ("# turns: \"tow\"\n", 1, "there is no check \"tow\""),
            ("# turns: \"two\"\n# turns: \"two\"\n", 2, "\"two\" was turned by an earlier step"),
            ("# turns: \"two\"\n", 1, "no step turns the check \"one, first\""),
        ] {
            let wrong = steps("x", script, &checks()).unwrap_err();
            assert_eq!(wrong.line, line, "{script}");
            assert!(wrong.message.contains(message), "{wrong:?}");
        }
        let near = steps("x", "# turns: \"tow\"\n", &checks()).unwrap_err().help;
        assert_eq!(near.as_deref(), Some("did you mean \"two\"?"));
    }
}
