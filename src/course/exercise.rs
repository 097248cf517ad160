//! From an exercise's manifest to an [`Item`]: what keys alone cannot tell.
//!
//! Every rule is applied, whatever the ones before it found. The item that results is complete, but
//! usable only if no error was reported.

use std::time::Duration;

use super::limits::{MOST_FOR_CONTENT, resources};
use super::manifest::{
    DecoyEntry, HintEntry, Manifest, Network, SetupEntry, TmpfsEntry, VerifyEntry,
};
use super::model::{
    Body, Check, Decoy, Exercise, Expect, Hint, Item, Need, Resources, SetupFile, TmpfsMount,
    Trigger,
};
use super::source::{Refused, Resource, Source, join, parent, stem};
use super::yaml::{At, Problems, quote};
use super::{capability, nearest, quantity};

/// What 000's own example takes.
const DEFAULT_TIME: Duration = Duration::from_mins(15);

/// Long enough for a slow network service, short enough to wait for at a prompt.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A check holds up those that need it, and a learner who asked for the verdict.
const MAX_TIMEOUT: Duration = Duration::from_mins(5);

/// In-memory file systems count against the machine's memory.
const MAX_TMPFS: u64 = 1 << 30;

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
    rules.value(at.key("id"), &manifest.id, quantity::id);
    rules.value(at.key("module"), &manifest.module, quantity::id);
    rules.one_line(at.key("title"), "\"title\"", &manifest.title);
    let time = manifest.estimated_time.as_ref();
    let time = time.and_then(|t| rules.value(at.key("estimated_time"), t, quantity::duration));
    Item {
        order: manifest.order,
        estimated_time: time.unwrap_or(DEFAULT_TIME),
        difficulty: manifest.difficulty,
        lesson: rules.lesson(manifest.lesson.as_deref(), at.key("lesson")),
        body: Body::Exercise(rules.exercise(&manifest, at)),
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
        let image =
            image.filter(|i| self.value(at.key("container_image"), i, quantity::image).is_some());
        let limits = manifest.resources.as_ref().map_or_else(Resources::default, |limits| {
            resources(limits, &MOST_FOR_CONTENT, at.key("resources"), self.problems)
        });
        let prepare = manifest.prepare.as_ref();
        let solution = match &manifest.solution {
            Some(name) => self.file(at.key("solution"), name),
            None => self.default(at, &join(&self.files.places[0], "solution.sh")),
        };
        let user = self.account(at.key("user"), manifest.user.as_ref());
        Exercise {
            backend: manifest.backend,
            requires: self.needs(&manifest.requires, at.key("requires")),
            container_image: image.cloned(),
            user: user.unwrap_or_else(|| DEFAULT_USER.to_owned()),
            network: manifest.network == Network::Internet,
            resources: limits,
            capabilities: self.capabilities(&manifest.capabilities, at.key("capabilities")),
            tmpfs: self.tmpfs(&manifest.tmpfs, at.key("tmpfs")),
            setup: self.setup(&manifest.setup, at.key("setup")),
            prepare: prepare.and_then(|name| self.file(at.key("prepare"), name)),
            verify: self.checks(&manifest.verify, at.key("verify")),
            hints: self.hints(&manifest.hints, &manifest.verify, at.key("hints")),
            solution,
            decoys: self.decoys(&manifest.decoys, &manifest.verify, at.key("decoys")),
        }
    }

    fn capabilities(&mut self, names: &[String], at: At<'_>) -> Vec<String> {
        let mut granted = Vec::new();
        for (i, name) in names.iter().enumerate() {
            match capability::allowed(name) {
                Ok(name) => granted.push(name),
                Err((why, help)) => {
                    self.problems.rule(at.item(i), format!("{} {why}", quote(name)), help);
                }
            }
        }
        granted.sort();
        granted.dedup();
        granted
    }

    fn tmpfs(&mut self, entries: &[TmpfsEntry], at: At<'_>) -> Vec<TmpfsMount> {
        let mut mounts: Vec<TmpfsMount> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            self.value(at.key("path"), &entry.path, quantity::absolute_path);
            if mounts.iter().any(|mount| mount.path == entry.path) {
                self.twice(at.key("path"), &entry.path);
            }
            let size =
                self.value(at.key("size"), &entry.size, |text| match quantity::size(text)? {
                    0 => Err("is no size at all"),
                    size if size > MAX_TMPFS => Err("is too large: it is memory, 1g at most"),
                    size => Ok(size),
                });
            mounts.push(TmpfsMount { path: entry.path.clone(), size: size.unwrap_or(0) });
        }
        mounts
    }

    fn setup(&mut self, entries: &[SetupEntry], at: At<'_>) -> Vec<SetupFile> {
        let mut files: Vec<SetupFile> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            let source = self.file(at.key("source"), &entry.source);
            self.value(at.key("dest"), &entry.dest, quantity::absolute_path);
            if files.iter().any(|file| file.dest == entry.dest) {
                self.twice(at.key("dest"), &entry.dest);
            }
            let mode = entry.mode.as_ref();
            let mode = mode.and_then(|mode| self.value(at.key("mode"), mode, quantity::mode));
            if let Some(source) = source {
                files.push(SetupFile { source, dest: entry.dest.clone(), mode });
            }
        }
        files
    }

    fn checks(&mut self, entries: &[VerifyEntry], at: At<'_>) -> Vec<Check> {
        if entries.is_empty() {
            let help = "an exercise without checks can never be completed";
            self.problems.rule(at, "\"verify\" has no checks", Some(help.to_owned()));
        }
        let mut checks: Vec<Check> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            self.one_line(at.key("name"), "\"name\"", &entry.name);
            if checks.iter().any(|check| check.name == entry.name) {
                self.twice(at.key("name"), &entry.name);
            }
            self.not_empty(at.key("cmd"), "\"cmd\"", &entry.cmd);
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
            let timeout = entry.timeout.as_ref().and_then(|text| {
                self.value(at.key("timeout"), text, |text| match quantity::duration(text)? {
                    timeout if timeout > MAX_TIMEOUT => Err("is too long for a check: 5m at most"),
                    timeout => Ok(timeout),
                })
            });
            checks.push(Check {
                name: entry.name.clone(),
                cmd: entry.cmd.clone(),
                expect: self.expect(entry, at),
                user: self.account(at.key("user"), entry.user.as_ref()),
                timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
                needs: entry.needs.clone(),
                fail: entry.fail.clone(),
                observe: entry.observe.clone(),
            });
        }
        checks
    }

    fn expect(&mut self, entry: &VerifyEntry, at: At<'_>) -> Expect {
        let written = [
            ("expect", &entry.expect),
            ("expect_contains", &entry.expect_contains),
            ("expect_regex", &entry.expect_regex),
        ];
        let mut given = written.iter().filter(|(_, text)| text.is_some());
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            let message = format!("a check has either {first:?} or {second:?}, not both");
            let help = "make two checks of it".to_owned();
            self.problems.rule(at.key(second), message, Some(help));
        }
        if let Some(text) = &entry.expect {
            // The output is compared trimmed, so an end of line here could never be met.
            Expect::Equals(text.trim().to_owned())
        } else if let Some(text) = &entry.expect_contains {
            self.not_empty(at.key("expect_contains"), "\"expect_contains\"", text);
            Expect::Contains(text.clone())
        } else if let Some(pattern) = &entry.expect_regex {
            self.not_empty(at.key("expect_regex"), "\"expect_regex\"", pattern);
            if let Err(error) = Expect::regex(pattern) {
                let reason = error.to_string();
                // The last line says why; those before draw an arrow under the pattern.
                let reason =
                    reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = format!("{} is not a regular expression: {reason}", quote(pattern));
                self.problems.rule(at.key("expect_regex"), message, None);
            }
            Expect::Matches(pattern.clone())
        } else {
            Expect::Success
        }
    }

    fn hints(&mut self, entries: &[HintEntry], checks: &[VerifyEntry], at: At<'_>) -> Vec<Hint> {
        let mut hints = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            match entry {
                HintEntry::Text(text) => {
                    self.not_empty(at, "a hint", text);
                    hints.push(Hint { text: text.clone(), trigger: Trigger::default() });
                }
                HintEntry::Triggered(hint) => {
                    self.not_empty(at.key("text"), "\"text\"", &hint.text);
                    let after = hint.trigger_after.as_ref();
                    let after = after
                        .and_then(|t| self.value(at.key("trigger_after"), t, quantity::duration));
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
                decoys.push(Decoy { file, fails: entry.fails.clone(), why: entry.why.clone() });
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

    fn account(&mut self, at: At<'_>, name: Option<&String>) -> Option<String> {
        let name = name?;
        self.value(at, name, quantity::account).map(|()| name.clone())
    }

    /// A value that is written as text.
    fn value<T>(
        &mut self,
        at: At<'_>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, &'static str>,
    ) -> Option<T> {
        let refuse = |why| self.problems.rule(at, format!("{} {why}", quote(text)), None);
        parse(text).map_err(refuse).ok()
    }

    fn not_empty(&mut self, at: At<'_>, what: &str, text: &str) {
        if text.trim().is_empty() {
            self.problems.rule(at, format!("{what} must not be empty"), None);
        }
    }

    /// Titles and names stand in lists, where there is one line for each.
    fn one_line(&mut self, at: At<'_>, what: &str, text: &str) {
        self.not_empty(at, what, text);
        if text.trim().contains('\n') {
            self.problems.rule(at, format!("{what} must be a single line"), None);
        }
    }

    fn twice(&mut self, at: At<'_>, text: &str) {
        self.problems.rule(at, format!("{} is used twice", quote(text)), None);
    }
}

fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean {}?", quote(near)))
}
