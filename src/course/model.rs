//! The course as the rest of the program sees it: checked, with defaults filled in.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Diagnostic;
use super::rules::DEFAULT_TIMEOUT;
use super::scenario::{Parts, Scenario};
use super::source::Resource;
use super::vars::Variable;

/// Everything there is to practise, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// In their declared order.
    pub modules: Vec<Module>,
    /// What scenarios can be made of.
    pub parts: Parts,
    /// Everything wrong that was found while reading, in file and line order.
    pub problems: Vec<Diagnostic>,
}

impl Catalogue {
    /// The item with this id.
    pub fn item(&self, id: &str) -> Option<&Item> {
        self.items().find(|item| item.id == id)
    }

    /// All items, module by module, in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.modules.iter().flat_map(|module| &module.items)
    }

    /// The item after this one: in its module, or the first of the next.
    pub fn next_after(&self, id: &str) -> Option<&Item> {
        self.items().skip_while(|item| item.id != id).nth(1)
    }

    /// Ids of the items in whose titles all of these words stand, whatever their case; none without a
    /// word.
    pub fn titled(&self, words: &str) -> Vec<String> {
        let words: Vec<_> = words.split_whitespace().map(str::to_lowercase).collect();
        let meant = self.items().filter(|item| {
            let title = item.title.to_lowercase();
            !words.is_empty() && words.iter().all(|word| title.contains(word))
        });
        meant.map(|item| item.id.clone()).collect()
    }

    /// The id nearest to a mistyped one, if any is near.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        super::nearest(id, self.items().map(|item| item.id.as_str()))
    }
}

/// Items that belong together, in order.
#[derive(Debug, Clone)]
pub struct Module {
    /// `linux`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// Its place among the modules.
    pub order: u32,
    /// Ids of modules to do first.
    pub prerequisites: Vec<String>,
    /// In order.
    pub items: Vec<Item>,
}

impl Module {
    /// The sum of its items' estimates.
    pub fn estimated_time(&self) -> Duration {
        self.items.iter().map(|item| item.estimated_time).sum()
    }
}

/// One thing to practise.
#[derive(Debug, Clone)]
pub struct Item {
    /// Unique: `linux-03`.
    pub id: String,
    /// The module's id.
    pub module: String,
    /// Its place in the module.
    pub order: u32,
    /// For people.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// How hard.
    pub difficulty: Difficulty,
    /// How long it should take.
    pub estimated_time: Duration,
    /// "You will be able to …".
    pub objectives: Vec<String>,
    /// What was learned: shown on completion.
    pub takeaways: Vec<String>,
    /// Ids of items to do first.
    pub prerequisites: Vec<String>,
    /// The lesson, if there is one: Markdown.
    pub lesson: Option<Resource>,
    /// Where it was written, for messages.
    pub manifest: Resource,
    /// What kind of practice it is.
    pub body: Body,
}

impl Item {
    /// The kind's name in output: `exercise`.
    pub fn kind(&self) -> &'static str {
        match self.body {
            Body::Exercise(_) | Body::Unread(Summary::Exercise { .. }) => "exercise",
            Body::Scenario(_) | Body::Unread(Summary::Scenario { .. }) => "scenario",
        }
    }

    /// The pack that it is from; none for what is built in, and for the learner's own folders.
    pub fn pack(&self) -> Option<&str> {
        self.manifest.pack()
    }

    /// Whose work it was converted from, if it was.
    pub fn origin(&self) -> Option<&str> {
        match &self.body {
            Body::Exercise(exercise) => exercise.origin.as_deref(),
            Body::Scenario(_) | Body::Unread(_) => None,
        }
    }

    /// Whether it is somebody else's: from a pack, or converted.
    pub fn is_from_elsewhere(&self) -> bool {
        self.pack().is_some() || self.origin().is_some()
    }

    /// Whether there is more to it than its summary.
    pub fn is_read(&self) -> bool {
        !matches!(self.body, Body::Unread(_))
    }

    /// What lists say of its body.
    pub fn summary(&self) -> Summary {
        match &self.body {
            Body::Exercise(exercise) => {
                let (checks, needs) = (exercise.verify.len(), exercise.needs());
                Summary::Exercise { checks, needs }
            }
            Body::Scenario(scenario) => {
                Summary::Scenario { machines: scenario.system.machines.len() }
            }
            Body::Unread(summary) => summary.clone(),
        }
    }

    /// The manifest, the lesson and every file they name.
    pub fn files(&self) -> Vec<&Resource> {
        let mut files = vec![&self.manifest];
        files.extend(&self.lesson);
        match &self.body {
            Body::Exercise(exercise) => files.extend(exercise.files()),
            Body::Scenario(scenario) => files.extend(&scenario.files),
            Body::Unread(_) => {}
        }
        files
    }

    /// Hex SHA-256 over the manifest, the lesson and every file they name: what an attempt was made
    /// at. Reads them all; meant for the start of an attempt, not for lists.
    pub fn hash(&self) -> io::Result<String> {
        let mut hash = Sha256::new();
        for file in self.files() {
            let bytes = file.read()?;
            // With lengths, so that nothing can move from one file to the next unnoticed.
            for part in [file.relative().as_bytes(), &bytes] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        Ok(format!("{:x}", hash.finalize()))
    }
}

