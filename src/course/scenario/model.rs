//! Scenarios and what they are made of, as the rest of the program sees them: checked, with defaults
//! filled in and everything that was referred to by name resolved.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::course::{Check, Resource};

/// An incident to be found, understood and repaired.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it happens to.
    pub system: Arc<System>,
    /// The load at the beginning.
    pub load: Load,
    /// When the incident is escalated, in the incident's own time since it went live.
    pub time_limit: Duration,
    /// What the learner is told when paged: Markdown.
    pub briefing: String,
    /// The faults that make the incident, in order; empty for a false alarm.
    pub inject: Vec<Injection>,
    /// What must be true soon after: the proof that the faults did something. `None` only where
    /// nothing is injected.
    pub symptom: Option<Symptom>,
    /// What happens by itself while the incident is live.
    pub timeline: Vec<Action>,
    /// What must be true in the end.
    pub criteria: Vec<Criterion>,
    /// From nudge to approach.
    pub hints: Vec<Hint>,
    /// What is wrong: the right answers.
    pub diagnosis: Diagnosis,
    /// The trigger is fired again before the repair counts.
    pub replay: Option<Replay>,
    /// Ways to repair it, the best first.
    pub solutions: Vec<Solution>,
    /// Wrong ways that must not pass.
    pub decoys: Vec<WrongFix>,
    /// What somebody experienced looks at, in order; see [`Evidence`].
    pub evidence: Vec<Evidence>,
    /// What is told at the end.
    pub debrief: Debrief,
    /// What is practised, a word or two each.
    pub skills: Vec<String>,
    /// The files that were read for it, besides its own manifest.
    pub files: Vec<Resource>,
}

/// Several machines on a private network, and how to look at them.
#[derive(Debug, Clone)]
pub struct System {
    /// The file's stem: `shop`.
    pub id: String,
    /// For people.
    pub title: String,
    /// Markdown: how its parts work together.
    pub about: String,
    /// One of our images, or any reference.
    pub image: String,
    /// The machine of the learner's shell and of the gate.
    pub shell: String,
    /// The machine that makes the load.
    pub users: String,
    /// The machine with Prometheus, for messages.
    pub prometheus: String,
    /// The machine of the database.
    pub database_machine: String,
    /// The database's name.
    pub database: String,
    /// In the order they are started; a machine whose processes another shares comes before it.
    pub machines: Vec<Machine>,
    /// The program on the shell machine that answers questions about the system.
    pub gate: Vec<String>,
    /// The query that is 1 (or more) when the system is healthy, and how long that may take.
    pub healthy: Healthy,
    /// Queries by name.
    pub queries: BTreeMap<String, String>,
    /// The window that the queries look back over: how long a repair takes to show fully.
    pub window: Duration,
    /// What there is to see, in order.
    pub panels: Vec<Panel>,
    /// Requests that can be made.
    pub endpoints: Vec<Endpoint>,
    /// Commands that are ready to be run.
    pub diagnostics: Vec<Diagnostic>,
    /// What can be at fault: word and title. The same for mechanisms and triggers.
    pub components: Vec<Answer>,
    /// How things break.
    pub mechanisms: Vec<Answer>,
    /// What sets it off.
    pub triggers: Vec<Answer>,
}

/// One machine of a system.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// Its name on the private network.
    pub name: String,
    /// A line for people.
    pub about: String,
    /// What runs on it.
    pub command: Vec<String>,
    /// Bytes.
    pub memory: u64,
    /// Cores.
    pub cpus: f64,
    /// Processes and threads.
    pub pids: u32,
    /// Capabilities beyond the usual ones.
    pub capabilities: Vec<String>,
    /// In-memory file systems.
    pub tmpfs: Vec<crate::course::TmpfsMount>,
    /// The machine whose processes it sees and is seen by.
    pub shares_processes_with: Option<String>,
    /// Whether it has a manager with `/config` on port 9000.
    pub configurable: bool,
}

/// When a system is healthy.
#[derive(Debug, Clone, PartialEq)]
pub struct Healthy {
    /// `PromQL`.
    pub query: String,
    /// How long it may take from the start.
    pub within: Duration,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Unique in its system.
    pub id: String,
    /// For people.
    pub title: String,
    /// Which part of the system it is about: the name of a machine, or `users`.
    pub service: String,
    /// What its numbers are.
    pub unit: Unit,
    /// What is drawn.
    pub series: Vec<Series>,
    /// A line to be drawn at this value.
    pub threshold: Option<f64>,
}

