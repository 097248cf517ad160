//! A completion as a file, read: what somebody else's program wrote, or somebody by hand.
//!
//! Every field is checked before anything is made of it.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use crate::course::check_id;
use crate::store::{AttemptId, Completed};

/// The folder of all completions, at a repository's root.
pub const FOLDER: &str = "completions";

/// Bytes of a file: a completion with a few checks takes six hundred.
pub const MAX_FILE: u64 = 64 << 10;

/// The newest format that is read.
const FORMAT: u64 = 1;

/// Checks of one item; the largest exercise has a dozen.
const MAX_CHECKS: usize = 256;

/// Characters of a text in a file.
const MAX_TEXT: usize = 200;

/// The longest time that is believed.
const MAX_ACTIVE: Duration = Duration::from_hours(24 * 365);

#[derive(Debug, Deserialize)]
struct File {
    id: AttemptName,
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

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct AttemptName(AttemptId);

impl TryFrom<String> for AttemptName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let id = text.parse::<AttemptId>().ok().filter(|id| id.to_string() == text);
        id.map(Self).ok_or("its id is not one of an attempt")
    }
}

/// Reads a file by its name in its folder and what is in it; or says in one sentence, without the
/// name, what is wrong with it.
pub fn read(name: &str, bytes: &[u8]) -> Result<Completed, String> {
    if bytes.len() as u64 > MAX_FILE {
        return Err(too_large());
    }
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON: {error}"))?;
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(1..=FORMAT) => {}
        Some(format) if format > FORMAT => {
            return Err(format!("a newer drydock wrote it (format {format})"));
        }
        _ => return Err("it does not say its format".to_owned()),
    }
    let file: File = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let AttemptName(id) = file.id;
    if !name.strip_suffix(".json").is_some_and(|name| name.ends_with(&id.to_string())) {
        return Err("its name and its id do not agree".to_owned());
    }
    check_id(&file.item).map_err(|wrong| format!("its item {wrong}"))?;
    let is_wrong =
        |text: &String| text.chars().count() > MAX_TEXT || text.chars().any(char::is_control);
    let texts = [&file.content_hash, &file.engine, &file.version];
    if texts.into_iter().chain(&file.checks).any(is_wrong) {
        return Err("one of its texts is too long, or has control characters".to_owned());
    }
    if file.checks.len() > MAX_CHECKS {
        return Err(format!("it has more than {MAX_CHECKS} checks"));
    }
    if file.started > file.completed || file.started < Timestamp::UNIX_EPOCH {
        return Err("it was completed before it was begun, or before 1970".to_owned());
    }
    let active = Duration::try_from_secs_f64(file.active_seconds).ok();
    let active = active.filter(|active| *active <= MAX_ACTIVE);
    Ok(Completed {
        id,
        item: file.item,
        content_hash: file.content_hash,
        engine: file.engine,
        seed: file.seed,
        started_at: file.started,
        at: file.completed,
        active: active.ok_or("its active time is no length of time")?,
        failures: file.failures,
        hints: file.hints,
        solution_seen: file.solution_seen,
        checks: file.checks,
        version: file.version,
        here: false,
    })
}

/// That a file is larger than any of ours.
pub(super) fn too_large() -> String {
    format!("it is larger than {} KB", MAX_FILE >> 10)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "01890000-0000-7000-8000-000000000001";

    fn good() -> Value {
        json!({
            "format": 1, "id": ID, "item": "linux-01", "content_hash": "ab", "seed": 7,
            "engine": "docker", "started": "2026-03-04T10:00:00Z",
            "completed": "2026-03-04T10:14:00Z", "active_seconds": 740.5, "failures": 1,
            "hints": 2, "solution_seen": false, "checks": ["a"], "version": "0.1.0"
        })
    }

    fn read_as(value: &Value) -> Result<Completed, String> {
        read(&format!("20260304T101400Z-{ID}.json"), value.to_string().as_bytes())
    }

    #[test]
    fn a_completion_is_read() {
        let read = read_as(&good()).unwrap();
        assert_eq!((&*read.item, read.hints, read.failures), ("linux-01", 2, 1));
        assert_eq!(read.active, Duration::from_millis(740_500));
        let mut more = good();
        more["mood"] = "good".into();
        assert!(read_as(&more).is_ok(), "what a later version adds is passed over");
    }

    #[test]
    fn what_is_not_right_is_told_in_a_sentence() {
        let with = |key: &str, value: Value| {
            let mut file = good();
            file[key] = value;
            read_as(&file).unwrap_err()
        };
        assert!(with("format", 2.into()).contains("a newer drydock"));
        assert!(with("format", Value::Null).contains("format"));
        assert!(with("id", "x".into()).contains("its id"));
        assert!(with("id", "01890000-0000-7000-8000-000000000002".into()).contains("do not agree"));
        assert!(with("item", "../../etc".into()).contains("its item"));
        assert!(with("item", "a\u{1b}[2J".into()).contains("its item"));
        assert!(with("engine", "a\u{1b}[2J".into()).contains("control"));
        assert!(with("version", "x".repeat(201).into()).contains("too long"));
        assert!(with("checks", vec!["a"; 300].into()).contains("256 checks"));
        assert!(with("started", "2027-01-01T00:00:00Z".into()).contains("before"));
        assert!(with("active_seconds", (-1).into()).contains("time"));
        assert!(with("active_seconds", 1e300.into()).contains("time"));
        assert!(with("hints", (-1).into()).contains("invalid"));
        assert!(read("x.json", b"{").unwrap_err().contains("not JSON"));
        assert!(read("x.json", &vec![b' '; 70_000]).unwrap_err().contains("larger"));
    }
}
