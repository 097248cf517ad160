//! From an exercise's manifest to an [`Item`]: what keys alone cannot tell.
//!
//! Every rule is applied, whatever the ones before it found. The item that results is complete, but
//! usable only if no error was reported.

use std::collections::BTreeMap;
use std::time::Duration;

use super::limits::{MOST_FOR_CONTENT, resources};
use super::manifest::{
    Baseline, CheckMode, DecoyEntry, HintEntry, Manifest, Network, SetupEntry, VarEntry,
    VerifyEntry,
};
use super::model::{
    Body, Check, Decoy, Exercise, Hint, Item, Mode, Need, Resources, SetupFile, Trigger,
};
use super::quantity;
use super::rules::did_you_mean;
use super::source::{Refused, Resource, Source, join, parent, stem};
use super::vars::{Choice, Values, Variable};
use super::yaml::{At, Problems, quote};

/// What 000's own example takes.
const DEFAULT_TIME: Duration = Duration::from_mins(15);

/// Somebody waits for what must hold.
const MAX_HOLD: Duration = Duration::from_mins(10);

/// The account in drydock's own images.
const DEFAULT_USER: &str = "learner";

/// The item that a manifest describes; `at` is the manifest's root.
pub(super) fn item(
    manifest: Manifest,
    file: &Resource,
    source: &Source,
    at: At<'_>,
    problems: &mut Problems,
) -> Item {
    let mut rules = Rules { files: Files::new(file, source, &manifest.module), problems };
    rules.problems.value(at.key("id"), &manifest.id, quantity::id);
    rules.problems.value(at.key("module"), &manifest.module, quantity::id);
    rules.problems.one_line(at.key("title"), "\"title\"", &manifest.title);
    let time = manifest.estimated_time.as_ref();
    let time =
        time.and_then(|t| rules.problems.value(at.key("estimated_time"), t, quantity::duration));
    Item {
        order: manifest.order,
        estimated_time: time.unwrap_or(DEFAULT_TIME),
        difficulty: manifest.difficulty,
        lesson: rules.lesson(manifest.lesson.as_deref(), at.key("lesson")),
        body: Body::Exercise(Box::new(rules.exercise(&manifest, at))),
        manifest: file.clone(),
        id: manifest.id,
        module: manifest.module,
        title: manifest.title,
        description: manifest.description,
        objectives: manifest.objectives,
        takeaways: manifest.takeaways,
        prerequisites: manifest.prerequisites,
    }
}

/// Where the files that a manifest names are looked for.
struct Files<'a> {
    source: &'a Source,
    /// `exercises/linux/03-slug`, then `exercises/linux`.
    places: [String; 2],
    /// `content/linux/`.
    lessons: String,
    /// `03-slug`.
    stem: &'a str,
}

impl<'a> Files<'a> {
    fn new(manifest: &'a Resource, source: &'a Source, module: &str) -> Self {
        let path = manifest.relative();
        let beside = parent(path);
        Self {
            source,
            places: [join(beside, stem(path)), beside.to_owned()],
            lessons: format!("content/{module}"),
            stem: stem(path),
        }
    }
}

/// Applies rules and reports what they find.
struct Rules<'a> {
    files: Files<'a>,
    problems: &'a mut Problems,
}

