//! Guessing what a mistyped word was meant to be.

/// The candidate nearest to a mistyped word, if any is near enough to be what was meant.
///
/// Near is: a third of the letters wrong, missing, swapped or too many (upper and lower case and
/// `-` and `_` are the same); or one is a part of the other, as `image` of `container_image`.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer words are not typing errors, and comparing them takes time by their squared length.
    const MAX_WORD: usize = 100;
    /// Shorter parts (`id`, `cmd`) are parts of too much.
    const MIN_PART: usize = 4;

    if word.is_empty() || word.len() > MAX_WORD {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let score = |candidate: &'a str| {
        let other = plain(candidate);
        let (short, long) =
            if word.len() < other.len() { (&word, &other) } else { (&other, &word) };
        let allowed = (long.chars().count() / 3).max(1);
        let distance = strsim::osa_distance(&word, &other);
        if distance <= allowed && distance < short.chars().count() {
            Some((0, distance, candidate))
        } else if short.len() >= MIN_PART && long.contains(short.as_str()) {
            Some((1, distance, candidate))
        } else {
            None
        }
    };
    candidates
        .into_iter()
        .filter(|c| c.len() <= MAX_WORD)
        .filter_map(score)
        .min()
        .map(|best| best.2)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const KEYS: [&str; 8] =
        ["id", "cmd", "title", "verify", "container_image", "expect", "expect_contains", "timeout"];

    #[test]
    fn finds_what_was_meant() {
        for (word, meant) in [
            ("verfy", "verify"),
            ("Title", "title"),
            ("cmdd", "cmd"),
            ("container-image", "container_image"),
            ("image", "container_image"),
            ("timeout_seconds", "timeout"),
            ("expects", "expect"),
            ("expect_contain", "expect_contains"),
        ] {
            assert_eq!(nearest(word, KEYS), Some(meant), "{word}");
        }
    }

    #[test]
    fn says_nothing_rather_than_something_silly() {
        for word in ["", "x", "author", "zzzzzz", &"a".repeat(10_000)] {
            assert_eq!(nearest(word, KEYS), None, "{word}");
        }
    }
}
