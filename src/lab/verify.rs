//! Running an exercise's checks and judging what they found.
//!
//! Rules (manifest format, section "verify"): all checks run, in order; one whose `needs` did not
//! pass is skipped; outputs are compared trimmed; a check that could not be run to its end is an
//! error of the lab and never counts as the learner's failure.

use serde::Serialize;

use super::probe::{ProbeError, Probes, Ran};
use crate::course::{Check, Expect};
use crate::engine::EngineError;
pub use crate::store::CheckState;

/// How long what was found is shown: a screen line or a few, not a log.
const SHOWN: usize = 400;

/// One check's result; serialises to the documented fields of `verify --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// The check's name.
    pub name: String,
    /// The verdict.
    pub state: CheckState,
    /// What was wanted, in words.
    pub expected: String,
    /// What was found.
    pub actual: String,
    /// The author's sentence for a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long it took.
    pub ms: u64,
}

impl CheckResult {
    /// Whether it says the same as `other`, however long each took.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { name, state, expected, actual, message, ms: _ } = self;
        (name, state, expected, actual, message)
            == (&other.name, &other.state, &other.expected, &other.actual, &other.message)
    }
}

/// Whether all checks passed.
pub fn passed(results: &[CheckResult]) -> bool {
    !results.is_empty() && results.iter().all(|result| result.state == CheckState::Passed)
}

/// Whether some check could not be run.
pub fn errored(results: &[CheckResult]) -> bool {
    results.iter().any(|result| result.state == CheckState::Error)
}

/// Runs the checks in order, calling `seen` with each result as it comes.
///
/// # Errors
///
/// When the engine or the sandbox is gone: then no check can be run.
pub async fn verify(
    checks: &[Check],
    probes: &mut Probes,
    mut seen: impl FnMut(&CheckResult),
) -> Result<Vec<CheckResult>, EngineError> {
    let mut results: Vec<CheckResult> = Vec::with_capacity(checks.len());
    probes.open(checks.iter().map(|check| check.user.as_deref())).await;
    for check in checks {
        let holds = |need: &String| {
            results.iter().any(|result| &result.name == need && result.state == CheckState::Passed)
        };
        let result = match check.needs.iter().find(|need| !holds(need)) {
            Some(need) => unjudged(check, CheckState::Skipped, format!("waits for \"{need}\"")),
            None => run(check, probes).await?,
        };
        seen(&result);
        results.push(result);
    }
    Ok(results)
}

async fn run(check: &Check, probes: &mut Probes) -> Result<CheckResult, EngineError> {
    let user = check.user.as_deref();
    let mut ran = probes.run(user, &check.cmd, check.timeout).await;
    if let Err(ProbeError::Engine(EngineError::ConnectionLost { .. })) = ran {
        // The learner may have killed the probe's shell together with all others: once is forgiven.
        ran = probes.run(user, &check.cmd, check.timeout).await;
    }
    match ran {
        Ok(ran) => {
            let mut result = judge(check, &ran);
            if let (CheckState::Failed, Some(observe)) = (result.state, &check.observe)
                && let Ok(found) = probes.run(user, observe, check.timeout).await
            {
                result.actual = shown(&found.stdout);
            }
            Ok(result)
        }
        Err(
            error @ (ProbeError::TimedOut(_)
            | ProbeError::Engine(
                EngineError::ConnectionLost { .. } | EngineError::Refused { .. },
            )),
        ) => Ok(unjudged(check, CheckState::Error, format!("could not be checked: {error}"))),
        Err(ProbeError::Engine(error)) => Err(error),
    }
}

fn unjudged(check: &Check, state: CheckState, why: String) -> CheckResult {
    CheckResult {
        name: check.name.clone(),
        state,
        expected: expected(&check.expect),
        actual: why,
        message: None,
        ms: 0,
    }
}

/// The verdict on what a command did.
pub fn judge(check: &Check, ran: &Ran) -> CheckResult {
    let out = ran.stdout.trim();
    let ok = match &check.expect {
        Expect::Success => ran.status == 0,
        Expect::Equals(text) => out == text.trim(),
        Expect::Contains(text) => out.contains(text),
        // The pattern was compiled when the manifest was read; one that no longer compiles fails.
        Expect::Matches(pattern) => Expect::regex(pattern).is_ok_and(|regex| regex.is_match(out)),
    };
    CheckResult {
        name: check.name.clone(),
        state: if ok { CheckState::Passed } else { CheckState::Failed },
        expected: expected(&check.expect),
        actual: found(&check.expect, ran),
        message: if ok { None } else { check.fail.clone() },
        ms: u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX),
    }
}

