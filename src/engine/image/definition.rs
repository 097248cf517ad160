//! The folder `images/`: a list of images, and for each the folder it is built from. It is compiled
//! in, so the program alone can build them.
//!
//! An image's tag is a digest of everything that goes into it, its parent's digest included: what has
//! changed is built anew and what has not is found.

use std::fmt::Write;
use std::sync::OnceLock;

use include_dir::{Dir, DirEntry, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::engine::{EngineError, Result};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/images");

/// What every reference to an image of ours begins with.
pub(crate) const PREFIX: &str = "drydock/";

/// Hexadecimal digits of a tag: enough that two builds never meet.
const TAG_DIGITS: usize = 12;

/// One of our images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Definition {
    /// `base`.
    pub(crate) name: String,
    /// What it is built from.
    pub(crate) parent: Parent,
    /// `drydock/base:0123456789ab`.
    pub(crate) reference: String,
    files: Vec<(String, Vec<u8>)>,
}

/// What an image is built from; handed to its Dockerfile as the build argument `BASE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Parent {
    /// Another image of ours, by name.
    Ours(String),
    /// A distribution's root, by the reference of a public image.
    Distribution(String),
}

/// One file of an image's folder, as it is compiled in.
#[cfg(target_os = "linux")]
pub(crate) fn file(path: &str) -> Option<&'static [u8]> {
    FOLDER.get_file(path).map(include_dir::File::contents)
}

/// All images, each after its parent.
pub(crate) fn all() -> Result<&'static [Definition]> {
    static ALL: OnceLock<std::result::Result<Vec<Definition>, String>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let list = FOLDER.get_file("images.yaml").and_then(|file| file.contents_utf8());
        read(list.ok_or("it is missing")?, |name| {
            FOLDER.get_dir(name).map(|folder| files(folder, folder))
        })
    });
    all.as_deref().map_err(|error| EngineError::Refused {
        detail: format!("this build of drydock has an unusable images.yaml: {error}"),
    })
}

/// The image called `name`.
pub(crate) fn find(name: &str) -> Result<&'static Definition> {
    all()?.iter().find(|definition| definition.name == name).ok_or_else(|| {
        EngineError::ImageMissing {
            image: format!("{PREFIX}{name}"),
            detail: "drydock has no image of this name".to_owned(),
        }
    })
}

/// An image and its ancestors of ours, the first to be built first.
pub(crate) fn lineage(name: &str) -> Result<Vec<&'static Definition>> {
    let mut lineage = vec![find(name)?];
    while let Some(Definition { parent: Parent::Ours(parent), .. }) = lineage.last() {
        lineage.push(find(parent)?);
    }
    lineage.reverse();
    Ok(lineage)
}

#[derive(Deserialize)]
struct List {
    images: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    name: String,
    from: String,
    /// Files of earlier images' folders that are in this one's too: `base/marks.bash`.
    #[serde(default)]
    shares: Vec<String>,
}

type Files = Vec<(String, Vec<u8>)>;

fn read(
    list: &str,
    folder: impl Fn(&str) -> Option<Files>,
) -> std::result::Result<Vec<Definition>, String> {
    let list: List = serde_yaml::from_str(list).map_err(|error| error.to_string())?;
    let mut all: Vec<Definition> = Vec::new();
    for Item { name, from, shares } in list.images {
        let mut files = folder(&name).ok_or_else(|| format!("there is no folder {name}"))?;
        for shared in shares {
            let found = shared.split_once('/').and_then(|(owner, path)| {
                let owner = all.iter().find(|earlier| earlier.name == owner)?;
                owner.files.iter().find(|(name, _)| name == path)
            });
            files.push(
                found.ok_or_else(|| format!("{name} shares {shared}, which is not there"))?.clone(),
            );
        }
        files.sort();
        if !files.iter().any(|(path, _)| path == "Dockerfile") {
            return Err(format!("{name} has no Dockerfile"));
        }
        // A parent comes first in the list, so a circle cannot be written.
        let ours = all.iter().find(|earlier| earlier.name == from);
        let (parent, origin) = match ours {
            Some(parent) => (Parent::Ours(from), parent.reference.clone()),
            None if from.contains(':') => (Parent::Distribution(from.clone()), from),
            None => return Err(format!("{name} is built from {from}, which does not precede it")),
        };
        let reference = format!("{PREFIX}{name}:{}", digest(&origin, &files));
        all.push(Definition { name, parent, reference, files });
    }
    Ok(all)
}

/// A folder's files by their paths in it.
fn files(root: &Dir<'_>, folder: &Dir<'_>) -> Files {
    let mut found = Vec::new();
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => found.extend(files(root, inner)),
            DirEntry::File(file) => {
                let path = file.path().strip_prefix(root.path()).unwrap_or(file.path());
                found.push((path.to_string_lossy().replace('\\', "/"), file.contents().to_vec()));
            }
        }
    }
    found.sort();
    found
}

/// Lengths keep apart what concatenation would blur.
fn digest(origin: &str, files: &Files) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(origin.as_bytes());
    for (path, contents) in files {
        part(path.as_bytes());
        part(contents);
    }
    let mut tag = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    tag.truncate(TAG_DIGITS);
    tag
}

