//! Making a pack: which files belong to its modules, and all of it written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Fault;
use super::archive::{Pack, Writer};
use super::images::take_apart;
use super::manifest::{self, FORMAT, IMAGES, Manifest, Proof};
use super::work::{Digested, Tell, Work};
use crate::course::{self, Catalogue, Item, Resource, Severity};
use crate::store::Proved;

/// What is in the modules of a pack.
#[derive(Debug)]
pub struct Selection<'a> {
    /// In their order.
    pub modules: Vec<&'a course::Module>,
    files: BTreeMap<String, Resource>,
}

impl<'a> Selection<'a> {
    /// These modules of a course; all without a name.
    pub fn of(course: &'a Catalogue, modules: &[String]) -> Result<Self, Fault> {
        // Where something is missing, what is faulty comes first.
        let error = course.problems.iter().find(|found| found.severity == Severity::Error);
        let missing = |why: String| match error {
            Some(found) => Fault::Content(Box::new(found.clone())),
            None => Fault::NotPackable(why),
        };
        if let Some(unknown) =
            modules.iter().find(|id| course.modules.iter().all(|it| it.id != **id))
        {
            return Err(missing(format!("there is no module \"{unknown}\"")));
        }
        let wanted = |module: &&course::Module| {
            !module.items.is_empty() && (modules.is_empty() || modules.contains(&module.id))
        };
        let modules: Vec<_> = course.modules.iter().filter(wanted).collect();
        let mut selection = Self { modules, files: BTreeMap::new() };
        for item in selection.items().collect::<Vec<_>>() {
            selection.add_item(item)?;
        }
        if selection.files.is_empty() {
            return Err(missing("there is nothing to put into a pack".to_owned()));
        }
        Ok(selection)
    }

    /// Its items.
    pub fn items(&self) -> impl Iterator<Item = &'a Item> + use<'a> {
        self.modules.clone().into_iter().flat_map(|module| &module.items)
    }

