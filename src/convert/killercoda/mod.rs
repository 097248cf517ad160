//! Scenarios in the format of Killercoda: folders with an `index.json`, pages of Markdown and scripts.
//!
//! [`plan`] finds them (`find`), reads each (`scenario`, `json`), tells from its scripts and pages what it
//! needs (`shell`, `programs`, `needs`), takes its pages apart (`markdown`) and makes an exercise of it (`draft`,
//! `checks`, `lesson`, `assets`, `prepare`, `solution`, `exercise`). One scenario is one exercise. What becomes of which key,
//! and what cannot be converted, is told in `docs/import.md`.
//!
//! Invariants: a scenario is converted only if everything that its checks need can be had in a sandbox; a
//! check is a script of its author's, or something that the learner says in so many words; what is left out
//! of a scenario is said with its place.

mod assets;
mod checks;
mod draft;
mod exercise;
mod find;
mod json;
mod lesson;
mod markdown;
mod needs;
mod prepare;
mod programs;
mod said;
mod scenario;
mod shell;
mod solution;

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::{Converted, NewModule, Plan, Refused};
use crate::course::source::{join, parent};
use crate::course::yaml::{Mark, quote};
use crate::course::{Catalogue, Diagnostic, Source, check_id, title_from};
use crate::platform::files;
use draft::Draft;
use exercise::Name;
use said::Said;

/// The module of a scenario that is imported alone.
const ALONE: &str = "killercoda";

/// The longest part of an id or a name that a folder's name gives.
const LONGEST: usize = 40;

/// How to convert.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The folder with scenarios.
    pub folder: &'a Path,
    /// The module that all of them go to; one for each course if not given.
    pub module: Option<&'a str>,
    /// Whether an exercise that is in `into` already is replaced.
    pub force: bool,
}

/// What would be written to convert the scenarios of a folder.
///
/// `into` is the content of the folder that it is for, `course` all there is, that included.
///
/// # Errors
///
/// When the folder cannot be read, or has no scenario in it.
pub fn plan(wish: Wish<'_>, into: &Catalogue, course: &Catalogue) -> Result<Plan, Diagnostic> {
    let source = Source::folder(wish.folder)?;
    let folders = find::scenarios(wish.folder, &source)?;
    if folders.is_empty() {
        return Err(Diagnostic {
            severity: crate::course::Severity::Error,
            file: wish.folder.display().to_string(),
            line: 0,
            column: 0,
            message: "there is no scenario here: no folder has an index.json with steps".to_owned(),
            help: Some("name the folder of a scenario, or of a repository of scenarios".to_owned()),
        });
    }
    let mut names = Names::new(wish, &source, into, course);
    let mut plan = Plan::default();
    for folder in folders {
        let index = join(&folder, "index.json");
        let mut said = Said::of(source.resource(index).path());
        let mut scenario = scenario::read(&source, &folder, &mut said);
        if scenario.title.is_empty() && !said.refused() {
            scenario.title = title_from(names.own(&folder));
            said.note(Mark::default(), "it has no title: that of its folder is taken", None);
        }
        let draft = if said.refused() {
            None
        } else {
            draft::draft(&scenario, &source, &folder, &mut said)
        };
        let title = markdown::one_line(&scenario.title);
        let converted =
            draft.and_then(|draft| names.give(&draft, &folder, &mut said, &mut plan.modules));
        match converted {
            Some(item) => plan.items.push(Converted { findings: said.found, ..item }),
            None => plan.refused.push(Refused { from: folder, title, reasons: said.reasons() }),
        }
    }
    Ok(plan)
}

/// Names that are given, so that none is given twice.
struct Names<'a> {
    wish: Wish<'a>,
    source: &'a Source,
    into: &'a Catalogue,
    course: &'a Catalogue,
    /// What the folder itself is called.
    root: String,
    ids: HashSet<String>,
    /// The last place that was given in each module.
    orders: BTreeMap<String, u32>,
}

impl<'a> Names<'a> {
    fn new(wish: Wish<'a>, source: &'a Source, into: &'a Catalogue, course: &'a Catalogue) -> Self {
        let real = files::real(wish.folder).ok();
        let name = real.as_deref().and_then(Path::file_name).map(|it| it.to_string_lossy());
        let root = name.map_or_else(|| ALONE.to_owned(), std::borrow::Cow::into_owned);
        Self { wish, source, into, course, root, ids: HashSet::new(), orders: BTreeMap::new() }
    }

