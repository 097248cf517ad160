//! Bringing a file here over HTTP, also over a link that breaks: what has come stays in a partial file, and the
//! rest is asked for, by the same call or by a program that is started later.
//!
//! It comes from a server of ours ([`super::serve`]), or from any web server that is told the whole address of a
//! file. Whether the file is still the same is known by its entity tag, which is noted beside the partial file
//! ([`partial`]); where it is another one, or the server cannot send a part, all of it is fetched anew.
//!
//! Invariants: nothing of an answer is believed before it is looked at ([`answer`]), and nothing is thrown away for
//! an answer that is not the file: a portal's page or an error leaves the partial file as it is. No more is written
//! than was announced, and no more announced than [`Limits`] lets. Dropping the call loses nothing. What has come is
//! whole only as far as HTTP can tell: whether it is good, the file itself must say.

mod address;
mod answer;
mod error;
mod partial;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, HOST, IF_RANGE, RANGE, USER_AGENT};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

pub use address::Address;
pub use error::FetchError;
pub use partial::{discard, keep};

use super::serve::Code;
use answer::{Begin, Told, read};
use error::Failure;
use partial::{Partial, Resumed};

/// How a client of ours names itself.
const NAME: &str = concat!("drydock/", env!("CARGO_PKG_VERSION"));

/// Bytes that are read of the network at once, at most.
const MAX_READ: usize = 256 << 10;

/// How far a fetch may go, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a file may have.
    pub bytes: u64,
    /// How long to wait for a connection.
    pub connect: Duration,
    /// How long to wait for an answer, and for each next byte of it.
    pub stall: Duration,
    /// How long to try again without a byte that is new.
    pub patience: Duration,
    /// How long to wait before it is tried again, at first; each time twice as long.
    pub pause: Duration,
    /// The longest of these.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 30,
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            patience: Duration::from_mins(10),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}

/// How far a fetch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Bytes come.
    Fetching {
        /// Bytes that are here.
        done: u64,
        /// Bytes of the file.
        total: u64,
    },
    /// The link broke; it will be tried again.
    Waiting {
        /// Bytes that are here.
        done: u64,
        /// Bytes of the file, if a server has told.
        total: Option<u64>,
        /// When it will be tried again.
        pause: Duration,
        /// What happened, as a part of a sentence.
        why: String,
    },
    /// What was here was of another file, or the server cannot go on with it: it begins anew.
    Anew,
}

