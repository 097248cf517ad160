//! What a folder of content has in it, as an author looks for it: modules, their items, and the files
//! of each.

use std::collections::HashSet;

use crate::course::{self, Body, Catalogue, Resource, Source};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the course's order.
    pub modules: Vec<Module>,
    /// Files that belong to no item: parts of systems, what nobody uses.
    pub others: Vec<String>,
}

/// A module of which something is in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// Its id.
    pub id: String,
    /// For people.
    pub title: String,
    /// Its description, where the folder has that.
    pub file: Option<String>,
    /// Those that the folder has.
    pub items: Vec<Item>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its id; a file's name where the manifest could never be read.
    pub id: String,
    /// For people.
    pub title: String,
    /// Whether its manifest can be used as it is now.
    pub readable: bool,
    /// The manifest first.
    pub files: Vec<File>,
}

/// A file and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it is for.
    pub role: Role,
    /// Below the folder, with `/`.
    pub path: String,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Says what the item is.
    Manifest,
    /// Is read by the learner.
    Lesson,
    /// Solves it.
    Solution,
    /// Is a wrong solution.
    Decoy,
    /// Prepares the sandbox.
    Prepare,
    /// Is copied into the sandbox.
    Setup,
    /// A part of a scenario.
    Part,
}

impl Role {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Lesson => "lesson",
            Self::Solution => "solution",
            Self::Decoy => "decoy",
            Self::Prepare => "prepare",
            Self::Setup => "setup",
            Self::Part => "part",
        }
    }
}

impl Outline {
    /// The outline of what was read from `source`. A manifest that cannot be used stands where it
    /// stood `before`.
    pub fn of(course: &Catalogue, source: &Source, before: &Self) -> Self {
        let mut outline = Self::default();
        for module in &course.modules {
            let ours = module.items.iter().filter(|item| source.holds(&item.manifest));
            let items: Vec<_> = ours.map(|item| Item::of(item, source)).collect();
            if !items.is_empty() {
                outline.module(&module.id, &module.title).items = items;
            }
        }
        for file in source.modules().unwrap_or_default() {
            let id = course::source::parent(file.relative()).rsplit('/').next().unwrap_or_default();
            let title = course.modules.iter().find(|it| it.id == id).map_or(id, |it| &it.title);
            outline.module(id, title).file = Some(file.relative().to_owned());
        }
        let manifests = source.manifests().unwrap_or_default();
        let incidents = source.parts("incidents").unwrap_or_default();
        for file in manifests.iter().chain(&incidents) {
            if outline.item_of(file.relative()).is_none() {
                outline.add_unreadable(file, before);
            }
        }
        let known: HashSet<String> = outline.files().map(str::to_owned).collect();
        let all = source.tops().iter().filter(|top| !top.is_empty());
        let all = all.flat_map(|top| source.below(top));
        let others = all.map(|file| file.relative().to_owned());
        outline.others = others.filter(|path| !known.contains(path)).collect();
        outline.others.sort_unstable();
        outline
    }

    /// The item that a file belongs to: the first that names it.
    pub fn item_of(&self, path: &str) -> Option<&Item> {
        self.items().find(|item| item.files.iter().any(|file| file.path == path))
    }

    /// The module that a file describes.
    pub fn module_of(&self, path: &str) -> Option<&Module> {
        self.modules.iter().find(|module| module.file.as_deref() == Some(path))
    }

    /// Every file.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files().chain(self.others.iter().map(String::as_str))
    }

    fn items(&self) -> impl Iterator<Item = &Item> {
        self.modules.iter().flat_map(|module| &module.items)
    }

    /// Every file of a module or an item.
    fn files(&self) -> impl Iterator<Item = &str> {
        let modules = self.modules.iter().filter_map(|module| module.file.as_deref());
        let items = self.items().flat_map(|item| &item.files).map(|file| file.path.as_str());
        modules.chain(items)
    }

    fn module(&mut self, id: &str, title: &str) -> &mut Module {
        let at = self.modules.iter().position(|module| module.id == id).unwrap_or_else(|| {
            let (id, title) = (id.to_owned(), title.to_owned());
            self.modules.push(Module { id, title, file: None, items: Vec::new() });
            self.modules.len() - 1
        });
        &mut self.modules[at]
    }

    fn add_unreadable(&mut self, file: &Resource, before: &Self) {
        let path = file.relative();
        let is_it = |item: &Item| item.files.first().is_some_and(|file| file.path == path);
        let stood = before.modules.iter().find_map(|module| {
            let at = module.items.iter().position(is_it)?;
            Some((module, at))
        });
        if let Some((module, at)) = stood {
            let item = Item { readable: false, ..module.items[at].clone() };
            let items = &mut self.module(&module.id, &module.title).items;
            items.insert(at.min(items.len()), item);
            return;
        }
        let folder = course::source::parent(path).rsplit('/').next().unwrap_or_default();
        let stem = course::source::stem(path).to_owned();
        let files = vec![File { role: Role::Manifest, path: path.to_owned() }];
        let item = Item { id: stem.clone(), title: stem, readable: false, files };
        self.module(folder, folder).items.push(item);
    }
}

impl Item {
    fn of(item: &course::Item, source: &Source) -> Self {
        let role = |file: &Resource| {
            let same = |other: &Resource| other == file;
            match &item.body {
                _ if same(&item.manifest) => Role::Manifest,
                _ if item.lesson.as_ref().is_some_and(same) => Role::Lesson,
                Body::Exercise(it) if it.solution.as_ref().is_some_and(same) => Role::Solution,
                Body::Exercise(it) if it.prepare.as_ref().is_some_and(same) => Role::Prepare,
                Body::Exercise(it) if it.decoys.iter().any(|decoy| same(&decoy.file)) => {
                    Role::Decoy
                }
                Body::Exercise(_) | Body::Unread(_) => Role::Setup,
                Body::Scenario(_) => Role::Part,
            }
        };
        let mut files: Vec<File> = Vec::new();
        for file in item.files().into_iter().filter(|file| source.holds(file)) {
            let path = file.relative().to_owned();
            if files.iter().all(|file| file.path != path) {
                files.push(File { role: role(file), path });
            }
        }
        Self { id: item.id.clone(), title: item.title.clone(), readable: true, files }
    }
}
