//! Solutions in steps.
//!
//! A line `# turns: "A check", "Another"` begins a step of a solution's script and claims that these
//! checks turn green with it. The script stays one that can be read and piped into a shell; without
//! such a line it is one step that claims every check. What stands before the first such line belongs
//! to the first step. Each step is run in a shell of its own.

use super::rules::did_you_mean;
use super::yaml::quote;
use super::{Check, Diagnostic, Severity};

/// What begins the line that begins a step.
const MARK: &str = "# turns:";

/// A step of a solution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SolutionStep {
    /// What is run.
    pub script: String,
    /// Names of the checks that turn green with it.
    pub turns: Vec<String>,
}

/// The steps of a script that solves these checks: every check is claimed by exactly one step; one
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
        let Some(claim) = text.trim_start().strip_prefix(MARK) else {
            let script = steps.last_mut().map_or(&mut before, |step| &mut step.script);
            script.push_str(text);
            script.push('\n');
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
        steps.push(SolutionStep { script: std::mem::take(&mut before), turns: names });
    }
    if steps.is_empty() {
        let turns = checks.iter().map(|check| check.name.clone()).collect();
        return Ok(vec![SolutionStep { script: before, turns }]);
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
        assert_eq!(
            (two[0].script.as_str(), two[0].turns.join("|")),
            ("# why\na\n\n", "two".into())
        );
        assert_eq!((two[1].script.as_str(), two[1].turns.len()), ("b\n", 1));
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
