//! A scenario as its `index.json` tells it, with every file that it names.
//!
//! Keys of Katacoda, from which the format comes, are read too: `courseData` and `code` are scripts of a
//! page, `environment` is about its looks.

use serde_json::Value;

use super::json::Json;
use super::said::{Said, cleaned};
use crate::course::source::{Refused, Resource, join};
use crate::course::yaml::{At, Mark, quote};
use crate::course::{Difficulty, Source};

/// Pages of one scenario. A long one has twenty.
const MAX_PAGES: usize = 200;

/// Bytes of all its texts together.
const MAX_TEXTS: usize = 4 << 20;

/// Files in one list of assets.
const MAX_ASSETS: usize = 500;

/// A scenario, read.
#[derive(Debug, Default)]
pub(super) struct Scenario {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) difficulty: Option<Difficulty>,
    /// Minutes.
    pub(super) time: Option<u32>,
    /// The name of the machine it was written for: `ubuntu`.
    pub(super) image: String,
    pub(super) pages: Vec<Page>,
    pub(super) assets: Vec<Asset>,
    /// Whether it is a machine to try things on, without any page.
    pub(super) playground: bool,
}

/// The introduction, a step, or the end.
#[derive(Debug)]
pub(super) struct Page {
    /// What kind it is; a step's number begins at 1.
    pub(super) kind: Kind,
    pub(super) title: String,
    /// Its text, and the file's name in messages.
    pub(super) text: Option<Text>,
    /// Run while the page is read, out of sight.
    pub(super) background: Option<Text>,
    /// Run in the learner's shell when the page is opened.
    pub(super) foreground: Option<Text>,
    /// Tells whether its task is done.
    pub(super) verify: Option<Text>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Intro,
    Step(usize),
    Finish,
}

/// A file that is a text.
#[derive(Debug, Clone)]
pub(super) struct Text {
    /// Its name in messages.
    pub(super) file: String,
    pub(super) text: String,
}

/// Files to be put on the machine.
#[derive(Debug)]
pub(super) struct Asset {
    /// A name or a pattern below `assets/`.
    pub(super) file: String,
    /// The folder they go to.
    pub(super) target: String,
    /// `+x`, `0644`.
    pub(super) mode: Option<String>,
    /// Where it is written.
    pub(super) mark: Mark,
}

/// Reads the scenario in a folder of `source`. What is wrong is told; it is usable if nothing was refused.
pub(super) fn read(source: &Source, folder: &str, said: &mut Said) -> Scenario {
    let Some(text) = index(source, folder, said) else { return Scenario::default() };
    let (text, hidden) = cleaned(&text.text);
    if hidden {
        said.note(Mark::default(), "control characters were taken out of this file", None);
    }
    let json = match Json::read(&text) {
        Ok(json) => json,
        Err((mark, why)) => {
            said.refuse(mark, format!("this is not JSON: {why}"), None);
            return Scenario::default();
        }
    };
    if json.lenient {
        let message = "this is not quite JSON: comments, tabs or commas too many were passed over";
        said.note(Mark::default(), message, None);
    }
    let backend = json.value.get("backend");
    let playground = json.value.get("details").is_none() && backend.is_some_and(Value::is_object);
    let none = Value::Object(serde_json::Map::new());
    let details = json.value.get("details").or(playground.then_some(&none));
    let Some(details) = details.filter(|it| it.is_object()) else {
        let help = Some("it is no scenario, unless \"details\" has its steps".to_owned());
        said.refuse(json.at().mark(), "there is no \"details\" in it", help);
        return Scenario { title: text_of(&json.value, "title"), ..Scenario::default() };
    };
    let mut reader = Reader { source, folder, said, bytes: 0 };
    let at = json.at().key("details");
    let mut pages = Vec::new();
    // Some put it beside the details.
    let beside = |key: &str| match details.get(key) {
        Some(value) => (Some(value), at.key(key)),
        None => (json.value.get(key), json.at().key(key)),
    };
    let (intro, place) = beside("intro");
    pages.extend(reader.pages(intro, Kind::Intro, place));
    let steps = details.get("steps").and_then(Value::as_array);
    for (index, step) in steps.into_iter().flatten().enumerate() {
        if pages.len() > MAX_PAGES {
            let message = format!("there are more than {MAX_PAGES} steps");
            reader.said.refuse(at.key("steps").mark(), message, None);
            break;
        }
        pages.extend(reader.page(Some(step), Kind::Step(index + 1), at.key("steps").item(index)));
    }
    let (finish, place) = beside("finish");
    pages.extend(reader.pages(finish, Kind::Finish, place));
    let assets = reader.assets(details.get("assets"), at.key("assets"));
    if !playground && pages.iter().all(|page| page.text.is_none()) {
        reader.said.refuse(at.mark(), "it has no page with a text", None);
    }
    Scenario {
        title: text_of(&json.value, "title"),
        description: text_of(&json.value, "description"),
        difficulty: difficulty(&text_of(&json.value, "difficulty")),
        time: minutes(&text_of(&json.value, "time")),
        image: backend.map_or_else(String::new, |backend| text_of(backend, "imageid")),
        pages,
        assets,
        playground,
    }
}

