//! Whether an answer is the file, a part of it, or something else; nothing of it is believed before.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{
    AsHeaderName, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LOCATION,
    RETRY_AFTER,
};
use hyper::http::response::Parts;

use super::address::Expected;
use super::error::{Failure, FetchError};
use super::partial::Resumed;
use crate::pack::serve::MARK;

/// Characters of a server's words that are told.
const MAX_TOLD: usize = 200;

/// Characters of a tag; a longer one is none.
const MAX_TAG: usize = 256;

/// Where the body of an answer belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// Behind what is here.
    Here,
    /// At the beginning of another file.
    Anew(Told),
    /// Nowhere: the file that is there has no such part, so it is another one.
    Nowhere,
}

/// What a server tells of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// Its bytes.
    pub(super) total: u64,
    /// Its entity tag, if it is a strong one.
    pub(super) tag: Option<String>,
}

/// Looks at the head of an answer to a request for the rest of what was `resumed`. A file may have `most` bytes.
pub(super) fn read(
    head: &Parts,
    expected: &Expected,
    resumed: Option<Resumed<'_>>,
    most: u64,
) -> Result<Begin, Failure> {
    let address = || expected.address.clone();
    let not = |found: &str| FetchError::NotAPack { address: address(), found: found.to_owned() };
    let status = head.status;
    if status.is_redirection() {
        let to = plain(text(head, LOCATION).unwrap_or("it does not say which"));
        return Err(FetchError::Redirect { address: address(), to }.into());
    }
    if status == StatusCode::NETWORK_AUTHENTICATION_REQUIRED {
        return Err(not("the network wants to be logged in to").into());
    }
    let passing = matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    if passing {
        let wait = text(head, RETRY_AFTER).and_then(|it| it.trim().parse().ok());
        let why = match status {
            StatusCode::TOO_MANY_REQUESTS => "too many wrong codes came to it".to_owned(),
            _ => format!("it answers {status}"),
        };
        return Err(Failure::Passing { why, wait: wait.map(Duration::from_secs) });
    }
    if expected.ours && !head.headers.contains_key(MARK) {
        return Err(not(&format!("another server answers, with {status}")).into());
    }
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
        StatusCode::RANGE_NOT_SATISFIABLE if resumed.is_some() => return Ok(Begin::Nowhere),
        StatusCode::UNAUTHORIZED if expected.coded => {
            return Err(FetchError::WrongCode { address: address() }.into());
        }
        StatusCode::UNAUTHORIZED => {
            return Err(FetchError::CodeNeeded { address: address() }.into());
        }
        _ => {
            return Err(
                FetchError::Refused { address: address(), status: status.to_string() }.into()
            );
        }
    }
    let kind = text(head, CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        return Err(not("a page for browsers").into());
    }
    if text(head, CONTENT_ENCODING).is_some_and(|it| !it.trim().eq_ignore_ascii_case("identity")) {
        return Err(not("it is packed for the way, which was not asked for").into());
    }
    let length = text(head, CONTENT_LENGTH).and_then(|it| it.trim().parse::<u64>().ok());
    let Some(length) = length else {
        return Err(not("it does not say how long the file is").into());
    };
    let tag = text(head, ETAG).map(str::trim).filter(|tag| is_strong(tag)).map(str::to_owned);
    if status == StatusCode::OK {
        if length > most {
            return Err(FetchError::TooLarge { address: address(), bytes: length, most }.into());
        }
        return Ok(Begin::Anew(Told { total: length, tag }));
    }
    let part = text(head, CONTENT_RANGE).and_then(content_range);
    let asked = resumed.and_then(|it| Some((it.from, it.total.checked_sub(1)?, it.total, it.tag)));
    let fits = match (part, asked) {
        (Some((first, last, total)), Some((from, end, of, wanted))) => {
            (first, last, total) == (from, end, of)
                && length == of - from
                && tag.is_none_or(|tag| tag == wanted)
        }
        _ => false,
    };
    if fits {
        Ok(Begin::Here)
    } else {
        Err(not("another part of a file than was asked for").into())
    }
}

/// First and last byte, and the bytes of the file: `bytes 5-9/10`.
fn content_range(value: &str) -> Option<(u64, u64, u64)> {
    let (part, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?, total.parse().ok()?))
}

/// Whether a tag tells of every byte, and is one that can be sent back.
fn is_strong(tag: &str) -> bool {
    let quoted = tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
    quoted && tag.len() <= MAX_TAG && tag.bytes().all(|byte| byte.is_ascii_graphic())
}

