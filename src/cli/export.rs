//! `drydock export`: everything that is kept, as JSON lines.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::out::Tone;
use super::{DONE, Invocation, Out, Outcome, words};
use crate::problem::{Exit, Problem};
use crate::store::Store;
use crate::store::exchange::{Counts, ExchangeError, Kind};

/// What is printed at once.
const PIECE: usize = 64 << 10;

/// Write everything that is kept of your progress, as JSON lines
#[derive(Debug, clap::Args)]
#[command(
    after_help = "docs/formats.md describes the lines. Commands that were typed are among them. \
    drydock import-progress takes them in elsewhere.\n\n\
    Example: drydock export -o progress.jsonl\n         \
    drydock export | jq -r 'select(.kind == \"command\").text'"
)]
pub(super) struct Export {
    /// Write a file, readable by you alone, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    force: bool,
}

impl Export {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        match self.output {
            None => {
                let store = context.store()?;
                let mut to = BufWriter::with_capacity(PIECE, Printed(out));
                store.export(&mut to).map_err(|error| problem(error, None))?;
                Ok(DONE)
            }
            Some(file) if file.exists() && !self.force => {
                let message = format!("{} is there already", file.display());
                Err(Problem::new("file_exists", Exit::Usage, message)
                    .remedy("--force replaces it; or give another name"))
            }
            Some(file) => write(out, &context.store()?, &file),
        }
    }
}

fn write(out: &Out, store: &Store, to: &Path) -> Outcome {
    let failed = |error: io::Error| {
        let message = format!("{} cannot be written: {error}", to.display());
        Problem::new("cannot_write", Exit::Environment, message)
    };
    // Beside its place, so that it is there whole or not at all.
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    let counts = match store.export(&mut BufWriter::with_capacity(PIECE, file.as_file())) {
        Err(ExchangeError::File(error)) => return Err(failed(error)),
        done => done.map_err(|error| problem(error, None))?,
    };
    file.as_file().sync_all().map_err(failed)?;
    let bytes = file.as_file().metadata().map_err(failed)?.len();
    file.persist(to).map_err(|error| failed(error.error))?;
    if out.json {
        out.value(&json!({ "file": to, "bytes": bytes, "records": counts }));
    } else {
        let sign = out.mark(out.signs.passed(), Tone::Good);
        let (file, size) = (to.display(), words::size(bytes));
        out.line(format_args!("{sign} {file} holds {} ({size})", told(&counts)));
        out.line(format_args!("  drydock import-progress {file} takes it in elsewhere"));
    }
    Ok(DONE)
}

/// Counts as people say them: what they know by name, and the rest.
pub(super) fn told(counts: &Counts) -> String {
    let named = [Kind::Attempt, Kind::Completion, Kind::Command];
    let count = |kind: &Kind| counts.get(kind).copied().unwrap_or(0);
    let rest = counts.values().sum::<u64>() - named.iter().map(count).sum::<u64>();
    let words: Vec<_> = named
        .iter()
        .map(|kind| (count(kind), kind.word()))
        .chain([(rest, "other record")])
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| words::count(usize::try_from(number).unwrap_or(usize::MAX), word))
        .collect();
    match words.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What went wrong with a file of progress.
pub(super) fn problem(error: ExchangeError, file: Option<&str>) -> Problem {
    let message = error.to_string();
    let (kind, place, remedy) = match error {
        ExchangeError::Store(error) => return error.into(),
        ExchangeError::File(_) => {
            let message = format!("The file of progress cannot be read or written: {message}");
            let problem = Problem::new("progress_file", Exit::Environment, message);
            return match file {
                Some(file) => problem.at(file, None),
                None => problem,
            };
        }
        ExchangeError::Line { line, column, .. } => (
            "progress_file",
            Some((line, column)),
            "nothing was taken in; docs/formats.md says what each line may hold",
        ),
        ExchangeError::Newer { .. } => ("progress_file_newer", None, "update drydock"),
    };
    Problem::new(kind, Exit::Usage, message).at(file.unwrap_or("-"), place).remedy(remedy)
}

/// Standard output, as all commands print.
struct Printed<'a>(&'a Out);

impl Write for Printed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_said_as_people_do() {
        let counts = |pairs: &[(Kind, u64)]| told(&pairs.iter().copied().collect());
        assert_eq!(counts(&[]), "nothing");
        assert_eq!(counts(&[(Kind::Attempt, 1)]), "1 attempt");
        let some = [(Kind::Attempt, 2), (Kind::Command, 9), (Kind::Check, 3), (Kind::Hint, 1)];
        assert_eq!(counts(&some), "2 attempts, 9 commands and 4 other records");
    }
}
