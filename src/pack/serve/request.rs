//! Requests, as strangers send them: read into one buffer of a fixed size, and only what is needed of them.
//!
//! No request has a body here. One that announces a body ends its connection, so that nothing of it can be
//! taken for the next request.

use std::io;
use std::ops::Range;

use httparse::{Error, Header, Status};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::code::Code;

/// Bytes of a request's head. Ours have some 200, a browser's about 1,000.
const MAX_HEAD: usize = 8 << 10;

/// Lines of a request's head.
const MAX_HEADERS: usize = 64;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Without what follows a question mark.
    pub(super) path: String,
    /// The code, if it has one; what cannot be a code is like none.
    pub(super) code: Option<Code>,
    /// A part of the file, as written, and the tag that the file must have for it.
    pub(super) range: Option<String>,
    pub(super) if_range: Option<String>,
    /// Whether another request may follow on the connection.
    pub(super) keeps_open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Head,
    Other,
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum NoRequest {
    /// The client is done, or gone.
    Closed,
    /// It is not HTTP, or not as it may be.
    Bad,
    /// It has a body.
    Body,
    /// Its head is too large.
    TooLarge,
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}

/// What has come of a connection and was not yet looked at.
#[derive(Debug)]
pub(super) struct Incoming {
    buffer: Box<[u8]>,
    filled: usize,
}

impl Incoming {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; MAX_HEAD].into(), filled: 0 }
    }

    /// Whether a request has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.filled > 0
    }

    /// The next request; it may have come together with the one before.
    pub(super) async fn next(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
    ) -> Result<Request, NoRequest> {
        loop {
            if let Some((request, length)) = parse(&self.buffer[..self.filled])? {
                self.buffer.copy_within(length..self.filled, 0);
                self.filled -= length;
                return Ok(request);
            }
            if self.filled == self.buffer.len() {
                return Err(NoRequest::TooLarge);
            }
            let count = from.read(&mut self.buffer[self.filled..]).await?;
            if count == 0 {
                return Err(NoRequest::Closed);
            }
            self.filled += count;
        }
    }
}

/// A request and its length; `None` while it is not all there.
fn parse(bytes: &[u8]) -> Result<Option<(Request, usize)>, NoRequest> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(bytes) {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Ok(None),
        Err(Error::TooManyHeaders) => return Err(NoRequest::TooLarge),
        Err(_) => return Err(NoRequest::Bad),
    };
    let (Some(method), Some(target), Some(version)) = (head.method, head.path, head.version) else {
        return Err(NoRequest::Bad);
    };
    let newer = version == 1;
    if once(head.headers, "host")?.is_none() && newer {
        return Err(NoRequest::Bad);
    }
    let body = once(head.headers, "content-length")?.is_some_and(|length| length.trim() != "0");
    if body || once(head.headers, "transfer-encoding")?.is_some() {
        return Err(NoRequest::Body);
    }
    let closes = once(head.headers, "connection")?
        .is_some_and(|words| words.split(',').any(|it| it.trim().eq_ignore_ascii_case("close")));
    let code = once(head.headers, "authorization")?
        .and_then(|words| words.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, code)| Code::parse(code).ok());
    let request = Request {
        method: match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            _ => Method::Other,
        },
        path: target.split('?').next().unwrap_or_default().to_owned(),
        code,
        range: once(head.headers, "range")?.map(str::to_owned),
        if_range: once(head.headers, "if-range")?.map(str::to_owned),
        keeps_open: newer && !closes,
    };
    Ok(Some((request, length)))
}

/// The value of a header that may be there once.
fn once<'a>(headers: &[Header<'a>], name: &str) -> Result<Option<&'a str>, NoRequest> {
    let mut all = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (all.next(), all.next()) {
        (Some(header), None) => {
            std::str::from_utf8(header.value).map(Some).map_err(|_| NoRequest::Bad)
        }
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(NoRequest::Bad),
    }
}

