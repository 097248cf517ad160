//! The score: what it cost, how fast and how well it was done. Bars beside each other, because no one
//! number would say what to do better.

use super::{Life, timeline};
use crate::course::scenario::{Evidence, Quality, Scenario};
use crate::incident::picture::{Bar, Outcome, Score};
use crate::incident::words::clock;

/// What each needless change of a part that is not at fault costs, and each broken guard.
const COLLATERAL: f64 = 0.25;

/// What a repair is worth that leaves the cause where it is, and hurts nobody.
const CONTAINED: f64 = 0.75;

/// And one that only begins anew.
const RESTARTED: f64 = 0.5;

/// The score of an incident that has just ended.
pub(super) fn score(scenario: &Scenario, life: &Life) -> Score {
    let limit = scenario.time_limit.as_secs_f64().max(1.0);
    Score {
        bars: vec![
            impact(life),
            detected(scenario, life, limit),
            repaired(life, limit),
            diagnosis(scenario, life),
            quality(scenario, life),
            collateral(scenario, life),
        ],
    }
}

fn bar(title: &str, share: f64, words: String) -> Bar {
    Bar { title: title.to_owned(), share: share.clamp(0.0, 1.0), words }
}

fn impact(life: &Life) -> Bar {
    let (failed, all) = (life.users.failed, life.users.requests);
    let share = if all > 0.0 { 1.0 - failed / all } else { 1.0 };
    bar("User requests served", share, format!("{failed:.0} of {all:.0} failed"))
}

/// When the learner first looked at what shows it, or else said which part it is.
fn detected(scenario: &Scenario, life: &Life, limit: f64) -> Bar {
    let right = &scenario.diagnosis.component;
    let telling = |what: &Evidence| {
        scenario.evidence.contains(what)
            || matches!(what, Evidence::Config(machine) | Evidence::Logs(machine) if machine == right)
    };
    let seen = life.seen.iter().find(|seen| telling(&seen.what)).map(|seen| seen.at);
    let said = life.diagnosis.as_ref().filter(|(guess, _)| guess.component == *right);
    let at = [seen, said.map(|(_, at)| *at)].into_iter().flatten().min_by(f64::total_cmp);
    match at {
        Some(at) => bar("Time to detect", 1.0 - at / limit, clock(at)),
        None => bar("Time to detect", 0.0, "not found".to_owned()),
    }
}

fn repaired(life: &Life, limit: f64) -> Bar {
    match life.well_since {
        Some(at) => bar("Time to repair", 1.0 - at / limit, clock(at)),
        None => bar("Time to repair", 0.0, "not repaired".to_owned()),
    }
}

fn diagnosis(scenario: &Scenario, life: &Life) -> Bar {
    let right = &scenario.diagnosis;
    let Some((guess, _)) = &life.diagnosis else {
        return bar("Diagnosis", 0.0, "not given".to_owned());
    };
    let answers = [
        ("component", guess.component == right.component),
        ("mechanism", guess.mechanism == right.mechanism),
        ("trigger", guess.trigger == right.trigger),
    ];
    let count = answers.iter().filter(|(_, right)| *right).count();
    let wrong: Vec<_> = answers.iter().filter(|(_, right)| !right).map(|(what, _)| *what).collect();
    let words = match (count, wrong.as_slice()) {
        (3, _) => "all of it".to_owned(),
        (0, _) => "none of it".to_owned(),
        (_, wrong) => format!("wrong: {}", wrong.join(", ")),
    };
    bar("Diagnosis", count as f64 / 3.0, words)
}

/// How lasting the repair is, and at how many tries. One that no scenario thought of is worth as much as
/// one that contains the cause: nobody knows better.
fn quality(scenario: &Scenario, life: &Life) -> Bar {
    let title = "Quality of the repair";
    if life.phase != super::Phase::Over(Outcome::Resolved) {
        return bar(title, 0.0, "no repair".to_owned());
    }
    let known = scenario.solutions.iter().any(|solution| solution.known_by.is_some());
    let (share, what) = match life.repaired_by(scenario).map(|solution| solution.quality) {
        Some(Quality::Root) => (1.0, "the cause is gone"),
        Some(Quality::Mitigation) => (CONTAINED, "the cause is contained"),
        Some(Quality::Restart) => (RESTARTED, "it works until it happens again"),
        None if known => (CONTAINED, "a way of your own"),
        None => (1.0, "everything holds"),
    };
    let tries = match life.wrong_fixes {
        0 => "at the first try".to_owned(),
        1 => "after one try that did not help".to_owned(),
        tries => format!("after {tries} tries that did not help"),
    };
    let share = share / (1.0 + f64::from(life.wrong_fixes) * 0.25);
    bar(title, share, format!("{what}, {tries}"))
}

fn collateral(scenario: &Scenario, life: &Life) -> Bar {
    let right = &scenario.diagnosis.component;
    let needless = life.changes.iter().filter(|c| c.learner && c.machine != *right).count();
    let guards: Vec<_> = life.broken_guards.iter().map(String::as_str).collect();
    let share = 1.0 - COLLATERAL * (needless + guards.len()) as f64;
    let words = match (needless, guards.is_empty()) {
        (0, true) => "nothing else was touched".to_owned(),
        (n, true) => format!("{n} changes of parts that are not at fault"),
        (0, false) => format!("not intact at some time: {}", guards.join(", ")),
        (n, false) => format!("{n} needless changes; not intact: {}", guards.join(", ")),
    };
    bar("Collateral", share, words)
}

/// The right diagnosis in words, for the debrief.
pub fn answer(scenario: &Scenario) -> [String; 3] {
    let right = &scenario.diagnosis;
    let guess = crate::incident::picture::Guess {
        component: right.component.clone(),
        mechanism: right.mechanism.clone(),
        trigger: right.trigger.clone(),
    };
    timeline::words(scenario, &guess)
}
