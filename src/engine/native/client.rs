//! The host side of a sandbox's socket: requests, programs and shells as streams.
//!
//! Invariants: no call blocks the runtime; dropping a program's stream closes its pipes and a shell's
//! types nothing; the end of a program is told even if something it left behind holds its outputs.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, Shared};
use futures_util::stream::{self, BoxStream, StreamExt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest, ReadBuf};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::time::Sleep;

use super::place::Home;
use super::protocol::{Envelope, FileHead, Reader, Reply, Request, VERSION, frame};
use super::sys;
use crate::engine::{
    EngineError, ExecStream, ExitStatus, FileOwner, FileSpec, Output, Result, SandboxId,
    ShellControl, ShellStream, Size,
};

/// How much is read at once.
const READ_BYTES: usize = 32 << 10;

/// How long a program may take to end after its outputs have, before it counts as running.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a terminal may be quiet after its shell has ended before that was all: what was written
/// last is on its way through the kernel.
const LAST_WORDS: Duration = Duration::from_millis(60);

/// How long a sandbox may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// How a program ended; `None` if the sandbox went with it.
type End = Shared<BoxFuture<'static, Option<i64>>>;

/// What a signal leaves as a status when all of a sandbox is ended.
const KILLED: i64 = 137;

/// A connection to a sandbox's first process, for one request.
pub(super) struct Connection {
    socket: UnixStream,
    reader: Reader,
    home: Home,
    id: SandboxId,
}

impl Connection {
    /// Connects to a running sandbox.
    pub(super) async fn open(home: &Home, id: &SandboxId) -> Result<Self> {
        let folder = home.sandbox(id)?;
        let (home, id) = (home.clone(), id.clone());
        let socket = blocking(move || folder.connect()).await?;
        let socket = socket
            .and_then(|socket| {
                socket.set_nonblocking(true)?;
                UnixStream::from_std(socket)
            })
            .map_err(|_| ended(&home, &id))?;
        Ok(Self { socket, reader: Reader::default(), home, id })
    }

    /// Asks for something and reads the first answer.
    pub(super) async fn ask(&mut self, request: Request) -> Result<(Reply, Vec<OwnedFd>)> {
        self.send(request).await?;
        tokio::time::timeout(ANSWER_TIMEOUT, self.reply())
            .await
            .map_err(|_| EngineError::Timeout { what: format!("the sandbox {}", self.id) })?
    }

    async fn send(&mut self, request: Request) -> Result<()> {
        let bytes = frame(&Envelope { version: VERSION, request })
            .map_err(|error| EngineError::Refused { detail: error.to_string() })?;
        self.socket.write_all(&bytes).await.map_err(|error| self.lost(&error))
    }

    async fn reply(&mut self) -> Result<(Reply, Vec<OwnedFd>)> {
        let Self { socket, reader, .. } = self;
        let read = socket.async_io(Interest::READABLE, || reader.read::<Reply>(&*socket)).await;
        match read {
            Ok((Reply::Refused { detail }, _)) => Err(EngineError::Refused { detail }),
            Ok(reply) => Ok(reply),
            Err(error) => Err(self.lost(&error)),
        }
    }

    /// What a broken connection means: the sandbox has ended, or there is no more of it.
    fn lost(&self, error: &io::Error) -> EngineError {
        match self.home.sandbox(&self.id) {
            Ok(folder) if folder.connect().is_ok() => {
                EngineError::ConnectionLost { detail: error.to_string() }
            }
            _ => ended(&self.home, &self.id),
        }
    }

    /// The end of the program that was started on this connection.
    fn end(mut self) -> End {
        let end = async move {
            match self.reply().await {
                Ok((Reply::Ended { status }, _)) => Some(status),
                _ => None,
            }
        };
        end.boxed().shared()
    }

