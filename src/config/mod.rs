//! Configuration: one YAML file, refused with its line when wrong, written atomically.
//!
//! The file is optional and so is every key in it; [`Config`] with its doc comments is the only list
//! of keys. It is read by the same reader as content, so all that is wrong is told at once with its
//! place. Writing ([`set`], [`reset`]) is one key at a time: comments and order stay, other writers
//! wait, and a crash leaves the old file or the new one.

mod edit;
mod write;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use directories::BaseDirs;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::course::limits::resources;
use crate::course::manifest::ResourceLimits;
use crate::course::source::MAX_TEXT;
use crate::course::yaml::{At, Problems, Shape, quote, read};
use crate::course::{Diagnostic, Resources, nearest};
use crate::engine::choice::Wanted;
use crate::problem::{Exit, Problem};

pub use write::{reset, set};

static SHAPE: LazyLock<Shape> = LazyLock::new(Shape::of::<Config>);

/// The format of the file; a later one may mean other things by the same keys.
const VERSION: u32 = 1;

/// Lines above the screen that the shell keeps, at most: a line of 200 columns takes about 5 KiB.
const MAX_SCROLLBACK: u32 = 100_000;

/// Everything that can be set, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Configuration")]
#[schemars(extend("x-explained" = {
    "aws": "drydock works on this machine only: there is no cloud account to configure, remove it",
    "auth": "there is nothing to log in to: progress stays on this machine, remove it",
}))]
pub struct Config {
    /// The format of this file: 1.
    pub version: u32,
    /// Which sandbox engine to use.
    pub backend: Backend,
    /// Sandboxes on this machine.
    pub local: Local,
    /// The theme's name.
    pub theme: String,
    /// Whether to draw with ASCII characters only; `auto` asks the terminal's locale.
    pub ascii: Ascii,
    /// Whether the mouse works in the program; `off` leaves it to the terminal.
    pub mouse: Switch,
    /// The key that leaves the shell pane; every other key goes to the shell.
    pub leave_key: String,
    /// Lines that the shell pane keeps above its screen.
    #[schemars(range(max = MAX_SCROLLBACK))]
    pub scrollback: u32,
    /// Whether what shells show is recorded, to be played again; what is typed never is.
    pub recording: Switch,
    /// Folders with more content, laid over the built-in one in this order.
    pub content: Vec<PathBuf>,
    /// Whether the network may never be used, as with `--offline`.
    pub offline: bool,
    /// The repository of completions.
    pub sync: Syncing,
    /// What a sandbox may use if its manifest does not say.
    pub(crate) limits: ResourceLimits,
}

/// The git repository of completions, and its other copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Syncing {
    /// The other copy: whatever git fetches from and pushes to. Empty is the one that the repository
    /// itself names, if it does.
    pub remote: String,
    /// Whether it is synced by itself, at the start and after a completion.
    pub auto: Switch,
    /// The repository's folder. Empty is one beside the progress.
    pub folder: PathBuf,
}

impl Default for Syncing {
    fn default() -> Self {
        Self { remote: String::new(), auto: Switch::Off, folder: PathBuf::new() }
    }
}

/// Which sandbox engine to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// Docker where an engine answers, else the native one.
    Auto,
    /// Docker, Podman or anything else that speaks Docker's API.
    Docker,
    /// Namespaces of this machine: no daemon, no root, no image.
    Native,
    /// The same as `docker`: the word of the first plan.
    Local,
}

impl Backend {
    /// Which engine that is.
    pub fn wanted(self) -> Wanted {
        match self {
            Self::Auto => Wanted::Any,
            Self::Docker | Self::Local => Wanted::Docker,
            Self::Native => Wanted::Native,
        }
    }
}

/// Sandboxes on this machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Local {
    /// What runs them.
    pub runtime: Runtime,
}

/// What runs local sandboxes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Runtime {
    /// Anything that speaks Docker's API.
    #[default]
    Docker,
}

