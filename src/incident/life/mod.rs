//! An incident's life, as a pure value: what has happened, and what is to be done next.
//!
//! [`Life::advance`] takes what was measured at a moment, [`Life::order`] what the learner asks, and
//! [`Life::done`] what came of something that was to be done; [`Life::due`] says what that is. There
//! is no clock, engine or store inside, so a life that was written down goes on from there, and the
//! time in which nobody looked is gone through in steps with what Prometheus has kept of it.
//!
//! Invariants: time that is held counts for nothing; nothing is due twice at a time; what is over
//! stays as it is.

mod criteria;
mod orders;
mod reading;
mod score;
#[cfg(test)]
mod tests;
mod timeline;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use criteria::Held;
pub use reading::{CommandReading, Reading, Readings, Version};
pub use score::answer;
pub use timeline::{conditions, steps, words as in_words};

use super::picture::{
    FeedEntry, FeedKind, Guess, Mark, Outcome, Phase as Shown, Picture, Score, Users,
};
use crate::course::scenario::{Criterion, CriterionKind, Evidence, Level, Scenario, Solution};
use reading::judge;

/// How long a system must be healthy before anything is done to it, in seconds.
pub const SETTLE: f64 = 20.0;

/// How long what is normal is measured, in seconds. With windows that look back over [`SETTLE`] it
/// is the mean of half a minute.
pub const BASELINE: f64 = 10.0;

/// How long a learner's change is given to show an effect before it counts as a wrong fix, in seconds.
const PATIENCE: f64 = 45.0;

/// How long a fresh incident waits for the world to become healthy beyond what its system says.
const GRACE: f64 = 60.0;

/// What a clock may be ahead of the time that went by before it is taken to have been set, in seconds.
const JUMP: f64 = 0.5;

/// Who changes a configuration if nobody else says so.
pub const LEARNER: &str = "learner";

/// How much is kept of what was said and done: more than any incident has.
const MOST: usize = 2_000;

/// How it is practised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// With hints.
    #[default]
    Normal,
    /// Without.
    Hard,
    /// With every step explained, and no time gate.
    Guided,
}

/// Where it is in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// Its machines are being made and started; since when.
    Starting {
        /// Unix seconds.
        since: f64,
    },
    /// They run; since when, and how long they have been healthy.
    Settling {
        /// Unix seconds.
        since: f64,
        /// Seconds.
        held: f64,
    },
    /// What is normal is measured; since when.
    Baseline {
        /// Unix seconds.
        since: f64,
    },
    /// The faults are injected; how often they were made stronger, and since when the symptom is
    /// waited for (`None`: it is being injected).
    Injecting {
        /// 0 for the first try.
        intensity: usize,
        /// Unix seconds.
        waiting_since: Option<f64>,
    },
    /// The learner's turn.
    Live,
    /// The trigger is fired again.
    Replaying(Replaying),
    /// It is over.
    Over(Outcome),
}

/// How far a replay is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Replaying {
    /// The trigger is being fired.
    Firing,
    /// It lasts, until then (Unix seconds).
    Lasting(f64),
    /// It is being ended.
    Ending,
    /// Everything must be well by then (Unix seconds).
    Recovering(f64),
}

/// Something that is to be done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Deed {
    /// Inject all faults; 0, or how often they were made stronger.
    Inject(usize),
    /// Carry out an action of the timeline.
    Act(usize),
    /// Fire the trigger again.
    Fire,
    /// End that.
    Unfire,
    /// Hold everything.
    Hold,
    /// Let it go on.
    Release,
    /// Remove the machines: it is over, and the debrief was read.
    Remove,
    /// Remove them and make them anew.
    Remake,
}

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Hinted {
    /// It was not given yet.
    Not,
    /// It was given then, in the incident's own time.
    At(f64),
    /// What it would tell was seen without it.
    Needless,
}

/// Something that was seen, and when in the incident's own time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Seconds since it went live.
    pub at: f64,
    /// What.
    pub what: Evidence,
}

/// A change of a machine's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// In the incident's own time.
    pub at: f64,
    /// The machine.
    pub machine: String,
    /// Whether the learner did it.
    pub learner: bool,
    /// Whether it was found to change nothing for the better; `None` while that is not clear.
    pub wrong: Option<bool>,
}

