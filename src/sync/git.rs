//! The network, through the user's own `git`: their ssh configuration, agents and credential helpers
//! work as they do in a terminal.
//!
//! It is never asked for anything: it has no input, no terminal, no program that asks for passwords,
//! and a time limit. Who drops the future ends it with all that it started.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::Command;

use super::fault::word;
use super::remote::shown;

/// How much of what it says is read.
const MAX_WORDS: u64 = 1 << 20;

/// What [`apart`](crate::cli) ends with where there is no such program, as a shell does.
pub const NO_PROGRAM: u8 = 127;

/// Characters of its words that are told.
const MAX_TOLD: usize = 300;

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

/// Why it did not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such program.
    NoGit,
    /// It took too long.
    TooLong {
        /// The remote.
        remote: String,
        /// How long.
        limit: Duration,
    },
    /// The remote cannot be reached now: as good as being offline.
    Unreachable {
        /// The remote.
        remote: String,
        /// Git's words.
        words: String,
    },
    /// The remote does not let this user in, or git would have to ask for a password.
    NotAllowed {
        /// The remote.
        remote: String,
        /// Git's words.
        words: String,
    },
    /// There is no repository.
    NotThere {
        /// The remote.
        remote: String,
        /// Git's words.
        words: String,
    },
    /// A hook here refused the push.
    Hook {
        /// The hook's words.
        words: String,
    },
    /// The remote refused the push.
    Declined {
        /// The remote.
        remote: String,
        /// Its words.
        words: String,
    },
    /// Somebody else pushed before.
    Rejected,
    /// Anything else.
    Failed {
        /// The remote.
        remote: String,
        /// Git's words.
        words: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGit => f.write_str("git is not installed, and the remote is reached with it"),
            Self::TooLong { remote, limit } => {
                write!(f, "{remote} did not answer within {} s", limit.as_secs())
            }
            Self::Unreachable { remote, words } => {
                write!(f, "{remote} cannot be reached now: {words}")
            }
            Self::NotAllowed { remote, words } => {
                write!(f, "{remote} does not let you in: {words}")
            }
            Self::NotThere { remote, words } => {
                write!(f, "there is no repository at {remote}: {words}")
            }
            Self::Hook { words } => write!(f, "a pre-push hook refused: {words}"),
            Self::Declined { remote, words } => write!(f, "{remote} refused the push: {words}"),
            Self::Rejected => f.write_str("somebody else pushed before"),
            Self::Failed { remote, words } => write!(f, "git did not reach {remote}: {words}"),
        }
    }
}

impl Refusal {
    /// A stable word for scripts.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoGit => "sync_no_git",
            Self::TooLong { .. } | Self::Unreachable { .. } => "sync_unreachable",
            Self::NotAllowed { .. } => "sync_not_allowed",
            Self::NotThere { .. } => "sync_no_repository",
            Self::Hook { .. } => "sync_hook",
            Self::Declined { .. } => "sync_declined",
            Self::Rejected => "sync_rejected",
            Self::Failed { .. } => "sync_failed",
        }
    }

    /// Whether it is as good as being offline: it may work by itself the next time.
    pub fn is_offline(&self) -> bool {
        matches!(self, Self::TooLong { .. } | Self::Unreachable { .. })
    }

    pub(super) fn remedy(&self, folder: &Path) -> String {
        let ask = |remote: &str| format!("git ls-remote {}", word(Path::new(remote)));
        match self {
            Self::NoGit => "install git (apt install git, dnf install git)".to_owned(),
            Self::TooLong { .. } | Self::Unreachable { .. } | Self::Rejected => {
                "drydock sync, when it can be reached again".to_owned()
            }
            Self::NotAllowed { remote, .. } => format!(
                "let git in once in a terminal, where it can ask and remember: {}",
                ask(remote)
            ),
            Self::NotThere { .. } => {
                "make it there, empty; or: drydock config set sync.remote URL".to_owned()
            }
            Self::Hook { .. } => {
                format!("look at it: git -C {} rev-parse --git-path hooks/pre-push", word(folder))
            }
            Self::Declined { remote, words } if words.contains("checked out") => format!(
                "a remote to push to has no files of its own: git clone --bare {remote} {remote}.git"
            ),
            Self::Declined { .. } => {
                "ask whoever runs it what its rules are, or: drydock config set sync.remote URL"
                    .to_owned()
            }
            Self::Failed { remote, .. } => format!("try it in a terminal: {}", ask(remote)),
        }
    }
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
        if ran.status.success() { Ok(()) } else { Err(push_refusal(remote, &ran)) }
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
        command.stdin(Stdio::null());
        command
            .stdout(out.try_clone().map_err(failed)?)
            .stderr(errors.try_clone().map_err(failed)?);
        let mut child = command.spawn().map_err(failed)?;
        let mut running = Running(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
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
        for variable in OTHER_PLACES {
            command.env_remove(variable);
        }
        // Set and empty: neither the configured program nor the desktop's is asked.
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "");
        command.env("SSH_ASKPASS_REQUIRE", "never").env_remove("SSH_ASKPASS");
        command.env("GCM_INTERACTIVE", "never");
        // Its words are read.
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        if !self.own_ssh {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        if let Some((objects, own)) = &self.aside {
            command.env("GIT_OBJECT_DIRECTORY", objects);
            command.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", own);
        }
        command
    }
}

