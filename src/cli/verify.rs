//! `drydock verify`: run the checks, tell each with what was expected and found.

use std::time::Duration;

use serde_json::{Value, json};

use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, incident, item, sync, words};
use crate::course::{Check, Item, Mode};
use crate::engine::{EngineError, Sandbox, SandboxState, Step};
use crate::lab::evidence::{Did, Evidence};
use crate::lab::needs;
use crate::lab::probe::Probes;
use crate::lab::standing::Standing;
use crate::lab::verify::{CheckResult, passed, verify};
use crate::lab::{Lab, LabError, Recorded, exercise, scenario};
use crate::problem::Exit;
use crate::store::{Attempt, CheckState, Completion};

/// Run the checks of an item
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit status: 0 all passed; 1 some did not; 3 some could not be run.\n\n\
    Example: drydock verify linux-01")]
pub(super) struct Verify {
    /// The item; without it, the last one worked at
    id: Option<String>,
    /// Show what each check's commands did: exit status, outputs, time
    #[arg(long)]
    debug: bool,
}

/// How often what must stay true is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What a verification found, already written down.
struct Found {
    results: Vec<CheckResult>,
    completion: Option<Completion>,
    attempt: Attempt,
    sandbox: Sandbox,
    /// The numbers of the checks that passed for the first time.
    turned: Vec<usize>,
}

impl Verify {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let item = item::given_or_last(invocation, &context, &store, self.id.as_deref())?;
        if scenario(item).is_some() {
            return incident::verify(invocation, item);
        }
        let lab = invocation.lab(&context, store)?;
        let found = invocation.block_on(async {
            match until_interrupted(check(out, &lab, item, self.debug)).await {
                Some(found) => Ok(found?),
                None => Err(interrupted(format!(
                    "The checks of {} were stopped and nothing was recorded; its sandbox still runs",
                    item.id
                ))),
            }
        })?;
        let next = needs::next_after(context.course(), &item.id, &lab.engine.offers());
        if out.json {
            out.value(&json!({
                "id": item.id,
                "passed": passed(&found.results),
                "checks": found.results.iter().map(|it| told(it, self.debug)).collect::<Vec<_>>(),
                "completion": found.completion.as_ref().map(|completion| json!({
                    "seconds": completion.attempt.active.as_secs(),
                    "hints": completion.attempt.hints,
                    "failures": completion.attempt.failures,
                    "first": completion.first,
                })),
                "next": next.map(|next| &next.id),
            }));
        } else {
            summary(out, item, &found, next);
        }
        if found.completion.as_ref().is_some_and(|completion| completion.new) {
            sync::begin_if_wanted(&context);
        }
        // What was found is written and told: keeping the files can be waited for, or left.
        invocation.block_on(async {
            let keep = lab.keep_step(item, &found.attempt, &found.sandbox, &found.turned);
            if let Some(Err(error)) = until_interrupted(keep).await {
                tracing::warn!(%error, "no snapshot was taken after a check first passed");
            }
            Ok(())
        })?;
        Ok(status(&found.results))
    }
}

async fn check(out: &Out, lab: &Lab, item: &Item, debug: bool) -> Result<Found, LabError> {
    exercise(item)?;
    let Some((attempt, sandbox)) = lab.sandbox(&item.id).await? else {
        return Err(LabError::NoSandbox { item: item.id.clone() });
    };
    let item = item.seeded(attempt.seed);
    let checks = &exercise(&item)?.verify;
    if sandbox.state != SandboxState::Running {
        return Err(EngineError::SandboxStopped { id: sandbox.id.to_string() }.into());
    }
    let mut probes = Probes::of(lab.engine.clone(), &sandbox);
    let mut number = 0;
    let mut tell = |result: &CheckResult| {
        number += 1;
        if !out.json {
            tell(out, number, checks.len(), result);
            if let Some(evidence) = result.evidence.as_ref().filter(|_| debug) {
                commands(out, evidence);
            }
        }
    };
    let mut standing = lab.standing(attempt.id)?;
    let results = if checks.iter().any(|check| matches!(check.mode, Mode::Hold(_))) {
        let results = until_held(out, checks, &mut probes, &mut standing).await?;
        results.iter().for_each(tell);
        results
    } else {
        verify(checks, &mut probes, &mut standing, &mut tell).await?
    };
    let Recorded { completion, turned } = lab.record(attempt.id, &results, true)?;
    Ok(Found { results, completion, attempt, sandbox, turned })
}

/// Looks again until nothing is left that only has to stay true for longer.
async fn until_held(
    out: &Out,
    checks: &[Check],
    probes: &mut Probes,
    standing: &mut Standing,
) -> Result<Vec<CheckResult>, LabError> {
    let progress = Progress::new(out);
    loop {
        let results = verify(checks, probes, standing, |_| ()).await?;
        let Some((name, held)) = results.iter().find_map(|it| Some((&it.name, it.held?))) else {
            progress.clear();
            return Ok(results);
        };
        progress.show(&Step {
            step: format!("Waiting whether it stays true: {name}"),
            done: held.seconds,
            total: Some(held.of),
            unit: "s",
        });
        tokio::time::sleep(LOOK).await;
    }
}