/// The whole life of an incident so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// How it is practised.
    pub mode: Mode,
    /// What the users' wishes follow from: the same seed, the same requests in the same order.
    pub seed: u32,
    /// Where it is.
    pub phase: Phase,
    /// What is being done while it starts.
    pub step: Option<String>,
    /// The moment up to which it is known, Unix seconds.
    pub now: f64,
    /// The incident's own time, in seconds.
    pub elapsed: f64,
    /// Whether it is held.
    pub paused: bool,
    /// Until when the windows fill up again after a pause, Unix seconds.
    pub settles_until: f64,
    /// When the injection began, Unix seconds.
    pub injected_at: Option<f64>,
    /// When it went live, Unix seconds.
    pub live_at: Option<f64>,
    /// When it was over, Unix seconds.
    pub over_at: Option<f64>,
    /// Whether its machines are gone.
    pub removed: bool,
    /// What is normal here: each query's mean.
    pub baseline: BTreeMap<String, f64>,
    /// What each machine was configured to before the injection.
    pub normal: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// The sums and counts that it is made of.
    gathered: BTreeMap<String, (f64, u32)>,
    /// How each criterion stands.
    pub criteria: Vec<Held>,
    /// Since when all slo criteria hold, in its own time.
    pub well_since: Option<f64>,
    /// Which of the scenario's solutions the system looks repaired by.
    #[serde(default)]
    pub repair: Option<usize>,
    /// Guards that were broken while it was live.
    pub broken_guards: Vec<String>,
    /// What the users got.
    pub users: Users,
    /// The counters as they were last read, to add up what they grow.
    counters: Option<(f64, f64)>,
    /// Everything that was said.
    pub feed: Vec<FeedEntry>,
    /// What was done and when.
    pub marks: Vec<Mark>,
    /// The scenario's own word for its state.
    pub word: Option<String>,
    /// For each action of the timeline, when it was done, in its own time.
    pub actions: Vec<Option<f64>>,
    /// What became of each hint.
    pub hints: Vec<Hinted>,
    /// What was seen.
    pub seen: Vec<Seen>,
    /// How many of the learner's commands were looked at.
    pub commands: u32,
    /// What was changed.
    pub changes: Vec<Change>,
    /// Configuration versions, as last read.
    pub versions: BTreeMap<String, f64>,
    /// How often something was tried that did not help.
    pub wrong_fixes: u32,
    /// The diagnosis, and when it was given, in its own time.
    pub diagnosis: Option<(Guess, f64)>,
    /// What cannot be seen.
    pub trouble: Vec<String>,
    /// Machines that the scenario itself holds where they are.
    pub still: Vec<String>,
    /// What is being done, or to be done.
    pub deeds: Vec<Deed>,
    /// The last order that was carried out.
    pub handled: i64,
    /// Why it was not, if so.
    pub refused: Option<String>,
    /// The score, once it is over.
    pub score: Option<Score>,
}

impl Life {
    /// A life that begins now: with the making of its machines, which is due.
    pub fn new(scenario: &Scenario, mode: Mode, seed: u32, now: f64) -> Self {
        Self {
            mode,
            seed,
            phase: Phase::Starting { since: now },
            step: None,
            now,
            elapsed: 0.0,
            paused: false,
            settles_until: 0.0,
            injected_at: None,
            live_at: None,
            over_at: None,
            removed: false,
            baseline: BTreeMap::new(),
            normal: BTreeMap::new(),
            gathered: BTreeMap::new(),
            criteria: vec![Held::default(); scenario.criteria.len()],
            well_since: None,
            repair: None,
            broken_guards: Vec::new(),
            users: Users::default(),
            counters: None,
            feed: Vec::new(),
            marks: Vec::new(),
            word: None,
            actions: vec![None; scenario.timeline.len()],
            hints: vec![Hinted::Not; scenario.hints.len()],
            seen: Vec::new(),
            commands: 0,
            changes: Vec::new(),
            versions: BTreeMap::new(),
            wrong_fixes: 0,
            diagnosis: None,
            trouble: Vec::new(),
            still: Vec::new(),
            deeds: vec![Deed::Remake],
            handled: 0,
            refused: None,
            score: None,
        }
    }

