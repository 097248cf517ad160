//! Faults: steps with holes, and what fills them.
//!
//! A fault's file is judged by itself first: each step does one thing, and every `${name}` is one of
//! its arguments. Where a scenario uses it, the arguments are checked against the declaration and the
//! machines against the system; what is wrong then is told in the scenario.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::manifest::{ArgEntry, ArgKind, Config, FaultManifest, LimitEntry, StepEntry};
use super::model::{Injection, Machine, Step, System};
use super::system::not_configurable;
use super::{belongs, exactly_one};
use crate::course::limits::{MOST_FOR_CONTENT, cpus, memory};
use crate::course::rules::{did_you_mean, listed};
use crate::course::shell_word;
use crate::course::yaml::{At, Problems, quote};

/// Who changes a configuration if nobody is named.
pub(super) const DEPLOY: &str = "deploy";

/// Who owns the database.
const SUPERUSER: &str = "postgres";

/// Text in a fault's steps. Every use of the fault is a copy of it.
const MAX_BYTES: usize = 64 << 10;

/// How often a fault's steps use an argument: each can make them longer.
const MAX_HOLES: usize = 100;

/// An argument is a word or a number, not a script.
const MAX_TEXT: usize = 200;

/// A fault that can be used.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// Markdown.
    pub(super) about: String,
    args: BTreeMap<String, ArgEntry>,
    steps: Vec<Draft>,
    undo: Vec<Draft>,
}

/// A step whose texts may have `${name}` in them.
#[derive(Debug, Clone, PartialEq)]
enum Draft {
    Push { machine: String, config: Map<String, Value>, by: String },
    Sql { statements: String, background: bool },
    Run { on: Option<String>, account: String, command: String, background: bool },
    Restart(String),
    Pause(String),
    Resume(String),
    Cut(String),
    Join(String),
    Limit { machine: String, cpus: Option<Value>, memory: Option<String> },
}

/// Arguments by their names.
pub(super) type Args = BTreeMap<String, Value>;

/// The fault that a manifest describes; usable only if no error was reported.
pub(super) fn fault(manifest: FaultManifest, at: At<'_>, problems: &mut Problems) -> Fault {
    declarations(&manifest.args, at.key("args"), problems);
    if manifest.steps.is_empty() {
        problems.rule(at.key("do"), "\"do\" has no steps", None);
    }
    let (mut bytes, mut filled) = (0, 0);
    let mut unused: BTreeSet<&str> = manifest.args.keys().map(String::as_str).collect();
    for key in ["do", "undo"] {
        at.key(key).texts(&mut |at, text| {
            bytes += text.len();
            filled += holes(problems, at, text, &manifest.args, &mut unused);
        });
    }
    for name in unused {
        let help = Some(format!("write ${{{name}}} where its value belongs, or remove it"));
        let message = format!("no step uses the argument {}", quote(name));
        problems.rule(at.key("args").name(name), message, help);
    }
    if bytes > MAX_BYTES {
        let message = format!("the steps have more than {} KiB of text", MAX_BYTES >> 10);
        problems.rule(at.key("do"), message, None);
    } else if filled > MAX_HOLES {
        let message = format!("the steps use arguments more than {MAX_HOLES} times");
        problems.rule(at.key("do"), message, None);
    }
    let mut drafts = |entries: &[StepEntry], at: At<'_>| {
        let steps = entries.iter().enumerate();
        steps.flat_map(|(i, entry)| drafts(entry, at.item(i), problems)).collect()
    };
    let steps = drafts(&manifest.steps, at.key("do"));
    let undo = drafts(&manifest.undo, at.key("undo"));
    for (i, entry) in manifest.undo.iter().enumerate() {
        if entry.background {
            let message = "what ends a fault cannot go on in the background";
            problems.rule(at.key("undo").item(i).name("background"), message, None);
        }
    }
    Fault { about: manifest.about, args: manifest.args, steps, undo }
}

