//! Images in parts: their configurations and layers, each there once; made of what an engine exports, and
//! put together again for one to take in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::Fault;
use super::manifest::{self, Image, Manifest, config_path, layer_path, shown};
use super::work::{Digested, PIECE, Tell, Work};
use crate::engine::image::archive::{self, plain};

/// zstd's: a sixth smaller than its default for twice the time.
const LEVEL: i32 = 6;
/// How digests are written in images.
const SHA256: &str = "sha256:";

/// Takes an archive of images, as an engine exports it, apart into a folder. Gives the images, and the
/// files by their paths.
pub(super) fn take_apart(
    archive: &File,
    into: &Path,
    tell: Tell<'_>,
) -> Result<(Vec<Image>, BTreeMap<String, manifest::File>), Fault> {
    let unusable =
        |why: &str| Fault::NotPackable(format!("the engine's export is unusable: {why}"));
    let failed = |error: io::Error| unusable(&error.to_string());
    let folder = into.join(manifest::IMAGES);
    fs::create_dir_all(&folder).map_err(Fault::unwritten(&folder))?;
    let packed = archive::read(archive).map_err(failed)?;
    let layers = packed.iter().flat_map(|image| &image.layers);
    let once: BTreeMap<_, _> = layers.map(|layer| (&layer.digest, layer.place.length)).collect();
    let all = once.into_values().sum();
    let work = Work::new(all, tell);
    let (mut images, mut files) = (Vec::new(), BTreeMap::new());
    for image in packed {
        let mut text = Vec::new();
        image
            .config
            .raw(archive)
            .and_then(|mut from| from.read_to_end(&mut text))
            .map_err(failed)?;
        let config = format!("{:x}", Sha256::digest(&text));
        let path = config_path(&config);
        fs::write(into.join(&path), &text).map_err(Fault::unwritten(&into.join(&path)))?;
        let (size, sha256) = (text.len() as u64, config.clone());
        files.insert(
            path.clone(),
            manifest::File { path, size, sha256, executable: false, unpacked: None },
        );
        let mut layers = Vec::new();
        for layer in &image.layers {
            let digest = layer
                .digest
                .strip_prefix(SHA256)
                .ok_or_else(|| unusable("a layer has no SHA-256"))?;
            let path = layer_path(digest);
            if let Entry::Vacant(place) = files.entry(path) {
                let from = plain(layer.place.raw(archive).map_err(failed)?).map_err(failed)?;
                let file = press(from, digest, into, place.key(), &work)?;
                place.insert(file);
            }
            layers.push(digest.to_owned());
        }
        let architecture =
            image.architecture.ok_or_else(|| unusable("an image has no architecture"))?;
        let of = |reference: String| {
            let (architecture, config, layers) =
                (architecture.clone(), config.clone(), layers.clone());
            Image { reference, architecture, config, layers }
        };
        images.extend(image.tags.into_iter().map(of));
    }
    Ok((images, files))
}

/// Compresses a layer into its file.
fn press(
    from: impl Read,
    digest: &str,
    into: &Path,
    path: &str,
    work: &Work<'_>,
) -> Result<manifest::File, Fault> {
    let place = into.join(path);
    let unwritten = || Fault::unwritten(&place);
    let to = Digested::new(File::create(&place).map_err(unwritten())?, None);
    let mut to = zstd::Encoder::new(to, LEVEL).map_err(unwritten())?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    to.multithread(u32::try_from(cores).unwrap_or(1)).map_err(unwritten())?;
    to.include_checksum(false).map_err(unwritten())?;
    let mut from = Digested::new(from, Some(work));
    io::copy(&mut from, &mut to).map_err(unwritten())?;
    let (unpacked, found) = from.end();
    if found != digest {
        let why = "the engine's export is unusable: a layer is not what its image says";
        return Err(Fault::NotPackable(why.to_owned()));
    }
    let (size, sha256) = to.finish().map_err(unwritten())?.end();
    Ok(manifest::File {
        path: path.to_owned(),
        size,
        sha256,
        executable: false,
        unpacked: Some(unpacked),
    })
}