/// Whether to draw with ASCII characters only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ascii {
    /// If the terminal's locale is not UTF-8.
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: VERSION,
            backend: Backend::Auto,
            local: Local::default(),
            theme: "harbour".to_owned(),
            ascii: Ascii::Auto,
            mouse: Switch::On,
            leave_key: "ctrl-]".to_owned(),
            scrollback: 10_000,
            recording: Switch::On,
            content: Vec::new(),
            offline: false,
            sync: Syncing::default(),
            limits: ResourceLimits::default(),
        }
    }
}

/// Why the configuration cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file holds something wrong.
    #[error("{}", first(.0))]
    Invalid(Vec<Diagnostic>),
    /// There is no such key.
    #[error("there is no setting {}", quote(.key))]
    UnknownKey {
        /// As given.
        key: String,
        /// What may have been meant.
        help: String,
    },
    /// The key cannot have this value.
    #[error("{message}")]
    WrongValue {
        /// What is wrong with it.
        message: String,
        /// What to write instead.
        help: Option<String>,
    },
    /// The file system refused.
    #[error("{} cannot be {action}: {source}", .path.display())]
    File {
        /// `read` or `written`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl From<ConfigError> for Problem {
    fn from(error: ConfigError) -> Self {
        let message = error.to_string();
        let problem = |message| Self::new("config", Exit::Usage, message);
        let (problem, help) = match error {
            ConfigError::Invalid(found) => match found.into_iter().next() {
                Some(d) => {
                    let position = (d.line > 0).then_some((d.line, d.column));
                    (problem(message).at(d.file, position), d.help)
                }
                None => (problem(message), None),
            },
            ConfigError::UnknownKey { help, .. } => (problem(message), Some(help)),
            ConfigError::WrongValue { help, .. } => (problem(message), help),
            ConfigError::File { .. } => (problem(message), None),
        };
        match help {
            Some(help) => problem.remedy(help),
            None => problem,
        }
    }
}

/// The first of several problems, and how many more there are.
fn first(found: &[Diagnostic]) -> String {
    match found {
        [] => "the configuration is wrong".to_owned(),
        [one] => one.message.clone(),
        [one, rest @ ..] => format!("{} (and {} more)", one.message, rest.len()),
    }
}

impl Config {
    /// Reads the file; one that does not exist is all defaults.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&path.display().to_string(), &text_of(path)?).map_err(ConfigError::Invalid)
    }

    /// What a sandbox may use if its manifest does not say; `None` is the engine's default.
    pub fn limits(&self) -> Resources {
        let nowhere = crate::course::yaml::Node::empty();
        resources(&self.limits, &Resources::default(), At::root(&nowhere), &mut Problems::new(""))
    }

    /// The folders of [`Config::content`]: `~/` is the home, other relative paths start at the
    /// folder of the configuration file.
    pub fn content_folders(&self, config_file: &Path) -> Vec<PathBuf> {
        self.content.iter().map(|name| from(config_file, name)).collect()
    }

    /// The folder of the repository of completions, found as those of content are; `None` where none
    /// was chosen.
    pub fn sync_folder(&self, config_file: &Path) -> Option<PathBuf> {
        let chosen = &self.sync.folder;
        (!chosen.as_os_str().is_empty()).then(|| from(config_file, chosen))
    }

    /// The value of a key such as `theme` or `limits.memory`, as it would be written; empty if it
    /// has none.
    pub fn get(&self, key: &str) -> Result<String, ConfigError> {
        shape_of(key)?;
        let pointer = format!("/{}", key.replace('.', "/"));
        let all = self.to_json();
        Ok(match all.pointer(&pointer) {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        })
    }

    /// The key of every setting.
    pub fn keys() -> Vec<String> {
        leaves(&SHAPE, "")
    }

    /// The whole of it as YAML.
    pub fn to_yaml(&self) -> Result<String, ConfigError> {
        serde_yaml::to_string(self).map_err(|error| ConfigError::WrongValue {
            message: format!("the configuration cannot be written as YAML: {error}"),
            help: None,
        })
    }

    fn to_json(&self) -> serde_json::Value {
        // Only maps with keys that are no text cannot be JSON, and there are none.
        serde_json::to_value(self).unwrap_or_default()
    }

    fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let read = read::<Self>(file, text, &SHAPE);
        let (at, mut problems) = (At::root(&read.tree), read.problems);
        if let Some(config) = &read.value {
            config.check(at, &mut problems);
        }
        match read.value.filter(|_| !problems.has_errors()) {
            Some(config) => Ok(config),
            None => Err(problems.into_sorted()),
        }
    }

    fn check(&self, at: At<'_>, problems: &mut Problems) {
        if self.version != VERSION {
            let message = format!("this is version {}; drydock reads {VERSION}", self.version);
            let help = "use the drydock that wrote it, or start again with: drydock config reset";
            problems.rule(at.key("version"), message, Some(help.to_owned()));
        }
        if !is_leave_key(&self.leave_key) {
            let message = format!("{} cannot be the key to leave with", quote(&self.leave_key));
            let help = "write ctrl-] (or another sign that shells leave free), or f1 to f12";
            problems.rule(at.key("leave_key"), message, Some(help.to_owned()));
        }
        if self.theme.is_empty() || self.theme.contains(['/', '\n']) {
            let message = format!("{} is not the name of a theme", quote(&self.theme));
            problems.rule(at.key("theme"), message, None);
        }
        for (i, folder) in self.content.iter().enumerate() {
            if folder.as_os_str().is_empty() {
                problems.rule(at.key("content").item(i), "a folder must not be empty", None);
            }
        }
        let remote = &self.sync.remote;
        if remote.starts_with('-') || remote.chars().any(char::is_control) {
            let message = format!("{} is no address of a repository", quote(remote));
            problems.rule(at.key("sync").key("remote"), message, None);
        }
        resources(&self.limits, &Resources::default(), at.key("limits"), problems);
    }
}