impl Rules<'_> {
    fn exercise(&mut self, manifest: &Manifest, at: At<'_>) -> Exercise {
        let image = manifest.container_image.as_ref();
        let image = image.filter(|i| {
            self.problems.value(at.key("container_image"), i, quantity::image).is_some()
        });
        let limits = manifest.resources.as_ref().map_or_else(Resources::default, |limits| {
            resources(limits, &MOST_FOR_CONTENT, at.key("resources"), self.problems)
        });
        let prepare = manifest.prepare.as_ref();
        let solution = match &manifest.solution {
            Some(name) => self.file(at.key("solution"), name),
            None => self.solution(at),
        };
        let user = self.problems.account(at.key("user"), manifest.user.as_ref());
        let vars = self.vars(&manifest.vars, at.key("vars"));
        if let Some(origin) = &manifest.origin {
            self.problems.one_line(at.key("origin"), "\"origin\"", origin);
        }
        Exercise {
            origin: manifest.origin.clone(),
            backend: manifest.backend,
            requires: self.needs(&manifest.requires, at.key("requires")),
            container_image: image.cloned(),
            user: user.unwrap_or_else(|| DEFAULT_USER.to_owned()),
            network: manifest.network == Network::Internet,
            resources: limits,
            capabilities: self
                .problems
                .capabilities(&manifest.capabilities, at.key("capabilities")),
            tmpfs: self.problems.tmpfs(&manifest.tmpfs, at.key("tmpfs")),
            setup: self.setup(&manifest.setup, at.key("setup")),
            prepare: prepare.and_then(|name| self.file(at.key("prepare"), name)),
            verify: self.checks(&manifest.verify, &Values::of(&vars, 0), at.key("verify")),
            vars,
            hints: self.hints(&manifest.hints, &manifest.verify, at.key("hints")),
            solution,
            decoys: self.decoys(&manifest.decoys, &manifest.verify, at.key("decoys")),
        }
    }

    fn setup(&mut self, entries: &[SetupEntry], at: At<'_>) -> Vec<SetupFile> {
        let mut files: Vec<SetupFile> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            let source = self.file(at.key("source"), &entry.source);
            self.problems.value(at.key("dest"), &entry.dest, quantity::absolute_path);
            if files.iter().any(|file| file.dest == entry.dest) {
                self.problems.twice(at.key("dest"), &entry.dest);
            }
            let mode = entry.mode.as_ref();
            let mode =
                mode.and_then(|mode| self.problems.value(at.key("mode"), mode, quantity::mode));
            if let Some(source) = source {
                files.push(SetupFile { source, dest: entry.dest.clone(), mode });
            }
        }
        files
    }

    fn vars(&mut self, entries: &BTreeMap<String, VarEntry>, at: At<'_>) -> Vec<Variable> {
        let mut vars = Vec::new();
        for (name, entry) in entries {
            let named = at.name(name);
            self.problems.value(named, name, quantity::variable);
            match choice(entry) {
                Ok(values) => vars.push(Variable { name: name.clone(), values }),
                Err((key, why)) => {
                    let at = key.map_or(named, |key| at.key(name).key(key));
                    self.problems.rule(at, why, None);
                }
            }
        }
        vars
    }

    /// When a check counts as passed.
    fn mode(&mut self, entry: &VerifyEntry, at: At<'_>) -> Mode {
        let hold = self.problems.optional(at.key("hold"), entry.hold.as_ref(), |text| {
            match quantity::duration(text)? {
                hold if hold > MAX_HOLD => Err("is too long to watch: 10m at most"),
                hold => Ok(hold),
            }
        });
        match (entry.mode, &entry.hold) {
            (CheckMode::Hold, None) => {
                let message = "\"mode: hold\" needs to know how long";
                self.problems.rule(at.key("mode"), message, Some("add \"hold: 30s\"".to_owned()));
            }
            (CheckMode::Level | CheckMode::Edge, Some(_)) => {
                let message = "\"hold\" is for checks with \"mode: hold\"";
                self.problems.rule(at.name("hold"), message, None);
            }
            _ => {}
        }
        match entry.mode {
            CheckMode::Level => Mode::Level,
            CheckMode::Edge => Mode::Edge,
            CheckMode::Hold => hold.map_or(Mode::Level, Mode::Hold),
        }
    }

    fn checks(&mut self, entries: &[VerifyEntry], values: &Values, at: At<'_>) -> Vec<Check> {
        if entries.is_empty() {
            let help = "an exercise without checks can never be completed";
            self.problems.rule(at, "\"verify\" has no checks", Some(help.to_owned()));
        }
        let mut checks: Vec<Check> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            self.problems.one_line(at.key("name"), "\"name\"", &entry.name);
            if checks.iter().any(|check| check.name == entry.name) {
                self.problems.twice(at.key("name"), &entry.name);
            }
            self.problems.not_empty(at.key("cmd"), "\"cmd\"", &entry.cmd);
            for (j, need) in entry.needs.iter().enumerate() {
                if !checks.iter().any(|check| check.name == *need) {
                    let later = entries[i..].iter().any(|check| check.name == *need);
                    let message = if later {
                        format!("{} is not an earlier check", quote(need))
                    } else {
                        format!("there is no earlier check {}", quote(need))
                    };
                    let help = did_you_mean(need, checks.iter().map(|check| check.name.as_str()));
                    self.problems.rule(at.key("needs").item(j), message, help);
                }
            }
            let written = [&entry.expect, &entry.expect_contains, &entry.expect_regex];
            let written = written.map(Option::as_ref);
            if entry.invariant && entry.mode != CheckMode::Level {
                let message = "what must stay true all the time has no other mode";
                self.problems.rule(at.key("mode"), message, None);
            }
            checks.push(Check {
                expect: self.problems.expect(at, "expect_regex", written, values),
                user: self.problems.account(at.key("user"), entry.user.as_ref()),
                timeout: self.problems.timeout(at.key("timeout"), entry.timeout.as_ref()),
                needs: entry.needs.clone(),
                fail: entry.fail.clone(),
                observe: entry.observe.clone(),
                mode: self.mode(entry, at),
                green_before: entry.invariant || entry.baseline == Baseline::Green,
                invariant: entry.invariant,
                ..Check::new(entry.name.clone(), entry.cmd.clone())
            });
        }
        checks
    }

    fn hints(&mut self, entries: &[HintEntry], checks: &[VerifyEntry], at: At<'_>) -> Vec<Hint> {
        let mut hints = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            match entry {
                HintEntry::Text(text) => {
                    self.problems.not_empty(at, "a hint", text);
                    hints.push(Hint { text: text.clone(), trigger: Trigger::default() });
                }
                HintEntry::Triggered(hint) => {
                    self.problems.not_empty(at.key("text"), "\"text\"", &hint.text);
                    let after = hint.trigger_after.as_ref();
                    let after = after.and_then(|t| {
                        self.problems.value(at.key("trigger_after"), t, quantity::duration)
                    });
                    if let Some(name) = &hint.when_failing {
                        self.check_name(at.key("when_failing"), name, checks);
                    }
                    let failing = hint.when_failing.clone();
                    let trigger = Trigger { after, failures: hint.after_failures, failing };
                    hints.push(Hint { text: hint.text.clone(), trigger });
                }
            }
        }
        hints
    }

    fn decoys(&mut self, entries: &[DecoyEntry], checks: &[VerifyEntry], at: At<'_>) -> Vec<Decoy> {
        let mut decoys = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            if entry.fails.is_empty() {
                let message = "a wrong solution must name the checks that refuse it";
                self.problems.rule(at.key("fails"), message, None);
            }
            for (j, name) in entry.fails.iter().enumerate() {
                self.check_name(at.key("fails").item(j), name, checks);
            }
            if let Some(file) = self.file(at.key("file"), &entry.file) {
                let DecoyEntry { fails, says, why, .. } = entry;
                let (fails, says, why) = (fails.clone(), says.clone(), why.clone());
                decoys.push(Decoy { file, fails, says, why });
            }
        }
        decoys
    }

    fn lesson(&mut self, name: Option<&str>, at: At<'_>) -> Option<Resource> {
        let Some(name) = name else {
            let file = format!("{}.md", self.files.stem);
            let (usual, beside) =
                (join(&self.files.lessons, &file), join(&self.files.places[1], &file));
            return self.default(at, &usual).or_else(|| self.default(at, &beside));
        };
        let [folder, beside] = self.files.places.clone();
        self.file_in(at, name, &[folder, beside, self.files.lessons.clone()])
    }

    /// The solution that is taken if the manifest names none: a script, else a typed one.
    fn solution(&mut self, at: At<'_>) -> Option<Resource> {
        let place = |name| join(&self.files.places[0], name);
        let (script, typed) = (place("solution.sh"), place("solution.keys"));
        self.default(at, &script).or_else(|| self.default(at, &typed))
    }

    /// The file that is taken if the manifest names none; it need not be there.
    fn default(&mut self, at: At<'_>, path: &str) -> Option<Resource> {
        match self.files.source.find(path) {
            Ok(file) => file,
            // Only an id that is wrong anyhow makes such a path.
            Err(Refused::Outside) => None,
            Err(refused) => {
                self.problems.rule(at, format!("{} {refused}", quote(path)), None);
                None
            }
        }
    }

    /// The file that a manifest names.
    fn file(&mut self, at: At<'_>, name: &str) -> Option<Resource> {
        let places = self.files.places.clone();
        self.file_in(at, name, &places)
    }

    fn file_in(&mut self, at: At<'_>, name: &str, places: &[String]) -> Option<Resource> {
        for place in places {
            // Joined, an absolute name would quietly become a relative one.
            let path = if name.starts_with('/') { name.to_owned() } else { join(place, name) };
            match self.files.source.find(&path) {
                Ok(Some(file)) => return Some(file),
                Ok(None) => {}
                Err(refused) => {
                    self.problems.rule(at, format!("{} {refused}", quote(name)), None);
                    return None;
                }
            }
        }
        let shown =
            |place: &String| if place.is_empty() { "./".into() } else { format!("{place}/") };
        let looked: Vec<String> = places.iter().map(shown).collect();
        let help = format!("looked in {}", looked.join(", "));
        self.problems.rule(at, format!("the file {} does not exist", quote(name)), Some(help));
        None
    }

    fn needs(&mut self, words: &[String], at: At<'_>) -> Vec<Need> {
        let mut needs = Vec::new();
        for (i, word) in words.iter().enumerate() {
            if let Some((_, need)) = Need::ALL.iter().find(|(name, _)| name == word) {
                needs.push(*need);
                continue;
            }
            let names = Need::ALL.map(|(name, _)| name);
            let help = did_you_mean(word, names)
                .unwrap_or_else(|| format!("an exercise may require {}", names.join(", ")));
            let message = format!("no engine knows what {} is", quote(word));
            self.problems.rule(at.item(i), message, Some(help));
        }
        needs
    }

    fn check_name(&mut self, at: At<'_>, name: &str, checks: &[VerifyEntry]) {
        if !checks.iter().any(|check| check.name == name) {
            let help = did_you_mean(name, checks.iter().map(|check| check.name.as_str()));
            self.problems.rule(at, format!("there is no check {}", quote(name)), help);
        }
    }
}

