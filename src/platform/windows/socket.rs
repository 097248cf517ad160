//! A socket in a private folder: a named pipe, whose name is in a file there.
//!
//! Names of pipes are the whole machine's, and who comes first has one. So each time another is made up:
//! only who can read the file knows it, and nobody has it before. Another user who finds it later in the
//! list of all pipes may open it to read, and is told nothing: a client has to say the first word.

use std::fs;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::windows::named_pipe::{
    ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions,
};
use tokio_util::either::Either;
use uuid::Uuid;

/// A connection.
pub(crate) type Stream = Either<NamedPipeServer, NamedPipeClient>;
/// What comes from it.
pub(crate) type ReadHalf = tokio::io::ReadHalf<Stream>;
/// What goes to it.
pub(crate) type WriteHalf = tokio::io::WriteHalf<Stream>;

/// That every end of a pipe is in use: `ERROR_PIPE_BUSY`.
const BUSY: i32 = 231;

/// How often a free end is looked for, and how long is waited in between.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);

/// What begins every pipe's name.
const PIPES: &str = r"\\.\pipe\";

/// Where connections come in.
pub(crate) struct Listener {
    name: String,
    /// The end that waits for somebody.
    next: NamedPipeServer,
}

impl Listener {
    /// Listens at a name in a folder, in place of what was left there.
    pub(crate) fn bind(folder: &Path, name: &str) -> io::Result<Self> {
        let pipe = format!("{PIPES}drydock-{}", Uuid::new_v4());
        let next = ServerOptions::new().first_pipe_instance(true).create(&pipe)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(file.path(), &pipe)?;
        file.persist(folder.join(name)).map_err(|error| error.error)?;
        Ok(Self { name: pipe, next })
    }

    /// Waits for the next. Who stops to wait loses none.
    pub(crate) async fn accept(&mut self) -> io::Result<Stream> {
        self.next.connect().await?;
        // If there can be no other end, this one is still there to be accepted.
        let next = ServerOptions::new().create(&self.name)?;
        Ok(Either::Left(std::mem::replace(&mut self.next, next)))
    }
}

/// Connects to who listens at a name in a folder.
pub(crate) async fn connect(folder: &Path, name: &str) -> io::Result<Stream> {
    let pipe = fs::read_to_string(folder.join(name))?;
    if !pipe.starts_with(PIPES) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it names no pipe"));
    }
    open(&pipe).await.map(Either::Right)
}

/// Both directions of a connection.
pub(crate) fn split(stream: Stream) -> (ReadHalf, WriteHalf) {
    tokio::io::split(stream)
}

/// The pipe's name is the proof: see the [module](self).
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn is_ours(_stream: &Stream) -> io::Result<()> {
    Ok(())
}

/// Connects to an engine's pipe by the name that Windows gives it.
pub(crate) async fn pipe(name: &str) -> io::Result<Pipe> {
    open(name).await.map(Pipe)
}

async fn open(name: &str) -> io::Result<NamedPipeClient> {
    let mut tries = 0;
    loop {
        match ClientOptions::new().open(name) {
            Err(error) if error.raw_os_error() == Some(BUSY) && tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            opened => return opened,
        }
    }
}

/// Sockets with a path are not spoken to here.
#[expect(clippy::unused_async, reason = "elsewhere it waits")]
pub(crate) async fn at(path: &Path) -> io::Result<Stream> {
    let message = format!("{} is a Unix socket, which this system has not", path.display());
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

/// An engine's pipe, which carries messages: an empty one is the end of what there is to say, as a pipe
/// cannot be closed in one direction.
pub(crate) struct Pipe(NamedPipeClient);

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // No message of ours is empty but the last.
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_write(context, &[]).map_ok(drop)
    }
}
