//! One long-lived connection into a sandbox over which commands are run and judged.
//!
//! Starting a program through an engine costs tens of milliseconds; a line to a shell that already
//! runs costs a few. So a probe starts one `bash` per account (`sh` where there is none) and feeds it
//! commands, many at a time: the answers come in their order. Each command runs in a subshell of its own, which costs a fork but no program's start,
//! with its input from `/dev/null`, in the account's home. After it the shell prints a marker on
//! both outputs; the marker holds a random word made for this probe, so a command's output cannot
//! pass for it by accident.
//!
//! Invariants: outputs are kept up to [`OUTPUT_CAP`] and read on to the marker; a command that
//! outlives its time is killed with everything it started in its process group, and the probe is
//! closed (the next command opens a new one); no command's failure is mistaken for the probe's.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::course::shell_word;
use crate::engine::{Engine, EngineError, ExecSpec, ExecStream, Output, Sandbox, SandboxId};

/// How much of each output of a command is kept: enough to compare and to show, and a bound on what
/// a hostile command can make us hold.
pub const OUTPUT_CAP: usize = 64 * 1024;

/// How long the shell itself may take to answer before the engine counts as not answering.
const OPEN_TIMEOUT: Duration = Duration::from_secs(20);

/// How many bytes of commands are on their way at a time: what a pipe holds without anybody reading.
const AHEAD: usize = 32 * 1024;

/// The shells that commands are fed to, in the order they are tried. The first is in nearly every
/// image; asking inside which there is would cost each probe the start of another program.
const SHELLS: [&[&str]; 2] = [&["bash", "--norc"], &["sh"]];

/// A command to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    /// For the shell.
    pub command: &'a str,
    /// How long it may take.
    pub limit: Duration,
    /// Whether its standard error is wanted. Where it is not, half of the pieces in which answers come
    /// are spared, and each costs a wake-up.
    pub errors: bool,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit status.
    pub status: i64,
    /// Its standard output, lossily decoded, capped.
    pub stdout: String,
    /// Its standard error, likewise.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

/// Why a command could not be run to its end: never the learner's fault.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It took longer than it may.
    #[error("it did not finish within {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// The engine's reason.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The probes of one sandbox: one connection for each account, opened when first needed.
pub struct Probes {
    engine: Arc<dyn Engine>,
    sandbox: SandboxId,
    /// The sandbox's user, where that is known: it saves asking the engine.
    user: Option<String>,
    open: HashMap<Option<String>, Probe>,
}

impl Probes {
    /// Probes into a sandbox; nothing is opened yet.
    pub fn new(engine: Arc<dyn Engine>, sandbox: SandboxId) -> Self {
        Self { engine, sandbox, user: None, open: HashMap::new() }
    }

    /// Probes into a sandbox that was just listed or inspected.
    pub fn of(engine: Arc<dyn Engine>, sandbox: &Sandbox) -> Self {
        Self { user: Some(sandbox.user.clone()), ..Self::new(engine, sandbox.id.clone()) }
    }

