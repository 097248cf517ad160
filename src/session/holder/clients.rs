//! The clients of a holder: who is attached, what each has been told, and whose size counts.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::codec::{FramedRead, FramedWrite};
use tokio_util::task::AbortOnDropHandle;

use crate::platform::socket::{self, Stream, is_ours};
use crate::session::End;
use crate::session::protocol::{self, FromHolder, HISTORY_PIECE, ToHolder};
use crate::terminal::{Line, Size, View};

/// Clients at a time. They are all this user's own; a program gone wild shall not take our memory.
const MOST: usize = 32;

/// Messages from clients that may wait to be looked at.
const NEWS: usize = 256;

/// Messages to a client that may wait to be written. Of changes there is never more than one; all
/// lines of the longest history are 200.
const WAITING: usize = 512;

/// How long the last words to a client may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What came from a client.
pub(super) struct News {
    pub(super) client: u64,
    /// `None`: it is gone.
    pub(super) message: Option<ToHolder>,
}

/// Everybody who is attached.
pub(super) struct Clients {
    all: Vec<Client>,
    joined: u64,
    news: mpsc::Sender<News>,
    /// Counts what clients do, to know who did something last.
    deeds: u64,
}

struct Client {
    id: u64,
    out: mpsc::Sender<Bytes>,
    writing: JoinHandle<()>,
    _reading: AbortOnDropHandle<()>,
    /// Its first message; nothing is told before.
    visit: Option<Visit>,
}

struct Visit {
    size: Size,
    watch: bool,
    /// What is on its screen.
    told: View,
    /// Whether it has drawn what it was told.
    ready: bool,
    /// Whether there may be more to tell.
    behind: bool,
    /// The number of its last deed.
    last: u64,
}

impl Clients {
    /// Nobody, and where what they say will arrive.
    pub(super) fn none() -> (Self, mpsc::Receiver<News>) {
        let (news, receiver) = mpsc::channel(NEWS);
        (Self { all: Vec::new(), joined: 0, news, deeds: 0 }, receiver)
    }

    /// Whether nobody looks.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Somebody knocks.
    pub(super) fn join(&mut self, stream: Stream) {
        if let Err(error) = is_ours(&stream) {
            tracing::warn!(%error, "a client was refused");
            return;
        }
        if self.all.len() >= MOST {
            tracing::warn!("there are {MOST} clients already");
            return;
        }
        self.joined += 1;
        let id = self.joined;
        let (read, write) = socket::split(stream);
        let (out, mut messages) = mpsc::channel::<Bytes>(WAITING);
        let writing = tokio::spawn(async move {
            let mut writer = FramedWrite::new(write, protocol::codec());
            while let Some(message) = messages.recv().await {
                // The reading side notices too.
                if writer.send(message).await.is_err() {
                    return;
                }
            }
        });
        let news = self.news.clone();
        let reading = AbortOnDropHandle::new(tokio::spawn(async move {
            let mut reader = FramedRead::new(read, protocol::codec());
            loop {
                let message = match reader.next().await {
                    Some(Ok(bytes)) => protocol::decode(&bytes).ok(),
                    Some(Err(_)) | None => None,
                };
                let gone = message.is_none();
                if news.send(News { client: id, message }).await.is_err() || gone {
                    return;
                }
            }
        }));
        self.all.push(Client { id, out, writing, _reading: reading, visit: None });
    }

    /// A client's first message.
    pub(super) fn welcome(&mut self, id: u64, size: Size, watch: bool) {
        self.deeds += 1;
        let last = self.deeds;
        let program = env!("CARGO_PKG_VERSION").to_owned();
        let welcome = FromHolder::Welcome { version: protocol::VERSION, program };
        if let Some(client) = self.all.iter_mut().find(|client| client.id == id) {
            client.tell(&welcome);
            // A size that no screen has: everything will be told.
            let told = View::blank(Size { columns: 0, rows: 0 });
            client.visit = Some(Visit { size, watch, told, ready: true, behind: true, last });
        }
    }

    /// A client is gone.
    pub(super) fn leave(&mut self, id: u64) {
        self.all.retain(|client| client.id != id);
    }

    /// The client did something. Whether it may: one that watches may not.
    pub(super) fn acts(&mut self, id: u64) -> bool {
        self.deeds += 1;
        let deed = self.deeds;
        let Some(visit) = self.visit(id).filter(|visit| !visit.watch) else { return false };
        visit.last = deed;
        true
    }

