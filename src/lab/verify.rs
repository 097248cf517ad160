//! Running an exercise's checks and judging what they found.
//!
//! Rules (manifest format, section "verify"): all checks run, in order; one whose `needs` did not
//! pass is skipped; outputs are compared trimmed; a check that could not be run to its end is an
//! error of the lab and never counts as the learner's failure. What a check's mode makes of what is
//! true now is [`super::standing`]'s.

use std::time::Instant;

use serde::Serialize;

use super::evidence::{Did, Evidence};
use super::probe::{Ask, ProbeError, Probes, Ran};
use super::standing::{Held, Standing};
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
    /// Set when it fails only because it has not been true for long enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// How long it took.
    pub ms: u64,
    /// What its commands did, if it was not passed over.
    #[serde(skip)]
    pub evidence: Option<Evidence>,
}

impl CheckResult {
    /// Whether it says the same as `other`, however long each took.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { name, state, expected, actual, message, held, ms: _, evidence: _ } = self;
        (name, state, expected, actual, message, held)
            == (
                &other.name,
                &other.state,
                &other.expected,
                &other.actual,
                &other.message,
                &other.held,
            )
    }
}

/// Whether all checks passed.
pub fn passed(results: &[CheckResult]) -> bool {
    !results.is_empty() && results.iter().all(|result| result.state == CheckState::Passed)
}

/// Whether nothing is left to do but to wait: what does not pass is true already.
pub fn only_waits(results: &[CheckResult]) -> bool {
    let mut open = results.iter().filter(|result| result.state != CheckState::Passed).peekable();
    open.peek().is_some() && open.all(|result| result.held.is_some())
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
    standing: &mut Standing,
    mut seen: impl FnMut(&CheckResult),
) -> Result<Vec<CheckResult>, EngineError> {
    let mut results: Vec<CheckResult> = Vec::with_capacity(checks.len());
    probes.open(checks.iter().map(|check| check.user.as_deref())).await;
    while let Some(check) = checks.get(results.len()) {
        let holds = |need: &String| {
            results.iter().any(|result| &result.name == need && result.state == CheckState::Passed)
        };
        if let Some(need) = check.needs.iter().find(|need| !holds(need)) {
            let why = format!("waits for \"{need}\"");
            let result = unjudged(check, CheckState::Skipped, why);
            results.push(standing.judge(check, result, Instant::now()));
            results.last().map(&mut seen);
            continue;
        }
        let together = checks.get(results.len()..).unwrap_or_default();
        let together = together
            .iter()
            .take_while(|other| other.user == check.user && other.needs.iter().all(holds));
        let together: Vec<_> = together.collect();
        run(&together, probes, standing, &mut results, &mut seen).await?;
    }
    Ok(results)
}

/// Runs checks of one account that wait for none of each other, in one go.
async fn run(
    checks: &[&Check],
    probes: &mut Probes,
    standing: &mut Standing,
    results: &mut Vec<CheckResult>,
    seen: &mut impl FnMut(&CheckResult),
) -> Result<(), EngineError> {
    let user = checks.first().and_then(|check| check.user.as_deref());
    let commands = checks.iter().map(|check| Ask {
        command: check.cmd.as_str(),
        limit: check.timeout,
        // What it complains about is shown only where nothing else tells what is there.
        errors: check.observe.is_none(),
    });
    let commands: Vec<_> = commands.collect();
    let mut sorted = Sorted { held: Vec::new(), results, seen };
    let mut done = 0;
    while let Some(rest) = commands.get(done..).filter(|rest| !rest.is_empty()) {
        let judge_next = |ran: Ran| {
            if let Some(check) = checks.get(done) {
                sorted.put(check, standing.judge(check, judge(check, &ran), Instant::now()));
                done += 1;
            }
        };
        let stopped = probes.run_all(user, rest, judge_next).await;
        if let (Err(error), Some(check)) = (stopped, checks.get(done)) {
            let result = alone(check, error, probes).await?;
            sorted.put(check, standing.judge(check, result, Instant::now()));
            done += 1;
        }
    }
    let asked: Vec<_> = sorted.observes().collect();
    let mut there = Vec::new();
    // Those whose answers do not come keep what the checks found.
    let _ = probes.run_all(user, &asked, |ran| there.push(ran)).await;
    sorted.end(there);
    Ok(())
}

