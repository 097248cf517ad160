//! Finding attempts by what they were, and by what was typed in them.

use rusqlite::params;

use super::attempt::{SELECT, from_row};
use super::{Attempt, AttemptState, Store, StoreError};

/// How many of the commands in which the words stand are looked at, the latest first: a word such as
/// `ls` stands in very many.
const MAX_COMMANDS: u32 = 5_000;

/// Which attempts are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Words that stand in a command, or in the item's id; none for all.
    pub text: String,
    /// Items that are wanted as well, whatever was typed: those whose titles have the words.
    pub items: Vec<String>,
    /// Attempts at this item only.
    pub item: Option<String>,
    /// In this state only.
    pub state: Option<AttemptState>,
}

impl Store {
    /// The latest attempts, at this item or at any, the latest begun first.
    pub fn history(&self, item: Option<&str>, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        let item = item.map(str::to_owned);
        self.find_attempts(&Wanted { item, ..Wanted::default() }, limit)
    }

    /// The latest attempts of those that are wanted, the latest begun first.
    pub fn find_attempts(&self, wanted: &Wanted, limit: u32) -> Result<Vec<Attempt>, StoreError> {
        let text = wanted.text.trim();
        let words = Some(as_query(text)).filter(|query| !query.is_empty());
        let items = serde_json::Value::from(wanted.items.clone()).to_string();
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{SELECT} WHERE (?1 IS NULL OR state = ?1) AND (?7 IS NULL OR item = ?7)
                     AND (?2 IS NULL OR instr(lower(item), lower(?3)) > 0
                         OR item IN (SELECT value FROM json_each(?4))
                         OR id IN (SELECT attempt FROM commands WHERE id IN
                             (SELECT rowid FROM command_words WHERE command_words MATCH ?2
                              ORDER BY rowid DESC LIMIT ?5)))
                 ORDER BY id DESC LIMIT ?6"
            ))?;
            let found = statement
                .query_map(
                    params![wanted.state, words, text, items, MAX_COMMANDS, limit, wanted.item],
                    from_row,
                )?
                .collect::<Result<_, _>>()?;
            Ok(found)
        })
    }
}

/// All of the words, none perhaps typed to its end: quoted, so that none of it is an operator of the
/// index's language.
fn as_query(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let quoted = words
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")));
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Command;
    use crate::store::tests::{store, ticks};

    #[test]
    fn attempts_are_found_by_item_state_and_what_was_typed() {
        let (_folder, store) = store();
        let begin = |item: &str, commands: &[&str]| {
            let id = store.begin(item, "hash", "docker", None).unwrap().id;
            for text in commands {
                let command = Command {
                    text: (*text).to_owned(),
                    folder: None,
                    status: Some(0),
                    started_at: ticks(1),
                    duration: Duration::ZERO,
                };
                store.record_command(id, &command).unwrap();
            }
            id
        };
        let unit = begin("linux-03", &["sudo systemctl enable --now myapp", "echo \"a b\""]);
        store.complete(unit).unwrap();
        let users = begin("linux-02", &["useradd ada", "systemd-analyze"]);
        let last = begin("net-01", &[]);

        let find = |text: &str, items: &[&str], state| {
            let items = items.iter().map(|item| (*item).to_owned()).collect();
            let wanted = Wanted { text: text.to_owned(), items, item: None, state };
            let found = store.find_attempts(&wanted, 10).unwrap();
            found.into_iter().map(|attempt| attempt.id).collect::<Vec<_>>()
        };
        assert_eq!(find("", &[], None), [last, users, unit]);
        assert_eq!(find(" ", &[], Some(AttemptState::Completed)), [unit]);
        assert_eq!(find("LINUX", &[], None), [users, unit]);
        assert_eq!(find("myapp system", &[], None), [unit]);
        assert_eq!(find("syst", &[], None), [users, unit]);
        assert_eq!(find("syst", &["net-01"], Some(AttemptState::Active)), [last, users]);
        for odd in ["\"", "a\"b", "NOT", "OR (", "*", "a*b^", "\"a b\"", "--now", "\0"] {
            find(odd, &[], None);
        }
        assert_eq!(find("--now", &[], None), [unit]);
        let of_item = Wanted { item: Some("linux-02".to_owned()), ..Wanted::default() };
        let found = store.find_attempts(&of_item, 10).unwrap();
        assert_eq!(found.iter().map(|attempt| attempt.id).collect::<Vec<_>>(), [users]);
        let one = Wanted::default();
        assert_eq!(store.find_attempts(&one, 1).unwrap().len(), 1);
    }
}
