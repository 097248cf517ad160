//! What can be done to the system: configuration, requests, ready diagnostics.

mod form;
mod view;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

pub(super) use view::{draw, row_at};

use super::{Incident, Tab};
use crate::course::scenario::{Evidence, System};
use crate::incident::gate::wire::{Http, Reply};
use crate::tui::app::Effect;
use crate::tui::screens::outcome::Outcome;
use crate::tui::widgets::tame::{tame, visible};
use form::{Form, Kind, text_of};

/// How often an open form is read again.
const REFRESH: Duration = Duration::from_secs(3);

/// How long a manager or an endpoint may take, in seconds.
const TIMEOUT: f64 = 3.0;
const REQUEST_TIMEOUT: f64 = 10.0;

/// How many answers of an endpoint are kept.
const MAX_ANSWERS: usize = 30;

/// How much of a body is shown, in lines and in characters of each.
const MAX_LINES: usize = 100;
const MAX_LINE: usize = 500;

/// Who changes a configuration here.
const BY: (&str, &str) = ("X-By", "learner");

/// Something in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A machine's configuration: index into the machines.
    Machine(usize),
    /// A request: index into the endpoints.
    Endpoint(usize),
    /// A command: index into the diagnostics.
    Diagnostic(usize),
}

/// The list, in order.
pub(super) fn rows(system: &System) -> Vec<Row> {
    let machines = system.machines.iter().enumerate();
    let machines = machines.filter(|(_, machine)| machine.configurable);
    machines
        .map(|(index, _)| Row::Machine(index))
        .chain((0..system.endpoints.len()).map(Row::Endpoint))
        .chain((0..system.diagnostics.len()).map(Row::Diagnostic))
        .collect()
}

/// What a request was for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum For {
    Config(String),
    Change { machine: String, words: String },
    Endpoint(usize),
}

/// An answer of an endpoint.
#[derive(Debug, Clone, PartialEq)]
struct Answer {
    status: Option<u16>,
    /// Seconds.
    took: f64,
    error: Option<String>,
    body: Vec<String>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Act {
    /// Index into the rows.
    pub(super) selected: usize,
    /// Whether the form has the keys.
    pub(super) in_form: bool,
    /// The value that is being typed.
    pub(super) edit: Option<String>,
    /// By machine.
    forms: HashMap<String, Form>,
    /// By endpoint, the latest first.
    answers: HashMap<usize, VecDeque<Answer>>,
    /// How many requests to each endpoint are under way.
    under_way: HashMap<usize, usize>,
    /// The machine whose form is open.
    shown: Option<String>,
    asked: HashMap<u64, For>,
    keys: u64,
}

fn get(machine: &str) -> Http {
    http("GET", machine, "config", None)
}

fn http(method: &str, machine: &str, path: &str, body: Option<String>) -> Http {
    let mut headers = BTreeMap::new();
    if method != "GET" {
        headers.insert(BY.0.to_owned(), BY.1.to_owned());
    }
    if body.is_some() {
        headers.insert("Content-Type".to_owned(), "application/json".to_owned());
    }
    Http {
        method: method.to_owned(),
        url: format!("http://{machine}:9000/{path}"),
        headers,
        body,
        timeout: TIMEOUT,
    }
}

fn lines_of(body: &str) -> Vec<String> {
    let pretty = serde_json::from_str::<Value>(body).ok();
    let pretty = pretty.and_then(|value| serde_json::to_string_pretty(&value).ok());
    let body = pretty.as_deref().unwrap_or(body);
    let short = |line: &str| visible(&line.chars().take(MAX_LINE).collect::<String>());
    body.lines().take(MAX_LINES).map(short).collect()
}

/// Why a request was refused: the manager's own sentence, where there is one.
fn refusal(reply: &Reply) -> String {
    if let Some(error) = &reply.error {
        return tame(error);
    }
    let answer: Option<Value> = serde_json::from_str(&reply.body).ok();
    let error = answer.as_ref().and_then(|it| it.get("error")).and_then(Value::as_str);
    match (error, reply.status) {
        (Some(error), _) => tame(error),
        (None, Some(status)) => format!("it answered {status}"),
        (None, None) => "there was no answer".to_owned(),
    }
}

impl Act {
    fn key(&mut self, purpose: For) -> u64 {
        self.keys += 1;
        self.asked.insert(self.keys, purpose);
        self.keys
    }