    /// Writes files.
    pub(super) async fn copy_in(mut self, files: &[FileSpec]) -> Result<()> {
        let heads = files.iter().map(|file| FileHead {
            path: file.path.clone(),
            mode: file.mode,
            roots: file.owner == FileOwner::Root,
            size: file.contents.len() as u64,
        });
        self.send(Request::CopyIn { files: heads.collect() }).await?;
        for file in files {
            let sent = self.socket.write_all(&file.contents).await;
            sent.map_err(|error| self.lost(&error))?;
        }
        self.socket.shutdown().await.map_err(|error| self.lost(&error))?;
        self.reply().await.map(drop)
    }

    /// Reads a file.
    pub(super) async fn copy_out(mut self, path: &str, limit: u64) -> Result<Vec<u8>> {
        let request = Request::CopyOut { path: path.to_owned(), limit };
        let (Reply::Contents { size }, _) = self.ask(request).await? else {
            return Err(unexpected());
        };
        if size > limit {
            return Err(unexpected());
        }
        let mut contents = Vec::new();
        let read = (&mut self.socket).take(size).read_to_end(&mut contents).await;
        read.map_err(|error| self.lost(&error))?;
        if contents.len() as u64 == size {
            Ok(contents)
        } else {
            Err(self.lost(&io::ErrorKind::UnexpectedEof.into()))
        }
    }

    /// Starts a program.
    pub(super) async fn exec(mut self, request: Request) -> Result<ExecStream> {
        let (Reply::Started { .. }, fds) = self.ask(request).await? else {
            return Err(unexpected());
        };
        let Ok([input, output, errors]) = <[OwnedFd; 3]>::try_from(fds) else {
            return Err(unexpected());
        };
        let words = |error: io::Error| EngineError::Refused { detail: error.to_string() };
        for fd in [&input, &output, &errors] {
            nonblocking(fd).map_err(words)?;
        }
        let stdin = pipe::Sender::from_owned_fd(input).map_err(words)?;
        let outputs = Outputs {
            stdout: Some(pipe::Receiver::from_owned_fd(output).map_err(words)?),
            stderr: Some(pipe::Receiver::from_owned_fd(errors).map_err(words)?),
            end: self.end(),
            over: Arc::default(),
            errors_first: false,
        };
        let status = Ended { end: outputs.end.clone(), over: Arc::clone(&outputs.over) };
        Ok(ExecStream {
            stdin: Box::new(Stdin(Some(stdin))),
            output: outputs.stream(),
            status: Box::new(status),
        })
    }

    /// Opens a shell.
    pub(super) async fn shell(mut self, request: Request) -> Result<ShellStream> {
        let (home, id) = (self.home.clone(), self.id.clone());
        let (Reply::Started { pid, started }, fds) = self.ask(request).await? else {
            return Err(unexpected());
        };
        let words = |error: io::Error| EngineError::Refused { detail: error.to_string() };
        let master = fds.into_iter().next().ok_or_else(unexpected)?;
        nonblocking(&master).map_err(words)?;
        let master = Master::new(master).map_err(words)?;
        let end = self.end();
        let output = Terminal { master: master.clone(), end: Some(end.clone()), quiet: None };
        let control = Control { master: master.clone(), end, home, id, pid, started };
        Ok(ShellStream {
            output: Box::new(output),
            input: Box::new(Typing(master)),
            control: Box::new(control),
        })
    }
}

