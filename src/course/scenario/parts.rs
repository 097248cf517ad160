//! What scenarios are made of, by name.
//!
//! A later source adds to what earlier ones have and replaces what has the same name, for its own
//! scenarios and those of still later ones: what lies over a scenario cannot change it unseen.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::fault::{self, Fault, pushes};
use super::manifest::{FaultManifest, LoadManifest, StateManifest, SystemManifest};
use super::model::{Injection, Load, Step, System};
use super::system::{self, SystemPart};
use crate::course::rules::{did_you_mean, listed};
use crate::course::source::{Resource, Source, stem};
use crate::course::yaml::{At, Mark, Problems, Shape, quote, read};
use crate::course::{Diagnostic, quantity};

static SYSTEM: LazyLock<Shape> = LazyLock::new(Shape::of::<SystemManifest>);
static LOAD: LazyLock<Shape> = LazyLock::new(Shape::of::<LoadManifest>);
static STATE: LazyLock<Shape> = LazyLock::new(Shape::of::<StateManifest>);
static FAULT: LazyLock<Shape> = LazyLock::new(Shape::of::<FaultManifest>);

/// Requests a second. One generator does not make more.
const MAX_RATE: f64 = 1000.0;

/// Systems, load patterns, configuration states and faults.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    systems: Named<SystemPart>,
    loads: Named<Load>,
    states: Named<State>,
    faults: Named<Fault>,
}

type Named<T> = BTreeMap<String, Part<T>>;

/// One file.
#[derive(Debug, Clone)]
struct Part<T> {
    file: Resource,
    /// `None` if it has errors.
    value: Option<Arc<T>>,
}

/// A configuration state.
#[derive(Debug, Clone)]
struct State {
    about: String,
    /// Machine, what is changed, who changes it.
    pushes: Vec<(String, serde_json::Map<String, Value>, String)>,
}

impl Parts {
    /// The systems that can be used, by name.
    pub fn systems(&self) -> impl Iterator<Item = &Arc<System>> {
        self.systems.values().filter_map(|part| Some(&part.value.as_ref()?.system))
    }

    /// The load patterns that can be used, by name.
    pub fn loads(&self) -> impl Iterator<Item = &Load> {
        self.loads.values().filter_map(|part| part.value.as_deref())
    }

    /// Names of the configuration states that can be used, and what they are.
    pub fn states(&self) -> impl Iterator<Item = (&str, &str)> {
        usable(&self.states, |state| &state.about)
    }

    /// Names of the faults that can be used, and what they do.
    pub fn faults(&self) -> impl Iterator<Item = (&str, &str)> {
        usable(&self.faults, |fault| &fault.about)
    }

    /// Reads all parts of a source, over those that are there.
    pub(crate) fn add(&mut self, source: &Source, problems: &mut Vec<Diagnostic>) {
        fill(&mut self.systems, source, ("systems", &SYSTEM), problems, system::system);
        fill(&mut self.loads, source, ("load", &LOAD), problems, load);
        fill(&mut self.states, source, ("config", &STATE), problems, state);
        fill(
            &mut self.faults,
            source,
            ("faults", &FAULT),
            problems,
            |_, manifest, at, problems| fault::fault(manifest, at, problems),
        );
    }
}

fn usable<T>(
    parts: &Named<T>,
    about: impl Fn(&T) -> &String,
) -> impl Iterator<Item = (&str, &str)> {
    parts.iter().filter_map(move |(name, part)| {
        let value = part.value.as_deref()?;
        Some((name.as_str(), about(value).as_str()))
    })
}

