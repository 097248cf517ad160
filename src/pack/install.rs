//! The packs that are installed: a folder for each, which has its content and its manifest.
//!
//! A pack is unpacked and looked at in a folder aside, and comes into its place in one step, also where an
//! older one of its name was. What a killed drydock left aside is removed by the next.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::Fault;
use super::archive::{MANIFEST, Pack, SIGNATURE};
use super::images::put_together;
use super::manifest::{self, IMAGES, Image, Manifest};
use super::signature::{Key, Signer, signer};
use super::work::Tell;
use crate::course::{self, Catalogue, Item, Severity, Source};
use crate::platform::files;

/// How what is not in its place yet, or not any more, is called: nothing else of ours is hidden.
const ASIDE: &str = ".";
/// Left free on a disk that something is unpacked on.
const SPARE: u64 = 64 << 20;

/// The installed packs of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packs {
    folder: PathBuf,
}

/// A pack that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its signature, and what that is of.
    signature: Option<String>,
    text: Vec<u8>,
}

impl Installed {
    /// Who signed it, of these keys.
    pub fn signer(&self, keys: &[Key]) -> Result<Signer, Fault> {
        signer(&self.text, self.signature.as_deref(), keys, &self.folder)
    }

    /// Its content.
    pub fn source(&self) -> Result<Source, Fault> {
        let source =
            Source::folder(&self.folder).map_err(|found| Fault::Content(Box::new(found)))?;
        Ok(source.from_pack(&self.manifest.name))
    }
}

impl Packs {
    /// Those in this folder, which need not be there.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Their content, by name. Nothing of it is read yet, nor are their manifests.
    pub fn sources(&self) -> Vec<Source> {
        let source = |name: &String| {
            let source = Source::folder(&self.folder.join(name)).ok()?;
            Some(source.from_pack(name))
        };
        self.names().iter().filter_map(source).collect()
    }

    /// All of them, by name. One that cannot be read is told beside.
    pub fn all(&self) -> (Vec<Installed>, Vec<Fault>) {
        let (mut packs, mut faults) = (Vec::new(), Vec::new());
        for name in self.names() {
            match self.read(&name) {
                Ok(pack) => packs.push(pack),
                Err(fault) => faults.push(fault),
            }
        }
        (packs, faults)
    }

    /// The names of those that are in their place.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| !name.starts_with(ASIDE)).collect();
        names.sort();
        names
    }

    /// The pack of this name.
    pub fn find(&self, name: &str) -> Result<Installed, Fault> {
        if manifest::name(name).is_err() || !self.folder.join(name).is_dir() {
            return Err(Fault::NotInstalled(name.to_owned()));
        }
        self.read(name)
    }

    fn read(&self, name: &str) -> Result<Installed, Fault> {
        let folder = self.folder.join(name);
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(Fault::unread(&path))?;
        let manifest = Manifest::read(&text, &path)?;
        let signature = fs::read_to_string(folder.join(SIGNATURE)).ok();
        Ok(Installed { folder, manifest, signature, text })
    }

    /// Unpacks a pack aside, its images only if they are wanted, and looks at all of it. Nothing is
    /// installed by that.
    pub fn stage(
        &self,
        pack: &Pack,
        images: bool,
        keys: &[Key],
        tell: Tell<'_>,
    ) -> Result<Staged, Fault> {
        let signer = pack.signer(keys)?;
        let lock = self.lock()?;
        let wanted = |file: &manifest::File| images || !file.is_image();
        let files = pack.manifest.files.iter().filter(|file| wanted(file));
        room(&self.folder, files.map(|file| file.size).sum())?;
        let aside = tempfile::Builder::new().prefix(".new-").tempdir_in(&self.folder);
        let aside = aside.map_err(Fault::unwritten(&self.folder))?;
        pack.unpack(aside.path(), wanted, tell)?;
        let write = |name: &str, bytes: &[u8]| {
            let path = aside.path().join(name);
            fs::write(&path, bytes).map_err(Fault::unwritten(&path))
        };
        write(MANIFEST, &pack.text)?;
        if let Some(signature) = &pack.signature {
            write(SIGNATURE, signature.as_bytes())?;
        }
        let course = look(aside.path(), pack)?;
        let manifest = pack.manifest.clone();
        Ok(Staged { packs: self.clone(), aside, manifest, signer, course, lock })
    }

    /// Removes a pack and its content.
    pub fn remove(&self, name: &str) -> Result<(), Fault> {
        let lock = self.lock()?;
        let pack = self.folder.join(name);
        if manifest::name(name).is_err() || !pack.is_dir() {
            return Err(Fault::NotInstalled(name.to_owned()));
        }
        let aside = tempfile::Builder::new().prefix(".old-").tempdir_in(&self.folder);
        let aside = aside.map_err(Fault::unwritten(&self.folder))?;
        fs::rename(&pack, aside.path().join(name)).map_err(Fault::unwritten(&pack))?;
        drop(lock);
        aside.close().map_err(Fault::unwritten(&pack))
    }

    /// One at a time; what was left aside by one that was killed goes.
    fn lock(&self) -> Result<File, Fault> {
        files::make_private(&self.folder).map_err(Fault::unwritten(&self.folder))?;
        let path = self.folder.join(".lock");
        let lock = File::options().create(true).read(true).append(true).open(&path);
        let lock = lock.map_err(Fault::unwritten(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Fault::Busy),
            Err(TryLockError::Error(error)) => return Err(Fault::unwritten(&path)(error)),
        }
        for entry in fs::read_dir(&self.folder).map_err(Fault::unread(&self.folder))?.flatten() {
            if entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(".new-") || name.starts_with(".old-"))
            {
                fs::remove_dir_all(entry.path()).map_err(Fault::unwritten(&entry.path()))?;
            }
        }
        Ok(lock)
    }
}