    /// Opens the connections for these accounts side by side: one costs the engine tens of
    /// milliseconds. What fails here fails again, and is told, where it is needed.
    pub async fn open<'a>(&mut self, users: impl IntoIterator<Item = Option<&'a str>>) {
        let mut missing: Vec<_> = users.into_iter().map(|user| user.map(str::to_owned)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing.retain(|user| !self.open.contains_key(user));
        let opened = join_all(missing.iter().map(|user| self.probe(user.as_deref()))).await;
        let opened = missing.iter().cloned().zip(opened);
        self.open.extend(opened.filter_map(|(user, probe)| Some((user, probe.ok()?))));
    }

    /// Opens a connection; borrows nothing, as the open ones cannot be shared between threads.
    fn probe(
        &self,
        user: Option<&str>,
    ) -> impl Future<Output = Result<Probe, EngineError>> + use<> {
        let (engine, sandbox) = (self.engine.clone(), self.sandbox.clone());
        let user = user.or(self.user.as_deref()).map(str::to_owned);
        async move { Probe::open(engine.as_ref(), &sandbox, user.as_deref()).await }
    }

    /// The sandbox they look into.
    pub fn sandbox(&self) -> &SandboxId {
        &self.sandbox
    }

    /// Runs one command as an account (`None`: the sandbox's user) and waits for its end.
    pub async fn run(
        &mut self,
        user: Option<&str>,
        command: &str,
        limit: Duration,
    ) -> Result<Ran, ProbeError> {
        let mut ran = None;
        let ask = Ask { command, limit, errors: true };
        self.run_all(user, &[ask], |each| ran = Some(each)).await?;
        ran.ok_or_else(|| {
            let detail = "the shell for the checks gave no answer".to_owned();
            EngineError::ConnectionLost { detail }.into()
        })
    }

    /// Runs commands one after another, each within its time, and tells what each did as it ends.
    ///
    /// # Errors
    ///
    /// Why the first command that is not told of could not be run to its end; those after it were not
    /// run, or their answers are lost.
    pub async fn run_all(
        &mut self,
        user: Option<&str>,
        commands: &[Ask<'_>],
        mut told: impl FnMut(Ran),
    ) -> Result<(), ProbeError> {
        if commands.is_empty() {
            return Ok(());
        }
        let key = user.map(str::to_owned);
        let mut probe = match self.open.remove(&key) {
            Some(probe) => probe,
            None => self.probe(user).await?,
        };
        // A probe that failed in any way is not used again: it is dropped here, and the next call
        // opens a new one.
        let mut asked = 0;
        for (at, Ask { limit, errors, .. }) in commands.iter().enumerate() {
            let answer = async {
                if at == asked {
                    asked += probe.ask(commands.get(at..).unwrap_or_default()).await?;
                }
                probe.answer(*errors).await
            };
            match tokio::time::timeout(*limit, answer).await {
                Ok(Ok(ran)) => told(ran),
                Ok(Err(error)) => {
                    return Err(cause(self.engine.as_ref(), &self.sandbox, error).await.into());
                }
                Err(_) => {
                    kill(self.engine.as_ref(), &self.sandbox, probe.pid).await;
                    return Err(ProbeError::TimedOut(*limit));
                }
            }
        }
        self.open.insert(key, probe);
        Ok(())
    }
}

/// A broken connection has a better name if the sandbox has ended.
async fn cause(engine: &dyn Engine, sandbox: &SandboxId, error: EngineError) -> EngineError {
    use crate::engine::SandboxState::Running;
    match engine.inspect(sandbox).await {
        Ok(sandbox) if sandbox.state == Running => error,
        Ok(_) => EngineError::SandboxStopped { id: sandbox.to_string() },
        Err(other) => other,
    }
}

/// Ends a probe's shell and the command it runs, whatever account they have.
async fn kill(engine: &dyn Engine, sandbox: &SandboxId, pid: u32) {
    let script = format!("kill -s KILL -- -{pid} 2>/dev/null || kill -s KILL {pid}");
    let spec = ExecSpec {
        argv: vec!["sh".to_owned(), "-c".to_owned(), script],
        user: Some("root".to_owned()),
        env: BTreeMap::new(),
    };
    if let Ok(mut stream) = engine.exec(sandbox, &spec).await {
        let drain = async { while stream.output.next().await.is_some() {} };
        if tokio::time::timeout(OPEN_TIMEOUT, drain).await.is_err() {
            tracing::warn!(%sandbox, pid, "a timed-out check could not be killed");
        }
    }
}

/// One shell in the sandbox and what has been read from it but not yet used.
struct Probe {
    stream: ExecStream,
    /// The word that ends a command's output.
    word: String,
    /// The shell's process, which leads its group.
    pid: u32,
    out: Capture,
    err: Capture,
}

impl Probe {
    async fn open(
        engine: &dyn Engine,
        sandbox: &SandboxId,
        user: Option<&str>,
    ) -> Result<Self, EngineError> {
        let mut last = None;
        for shell in SHELLS {
            match tokio::time::timeout(OPEN_TIMEOUT, Self::start(engine, sandbox, user, shell))
                .await
            {
                Ok(Ok(probe)) => return Ok(probe),
                // The shell is not in the image: the stream ended at once, or the engine said so.
                Ok(Err(
                    error @ (EngineError::ConnectionLost { .. } | EngineError::Refused { .. }),
                )) => last = Some(error),
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    let what = "opening the connection for the checks".to_owned();
                    return Err(EngineError::Timeout { what });
                }
            }
        }
        Err(last.unwrap_or_else(|| EngineError::Refused { detail: "no shell".to_owned() }))
    }

    async fn start(
        engine: &dyn Engine,
        sandbox: &SandboxId,
        user: Option<&str>,
        shell: &[&str],
    ) -> Result<Self, EngineError> {
        // Nothing that the image sets may run before the commands.
        let env = [("LANG", "C.UTF-8"), ("BASH_ENV", ""), ("ENV", "")];
        let spec = ExecSpec {
            argv: shell.iter().map(|&word| word.to_owned()).collect(),
            user: user.map(str::to_owned),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let stream = engine.exec(sandbox, &spec).await?;
        let word = Uuid::new_v4().simple().to_string();
        let mut probe =
            Self { stream, out: Capture::new(&word), err: Capture::new(&word), word, pid: 0 };
        let hello = format!(
            "unset ENV BASH_ENV; cd 2>/dev/null || cd /; echo $$; {}",
            probe.marker("0", true)
        );
        probe.write(&hello).await?;
        let ran = probe.answer(true).await?;
        probe.pid = ran.stdout.trim().parse().map_err(|_| EngineError::Refused {
            detail: format!("the sandbox has no working sh: {}", (ran.stdout + &ran.stderr).trim()),
        })?;
        Ok(probe)
    }

    /// Asks for as many of these commands as may be on their way; how many that are.
    async fn ask(&mut self, commands: &[Ask<'_>]) -> Result<usize, EngineError> {
        let (mut lines, mut asked) = (String::new(), 0);
        for Ask { command, errors, .. } in commands {
            let away = if *errors { "" } else { " 2>/dev/null" };
            let marker = self.marker("\"$?\"", *errors);
            let line = format!("(eval {}) </dev/null{away}; {marker}", shell_word(command));
            if asked > 0 && lines.len() + line.len() > AHEAD {
                break;
            }
            lines.push_str(&line);
            asked += 1;
        }
        self.write(&lines).await?;
        Ok(asked)
    }

    /// Shell words that print the end marker, with a status, and on the errors too if they are kept.
    fn marker(&self, status: &str, errors: bool) -> String {
        // The word is written in two halves so that `set -v` or an echoed command line cannot
        // contain it whole.
        let (a, b) = self.word.split_at(self.word.len() / 2);
        let on_errors =
            if errors { format!("; printf '\\n%s%s 0\\n' {a} {b} >&2") } else { String::new() };
        format!("printf '\\n%s%s %s\\n' {a} {b} {status}{on_errors}\n")
    }

    async fn write(&mut self, lines: &str) -> Result<(), EngineError> {
        self.stream.stdin.write_all(lines.as_bytes()).await.map_err(lost)?;
        self.stream.stdin.flush().await.map_err(lost)
    }

    /// The answer to the first command that was asked and is not answered yet; `errors` as there.
    async fn answer(&mut self, errors: bool) -> Result<Ran, EngineError> {
        let started = Instant::now();
        while self.out.done.is_empty() || errors && self.err.done.is_empty() {
            match self.stream.output.next().await {
                Some(Ok(Output::Stdout(bytes))) => self.out.push(&bytes),
                Some(Ok(Output::Stderr(bytes))) => self.err.push(&bytes),
                Some(Err(error)) => return Err(lost(error)),
                None => {
                    let detail = "the shell for the checks ended".to_owned();
                    return Err(EngineError::ConnectionLost { detail });
                }
            }
        }
        let (stdout, status) = self.out.take().unwrap_or_default();
        let (stderr, _) = errors.then(|| self.err.take()).flatten().unwrap_or_default();
        Ok(Ran { status, stdout, stderr, took: started.elapsed() })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn lost(error: std::io::Error) -> EngineError {
    EngineError::ConnectionLost { detail: error.to_string() }
}

/// Collects an output from marker to marker. Memory is bounded by [`OUTPUT_CAP`] for each command that
/// was asked, plus one chunk.
struct Capture {
    needle: Vec<u8>,
    kept: Vec<u8>,
    /// The unfinished tail in which the marker may begin.
    tail: Vec<u8>,
    /// What was said before each marker that has come, and the status in it.
    done: VecDeque<(String, i64)>,
}

impl Capture {
    fn new(word: &str) -> Self {
        Self {
            needle: format!("\n{word} ").into_bytes(),
            kept: Vec::new(),
            tail: Vec::new(),
            done: VecDeque::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        while let Some(at) = find(&self.tail, &self.needle) {
            let status = self.tail.get(at + self.needle.len()..).unwrap_or_default();
            let Some(end) = status.iter().position(|b| *b == b'\n') else { return };
            let number = status.get(..end).and_then(|s| std::str::from_utf8(s).ok());
            let number = number.and_then(|s| s.parse().ok()).unwrap_or(-1);
            let end = at + self.needle.len() + end + 1;
            self.keep(at);
            self.done.push_back((String::from_utf8_lossy(&self.kept).into_owned(), number));
            self.kept.clear();
            self.tail.drain(..end);
        }
        // All but what could be the beginning of the marker is certainly output.
        let safe = self.tail.len().saturating_sub(self.needle.len() - 1);
        self.keep(safe);
        self.tail.drain(..safe);
    }

    fn keep(&mut self, upto: usize) {
        let room = OUTPUT_CAP.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(self.tail.get(..upto.min(room)).unwrap_or_default());
    }

    /// What the first of those that are done said, and its status.
    fn take(&mut self) -> Option<(String, i64)> {
        self.done.pop_front()
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn output_is_capped_and_the_marker_still_found() {
        let mut capture = Capture::new("word");
        for _ in 0..40 {
            capture.push(&[b'x'; 4096]);
        }
        capture.push(b"\nword 3\n");
        let (text, status) = capture.take().unwrap();
        assert_eq!((text.len(), status), (OUTPUT_CAP, 3));
        assert_eq!(capture.take(), None);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_answer(
            output in proptest::collection::vec(any::<u8>(), 0..300),
            cuts in proptest::collection::vec(1usize..40, 1..40),
        ) {
            let mut whole = output.clone();
            whole.extend_from_slice(b"\nword 7\n");
            whole.extend_from_slice(b"next\nword 8\n");
            let mut capture = Capture::new("word");
            let (mut rest, mut cuts) = (&whole[..], cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                capture.push(now);
                rest = later;
            }
            let first = (String::from_utf8_lossy(&output).into_owned(), 7);
            prop_assert_eq!(capture.take(), Some(first));
            prop_assert_eq!(capture.take(), Some(("next".to_owned(), 8)));
        }
    }
}
