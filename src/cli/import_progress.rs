//! `drydock import-progress`: take in what `drydock export` wrote.

use std::fs::File;
use std::io::{self, BufReader, Seek};

use serde_json::json;

use super::export::{problem, told};
use super::out::{Tone, printable};
use super::{DONE, Invocation, Outcome, words};
use crate::problem::{Exit, Problem};
use crate::store::exchange::ExchangeError;

/// Take in progress that drydock export wrote, here or elsewhere
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything in the file is taken in, or nothing. What is here already stays, unless \
    the file tells how it went on. Doing it twice changes nothing.\n\n\
    Example: drydock import-progress progress.jsonl\n         \
    ssh laptop drydock export | drydock import-progress -"
)]
pub(super) struct ImportProgress {
    /// The file; - is standard input
    file: String,
    /// Only say what would be new
    #[arg(long)]
    dry_run: bool,
}

impl ImportProgress {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let name = self.file.as_str();
        let file = open(name).map_err(|error| {
            Problem::new("progress_file", Exit::Usage, format!("This cannot be read: {error}"))
                .at(name, None)
                .remedy("drydock export -o FILE writes such a file")
        })?;
        let context = invocation.context()?;
        let store = context.store()?;
        let imported = match store.import(&mut BufReader::new(file), self.dry_run) {
            Err(ExchangeError::File(error)) if error.kind() == io::ErrorKind::StorageFull => {
                return Err(problem(error.into(), None));
            }
            done => done.map_err(|error| problem(error, Some(name)))?,
        };
        if out.json {
            out.value(&json!({
                "file": name, "dry_run": self.dry_run, "new": imported.new,
                "known": imported.known,
            }));
            return Ok(DONE);
        }
        let number: u64 = imported.new.values().sum();
        let verb = match (self.dry_run, number) {
            (false, 1) => "is new",
            (false, _) => "are new",
            (true, _) => "would be new",
        };
        let new = if number == 0 {
            "nothing is new".to_owned()
        } else {
            format!("{} {verb}", told(&imported.new))
        };
        let known = usize::try_from(imported.known).unwrap_or(usize::MAX);
        let sign = out.mark(out.signs.passed(), Tone::Good);
        let file = printable(name);
        out.line(format_args!(
            "{sign} {file}: {new}; {} here already",
            words::count(known, "record")
        ));
        Ok(DONE)
    }
}

/// A file that can be read twice: what comes from a pipe is put down first.
fn open(name: &str) -> io::Result<File> {
    let put_down = |mut from: &mut dyn io::Read| {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut from, &mut file)?;
        file.rewind()?;
        Ok(file)
    };
    if name == "-" {
        return put_down(&mut io::stdin().lock());
    }
    let mut file = File::open(name)?;
    let kind = file.metadata()?.file_type();
    if kind.is_file() {
        Ok(file)
    } else if kind.is_dir() {
        Err(io::Error::other("it is a folder"))
    } else {
        put_down(&mut file)
    }
}
