//! A Debian root file system made on this machine from the distribution's packages: what is left
//! where no image can be pulled.
//!
//! Each [`Way`] is a program that writes a tar archive to its output and tells on its error output
//! what it is doing.
//!
//! Invariants: a dropped [`Making`] ends the program and all it started. Run by root, the programs
//! mount the machine's own `/proc`, `/sys` and devices inside what they make: they do it in a mount
//! namespace of their own, so no mount ever outlives them, nor can a clean-up reach through one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::platform::process::{self, is_root};
use crate::platform::{Ending, files};

/// The release that our images are written for.
const RELEASE: &str = "bookworm";

/// How long a program may take to end and clean up once it was asked to; then it is killed.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// How many of a program's last words are kept for an error.
const LAST_WORDS: usize = 3;

/// Finds a program by its name.
pub(crate) type Find<'a> = &'a (dyn Fn(&str) -> Option<PathBuf> + Send + Sync);

/// How a root file system can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// With mmdebstrap, which needs no rights.
    Mmdebstrap,
    /// With mmdebstrap's package unpacked into a temporary folder: nothing is installed.
    FetchedMmdebstrap,
    /// With debootstrap, which must be root.
    Debootstrap,
}

impl Way {
    /// All ways, the best first.
    pub(crate) const ALL: [Self; 3] =
        [Self::Mmdebstrap, Self::FetchedMmdebstrap, Self::Debootstrap];

    /// The name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mmdebstrap => "mmdebstrap",
            Self::FetchedMmdebstrap => "a temporary mmdebstrap from apt-get",
            Self::Debootstrap => "debootstrap",
        }
    }

    /// Gets everything ready; `Err` says in words why this way cannot be gone here.
    pub(crate) async fn prepare(self, find: Find<'_>) -> Result<Recipe, String> {
        let missing = |name: &str| format!("{name} is not installed");
        let found = |name: &str| find(name).ok_or_else(|| missing(name));
        match self {
            Self::Mmdebstrap => {
                let program = found("mmdebstrap")?;
                Recipe::mmdebstrap([program.into()], folder()?).alone(find).await
            }
            Self::FetchedMmdebstrap => {
                let (apt, dpkg, perl) = (found("apt-get")?, found("dpkg-deb")?, found("perl")?);
                let folder = folder()?;
                fetch(&apt, &dpkg, folder.path()).await?;
                let script = folder.path().join("root/usr/bin/mmdebstrap");
                Recipe::mmdebstrap([perl.into(), script.into()], folder).alone(find).await
            }
            Self::Debootstrap => {
                let program = found("debootstrap")?;
                if !is_root() {
                    return Err("only root can use it".to_owned());
                }
                let folder = folder()?;
                let script = "\"$1\" --variant=minbase \"$2\" \"$3/root\" >&2 && \
                              exec tar -C \"$3/root\" --numeric-owner -cf - .";
                let command = ["sh", "-c", script, "sh"].map(OsString::from).into_iter();
                let inputs = [program.into(), RELEASE.into(), folder.path().into()];
                let command = command.chain(inputs).collect();
                Recipe { command, phases: DEBOOTSTRAP_PHASES, folder }.alone(find).await
            }
        }
    }
}

/// A temporary folder that other accounts can look into: apt drops its rights.
fn folder() -> Result<TempDir, String> {
    let folder = files::temporary(0o755).prefix("drydock-base-").tempdir();
    folder.map_err(|error| error.to_string())
}

/// Downloads and unpacks mmdebstrap's package, with package lists of our own: neither root nor an
/// earlier `apt-get update` is needed.
async fn fetch(apt: &Path, dpkg: &Path, here: &Path) -> Result<(), String> {
    for inner in ["state/lists/partial", "cache/archives/partial"] {
        std::fs::create_dir_all(here.join(inner)).map_err(|error| error.to_string())?;
    }
    let option = |name: &str, value: &str| ["-o".to_owned(), format!("{name}={value}")];
    let in_here = |inner: &str| here.join(inner).display().to_string();
    let private = [
        option("Dir::State", &in_here("state")),
        option("Dir::State::status", "/var/lib/dpkg/status"),
        option("Dir::Cache", &in_here("cache")),
        // The folder is ours alone: apt's own account may not write there.
        option("APT::Sandbox::User", ""),
    ]
    .concat();
    let apt = |verb: &'static [&'static str]| {
        let mut command = Command::new(apt);
        command.arg("-q").args(&private).args(verb).current_dir(here);
        command
    };
    // A source of somebody else's that cannot be reached fails the update, but not what follows.
    if let Err(error) = run(apt(&["update"])).await {
        tracing::debug!(%error, "apt-get update");
    }
    run(apt(&["download", "mmdebstrap"])).await?;
    let package = std::fs::read_dir(here)
        .map_err(|error| error.to_string())?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or("apt-get downloaded nothing")?;
    let mut unpack = Command::new(dpkg);
    unpack.arg("-x").arg(package).arg(here.join("root"));
    run(unpack).await
}

