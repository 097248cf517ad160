//! What is said of an item's proofs: a line that learners read before they begin.

use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;

use crate::store::Proved;

/// How an item's proofs stand, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Proved as it is now, on every engine it was tried on.
    pub holds: bool,
    /// For people: `proved 3 days ago on docker and native, 41 MB, 2 s`.
    pub words: String,
}

/// How these proofs of an item stand, given its hash now. `None` where there are none.
pub fn standing(proofs: &[Proved], hash: &str, now: Timestamp) -> Option<Standing> {
    let latest = proofs.iter().max_by_key(|proof| proof.at)?;
    let as_it_is: Vec<_> = proofs.iter().filter(|proof| proof.content_hash == hash).collect();
    let when = ago(now, latest.at);
    if as_it_is.is_empty() {
        let words = format!("proved {when}, and changed since");
        return Some(Standing { holds: false, words });
    }
    if let Some(failed) = as_it_is.iter().find(|proof| !proof.proved) {
        let (when, engine) = (ago(now, failed.at), &failed.engine);
        let why = failed.failure.as_deref().unwrap_or("it failed");
        let words = format!("not proved {when} on {engine}: {why}");
        return Some(Standing { holds: false, words });
    }
    let when = ago(now, as_it_is.iter().map(|proof| proof.at).max().unwrap_or(latest.at));
    let engines: Vec<_> = as_it_is.iter().map(|proof| proof.engine.as_str()).collect();
    let mut words = format!("proved {when} on {}", engines.join(" and "));
    if let Some(peak) = as_it_is.iter().filter_map(|proof| proof.peak).max() {
        let _ = write!(words, ", {} MB", peak.div_ceil(1_000_000));
    }
    let longest = as_it_is.iter().map(|proof| proof.took).max().unwrap_or_default();
    let _ = write!(words, ", {} s", longest.as_secs_f64().ceil());
    Some(Standing { holds: true, words })
}

/// `just now`, `5 minutes ago`, `1 day ago`.
fn ago(now: Timestamp, then: Timestamp) -> String {
    // A clock that was set back makes the future of now.
    let past = Duration::try_from(now.duration_since(then)).unwrap_or_default();
    let (count, unit) = match past.as_secs() {
        0..60 => return "just now".to_owned(),
        seconds @ 60..3600 => (seconds / 60, "minute"),
        seconds @ 3600..86_400 => (seconds / 3600, "hour"),
        seconds => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_where_it_was_proved_and_whether_that_still_holds() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let proof = |engine: &str, hash: &str, seconds_ago: i64, failure: Option<&str>| Proved {
            item: "a".into(),
            engine: engine.into(),
            content_hash: hash.into(),
            image: None,
            version: "0.1.0".into(),
            proved: failure.is_none(),
            at: Timestamp::from_second(1_000_000 - seconds_ago).unwrap(),
            took: Duration::from_millis(1500),
            peak: (engine == "docker").then_some(40_500_000),
            failure: failure.map(Into::into),
        };
        let said = |proofs: &[Proved]| standing(proofs, "now", now).map(|it| (it.holds, it.words));
        let is = |holds, words: &str| Some((holds, words.to_owned()));
        assert_eq!(said(&[]), None);
        let (docker, native) =
            (proof("docker", "now", 300_000, None), proof("native", "now", 260_000, None));
        assert_eq!(
            said(&[docker.clone(), native]),
            is(true, "proved 3 days ago on docker and native, 41 MB, 2 s")
        );
        let old = proof("native", "then", 90, None);
        assert_eq!(
            said(std::slice::from_ref(&old)),
            is(false, "proved 1 minute ago, and changed since")
        );
        assert_eq!(said(&[docker, old]), is(true, "proved 3 days ago on docker, 41 MB, 2 s"));
        let failed = proof("native", "now", -5, Some("red: \"x\" passes"));
        assert_eq!(said(&[failed]), is(false, "not proved just now on native: red: \"x\" passes"));
    }
}