fn declarations(args: &BTreeMap<String, ArgEntry>, at: At<'_>, problems: &mut Problems) {
    for (name, arg) in args {
        let place = at.key(name);
        if !is_name(name) {
            let help = "use letters, digits and \"_\"".to_owned();
            let message = format!("{} is not a name for an argument", quote(name));
            problems.rule(at.name(name), message, Some(help));
        }
        let bounds = [("min", arg.min.is_some()), ("max", arg.max.is_some())];
        if !matches!(arg.kind, ArgKind::Int | ArgKind::Number) {
            belongs(problems, place, &bounds, "type: int");
        } else if let (Some(min), Some(max)) = (arg.min, arg.max)
            && min > max
        {
            problems.rule(place.key("max"), format!("nothing is from {min} to {max}"), None);
        }
        if let Some(default) = &arg.default
            && !fits(arg, default)
            && !problems.is_told(place.key("type"))
        {
            let message = format!("\"default\" must be {}, not {}", wanted(arg), shown(default));
            problems.rule(place.key("default"), message, quotes_help(arg, default));
        }
    }
}

/// What a step does: one thing, or a push to each of several machines.
fn drafts(entry: &StepEntry, at: At<'_>, problems: &mut Problems) -> Vec<Draft> {
    let actions = [
        ("push", entry.push.is_some()),
        ("sql", entry.sql.is_some()),
        ("run", entry.run.is_some()),
        ("restart", entry.restart.is_some()),
        ("pause", entry.pause.is_some()),
        ("resume", entry.resume.is_some()),
        ("cut", entry.cut.is_some()),
        ("join", entry.join.is_some()),
        ("limit", entry.limit.is_some()),
    ];
    let Some(action) = exactly_one(problems, at, "a step", &actions) else { return Vec::new() };
    if action != "push" {
        belongs(problems, at, &[("by", entry.by.is_some())], "push");
    }
    if action != "run" {
        let of_commands = [("on", entry.on.is_some()), ("as", entry.account.is_some())];
        belongs(problems, at, &of_commands, "run");
        if action != "sql" {
            belongs(problems, at, &[("background", entry.background)], "run");
        }
    }
    let text = |written: &Option<String>| written.clone().unwrap_or_default();
    let machine = text;
    let (at, place) = (at.key(action), at);
    vec![match action {
        "push" => {
            let config = entry.push.as_ref();
            let by = entry.by.as_deref();
            return pushes(problems, at, config.unwrap_or(&BTreeMap::new()), by)
                .into_iter()
                .map(|(machine, config, by)| Draft::Push { machine, config, by })
                .collect();
        }
        "sql" => {
            let statements = text(&entry.sql);
            problems.not_empty(at, "\"sql\"", &statements);
            Draft::Sql { statements, background: entry.background }
        }
        "run" => {
            let command = text(&entry.run);
            problems.not_empty(at, "\"run\"", &command);
            let account = problems.account(place.key("as"), entry.account.as_ref());
            Draft::Run {
                on: entry.on.clone(),
                account: account.unwrap_or_else(|| "root".to_owned()),
                command,
                background: entry.background,
            }
        }
        "restart" => Draft::Restart(machine(&entry.restart)),
        "pause" => Draft::Pause(machine(&entry.pause)),
        "resume" => Draft::Resume(machine(&entry.resume)),
        "cut" => Draft::Cut(machine(&entry.cut)),
        "join" => Draft::Join(machine(&entry.join)),
        _ => match &entry.limit {
            Some(entry) => limit(entry, at, problems),
            None => return Vec::new(),
        },
    }]
}