    /// The client's screen has a new size.
    pub(super) fn resize(&mut self, id: u64, size: Size) {
        if let Some(visit) = self.visit(id) {
            visit.size = size;
        }
    }

    /// The client has drawn what it was told.
    pub(super) fn seen(&mut self, id: u64) {
        if let Some(visit) = self.visit(id) {
            visit.ready = true;
        }
    }

    /// The size that counts: that of whoever did something last, as in tmux. Those who watch do not
    /// count.
    pub(super) fn size(&self) -> Option<Size> {
        self.latest().map(|visit| visit.size)
    }

    /// There may be something new on the screen.
    pub(super) fn changed(&mut self) {
        for visit in self.all.iter_mut().filter_map(|client| client.visit.as_mut()) {
            visit.behind = true;
        }
    }

    /// Whether somebody waits for what may be new.
    pub(super) fn wait(&self) -> bool {
        self.all.iter().filter_map(|client| client.visit.as_ref()).any(|v| v.ready && v.behind)
    }

    /// Shows the screen to those who have drawn what they know; with `all`, to the others too.
    pub(super) fn show(&mut self, view: &View, all: bool) {
        for client in &mut self.all {
            let Some(visit) = client.visit.as_mut().filter(|v| v.behind && (v.ready || all)) else {
                continue;
            };
            visit.behind = false;
            let Some(changes) = view.changes_since(&visit.told) else { continue };
            visit.ready = false;
            visit.told.clone_from(view);
            client.tell(&FromHolder::Changes(changes));
        }
    }

    /// Tells one of them.
    pub(super) fn tell(&self, id: u64, message: &FromHolder) {
        if let Some(client) = self.all.iter().find(|client| client.id == id) {
            client.tell(message);
        }
    }

    /// Tells everybody.
    pub(super) fn tell_all(&self, message: &FromHolder) {
        for client in self.all.iter().filter(|client| client.visit.is_some()) {
            client.tell(message);
        }
    }

    /// Tells whoever did something last, and whose clipboard it would be.
    pub(super) fn tell_latest(&self, message: &FromHolder) {
        let latest = self.latest().map(|visit| visit.last);
        let is_latest = |client: &&Client| client.visit.as_ref().map(|v| v.last) == latest;
        if let Some(client) = self.all.iter().filter(|c| c.visit.is_some()).find(is_latest) {
            client.tell(message);
        }
    }

    /// Gives a client all lines, in pieces as it takes them.
    pub(super) fn give_lines(&self, id: u64, lines: Vec<Line>) {
        let Some(client) = self.all.iter().find(|client| client.id == id) else { return };
        let out = client.out.clone();
        tokio::spawn(async move {
            let mut lines = lines.into_iter().peekable();
            loop {
                let piece: Vec<_> = lines.by_ref().take(HISTORY_PIECE).collect();
                let last = lines.peek().is_none();
                let Ok(bytes) = protocol::encode(&FromHolder::Lines { lines: piece, last }) else {
                    return;
                };
                if out.send(bytes).await.is_err() || last {
                    return;
                }
            }
        });
    }

    /// Tells everybody how the shell ended and lets them go. Whether anybody was told who looked.
    pub(super) async fn farewell(self, end: &End) -> bool {
        self.tell_all(&FromHolder::Ended(end.clone()));
        let mut told = false;
        for client in self.all {
            let looked = client.visit.is_some_and(|visit| !visit.watch);
            drop(client.out);
            let written = tokio::time::timeout(FAREWELL, client.writing).await;
            told |= looked && written.is_ok_and(|done| done.is_ok());
        }
        told
    }

    fn visit(&mut self, id: u64) -> Option<&mut Visit> {
        self.all.iter_mut().find(|client| client.id == id)?.visit.as_mut()
    }

    fn latest(&self) -> Option<&Visit> {
        let visits = self.all.iter().filter_map(|client| client.visit.as_ref());
        visits.filter(|visit| !visit.watch).max_by_key(|visit| visit.last)
    }
}

impl Client {
    /// Says something, unless the client does not take anything at all: then it is none to wait for,
    /// and it learns the rest from the next changes.
    fn tell(&self, message: &FromHolder) {
        match protocol::encode(message) {
            Ok(bytes) => drop(self.out.try_send(bytes)),
            Err(error) => tracing::error!(%error, "a message to a client cannot be written"),
        }
    }
}
