//! Images as roots of sandboxes, instead of the machine's own directories: unpacked from an archive.
//!
//! ```text
//! HOME/images/.lock          held by whoever unpacks or removes one
//! HOME/images/.new-ID/       one in the making; nobody's while the lock is free
//! HOME/images/KEY/image.json what it is, and what it is called
//! HOME/images/KEY/root/      its files, of the sandboxes' users
//! ```
//!
//! A key is a digest of the image's own and of the numbers that its files belong to. Each layer is
//! compared with the digest that the image has for it while a process that can see nothing but the
//! root unpacks it (`unpack`).
//!
//! Invariants: an image appears and goes by one rename; a reference is that of one image; one that
//! a sandbox or a snapshot lies on stays, with or without a reference.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::process::Command;
use tokio::sync::watch;

use super::Native;
use super::client::blocking;
use super::ids::Ids;
use super::place::{self, Home, Lower, fault};
use super::said;
use super::shelf::{folders, unfinished};
use super::unpack::Unpacked;
use crate::engine::image::archive::{self, Layer, Packed};
use crate::engine::image::{ImageInfo, Images, architecture, definition};
use crate::engine::{EngineError, Progress, Result, Step};

const IMAGE: &str = "image.json";
const ROOT: &str = "root";

/// How much of a layer is read before it is told how far that is.
const PIECE: usize = 256 << 10;

/// Variables that an account has, whatever its image says.
const OF_ACCOUNTS: [&str; 5] = ["HOME", "USER", "LOGNAME", "SHELL", "HOSTNAME"];

/// An unpacked image as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Image {
    pub(super) references: Vec<String>,
    id: String,
    /// Whom its files belong to.
    pub(super) ids: Ids,
    user: String,
    pub(super) env: BTreeMap<String, String>,
    accounts: Vec<String>,
    /// In bytes.
    pub(super) size: u64,
}

impl Image {
    /// The account for shells and checks: the one asked for if the image has it, else its own.
    pub(super) fn user_for(&self, asked: &str) -> String {
        let has = |name: &str| self.accounts.iter().any(|known| known == name);
        let name = asked.split(':').next().unwrap_or(asked);
        match self.user.as_str() {
            _ if name.parse::<u32>().is_ok() || has(name) => asked,
            "" if has("root") => "root",
            // A number needs no entry.
            "" => "0",
            own => own,
        }
        .to_owned()
    }

    fn read(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(IMAGE)).ok()?).ok()
    }
}

impl Home {
    /// The unpacked images, by their keys.
    pub(super) fn unpacked(&self) -> impl Iterator<Item = (String, Image)> + use<> {
        folders(&self.images()).filter_map(|folder| {
            let key = folder.file_name()?.to_str()?.to_owned();
            Some((key, Image::read(&folder)?))
        })
    }

    /// The one of a reference whose files belong to these numbers.
    fn unpacked_as(&self, reference: &str, ids: Ids) -> Option<(String, Image)> {
        self.unpacked()
            .find(|(_, image)| image.ids == ids && image.references.iter().any(|r| r == reference))
    }
}

impl Native {
    /// The unpacked image of a reference, with its key. One whose files belong to other numbers than
    /// sandboxes have now is none.
    pub(super) async fn unpacked(&self, reference: &str) -> Result<Option<(String, Image)>> {
        let (home, ids, reference) = (self.home.clone(), self.ids, full(reference));
        blocking(move || home.unpacked_as(&reference, ids)).await
    }

    /// Whether an image of ours is unpacked, by its name.
    pub(super) fn has_image(&self, name: &str) -> bool {
        let reference = definition::find(name).map(|image| &image.reference);
        reference.is_ok_and(|reference| self.home.unpacked_as(reference, self.ids).is_some())
    }

