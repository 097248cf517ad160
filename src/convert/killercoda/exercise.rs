//! A draft as the files of an exercise.

use super::draft::Draft;
use crate::convert::File;

/// How an exercise is called, and where its files are.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) id: String,
    pub(super) module: String,
    pub(super) order: u32,
    /// `module/01-name`.
    pub(super) path: String,
    /// Whose work it is.
    pub(super) origin: String,
}

/// How long a check may take. It was written for a button that somebody presses.
const TIMEOUT: &str = "30s";

/// The manifest last: before it is there, the others are nobody's.
pub(super) fn files(draft: &Draft, name: &Name) -> Vec<File> {
    let own = |file: &str| format!("exercises/{}/{file}", name.path);
    let file = |path: String, text: &str| File { path, bytes: text.as_bytes().to_vec() };
    let mut files: Vec<File> = Vec::new();
    for setup in &draft.setup {
        let path = own(&setup.source);
        // One file may go to several places.
        if !files.iter().any(|file| file.path == path) {
            files.push(File { path, bytes: setup.bytes.clone() });
        }
    }
    files.extend(draft.prepare.as_ref().map(|text| file(own("prepare.sh"), text)));
    files.extend(draft.solution.as_ref().map(|text| file(own("solution.sh"), text)));
    files.push(file(format!("content/{}.md", name.path), &draft.lesson));
    files.push(file(format!("exercises/{}.yaml", name.path), &manifest(draft, name)));
    files
}

fn manifest(draft: &Draft, name: &Name) -> String {
    let mut lines = Vec::new();
    let mut add = |key: &str, value: String| lines.push(format!("{key}: {value}"));
    let needs = &draft.needs;
    add("id", word(&name.id));
    add("module", word(&name.module));
    add("order", name.order.to_string());
    add("title", quoted(&draft.title));
    if !draft.description.is_empty() {
        add("description", text(&draft.description, 2));
    }
    add("origin", quoted(&name.origin));
    if let Some(difficulty) = draft.difficulty {
        add("difficulty", difficulty.word().to_owned());
    }
    if let Some(minutes) = draft.time {
        add("estimated_time", format!("{minutes}m"));
    }
    add("backend", if needs.init { "vm" } else { "container" }.to_owned());
    let image = if needs.init { "drydock/systemd" } else { "drydock/base" };
    add("container_image", image.to_owned());
    add("user", "root".to_owned());
    if needs.any_network() {
        add("network", "internet".to_owned());
        add("resources", "{memory: 1g}".to_owned());
    }
    if needs.users || needs.any_network() {
        add("requires", "[multiple-users]".to_owned());
    }
    if !needs.capabilities.is_empty() {
        let names: Vec<_> = needs.capabilities.iter().copied().collect();
        add("capabilities", format!("[{}]", names.join(", ")));
    }
    if !draft.setup.is_empty() {
        add("setup", String::new());
    }
    for setup in &draft.setup {
        let mode = setup.mode.map_or_else(String::new, |mode| format!(", mode: \"{mode}\""));
        let (source, dest) = (quoted(&setup.source), quoted(&setup.dest));
        lines.push(format!("  - {{source: {source}, dest: {dest}{mode}}}"));
    }
    if draft.prepare.is_some() {
        lines.push("prepare: prepare.sh".to_owned());
    }
    lines.push("verify:".to_owned());
    let last = draft.checks.len().saturating_sub(1);
    for (index, check) in draft.checks.iter().enumerate() {
        lines.push(format!("  - name: {}", quoted(&check.name)));
        lines.push(format!("    cmd: {}", text(&check.cmd, 6)));
        lines.push(format!("    timeout: {TIMEOUT}"));
        // A step is done once: a later one may undo what it made, or would pass before its turn has come.
        if index < last {
            lines.push("    mode: edge".to_owned());
        }
        let before = index.checked_sub(1).and_then(|index| draft.checks.get(index));
        lines.extend(before.map(|before| format!("    needs: [{}]", quoted(&before.name))));
    }
    if !draft.hints.is_empty() {
        lines.push("hints:".to_owned());
    }
    for hint in &draft.hints {
        lines.push(format!("  - text: {}", text(&hint.text, 6)));
        lines.extend(hint.check.as_ref().map(|it| format!("    when_failing: {}", quoted(it))));
    }
    lines.join("\n") + "\n"
}

/// A text of JSON is one of YAML, whatever is in it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An id, in quotes where it would be a number or the like.
fn word(id: &str) -> String {
    let plain = id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.len() > 5;
    if plain { id.to_owned() } else { quoted(id) }
}

/// A text as lines that can be read, if YAML can have it so; `indent` is how far they are moved in.
fn text(text: &str, indent: usize) -> String {
    let wild = |c: char| c == '\u{85}' || c == '\u{2028}' || c == '\u{2029}' || c == '\u{feff}';
    let lines = text.trim_end_matches('\n');
    if lines.is_empty() || lines.starts_with([' ', '\t', '\n']) || lines.contains(wild) {
        return quoted(text);
    }
    if !lines.contains('\n') && !text.ends_with('\n') {
        return quoted(text);
    }
    let keep = if text.ends_with('\n') { "" } else { "-" };
    let blanks = " ".repeat(indent);
    let mut block = format!("|{keep}");
    for line in lines.lines() {
        block.push('\n');
        if !line.is_empty() {
            block.push_str(&blanks);
            block.push_str(line);
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn whatever_a_text_is_it_is_read_as_it_was(lines in "([ -~äß🙂\t#:|>'\"-]{0,20}\n){0,6}") {
            let yaml = format!("a:\n  - b: {}\n    c: x\n", text(&lines, 6));
            let read: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
            let told = read["a"][0]["b"].as_str().unwrap();
            // One end of the last line stands for any number of them.
            prop_assert_eq!(told.trim_end_matches('\n'), lines.trim_end_matches('\n'), "{}", yaml);
            prop_assert_eq!(&read["a"][0]["c"], "x");
        }
    }
}
