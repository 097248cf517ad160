//! The index of a course: what lists show of it, kept from one start to the next, so that the first
//! frame needs none of the content's files.
//!
//! An index may be older than the content. Who draws from it reads the course itself beside that and
//! goes on with what comes of it; until then the bodies of its items are [`Body::Unread`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Body, Catalogue, Difficulty, Item, Module, Resource, Source, Summary};

/// Raised when anything below changes.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Index<'a> {
    format: u32,
    /// Names of the sources it is of, in their order.
    #[serde(borrow)]
    sources: Vec<&'a str>,
    modules: Vec<Shelf<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Shelf<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    order: u32,
    #[serde(borrow)]
    prerequisites: Vec<&'a str>,
    items: Vec<Entry<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    id: &'a str,
    order: u32,
    title: &'a str,
    description: &'a str,
    difficulty: Difficulty,
    estimated_time: Duration,
    #[serde(borrow)]
    objectives: Vec<&'a str>,
    takeaways: Vec<&'a str>,
    prerequisites: Vec<&'a str>,
    lesson: Option<Place<'a>>,
    manifest: Place<'a>,
    summary: Summary,
}

/// A file: which of the sources it is in, and its path there.
#[derive(Serialize, Deserialize)]
struct Place<'a>(usize, &'a str);

/// The index of a course that was read from these sources.
pub fn write(course: &Catalogue, sources: &[Source]) -> Option<Vec<u8>> {
    let names: Vec<_> = sources.iter().map(Source::name).collect();
    let sources_of_index = names.iter().map(|name| &**name).collect();
    let modules = course.modules.iter().map(|module| shelf(module, sources));
    let modules = modules.collect::<Option<_>>()?;
    postcard::to_stdvec(&Index { format: FORMAT, sources: sources_of_index, modules }).ok()
}

/// A course as its index knows it. Nothing where it is damaged, of another format, or of other sources.
pub fn read(index: &[u8], sources: &[Source]) -> Option<Catalogue> {
    let index: Index<'_> = postcard::from_bytes(index).ok()?;
    let same = index.format == FORMAT
        && index.sources.iter().copied().eq(sources.iter().map(Source::name));
    let modules = index.modules.into_iter().map(|shelf| module(shelf, sources));
    let modules = same.then(|| modules.collect::<Option<_>>())??;
    Some(Catalogue { modules, ..Catalogue::default() })
}

fn shelf<'a>(module: &'a Module, sources: &[Source]) -> Option<Shelf<'a>> {
    let Module { id, title, description, order, prerequisites, items } = module;
    let items = items.iter().map(|item| entry(item, sources)).collect::<Option<_>>()?;
    Some(Shelf {
        id,
        title,
        description,
        order: *order,
        prerequisites: borrowed(prerequisites),
        items,
    })
}

fn entry<'a>(item: &'a Item, sources: &[Source]) -> Option<Entry<'a>> {
    let place = |file: &'a Resource| {
        let source = sources.iter().position(|source| source.holds(file))?;
        Some(Place(source, file.relative()))
    };
    let lesson = match &item.lesson {
        Some(lesson) => Some(place(lesson)?),
        None => None,
    };
    Some(Entry {
        id: &item.id,
        order: item.order,
        title: &item.title,
        description: &item.description,
        difficulty: item.difficulty,
        estimated_time: item.estimated_time,
        objectives: borrowed(&item.objectives),
        takeaways: borrowed(&item.takeaways),
        prerequisites: borrowed(&item.prerequisites),
        lesson,
        manifest: place(&item.manifest)?,
        summary: item.summary(),
    })
}

fn module(shelf: Shelf<'_>, sources: &[Source]) -> Option<Module> {
    let items = shelf.items.into_iter().map(|entry| item(entry, shelf.id, sources));
    Some(Module {
        items: items.collect::<Option<_>>()?,
        id: shelf.id.to_owned(),
        title: shelf.title.to_owned(),
        description: shelf.description.to_owned(),
        order: shelf.order,
        prerequisites: owned(&shelf.prerequisites),
    })
}

fn item(entry: Entry<'_>, module: &str, sources: &[Source]) -> Option<Item> {
    let file = |Place(source, path)| Some(sources.get(source)?.resource(String::from(path)));
    let lesson = match entry.lesson {
        Some(lesson) => Some(file(lesson)?),
        None => None,
    };
    Some(Item {
        id: entry.id.to_owned(),
        module: module.to_owned(),
        order: entry.order,
        title: entry.title.to_owned(),
        description: entry.description.to_owned(),
        difficulty: entry.difficulty,
        estimated_time: entry.estimated_time,
        objectives: owned(&entry.objectives),
        takeaways: owned(&entry.takeaways),
        prerequisites: owned(&entry.prerequisites),
        lesson,
        manifest: file(entry.manifest)?,
        body: Body::Unread(entry.summary),
    })
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::load;
    use super::*;

    /// Everything that lists show.
    fn shown(course: &Catalogue) -> Vec<String> {
        let module = |module: &Module| {
            let Module { id, title, description, order, prerequisites, items } = module;
            let items = items.iter().map(|item| {
                let item = Item { body: Body::Unread(item.summary()), ..item.clone() };
                format!("{item:?}")
            });
            let head = format!("{id} {title} {description} {order} {prerequisites:?}");
            std::iter::once(head).chain(items).collect::<Vec<_>>()
        };
        course.modules.iter().flat_map(module).collect()
    }

    #[test]
    fn an_index_gives_what_lists_show() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = "id: my-01\nmodule: my\norder: 1\ntitle: \"Mine\"\nverify:\n  - name: a\n    cmd: \"true\"\n";
        fs::write(folder.path().join("one.yaml"), manifest).unwrap();
        let sources = [Source::built_in(), Source::folder(folder.path()).unwrap()];
        let course = load(&sources);
        let index = write(&course, &sources).unwrap();
        let known = read(&index, &sources).unwrap();
        assert_eq!(shown(&known), shown(&course));
        assert!(known.item("my-01").is_some() && known.item("incidents-01").is_some());
        assert!(known.items().all(|item| !item.is_read()));
        assert!(course.items().all(Item::is_read));
        let lesson = |course: &Catalogue| course.item("linux-02")?.lesson.clone()?.read().ok();
        assert_eq!(lesson(&known), lesson(&course));
    }

    #[test]
    fn an_index_of_something_else_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let built_in = [Source::built_in()];
        let other = [Source::built_in(), Source::folder(folder.path()).unwrap()];
        let index = write(&load(&built_in), &built_in).unwrap();
        assert!(read(&index, &built_in).is_some());
        assert!(read(&index, &other).is_none());
        assert!(read(&[], &built_in).is_none());
        for end in (0..index.len()).step_by(11) {
            assert!(read(&index[..end], &built_in).is_none(), "cut at {end}");
        }
        let mut newer = index.clone();
        newer[0] += 1;
        assert!(read(&newer, &built_in).is_none());
    }
}