fn index(source: &Source, folder: &str, said: &mut Said) -> Option<Text> {
    let path = join(folder, "index.json");
    let found = match source.find(&path) {
        Ok(Some(file)) => file,
        Ok(None) => return None,
        Err(refused) => {
            said.refuse(Mark::default(), format!("it {refused}"), None);
            return None;
        }
    };
    match found.utf8() {
        Ok(text) => Some(Text { file: found.path(), text: text.into_owned() }),
        Err(wrong) => {
            said.refuse(Mark::default(), wrong.message, None);
            None
        }
    }
}

/// A text under a key, as one line where it is a title; empty where there is none.
fn text_of(value: &Value, key: &str) -> String {
    match value.get(key) {
        // What the file itself does not have an escape may bring in.
        Some(Value::String(text)) => cleaned(text).0.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn difficulty(words: &str) -> Option<Difficulty> {
    let words = words.to_lowercase();
    let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
    if any(&["advanced", "hard", "expert", "difficult", "difícil", "schwer", "challeng"]) {
        Some(Difficulty::Advanced)
    } else if any(&["intermediate", "medium", "moderate", "mittel", "médio", "medio"]) {
        Some(Difficulty::Intermediate)
    } else {
        any(&["begin", "easy", "simple", "basic", "einfach", "fácil", "facil", "novice", "starter"])
            .then_some(Difficulty::Beginner)
    }
}

/// `45-60 minutes` is 60, `1 hour` is 60, `10` is 10: at most a day.
fn minutes(words: &str) -> Option<u32> {
    let numbers = words.split(|c: char| !c.is_ascii_digit() && c != '.');
    let last = numbers.filter_map(|word| word.trim_matches('.').parse::<f64>().ok()).next_back()?;
    let words = words.to_lowercase();
    let hours = !words.contains("min")
        && words.split(|c: char| !c.is_alphabetic()).any(|it| it == "h" || it.starts_with("hour"));
    let minutes = if hours { last * 60.0 } else { last };
    (1.0..=1440.0).contains(&minutes).then_some(minutes as u32)
}

struct Reader<'a> {
    source: &'a Source,
    folder: &'a str,
    said: &'a mut Said,
    /// How much text was read.
    bytes: usize,
}

impl Reader<'_> {
    /// One page, or a list of them.
    fn pages(&mut self, value: Option<&Value>, kind: Kind, at: At<'_>) -> Vec<Page> {
        let Some(list) = value.and_then(Value::as_array) else {
            return self.page(value, kind, at).into_iter().collect();
        };
        let list = list.iter().take(MAX_PAGES).enumerate();
        list.filter_map(|(index, value)| self.page(Some(value), kind, at.item(index))).collect()
    }

    fn page(&mut self, value: Option<&Value>, kind: Kind, at: At<'_>) -> Option<Page> {
        let value = value?;
        if !value.is_object() {
            self.said.note(at.mark(), "this is no page: it was passed over", None);
            return None;
        }
        let text = self.text(value, &["text"], at);
        // Two scripts of one kind are one too many, wherever their names come from.
        let background = self.text(value, &["background", "courseData"], at);
        let foreground = self.text(value, &["foreground", "code"], at);
        let verify = self.text(value, &["verify"], at);
        let title = super::markdown::one_line(&text_of(value, "title"));
        Some(Page { kind, title, text, background, foreground, verify })
    }

    /// The text of the file that the first of these keys names.
    fn text(&mut self, value: &Value, keys: &[&str], at: At<'_>) -> Option<Text> {
        let key = keys.iter().find(|key| value.get(**key).is_some_and(|it| !it.is_null()))?;
        let mark = at.key(key).mark();
        let Some(name) = value.get(*key).and_then(Value::as_str) else {
            self.said.note(mark, format!("{} is no name of a file", quote(key)), None);
            return None;
        };
        if name.trim().is_empty() {
            return None;
        }
        let file = self.file(name, mark)?;
        match file.utf8() {
            Ok(text) if self.bytes + text.len() > MAX_TEXTS => {
                let message = format!("its texts are more than {} MiB together", MAX_TEXTS >> 20);
                self.said.refuse(mark, message, None);
                None
            }
            Ok(text) => {
                self.bytes += text.len();
                let (text, hidden) = cleaned(&text);
                if hidden {
                    let message = "control characters were taken out of this file";
                    self.said.note_in(&file.path(), Mark::default(), message, None);
                }
                Some(Text { file: file.path(), text })
            }
            Err(wrong) => {
                self.said.refuse(mark, format!("{}: {}", quote(name), wrong.message), None);
                None
            }
        }
    }

    /// The file of this name, beside the scenario or elsewhere in the folder that is read.
    fn file(&mut self, name: &str, mark: Mark) -> Option<Resource> {
        let Some(path) = resolved(self.folder, name) else {
            let message = format!("{} leads out of the folder that is imported", quote(name));
            self.said.refuse(mark, message, None);
            return None;
        };
        match self.source.find(&path) {
            Ok(Some(file)) => Some(file),
            Ok(None) => {
                let message =
                    format!("the file {} does not exist: it was passed over", quote(name));
                self.said.note(mark, message, None);
                None
            }
            Err(Refused::Unreadable(_)) => {
                // A name that no file can have, or a folder in the place of one.
                let message =
                    format!("the file {} cannot be read: it was passed over", quote(name));
                self.said.note(mark, message, None);
                None
            }
            Err(refused) => {
                self.said.refuse(mark, format!("{} {refused}", quote(name)), None);
                None
            }
        }
    }

    fn assets(&mut self, value: Option<&Value>, at: At<'_>) -> Vec<Asset> {
        let Some(hosts) = value.and_then(Value::as_object) else { return Vec::new() };
        let mut assets = Vec::new();
        for (host, files) in hosts {
            let at = at.key(host);
            if !matches!(host.to_lowercase().as_str(), "host01" | "client" | "controlplane") {
                let message = format!("it needs several machines: files go to {}", quote(host));
                self.said.refuse(at.mark(), message, None);
                continue;
            }
            for (index, entry) in files.as_array().into_iter().flatten().enumerate() {
                let mark = at.item(index).mark();
                if assets.len() >= MAX_ASSETS {
                    let message = format!("there are more than {MAX_ASSETS} entries in it");
                    self.said.refuse(mark, message, None);
                    break;
                }
                let (file, target) = (text_of(entry, "file"), text_of(entry, "target"));
                if file.is_empty() {
                    self.said.note(mark, "it names no \"file\": it was passed over", None);
                    continue;
                }
                let mode = Some(text_of(entry, "chmod")).filter(|mode| !mode.is_empty());
                assets.push(Asset { file, target, mode, mark });
            }
        }
        assets
    }
}