/// Whether the environment says how ssh is run.
pub(super) fn ssh_is_set() -> bool {
    ["GIT_SSH_COMMAND", "GIT_SSH"].iter().any(|name| std::env::var_os(name).is_some())
}

/// A child that has not ended: it is ended with all that it started when nobody waits for it any more.
struct Running(Option<Pid>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(pid) = self.0 {
            // The first moment of its life it has no group of its own yet.
            if kill_process_group(pid, Signal::TERM).is_err() {
                let _ = kill_process(pid, Signal::TERM);
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

/// What it means that a push failed.
fn push_refusal(remote: &str, ran: &Ran) -> Refusal {
    let refused = ran.out.lines().find_map(|line| line.strip_prefix("!\t"));
    let Some(refused) = refused else {
        let errors = ran.errors.trim();
        let other = errors.lines().any(|line| line.starts_with("fatal:"));
        if !other && errors.contains("error: failed to push some refs") {
            let hook = errors.lines().filter(|line| !line.starts_with("error: failed to push"));
            let words = told(hook);
            let words = if words.is_empty() { "it did not say why".to_owned() } else { words };
            return Refusal::Hook { words };
        }
        return refusal(remote, errors);
    };
    let contended = ["cannot lock ref", "failed to update ref", "reference already exists"];
    if refused.contains("[rejected]") || contended.iter().any(|words| refused.contains(words)) {
        return Refusal::Rejected;
    }
    let theirs = ran.errors.lines().filter_map(|line| line.strip_prefix("remote:"));
    let words = told(theirs.map(str::trim));
    let why = refused.rsplit_once('\t').map_or(refused, |(_, why)| why);
    let why = why.trim_start_matches("[remote rejected] ");
    let words = if words.is_empty() { why.to_owned() } else { format!("{words} {why}") };
    Refusal::Declined { remote: shown(remote), words: tame(&words) }
}

/// What git's words mean.
fn refusal(remote: &str, errors: &str) -> Refusal {
    const OFFLINE: [&str; 11] = [
        "Could not resolve host",
        "Temporary failure in name resolution",
        "Name or service not known",
        "Network is unreachable",
        "No route to host",
        "Connection refused",
        "Connection timed out",
        "Connection reset",
        "Operation timed out",
        "Failed to connect",
        "unable to look up",
    ];
    const CLOSED: [&str; 8] = [
        "terminal prompts disabled",
        "could not read Username",
        "could not read Password",
        "Authentication failed",
        "Permission denied (",
        "Host key verification failed",
        "The requested URL returned error: 403",
        "unable to get password",
    ];
    const NOT_THERE: [&str; 5] = [
        "does not appear to be a git repository",
        "epository not found",
        "not found",
        "No such file or directory",
        "not a git repository",
    ];
    let says = |words: &[&str]| words.iter().any(|word| errors.contains(word));
    let fatal = errors.lines().filter(|line| {
        let line = line.trim();
        let advice = [
            "Please make sure",
            "and the repository exists",
            "hint:",
            "fatal: Could not read from remote repository",
        ];
        !line.is_empty() && !advice.iter().any(|start| line.starts_with(start))
    });
    let words = told(fatal.map(|line| line.trim_start_matches("fatal: ")));
    let words = if words.is_empty() { "git gave no reason".to_owned() } else { words };
    let remote = shown(remote);
    if says(&OFFLINE) {
        Refusal::Unreachable { remote, words }
    } else if says(&CLOSED) {
        Refusal::NotAllowed { remote, words }
    } else if says(&NOT_THERE) {
        Refusal::NotThere { remote, words }
    } else {
        Refusal::Failed { remote, words }
    }
}

/// The first lines of somebody's words, as a part of a sentence.
fn told<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let lines: Vec<_> =
        lines.map(str::trim).filter(|line| !line.is_empty()).map(shown).take(3).collect();
    tame(&lines.join("; "))
}

/// On one line, without anything that a terminal obeys, and not too long.
fn tame(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let words = plain.trim().trim_end_matches('.');
    if words.chars().count() <= MAX_TOLD {
        return words.to_owned();
    }
    words.chars().take(MAX_TOLD).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_understood() {
        for (errors, kind) in [
            ("fatal: unable to access 'https://x/': Could not resolve host: x", "sync_unreachable"),
            (
                "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
                "sync_unreachable",
            ),
            (
                "fatal: could not read Username for 'https://x': terminal prompts disabled",
                "sync_not_allowed",
            ),
            (
                "git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.",
                "sync_not_allowed",
            ),
            ("Host key verification failed.\nfatal: Could not read", "sync_not_allowed"),
            ("fatal: '/x' does not appear to be a git repository", "sync_no_repository"),
            (
                "remote: Repository not found.\nfatal: repository 'https://x/' not found",
                "sync_no_repository",
            ),
            ("fatal: protocol error: bad line length", "sync_failed"),
            ("", "sync_failed"),
        ] {
            assert_eq!(refusal("x", errors).kind(), kind, "{errors}");
        }
        let words =
            refusal("x", "fatal: a\x1b[2Jb\nPlease make sure you have the correct rights\n");
        assert_eq!(words, Refusal::Failed { remote: "x".into(), words: "a[2Jb".into() });
    }

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
