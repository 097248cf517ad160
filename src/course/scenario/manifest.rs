//! What contributors write of systems, load, configuration, faults and scenarios, key by key: the
//! only list of keys there is.
//!
//! As in [`crate::course::manifest`], the doc comments are the descriptions that an editor shows, and
//! values are still as they were written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::model::{CriterionKind, Level, Op, Quality, Unit};
use crate::course::manifest::TmpfsEntry;
use crate::course::model::Difficulty;

/// Free keys with values of any kind.
pub(crate) type Config = BTreeMap<String, Value>;

/// A system: scenarios/systems/NAME.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "System")]
pub(crate) struct SystemManifest {
    /// For people.
    pub(crate) title: String,
    /// Markdown: how its parts work together.
    #[serde(default)]
    pub(crate) about: String,
    /// The image that all its machines run.
    pub(crate) image: String,
    /// The machine of the learner's shell and of the gate.
    pub(crate) shell: String,
    /// The machine that makes the load.
    pub(crate) users: String,
    /// The machine with Prometheus.
    pub(crate) prometheus: String,
    /// The machine of the database, for faults with `sql`: `db` if not given.
    pub(crate) database_machine: Option<String>,
    /// The database's name, for faults with `sql`: `shop` if not given.
    pub(crate) database: Option<String>,
    /// In the order they are started.
    pub(crate) machines: Vec<MachineEntry>,
    /// The program on the shell machine that answers questions about the system, with its arguments.
    pub(crate) gate: Vec<String>,
    /// When it is healthy.
    pub(crate) healthy: HealthyEntry,
    /// Queries by name: the name alone stands for the query wherever one is written.
    #[serde(default)]
    pub(crate) queries: BTreeMap<String, String>,
    /// The window that the queries look back over: 20 s if not given.
    pub(crate) window: Option<String>,
    /// What scenarios can use as their criteria, by `use`.
    #[serde(default)]
    pub(crate) criteria: Vec<CriterionEntry>,
    /// What there is to see.
    #[serde(default)]
    pub(crate) panels: Vec<PanelEntry>,
    /// Requests that can be made.
    #[serde(default)]
    pub(crate) endpoints: Vec<EndpointEntry>,
    /// Commands that are ready to be run on the shell machine.
    #[serde(default)]
    pub(crate) diagnostics: Vec<DiagnosticEntry>,
    /// What can be at fault: a word, and a title for people.
    pub(crate) components: BTreeMap<String, String>,
    /// How things break: a word, and a title for people.
    pub(crate) mechanisms: BTreeMap<String, String>,
    /// What sets it off: a word, and a title for people.
    pub(crate) triggers: BTreeMap<String, String>,
}

/// A machine of a system.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MachineEntry {
    /// Its name on the private network: lower-case letters, digits and `-`.
    pub(crate) name: String,
    /// A line for people.
    #[serde(default)]
    pub(crate) about: String,
    /// What runs on it, with its arguments.
    pub(crate) command: Vec<String>,
    /// Such as `96m`: 128m if not given.
    pub(crate) memory: Option<String>,
    /// Cores, such as `0.5`, which it is if not given.
    pub(crate) cpus: Option<f64>,
    /// Processes and threads: 256 if not given.
    pub(crate) pids: Option<u32>,
    /// Capabilities beyond the usual ones, such as `SYS_PTRACE`.
    #[serde(default)]
    pub(crate) capabilities: Vec<String>,
    /// In-memory file systems of a fixed size.
    #[serde(default)]
    pub(crate) tmpfs: Vec<TmpfsEntry>,
    /// The machine, named before it, whose processes it sees and is seen by.
    pub(crate) shares_processes_with: Option<String>,
    /// Whether it has a manager with `/config` on port 9000: all but the shell machine if not given.
    pub(crate) configurable: Option<bool>,
}

/// When a system is healthy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthyEntry {
    /// 1 or more when it is.
    pub(crate) query: String,
    /// How long that may take from the start: 60 s if not given.
    pub(crate) within: Option<String>,
}

/// A chart.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PanelEntry {
    /// Unique in the system.
    pub(crate) id: String,
    /// For people.
    pub(crate) title: String,
    /// What it is about: the name of a machine, or `users`.
    pub(crate) service: String,
    /// What its numbers are: `number` if not given.
    #[serde(default)]
    pub(crate) unit: Unit,
    /// What is drawn.
    pub(crate) series: Vec<SeriesEntry>,
    /// A line is drawn at this value.
    pub(crate) threshold: Option<f64>,
}

/// One query of a panel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeriesEntry {
    /// A query or the name of one.
    pub(crate) query: String,
    /// The line's name, with `{{label}}` for a label's value.
    #[serde(default)]
    pub(crate) legend: String,
}