/// The path that a name in a folder leads to, if that is inside the root.
pub(super) fn resolved(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if name.starts_with('/') || name.contains('\0') {
        return None;
    }
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_about_time_and_difficulty_are_understood() {
        for (words, expected) in [
            ("10 minutes", Some(10)),
            ("45-60 minutes", Some(60)),
            ("~25 minutes", Some(25)),
            ("1 hour", Some(60)),
            ("1.5 h", Some(90)),
            ("60 minuten", Some(60)),
            ("15", Some(15)),
            ("", None),
            ("soon", None),
            ("999999999999 hours", None),
        ] {
            assert_eq!(minutes(words), expected, "{words}");
        }
        assert_eq!(difficulty("Medium"), Some(Difficulty::Intermediate));
        assert_eq!(difficulty("★ Very hard"), Some(Difficulty::Advanced));
        assert_eq!(difficulty("Beginner friendly"), Some(Difficulty::Beginner));
        assert_eq!(difficulty("42"), None);
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert_eq!(resolved("a/b", "./c/../d.md").as_deref(), Some("a/b/d.md"));
        assert_eq!(resolved("a/b", "../shared/x.sh").as_deref(), Some("a/shared/x.sh"));
        for name in ["../../../x", "/etc/passwd", "..", "a\0b"] {
            assert_eq!(resolved("a", name), None, "{name}");
        }
    }
}
