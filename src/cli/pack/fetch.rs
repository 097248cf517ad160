//! `drydock pack fetch`: a file that is served in the room.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::super::file::refuse_existing;
use super::super::interrupt::{interrupted, until_interrupted};
use super::super::out::Tone;
use super::super::progress::Progress as Bar;
use super::super::{DONE, Invocation, Out, Outcome, words};
use crate::context::Context;
use crate::engine::Step;
use crate::pack::fetch::{Address, FetchError, Limits, Progress, fetch, keep};
use crate::pack::serve::Code;
use crate::problem::{Exit, Problem};

/// How it is called where neither the address nor the user says.
const NAME: &str = "drydock.dock";

/// What the partial file's name has more.
const ENDING: &str = ".part";

/// How often it is told how much has come, at most.
const TOLD: u64 = 200;

/// How often a code is asked for.
const TRIES: usize = 3;

#[derive(Debug, clap::Args)]
pub(super) struct Fetch {
    /// The address, as drydock pack serve shows it; or that of a file on any web server
    #[arg(value_name = "URL")]
    address: String,
    /// Where to
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The code that goes with it; asked for if not given
    #[arg(long)]
    code: Option<String>,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

impl Fetch {
    pub(super) fn run(self, invocation: &Invocation, context: &Context) -> Outcome {
        super::online(context)?;
        let out = &invocation.out;
        let address = Address::parse(&self.address)?;
        let to = self.output.clone();
        let to = to.unwrap_or_else(|| PathBuf::from(address.file_name().unwrap_or(NAME)));
        refuse_existing(&to, self.force)?;
        let started = Instant::now();
        let name = to.file_name().unwrap_or(to.as_os_str()).to_string_lossy();
        let bytes = bring(invocation, &address, self.code.as_deref(), &to, &name)?;
        if out.json {
            let ms = started.elapsed().as_millis() as u64;
            out.value(&json!({ "file": to, "bytes": bytes, "ms": ms }));
        } else {
            let sign = out.mark(out.signs.passed(), Tone::Good);
            out.line(format_args!("{sign} {} is here ({})", to.display(), words::size(bytes)));
        }
        Ok(DONE)
    }
}

/// Brings a file here, with a progress in which it is called by a name; asks for the code where one is
/// needed. Gives its bytes.
pub(super) fn bring(
    invocation: &Invocation,
    address: &Address,
    code: Option<&str>,
    to: &Path,
    name: &str,
) -> Result<u64, Problem> {
    let partial = partial_of(to);
    let mut code = code.map(code_of).transpose()?;
    let mut tries = 0;
    let bytes = loop {
        match fetched(invocation, address, code.as_ref(), &partial, name) {
            Err(Ended::Failed(error)) => {
                tries += 1;
                code = Some(another_code(&invocation.out, error, tries)?);
            }
            Err(Ended::Stopped(problem)) => return Err(problem),
            Ok(bytes) => break bytes,
        }
    };
    keep(&partial, to).map_err(|error| {
        let message = format!("{} cannot be written: {error}", to.display());
        Problem::new("cannot_write", Exit::Environment, message)
    })?;
    Ok(bytes)
}

/// Why a fetch gave no file.
enum Ended {
    Failed(FetchError),
    Stopped(Problem),
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self::Stopped(problem)
    }
}

/// Fetches with a progress; gives the bytes.
fn fetched(
    invocation: &Invocation,
    address: &Address,
    code: Option<&Code>,
    partial: &Path,
    name: &str,
) -> Result<u64, Ended> {
    let bar = Bar::new(&invocation.out);
    let last = AtomicU64::new(0);
    let show = |progress| {
        if let Progress::Fetching { done, total } = progress {
            let last = last.load(Ordering::Relaxed);
            if (last + 1..last + total / TOLD).contains(&done) && done < total {
                return;
            }
        }
        let step = step(name, progress);
        last.store(step.done, Ordering::Relaxed);
        bar.show(&step);
    };
    let limits = Limits::default();
    let done = invocation.block_on(async {
        Ok(until_interrupted(fetch(address, code, partial, &limits, &show)).await)
    })?;
    bar.clear();
    match done {
        Some(done) => done.map_err(Ended::Failed),
        None => Err(Ended::Stopped(
            interrupted(format!(
                "The fetch was stopped: what has come is in {}",
                partial.display()
            ))
            .remedy("the same command goes on from there"),
        )),
    }
}

/// A progress as all commands show it.
fn step(name: &str, progress: Progress) -> Step {
    let (step, done, total) = match progress {
        Progress::Fetching { done, total } => {
            let of = format!("{} of {}", words::size(done), words::size(total));
            (format!("Fetching {name}: {of}"), done, Some(total))
        }
        Progress::Waiting { done, total, pause, why } => {
            let pause = words::length(pause.max(Duration::from_secs(1)));
            (format!("The link broke ({why}): it is tried again in {pause}"), done, total)
        }
        Progress::Anew => ("What was here is of another file: it begins anew".to_owned(), 0, None),
    };
    Step { step, done, total, unit: "bytes" }
}

/// Another code, where that is what was wrong and there is somebody to ask.
fn another_code(out: &Out, error: FetchError, tries: usize) -> Result<Code, Problem> {
    let asks = matches!(error, FetchError::CodeNeeded { .. } | FetchError::WrongCode { .. });
    let somebody = !out.json && out.errors_on_terminal && io::stdin().is_terminal();
    if !asks || !somebody || tries > TRIES {
        return Err(error.into());
    }
    if matches!(error, FetchError::WrongCode { .. }) {
        out.remark("That was not the code");
    }
    loop {
        let _ = write!(io::stderr(), "The code: ");
        let mut typed = String::new();
        let read = io::stdin().read_line(&mut typed).unwrap_or(0);
        if read == 0 || typed.trim().is_empty() {
            return Err(error.into());
        }
        match Code::parse(&typed) {
            Ok(code) => return Ok(code),
            Err(no_code) => out.remark(&no_code.to_string()),
        }
    }
}

/// A code that was given as a flag.
pub(super) fn code_of(typed: &str) -> Result<Code, Problem> {
    Code::parse(typed).map_err(|error| Problem::new("pack_code", Exit::Usage, error.to_string()))
}

fn partial_of(place: &Path) -> PathBuf {
    let mut name = place.file_name().map(ToOwned::to_owned).unwrap_or_default();
    name.push(ENDING);
    place.with_file_name(name)
}
