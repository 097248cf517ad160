//! Which item a command is about.

use super::{Invocation, Out};
use crate::context::Context;
use crate::course::{Catalogue, Diagnostic, Item, Severity};
use crate::problem::{Exit, Problem};
use crate::store::Store;

/// The item of this id; else one sentence with the nearest id, or what is wrong with its file.
pub(super) fn find<'a>(out: &Out, course: &'a Catalogue, id: &str) -> Result<&'a Item, Problem> {
    let faults: Vec<_> = faults_of(course, id).collect();
    if let Some(problem) = report(out, &faults) {
        return Err(problem);
    }
    course.item(id).ok_or_else(|| {
        let remedy = match course.nearest(id) {
            Some(near) => format!("did you mean {near}? drydock modules lists them all"),
            None => "drydock modules lists what there is".to_owned(),
        };
        Problem::new("unknown_item", Exit::Usage, format!("There is no item \"{id}\""))
            .remedy(remedy)
    })
}

/// The item of this id or, without one, the last that was worked at.
pub(super) fn given_or_last<'a>(
    invocation: &Invocation,
    context: &'a Context,
    store: &Store,
    id: Option<&str>,
) -> Result<&'a Item, Problem> {
    let course = context.course();
    if let Some(id) = id {
        return find(&invocation.out, course, id);
    }
    let Some(last) = store.last_item()? else {
        let first = course.items().next().map_or("ID", |item| item.id.as_str());
        let problem = Problem::new("no_item", Exit::Usage, "Nothing has been started yet");
        return Err(problem.remedy(format!("drydock launch {first}")));
    };
    find(&invocation.out, course, &last)
}

/// What keeps the item of this id from being read.
///
/// A file with an error is left out of the catalogue, so whose it was meant to be is in its text
/// alone.
fn faults_of<'a>(course: &'a Catalogue, id: &str) -> impl Iterator<Item = &'a Diagnostic> {
    let errors = course.problems.iter().filter(|problem| problem.severity == Severity::Error);
    errors.filter(move |problem| meant_to_be(&problem.file, id))
}

fn meant_to_be(file: &str, id: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let written = text.lines().find_map(|line| line.strip_prefix("id:"));
    written.is_some_and(|value| {
        let value = value.split(" #").next().unwrap_or_default();
        value.trim().trim_matches(['"', '\'']) == id
    })
}

/// Prints all faults but one, which is given back: as text the last, as JSON the first.
fn report(out: &Out, faults: &[&Diagnostic]) -> Option<Problem> {
    let (first, last) = (faults.first()?, faults.last()?);
    if out.json {
        return Some(Problem::from((*first).clone()));
    }
    for fault in &faults[..faults.len() - 1] {
        out.problem(&Problem::from((*fault).clone()));
    }
    Some(Problem::from((*last).clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_faulty_file_is_known_by_the_id_it_has_written() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("a.yaml");
        let file = path.to_str().unwrap();
        for (text, is) in [
            ("title: x\nid: linux-03\n", true),
            ("id: \"linux-03\"   # third\nverfy: []\n", true),
            ("id: linux-031\n", false),
            ("  id: linux-03\n", false),
            ("title: linux-03\n", false),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(meant_to_be(file, "linux-03"), is, "{text}");
        }
        assert!(!meant_to_be("no such file", "linux-03"));
    }
}
