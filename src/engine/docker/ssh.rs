//! An engine behind ssh: the ssh program's input and output are the connection, the remote docker
//! command's `dial-stdio` is its other end. Keys, agents and `~/.ssh/config` thus work as they do
//! for the user, and nothing may ask for a password.

use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::endpoint::Endpoint;
use super::environment::Environment;
use crate::engine::{EngineError, Result};

/// How much of what ssh complains about is kept: its last words are what matters.
const COMPLAINT_LIMIT: usize = 4 << 10;

/// Starts ssh. Whether it gets through shows when something is read.
pub(super) fn connect(
    environment: &Environment,
    destination: &str,
    port: Option<u16>,
    endpoint: &Endpoint,
) -> Result<SshStream> {
    let program = environment.program("ssh").ok_or_else(|| EngineError::Configuration {
        detail: format!("{endpoint} needs the ssh program, which is not installed"),
    })?;
    let mut command = Command::new(program);
    command.args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-T"]);
    if let Some(port) = port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["--", destination, "docker", "system", "dial-stdio"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed =
        |detail: String| EngineError::NotRunning { endpoint: endpoint.to_string(), detail };
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let (Some(stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(failed("ssh has no input or output".to_owned()));
    };
    Ok(SshStream {
        stdin: Some(stdin),
        stdout,
        stderr: Some(stderr),
        complaint: Vec::new(),
        asked: false,
        waiting: None,
        heard: false,
        endpoint: endpoint.to_string(),
        _child: child,
    })
}

/// A running ssh as a byte stream. Dropping it ends the program.
pub(super) struct SshStream {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    complaint: Vec<u8>,
    /// Whether anything was ever written.
    asked: bool,
    /// Who reads before that.
    waiting: Option<Waker>,
    /// Whether the other end ever said anything.
    heard: bool,
    endpoint: String,
    _child: Child,
}

impl SshStream {
    /// Reads what ssh complains about, so that it never blocks on it; ready at its end.
    fn poll_complaint(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(stderr) = &mut self.stderr {
            let mut bytes = [0; 512];
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(stderr).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {
                    self.complaint.extend_from_slice(buffer.filled());
                    let excess = self.complaint.len().saturating_sub(COMPLAINT_LIMIT);
                    self.complaint.drain(..excess);
                }
                _ => self.stderr = None,
            }
        }
        Poll::Ready(())
    }

    fn failure(&self) -> io::Error {
        let complaint = String::from_utf8_lossy(&self.complaint);
        let detail = match complaint.lines().map(str::trim).rfind(|line| !line.is_empty()) {
            Some(line) => format!("ssh says: {line}"),
            None => "ssh ended without a word".to_owned(),
        };
        io::Error::other(EngineError::NotRunning { endpoint: self.endpoint.clone(), detail })
    }
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            // An engine says nothing before it is asked. A failure that is read before there is a
            // request would be told to nobody: the request would only hear that it came too late.
            self.waiting = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let complained = self.poll_complaint(cx);
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stdout).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.heard = true;
        } else if !self.heard && buffer.remaining() > 0 {
            // It never got through: what it complained about is the reason.
            ready!(complained);
            return Poll::Ready(Err(self.failure()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.asked = true;
        if let Some(reader) = self.waiting.take() {
            reader.wake();
        }
        let Some(stdin) = &mut self.stdin else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        match ready!(Pin::new(stdin).poll_write(cx, bytes)) {
            Err(_) if !self.heard => {
                ready!(self.poll_complaint(cx));
                Poll::Ready(Err(self.failure()))
            }
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stdin {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Closing a pipe is the only way to say that no more will come; `dial-stdio` passes it on.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}
