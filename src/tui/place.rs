//! How where the learner was is written, and read with care: it may be another program's, or anything.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Grows when what is written cannot be read as it was any more.
const VERSION: u32 = 1;

/// More is nothing of ours.
const MAX: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    version: u32,
    place: T,
}

/// A place as JSON; nothing if it is larger than what is read.
pub fn write<T: Serialize>(place: &T) -> Option<String> {
    let json = serde_json::to_string(&Kept { version: VERSION, place }).ok()?;
    (json.len() <= MAX).then_some(json)
}

/// What was written; nothing if it is of another version, or of something else.
pub fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    let known = json.len() <= MAX && serde_json::from_str::<Version>(json).ok()?.version == VERSION;
    let kept: Kept<T> = known.then(|| serde_json::from_str(json).ok())??;
    Some(kept.place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_nothing() {
        let json = write(&vec![1u32, 2]).unwrap();
        assert_eq!(read::<Vec<u32>>(&json), Some(vec![1, 2]));
        assert_eq!(read::<String>(&json), None);
        for json in
            ["", "{", "[]", "null", "{\"version\":2,\"place\":[1]}", "{\"version\":1}", "\"\u{0}\""]
        {
            assert_eq!(read::<Vec<u32>>(json), None, "{json}");
        }
        assert_eq!(write(&"x".repeat(MAX)), None);
        assert_eq!(read::<String>(&format!("{json}{}", " ".repeat(MAX))), None);
    }
}