/// Runs a program to its end.
async fn run(mut command: Command) -> Result<(), String> {
    let output = quiet(&mut command).output().await.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(words.map_or_else(|| output.status.to_string(), str::to_owned))
}

/// No questions, no translations, and nothing left running.
fn quiet(command: &mut Command) -> &mut Command {
    let path = std::env::var("PATH").unwrap_or_default();
    command
        // An ordinary user's path lacks the folders where the package tools live.
        .env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin"))
        .env("LC_ALL", "C.UTF-8")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .kill_on_drop(true)
}

/// What a line that contains the first text means, and which part of the time has passed by then.
type Phase = (&'static str, &'static str, f64);

const MMDEBSTRAP_PHASES: &[Phase] = &[
    ("running apt-get update", "reading the package lists", 0.02),
    ("downloading packages", "downloading packages", 0.08),
    ("extracting archives", "unpacking packages", 0.15),
    ("installing essential", "installing essential packages", 0.28),
    ("installing remaining", "installing the remaining packages", 0.50),
    ("cleaning package", "cleaning up", 0.75),
    ("creating tarball", "packing", 0.80),
    ("removing tempdir", "cleaning up", 0.90),
];

const DEBOOTSTRAP_PHASES: &[Phase] = &[
    ("Retrieving", "downloading packages", 0.05),
    ("Extracting", "unpacking packages", 0.25),
    ("Unpacking the base", "installing packages", 0.55),
    ("Configuring", "setting packages up", 0.70),
    ("Base system installed", "packing", 0.90),
];

/// A program ready to be started.
pub(crate) struct Recipe {
    command: Vec<OsString>,
    phases: &'static [Phase],
    folder: TempDir,
}

impl Recipe {
    fn mmdebstrap(program: impl IntoIterator<Item = OsString>, folder: TempDir) -> Self {
        let own = ["--variant=minbase", "--format=tar", RELEASE, "-"].map(OsString::from);
        let command = program.into_iter().chain(own).collect();
        Self { command, phases: MMDEBSTRAP_PHASES, folder }
    }

    /// The same in a mount namespace of its own, where it would use the machine's: as root.
    async fn alone(mut self, find: Find<'_>) -> Result<Self, String> {
        if !is_root() {
            return Ok(self);
        }
        let unshare = find("unshare").ok_or("unshare (of util-linux) is not installed")?;
        let options = ["--mount", "--propagation", "private", "--"];
        let mut attempt = Command::new(&unshare);
        attempt.args(options).arg("true");
        // A root that may not do this (in a container) may not mount either.
        if run(attempt).await.is_ok() {
            let own = options.map(OsString::from);
            self.command.splice(0..0, [unshare.into()].into_iter().chain(own));
        }
        Ok(self)
    }

    /// Starts it: the archive, and the making to be watched.
    pub(crate) fn start(self) -> Result<(ChildStdout, Making), String> {
        let mut parts = self.command.iter();
        let mut command = Command::new(parts.next().ok_or("there is nothing to start")?);
        quiet(&mut command).args(parts).stdout(Stdio::piped()).stderr(Stdio::piped());
        if is_root() {
            // Anybody else's mmdebstrap works under other user numbers, which cannot get in here.
            command.env("TMPDIR", self.folder.path());
        }
        // Killed outright, it could not clean up; see `Making::drop`.
        process::lead_group(command.kill_on_drop(false));
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
            return Err("it has no output".to_owned());
        };
        let making = Making {
            stderr: BufReader::new(stderr),
            phases: self.phases,
            words: Vec::new(),
            work: Some((child, self.folder)),
        };
        Ok((stdout, making))
    }
}