/// What a variable may be; else what is wrong, and at which key.
fn choice(entry: &VarEntry) -> Result<Choice, (Option<&'static str>, String)> {
    /// More than anybody writes by hand.
    const MOST: usize = 1000;
    match (&entry.pick, &entry.range, entry.random) {
        (Some(texts), None, None) => {
            let one_line = |text: &String| !text.is_empty() && !text.contains(['\n', '\r']);
            match texts.len() {
                0 => Err((Some("pick"), "there is nothing to pick from".to_owned())),
                1..=MOST if texts.iter().all(one_line) => Ok(Choice::Pick(texts.clone())),
                1..=MOST => Err((Some("pick"), "a value is a text of one line".to_owned())),
                _ => Err((Some("pick"), format!("there are more than {MOST} values"))),
            }
        }
        (None, Some(range), None) => match range[..] {
            [from, to] if from <= to => Ok(Choice::Range(from, to)),
            [from, to] => Err((Some("range"), format!("{to} is less than {from}"))),
            _ => Err((Some("range"), "a range has two numbers: [8000, 8999]".to_owned())),
        },
        (None, None, Some(length @ 1..=64)) => Ok(Choice::Random(length)),
        (None, None, Some(_)) => Err((Some("random"), "must be between 1 and 64".to_owned())),
        _ => Err((None, "a variable has one of \"pick\", \"range\" and \"random\"".to_owned())),
    }
}
