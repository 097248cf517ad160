//! What happens by itself while an incident is live: the scenario's actions, and hints.

use super::{Deed, Hinted, Life, Mode, Readings, judge};
use crate::course::scenario::{
    Answer, Condition, Event, Evidence, Injection, Judged, Level, Scenario, Step, When,
};
use crate::incident::picture::{FeedKind, Guess};

/// How long one hint stands before the next comes by itself, in seconds: it should have been read.
const DWELL: f64 = 20.0;

impl Life {
    /// Does every action whose time has come.
    pub(super) fn run_timeline(&mut self, scenario: &Scenario, readings: &Readings) {
        for (index, action) in scenario.timeline.iter().enumerate() {
            if self.actions.get(index).is_none_or(Option::is_some) || self.is_over() {
                continue;
            }
            let due = match &action.when {
                When::At(at) => self.elapsed >= at.as_secs_f64(),
                When::After(wait) => {
                    let before = index.checked_sub(1).and_then(|i| self.actions.get(i).copied());
                    // The first of all counts from the beginning.
                    let since = before.unwrap_or(Some(0.0));
                    since.is_some_and(|since| self.elapsed >= since + wait.as_secs_f64())
                }
                When::Condition(condition) => judge(condition, readings, &self.baseline).met,
            };
            if due {
                self.act(scenario, index, &action.what);
            }
        }
    }

    fn act(&mut self, scenario: &Scenario, index: usize, what: &Event) {
        if let Some(done) = self.actions.get_mut(index) {
            *done = Some(self.elapsed);
        }
        match what {
            // Who is served again does not complain that it is not so.
            Event::Notify { level: Level::Warning | Level::Critical, .. }
                if self.well_since.is_some() && !scenario.inject.is_empty() => {}
            Event::Notify { text, level, from } => {
                self.say(FeedKind::Stakeholder, *level, from, text.clone());
            }
            Event::Load(load) => {
                self.mark(format!("load {}", load.id), false);
                self.deeds.push(Deed::Act(index));
            }
            Event::Push { .. } | Event::Inject(_) => self.deeds.push(Deed::Act(index)),
            Event::State(word) => self.word = Some(word.clone()),
            Event::End => self.escalate(scenario, "The incident is over"),
        }
    }

    /// Gives the hints whose time has come.
    pub(super) fn offer_hints(&mut self, scenario: &Scenario) {
        match self.mode {
            Mode::Hard => return,
            Mode::Guided => return self.explain(scenario),
            Mode::Normal => {}
        }
        if self.elapsed - self.last_hint() < DWELL {
            return;
        }
        // It is repaired: what is left is to wait, and to say what it was.
        if !scenario.inject.is_empty() && self.all_met(scenario, false) {
            return;
        }
        let Some(next) = self.next_hint() else { return };
        let Some(hint) = scenario.hints.get(next) else { return };
        let seen = hint.unless.iter().any(|what| self.has_seen(what));
        let in_time = hint.after.is_some_and(|after| self.elapsed >= after.as_secs_f64()) && !seen;
        let tried = hint.after_wrong_fixes.is_some_and(|count| self.wrong_fixes >= count);
        if in_time || tried {
            // There is one more, as was just seen.
            let _ = self.give_hint(scenario, false);
        } else if seen && hint.after_wrong_fixes.is_none() {
            // Who has seen it already does not need to be told; the next may come.
            let later = scenario.hints.get(next + 1).and_then(|hint| hint.after);
            if later.is_some_and(|after| self.elapsed >= after.as_secs_f64())
                && let Some(hinted) = self.hints.get_mut(next)
            {
                *hinted = Hinted::Needless;
            }
        }
    }

    fn has_seen(&self, what: &Evidence) -> bool {
        self.seen.iter().any(|seen| seen.what == *what)
    }

    pub(super) fn give_hint(&mut self, scenario: &Scenario, asked: bool) -> Result<(), String> {
        let next = self.next_hint();
        let hint = next.and_then(|next| Some((next, scenario.hints.get(next)?)));
        let Some((next, hint)) = hint else {
            return Err("There are no more hints".to_owned());
        };
        if let Some(hinted) = self.hints.get_mut(next) {
            *hinted = Hinted::At(self.elapsed);
        }
        let level = if asked { Level::Info } else { Level::Warning };
        self.say(FeedKind::Hint, level, "", hint.text.clone());
        Ok(())
    }

    /// A guided replay: every hint, then the best way, one after the other.
    fn explain(&mut self, scenario: &Scenario) {
        if self.elapsed - self.last_hint() < DWELL / 2.0 {
            return;
        }
        if self.give_hint(scenario, false).is_err() && self.word.as_deref() != Some("guided") {
            self.word = Some("guided".to_owned());
            let words = guide(scenario);
            self.say(FeedKind::Hint, Level::Warning, "", words);
        }
    }

    /// When the last hint was given, in the incident's own time.
    fn last_hint(&self) -> f64 {
        let at = self.hints.iter().filter_map(|hint| match hint {
            Hinted::At(at) => Some(*at),
            Hinted::Not | Hinted::Needless => None,
        });
        at.fold(-DWELL, f64::max)
    }

