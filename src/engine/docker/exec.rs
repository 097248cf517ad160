//! Programs without a terminal, over one raw connection each.
//!
//! The input's end is passed on while the outputs stay open; the outputs are told apart by the
//! engine's frames; how the program ended is asked for afterwards.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use bollard::models::ExecConfig;
use futures_util::stream::{self, BoxStream, StreamExt};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, WriteHalf};
use tokio::time::{Instant, sleep};
use tokio_util::codec::FramedRead;

use super::Docker;
use super::fault::{self, Subject};
use super::stdcopy::Stdcopy;
use crate::engine::{EngineError, ExecSpec, ExecStream, ExitStatus, Output, Result, SandboxId};

/// How much is read at once.
const READ_BYTES: usize = 32 << 10;

/// The engine tells the end of the outputs a moment before it knows the status.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);
const STATUS_INTERVAL: Duration = Duration::from_millis(5);

impl Docker {
    /// [`crate::engine::Engine::exec`].
    pub(super) async fn open_exec(&self, id: &SandboxId, spec: &ExecSpec) -> Result<ExecStream> {
        let user = match &spec.user {
            Some(user) => user.clone(),
            None => self.know(id).await?.user,
        };
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(spec.argv.clone()),
            env: Some(spec.env.iter().map(|(key, value)| format!("{key}={value}")).collect()),
            user: Some(user),
            ..ExecConfig::default()
        };
        let (exec, stream) = self.start_exec(id, config, false).await?;
        let (read, write) = tokio::io::split(stream);
        let ended = Arc::new(AtomicBool::new(false));
        Ok(ExecStream {
            stdin: Box::new(Stdin(write)),
            output: until_end(
                FramedRead::with_capacity(read, Stdcopy::default(), READ_BYTES),
                &ended,
            ),
            status: Box::new(Ended { exec, ended }),
        })
    }

    /// Prepares a program and connects to it.
    pub(super) async fn start_exec(
        &self,
        id: &SandboxId,
        config: ExecConfig,
        tty: bool,
    ) -> Result<(Exec, impl AsyncRead + AsyncWrite + Send + Unpin + use<>)> {
        let made = self.api.create_exec(&id.0, config).await.map_err(fault::of_sandbox(id))?;
        let path = format!("/exec/{}/start", made.id);
        let start = json!({ "Detach": false, "Tty": tty });
        let stream = self.transport.hijack(&path, &start, Subject::Sandbox(id)).await?;
        let exec = Exec { api: self.api.clone(), id: made.id, sandbox: id.clone() };
        Ok((exec, stream))
    }

    /// Runs a shell script to its end and forgets what it prints; gives what tells how it ended.
    pub(super) async fn run_script(
        &self,
        id: &SandboxId,
        user: &str,
        script: &str,
        arguments: &[&str],
        time: Duration,
    ) -> Result<Box<dyn ExitStatus>> {
        let command = ["sh", "-c", script, "sh"];
        let spec = ExecSpec {
            argv: command.iter().chain(arguments).map(|&part| part.to_owned()).collect(),
            user: Some(user.to_owned()),
            env: std::collections::BTreeMap::new(),
        };
        let run = async {
            let mut stream = self.open_exec(id, &spec).await?;
            while let Some(output) = stream.output.next().await {
                output.map_err(|error| fault::of_connection(&error, &self.transport.endpoint()))?;
            }
            Ok(stream.status)
        };
        tokio::time::timeout(time, run)
            .await
            .map_err(|_| EngineError::Timeout { what: format!("a command in the sandbox {id}") })?
    }
}

/// A program that was started, by the engine's name for it.
#[derive(Clone)]
pub(super) struct Exec {
    pub(super) api: bollard::Docker,
    pub(super) id: String,
    pub(super) sandbox: SandboxId,
}

impl Exec {
    /// The exit status; `None` while it runs.
    pub(super) async fn status(&self) -> Result<Option<i64>> {
        let found = self.api.inspect_exec(&self.id).await;
        let found = found.map_err(fault::of_sandbox(&self.sandbox))?;
        Ok(if found.running == Some(true) { None } else { found.exit_code })
    }

    /// The exit status of a program that has ended, which the engine may learn a moment later.
    pub(super) async fn settled_status(&self) -> Result<Option<i64>> {
        let deadline = Instant::now() + STATUS_TIMEOUT;
        loop {
            let status = self.status().await?;
            if status.is_some() || Instant::now() > deadline {
                return Ok(status);
            }
            sleep(STATUS_INTERVAL).await;
        }
    }
}

/// The outputs as a stream that notes its end.
fn until_end<R>(
    frames: FramedRead<R, Stdcopy>,
    ended: &Arc<AtomicBool>,
) -> BoxStream<'static, io::Result<Output>>
where
    R: AsyncRead + Send + Unpin + 'static,
{
    let ended = Arc::clone(ended);
    let end = stream::poll_fn(move |_| {
        ended.store(true, Ordering::Release);
        Poll::Ready(None)
    });
    frames.chain(end).boxed()
}

/// How a program ended, which is waited for once its output has.
pub(super) struct Ended {
    pub(super) exec: Exec,
    pub(super) ended: Arc<AtomicBool>,
}

#[async_trait]
impl ExitStatus for Ended {
    async fn get(&self) -> Result<Option<i64>> {
        if self.ended.load(Ordering::Acquire) {
            self.exec.settled_status().await
        } else {
            self.exec.status().await
        }
    }
}

/// A program's input. Dropping it ends the input, as with any pipe.
struct Stdin<S: AsyncWrite>(WriteHalf<S>);

impl<S: AsyncWrite> Drop for Stdin<S> {
    fn drop(&mut self) {
        // Closing never waits on a local socket; on others, what is dropped with its stream is
        // closed with it.
        let _ = Pin::new(&mut self.0).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

impl<S: AsyncWrite> AsyncWrite for Stdin<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
