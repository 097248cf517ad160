//! `drydock rewind`: bring a sandbox's files back to how they were.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use serde_json::json;

use super::confirm::confirm;
use super::interrupt::{interrupted, until_interrupted};
use super::out::{Tone, printable};
use super::progress::Progress;
use super::{DONE, Invocation, Out, Outcome, item, table, words};
use crate::context::Context;
use crate::course::Item;
use crate::lab::rewind::{Kind, Point, Rewound, find};
use crate::lab::{Lab, exercise};
use crate::problem::Problem;
use crate::store::Store;

/// How long tidying up after an interruption may take: the user wants to leave.
const TIDY_TIMEOUT: Duration = Duration::from_secs(15);

/// Bring a sandbox's files back to how they were: undo an rm -rf
#[derive(Debug, clap::Args)]
#[command(
    after_help = "STEP is a snapshot's name as --list shows it, the number of a check (files are kept \
    when it first passes), or start. Without it, the list is shown and asked. Files are brought back, \
    never processes: the shell and all that runs in the sandbox end. What there is now is kept first, \
    as before-1, so that a rewind can be undone. Checks that held then hold again, others do not; \
    what was completed stays completed.\n\n\
    Example: drydock rewind linux-01 --list\n         drydock rewind linux-01 start\n         \
    drydock rewind 2 --yes"
)]
pub(super) struct Rewind {
    /// The item; without it, the last one worked at
    #[arg(value_name = "ITEM")]
    first: Option<String>,
    /// What to rewind to
    #[arg(value_name = "STEP")]
    second: Option<String>,
    /// Only list what there is
    #[arg(long)]
    list: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

impl Rewind {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let context = invocation.context()?;
        let store = context.store()?;
        let (item, step) = self.meant(invocation, &context, &store)?;
        let lab = invocation.lab(&context, store)?;
        let points = invocation.block_on(async { Ok(lab.points(item).await?) })?;
        let asks = !out.json && io::stdin().is_terminal() && out.errors_on_terminal;
        let step = match step {
            Some(step) if !self.list => step,
            _ if self.list || !asks => {
                list(out, item, &points);
                return Ok(DONE);
            }
            _ => {
                list(out, item, &points);
                choose(item)?
            }
        };
        let to = find(item, &points, &step)?;
        confirm(out, self.yes, &question(item, to))?;
        rewind(invocation, &lab, item, &to.name)
    }

    /// The item and the step that are meant: one word alone may be either.
    fn meant<'a>(
        &self,
        invocation: &Invocation,
        context: &'a Context,
        store: &Store,
    ) -> Result<(&'a Item, Option<String>), Problem> {
        let given = |id| item::given_or_last(invocation, context, store, id);
        match (&self.first, &self.second) {
            (Some(word), None) if context.course().item(word).is_none() => {
                let looks_like_one = context.course().nearest(word).is_some();
                // A word that is nearly an item's id is told so; others are of the last item.
                if looks_like_one {
                    Ok((given(Some(word))?, None))
                } else {
                    Ok((given(None)?, Some(word.clone())))
                }
            }
            (first, second) => Ok((given(first.as_deref())?, second.clone())),
        }
    }
}

fn list(out: &Out, item: &Item, points: &[Point]) {
    if out.json {
        return out.value(&json!({ "id": item.id, "snapshots": points }));
    }
    let row = |point: &Point| {
        vec![
            point.name.clone(),
            when(point),
            format!("{} of {}", point.passed, point.of),
            point.bytes.map_or_else(|| "-".to_owned(), words::size),
            printable(&point.words),
        ]
    };
    let head = ["name", "taken", "checks", "size", ""].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(head).chain(points.iter().map(row)).collect();
    let mut lines = table::aligned(&rows).into_iter();
    if let Some(head) = lines.next() {
        out.line(out.mark(head, Tone::Muted));
    }
    for line in lines {
        out.line(line);
    }
}

/// When a point was kept, to the second: several may be of one minute.
fn when(point: &Point) -> String {
    point.taken.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Asks which.
fn choose(item: &Item) -> Result<String, Problem> {
    let _ = write!(io::stderr(), "Rewind {} to which? ", item.id);
    let mut answer = String::new();
    // An end of input is none.
    let _ = io::stdin().read_line(&mut answer);
    match answer.trim() {
        "" => Err(interrupted("Nothing was changed")),
        answer => Ok(answer.to_owned()),
    }
}

/// Whether the exercise starts things itself.
fn prepared(item: &Item) -> bool {
    exercise(item).is_ok_and(|exercise| exercise.prepare.is_some())
}

fn question(item: &Item, to: &Point) -> String {
    let programs = match to.kind {
        Kind::Start => "",
        _ if !prepared(item) => "",
        _ => " (those that the exercise itself started only by start)",
    };
    format!(
        "Rewind {} to {}? What was done since then is undone; the shell and all programs end and \
         are not brought back{programs}.",
        item.id, to.name
    )
}

fn rewind(invocation: &Invocation, lab: &Lab, item: &Item, to: &str) -> Outcome {
    let out = &invocation.out;
    let id = &item.id;
    let started = Instant::now();
    let Rewound { ready, to, before } = invocation.block_on(async {
        let progress = Progress::new(out);
        let show = |step| progress.show(&step);
        if let Some(rewound) = until_interrupted(lab.rewind(item, to, &show)).await {
            return Ok(rewound?);
        }
        progress.clear();
        let tidied = tokio::time::timeout(TIDY_TIMEOUT, lab.tidy(id)).await;
        let left = match tidied {
            Ok(Ok(_)) => "its sandbox is whole, either as it was or rewound",
            Ok(Err(_)) | Err(_) => "the next launch removes what was half made",
        };
        Err(interrupted(format!("The rewind of {id} was stopped: {left}"))
            .remedy(format!("drydock launch {id} opens it")))
    })?;
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if out.json {
        out.value(&json!({
            "id": id,
            "rewound_to": to,
            "undone_by": before.name,
            "sandbox": ready.sandbox.id,
            "notices": ready.notices,
            "ms": ms,
        }));
        return Ok(DONE);
    }
    let seconds = ms as f64 / 1000.0;
    let sign = out.mark(out.signs.passed(), Tone::Good);
    if to.kind == Kind::Start {
        out.line(format_args!("{sign} {id}: the exercise is as it was prepared ({seconds:.1} s)"));
    } else {
        out.line(format_args!(
            "{sign} {id}: the files are as they were at {} ({seconds:.1} s); programs are not \
             brought back",
            to.name
        ));
        if prepared(item) {
            out.remark(&format!(
                "what the exercise itself had started, if anything, comes back only with drydock \
                 rewind {id} start"
            ));
        }
    }
    for notice in &ready.notices {
        if let crate::lab::provision::Notice::Lost(text) = notice {
            out.remark(text);
        }
    }
    out.line(format_args!("  drydock shell {id}    a new shell in it"));
    out.line(format_args!("  drydock rewind {id} {}   undoes this", before.name));
    Ok(DONE)
}
