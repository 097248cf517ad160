//! What a pack says of itself, and what it may say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::course::source::MAX_FILE;

/// The format that this program writes, and the latest that it reads.
pub const FORMAT: u32 = 1;

/// Bytes of a manifest: some hundred for each file.
pub const MAX_MANIFEST: u64 = 16 << 20;
/// Files of a pack.
const MAX_FILES: usize = 50_000;
/// Bytes of all its content.
const MAX_CONTENT: u64 = 1 << 30;
/// Bytes of all its images, unpacked.
const MAX_IMAGES: u64 = 64 << 30;
/// Bytes of a path: what a tar file can hold, and every file system.
const MAX_PATH: usize = 255;
/// Bytes of a part of one: what a tar file can hold without tricks.
const MAX_NAME: usize = 100;
/// Folders in each other.
const MAX_DEPTH: usize = 12;
/// Where content lies.
const FOLDERS: [&str; 3] = ["content", "exercises", "scenarios"];
/// Where parts of images lie.
pub(super) const IMAGES: &str = "images";

/// A pack's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of the pack: [`FORMAT`].
    pub format: u32,
    /// What it is installed under: `linux`.
    pub name: String,
    /// The program that made it.
    pub program: String,
    /// When it was made.
    pub made: Timestamp,
    /// Its modules, in their order.
    pub modules: Vec<Module>,
    /// The images that its items need, for each architecture that it carries.
    pub images: Vec<Image>,
    /// What was proved of its items, by whoever made it.
    pub proofs: Vec<Proof>,
    /// Every file, in the order in which they follow.
    pub files: Vec<File>,
}

/// A module in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Module {
    /// `linux`.
    pub id: String,
    /// For people.
    pub title: String,
    /// In their order.
    pub items: Vec<Item>,
}

/// An item in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// `linux-01`.
    pub id: String,
    /// `exercise`, `scenario`.
    pub kind: String,
    /// For people.
    pub title: String,
    /// What its files come to: [`crate::course::Item::hash`].
    pub hash: String,
    /// The image that it needs, as in [`Image::reference`].
    pub image: String,
}

/// An image in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// `drydock/base:0123456789ab`.
    pub reference: String,
    /// In Docker's words: `amd64`, `arm64`.
    pub architecture: String,
    /// Hex SHA-256 of its configuration: `images/HEX.json`.
    pub config: String,
    /// Hex SHA-256 of its layers as they are unpacked, the lowest first: `images/HEX.tar.zst`.
    pub layers: Vec<String>,
}

/// A proof in a pack; see [`crate::store::Proved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The item.
    pub item: String,
    /// `docker`, `native`.
    pub engine: String,
    /// What its files came to.
    pub hash: String,
    /// The program that proved it.
    pub version: String,
    /// When.
    pub at: Timestamp,
    /// Milliseconds.
    pub took_ms: u64,
    /// Bytes of memory at most.
    pub peak: Option<u64>,
}

/// A file in a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// With `/`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Hex SHA-256.
    pub sha256: String,
    /// Whether its owner may execute it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Bytes of a layer when it is unpacked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<u64>,
}

/// What a file of a pack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Content,
    Config,
    Layer,
}

impl File {
    /// Whether it is a part of an image.
    pub(super) fn is_image(&self) -> bool {
        self.path.starts_with(IMAGES)
    }
}

impl Image {
    /// The files that it is made of.
    pub(super) fn parts(&self) -> impl Iterator<Item = String> {
        let layers = self.layers.iter().map(|layer| layer_path(layer));
        std::iter::once(config_path(&self.config)).chain(layers)
    }
}

impl Manifest {
    /// Reads a manifest and looks at all that it says; `pack` is named in what is wrong.
    pub(super) fn read(text: &[u8], pack: &Path) -> Result<Self, Fault> {
        /// Of a manifest of whatever format.
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let refused = |why: String| Fault::Refused { file: pack.to_owned(), why };
        let unreadable =
            |error: serde_json::Error| refused(format!("its manifest is unusable: {error}"));
        let Head { format } = serde_json::from_slice(text).map_err(unreadable)?;
        if format > FORMAT {
            return Err(Fault::Newer { file: pack.to_owned(), format });
        }
        let manifest: Self = serde_json::from_slice(text).map_err(unreadable)?;
        manifest.check().map_err(refused)?;
        Ok(manifest)
    }

    /// Its items.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.modules.iter().flat_map(|module| &module.items)
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// The architectures that it has images for.
    pub fn architectures(&self) -> BTreeSet<&str> {
        self.images.iter().map(|image| image.architecture.as_str()).collect()
    }

