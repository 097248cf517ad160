//! A text that changes while one looks at it: what a change does not reach is not parsed again.

use std::collections::VecDeque;
use std::sync::Arc;

use syntect::parsing::{ParseState, ScopeStack, SyntaxReference};

use super::{MAX_COLUMNS, SYNTAXES, Token, Tokens, lines, parse_line, syntax};

/// What the parser knows at the end of a line.
type State = Option<(ParseState, ScopeStack)>;

/// Colours one text. Each change is told with [`Highlighter::update`]; then [`Highlighter::advance`] is
/// called until there is nothing left to do.
pub struct Highlighter {
    language: Language,
    /// The lines whose parts are known, from the first on.
    known: Vec<Known>,
    /// Those after them.
    rest: VecDeque<String>,
    /// What stood after the known lines before the last change, and what was known before it,
    old: Vec<Known>,
    before: State,
    /// and how many lines at its end are those at the end of the rest.
    same: usize,
}

enum Language {
    /// Each line stands for itself.
    Lines(fn(&str) -> Tokens),
    Syntax(&'static SyntaxReference),
}

struct Known {
    text: String,
    tokens: Arc<Tokens>,
    after: State,
}

impl Highlighter {
    /// For a file, by its name and its first line; `None` for a language that is not known.
    pub fn of(path: &str, text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let language = match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("service" | "socket" | "timer" | "ini" | "conf" | "cfg" | "toml") => {
                Language::Lines(lines::setting)
            }
            Some(ending) if syntax(ending).is_some() => Language::Syntax(syntax(ending)?),
            _ if name.starts_with("Dockerfile") => Language::Lines(lines::instruction),
            _ => Language::Syntax(SYNTAXES.find_syntax_by_first_line(text.lines().next()?)?),
        };
        let (known, rest, old) = (Vec::new(), VecDeque::new(), Vec::new());
        let mut new = Self { language, known, rest, old, before: None, same: 0 };
        new.update(text);
        Some(new)
    }

    /// The text is another now.
    pub fn update(&mut self, text: &str) {
        let lines: Vec<_> = text.split('\n').collect();
        let pairs = self.known.iter().zip(&lines);
        let kept = pairs.take_while(|(known, line)| known.text == **line).count();
        self.old = self.known.split_off(kept);
        self.before = self.state();
        self.rest = lines[kept..].iter().map(|line| (*line).to_owned()).collect();
        let ends = self.old.iter().rev().zip(self.rest.iter().rev());
        self.same = ends.take_while(|(old, line)| old.text == **line).count();
    }

    /// Goes on for at most so many lines. Whether everything is known now.
    pub fn advance(&mut self, most: usize) -> bool {
        for _ in 0..most {
            if self.joins() {
                let from = self.old.len() - self.rest.len();
                self.known.extend(self.old.drain(from..));
                self.rest.clear();
            }
            let Some(text) = self.rest.pop_front() else { return true };
            let mut after = self.state();
            let tokens = Arc::new(self.parse(&text, &mut after));
            self.known.push(Known { text, tokens, after });
        }
        self.rest.is_empty()
    }

    /// The parts of each line. What is not known yet is as it was, or plain.
    pub fn tokens(&self) -> Vec<Arc<Tokens>> {
        let known = self.known.iter().map(|known| Arc::clone(&known.tokens));
        let count = self.rest.len();
        let rest = self.rest.iter().enumerate().map(|(index, line)| {
            let from_end = count - index;
            let old = (from_end <= self.same).then(|| &self.old[self.old.len() - from_end]);
            old.map_or_else(|| Arc::new(plain(line)), |old| Arc::clone(&old.tokens))
        });
        known.chain(rest).collect()
    }

    /// Whether the rest is what it was, and begins as it did.
    fn joins(&self) -> bool {
        let Some(from) = self.old.len().checked_sub(self.rest.len()) else { return false };
        let before = from.checked_sub(1).map_or(&self.before, |last| &self.old[last].after);
        !self.rest.is_empty() && self.rest.len() <= self.same && *before == self.state()
    }

    /// At the end of what is known.
    fn state(&self) -> State {
        match (self.known.last(), &self.language) {
            (_, Language::Lines(_)) => None,
            (Some(known), _) => known.after.clone(),
            (None, Language::Syntax(syntax)) => Some((ParseState::new(syntax), ScopeStack::new())),
        }
    }

    fn parse(&self, line: &str, state: &mut State) -> Tokens {
        match &self.language {
            Language::Lines(parts) => parts(line),
            // What comes after it is guessed to be as if it were not there.
            Language::Syntax(_) if line.len() > MAX_COLUMNS => plain(line),
            Language::Syntax(_) => {
                let parsed = state.as_mut().and_then(|(it, stack)| parse_line(line, it, stack));
                parsed.unwrap_or_else(|| {
                    *state = None;
                    plain(line)
                })
            }
        }
    }
}

fn plain(line: &str) -> Tokens {
    vec![(Token::Plain, 0..line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(highlighter: &mut Highlighter) -> Vec<Arc<Tokens>> {
        while !highlighter.advance(1) {}
        highlighter.tokens()
    }

    #[test]
    fn languages_are_known_by_name_or_first_line() {
        let known = |path, text| Highlighter::of(path, text).is_some();
        assert!(known("a/x.yaml", "a: b") && known("x.md", "# A") && known("a.b/x.sh", "ls"));
        assert!(known("run", "#!/bin/sh\nls") && known("x.service", "[Unit]"));
        assert!(!known("notes", "plain") && !known("x.bin", ""));
    }

    #[test]
    fn a_change_reaches_only_as_far_as_it_must() {
        let text: String = (0..100).map(|n| format!("key{n}: value # {n}\n")).collect();
        let mut highlighter = Highlighter::of("x.yaml", &text).unwrap();
        let before = whole(&mut highlighter);
        highlighter.update(&text.replace("key50:", "new: 1\nkey50:"));
        assert!(highlighter.advance(3), "a line more, and the rest is as it was");
        let after = highlighter.tokens();
        assert_eq!(after.len(), before.len() + 1);
        assert!(Arc::ptr_eq(&after[60], &before[59]));
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            cases: 40,
            failure_persistence: None,
            ..Default::default()
        })]
        #[test]
        fn after_any_changes_it_is_as_if_it_had_always_been_so(
            texts in proptest::collection::vec("([a-c: #\"'`*|-]|\n){0,60}", 1..5), pause in 0usize..6,
        ) {
            for path in ["x.yaml", "x.md", "x.sh", "x.ini"] {
                let mut highlighter = Highlighter::of(path, &texts[0]).unwrap();
                for text in &texts {
                    highlighter.update(text);
                    highlighter.advance(pause);
                }
                let last = texts.last().unwrap();
                let afresh = whole(&mut Highlighter::of(path, last).unwrap());
                proptest::prop_assert_eq!(whole(&mut highlighter), afresh);
            }
        }
    }
}