fn limit(entry: &LimitEntry, at: At<'_>, problems: &mut Problems) -> Draft {
    if entry.cpus.is_none() && entry.memory.is_none() {
        let message = "\"limit\" must have \"cpus\" or \"memory\"";
        problems.rule(at, message, None);
    }
    let open = |value: &Value| matches!(value, Value::String(text) if text.contains("${"));
    if let Some(value) = entry.cpus.as_ref().filter(|value| !open(value))
        && let Err(message) = number_of_cores(value)
    {
        problems.rule(at.key("cpus"), message, None);
    }
    if let Some(text) = entry.memory.as_ref().filter(|text| !text.contains("${"))
        && let Err(message) = memory(text, &MOST_FOR_CONTENT)
    {
        problems.rule(at.key("memory"), message, None);
    }
    Draft::Limit {
        machine: entry.machine.clone(),
        cpus: entry.cpus.clone(),
        memory: entry.memory.clone(),
    }
}

/// What goes to which machine, in the order written, and who says so.
pub(super) fn pushes(
    problems: &mut Problems,
    at: At<'_>,
    config: &BTreeMap<String, Config>,
    by: Option<&str>,
) -> Vec<(String, Map<String, Value>, String)> {
    if config.is_empty() {
        problems.rule(at, "\"push\" must name a machine", None);
    }
    let mut pushes = Vec::new();
    for machine in at.keys() {
        let Some(values) = config.get(machine) else { continue };
        if values.is_empty() {
            problems.rule(
                at.key(machine),
                format!("nothing is pushed to {}", quote(machine)),
                None,
            );
        }
        pushes.push((
            machine.to_owned(),
            values.clone().into_iter().collect(),
            by.unwrap_or(DEPLOY).to_owned(),
        ));
    }
    pushes
}

impl Fault {
    /// What is given must be what is declared. `what` is the fault's name.
    pub(super) fn judge(
        &self,
        what: &str,
        given: &Config,
        at: At<'_>,
        system: &System,
        problems: &mut Problems,
    ) -> bool {
        let mut right = true;
        for (name, value) in given {
            let place = at.key(name);
            match self.args.get(name) {
                None => {
                    let (what, quoted) = (quote(what), quote(name));
                    let message = format!("the fault {what} has no argument {quoted}");
                    problems.rule(at.name(name), message, Some(self.help(name)));
                }
                Some(arg) if !fits(arg, value) => {
                    let (name, wanted, found) = (quote(name), wanted(arg), shown(value));
                    let message = format!("{name} must be {wanted}, not {found}");
                    problems.rule(place, message, quotes_help(arg, value));
                }
                Some(arg) if arg.kind == ArgKind::Machine => {
                    let machine = value.as_str().unwrap_or_default();
                    if system.named(machine).is_some() {
                        continue;
                    }
                    system.machine(problems, place, machine);
                }
                Some(_) => continue,
            }
            right = false;
        }
        right
    }

    /// What is given, with defaults for the rest; `None` if something is missing, told at `at`.
    pub(super) fn complete(
        &self,
        what: &str,
        given: &Config,
        at: At<'_>,
        problems: &mut Problems,
    ) -> Option<Args> {
        let mut args = given.clone();
        let mut missing = None;
        for (name, arg) in self.args.iter().filter(|(name, _)| !given.contains_key(*name)) {
            match &arg.default {
                Some(default) => drop(args.insert(name.clone(), default.clone())),
                None => missing = missing.or(Some(name)),
            }
        }
        let Some(name) = missing else { return Some(args) };
        let message = format!("the fault {} needs the argument {}", quote(what), quote(name));
        problems.rule(at, message, Some(format!("add \"with: {{{name}: …}}\"")));
        None
    }

    /// The fault with these arguments on this system, or one sentence.
    pub(super) fn injection(
        &self,
        what: &str,
        args: &Args,
        system: &System,
    ) -> Result<Injection, (String, Option<String>)> {
        Ok(Injection {
            fault: what.to_owned(),
            steps: self.steps(what, args, system)?,
            undo: bind_all(&self.undo, what, args, system)?,
            stronger: Vec::new(),
        })
    }

