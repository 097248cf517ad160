//! `drydock doctor`: what works here, what does not, and the command that would fix it.
//!
//! It must work where nothing else does: each part is looked at by itself, and what one part finds
//! keeps no other from being looked at.

mod engine;
mod machine;
mod native;
mod pack;

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::out::{Tone, printable};
use super::table::aligned;
use super::{DONE, Invocation, Out, Outcome};
use crate::problem::{Exit, Problem};

/// Tell what works here and how to fix what does not
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit status: 0 all that is essential is there; 3 something is missing.\n\n\
    Example: drydock doctor\n         drydock doctor workshop.dock"
)]
pub(super) struct Doctor {
    /// Whether this machine can run everything in this pack too
    #[arg(value_name = "PACK")]
    pack: Option<PathBuf>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    name: &'static str,
    ok: bool,
    /// Whether nothing can be practised without it.
    essential: bool,
    detail: String,
    remedy: Option<String>,
}

impl Finding {
    /// As it should be.
    fn good(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, ok: true, essential: false, detail: detail.into(), remedy: None }
    }

    /// Not as it should be, but practising is possible.
    fn poor(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        let remedy = Some(remedy.into());
        Self { name, ok: false, essential: false, detail: detail.into(), remedy }
    }

    /// What keeps everything from working.
    fn fatal(name: &'static str, problem: &Problem) -> Self {
        let (detail, remedy) = (problem.to_string(), problem.remedy.clone());
        Self { name, ok: false, essential: true, detail, remedy }
    }
}

impl Doctor {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let mut findings =
            invocation.block_on(async { Ok(engine::findings(invocation.offline).await) })?;
        findings.extend(machine::findings(invocation));
        if let Some(pack) = &self.pack {
            findings.extend(pack::findings(invocation, pack));
        }
        if out.json {
            out.value(&json!({ "checks": findings }));
        } else {
            show(out, &findings);
        }
        let missing = findings.iter().any(|finding| finding.essential && !finding.ok);
        Ok(if missing { Exit::Environment.code() } else { DONE })
    }
}

fn show(out: &Out, findings: &[Finding]) {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| vec![finding.name.to_owned(), printable(&finding.detail).replace('\n', " ")])
        .collect();
    for (finding, line) in findings.iter().zip(aligned(&rows)) {
        let (sign, tone) = match finding {
            Finding { ok: true, .. } => (out.signs.passed(), Tone::Good),
            Finding { essential: true, .. } => (out.signs.failed(), Tone::Bad),
            Finding { .. } => (out.signs.error(), Tone::Attention),
        };
        out.line(format_args!("{} {line}", out.mark(sign, tone)));
        if let Some(remedy) = &finding.remedy {
            out.line(format_args!("    {} {}", out.mark("help:", Tone::Strong), printable(remedy)));
        }
    }
    let bad = findings.iter().filter(|finding| !finding.ok).count();
    out.line("");
    out.line(match bad {
        0 => "Everything is as it should be.".to_owned(),
        1 => "One thing is not as it should be.".to_owned(),
        many => format!("{many} things are not as they should be."),
    });
}
