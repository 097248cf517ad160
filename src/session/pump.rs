//! The task that keeps a shell going.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::mouse::Answer;
use super::{Input, Notice, Notify, Screen, cells, mouse};
use crate::engine::{
    Engine, EngineError, SandboxId, SandboxState, ShellControl, ShellStream, Size,
};
use crate::terminal::{Scroll, encode_key, encode_paste};
use std::sync::Arc;

/// How much is read at once. The line discipline hands out 4 KB at a time, the engine's stream up to
/// 64 KB.
const CHUNK: usize = 64 * 1024;

/// How long the emulator is kept from whoever draws.
const SLICE: Duration = Duration::from_millis(4);

/// How much may wait to be written to a program that does not read: as much as a large paste.
const UNWRITTEN: usize = 10 << 20;

/// How long hanging up may take before the engine is left to it.
const HANG_UP: Duration = Duration::from_secs(2);

/// What the task works with.
pub(super) struct Pump {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) sandbox: SandboxId,
    pub(super) screen: Screen,
    pub(super) notify: Notify,
}

impl Pump {
    /// Runs until the shell ends, the connection breaks or the session is closed.
    pub(super) async fn run(self, stream: ShellStream, mut inputs: mpsc::Receiver<Input>) {
        let ShellStream { mut output, input, control } = stream;
        let writer = Writer::start(input);
        let mut buffer = vec![0; CHUNK];
        loop {
            let held = self.screen.lock().held_until();
            let release = async {
                match held {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            // Input comes first: it is never behind output.
            tokio::select! {
                biased;
                input = inputs.recv() => match input {
                    Some(Input::Close) | None => {
                        if tokio::time::timeout(HANG_UP, control.hang_up()).await.is_err() {
                            tracing::warn!(sandbox = %self.sandbox, "hanging up took too long");
                        }
                        return;
                    }
                    Some(input) => self.take(input, &writer, control.as_ref()).await,
                },
                read = output.read(&mut buffer) => match read {
                    Ok(count @ 1..) => self.show(&buffer[..count], &writer),
                    Ok(_) => return self.ended(control.as_ref(), None).await,
                    Err(error) => return self.ended(control.as_ref(), Some(error)).await,
                },
                () = release => {
                    if self.screen.lock().release(Instant::now()) {
                        (self.notify)(Notice::Output);
                    }
                }
            }
        }
    }

    fn show(&self, mut bytes: &[u8], writer: &Writer) {
        while !bytes.is_empty() {
            let mut screen = self.screen.lock();
            let taken = screen.advance_until(bytes, Instant::now() + SLICE);
            bytes = &bytes[taken..];
            let replies = screen.take_replies();
            // Titles, bells and clipboard requests of a container are not passed on.
            drop(screen.take_events());
            drop(screen);
            writer.write(replies);
        }
        (self.notify)(Notice::Output);
    }

    async fn take(&self, input: Input, writer: &Writer, control: &dyn ShellControl) {
        match input {
            Input::Key(key) => {
                let mut screen = self.screen.lock();
                let bytes = encode_key(key, &screen.modes());
                if bytes.is_empty() {
                    return;
                }
                let was_scrolled = screen.scrolled() > 0;
                screen.scroll(Scroll::Bottom);
                screen.clear_selection();
                drop(screen);
                writer.write(bytes);
                if was_scrolled {
                    (self.notify)(Notice::Output);
                }
            }
            Input::Paste(text) => {
                let mut screen = self.screen.lock();
                let bytes = encode_paste(&text, &screen.modes());
                screen.scroll(Scroll::Bottom);
                drop(screen);
                writer.write(bytes);
            }
            Input::Mouse(event) => {
                let answer = mouse::answer(&mut self.screen.lock(), event);
                match answer {
                    Answer::Send(bytes) => writer.write(bytes),
                    Answer::Changed => (self.notify)(Notice::Output),
                    Answer::Selected(text) => (self.notify)(Notice::Selected(text)),
                    Answer::Nothing => {}
                }
            }
            Input::Scroll(lines) => {
                let count = u16::try_from(lines.unsigned_abs()).unwrap_or(u16::MAX);
                let scroll = if lines > 0 { Scroll::Up(count) } else { Scroll::Down(count) };
                self.screen.lock().scroll(scroll);
                (self.notify)(Notice::Output);
            }
            Input::Resize(size) => {
                // The emulator may not be able to be as small or large as the pane.
                let before = self.screen.lock().size();
                let now = self.screen.lock().resize(cells(size));
                if now == before {
                    return;
                }
                (self.notify)(Notice::Output);
                let size = Size { cols: now.columns, rows: now.rows };
                if let Err(error) = control.resize(size).await {
                    tracing::warn!(%error, "the shell was not told its new size");
                }
            }
            Input::Close => {}
        }
    }

    /// The stream is over: the shell has ended, or something happened to it.
    async fn ended(&self, control: &dyn ShellControl, broken: Option<std::io::Error>) {
        let id = || self.sandbox.to_string();
        let notice = match self.engine.inspect(&self.sandbox).await {
            Err(error) => Notice::Failed(error),
            Ok(sandbox) if sandbox.state != SandboxState::Running => {
                Notice::Failed(EngineError::SandboxStopped { id: id() })
            }
            Ok(_) => match (control.status().await, broken) {
                (Ok(Some(status)), _) => Notice::Ended(Some(status)),
                (_, Some(error)) => {
                    Notice::Failed(EngineError::ConnectionLost { detail: error.to_string() })
                }
                (Ok(None), None) => Notice::Failed(EngineError::ConnectionLost {
                    detail: "the stream of the shell ended while the shell runs".to_owned(),
                }),
                (Err(error), None) => Notice::Failed(error),
            },
        };
        (self.notify)(notice);
    }
}

/// Writes in a task of its own, so that the pump never waits for a program to read.
struct Writer {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Arc<std::sync::atomic::AtomicUsize>,
}

impl Writer {
    fn start(mut input: Box<dyn AsyncWrite + Send + Unpin>) -> Self {
        use std::sync::atomic::Ordering::Relaxed;
        let (queue, mut chunks) = mpsc::unbounded_channel::<Vec<u8>>();
        let waiting = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let left = waiting.clone();
        tokio::spawn(async move {
            while let Some(bytes) = chunks.recv().await {
                left.fetch_sub(bytes.len(), Relaxed);
                let written = async {
                    input.write_all(&bytes).await?;
                    input.flush().await
                };
                if written.await.is_err() {
                    return; // the reading side tells why
                }
            }
        });
        Self { queue, waiting }
    }

    fn write(&self, bytes: Vec<u8>) {
        use std::sync::atomic::Ordering::Relaxed;
        if bytes.is_empty() || self.waiting.load(Relaxed) + bytes.len() > UNWRITTEN {
            return;
        }
        self.waiting.fetch_add(bytes.len(), Relaxed);
        // It fails only after the writer ended, when there is nobody to write to.
        let _ = self.queue.send(bytes);
    }
}
