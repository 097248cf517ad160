//! The command line: global flags, the commands, and which code runs each.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use super::{
    DONE, Invocation, Out, Outcome, apart, author, card, completions, config, destroy, direct,
    doctor, due, export, hint, history, hold, images, import, import_progress, incident, init,
    launch, lint, log, man, modules, new, open, pack, permissions, postmortem, prove, recover,
    replay, report, reset, rewind, schema, shell, snapshot, status, sync, uninstall, verify,
};
use crate::paths::Paths;
use crate::problem::{Exit, Problem};

/// The command line, understood.
#[derive(Debug, Parser)]
#[command(
    name = "drydock",
    version,
    about = "Learn to build, run and repair infrastructure without leaving the terminal",
    after_help = "Without a command, drydock opens its full-screen program where you left it.\n\n\
        Example: drydock launch linux-01\n\n\
        Exit status: 0 done; 1 not passed; 2 wrong use or unreadable content;\n\
        3 the environment lacks something; 130 interrupted.",
    disable_help_subcommand = false
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
struct Global {
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Never use the network
    #[arg(long, global = true, env = "DRYDOCK_OFFLINE", hide_env_values = true,
        value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Lay the content of a folder over the built-in one; may be repeated
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        help = "Lay the content of a folder over the \
        built-in one; may be repeated [env: DRYDOCK_CONTENT, folders joined as in PATH]"
    )]
    content: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Home(open::Home),
    Status(status::Status),
    #[command(visible_alias = "list")]
    Modules(modules::Modules),
    Launch(launch::Launch),
    Shell(shell::Shell),
    Verify(verify::Verify),
    Hint(hint::Hint),
    Incident(incident::Incident),
    Sync(sync::Sync),
    Postmortem(postmortem::Postmortem),
    Due(due::Due),
    Card(card::CardCommand),
    Report(report::Report),
    History(history::History),
    Replay(replay::Replay),
    Export(export::Export),
    ImportProgress(import_progress::ImportProgress),
    Recover(recover::Recover),
    Snapshot(snapshot::Snapshot),
    Rewind(rewind::Rewind),
    Reset(reset::Reset),
    Destroy(destroy::Destroy),
    Config(config::Config),
    New(new::New),
    Import(import::Import),
    Author(author::Author),
    Lint(lint::Lint),
    Schema(schema::Schema),
    Prove(prove::Prove),
    Images(images::Images),
    Pack(pack::PackCommand),
    Permissions(permissions::PermissionsCommand),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    #[command(name = "man")]
    Manual(man::Manual),
    Uninstall(uninstall::Uninstall),
    Apart(apart::Apart),
    Hold(hold::Hold),
    Direct(direct::Direct),
}

impl Cli {
    /// Understands a command line. Help, the version and wrong use are printed here; then the
    /// status to end with is given.
    pub fn parse_from(words: impl IntoIterator<Item = OsString>) -> Result<Self, ExitCode> {
        let words: Vec<_> = words.into_iter().collect();
        let parsed = Self::command()
            .try_get_matches_from(&words)
            .and_then(|matches| Self::from_arg_matches(&matches));
        parsed.map_err(|error| {
            if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
                // It fails only when nobody reads.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            if words.iter().any(|word| word == "--json") {
                Out::new(true).problem(&wrong_use(&error));
            } else {
                let _ = error.print();
            }
            ExitCode::from(Exit::Usage.code())
        })
    }

    /// Runs the command and gives the status to end with.
    pub fn run(self) -> ExitCode {
        let Self { global, command } = self;
        let verbose = matches!(&command, Some(Command::Images(images)) if images.verbose());
        // What removes everything leaves no log behind.
        let leaves_nothing = matches!(&command, Some(Command::Uninstall(_)));
        if let Ok(paths) = Paths::find()
            && !leaves_nothing
        {
            log::start(paths, verbose);
        }
        let mut content: Vec<_> = std::env::var_os("DRYDOCK_CONTENT")
            .map(|folders| std::env::split_paths(&folders).collect())
            .unwrap_or_default();
        content.retain(|folder: &PathBuf| !folder.as_os_str().is_empty());
        content.extend(global.content);
        let invocation =
            Invocation { out: Out::new(global.json), offline: global.offline, content };
        let ended = match command {
            None => open::back(&invocation),
            Some(command) => command.run(&invocation),
        };
        let out = &invocation.out;
        if matches!(ended, Ok(DONE)) && !leaves_nothing {
            recover::copy_of_the_day(out);
        }
        match ended.and_then(|status| out.finish().map(|()| status)) {
            Ok(status) => ExitCode::from(status),
            Err(problem) => {
                out.problem(&problem);
                ExitCode::from(problem.exit.code())
            }
        }
    }

    /// The command line for people, for completions and manual pages: without the commands that drydock
    /// starts by itself.
    pub(super) fn for_people() -> clap::Command {
        let all = Self::command();
        let shown: Vec<_> =
            all.get_subcommands().filter(|one| !one.is_hide_set()).cloned().collect();
        let mut alone =
            Global::augment_args(clap::Command::new("drydock").version(env!("CARGO_PKG_VERSION")));
        for (set, text) in [
            (clap::Command::about as fn(_, _) -> _, all.get_about()),
            (clap::Command::after_help, all.get_after_help()),
        ] {
            if let Some(text) = text {
                alone = set(alone, text.clone());
            }
        }
        alone.subcommand_help_heading("Commands").subcommands(shown)
    }
}

