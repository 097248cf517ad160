//! How an incident stands, as text and JSON.

use serde_json::{Value, json};

use super::{Running, not_started, running};
use crate::cli::out::{Tone, printable};
use crate::cli::{DONE, Invocation, Out, Outcome};
use crate::course::Item;
use crate::course::scenario::{Scenario, Unit};
use crate::incident::life::Life;
use crate::incident::picture::{FeedEntry, Outcome as End, Phase, Picture, Standing};
use crate::incident::words::clock;
use crate::problem::{Exit, Problem};
use crate::store::Attempt;

/// How many of the latest updates are shown as text.
const LATEST: usize = 8;

/// `drydock incident show`.
pub(super) fn show(invocation: &Invocation, id: Option<&str>) -> Outcome {
    let (running, life) = look(invocation, id)?;
    let Running { item, scenario, attempt, .. } = &running;
    let out = &invocation.out;
    if out.json {
        out.value(&value(item, scenario, attempt, &life));
        return Ok(DONE);
    }
    let picture = life.picture(scenario);
    out.line(out.mark(format_args!("{}  {}", item.id, item.title), Tone::Strong));
    out.line(phase_words(&picture));
    for trouble in &picture.trouble {
        out.line(out.mark(printable(trouble), Tone::Attention));
    }
    out.line("");
    criteria(out, &picture);
    let users = &picture.users;
    out.line("");
    out.line(format_args!("{:.0} of {:.0} user requests failed", users.failed, users.requests));
    out.line("");
    let skip = picture.feed.len().saturating_sub(LATEST);
    for FeedEntry { at, from, text, .. } in picture.feed.iter().skip(skip) {
        let from = if from.is_empty() { String::new() } else { format!("{}: ", printable(from)) };
        out.line(format_args!("{} {from}{}", clock(*at), printable(text.trim())));
    }
    if let Some(score) = &picture.score {
        out.line("");
        for bar in &score.bars {
            let full = (bar.share * 10.0).round() as usize;
            let blocks = format!("{}{}", "#".repeat(full), "-".repeat(10 - full));
            out.line(format_args!("{:24} {blocks}  {}", bar.title, printable(&bar.words)));
        }
    }
    Ok(DONE)
}

/// `drydock verify` for a scenario: 0 if every criterion holds, 1 if not, 3 if nothing can be said.
pub(in crate::cli) fn verify(invocation: &Invocation, item: &Item) -> Outcome {
    let (running, life) = look(invocation, Some(&item.id))?;
    let Running { scenario, .. } = &running;
    let out = &invocation.out;
    let picture = life.picture(scenario);
    let passed = life.passed(scenario);
    if out.json {
        let checks: Vec<_> = picture.criteria.iter().map(check).collect();
        let phase = serde_json::to_value(&picture.phase).unwrap_or_default();
        out.value(&json!({
            "id": item.id,
            "passed": passed,
            "phase": phase.get("phase"),
            "outcome": phase.get("outcome"),
            "checks": checks,
            "trouble": picture.trouble,
        }));
    } else {
        criteria(out, &picture);
        out.line("");
        match &picture.completable {
            Ok(()) => out.line(format_args!(
                "All criteria hold: drydock incident complete {} ends it",
                item.id
            )),
            Err(why) => out.line(printable(why)),
        }
    }
    let blind = picture.criteria.iter().all(|standing| standing.met.is_none());
    Ok(match (passed, blind) {
        (true, _) => DONE,
        (false, true) => Exit::Environment.code(),
        (false, false) => Exit::NotPassed.code(),
    })
}

/// The incident as it is now, with its director at work where there is something to direct.
fn look(invocation: &Invocation, id: Option<&str>) -> Result<(Running, Life), Problem> {
    let running = running(invocation, id)?;
    let life = running.incidents.life(running.attempt.id)?;
    let life = life.ok_or_else(|| not_started(&running.item))?;
    if life.is_over() {
        return Ok((running, life));
    }
    let life = invocation.block_on(running.incidents.fresh(running.attempt.id))?;
    Ok((running, life))
}

