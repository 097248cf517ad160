//! An image archive, as `docker save`, `podman save` and `drydock images export` write it: a tar file,
//! perhaps compressed, of layers that are tar files themselves, with `manifest.json` to tell their order.
//!
//! Nothing is unpacked here. The archive is read once from end to end, and a layer is known by where
//! in the file it lies.
//!
//! Invariant: what an archive says of itself is not trusted: names are only compared with names in
//! it, and what is kept of it in memory is bounded.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tar::EntryType;

/// `manifest.json` or an image's configuration.
const MAX_JSON: u64 = 4 << 20;
/// Files in an archive: some for each layer.
const MAX_ENTRIES: usize = 100_000;
/// Links that lead to each other.
const MAX_LINKS: usize = 8;

/// How a compressed file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// An image in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packed {
    /// The digest of its configuration, which names its layers by theirs: what Docker calls its id.
    pub(crate) id: String,
    /// Its configuration, where it lies.
    pub(crate) config: Slice,
    /// Its references, such as `drydock/base:0123456789ab`.
    pub(crate) tags: Vec<String>,
    /// Its architecture in Docker's words, such as `amd64`, where it tells.
    pub(crate) architecture: Option<String>,
    /// The account that its programs have by default; empty is root.
    pub(crate) user: String,
    /// Its variables.
    pub(crate) env: Vec<(String, String)>,
    /// Its layers, the lowest first.
    pub(crate) layers: Vec<Layer>,
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    pub(crate) place: Slice,
    /// `sha256:` and the digest that it must have when it is decompressed.
    pub(crate) digest: String,
}

/// Where in an archive something lies, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Slice {
    /// Its bytes as they are. Nothing else may read the archive meanwhile: it has one position.
    pub(crate) fn raw(self, archive: &File) -> io::Result<io::Take<File>> {
        let mut archive = archive.try_clone()?;
        archive.seek(SeekFrom::Start(self.offset))?;
        Ok(archive.take(self.length))
    }
}

/// The same bytes, decompressed if they are compressed.
pub(crate) fn plain(mut bytes: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut begin = Vec::new();
    bytes.by_ref().take(ZSTD.len() as u64).read_to_end(&mut begin)?;
    let is_gzip = begin.starts_with(&GZIP);
    if begin == ZSTD {
        return Err(wrong(
            "it is compressed by zstd, which is not read yet: unpack it with zstd -d",
        ));
    }
    let all = io::Cursor::new(begin).chain(bytes);
    Ok(if is_gzip { Box::new(GzDecoder::new(all)) } else { Box::new(all) })
}

/// Whether a file is compressed as a whole. It is left at its beginning.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the native engine asks"))]
pub(crate) fn is_compressed(archive: &mut File) -> io::Result<bool> {
    let mut begin = Vec::new();
    archive.by_ref().take(ZSTD.len() as u64).read_to_end(&mut begin)?;
    archive.rewind()?;
    Ok(begin.starts_with(&GZIP) || begin == ZSTD)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default, rename = "config")]
    defaults: Option<Defaults>,
    rootfs: Root,
}

