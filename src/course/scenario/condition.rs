//! What must be true: comparisons and criteria.

use std::time::Duration;

use super::manifest::{ConditionEntry, CriterionEntry, SymptomEntry, Times};
use super::model::{Condition, Criterion, CriterionKind, Judged, Op, Symptom, System, Unit};
use super::{at_most, belongs, query, span, span_or_none};
use crate::course::rules::{did_you_mean, listed};
use crate::course::vars::Values;
use crate::course::yaml::{At, Problems, quote};
use crate::course::{Check, quantity};

/// Long enough that a repair is not luck.
const DEFAULT_HOLD: Duration = Duration::from_secs(20);

/// Nobody waits longer at a repaired system.
const MAX_HOLD: Duration = Duration::from_mins(10);

/// More does nobody keep in sight.
const MAX_CRITERIA: usize = 32;

/// Two scrapes and a window.
const DEFAULT_SYMPTOM: Duration = Duration::from_secs(20);

/// The learner waits for it.
const MAX_SYMPTOM: Duration = Duration::from_mins(5);

/// A comparison.
pub(super) fn condition(
    problems: &mut Problems,
    at: At<'_>,
    entry: &ConditionEntry,
    system: &System,
) -> Condition {
    let written = (entry.query.as_str(), entry.op, entry.value, entry.times);
    comparison(problems, at, written, system)
}

/// What shows that an injection worked.
pub(super) fn symptom(
    problems: &mut Problems,
    at: At<'_>,
    entry: &SymptomEntry,
    system: &System,
) -> Symptom {
    let written = (entry.query.as_str(), entry.op, entry.value, entry.times);
    let within =
        problems.optional(at.key("within"), entry.within.as_ref(), |t| span(t, MAX_SYMPTOM));
    Symptom {
        condition: comparison(problems, at, written, system),
        within: within.unwrap_or(DEFAULT_SYMPTOM),
    }
}

fn comparison(
    problems: &mut Problems,
    at: At<'_>,
    (query, op, value, times): (&str, Op, f64, Option<Times>),
    system: &System,
) -> Condition {
    Condition {
        query: query::query(problems, at.key("query"), query, &system.queries),
        op,
        value,
        of_baseline: times.is_some(),
    }
}

/// A scenario's criteria: `shared` are those of its system.
pub(super) fn criteria(
    problems: &mut Problems,
    at: At<'_>,
    entries: &[CriterionEntry],
    system: &System,
    shared: &[CriterionEntry],
) -> Vec<Criterion> {
    let mut criteria: Vec<Criterion> = Vec::new();
    let entries = at_most(problems, at, "criteria", entries, MAX_CRITERIA);
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        let Some(base) = &entry.base else {
            add(problems, at, entry, system, &mut criteria);
            continue;
        };
        let ids = || shared.iter().filter_map(|shared| shared.id.as_deref());
        if let Some(base) = shared.iter().find(|shared| shared.id.as_ref() == Some(base)) {
            add(problems, at, &laid_over(entry, base), system, &mut criteria);
            continue;
        }
        let help = did_you_mean(base, ids()).unwrap_or_else(|| format!("it has {}", listed(ids())));
        let message = format!("the system {} has no criterion {}", quote(&system.id), quote(base));
        problems.rule(at.key("use"), message, Some(help));
    }
    criteria
}

/// The criteria that a system offers to its scenarios.
pub(super) fn shared(
    problems: &mut Problems,
    at: At<'_>,
    entries: &[CriterionEntry],
    system: &System,
) {
    let mut criteria = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        if entry.base.is_some() {
            problems.rule(at.name("use"), "a system's criterion cannot use another", None);
        }
        add(problems, at, entry, system, &mut criteria);
    }
}

fn add(
    problems: &mut Problems,
    at: At<'_>,
    entry: &CriterionEntry,
    system: &System,
    criteria: &mut Vec<Criterion>,
) {
    let Some(criterion) = criterion(problems, at, entry, system) else { return };
    if criteria.iter().any(|other| other.id == criterion.id) {
        let at = if entry.base.is_some() { at.key("use") } else { at.key("id") };
        problems.twice(at, &criterion.id);
    }
    criteria.push(criterion);
}