/// One query of a panel; it may give several lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// `PromQL`.
    pub query: String,
    /// The line's name, with `{{label}}` for a label's value.
    pub legend: String,
}

/// What a number is, for showing it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A plain number.
    #[default]
    Number,
    /// 0 to 1, shown as 0 % to 100 %.
    Percent,
    /// Seconds, shown as ms below one.
    Seconds,
    /// Bytes.
    Bytes,
    /// Something a second.
    Rate,
    /// Processor cores.
    Cores,
}

/// A request that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// For people.
    pub name: String,
    /// `GET`.
    pub method: String,
    /// Within the private network.
    pub url: String,
    /// What is sent, if anything.
    pub body: Option<String>,
}

/// A command that is ready to be run on the shell machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// For people.
    pub name: String,
    /// What it tells.
    pub about: String,
    /// For the shell.
    pub run: String,
}

/// An answer to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// `gateway`.
    pub id: String,
    /// For people.
    pub title: String,
}

/// How much the users want.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// The file's stem.
    pub id: String,
    /// What the generator's configuration is changed to.
    pub config: serde_json::Map<String, serde_json::Value>,
}

/// A fault as a scenario uses it: its steps with the arguments in their places.
#[derive(Debug, Clone, PartialEq)]
pub struct Injection {
    /// The fault's name.
    pub fault: String,
    /// What is done.
    pub steps: Vec<Step>,
    /// What ends it.
    pub undo: Vec<Step>,
    /// The same fault with more force, in the order to try them.
    pub stronger: Vec<Vec<Step>>,
}

/// One thing that is done to a system.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Changes a part's configuration through its manager.
    Push {
        /// The machine.
        machine: String,
        /// What is changed.
        config: serde_json::Map<String, serde_json::Value>,
        /// Who did it, as the log and the markers say: `deploy`.
        by: String,
    },
    /// Runs a shell command.
    Run {
        /// The machine.
        on: String,
        /// The account.
        account: String,
        /// For `sh`.
        command: String,
        /// Whether it goes on by itself.
        background: bool,
    },
    /// Has a part's program started anew by its manager.
    Restart {
        /// The machine.
        machine: String,
    },
    /// Stops all of a machine's processes where they are.
    Pause {
        /// The machine.
        machine: String,
    },
    /// Lets them go on.
    Resume {
        /// The machine.
        machine: String,
    },
    /// Takes a machine off the network.
    Cut {
        /// The machine.
        machine: String,
    },
    /// Puts it back.
    Join {
        /// The machine.
        machine: String,
    },
    /// Changes what a machine may use.
    Limit {
        /// The machine.
        machine: String,
        /// Cores.
        cpus: Option<f64>,
        /// Bytes.
        memory: Option<u64>,
    },
}

/// A comparison with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// `PromQL`.
    pub query: String,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: f64,
    /// Whether `value` counts in multiples of the query's mean in the baseline.
    pub of_baseline: bool,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Op {
    /// `<`
    #[serde(rename = "<")]
    Less,
    /// `<=`
    #[serde(rename = "<=")]
    AtMost,
    /// `>`
    #[serde(rename = ">")]
    More,
    /// `>=`
    #[serde(rename = ">=")]
    AtLeast,
    /// `==`
    #[serde(rename = "==")]
    Equal,
    /// `!=`
    #[serde(rename = "!=")]
    Differs,
}

impl Op {
    /// All of them with their signs in manifests.
    pub const ALL: [(&'static str, Self); 6] = [
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::More),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("!=", Self::Differs),
    ];

    /// Its sign.
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(sign, _)| sign)
    }

    /// Whether it holds. Nothing holds of what is not a number.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => (left - right).abs() <= f64::EPSILON * right.abs().max(1.0),
            Self::Differs => {
                !left.is_nan() && (left - right).abs() > f64::EPSILON * right.abs().max(1.0)
            }
        }
    }
}

/// What shows that an injection worked.
#[derive(Debug, Clone, PartialEq)]
pub struct Symptom {
    /// What must become true.
    pub condition: Condition,
    /// How soon.
    pub within: Duration,
}

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// When.
    pub when: When,
    /// What.
    pub what: Event,
}