/// Reads the files of one folder of scenarios/.
fn fill<M: DeserializeOwned + JsonSchema, T>(
    parts: &mut Named<T>,
    source: &Source,
    (folder, shape): (&str, &Shape),
    problems: &mut Vec<Diagnostic>,
    make: impl Fn(&str, M, At<'_>, &mut Problems) -> T,
) {
    let files = source.parts(folder).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    for file in files {
        let name = stem(file.relative()).to_owned();
        if let Err(why) = quantity::id(&name) {
            let mut found = Problems::new(file.path());
            let help = "rename the file".to_owned();
            found.error(Mark::default(), format!("{} {why}", quote(&name)), Some(help));
            problems.extend(found.into_sorted());
            continue;
        }
        let value = match file.utf8() {
            Ok(text) => {
                let read = read::<M>(&file.path(), &text, shape);
                let (at, mut found) = (At::root(&read.tree), read.problems);
                let value = read.value.map(|manifest| make(&name, manifest, at, &mut found));
                let value = value.filter(|_| !found.has_errors());
                problems.extend(found.into_sorted());
                value
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        parts.insert(name, Part { file, value: value.map(Arc::new) });
    }
}

fn load(id: &str, manifest: LoadManifest, at: At<'_>, problems: &mut Problems) -> Load {
    let mut config: serde_json::Map<_, _> = manifest.config.into_iter().collect();
    if let Some(rate) = manifest.rate {
        if !(0.0..=MAX_RATE).contains(&rate) {
            let message = format!("{rate} is not a usable rate: {MAX_RATE} a second at most");
            problems.rule(at.key("rate"), message, None);
        }
        if config.contains_key("rate") {
            problems.twice(at.key("config").name("rate"), "rate");
        }
        // The generator's field may be a whole number.
        let whole = (rate.fract() == 0.0).then_some(rate as u64);
        config.insert("rate".to_owned(), whole.map_or_else(|| rate.into(), Value::from));
    }
    if config.is_empty() {
        problems.rule(at, "this load pattern changes nothing", Some("add \"rate: …\"".to_owned()));
    }
    Load { id: id.to_owned(), config }
}

fn state(_: &str, manifest: StateManifest, at: At<'_>, problems: &mut Problems) -> State {
    let pushes = pushes(problems, at.key("push"), &manifest.push, manifest.by.as_deref());
    State { about: manifest.about, pushes }
}

/// What one scenario takes of the parts: every name resolved, and which files that were.
#[derive(Debug)]
pub(super) struct Uses<'a> {
    parts: &'a Parts,
    files: Vec<Resource>,
}

impl<'a> Uses<'a> {
    /// Nothing yet.
    pub(super) fn new(parts: &'a Parts) -> Self {
        Self { parts, files: Vec::new() }
    }

    /// The files of everything that was taken, each once.
    pub(super) fn into_files(self) -> Vec<Resource> {
        self.files
    }

    /// The system of this name.
    pub(super) fn system(
        &mut self,
        problems: &mut Problems,
        at: At<'_>,
        name: &str,
    ) -> Option<Arc<SystemPart>> {
        self.take(problems, at, ("system", name), &self.parts.systems)
    }

    /// The load pattern of this name.
    pub(super) fn load(&mut self, problems: &mut Problems, at: At<'_>, name: &str) -> Option<Load> {
        let load = self.take(problems, at, ("load pattern", name), &self.parts.loads)?;
        Some(Load::clone(&load))
    }

    /// What the configuration state of this name pushes.
    pub(super) fn state(
        &mut self,
        problems: &mut Problems,
        at: At<'_>,
        name: &str,
        system: &System,
    ) -> Option<Vec<Step>> {
        let what = ("configuration state", name);
        let state = self.take(problems, at, what, &self.parts.states)?;
        let steps = state.pushes.iter().map(|(machine, config, by)| {
            system.configurable(problems, at, machine);
            let (machine, by) = (machine.clone(), by.clone());
            Step::Push { machine, config: config.clone(), by }
        });
        Some(steps.collect())
    }

    /// The fault of this name (`fault` in the mapping at `at`), with these arguments.
    pub(super) fn fault(
        &mut self,
        problems: &mut Problems,
        at: At<'_>,
        name: &str,
        with: &super::manifest::Config,
        system: &System,
    ) -> Option<(Arc<Fault>, Injection)> {
        let place = at.key("fault");
        let fault = self.take(problems, place, ("fault", name), &self.parts.faults)?;
        let right = fault.judge(name, with, at.key("with"), system, problems);
        let args = fault.complete(name, with, place, problems).filter(|_| right)?;
        match fault.injection(name, &args, system) {
            Ok(injection) => Some((fault, injection)),
            Err((message, help)) => {
                problems.rule(place, message, help);
                None
            }
        }
    }

    fn take<T>(
        &mut self,
        problems: &mut Problems,
        at: At<'_>,
        (what, name): (&str, &str),
        parts: &'a Named<T>,
    ) -> Option<Arc<T>> {
        let Some(part) = parts.get(name) else {
            let names = || parts.keys().map(String::as_str);
            let help = did_you_mean(name, names())
                .or_else(|| (!parts.is_empty()).then(|| format!("there are {}", listed(names()))));
            problems.rule(at, format!("there is no {what} {}", quote(name)), help);
            return None;
        };
        let Some(value) = &part.value else {
            let message = format!("the {what} {} has errors of its own", quote(name));
            problems.rule(at, message, Some(format!("see {}", part.file.path())));
            return None;
        };
        if !self.files.contains(&part.file) {
            self.files.push(part.file.clone());
        }
        Some(Arc::clone(value))
    }
}