    /// Removes the images that are called nothing and that nothing lies on.
    async fn sweep_images(&self) -> Result<()> {
        let home = self.home.clone();
        let unused = blocking(move || {
            let used = home.lowers();
            let of_nobody = home.unpacked().filter(|(key, image)| {
                image.references.is_empty() && !used.contains(&Lower::Unpacked(key.clone()))
            });
            of_nobody.collect::<Vec<_>>()
        });
        for (key, image) in unused.await? {
            // It goes by one rename, and what is left of it is removed by whoever comes next.
            let gone = unfinished(&self.home.images())?;
            fs::rename(self.home.images().join(key), &gone)
                .map_err(|error| fault("remove the image", &error))?;
            self.remove_as(&gone, image.ids).await?;
        }
        Ok(())
    }

    /// Calls an image what an archive calls it, and no other.
    async fn call(&self, key: &str, references: &[String]) -> Result<()> {
        let (home, key, wanted) = (self.home.clone(), key.to_owned(), references.to_owned());
        blocking(move || {
            for (other, mut image) in home.unpacked().collect::<Vec<_>>() {
                let before = image.references.clone();
                image.references.retain(|reference| !wanted.contains(reference));
                if other == key {
                    image.references.extend(wanted.clone());
                    image.references.sort_unstable();
                }
                if image.references != before {
                    place::write_json(&home.images().join(other).join(IMAGE), &image)?;
                }
            }
            Ok(())
        })
        .await?
    }

    /// Unpacks an image of an archive unless it is there; its key.
    async fn unpack(&self, archive: &File, packed: &Packed, told: &mut Told<'_>) -> Result<String> {
        let key = key(&packed.id, self.ids);
        let place = self.home.images().join(&key);
        if Image::read(&place).is_some() {
            told.done += packed.layers.iter().map(|layer| layer.place.length).sum::<u64>();
            return Ok(key);
        }
        let new = unfinished(&self.home.images())?;
        let made = self.fill_image(archive, packed, &new, told).await.and_then(|()| {
            fs::rename(&new, &place).map_err(|error| fault("keep the image", &error))
        });
        if made.is_err() {
            self.remove_as(&new, self.ids).await?;
        }
        made.map(|()| key)
    }

    async fn fill_image(
        &self,
        archive: &File,
        packed: &Packed,
        new: &Path,
        told: &mut Told<'_>,
    ) -> Result<()> {
        let root = new.join(ROOT);
        place::make(&root)?;
        if let Ids::Apart { users, groups } = self.ids {
            // For the sandboxes' root to pass, and for nobody else.
            let failed = |error: io::Error| fault("unpack the image", &error);
            std::os::unix::fs::chown(&root, Some(users), Some(groups)).map_err(failed)?;
            std::os::unix::fs::chown(new, None, Some(groups)).map_err(failed)?;
            let passed = std::os::unix::fs::PermissionsExt::from_mode(0o710);
            fs::set_permissions(new, passed).map_err(failed)?;
        }
        let mut image = Image {
            references: Vec::new(),
            id: packed.id.clone(),
            ids: self.ids,
            user: packed.user.clone(),
            env: packed
                .env
                .iter()
                .filter(|(name, _)| !OF_ACCOUNTS.contains(&&**name))
                .cloned()
                .collect(),
            accounts: Vec::new(),
            size: 0,
        };
        for layer in &packed.layers {
            let Unpacked { bytes, accounts } = self.layer(archive, layer, &root, told).await?;
            image.size += bytes;
            image.accounts = accounts;
        }
        let entered = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&root, entered).map_err(|error| fault("unpack the image", &error))?;
        place::write_json(&new.join(IMAGE), &image)
    }

    /// Puts one layer into a root.
    async fn layer(
        &self,
        archive: &File,
        layer: &Layer,
        root: &Path,
        told: &mut Told<'_>,
    ) -> Result<Unpacked> {
        let failed = |error: io::Error| fault("unpack the image", &error);
        let ids = serde_json::to_string(&self.ids)
            .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
        let mut child = Command::new(&self.program)
            .args(["sandbox", "unpack"])
            .args([root.as_os_str(), ids.as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let input = child.stdin.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let input = input.into_owned_fd().map_err(failed)?;
        let (tell, mut far) = watch::channel(0);
        let (archive, place) = (archive.try_clone().map_err(failed)?, layer.place);
        // It ends when the child does, and so when this future is dropped.
        let fed = blocking(move || {
            let counted = Counted { inner: place.raw(&archive)?, count: 0, tell };
            feed(archive::plain(counted)?, input)
        });
        let ended = child.wait_with_output();
        let (mut fed, mut ended) = (std::pin::pin!(fed), std::pin::pin!(ended));
        let (mut digest, mut output) = (None, None);
        while digest.is_none() || output.is_none() {
            tokio::select! {
                done = &mut fed, if digest.is_none() => digest = Some(done?),
                done = &mut ended, if output.is_none() => output = Some(done.map_err(failed)?),
                Ok(()) = far.changed() => told.at(*far.borrow()),
            }
        }
        told.next(place.length);
        let (Some(digest), Some(output)) = (digest, output) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        // Whose fault it is that not all was read, the other side knows better.
        let words = said(&output)?;
        let digest = digest.map_err(|error| EngineError::Refused {
            detail: format!("a layer of the image cannot be read: {error}"),
        })?;
        if digest != layer.digest {
            let detail = format!("a layer of the image is not what it should be ({digest})");
            return Err(EngineError::Refused { detail });
        }
        serde_json::from_str(&words)
            .map_err(|error| EngineError::Refused { detail: error.to_string() })
    }
}

/// How far unpacking is.
struct Told<'a> {
    progress: Progress<'a>,
    what: String,
    done: u64,
    total: u64,
}

