//! A completion as a file: one for each, written once and never changed, named so that two machines
//! never write the same one.
//!
//! What is read was written by another machine, by another version or by hand: every field is
//! checked before anything is made of it, and a file that is not right is told and left alone.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::course::check_id;
use crate::store::{AttemptId, Completed};

/// The folder of all completions, at the repository's root.
pub const FOLDER: &str = "completions";

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// Bytes of a file: a completion with a few checks takes six hundred.
pub const MAX_FILE: usize = 64 << 10;

/// Checks of one item; the largest exercise has a dozen.
const MAX_CHECKS: usize = 256;

/// Characters of a text in a file.
const MAX_TEXT: usize = 200;

/// The module of an item that is in no content here.
const NO_MODULE: &str = "other";

/// What the file says, field by field.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    format: u32,
    id: String,
    item: String,
    content_hash: String,
    seed: u32,
    engine: String,
    started: Timestamp,
    completed: Timestamp,
    active_seconds: f64,
    failures: u32,
    hints: u32,
    solution_seen: bool,
    checks: Vec<String>,
    version: String,
}

/// Where a completion goes, from the repository's root. The module is asked of the content, since a
/// completion does not know it.
pub fn path_of(completed: &Completed, module: Option<&str>) -> String {
    let stamp = completed.at.max(Timestamp::UNIX_EPOCH).strftime("%Y%m%dT%H%M%SZ");
    let module = folder_name(module.unwrap_or(NO_MODULE));
    let item = folder_name(&completed.item);
    format!("{FOLDER}/{module}/{item}/{stamp}-{}.json", completed.id)
}

/// The completion that a file is for, by its path alone; `None` for what is no file of ours.
pub fn id_of(path: &str) -> Option<AttemptId> {
    let mut parts = path.strip_prefix(FOLDER)?.strip_prefix('/')?.split('/');
    let (module, item, name) = (parts.next()?, parts.next()?, parts.next()?);
    // Git's objects hold any name: `..` leads out of the folder.
    if parts.next().is_some() || check_id(module).is_err() || check_id(item).is_err() {
        return None;
    }
    let (stamp, id) = name.strip_suffix(".json")?.split_once('-')?;
    let is_stamp = stamp.len() == "20261127T101500Z".len()
        && stamp.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'T' | b'Z'));
    is_stamp.then(|| canonical(id)).flatten()
}

