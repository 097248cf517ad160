//! `drydock completions`: what a shell needs to complete our commands.

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap_complete::Shell;

use super::{Cli, DONE, Invocation, Outcome};
use crate::config::Config;
use crate::course::{Catalogue, Item};

/// The arguments that are an item, by the names that the commands give them.
const ITEMS: [&str; 2] = ["id", "item"];

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Items and settings are completed too: those that there are when this is run.\n\n\
    Example: drydock completions bash > ~/.local/share/bash-completion/completions/drydock\n         \
    drydock completions zsh > ~/.zfunc/_drydock   (fpath+=~/.zfunc before compinit)\n         \
    drydock completions fish > ~/.config/fish/completions/drydock.fish"
)]
pub(super) struct Completions {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, invocation: &Invocation) -> Outcome {
        // Commands can be completed also where the content cannot be read.
        let context = invocation.context().ok();
        let course = context.as_ref().map(|context| context.course().as_ref());
        let mut definition = with_values(Cli::for_people(), course, &[]);
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut definition, "drydock", &mut script);
        invocation.out.write(&script);
        if self.shell == Shell::Fish {
            invocation.out.write(fish_values(&definition, &[]).as_bytes());
        }
        Ok(DONE)
    }
}

/// Whether a text means itself in the script of every shell, wherever it stands there: content is not
/// trusted, and what a shell completes from it evaluates.
fn is_plain(text: &str) -> bool {
    !text.starts_with('-')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '-' | '_'))
}

/// The values of arguments that have no name, which the generator leaves out for fish. `above` are the
/// commands that this one is one of.
fn fish_values(command: &clap::Command, above: &[&str]) -> String {
    let condition = match above {
        [] => String::new(),
        [first, rest @ ..] => rest
            .iter()
            .fold(format!("__fish_drydock_using_subcommand {first}"), |condition, name| {
                format!("{condition}; and __fish_seen_subcommand_from {name}")
            }),
    };
    let positionals = command.get_positionals().flat_map(clap::Arg::get_possible_values);
    let own = positionals.map(|value| {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        format!("complete -c drydock -n \"{condition}\" -f -a '{}' -d '{help}'\n", value.get_name())
    });
    let inner = command.get_subcommands().map(|one| {
        let path = [above, &[one.get_name()]].concat();
        fish_values(one, &path)
    });
    own.chain(inner).collect()
}

/// The same command with the values that its arguments can have, as far as they are known. `above` are
/// the commands that it is one of.
fn with_values(
    command: clap::Command,
    course: Option<&Catalogue>,
    above: &[&str],
) -> clap::Command {
    let name = command.get_name().to_owned();
    let path = [above, &[&name]].concat();
    let values = |argument: &str| -> Vec<PossibleValue> {
        match path.as_slice() {
            // The items that one writes oneself.
            [_, "new", ..] => Vec::new(),
            [_, "config", "set"] if argument == "key" => {
                Config::keys().into_iter().map(PossibleValue::new).collect()
            }
            _ if ITEMS.contains(&argument) => {
                let items = course.into_iter().flat_map(Catalogue::items);
                let items = items.filter(|item| is_plain(&item.id) && !item.id.contains(' '));
                let value = |item: &Item| {
                    let value = PossibleValue::new(item.id.clone());
                    if is_plain(&item.title) { value.help(item.title.clone()) } else { value }
                };
                items.map(value).collect()
            }
            _ => Vec::new(),
        }
    };
    let command = command.mut_args(|argument| {
        let values =
            if argument.is_positional() { values(argument.get_id().as_str()) } else { Vec::new() };
        if values.is_empty() {
            return argument;
        }
        argument.value_parser(PossibleValuesParser::new(values))
    });
    let inner: Vec<_> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    inner.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |one| with_values(one, course, &path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_evaluate_is_in_no_script() {
        for text in ["linux-03", "Create a systemd service", "harbour_1.2"] {
            assert!(is_plain(text), "{text}");
        }
        for text in ["$(reboot)", "`reboot`", "a'b", "a\"b", "a;b", "(a)", "-f", "a\nb", "a\\b"] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn fish_gets_the_values_of_arguments_without_a_name() {
        let definition = with_values(Cli::for_people(), None, &[]);
        let script = fish_values(&definition, &[]);
        let wanted = "-n \"__fish_drydock_using_subcommand config; and __fish_seen_subcommand_from set\" \
                      -f -a 'sync.remote'";
        assert!(script.contains(wanted), "{script}");
    }
}
