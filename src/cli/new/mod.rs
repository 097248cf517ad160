//! `drydock new`: an exercise, a scenario or a module that is already good, to be made one's own.

mod ask;
mod list;
mod templates;
mod write;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::out::printable;
use super::{DONE, Invocation, Out, Outcome};
use crate::config::Config;
use crate::context::sources;
use crate::course::yaml::hidden_character;
use crate::course::{self, Catalogue, Module, Source, check_id, shell_word, title_from};
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use ask::Somebody;
use templates::{File, Item as NewItem, Module as NewModule};

/// Write an exercise, a scenario or a module that already works, to make your own of it
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It is written into the folder of --dir, or the last of --content, or the current folder \
    where that has content/, exercises/ or scenarios/. What is there already is never overwritten.\n\n\
    Example: drydock new exercise --dir my-content\n         \
    drydock new exercise --dir my-content --module harbour --title \"Tie a knot\" --yes\n         \
    drydock --content my-content new module"
)]
pub(super) struct New {
    /// What to write
    #[arg(value_enum)]
    kind: Kind,
    /// The module it belongs to; one that is not there yet is written too
    #[arg(long, value_name = "ID")]
    module: Option<String>,
    /// What people read in lists
    #[arg(long)]
    title: Option<String>,
    /// Its id; the next of its module if not given
    #[arg(long)]
    id: Option<String>,
    /// The folder of content; made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Ask nothing: take the flags and the defaults
    #[arg(long, short)]
    yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Something to do in a sandbox, with a lesson, checks, hints and a solution
    Exercise,
    /// An incident on the shop, with one of its faults
    Scenario,
    /// Items that belong together
    Module,
}

impl New {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let folder = folder(self.dir.as_deref(), &invocation.content)?;
        let course = course(invocation, &folder)?;
        let (kind, somebody) = (self.kind, Somebody::new(out, self.yes));
        let (id, module, files) = if kind == Kind::Module {
            let module = self.module(&somebody, &course)?;
            let files = vec![module.file()];
            (module.id.clone(), module.id, files)
        } else {
            let item = self.item(&somebody, &course, &folder)?;
            let is_there = course.modules.iter().any(|module| module.id == item.module.id);
            let mut files = if is_there { Vec::new() } else { vec![item.module.file()] };
            match kind {
                Kind::Scenario => files.extend(item.scenario()),
                _ => files.extend(item.exercise()),
            }
            (item.id, item.module.id, files)
        };
        let list = list::with_item(&folder, &module, &id)?;
        write::all(&folder, &files, list.as_ref())?;
        report(out, kind, &folder, &id, &module, &files);
        Ok(DONE)
    }

    fn module(self, somebody: &Somebody<'_>, course: &Catalogue) -> Result<NewModule, Problem> {
        let title = somebody.give("Title", self.title, "A first module".to_owned(), check_title)?;
        let check = |id: &str| {
            check_id(id).map_err(|why| format!("{id:?} {why}"))?;
            let taken = course.modules.iter().any(|module| module.id == id);
            if taken { Err(format!("there is a module {id} already")) } else { Ok(()) }
        };
        let id = somebody.give("Id", self.id.or(self.module), slug(&title), check)?;
        Ok(NewModule { id, title, order: next_module(course) })
    }

    fn item(
        self,
        somebody: &Somebody<'_>,
        course: &Catalogue,
        folder: &Path,
    ) -> Result<NewItem, Problem> {
        let usual = usual_module(self.kind, course, folder);
        let check = |id: &str| check_id(id).map_err(|why| format!("{id:?} {why}"));
        let module = somebody.give("Module", self.module, usual, check)?;
        let usual = match self.kind {
            Kind::Scenario => "Pages load, but late",
            _ => "Read the log of a service",
        };
        let title = somebody.give("Title", self.title, usual.to_owned(), check_title)?;
        let items = course.items().filter(|item| item.module == module);
        let order = items.map(|item| item.order).max().unwrap_or(0).saturating_add(1);
        let check = |id: &str| {
            check_id(id).map_err(|why| format!("{id:?} {why}"))?;
            let Some(item) = course.item(id) else { return Ok(()) };
            Err(format!("{id} is already the id of {}", item.manifest.path()))
        };
        let id = somebody.give("Id", self.id, format!("{module}-{order:02}"), check)?;
        let name = match slug(&title) {
            slug if slug.is_empty() => id.clone(),
            slug => format!("{order:02}-{slug}"),
        };
        let module_title = title_from(&module);
        let module = NewModule { id: module, title: module_title, order: next_module(course) };
        Ok(NewItem { id, title, order, name, module })
    }
}

