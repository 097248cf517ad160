//! Values that differ from attempt to attempt: a port, a name, a word that nobody can know beforehand.
//!
//! A manifest declares them under `vars`; `{{name}}` in its texts and files stands for the value. A
//! value follows from the attempt's seed and its variable's name alone, so one seed gives the same
//! values on every machine and in every version of the program: how they are drawn must not change.
//! What is not the name of a declared variable is left as it is: `{{.Names}}` is Docker's.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use sha2::{Digest, Sha256};

/// Stands where a value is not known yet.
const UNKNOWN: &str = "…";

/// Of these a random text is made: none that is taken for another, none that a shell minds.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

/// A place for a value: the name is in the first group.
static PLACE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\{\{ *([a-z][a-z0-9_]*) *\}\}").ok());

/// A variable of an exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Lower-case letters, digits and `_`.
    pub name: String,
    /// What it may be.
    pub values: Choice,
}

/// What a variable may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// One of these, of which there is at least one.
    Pick(Vec<String>),
    /// A whole number: at least the first, at most the second.
    Range(i64, i64),
    /// So many lower-case letters and digits.
    Random(u32),
}

/// The values of an attempt's variables; cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(Arc<[(String, String)]>);

impl Values {
    /// What `seed` makes of the variables.
    pub fn of(variables: &[Variable], seed: u32) -> Self {
        let value = |it: &Variable| (it.name.clone(), it.values.draw(&it.name, seed));
        Self(variables.iter().map(value).collect())
    }

    /// Before there is a seed.
    pub fn unknown(variables: &[Variable]) -> Self {
        let value = |it: &Variable| (it.name.clone(), UNKNOWN.to_owned());
        Self(variables.iter().map(value).collect())
    }

    /// The text with the values in their places.
    pub fn fill<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.fill_with(text, str::to_owned)
    }

    /// The same for a regular expression, in which a value stands for itself.
    pub fn fill_pattern<'a>(&self, pattern: &'a str) -> Cow<'a, str> {
        self.fill_with(pattern, regex::escape)
    }

    fn fill_with<'a>(&self, text: &'a str, write: impl Fn(&str) -> String) -> Cow<'a, str> {
        let Some(place) = PLACE.as_ref().filter(|_| !self.0.is_empty()) else {
            return Cow::Borrowed(text);
        };
        place.replace_all(text, |found: &regex::Captures<'_>| {
            let value = self.0.iter().find(|(name, _)| *name == found[1]);
            value.map_or_else(|| found[0].to_owned(), |(_, value)| write(value))
        })
    }
}

impl Choice {
    fn draw(&self, name: &str, seed: u32) -> String {
        let mut numbers = numbers(name, seed);
        // Of 2^64 numbers, so that none is noticeably more likely than another.
        let mut below = |end: u64| numbers.next().unwrap_or_default() % end.max(1);
        match self {
            Self::Pick(values) => {
                let place = below(values.len() as u64);
                values.get(place as usize).cloned().unwrap_or_default()
            }
            Self::Range(from, to) => {
                let offset = below(to.abs_diff(*from).saturating_add(1));
                from.saturating_add_unsigned(offset).to_string()
            }
            Self::Random(length) => {
                let letter = |_| LETTERS[below(LETTERS.len() as u64) as usize] as char;
                (0..*length).map(letter).collect()
            }
        }
    }
}

/// Endless numbers that follow from a name and a seed.
fn numbers(name: &str, seed: u32) -> impl Iterator<Item = u64> {
    let begin = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name);
    (0_u32..).map(move |number| {
        let digest = begin.clone().chain_update(number.to_le_bytes()).finalize();
        digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    })
}

/// The names in a text's places for values, each with the byte where its place begins.
pub(crate) fn places(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let found = PLACE.as_ref().map(|place| place.captures_iter(text)).into_iter().flatten();
    found.filter_map(|found| Some((found.get(0)?.start(), found.get(1)?.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Vec<Variable> {
        let variable = |name: &str, values| Variable { name: name.to_owned(), values };
        vec![
            variable("port", Choice::Range(8000, 8999)),
            variable("who", Choice::Pick(vec!["ann".into(), "b.b".into()])),
            variable("token", Choice::Random(6)),
        ]
    }

    #[test]
    fn a_seed_gives_the_same_values_for_ever() {
        // Attempts are kept: what these were when they were begun they must be in every version.
        let values = Values::of(&variables(), 7);
        assert_eq!(values.fill("{{port}} {{who}} {{token}}"), "8568 ann 7ydu2u");
    }

    #[test]
    fn seeds_reach_every_value_and_nothing_else() {
        let all = |values: Choice| -> std::collections::BTreeSet<String> {
            (0..200).map(|seed| values.draw("x", seed)).collect()
        };
        assert_eq!(all(Choice::Range(-1, 2)), ["-1", "0", "1", "2"].map(String::from).into());
        assert_eq!(all(Choice::Pick(vec!["a".into()])), ["a".to_owned()].into());
        assert_eq!(all(Choice::Range(i64::MIN, i64::MAX)).len(), 200);
        assert!(all(Choice::Random(12)).iter().all(|text| text.len() == 12));
    }

    #[test]
    fn only_places_of_declared_variables_are_filled() {
        let values = Values(Arc::new([("port".into(), "80".into()), ("re".into(), "a.b".into())]));
        let text = "{{port}} {{ port }} {{.Names}} {{other}} {port} {{PORT}}";
        assert_eq!(values.fill(text), "80 80 {{.Names}} {{other}} {port} {{PORT}}");
        assert_eq!(values.fill_pattern("^{{re}}$"), r"^a\.b$");
        assert_eq!(Values::unknown(&variables()).fill("{{port}}"), "…");
        assert!(matches!(Values(Arc::new([])).fill(text), Cow::Borrowed(_)));
    }
}
