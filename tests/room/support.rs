//! What the tests of a room share: a server, a way that breaks, and a client that says what it likes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use drydock::pack::fetch::{self, Address, FetchError, Progress};
use drydock::pack::serve::{Changed, Code, Limits, Offer, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The code of all servers here.
pub(crate) const CODE: &str = "482 913";

/// Long enough for a busy machine; what does not come fails the test.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn code() -> Code {
    Code::parse(CODE).unwrap()
}

/// Bytes that repeat nowhere, and are the same each time; `seed` is not 0.
pub(crate) fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(count).collect()
}

/// A file, in a folder that goes with it.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, data: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, data).unwrap();
        path
    }
}

pub(crate) async fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

/// A server in this process.
pub(crate) struct Served {
    pub(crate) server: Arc<Server>,
    pub(crate) at: SocketAddr,
    pub(crate) ended: JoinHandle<Result<(), Changed>>,
}

impl Served {
    pub(crate) async fn new(file: &Path, limits: Limits) -> Self {
        let listener = listener().await;
        let at = listener.local_addr().unwrap();
        let server = Server::new(Offer::open(file).unwrap(), code(), limits, None, |_| {});
        let server = Arc::new(server);
        let ended = tokio::spawn(server.clone().run(listener));
        Self { server, at, ended }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.ended.abort();
    }
}

pub(crate) fn address(at: SocketAddr) -> Address {
    Address::parse(&format!("http://{at}/")).unwrap()
}

/// Limits of a fetch in a hurry.
pub(crate) fn hurried() -> fetch::Limits {
    let ms = Duration::from_millis;
    fetch::Limits {
        connect: PATIENCE,
        stall: PATIENCE,
        patience: PATIENCE,
        pause: ms(2),
        longest_pause: ms(20),
        ..fetch::Limits::default()
    }
}

/// Fetches with the code; gives what came of it, and the progress without bytes.
pub(crate) async fn fetched(
    at: SocketAddr,
    partial: &Path,
    limits: &fetch::Limits,
) -> (Result<u64, FetchError>, Vec<Progress>) {
    let told = Mutex::new(Vec::new());
    let tell = |progress: Progress| {
        if !matches!(progress, Progress::Fetching { .. }) {
            told.lock().unwrap().push(progress);
        }
    };
    let (address, code) = (address(at), code());
    let fetch = fetch::fetch(&address, Some(&code), partial, limits, &tell);
    let done = tokio::time::timeout(PATIENCE, fetch).await.expect("it comes to an end");
    (done, told.into_inner().unwrap())
}

/// A way between client and server that breaks when it is told to.
pub(crate) struct Way {
    pub(crate) at: SocketAddr,
    /// Where it leads to.
    pub(crate) to: watch::Sender<SocketAddr>,
    /// While it is set, nothing passes once the bytes have, and the connection stays open.
    pub(crate) held: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Way {
    /// The first connection breaks after as many bytes to the client as `cuts` says last, and so on backwards;
    /// when all were used, none breaks.
    pub(crate) async fn new(to: SocketAddr, mut cuts: Vec<usize>) -> Self {
        let listener = listener().await;
        let at = listener.local_addr().unwrap();
        let (to, target) = watch::channel(to);
        let (held, holding) = watch::channel(false);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, *target.borrow(), cuts.pop(), holding.clone()));
            }
        });
        Self { at, to, held, task }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    client: TcpStream,
    to: SocketAddr,
    cut: Option<usize>,
    mut held: watch::Receiver<bool>,
) -> Option<()> {
    let server = TcpStream::connect(to).await.ok()?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async { tokio::io::copy(&mut from_client, &mut to_server).await };
    let down = async {
        let mut left = cut.unwrap_or(usize::MAX);
        let mut piece = vec![0; 16 << 10];
        while left > 0 {
            let count = from_server.read(&mut piece).await.ok().filter(|count| *count > 0)?;
            let count = count.min(left);
            to_client.write_all(&piece[..count]).await.ok()?;
            left -= count;
        }
        held.wait_for(|held| !held).await.ok()?;
        Some(())
    };
    tokio::select! {
        _ = up => None,
        end = down => end,
    }
}

/// Says something to a server, and gives all that it answers until it closes the connection.
pub(crate) async fn said(at: SocketAddr, words: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(at).await.unwrap();
    // A server that has enough of it closes before all of it was said.
    let _ = stream.write_all(words.as_ref()).await;
    rest(&mut stream).await
}

/// What still comes.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let all = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer));
    let _ = all.await.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits for a state.
pub(crate) async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("it is not so: {what}"));
}