/// A criterion of the system with what the scenario says instead.
fn laid_over(entry: &CriterionEntry, base: &CriterionEntry) -> CriterionEntry {
    let entry = entry.clone();
    let of = |own: Option<String>, base: &Option<String>| own.or_else(|| base.clone());
    // A new comparison is not with the baseline because the old one was.
    let times = if entry.value.is_some() { entry.times } else { entry.times.or(base.times) };
    // An expectation replaces the other kinds of it.
    let expects =
        [&entry.expect, &entry.expect_contains, &entry.expect_matches].iter().any(|e| e.is_some());
    let expected = |own: Option<String>, base: &Option<String>| {
        if expects { own } else { own.or_else(|| base.clone()) }
    };
    CriterionEntry {
        base: entry.base,
        id: of(entry.id, &base.id),
        kind: entry.kind.or(base.kind),
        title: of(entry.title, &base.title),
        query: of(entry.query, &base.query),
        op: entry.op.or(base.op),
        value: entry.value.or(base.value),
        times,
        unit: entry.unit.or(base.unit),
        hold: of(entry.hold, &base.hold),
        hidden: entry.hidden.or(base.hidden),
        fail: of(entry.fail, &base.fail),
        run: of(entry.run, &base.run),
        on: of(entry.on, &base.on),
        account: of(entry.account, &base.account),
        expect: expected(entry.expect, &base.expect),
        expect_contains: expected(entry.expect_contains, &base.expect_contains),
        expect_matches: expected(entry.expect_matches, &base.expect_matches),
        timeout: of(entry.timeout, &base.timeout),
    }
}

fn criterion(
    problems: &mut Problems,
    at: At<'_>,
    entry: &CriterionEntry,
    system: &System,
) -> Option<Criterion> {
    let mut missing = Vec::new();
    let mut need = |key, given: bool| {
        if !given {
            missing.push(key);
        }
    };
    need("id", entry.id.is_some());
    need("kind", entry.kind.is_some());
    need("title", entry.title.is_some());
    if entry.query.is_some() && entry.run.is_none() {
        need("op", entry.op.is_some());
        need("value", entry.value.is_some());
    }
    if let Some(first) = missing.first() {
        let help = Some(format!("add \"{first}: …\""));
        let (word, keys) = (if missing.len() == 1 { "key" } else { "keys" }, missing.iter());
        let keys: Vec<_> = keys.map(|key| quote(key)).collect();
        problems.rule(at, format!("missing {word} {}", keys.join(", ")), help);
    }
    if let Some(id) = &entry.id {
        problems.value(at.key("id"), id, quantity::id);
    }
    let title = entry.title.clone().unwrap_or_default();
    if entry.title.is_some() {
        problems.one_line(at.key("title"), "\"title\"", &title);
    }
    let judged = judged(problems, at, entry, system);
    let hold =
        problems.optional(at.key("hold"), entry.hold.as_ref(), |text| span_or_none(text, MAX_HOLD));
    let usual =
        if matches!(judged, Some(Judged::Command { .. })) { Duration::ZERO } else { DEFAULT_HOLD };
    Some(Criterion {
        id: entry.id.clone()?,
        title,
        kind: entry.kind.unwrap_or(CriterionKind::Guard),
        judged: judged?,
        unit: entry.unit.unwrap_or(Unit::Number),
        hold: hold.unwrap_or(usual),
        hidden: entry.hidden.unwrap_or(false),
        fail: entry.fail.clone(),
    })
}

fn judged(
    problems: &mut Problems,
    at: At<'_>,
    entry: &CriterionEntry,
    system: &System,
) -> Option<Judged> {
    let either = [("query", entry.query.is_some()), ("run", entry.run.is_some())];
    super::exactly_one(problems, at, "a criterion", &either)?;
    if let Some(query) = &entry.query {
        let of_commands = [
            ("on", entry.on.is_some()),
            ("as", entry.account.is_some()),
            ("expect", entry.expect.is_some()),
            ("expect_contains", entry.expect_contains.is_some()),
            ("expect_matches", entry.expect_matches.is_some()),
            ("timeout", entry.timeout.is_some()),
        ];
        belongs(problems, at, &of_commands, "run");
        let written = (query.as_str(), entry.op?, entry.value?, entry.times);
        return Some(Judged::Metric(comparison(problems, at, written, system)));
    }
    let of_queries = [
        ("op", entry.op.is_some()),
        ("value", entry.value.is_some()),
        ("times", entry.times.is_some()),
        ("unit", entry.unit.is_some()),
    ];
    belongs(problems, at, &of_queries, "query");
    let run = entry.run.clone()?;
    problems.not_empty(at.key("run"), "\"run\"", &run);
    if let Some(on) = &entry.on {
        system.machine(problems, at.key("on"), on);
    }
    let written = [&entry.expect, &entry.expect_contains, &entry.expect_matches];
    let written = written.map(Option::as_ref);
    let check = Check {
        expect: problems.expect(at, "expect_matches", written, &Values::default()),
        user: problems.account(at.key("as"), entry.account.as_ref()),
        timeout: problems.timeout(at.key("timeout"), entry.timeout.as_ref()),
        fail: entry.fail.clone(),
        ..Check::new(entry.title.clone().unwrap_or_default(), run)
    };
    Some(Judged::Command { on: entry.on.clone(), check })
}
