//! `drydock lint`: everything wrong with content, where, and what would be right.

use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::ValueEnum;
use serde_json::json;

use super::out::printable;
use super::{DONE, Invocation, Out, Outcome, words};
use crate::config::Config;
use crate::context::sources;
use crate::course::{self, Diagnostic, Severity, Source};
use crate::engine::image;
use crate::paths::Paths;
use crate::platform::files;
use crate::problem::{Exit, Problem};

/// The longest line of a file that is shown, in characters.
const MAX_LINE: usize = 400;

/// Find what is wrong with content, before anybody practises it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a folder or file, all content is looked at: the built-in one, and what is laid\n\
    over it.\n\n\
    Example: drydock lint my-content\n         \
    drydock lint exercises/linux/03-systemd-service.yaml\n         \
    drydock lint --format github .\n\n\
    Exit status: 0 nothing is wrong (warnings may be there); 1 something is."
)]
pub(super) struct Lint {
    /// Folders of content, manifests or lessons; only what is wrong with these is told
    #[arg(value_name = "DIR|FILE")]
    what: Vec<PathBuf>,
    /// How it is told
    #[arg(long, value_enum, default_value_t = Format::Text, conflicts_with = "json")]
    format: Format,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
}

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With the line and a caret, for people
    Text,
    /// As annotations of a pull request
    Github,
}

impl Lint {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let paths = Paths::find()?;
        let config = Config::load(&paths.config_file)?;
        let mut sources = sources(&config, &paths, &invocation.content)?;
        let asked: Vec<_> = self.what.iter().map(|path| asked(path)).collect::<Result<_, _>>()?;
        sources.extend(asked.iter().map(|asked| asked.source.clone()));
        let course = course::load(&sources);
        let mut found = course::lint(&course, &image::ours());
        if !asked.is_empty() {
            found.retain(|it| asked.iter().any(|asked| asked.covers(&it.file)));
        }
        let errors = found.iter().filter(|it| it.severity == Severity::Error).count();
        let warnings = found.len() - errors;
        if out.json {
            out.value(&json!({ "problems": found, "errors": errors, "warnings": warnings }));
        } else {
            for it in &found {
                match self.format {
                    Format::Text => show(out, it, &sources),
                    Format::Github => out.line(annotation(it)),
                }
            }
            let summary =
                format!("{}, {}", words::count(errors, "error"), words::count(warnings, "warning"));
            out.note(if found.is_empty() { "Nothing is wrong".to_owned() } else { summary });
        }
        let failed = errors > 0 || self.strict && warnings > 0;
        Ok(if failed { Exit::NotPassed.code() } else { DONE })
    }
}

/// What is to be looked at.
struct Asked<'a> {
    /// Laid over the rest.
    source: Source,
    /// The one file of it that is meant.
    only: Option<&'a Path>,
}

fn asked(path: &Path) -> Result<Asked<'_>, Problem> {
    let only = path.is_file().then_some(path);
    let source = Source::folder(only.map_or(path, root_of))?;
    Ok(Asked { source, only })
}

impl Asked<'_> {
    /// Whether a file, as messages call it, is one of those.
    fn covers(&self, file: &str) -> bool {
        match self.only {
            Some(only) => same(only, file),
            None => self.source.shown(file).is_some(),
        }
    }
}

/// The folder of content that a file belongs to: the one above `content/`, `exercises/` or
/// `scenarios/`, or else the one it is in.
fn root_of(file: &Path) -> &Path {
    let laid_out = |folder: &&Path| {
        ["content", "exercises", "scenarios"].iter().any(|name| folder.ends_with(name))
    };
    let top = file.ancestors().skip(1).find(laid_out).and_then(Path::parent);
    let beside = file.parent();
    let root = top.or(beside).unwrap_or(file);
    if root.as_os_str().is_empty() { Path::new(".") } else { root }
}

/// Whether two names are of one file.
fn same(path: &Path, name: &str) -> bool {
    let real = |path: &Path| files::real(path).ok();
    real(path).is_some_and(|path| real(Path::new(name)) == Some(path))
}