/// The kinds of practice.
#[derive(Debug, Clone)]
pub enum Body {
    /// Read a lesson, work in a sandbox shell, make all checks pass.
    Exercise(Box<Exercise>),
    /// Be paged about a running system that is degraded; observe, diagnose, repair.
    Scenario(Arc<Scenario>),
    /// Known from the [`index`](super::index) alone: to be shown, and for nothing else.
    Unread(Summary),
}

/// What lists say of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Summary {
    /// Of an exercise.
    Exercise {
        /// How many checks it has.
        checks: usize,
        /// What it needs of an engine.
        needs: Vec<Need>,
    },
    /// Of a scenario.
    Scenario {
        /// How many machines its system has.
        machines: usize,
    },
}

impl Summary {
    /// What it needs of an engine.
    pub fn needs(&self) -> &[Need] {
        match self {
            Self::Exercise { needs, .. } => needs,
            Self::Scenario { .. } => &[Need::Systems],
        }
    }
}

/// How hard an item is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// No knowledge assumed beyond the module's prerequisites.
    #[default]
    Beginner,
    /// Knows the basics.
    Intermediate,
    /// Experienced.
    Advanced,
}

impl Difficulty {
    /// The word in manifests and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }
}

/// An exercise's sandbox, checks and hints.
#[derive(Debug, Clone)]
pub struct Exercise {
    /// Whose work it was made of, if it was converted.
    pub origin: Option<String>,
    /// Whether a container will do or an init system is needed.
    pub backend: Backend,
    /// What else it says to need of an engine.
    pub requires: Vec<Need>,
    /// The image asked for: one of ours (`drydock/base`) or any reference.
    pub container_image: Option<String>,
    /// The account the learner works as.
    pub user: String,
    /// Whether the sandbox may reach a network.
    pub network: bool,
    /// What it may use.
    pub resources: Resources,
    /// Capabilities beyond the small default set, without the `CAP_` prefix.
    pub capabilities: Vec<String>,
    /// In-memory file systems of a fixed size.
    pub tmpfs: Vec<TmpfsMount>,
    /// Files copied in before the learner enters; they belong to the learner.
    pub setup: Vec<SetupFile>,
    /// A script run once as root after the first start.
    pub prepare: Option<Resource>,
    /// What differs from attempt to attempt; see [`Item::seeded`].
    pub vars: Vec<Variable>,
    /// What must be true in the end, in order.
    pub verify: Vec<Check>,
    /// From nudge to approach.
    pub hints: Vec<Hint>,
    /// A script that solves it.
    pub solution: Option<Resource>,
    /// Plausible wrong solutions.
    pub decoys: Vec<Decoy>,
}

impl Exercise {
    /// What it says itself to need, and what follows from the rest of its manifest.
    fn needs(&self) -> Vec<Need> {
        let system = (self.backend == Backend::Vm).then_some(Need::InitSystem);
        let network = self.network.then_some(Need::Network);
        system.into_iter().chain(network).chain(self.requires.iter().copied()).collect()
    }

    /// Every file its manifest names.
    fn files(&self) -> impl Iterator<Item = &Resource> {
        let setup = self.setup.iter().map(|file| &file.source);
        let decoys = self.decoys.iter().map(|decoy| &decoy.file);
        setup.chain(&self.prepare).chain(&self.solution).chain(decoys)
    }
}

/// What an exercise needs to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Any sandbox.
    #[default]
    Container,
    /// One with an init system as PID 1.
    Vm,
}

