//! Bringing a database to the newest format, one numbered step after another.
//!
//! `PRAGMA user_version` says how many steps a database has taken. A step that was released is
//! never edited, only followed by another; a test holds each to its digest.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::Fault;

/// One step, in SQL. The first makes format 1, and so on.
pub(super) struct Migration(pub(super) &'static str);

/// Every step this program knows.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration(include_str!("migrations/0001_progress.sql")),
    Migration(include_str!("migrations/0002_commands.sql")),
    Migration(include_str!("migrations/0003_incidents.sql")),
    Migration(include_str!("migrations/0004_seeds_and_proofs.sql")),
    Migration(include_str!("migrations/0005_completions.sql")),
    Migration(include_str!("migrations/0006_clocks.sql")),
    Migration(include_str!("migrations/0007_fast.sql")),
];

/// The format these steps end in.
pub(super) fn newest(migrations: &[Migration]) -> u32 {
    migrations.len() as u32
}

/// The format a database has.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Takes the steps the database lacks: all of them or, if one fails, none.
///
/// Expects foreign keys to be off, as they are on a fresh connection, so that a step may rebuild a
/// table; they are checked before anything is committed.
pub(super) fn migrate(connection: &Connection, migrations: &[Migration]) -> Result<(), Fault> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Read inside: another program may have just done the same.
    let from = version(&transaction)?;
    let known = newest(migrations);
    if from > known {
        return Err(Fault::Newer { found: from, known });
    }
    for (migration, to) in migrations.iter().zip(1..).skip(from as usize) {
        step(&transaction, migration, to).map_err(|error| match Fault::from(error) {
            Fault::Refused { detail } => Fault::Migration { from, to, detail },
            fault => fault,
        })?;
    }
    Ok(transaction.commit()?)
}

