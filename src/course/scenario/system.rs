//! Systems: what their machines are and how to look at them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::manifest::{CriterionEntry, EndpointEntry, MachineEntry, PanelEntry, SystemManifest};
use super::model::{Answer, Diagnostic, Endpoint, Healthy, Machine, Panel, Series, System};
use super::{condition, query, span};
use crate::course::limits::{MOST_FOR_CONTENT, resources};
use crate::course::manifest::ResourceLimits;
use crate::course::quantity;
use crate::course::rules::{did_you_mean, listed};
use crate::course::yaml::{At, Problems, quote};

/// The service that is no machine's: those who use the system.
pub(super) const USERS: &str = "users";

/// More is no longer a system that a laptop runs beside other things.
const MAX_MACHINES: usize = 16;

/// A small service.
const DEFAULT_MEMORY: u64 = 128 << 20;
const DEFAULT_CPUS: f64 = 0.5;
const DEFAULT_PIDS: u32 = 256;

/// What a small system takes on a slow laptop.
const DEFAULT_HEALTHY: Duration = Duration::from_mins(1);
const MAX_HEALTHY: Duration = Duration::from_mins(5);

/// Ten scrapes.
const DEFAULT_WINDOW: Duration = Duration::from_secs(20);
const MAX_WINDOW: Duration = Duration::from_mins(5);

/// A system with what only its scenarios need of it.
#[derive(Debug, Clone)]
pub(super) struct SystemPart {
    /// As the program sees it.
    pub(super) system: Arc<System>,
    /// What scenarios can use.
    pub(super) criteria: Vec<CriterionEntry>,
}

impl System {
    /// The machine of this name.
    pub fn named(&self, name: &str) -> Option<&Machine> {
        self.machines.iter().find(|machine| machine.name == name)
    }

    /// That there is this machine.
    pub(super) fn machine(&self, problems: &mut Problems, at: At<'_>, name: &str) {
        if self.named(name).is_none() {
            let (message, help) = self.no_machine(name);
            problems.rule(at, message, help);
        }
    }

    /// That there is this machine, and that it has a configuration.
    pub(super) fn configurable(&self, problems: &mut Problems, at: At<'_>, name: &str) {
        match self.named(name) {
            Some(machine) if machine.configurable => {}
            Some(_) => problems.rule(at, not_configurable(name), None),
            None => self.machine(problems, at, name),
        }
    }

    /// One sentence, and what may have been meant.
    pub(super) fn no_machine(&self, name: &str) -> (String, Option<String>) {
        let names = || self.machines.iter().map(|machine| machine.name.as_str());
        let help = did_you_mean(name, names())
            .unwrap_or_else(|| format!("its machines are {}", listed(names())));
        (format!("the system {} has no machine {}", quote(&self.id), quote(name)), Some(help))
    }
}

/// One sentence.
pub(super) fn not_configurable(name: &str) -> String {
    format!("the machine {} has no configuration to change", quote(name))
}

