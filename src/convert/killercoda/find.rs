//! Where scenarios are in a folder: each folder with an `index.json`, and the files that list them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::json::Json;
use crate::course::source::{join, parent};
use crate::course::{Diagnostic, Severity, Source};

/// Folders inside each other. Courses have two or three.
const MAX_DEPTH: usize = 6;

/// Files and folders that are looked at. What is no repository of scenarios (a home, a whole disk) ends
/// here instead of being read for minutes.
const MAX_ENTRIES: usize = 100_000;

/// Scenarios of one folder.
pub(super) const MAX_SCENARIOS: usize = 5_000;

/// Folders that never hold scenarios of the repository's own.
const PASSED_OVER: [&str; 4] = ["assets", "node_modules", "vendor", "target"];

/// The folders with a scenario, below the root with `/` (empty for the root itself), each course in the order
/// its list gives, the rest by name.
pub(super) fn scenarios(root: &Path, source: &Source) -> Result<Vec<String>, Diagnostic> {
    let mut walk = Walk { entries: 0, found: Vec::new() };
    walk.folder(root, "", 0).map_err(|message| Diagnostic {
        severity: Severity::Error,
        file: root.display().to_string(),
        line: 0,
        column: 0,
        message,
        help: Some("name a folder with an index.json, or with folders that have one".to_owned()),
    })?;
    let mut found = walk.found;
    found.retain(|folder| may_be_scenario(source, folder));
    let mut lists = std::collections::HashMap::new();
    for folder in &found {
        let course = parent(folder).to_owned();
        lists.entry(course.clone()).or_insert_with(|| listed(source, &course));
    }
    found.sort_by_cached_key(|folder| {
        let course = parent(folder);
        let name = folder.rsplit('/').next().unwrap_or(folder);
        let place = lists.get(course).and_then(|names| names.iter().position(|it| it == name));
        (course.to_owned(), place.unwrap_or(usize::MAX), natural(name))
    });
    Ok(found)
}

/// Whether a folder's `index.json` is that of a scenario. Others list courses, or belong to something else;
/// one that cannot be read may be anything, and is told of later.
fn may_be_scenario(source: &Source, folder: &str) -> bool {
    let file = source.find(&join(folder, "index.json"));
    let Some(text) = file.ok().flatten().and_then(|file| Some(file.utf8().ok()?.into_owned()))
    else {
        return true;
    };
    let keys = |json: Json| ["details", "backend"].iter().any(|key| json.value.get(key).is_some());
    Json::read(&text).map_or(true, keys)
}

/// What a list calls its course: `title` of its `structure.json`.
pub(super) fn title(source: &Source, course: &str) -> Option<String> {
    let list = list(source, course)?;
    list.get("title").and_then(Value::as_str).map(str::to_owned)
}

/// The list of a course: `structure.json` in it, or `NAME-pathway.json` beside it.
fn list(source: &Source, course: &str) -> Option<Value> {
    let inside = join(course, "structure.json");
    let beside = (!course.is_empty()).then(|| format!("{course}-pathway.json"));
    let file = std::iter::once(inside).chain(beside).find_map(|path| source.find(&path).ok()?)?;
    // A list that cannot be read only costs the order.
    Some(Json::read(&file.utf8().ok()?).ok()?.value)
}

/// The names that it lists, in order.
fn listed(source: &Source, course: &str) -> Vec<String> {
    let Some(list) = list(source, course) else { return Vec::new() };
    let entries = ["items", "courses"].iter().find_map(|key| list.get(key)?.as_array());
    let name = |entry: &Value| {
        let name = ["path", "course_id", "id"].iter().find_map(|key| entry.get(key)?.as_str());
        name.or(entry.as_str()).map(|name| name.trim_matches('/').to_owned())
    };
    entries.into_iter().flatten().filter_map(name).collect()
}

/// A name by which `step10` comes after `step9`.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(digits);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        parts.push((word.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = after;
    }
    parts
}

struct Walk {
    entries: usize,
    found: Vec<String>,
}

impl Walk {
    /// Links are not followed: what they lead to is elsewhere, or is found there.
    fn folder(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), String> {
        let mut folders = Vec::new();
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if depth == 0 => return Err(format!("this folder cannot be read: {error}")),
            // One that may not be read has nothing for us.
            Err(_) => return Ok(()),
        };
        for entry in entries.flatten() {
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(format!("there are more than {MAX_ENTRIES} files and folders here"));
            }
            let Ok(file) = entry.file_name().into_string() else { continue };
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if file == "index.json" {
                self.found.push(name.to_owned());
            } else if is_folder && !file.starts_with('.') && !PASSED_OVER.contains(&&*file) {
                folders.push(file);
            }
        }
        if self.found.len() > MAX_SCENARIOS {
            return Err(format!("there are more than {MAX_SCENARIOS} scenarios here"));
        }
        if depth < MAX_DEPTH {
            folders.sort_unstable();
            for folder in folders {
                self.folder(&path.join(&folder), &join(name, &folder), depth + 1)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_course_has_the_order_of_its_list_and_the_rest_that_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["b", "a10", "a9", "course/y", "course/x", "course/z", "path/2", "path/1"] {
            write(root, &format!("{name}/index.json"), "{\"details\": {}}");
        }
        write(
            root,
            "course/structure.json",
            r#"{"title": "T", "items": [{"path": "y"}, {"path": "z"}]}"#,
        );
        write(
            root,
            "path-pathway.json",
            r#"{"courses": [{"course_id": "2"}, {"course_id": "1"}],}"#,
        );
        write(root, ".git/x/index.json", "{\"details\": {}}");
        // A list of courses, and something else altogether.
        write(root, "index.json", "{\"courses\": []}");
        write(root, "site/index.json", "[1]");
        std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
        let source = Source::folder(root).unwrap();
        let found = scenarios(root, &source).unwrap();
        let expected = ["a9", "a10", "b", "course/y", "course/z", "course/x", "path/2", "path/1"];
        assert_eq!(found, expected);
        assert_eq!(title(&source, "course").as_deref(), Some("T"));
        assert_eq!(title(&source, "b"), None);
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let deep: String = (0..40).map(|_| "d/").collect();
        write(folder.path(), &format!("{deep}index.json"), "{\"details\": {}}");
        let source = Source::folder(folder.path()).unwrap();
        assert!(scenarios(folder.path(), &source).unwrap().is_empty());
        assert!(scenarios(&folder.path().join("none"), &source).is_err());
    }
}
