//! Signatures of packs, in the format of minisign: the manifest is signed, and it has the digests of all else.

use std::fmt::{self, Write};
use std::fs;
use std::io::Cursor;
use std::path::Path;

use minisign::{PublicKey, PublicKeyBox, SecretKeyBox, SignatureBox};

use super::Fault;

/// Where a key ends.
const PUBLIC: &str = "pub";
/// Bytes of a key: some hundred.
const MAX_KEY: u64 = 4 << 10;

/// Who signed a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Nobody.
    Nobody,
    /// Somebody whose key is not known here.
    Unknown {
        /// The key's number, in hexadecimal digits.
        key: String,
    },
    /// Somebody whose key is known.
    Known {
        /// What the key is called here.
        name: String,
        /// Its number.
        key: String,
    },
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("not signed"),
            Self::Unknown { key } => write!(f, "signed with a key that is not known here, {key}"),
            Self::Known { name, key } => write!(f, "signed by {name} ({key})"),
        }
    }
}

/// A public key.
#[derive(Debug, Clone)]
pub struct Key {
    /// What it is called: its file's name without the ending.
    pub name: String,
    key: PublicKey,
}

impl Key {
    /// Reads a key as minisign writes it, or its one line of letters.
    pub fn read(path: &Path) -> Result<Self, Fault> {
        let no_key = |why: String| Fault::Signature {
            file: path.to_owned(),
            why: format!("is no public key of minisign: {why}"),
        };
        let text = text(path)?;
        let key = match text.trim().lines().count() {
            1 => PublicKey::from_base64(text.trim()),
            _ => PublicKeyBox::from_string(&text).and_then(PublicKeyBox::into_public_key),
        };
        let key = key.map_err(|error| no_key(error.to_string()))?;
        let name =
            path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, key })
    }

    /// The keys in a folder, by name; what is none is passed over.
    pub fn all(folder: &Path) -> Vec<Self> {
        let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let keys = files.filter(|path| path.extension().is_some_and(|end| end == PUBLIC));
        let mut keys: Vec<_> = keys.filter_map(|path| Self::read(&path).ok()).collect();
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        keys
    }

    /// Its number, as minisign shows it.
    pub fn number(&self) -> String {
        number(self.key.keynum())
    }
}

/// The key's number as minisign prints it: the bytes from the last to the first.
fn number(bytes: &[u8]) -> String {
    bytes.iter().rev().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// Signs a manifest with a secret key of minisign. Where the key has a password and none is given, the
/// terminal is asked for it if it may be.
pub fn sign(
    manifest: &[u8],
    pack: &str,
    key: &Path,
    password: Option<String>,
    may_ask: bool,
) -> Result<String, Fault> {
    let unusable = |why: String| Fault::Signature {
        file: key.to_owned(),
        why: format!("cannot be used as a secret key of minisign: {why}"),
    };
    let boxed =
        SecretKeyBox::from_string(&text(key)?).map_err(|error| unusable(error.to_string()))?;
    let secret = if let Ok(secret) = boxed.clone().into_unencrypted_secret_key() {
        secret
    } else {
        if password.is_none() && !may_ask {
            return Err(unusable("its password was not given".to_owned()));
        }
        boxed.into_secret_key(password).map_err(|error| unusable(error.to_string()))?
    };
    let comment = format!("pack {pack}");
    let signed = minisign::sign(None, &secret, Cursor::new(manifest), Some(&comment), None);
    Ok(signed.map_err(|error| unusable(error.to_string()))?.into_string())
}

/// Who signed a manifest, of these keys. A signature that is wrong is an error, whoever made it.
pub fn signer(
    manifest: &[u8],
    signature: Option<&str>,
    keys: &[Key],
    pack: &Path,
) -> Result<Signer, Fault> {
    let Some(signature) = signature else { return Ok(Signer::Nobody) };
    let wrong = |why: String| Fault::Signature { file: pack.to_owned(), why };
    let signature = SignatureBox::from_string(signature)
        .map_err(|error| wrong(format!("has a signature that is none: {error}")))?;
    let key = number(signature.keynum());
    let Some(known) = keys.iter().find(|known| known.number() == key) else {
        return Ok(Signer::Unknown { key });
    };
    let right = minisign::verify(&known.key, &signature, Cursor::new(manifest), true, false, false);
    match right {
        Ok(()) => Ok(Signer::Known { name: known.name.clone(), key }),
        Err(_) => Err(wrong(format!("has a signature that {} did not make", known.name))),
    }
}

fn text(path: &Path) -> Result<String, Fault> {
    use std::io::Read;
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(MAX_KEY).read_to_string(&mut text));
    read.map_err(Fault::unread(path))?;
    Ok(text)
}