/// A request that can be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointEntry {
    /// For people.
    pub(crate) name: String,
    /// `GET` if not given.
    #[serde(default)]
    pub(crate) method: Method,
    /// Where to: `http://MACHINE:PORT/path`.
    pub(crate) url: String,
    /// What is sent.
    pub(crate) body: Option<String>,
}

/// How a request is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    /// Reads.
    #[default]
    Get,
    /// Reads the head only.
    Head,
    /// Creates or changes.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As it is sent.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A command that is ready to be run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiagnosticEntry {
    /// For people.
    pub(crate) name: String,
    /// What it tells.
    #[serde(default)]
    pub(crate) about: String,
    /// For the shell, as the learner.
    pub(crate) run: String,
}

/// A load pattern: scenarios/load/NAME.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Load")]
pub(crate) struct LoadManifest {
    /// A line for people.
    #[serde(default)]
    #[allow(dead_code)] // for who reads the file
    pub(crate) about: String,
    /// Requests a second.
    pub(crate) rate: Option<f64>,
    /// What else of the generator's configuration is changed.
    #[serde(default)]
    pub(crate) config: Config,
}

/// A configuration state: scenarios/config/NAME.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Configuration state")]
pub(crate) struct StateManifest {
    /// A line for people.
    #[serde(default)]
    pub(crate) about: String,
    /// What goes to which machine.
    pub(crate) push: BTreeMap<String, Config>,
    /// Who did it, as the log says: `deploy` if not given.
    pub(crate) by: Option<String>,
}

/// A fault: scenarios/faults/NAME.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Fault")]
pub(crate) struct FaultManifest {
    /// Markdown: what it breaks, and how.
    #[serde(default)]
    pub(crate) about: String,
    /// What can be said where it is used; `${NAME}` stands for the value.
    #[serde(default)]
    pub(crate) args: BTreeMap<String, ArgEntry>,
    /// What is done, in order.
    #[serde(rename = "do")]
    pub(crate) steps: Vec<StepEntry>,
    /// What ends it, in order.
    #[serde(default)]
    pub(crate) undo: Vec<StepEntry>,
}

/// An argument of a fault.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArgEntry {
    /// What it is.
    #[serde(rename = "type")]
    pub(crate) kind: ArgKind,
    /// The least an `int` or `number` may be.
    pub(crate) min: Option<f64>,
    /// The most an `int` or `number` may be.
    pub(crate) max: Option<f64>,
    /// If not given; without it the argument must be given.
    pub(crate) default: Option<Value>,
    /// A line for people.
    #[serde(default)]
    #[allow(dead_code)] // for who reads the file
    pub(crate) about: String,
}

/// What an argument of a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ArgKind {
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// A text.
    Text,
    /// `true` or `false`.
    Bool,
    /// The name of a machine.
    Machine,
}

/// One thing that is done to a system: exactly one of `push`, `sql`, `run`, `restart`, `pause`,
/// `resume`, `cut`, `join` and `limit`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepEntry {
    /// Changes configuration through the managers: what goes to which machine.
    pub(crate) push: Option<BTreeMap<String, Config>>,
    /// Who pushes, as the log says: `deploy` if not given.
    pub(crate) by: Option<String>,
    /// Statements for the database, as its superuser.
    pub(crate) sql: Option<String>,
    /// A shell command.
    pub(crate) run: Option<String>,
    /// The machine it runs on: the shell machine if not given.
    pub(crate) on: Option<String>,
    /// The account it runs as: `root` if not given.
    #[serde(rename = "as")]
    pub(crate) account: Option<String>,
    /// Whether `run` or `sql` goes on by itself until the fault is undone.
    #[serde(default)]
    pub(crate) background: bool,
    /// Has this machine's program started anew.
    pub(crate) restart: Option<String>,
    /// Stops all processes of this machine where they are.
    pub(crate) pause: Option<String>,
    /// Lets them go on.
    pub(crate) resume: Option<String>,
    /// Takes this machine off the network.
    pub(crate) cut: Option<String>,
    /// Puts it back.
    pub(crate) join: Option<String>,
    /// Changes what a machine may use.
    pub(crate) limit: Option<LimitEntry>,
}

/// What a machine may use from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitEntry {
    /// The machine.
    pub(crate) machine: String,
    /// Cores, such as `0.1`.
    pub(crate) cpus: Option<Value>,
    /// Such as `64m`.
    pub(crate) memory: Option<String>,
}

