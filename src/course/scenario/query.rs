//! Queries: each is a query of Prometheus, or the name of one of the system's.

use std::collections::BTreeMap;

use crate::course::nearest;
use crate::course::yaml::{At, Problems, quote};

/// The longest query, in bytes. Long ones have some 300; what is read recursively stays shallow.
const MAX_QUERY: usize = 1000;

/// The query written at `at`, with a name of the system's `queries` replaced by what it stands for.
pub(super) fn query(
    problems: &mut Problems,
    at: At<'_>,
    text: &str,
    named: &BTreeMap<String, String>,
) -> String {
    let text = text.trim();
    if let Some(query) = named.get(text) {
        return query.clone();
    }
    // A metric's name is a query too, so only a slip of one letter is surely not one.
    if let Some(near) = nearest(text, named.keys().map(String::as_str))
        && is_name(text)
        && strsim::osa_distance(text, near) == 1
    {
        let help = format!("did you mean {near:?}? A metric of this name is written {text}{{}}");
        problems.rule(at, format!("there is no query {}", quote(text)), Some(help));
        return text.to_owned();
    }
    check(problems, at, text);
    text.to_owned()
}

/// A query in full.
pub(super) fn check(problems: &mut Problems, at: At<'_>, text: &str) {
    if text.trim().is_empty() {
        problems.rule(at, "a query must not be empty", None);
    } else if text.len() > MAX_QUERY {
        problems.rule(at, format!("a query has {MAX_QUERY} bytes at most"), None);
    } else if let Err(error) = promql_parser::parser::parse(text.trim()) {
        let reason = error.replace(|c: char| c.is_control(), " ");
        let reason = match reason.trim() {
            "invalid promql query" | "" => String::new(),
            reason => format!(": {reason}"),
        };
        problems.rule(at, format!("{} is not a query{reason}", quote(text.trim())), None);
    }
}

/// Whether a query may be called this.
pub(super) fn is_name(text: &str) -> bool {
    let first = |c: char| c.is_ascii_lowercase() || c == '_';
    text.starts_with(first) && text.chars().all(|c| first(c) || c.is_ascii_digit())
}
