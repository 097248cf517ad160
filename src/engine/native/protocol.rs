//! What the host side and a sandbox's first process say to each other, over its socket.
//!
//! A connection carries one request and its replies. Each is a length of four bytes and a postcard
//! message; descriptors travel with the first byte of a reply. Two things are not messages: the
//! contents of files, which follow a [`Request::CopyIn`] and a [`Reply::Contents`] as they are, so
//! that a large one is never in memory twice.
//!
//! Invariants: nobody trusts a length (both sides have limits); descriptors go only outwards.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of these messages; a sandbox may have been started by an older program.
pub(super) const VERSION: u8 = 1;

/// The longest message: arguments and variables of a program, at most.
pub(super) const MAX_MESSAGE: usize = 4 << 20;

/// The most descriptors that come with a reply.
const MAX_FDS: usize = 3;

/// A request with the version it is written in, which comes first.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) version: u8,
    pub(super) request: Request,
}

/// What a sandbox's first process is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Request {
    /// Run a program: [`Reply::Started`] with its input, output and errors; later [`Reply::Ended`].
    Exec { argv: Vec<String>, user: String, env: BTreeMap<String, String> },
    /// Open a login shell: [`Reply::Started`] with its terminal; later [`Reply::Ended`].
    Shell { user: String, rows: u16, cols: u16 },
    /// Hang up on a shell: [`Reply::Done`] when it is over.
    HangUp { pid: i32, started: u64 },
    /// Write files, whose contents follow one after the other: [`Reply::Done`].
    CopyIn { files: Vec<FileHead> },
    /// Read a file: [`Reply::Contents`], and then they follow.
    CopyOut { path: String, limit: u64 },
    /// End everything. The end of the connection is the answer.
    Stop,
}

/// A file to be written, without its contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileHead {
    pub(super) path: String,
    pub(super) mode: u32,
    /// Whether it is root's and not the sandbox's user's.
    pub(super) roots: bool,
    pub(super) size: u64,
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// It is done.
    Done,
    /// A program runs. Its number inside, and when it was started, in ticks.
    Started { pid: i32, started: u64 },
    /// The program of this connection has ended; a signal is 128 and its number.
    Ended { status: i64 },
    /// So many bytes follow.
    Contents { size: u64 },
    /// It is not done, in words for people.
    Refused { detail: String },
}

/// A message with its length in front.
pub(super) fn frame<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    bytes = postcard::to_extend(message, bytes).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > MAX_MESSAGE {
        let text = format!("a message of {length} bytes, where {MAX_MESSAGE} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    bytes[..4].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(bytes)
}

/// Sends a message, and descriptors with its first byte. For small ones on a socket nobody floods:
/// what does not fit at once is an error.
pub(super) fn send<T: Serialize>(
    socket: impl AsFd,
    message: &T,
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let bytes = frame(message)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors"));
    }
    let sent = sendmsg(socket, &[IoSlice::new(&bytes)], &mut ancillary, SendFlags::NOSIGNAL)?;
    if sent == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Reads one message, bit by bit as it comes, and never a byte of what follows it.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    fds: Vec<OwnedFd>,
}

impl Reader {
    /// Reads what is there. `None`: more must come, and nothing is there now (`WouldBlock` if the
    /// socket does not wait). The end of the connection is an error.
    pub(super) fn read<T: DeserializeOwned>(
        &mut self,
        socket: impl AsFd,
    ) -> io::Result<(T, Vec<OwnedFd>)> {
        loop {
            let wanted = self.wanted()?;
            if wanted == 0 {
                let message = postcard::from_bytes(&self.bytes[4..]).map_err(io::Error::other)?;
                self.bytes.clear();
                return Ok((message, std::mem::take(&mut self.fds)));
            }
            let have = self.bytes.len();
            self.bytes.resize(have + wanted, 0);
            let received = self.receive(socket.as_fd(), have);
            self.bytes.truncate(have + *received.as_ref().unwrap_or(&0));
            if received? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// How many bytes are missing: of the length, then of the message.
    fn wanted(&self) -> io::Result<usize> {
        let Some(length) = self.bytes.first_chunk::<4>() else { return Ok(4 - self.bytes.len()) };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_MESSAGE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a message that is too long"));
        }
        // A part at a time: memory is taken for what has come, not for what was announced.
        Ok((4 + length - self.bytes.len()).min(64 << 10))
    }

    fn receive(&mut self, socket: BorrowedFd<'_>, from: usize) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let into = &mut [IoSliceMut::new(&mut self.bytes[from..])];
        let received = loop {
            match recvmsg(socket, into, &mut ancillary, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other?,
            }
        };
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(fds) = message {
                self.fds.extend(fds);
            }
        }
        Ok(received.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_message_comes_through_with_its_descriptors_and_nothing_after_it_is_read() {
        let (mut here, mut there) = UnixStream::pair().unwrap();
        let reply = Reply::Started { pid: 7, started: 99 };
        let (end, mut other) = UnixStream::pair().unwrap();
        send(&here, &reply, &[end.as_fd()]).unwrap();
        here.write_all(b"rest").unwrap();
        drop(end);
        let (read, fds) = Reader::default().read::<Reply>(&there).unwrap();
        assert_eq!(read, reply);
        UnixStream::from(fds.into_iter().next().unwrap()).write_all(b"x").unwrap();
        other.read_exact(&mut [0]).unwrap();
        let mut rest = [0; 4];
        there.read_exact(&mut rest).unwrap();
        assert_eq!(&rest, b"rest");
    }

    #[test]
    fn bits_are_put_together_and_an_end_is_told() {
        let (mut here, there) = UnixStream::pair().unwrap();
        there.set_nonblocking(true).unwrap();
        let mut reader = Reader::default();
        for byte in frame(&Reply::Refused { detail: "no".to_owned() }).unwrap() {
            let early = reader.read::<Reply>(&there).unwrap_err();
            assert_eq!(early.kind(), io::ErrorKind::WouldBlock);
            here.write_all(&[byte]).unwrap();
        }
        let (read, _) = reader.read::<Reply>(&there).unwrap();
        assert_eq!(read, Reply::Refused { detail: "no".to_owned() });
        drop(here);
        let end = reader.read::<Reply>(&there).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn an_endless_message_is_refused() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(&u32::MAX.to_le_bytes()).unwrap();
        let wrong = Reader::default().read::<Reply>(&there).unwrap_err();
        assert_eq!(wrong.kind(), io::ErrorKind::InvalidData);
        assert!(frame(&vec![0_u8; MAX_MESSAGE + 1]).is_err());
    }
}
