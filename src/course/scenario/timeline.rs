//! What happens by itself while an incident is live.

use std::time::Duration;

use super::condition::condition;
use super::manifest::ActionEntry;
use super::model::{Action, Event, System, When};
use super::parts::Uses;
use super::{at_most, belongs, exactly_one, span, span_or_none};
use crate::course::yaml::{At, Problems};

/// Beside the title there is little room.
const MAX_STATE: usize = 40;

/// One every few seconds of a short incident.
const MAX_ACTIONS: usize = 100;

/// Who speaks if nobody is named.
const PAGER: &str = "pager";

/// The actions of a scenario.
pub(super) fn timeline(
    uses: &mut Uses<'_>,
    problems: &mut Problems,
    at: At<'_>,
    entries: &[ActionEntry],
    (system, limit): (&System, Duration),
) -> Vec<Action> {
    let mut actions = Vec::new();
    let entries = at_most(problems, at, "actions", entries, MAX_ACTIONS);
    for (i, entry) in entries.iter().enumerate() {
        let at = at.item(i);
        let when = when(problems, at, entry, i == 0, (system, limit));
        let what = event(uses, problems, at, entry, system);
        if let (Some(when), Some(what)) = (when, what) {
            actions.push(Action { when, what });
        }
    }
    actions
}

fn when(
    problems: &mut Problems,
    at: At<'_>,
    entry: &ActionEntry,
    first: bool,
    (system, limit): (&System, Duration),
) -> Option<When> {
    let keys = [
        ("at", entry.at.is_some()),
        ("after", entry.after.is_some()),
        ("when", entry.when.is_some()),
    ];
    match exactly_one(problems, at, "an action", &keys)? {
        "at" => {
            let time =
                problems.optional(at.key("at"), entry.at.as_ref(), |text| {
                    match span_or_none(text, Duration::MAX)? {
                        time if time > limit => Err("is after the time limit".to_owned()),
                        time => Ok(time),
                    }
                });
            time.map(When::At)
        }
        "after" => {
            if first {
                let help = "write \"at\" for a time since the incident went live".to_owned();
                problems.rule(at.name("after"), "no action comes before this one", Some(help));
            }
            let time =
                problems.optional(at.key("after"), entry.after.as_ref(), |text| span(text, limit));
            time.map(When::After)
        }
        _ => {
            let entry = entry.when.as_ref()?;
            Some(When::Condition(condition(problems, at.key("when"), entry, system)))
        }
    }
}

fn event(
    uses: &mut Uses<'_>,
    problems: &mut Problems,
    at: At<'_>,
    entry: &ActionEntry,
    system: &System,
) -> Option<Event> {
    let keys = [
        ("notify", entry.notify.is_some()),
        ("load", entry.load.is_some()),
        ("push", entry.push.is_some()),
        ("fault", entry.fault.is_some()),
        ("state", entry.state.is_some()),
        ("end", entry.end.is_some()),
    ];
    let key = exactly_one(problems, at, "an action", &keys)?;
    if key != "notify" {
        let of_notify = [("level", entry.level.is_some()), ("from", entry.from.is_some())];
        belongs(problems, at, &of_notify, "notify");
    }
    if key != "fault" {
        belongs(problems, at, &[("with", entry.with.is_some())], "fault");
    }
    match key {
        "notify" => {
            let text = entry.notify.clone()?;
            problems.not_empty(at.key("notify"), "\"notify\"", &text);
            if let Some(from) = &entry.from {
                problems.one_line(at.key("from"), "\"from\"", from);
            }
            Some(Event::Notify {
                text,
                level: entry.level.unwrap_or_default(),
                from: entry.from.clone().unwrap_or_else(|| PAGER.to_owned()),
            })
        }
        "load" => uses.load(problems, at.key("load"), entry.load.as_ref()?).map(Event::Load),
        "push" => {
            let state = entry.push.clone()?;
            let steps = uses.state(problems, at.key("push"), &state, system)?;
            Some(Event::Push { state, steps })
        }
        "fault" => {
            let with = entry.with.clone().unwrap_or_default();
            let (_, injection) = uses.fault(problems, at, entry.fault.as_ref()?, &with, system)?;
            Some(Event::Inject(injection))
        }
        "state" => {
            let word = entry.state.clone()?;
            problems.one_line(at.key("state"), "\"state\"", &word);
            if word.chars().count() > MAX_STATE {
                let message = format!("a state has {MAX_STATE} characters at most");
                problems.rule(at.key("state"), message, None);
            }
            Some(Event::State(word))
        }
        _ => {
            if entry.end == Some(false) {
                problems.rule(at.key("end"), "\"end\" must be true", None);
            }
            Some(Event::End)
        }
    }
}
