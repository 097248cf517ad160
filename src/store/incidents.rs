//! Incidents: what has happened in them, what was asked for, what was measured. The first two and the
//! names of the numbers are text of their owner's, which this does not look into.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::value::At;
use super::{AttemptId, Store, StoreError, attempt};

/// How many moments are kept of one incident: hours of them.
const MOST_VALUES: u32 = 20_000;

/// What was measured at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// When.
    pub at: Timestamp,
    /// The numbers, as they were written.
    pub numbers: String,
}

impl Store {
    /// Writes down how an incident stands, and what was just measured, if anything; with it the time
    /// that went by in it since the last time, so that neither is written without the other.
    pub fn keep_incident(
        &self,
        id: AttemptId,
        life: &str,
        spent: Duration,
        measured: Option<&Measured>,
    ) -> Result<(), StoreError> {
        let now = (self.clock)();
        self.write(|transaction| {
            if !spent.is_zero() && attempt::is_active(transaction, id)? {
                attempt::touch(transaction, id, now, spent)?;
            }
            transaction
                .prepare_cached(
                    "INSERT INTO incidents (attempt, life, changed_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (attempt) DO UPDATE SET life = ?2, changed_at = ?3",
                )?
                .execute(params![id, life, At(now)])?;
            if let Some(Measured { at, numbers }) = measured {
                let kept: u32 = transaction
                    .prepare_cached("SELECT count(*) FROM incident_values WHERE attempt = ?1")?
                    .query_row([id], |row| row.get(0))?;
                if kept < MOST_VALUES {
                    transaction
                        .prepare_cached(
                            "INSERT INTO incident_values (attempt, at, numbers)
                             VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                        )?
                        .execute(params![id, At(*at), numbers])?;
                }
            }
            Ok(())
        })
    }

    /// How an incident stands, if the attempt has one, and when that was last written.
    pub fn incident(&self, id: AttemptId) -> Result<Option<(String, Timestamp)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT life, changed_at FROM incidents WHERE attempt = ?1")?;
            let found = statement.query_row([id], |row| Ok((row.get(0)?, row.get::<_, At>(1)?.0)));
            Ok(found.optional()?)
        })
    }

    /// Writes down what a learner asks of an incident; gives its number.
    pub fn order_incident(&self, id: AttemptId, what: &str) -> Result<i64, StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("INSERT INTO incident_orders (attempt, what) VALUES (?1, ?2)")?
                .execute(params![id, what])?;
            Ok(transaction.last_insert_rowid())
        })
    }

    /// What was asked of an incident after the order of this number, in order.
    pub fn incident_orders(
        &self,
        id: AttemptId,
        after: i64,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, what FROM incident_orders
                 WHERE attempt = ?1 AND number > ?2 ORDER BY number",
            )?;
            let orders =
                statement.query_map(params![id, after], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(orders.collect::<Result<_, _>>()?)
        })
    }

    /// What was measured in an incident, the oldest first.
    pub fn incident_values(&self, id: AttemptId) -> Result<Vec<Measured>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT at, numbers FROM incident_values WHERE attempt = ?1 ORDER BY at",
            )?;
            let values = statement.query_map([id], |row| {
                Ok(Measured { at: row.get::<_, At>(0)?.0, numbers: row.get(1)? })
            })?;
            Ok(values.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets what was measured: an incident begins anew.
    pub fn forget_incident_values(&self, id: AttemptId) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM incident_values WHERE attempt = ?1")?
                .execute([id])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{store, ticks};

    #[test]
    fn an_incident_is_kept_and_orders_come_once_and_in_order() {
        let (_folder, store) = store();
        let id = store.begin("incidents-01", "hash", "docker", None).unwrap().id;
        let other = store.begin("incidents-02", "hash", "docker", None).unwrap().id;
        assert_eq!(store.incident(id).unwrap(), None);
        store.keep_incident(id, "{\"a\":1}", Duration::ZERO, None).unwrap();
        let measured = Measured { at: ticks(3), numbers: "{\"ok\":1}".to_owned() };
        let second = Duration::from_secs(1);
        store.keep_incident(id, "{\"a\":2}", second, Some(&measured)).unwrap();
        store.keep_incident(id, "{\"a\":2}", second, Some(&measured)).unwrap();
        assert_eq!(store.attempt(id).unwrap().active, 2 * second);
        assert_eq!(store.incident(id).unwrap().unwrap().0, "{\"a\":2}");
        assert_eq!(store.incident_values(id).unwrap(), [measured]);

        let first = store.order_incident(id, "\"Hint\"").unwrap();
        store.order_incident(other, "\"Pause\"").unwrap();
        let second = store.order_incident(id, "\"Complete\"").unwrap();
        let orders = store.incident_orders(id, 0).unwrap();
        assert_eq!(orders, [(first, "\"Hint\"".to_owned()), (second, "\"Complete\"".to_owned())]);
        assert_eq!(store.incident_orders(id, first).unwrap().len(), 1);

        store.forget_incident_values(id).unwrap();
        assert_eq!(store.incident_values(id).unwrap(), []);
    }

    #[test]
    fn an_attempt_that_nobody_began_has_no_incident() {
        let (_folder, store) = store();
        let nobody: AttemptId = "01890000-0000-7000-8000-000000000000".parse().unwrap();
        assert!(store.keep_incident(nobody, "{}", Duration::ZERO, None).is_err());
        assert!(store.order_incident(nobody, "{}").is_err());
    }
}