fn step(transaction: &Transaction<'_>, migration: &Migration, to: u32) -> rusqlite::Result<()> {
    transaction.execute_batch(migration.0)?;
    transaction.pragma_update(None, "user_version", to)?;
    let mut violations = transaction.prepare("PRAGMA foreign_key_check")?;
    if violations.exists([])? {
        return Err(rusqlite::Error::ToSqlConversionFailure(
            "a row refers to one that is not there".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::store::backup::{self, Reason};
    use crate::store::{Status, Store};

    /// What follows the newest format, to try the way there.
    const NEXT: &str = "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;
         ALTER TABLE attempts ADD COLUMN mood TEXT;";

    /// For each format: the digest of the step that makes it, and a database an old program of
    /// that format left behind.
    const RELEASED: &[(&str, &str)] = &[
        (DIGEST_1, include_str!("fixtures/format_1.sql")),
        (DIGEST_2, include_str!("fixtures/format_2.sql")),
        (DIGEST_3, include_str!("fixtures/format_3.sql")),
        (DIGEST_4, include_str!("fixtures/format_4.sql")),
        (DIGEST_5, include_str!("fixtures/format_5.sql")),
        (DIGEST_6, include_str!("fixtures/format_6.sql")),
        (DIGEST_7, include_str!("fixtures/format_7.sql")),
    ];
    const DIGEST_1: &str = "caf3846b033aad3e3cc8bfd41b11600a66be65abb77b36e4e7ca4453470ded0a";
    const DIGEST_2: &str = "a83c1c242bcffabd496b4fc24c31b2a61c0aa227cc542c9461576fed900a240b";
    const DIGEST_4: &str = "f2bb6c31fed9a9539cd265448b89e34c767967b2b98b7a8bd4fb64c1ab9c0d94";
    const DIGEST_5: &str = "87bfa3637312a5a6346649d6267c41d8ee626ecfbe706815b048cb65d0834308";
    const DIGEST_6: &str = "bf245c1f293351c5390423e5fa9c8024fdabc08e0fe0a893b90751ac2e299f35";
    const DIGEST_7: &str = "5ee0e749dbb051a11f4257e9eacd6f67d4ec0ba6fbfee2ce3a32527992382902";
    const DIGEST_3: &str = "2343969551c25d8c148e3ccdf3aac242f99bc6f10c30f38649e6203cc0d394ac";

    fn migrations(next: &'static str) -> Vec<Migration> {
        MIGRATIONS.iter().map(|m| Migration(m.0)).chain([Migration(next)]).collect()
    }

    fn schema(path: &Path) -> Vec<String> {
        let connection = Connection::open(path).unwrap();
        let mut statement = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn old_database(folder: &Path, sql: &str) -> PathBuf {
        let path = folder.join("old.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    }

    #[test]
    fn released_steps_are_never_edited() {
        assert_eq!(RELEASED.len(), MIGRATIONS.len(), "add the new format to RELEASED");
        for (migration, (digest, _)) in MIGRATIONS.iter().zip(RELEASED) {
            let found: String =
                Sha256::digest(migration.0).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(&found, digest, "write a new step instead");
        }
    }

    #[test]
    fn every_older_format_becomes_the_newest_and_keeps_its_progress() {
        for (from, (_, sql)) in (1..).zip(RELEASED) {
            let folder = tempfile::tempdir().unwrap();
            let path = old_database(folder.path(), sql);
            let store = Store::open(&path).unwrap();
            let progress = store.progress().unwrap();
            assert_eq!(progress["linux-01"].status, Status::Completed, "format {from}");
            let current = progress["linux-02"].current.as_ref().unwrap();
            assert_eq!((current.checks_passed, current.checks_total, current.hints), (1, 2, 1));
            assert_eq!(store.recall("home.selected").unwrap().as_deref(), Some("\"linux-02\""));
            let commands = store.commands(current.attempt).unwrap();
            let commands: Vec<_> = commands.iter().map(|c| (&*c.text, c.status)).collect();
            let expected = [("useradd ada", Some(0)), ("su ada -c 'cat /srv/plan'", None)];
            assert_eq!(commands, if from < 2 { &[][..] } else { &expected[..] }, "format {from}");
            let completions = store.completions(None).unwrap();
            let told: Vec<_> =
                completions.iter().map(|c| (&*c.item, c.hints, &*c.checks)).collect();
            let checks = ["The folder is there".to_owned(), "The file says hello".to_owned()];
            assert_eq!(told, [("linux-01", 2, &checks[..])], "format {from}");
            drop(store);
            let fresh = folder.path().join("fresh.db");
            Store::open(&fresh).unwrap();
            assert_eq!(schema(&path), schema(&fresh), "format {from}");
        }
    }

    #[test]
    fn the_next_format_is_reached_with_a_copy_of_this_one_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.db");
        Store::open(&path).unwrap().begin("linux-01", "hash", "docker", None).unwrap();
        let now = newest(MIGRATIONS);

        let newer = Store::open_with(&path, &migrations(NEXT), jiff::Timestamp::now).unwrap();
        assert_eq!(version(&newer.connection).unwrap(), now + 1);
        assert!(newer.active("linux-01").unwrap().is_some());
        drop(newer);

        let error = Store::open(&path).unwrap_err();
        assert_eq!(error.fault, Fault::Newer { found: now + 1, known: now });
        let (copy, held) = backup::newest_good(&path).unwrap();
        assert_eq!((copy.reason, held.attempts), (Reason::Format(now), 1));
    }

    #[test]
    fn a_step_that_fails_leaves_the_database_as_it_was() {
        for broken in [
            "CREATE TABLE half (id INTEGER); SELECT no_such_function();",
            "INSERT INTO hints VALUES ('nobody', 0, 0);",
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("progress.db");
            Store::open(&path).unwrap().begin("linux-01", "hash", "docker", None).unwrap();
            let before = std::fs::read(&path).unwrap();

            let steps = migrations(broken);
            let error = Store::open_with(&path, &steps, jiff::Timestamp::now).unwrap_err();
            let now = newest(MIGRATIONS);
            assert!(
                matches!(error.fault, Fault::Migration { from, to, .. } if (from, to) == (now, now + 1)),
                "{error}"
            );
            assert_eq!(std::fs::read(&path).unwrap(), before);
            assert!(Store::open(&path).unwrap().active("linux-01").unwrap().is_some());
        }
    }

    #[test]
    fn no_copy_is_made_of_what_another_program_has_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("progress.db");
        let store = Store::open_with(&path, &migrations(NEXT), jiff::Timestamp::now).unwrap();
        let before = backup::all(&path);
        backup::before_migration(&store.connection, &path, 1).unwrap();
        assert_eq!(backup::all(&path), before);
    }
}