/// Puts images together again as one archive that an engine takes in, from a folder that a pack was unpacked
/// in. What they are is compared with what the manifest says.
pub(super) fn put_together(
    manifest: &Manifest,
    wanted: &[&Image],
    unpacked: &Path,
    beside: &Path,
    tell: Tell<'_>,
) -> Result<NamedTempFile, Fault> {
    let file = tempfile::Builder::new().prefix(".tmp-images-").suffix(".tar").tempfile_in(beside);
    let mut file = file.map_err(Fault::unwritten(beside))?;
    let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
    for layer in wanted.iter().flat_map(|image| &image.layers) {
        let size =
            manifest.file(&layer_path(layer)).and_then(|file| file.unpacked).unwrap_or_default();
        parts.insert(layer, size);
    }
    let all = parts.values().sum();
    let mut tar = tar::Builder::new(io::BufWriter::with_capacity(PIECE, file.as_file_mut()));
    let unwritten = || Fault::unwritten(beside);
    let work = Work::new(all, tell);
    for (layer, size) in parts {
        let place = unpacked.join(layer_path(layer));
        let damaged = |why: &str| Fault::Refused {
            file: Path::new(&layer_path(layer)).to_owned(),
            why: format!("this layer {why}"),
        };
        let from = File::open(&place).map_err(Fault::unread(&place))?;
        let from = zstd::Decoder::new(from)
            .map_err(|error| damaged(&format!("cannot be unpacked: {error}")))?;
        // No more than it is said to come to, however it was made.
        let mut from = Digested::new(from.take(size), Some(&work));
        tar.append(&header(&format!("{layer}.tar"), size)?, &mut from).map_err(unwritten())?;
        let (length, digest) = from.end();
        if (length, digest.as_str()) != (size, layer) {
            return Err(damaged("is not what its digest says"));
        }
    }
    let mut configs: Vec<_> = wanted.iter().map(|image| &image.config).collect();
    configs.sort_unstable();
    configs.dedup();
    for config in configs {
        let text = fs::read(unpacked.join(config_path(config))).map_err(Fault::unread(unpacked))?;
        let header = header(&format!("{config}.json"), text.len() as u64)?;
        tar.append(&header, &*text).map_err(unwritten())?;
    }
    let listed: Vec<_> = wanted
        .iter()
        .map(|image| {
            serde_json::json!({
                "Config": format!("{}.json", image.config),
                "RepoTags": [image.reference],
                "Layers": image.layers.iter().map(|layer| format!("{layer}.tar")).collect::<Vec<_>>(),
            })
        })
        .collect();
    let listed = serde_json::Value::from(listed).to_string();
    tar.append(&header("manifest.json", listed.len() as u64)?, listed.as_bytes())
        .map_err(unwritten())?;
    tar.into_inner().and_then(|mut to| to.flush()).map_err(unwritten())?;
    file.as_file_mut().rewind().map_err(unwritten())?;
    compare(wanted, file.as_file())?;
    Ok(file)
}

/// What the images say of themselves must be what the manifest says of them.
fn compare(wanted: &[&Image], archive: &File) -> Result<(), Fault> {
    let refused = |image: &Image, why: String| Fault::Refused {
        file: Path::new(&config_path(&image.config)).to_owned(),
        why: format!("the image {}: {why}", shown(&image.reference)),
    };
    let Some(first) = wanted.first() else { return Ok(()) };
    let packed = archive::read(archive).map_err(|error| refused(first, error.to_string()))?;
    for (image, found) in wanted.iter().zip(packed) {
        if found.architecture.as_deref() != Some(&image.architecture) {
            return Err(refused(image, "it is of another architecture than it says".to_owned()));
        }
        let layers = found.layers.iter().map(|layer| layer.digest.strip_prefix(SHA256));
        if !layers.eq(image.layers.iter().map(|layer| Some(layer.as_str()))) {
            return Err(refused(image, "it has other layers than it says".to_owned()));
        }
    }
    Ok(())
}

fn header(name: &str, size: u64) -> Result<tar::Header, Fault> {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).map_err(Fault::unwritten(Path::new(name)))?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    Ok(header)
}
