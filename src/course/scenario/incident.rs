//! From a scenario's manifest to an [`Item`].

use std::sync::Arc;
use std::time::Duration;

use super::condition::{condition, criteria, symptom};
use super::evidence::evidence;
use super::manifest::{
    DebriefEntry, DiagnosisEntry, HintEntry, InjectEntry, ReplayEntry, ScenarioManifest,
    SolutionEntry, WrongFixEntry,
};
use super::model::{
    Answer, Criterion, CriterionKind, Debrief, Diagnosis, Hint, Injection, Outage, Replay,
    Scenario, Solution, Symptom, System, WrongFix,
};
use super::parts::{Parts, Uses};
use super::timeline::timeline;
use super::{at_most, span};
use crate::course::model::{Body, Item};
use crate::course::quantity;
use crate::course::rules::{did_you_mean, listed};
use crate::course::source::Resource;
use crate::course::yaml::{At, Problems, quote};

/// What an exercise takes too.
const DEFAULT_TIME: Duration = Duration::from_mins(15);

/// A short incident's.
const DEFAULT_LIMIT: Duration = Duration::from_mins(20);

/// The longest incident that somebody sits through.
const MAX_LIMIT: Duration = Duration::from_hours(4);

/// More at once is no incident any more.
const MAX_FAULTS: usize = 8;

/// Each is waited for in vain before the next.
const MAX_STRONGER: usize = 8;

/// How long a trigger may last that comes again.
const MAX_REPLAY: Duration = Duration::from_mins(5);

/// Two windows and some.
const DEFAULT_RECOVERY: Duration = Duration::from_mins(1);

/// The learner waits for it.
const MAX_RECOVERY: Duration = Duration::from_mins(10);

/// The item that a manifest describes, if its system can be used; `at` is the manifest's root.
pub(crate) fn item(
    manifest: ScenarioManifest,
    file: &Resource,
    parts: &Parts,
    at: At<'_>,
    problems: &mut Problems,
) -> Option<Item> {
    problems.value(at.key("id"), &manifest.id, quantity::id);
    problems.value(at.key("module"), &manifest.module, quantity::id);
    problems.one_line(at.key("title"), "\"title\"", &manifest.title);
    let time = manifest.estimated_time.as_ref();
    let time = problems.optional(at.key("estimated_time"), time, quantity::duration);
    for (i, skill) in manifest.skills.iter().enumerate() {
        problems.one_line(at.key("skills").item(i), "a skill", skill);
    }
    let scenario = scenario(&manifest, parts, at, problems)?;
    Some(Item {
        order: manifest.order,
        estimated_time: time.unwrap_or(DEFAULT_TIME),
        difficulty: manifest.difficulty,
        lesson: None,
        body: Body::Scenario(Arc::new(scenario)),
        manifest: file.clone(),
        id: manifest.id,
        module: manifest.module,
        title: manifest.title,
        description: manifest.description,
        objectives: manifest.objectives,
        takeaways: manifest.takeaways,
        prerequisites: manifest.prerequisites,
    })
}

fn scenario(
    manifest: &ScenarioManifest,
    parts: &Parts,
    at: At<'_>,
    problems: &mut Problems,
) -> Option<Scenario> {
    let mut uses = Uses::new(parts);
    let part = uses.system(problems, at.key("system"), &manifest.system);
    let load = uses.load(problems, at.key("load"), &manifest.load);
    let limit = problems.optional(at.key("time_limit"), manifest.time_limit.as_ref(), |text| {
        match span(text, MAX_LIMIT)? {
            limit if limit < Duration::from_mins(1) => Err("is too short: 1m at least".to_owned()),
            limit => Ok(limit),
        }
    });
    let time_limit = limit.unwrap_or(DEFAULT_LIMIT);
    problems.not_empty(at.key("briefing"), "\"briefing\"", &manifest.briefing);
    // Nearly everything else speaks of the system.
    let part = part?;
    let system = &*part.system;

    let inject = injections(&mut uses, problems, at.key("inject"), &manifest.inject, system);
    let symptom = symptom_of(problems, at, manifest, system);
    let place = at.key("timeline");
    let timeline = timeline(&mut uses, problems, place, &manifest.timeline, (system, time_limit));
    let criteria =
        criteria(problems, at.key("criteria"), &manifest.criteria, system, &part.criteria);
    rules_of_criteria(manifest, &criteria, at, problems);
    let replay = manifest.replay.as_ref();
    let replay =
        replay.and_then(|entry| replay_of(&mut uses, problems, at.key("replay"), entry, system));
    Some(Scenario {
        time_limit,
        inject,
        symptom,
        timeline,
        hints: hints(problems, at.key("hints"), &manifest.hints, system),
        diagnosis: diagnosis(problems, at.key("diagnosis"), &manifest.diagnosis, system),
        replay,
        solutions: solutions(problems, at.key("solutions"), &manifest.solutions, system),
        decoys: decoys(problems, at.key("decoys"), &manifest.decoys, &manifest.criteria, &criteria),
        criteria,
        evidence: evidence(problems, at.key("evidence"), &manifest.evidence, system),
        debrief: debrief(problems, at.key("debrief"), &manifest.debrief),
        briefing: manifest.briefing.clone(),
        skills: manifest.skills.clone(),
        load: load?,
        files: uses.into_files(),
        system: part.system.clone(),
    })
}