fn text(head: &Parts, name: impl AsHeaderName) -> Option<&str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

/// A stranger's words without anything but text, and not too many.
fn plain(words: &str) -> String {
    words.chars().filter(|c| !c.is_control()).take(MAX_TOLD).collect()
}

#[cfg(test)]
mod tests {
    use hyper::Response;

    use super::*;

    const RESUMED: Resumed<'_> = Resumed { from: 4, total: 10, tag: "\"x\"" };

    /// An answer with these lines, to a request with a code that goes on from the fifth byte.
    fn told(ours: bool, status: u16, lines: &[(&str, &str)]) -> Result<Begin, String> {
        let mut answer = Response::builder().status(status);
        for (name, value) in lines {
            answer = answer.header(*name, *value);
        }
        let (head, ()) = answer.body(()).unwrap().into_parts();
        let expected = Expected { address: "http://a/".to_owned(), ours, coded: true };
        read(&head, &expected, Some(RESUMED), 100).map_err(|failure| match failure {
            Failure::Final(error) => error.to_string(),
            Failure::Passing { why, wait } => format!("passing: {why}, {wait:?}"),
        })
    }

    #[test]
    fn the_file_or_its_rest_is_taken() {
        let whole = [("content-length", "10"), ("etag", "\"y\"")];
        let anew = |tag: Option<&str>| Begin::Anew(Told { total: 10, tag: tag.map(str::to_owned) });
        assert_eq!(told(false, 200, &whole), Ok(anew(Some("\"y\""))));
        assert_eq!(
            told(true, 200, &[&whole[..], &[(MARK, "1")]].concat()),
            Ok(anew(Some("\"y\"")))
        );
        for tag in ["W/\"y\"", "y", "\"", "\"a b\"", &format!("\"{}\"", "y".repeat(300))] {
            assert_eq!(told(false, 200, &[whole[0], ("etag", tag)]), Ok(anew(None)), "{tag}");
        }
        let rest = [("content-length", "6"), ("content-range", "bytes 4-9/10")];
        assert_eq!(told(false, 206, &rest), Ok(Begin::Here));
        assert_eq!(told(false, 206, &[&rest[..], &[("etag", "\"x\"")]].concat()), Ok(Begin::Here));
        assert_eq!(told(false, 416, &[]), Ok(Begin::Nowhere));
    }

    #[test]
    fn a_part_that_was_not_asked_for_is_refused() {
        for (length, range, tag) in [
            ("6", "bytes 4-9/11", "\"x\""),
            ("6", "bytes 3-9/10", "\"x\""),
            ("6", "bytes 4-8/10", "\"x\""),
            ("7", "bytes 4-9/10", "\"x\""),
            ("6", "bytes 4-9/10", "\"y\""),
            ("6", "bytes 4-9/*", "\"x\""),
            ("6", "bytes 4-99999999999999999999/10", "\"x\""),
            ("6", "", "\"x\""),
        ] {
            let lines = [("content-length", length), ("content-range", range), ("etag", tag)];
            let error = told(false, 206, &lines).unwrap_err();
            assert!(error.contains("another part"), "{range}: {error}");
        }
    }

    #[test]
    fn what_is_not_the_file_is_not_taken_for_it() {
        let page = [("content-length", "10"), ("content-type", "Text/HTML; charset=utf-8")];
        let packed = [("content-length", "10"), ("content-encoding", "gzip")];
        let plain = [("content-length", "10")];
        for (ours, status, lines, words) in [
            (false, 200, &page[..], "a page for browsers"),
            (true, 200, &page, "another server answers"),
            (true, 200, &plain, "another server answers"),
            (true, 404, &plain, "another server answers"),
            (false, 404, &plain, "refuses: 404 Not Found"),
            (false, 200, &packed, "not asked for"),
            (false, 200, &[], "how long"),
            (false, 200, &[("content-length", "101")], "more than the 100"),
            (false, 302, &[("location", "http://login/")], "not followed: http://login/"),
            (true, 302, &[], "does not say which"),
            (false, 511, &plain, "logged in to"),
            (false, 401, &plain, "not the one"),
            (
                false,
                503,
                &[("retry-after", "7")],
                "passing: it answers 503 Service Unavailable, Some(7s)",
            ),
            (true, 429, &[("retry-after", "-1")], "passing: too many wrong codes came to it, None"),
        ] {
            let error = told(ours, status, lines).unwrap_err();
            assert!(error.contains(words), "{status}: {error}");
        }
    }
}
