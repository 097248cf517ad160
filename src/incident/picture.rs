//! What there is to know of an incident at a moment: what the screens, `--json` and the post-mortem
//! show. Plain data, kept in the store as it is.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::course::scenario::{CriterionKind, Level, Op, Unit};

/// An incident as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where it is in its life.
    pub phase: Phase,
    /// The scenario's own word for its state, if it gave one.
    pub word: Option<String>,
    /// Whether it is held: load, time and hints stand still.
    pub paused: bool,
    /// In the incident's own time, since it went live.
    pub elapsed: Duration,
    /// Until it is escalated.
    pub remaining: Duration,
    /// When the injection began, Unix seconds: where the charts' first mark is.
    pub injected_at: Option<f64>,
    /// The criteria in their order, hidden ones that are not true yet without their title.
    pub criteria: Vec<Standing>,
    /// What the users got since the injection.
    pub users: Users,
    /// Everything that was said, in order.
    pub feed: Vec<FeedEntry>,
    /// What was done to the system and when, for the charts.
    pub marks: Vec<Mark>,
    /// What each machine was configured to before the injection.
    pub normal: BTreeMap<String, serde_json::Map<String, serde_json::Value>>,
    /// How many hints were given, and how many there are.
    pub hints: (usize, usize),
    /// Whether hints are off.
    pub hard: bool,
    /// The same seed gives the same users.
    pub seed: u32,
    /// The learner's diagnosis, once given.
    pub diagnosis: Option<Guess>,
    /// Whether it may be marked complete now, or why not: one sentence.
    pub completable: Result<(), String>,
    /// What cannot be seen: Prometheus or a machine is gone. One sentence each.
    pub trouble: Vec<String>,
    /// The score, once it is over.
    pub score: Option<Score>,
    /// The name of the solution that the learner took, once it is over and if it is a known one.
    #[serde(default)]
    pub repair: Option<String>,
}

/// Where an incident is in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "phase")]
pub enum Phase {
    /// Its machines are being made and started.
    Starting,
    /// They run; healthy for `held` of `hold` seconds.
    Settling {
        /// Seconds it has been healthy.
        held: f64,
        /// Seconds it must be.
        hold: f64,
    },
    /// What is normal here is measured.
    Baseline,
    /// The fault is injected, and its symptom waited for.
    Injecting {
        /// How often it was made stronger.
        intensity: usize,
    },
    /// The learner's turn.
    Live,
    /// The trigger is fired again, with the repair in place.
    Replaying {
        /// Until it is judged at the latest, in seconds.
        left: f64,
    },
    /// It is over.
    Over {
        /// How it ended.
        outcome: Outcome,
    },
}

/// How an incident ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// Repaired.
    Resolved,
    /// The time gate closed.
    Escalated,
    /// The fault did not show: the lab failed, not the learner.
    LabFailed {
        /// What happened.
        why: String,
    },
}

/// How a criterion stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Its id.
    pub id: String,
    /// Its title; empty while it is hidden.
    pub title: String,
    /// What it stands for.
    pub kind: CriterionKind,
    /// Whether it is true now; `None` before it was judged.
    pub met: Option<bool>,
    /// Its value, if it has one.
    pub value: Option<f64>,
    /// What the value is compared with.
    pub threshold: Option<(Op, f64)>,
    /// How both are shown.
    pub unit: Unit,
    /// Seconds it has been true without a break.
    pub held: f64,
    /// Seconds it must be.
    pub hold: f64,
    /// The value gets better, but the window still looks back on what was before: for how many
    /// seconds more.
    pub draining: Option<f64>,
    /// The latest values, the oldest first, one for every two seconds; `None` is a gap.
    pub recent: Vec<Option<f64>>,
    /// What was found instead, or why it could not be judged: one sentence.
    pub note: Option<String>,
}

/// What the users got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Users {
    /// Requests since the injection.
    pub requests: f64,
    /// Those that failed.
    pub failed: f64,
    /// The share that succeeds now, if known.
    pub success: Option<f64>,
    /// The 95th percentile of the time that those take now, in seconds.
    pub p95: Option<f64>,
    /// Requests a second now.
    pub rate: Option<f64>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    /// In the incident's own time; negative before it went live.
    pub at: f64,
    /// Unix seconds.
    pub time: f64,
    /// What kind it is.
    pub kind: FeedKind,
    /// How urgent.
    pub level: Level,
    /// Who says it; empty where nobody does.
    pub from: String,
    /// What: Markdown.
    pub text: String,
}

impl FeedEntry {
    /// Who says it; where nobody does, a word for what kind it is.
    pub fn who(&self) -> &str {
        if !self.from.is_empty() {
            return &self.from;
        }
        match self.kind {
            FeedKind::Hint => "hint",
            FeedKind::System => "system",
            FeedKind::Metric => "metrics",
            FeedKind::Stakeholder => "somebody",
            FeedKind::Change => "change",
            FeedKind::Learner => "you",
        }
    }
}

/// What kind of update it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedKind {
    /// Help.
    Hint,
    /// The lab itself: phases, pauses.
    System,
    /// A criterion turned.
    Metric,
    /// A person or the pager.
    Stakeholder,
    /// A configuration changed.
    Change,
    /// The learner did something.
    Learner,
}

/// A moment worth a line in the charts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Unix seconds.
    pub time: f64,
    /// One or two words: `api v2`.
    pub label: String,
    /// Whether the learner did it.
    pub learner: bool,
}

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess {
    /// What is at fault.
    pub component: String,
    /// How it breaks.
    pub mechanism: String,
    /// What set it off.
    pub trigger: String,
}

/// The score: bars beside each other, never one number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// In the order they are shown.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// For people: `Failed user requests`.
    pub title: String,
    /// 0 (worst) to 1.
    pub share: f64,
    /// The number and what it means: `1,204 of 9,600`.
    pub words: String,
}
