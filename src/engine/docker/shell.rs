//! The user's login shell on a terminal.
//!
//! The shell is started by a small script that first gives the terminal its size, then says on it
//! which process it is: one line, which [`Docker::open_shell`] takes off the stream. So the size is
//! right before the shell reads its first byte (the engine's own resize comes too late in most
//! starts), a shell that cannot start is an error and not a stray message on the screen, and there
//! is a process to hang up on.
//!
//! Invariants: after that line no byte is interpreted, added or held back; dropping the stream types
//! nothing.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::ExecConfig;
use bollard::query_parameters::ResizeExecOptionsBuilder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::exec::{Ended, Exec};
use super::{Docker, fault};
use crate::engine::{
    EngineError, ExitStatus, Result, SandboxId, ShellControl, ShellSpec, ShellStream, Size,
};

/// `$1` rows, `$2` columns. Where there is no `stty` it says so, and the engine resizes. The time the
/// shell was started at tells it from a later program with its number.
const START: &str = r#"
if stty iutf8 rows "$1" cols "$2" 2>/dev/null || stty rows "$1" cols "$2" 2>/dev/null
then sized=1; else sized=0; fi
started=0
if { read -r stat < /proc/$$/stat; } 2>/dev/null; then set -- ${stat##*) }; started=${20:-0}; fi
echo "drydock $$ $started $sized"
cd 2>/dev/null
command -v bash >/dev/null 2>&1 && exec bash -l
exec sh -l
"#;

/// `$1` is the shell, which leads its session, and `$2` when it was started. All of the session gets SIGHUP, and SIGCONT lest it be
/// stopped; a shell that ignores it is killed. What was started to outlive its terminal (`nohup`,
/// `setsid`) does.
const HANG_UP: &str = r#"
{ read -r line < /proc/"$1"/stat; } 2>/dev/null || exit 0
rest=${line##*) }
set -- "$1" "$2" $rest
[ "$2" = 0 ] || [ "${22}" = "$2" ] || exit 0
for file in /proc/[0-9]*/stat; do
    { read -r line < "$file"; } 2>/dev/null || continue
    pid=${file#/proc/}; pid=${pid%/stat}
    rest=${line##*) }
    set -- "$1" $rest
    [ "$5" = "$1" ] && kill -HUP "$pid" 2>/dev/null && kill -CONT "$pid" 2>/dev/null
done
tries=0
while kill -0 "$1" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -gt 20 ] && kill -KILL "$1" && break
    sleep 0.05 2>/dev/null || sleep 1
done
"#;

/// What every program in the shell is told about the terminal. C.UTF-8 is in every image of ours.
const ENVIRONMENT: [&str; 3] = ["TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"];

/// The engine cannot be told to have no detach keys, and holds back the first of them until the next
/// key shows that it was not meant. So they begin with the least typed byte there is; its default
/// would swallow Ctrl-P.
const DETACH_KEYS: &str = "ctrl-@,ctrl-^,ctrl-]";

/// How much is read in search of our line.
const GREETING_LIMIT: usize = 512;

/// How long a shell may take to start. The first may be deaf: where one terminal is closed just when
/// the next is opened, containerd (1.4 to 1.6 at least) closes the former's file descriptor twice and
/// by its number takes the latter out of its event loop, for good. A second shell is not.
const START_TIMEOUTS: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(15)];

/// How long hanging up may take, the script's own second of patience included.
const HANG_UP_TIMEOUT: Duration = Duration::from_secs(10);

impl Docker {
    /// [`crate::engine::Engine::shell`].
    pub(super) async fn open_shell(&self, id: &SandboxId, spec: &ShellSpec) -> Result<ShellStream> {
        let user = match &spec.user {
            Some(user) => user.clone(),
            None => self.know(id).await?.user,
        };
        for patience in START_TIMEOUTS {
            let (exec, mut stream) = self.start_exec(id, command(&user, spec.size), true).await?;
            let Ok(greeting) = tokio::time::timeout(patience, greeting(&mut stream)).await else {
                tracing::warn!(%id, "a shell does not speak");
                // It may still hear.
                let _ = stream.write_all(b"exit\n").await;
                continue;
            };
            let Greeting { shell, sized } = greeting
                .map_err(|error| fault::of_connection(&error, &self.transport.endpoint()))?
                .map_err(|words| EngineError::Refused { detail: words })?;
            let ended = Ended { exec, ended: Arc::default() };
            let over = Arc::clone(&ended.ended);
            let control = Control { docker: self.clone(), ended, shell };
            if !sized {
                control.resize(spec.size).await?;
            }
            let (output, input) = tokio::io::split(stream);
            return Ok(ShellStream {
                output: Box::new(UntilEnd { output, over }),
                input: Box::new(input),
                control: Box::new(control),
            });
        }
        Err(EngineError::Timeout { what: format!("the start of a shell in the sandbox {id}") })
    }
}

fn command(user: &str, Size { rows, cols }: Size) -> ExecConfig {
    let argv = ["sh", "-c", START, "sh"].map(str::to_owned).into_iter();
    ExecConfig {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(true),
        // Known to engines from API 1.42 on.
        console_size: Some(vec![rows.into(), cols.into()]),
        detach_keys: Some(DETACH_KEYS.to_owned()),
        env: Some(ENVIRONMENT.map(str::to_owned).into()),
        cmd: Some(argv.chain([rows.to_string(), cols.to_string()]).collect()),
        user: Some(user.to_owned()),
        ..ExecConfig::default()
    }
}

/// A shell, as it is numbered inside the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    pid: u32,
    /// When it was started, in ticks since the machine was; 0 where that is not told.
    started: u64,
}

impl std::fmt::Display for Process {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.pid, self.started)
    }
}