/// Reads all of a pack and looks at it, with its content in a folder of its own, which goes with what is
/// given: nothing that is being installed has to wait for it.
pub fn look_at(pack: &Pack, keys: &[Key], tell: Tell<'_>) -> Result<(Staged, TempDir), Fault> {
    let aside = tempfile::tempdir().map_err(Fault::unwritten(&std::env::temp_dir()))?;
    let staged = Packs::at(aside.path().to_owned()).stage(pack, false, keys, tell)?;
    Ok((staged, aside))
}

/// A pack that was looked at and can be installed. Dropping it leaves nothing.
#[derive(Debug)]
pub struct Staged {
    packs: Packs,
    aside: TempDir,
    /// What it says of itself, which is so.
    pub manifest: Manifest,
    /// Who signed it.
    pub signer: Signer,
    /// Its content over the built-in one.
    course: Catalogue,
    /// Held until it is installed.
    lock: File,
}

impl Staged {
    /// Its items.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.manifest.items().filter_map(|item| self.course.item(&item.id))
    }

    /// The installed pack that it replaces.
    pub fn replaces(&self) -> Option<Installed> {
        self.packs.find(&self.manifest.name).ok()
    }

    /// Its images, which were wanted, as one archive for an engine, in `beside`. What they are is looked at
    /// first.
    pub fn archive(
        &self,
        wanted: &[&Image],
        beside: &Path,
        tell: Tell<'_>,
    ) -> Result<NamedTempFile, Fault> {
        fs::create_dir_all(beside).map_err(Fault::unwritten(beside))?;
        let size = |layer: &String| self.manifest.file(&manifest::layer_path(layer))?.unpacked;
        room(beside, wanted.iter().flat_map(|image| &image.layers).filter_map(size).sum())?;
        put_together(&self.manifest, wanted, self.aside.path(), beside, tell)
    }

    /// Puts it in its place, in one step.
    pub fn install(self) -> Result<Installed, Fault> {
        let images = self.aside.path().join(IMAGES);
        if images.is_dir() {
            fs::remove_dir_all(&images).map_err(Fault::unwritten(&images))?;
        }
        let place = self.packs.folder.join(&self.manifest.name);
        let from = self.aside.path();
        files::sync_below(from).map_err(Fault::unwritten(from))?;
        let moved = if place.exists() {
            // The old one is then what is removed.
            files::exchange(from, &place)
        } else {
            fs::rename(from, &place)
        };
        moved.map_err(Fault::unwritten(&place))?;
        files::sync_below(&self.packs.folder).map_err(Fault::unwritten(&self.packs.folder))?;
        let installed = self.packs.read(&self.manifest.name);
        drop(self.lock);
        installed
    }
}

/// What was unpacked must be readable, whole and what the manifest says.
fn look(folder: &Path, pack: &Pack) -> Result<Catalogue, Fault> {
    let source = Source::folder(folder).map_err(|found| Fault::Content(Box::new(found)))?;
    let course = course::load(&[Source::built_in(), source.clone()]);
    let error = course.problems.iter().find(|found| found.severity == Severity::Error);
    if let Some(found) = error {
        let mut found = found.clone();
        let inside = Path::new(&found.file).strip_prefix(folder).ok();
        found.file = inside.map_or(found.file.clone(), |path| path.display().to_string());
        return Err(Fault::Content(Box::new(found)));
    }
    let refused = |why: String| Fault::Refused { file: pack.path.clone(), why };
    for item in pack.manifest.items() {
        let id = manifest::shown(&item.id);
        let found = course.item(&item.id).filter(|found| source.holds(&found.manifest));
        let found = found.ok_or_else(|| refused(format!("its item {id} is not in it")))?;
        if found.hash().ok().as_deref() != Some(&item.hash) || found.kind() != item.kind {
            return Err(refused(format!("its item {id} is not what its manifest says")));
        }
    }
    let named = |item: &Item| pack.manifest.items().any(|named| named.id == item.id);
    if let Some(item) = course.items().find(|item| source.holds(&item.manifest) && !named(item)) {
        return Err(refused(format!(
            "it has an item that its manifest does not name, {}",
            item.id
        )));
    }
    Ok(course)
}

/// There must be so much room, and some more.
fn room(folder: &Path, needed: u64) -> Result<(), Fault> {
    let free = files::free(folder).map_err(Fault::unread(folder))?;
    let needed = needed.saturating_add(SPARE);
    if free >= needed {
        Ok(())
    } else {
        Err(Fault::NoRoom { folder: folder.to_owned(), free, needed })
    }
}