/// When an action is due.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// So long after the incident went live, in its own time.
    At(Duration),
    /// So long after the action before it in the list was done.
    After(Duration),
    /// When this becomes true for the first time.
    Condition(Condition),
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Somebody says something.
    Notify {
        /// What: Markdown of one paragraph.
        text: String,
        /// How urgent.
        level: Level,
        /// Who says it.
        from: String,
    },
    /// The load changes.
    Load(Load),
    /// A configuration state is pushed: its file's stem, and what goes to which machine.
    Push {
        /// The state's name.
        state: String,
        /// What is done.
        steps: Vec<Step>,
    },
    /// A fault is injected.
    Inject(Injection),
    /// A word about the incident's state, shown beside its title.
    State(String),
    /// The incident is over: the time gate closes.
    End,
}

/// How urgent a message is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// By the way.
    #[default]
    Info,
    /// Look at it soon.
    Warning,
    /// Now.
    Critical,
}

/// Something that must be true in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Unique in its scenario.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it stands for.
    pub kind: CriterionKind,
    /// How it is judged.
    pub judged: Judged,
    /// How its value is shown.
    pub unit: Unit,
    /// How long it must have been true.
    pub hold: Duration,
    /// Whether it is shown only once it is true: it would tell the cause.
    pub hidden: bool,
    /// Said while it is not true.
    pub fail: Option<String>,
}

/// What a criterion stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CriterionKind {
    /// The users get what they want.
    Slo,
    /// The mechanism is gone, not masked.
    Cause,
    /// Nothing was cheated: load, data and protections are intact.
    Guard,
    /// It holds when the trigger comes again: judged only while it is replayed.
    Replay,
}

/// How a criterion is judged.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// By Prometheus. No answer, an empty one, one that is stale or not a number is false.
    Metric(Condition),
    /// By a command on a machine (`None`: the shell machine).
    Command {
        /// The machine.
        on: Option<String>,
        /// What is run and what is expected.
        check: Check,
    },
}

/// Help that is not the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Markdown.
    pub text: String,
    /// In the incident's own time; `None`: only after wrong fixes or on request.
    pub after: Option<Duration>,
    /// After so many wrong fixes.
    pub after_wrong_fixes: Option<u32>,
    /// Not by itself once one of these was seen.
    pub unless: Vec<Evidence>,
}

/// Something a learner may have looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// A panel was looked at on its own or under the cursor: its id.
    Panel(String),
    /// A query was run that holds this text: in the prompt, or with `drydock-query` in the shell.
    Query(String),
    /// A command was run that holds this text.
    Command(String),
    /// A machine's configuration was opened.
    Config(String),
    /// The logs were filtered by this service.
    Logs(String),
    /// The traces were opened.
    Traces,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// One of [`System::components`].
    pub component: String,
    /// One of [`System::mechanisms`].
    pub mechanism: String,
    /// One of [`System::triggers`].
    pub trigger: String,
    /// Why: Markdown.
    pub explain: String,
}

/// Firing the trigger again.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// What is done again.
    pub injection: Injection,
    /// How long before it is undone.
    pub lasts: Duration,
    /// How soon after all criteria must be true, with nobody's help.
    pub recover_within: Duration,
}

/// A way to repair it.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// For people.
    pub name: String,
    /// How good it is.
    pub quality: Quality,
    /// What is run on the shell machine.
    pub run: String,
    /// What is true once the learner has done this.
    pub known_by: Option<Condition>,
}

/// How good a repair is, the best first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// The cause is gone.
    Root,
    /// The effect is gone, the cause is contained.
    Mitigation,
    /// It works again and nobody knows for how long.
    Restart,
}

/// A wrong way to repair it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongFix {
    /// For people.
    pub name: String,
    /// What is run on the shell machine.
    pub run: String,
    /// Ids of the criteria of which at least one must refuse it; empty: any.
    pub fails: Vec<String>,
    /// Why people do this.
    pub why: Option<String>,
}

/// What is told at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Debrief {
    /// What happened: Markdown.
    pub happened: String,
    /// How to see it next time: Markdown.
    pub next_time: String,
    /// The real outage it resembles.
    pub outage: Option<Outage>,
}

/// A real outage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    /// Who and when.
    pub title: String,
    /// What happened: Markdown.
    pub text: String,
    /// Where it is told.
    pub source: Option<String>,
}