    /// What is to be done, in its order. It stays due until [`Life::done`] says what came of it.
    pub fn due(&self) -> &[Deed] {
        &self.deeds
    }

    /// Whether nothing changes any more.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// Whether the learner's time runs.
    fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live | Phase::Replaying(_))
    }

    /// The machines run and can be asked.
    pub fn started(&mut self, now: f64) {
        if matches!(self.phase, Phase::Starting { .. }) {
            self.phase = Phase::Settling { since: now, held: 0.0 };
            self.step = None;
            self.now = now;
        }
    }

    /// The lab failed, not the learner.
    pub fn fail(&mut self, why: impl Into<String>) {
        let why = why.into();
        self.say(FeedKind::System, Level::Critical, "", format!("The lab failed, not you: {why}"));
        self.phase = Phase::Over(Outcome::LabFailed { why });
        self.over_at = Some(self.now);
        self.deeds.clear();
    }

    /// Goes on to a moment, with what was measured then.
    pub fn advance(&mut self, scenario: &Scenario, now: f64, readings: &Readings) {
        let spent = (now - self.now).max(0.0);
        self.now = now;
        self.trouble.clone_from(&readings.trouble);
        if self.paused || self.is_over() || matches!(self.phase, Phase::Starting { .. }) {
            return;
        }
        if self.is_live() {
            self.elapsed += spent;
        }
        self.look(scenario, readings, spent);
        match self.phase.clone() {
            Phase::Starting { .. } | Phase::Over(_) => {}
            Phase::Settling { since, held } => self.settle(scenario, readings, since, held, spent),
            Phase::Baseline { since } => self.measure(scenario, readings, since),
            Phase::Injecting { intensity, waiting_since } => {
                self.verify(scenario, readings, intensity, waiting_since);
            }
            Phase::Live => self.live(scenario, readings),
            Phase::Replaying(replaying) => self.replay(scenario, &replaying),
        }
    }

    /// Takes in what was measured, whatever the phase.
    fn look(&mut self, scenario: &Scenario, readings: &Readings, spent: f64) {
        let (live, settling) = (self.is_live(), self.now < self.settles_until);
        let replaying = matches!(self.phase, Phase::Replaying(_));
        let before: Vec<_> = self.criteria.iter().map(|held| held.met).collect();
        for (held, criterion) in self.criteria.iter_mut().zip(&scenario.criteria) {
            let how = (spent, live, settling);
            held.take(criterion, readings, &self.baseline, self.now, how);
        }
        if live {
            for (index, before) in before.into_iter().enumerate() {
                self.turned(scenario, index, before);
            }
        }
        let well = scenario.criteria.iter().zip(&self.criteria).all(|(criterion, held)| {
            criterion.kind != CriterionKind::Slo || held.met == Some(true)
        });
        self.well_since = well.then(|| self.well_since.unwrap_or(self.elapsed));
        self.repair = scenario.solutions.iter().position(|solution| {
            let known_by = solution.known_by.as_ref();
            known_by.is_some_and(|known| judge(known, readings, &self.baseline).met)
        });
        if live && !replaying {
            for (criterion, held) in scenario.criteria.iter().zip(&self.criteria) {
                let broken = criterion.kind == CriterionKind::Guard && held.met == Some(false);
                if broken && !settling && !self.broken_guards.contains(&criterion.id) {
                    self.broken_guards.push(criterion.id.clone());
                }
            }
        }
        self.count_users(scenario, readings);
        self.note_versions(readings);
    }

    /// Says that a criterion turned.
    fn turned(&mut self, scenario: &Scenario, index: usize, before: Option<bool>) {
        let (Some(criterion), Some(held)) =
            (scenario.criteria.get(index), self.criteria.get(index))
        else {
            return;
        };
        let (Some(before), Some(now)) = (before, held.met) else { return };
        if before == now || criterion.kind == CriterionKind::Replay {
            return;
        }
        if criterion.hidden && !now {
            return;
        }
        let (text, level) = if now {
            (format!("{} is met again", criterion.title), Level::Info)
        } else {
            (format!("{} is not met any more", criterion.title), Level::Warning)
        };
        self.say(FeedKind::Metric, level, "", text);
    }

    fn count_users(&mut self, scenario: &Scenario, readings: &Readings) {
        let named = |name: &str| {
            let query = scenario.system.queries.get(name)?;
            readings.number(query).filter(|value| value.is_finite())
        };
        self.users.success = named("ok");
        self.users.p95 = named("p95");
        self.users.rate = named("traffic");
        let (Some(requests), Some(failed)) = (named("requests"), named("failures")) else { return };
        if self.injected_at.is_some()
            && let Some((requests_before, failed_before)) = self.counters
        {
            // A generator that began anew counts from nothing.
            let grown = |now: f64, before: f64| if now < before { now } else { now - before };
            self.users.requests += grown(requests, requests_before);
            self.users.failed += grown(failed, failed_before);
        }
        self.counters = Some((requests, failed));
    }

    /// Sees which configurations have changed, and by whom.
    fn note_versions(&mut self, readings: &Readings) {
        for (machine, Version { number, by }) in &readings.versions {
            let before = self.versions.insert(machine.clone(), *number);
            if before.is_none_or(|before| before >= *number) {
                continue;
            }
            let learner = by.as_ref().is_none_or(|by| by == LEARNER);
            self.mark(format!("{machine} v{number}"), learner);
            if self.is_live() || !learner {
                let by = match by {
                    Some(by) if !learner => by,
                    _ => "you",
                };
                let text = format!("The configuration of {machine} is at version {number} ({by})");
                self.say(FeedKind::Change, Level::Info, "", text);
            }
            if self.is_live() && self.changes.len() < MOST {
                let (at, machine) = (self.elapsed, machine.clone());
                self.changes.push(Change { at, machine, learner, wrong: None });
            }
        }
    }

    fn settle(
        &mut self,
        scenario: &Scenario,
        readings: &Readings,
        since: f64,
        held: f64,
        spent: f64,
    ) {
        let healthy = readings.number(&scenario.system.healthy.query).is_some_and(|v| v >= 1.0);
        let held = if healthy { held + spent } else { 0.0 };
        self.phase = Phase::Settling { since, held };
        if held >= SETTLE {
            self.phase = Phase::Baseline { since: self.now };
            return;
        }
        let within = scenario.system.healthy.within.as_secs_f64() + SETTLE + GRACE;
        if self.now - since > within {
            let trouble = self.trouble.first().cloned();
            let why =
                trouble.unwrap_or_else(|| "its users are not served as they should".to_owned());
            self.fail(format!("the system did not become healthy within {within:.0} s: {why}"));
        }
    }

    fn measure(&mut self, scenario: &Scenario, readings: &Readings, since: f64) {
        for condition in timeline::conditions(scenario) {
            if let Some(value) = readings.number(&condition.query).filter(|v| v.is_finite()) {
                let (sum, count) = self.gathered.entry(condition.query.clone()).or_default();
                *sum += value;
                *count += 1;
            }
        }
        if self.now - since < BASELINE {
            return;
        }
        let gathered = std::mem::take(&mut self.gathered).into_iter();
        self.baseline =
            gathered.map(|(query, (sum, count))| (query, sum / f64::from(count))).collect();
        self.injected_at = Some(self.now);
        self.users = Users::default();
        if scenario.inject.is_empty() {
            self.go_live(scenario);
        } else {
            self.inject(0);
        }
    }

    fn inject(&mut self, intensity: usize) {
        self.phase = Phase::Injecting { intensity, waiting_since: None };
        self.deeds.push(Deed::Inject(intensity));
    }

    fn verify(
        &mut self,
        scenario: &Scenario,
        readings: &Readings,
        intensity: usize,
        waiting_since: Option<f64>,
    ) {
        let Some(since) = waiting_since else { return };
        let Some(symptom) = &scenario.symptom else { return self.go_live(scenario) };
        if judge(&symptom.condition, readings, &self.baseline).met {
            return self.go_live(scenario);
        }
        if self.now - since < symptom.within.as_secs_f64() {
            return;
        }
        if intensity < timeline::strongest(scenario) {
            let text = "The fault does not show yet: it is made stronger";
            self.say(FeedKind::System, Level::Info, "", text.to_owned());
            self.inject(intensity + 1);
        } else {
            self.fail("the fault was injected and nothing came of it");
        }
    }

    fn go_live(&mut self, scenario: &Scenario) {
        self.phase = Phase::Live;
        self.live_at = Some(self.now);
        self.elapsed = 0.0;
        self.well_since = None;
        for held in &mut self.criteria {
            held.was_false = held.met == Some(false);
        }
        self.say(FeedKind::System, Level::Info, "", "You are on call".to_owned());
        self.run_timeline(scenario, &Readings::default());
    }

    fn live(&mut self, scenario: &Scenario, readings: &Readings) {
        self.run_timeline(scenario, readings);
        if self.is_over() {
            return;
        }
        self.weigh_changes();
        self.offer_hints(scenario);
        let limit = scenario.time_limit.as_secs_f64();
        if self.mode != Mode::Guided && self.elapsed >= limit {
            self.escalate(scenario, "Time is up");
        }
    }

    /// Decides which of the learner's changes did not help.
    fn weigh_changes(&mut self) {
        let (elapsed, well) = (self.elapsed, self.well_since.is_some());
        let mut wrong = 0;
        for change in self.changes.iter_mut().filter(|c| c.learner && c.wrong.is_none()) {
            if well {
                change.wrong = Some(false);
            } else if elapsed - change.at >= PATIENCE {
                change.wrong = Some(true);
                wrong += 1;
            }
        }
        self.wrong_fixes += wrong;
    }

    fn escalate(&mut self, scenario: &Scenario, why: &str) {
        let text =
            format!("{why}: the incident goes to somebody else. What it was is explained now");
        self.say(FeedKind::System, Level::Critical, "", text);
        self.end(scenario, Outcome::Escalated);
    }

    fn end(&mut self, scenario: &Scenario, outcome: Outcome) {
        self.phase = Phase::Over(outcome);
        self.over_at = Some(self.now);
        self.score = Some(score::score(scenario, self));
    }

    fn replay(&mut self, scenario: &Scenario, replaying: &Replaying) {
        let Some(replay) = &scenario.replay else { return self.end(scenario, Outcome::Resolved) };
        match replaying {
            Replaying::Lasting(until) if self.now >= *until => {
                self.phase = Phase::Replaying(Replaying::Ending);
                self.deeds.push(Deed::Unfire);
            }
            Replaying::Firing | Replaying::Ending | Replaying::Lasting(_) => {}
            Replaying::Recovering(until) => {
                if self.all_met(scenario, true) {
                    let text = "The trigger came again, and the system got over it by itself";
                    self.say(FeedKind::System, Level::Info, "", text.to_owned());
                    self.end(scenario, Outcome::Resolved);
                } else if self.now >= *until {
                    let seconds = replay.recover_within.as_secs();
                    self.phase = Phase::Live;
                    self.wrong_fixes += 1;
                    let text = format!(
                        "The trigger came again, and {seconds} s later the system had not got over \
                         it by itself: the repair does not last yet"
                    );
                    self.say(FeedKind::System, Level::Warning, "", text);
                }
            }
        }
    }

    /// Whether every criterion is true now.
    fn all_met(&self, scenario: &Scenario, replaying: bool) -> bool {
        let mut all = scenario.criteria.iter().zip(&self.criteria);
        all.all(|(criterion, held)| {
            !criteria::counts(criterion, replaying) || held.met == Some(true)
        })
    }

    /// The criteria that are not true yet, or not for long enough.
    fn open<'a>(&'a self, scenario: &'a Scenario) -> impl Iterator<Item = &'a Criterion> {
        let all = scenario.criteria.iter().zip(&self.criteria);
        all.filter(|(criterion, held)| criteria::counts(criterion, false) && !held.done(criterion))
            .map(|(criterion, _)| criterion)
    }

    /// Whether all criteria hold, for as long as they must.
    pub fn passed(&self, scenario: &Scenario) -> bool {
        self.open(scenario).next().is_none()
    }

    /// Whether it may be marked complete, or why not.
    pub fn completable(&self, scenario: &Scenario) -> Result<(), String> {
        let no = |why: &str| Err(why.to_owned());
        match &self.phase {
            Phase::Live => {}
            Phase::Over(_) => return no("it is over"),
            Phase::Replaying(_) => return no("the trigger is being fired again: wait for the end"),
            _ => return no("it has not begun"),
        }
        if self.paused {
            return no("it is paused");
        }
        let open: Vec<_> = self.open(scenario).collect();
        if let Some(first) = open.first() {
            let all = scenario.criteria.iter().filter(|c| criteria::counts(c, false)).count();
            let first = if first.hidden { "one that is not shown yet" } else { &first.title };
            let count = open.len();
            return Err(format!("{count} of {all} criteria are not met for long enough: {first}"));
        }
        if self.diagnosis.is_none() {
            return no("first say what was wrong: the diagnosis comes before the end");
        }
        Ok(())
    }

    /// Notes that the learner looked at something; the first time counts. A command or a query also
    /// counts as each that the scenario knows part of.
    pub fn saw(&mut self, scenario: &Scenario, what: &Evidence) {
        for what in timeline::meant(scenario, what).chain([what]) {
            self.note(what);
        }
    }

    /// Notes what the learner ran in the shell.
    pub fn ran(&mut self, scenario: &Scenario, command: &str) {
        self.commands += 1;
        if !self.is_live() {
            return;
        }
        let ran = Evidence::Command(command.to_owned());
        for what in timeline::meant(scenario, &ran) {
            self.saw(scenario, what);
        }
    }

    fn note(&mut self, what: &Evidence) {
        if self.seen.len() < MOST && !self.seen.iter().any(|seen| seen.what == *what) {
            self.seen.push(Seen { at: self.elapsed, what: what.clone() });
        }
    }

    /// Lets time pass in which the system did not run, or nobody can know: it counts for nothing.
    pub fn skip(&mut self, now: f64) {
        self.now = self.now.max(now);
    }

    /// It is `now` by a clock that may have been set, or may have gone on in the machine's sleep, and so many
    /// seconds went by since the life went on. What the clock tells besides that counts for nothing, and
    /// what is waited for comes by so much later.
    pub fn leave_out(&mut self, now: f64, passed: f64) {
        let jump = now - self.now - passed;
        if jump.abs() <= JUMP {
            return;
        }
        self.now += jump;
        self.settles_until += jump;
        match &mut self.phase {
            Phase::Starting { since }
            | Phase::Settling { since, .. }
            | Phase::Baseline { since }
            | Phase::Injecting { waiting_since: Some(since), .. }
            | Phase::Replaying(Replaying::Lasting(since) | Replaying::Recovering(since)) => {
                *since += jump;
            }
            Phase::Injecting { waiting_since: None, .. }
            | Phase::Replaying(Replaying::Firing | Replaying::Ending)
            | Phase::Live
            | Phase::Over(_) => {}
        }
    }

    /// Says something of the lab itself.
    pub fn tell(&mut self, text: String) {
        self.say(FeedKind::System, Level::Warning, "", text);
    }

    fn release(&mut self) {
        if self.paused && !self.deeds.contains(&Deed::Release) {
            self.deeds.push(Deed::Release);
        }
    }

    /// Something that was due was done, or could not be.
    pub fn done(&mut self, scenario: &Scenario, deed: Deed, result: Result<(), String>, now: f64) {
        self.deeds.retain(|due| *due != deed);
        if let Err(why) = result {
            return match deed {
                Deed::Inject(_) => self.fail(format!("the fault could not be injected: {why}")),
                Deed::Remake => self.fail(format!("the machines could not be made: {why}")),
                Deed::Fire | Deed::Unfire => {
                    self.phase = Phase::Live;
                    let text = format!("The trigger could not be fired again: {why}");
                    self.say(FeedKind::System, Level::Critical, "", text);
                }
                Deed::Act(_) | Deed::Hold | Deed::Release | Deed::Remove => {
                    let text = format!("Something could not be done: {why}");
                    self.say(FeedKind::System, Level::Critical, "", text);
                    if deed == Deed::Hold {
                        self.paused = false;
                    }
                }
            };
        }
        match (deed, &mut self.phase) {
            (Deed::Inject(_), Phase::Injecting { waiting_since, .. }) => {
                *waiting_since = Some(now);
            }
            (Deed::Fire, phase @ Phase::Replaying(_)) => {
                let lasts = scenario.replay.as_ref().map_or(Duration::ZERO, |r| r.lasts);
                *phase = Phase::Replaying(Replaying::Lasting(now + lasts.as_secs_f64()));
            }
            (Deed::Unfire, phase @ Phase::Replaying(_)) => {
                let within = scenario.replay.as_ref().map_or(Duration::ZERO, |r| r.recover_within);
                *phase = Phase::Replaying(Replaying::Recovering(now + within.as_secs_f64()));
            }
            (Deed::Release, _) => {
                self.paused = false;
                self.now = now;
                // Half of a window must be there again before something can be said.
                self.settles_until = now + scenario.system.window.as_secs_f64();
                self.counters = None;
                if !self.is_over() {
                    self.say(FeedKind::System, Level::Info, "", "It goes on".to_owned());
                }
            }
            (Deed::Remake, Phase::Starting { .. }) => self.started(now),
            (Deed::Remove, _) => self.removed = true,
            _ => {}
        }
    }

    fn say(&mut self, kind: FeedKind, level: Level, from: &str, text: String) {
        if self.feed.len() >= MOST {
            return;
        }
        let at = if self.live_at.is_some() {
            self.elapsed
        } else {
            self.injected_at.map_or(0.0, |injected| injected - self.now)
        };
        let (time, from) = (self.now, from.to_owned());
        self.feed.push(FeedEntry { at, time, kind, level, from, text });
    }

    fn mark(&mut self, label: String, learner: bool) {
        if self.marks.len() < MOST {
            self.marks.push(Mark { time: self.now, label, learner });
        }
    }

    /// How many hints were given.
    pub fn hints_given(&self) -> usize {
        self.hints.iter().filter(|hint| matches!(hint, Hinted::At(_))).count()
    }

    /// What there is to show.
    pub fn picture(&self, scenario: &Scenario) -> Picture {
        let left = |until: f64| (until - self.now).max(0.0);
        let phase = match &self.phase {
            Phase::Starting { .. } => Shown::Starting,
            Phase::Settling { held, .. } => Shown::Settling { held: *held, hold: SETTLE },
            Phase::Baseline { .. } => Shown::Baseline,
            Phase::Injecting { intensity, .. } => Shown::Injecting { intensity: *intensity },
            Phase::Live => Shown::Live,
            Phase::Replaying(replaying) => Shown::Replaying {
                left: match replaying {
                    Replaying::Firing | Replaying::Ending => {
                        scenario.replay.as_ref().map_or(0.0, |r| r.recover_within.as_secs_f64())
                    }
                    Replaying::Lasting(until) => {
                        let within = scenario.replay.as_ref().map(|r| r.recover_within);
                        left(*until) + within.map_or(0.0, |within| within.as_secs_f64())
                    }
                    Replaying::Recovering(until) => left(*until),
                },
            },
            Phase::Over(outcome) => Shown::Over { outcome: outcome.clone() },
        };
        let limit = scenario.time_limit.as_secs_f64();
        let shown = (scenario.system.window.as_secs_f64(), self.now, self.live_at.is_some());
        Picture {
            phase,
            word: self.word.clone(),
            paused: self.paused,
            elapsed: seconds(self.elapsed),
            remaining: seconds(limit - self.elapsed),
            injected_at: self.injected_at,
            criteria: scenario
                .criteria
                .iter()
                .zip(&self.criteria)
                .map(|(criterion, held)| held.standing(criterion, shown))
                .collect(),
            users: self.users,
            feed: self.feed.clone(),
            marks: self.marks.clone(),
            normal: self.normal.clone(),
            hints: (self.hints_given(), scenario.hints.len()),
            hard: self.mode == Mode::Hard,
            seed: self.seed,
            diagnosis: self.diagnosis.as_ref().map(|(guess, _)| guess.clone()),
            completable: self.completable(scenario),
            trouble: self.trouble.clone(),
            score: self.score.clone(),
            repair: self.repaired_by(scenario).map(|solution| solution.name.clone()),
        }
    }

    /// The solution that the learner took, once it is resolved and if it is one of those known.
    pub fn repaired_by<'a>(&self, scenario: &'a Scenario) -> Option<&'a Solution> {
        let resolved = self.phase == Phase::Over(Outcome::Resolved);
        self.repair.filter(|_| resolved).and_then(|index| scenario.solutions.get(index))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}
