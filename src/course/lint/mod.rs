//! What can be read and used and is still not good content: a hint that gives the answer away, an
//! exercise that nobody can prove, a link that leads nowhere.
//!
//! Reading ([`super::load`]) refuses what cannot be used; these rules look at what it let pass. An
//! error here keeps nobody from practising: it keeps the item from being published. Places are found
//! by reading a manifest's text again, and only for those of which there is something to tell.

mod exercise;
mod lesson;
mod spoiler;
mod vars;

pub(crate) use spoiler::gives_away;

use super::yaml::{At, Mark, Node, parse_for_places};
use super::{Body, Catalogue, Diagnostic, Item, Resource, Severity, parallel};

/// Everything wrong with the content, what reading found included, in the order of files and lines.
/// `images` are the references of sandbox images that every machine has, without tags.
pub fn lint(catalogue: &Catalogue, images: &[String]) -> Vec<Diagnostic> {
    // A reference that leads nowhere is passed over for those who practise. Its author mends it.
    let error = |it: &Diagnostic| Diagnostic { severity: Severity::Error, ..it.clone() };
    let mut found: Vec<_> = catalogue.problems.iter().map(error).collect();
    let items: Vec<_> = catalogue.items().collect();
    found.extend(parallel::map(&items, |item| look(item, images)).into_iter().flatten());
    found.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    // A lesson of two items is read twice.
    found.dedup();
    found
}

fn look(item: &Item, images: &[String]) -> Vec<Diagnostic> {
    let mut findings = Findings::of(&item.manifest);
    match &item.body {
        Body::Exercise(it) => exercise::look(item, it, images, &mut findings),
        Body::Scenario(scenario) => {
            for (i, hint) in scenario.hints.iter().enumerate() {
                let scripts = scenario.solutions.iter().map(|solution| solution.run.as_str());
                spoiler::look(i, &hint.text, scripts, &mut findings);
            }
        }
        Body::Unread(_) => {}
    }
    if let Some(file) = &item.lesson {
        lesson::look(file, &mut findings.found);
    }
    findings.found
}

/// What was found in one manifest.
struct Findings<'a> {
    file: &'a Resource,
    tree: Option<Node>,
    found: Vec<Diagnostic>,
}

impl<'a> Findings<'a> {
    fn of(file: &'a Resource) -> Self {
        Self { file, tree: None, found: Vec::new() }
    }

    fn tell(
        &mut self,
        severity: Severity,
        place: impl FnOnce(At<'_>) -> At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let text = || self.file.utf8().map(|text| parse_for_places(&text)).unwrap_or_default();
        let tree = self.tree.get_or_insert_with(|| text().unwrap_or_else(Node::empty));
        let Mark { line, column } = place(At::root(tree)).mark();
        self.found.push(Diagnostic {
            severity,
            file: self.file.path(),
            line,
            column,
            message: message.into(),
            help: Some(help.into()),
        });
    }

    fn error(
        &mut self,
        place: impl FnOnce(At<'_>) -> At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.tell(Severity::Error, place, message, help);
    }

    fn warn(
        &mut self,
        place: impl FnOnce(At<'_>) -> At<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.tell(Severity::Warning, place, message, help);
    }
}

#[cfg(test)]
mod tests;
