//! The folder's files as a tree: modules, their items, and the files of each.

use std::collections::HashSet;

use crate::author::Outline;
use crate::author::outline::Item;

/// See the module.
#[derive(Debug, Default)]
pub struct Tree {
    /// The rows that are shown now.
    pub rows: Vec<Row>,
    /// Index into `rows`.
    pub cursor: usize,
    outline: Outline,
    /// Rows that are not as they are at first: modules are unfolded then, and all else is folded.
    turned: HashSet<String>,
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// What it is called.
    pub label: String,
    /// What more there is to say, in a word.
    pub note: &'static str,
    /// The file that it stands for: of an item, the manifest.
    pub path: Option<String>,
    /// What tells it from all others.
    key: String,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A module, or the files that belong to no item.
    Group {
        /// Whether what is in it is hidden.
        folded: bool,
    },
    /// An item.
    Item {
        /// Whether its files are hidden.
        folded: bool,
    },
    /// A file.
    File,
}

impl Tree {
    /// What is where.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&Row> {
        self.rows.get(self.cursor)
    }

    /// The folder has this in it now. The cursor stays on what it was on.
    pub fn renew(&mut self, outline: Outline) {
        self.outline = outline;
        self.list();
    }

    /// Moves the cursor, stopping at the ends.
    pub fn move_by(&mut self, by: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(by).min(last);
    }

    /// Puts the cursor on a file, unfolding what it is in.
    pub fn select(&mut self, path: &str) {
        let is_it = |row: &Row| row.kind == Kind::File && row.path.as_deref() == Some(path);
        if !self.rows.iter().any(is_it) {
            let module = self.outline.modules.iter().find(|module| {
                module.items.iter().flat_map(|item| &item.files).any(|file| file.path == path)
            });
            match (module, self.outline.item_of(path)) {
                (Some(module), Some(item)) => {
                    let (module, item) = (module_key(&module.id), item_key(item));
                    self.turned.remove(&module);
                    self.turned.insert(item);
                }
                _ => drop(self.turned.insert(OTHERS.to_owned())),
            }
            self.list();
        }
        self.cursor = self.rows.iter().position(is_it).unwrap_or(self.cursor);
    }

    /// What tells how it is folded, and what is selected.
    pub fn place(&self) -> (Vec<String>, Option<String>) {
        let mut turned: Vec<_> = self.turned.iter().cloned().collect();
        turned.sort_unstable();
        (turned, self.selected().map(|row| row.key.clone()))
    }

    /// Folds it like that again, and selects the same row if it is still there.
    pub fn return_to(&mut self, turned: &[String], selected: Option<&str>) {
        self.turned = turned.iter().cloned().collect();
        self.list();
        let at = self.rows.iter().position(|row| Some(&*row.key) == selected);
        self.cursor = at.unwrap_or(self.cursor);
    }

    /// Folds or unfolds the row under the cursor.
    pub fn toggle(&mut self) {
        if let Some(Row { kind: Kind::Group { .. } | Kind::Item { .. }, key, .. }) = self.selected()
        {
            let key = key.clone();
            if !self.turned.remove(&key) {
                self.turned.insert(key);
            }
            self.list();
        }
    }

    /// Folds the row under the cursor; from one that cannot be folded, goes to what it is in.
    pub fn collapse(&mut self) {
        match self.selected().map(|row| row.kind) {
            Some(Kind::Group { folded: false } | Kind::Item { folded: false }) => self.toggle(),
            Some(kind) => {
                let outer = |row: &Row| match kind {
                    Kind::File => row.kind != Kind::File,
                    _ => matches!(row.kind, Kind::Group { .. }),
                };
                let before = &self.rows[..self.cursor];
                self.cursor = before.iter().rposition(outer).unwrap_or(self.cursor);
            }
            None => {}
        }
    }

    /// Unfolds the row under the cursor.
    pub fn expand(&mut self) {
        let kind = self.selected().map(|row| row.kind);
        if let Some(Kind::Group { folded: true } | Kind::Item { folded: true }) = kind {
            self.toggle();
        }
    }

    fn list(&mut self) {
        let selected = self.selected().map(|row| row.key.clone());
        let turned = |key: &str| self.turned.contains(key);
        let mut rows = Vec::new();
        for module in &self.outline.modules {
            let key = module_key(&module.id);
            let folded = turned(&key);
            let (label, path) = (module.title.clone(), module.file.clone());
            rows.push(Row { kind: Kind::Group { folded }, label, note: "", path, key });
            if folded {
                continue;
            }
            rows.extend(module.file.as_ref().map(|path| file(path, "module")));
            for item in &module.items {
                let key = item_key(item);
                let folded = !turned(&key);
                let label = format!("{} {}", item.id, item.title);
                let path = item.files.first().map(|file| file.path.clone());
                rows.push(Row { kind: Kind::Item { folded }, label, note: "", path, key });
                if !folded {
                    rows.extend(item.files.iter().map(|it| file(&it.path, it.role.word())));
                }
            }
        }
        if !self.outline.others.is_empty() {
            let folded = !turned(OTHERS);
            let (label, key) = ("Other files".to_owned(), OTHERS.to_owned());
            rows.push(Row { kind: Kind::Group { folded }, label, note: "", path: None, key });
            if !folded {
                rows.extend(self.outline.others.iter().map(|path| file(path, "")));
            }
        }
        self.rows = rows;
        let at = self.rows.iter().position(|row| Some(&row.key) == selected.as_ref());
        self.cursor = at.unwrap_or(self.cursor);
        self.move_by(0);
    }
}

const OTHERS: &str = "others";

fn module_key(id: &str) -> String {
    format!("module {id}")
}

fn item_key(item: &Item) -> String {
    let manifest = item.files.first().map(|file| file.path.as_str());
    format!("item {}", manifest.unwrap_or(&item.id))
}

fn file(path: &str, note: &'static str) -> Row {
    let label = path.rsplit('/').next().unwrap_or(path).to_owned();
    let key = format!("file {path}");
    Row { kind: Kind::File, label, note, path: Some(path.to_owned()), key }
}