    /// What it names, what lies in its own folder, and its module's folder.
    fn add_item(&mut self, item: &Item) -> Result<(), Fault> {
        let source = item.manifest.source();
        if !source.is_laid_out() {
            return Err(Fault::NotPackable(format!(
                "{} lies in a folder without content/, exercises/ or scenarios/, which a pack keeps: move it \
                 to exercises/{}/",
                item.id, item.module
            )));
        }
        for file in item.files() {
            self.add(file.clone())?;
        }
        let manifest = item.manifest.relative();
        let own = manifest.rsplit_once('.').map_or(manifest, |(stem, _)| stem);
        for folder in [own.to_owned(), format!("content/{}", item.module)] {
            for file in source.below(&folder) {
                self.add(file)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, file: Resource) -> Result<(), Fault> {
        let path = file.relative().to_owned();
        let same = |other: &Resource| match (other.read(), file.read()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        match self.files.get(&path) {
            Some(other) if *other != file && !same(other) => Err(Fault::NotPackable(format!(
                "{path} is there twice, in different folders of content"
            ))),
            _ => {
                self.files.insert(path, file);
                Ok(())
            }
        }
    }
}

/// What goes into a pack besides its content.
#[derive(Debug)]
pub struct Order<'a> {
    /// What it is called.
    pub name: String,
    /// Its modules.
    pub selection: Selection<'a>,
    /// The image that each item needs, by its id.
    pub references: BTreeMap<String, String>,
    /// Those images, as an engine exports them.
    pub images: Option<File>,
    /// A pack whose images are taken too: those of other architectures.
    pub with: Option<Pack>,
    /// What is known to be proved.
    pub proofs: Vec<Proved>,
}

/// A pack that is ready to be written.
#[derive(Debug)]
pub struct Ready {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The same as it is in the pack, to be signed.
    pub text: Vec<u8>,
    contents: BTreeMap<String, Content>,
}

#[derive(Debug)]
enum Content {
    Resource(Resource),
    File(PathBuf),
}

impl Order<'_> {
    /// Takes images apart and digests everything. What is made for it lies in `aside`, an empty folder that
    /// must stay until the pack was written.
    pub fn prepare(self, aside: &Path, tell: Tell<'_>) -> Result<Ready, Fault> {
        let unhashed = |item: &Item, error: std::io::Error| {
            Fault::NotPackable(format!("{} has a file that cannot be read: {error}", item.id))
        };
        let (mut modules, mut proofs) = (Vec::new(), Vec::new());
        for module in &self.selection.modules {
            let mut items = Vec::new();
            for item in &module.items {
                let hash = item.hash().map_err(|error| unhashed(item, error))?;
                let holds = |proof: &&Proved| {
                    proof.item == item.id && proof.content_hash == hash && proof.proved
                };
                proofs.extend(self.proofs.iter().filter(holds).map(as_proof));
                let image = self.references.get(&item.id).cloned().unwrap_or_default();
                let (id, kind, title) =
                    (item.id.clone(), item.kind().to_owned(), item.title.clone());
                items.push(manifest::Item { id, kind, title, hash, image });
            }
            let (id, title) = (module.id.clone(), module.title.clone());
            modules.push(manifest::Module { id, title, items });
        }
        let mut contents = BTreeMap::new();
        let mut files = Vec::new();
        for (path, file) in self.selection.files {
            let bytes = file.read().map_err(|error| {
                Fault::NotPackable(format!("{} cannot be read: {error}", file.path()))
            })?;
            files.push(manifest::File {
                path: path.clone(),
                size: bytes.len() as u64,
                sha256: format!("{:x}", Sha256::digest(&bytes)),
                executable: file.is_executable(),
                unpacked: None,
            });
            contents.insert(path, Content::Resource(file));
        }
        let (mut images, mut parts) = match &self.images {
            Some(archive) => take_apart(archive, aside, tell)?,
            None => (Vec::new(), BTreeMap::new()),
        };
        if let Some(other) = &self.with {
            let folder = aside.join("with");
            other.unpack(&folder, manifest::File::is_image, tell)?;
            std::fs::create_dir_all(aside.join(IMAGES)).map_err(Fault::unwritten(aside))?;
            for image in &other.manifest.images {
                let same = |it: &manifest::Image| {
                    (&it.reference, &it.architecture) == (&image.reference, &image.architecture)
                };
                if !images.iter().any(same) {
                    images.push(image.clone());
                }
            }
            let theirs = other.manifest.files.iter().filter(|file| file.is_image());
            for file in
                theirs.filter(|file| !parts.contains_key(&file.path)).cloned().collect::<Vec<_>>()
            {
                let (from, to) = (folder.join(&file.path), aside.join(&file.path));
                std::fs::rename(&from, &to).map_err(Fault::unwritten(&to))?;
                parts.insert(file.path.clone(), file);
            }
            let used = |path: &str| {
                let of = |image: &manifest::Image| image.parts().any(|part| part == path);
                images.iter().any(of)
            };
            parts.retain(|path, _| used(path));
        }
        for (path, file) in parts {
            contents.insert(path.clone(), Content::File(aside.join(path)));
            files.push(file);
        }
        let manifest = Manifest {
            format: FORMAT,
            name: self.name,
            program: format!("drydock {}", env!("CARGO_PKG_VERSION")),
            made: Timestamp::now(),
            modules,
            images,
            proofs,
            files,
        };
        let text = serde_json::to_vec(&manifest).map_err(|error| {
            Fault::NotPackable(format!("its manifest cannot be written: {error}"))
        })?;
        // What cannot be read again is not written.
        Manifest::read(&text, Path::new(&manifest.name))?;
        Ok(Ready { manifest, text, contents })
    }
}

impl Ready {
    /// Writes it; `path` is named in what goes wrong.
    pub fn write(
        &self,
        signature: Option<&str>,
        to: impl Write,
        path: &Path,
        tell: Tell<'_>,
    ) -> Result<(), Fault> {
        let work = Work::new(self.manifest.size(), tell);
        let mut writer =
            Writer::begin(to, &self.text, signature).map_err(Fault::unwritten(path))?;
        for file in &self.manifest.files {
            let from: Box<dyn Read> = match &self.contents[&file.path] {
                Content::Resource(resource) => {
                    let bytes = resource.read().map_err(Fault::unread(Path::new(&file.path)))?;
                    Box::new(std::io::Cursor::new(bytes))
                }
                Content::File(place) => Box::new(File::open(place).map_err(Fault::unread(place))?),
            };
            let mut from = Digested::new(from.take(file.size), Some(&work));
            let added = writer.add(&file.path, file.size, file.executable, &mut from);
            added.map_err(Fault::unwritten(path))?;
            if from.end() != (file.size, file.sha256.clone()) {
                return Err(Fault::NotPackable(format!("{} was changed meanwhile", file.path)));
            }
        }
        writer.finish().and_then(|mut to| to.flush()).map_err(Fault::unwritten(path))
    }
}

fn as_proof(proof: &Proved) -> Proof {
    Proof {
        item: proof.item.clone(),
        engine: proof.engine.clone(),
        hash: proof.content_hash.clone(),
        version: proof.version.clone(),
        at: proof.at,
        took_ms: u64::try_from(proof.took.as_millis()).unwrap_or(u64::MAX),
        peak: proof.peak,
    }
}
