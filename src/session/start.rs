//! Opening a shell: attaching to the one that is held, or starting a holder for a new one.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::time::Instant;

use super::client::Role;
use super::place::{Held, Place};
use super::{End, Notify, Session};
use crate::engine::{Sandbox, SandboxId};
use crate::platform::process;
use crate::problem::{Exit, Problem};
use crate::terminal::Size;

/// How long a holder that is starting or ending may be waited for. The engine may take its time to
/// start a shell; what takes longer has its own message.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile.
const INTERVAL: Duration = Duration::from_millis(10);

/// How long a holder may take to end when its shell is to go.
const END_PATIENCE: Duration = Duration::from_secs(12);

/// A holder's first words: one line.
const MAX_ANSWER: u64 = 64 << 10;

/// How shells are opened for one drydock home.
#[derive(Debug, Clone)]
pub struct Shells {
    /// Where holders are found.
    pub place: Place,
    /// How a holder is started.
    pub launcher: Launcher,
    /// Lines that are kept above the screen.
    pub scrollback: usize,
    /// Where what shells show is recorded; `None` if it is not.
    pub recordings: Option<PathBuf>,
    /// Where progress is kept.
    pub database: PathBuf,
    /// Whether the network may not be used.
    pub offline: bool,
}

/// How a holder is started: this program anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// What a holder is to hold; it reads it from its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Where it is to be found.
    pub folder: PathBuf,
    /// The item practised.
    pub item: String,
    /// The attempt.
    pub attempt: String,
    /// The sandbox.
    pub sandbox: SandboxId,
    /// The account of the shell.
    pub user: String,
    /// The first size.
    pub size: Size,
    /// Lines that are kept above the screen.
    pub scrollback: usize,
    /// Where what it shows is recorded.
    pub recordings: Option<PathBuf>,
    /// Where its commands are written down.
    pub database: PathBuf,
    /// Whether the network may not be used.
    pub offline: bool,
    /// A shell whose holder died, to be hung up first.
    pub orphan: Option<String>,
}

/// A holder's first words.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// The shell is there.
    Ready,
    /// Another process has just done the same.
    Held,
    /// It could not be opened.
    Failed(End),
}

/// Who opens a shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// The size of their screen.
    pub size: Size,
    /// Whether they only watch.
    pub watch: bool,
}

/// An opened shell.
pub struct Opened {
    /// The shell.
    pub session: Session,
    /// What became of an earlier one that is not there any more; nobody has been told yet.
    pub lost: Option<String>,
}

impl Launcher {
    /// This program, as it was started, even if its file has been replaced since.
    pub fn this() -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let program = if program.exists() { program } else { PathBuf::from("/proc/self/exe") };
        Ok(Self { program, arguments: vec!["hold".into()] })
    }
}

impl Place {
    /// Ends a sandbox's shell, if one is held, and waits until its holder is gone. The engine may
    /// remove the sandbox after that without anybody being surprised.
    pub async fn end(&self, sandbox: &SandboxId) {
        let nest = self.of(sandbox);
        if nest.is_alive()
            && let Ok(stream) = nest.connect().await
        {
            let hung_up = super::client::hang_up(stream);
            if tokio::time::timeout(END_PATIENCE, hung_up).await.is_err() {
                tracing::warn!(%sandbox, "the holder of the shell does not end");
            }
        }
        let deadline = Instant::now() + END_PATIENCE;
        while nest.is_alive() && Instant::now() < deadline {
            tokio::time::sleep(INTERVAL).await;
        }
        // What is left is of a holder that was killed.
        if let Ok(Some(_lock)) = nest.lock() {
            nest.remove();
        }
    }
}

