//! What is in remote repositories, brought here by the user's own git: its configuration, keys and
//! helpers are the user's, and it never asks anything.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::process::Command;

use super::Trouble;
use super::place::{Named, Place, fetched, shown};
use super::read::{BRANCHES, FETCHED};
use crate::sync;

/// How long one repository may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many are fetched at a time.
const TOGETHER: usize = 8;

/// Characters of git's words that are told.
const MAX_TOLD: usize = 300;

/// Fetches the last commit of every remote repository that was named; gives what did not work. What
/// was fetched before stays.
pub async fn fetch(named: &[Named], cache: &Path) -> Vec<Trouble> {
    let addresses = named.iter().filter_map(|one| match &one.at {
        Place::Remote(address) => Some(address),
        Place::Local(_) => None,
    });
    let all = addresses.map(|address| async move {
        let fetched = one(address, fetched(cache, address)).await;
        fetched.err().map(|message| Trouble::of(shown(address), &message))
    });
    stream::iter(all).buffered(TOGETHER).filter_map(std::future::ready).collect().await
}

async fn one(address: &str, into: PathBuf) -> Result<(), String> {
    if !into.join("HEAD").exists() {
        std::fs::create_dir_all(&into).map_err(|error| error.to_string())?;
        let mut init = git();
        init.args(["init", "--quiet", "--bare", "--template="]).arg("--").arg(&into);
        run(init).await?;
    }
    // Where its HEAD leads nowhere, the branch that was pushed has another name.
    let usual = BRANCHES.iter().map(|name| format!("refs/heads/{name}"));
    for reference in std::iter::once("HEAD".to_owned()).chain(usual) {
        let mut fetch = git();
        fetch.arg("--git-dir").arg(&into).args(["fetch", "--quiet", "--depth=1", "--no-tags"]);
        fetch.args(["--no-recurse-submodules", "--no-write-fetch-head", "--force", "--", address]);
        fetch.arg(format!("{reference}:{FETCHED}"));
        match run(fetch).await {
            Err(words) if words.contains("find remote ref") => {}
            ran => return ran,
        }
    }
    // There is nothing in it yet.
    Ok(())
}

fn git() -> Command {
    let mut git = Command::new("git");
    sync::never_asks(&mut git, sync::ssh_is_set());
    git.kill_on_drop(true);
    git
}

async fn run(mut git: Command) -> Result<(), String> {
    let ran = match tokio::time::timeout(PATIENCE, git.output()).await {
        Err(_) => return Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("git is not installed, and addresses are read with it".to_owned());
        }
        Ok(ran) => ran.map_err(|error| error.to_string())?,
    };
    if ran.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&ran.stderr);
    let lines = words.lines().map(|line| line.trim().trim_start_matches("fatal: "));
    let first = lines.into_iter().find(|line| !line.is_empty()).unwrap_or("git gave no reason");
    Err(first.chars().filter(|c| !c.is_control()).take(MAX_TOLD).collect())
}
