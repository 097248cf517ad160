//! Everything of the native engine's: its folder, which is one home's alone.

use std::fs;
use std::io;

use async_trait::async_trait;

use super::client::blocking;
use super::limits;
use super::shelf::{folders, unfinished_ones};
use super::snapshot::Kept;
use super::{MACHINE, Native};
use crate::engine::belongings::{Belongings, CommonImage, OwnedSnapshot, Removal, disk_usage};
use crate::engine::{Engine, Result};

#[async_trait]
impl Removal for Native {
    async fn belongings(&self, _owners: &[String]) -> Result<Belongings> {
        let home = self.home.clone();
        blocking(move || {
            let sandboxes = home.all()?.into_iter().filter_map(|(id, folder)| {
                let bytes = disk_usage(folder.path());
                let state = folder.state();
                Some((folder.record().ok()?.sandbox(&id, state), Some(bytes)))
            });
            let snapshots = home.all_snapshots().filter_map(|folder| Kept::read(&folder));
            let snapshots = snapshots.map(|Kept { name, size, record, .. }| OwnedSnapshot {
                item: record.item,
                name,
                bytes: Some(size),
            });
            let unpacked = home.unpacked().map(|(_, image)| CommonImage {
                names: image.references,
                bytes: Some(image.size),
                kept: None,
            });
            let bases = folders(&home.bases()).map(|base| CommonImage {
                names: vec![MACHINE.to_owned()],
                bytes: Some(disk_usage(&base)),
                kept: None,
            });
            Ok(Belongings {
                sandboxes: sandboxes.collect(),
                networks: Vec::new(),
                snapshots: snapshots.collect(),
                images: unpacked.chain(bases).collect(),
                of_others: 0,
            })
        })
        .await?
    }

    async fn remove_image(&self, _name: &str) -> Result<()> {
        // It goes with everything else: sandboxes and snapshots lie on it.
        Ok(())
    }

    async fn clear(&self, _owners: &[String]) -> Result<()> {
        for (id, _) in self.home.all()? {
            self.destroy(&id).await?;
        }
        self.clear_leftovers().await;
        // Each with the numbers that its files belong to, which may be others than today's.
        let kept = self.home.all_snapshots().filter_map(|folder| {
            let ids = Kept::read(&folder)?.record.ids;
            Some((folder, ids))
        });
        let images = self.home.images();
        let unpacked = self.home.unpacked().map(|(key, image)| (images.join(key), image.ids));
        for (folder, ids) in kept.chain(unpacked).collect::<Vec<_>>() {
            self.remove_as(&folder, ids).await?;
        }
        let entries = fs::read_dir(self.home.path()).into_iter().flatten();
        for entry in entries.filter_map(io::Result::ok) {
            let inside = entry.path();
            for folder in folders(&inside).chain(unfinished_ones(&inside)) {
                self.remove(&folder).await?;
            }
        }
        self.remove(self.home.path()).await?;
        blocking(limits::remove_parents).await
    }
}
