//! Searching in lines.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::CopyMode;
use crate::terminal::joined::Joined;
use crate::terminal::{Line, Point};

/// How many matches are kept, the newest. One letter can have millions in the longest history, and
/// nobody steps through so many.
const MAX_MATCHES: usize = 100_000;

/// No regular expression of a text is larger; a query comes from a keyboard or a paste.
const MAX_QUERY: usize = 1000;

/// A search.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) query: String,
    /// Towards newer lines.
    pub(super) forward: bool,
    /// Where in the joined text the matches are, the oldest first.
    matches: Vec<Range<usize>>,
    /// Whether there are more than were kept.
    more: bool,
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The match that the cursor is on, from 1.
    pub at: Option<usize>,
    /// How many there are.
    pub count: usize,
    /// Whether there are even more.
    pub more: bool,
}

impl Search {
    pub(super) fn new(forward: bool) -> Self {
        Self { query: String::new(), forward, matches: Vec::new(), more: false }
    }

    /// Finds the query: as plain text, and in any case unless it has a capital.
    pub(super) fn run(&mut self, joined: &Joined) {
        self.matches.clear();
        self.more = false;
        let Some(regex) = self.regex() else { return };
        let newest_first = joined.lines().iter().rev();
        for line in newest_first {
            let found = regex.find_iter(&joined.text[line.clone()]);
            let before = self.matches.len();
            self.matches.extend(found.map(|m| line.start + m.start()..line.start + m.end()));
            self.matches[before..].reverse();
            if self.matches.len() >= MAX_MATCHES {
                self.matches.truncate(MAX_MATCHES);
                self.more = true;
                break;
            }
        }
        self.matches.reverse();
    }

    fn regex(&self) -> Option<Regex> {
        if self.query.is_empty() || self.query.len() > MAX_QUERY {
            return None;
        }
        let capital = self.query.chars().any(char::is_uppercase);
        RegexBuilder::new(&regex::escape(&self.query)).case_insensitive(!capital).build().ok()
    }

    /// The nearest match after (or before) a byte of the text, around the end.
    pub(super) fn nearest(&self, byte: usize, forward: bool) -> Option<Range<usize>> {
        let found = if forward {
            let after = self.matches.partition_point(|m| m.start <= byte);
            self.matches.get(after).or_else(|| self.matches.first())
        } else {
            let before = self.matches.partition_point(|m| m.start < byte);
            before.checked_sub(1).and_then(|i| self.matches.get(i)).or_else(|| self.matches.last())
        };
        found.cloned()
    }

    /// How far it is with the cursor at a byte of the text.
    pub(super) fn found(&self, byte: usize) -> Found {
        let at = self.matches.binary_search_by_key(&byte, |m| m.start).ok();
        Found { at: at.map(|index| index + 1), count: self.matches.len(), more: self.more }
    }

    /// The columns of the matches in a row, and whether it is the one that begins at `current`.
    pub(super) fn in_row<'a>(
        &'a self,
        joined: &'a Joined,
        lines: &'a [Line],
        row: usize,
        current: usize,
    ) -> impl Iterator<Item = (Range<usize>, bool)> + use<'a> {
        let begin = joined.byte(lines, Point::new(row, 0));
        let end = joined.byte(lines, Point::new(row + 1, 0));
        let first = self.matches.partition_point(|m| m.end <= begin);
        self.matches[first..]
            .iter()
            .take_while(move |m| m.start < end)
            .map(move |m| (joined.columns(lines, row, m), m.start == current))
    }
}

impl CopyMode {
    /// The query that is being typed, and whether it searches towards newer lines.
    pub fn typing(&self) -> Option<(&str, bool)> {
        let search = self.search.as_ref().filter(|_| self.typing.is_some())?;
        Some((&search.query, search.forward))
    }

    /// How far the search is, where something was searched for.
    pub fn found(&self) -> Option<Found> {
        let search = self.search.as_ref().filter(|search| !search.query.is_empty())?;
        let joined = self.joined.as_ref()?;
        Some(search.found(joined.byte(&self.lines, self.cursor)))
    }

    /// Changes the query that is typed, and goes to its nearest match.
    pub fn edit_query(&mut self, edit: impl FnOnce(&mut String)) {
        let (Some(search), Some((origin, top))) = (&mut self.search, self.typing) else { return };
        edit(&mut search.query);
        (self.cursor, self.top) = (origin, top);
        self.find();
        self.go_to_match(true);
    }

    pub(super) fn find(&mut self) {
        let Some(search) = self.search.as_mut().filter(|search| !search.query.is_empty()) else {
            return;
        };
        let joined = self.joined.get_or_insert_with(|| Joined::of(&self.lines));
        search.run(joined);
    }

    /// To the next match in the search's direction, or against it; whether there is one.
    pub(super) fn go_to_match(&mut self, onwards: bool) -> bool {
        let (Some(search), Some(joined)) = (&self.search, &self.joined) else { return false };
        let from = joined.byte(&self.lines, self.cursor);
        let Some(found) = search.nearest(from, search.forward == onwards) else { return false };
        let to = joined.point(&self.lines, found.start);
        self.jump(to);
        true
    }
}
