//! One connection: its requests one after another, each answered before the next is read.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Server;
use super::answer::Answer;
use super::request::Incoming;

/// What is handed over at a time: between two of these it is looked whether the file is still the same, and how
/// long one may take is what keeps a client from taking it byte by byte.
const PIECE: u64 = 256 << 10;

/// How long, and how many bytes of, what a refused client still sends is read before its connection is closed:
/// closed at once, it would lose the answer.
const LINGER: Duration = Duration::from_secs(1);
const MAX_LINGER: u64 = 64 << 10;

impl Server {
    /// Answers what a client asks, until it is done or something is not as it may be.
    pub(super) async fn attend(&self, mut stream: TcpStream, peer: SocketAddr) {
        let Ok(here) = stream.local_addr() else { return };
        // Answers are written whole: there is nothing to gather.
        let _ = stream.set_nodelay(true);
        let mut incoming = Incoming::new();
        loop {
            let next = tokio::select! {
                () = self.closing.cancelled() => return,
                next = timeout(self.limits.head, incoming.next(&mut stream)) => next,
            };
            let answer = match next {
                Ok(Ok(request)) => Some(self.answer(&request, peer, here)),
                Ok(Err(why)) => Answer::refusal(&why),
                Err(_) => incoming.has_begun().then(Answer::too_slow),
            };
            let Some(answer) = answer else { return };
            if let Err(error) = self.send(&mut stream, peer, &answer).await {
                tracing::debug!(%error, %peer, "a client did not take its answer");
                return;
            }
            if !answer.keeps_open {
                return linger(stream).await;
            }
        }
    }

    async fn send(
        &self,
        stream: &mut TcpStream,
        peer: SocketAddr,
        answer: &Answer,
    ) -> io::Result<()> {
        let file = answer.file();
        let mut transfer = file.as_ref().map(|range| self.begin(peer, range.start));
        timeout(self.limits.stall, stream.write_all(answer.head().as_bytes())).await??;
        let (Some(range), Some(transfer)) = (file, &mut transfer) else { return Ok(()) };
        let Range { start: mut at, end } = range;
        while at < end {
            let piece = (end - at).min(PIECE);
            timeout(self.limits.stall, pass_all(self.offer.file(), stream, at, piece)).await??;
            if !self.is_unchanged() {
                // The client sees that it is not all of it.
                return Err(io::Error::other(super::Changed));
            }
            transfer.add(piece);
            at += piece;
        }
        if end == self.offer.length() {
            transfer.finish();
        }
        Ok(())
    }
}

/// Hands over `count` bytes of a file from `at` on.
async fn pass_all(file: &File, stream: &TcpStream, mut at: u64, count: u64) -> io::Result<()> {
    let end = at + count;
    while at < end {
        let left = usize::try_from(end - at).unwrap_or(usize::MAX);
        let passed = stream.async_io(Interest::WRITABLE, || pass(file, stream, at, left)).await?;
        if passed == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at += passed as u64;
    }
    Ok(())
}

/// Hands over what the connection takes now.
#[cfg(target_os = "linux")]
fn pass(file: &File, stream: &TcpStream, mut at: u64, count: usize) -> io::Result<usize> {
    Ok(rustix::fs::sendfile(stream, file, Some(&mut at), count)?)
}

/// The same where there is no call for it.
#[cfg(not(target_os = "linux"))]
fn pass(file: &File, stream: &TcpStream, at: u64, count: usize) -> io::Result<usize> {
    let mut piece = [0; 16 << 10];
    let count = count.min(piece.len());
    let read = crate::platform::files::read_at(file, &mut piece[..count], at)?;
    stream.try_write(&piece[..read])
}

/// Closes a connection in a way that lets the client read the last answer.
async fn linger(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let mut rest = stream.take(MAX_LINGER);
        let _ = timeout(LINGER, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
    }
}