fn expected(expect: &Expect) -> String {
    match expect {
        Expect::Success => "exit status 0".to_owned(),
        Expect::Equals(text) => text.trim().to_owned(),
        Expect::Contains(text) => format!("contains \"{text}\""),
        Expect::Matches(pattern) => format!("matches /{pattern}/"),
    }
}

fn found(expect: &Expect, ran: &Ran) -> String {
    let (out, err) = (ran.stdout.trim(), ran.stderr.trim());
    let text = match (expect, out.is_empty(), err.is_empty()) {
        (Expect::Success, _, true) => format!("exit status {}", ran.status),
        (Expect::Success, _, false) => format!("exit status {}: {err}", ran.status),
        (_, true, true) if ran.status == 0 => "no output".to_owned(),
        (_, true, true) => format!("no output, exit status {}", ran.status),
        (_, true, false) => err.to_owned(),
        (_, false, _) => out.to_owned(),
    };
    shown(&text)
}

/// Text from a sandbox made fit to be shown: one paragraph of printable characters, shortened.
fn shown(text: &str) -> String {
    let mut line: String = text
        .trim()
        .chars()
        .map(|c| if c == '\n' || c == '\t' { ' ' } else { c })
        .filter(|c| !c.is_control())
        .take(SHOWN + 1)
        .collect();
    if line.chars().count() > SHOWN {
        line = line.chars().take(SHOWN - 1).collect();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(expect: Expect) -> Check {
        Check {
            name: "n".into(),
            cmd: "c".into(),
            expect,
            user: None,
            timeout: Duration::from_secs(1),
            needs: vec![],
            fail: Some("not there".into()),
            observe: None,
        }
    }

    fn ran(status: i64, stdout: &str, stderr: &str) -> Ran {
        Ran { status, stdout: stdout.into(), stderr: stderr.into(), took: Duration::from_millis(3) }
    }

    #[test]
    fn each_expectation_is_judged_by_its_own_rule() {
        let cases = [
            (Expect::Success, ran(0, "", ""), CheckState::Passed),
            (Expect::Success, ran(127, "", "bash: x: command not found"), CheckState::Failed),
            (Expect::Equals("active".into()), ran(3, " active\n", ""), CheckState::Passed),
            (Expect::Equals("active".into()), ran(0, "inactive", ""), CheckState::Failed),
            (Expect::Equals(String::new()), ran(0, "\n", ""), CheckState::Passed),
            (Expect::Contains("Hello".into()), ran(0, "Say Hello now", ""), CheckState::Passed),
            (Expect::Contains("Hello".into()), ran(0, "hello", ""), CheckState::Failed),
            (Expect::Matches("^v[0-9]+$".into()), ran(0, "v12\n", ""), CheckState::Passed),
            (Expect::Matches("^v[0-9]+$".into()), ran(0, "v12 x", ""), CheckState::Failed),
        ];
        for (expect, ran, state) in cases {
            assert_eq!(judge(&check(expect.clone()), &ran).state, state, "{expect:?} {ran:?}");
        }
    }

    #[test]
    fn a_failure_tells_what_was_found_and_the_authors_sentence() {
        let result = judge(&check(Expect::Equals("active".into())), &ran(3, "inactive\n", ""));
        assert_eq!((result.expected.as_str(), result.actual.as_str()), ("active", "inactive"));
        assert_eq!(result.message.as_deref(), Some("not there"));
        let silent = judge(&check(Expect::Contains("x".into())), &ran(7, "", ""));
        assert_eq!(silent.actual, "no output, exit status 7");
    }

    #[test]
    fn what_a_sandbox_prints_is_shown_without_control_characters() {
        let evil = "\u{1b}[31mred\u{7}\nnext".to_owned() + &"x".repeat(500);
        let text = shown(&evil);
        assert!(text.starts_with("[31mred next") && text.ends_with('…'));
        assert_eq!(text.chars().count(), SHOWN);
    }
}
