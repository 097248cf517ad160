//! Fuzzy search, as in the palette and on Home.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Indices of the candidates that match, the best first; all of them, in order, for an empty query.
/// Of those that match as well as each other, the ones that begin with the query come first: who types
/// a whole name means it.
pub fn rank<'a>(query: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let pattern = Pattern::parse(query, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut chars = Vec::new();
    let mut found: Vec<(Reverse<u32>, bool, usize)> = candidates
        .enumerate()
        .filter_map(|(index, text)| {
            let score = pattern.score(Utf32Str::new(text, &mut chars), &mut matcher)?;
            Some((Reverse(score), !text.starts_with(query), index))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, _, index)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn the_best_match_comes_first_and_nothing_matches_everything() {
        let all = ["Files and the shell", "Create a systemd service", "Processes and signals"];
        assert_eq!(rank("", all.into_iter()), [0, 1, 2]);
        assert_eq!(rank("systd", all.into_iter()), [1]);
        assert_eq!(rank("sig", all.into_iter()).first(), Some(&2));
        let names = ["before-1  before the rewind to start", "start  the exercise"];
        assert_eq!(rank("start", names.into_iter()), [1, 0]);
        assert!(rank("zzz", all.into_iter()).is_empty());
    }
}
