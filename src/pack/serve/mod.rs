//! Offering one file on a room's network: read-only, to those who know the code, many at once.
//!
//! What it answers is two paths, `GET` and `HEAD` alone: [`PACK`], the file or a part of it, for who sends the
//! code as `Authorization: Bearer CODE`; and `/`, a page of text that says what to type. Requests are read by
//! `httparse` into a buffer of a fixed size ([`request`]); the file goes from the kernel's cache into the
//! connection without passing through the program ([`connection`]), so that memory does not grow with the file
//! or with the number of those who fetch it.
//!
//! The code keeps away who is on the network by chance ([`guard`]). It is no secret from who can listen there:
//! HTTP hides nothing. What makes a pack trustworthy is in the pack, its checksums and its signature.
//!
//! Invariants: no request names a file; nothing waits for a stranger longer than [`Limits`] says; a file that
//! is changed while it is offered ends the server, since nobody could be given the whole of either.

mod addresses;
mod answer;
mod code;
mod connection;
mod doors;
mod guard;
mod offer;
mod request;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use addresses::addresses;
pub use code::{Code, NoCode};
pub use offer::Offer;

use doors::Doors;
use guard::Guard;

/// The path of the file.
pub const PACK: &str = "/pack";

/// The header by which a server of ours is known, beside other servers and portals that answer in its place.
pub const MARK: &str = "drydock-pack";

/// The port, where none is chosen.
pub const PORT: u16 = 7070;

/// How long to leave the door alone when no connection can be taken, most likely for want of descriptors.
const BREATH: Duration = Duration::from_millis(200);

/// What a stranger may take of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once: each has a descriptor, and a process may have 1,024 of them where nobody said more.
    pub connections: usize,
    /// Connections at once from one address; a room behind one router has one address.
    pub of_one_address: usize,
    /// From a connection, or the answer before, to the end of the next request's head.
    pub head: Duration,
    /// In this time 256 KiB must have been taken, or the last of the file.
    pub stall: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            of_one_address: 64,
            head: Duration::from_secs(15),
            stall: Duration::from_mins(1),
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A client began to take the file.
    Began {
        /// The client.
        peer: SocketAddr,
        /// The first byte it wants: not 0 where it goes on.
        from: u64,
    },
    /// A client takes no more.
    Ended {
        /// The client.
        peer: SocketAddr,
        /// How many bytes were handed to the network for it.
        bytes: u64,
        /// Whether the last of the file was among them.
        whole: bool,
    },
    /// An address gave a wrong code. How many of these come is limited.
    WrongCode {
        /// The address.
        from: IpAddr,
    },
}

/// Numbers of a server, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Addresses that gave the right code.
    pub clients: usize,
    /// Transfers that are going on.
    pub active: u64,
    /// Transfers that reached the end of the file.
    pub done: u64,
    /// Bytes of the file that were handed to the network.
    pub bytes: u64,
}

/// The file was changed while it was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file was changed while it was served")]
pub struct Changed;

/// Takes [`Event`]s as they come; called from any thread, must not block.
type Tell = Box<dyn Fn(Event) + Send + Sync>;

/// Offers a file to who knows the code.
pub struct Server {
    offer: Offer,
    guard: Guard,
    limits: Limits,
    doors: Arc<Doors>,
    /// How many are to have it all before the server ends.
    until: Option<u64>,
    tell: Tell,
    active: AtomicU64,
    done: AtomicU64,
    bytes: AtomicU64,
    changed: Notify,
    /// No further request is answered.
    closing: CancellationToken,
}

impl Server {
    /// A server of `offer` that has not begun. It ends by itself after `until` clients have it all.
    pub fn new(
        offer: Offer,
        code: Code,
        limits: Limits,
        until: Option<u64>,
        tell: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        Self {
            offer,
            guard: Guard::new(code),
            doors: Arc::new(Doors::new(limits.connections, limits.of_one_address)),
            limits,
            until,
            tell: Box::new(tell),
            active: AtomicU64::new(0),
            done: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            changed: Notify::new(),
            closing: CancellationToken::new(),
        }
    }

    /// The numbers now.
    pub fn tally(&self) -> Tally {
        Tally {
            clients: self.guard.known(),
            active: self.active.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    /// Serves until enough clients have the file, or for good. Dropping it closes all connections.
    pub async fn run(self: Arc<Self>, listener: TcpListener) -> Result<(), Changed> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                biased;
                () = self.changed.notified() => return Err(Changed),
                () = self.closing.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => match Doors::enter(&self.doors, peer.ip()) {
                        Some(place) => {
                            let server = self.clone();
                            connections.spawn(async move {
                                server.attend(stream, peer).await;
                                drop(place);
                            });
                        }
                        None => answer::turn_away(stream),
                    },
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be taken");
                        tokio::time::sleep(BREATH).await;
                    }
                },
            }
        }
        // Nobody new; who is in the middle of it gets the rest.
        drop(listener);
        loop {
            tokio::select! {
                biased;
                () = self.changed.notified() => return Err(Changed),
                ended = connections.join_next() => if ended.is_none() { return Ok(()) },
            }
        }
    }

    /// Whether the file is still the one that is offered; if not, the server ends.
    fn is_unchanged(&self) -> bool {
        let unchanged = self.offer.is_unchanged();
        if !unchanged {
            self.changed.notify_one();
        }
        unchanged
    }

    /// A client begins.
    fn begin(&self, peer: SocketAddr, from: u64) -> Transfer<'_> {
        self.active.fetch_add(1, Ordering::Relaxed);
        (self.tell)(Event::Began { peer, from });
        Transfer { server: self, peer, bytes: 0, whole: false }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("offer", &self.offer).finish_non_exhaustive()
    }
}

/// One client that takes the file; counted until it is dropped.
struct Transfer<'a> {
    server: &'a Server,
    peer: SocketAddr,
    bytes: u64,
    whole: bool,
}

impl Transfer<'_> {
    /// So many bytes more.
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.server.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// It has all of the file.
    fn finish(&mut self) {
        self.whole = true;
        let done = self.server.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.server.until.is_some_and(|until| done >= until) {
            self.server.closing.cancel();
        }
    }
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        self.server.active.fetch_sub(1, Ordering::Relaxed);
        let Self { peer, bytes, whole, .. } = *self;
        (self.server.tell)(Event::Ended { peer, bytes, whole });
    }
}