/// An id as a folder's name: as it is, unless it is no id.
fn folder_name(id: &str) -> String {
    if check_id(id).is_ok() {
        return id.to_owned();
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    format!("x-{}", id.chars().take(40).map(safe).collect::<String>())
}

/// An attempt's id, written in the one way that we write it.
fn canonical(text: &str) -> Option<AttemptId> {
    text.parse::<AttemptId>().ok().filter(|id| id.to_string() == text)
}

/// The file's text.
pub fn to_text(completed: &Completed) -> String {
    let file = File {
        format: FORMAT,
        id: completed.id.to_string(),
        item: completed.item.clone(),
        content_hash: completed.content_hash.clone(),
        seed: completed.seed,
        engine: completed.engine.clone(),
        started: completed.started_at,
        completed: completed.at,
        active_seconds: completed.active.as_millis() as f64 / 1000.0,
        failures: completed.failures,
        hints: completed.hints,
        solution_seen: completed.solution_seen,
        checks: completed.checks.clone(),
        version: completed.version.clone(),
    };
    // Only maps with keys that are no text cannot be JSON, and there are none.
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}

/// Reads a file; or says in one sentence, without the file's name, what is wrong with it.
pub fn from_text(path: &str, bytes: &[u8]) -> Result<Completed, String> {
    if bytes.len() > MAX_FILE {
        return Err(too_large());
    }
    let file: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    match file.get("format").and_then(serde_json::Value::as_u64) {
        Some(format) if format > FORMAT.into() => {
            return Err(format!("a newer drydock wrote it (format {format})"));
        }
        Some(1..) => {}
        Some(0) | None => return Err("it does not say its format".to_owned()),
    }
    let file: File = serde_json::from_value(file).map_err(|error| error.to_string())?;
    let id = canonical(&file.id).ok_or("its id is not one of an attempt")?;
    if id_of(path) != Some(id) {
        return Err("its name and its id do not agree".to_owned());
    }
    check_id(&file.item).map_err(|wrong| format!("its item {wrong}"))?;
    let texts = [&file.content_hash, &file.engine, &file.version];
    if texts.into_iter().chain(&file.checks).any(|text| !is_plain(text)) {
        return Err("one of its texts is too long, or has control characters".to_owned());
    }
    if file.checks.len() > MAX_CHECKS {
        return Err(format!("it has more than {MAX_CHECKS} checks"));
    }
    if file.started > file.completed || file.started < Timestamp::UNIX_EPOCH {
        return Err("it was completed before it was begun, or before 1970".to_owned());
    }
    let active = Duration::try_from_secs_f64(file.active_seconds)
        .ok()
        .filter(|active| *active <= Duration::from_hours(24 * 365))
        .ok_or("its active time is no length of time")?;
    Ok(Completed {
        id,
        item: file.item,
        content_hash: file.content_hash,
        engine: file.engine,
        seed: file.seed,
        started_at: file.started,
        at: file.completed,
        active: Duration::from_millis(u64::try_from(active.as_millis()).unwrap_or(u64::MAX)),
        failures: file.failures,
        hints: file.hints,
        solution_seen: file.solution_seen,
        checks: file.checks,
        version: file.version,
        here: false,
    })
}

/// What is said of a file that is not even read.
pub fn too_large() -> String {
    format!("it is larger than {} KB", MAX_FILE >> 10)
}

fn is_plain(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The completion of an item, told apart by a number.
    pub(in crate::sync) fn completed(item: &str, number: u32, at: &str) -> Completed {
        let at: Timestamp = at.parse().unwrap();
        Completed {
            id: format!("01890000-0000-7000-8000-{number:012}").parse().unwrap(),
            item: item.to_owned(),
            content_hash: "00ff".to_owned(),
            engine: "docker".to_owned(),
            seed: 7,
            started_at: at - Duration::from_mins(20),
            at,
            active: Duration::from_millis(600_500),
            failures: 1,
            hints: 2,
            solution_seen: false,
            checks: vec!["The service runs".to_owned()],
            version: "0.1.0".to_owned(),
            here: false,
        }
    }

    const AT: &str = "2026-11-27T10:15:00.25Z";

    #[test]
    fn what_is_written_is_read_again() {
        let one = completed("linux-03", 1, AT);
        let path = path_of(&one, Some("linux"));
        let name = "20261127T101500Z-01890000-0000-7000-8000-000000000001.json";
        assert_eq!(path, format!("completions/linux/linux-03/{name}"));
        assert_eq!(id_of(&path), Some(one.id));
        assert_eq!(from_text(&path, to_text(&one).as_bytes()), Ok(one));
    }

    #[test]
    fn names_that_are_no_ids_stay_inside_the_folder() {
        let path = |item: &str, module| path_of(&completed(item, 1, AT), module);
        assert!(path("../../etc/passwd", Some("..")).starts_with("completions/x---/x-------etc-"));
        assert!(path("a/b", None).starts_with("completions/other/x-a-b/2026"));
        assert!(id_of(&path("../../x", Some("..\n"))).is_some());
    }

    #[test]
    fn only_our_own_names_are_ours() {
        let name = "20261127T101500Z-01890000-0000-7000-8000-000000000001";
        for path in [
            format!("completions/linux/{name}.json"),
            format!("completions/a/b/c/{name}.json"),
            format!("completions/../../{name}.json"),
            format!("completions/linux/../{name}.json"),
            format!("completions/.git/hooks/{name}.json"),
            format!("completions//b/{name}.json"),
            format!("completions/a/b/{name}.txt"),
            format!("completions/a/b/2026-{name}.json"),
            "completions/a/b/20261127T101500Z-{01890000-0000-7000-8000-000000000001}.json".into(),
            "completions/README.md".into(),
            format!("other/a/b/{name}.json"),
        ] {
            assert_eq!(id_of(&path), None, "{path}");
        }
    }

    #[test]
    fn what_is_not_right_is_told_in_a_sentence() {
        let one = completed("linux-03", 1, AT);
        let path = path_of(&one, Some("linux"));
        let text = to_text(&one);
        let with = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            from_text(&path, text.replace(from, to).as_bytes()).unwrap_err()
        };
        for (from, to, told) in [
            ("\"format\": 1", "\"format\": 2", "a newer drydock wrote it (format 2)"),
            ("\"format\": 1", "\"format\": 0", "it does not say its format"),
            ("000001\",", "000002\",", "its name and its id do not agree"),
            ("\"linux-03\"", "\"../x\"", "its item is not an id"),
            ("\"docker\"", "\"\\u001b[2J\"", "control characters"),
            ("600.5", "-1", "no length of time"),
            ("600.5", "1e300", "no length of time"),
            ("2026-11-27T09:55", "2027-11-27T09:55", "before it was begun"),
            ("\"hints\": 2", "\"hints\": -2", "invalid value"),
            ("\"seed\": 7,", "", "missing field `seed`"),
        ] {
            let error = with(from, to);
            assert!(error.contains(told), "{error:?} for {to}");
        }
        assert!(from_text(&path, b"{").unwrap_err().starts_with("it is not JSON"));
        assert!(from_text(&path, &vec![b' '; MAX_FILE + 1]).unwrap_err().contains("64 KB"));
        let deep = "[".repeat(20_000);
        assert!(from_text(&path, deep.as_bytes()).is_err());
        // What a later program adds is passed over.
        let more = text.replacen('{', "{\n  \"mood\": \"fine\",", 1);
        assert_eq!(from_text(&path, more.as_bytes()), Ok(one));
    }
}