/// A scenario: scenarios/incidents/NN-slug.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub(crate) struct ScenarioManifest {
    /// Unique among all items, such as `incidents-03`.
    pub(crate) id: String,
    /// The id of the module it belongs to.
    pub(crate) module: String,
    /// Its place in the module.
    pub(crate) order: u32,
    /// For people: what is noticed, not what is wrong.
    pub(crate) title: String,
    /// Markdown: what it is about.
    #[serde(default)]
    pub(crate) description: String,
    /// How hard it is: `beginner` if not given.
    #[serde(default)]
    pub(crate) difficulty: Difficulty,
    /// How long it should take: 15 minutes if not given.
    pub(crate) estimated_time: Option<String>,
    /// What the learner will be able to do.
    #[serde(default)]
    pub(crate) objectives: Vec<String>,
    /// What was learned, shown on completion.
    #[serde(default)]
    pub(crate) takeaways: Vec<String>,
    /// Ids of items to do first.
    #[serde(default)]
    pub(crate) prerequisites: Vec<String>,
    /// What is practised, a word or two each.
    #[serde(default)]
    pub(crate) skills: Vec<String>,
    /// The system it happens to.
    pub(crate) system: String,
    /// The load pattern at the beginning.
    pub(crate) load: String,
    /// When it is escalated: 20 minutes after it went live if not given.
    pub(crate) time_limit: Option<String>,
    /// Markdown: what the learner is told when paged.
    pub(crate) briefing: String,
    /// The faults that make the incident; none for a false alarm.
    #[serde(default)]
    pub(crate) inject: Vec<InjectEntry>,
    /// What shows that the faults did something.
    pub(crate) symptom: Option<SymptomEntry>,
    /// What happens by itself.
    #[serde(default)]
    pub(crate) timeline: Vec<ActionEntry>,
    /// What must be true in the end.
    pub(crate) criteria: Vec<CriterionEntry>,
    /// Help, from nudge to approach.
    pub(crate) hints: Vec<HintEntry>,
    /// What is wrong.
    pub(crate) diagnosis: DiagnosisEntry,
    /// The trigger is fired again before the repair counts.
    pub(crate) replay: Option<ReplayEntry>,
    /// Ways to repair it.
    pub(crate) solutions: Vec<SolutionEntry>,
    /// Wrong ways, which must be refused.
    pub(crate) decoys: Vec<WrongFixEntry>,
    /// What somebody experienced looks at, in order.
    #[serde(default)]
    pub(crate) evidence: Vec<String>,
    /// What is told at the end.
    pub(crate) debrief: DebriefEntry,
}

/// A fault to inject.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InjectEntry {
    /// The fault's name.
    pub(crate) fault: String,
    /// Its arguments.
    #[serde(default)]
    pub(crate) with: Config,
    /// Arguments that make it stronger, in the order to try them; they are laid over `with`.
    #[serde(default)]
    pub(crate) stronger: Vec<Config>,
}

/// What shows that the faults did something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SymptomEntry {
    /// A query or the name of one.
    pub(crate) query: String,
    /// How it is compared.
    pub(crate) op: Op,
    /// With what.
    pub(crate) value: f64,
    /// `baseline`: the value counts in multiples of the query's mean in the baseline.
    pub(crate) times: Option<Times>,
    /// How soon: 20 s if not given.
    pub(crate) within: Option<String>,
}

/// When something is true.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConditionEntry {
    /// A query or the name of one.
    pub(crate) query: String,
    /// How it is compared.
    pub(crate) op: Op,
    /// With what.
    pub(crate) value: f64,
    /// `baseline`: the value counts in multiples of the query's mean in the baseline.
    pub(crate) times: Option<Times>,
}

/// What a value is a multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Times {
    /// The query's mean in the baseline.
    Baseline,
}

/// Something that happens by itself: exactly one of `at`, `after` and `when`, and exactly one of
/// `notify`, `load`, `push`, `fault`, `state` and `end`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionEntry {
    /// So long after the incident went live.
    pub(crate) at: Option<String>,
    /// So long after the action before it.
    pub(crate) after: Option<String>,
    /// When this becomes true.
    pub(crate) when: Option<ConditionEntry>,
    /// Somebody says this.
    pub(crate) notify: Option<String>,
    /// How urgent that is: `info` if not given.
    pub(crate) level: Option<Level>,
    /// Who says it: `pager` if not given.
    pub(crate) from: Option<String>,
    /// The load pattern changes to this one.
    pub(crate) load: Option<String>,
    /// The configuration state of this name is pushed.
    pub(crate) push: Option<String>,
    /// The fault of this name is injected.
    pub(crate) fault: Option<String>,
    /// The fault's arguments.
    pub(crate) with: Option<Config>,
    /// A word about the incident's state, shown beside its title.
    pub(crate) state: Option<String>,
    /// `true`: the time gate closes.
    pub(crate) end: Option<bool>,
}