/// Something that not every engine has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Need {
    /// Several users and groups, with files of their own.
    MultipleUsers,
    /// An init system as PID 1.
    InitSystem,
    /// A network that reaches others.
    Network,
    /// Several machines on a private network: what every scenario needs, and no exercise.
    Systems,
}

impl Need {
    /// Those that an exercise can say itself, with their words in manifests.
    pub(super) const ALL: [(&str, Self); 3] = [
        ("multiple-users", Self::MultipleUsers),
        ("init-system", Self::InitSystem),
        ("network", Self::Network),
    ];
}

/// Limits asked for; `None` is the engine's default.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Resources {
    /// Bytes.
    pub memory: Option<u64>,
    /// Cores.
    pub cpus: Option<f64>,
    /// Processes and threads.
    pub pids: Option<u32>,
}

/// An in-memory file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TmpfsMount {
    /// Absolute path.
    pub path: String,
    /// Bytes.
    pub size: u64,
}

/// A file to copy into the sandbox.
#[derive(Debug, Clone)]
pub struct SetupFile {
    /// What to copy.
    pub source: Resource,
    /// Absolute path inside.
    pub dest: String,
    /// Permission bits as written; see [`SetupFile::permissions`].
    pub mode: Option<u32>,
}

impl SetupFile {
    /// Permission bits to give it: as written, else 0o755 for a file that is executable or whose
    /// `content` starts with `#!`, else 0o644.
    pub fn permissions(&self, content: &[u8]) -> u32 {
        let program = || self.source.is_executable() || content.starts_with(b"#!");
        self.mode.unwrap_or_else(|| if program() { 0o755 } else { 0o644 })
    }
}

/// Something that must be true.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// For people, unique in its exercise.
    pub name: String,
    /// What is run.
    pub cmd: String,
    /// What its result must be.
    pub expect: Expect,
    /// The account it runs as; `None` is the learner's.
    pub user: Option<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// Names of checks that must pass first.
    pub needs: Vec<String>,
    /// Said when it fails.
    pub fail: Option<String>,
    /// A command whose output tells what was found.
    pub observe: Option<String>,
    /// When it counts as passed.
    pub mode: Mode,
    /// Whether it may pass before anything is done.
    pub green_before: bool,
    /// Whether it must stay true all the time; then it is [`Check::green_before`] too.
    pub invariant: bool,
}

impl Check {
    /// A check that passes while its command succeeds.
    pub fn new(name: impl Into<String>, cmd: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            cmd: cmd.into(),
            expect: Expect::Success,
            user: None,
            timeout: DEFAULT_TIMEOUT,
            needs: Vec::new(),
            fail: None,
            observe: None,
            mode: Mode::Level,
            green_before: false,
            invariant: false,
        }
    }
}

/// When a check counts as passed, given when it is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// While it is true.
    Level,
    /// Once it has been true in the attempt.
    Edge,
    /// When it has been true so long without a break.
    Hold(Duration),
}

/// When a check passes; outputs are compared trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The command exits 0.
    Success,
    /// Its output is this text.
    Equals(String),
    /// Its output contains this text.
    Contains(String),
    /// Its output matches this regular expression (checked to compile when read).
    Matches(String),
}

impl Expect {
    /// The regular expression of [`Expect::Matches`], with a cap on what an untrusted pattern may
    /// cost. `^` and `$` are the ends of the output; `(?m)` makes them those of a line.
    pub fn regex(pattern: &str) -> Result<Regex, regex::Error> {
        /// Bytes of a compiled pattern. Ordinary ones need a few thousand.
        const MAX_SIZE: usize = 1 << 20;
        RegexBuilder::new(pattern).size_limit(MAX_SIZE).build()
    }
}

/// Help that is not the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Markdown.
    pub text: String,
    /// When it is offered by itself; on request always, in order.
    pub trigger: Trigger,
}

/// When a hint is offered by itself: when any of these holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trigger {
    /// After this much active time.
    pub after: Option<Duration>,
    /// After this many failed verifications.
    pub failures: Option<u32>,
    /// When the named check keeps failing.
    pub failing: Option<String>,
}

/// A plausible wrong solution, which must be refused.
#[derive(Debug, Clone)]
pub struct Decoy {
    /// The script.
    pub file: Resource,
    /// Names of the checks that must refuse it.
    pub fails: Vec<String>,
    /// A part of what the learner is then told.
    pub says: Option<String>,
    /// Why people do this.
    pub why: Option<String>,
}