    /// An answer will not come. Late ones are still taken.
    pub(super) fn lost(&mut self) {
        self.under_way.clear();
        self.asked.retain(|_, purpose| !matches!(purpose, For::Config(_)));
    }

    /// What is normal on each machine, read before anything was broken.
    pub(super) fn learn(&mut self, normal: &BTreeMap<String, Map<String, Value>>) {
        for (machine, config) in normal {
            let form = self.forms.entry(machine.clone()).or_default();
            form.baseline.get_or_insert_with(|| config.clone());
        }
    }

    /// Reads the open form again, if it is time.
    pub(super) fn refresh(&mut self, now: Instant) -> Option<(u64, Http)> {
        let machine = self.shown.clone()?;
        let form = self.forms.entry(machine.clone()).or_default();
        if form.asked.is_some_and(|asked| now < asked + REFRESH) {
            return None;
        }
        form.asked = Some(now);
        Some((self.key(For::Config(machine.clone())), get(&machine)))
    }

    /// An answer; gives a word about it.
    pub(super) fn take(&mut self, key: u64, reply: &Reply) -> Option<String> {
        let ok = reply.status.is_some_and(|status| (200..300).contains(&status));
        match self.asked.remove(&key)? {
            For::Config(machine) => {
                let form = self.forms.entry(machine).or_default();
                if !(ok && form.read(&reply.body)) {
                    form.error = Some(refusal(reply));
                }
                None
            }
            For::Change { machine, words } => {
                let form = self.forms.entry(machine.clone()).or_default();
                form.asked = None;
                if !ok {
                    let why = refusal(reply);
                    form.error = Some(why.clone());
                    return Some(format!("{machine}: {why}"));
                }
                form.pending.clear();
                form.error = None;
                let answer: Option<Value> = serde_json::from_str(&reply.body).ok();
                let applied = answer.as_ref().and_then(|it| it.get("applied"));
                let how = applied.and_then(Value::as_str).map(tame);
                Some(match how.as_deref() {
                    Some("live") | None => format!("{machine}: {words}"),
                    Some(how) => format!("{machine}: {words}, by a {how}"),
                })
            }
            For::Endpoint(index) => {
                let count = self.under_way.entry(index).or_default();
                *count = count.saturating_sub(1);
                let answers = self.answers.entry(index).or_default();
                answers.push_front(Answer {
                    status: reply.status,
                    took: if reply.ms.is_finite() { reply.ms.max(0.0) / 1e3 } else { 0.0 },
                    error: reply.error.as_deref().map(tame),
                    body: lines_of(&reply.body),
                });
                answers.truncate(MAX_ANSWERS);
                None
            }
        }
    }
}

impl Incident {
    fn act_rows(&self) -> Vec<Row> {
        rows(&self.scenario.system)
    }

    fn act_row(&self) -> Option<Row> {
        self.act_rows().get(self.act.selected).copied()
    }

    fn selected_machine(&self) -> Option<&str> {
        match self.act_row()? {
            Row::Machine(index) => Some(&self.scenario.system.machines.get(index)?.name),
            Row::Endpoint(_) | Row::Diagnostic(_) => None,
        }
    }

    fn form_mut(&mut self) -> Option<&mut Form> {
        let machine = self.selected_machine()?.to_owned();
        self.act.forms.get_mut(&machine)
    }

    pub(super) fn move_in_act(&mut self, by: isize) {
        if self.act.in_form {
            if let Some(form) = self.form_mut() {
                let last = form.fields.len().saturating_sub(1);
                form.selected = form.selected.saturating_add_signed(by).min(last);
            }
            return;
        }
        let last = self.act_rows().len().saturating_sub(1);
        self.act.selected = self.act.selected.saturating_add_signed(by).min(last);
    }

