//! Measuring a system for its incident: everything that its life asks about, in one exchange.

use std::collections::{BTreeMap, BTreeSet};

use super::deeds;
use super::gate::Gate;
use super::gate::wire::{Answer, Instant, Question, Range, Sample, Told};
use super::life::{Reading, Readings, Version};
use crate::course::scenario::{Scenario, System};
use crate::engine::EngineError;

/// The name of a system's query that gives each machine's configuration version, with the machine as
/// `job`.
const VERSIONS: &str = "versions";

/// How far apart the moments are that are looked at afterwards, in seconds: as often as the system
/// is measured.
pub const STEP: f64 = 2.0;

/// How many moments of the past are looked at in one exchange.
const MOST_MOMENTS: f64 = 600.0;

/// What the users' part of the screen shows, by the names that a system gives these queries.
const USERS: [&str; 5] = ["ok", "p95", "traffic", "requests", "failures"];

/// What is measured.
#[derive(Debug, Clone)]
pub struct Measures {
    queries: Vec<String>,
    /// What is known of the versions: a change is asked about.
    versions: BTreeMap<String, Version>,
}

impl Measures {
    /// All that the life of a scenario asks about.
    pub fn of(scenario: &Scenario) -> Self {
        let mut queries: BTreeSet<String> =
            super::life::conditions(scenario).map(|condition| condition.query.clone()).collect();
        queries.insert(scenario.system.healthy.query.clone());
        queries.extend(USERS.iter().filter_map(|name| scenario.system.queries.get(*name).cloned()));
        Self { queries: queries.into_iter().collect(), versions: BTreeMap::new() }
    }

    /// Measures now. Gives the system's clock and what was found.
    pub async fn now(
        &mut self,
        gate: &Gate,
        system: &System,
    ) -> Result<(f64, Readings), EngineError> {
        let versions = system.queries.get(VERSIONS);
        let queries = self.queries.iter().chain(versions);
        let instant = queries.map(|query| Instant { query: query.clone(), time: None });
        let question = Question { instant: instant.collect(), ..Question::default() };
        let mut answer = gate.ask(question).await?;
        let versions = match versions.and_then(|_| answer.instant.pop()) {
            Some(Told::Result { result }) => result,
            _ => Vec::new(),
        };
        self.ask_who(gate, &versions).await;
        let mut readings = Readings { versions: self.versions.clone(), ..Readings::default() };
        for (query, told) in self.queries.iter().zip(answer.instant) {
            readings.metrics.insert(query.clone(), one(told));
        }
        readings.trouble = trouble(&readings, system);
        Ok((answer.now, readings))
    }

    /// Asks the machines whose configuration has changed who did it.
    async fn ask_who(&mut self, gate: &Gate, found: &[Sample]) {
        for sample in found {
            let Some(machine) = sample.metric.get("job") else { continue };
            let Ok(number) = sample.value.1.parse::<f64>() else { continue };
            let known = self.versions.get(machine);
            if known.is_some_and(|known| (known.number - number).abs() < 0.5) {
                continue;
            }
            let mut by = None;
            if known.is_some() {
                let request = deeds::http("GET", machine, "/config", None, "drydock");
                if let Ok(reply) = deeds::call(gate, request).await {
                    let told = serde_json::from_str::<serde_json::Value>(&reply.body).ok();
                    by = told.and_then(|told| Some(told.get("by")?.as_str()?.to_owned()));
                    // Who uses curl says nothing.
                    by = by.filter(|by| by != "unknown");
                }
            }
            self.versions.insert(machine.clone(), Version { number, by });
        }
    }

    /// What was measured between two moments (Unix seconds), the oldest first. A moment of which
    /// nothing at all is known has `None`: the system did not run then.
    pub async fn between(
        &self,
        gate: &Gate,
        since: f64,
        until: f64,
    ) -> Result<Vec<(f64, Option<Readings>)>, EngineError> {
        let start = since.max(until - MOST_MOMENTS * STEP) + STEP;
        let moments = ((until - start) / STEP).floor().max(0.0) as usize;
        let range = self.queries.iter().map(|query| Range {
            query: query.clone(),
            start,
            end: start + moments as f64 * STEP,
            step: STEP,
        });
        let question = Question { range: range.collect(), ..Question::default() };
        let answer = gate.ask(question).await?;
        Ok(self.moments(answer, start, moments))
    }