impl Told<'_> {
    fn at(&self, far: u64) {
        (self.progress)(Step {
            step: self.what.clone(),
            done: self.done + far,
            total: Some(self.total),
            unit: "bytes",
        });
    }

    fn next(&mut self, length: u64) {
        self.done += length;
        self.at(0);
    }
}

/// Tells how much of something was read.
struct Counted<R> {
    inner: R,
    count: u64,
    tell: watch::Sender<u64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        self.tell.send_replace(self.count);
        Ok(read)
    }
}

/// Writes a layer to whoever unpacks it, and gives its digest.
fn feed(mut layer: impl Read, to: OwnedFd) -> io::Result<String> {
    let (mut to, mut digest) = (File::from(to), Sha256::new());
    let mut piece = vec![0; PIECE];
    loop {
        let read = layer.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        digest.update(bytes);
        to.write_all(bytes)?;
    }
    Ok(archive::hexadecimal(&digest.finalize()))
}

fn key(id: &str, ids: Ids) -> String {
    let digest = Sha256::digest(format!("{id} {ids:?}"));
    format!("{digest:x}")[..32].to_owned()
}

/// A reference with its tag, and without what it goes without saying.
fn full(reference: &str) -> String {
    let mut name = reference;
    for said in ["localhost/", "docker.io/", "library/"] {
        name = name.strip_prefix(said).unwrap_or(name);
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { name.to_owned() } else { format!("{name}:latest") }
}

/// An archive whose layers can be read where they lie: itself, or decompressed.
fn decompressed(path: &Path, home: &Path) -> io::Result<File> {
    let mut archive = File::open(path)?;
    if !archive::is_compressed(&mut archive)? {
        return Ok(archive);
    }
    let mut whole = tempfile::tempfile_in(home)?;
    io::copy(&mut archive::plain(archive)?, &mut whole)?;
    Ok(whole)
}

fn unusable(path: &Path, error: &io::Error) -> EngineError {
    match error.kind() {
        io::ErrorKind::StorageFull => fault("unpack the archive", error),
        _ => EngineError::Refused { detail: format!("{}: {error}", path.display()) },
    }
}

#[async_trait]
impl Images for Native {
    async fn present(&self, reference: &str) -> Result<bool> {
        Ok(self.unpacked(reference).await?.is_some())
    }

    async fn list(&self) -> Result<Vec<ImageInfo>> {
        let (home, ids) = (self.home.clone(), self.ids);
        let defined = definition::all()?;
        blocking(move || {
            let mut all: Vec<ImageInfo> = defined
                .iter()
                .map(|image| ImageInfo {
                    name: image.name.clone(),
                    reference: image.reference.clone(),
                    present: false,
                    current: true,
                    size: None,
                })
                .collect();
            for (_, image) in home.unpacked().filter(|(_, image)| image.ids == ids) {
                for reference in image.references {
                    let size = Some(image.size);
                    if let Some(known) = all.iter_mut().find(|info| info.reference == reference) {
                        (known.present, known.size) = (true, size);
                        continue;
                    }
                    let ours = reference.strip_prefix(definition::PREFIX);
                    let ours = ours.and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
                    let ours = ours.filter(|name| defined.iter().any(|image| image.name == *name));
                    let name = ours.unwrap_or(&reference).to_owned();
                    let current = ours.is_none();
                    all.push(ImageInfo { name, reference, present: true, current, size });
                }
            }
            all
        })
        .await
    }

    async fn import(&self, path: &Path, progress: Progress<'_>) -> Result<Vec<String>> {
        progress(Step {
            step: format!("Reading {}", path.display()),
            done: 0,
            total: None,
            unit: "bytes",
        });
        let _lock = self.lock(&self.home.images(), self.ids).await?;
        let (from, home) = (path.to_owned(), self.home.images());
        let opened = blocking(move || {
            let archive = decompressed(&from, &home)?;
            let images = archive::read(&archive)?;
            Ok((archive, images))
        });
        let (archive, images) = opened.await?.map_err(|error| unusable(path, &error))?;
        let mut references = Vec::new();
        for image in &images {
            let tags: Vec<_> = image.tags.iter().map(|tag| full(tag)).collect();
            let Some(first) = tags.first() else { continue };
            let here = architecture(None);
            if let Some(other) = image.architecture.as_deref().filter(|other| *other != here) {
                return Err(EngineError::OtherArchitecture {
                    image: first.as_str().into(),
                    theirs: other.into(),
                    here: here.into(),
                });
            }
            let total = image.layers.iter().map(|layer| layer.place.length).sum();
            let what = format!("Unpacking {first}");
            let mut told = Told { progress, what, done: 0, total };
            let key = self.unpack(&archive, image, &mut told).await?;
            self.call(&key, &tags).await?;
            references.extend(tags);
        }
        self.sweep_images().await?;
        if references.is_empty() {
            let detail = format!("{}: no image in it has a name", path.display());
            return Err(EngineError::Refused { detail });
        }
        Ok(references)
    }

    async fn remove(&self, reference: &str) -> Result<()> {
        let _lock = self.lock(&self.home.images(), self.ids).await?;
        let Some((key, image)) = self.unpacked(reference).await? else {
            return Err(EngineError::ImageMissing {
                image: reference.to_owned(),
                detail: "nothing of this name was imported".to_owned(),
            });
        };
        let home = self.home.clone();
        let used = Lower::Unpacked(key.clone());
        if image.references.len() == 1 && blocking(move || home.lowers().contains(&used)).await? {
            return Err(EngineError::ImageInUse { image: reference.to_owned() });
        }
        let mut image = image;
        image.references.retain(|other| *other != full(reference));
        place::write_json(&self.home.images().join(key).join(IMAGE), &image)?;
        self.sweep_images().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_apart_by_what_they_mean() {
        assert_eq!(full("debian"), "debian:latest");
        assert_eq!(full("docker.io/library/debian:12"), "debian:12");
        assert_eq!(full("localhost/drydock/base:abc"), "drydock/base:abc");
        assert_eq!(full("registry:5000/x"), "registry:5000/x:latest");
    }

    #[test]
    fn who_is_asked_for_must_be_in_the_image() {
        let image = |user: &str| Image {
            references: vec![],
            id: String::new(),
            ids: Ids::One,
            user: user.to_owned(),
            env: BTreeMap::new(),
            accounts: vec!["root".to_owned(), "ada".to_owned()],
            size: 0,
        };
        assert_eq!(image("").user_for("ada"), "ada");
        assert_eq!(image("").user_for("learner"), "root");
        assert_eq!(image("ada").user_for("learner"), "ada");
        assert_eq!(image("").user_for("1000:50"), "1000:50");
        assert_eq!(Image { accounts: vec![], ..image("") }.user_for("learner"), "0");
    }
}