fn symptom_of(
    problems: &mut Problems,
    at: At<'_>,
    manifest: &ScenarioManifest,
    system: &System,
) -> Option<Symptom> {
    let false_alarm = manifest.inject.is_empty();
    let Some(entry) = &manifest.symptom else {
        if !false_alarm {
            let help = "add what shows that the faults did something".to_owned();
            problems.rule(at, "missing key \"symptom\"", Some(help));
        }
        return None;
    };
    if false_alarm {
        let help = "a false alarm has neither".to_owned();
        let message = "there is a \"symptom\", but \"inject\" has no faults";
        problems.rule(at.name("symptom"), message, Some(help));
    }
    Some(symptom(problems, at.key("symptom"), entry, system))
}

fn injections(
    uses: &mut Uses<'_>,
    problems: &mut Problems,
    at: At<'_>,
    entries: &[InjectEntry],
    system: &System,
) -> Vec<Injection> {
    let mut injections = Vec::new();
    let entries = at_most(problems, at, "faults", entries, MAX_FAULTS);
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        let found = uses.fault(problems, at, &entry.fault, &entry.with, system);
        let Some((fault, mut injection)) = found else { continue };
        let stronger = at.key("stronger");
        let more = at_most(problems, stronger, "stronger forms", &entry.stronger, MAX_STRONGER);
        for (i, more) in more.iter().enumerate() {
            let place = stronger.item(i);
            let mut with = entry.with.clone();
            with.extend(more.clone());
            if !fault.judge(&entry.fault, more, place, system, problems) {
                continue;
            }
            let Some(args) = fault.complete(&entry.fault, &with, place, problems) else {
                continue;
            };
            match fault.steps(&entry.fault, &args, system) {
                Ok(steps) => injection.stronger.push(steps),
                Err((message, help)) => problems.rule(place, message, help),
            }
        }
        injections.push(injection);
    }
    injections
}

fn rules_of_criteria(
    manifest: &ScenarioManifest,
    criteria: &[Criterion],
    at: At<'_>,
    problems: &mut Problems,
) {
    // Those that could not be read may have been it.
    let all = criteria.len() == manifest.criteria.len();
    if all && !criteria.iter().any(|criterion| criterion.kind == CriterionKind::Slo) {
        let help = "add what the users must get, of \"kind: slo\"".to_owned();
        problems.rule(at.key("criteria"), "none of the criteria is of the kind slo", Some(help));
    }
    if manifest.replay.is_none() {
        for (i, entry) in manifest.criteria.iter().enumerate() {
            if entry.kind == Some(CriterionKind::Replay) {
                let message = "nothing is replayed here: there is no \"replay\"";
                problems.rule(at.key("criteria").item(i).key("kind"), message, None);
            }
        }
    }
}

fn hints(problems: &mut Problems, at: At<'_>, entries: &[HintEntry], system: &System) -> Vec<Hint> {
    if entries.is_empty() {
        problems.rule(at, "\"hints\" has no hints", None);
    }
    let mut hints = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        hints.push(match entry {
            HintEntry::Text(text) => {
                problems.not_empty(at, "a hint", text);
                let text = text.clone();
                Hint { text, after: None, after_wrong_fixes: None, unless: Vec::new() }
            }
            HintEntry::Triggered(hint) => {
                problems.not_empty(at.key("text"), "\"text\"", &hint.text);
                let after = hint.trigger_after.as_ref();
                Hint {
                    text: hint.text.clone(),
                    after: problems.optional(at.key("trigger_after"), after, quantity::duration),
                    after_wrong_fixes: hint.after_wrong_fixes,
                    unless: evidence(problems, at.key("unless"), &hint.unless, system),
                }
            }
        });
    }
    hints
}

