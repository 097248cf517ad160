//! The file that a pack is: a tar file of a fixed order, written once from end to end and read the same
//! way.
//!
//! ```text
//! drydock-pack            the digest of the manifest
//! manifest.json
//! manifest.json.minisig   where it is signed
//! …                       each file that the manifest names, in its order
//! ```
//!
//! Invariant: every byte that matters is under a digest, and the length of the whole is known as soon as the
//! manifest was read; what is not as it was announced is an error, never a guess.

use std::fs;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tar::{Entries, EntryType, Header};

use super::Fault;
use super::manifest::{File, MAX_MANIFEST, Manifest, shown};
use super::signature::{Key, Signer, signer};
use super::work::{PIECE, Tell, Work};
use crate::platform::files;

/// The first entry.
const HEAD: &str = "drydock-pack";
const HEAD_LINE: &str = "drydock pack, manifest sha256 ";
/// The second; an installed pack has it under the same name.
pub(super) const MANIFEST: &str = "manifest.json";
/// The third, where there is one; likewise.
pub(super) const SIGNATURE: &str = "manifest.json.minisig";

/// Bytes of a signature: some hundred.
const MAX_SIGNATURE: u64 = 4 << 10;
/// A tar file's unit.
const BLOCK: u64 = 512;

/// A pack being written.
pub(super) struct Writer<W: Write> {
    tar: tar::Builder<W>,
}

impl<W: Write> Writer<W> {
    /// Begins with the manifest, as it is serialised, and its signature.
    pub(super) fn begin(to: W, manifest: &[u8], signature: Option<&str>) -> io::Result<Self> {
        let mut writer = Self { tar: tar::Builder::new(to) };
        let head = format!("{HEAD_LINE}{:x}\n", Sha256::digest(manifest));
        writer.add(HEAD, head.len() as u64, false, head.as_bytes())?;
        writer.add(MANIFEST, manifest.len() as u64, false, manifest)?;
        if let Some(signature) = signature {
            writer.add(SIGNATURE, signature.len() as u64, false, signature.as_bytes())?;
        }
        Ok(writer)
    }

    /// Adds the next file. Names, sizes and contents must be what the manifest says.
    pub(super) fn add(
        &mut self,
        path: &str,
        size: u64,
        executable: bool,
        from: impl Read,
    ) -> io::Result<()> {
        let mut header = Header::new_ustar();
        header.set_path(path)?;
        header.set_size(size);
        header.set_mode(if executable { 0o755 } else { 0o644 });
        header.set_entry_type(EntryType::Regular);
        header.set_cksum();
        self.tar.append(&header, from)
    }

    /// Ends it.
    pub(super) fn finish(self) -> io::Result<W> {
        self.tar.into_inner()
    }
}

/// A pack that is read. It is looked at only as far as its manifest.
#[derive(Debug)]
pub struct Pack {
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Bytes of it all.
    pub size: u64,
    /// The manifest as it is in it.
    pub(super) text: Vec<u8>,
    /// Its signature, not looked at yet.
    pub(super) signature: Option<String>,
    file: fs::File,
}