/// Everything, for scripts.
pub(super) fn value(item: &Item, scenario: &Scenario, attempt: &Attempt, life: &Life) -> Value {
    let picture = life.picture(scenario);
    let mut value = serde_json::to_value(&picture).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        let seconds = |time: std::time::Duration| json!(time.as_secs_f64());
        object.insert("id".to_owned(), json!(item.id));
        object.insert("attempt".to_owned(), json!(attempt.id.to_string()));
        object.insert("elapsed".to_owned(), seconds(picture.elapsed));
        object.insert("remaining".to_owned(), seconds(picture.remaining));
        let (given, of) = picture.hints;
        object.insert("hints".to_owned(), json!({ "given": given, "of": of }));
        let why = picture.completable.as_ref().err();
        object.insert("completable".to_owned(), json!(why.is_none()));
        object.insert("not_completable_because".to_owned(), json!(why));
    }
    value
}

fn check(standing: &Standing) -> Value {
    let done = standing.met == Some(true) && standing.held >= standing.hold;
    let state = match standing.met {
        None => "skipped",
        Some(true) if done => "passed",
        Some(_) => "failed",
    };
    json!({
        "name": name(standing),
        "criterion": standing.id,
        "kind": standing.kind,
        "state": state,
        "met": standing.met,
        "held": standing.held,
        "hold": standing.hold,
        "value": standing.value.filter(|value| value.is_finite()),
        "expected": expected(standing),
        "actual": actual(standing),
        "ms": 0,
    })
}

fn name(standing: &Standing) -> &str {
    if standing.title.is_empty() { "(shown once it is met)" } else { &standing.title }
}

fn expected(standing: &Standing) -> String {
    let hold = format!("for {:.0} s", standing.hold);
    match standing.threshold {
        Some((op, limit)) => format!("{} {} {hold}", op.sign(), number(limit, standing.unit)),
        None => hold,
    }
}

fn actual(standing: &Standing) -> String {
    match (standing.value, &standing.note) {
        (Some(value), _) => number(value, standing.unit),
        (None, Some(note)) => note.clone(),
        (None, None) if standing.met == Some(true) => "as it should be".to_owned(),
        (None, None) => "not known".to_owned(),
    }
}

fn criteria(out: &Out, picture: &Picture) {
    for standing in &picture.criteria {
        let (sign, tone) = match standing.met {
            Some(true) => (out.signs.passed(), Tone::Good),
            Some(false) => (out.signs.failed(), Tone::Bad),
            None => (out.signs.open(), Tone::Muted),
        };
        let held = format!("holds for {:.0} of {:.0} s", standing.held, standing.hold);
        let name = printable(name(standing));
        let found = printable(&actual(standing));
        out.line(format_args!(
            "{} {name}: {found} ({}), {held}",
            out.mark(sign, tone),
            expected(standing)
        ));
        if let Some(left) = standing.draining {
            out.line(format_args!("    gets better; the window drains for {left:.0} s more"));
        }
    }
}

fn phase_words(picture: &Picture) -> String {
    let clock = |time: std::time::Duration| clock(time.as_secs_f64());
    let (elapsed, left) = (clock(picture.elapsed), clock(picture.remaining));
    let words = match &picture.phase {
        Phase::Starting => "its machines are being started".to_owned(),
        Phase::Settling { held, hold } => format!("healthy for {held:.0} of {hold:.0} s"),
        Phase::Baseline => "what is normal is being measured".to_owned(),
        Phase::Injecting { .. } => "something is about to happen".to_owned(),
        Phase::Live => format!("live for {elapsed}, {left} left"),
        Phase::Replaying { left } => format!("the trigger is fired again, {left:.0} s left"),
        Phase::Over { outcome: End::Resolved } => format!("resolved after {elapsed}"),
        Phase::Over { outcome: End::Escalated } => format!("escalated after {elapsed}"),
        Phase::Over { outcome: End::LabFailed { why } } => format!("the lab failed: {why}"),
    };
    if picture.paused { format!("paused; {words}") } else { words }
}

/// A number as people read it.
pub(super) fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{:.1} %", value * 100.0),
        Unit::Seconds if value < 1.0 => format!("{:.0} ms", value * 1000.0),
        Unit::Seconds => format!("{value:.1} s"),
        Unit::Bytes => format!("{:.1} MB", value / 1e6),
        Unit::Rate => format!("{value:.1}/s"),
        Unit::Number | Unit::Cores => format!("{value:.2}"),
    }
}
