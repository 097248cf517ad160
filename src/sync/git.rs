//! The network, through the user's own `git`: their ssh configuration, agents and credential helpers
//! work as they do in a terminal.
//!
//! It is never asked for anything: it has no input, no terminal, no program that asks for passwords,
//! and a time limit. Who drops the future ends it with all that it started.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::refusal::{Refusal, push_refusal, refusal};
use super::remote::shown;
use crate::platform::{Ending, process};

/// How much of what it says is read.
const MAX_WORDS: u64 = 1 << 20;

/// What [`apart`](crate::cli) ends with where there is no such program, as a shell does.
pub const NO_PROGRAM: u8 = 127;

/// Variables that would make it work somewhere else.
const OTHER_PLACES: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
];

/// The user's git, for one repository.
#[derive(Debug, Clone)]
pub(super) struct Git {
    /// What is put before its name: the way to run it apart from the terminal.
    pub(super) apart: Vec<OsString>,
    /// The repository's `.git`.
    pub(super) directory: PathBuf,
    /// The folder of its files.
    pub(super) folder: PathBuf,
    /// How long one call may take.
    pub(super) limit: Duration,
    /// Where objects go instead, and where the repository's own are.
    pub(super) aside: Option<(PathBuf, PathBuf)>,
    /// Whether the user says how ssh is run.
    pub(super) own_ssh: bool,
}

/// What it did.
struct Ran {
    status: ExitStatus,
    out: String,
    errors: String,
}

impl Git {
    /// The remote's branches, and which of them is its default.
    pub(super) async fn look(&self, remote: &str) -> Result<Heads, Refusal> {
        let ran = self
            .run(remote, &["ls-remote", "--symref", "--", remote, "HEAD", "refs/heads/*"])
            .await?;
        if !ran.status.success() {
            return Err(refusal(remote, &ran.errors));
        }
        Ok(Heads::of(&ran.out))
    }

    /// Brings the remote's branches to `into`, those that are gone there too.
    pub(super) async fn fetch(&self, remote: &str, into: &str) -> Result<(), Refusal> {
        let refspec = format!("+refs/heads/*:{into}/*");
        let arguments = [
            "fetch",
            "--quiet",
            "--prune",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--",
            remote,
            &refspec,
        ];
        let ran = self.run(remote, &arguments).await?;
        if ran.status.success() { Ok(()) } else { Err(refusal(remote, &ran.errors)) }
    }

    /// Brings the objects of these branches, and changes no branch.
    pub(super) async fn fetch_objects(&self, remote: &str, branch: &str) -> Result<(), Refusal> {
        let reference = format!("refs/heads/{branch}");
        let arguments = [
            "-c",
            "gc.auto=0",
            "-c",
            "maintenance.auto=false",
            "fetch",
            "--quiet",
            "--refmap=",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--",
            remote,
            &reference,
        ];
        let ran = self.run(remote, &arguments).await?;
        if ran.status.success() { Ok(()) } else { Err(refusal(remote, &ran.errors)) }
    }

    /// Makes the remote's branch this commit, if it follows from what is there.
    pub(super) async fn push(
        &self,
        remote: &str,
        commit: &str,
        branch: &str,
    ) -> Result<(), Refusal> {
        let refspec = format!("{commit}:refs/heads/{branch}");
        let arguments = [
            "push",
            "--porcelain",
            "--no-follow-tags",
            "--recurse-submodules=no",
            "--",
            remote,
            &refspec,
        ];
        let ran = self.run(remote, &arguments).await?;
        if ran.status.success() { Ok(()) } else { Err(push_refusal(remote, &ran.out, &ran.errors)) }
    }

    /// Where a remote's name, or an address that the user's configuration rewrites, leads to.
    pub(super) async fn address(&self, remote: &str) -> Result<String, Refusal> {
        let ran = self.run(remote, &["ls-remote", "--get-url", "--", remote]).await?;
        Ok(ran.out.trim().to_owned())
    }

