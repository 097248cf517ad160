//! `drydock completions`: what a shell needs to complete our commands.

use clap_complete::Shell;

use super::{Cli, DONE, Invocation, Outcome};

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: drydock completions bash > \
    ~/.local/share/bash-completion/completions/drydock")]
pub(super) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::definition(), "drydock", &mut script);
        invocation.out.write(&script);
        Ok(DONE)
    }
}