/// Something that must be true: of a query (`query`, `op`, `value`) or of a command (`run`).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CriterionEntry {
    /// The id of a criterion of the system that is taken; other keys change it. Not in a system.
    #[serde(rename = "use")]
    pub(crate) base: Option<String>,
    /// Unique in the scenario.
    pub(crate) id: Option<String>,
    /// What it stands for.
    pub(crate) kind: Option<CriterionKind>,
    /// For people.
    pub(crate) title: Option<String>,
    /// A query or the name of one.
    pub(crate) query: Option<String>,
    /// How it is compared.
    pub(crate) op: Option<Op>,
    /// With what.
    pub(crate) value: Option<f64>,
    /// `baseline`: the value counts in multiples of the query's mean in the baseline.
    pub(crate) times: Option<Times>,
    /// How the value is shown: `number` if not given.
    pub(crate) unit: Option<Unit>,
    /// How long it must have been true: 20 s for a query, no time for a command if not given.
    pub(crate) hold: Option<String>,
    /// Whether it is shown only once it is true.
    pub(crate) hidden: Option<bool>,
    /// Said while it is not true.
    pub(crate) fail: Option<String>,
    /// A command instead of a query; without an `expect…` it must exit 0.
    pub(crate) run: Option<String>,
    /// The machine it runs on: the shell machine if not given.
    pub(crate) on: Option<String>,
    /// The account it runs as: the learner's if not given.
    #[serde(rename = "as")]
    pub(crate) account: Option<String>,
    /// Its output, trimmed, must be this text.
    #[schemars(extend("type" = ["string", "number", "boolean", "null"]))]
    pub(crate) expect: Option<String>,
    /// Its output must contain this text.
    #[schemars(extend("type" = ["string", "number", "boolean", "null"]))]
    pub(crate) expect_contains: Option<String>,
    /// Its output, trimmed, must match this regular expression somewhere.
    pub(crate) expect_matches: Option<String>,
    /// How long the command may take: 10 s if not given.
    pub(crate) timeout: Option<String>,
}

/// A hint: just a text, or a text with when it is offered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum HintEntry {
    /// Offered on request.
    Text(String),
    /// Offered by itself too.
    Triggered(TriggeredHint),
}

/// A hint that is offered by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriggeredHint {
    /// Markdown.
    pub(crate) text: String,
    /// So long after the incident went live.
    pub(crate) trigger_after: Option<String>,
    /// After so many wrong fixes.
    #[schemars(range(min = 1))]
    pub(crate) after_wrong_fixes: Option<u32>,
    /// Not by itself once one of these was seen.
    #[serde(default)]
    pub(crate) unless: Vec<String>,
}

/// What is wrong, in the system's words.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiagnosisEntry {
    /// One of the system's `components`.
    pub(crate) component: String,
    /// One of the system's `mechanisms`.
    pub(crate) mechanism: String,
    /// One of the system's `triggers`.
    pub(crate) trigger: String,
    /// Markdown: why.
    pub(crate) explain: String,
}

/// Firing the trigger again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayEntry {
    /// The fault's name.
    pub(crate) fault: String,
    /// Its arguments.
    #[serde(default)]
    pub(crate) with: Config,
    /// How long before it is undone.
    #[serde(rename = "for")]
    pub(crate) lasts: String,
    /// How soon after that all criteria must be true: 60 s if not given.
    pub(crate) recover_within: Option<String>,
}

/// A way to repair it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SolutionEntry {
    /// For people.
    pub(crate) name: String,
    /// How good it is.
    pub(crate) quality: Quality,
    /// What is run on the shell machine, as the learner.
    pub(crate) run: String,
    /// What is true of a repaired system if it was repaired this way: the first of the best that is true is
    /// taken for the learner's repair.
    pub(crate) known_by: Option<ConditionEntry>,
}

/// A wrong way to repair it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrongFixEntry {
    /// For people.
    pub(crate) name: String,
    /// What is run on the shell machine, as the learner.
    pub(crate) run: String,
    /// Ids of the criteria of which at least one must refuse it; any if not given.
    #[serde(default)]
    pub(crate) fails: Vec<String>,
    /// Why people do this, and why it is wrong.
    pub(crate) why: Option<String>,
}

/// What is told at the end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DebriefEntry {
    /// Markdown: what happened.
    pub(crate) happened: String,
    /// Markdown: how to see it next time.
    #[serde(default)]
    pub(crate) next_time: String,
    /// The real outage it resembles.
    pub(crate) outage: Option<OutageEntry>,
}

/// A real outage.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutageEntry {
    /// Who and when.
    pub(crate) title: String,
    /// Markdown: what happened.
    pub(crate) text: String,
    /// Where it is told.
    pub(crate) source: Option<String>,
}