/// A result as data.
fn told(result: &CheckResult, debug: bool) -> Value {
    let mut value = json!(result);
    if let Some(evidence) = result.evidence.as_ref().filter(|_| debug) {
        value["evidence"] = json!(evidence);
    }
    value
}

/// What a check's commands did.
fn commands(out: &Out, evidence: &Evidence) {
    for Did { command, status, stdout, stderr, ms } in
        evidence.check.iter().chain(&evidence.observe)
    {
        let facts = format!("exit status {status}, {ms} ms");
        out.line(format_args!("    {}", out.mark(facts, Tone::Muted)));
        let errors = stderr.as_deref().unwrap_or_default();
        for (sign, text) in [("$", command.as_str()), (" ", stdout), ("!", errors)] {
            for line in text.trim_end().lines() {
                out.line(format_args!("    {} {}", out.mark(sign, Tone::Muted), printable(line)));
            }
        }
    }
}

fn tell(out: &Out, number: usize, of: usize, result: &CheckResult) {
    let signs = out.signs;
    let (sign, tone, word) = match result.state {
        CheckState::Passed => (signs.passed(), Tone::Good, ""),
        CheckState::Failed => (signs.failed(), Tone::Bad, " (failed)"),
        CheckState::Skipped => (signs.unavailable(), Tone::Muted, " (skipped)"),
        CheckState::Error => (signs.error(), Tone::Attention, " (not judged)"),
    };
    let name = printable(&result.name);
    out.line(format_args!("{} Check {number}/{of}: {name}{word}", out.mark(sign, tone)));
    let detail = |name: &str, text: &str| {
        out.line(format_args!(
            "    {} {}",
            out.mark(format_args!("{name:9}"), Tone::Muted),
            printable(text)
        ));
    };
    match result.state {
        CheckState::Passed => {}
        CheckState::Failed => {
            detail("expected", &result.expected);
            detail("found", &result.actual);
            if let Some(message) = &result.message {
                out.line(format_args!("    {}", printable(message.trim())));
            }
        }
        CheckState::Skipped | CheckState::Error => {
            out.line(format_args!("    {}", printable(&result.actual)));
        }
    }
}

fn summary(out: &Out, item: &Item, found: &Found, next: Option<&Item>) {
    let id = &item.id;
    let good = found.results.iter().filter(|result| result.state == CheckState::Passed).count();
    out.line("");
    if !passed(&found.results) {
        let all = found.results.len();
        let help = if found.results.iter().any(|result| result.state == CheckState::Failed) {
            format!("drydock hint {id} gives a hint")
        } else {
            "what could not be run is not your fault; drydock doctor looks for the reason"
                .to_owned()
        };
        out.line(format_args!("{good} of {all} checks passed; {help}"));
        return;
    }
    out.line(out.mark("All checks passed!", Tone::Good));
    match &found.completion {
        Some(completion) => completed(out, item, completion),
        None => out.line(format_args!("{id} was completed before; that stands")),
    }
    out.line("");
    if let Some(next) = next {
        out.line(format_args!("Continue to next exercise: {}", next.title));
        out.line(format_args!("  drydock launch {}", next.id));
    } else {
        out.line("That was the last one: you have been through everything there is");
    }
}

fn completed(out: &Out, item: &Item, completion: &Completion) {
    let attempt = &completion.attempt;
    let mut facts = Vec::new();
    // Without a shell of ours there is no time at the keys to tell.
    if attempt.active.as_secs() > 0 {
        facts.push(format!("in {}", words::length(attempt.active)));
        if let Some(best) = completion.previous_best.filter(|best| best.as_secs() > 0) {
            facts.push(if attempt.active < best {
                format!("your best so far, before {}", words::length(best))
            } else {
                format!("your best is {}", words::length(best))
            });
        }
    }
    facts.push(format!("with {}", words::count(attempt.hints as usize, "hint")));
    out.line(format_args!("{} is completed {}", item.id, facts.join(", ")));
    if !item.takeaways.is_empty() {
        out.line("");
        out.line(out.mark("What you have learned", Tone::Strong));
        for takeaway in &item.takeaways {
            out.line(format_args!("  - {}", printable(takeaway.trim())));
        }
    }
}

/// 0 if all passed; 1 if the learner has something to do; 3 if only the lab has.
fn status(results: &[CheckResult]) -> u8 {
    let any = |state| results.iter().any(|result| result.state == state);
    if passed(results) {
        DONE
    } else if any(CheckState::Error) && !any(CheckState::Failed) {
        Exit::Environment.code()
    } else {
        Exit::NotPassed.code()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_tells_whose_turn_it_is() {
        use CheckState::{Error, Failed, Passed, Skipped};
        let result = |state| CheckResult {
            name: String::new(),
            state,
            expected: String::new(),
            actual: String::new(),
            message: None,
            held: None,
            ms: 0,
            evidence: None,
        };
        for (states, expected) in [
            (vec![Passed, Passed], 0),
            (vec![Passed, Failed, Skipped], 1),
            (vec![Failed, Error], 1),
            (vec![Passed, Error], 3),
            (vec![Error, Skipped], 3),
            (vec![], 1),
        ] {
            let results: Vec<_> = states.iter().map(|state| result(*state)).collect();
            assert_eq!(status(&results), expected, "{states:?}");
        }
    }
}