impl Definition {
    /// The reference without the digest, for whoever wants the latest.
    pub(crate) fn latest(&self) -> String {
        format!("{PREFIX}{}:latest", self.name)
    }

    /// The tag: the digest of all inputs.
    pub(crate) fn tag(&self) -> &str {
        self.reference.rsplit_once(':').map_or("", |(_, tag)| tag)
    }

    /// The folder as the engine's builder wants it.
    pub(crate) fn archive(&self) -> Result<Vec<u8>> {
        let wrong = |error: std::io::Error| EngineError::Refused { detail: error.to_string() };
        let mut archive = tar::Builder::new(Vec::new());
        for (path, contents) in &self.files {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            header.set_size(contents.len() as u64);
            archive.append_data(&mut header, path, contents.as_slice()).map_err(wrong)?;
        }
        archive.into_inner().map_err(wrong)
    }

    /// The Dockerfile's instructions, in capitals: the builder's steps.
    pub(crate) fn instructions(&self) -> Vec<String> {
        let dockerfile = self.files.iter().find(|(path, _)| path == "Dockerfile");
        let text = dockerfile.map_or_else(String::new, |(_, contents)| {
            String::from_utf8_lossy(contents).into_owned()
        });
        let mut continued = false;
        let mut instructions = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if !continued {
                instructions.extend(line.split_whitespace().next().map(str::to_uppercase));
            }
            continued = line.ends_with('\\');
        }
        instructions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(list: &str, dockerfile: &str) -> std::result::Result<Vec<Definition>, String> {
        read(list, |_| Some(vec![("Dockerfile".to_owned(), dockerfile.as_bytes().to_vec())]))
    }

    const LIST: &str = "images:\n- {name: a, from: 'debian:1'}\n- {name: b, from: a}\n";

    #[test]
    fn what_is_compiled_in_can_be_read() {
        let names: Vec<_> = all().unwrap().iter().map(|image| image.name.as_str()).collect();
        assert!(names.contains(&"base") && names.contains(&"systemd"), "{names:?}");
        let lineage: Vec<_> =
            lineage("systemd").unwrap().iter().map(|image| image.name.as_str()).collect();
        assert_eq!(lineage, ["base", "systemd"]);
        for image in all().unwrap() {
            assert!(image.instructions().starts_with(&["ARG".to_owned(), "FROM".to_owned()]));
            assert!(!image.archive().unwrap().is_empty());
        }
        assert!(matches!(find("nonexistent"), Err(EngineError::ImageMissing { .. })));
    }

    #[test]
    fn a_change_reaches_the_image_and_its_children_only() {
        let before = made(LIST, "FROM x").unwrap();
        assert_eq!(before, made(LIST, "FROM x").unwrap());
        assert_eq!(before[0].tag().len(), TAG_DIGITS);
        let other_root = made(&LIST.replace("debian:1", "debian:2"), "FROM x").unwrap();
        assert_ne!(before[0].tag(), other_root[0].tag());
        assert_ne!(before[1].tag(), other_root[1].tag());
        let child = read(LIST, |name| {
            let text = if name == "b" { "FROM y" } else { "FROM x" };
            Some(vec![("Dockerfile".to_owned(), text.as_bytes().to_vec())])
        })
        .unwrap();
        assert_eq!(before[0].tag(), child[0].tag());
        assert_ne!(before[1].tag(), child[1].tag());
    }

    #[test]
    fn a_shared_file_is_as_good_as_an_own_one() {
        let folder = |shared: bool| {
            move |name: &str| {
                let mut files = vec![("Dockerfile".to_owned(), b"FROM x".to_vec())];
                if name == "a" || !shared {
                    files.push(("marks".to_owned(), b"1".to_vec()));
                }
                Some(files)
            }
        };
        let list = LIST.replace("from: a}", "from: a, shares: [a/marks]}");
        assert_eq!(read(&list, folder(true)).unwrap(), read(LIST, folder(false)).unwrap());
    }

    #[test]
    fn a_wrong_list_says_what_is_wrong() {
        let backwards = "images:\n- {name: b, from: a}\n- {name: a, from: 'debian:1'}\n";
        assert!(made(backwards, "FROM x").unwrap_err().contains("does not precede"));
        assert!(read(LIST, |_| None).unwrap_err().contains("no folder a"));
        assert!(read(LIST, |_| Some(Vec::new())).unwrap_err().contains("no Dockerfile"));
        assert!(made("images: 3", "").is_err());
        let shared = LIST.replace("from: a}", "from: a, shares: [a/lost]}");
        assert!(made(&shared, "FROM x").unwrap_err().contains("a/lost, which is not there"));
    }

    #[test]
    fn instructions_are_the_builders_steps() {
        let text = "# why\nARG BASE\nFROM ${BASE}\n\nENV A=1 \\\n    B=2\nrun x && \\\n# note\n  y\nCMD z\n";
        let image = &made(LIST, text).unwrap()[0];
        assert_eq!(image.instructions(), ["ARG", "FROM", "ENV", "RUN", "CMD"]);
    }
}
