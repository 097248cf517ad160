//! Putting sources together: reading every file, laying later sources over earlier ones, and the
//! rules between files.
//!
//! A file with an error is left out, and what refers to it is not blamed for that. A reference that
//! leads nowhere is dropped with a warning; who made it stays.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use serde::de::DeserializeOwned;

use super::manifest::{Manifest, ModuleManifest};
use super::prerequisites::{guess, settle};
use super::scenario::{self, Parts, ScenarioManifest};
use super::source::{Resource, Source, parent};
use super::yaml::{At, Kind, Mark, Node, Problems, Shape, quote, read};
use super::{Catalogue, Diagnostic, Item, Module, Severity, exercise, parallel, quantity};

static EXERCISE: LazyLock<Shape> = LazyLock::new(Shape::of::<Manifest>);
static SCENARIO: LazyLock<Shape> = LazyLock::new(Shape::of::<ScenarioManifest>);
static MODULE: LazyLock<Shape> = LazyLock::new(Shape::of::<ModuleManifest>);

/// Reads all sources; what a later one holds replaces what earlier ones have under the same id.
pub fn load(sources: &[Source]) -> Catalogue {
    let mut course = Course::default();
    for source in sources {
        course.parts.add(source, &mut course.problems);
        let layer = Layer::read(source, &course.parts, &mut course.problems);
        course.lay_over(layer);
    }
    course.assemble()
}

/// Something read, with the places that rules between files speak of.
#[derive(Debug)]
pub(super) struct Placed<T> {
    value: T,
    file: Resource,
    id: Mark,
    order: Mark,
    /// Ids of what is to be done first.
    pub(super) needs: Vec<(String, Mark)>,
    /// A module's own list of items, if it has one.
    items: Option<Vec<(String, Mark)>>,
}

impl<T> Placed<T> {
    pub(super) fn warn(&self, mark: Mark, message: String, help: Option<String>) -> Diagnostic {
        self.diagnostic(Severity::Warning, mark, message, help)
    }

    fn diagnostic(
        &self,
        severity: Severity,
        Mark { line, column }: Mark,
        message: String,
        help: Option<String>,
    ) -> Diagnostic {
        Diagnostic { severity, file: self.file.path(), line, column, message, help }
    }
}

/// What one source holds.
#[derive(Debug, Default)]
struct Layer {
    modules: Vec<Placed<Module>>,
    items: Vec<Placed<Item>>,
    /// Ids that files with errors meant to have.
    broken: Vec<String>,
}

impl Layer {
    fn read(source: &Source, parts: &Parts, problems: &mut Vec<Diagnostic>) -> Self {
        let mut layer = Self::default();
        for file in listed(source.modules(), problems) {
            layer.add_module(&file, problems);
        }
        let exercises = parallel::map(&listed(source.manifests(), problems), |file| {
            read_item(file, &EXERCISE, |manifest, at, found| {
                Some(exercise::item(manifest, file, source, at, found))
            })
        });
        let scenarios = parallel::map(&listed(source.parts("incidents"), problems), |file| {
            read_item(file, &SCENARIO, |manifest, at, found| {
                scenario::item(manifest, file, parts, at, found)
            })
        });
        for read in exercises.into_iter().chain(scenarios) {
            layer.items.extend(read.item);
            layer.broken.extend(read.broken);
            problems.extend(read.problems);
        }
        layer.modules = without_doubles(layer.modules, |module| &module.id, problems);
        layer.items = without_doubles(layer.items, |item| &item.id, problems);
        layer
    }

    fn add_module(&mut self, file: &Resource, problems: &mut Vec<Diagnostic>) {
        let Some(text) = text_of(file, problems) else { return };
        let read = read::<ModuleManifest>(&file.path(), &text, &MODULE);
        let (at, mut found) = (At::root(&read.tree), read.problems);
        let module = read.value.map(|manifest| module(manifest, file, at, &mut found));
        match module.filter(|_| !found.has_errors()) {
            Some((mut module, items)) => {
                let needs = std::mem::take(&mut module.prerequisites);
                self.modules.push(Placed { items, ..placed(module, file, at, needs) });
            }
            None => self.broken.extend(intended_id(&read.tree, &text)),
        }
        problems.extend(found.into_sorted());
    }
}

/// What one manifest holds.
#[derive(Debug, Default)]
struct ReadItem {
    item: Option<Placed<Item>>,
    /// The id that a file with errors meant to have.
    broken: Option<String>,
    problems: Vec<Diagnostic>,
}

