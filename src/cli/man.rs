//! `drydock man`: the manual pages, made of the same definition as the help.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use serde_json::json;

use super::out::{Tone, printable};
use super::{Cli, DONE, Invocation, Outcome, words};
use crate::problem::{Exit, Problem};

/// Print the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock man | man -l -\n         \
    drydock man ~/.local/share/man/man1 && man drydock-launch")]
pub(super) struct Manual {
    /// Where to write drydock.1 and a page for each command; it is made if need be
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Manual {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let Some(folder) = &self.folder else {
            let (_, page) =
                pages().map_err(|error| failed(Path::new("drydock.1"), &error))?.remove(0);
            if out.json {
                out.value(&json!({ "page": String::from_utf8_lossy(&page) }));
            } else {
                out.write(&page);
            }
            return Ok(DONE);
        };
        let pages = pages().map_err(|error| failed(folder, &error))?;
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        let mut files = Vec::new();
        for (name, page) in pages {
            let path = folder.join(name);
            fs::write(&path, page).map_err(|error| failed(&path, &error))?;
            files.push(path);
        }
        if out.json {
            out.value(&json!({ "files": files }));
        } else {
            let sign = out.mark(out.signs.passed(), Tone::Good);
            let pages = words::count(files.len(), "page");
            out.line(format_args!(
                "{sign} {pages} in {}",
                printable(&folder.display().to_string())
            ));
        }
        Ok(DONE)
    }
}

/// All pages with the names of their files, the program's own first.
fn pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut definition = Cli::for_people().disable_help_subcommand(true);
    definition.build();
    let mut pages = Vec::new();
    add(&definition, &mut pages)?;
    Ok(pages)
}

fn add(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    // Without a date: it would be that of the building, and no two builds alike.
    let title =
        [name, "1", r#""""#, concat!("drydock ", env!("CARGO_PKG_VERSION")), "drydock manual"];
    Roff::new().control("TH", title).to_writer(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut text)?;
    }
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (notes, examples) = apart(&help);
    section("NOTES", &notes, false).to_writer(&mut text)?;
    section("EXAMPLES", &examples, true).to_writer(&mut text)?;
    pages.push((page.get_filename(), text));
    command.get_subcommands().try_for_each(|one| add(one, pages))
}

/// What the help says at its end: its paragraphs, and the commands of its example.
fn apart(help: &str) -> (Vec<String>, Vec<String>) {
    let (before, rest) = help.split_once("Example: ").unwrap_or((help, ""));
    let (examples, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let paragraphs = before.split("\n\n").chain(after.split("\n\n"));
    let joined = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs = paragraphs.map(joined).filter(|text| !text.is_empty());
    let examples = examples.lines().map(|line| line.trim().to_owned());
    (paragraphs.collect(), examples.filter(|line| !line.is_empty()).collect())
}

/// A section, if there is anything in it: of paragraphs, or of lines that stay as they are.
fn section(title: &str, texts: &[String], as_they_are: bool) -> Roff {
    let mut page = Roff::new();
    if texts.is_empty() {
        return page;
    }
    page.control("SH", [title]);
    if as_they_are {
        page.control("nf", []);
    }
    for (number, text) in texts.iter().enumerate() {
        if number > 0 && !as_they_are {
            page.control("PP", []);
        }
        page.text([roman(text)]);
    }
    if as_they_are {
        page.control("fi", []);
    }
    page
}

fn failed(path: &Path, error: &io::Error) -> Problem {
    let message = format!("{} cannot be written: {error}", path.display());
    Problem::new("cannot_write", Exit::Environment, message)
        .remedy("name a folder that you may write in")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_the_program_and_for_each_command() {
        let pages = pages().unwrap();
        assert_eq!(pages[0].0, "drydock.1");
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        for name in ["drydock-launch.1", "drydock-images-export.1", "drydock-uninstall.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH NAME") && text.contains("drydock"), "{name}");
            assert!(!text.contains("Hold a shell"), "{name}: what is hidden is told");
        }
    }

    #[test]
    fn the_end_of_the_help_is_notes_and_examples() {
        let (notes, examples) =
            apart("Kept.\nAll of it.\n\nExample: a b\n         a c\n\nStatus: 0.");
        assert_eq!(notes, ["Kept. All of it.", "Status: 0."]);
        assert_eq!(examples, ["a b", "a c"]);
        assert_eq!(apart("Example: a").1, ["a"]);
        assert_eq!(apart(""), (Vec::new(), Vec::new()));
    }
}