impl Command {
    fn run(self, invocation: &Invocation) -> Outcome {
        match self {
            Self::Init(command) => command.run(invocation),
            Self::Home(command) => command.run(invocation),
            Self::Status(command) => command.run(invocation),
            Self::Modules(command) => command.run(invocation),
            Self::Launch(command) => command.run(invocation),
            Self::Shell(command) => command.run(invocation),
            Self::Verify(command) => command.run(invocation),
            Self::Hint(command) => command.run(invocation),
            Self::Incident(command) => command.run(invocation),
            Self::Sync(command) => command.run(invocation),
            Self::Postmortem(command) => command.run(invocation),
            Self::Due(command) => command.run(invocation),
            Self::Card(command) => command.run(invocation),
            Self::Report(command) => command.run(invocation),
            Self::History(command) => command.run(invocation),
            Self::Replay(command) => command.run(invocation),
            Self::Export(command) => command.run(invocation),
            Self::ImportProgress(command) => command.run(invocation),
            Self::Recover(command) => command.run(invocation),
            Self::Snapshot(command) => command.run(invocation),
            Self::Rewind(command) => command.run(invocation),
            Self::Reset(command) => command.run(invocation),
            Self::Destroy(command) => command.run(invocation),
            Self::Config(command) => command.run(invocation),
            Self::New(command) => command.run(invocation),
            Self::Import(command) => command.run(invocation),
            Self::Author(command) => command.run(invocation),
            Self::Lint(command) => command.run(invocation),
            Self::Schema(command) => command.run(invocation),
            Self::Prove(command) => command.run(invocation),
            Self::Images(command) => command.run(invocation),
            Self::Pack(command) => command.run(invocation),
            Self::Permissions(command) => command.run(invocation),
            Self::Doctor(command) => command.run(invocation),
            Self::Completions(command) => command.run(invocation),
            Self::Manual(command) => command.run(invocation),
            Self::Uninstall(command) => command.run(invocation),
            Self::Apart(command) => command.run(invocation),
            Self::Hold(command) => command.run(invocation),
            Self::Direct(command) => command.run(invocation),
        }
    }
}

/// Clap's message as one sentence, and what it would have liked.
fn wrong_use(error: &clap::Error) -> Problem {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("wrong use");
    let message = first.strip_prefix("error: ").unwrap_or(first);
    let tip = lines.find_map(|line| line.strip_prefix("tip: "));
    Problem::new("usage", Exit::Usage, message).remedy(tip.unwrap_or("drydock --help"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        fn visit(command: &clap::Command) {
            for sub in command
                .get_subcommands()
                .filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
            {
                let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
                let groups = sub.has_subcommands();
                assert!(help.contains("Example") || groups, "{}", sub.get_name());
                visit(sub);
            }
        }
        visit(&Cli::command());
    }

    #[test]
    fn wrong_use_becomes_one_sentence_with_a_tip() {
        let error = Cli::command().try_get_matches_from(["drydock", "lunch"]).unwrap_err();
        let problem = wrong_use(&error);
        assert_eq!(problem.message, "unrecognized subcommand 'lunch'");
        assert!(problem.remedy.unwrap().contains("launch"));
    }
}
