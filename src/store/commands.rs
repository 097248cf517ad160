//! The commands of an attempt: what was typed at its shells' prompts, and how each ended.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::attempt::is_active;
use super::value::{At, Length};
use super::{AttemptId, Store, StoreError};

/// What is kept of a command's text, and of its folder's name: nobody types more, and what a program
/// in the sandbox says is a command must not fill the disk.
const MAX_TEXT: usize = 4 << 10;

/// How many commands of one attempt are kept, for the same reason: weeks of work.
pub(super) const MAX_COMMANDS: u32 = 5_000;

/// A command that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// What was typed, as the shell told it: it may hold anything.
    pub text: String,
    /// The folder it ran in, if the shell told.
    pub folder: Option<String>,
    /// Its exit status, if the shell told.
    pub status: Option<i32>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it ran.
    pub duration: Duration,
}

impl Store {
    /// Adds a command that ended. An attempt that has ended, or has five thousand, gets no more.
    pub fn record_command(&self, id: AttemptId, command: &Command) -> Result<(), StoreError> {
        self.write(|transaction| {
            if !is_active(transaction, id)? {
                return Ok(());
            }
            let last: u32 = transaction
                .prepare_cached("SELECT coalesce(max(number), 0) FROM commands WHERE attempt = ?1")?
                .query_row([id], |row| row.get(0))?;
            if last < MAX_COMMANDS {
                transaction
                    .prepare_cached(
                        "INSERT INTO commands
                         (attempt, number, text, folder, status, started_at, duration_ms)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    )?
                    .execute(params![
                        id,
                        last + 1,
                        cut(&command.text),
                        command.folder.as_deref().map(cut),
                        command.status,
                        At(command.started_at),
                        Length(command.duration),
                    ])?;
            }
            Ok(())
        })
    }

    /// The commands of the attempt, in the order they ended.
    pub fn commands(&self, id: AttemptId) -> Result<Vec<Command>, StoreError> {
        self.commands_after(id, 0)
    }

    /// The same without the first `known` of them.
    pub fn commands_after(&self, id: AttemptId, known: u32) -> Result<Vec<Command>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT text, folder, status, started_at, duration_ms FROM commands
                 WHERE attempt = ?1 AND number > ?2 ORDER BY number",
            )?;
            let commands =
                statement.query_map(params![id, known], from_row)?.collect::<Result<_, _>>()?;
            Ok(commands)
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Command> {
    Ok(Command {
        text: row.get(0)?,
        folder: row.get(1)?,
        status: row.get(2)?,
        started_at: row.get::<_, At>(3)?.0,
        duration: row.get::<_, Length>(4)?.0,
    })
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Fault;
    use crate::store::tests::{store, ticks};

    fn command(text: &str) -> Command {
        Command {
            text: text.to_owned(),
            folder: Some("/home/learner".to_owned()),
            status: Some(2),
            started_at: ticks(7),
            duration: Duration::from_millis(1500),
        }
    }

    #[test]
    fn commands_are_kept_in_the_order_they_ended() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        let other = store.begin("linux-02", "hash", "docker", None).unwrap().id;
        let untold = Command { folder: None, status: None, ..command("sleep 9") };
        store.record_command(id, &command("make\n\u{1b}[2J")).unwrap();
        store.record_command(other, &command("ls")).unwrap();
        store.record_command(id, &untold).unwrap();
        assert_eq!(store.commands(id).unwrap(), [command("make\n\u{1b}[2J"), untold]);
        assert_eq!(store.commands(other).unwrap(), [command("ls")]);
    }

    #[test]
    fn an_ended_attempt_gets_no_more_and_one_nobody_began_is_an_error() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        store.record_command(id, &command("ls")).unwrap();
        store.complete(id).unwrap();
        store.record_command(id, &command("exit")).unwrap();
        assert_eq!(store.commands(id).unwrap(), [command("ls")]);
        let nobody: AttemptId = "01890000-0000-7000-8000-000000000000".parse().unwrap();
        let error = store.record_command(nobody, &command("ls")).unwrap_err();
        assert_eq!(error.fault, Fault::NoSuchAttempt(nobody));
        assert_eq!(store.commands(nobody).unwrap(), []);
    }

    #[test]
    fn neither_a_text_nor_their_number_fills_the_disk() {
        let (_folder, store) = store();
        let id = store.begin("linux-01", "hash", "docker", None).unwrap().id;
        let long = Command { folder: Some("€".repeat(9_000)), ..command(&"ä".repeat(9_000)) };
        store.record_command(id, &long).unwrap();
        let kept = store.commands(id).unwrap().remove(0);
        assert_eq!((kept.text.len(), kept.folder.unwrap().len()), (MAX_TEXT, MAX_TEXT - 1));
        store.connection.execute("UPDATE commands SET number = ?1", [MAX_COMMANDS - 1]).unwrap();
        for text in ["the last", "one more"] {
            store.record_command(id, &command(text)).unwrap();
        }
        let kept = store.commands(id).unwrap();
        assert_eq!((kept.len(), kept[1].text.as_str()), (2, "the last"));
    }
}