/// Results on their way out in their order. From the first that has yet to be told what is there
/// instead, they are held.
struct Sorted<'a, F> {
    held: Vec<(CheckResult, &'a Check)>,
    results: &'a mut Vec<CheckResult>,
    seen: &'a mut F,
}

impl<'a, F: FnMut(&CheckResult)> Sorted<'a, F> {
    fn put(&mut self, check: &'a Check, result: CheckResult) {
        if self.held.is_empty() && observe(&result, check).is_none() {
            (self.seen)(&result);
            self.results.push(result);
        } else {
            self.held.push((result, check));
        }
    }

    /// The commands that tell what is there.
    fn observes(&self) -> impl Iterator<Item = Ask<'a>> {
        self.held.iter().filter_map(|(result, check)| observe(result, check))
    }

    /// Lets go of those that are held, given what those commands said.
    fn end(self, there: Vec<Ran>) {
        let mut there = there.into_iter();
        for (mut result, check) in self.held {
            if let Some(Ask { command, errors, .. }) = observe(&result, check)
                && let Some(there) = there.next()
            {
                observed(&mut result, Did::of(command, &there, errors));
            }
            (self.seen)(&result);
            self.results.push(result);
        }
    }
}

/// What is there instead.
fn observed(result: &mut CheckResult, there: Did) {
    result.actual = shown(&there.stdout);
    if let Some(evidence) = &mut result.evidence {
        evidence.observe = Some(there);
    }
}

/// Runs one check for whoever wonders about it, whatever it needs, and keeps all that its commands say.
/// It tells what is true now, whatever the check's mode.
///
/// # Errors
///
/// When the engine or the sandbox is gone.
pub async fn once(check: &Check, probes: &mut Probes) -> Result<CheckResult, EngineError> {
    let user = check.user.as_deref();
    let mut result = match probes.run(user, &check.cmd, check.timeout).await {
        Ok(ran) => {
            let evidence = Evidence::now(Some(Did::of(&check.cmd, &ran, true)));
            CheckResult { evidence: Some(evidence), ..judge(check, &ran) }
        }
        Err(error) => alone(check, error, probes).await?,
    };
    if let Some(Ask { command, limit, .. }) = observe(&result, check)
        && let Ok(ran) = probes.run(user, command, limit).await
    {
        observed(&mut result, Did::of(command, &ran, true));
    }
    Ok(result)
}

/// What tells a result what is there instead.
fn observe<'a>(result: &CheckResult, check: &'a Check) -> Option<Ask<'a>> {
    let failed = result.state == CheckState::Failed && result.held.is_none();
    let command = check.observe.as_deref().filter(|_| failed)?;
    Some(Ask { command, limit: check.timeout, errors: false })
}

/// Runs a check that could not be run with others, if that may help.
async fn alone(
    check: &Check,
    mut error: ProbeError,
    probes: &mut Probes,
) -> Result<CheckResult, EngineError> {
    if let ProbeError::Engine(EngineError::ConnectionLost { .. }) = error {
        // The learner may have killed the probe's shell together with all others: once is forgiven.
        match probes.run(check.user.as_deref(), &check.cmd, check.timeout).await {
            Ok(ran) => return Ok(judge(check, &ran)),
            Err(again) => error = again,
        }
    }
    match error {
        ProbeError::TimedOut(_)
        | ProbeError::Engine(EngineError::ConnectionLost { .. } | EngineError::Refused { .. }) => {
            Ok(unjudged(check, CheckState::Error, format!("could not be checked: {error}")))
        }
        ProbeError::Engine(error) => Err(error),
    }
}

fn unjudged(check: &Check, state: CheckState, why: String) -> CheckResult {
    CheckResult {
        name: check.name.clone(),
        state,
        expected: expected(&check.expect),
        actual: why,
        message: None,
        held: None,
        ms: 0,
        evidence: (state == CheckState::Error).then(|| Evidence::now(None)),
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
        held: None,
        ms: u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX),
        evidence: Some(Evidence::now(Some(Did::of(&check.cmd, ran, check.observe.is_none())))),
    }
}

/// What is wanted, in words.
pub fn expected(expect: &Expect) -> String {
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
        Check { expect, fail: Some("not there".into()), ..Check::new("n", "c") }
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
