//! `drydock author`: the full-screen program on a folder of content that is written in.

use std::path::{Path, PathBuf};

use super::{Invocation, Outcome, open};
use crate::config::Config;
use crate::context::Context;
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::tui::Start;

/// Write content: an editor, what learners will see, and what is wrong, all of it live
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Changes that another editor makes are followed too: leave it open beside yours.\n\
    Without a folder, it is the one of --content or of the configuration, or this one if it has\n\
    content/, exercises/ or scenarios/ in it.\n\n\
    Example: drydock author my-content"
)]
pub(super) struct Author {
    /// A folder of content
    folder: Option<PathBuf>,
}

impl Author {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let here = || Some(PathBuf::from(".")).filter(|folder| looks_like_content(folder));
        let folder = match self.folder {
            None if invocation.content.is_empty() && !configured()? => {
                Some(here().ok_or_else(nothing)?)
            }
            folder => folder,
        };
        // It is laid over everything else, so that its items can be tried.
        let mut content = invocation.content.clone();
        content.extend(folder);
        open::with(
            &invocation.out,
            || Context::load(&content, invocation.offline),
            |context| context.content_to_write().map(Start::Author).ok_or_else(nothing),
        )
    }
}

/// Whether the configuration names a folder.
fn configured() -> Result<bool, Problem> {
    let paths = Paths::find()?;
    let config = Config::load(&paths.config_file)?;
    Ok(!config.content_folders(&paths.config_file).is_empty())
}

fn looks_like_content(folder: &Path) -> bool {
    ["content", "exercises", "scenarios"].iter().any(|name| folder.join(name).is_dir())
}

fn nothing() -> Problem {
    let message = "There is no content here to write in: the built-in one is part of the program";
    Problem::new("no_content", Exit::Usage, message)
        .remedy("drydock author DIR; drydock new makes a folder to begin with")
}