/// One finding as `rustc` would show it.
fn show(out: &Out, it: &Diagnostic, sources: &[Source]) {
    let level = match it.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = printable(&it.message);
    let file = printable(&it.file);
    let line = line_of(it, sources);
    let place =
        if it.line > 0 { format!("{file}:{}:{}", it.line, it.column) } else { file.clone() };
    let mut report = match &line {
        Some(line) => {
            let token = token(line, it.column as usize);
            let snippet = Snippet::source(line.as_str())
                .line_start(it.line as usize)
                .path(file.as_str())
                .annotation(AnnotationKind::Primary.span(token));
            level.primary_title(message.as_str()).element(snippet)
        }
        None => level
            .primary_title(message.as_str())
            .element(annotate_snippets::Origin::path(place.as_str())),
    };
    let help = it.help.as_deref().map(printable);
    if let Some(help) = &help {
        report = report.element(Level::HELP.message(help.as_str()));
    }
    let groups: [Group<'_>; 1] = [report];
    let renderer = if out.color { Renderer::styled() } else { Renderer::plain() };
    out.line(renderer.render(&groups));
    out.line("");
}

/// The line that is meant, with nothing in it that a terminal would obey.
fn line_of(it: &Diagnostic, sources: &[Source]) -> Option<String> {
    let index = (it.line as usize).checked_sub(1)?;
    let file = sources.iter().rev().find_map(|source| source.shown(&it.file))?;
    let bytes = file.read().ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().nth(index)?;
    let tamed = line.chars().take(MAX_LINE).map(|c| match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    });
    Some(tamed.collect())
}

/// The bytes of the word at a column (1-based, in characters): a quoted text, or up to what ends a
/// value. At the end of a line, the place behind it.
fn token(line: &str, column: usize) -> std::ops::Range<usize> {
    let Some((start, first)) = line.char_indices().nth(column.saturating_sub(1)) else {
        return line.len()..line.len();
    };
    let rest = &line[start..];
    let end = match first {
        '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |at| at + 2),
        _ => rest
            .char_indices()
            .find(|(at, c)| {
                let next = rest[at + c.len_utf8()..].chars().next();
                matches!(c, ',' | ']' | '}')
                    || *c == ':' && next.is_none_or(char::is_whitespace)
                    || *c == ' ' && next == Some('#')
            })
            .map_or(rest.len(), |(at, _)| at),
    };
    let word = rest[..end].trim_end();
    start..start + word.len().max(first.len_utf8())
}

/// A finding as a workflow command. What separates its parts is escaped as GitHub asks for.
fn annotation(it: &Diagnostic) -> String {
    let text =
        |text: &str| printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |value: &str| text(value).replace(':', "%3A").replace(',', "%2C");
    let kind = match it.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place =
        if it.line > 0 { format!(",line={},col={}", it.line, it.column) } else { String::new() };
    let help = it.help.as_ref().map_or_else(String::new, |help| format!(" ({help})"));
    let message = text(&format!("{}{help}", it.message));
    format!("::{kind} file={}{place}::{message}", property(&it.file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_is_under_the_whole_word() {
        for (line, column, word) in [
            ("estimatd_time: 15m", 1, "estimatd_time"),
            ("title: \"a: b\" # why", 8, "\"a: b\""),
            ("  - {name: x, cmd: y}", 12, "x"),
            ("mode: 0644 # octal", 7, "0644"),
            ("cmd: curl http://x", 6, "curl http://x"),
            ("é: ü", 4, "ü"),
            ("", 1, ""),
            ("abc", 9, ""),
            ("'", 1, "'"),
        ] {
            assert_eq!(&line[token(line, column)], word, "{line:?}");
        }
    }

    #[test]
    fn annotations_are_one_line_and_lose_nothing() {
        let it = Diagnostic {
            severity: Severity::Warning,
            file: "a,b:c.yaml".to_owned(),
            line: 3,
            column: 7,
            message: "50 % of\nit".to_owned(),
            help: Some("less".to_owned()),
        };
        assert_eq!(
            annotation(&it),
            "::warning file=a%2Cb%3Ac.yaml,line=3,col=7::50 %25 of%0Ait (less)"
        );
    }

    #[test]
    fn a_file_belongs_to_the_folder_above_its_kind() {
        for (file, root) in [
            ("my/exercises/linux/01.yaml", "my"),
            ("exercises/linux/01.yaml", "."),
            ("my/01.yaml", "my"),
            ("01.yaml", "."),
        ] {
            assert_eq!(root_of(Path::new(file)), Path::new(root), "{file}");
        }
    }
}