#[derive(Deserialize)]
struct Root {
    diff_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Defaults {
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    env: Option<Vec<String>>,
}

/// What lies at a name in the archive.
enum Place {
    File(Slice),
    Link(String),
}

/// The images of an archive, which is not compressed as a whole.
///
/// # Errors
///
/// `InvalidData` with the reason when it is no such archive.
pub(crate) fn read(archive: &File) -> io::Result<Vec<Packed>> {
    let places = places(archive)?;
    let json = |name: &str| -> io::Result<(Slice, Vec<u8>)> {
        let slice = find(&places, name)
            .ok_or_else(|| wrong(&format!("it is no image archive: there is no {name} in it")))?;
        if slice.length > MAX_JSON {
            return Err(wrong(&format!("its {name} is longer than 4 MiB")));
        }
        let mut text = Vec::new();
        slice.raw(archive)?.read_to_end(&mut text)?;
        Ok((slice, text))
    };
    let unreadable =
        |name: &str, error: &serde_json::Error| wrong(&format!("its {name} is unusable: {error}"));
    let listed: Vec<Listed> = serde_json::from_slice(&json("manifest.json")?.1)
        .map_err(|error| unreadable("manifest.json", &error))?;
    let packed = listed.into_iter().map(|Listed { config: name, repo_tags, layers }| {
        let (place, text) = json(&name)?;
        let config: Config =
            serde_json::from_slice(&text).map_err(|error| unreadable(&name, &error))?;
        let Defaults { user, env } = config.defaults.unwrap_or_default();
        let digests = config.rootfs.diff_ids;
        if digests.len() != layers.len() {
            return Err(wrong(&format!("its {name} and its manifest.json tell of other layers")));
        }
        let layers = layers.iter().zip(digests).map(|(layer, digest)| {
            let place = find(&places, layer);
            let place = place.ok_or_else(|| wrong(&format!("the layer {layer} is missing")))?;
            Ok(Layer { place, digest })
        });
        let env = env.unwrap_or_default().into_iter().filter_map(|variable| {
            let (name, value) = variable.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Ok(Packed {
            id: digest(&text),
            config: place,
            tags: repo_tags.unwrap_or_default(),
            architecture: config.architecture,
            user: user.unwrap_or_default(),
            env: env.collect(),
            layers: layers.collect::<io::Result<_>>()?,
        })
    });
    packed.collect()
}

/// `sha256:` and the digest of some bytes.
fn digest(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// A digest as images name it.
pub(crate) fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn places(archive: &File) -> io::Result<HashMap<String, Place>> {
    let mut archive = archive.try_clone()?;
    archive.rewind()?;
    let mut tar = tar::Archive::new(archive);
    let mut places = HashMap::new();
    let no_tar = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => error,
        _ => wrong(&format!("it is no tar file, or cut short: {error}")),
    };
    for entry in tar.entries_with_seek().map_err(no_tar)? {
        let entry = entry.map_err(no_tar)?;
        if places.len() >= MAX_ENTRIES {
            return Err(wrong("it holds more than 100,000 files"));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let place = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                Place::File(Slice { offset: entry.raw_file_position(), length: entry.size() })
            }
            // A layer that several images have is a link to where it came first.
            kind @ (EntryType::Symlink | EntryType::Link) => {
                let Some(target) = entry.link_name_bytes() else { continue };
                let target = String::from_utf8_lossy(&target).into_owned();
                let beside = if kind == EntryType::Symlink { name.as_str() } else { "" };
                Place::Link(resolved(beside, &target))
            }
            _ => continue,
        };
        places.insert(resolved("", &name), place);
    }
    Ok(places)
}

/// Where a link leads that lies beside `name`.
fn resolved(name: &str, target: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn find(places: &HashMap<String, Place>, name: &str) -> Option<Slice> {
    let mut name = resolved("", name);
    for _ in 0..MAX_LINKS {
        match places.get(&name)? {
            Place::File(slice) => return Some(*slice),
            Place::Link(target) => name.clone_from(target),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    enum Put<'a> {
        File(&'a str, &'a [u8]),
        Link(&'a str, &'a str),
    }
    use Put::{File as F, Link as L};

    fn archive(entries: &[Put<'_>]) -> File {
        let mut tar = tar::Builder::new(tempfile::tempfile().unwrap());
        for entry in entries {
            let mut header = tar::Header::new_gnu();
            header.set_mode(0o644);
            match entry {
                F(name, bytes) => {
                    header.set_size(bytes.len() as u64);
                    tar.append_data(&mut header, name, *bytes).unwrap();
                }
                L(name, target) => {
                    header.set_size(0);
                    header.set_entry_type(EntryType::Symlink);
                    tar.append_link(&mut header, name, target).unwrap();
                }
            }
        }
        tar.into_inner().unwrap()
    }

    const CONFIG: &[u8] = br#"{"architecture": "amd64",
        "config": {"User": "learner", "Env": ["A=1", "B=x=y", "broken"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]}}"#;
    const MANIFEST: &[u8] = br#"[{"Config": "c.json", "RepoTags": ["a/b:1"],
        "Layers": ["one/layer.tar", "two/layer.tar"]}]"#;

    #[test]
    fn layers_are_found_wherever_they_lie() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"zipped").unwrap();
        let zipped = packed.finish().unwrap();
        let archive = archive(&[
            F("./one/layer.tar", b"plain"),
            L("two/layer.tar", "../blobs/x"),
            F("blobs/x", &zipped),
            F("c.json", CONFIG),
            F("manifest.json", MANIFEST),
        ]);
        let [image] = read(&archive).unwrap().try_into().unwrap();
        assert_eq!(image.tags, ["a/b:1"]);
        assert_eq!(
            (image.user.as_str(), image.architecture.as_deref()),
            ("learner", Some("amd64"))
        );
        let env = [("A", "1"), ("B", "x=y")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(image.env, env);
        let text = |slice: Slice| {
            io::read_to_string(plain(slice.raw(&archive).unwrap()).unwrap()).unwrap()
        };
        let layers = image.layers.into_iter().map(|layer| (layer.digest, text(layer.place)));
        let wanted = [("sha256:1", "plain"), ("sha256:2", "zipped")];
        assert_eq!(
            layers.collect::<Vec<_>>(),
            wanted.map(|(digest, text)| (digest.to_owned(), text.to_owned()))
        );
        assert_eq!(image.id, digest(CONFIG));
    }

    #[test]
    fn what_is_no_archive_is_refused_with_the_reason() {
        let told = |entries: &[Put<'_>]| read(&archive(entries)).unwrap_err().to_string();
        assert!(told(&[]).contains("no manifest.json"));
        assert!(told(&[F("manifest.json", b"{")]).contains("its manifest.json is unusable"));
        let alone = told(&[F("manifest.json", MANIFEST), F("c.json", CONFIG)]);
        assert!(alone.contains("the layer one/layer.tar is missing"), "{alone}");
        let circle = told(&[L("manifest.json", "x"), L("x", "manifest.json")]);
        assert!(circle.contains("no manifest.json"), "{circle}");
        let mut text = tempfile::tempfile().unwrap();
        text.write_all(&[b'x'; 2000]).unwrap();
        let error = read(&text).unwrap_err();
        assert!(error.to_string().starts_with("it is no tar file"), "{error}");
    }

    #[test]
    fn a_link_never_leads_out() {
        assert_eq!(resolved("a/b", "../../../etc/passwd"), "etc/passwd");
        assert_eq!(resolved("a/layer.tar", "../b/layer.tar"), "b/layer.tar");
        assert_eq!(resolved("", "/x//./y"), "x/y");
    }
}