/// The system that a manifest describes; usable only if no error was reported.
pub(super) fn system(
    id: &str,
    manifest: SystemManifest,
    at: At<'_>,
    problems: &mut Problems,
) -> SystemPart {
    problems.one_line(at.key("title"), "\"title\"", &manifest.title);
    problems.value(at.key("image"), &manifest.image, quantity::image);
    let mut system = System {
        id: id.to_owned(),
        machines: machines(&manifest, at.key("machines"), problems),
        gate: program(problems, at.key("gate"), "\"gate\"", &manifest.gate),
        window: problems
            .optional(at.key("window"), manifest.window.as_ref(), |text| span(text, MAX_WINDOW))
            .unwrap_or(DEFAULT_WINDOW),
        queries: queries(manifest.queries, at.key("queries"), problems),
        components: answers(&manifest.components, at.key("components"), problems, "components"),
        mechanisms: answers(&manifest.mechanisms, at.key("mechanisms"), problems, "mechanisms"),
        triggers: answers(&manifest.triggers, at.key("triggers"), problems, "triggers"),
        title: manifest.title,
        about: manifest.about,
        image: manifest.image,
        shell: manifest.shell,
        users: manifest.users,
        prometheus: manifest.prometheus,
        database_machine: manifest.database_machine.clone().unwrap_or_else(|| "db".to_owned()),
        database: manifest.database.clone().unwrap_or_else(|| "shop".to_owned()),
        healthy: Healthy { query: String::new(), within: DEFAULT_HEALTHY },
        panels: Vec::new(),
        endpoints: Vec::new(),
        diagnostics: Vec::new(),
    };
    for (key, name) in
        [("shell", &system.shell), ("users", &system.users), ("prometheus", &system.prometheus)]
    {
        system.machine(problems, at.key(key), name);
    }
    if let Some(name) = &manifest.database_machine {
        system.machine(problems, at.key("database_machine"), name);
    }
    problems.account(at.key("database"), manifest.database.as_ref());
    let (healthy, place) = (&manifest.healthy, at.key("healthy"));
    let within = problems
        .optional(place.key("within"), healthy.within.as_ref(), |text| span(text, MAX_HEALTHY));
    system.healthy = Healthy {
        query: query::query(problems, place.key("query"), &healthy.query, &system.queries),
        within: within.unwrap_or(DEFAULT_HEALTHY),
    };
    system.panels = panels(&manifest.panels, at.key("panels"), problems, &system);
    system.endpoints = endpoints(&manifest.endpoints, at.key("endpoints"), problems, &system);
    for (i, entry) in manifest.diagnostics.into_iter().enumerate() {
        let at = at.key("diagnostics").item(i);
        problems.one_line(at.key("name"), "\"name\"", &entry.name);
        problems.not_empty(at.key("run"), "\"run\"", &entry.run);
        system.diagnostics.push(Diagnostic {
            name: entry.name,
            about: entry.about,
            run: entry.run,
        });
    }
    condition::shared(problems, at.key("criteria"), &manifest.criteria, &system);
    SystemPart { system: Arc::new(system), criteria: manifest.criteria }
}

fn machines(manifest: &SystemManifest, at: At<'_>, problems: &mut Problems) -> Vec<Machine> {
    let mut machines: Vec<Machine> = Vec::new();
    if manifest.machines.is_empty() {
        problems.rule(at, "\"machines\" has no machines", None);
    }
    for (i, entry) in manifest.machines.iter().enumerate() {
        let at = at.item(i);
        if i == MAX_MACHINES {
            problems.rule(at, format!("a system has {MAX_MACHINES} machines at most"), None);
        }
        if machines.iter().any(|machine| machine.name == entry.name) {
            problems.twice(at.key("name"), &entry.name);
        }
        if let Some(other) = &entry.shares_processes_with
            && !machines.iter().any(|machine| machine.name == *other)
        {
            let message = if manifest.machines.iter().any(|machine| machine.name == *other) {
                format!("{} is not an earlier machine", quote(other))
            } else {
                format!("there is no earlier machine {}", quote(other))
            };
            let help = did_you_mean(other, machines.iter().map(|machine| machine.name.as_str()));
            problems.rule(at.key("shares_processes_with"), message, help);
        }
        machines.push(machine(entry, at, problems, manifest));
    }
    // Together they may use what one sandbox of content may.
    let memory: u64 = machines.iter().map(|machine| machine.memory).sum();
    let cpus: f64 = machines.iter().map(|machine| machine.cpus).sum();
    let pids: u32 = machines.iter().map(|machine| machine.pids).fold(0, u32::saturating_add);
    let most = MOST_FOR_CONTENT;
    if let Some(most) = most.memory.filter(|most| memory > *most) {
        let (memory, most) = (memory >> 20, most >> 20);
        let message = format!("the machines have {memory}m of memory together: {most}m at most");
        problems.rule(at, message, None);
    }
    if let Some(most) = most.cpus.filter(|most| cpus > *most) {
        problems.rule(at, format!("the machines have {cpus} cores together: {most} at most"), None);
    }
    if let Some(most) = most.pids.filter(|most| pids > *most) {
        let message = format!("the machines have {pids} processes together: {most} at most");
        problems.rule(at, message, None);
    }
    machines
}

