//! Long work on bytes: how far it is, whether it goes on, and what went through.

use std::cell::Cell;
use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

/// What is copied at once.
pub(super) const PIECE: usize = 256 << 10;

/// Is told how many bytes are done, of how many; says whether the work goes on.
pub type Tell<'a> = &'a (dyn Fn(u64, u64) -> bool + Sync);

/// Why work ended that somebody stopped.
#[derive(Debug, thiserror::Error)]
#[error("it was stopped")]
pub(super) struct Stopped;

/// Work on so many bytes.
pub(super) struct Work<'a> {
    tell: Tell<'a>,
    done: Cell<u64>,
    total: u64,
}

impl<'a> Work<'a> {
    /// Nothing is done yet.
    pub(super) fn new(total: u64, tell: Tell<'a>) -> Self {
        Self { tell, done: Cell::new(0), total }
    }

    /// So many bytes more are done.
    pub(super) fn went(&self, bytes: u64) -> io::Result<()> {
        self.done.set(self.done.get().saturating_add(bytes));
        if (self.tell)(self.done.get(), self.total) {
            Ok(())
        } else {
            Err(io::Error::other(Stopped))
        }
    }
}

/// What goes through, counted and digested, as a part of some work.
pub(super) struct Digested<'a, T> {
    inner: T,
    work: Option<&'a Work<'a>>,
    count: u64,
    digest: Sha256,
}

impl<'a, T> Digested<'a, T> {
    /// Nothing went through yet.
    pub(super) fn new(inner: T, work: Option<&'a Work<'a>>) -> Self {
        Self { inner, work, count: 0, digest: Sha256::new() }
    }

    /// How many bytes went through, and the hex digits of their SHA-256.
    pub(super) fn end(self) -> (u64, String) {
        (self.count, format!("{:x}", self.digest.finalize()))
    }

    fn went(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.count += bytes.len() as u64;
        self.digest.update(bytes);
        self.work.map_or(Ok(()), |work| work.went(bytes.len() as u64))
    }
}

impl<T: Read> Read for Digested<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.went(&buffer[..length])?;
        Ok(length)
    }
}

impl<T: Write> Write for Digested<'_, T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.went(&buffer[..length])?;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
