//! Where the repository's other copy is: what the user wrote, what the repository knows, which branch.

use std::path::{Path, PathBuf};

use directories::BaseDirs;
use git2::Repository;
use sha2::{Digest, Sha256};

use super::fault::Fault;
use super::git::Heads;

/// The key that tells what we noted from what the learner did.
const NOTED: &str = "drydock";

/// A remote, by the word that git is given for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remote {
    /// Its name in the repository, or its address.
    pub(super) word: String,
    /// Its name in the repository, where it has one.
    pub(super) name: Option<String>,
    /// Its address.
    pub(super) url: String,
}

impl Remote {
    /// The remote of a repository: the one the configuration says, else the one that the branch
    /// follows, else `origin`.
    pub(super) fn find(
        repository: Option<&Repository>,
        configured: Option<&str>,
        branch: Option<&str>,
    ) -> Option<Self> {
        let Some(repository) = repository else {
            return configured.map(|url| Self::at(url.to_owned()));
        };
        let named = |name: &str| {
            let remote = repository.find_remote(name).ok()?;
            let url = remote.url().ok()?.to_owned();
            Some(Self { word: name.to_owned(), name: Some(name.to_owned()), url })
        };
        let remotes = repository.remotes().ok()?;
        let all = || remotes.iter().flatten().flatten().filter_map(named);
        match configured {
            Some(url) => {
                Some(all().find(|one| one.url == url).unwrap_or_else(|| Self::at(url.to_owned())))
            }
            None => branch
                .and_then(|branch| followed(repository, branch).0)
                .and_then(|name| named(&name))
                .or_else(|| named("origin"))
                .or_else(|| all().next()),
        }
    }

    fn at(url: String) -> Self {
        Self { word: url.clone(), name: None, url }
    }

    /// Where its branches are kept here: apart from those that the user's own fetches keep.
    pub(super) fn refs(&self) -> String {
        let hash = format!("{:x}", Sha256::digest(&self.url));
        format!("refs/drydock/{}", &hash[..12])
    }

    /// For people.
    pub(super) fn shown(&self) -> String {
        shown(&self.url)
    }

    /// Which of its branches ours goes to. `heads` are those that it has.
    pub(super) fn branch(&self, repository: &Repository, ours: &str, heads: &Heads) -> String {
        let there = |name: &str| heads.branches.iter().any(|(branch, _)| branch == name);
        let (remote, merge) = followed(repository, ours);
        if let Some(merge) = merge
            && (remote == self.name || remote.as_deref() == Some(&*self.url))
            // What we noted ourselves holds no longer than the remote does.
            && (there(&merge) || heads.branches.is_empty() || !is_noted(repository, ours))
        {
            return merge;
        }
        // A second branch of the learner's is one there, too.
        if repository.branches(Some(git2::BranchType::Local)).is_ok_and(|all| all.count() > 1) {
            return ours.to_owned();
        }
        let default = heads.default.as_deref().filter(|name| there(name));
        let only = match &heads.branches[..] {
            [(only, _)] => Some(only.as_str()),
            _ => None,
        };
        let usual = ["main", "master"].into_iter().find(|name| there(name));
        let branch = there(ours).then_some(ours).or(default).or(only).or(usual);
        branch.unwrap_or(ours).to_owned()
    }

    /// Notes which branch ours goes to, unless it goes somewhere already.
    pub(super) fn follow(
        &self,
        repository: &Repository,
        ours: &str,
        theirs: &str,
    ) -> Result<(), Fault> {
        let (_, merge) = followed(repository, ours);
        if merge.as_deref() == Some(theirs) || (merge.is_some() && !is_noted(repository, ours)) {
            return Ok(());
        }
        let mut config = repository.config()?.open_level(git2::ConfigLevel::Local)?;
        config
            .set_str(&format!("branch.{ours}.remote"), self.name.as_deref().unwrap_or(&self.url))?;
        config.set_str(&format!("branch.{ours}.merge"), &format!("refs/heads/{theirs}"))?;
        config.set_bool(&format!("branch.{ours}.{NOTED}"), true)?;
        Ok(())
    }
}

/// Whether it was us who noted what a branch follows.
fn is_noted(repository: &Repository, branch: &str) -> bool {
    let config = repository.config().and_then(|mut config| config.snapshot());
    config.is_ok_and(|config| config.get_bool(&format!("branch.{branch}.{NOTED}")).unwrap_or(false))
}

/// The remote and the branch that a branch follows.
fn followed(repository: &Repository, branch: &str) -> (Option<String>, Option<String>) {
    let Ok(config) = repository.config() else { return (None, None) };
    let value = |key: &str| config.get_string(&format!("branch.{branch}.{key}")).ok();
    let merge = value("merge").and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
    (value("remote").filter(|name| name != "."), merge)
}

/// An address as the configuration writes it: `~/` is the home, `./` and `../` start at `base`.
pub fn address(written: &str, base: &Path) -> Option<String> {
    let written = written.trim();
    let path: PathBuf = match (written.strip_prefix("~/"), BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ if written.starts_with("./") || written.starts_with("../") => base.join(written),
        _ if written.is_empty() => return None,
        _ => return Some(written.to_owned()),
    };
    Some(path.to_string_lossy().into_owned())
}

/// Whether it is on this machine's disks: no network is needed. The rule is git's own.
pub(super) fn is_local(url: &str) -> bool {
    if let Some((scheme, _)) = url.split_once("://") {
        return scheme == "file";
    }
    match url.split_once(':') {
        // `host:path`, unless a slash comes first.
        Some((before, _)) => before.contains('/'),
        None => true,
    }
}

/// An address for people: without a password that is written in it.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after.find(['/', ' ', '\'', '"']).unwrap_or(after.len());
        let (host, tail) = after.split_at(end);
        match host.rsplit_once('@') {
            Some((user, host)) => {
                let name = user.split_once(':').map_or(user, |(name, _)| name);
                out.extend([name, "@", host]);
            }
            None => out.push_str(host),
        }
        rest = tail;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (text, expected) in [
            ("https://me:secret@host/x.git", "https://me@host/x.git"),
            ("https://token@host/x", "https://token@host/x"),
            (
                "unable to access 'https://me:s@cret@host/x/': no",
                "unable to access 'https://me@host/x/': no",
            ),
            ("git@host:x.git", "git@host:x.git"),
            ("/srv/x", "/srv/x"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn what_is_on_a_disk_needs_no_network() {
        for url in ["/srv/x.git", "../x", "x", "file:///srv/x", "/srv/a:b"] {
            assert!(is_local(url), "{url}");
        }
        for url in ["https://h/x", "git@h:x", "h:x", "ssh://h/x", "git://h/x", "ext::sh x"] {
            assert!(!is_local(url), "{url}");
        }
    }

    #[test]
    fn paths_start_at_the_configuration() {
        let base = Path::new("/etc/drydock");
        assert_eq!(address("../x.git", base).as_deref(), Some("/etc/drydock/../x.git"));
        assert_eq!(address("h:x", base).as_deref(), Some("h:x"));
        assert_eq!(address(" ", base), None);
        assert!(!address("~/x", base).unwrap().starts_with('~'));
    }
}