/// Fetches the file at `address` into the file `partial`, from where that ends; gives its length in bytes. The caller
/// looks whether it is good, and then calls [`keep`] or [`discard`].
///
/// A link that breaks is tried again for a while. Only where nothing has come yet, a server that cannot be connected to is
/// an error at once: its address may be mistyped.
pub async fn fetch(
    address: &Address,
    code: Option<&Code>,
    partial: &Path,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<u64, FetchError> {
    let mut opened = Partial::open(partial).await?;
    let fetched = again_and_again(address, code, &mut opened, limits, progress).await;
    if fetched.is_err() && opened.is_nothing() {
        // An empty file tells nobody anything.
        let _ = discard(partial);
    }
    fetched
}

/// Tries until all of it is here, or trying does not help.
async fn again_and_again(
    address: &Address,
    code: Option<&Code>,
    partial: &mut Partial,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<u64, FetchError> {
    let mut connected = false;
    let mut furthest = partial.length();
    let (mut since, mut pause) = (Instant::now(), limits.pause);
    while !partial.is_complete() {
        let tried = once(address, code, partial, limits, progress, &mut connected).await;
        // Also what came before the link broke is there after a power cut.
        partial.sync().await?;
        let (why, wait) = match tried {
            Ok(()) => continue,
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Passing { why, wait }) => (why, wait),
        };
        let (done, total) = (partial.length(), partial.total());
        if !connected && done == 0 {
            return Err(FetchError::Unreachable { address: address.to_string(), why });
        }
        if done > furthest {
            furthest = done;
            (since, pause) = (Instant::now(), limits.pause);
        }
        if since.elapsed() >= limits.patience {
            return Err(FetchError::Broken { address: address.to_string(), why, done, total });
        }
        let wait = wait.unwrap_or(pause).clamp(pause, limits.longest_pause.max(pause));
        progress(Progress::Waiting { done, total, pause: wait, why });
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(limits.longest_pause);
    }
    Ok(partial.length())
}

/// Asks once, and takes what comes until the file is complete or the link breaks.
async fn once(
    address: &Address,
    code: Option<&Code>,
    partial: &mut Partial,
    limits: &Limits,
    progress: &(dyn Fn(Progress) + Send + Sync),
    connected: &mut bool,
) -> Result<(), Failure> {
    // The connection is driven beside, and ends with this.
    let mut connection = JoinSet::new();
    let stream = timeout(limits.connect, TcpStream::connect((address.host(), address.port())));
    let stream = stream.await.map_err(|_| Failure::stalled(limits.connect))?;
    let stream = stream.map_err(|error| Failure::passing(error::reason(&error)))?;
    *connected = true;
    let answer = ask(stream, address, code, partial, limits, &mut connection).await?;
    let (head, mut body) = answer.into_parts();
    match read(&head, &address.expected(code), partial.resumed(), limits.bytes)? {
        Begin::Here => {}
        Begin::Anew(told) => {
            if partial.length() > 0 {
                progress(Progress::Anew);
            }
            let Told { total, tag } = told;
            partial.begin(total, tag).await?;
        }
        Begin::Nowhere => {
            progress(Progress::Anew);
            partial.empty().await?;
            return Err(Failure::passing("it has another file now"));
        }
    }
    let total = partial.total().unwrap_or(0);
    partial.has_room().await?;
    progress(Progress::Fetching { done: partial.length(), total });
    while !partial.is_complete() {
        let frame = timeout(limits.stall, body.frame()).await;
        let frame = frame.map_err(|_| Failure::stalled(limits.stall))?;
        let frame = frame.ok_or_else(|| Failure::passing("it ended too soon"))?;
        let frame = frame.map_err(|error| Failure::passing(error::reason(&error)))?;
        if let Some(data) = frame.data_ref() {
            partial.write(data).await?;
            progress(Progress::Fetching { done: partial.length(), total });
        }
    }
    Ok(())
}

/// Sends the request; gives the answer, whose body was not read.
async fn ask(
    stream: TcpStream,
    address: &Address,
    code: Option<&Code>,
    partial: &Partial,
    limits: &Limits,
    connection: &mut JoinSet<()>,
) -> Result<hyper::Response<Incoming>, Failure> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_READ);
    let (mut sender, driver) = builder
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::passing(error::reason(&error)))?;
    connection.spawn(async move {
        // What it fails with, who reads the body is told too.
        let _ = driver.await;
    });
    let mut request = Request::get(address.path())
        .header(HOST, address.authority())
        .header(USER_AGENT, NAME)
        .header(ACCEPT_ENCODING, "identity");
    if let Some(code) = code {
        request = request.header(AUTHORIZATION, format!("Bearer {}", code.as_str()));
    }
    if let Some(Resumed { from, tag, .. }) = partial.resumed() {
        request = request.header(RANGE, format!("bytes={from}-")).header(IF_RANGE, tag);
    }
    let request = request.body(Empty::new());
    let request = request.map_err(|error| Failure::passing(error.to_string()))?;
    let answer = timeout(limits.stall, sender.send_request(request)).await;
    let answer = answer.map_err(|_| Failure::stalled(limits.stall))?;
    answer.map_err(|error| {
        if error.is_parse() {
            let found = format!("it does not speak HTTP ({})", error::reason(&error));
            return FetchError::NotAPack { address: address.to_string(), found }.into();
        }
        Failure::passing(error::reason(&error))
    })
}
