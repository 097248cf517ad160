//! Rules that several kinds of manifests share.

use std::fmt::Display;
use std::time::Duration;

use super::limits::MAX_TMPFS;
use super::manifest::TmpfsEntry;
use super::model::{Expect, TmpfsMount};
use super::vars::Values;
use super::yaml::{At, Problems, quote};
use super::{capability, nearest, quantity};

/// Long enough for a slow network service, short enough to wait for at a prompt.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A check holds up those that need it, and a learner who asked for the verdict.
const MAX_TIMEOUT: Duration = Duration::from_mins(5);

impl Problems {
    /// A value that is written as text; the parser's error follows the text in the message.
    pub(crate) fn value<T, E: Display>(
        &mut self,
        at: At<'_>,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let refuse = |why| self.rule(at, format!("{} {why}", quote(text)), None);
        parse(text).map_err(refuse).ok()
    }

    /// The same for one that need not be there.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        at: At<'_>,
        text: Option<&String>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        text.and_then(|text| self.value(at, text, parse))
    }

    /// `what` must say something.
    pub(crate) fn not_empty(&mut self, at: At<'_>, what: &str, text: &str) {
        if text.trim().is_empty() {
            self.rule(at, format!("{what} must not be empty"), None);
        }
    }

    /// Titles and names stand in lists, where there is one line for each.
    pub(crate) fn one_line(&mut self, at: At<'_>, what: &str, text: &str) {
        self.not_empty(at, what, text);
        if text.trim().contains('\n') {
            self.rule(at, format!("{what} must be a single line"), None);
        }
    }

    /// Something has been given before.
    pub(crate) fn twice(&mut self, at: At<'_>, text: &str) {
        self.rule(at, format!("{} is used twice", quote(text)), None);
    }

    /// The name of an account.
    pub(crate) fn account(&mut self, at: At<'_>, name: Option<&String>) -> Option<String> {
        let name = name?;
        self.value(at, name, quantity::account).map(|()| name.clone())
    }

    /// How long a check may take.
    pub(crate) fn timeout(&mut self, at: At<'_>, text: Option<&String>) -> Duration {
        let parse = |text: &str| match quantity::duration(text)? {
            timeout if timeout > MAX_TIMEOUT => Err("is too long for a check: 5m at most"),
            timeout => Ok(timeout),
        };
        self.optional(at, text, parse).unwrap_or(DEFAULT_TIMEOUT)
    }

    /// What a check's output must be, of its three keys: equal, contain, match. The first two are the
    /// same everywhere; `matches` is the name of the third. A pattern is tried with `values` in it.
    pub(crate) fn expect(
        &mut self,
        at: At<'_>,
        matches: &str,
        [equal, contain, pattern]: [Option<&String>; 3],
        values: &Values,
    ) -> Expect {
        let written = [("expect", equal), ("expect_contains", contain), (matches, pattern)];
        let mut given = written.iter().filter(|(_, text)| text.is_some());
        if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
            let message = format!("a check has either {first:?} or {second:?}, not both");
            let help = "make two checks of it".to_owned();
            self.rule(at.key(second), message, Some(help));
        }
        if let Some(text) = equal {
            // The output is compared trimmed, so an end of line here could never be met.
            Expect::Equals(text.trim().to_owned())
        } else if let Some(text) = contain {
            self.not_empty(at.key("expect_contains"), "\"expect_contains\"", text);
            Expect::Contains(text.clone())
        } else if let Some(pattern) = pattern {
            self.not_empty(at.key(matches), &quote(matches), pattern);
            if let Err(error) = Expect::regex(&values.fill_pattern(pattern)) {
                let reason = error.to_string();
                // The last line says why; those before draw an arrow under the pattern.
                let reason =
                    reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = format!("{} is not a regular expression: {reason}", quote(pattern));
                self.rule(at.key(matches), message, None);
            }
            Expect::Matches(pattern.clone())
        } else {
            Expect::Success
        }
    }

    /// Capabilities that content may have, sorted.
    pub(crate) fn capabilities(&mut self, names: &[String], at: At<'_>) -> Vec<String> {
        let mut granted = Vec::new();
        for (i, name) in names.iter().enumerate() {
            match capability::allowed(name) {
                Ok(name) => granted.push(name),
                Err((why, help)) => self.rule(at.item(i), format!("{} {why}", quote(name)), help),
            }
        }
        granted.sort();
        granted.dedup();
        granted
    }

    /// In-memory file systems.
    pub(crate) fn tmpfs(&mut self, entries: &[TmpfsEntry], at: At<'_>) -> Vec<TmpfsMount> {
        let mut mounts: Vec<TmpfsMount> = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let at = at.item(i);
            self.value(at.key("path"), &entry.path, quantity::absolute_path);
            if mounts.iter().any(|mount| mount.path == entry.path) {
                self.twice(at.key("path"), &entry.path);
            }
            let size =
                self.value(at.key("size"), &entry.size, |text| match quantity::size(text)? {
                    0 => Err("is no size at all"),
                    size if size > MAX_TMPFS => Err("is too large: it is memory, 1g at most"),
                    size => Ok(size),
                });
            mounts.push(TmpfsMount { path: entry.path.clone(), size: size.unwrap_or(0) });
        }
        mounts
    }
}

/// Names for a message, as many as somebody reads.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let mut names = names.into_iter();
    let first: Vec<_> = names.by_ref().take(MOST).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    format!("{}{more}", first.join(", "))
}

/// Help for a mistyped word.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|near| format!("did you mean {}?", quote(near)))
}