impl Pack {
    /// Opens a pack, and looks at its beginning and its length.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let no_pack = |why: &str| Fault::NoPack { file: path.to_owned(), why: why.to_owned() };
        let mut file = fs::File::open(path).map_err(Fault::unread(path))?;
        let found = file.metadata().map_err(Fault::unread(path))?;
        if !found.is_file() {
            return Err(no_pack("it is no file"));
        }
        let size = found.len();
        let mut archive = tar::Archive::new(BufReader::new(&file));
        let mut entries = Reader::begin(&mut archive, path)?;
        let head = match entries.next() {
            Ok(Some((name, _, bytes))) if name == HEAD => {
                let mut head = String::new();
                bytes
                    .take(256)
                    .read_to_string(&mut head)
                    .map_err(|_| no_pack("its beginning is no text"))?;
                head
            }
            _ => return Err(no_pack("it does not begin as one")),
        };
        let digest = head.strip_prefix(HEAD_LINE).and_then(|line| line.strip_suffix('\n'));
        let digest = digest.ok_or_else(|| no_pack("it does not begin as one"))?.to_owned();
        let damaged = |why: &str| Fault::Damaged { file: path.to_owned(), why: why.to_owned() };
        let mut end = entries.end;
        let text = match entries.next()? {
            Some((name, length, bytes)) if name == MANIFEST && length <= MAX_MANIFEST => {
                end = add_entry(end, length);
                whole(bytes, length).map_err(|error| cut(path, &error))?
            }
            _ => return Err(damaged("its manifest is not where it belongs")),
        };
        if format!("{:x}", Sha256::digest(&text)) != digest {
            return Err(damaged("its manifest was changed"));
        }
        let manifest = Manifest::read(&text, path)?;
        let signature = match entries.next()? {
            Some((name, length, bytes)) if name == SIGNATURE && length <= MAX_SIGNATURE => {
                end = add_entry(end, length);
                let bytes = whole(bytes, length).map_err(|error| cut(path, &error))?;
                Some(String::from_utf8(bytes).map_err(|_| damaged("its signature is no text"))?)
            }
            _ => None,
        };
        drop(archive);
        let wanted =
            manifest.files.iter().fold(end, |end, file| add_entry(end, file.size)) + 2 * BLOCK;
        if size != wanted {
            let why =
                if size < wanted { "it is cut short" } else { "something was added to its end" };
            return Err(damaged(&format!("{why}: it has {size} bytes, and should have {wanted}")));
        }
        file.rewind().map_err(Fault::unread(path))?;
        Ok(Self { path: path.to_owned(), manifest, size, text, signature, file })
    }

    /// Who signed it, of these keys.
    pub fn signer(&self, keys: &[Key]) -> Result<Signer, Fault> {
        signer(&self.text, self.signature.as_deref(), keys, &self.path)
    }

    /// Reads all of it and looks at every digest; the files that are wanted are put into a folder, which must
    /// be empty.
    pub(super) fn unpack(
        &self,
        into: &Path,
        wanted: impl Fn(&File) -> bool,
        tell: Tell<'_>,
    ) -> Result<(), Fault> {
        let mut file = self.file.try_clone().map_err(Fault::unread(&self.path))?;
        file.rewind().map_err(Fault::unread(&self.path))?;
        let mut archive = tar::Archive::new(BufReader::with_capacity(PIECE, file));
        let mut entries = Reader::begin(&mut archive, &self.path)?;
        for _ in 0..2 + usize::from(self.signature.is_some()) {
            entries.next()?;
        }
        let work = Work::new(self.manifest.size(), tell);
        let mut buffer = vec![0; PIECE];
        for file in &self.manifest.files {
            let damaged = |why: &str| Fault::Damaged {
                file: self.path.clone(),
                why: format!("{} {why}", shown(&file.path)),
            };
            let Some((name, size, mut bytes)) = entries.next()? else {
                return Err(damaged("is missing"));
            };
            if name != file.path || size != file.size {
                return Err(damaged("is not where it belongs"));
            }
            let path = wanted(file).then(|| into.join(&file.path));
            let mut to = path.as_deref().map(|path| create(path, file.executable)).transpose()?;
            let mut digest = Sha256::new();
            loop {
                let length = match bytes.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(length) => length,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(cut(&self.path, &error)),
                };
                let piece = &buffer[..length];
                digest.update(piece);
                if let (Some(to), Some(path)) = (&mut to, &path) {
                    to.write_all(piece).map_err(Fault::unwritten(path))?;
                }
                work.went(length as u64).map_err(Fault::unread(&self.path))?;
            }
            if format!("{:x}", digest.finalize()) != file.sha256 {
                return Err(damaged("was changed"));
            }
        }
        Ok(())
    }
}

/// Where an entry of so many bytes ends that begins here.
fn add_entry(begin: u64, size: u64) -> u64 {
    begin.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK))
}

/// A new file, with its folders.
fn create(path: &Path, executable: bool) -> Result<fs::File, Fault> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Fault::unwritten(folder))?;
    }
    let mode = if executable { 0o755 } else { 0o644 };
    let file = files::options(mode).write(true).create_new(true).open(path);
    file.map_err(Fault::unwritten(path))
}

fn cut(path: &Path, error: &io::Error) -> Fault {
    Fault::Damaged { file: path.to_owned(), why: format!("it ends too early: {error}") }
}

fn whole(bytes: impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    bytes.take(length).read_to_end(&mut all)?;
    if all.len() as u64 == length { Ok(all) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The entries of a pack's tar file: plain files only.
struct Reader<'a, R: Read> {
    entries: Entries<'a, R>,
    pack: &'a Path,
    /// Where the entries end that were read so far, the first one's included.
    end: u64,
}

impl<'a, R: Read> Reader<'a, R> {
    fn begin(archive: &'a mut tar::Archive<R>, pack: &'a Path) -> Result<Self, Fault> {
        let entries = archive.entries().map_err(Fault::unread(pack))?;
        // Without what extends names and sizes: no pack needs it, and it knows no limit.
        Ok(Self { entries: entries.raw(true), pack, end: 0 })
    }

    /// The next file's name, size and bytes.
    fn next(&mut self) -> Result<Option<(String, u64, tar::Entry<'a, R>)>, Fault> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        let entry = entry.map_err(|error| cut(self.pack, &error))?;
        let refused =
            |why: &str| Fault::Refused { file: self.pack.to_owned(), why: why.to_owned() };
        if entry.header().entry_type() != EntryType::Regular {
            return Err(refused("it holds something that is no plain file"));
        }
        let name = entry.path_bytes().into_owned();
        let name = String::from_utf8(name).map_err(|_| refused("a name in it is no text"))?;
        let size = entry.size();
        if self.end == 0 {
            self.end = add_entry(0, size);
        }
        Ok(Some((name, size, entry)))
    }
}
