//! What happened in one attempt, in lines or as JSON.

use serde_json::{Value, json};

use crate::cli::out::{Tone, printable};
use crate::cli::{Out, words};
use crate::store::{AttemptState, CheckState, SnapshotEvent};
use crate::tracker::{Moment, Story, What};

/// Prints a story, a line for each moment: how long after its beginning, and what.
pub(super) fn print(out: &Out, story: &Story) {
    for moment in &story.moments {
        let after = moment.at.duration_since(story.attempt.started_at).as_secs().max(0);
        let clock = format!("{}:{:02}:{:02}", after / 3600, after / 60 % 60, after % 60);
        out.line(format!("  {clock:>9}  {}", line(out, moment)));
    }
}

fn line(out: &Out, moment: &Moment) -> String {
    let (sign, text) = match &moment.what {
        What::Begun => (out.signs.open(), "begun".to_owned()),
        What::Command { text, status, duration } => {
            let text = printable(text).replace(['\n', '\t'], " ");
            let failed = match status {
                Some(0) | None => String::new(),
                Some(status) => format!("   {} {status}", out.signs.failed()),
            };
            let took = match duration.as_secs() {
                0 => String::new(),
                _ => format!("   {}", words::short_length(*duration)),
            };
            ("$", format!("{text}{failed}{took}"))
        }
        What::Check { name, state } => {
            let sign = match state {
                CheckState::Passed => out.signs.passed(),
                CheckState::Failed => out.signs.failed(),
                CheckState::Error => out.signs.error(),
                CheckState::Skipped => out.signs.open(),
            };
            (sign, format!("{} {}", printable(name), state.word()))
        }
        What::Hint { number } => ("?", format!("hint {number}")),
        What::Solution => ("?", "the solution was shown".to_owned()),
        What::Snapshot { name, what: SnapshotEvent::Taken } => {
            (out.signs.running(), format!("snapshot {} taken", printable(name)))
        }
        What::Snapshot { name, what: SnapshotEvent::Rewound } => {
            (out.signs.running(), format!("rewound to {}", printable(name)))
        }
        What::Told { who, text } => {
            let text = printable(text).replace(['\n', '\t'], " ");
            (out.signs.running(), format!("{}: {text}", printable(who)))
        }
        What::Ended(state) => (out.signs.open(), state.word().to_owned()),
    };
    let text = format!("{sign} {text}");
    match &moment.what {
        What::Check { state: CheckState::Passed, .. } | What::Ended(AttemptState::Completed) => {
            out.mark(text, Tone::Good)
        }
        What::Check { state: CheckState::Failed, .. } => out.mark(text, Tone::Bad),
        _ => text,
    }
}

/// The moments as they are documented.
pub(super) fn as_json(story: &Story) -> Value {
    let moments = story.moments.iter().map(|moment| {
        let mut value = json!({ "at": moment.at.to_string(), "what": moment.what.word() });
        let Value::Object(fields) = &mut value else { return value };
        let mut add = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
        match &moment.what {
            What::Begun | What::Solution => {}
            What::Command { text, status, duration } => {
                add("text", json!(text));
                add("status", json!(status));
                add("ms", json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)));
            }
            What::Check { name, state } => {
                add("name", json!(name));
                add("state", json!(state.word()));
            }
            What::Hint { number } => add("number", json!(number)),
            What::Snapshot { name, what } => {
                add("name", json!(name));
                add("state", json!(what.word()));
            }
            What::Told { who, text } => {
                add("who", json!(who));
                add("text", json!(text));
            }
            What::Ended(state) => add("state", json!(state.word())),
        }
        value
    });
    moments.collect()
}