/// Where it is written.
fn folder(dir: Option<&Path>, content: &[PathBuf]) -> Result<PathBuf, Problem> {
    let Some(folder) = dir.or(content.last().map(PathBuf::as_path)) else {
        if Source::folder(Path::new("."))?.is_laid_out() {
            return Ok(PathBuf::from("."));
        }
        let message = "No folder is named, and this one has no content/, exercises/ or scenarios/";
        return Err(Problem::new("no_folder", Exit::Usage, message)
            .remedy("name one, which is made if it is not there: --dir my-content"));
    };
    if folder.exists() {
        let source = Source::folder(folder)?;
        if !source.is_laid_out() && !source.manifests()?.is_empty() {
            let message = "Manifests lie in this folder itself, and would not be read any more";
            return Err(Problem::new("no_folder", Exit::Usage, message)
                .at(folder.display().to_string(), None)
                .remedy("move them to exercises/MODULE/, or name another folder"));
        }
    }
    Ok(folder.to_owned())
}

/// All there is, this folder included.
fn course(invocation: &Invocation, folder: &Path) -> Result<Catalogue, Problem> {
    let paths = Paths::find()?;
    let config = Config::load(&paths.config_file)?;
    let mut sources = sources(&config, &paths, &invocation.content)?;
    if folder.exists() {
        sources.push(Source::folder(folder)?);
    }
    Ok(course::load(&sources))
}

/// The last module of the folder that has nothing but this kind in it.
fn usual_module(kind: Kind, course: &Catalogue, folder: &Path) -> String {
    let own = Source::folder(folder).map(|it| course::load(&[it]).modules).unwrap_or_default();
    let fits = |module: &&Module| {
        let mut items = course.items().filter(|item| item.module == module.id);
        items.all(|item| (item.kind() == "scenario") == (kind == Kind::Scenario))
    };
    let first = if kind == Kind::Scenario { "first-incidents" } else { "first-steps" };
    own.iter().rev().find(fits).map_or_else(|| first.to_owned(), |module| module.id.clone())
}

fn next_module(course: &Catalogue) -> u32 {
    let orders = course.modules.iter().map(|module| module.order);
    orders.max().unwrap_or(0).saturating_add(1)
}

fn check_title(title: &str) -> Result<(), String> {
    if title.trim().is_empty() {
        Err("it must not be empty".to_owned())
    } else if title.contains('\n') || hidden_character(title).is_some() {
        Err("it must be a single line of text".to_owned())
    } else {
        Ok(())
    }
}

/// A title as a part of a file's name or an id: its first words, `tie-a-knot`.
fn slug(title: &str) -> String {
    const WORDS: usize = 6;
    let title = title.to_lowercase();
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.take(WORDS).collect::<Vec<_>>().join("-")
}

/// What was written, and what to do with it.
fn report(out: &Out, kind: Kind, folder: &Path, id: &str, module: &str, files: &[File]) {
    let shown = |file: &File| folder.join(&file.path).display().to_string();
    let files: Vec<_> = files.iter().map(shown).collect();
    let dir = word(&folder.display().to_string());
    let next = match kind {
        Kind::Module => [
            format!("drydock new exercise --dir {dir} --module {id}"),
            format!("drydock lint {dir}"),
            format!("drydock --content {dir} modules"),
        ],
        Kind::Exercise | Kind::Scenario => [
            format!("drydock lint {dir}"),
            format!("drydock --content {dir} launch {id}"),
            format!("drydock --content {dir} prove {id}"),
        ],
    };
    if out.json {
        out.value(&json!({ "id": id, "module": module, "files": files, "next": next }));
        return;
    }
    out.line(format_args!("{id} is written:"));
    for file in files {
        out.line(format_args!("  {}", printable(&file)));
    }
    out.line("What now:");
    for command in next {
        out.line(format_args!("  {}", printable(&command)));
    }
}

/// A path as one word of a shell.
pub(super) fn word(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { shell_word(path) }
}
