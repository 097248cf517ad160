//! Programs that a scenario brings along: scripts among its assets, by name. Who runs one of them needs what
//! is in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::assets::Setup;
use super::prepare::interpreter;
use super::shell::{Command, commands};

/// Scripts that run each other.
const MAX_DEPTH: usize = 3;

/// Commands of one script, with those of the scripts that it runs.
const MOST: usize = 20_000;

/// The commands of each.
#[derive(Debug, Default)]
pub(super) struct Programs(BTreeMap<String, Vec<Command>>);

impl Programs {
    /// The scripts for a shell among these files.
    pub(super) fn of(setup: &[Setup]) -> Self {
        let script = |file: &Setup| {
            let name = file.dest.rsplit('/').next()?.to_owned();
            let text = std::str::from_utf8(&file.bytes).ok()?;
            let shell = matches!(interpreter(text).as_str(), "bash" | "sh" | "dash");
            let sh = Path::new(&name).extension().is_some_and(|it| it == "sh");
            let is_script = text.starts_with("#!") && shell || sh;
            is_script.then(|| (name, commands(text)))
        };
        Self(setup.iter().filter_map(script).collect())
    }

    /// The commands of a script, those of the programs that it runs included.
    pub(super) fn commands(&self, script: &str) -> Vec<Command> {
        let mut found = Vec::new();
        self.add(&commands(script), None, 0, &mut found);
        found
    }

    /// Adds commands, all in one line if that is given: the one in which they are run.
    fn add(&self, all: &[Command], line: Option<u32>, depth: usize, found: &mut Vec<Command>) {
        for command in all {
            if found.len() >= MOST {
                return;
            }
            let line = line.unwrap_or(command.line);
            if let Some(inner) = self.run_by(command).filter(|_| depth < MAX_DEPTH) {
                self.add(inner, Some(line), depth + 1, found);
            }
            found.push(Command { line, ..command.clone() });
        }
    }

    fn run_by(&self, command: &Command) -> Option<&[Command]> {
        let file = match command.name() {
            "bash" | "sh" | "source" | "." => {
                command.arguments().find(|it| !it.starts_with('-'))?
            }
            name => name,
        };
        let name = file.rsplit('/').next().unwrap_or(file);
        self.0.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_runs_a_script_runs_what_is_in_it() {
        let file = |dest: &str, text: &str| Setup {
            source: "files/x".to_owned(),
            dest: dest.to_owned(),
            mode: None,
            bytes: text.as_bytes().to_vec(),
        };
        let programs = Programs::of(&[
            file("/usr/local/bin/prepare", "#!/bin/bash\nip netns add a\n./loop.sh\n"),
            file("/root/loop.sh", "docker ps\nbash /root/loop.sh\n"),
            file("/root/data", "docker ps\n"),
            file("/root/check.py", "#!/usr/bin/env python3\ndocker\n"),
        ]);
        let names = |script: &str| -> Vec<String> {
            programs.commands(script).iter().map(|command| command.name().to_owned()).collect()
        };
        assert_eq!(names("data; check.py; ls"), ["data", "check.py", "ls"]);
        let found = programs.commands("\nprepare");
        assert!(found.iter().any(|it| it.name() == "docker" && it.line == 2), "{found:?}");
        assert!(names("source ~/loop.sh").contains(&"docker".to_owned()));
    }
}