/// Hangs up on a shell by its name.
pub(super) async fn hang_up(home: &Home, id: &SandboxId, pid: i32, started: u64) -> Result<()> {
    let asked = async {
        let mut connection = Connection::open(home, id).await?;
        connection.ask(Request::HangUp { pid, started }).await
    };
    match asked.await {
        // With the sandbox, the shell has gone.
        Ok(_) | Err(EngineError::SandboxGone { .. } | EngineError::SandboxStopped { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Why nobody answers.
pub(super) fn ended(home: &Home, id: &SandboxId) -> EngineError {
    match home.sandbox(id) {
        Ok(_) => EngineError::SandboxStopped { id: id.to_string() },
        Err(error) => error,
    }
}

pub(super) fn unexpected() -> EngineError {
    EngineError::Refused { detail: "the sandbox answered something else".to_owned() }
}

/// Runs what may take a moment where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| EngineError::Refused { detail: error.to_string() })
}

fn nonblocking(fd: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    Ok(rustix::fs::fcntl_setfl(fd, flags | rustix::fs::OFlags::NONBLOCK)?)
}

/// A program's input: shut down, it is closed, which is the only end a pipe has.
struct Stdin(Option<pipe::Sender>);

impl AsyncWrite for Stdin {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(pipe) => Pin::new(pipe).poll_write(cx, bytes),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}

/// A program's two outputs and its end.
struct Outputs {
    stdout: Option<pipe::Receiver>,
    stderr: Option<pipe::Receiver>,
    end: End,
    over: Arc<std::sync::atomic::AtomicBool>,
    /// Whose turn it is: neither output may drown the other.
    errors_first: bool,
}

impl Outputs {
    fn stream(self) -> BoxStream<'static, io::Result<Output>> {
        stream::unfold(self, |mut outputs| async move {
            let item = outputs.next().await;
            if item.is_none() {
                outputs.over.store(true, std::sync::atomic::Ordering::Release);
            }
            item.map(|item| (item, outputs))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<io::Result<Output>> {
        loop {
            if self.stdout.is_none() && self.stderr.is_none() {
                return None;
            }
            // Asked before reading: what is there once it has ended is all.
            let ended = self.end.peek().is_some() || self.end.clone().now_or_never().is_some();
            if let Some(item) = self.read(ended) {
                return Some(item);
            }
            if ended {
                return None;
            }
            let readable = async |end: &Option<pipe::Receiver>| match end {
                Some(end) => end.readable().await.is_ok(),
                None => std::future::pending().await,
            };
            tokio::select! {
                _ = readable(&self.stdout) => {}
                _ = readable(&self.stderr) => {}
                _ = self.end.clone() => {}
            }
        }
    }

    /// What is there now; `all` of it, whether or not the runtime has heard of it yet.
    fn read(&mut self, all: bool) -> Option<io::Result<Output>> {
        self.errors_first = !self.errors_first;
        for errors in [self.errors_first, !self.errors_first] {
            let end = if errors { &mut self.stderr } else { &mut self.stdout };
            let Some(receiver) = end else { continue };
            let mut bytes = vec![0; READ_BYTES];
            let read = if all {
                rustix::io::read(&*receiver, &mut bytes).map_err(io::Error::from)
            } else {
                receiver.try_read(&mut bytes)
            };
            match read {
                Ok(0) => *end = None,
                Ok(length) => {
                    bytes.truncate(length);
                    let bytes = Bytes::from(bytes);
                    let wrap = if errors { Output::Stderr } else { Output::Stdout };
                    return Some(Ok(wrap(bytes)));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    *end = None;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

struct Ended {
    end: End,
    over: Arc<std::sync::atomic::AtomicBool>,
}

#[async_trait]
impl ExitStatus for Ended {
    async fn get(&self) -> Result<Option<i64>> {
        let end = self.end.clone();
        let status = if self.over.load(std::sync::atomic::Ordering::Acquire) {
            tokio::time::timeout(STATUS_TIMEOUT, end).await.ok()
        } else {
            end.now_or_never()
        };
        Ok(status.map(|status| status.unwrap_or(KILLED)))
    }
}

/// A shell's terminal, until its shell is over.
#[derive(Clone)]
struct Master(Arc<Mutex<Option<Arc<AsyncFd<OwnedFd>>>>>);

impl Master {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(Some(Arc::new(sys::watched(fd)?))))))
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<AsyncFd<OwnedFd>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self) -> Option<Arc<AsyncFd<OwnedFd>>> {
        self.slot().clone()
    }

    /// Lets go of it: whatever still has the other end sees a hang-up.
    fn close(&self) {
        self.slot().take();
    }
}

/// What a terminal shows.
struct Terminal {
    master: Master,
    /// Gone once it has come.
    end: Option<End>,
    /// Runs once the shell has ended.
    quiet: Option<Pin<Box<Sleep>>>,
}

impl Terminal {
    /// Reads what is there; `None` if nothing is, now.
    fn read(fd: &AsyncFd<OwnedFd>, buffer: &mut ReadBuf<'_>) -> Option<io::Result<usize>> {
        let read = rustix::io::read(fd.get_ref(), buffer.initialize_unfilled());
        match read {
            Ok(length) => {
                buffer.advance(length);
                Some(Ok(length))
            }
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => None,
            // How a terminal tells that its other end is closed.
            Err(rustix::io::Errno::IO) => Some(Ok(0)),
            Err(error) => Some(Err(error.into())),
        }
    }
}

impl AsyncRead for Terminal {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(end) = &mut this.end
            && end.poll_unpin(cx).is_ready()
        {
            this.end = None;
            this.quiet = Some(Box::pin(tokio::time::sleep(LAST_WORDS)));
        }
        loop {
            let Some(fd) = this.master.get() else {
                // Not before it is known how the shell ended: a terminal is closed a moment earlier.
                return if this.end.is_some() { Poll::Pending } else { Poll::Ready(Ok(())) };
            };
            match fd.poll_read_ready(cx) {
                Poll::Ready(guard) => {
                    let mut guard = guard?;
                    match Self::read(&fd, buffer) {
                        Some(Ok(0)) => {
                            drop(guard);
                            this.master.close();
                        }
                        Some(done) => {
                            if let Some(quiet) = &mut this.quiet {
                                *quiet = Box::pin(tokio::time::sleep(LAST_WORDS));
                            }
                            return Poll::Ready(done.map(drop));
                        }
                        None => guard.clear_ready(),
                    }
                }
                Poll::Pending => {
                    let Some(quiet) = &mut this.quiet else { return Poll::Pending };
                    ready!(quiet.as_mut().poll(cx));
                    this.master.close();
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

/// What is typed.
struct Typing(Master);

impl AsyncWrite for Typing {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Some(fd) = self.0.get() else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        loop {
            let mut guard = ready!(fd.poll_write_ready(cx))?;
            match rustix::io::write(fd.get_ref(), bytes) {
                Err(rustix::io::Errno::AGAIN) => guard.clear_ready(),
                Err(rustix::io::Errno::INTR) => {}
                done => return Poll::Ready(done.map_err(io::Error::from)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

struct Control {
    master: Master,
    end: End,
    home: Home,
    id: SandboxId,
    pid: i32,
    started: u64,
}

#[async_trait]
impl ShellControl for Control {
    fn name(&self) -> String {
        format!("{} {}", self.pid, self.started)
    }

    async fn resize(&self, size: Size) -> Result<()> {
        let Some(fd) = self.master.get() else { return Ok(()) };
        let size = Winsize { ws_row: size.rows, ws_col: size.cols, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(fd.get_ref(), size)
            .map_err(|error| EngineError::Refused { detail: error.to_string() })
    }

    async fn status(&self) -> Result<Option<i64>> {
        let end = self.end.clone().now_or_never();
        Ok(end.map(|status| status.unwrap_or(KILLED)))
    }

    async fn hang_up(&self) -> Result<()> {
        if self.end.clone().now_or_never().is_none() {
            hang_up(&self.home, &self.id, self.pid, self.started).await?;
        }
        self.master.close();
        // The word of its end is on its way.
        let _ = tokio::time::timeout(STATUS_TIMEOUT, self.end.clone()).await;
        Ok(())
    }
}
