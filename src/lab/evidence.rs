//! What a check's commands did: for whoever writes a check, or wonders about its verdict.

use jiff::Zoned;
use serde::{Serialize, Serializer};

use super::probe::Ran;

/// How much of each output is kept, in bytes: a screen full. Twenty runs of each check are held.
const KEPT: usize = 4 << 10;

/// One run of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// When it was over.
    #[serde(serialize_with = "in_utc")]
    pub at: Zoned,
    /// The check's command; `None` if it did not come to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<Did>,
    /// The command that tells what was found, if it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observe: Option<Did>,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Did {
    /// The command.
    pub command: String,
    /// Its exit status.
    pub status: i64,
    /// What it printed: the first 4 KiB, as it is. Whoever shows it tames it.
    pub stdout: String,
    /// The same of its error output; `None` where that was not asked for.
    pub stderr: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

fn in_utc<S: Serializer>(at: &Zoned, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.timestamp())
}

impl Evidence {
    /// Of a run that is over now.
    pub(super) fn now(check: Option<Did>) -> Self {
        Self { at: Zoned::now(), check, observe: None }
    }
}

impl Did {
    /// A command that ran; `errors`: whether its error output was asked for.
    pub(super) fn of(command: &str, ran: &Ran, errors: bool) -> Self {
        let kept = |text: &str| text[..text.floor_char_boundary(KEPT)].to_owned();
        Self {
            command: command.to_owned(),
            status: ran.status,
            stdout: kept(&ran.stdout),
            stderr: errors.then(|| kept(&ran.stderr)),
            ms: u64::try_from(ran.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