    /// What is done with these arguments.
    pub(super) fn steps(
        &self,
        what: &str,
        args: &Args,
        system: &System,
    ) -> Result<Vec<Step>, (String, Option<String>)> {
        bind_all(&self.steps, what, args, system)
    }

    fn help(&self, name: &str) -> String {
        let names = || self.args.keys().map(String::as_str);
        did_you_mean(name, names()).unwrap_or_else(|| {
            if self.args.is_empty() {
                "it has none".to_owned()
            } else {
                format!("it has {}", listed(names()))
            }
        })
    }
}

fn bind_all(
    drafts: &[Draft],
    what: &str,
    args: &Args,
    system: &System,
) -> Result<Vec<Step>, (String, Option<String>)> {
    let bound = drafts.iter().map(|draft| bind(draft, args, system));
    let named = |(message, help)| (format!("the fault {}: {message}", quote(what)), help);
    bound.collect::<Result<_, _>>().map_err(named)
}

fn bind(draft: &Draft, args: &Args, system: &System) -> Result<Step, (String, Option<String>)> {
    let machine = |name: &String| -> Result<&Machine, (String, Option<String>)> {
        let name = fill(name, args);
        system.named(&name).ok_or_else(|| system.no_machine(&name))
    };
    let name = |written: &String| machine(written).map(|machine| machine.name.clone());
    // A manager takes what is pushed and starts programs anew.
    let managed = |written: &String| match machine(written)? {
        machine if machine.configurable => Ok(machine.name.clone()),
        machine => Err((not_configurable(&machine.name), None)),
    };
    Ok(match draft {
        Draft::Push { machine, config, by } => Step::Push {
            machine: managed(machine)?,
            config: config
                .iter()
                .map(|(key, value)| (key.clone(), fill_value(value, args)))
                .collect(),
            by: fill(by, args),
        },
        Draft::Sql { statements, background } => Step::Run {
            on: name(&system.database_machine)?,
            account: SUPERUSER.to_owned(),
            command: format!(
                "psql -v ON_ERROR_STOP=1 -qAt -d {} -c {}",
                system.database,
                shell_word(&fill(statements, args))
            ),
            background: *background,
        },
        Draft::Run { on, account, command, background } => Step::Run {
            on: name(on.as_ref().unwrap_or(&system.shell))?,
            account: account.clone(),
            command: fill(command, args),
            background: *background,
        },
        Draft::Restart(machine) => Step::Restart { machine: managed(machine)? },
        Draft::Pause(machine) => Step::Pause { machine: name(machine)? },
        Draft::Resume(machine) => Step::Resume { machine: name(machine)? },
        Draft::Cut(machine) => Step::Cut { machine: name(machine)? },
        Draft::Join(machine) => Step::Join { machine: name(machine)? },
        Draft::Limit { machine, cpus, memory: size } => {
            let cpus = cpus.as_ref().map(|value| number_of_cores(&fill_value(value, args)));
            let size = size.as_ref().map(|text| memory(&fill(text, args), &MOST_FOR_CONTENT));
            Step::Limit {
                machine: name(machine)?,
                cpus: cpus.transpose().map_err(|message| (message, None))?,
                memory: size.transpose().map_err(|message| (message, None))?,
            }
        }
    })
}

fn number_of_cores(value: &Value) -> Result<f64, String> {
    let number =
        value.as_f64().ok_or_else(|| format!("{} is not a number of cores", shown(value)))?;
    cpus(number, &MOST_FOR_CONTENT).map(|()| number)
}

/// Whether a value is what an argument is declared to be.
fn fits(arg: &ArgEntry, value: &Value) -> bool {
    let within = |number: f64| {
        arg.min.is_none_or(|min| number >= min) && arg.max.is_none_or(|max| number <= max)
    };
    match arg.kind {
        ArgKind::Int => value.as_i64().is_some_and(|whole| within(whole as f64)),
        ArgKind::Number => value.as_f64().is_some_and(within),
        ArgKind::Text | ArgKind::Machine => {
            value.as_str().is_some_and(|text| text.len() <= MAX_TEXT)
        }
        ArgKind::Bool => value.is_boolean(),
    }
}