fn diagnosis(
    problems: &mut Problems,
    at: At<'_>,
    entry: &DiagnosisEntry,
    system: &System,
) -> Diagnosis {
    let mut word = |key: &str, list: &str, word: &String, answers: &[Answer]| {
        let ids = || answers.iter().map(|answer| answer.id.as_str());
        if !ids().any(|id| id == word) {
            let help =
                did_you_mean(word, ids()).unwrap_or_else(|| format!("they are {}", listed(ids())));
            let message = format!("{} is none of the system's {list}", quote(word));
            problems.rule(at.key(key), message, Some(help));
        }
        word.clone()
    };
    let diagnosis = Diagnosis {
        component: word("component", "components", &entry.component, &system.components),
        mechanism: word("mechanism", "mechanisms", &entry.mechanism, &system.mechanisms),
        trigger: word("trigger", "triggers", &entry.trigger, &system.triggers),
        explain: entry.explain.clone(),
    };
    problems.not_empty(at.key("explain"), "\"explain\"", &entry.explain);
    diagnosis
}

fn replay_of(
    uses: &mut Uses<'_>,
    problems: &mut Problems,
    at: At<'_>,
    entry: &ReplayEntry,
    system: &System,
) -> Option<Replay> {
    let lasts = problems.value(at.key("for"), &entry.lasts, |text| span(text, MAX_REPLAY));
    let recovery = entry.recover_within.as_ref();
    let recovery =
        problems.optional(at.key("recover_within"), recovery, |text| span(text, MAX_RECOVERY));
    let (_, injection) = uses.fault(problems, at, &entry.fault, &entry.with, system)?;
    Some(Replay { injection, lasts: lasts?, recover_within: recovery.unwrap_or(DEFAULT_RECOVERY) })
}

fn solutions(
    problems: &mut Problems,
    at: At<'_>,
    entries: &[SolutionEntry],
    system: &System,
) -> Vec<Solution> {
    if entries.len() < 2 {
        let help = "what can be repaired in one way only is a riddle".to_owned();
        problems.rule(at, "a scenario has two solutions at least", Some(help));
    }
    let mut solutions: Vec<Solution> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        problems.one_line(at.key("name"), "\"name\"", &entry.name);
        if solutions.iter().any(|solution| solution.name == entry.name) {
            problems.twice(at.key("name"), &entry.name);
        }
        problems.not_empty(at.key("run"), "\"run\"", &entry.run);
        let known_by = entry.known_by.as_ref();
        solutions.push(Solution {
            name: entry.name.clone(),
            quality: entry.quality,
            run: entry.run.clone(),
            known_by: known_by.map(|known| condition(problems, at.key("known_by"), known, system)),
        });
    }
    // In the order written where they are alike.
    solutions.sort_by_key(|solution| solution.quality);
    solutions
}

fn decoys(
    problems: &mut Problems,
    at: At<'_>,
    entries: &[WrongFixEntry],
    written: &[super::manifest::CriterionEntry],
    criteria: &[Criterion],
) -> Vec<WrongFix> {
    if entries.len() < 2 {
        let help = "add wrong fixes that people try, which must not pass".to_owned();
        problems.rule(at, "a scenario has two decoys at least", Some(help));
    }
    let mut decoys: Vec<WrongFix> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        problems.one_line(at.key("name"), "\"name\"", &entry.name);
        if decoys.iter().any(|decoy| decoy.name == entry.name) {
            problems.twice(at.key("name"), &entry.name);
        }
        problems.not_empty(at.key("run"), "\"run\"", &entry.run);
        for (j, id) in entry.fails.iter().enumerate() {
            let ids = || criteria.iter().map(|criterion| criterion.id.as_str());
            // One that has errors of its own is there all the same.
            let meant =
                written.iter().any(|entry| entry.id.as_ref().or(entry.base.as_ref()) == Some(id));
            if !meant && !ids().any(|other| other == id) {
                let message = format!("there is no criterion {}", quote(id));
                let help = did_you_mean(id, ids());
                problems.rule(at.key("fails").item(j), message, help);
            }
        }
        decoys.push(WrongFix {
            name: entry.name.clone(),
            run: entry.run.clone(),
            fails: entry.fails.clone(),
            why: entry.why.clone(),
        });
    }
    decoys
}

fn debrief(problems: &mut Problems, at: At<'_>, entry: &DebriefEntry) -> Debrief {
    problems.not_empty(at.key("happened"), "\"happened\"", &entry.happened);
    let outage = entry.outage.as_ref().map(|outage| {
        let at = at.key("outage");
        problems.one_line(at.key("title"), "\"title\"", &outage.title);
        problems.not_empty(at.key("text"), "\"text\"", &outage.text);
        Outage {
            title: outage.title.clone(),
            text: outage.text.clone(),
            source: outage.source.clone(),
        }
    });
    Debrief { happened: entry.happened.clone(), next_time: entry.next_time.clone(), outage }
}
