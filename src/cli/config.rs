//! `drydock config`: show, change and reset the configuration. Works while the content is broken, and
//! `set` and `reset` while the configuration is.

use serde_json::json;

use super::confirm::confirm;
use super::out::{Tone, printable};
use super::{DONE, Invocation, Out, Outcome};
use crate::config;
use crate::course::nearest;
use crate::paths::Paths;
use crate::problem::{Exit, Problem};
use crate::tui::keymap::Chord;
use crate::tui::theme;

/// Show or change the configuration
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock config set theme daylight")]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show every setting with its value
    #[command(after_help = "Example: drydock config show")]
    Show,
    /// Change one setting
    #[command(after_help = "Example: drydock config set theme daylight\n         \
        drydock config set limits.memory 1g\n         \
        drydock config set content '[~/lessons, /srv/course]'")]
    Set {
        /// The setting, such as theme or limits.memory
        key: String,
        /// Its new value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Go back to the defaults
    #[command(after_help = "Example: drydock config reset")]
    Reset {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Print where the file is
    #[command(after_help = "Example: \"$EDITOR\" \"$(drydock config path)\"")]
    Path,
}

impl Config {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let out = &invocation.out;
        let paths = Paths::find()?;
        let file = &paths.config_file;
        match self.action {
            Action::Show => {
                let config = config::Config::load(file)?;
                if out.json {
                    out.value(&config);
                } else {
                    out.write(config.to_yaml()?.as_bytes());
                }
            }
            Action::Set { key, value } => set(out, &paths, &key, &value)?,
            Action::Reset { yes } => {
                if file.exists() {
                    let question = format!("Remove {}?", file.display());
                    confirm(out, yes, &question)?;
                    config::reset(file)?;
                }
                if out.json {
                    out.value(&config::Config::default());
                } else {
                    out.line("All settings have their defaults");
                }
            }
            Action::Path if out.json => out.value(&json!({ "path": file })),
            Action::Path => out.line(file.display()),
        }
        Ok(DONE)
    }
}

/// Sets a key and tells what it is now.
pub(super) fn set(out: &Out, paths: &Paths, key: &str, value: &str) -> Result<(), Problem> {
    if key == "theme" {
        known_theme(value)?;
    }
    if key == "leave_key" {
        leave_key(value)?;
    }
    let config = config::set(&paths.config_file, key, value)?;
    if out.json {
        out.value(&config);
    } else {
        let value = config.get(key)?;
        let sign = out.mark(out.signs.passed(), Tone::Good);
        out.line(
            printable(&format!("{key}: {value}"))
                .lines()
                .fold(sign, |text, line| format!("{text} {line}")),
        );
    }
    Ok(())
}

/// Keys have their names in the screen's table.
fn leave_key(name: &str) -> Result<(), Problem> {
    match name.parse::<Chord>() {
        Ok(chord) if chord.types_nothing() => Ok(()),
        Ok(_) => Err(format!("{name:?} is needed to type in the shell")),
        Err(message) => Err(message),
    }
    .map_err(|message| {
        Problem::new("config", Exit::Usage, message)
            .remedy("write a key with ctrl or alt, or f1 to f12, such as ctrl-]")
    })
}

/// A theme is a file, so the configuration itself cannot know whether it is there.
fn known_theme(name: &str) -> Result<(), Problem> {
    let names = theme::names();
    if names.contains(&name) {
        return Ok(());
    }
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the themes are {}", names.join(", ")),
    };
    let message = format!("There is no theme \"{name}\"");
    Err(Problem::new("config", Exit::Usage, message).remedy(help))
}