/// Which part of a file is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: what is no range of bytes, or several, may be answered so.
    Whole,
    /// These bytes, at least one.
    Bytes(Range<u64>),
    /// A part that is not in it.
    Outside,
}

/// Reads a `Range` for a file of `length` bytes.
pub(super) fn part(range: &str, length: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|it| it.trim().split_once('-'))
    else {
        return Part::Whole;
    };
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // What is larger than any file is outside, like all that is past the end.
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (None, Some(count)) if first.is_empty() => match count.min(length) {
            0 => Part::Outside,
            count => Part::Bytes(length - count..length),
        },
        (Some(first), _) if last.is_empty() && first < length => Part::Bytes(first..length),
        (Some(first), Some(last)) if first <= last && first < length => {
            Part::Bytes(first..last.saturating_add(1).min(length))
        }
        (Some(first), None) if last.is_empty() && first >= length => Part::Outside,
        (Some(first), Some(last)) if first <= last => Part::Outside,
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(mut text: &[u8]) -> (Vec<Request>, NoRequest) {
        let (mut incoming, mut requests) = (Incoming::new(), Vec::new());
        loop {
            match incoming.next(&mut text).await {
                Ok(request) => requests.push(request),
                Err(end) => return (requests, end),
            }
        }
    }

    #[tokio::test]
    async fn requests_come_one_after_another() {
        let text = b"GET /pack?x=1 HTTP/1.1\r\nHost: a\r\nAuthorization: bearer 482 913\r\n\
            Range: bytes=5-\r\nIf-Range: \"a\"\r\n\r\n\
            HEAD / HTTP/1.1\r\nhost: a\r\nConnection: TE, Close\r\n\r\nPUT / HTTP/1.0\r\n\r\n";
        let (requests, end) = all(text).await;
        assert!(matches!(end, NoRequest::Closed));
        let [first, second, third] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!((first.method, first.path.as_str()), (Method::Get, "/pack"));
        assert_eq!(first.code, Code::parse("482913").ok());
        assert_eq!(first.range.as_deref(), Some("bytes=5-"));
        assert_eq!(first.if_range.as_deref(), Some("\"a\""));
        assert!(first.keeps_open && !second.keeps_open && !third.keeps_open);
        assert_eq!((second.method, third.method), (Method::Head, Method::Other));
    }

    #[tokio::test]
    async fn what_is_not_as_it_may_be_is_refused() {
        let bad = [
            "GET / HTTP/1.1\r\n\r\n",
            "GET /\r\n\r\n",
            "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}\x03",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=1-\r\nRange: bytes=2-\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        ];
        for text in bad {
            let (requests, end) = all(text.as_bytes()).await;
            assert!(requests.is_empty() && matches!(end, NoRequest::Bad), "{text:?}: {end:?}");
        }
        for body in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
            let text = format!("GET / HTTP/1.1\r\nHost: a\r\n{body}\r\n\r\nGET / HTTP/1.1\r\n");
            assert!(matches!(all(text.as_bytes()).await, (_, NoRequest::Body)), "{body}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(9000));
        assert!(matches!(all(long.as_bytes()).await, (_, NoRequest::TooLarge)));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65));
        assert!(matches!(all(many.as_bytes()).await, (_, NoRequest::TooLarge)));
    }

    #[test]
    fn parts_are_of_bytes_that_there_are() {
        let bytes = |range| Part::Bytes(range);
        for (range, expected) in [
            ("bytes=0-", bytes(0..10)),
            ("bytes=4-5", bytes(4..6)),
            ("bytes=9-99999999999999999999999", bytes(9..10)),
            ("bytes=-3", bytes(7..10)),
            ("bytes=-30", bytes(0..10)),
            ("bytes=10-", Part::Outside),
            ("bytes=99999999999999999999999-", Part::Outside),
            ("bytes=11-12", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-4", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(part(range, 10), expected, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), Part::Outside);
        assert_eq!(part("bytes=-5", 0), Part::Outside);
    }
}