impl Shells {
    /// Opens a sandbox's shell: the one that is held, else a new one. Who only watches gets none that
    /// is not there.
    pub async fn open(
        &self,
        sandbox: &Sandbox,
        visitor: Visitor,
        notify: Notify,
    ) -> Result<Opened, Problem> {
        let nest = self.place.of(&sandbox.id);
        let deadline = Instant::now() + PATIENCE;
        let role = Role { size: visitor.size, watch: visitor.watch };
        let mut lost = None;
        loop {
            match nest.connect().await {
                Ok(stream) => {
                    let session = Session::attach(stream, role, notify).await?;
                    return Ok(Opened { session, lost });
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err(broken(&error));
                }
                // It starts or ends just now.
                Err(_) if nest.is_alive() && Instant::now() < deadline => {
                    tokio::time::sleep(INTERVAL).await;
                    continue;
                }
                Err(_) => {}
            }
            if visitor.watch {
                let message = format!("No shell of {} is open to be watched", sandbox.item);
                return Err(Problem::new("no_shell", Exit::Environment, message)
                    .remedy(format!("drydock shell {}", sandbox.item)));
            }
            let before = nest.note();
            if let Some(before) = &before {
                lost = Some(last_words(before));
            }
            let order = self.order(sandbox, visitor.size, before);
            match self.launch(&order).await? {
                Answer::Ready => {}
                Answer::Held if Instant::now() < deadline => {
                    tokio::time::sleep(INTERVAL).await;
                }
                Answer::Held => {
                    let words = "its holder starts again and again";
                    return Err(broken(&io::Error::other(words)));
                }
                Answer::Failed(end) => return Err(end.into()),
            }
        }
    }

    /// [`Place::end`].
    pub async fn end(&self, sandbox: &SandboxId) {
        self.place.end(sandbox).await;
    }

    fn order(&self, sandbox: &Sandbox, size: Size, before: Option<Held>) -> Order {
        Order {
            folder: self.place.folder().to_owned(),
            item: sandbox.item.clone(),
            attempt: sandbox.attempt.clone(),
            sandbox: sandbox.id.clone(),
            user: sandbox.user.clone(),
            size,
            scrollback: self.scrollback,
            recordings: self.recordings.clone(),
            database: self.database.clone(),
            offline: self.offline,
            orphan: before.filter(|before| before.end.is_none()).map(|before| before.shell),
        }
    }

    /// Starts a holder and waits for its first words.
    async fn launch(&self, order: &Order) -> Result<Answer, Problem> {
        let mut holder = Command::new(&self.launcher.program);
        process::outlive(holder.as_std_mut());
        let mut child = holder
            // What a flood needed is given back more readily by one arena than by one for each thread.
            // (glibc's; elsewhere it is nobody's.)
            .env("MALLOC_ARENA_MAX", "1")
            .args(&self.launcher.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .current_dir("/")
            .spawn()
            .map_err(|error| broken(&error))?;
        let speak = async {
            let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
                return Err(io::Error::other("it has no input"));
            };
            input.write_all(&serde_json::to_vec(order)?).await?;
            input.shutdown().await?;
            drop(input);
            let mut answer = String::new();
            BufReader::new(output.take(MAX_ANSWER)).read_line(&mut answer).await?;
            if answer.is_empty() {
                return Err(io::Error::other("it ended without a word"));
            }
            Ok(serde_json::from_str(&answer)?)
        };
        match tokio::time::timeout(PATIENCE, speak).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(broken(&io::Error::from(io::ErrorKind::TimedOut))),
        }
    }
}

/// What is to be said of a shell that is not there any more.
fn last_words(held: &Held) -> String {
    let kept = "Files in the sandbox are kept; programs that ran in the shell are gone";
    match &held.end {
        Some(End::Exited(Some(status))) => {
            format!("The shell ended with status {status} while nobody looked; this is a new one")
        }
        Some(End::Exited(None)) => {
            "The shell ended while nobody looked; this is a new one".to_owned()
        }
        Some(End::Lost { message, .. }) => {
            format!("The shell from before is gone: {message}. {kept}; this is a new shell")
        }
        None => format!(
            "The shell from before is gone: the process that held it was killed, or the machine was \
             restarted. {kept}; this is a new shell"
        ),
    }
}

fn broken(error: &io::Error) -> Problem {
    let message = format!("The process that holds the shell cannot be used: {error}");
    Problem::new("holder", Exit::Environment, message)
        .remedy("drydock doctor shows what is wrong; the log says more")
}

impl From<End> for Problem {
    fn from(end: End) -> Self {
        match end {
            End::Exited(_) => Self::new("shell_ended", Exit::Environment, "The shell has ended"),
            End::Lost { message, remedy, .. } => {
                let problem = Self::new("shell_lost", Exit::Environment, message);
                match remedy {
                    Some(remedy) => problem.remedy(remedy),
                    None => problem,
                }
            }
        }
    }
}
