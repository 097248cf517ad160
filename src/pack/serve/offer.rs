//! The file that is offered: opened once, and known again by its length and the time of its last change.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use crate::platform::files;

/// A file that is open to be read by many at once.
#[derive(Debug)]
pub struct Offer {
    file: File,
    identity: Identity,
    tag: String,
}

/// What a file is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    length: u64,
    /// Seconds since 1970, and nanoseconds of that second.
    modified: (i64, i64),
}

impl From<&Metadata> for Identity {
    fn from(data: &Metadata) -> Self {
        Self { length: data.len(), modified: files::modified(data) }
    }
}

impl Offer {
    /// Opens a file. One that is replaced under its name later stays the one that was opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        // A pipe would wait here for who writes into it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let file = File::open(path)?;
        let identity = Identity::from(&file.metadata()?);
        let Identity { length, modified: (seconds, nanoseconds) } = identity;
        let tag = format!("\"{length:x}-{seconds:x}-{nanoseconds:x}\"");
        Ok(Self { file, identity, tag })
    }

    /// Its bytes.
    pub fn length(&self) -> u64 {
        self.identity.length
    }

    /// Its entity tag: strong, and the same in another server of the same file.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// Whether it is as it was when it was opened.
    pub fn is_unchanged(&self) -> bool {
        self.file.metadata().is_ok_and(|data| Identity::from(&data) == self.identity)
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_file_that_is_written_to_is_noticed_and_one_that_is_replaced_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "anchor").unwrap();
        let offer = Offer::open(&path).unwrap();
        assert!(offer.is_unchanged());
        fs::write(folder.path().join("b"), "buoy").unwrap();
        fs::rename(folder.path().join("b"), &path).unwrap();
        assert!(offer.is_unchanged());
        assert_ne!(Offer::open(&path).unwrap().tag(), offer.tag());

        let same = Offer::open(&path).unwrap();
        let other_time = SystemTime::now() - Duration::from_secs(9);
        File::options().append(true).open(&path).unwrap().set_modified(other_time).unwrap();
        assert!(!same.is_unchanged());
        let longer = Offer::open(&path).unwrap();
        fs::write(&path, "buoys").unwrap();
        assert!(!longer.is_unchanged());
    }

    #[test]
    fn what_is_no_file_is_not_offered() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Offer::open(folder.path()).is_err());
        assert!(Offer::open(Path::new("/dev/zero")).is_err());
        assert!(Offer::open(&folder.path().join("none")).is_err());
    }
}
