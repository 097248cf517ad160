//! Lessons: what they point to must be there.

use std::collections::HashSet;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::course::rules::did_you_mean;
use crate::course::source::{join, parent};
use crate::course::yaml::{Mark, quote};
use crate::course::{Diagnostic, Resource, Severity};

pub(super) fn look(file: &Resource, found: &mut Vec<Diagnostic>) {
    let text = match file.text() {
        Ok(text) => text,
        Err(problem) => return found.push(problem),
    };
    let mut tell = |severity, at: usize, message: String, help: Option<String>| {
        let Mark { line, column } = Mark::of(&text, at);
        found.push(Diagnostic { severity, file: file.path(), line, column, message, help });
    };
    if text.trim().is_empty() {
        let help = Some("write why before how".to_owned());
        return tell(Severity::Error, 0, "this lesson is empty".to_owned(), help);
    }
    let anchors = anchors(&text);
    for (event, range) in Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter() {
        let (what, to) = match &event {
            Event::Start(Tag::Link { dest_url, .. }) => ("link", dest_url),
            Event::Start(Tag::Image { dest_url, .. }) => ("image", dest_url),
            _ => continue,
        };
        let to = to.as_ref();
        // Nobody can follow these offline, but the lesson stands without them.
        if to.contains("://") || to.starts_with("mailto:") {
            if what == "image" {
                let help = Some("put it beside the lesson".to_owned());
                let message = format!("the image {} needs a network", quote(to));
                tell(Severity::Warning, range.start, message, help);
            }
            continue;
        }
        let (path, anchor) = to.split_once('#').unwrap_or((to, ""));
        if path.is_empty() {
            if !anchor.is_empty() && !anchors.contains(to) {
                let headings = anchors.iter().map(String::as_str);
                let help = did_you_mean(to, headings);
                let message = format!("this lesson has no heading {}", quote(to));
                tell(Severity::Error, range.start, message, help);
            }
            continue;
        }
        if !file.beside(&join(parent(file.relative()), path)) {
            let help = Some(format!("looked in {}/", parent(file.relative())));
            let message = format!("the {what} leads to {}, which is not there", quote(to));
            tell(Severity::Error, range.start, message, help);
        }
    }
}

/// What links to headings are, `#` included, as common Markdown makes them.
fn anchors(text: &str) -> HashSet<String> {
    let (mut anchors, mut heading) = (HashSet::new(), None::<String>);
    for event in Parser::new(text) {
        match (event, &mut heading) {
            (Event::Start(Tag::Heading { .. }), _) => heading = Some(String::new()),
            (Event::End(TagEnd::Heading(_)), Some(title)) => {
                let kept = title.chars().filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
                let name: String = kept.collect::<String>().to_lowercase().replace(' ', "-");
                anchors.insert(format!("#{name}"));
                heading = None;
            }
            (Event::Text(text) | Event::Code(text), Some(title)) => title.push_str(&text),
            _ => {}
        }
    }
    anchors
}