fn read_item<M: DeserializeOwned>(
    file: &Resource,
    shape: &Shape,
    item: impl FnOnce(M, At<'_>, &mut Problems) -> Option<Item>,
) -> ReadItem {
    let mut done = ReadItem::default();
    let Some(text) = text_of(file, &mut done.problems) else { return done };
    let read = read::<M>(&file.path(), &text, shape);
    let (at, mut found) = (At::root(&read.tree), read.problems);
    let item = read.value.and_then(|manifest| item(manifest, at, &mut found));
    match item.filter(|_| !found.has_errors()) {
        Some(mut item) => {
            let needs = std::mem::take(&mut item.prerequisites);
            done.item = Some(placed(item, file, at, needs));
        }
        None => done.broken = intended_id(&read.tree, &text),
    }
    done.problems.extend(found.into_sorted());
    done
}

/// All sources read so far, the later over the earlier.
#[derive(Debug, Default)]
struct Course {
    modules: BTreeMap<String, Placed<Module>>,
    items: BTreeMap<String, Placed<Item>>,
    parts: Parts,
    broken: HashSet<String>,
    problems: Vec<Diagnostic>,
}

impl Course {
    fn lay_over(&mut self, layer: Layer) {
        self.broken.extend(layer.broken);
        for module in layer.modules {
            // A module that lists its items replaces the earlier one with everything in it.
            if module.items.is_some() {
                self.items.retain(|_, item| item.value.module != module.value.id);
            }
            self.modules.insert(module.value.id.clone(), module);
        }
        for item in layer.items {
            self.items.insert(item.value.id.clone(), item);
        }
    }

    fn assemble(mut self) -> Catalogue {
        self.check_module_lists();
        let mut needs = settle("module", &self.modules, &self.broken, &mut self.problems);
        for (id, module) in &mut self.modules {
            module.value.prerequisites = needs.remove(id).unwrap_or_default();
        }
        let mut needs = settle("item", &self.items, &self.broken, &mut self.problems);
        for (id, item) in &mut self.items {
            item.value.prerequisites = needs.remove(id).unwrap_or_default();
        }
        let mut members: BTreeMap<String, Vec<Placed<Item>>> = BTreeMap::new();
        for (_, item) in std::mem::take(&mut self.items) {
            members.entry(item.value.module.clone()).or_default().push(item);
        }
        let mut modules = Vec::new();
        for (id, mut placed) in self.modules {
            let items = members.remove(&id).unwrap_or_default();
            placed.value.items = in_order(items, placed.items.as_deref(), &mut self.problems);
            modules.push(placed.value);
        }
        // A module that nobody described, after those that somebody did.
        let last = modules.iter().map(|module| module.order).max().unwrap_or(0);
        for (id, items) in members {
            let items = in_order(items, None, &mut self.problems);
            let order = last.saturating_add(1);
            let title = title_from(&id);
            let (description, prerequisites) = (String::new(), Vec::new());
            modules.push(Module { id, title, description, order, prerequisites, items });
        }
        modules.sort_by(|a, b| (a.order, &a.id).cmp(&(b.order, &b.id)));
        let place = |d: &Diagnostic| (d.file.clone(), d.line, d.column);
        self.problems.sort_by_cached_key(place);
        Catalogue { modules, parts: self.parts, problems: self.problems }
    }

    /// What a module lists must be there and belong to it, and what belongs to it must be listed.
    fn check_module_lists(&mut self) {
        for (id, module) in &self.modules {
            let Some(listed) = &module.items else { continue };
            for (item, mark) in listed {
                let message = match self.items.get(item) {
                    Some(found) if found.value.module == *id => continue,
                    Some(found) => format!(
                        "the item {} belongs to the module {}",
                        quote(item),
                        quote(&found.value.module)
                    ),
                    None if self.broken.contains(item) => continue,
                    None => format!("there is no item {}", quote(item)),
                };
                let help = guess(item, self.items.keys(), &self.problems);
                self.problems.push(module.warn(*mark, message, help));
            }
        }
        let listed: HashSet<&String> = self
            .modules
            .values()
            .flat_map(|m| m.items.iter().flatten())
            .map(|(id, _)| id)
            .collect();
        for (id, item) in &self.items {
            let module = self.modules.get(&item.value.module);
            // One of a later source adds to a module that knows nothing of it.
            let should = |module: &Placed<_>| {
                module.items.is_some() && module.file.source() == item.file.source()
            };
            if module.is_some_and(should) && !listed.contains(id) {
                let module = quote(&item.value.module);
                let message = format!("the module {module} does not list {id}: it comes last");
                let help = "add it to the module's \"items\"".to_owned();
                self.problems.push(item.warn(item.id, message, Some(help)));
            }
        }
    }
}

/// A module's items in the order of its list, or else by their own `order`.
fn in_order(
    mut items: Vec<Placed<Item>>,
    listed: Option<&[(String, Mark)]>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Item> {
    let place: HashMap<&str, usize> = listed
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(i, (id, _))| (id.as_str(), i))
        .collect();
    items.sort_by(|a, b| {
        let key = |item: &Item| place.get(item.id.as_str()).copied().unwrap_or(usize::MAX);
        let (a, b) = (&a.value, &b.value);
        (key(a), a.order, &a.id).cmp(&(key(b), b.order, &b.id))
    });
    if listed.is_none() {
        for pair in items.windows(2) {
            if let [before, item] = pair
                && before.value.order == item.value.order
            {
                let other = &before.value.id;
                let message = format!("{other} has the same \"order\", {}", item.value.order);
                let help = "give each item of a module its own".to_owned();
                problems.push(item.warn(item.order, message, Some(help)));
            }
        }
    }
    items.into_iter().map(|placed| placed.value).collect()
}

fn module(
    manifest: ModuleManifest,
    file: &Resource,
    at: At<'_>,
    problems: &mut Problems,
) -> (Module, Option<Vec<(String, Mark)>>) {
    let folder = parent(file.relative()).rsplit('/').next().unwrap_or_default();
    let id = manifest.id.unwrap_or_else(|| folder.to_owned());
    if let Err(why) = quantity::id(&id) {
        problems.rule(at.key("id"), format!("{} {why}", quote(&id)), None);
    } else if file.relative().starts_with("content/") && id != folder {
        let message = format!("the module {} is in the folder {}", quote(&id), quote(folder));
        let help = "lessons are found by the module's id: name them alike".to_owned();
        problems.rule(at.key("id"), message, Some(help));
    }
    if manifest.title.trim().is_empty() {
        problems.rule(at.key("title"), "\"title\" must not be empty", None);
    } else if manifest.title.trim().contains('\n') {
        problems.rule(at.key("title"), "\"title\" must be a single line", None);
    }
    let items = manifest.items.map(|ids| with_marks(ids, at.key("items")));
    let module = Module {
        id,
        title: manifest.title,
        description: manifest.description,
        order: manifest.order,
        prerequisites: manifest.prerequisites,
        items: Vec::new(),
    };
    (module, items)
}

fn placed<T>(value: T, file: &Resource, at: At<'_>, needs: Vec<String>) -> Placed<T> {
    Placed {
        value,
        file: file.clone(),
        id: at.key("id").mark(),
        order: at.key("order").mark(),
        needs: with_marks(needs, at.key("prerequisites")),
        items: None,
    }
}

/// The texts of a list, each with its place.
fn with_marks(texts: Vec<String>, list: At<'_>) -> Vec<(String, Mark)> {
    texts.into_iter().enumerate().map(|(i, text)| (text, list.item(i).mark())).collect()
}

/// The first of each id; the others are reported and dropped.
fn without_doubles<T>(
    all: Vec<Placed<T>>,
    id: impl Fn(&T) -> &String,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Placed<T>> {
    let mut seen: HashMap<String, String> = HashMap::new();
    let mut kept = Vec::with_capacity(all.len());
    for placed in all {
        let id = id(&placed.value);
        if let Some(first) = seen.get(id) {
            let message = format!("the id {} is already that of {first}", quote(id));
            problems.push(placed.diagnostic(Severity::Error, placed.id, message, None));
        } else {
            seen.insert(id.clone(), placed.file.path());
            kept.push(placed);
        }
    }
    kept
}

fn listed(
    files: Result<Vec<Resource>, Diagnostic>,
    problems: &mut Vec<Diagnostic>,
) -> Vec<Resource> {
    files.unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    })
}

fn text_of(file: &Resource, problems: &mut Vec<Diagnostic>) -> Option<Cow<'static, str>> {
    file.utf8().map_err(|problem| problems.push(problem)).ok()
}

/// The id that a faulty file would have had, so that those who name it are not blamed as well. A
/// file that is no YAML at all still tends to have the line.
fn intended_id(tree: &Node, text: &str) -> Option<String> {
    match tree.get("id").map(|node| &node.kind) {
        Some(Kind::Scalar { text, .. }) => Some(text.clone()),
        _ => text.lines().find_map(|line| Some(line.strip_prefix("id:")?.trim().to_owned())),
    }
}

/// `shell-basics` → `Shell basics`.
pub(crate) fn title_from(id: &str) -> String {
    let words = id.replace(['-', '_'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
