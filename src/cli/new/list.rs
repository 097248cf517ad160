//! A module that lists its items, with one more.

use std::path::Path;

use super::templates::File;
use crate::course::Source;
use crate::course::yaml::{Kind, Node, parse_for_places};
use crate::problem::Problem;

/// The description of a module in this folder with `id` at the end of its list; `None` where it has no
/// list, or one that is written in a way that is not understood here.
pub(super) fn with_item(folder: &Path, module: &str, id: &str) -> Result<Option<File>, Problem> {
    let path = format!("content/{module}/module.yaml");
    if !folder.join(&path).exists() {
        return Ok(None);
    }
    let Ok(Some(file)) = Source::folder(folder)?.find(&path) else { return Ok(None) };
    let text = file.utf8()?;
    let items = |text: &str| parse_for_places(text)?.get("items").cloned();
    let Some(before) = items(&text) else { return Ok(None) };
    let mut wanted = words(&before);
    wanted.push(id.to_owned());
    let text = inserted(&text, &before, id);
    let is_right = items(&text).is_some_and(|after| words(&after) == wanted);
    Ok(is_right.then_some(File { path, text }))
}

/// The text with one more item behind the last, written as that is.
fn inserted(text: &str, items: &Node, id: &str) -> String {
    let Kind::List(all) = &items.kind else { return text.to_owned() };
    let in_brackets = text[items.bytes.start..].starts_with('[');
    let (at, words) = match all.last() {
        None => (items.bytes.start + 1, id.to_owned()),
        Some(last) if in_brackets => (last.bytes.end, format!(", {id}")),
        Some(last) => {
            let line = text[..last.bytes.start].rfind('\n').map_or(0, |end| end + 1);
            let dash = &text[line..last.bytes.start];
            (last.bytes.end, format!("\n{dash}{id}"))
        }
    };
    format!("{}{words}{}", &text[..at], &text[at..])
}

fn words(list: &Node) -> Vec<String> {
    let Kind::List(items) = &list.kind else { return Vec::new() };
    let text = |item: &Node| match &item.kind {
        Kind::Scalar { text, .. } => text.clone(),
        _ => String::new(),
    };
    items.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_item_is_added_in_the_way_the_list_is_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("content/a")).unwrap();
        for (before, after) in [
            (
                "items: [a-01, a-02] # all\norder: 1\n",
                "items: [a-01, a-02, a-03] # all\norder: 1\n",
            ),
            ("items: []\n", "items: [a-03]\n"),
            (
                "items:\n  - a-01 # one\n  - \"a-02\" # two\norder: 1\n",
                "items:\n  - a-01 # one\n  - \"a-02\"\n  - a-03 # two\norder: 1\n",
            ),
            ("items:\n- a-01", "items:\n- a-01\n- a-03"),
        ] {
            fs::write(folder.path().join("content/a/module.yaml"), before).unwrap();
            let file = with_item(folder.path(), "a", "a-03").unwrap().unwrap();
            assert_eq!(file.text, after);
        }
        for text in ["title: A\n", "items:\n", "items: [a, &x b, *x]\n", "not: [yaml"] {
            fs::write(folder.path().join("content/a/module.yaml"), text).unwrap();
            let file = with_item(folder.path(), "a", "a-03").unwrap();
            assert!(file.is_none_or(|file| file.text.contains("*x, a-03")), "{text}");
        }
        assert_eq!(with_item(folder.path(), "b", "b-01").unwrap().map(|file| file.text), None);
    }
}
