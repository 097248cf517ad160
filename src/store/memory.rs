//! What the screens remember from one start to the next: the selected rows, the layout of panes.

use rusqlite::{OptionalExtension, params};

use super::{Store, StoreError};

impl Store {
    /// Remembers JSON text under a key, in place of what was there.
    pub fn remember(&self, key: &str, json: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO memories (key, value) VALUES (?1, ?2)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                )?
                .execute(params![key, json])?;
            Ok(())
        })
    }

    /// What was last remembered under this key. It may be an older program's: read it with care.
    pub fn recall(&self, key: &str) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT value FROM memories WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::store;

    #[test]
    fn the_last_thing_remembered_is_recalled() {
        let (_folder, store) = store();
        assert_eq!(store.recall("home.selected").unwrap(), None);
        store.remember("home.selected", "\"linux-01\"").unwrap();
        store.remember("home.selected", "\"linux-02\"").unwrap();
        assert_eq!(store.recall("home.selected").unwrap().as_deref(), Some("\"linux-02\""));
    }
}