    /// Does what is selected: opens a form, sends a request, types a command.
    pub(super) fn act_open(&mut self, area: ratatui::layout::Rect, now: Instant) -> Outcome {
        if self.act.in_form {
            return self.edit_field();
        }
        match self.act_row() {
            Some(Row::Machine(_)) => self.open_form(now),
            Some(Row::Endpoint(index)) => {
                let Some(endpoint) = self.scenario.system.endpoints.get(index).cloned() else {
                    return Outcome::default();
                };
                *self.act.under_way.entry(index).or_default() += 1;
                let headers = endpoint
                    .body
                    .as_ref()
                    .map(|_| ("Content-Type".to_owned(), "application/json".to_owned()));
                let http = Http {
                    method: endpoint.method,
                    url: endpoint.url,
                    headers: headers.into_iter().collect(),
                    body: endpoint.body,
                    timeout: REQUEST_TIMEOUT,
                };
                let key = self.act.key(For::Endpoint(index));
                Outcome::effects(vec![self.ask((key, http))])
            }
            Some(Row::Diagnostic(index)) => {
                let Some(command) = self.scenario.system.diagnostics.get(index) else {
                    return Outcome::default();
                };
                let text = command.run.trim_end_matches('\n').to_owned();
                if !self.shell.is_open() {
                    return Outcome::notice("No shell is open yet");
                }
                // Without the last line's end: the learner looks, then presses enter.
                let mut effects = self.show(Tab::Shell, area);
                effects.extend(self.shell.type_in(text));
                Outcome::effects(effects)
            }
            None => Outcome::default(),
        }
    }

    /// Opens the selected machine's form.
    pub(super) fn open_form(&mut self, now: Instant) -> Outcome {
        let Some(machine) = self.selected_machine().map(str::to_owned) else {
            return Outcome::default();
        };
        let first = self.act.shown.replace(machine.clone()).as_ref() != Some(&machine);
        self.act.in_form = true;
        let mut effects = self.saw(Evidence::Config(machine.clone()));
        if first {
            self.act.forms.entry(machine).or_default().asked = None;
        }
        if let Some(http) = self.act.refresh(now) {
            effects.push(self.ask(http));
        }
        Outcome::effects(effects)
    }

    /// Begins to type a value, or turns a switch.
    fn edit_field(&mut self) -> Outcome {
        let Some(form) = self.form_mut() else { return Outcome::default() };
        let Some(value) = form.selected_value().cloned() else { return Outcome::default() };
        let kind = form.fields.get(form.selected).map(|field| field.kind);
        match (kind, &value) {
            (Some(Kind::Bool), Value::Bool(on)) => form.set(Value::Bool(!on)),
            _ => self.act.edit = Some(text_of(&value)),
        }
        Outcome::default()
    }

    /// Takes the value that was typed.
    pub(super) fn keep_field(&mut self) -> Outcome {
        let Some(text) = self.act.edit.clone() else { return Outcome::default() };
        let Some(form) = self.form_mut() else { return Outcome::default() };
        let Some(field) = form.fields.get(form.selected) else { return Outcome::default() };
        match field.parse(&text) {
            Ok(value) => {
                form.set(value);
                self.act.edit = None;
                Outcome::default()
            }
            Err(why) => Outcome::notice(why),
        }
    }

    /// Applies the changes of the open form.
    pub(super) fn apply(&mut self) -> Outcome {
        let Some(machine) = self.selected_machine().map(str::to_owned) else {
            return Outcome::default();
        };
        let changes: Map<String, Value> = match self.act.forms.get(&machine) {
            Some(form) => form.pending.clone().into_iter().collect(),
            None => Map::new(),
        };
        if changes.is_empty() {
            return Outcome::notice("Nothing is to be changed; enter changes a value");
        }
        let words: Vec<_> =
            changes.iter().map(|(name, value)| format!("{name}={}", text_of(value))).collect();
        let words = words.join(" ");
        let body = Value::Object(changes).to_string();
        let http = http("POST", &machine, "config", Some(body));
        let key = self.act.key(For::Change { machine, words });
        Outcome::effects(vec![self.ask((key, http))])
    }

    /// Drops the changes of the open form.
    pub(super) fn discard(&mut self) -> Outcome {
        if let Some(form) = self.form_mut() {
            form.pending.clear();
        }
        Outcome::default()
    }

    /// Brings the selected machine's configuration back to its defaults.
    pub(super) fn bring_defaults(&mut self) -> Outcome {
        self.tell_manager("DELETE", "config", "back to the defaults")
    }

    /// Starts the selected machine's service anew.
    pub(super) fn restart_service(&mut self) -> Outcome {
        self.tell_manager("POST", "restart", "restarted")
    }

    fn tell_manager(&mut self, method: &str, path: &str, words: &str) -> Outcome {
        let Some(machine) = self.selected_machine().map(str::to_owned) else {
            return Outcome::notice("Select a service first");
        };
        let body = (method == "POST").then(|| r#"{"by":"learner"}"#.to_owned());
        let http = http(method, &machine, path, body);
        let key = self.act.key(For::Change { machine, words: words.to_owned() });
        let effect: Effect = self.ask((key, http));
        Outcome::effects(vec![effect])
    }
}
