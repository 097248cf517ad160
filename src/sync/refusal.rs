//! Why the user's git did not do what it was asked to, as far as its words tell, and the way out.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::fault::word;
use super::remote::shown;

/// Characters of its words that are told.
const MAX_TOLD: usize = 300;

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
        // There the name that the remote has is known, and whatever else is configured.
        let ask =
            |remote: &str| format!("git -C {} ls-remote {}", word(folder), word(Path::new(remote)));
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

/// What it means that a push failed.
pub(super) fn push_refusal(remote: &str, out: &str, errors: &str) -> Refusal {
    let refused = out.lines().find_map(|line| line.strip_prefix("!\t"));
    let Some(refused) = refused else {
        let errors = errors.trim();
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
    let theirs = errors.lines().filter_map(|line| line.strip_prefix("remote:"));
    let words = told(theirs.map(str::trim));
    let why = refused.rsplit_once('\t').map_or(refused, |(_, why)| why);
    let why = why.trim_start_matches("[remote rejected] ");
    let words = if words.is_empty() { why.to_owned() } else { format!("{words} {why}") };
    Refusal::Declined { remote: shown(remote), words: tame(&words) }
}

/// What git's words mean.
pub(super) fn refusal(remote: &str, errors: &str) -> Refusal {
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
}