    fn next_hint(&self) -> Option<usize> {
        self.hints.iter().position(|hint| *hint == Hinted::Not)
    }
}

/// What it is, and the best way to repair it.
fn guide(scenario: &Scenario) -> String {
    let what = super::answer(scenario).join(" · ");
    let how = scenario.solutions.first().map_or_else(String::new, |solution| {
        format!("\n\n{}, in the shell:\n\n```sh\n{}\n```", solution.name, solution.run.trim())
    });
    format!("It is: {what}. {}{how}", scenario.diagnosis.explain.trim())
}

/// What a deed does to the system: a fault with its arguments, a load, a configuration.
pub fn steps(scenario: &Scenario, deed: Deed) -> Vec<Step> {
    match deed {
        Deed::Inject(0) => scenario.inject.iter().flat_map(|fault| fault.steps.clone()).collect(),
        Deed::Inject(intensity) => {
            let all = scenario.inject.iter();
            all.flat_map(|fault| stronger(fault, intensity).unwrap_or_default()).collect()
        }
        Deed::Act(index) => match scenario.timeline.get(index).map(|action| &action.what) {
            Some(Event::Load(load)) => vec![Step::Push {
                machine: scenario.system.users.clone(),
                config: load.config.clone(),
                by: "scenario".to_owned(),
            }],
            Some(Event::Push { steps, .. }) => steps.clone(),
            Some(Event::Inject(fault)) => fault.steps.clone(),
            _ => Vec::new(),
        },
        Deed::Fire => {
            scenario.replay.as_ref().map(|r| r.injection.steps.clone()).unwrap_or_default()
        }
        Deed::Unfire => {
            scenario.replay.as_ref().map(|r| r.injection.undo.clone()).unwrap_or_default()
        }
        Deed::Hold | Deed::Release | Deed::Remove | Deed::Remake => Vec::new(),
    }
}

fn stronger(fault: &Injection, intensity: usize) -> Option<Vec<Step>> {
    fault.stronger.get(intensity - 1).cloned()
}

/// How often the faults can be made stronger.
pub(super) fn strongest(scenario: &Scenario) -> usize {
    scenario.inject.iter().map(|fault| fault.stronger.len()).max().unwrap_or(0)
}

/// Every condition that an incident's life asks about.
pub fn conditions(scenario: &Scenario) -> impl Iterator<Item = &Condition> {
    let criteria = scenario.criteria.iter().filter_map(|criterion| match &criterion.judged {
        Judged::Metric(condition) => Some(condition),
        Judged::Command { .. } => None,
    });
    let timeline = scenario.timeline.iter().filter_map(|action| match &action.when {
        When::Condition(condition) => Some(condition),
        When::At(_) | When::After(_) => None,
    });
    let symptom = scenario.symptom.iter().map(|symptom| &symptom.condition);
    let repairs = scenario.solutions.iter().filter_map(|solution| solution.known_by.as_ref());
    criteria.chain(timeline).chain(symptom).chain(repairs)
}

/// What a scenario asks about that the learner has looked at with this.
pub(super) fn meant<'a>(
    scenario: &'a Scenario,
    what: &'a Evidence,
) -> impl Iterator<Item = &'a Evidence> {
    let known = scenario.hints.iter().flat_map(|hint| &hint.unless).chain(&scenario.evidence);
    known.filter(move |known| is_part(known, what))
}

/// Whether what the learner looked at is what a scenario asks about: a command or a query that holds
/// the text. A query in the shell is one of `drydock-query`.
fn is_part(known: &Evidence, what: &Evidence) -> bool {
    match (known, what) {
        (Evidence::Query(part), Evidence::Query(query)) => query.contains(part),
        (Evidence::Command(part), Evidence::Command(command)) => command.contains(part),
        (Evidence::Query(part), Evidence::Command(command)) => {
            command.contains("drydock-query") && command.contains(part)
        }
        (known, what) => known == what,
    }
}

/// A diagnosis in words: component, mechanism, trigger.
pub fn words(scenario: &Scenario, guess: &Guess) -> [String; 3] {
    let title = |answers: &[Answer], id: &str| {
        let found = answers.iter().find(|answer| answer.id == id);
        found.map_or_else(|| id.to_owned(), |answer| answer.title.clone())
    };
    let system = &scenario.system;
    [
        title(&system.components, &guess.component),
        title(&system.mechanisms, &guess.mechanism),
        title(&system.triggers, &guess.trigger),
    ]
}

/// Refuses an answer that is not in the lists.
pub(super) fn known(scenario: &Scenario, guess: &Guess) -> Result<(), String> {
    let system = &scenario.system;
    for (what, answers, id) in [
        ("component", &system.components, &guess.component),
        ("mechanism", &system.mechanisms, &guess.mechanism),
        ("trigger", &system.triggers, &guess.trigger),
    ] {
        if !answers.iter().any(|answer| answer.id == *id) {
            let all: Vec<_> = answers.iter().map(|answer| answer.id.as_str()).collect();
            return Err(format!("\"{id}\" is no {what}; there are {}", all.join(", ")));
        }
    }
    Ok(())
}
