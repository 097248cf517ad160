//! What contributors write, key by key: the only list of keys there is.
//!
//! Reading, the published JSON Schemas and the help in messages are all made from these types; their
//! doc comments are the descriptions that an editor shows. Values are still as they were written:
//! [`super::exercise`] and [`super::catalogue`] check them and fill in defaults.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Backend, Difficulty};

/// An exercise.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Exercise")]
pub(crate) struct Manifest {
    /// Unique among all items: letters, digits, `-`, `_` and `.`, such as `linux-03`.
    pub(crate) id: String,
    /// The id of the module it belongs to.
    pub(crate) module: String,
    /// Its place in the module.
    pub(crate) order: u32,
    /// For people.
    pub(crate) title: String,
    /// Markdown: what it is about.
    #[serde(default)]
    pub(crate) description: String,
    /// Whose work it was made of, if it was converted: drydock import writes it.
    pub(crate) origin: Option<String>,
    /// How hard it is: `beginner` if not given.
    #[serde(default)]
    pub(crate) difficulty: Difficulty,
    /// How long it should take, such as `15m` or `1h30m`: 15 minutes if not given.
    pub(crate) estimated_time: Option<String>,
    /// What it needs: `container` (if not given), or `vm` for an init system as PID 1.
    #[serde(default)]
    pub(crate) backend: Backend,
    /// What else it needs of an engine: `multiple-users`, `init-system`, `network`.
    #[serde(default)]
    pub(crate) requires: Vec<String>,
    /// The image to run: `drydock/base`, `drydock/systemd` or any reference.
    pub(crate) container_image: Option<String>,
    /// What the learner will be able to do.
    #[serde(default)]
    pub(crate) objectives: Vec<String>,
    /// What was learned, shown on completion.
    #[serde(default)]
    pub(crate) takeaways: Vec<String>,
    /// Ids of items to do first.
    #[serde(default)]
    pub(crate) prerequisites: Vec<String>,
    /// The lesson's file; content/MODULE/NN-slug.md if not given.
    pub(crate) lesson: Option<String>,
    /// The account the learner works as: `learner` if not given.
    pub(crate) user: Option<String>,
    /// Whether the sandbox may reach the internet: `none` if not given.
    #[serde(default)]
    pub(crate) network: Network,
    /// What the sandbox may use.
    pub(crate) resources: Option<ResourceLimits>,
    /// Capabilities beyond the usual ones, such as `NET_ADMIN`.
    #[serde(default)]
    pub(crate) capabilities: Vec<String>,
    /// In-memory file systems of a fixed size.
    #[serde(default)]
    pub(crate) tmpfs: Vec<TmpfsEntry>,
    /// Files copied into the sandbox before the learner enters; they belong to the learner.
    #[serde(default)]
    pub(crate) setup: Vec<SetupEntry>,
    /// A script that is run once as root after the first start.
    pub(crate) prepare: Option<String>,
    /// Values that differ from attempt to attempt; `{{name}}` stands for one in texts and files.
    #[serde(default)]
    pub(crate) vars: BTreeMap<String, VarEntry>,
    /// What must be true in the end; all must pass.
    pub(crate) verify: Vec<VerifyEntry>,
    /// Help, from nudge to approach.
    #[serde(default)]
    pub(crate) hints: Vec<HintEntry>,
    /// What solves it: a script, or lines to be typed (*.keys); NN-slug/solution.sh or
    /// NN-slug/solution.keys if not given.
    pub(crate) solution: Option<String>,
    /// Plausible wrong solutions, which must be refused.
    #[serde(default)]
    pub(crate) decoys: Vec<DecoyEntry>,
}

/// What it may reach.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Network {
    /// Nothing but itself.
    #[default]
    None,
    /// The internet, where this machine has it.
    Internet,
}

/// Limits of a sandbox.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceLimits {
    /// Such as `512m` or `1g`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<String>,
    /// Cores, such as `1` or `0.5`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpus: Option<f64>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pids: Option<u32>,
}

/// An in-memory file system.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TmpfsEntry {
    /// Where, an absolute path.
    pub(crate) path: String,
    /// How large, such as `16m`.
    pub(crate) size: String,
}