    fn moments(&self, answer: Answer, start: f64, moments: usize) -> Vec<(f64, Option<Readings>)> {
        let mut all = vec![None::<Readings>; moments + 1];
        for (query, told) in self.queries.iter().zip(answer.range) {
            let Told::Result { result } = told else { continue };
            let [line] = result.as_slice() else { continue };
            for (time, value) in &line.values {
                let place = ((time - start) / STEP).round();
                let Ok(value) = value.parse::<f64>() else { continue };
                if place >= 0.0
                    && let Some(slot) = all.get_mut(place as usize)
                    && !value.is_nan()
                {
                    let readings = slot.get_or_insert_with(Readings::default);
                    readings.metrics.insert(query.clone(), Reading::Value(value));
                }
            }
        }
        let time = |index: usize| start + index as f64 * STEP;
        all.into_iter().enumerate().map(|(index, readings)| (time(index), readings)).collect()
    }
}

/// A query's one number, or why it has none.
fn one(told: Told<Vec<Sample>>) -> Reading {
    let nothing = |why: &str| Reading::Nothing(why.to_owned());
    match told {
        Told::Error { error } => Reading::Nothing(error),
        Told::Result { result } => match result.as_slice() {
            [] => nothing("there is no data"),
            [sample] => match sample.value.1.parse::<f64>() {
                Ok(value) if value.is_nan() => nothing("it is not a number: there is no data"),
                Ok(value) => Reading::Value(value),
                Err(_) => nothing("it is not a number"),
            },
            many => {
                Reading::Nothing(format!("it gives {} lines instead of one number", many.len()))
            }
        },
    }
}

/// That nothing can be measured, in one sentence.
fn trouble(readings: &Readings, system: &System) -> Vec<String> {
    let mut reasons = readings.metrics.values().map(|reading| match reading {
        Reading::Value(_) => None,
        Reading::Nothing(why) => Some(why),
    });
    let Some(Some(first)) = reasons.next() else { return Vec::new() };
    if reasons.all(|reason| reason == Some(first)) {
        return vec![format!("Nothing can be measured ({}): {first}", system.prometheus)];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[&str]) -> Told<Vec<Sample>> {
        let sample =
            |value: &&str| Sample { metric: BTreeMap::new(), value: (1.0, (*value).to_owned()) };
        Told::Result { result: values.iter().map(sample).collect() }
    }

    #[test]
    fn only_one_number_is_a_number() {
        assert_eq!(one(told(&["0.5"])), Reading::Value(0.5));
        assert_eq!(one(told(&["+Inf"])), Reading::Value(f64::INFINITY));
        for (values, why) in [
            (&[][..], "no data"),
            (&["NaN"], "not a number"),
            (&["x"], "not a number"),
            (&["1", "2"], "2 lines"),
        ] {
            let Reading::Nothing(found) = one(told(values)) else { panic!("{values:?}") };
            assert!(found.contains(why), "{found}");
        }
    }

    #[test]
    fn moments_without_any_number_are_told_apart() {
        let measures =
            Measures { queries: vec!["a".into(), "b".into()], versions: BTreeMap::new() };
        let line = |values: &[(f64, &str)]| {
            let values = values.iter().map(|(time, value)| (*time, (*value).to_owned())).collect();
            Told::Result {
                result: vec![super::super::gate::wire::Line { metric: BTreeMap::new(), values }],
            }
        };
        let range = vec![line(&[(10.0, "1"), (14.0, "NaN")]), line(&[(10.0, "2")])];
        let answer = Answer {
            id: 1,
            now: 16.0,
            instant: vec![],
            range,
            logs: None,
            spans: None,
            http: vec![],
            raw: vec![],
        };
        let moments = measures.moments(answer, 10.0, 2);
        let known: Vec<_> =
            moments.iter().map(|(time, readings)| (*time, readings.is_some())).collect();
        assert_eq!(known, [(10.0, true), (12.0, false), (14.0, false)]);
        let first = moments[0].1.as_ref().unwrap();
        assert_eq!((first.number("a"), first.number("b")), (Some(1.0), Some(2.0)));
    }
}