    /// The exercise under a name of its own; `None`, with the reason said, if it cannot have one.
    fn give(
        &mut self,
        draft: &Draft,
        folder: &str,
        said: &mut Said,
        modules: &mut Vec<NewModule>,
    ) -> Option<Converted> {
        let module = self.module(folder);
        let slug = slug(self.own(folder));
        let id = self.id(&module, &slug);
        let before = self.into.item(&id);
        if let Some(item) = before.filter(|_| !self.wish.force) {
            let message = format!("{id} is there already: {}", item.manifest.path());
            said.refuse(Mark::default(), message, Some("--force replaces it".to_owned()));
            return None;
        }
        if before.is_none() && self.course.item(&id).is_some() {
            let message = format!("{id} is the id of an exercise elsewhere");
            let help = "give the module another name with --module".to_owned();
            said.refuse(Mark::default(), message, Some(help));
            return None;
        }
        let (order, path) = if let Some(item) = before {
            let path = item.manifest.relative();
            let path = path.strip_prefix("exercises/").unwrap_or(path);
            (item.order, path.rsplit_once('.').map_or(path, |(path, _)| path).to_owned())
        } else {
            let order = self.order(&module);
            (order, format!("{module}/{order:02}-{slug}"))
        };
        self.describe(&module, folder, modules);
        let origin = if folder.is_empty() { self.root.clone() } else { join(&self.root, folder) };
        let origin = format!("Killercoda: {}", said::cleaned(&origin).0.replace('\n', " "));
        let name = Name { id: id.clone(), module: module.clone(), order, path, origin };
        Some(Converted {
            id,
            module,
            title: draft.title.clone(),
            from: folder.to_owned(),
            checks: draft.checks.len(),
            network: draft.needs.any_network(),
            files: exercise::files(draft, &name),
            path: name.path,
            findings: Vec::new(),
        })
    }

    /// What a scenario's folder is called.
    fn own<'b>(&'b self, folder: &'b str) -> &'b str {
        folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(&self.root)
    }

    /// The module of a scenario: the course that it is in.
    fn module(&self, folder: &str) -> String {
        if let Some(module) = self.wish.module {
            return module.to_owned();
        }
        match (parent(folder), folder) {
            (_, "") => ALONE.to_owned(),
            ("", _) => slug(&self.root),
            (course, _) => slug(course.rsplit('/').next().unwrap_or(course)),
        }
    }

    fn id(&mut self, module: &str, slug: &str) -> String {
        let mut id =
            if slug.starts_with(module) { slug.to_owned() } else { format!("{module}-{slug}") };
        id.truncate(60);
        let other = (2..).map(|number| format!("{id}-{number}"));
        let mut ids = std::iter::once(id.clone()).chain(other);
        let id = ids.find(|id| !self.ids.contains(id)).unwrap_or(id.clone());
        self.ids.insert(id.clone());
        id
    }

    /// The next place of a module.
    fn order(&mut self, module: &str) -> u32 {
        let there = self.course.items().filter(|item| item.module == module).map(|item| item.order);
        let last = self.orders.entry(module.to_owned()).or_insert(there.max().unwrap_or(0));
        *last = last.saturating_add(1);
        *last
    }

    /// Describes a module that nobody has described.
    fn describe(&self, id: &str, folder: &str, modules: &mut Vec<NewModule>) {
        let described = self.course.modules.iter().any(|module| module.id == id);
        if described || modules.iter().any(|module| module.id == id) {
            return;
        }
        let listed =
            find::title(self.source, parent(folder)).filter(|_| self.wish.module.is_none());
        let title = listed.map(|title| markdown::one_line(&said::cleaned(&title).0));
        let title = title.filter(|title| !title.is_empty()).unwrap_or_else(|| title_from(id));
        let orders = self.course.modules.iter().map(|module| module.order);
        let last = orders.chain(modules.iter().map(|module| module.order)).max().unwrap_or(0);
        modules.push(NewModule { id: id.to_owned(), title, order: last.saturating_add(1) });
    }
}

/// A name as a part of an id.
fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.collect::<Vec<_>>().join("-");
    slug.truncate(LONGEST);
    let slug = slug.trim_matches('-').to_owned();
    if check_id(&slug).is_ok() { slug } else { "scenario".to_owned() }
}

/// Whether a text can be the id of a module; else one half of a sentence.
pub fn check_module(id: &str) -> Result<(), String> {
    check_id(id).map_err(|why| format!("{} {why}", quote(id)))?;
    if id.len() > LONGEST {
        return Err(format!("{} is too long here: {LONGEST} characters at most", quote(id)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