/// A file to copy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupEntry {
    /// The file, in the folder NN-slug beside the manifest or beside the manifest itself.
    pub(crate) source: String,
    /// Where to, an absolute path.
    pub(crate) dest: String,
    /// Permissions in octal, such as `0644`; if not given, 0755 for a program and else 0644.
    #[schemars(extend("type" = ["string", "integer"]))]
    pub(crate) mode: Option<String>,
}

/// What a variable may be: one of its three keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VarEntry {
    /// One of these texts.
    pub(crate) pick: Option<Vec<String>>,
    /// A whole number from the first to the second.
    #[schemars(length(min = 2, max = 2))]
    pub(crate) range: Option<Vec<i64>>,
    /// A text of so many lower-case letters and digits, 64 at most.
    #[schemars(range(min = 1, max = 64))]
    pub(crate) random: Option<u32>,
}

/// When a check counts as passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CheckMode {
    /// While it is true.
    #[default]
    Level,
    /// Once it has been true in this attempt.
    Edge,
    /// When it has been true for the time of `hold` without a break.
    Hold,
}

/// How a check stands before anything is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Baseline {
    /// It fails: it tells of something that is to be done.
    #[default]
    Red,
    /// It may pass already.
    Green,
}

/// A check. Without an `expect…` it passes when the command exits 0.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEntry {
    /// For people; unique in the exercise.
    pub(crate) name: String,
    /// What is run, by a shell.
    pub(crate) cmd: String,
    /// Its output, trimmed, must be this text.
    #[schemars(extend("type" = ["string", "number", "boolean", "null"]))]
    pub(crate) expect: Option<String>,
    /// Its output must contain this text.
    #[schemars(extend("type" = ["string", "number", "boolean", "null"]))]
    pub(crate) expect_contains: Option<String>,
    /// Its output, trimmed, must match this regular expression somewhere.
    pub(crate) expect_regex: Option<String>,
    /// The account it runs as; the learner's if not given.
    pub(crate) user: Option<String>,
    /// How long it may take: 10 s if not given.
    pub(crate) timeout: Option<String>,
    /// Names of earlier checks that must pass first.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Said when it fails.
    pub(crate) fail: Option<String>,
    /// A command whose output tells what was found.
    pub(crate) observe: Option<String>,
    /// When it counts as passed: `level` if not given.
    #[serde(default)]
    pub(crate) mode: CheckMode,
    /// How long it must be true without a break, with `mode: hold`; 10m at most.
    pub(crate) hold: Option<String>,
    /// How it stands before anything is done: `red` if not given.
    #[serde(default)]
    pub(crate) baseline: Baseline,
    /// Whether it is true from the beginning and must stay so; breaking it offers to rewind.
    #[serde(default)]
    pub(crate) invariant: bool,
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

/// A hint that is offered by itself when any of its conditions holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriggeredHint {
    /// Markdown.
    pub(crate) text: String,
    /// After so much time of work, such as `2m`.
    pub(crate) trigger_after: Option<String>,
    /// After so many verifications that did not pass.
    #[schemars(range(min = 1))]
    pub(crate) after_failures: Option<u32>,
    /// When the check of this name keeps failing.
    pub(crate) when_failing: Option<String>,
}

/// A plausible wrong solution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecoyEntry {
    /// The script.
    pub(crate) file: String,
    /// Names of the checks that must refuse it.
    pub(crate) fails: Vec<String>,
    /// What the learner is then told, or a part of it: of `fail`, or of what was found.
    pub(crate) says: Option<String>,
    /// Why people do this, and why it is wrong.
    pub(crate) why: Option<String>,
}

/// A module: content/MODULE/module.yaml.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Module")]
pub(crate) struct ModuleManifest {
    /// The folder's name, which it is if not given.
    pub(crate) id: Option<String>,
    /// For people.
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) description: String,
    /// Its place among the modules.
    pub(crate) order: u32,
    /// Ids of modules to do first.
    #[serde(default)]
    pub(crate) prerequisites: Vec<String>,
    /// Ids of its items in order; if not given, all that name it, by their `order`.
    pub(crate) items: Option<Vec<String>>,
}