fn machine(
    entry: &MachineEntry,
    at: At<'_>,
    problems: &mut Problems,
    manifest: &SystemManifest,
) -> Machine {
    problems.value(at.key("name"), &entry.name, quantity::host);
    if !entry.about.is_empty() {
        problems.one_line(at.key("about"), "\"about\"", &entry.about);
    }
    let (memory, cpus, pids) = (entry.memory.clone(), entry.cpus, entry.pids);
    let limits = resources(&ResourceLimits { memory, cpus, pids }, &MOST_FOR_CONTENT, at, problems);
    Machine {
        name: entry.name.clone(),
        about: entry.about.clone(),
        command: program(problems, at.key("command"), "\"command\"", &entry.command),
        memory: limits.memory.unwrap_or(DEFAULT_MEMORY),
        cpus: limits.cpus.unwrap_or(DEFAULT_CPUS),
        pids: limits.pids.unwrap_or(DEFAULT_PIDS),
        capabilities: problems.capabilities(&entry.capabilities, at.key("capabilities")),
        tmpfs: problems.tmpfs(&entry.tmpfs, at.key("tmpfs")),
        shares_processes_with: entry.shares_processes_with.clone(),
        configurable: entry.configurable.unwrap_or(entry.name != manifest.shell),
    }
}

/// A program with its arguments.
fn program(problems: &mut Problems, at: At<'_>, what: &str, words: &[String]) -> Vec<String> {
    match words.first() {
        None => problems.rule(at, format!("{what} must name a program"), None),
        Some(program) => problems.not_empty(at.item(0), "a program's name", program),
    }
    words.to_vec()
}

fn queries(
    queries: BTreeMap<String, String>,
    at: At<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    for (name, text) in &queries {
        if !query::is_name(name) {
            let message = format!("{} is not a name for a query", quote(name));
            let help = "use lower-case letters, digits and \"_\"".to_owned();
            problems.rule(at.name(name), message, Some(help));
        }
        query::check(problems, at.key(name), text);
    }
    queries.into_iter().map(|(name, text)| (name, text.trim().to_owned())).collect()
}

fn panels(
    entries: &[PanelEntry],
    at: At<'_>,
    problems: &mut Problems,
    system: &System,
) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        problems.value(at.key("id"), &entry.id, quantity::id);
        problems.one_line(at.key("title"), "\"title\"", &entry.title);
        if panels.iter().any(|panel| panel.id == entry.id) {
            problems.twice(at.key("id"), &entry.id);
        }
        if entry.service != USERS {
            system.machine(problems, at.key("service"), &entry.service);
        }
        if entry.series.is_empty() {
            problems.rule(at.key("series"), "\"series\" has no queries", None);
        }
        let series = entry.series.iter().enumerate().map(|(i, series)| {
            let at = at.key("series").item(i);
            let query = query::query(problems, at.key("query"), &series.query, &system.queries);
            Series { query, legend: series.legend.clone() }
        });
        panels.push(Panel {
            series: series.collect(),
            id: entry.id.clone(),
            title: entry.title.clone(),
            service: entry.service.clone(),
            unit: entry.unit,
            threshold: entry.threshold,
        });
    }
    panels
}

fn endpoints(
    entries: &[EndpointEntry],
    at: At<'_>,
    problems: &mut Problems,
    system: &System,
) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        problems.one_line(at.key("name"), "\"name\"", &entry.name);
        if let Some(rest) = entry.url.strip_prefix("http://") {
            let host = rest.split([':', '/', '?', '#']).next().unwrap_or_default();
            system.machine(problems, at.key("url"), host);
        } else {
            let message = format!("{} is not an address in the system", quote(&entry.url));
            let help = "write, for example, http://gateway/products/17".to_owned();
            problems.rule(at.key("url"), message, Some(help));
        }
        endpoints.push(Endpoint {
            name: entry.name.clone(),
            method: entry.method.word().to_owned(),
            url: entry.url.clone(),
            body: entry.body.clone(),
        });
    }
    endpoints
}

/// The answers of a list, in the order written.
fn answers(
    titles: &BTreeMap<String, String>,
    at: At<'_>,
    problems: &mut Problems,
    what: &str,
) -> Vec<Answer> {
    if titles.len() < 2 {
        problems.rule(at, format!("{what:?} must have two words to choose from, at least"), None);
    }
    let mut answers = Vec::new();
    for id in at.keys() {
        let Some(title) = titles.get(id) else { continue };
        problems.value(at.name(id), id, quantity::id);
        problems.one_line(at.key(id), "a title", title);
        answers.push(Answer { id: id.to_owned(), title: title.clone() });
    }
    answers
}
