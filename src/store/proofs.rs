//! What proving found: the last proof of each item on each engine.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::params;

use super::value::{At, Length};
use super::{Store, StoreError};

/// What proving an item on an engine came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The item.
    pub item: String,
    /// The engine's name.
    pub engine: String,
    /// The item's hash then; with another one the proof says nothing any more.
    pub content_hash: String,
    /// Which image, by what is in it; none where the engine used none.
    pub image: Option<String>,
    /// The program's version.
    pub version: String,
    /// Whether nothing failed.
    pub proved: bool,
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Bytes: the most memory that one of its sandboxes used, where that is known.
    pub peak: Option<u64>,
    /// The first stage that failed, and why.
    pub failure: Option<String>,
}

impl Store {
    /// Keeps a proof in place of the last one of the same item and engine.
    pub fn keep_proof(&self, proof: &Proved) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO proofs
                     (item, engine, content_hash, image, version, proved, at, took_ms, peak_bytes,
                      failure)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                )?
                .execute(params![
                    proof.item,
                    proof.engine,
                    proof.content_hash,
                    proof.image,
                    proof.version,
                    proof.proved,
                    At(proof.at),
                    Length(proof.took),
                    proof.peak.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
                    proof.failure,
                ])?;
            Ok(())
        })
    }

    /// Items that somebody proved, or tried to.
    pub fn proved_items(&self) -> Result<HashSet<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT DISTINCT item FROM proofs")?;
            let items = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(items)
        })
    }

    /// The last proofs of an item, or of all, by item and engine.
    pub fn proofs(&self, item: Option<&str>) -> Result<Vec<Proved>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT item, engine, content_hash, image, version, proved, at, took_ms, peak_bytes,
                        failure
                 FROM proofs WHERE ?1 IS NULL OR item = ?1 ORDER BY item, engine",
            )?;
            let proofs = statement
                .query_map([item], |row| {
                    Ok(Proved {
                        item: row.get(0)?,
                        engine: row.get(1)?,
                        content_hash: row.get(2)?,
                        image: row.get(3)?,
                        version: row.get(4)?,
                        proved: row.get(5)?,
                        at: row.get::<_, At>(6)?.0,
                        took: row.get::<_, Length>(7)?.0,
                        peak: row.get::<_, Option<i64>>(8)?.and_then(|it| u64::try_from(it).ok()),
                        failure: row.get(9)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(proofs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[test]
    fn the_last_proof_of_each_engine_is_kept() {
        let (_folder, store) = store();
        let proof = |engine: &str, failure: Option<&str>| Proved {
            item: "linux-01".into(),
            engine: engine.into(),
            content_hash: "c0ffee".into(),
            image: (engine == "docker").then(|| "sha256:1".into()),
            version: "0.1.0".into(),
            proved: failure.is_none(),
            at: Timestamp::UNIX_EPOCH,
            took: Duration::from_millis(1500),
            peak: (engine == "docker").then_some(41 << 20),
            failure: failure.map(Into::into),
        };
        store.keep_proof(&proof("native", None)).unwrap();
        store.keep_proof(&proof("docker", Some("red: \"a\" passes"))).unwrap();
        store.keep_proof(&proof("docker", None)).unwrap();
        let kept = vec![proof("docker", None), proof("native", None)];
        assert_eq!(store.proofs(Some("linux-01")).unwrap(), kept);
        assert_eq!(store.proofs(None).unwrap(), kept);
        assert_eq!(store.proved_items().unwrap(), ["linux-01".to_owned()].into());
        assert_eq!(store.proofs(Some("linux-02")).unwrap(), []);
    }
}
