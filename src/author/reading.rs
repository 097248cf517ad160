//! A folder of content as it is now, with texts that are not saved yet in place of their files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Outline;
use crate::course::{self, Catalogue, Diagnostic, Source, Texts};
use crate::platform::files;

/// A folder that somebody writes in.
pub struct Folder {
    root: PathBuf,
    /// What its content is laid over.
    below: Vec<Source>,
    source: Source,
    images: Vec<String>,
    /// As it was read last: an item that cannot be read any more keeps its place.
    outline: Outline,
}

/// What came of reading it.
#[derive(Debug)]
pub struct Reading {
    /// Everything there is to practise, the content below included.
    pub course: Arc<Catalogue>,
    /// What is wrong with this folder's files; each named by its path below the folder.
    pub problems: Vec<Diagnostic>,
    /// What is where.
    pub outline: Outline,
}

impl Folder {
    /// A folder whose content is laid over `below`; `images` are the sandbox images that every machine
    /// has, as [`course::lint`] wants them.
    pub fn open(path: &Path, below: Vec<Source>, images: Vec<String>) -> Result<Self, Diagnostic> {
        let source = Source::folder(path)?;
        let root = files::real(path).unwrap_or_else(|_| path.to_owned());
        Ok(Self { root, below, source, images, outline: Outline::default() })
    }

    /// With all links followed.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its files as they are, with `texts` in place of some.
    pub fn source(&self, texts: Texts) -> Source {
        self.source.with_texts(texts)
    }

    /// The folders in which its files lie.
    pub fn watched(&self) -> Vec<PathBuf> {
        self.source.tops().iter().map(|top| self.root.join(top)).collect()
    }

    /// Reads all of it. Takes as long as there is content: milliseconds for a hundred items.
    pub fn read(&mut self, texts: Texts) -> Reading {
        let source = self.source(texts);
        let mut sources = self.below.clone();
        sources.push(source.clone());
        let course = course::load(&sources);
        let found = course::lint(&course, &self.images);
        let ours = |mut it: Diagnostic| {
            let file = source.shown(&it.file)?;
            file.relative().clone_into(&mut it.file);
            Some(it)
        };
        let problems = found.into_iter().filter_map(ours).collect();
        let outline = Outline::of(&course, &source, &self.outline);
        self.outline = outline.clone();
        Reading { course: Arc::new(course), problems, outline }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_text_that_is_not_saved_counts_as_if_it_were() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("exercises")).unwrap();
        let manifest =
            "id: my-01\nmodule: mine\norder: 1\ntitle: One\nverify:\n  - name: a\n    cmd: ls /a\n";
        fs::write(folder.path().join("exercises/01.yaml"), manifest).unwrap();
        let mut folder = Folder::open(folder.path(), vec![], vec![]).unwrap();
        let reading = folder.read(Texts::new());
        assert_eq!(reading.course.item("my-01").unwrap().title, "One");
        let wrong = manifest.replace("title", "titel");
        let texts = [("exercises/01.yaml".to_owned(), Arc::from(wrong))].into();
        let reading = folder.read(texts);
        let first = &reading.problems[0];
        assert_eq!((first.file.as_str(), first.line), ("exercises/01.yaml", 4), "{first:?}");
        assert!(reading.course.item("my-01").is_none());
        let item = reading.outline.item_of("exercises/01.yaml").unwrap();
        assert_eq!((item.id.as_str(), item.readable), ("my-01", false), "it keeps its place");
    }
}