    async fn run(&self, remote: &str, arguments: &[&str]) -> Result<Ran, Refusal> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Refusal::NoGit,
            _ => Refusal::Failed { remote: shown(remote), words: error.to_string() },
        };
        // Files rather than pipes: what it leaves running (a shared ssh connection) may keep them open,
        // and when drydock ends first it goes on undisturbed.
        let (out, errors) =
            (tempfile::tempfile().map_err(failed)?, tempfile::tempfile().map_err(failed)?);
        let mut command = self.command(arguments);
        command
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(errors.try_clone().map_err(failed)?);
        let mut child = command.spawn().map_err(failed)?;
        let mut running = Running(child.id());
        let status = match tokio::time::timeout(self.limit, child.wait()).await {
            Ok(status) => status.map_err(failed)?,
            Err(_) => return Err(Refusal::TooLong { remote: shown(remote), limit: self.limit }),
        };
        running.0 = None;
        if status.code() == Some(NO_PROGRAM.into()) {
            return Err(Refusal::NoGit);
        }
        Ok(Ran { status, out: text(out), errors: text(errors) })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let git = OsStr::new("git");
        let mut words = self.apart.iter().map(OsString::as_os_str).chain([git]);
        let mut command = Command::new(words.next().unwrap_or(git));
        command.args(words);
        command.arg("--git-dir").arg(&self.directory).arg("--work-tree").arg(&self.folder);
        command.args(arguments).current_dir(&self.folder);
        never_asks(&mut command, self.own_ssh);
        if let Some((objects, own)) = &self.aside {
            command.env("GIT_OBJECT_DIRECTORY", objects);
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", own);
        }
        command
    }
}

/// Has git work where it is told to and ask nobody for anything; ssh neither, unless the user says how it
/// is run.
pub fn never_asks(git: &mut Command, own_ssh: bool) {
    for variable in OTHER_PLACES {
        git.env_remove(variable);
    }
    git.stdin(Stdio::null());
    // Set and empty: neither the configured program nor the desktop's is asked.
    git.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "");
    git.env("SSH_ASKPASS_REQUIRE", "never").env_remove("SSH_ASKPASS");
    git.env("GCM_INTERACTIVE", "never");
    // Its words are read.
    git.env("LC_ALL", "C").env_remove("LANGUAGE");
    if !own_ssh {
        git.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
    }
}

/// Whether the environment says how ssh is run.
pub fn ssh_is_set() -> bool {
    ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| std::env::var_os(name).is_some())
}

/// A child that has not ended: it is ended with all that it started when nobody waits for it any more.
struct Running(Option<u32>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // The first moment of its life it has no group of its own yet.
            if !process::end_group(pid, Ending::Asked) {
                process::end(pid);
            }
        }
    }
}

/// What was written to a file, as text, the beginning of it.
fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.take(MAX_WORDS).read_to_end(&mut bytes));
    if let Err(error) = read {
        tracing::warn!(%error, "what git said was not read");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The branches of a remote.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Heads {
    /// Their names with their commits.
    pub(super) branches: Vec<(String, String)>,
    /// The one that a clone checks out.
    pub(super) default: Option<String>,
}

impl Heads {
    fn of(listed: &str) -> Self {
        let mut heads = Self::default();
        for line in listed.lines() {
            let Some((what, name)) = line.split_once('\t') else { continue };
            if let Some(target) = what.strip_prefix("ref: refs/heads/") {
                if name == "HEAD" {
                    heads.default = Some(target.to_owned());
                }
            } else if let Some(branch) = name.strip_prefix("refs/heads/") {
                heads.branches.push((branch.to_owned(), what.to_owned()));
            }
        }
        heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_read_with_the_default() {
        let heads = Heads::of(
            "ref: refs/heads/trunk\tHEAD\n11\tHEAD\n11\trefs/heads/trunk\n22\trefs/heads/a/b\n",
        );
        assert_eq!(heads.default.as_deref(), Some("trunk"));
        let branches = [("trunk", "11"), ("a/b", "22")].map(|(a, b)| (a.into(), b.into()));
        assert_eq!(heads.branches, branches);
        assert_eq!(Heads::of(""), Heads::default());
    }
}