/// A program at work.
pub(crate) struct Making {
    stderr: BufReader<ChildStderr>,
    phases: &'static [Phase],
    words: Vec<String>,
    /// The program and what it works in; taken when it is dropped.
    work: Option<(Child, TempDir)>,
}

impl Making {
    /// Follows it to its end; `report` gets what it does and which part is done.
    pub(crate) async fn watch(&mut self, report: impl Fn(&str, f64)) -> Result<(), String> {
        let mut bytes = Vec::new();
        while matches!(self.stderr.read_until(b'\n', &mut bytes).await, Ok(1..)) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            tracing::debug!(target: "drydock::images", "{line}");
            if let Some((_, words, part)) =
                self.phases.iter().find(|(sign, ..)| line.contains(sign))
            {
                report(words, *part);
            }
            self.words.push(line);
            let excess = self.words.len().saturating_sub(LAST_WORDS);
            self.words.drain(..excess);
        }
        let Some((child, _)) = &mut self.work else { return Err("it is over".to_owned()) };
        match child.wait().await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{} ({status})", self.words.join("; "))),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        let Some((mut child, folder)) = self.work.take() else { return };
        // One that was waited for has no number any more.
        let Some(group) = child.id() else { return };
        // Asked nicely, the programs clean up after themselves; so do the ones they started.
        process::end_group(group, Ending::Asked);
        // The folder can go when nothing is put into it any more.
        let clean_up = async move {
            let _ = tokio::time::timeout(END_TIMEOUT, child.wait()).await;
            process::end_group(group, Ending::Killed);
            drop(folder);
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(clean_up);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::AsyncReadExt;

    use super::*;

    fn recipe(script: &str) -> Recipe {
        let command = ["sh", "-c", script].map(OsString::from).into();
        Recipe { command, phases: MMDEBSTRAP_PHASES, folder: folder().unwrap() }
    }

    #[tokio::test]
    async fn a_way_without_its_program_says_so() {
        for way in Way::ALL {
            let error = way.prepare(&|_| None).await.err().unwrap();
            assert!(error.contains("not installed"), "{way:?}: {error}");
        }
    }

    #[tokio::test]
    async fn progress_is_told_and_the_archive_passed_on() {
        let script = "echo 'I: running apt-get update...' >&2; printf 'a\\0b'";
        let (mut archive, mut making) = recipe(script).start().unwrap();
        let told = Mutex::new(Vec::new());
        making.watch(|words, _| told.lock().unwrap().push(words.to_owned())).await.unwrap();
        assert_eq!(*told.lock().unwrap(), ["reading the package lists"]);
        let mut bytes = Vec::new();
        archive.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"a\0b");
    }

    #[tokio::test]
    async fn a_failure_brings_its_last_words() {
        let (_archive, mut making) = recipe("echo 'E: no mirror' >&2; exit 7").start().unwrap();
        let error = making.watch(|_, _| {}).await.unwrap_err();
        assert!(error.contains("no mirror") && error.contains('7'), "{error}");
    }

    #[tokio::test]
    async fn dropping_it_ends_what_it_started_too() {
        // The grandchild holds the pipe open: its end is the end of both.
        let (mut archive, making) = recipe("sleep 1000 & wait").start().unwrap();
        drop(making);
        let mut bytes = Vec::new();
        let ended = archive.read_to_end(&mut bytes);
        tokio::time::timeout(Duration::from_secs(20), ended).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn its_folder_goes_when_it_has_ended() {
        let recipe = recipe("touch \"$TMPDIR/there\"; echo; sleep 1000");
        let folder = recipe.folder.path().to_owned();
        let (mut archive, making) = recipe.start().unwrap();
        archive.read_exact(&mut [0]).await.unwrap();
        assert!(folder.exists());
        drop(making);
        let gone = async {
            while folder.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
    }

    #[tokio::test]
    async fn roots_mounts_are_its_own() {
        if !is_root() {
            return;
        }
        let find = |name: &str| (name == "unshare").then(|| PathBuf::from("/usr/bin/unshare"));
        let script = "mount -t tmpfs none \"$TMPDIR\" && echo; sleep 1000";
        let recipe = recipe(script).alone(&find).await.unwrap();
        let folder = recipe.folder.path().to_owned();
        let (mut archive, _making) = recipe.start().unwrap();
        archive.read_exact(&mut [0]).await.unwrap();
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        assert!(!mounts.contains(folder.to_str().unwrap()), "{mounts}");
    }
}
