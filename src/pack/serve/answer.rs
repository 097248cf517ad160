//! What a request is answered with.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::net::TcpStream;

use super::guard::Verdict;
use super::request::{Method, NoRequest, Part, Request, part};
use super::{Event, MARK, PACK, Server};

/// An answer that was not sent yet.
#[derive(Debug)]
pub(super) struct Answer {
    status: &'static str,
    /// Header lines of its own.
    lines: String,
    pub(super) body: Body,
    /// Whether only its head is wanted.
    head_only: bool,
    pub(super) keeps_open: bool,
}

/// What follows the head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    Text(String),
    /// These bytes of the file.
    File(Range<u64>),
}

impl Answer {
    fn text(status: &'static str, text: impl Into<String>) -> Self {
        let body = Body::Text(text.into() + "\n");
        Self { status, lines: String::new(), body, head_only: false, keeps_open: true }
    }

    fn line(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        // Writing into a string does not fail.
        let _ = write!(self.lines, "{name}: {value}\r\n");
        self
    }

    /// The answer to what is no request; nothing further is read after it.
    pub(super) fn refusal(why: &NoRequest) -> Option<Self> {
        let answer = match why {
            NoRequest::Closed => return None,
            NoRequest::Bad => {
                Self::text("400 Bad Request", "This is not HTTP/1.1 as it is spoken here.")
            }
            NoRequest::Body => Self::text("413 Content Too Large", "Nothing can be sent here."),
            NoRequest::TooLarge => Self::text(
                "431 Request Header Fields Too Large",
                "The head of the request is too large.",
            ),
        };
        Some(Self { keeps_open: false, ..answer })
    }

    /// The answer to a request that did not come to its end.
    pub(super) fn too_slow() -> Self {
        let answer =
            Self::text("408 Request Timeout", "The request did not come to its end in time.");
        Self { keeps_open: false, ..answer }
    }

    /// Its head as it is sent, and a body of text with it.
    pub(super) fn head(&self) -> String {
        let Self { status, lines, .. } = self;
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let (kind, length) = match &self.body {
            Body::Text(text) => ("text/plain; charset=utf-8", text.len() as u64),
            Body::File(range) => ("application/octet-stream", range.end - range.start),
        };
        let connection = if self.keeps_open { "keep-alive" } else { "close" };
        let text = match &self.body {
            Body::Text(text) if !self.head_only => text.as_str(),
            _ => "",
        };
        format!(
            "HTTP/1.1 {status}\r\nDate: {date}\r\n{MARK}: 1\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nConnection: {connection}\r\n{lines}\r\n{text}"
        )
    }

    /// The bytes of the file that follow the head.
    pub(super) fn file(&self) -> Option<Range<u64>> {
        match &self.body {
            Body::File(range) if !self.head_only => Some(range.clone()),
            _ => None,
        }
    }
}

impl Server {
    /// The answer to a request of `peer`, who reached the server at `here`.
    pub(super) fn answer(&self, request: &Request, peer: SocketAddr, here: SocketAddr) -> Answer {
        let answer = match (request.path.as_str(), request.method) {
            ("/" | PACK, Method::Other) => {
                Answer::text("405 Method Not Allowed", "Here is only something to read.")
                    .line("Allow", "GET, HEAD")
            }
            ("/", _) => Answer::text("200 OK", how(here)),
            (PACK, _) => self.pack(request, peer, here),
            _ => Answer::text("404 Not Found", "There is nothing here but / and /pack."),
        };
        let keeps_open = answer.keeps_open && request.keeps_open;
        Answer { head_only: request.method == Method::Head, keeps_open, ..answer }
    }

    /// The file, for who knows the code.
    fn pack(&self, request: &Request, peer: SocketAddr, here: SocketAddr) -> Answer {
        let from = peer.ip().to_canonical();
        let verdict = match &request.code {
            Some(code) => self.guard.ask(from, code, Instant::now()),
            None => return no_code(here),
        };
        match verdict {
            Verdict::Right => {}
            Verdict::Wrong => {
                (self.tell)(Event::WrongCode { from });
                return no_code(here);
            }
            Verdict::Wait(time) => {
                let seconds = time.max(Duration::from_secs(1)).as_secs_f64().ceil();
                return Answer::text(
                    "429 Too Many Requests",
                    "Too many codes were wrong; wait a little.",
                )
                .line("Retry-After", seconds);
            }
        }
        if !self.is_unchanged() {
            return Answer::text(
                "503 Service Unavailable",
                "The file was changed; it must be served anew.",
            );
        }
        let (length, tag) = (self.offer.length(), self.offer.tag());
        let same = request.if_range.as_ref().is_none_or(|wanted| wanted == tag);
        let wanted = request.range.as_ref().filter(|_| same && request.method == Method::Get);
        let answer = match wanted.map_or(Part::Whole, |range| part(range, length)) {
            Part::Whole => Answer { body: Body::File(0..length), ..Answer::text("200 OK", "") },
            Part::Bytes(range) => {
                let told = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                Answer { body: Body::File(range), ..Answer::text("206 Partial Content", "") }
                    .line("Content-Range", told)
            }
            Part::Outside => Answer::text("416 Range Not Satisfiable", "The file is shorter.")
                .line("Content-Range", format_args!("bytes */{length}")),
        };
        answer.line("ETag", tag).line("Accept-Ranges", "bytes")
    }
}

/// That the code is missing or another one.
fn no_code(here: SocketAddr) -> Answer {
    let text = format!("The code is missing or wrong.\n\n{}", how(here));
    Answer::text("401 Unauthorized", text).line("WWW-Authenticate", "Bearer")
}

/// What to type, on a page of its own.
fn how(here: SocketAddr) -> String {
    let here = SocketAddr::new(here.ip().to_canonical(), here.port());
    format!(
        "A pack of drydock is served here. With the code that you were told:\n\n  \
         drydock pack import http://{here}/\n\nWithout drydock, curl fetches the file:\n\n  \
         curl -C - -o pack -H 'Authorization: Bearer CODE' http://{here}{PACK}"
    )
}

/// Says that there is no place. Whoever does not read it in time may try again all the same.
pub(super) fn turn_away(stream: TcpStream) {
    let answer = Answer::text("503 Service Unavailable", "Too many are here; try again soon.");
    let answer = Answer { keeps_open: false, ..answer }.line("Retry-After", 2);
    // A new connection has room for it, and nothing waits where it has none.
    let _ = stream.into_std().and_then(|mut stream| stream.write(answer.head().as_bytes()));
}
