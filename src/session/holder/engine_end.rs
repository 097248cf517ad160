//! The engine's side of a held shell: its output read ahead, its input written, its size told, each
//! in a task of its own, so that the keeper waits for none of them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::{End, lost, name};
use crate::engine::{
    Engine, EngineError, Sandbox, SandboxId, SandboxState, ShellControl, ShellStream,
    Size as ShellSize,
};
use crate::terminal::Size;

/// How much is read at once. The line discipline hands out 4 KB at a time, the engine's stream all
/// that its socket holds, some 200 KB: the more there is, the more of a flood can be left out.
const CHUNK: usize = 256 << 10;

/// How many chunks are read ahead of the parser.
const AHEAD: usize = 2;

/// How much may wait to be written to a program that does not read: as much as a large paste.
const UNWRITTEN: usize = 10 << 20;

/// How long hanging up may take before the engine is left to it.
const HANG_UP: Duration = Duration::from_secs(2);

/// The status of a shell that got SIGKILL: by hand, or together with its sandbox.
const KILLED: i64 = 128 + 9;

/// How long the engine may take to know that a sandbox has ended, and how often it is asked.
const END: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_millis(10);

/// The engine's side.
pub(super) struct EngineEnd {
    /// The shell's output; an empty chunk is its end, and an error too.
    pub(super) output: mpsc::Receiver<io::Result<Bytes>>,
    pub(super) writer: Writer,
    size: watch::Sender<Size>,
    control: Arc<dyn ShellControl>,
    engine: Arc<dyn Engine>,
    sandbox: SandboxId,
}

/// Begins to read.
pub(super) fn start(engine: Arc<dyn Engine>, sandbox: SandboxId, stream: ShellStream) -> EngineEnd {
    let ShellStream { output, input, control } = stream;
    let control: Arc<dyn ShellControl> = Arc::from(control);
    let (chunks, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(read(output, chunks));
    let (size, sizes) = watch::channel(Size { columns: 0, rows: 0 });
    tokio::spawn(tell_sizes(control.clone(), sizes));
    EngineEnd { output: receiver, writer: Writer::start(input), size, control, engine, sandbox }
}

impl EngineEnd {
    /// Tells the shell its size; of several that come quickly only the last arrives.
    pub(super) fn resize(&self, size: Size) {
        self.size.send_replace(size);
    }

    /// Hangs the shell up; its output's end follows.
    pub(super) fn hang_up(&self) -> tokio::task::JoinHandle<()> {
        let (control, sandbox) = (self.control.clone(), self.sandbox.clone());
        tokio::spawn(async move {
            match tokio::time::timeout(HANG_UP, control.hang_up()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%sandbox, %error, "the shell was not hung up"),
                Err(_) => tracing::warn!(%sandbox, "hanging up took too long"),
            }
        })
    }

    /// How the shell ended, once its output has.
    pub(super) async fn end(&self, broken: Option<io::Error>) -> End {
        let sandbox = match self.engine.inspect(&self.sandbox).await {
            Err(error) => return lost(error),
            Ok(sandbox) => sandbox,
        };
        if sandbox.state != SandboxState::Running {
            return lost(EngineError::SandboxStopped { id: name(&self.sandbox) });
        }
        let detail = match (self.control.status().await, broken) {
            (Ok(Some(KILLED)), _) if self.sandbox_ends().await => {
                return lost(EngineError::SandboxStopped { id: name(&self.sandbox) });
            }
            (Ok(Some(status)), _) => return End::Exited(Some(status)),
            (_, Some(error)) => error.to_string(),
            (Ok(None), None) => "the stream of the shell ended while the shell runs".to_owned(),
            (Err(error), None) => return lost(error),
        };
        lost(EngineError::ConnectionLost { detail })
    }
}

impl EngineEnd {
    /// Whether the sandbox ends: its shell is killed a moment before the engine knows that it has.
    async fn sandbox_ends(&self) -> bool {
        let deadline = Instant::now() + END;
        loop {
            match self.engine.inspect(&self.sandbox).await {
                Ok(Sandbox { state: SandboxState::Running, .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(INTERVAL).await;
                }
                Ok(Sandbox { state: SandboxState::Running, .. }) => return false,
                Ok(_) | Err(_) => return true,
            }
        }
    }
}

async fn read(
    mut output: Box<dyn AsyncRead + Send + Unpin>,
    chunks: mpsc::Sender<io::Result<Bytes>>,
) {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    loop {
        buffer.reserve(CHUNK / 2);
        let chunk = output.read_buf(&mut buffer).await.map(|_| buffer.split().freeze());
        let over = !matches!(&chunk, Ok(bytes) if !bytes.is_empty());
        if chunks.send(chunk).await.is_err() || over {
            return;
        }
    }
}

async fn tell_sizes(control: Arc<dyn ShellControl>, mut sizes: watch::Receiver<Size>) {
    while sizes.changed().await.is_ok() {
        let Size { columns, rows } = *sizes.borrow_and_update();
        if let Err(error) = control.resize(ShellSize { cols: columns, rows }).await {
            tracing::warn!(%error, "the shell was not told its new size");
        }
    }
}

/// Writes in a task of its own, so that nobody waits for a program to read.
pub(super) struct Writer {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<AtomicUsize>,
}

impl Writer {
    fn start(mut input: Box<dyn AsyncWrite + Send + Unpin>) -> Self {
        let (queue, mut chunks) = mpsc::unbounded_channel::<Vec<u8>>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let left = waiting.clone();
        tokio::spawn(async move {
            while let Some(bytes) = chunks.recv().await {
                let written = async {
                    input.write_all(&bytes).await?;
                    input.flush().await
                };
                if written.await.is_err() {
                    return; // the reading side tells why
                }
                left.fetch_sub(bytes.len(), Relaxed);
            }
        });
        Self { queue, waiting }
    }

    /// Writes, or drops what is too much for a program that does not read.
    pub(super) fn write(&self, bytes: Vec<u8>) {
        if bytes.is_empty() || self.waiting.load(Relaxed) + bytes.len() > UNWRITTEN {
            return;
        }
        self.waiting.fetch_add(bytes.len(), Relaxed);
        // It fails only after the writer ended, when there is nobody to write to.
        let _ = self.queue.send(bytes);
    }
}