    /// The file of this path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    fn check(&self) -> Result<(), String> {
        name(&self.name)?;
        if self.files.len() > MAX_FILES {
            return Err(format!("it has more than {MAX_FILES} files"));
        }
        let mut seen = BTreeMap::new();
        let (mut content, mut images) = (0_u64, 0_u64);
        for file in &self.files {
            let role = role(&file.path)?;
            hexadecimal(&file.sha256)?;
            // File systems exist to which these are one file.
            if seen.insert(file.path.to_lowercase(), role).is_some() {
                return Err(format!("it has the file {} twice", shown(&file.path)));
            }
            match (role, file.unpacked) {
                (Role::Layer, Some(unpacked)) => images = images.saturating_add(unpacked),
                (Role::Content | Role::Config, None) if file.size > MAX_FILE => {
                    return Err(format!(
                        "{} is larger than {} MiB",
                        shown(&file.path),
                        MAX_FILE >> 20
                    ));
                }
                (Role::Content | Role::Config, None) => content = content.saturating_add(file.size),
                _ => return Err(format!("{} has no right size", shown(&file.path))),
            }
        }
        if content > MAX_CONTENT || images > MAX_IMAGES || self.size() > MAX_CONTENT + MAX_IMAGES {
            return Err("it is larger than any pack may be".to_owned());
        }
        let folders = seen.keys().flat_map(|path| Path::new(path).ancestors().skip(1));
        for folder in folders.filter_map(Path::to_str) {
            if seen.contains_key(folder) {
                return Err(format!("{} is both a file and a folder", shown(folder)));
            }
        }
        self.check_images(&seen)?;
        self.check_words()
    }

    /// Images are made of files that are there, and each of those belongs to one.
    fn check_images(&self, files: &BTreeMap<String, Role>) -> Result<(), String> {
        let mut used = BTreeSet::new();
        let mut known = BTreeSet::new();
        for image in &self.images {
            if !known.insert((&image.reference, &image.architecture)) {
                return Err(format!("it has the image {} twice", shown(&image.reference)));
            }
            reference(&image.reference)?;
            let plain = |c: char| c.is_ascii_alphanumeric();
            if image.architecture.is_empty() || !image.architecture.chars().all(plain) {
                return Err("it has an image without an architecture".to_owned());
            }
            for path in image.parts() {
                if !files.contains_key(&path) {
                    return Err(format!(
                        "{} lacks a part of itself, {}",
                        image.reference,
                        shown(&path)
                    ));
                }
                used.insert(path);
            }
        }
        let spare =
            files.iter().find(|(path, role)| **role != Role::Content && !used.contains(*path));
        match spare {
            Some((path, _)) => Err(format!("{} belongs to no image", shown(path))),
            None => Ok(()),
        }
    }

    /// Nothing that is shown may be obeyed by a terminal or be endless.
    fn check_words(&self) -> Result<(), String> {
        const MAX_WORDS: usize = 300;
        let modules = self.modules.iter().flat_map(|module| [&module.id, &module.title]);
        let items = self
            .items()
            .flat_map(|item| [&item.id, &item.kind, &item.title, &item.hash, &item.image]);
        let proofs = self.proofs.iter();
        let proofs =
            proofs.flat_map(|proof| [&proof.item, &proof.engine, &proof.hash, &proof.version]);
        for text in modules.chain(items).chain(proofs).chain([&self.program]) {
            if text.len() > MAX_WORDS || text.chars().any(char::is_control) {
                return Err(format!("its manifest has a text that none may have, {}", shown(text)));
            }
        }
        Ok(())
    }
}

/// Where the configuration with this digest lies.
pub(super) fn config_path(digest: &str) -> String {
    format!("{IMAGES}/{digest}.json")
}

/// Where the layer with this digest lies.
pub(super) fn layer_path(digest: &str) -> String {
    format!("{IMAGES}/{digest}.tar.zst")
}

/// Whether a pack may be called so: it becomes the name of a folder.
pub fn name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && name.len() <= 64 && name.chars().all(plain) {
        return Ok(());
    }
    Err(format!(
        "{} is no name for a pack: small letters, digits and \"-\" are, 64 at most",
        shown(name)
    ))
}

/// What a file is for; its path must lead to below the pack.
fn role(path: &str) -> Result<Role, String> {
    let refused = |why: &str| Err(format!("the path {} {why}", shown(path)));
    if path.len() > MAX_PATH {
        return refused("is too long");
    }
    let parts: Vec<_> = path.split('/').collect();
    if parts.len() > MAX_DEPTH {
        return refused("is too deep");
    }
    for part in &parts {
        // A name that begins with a dot is hidden, or leads up.
        if part.is_empty() || part.starts_with('.') {
            return refused("leads out of the pack or is hidden");
        }
        if part.len() > MAX_NAME {
            return refused("has too long a part");
        }
        if part.chars().any(|c| c.is_control() || matches!(c, '\\' | ':')) {
            return refused("has a character that no name may have");
        }
    }
    match parts.as_slice() {
        [IMAGES, name] => {
            let (digest, role) = match (name.strip_suffix(".json"), name.strip_suffix(".tar.zst")) {
                (Some(digest), _) => (digest, Role::Config),
                (_, Some(digest)) => (digest, Role::Layer),
                (None, None) => return refused("is no part of an image"),
            };
            hexadecimal(digest)?;
            Ok(role)
        }
        [top, _, ..] if FOLDERS.contains(top) => Ok(Role::Content),
        _ => refused("is in none of the folders of a pack"),
    }
}

fn hexadecimal(digest: &str) -> Result<(), String> {
    let digits = digest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if digits && digest.len() == 64 {
        Ok(())
    } else {
        Err(format!("{} is no digest", shown(digest)))
    }
}

/// What an image may be called: Docker's rule, short of digests.
fn reference(reference: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    let begins = reference.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && reference.len() <= 200 && reference.chars().all(plain) {
        return Ok(());
    }
    Err(format!("{} is no name of an image", shown(reference)))
}

/// Somebody's text in a message.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    format!("\"{}\"", cut.escape_default())
}