impl Process {
    /// Reads what [`std::fmt::Display`] wrote.
    fn parse(text: &str) -> Option<Self> {
        let (pid, started) = text.split_once(' ')?;
        Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()? })
    }
}

/// What the start script says.
#[derive(Debug, PartialEq, Eq)]
struct Greeting {
    shell: Process,
    /// Whether the terminal has its size.
    sized: bool,
}

/// Reads to the end of our line, and not a byte more. `Ok(Err)` is what was said instead.
async fn greeting(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<std::result::Result<Greeting, String>> {
    let mut said = Vec::new();
    while said.len() < GREETING_LIMIT {
        // One by one: what follows the line belongs to the screen.
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            break;
        }
        if let Some(greeting) = (byte == *b"\n").then(|| parse(&said)).flatten() {
            return Ok(Ok(greeting));
        }
        said.extend(byte);
    }
    let words: String = String::from_utf8_lossy(&said)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let words = if words.trim().is_empty() { "it said nothing" } else { words.trim() };
    Ok(Err(format!("no shell could be started: {words}")))
}

fn parse(said: &[u8]) -> Option<Greeting> {
    let line = std::str::from_utf8(said).ok()?.lines().last()?.trim();
    let (shell, sized) = line.strip_prefix("drydock ")?.rsplit_once(' ')?;
    Some(Greeting { shell: Process::parse(shell)?, sized: sized == "1" })
}

/// What the terminal shows, noting its end.
struct UntilEnd<R> {
    output: R,
    over: Arc<AtomicBool>,
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.output).poll_read(cx, buffer))?;
        if buffer.filled().len() == before && buffer.remaining() > 0 {
            self.over.store(true, Ordering::Release);
        }
        Poll::Ready(Ok(()))
    }
}

struct Control {
    docker: Docker,
    ended: Ended,
    shell: Process,
}

impl Docker {
    /// [`crate::engine::Engine::hang_up`].
    pub(super) async fn hang_up_shell(&self, id: &SandboxId, shell: &str) -> Result<()> {
        let Some(Process { pid, started }) = Process::parse(shell) else {
            return Err(EngineError::Refused { detail: format!("{shell:?} is no shell") });
        };
        let words = [&*pid.to_string(), &*started.to_string()];
        match self.run_script(id, "0", HANG_UP, &words, HANG_UP_TIMEOUT).await {
            // With its sandbox, the shell is over.
            Ok(_) | Err(EngineError::SandboxGone { .. } | EngineError::SandboxStopped { .. }) => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl ShellControl for Control {
    fn name(&self) -> String {
        self.shell.to_string()
    }

    async fn resize(&self, size: Size) -> Result<()> {
        let (rows, cols) = (i32::from(size.rows), i32::from(size.cols));
        let options = ResizeExecOptionsBuilder::new().h(rows).w(cols).build();
        let Exec { api, id, sandbox } = &self.ended.exec;
        api.resize_exec(id, options).await.map_err(fault::of_sandbox(sandbox))
    }

    async fn status(&self) -> Result<Option<i64>> {
        self.ended.get().await
    }

    async fn hang_up(&self) -> Result<()> {
        let exec = &self.ended.exec;
        let id = &exec.sandbox;
        let hung_up = async {
            // The number of a shell that has ended may be somebody else's by now.
            if exec.status().await?.is_some() {
                return Ok(());
            }
            self.docker.hang_up_shell(id, &self.name()).await?;
            exec.settled_status().await.map(|_| ())
        };
        match hung_up.await {
            // With its sandbox, the shell is over.
            Err(EngineError::SandboxGone { .. } | EngineError::SandboxStopped { .. }) => Ok(()),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn greeted(stream: &[u8]) -> (std::result::Result<Greeting, String>, Vec<u8>) {
        let mut rest = stream;
        let greeting = greeting(&mut rest).await.unwrap();
        (greeting, rest.to_vec())
    }

    #[tokio::test]
    async fn the_first_line_is_taken_and_nothing_more() {
        let (greeting, rest) = greeted(b"drydock 17 99 1\r\n\x01\x02\0$ ").await;
        let shell = Process { pid: 17, started: 99 };
        assert_eq!(greeting, Ok(Greeting { shell, sized: true }));
        assert_eq!(Process::parse(&shell.to_string()), Some(shell));
        assert_eq!(rest, b"\x01\x02\0$ ");
        let (greeting, _) = greeted(b"drydock 7 0 0\r\n").await;
        assert_eq!(greeting, Ok(Greeting { shell: Process { pid: 7, started: 0 }, sized: false }));
    }

    #[tokio::test]
    async fn words_before_the_greeting_do_not_hide_it() {
        let (greeting, rest) = greeted(b"sh: warning\r\ndrydock 17 99 1\r\n$ ").await;
        let shell = Process { pid: 17, started: 99 };
        assert_eq!(greeting, Ok(Greeting { shell, sized: true }));
        assert_eq!(rest, b"$ ");
    }

    #[tokio::test]
    async fn a_shell_that_cannot_start_is_an_error_with_its_words() {
        let (greeting, _) = greeted(b"exec failed: \"sh\": not found\r\n").await;
        let words = greeting.unwrap_err();
        assert!(words.contains("\"sh\": not found"), "{words}");
        let endless = vec![b'x'; 10_000];
        assert!(greeted(&endless).await.0.is_err());
        assert!(greeted(b"").await.0.is_err());
    }
}