/// A folder as the file names it: `~/` is the home, other relative paths start at the file's folder.
fn from(config_file: &Path, name: &Path) -> PathBuf {
    let base = config_file.parent().unwrap_or(Path::new(""));
    match (name.strip_prefix("~"), BaseDirs::new()) {
        (Ok(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => base.join(name),
    }
}

/// A key that a terminal sends and shells do not need: not Enter, Tab, Escape, Backspace or the keys
/// that end, stop and interrupt.
fn is_leave_key(key: &str) -> bool {
    let function = |n: &str| matches!(n.parse(), Ok(1..=12_u8)) && !n.starts_with(['0', '+']);
    let control = |c: &str| c.len() == 1 && "abefgklnopqrstuvwxy]\\^_".contains(c);
    key.strip_prefix("ctrl-").is_some_and(control) || key.strip_prefix('f').is_some_and(function)
}

/// The shape of a single setting.
fn shape_of(key: &str) -> Result<&'static Shape, ConfigError> {
    match SHAPE.at(key.split('.')) {
        Some(shape) if !matches!(shape, Shape::Map(_)) => Ok(shape),
        _ => {
            let keys = Config::keys();
            let help = match nearest(key, keys.iter().map(String::as_str)) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("the settings are {}", keys.join(", ")),
            };
            Err(ConfigError::UnknownKey { key: key.to_owned(), help })
        }
    }
}

/// Every setting's key.
fn leaves(shape: &Shape, prefix: &str) -> Vec<String> {
    let Shape::Map(keys) = shape else { return vec![prefix.to_owned()] };
    let full =
        |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    keys.known.iter().flat_map(|(key, shape)| leaves(shape, &full(key))).collect()
}

/// The file's text; none is an empty one.
fn text_of(path: &Path) -> Result<String, ConfigError> {
    let trouble = |source| ConfigError::File { action: "read", path: path.to_owned(), source };
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > MAX_TEXT => {
            Err(trouble(io::Error::from(io::ErrorKind::FileTooLarge)))
        }
        Ok(_) => fs::read_to_string(path).map_err(trouble),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(trouble(error)),
    }
}

#[cfg(test)]
mod tests;