/// What belongs there, in the words of a message.
fn wanted(arg: &ArgEntry) -> String {
    let what = match arg.kind {
        ArgKind::Int => "a whole number",
        ArgKind::Number => "a number",
        ArgKind::Text => return format!("text of {MAX_TEXT} bytes at most"),
        ArgKind::Bool => return "true or false".to_owned(),
        ArgKind::Machine => return "the name of a machine".to_owned(),
    };
    match (arg.min, arg.max) {
        (Some(min), Some(max)) => format!("{what} from {min} to {max}"),
        (Some(min), None) => format!("{what} from {min}"),
        (None, Some(max)) => format!("{what} up to {max}"),
        (None, None) => what.to_owned(),
    }
}

/// A value for a message.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "keys with values".to_owned(),
        value => value.to_string(),
    }
}

fn quotes_help(arg: &ArgEntry, value: &Value) -> Option<String> {
    match (arg.kind, value) {
        (ArgKind::Text, Value::Number(_) | Value::Bool(_)) => {
            Some("put quotes around it".to_owned())
        }
        (ArgKind::Int | ArgKind::Number | ArgKind::Bool, Value::String(text)) => {
            let meant = text.parse::<Value>().is_ok_and(|value| fits(arg, &value));
            meant.then(|| "remove the quotes".to_owned())
        }
        _ => None,
    }
}

/// A piece of a text.
enum Piece<'a> {
    /// Stands for itself.
    Plain(&'a str),
    /// Between `${` and `}`.
    Hole(&'a str),
}

/// A text's pieces; `$${` is a plain `${`.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            pieces.push(Piece::Plain(&rest[..at - 1]));
            pieces.push(Piece::Plain("${"));
            rest = &rest[at + 2..];
            continue;
        }
        let Some(end) = rest[at..].find('}') else { break };
        pieces.push(Piece::Plain(&rest[..at]));
        pieces.push(Piece::Hole(&rest[at + 2..at + end]));
        rest = &rest[at + end + 1..];
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

/// Reports what is between `${` and `}` and no argument, and takes what is one from those unused.
/// Gives how many holes there are.
fn holes(
    problems: &mut Problems,
    at: At<'_>,
    text: &str,
    args: &BTreeMap<String, ArgEntry>,
    unused: &mut BTreeSet<&str>,
) -> usize {
    let mut count = 0;
    for piece in pieces(text) {
        let Piece::Hole(name) = piece else { continue };
        count += 1;
        unused.remove(name);
        if !args.contains_key(name) {
            let help = did_you_mean(name, args.keys().map(String::as_str)).unwrap_or_else(|| {
                "a variable of the shell is written $NAME or $${NAME}".to_owned()
            });
            problems.rule(at, format!("there is no argument {}", quote(name)), Some(help));
        }
    }
    count
}

/// A text with the arguments in their places.
fn fill(text: &str, args: &Args) -> String {
    let filled = pieces(text).into_iter().map(|piece| match piece {
        Piece::Plain(text) => text.to_owned(),
        Piece::Hole(name) => match args.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        },
    });
    filled.collect()
}

/// A value with the arguments in their places: a text that is one hole is the argument itself, with
/// its type.
fn fill_value(value: &Value, args: &Args) -> Value {
    match value {
        Value::String(text) => {
            let whole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
            match whole.and_then(|name| args.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(fill(text, args)),
            }
        }
        Value::Array(items) => items.iter().map(|item| fill_value(item, args)).collect(),
        Value::Object(entries) => {
            entries.iter().map(|(key, value)| (key.clone(), fill_value(value, args))).collect()
        }
        other => other.clone(),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
