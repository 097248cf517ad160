//! Clients and servers that do not behave.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use drydock::pack::fetch::{self, FetchError};
use drydock::pack::serve::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    Place, Served, address, bytes, code, fetched, hurried, listener, rest, said, until,
};

/// A request for the file with further lines.
fn pack(lines: &str) -> String {
    format!("GET /pack HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 482913\r\n{lines}\r\n")
}

/// The last request of a connection.
const CLOSE: &str = "Connection: close\r\n";

async fn ten() -> (Place, Served) {
    let place = Place::new();
    let limits = Limits { head: Duration::from_millis(300), ..Limits::default() };
    let served = Served::new(&place.write("a", b"0123456789"), limits).await;
    (place, served)
}

#[tokio::test]
async fn parts_are_given_as_http_says() {
    let (_place, served) = ten().await;
    let whole = said(served.at, pack(CLOSE)).await;
    assert!(
        whole.starts_with("HTTP/1.1 200 OK\r\n") && whole.ends_with("\r\n\r\n0123456789"),
        "{whole}"
    );
    assert!(
        whole.contains("drydock-pack: 1\r\n") && whole.contains("Accept-Ranges: bytes\r\n"),
        "{whole}"
    );
    let tag = whole.split_once("ETag: ").unwrap().1.split("\r\n").next().unwrap().to_owned();
    for (lines, status, end) in [
        ("Range: bytes=4-\r\n".to_owned(), "206 Partial Content", "456789"),
        (format!("Range: bytes=-2\r\nIf-Range: {tag}\r\n"), "206 Partial Content", "89"),
        ("Range: bytes=4-\r\nIf-Range: \"other\"\r\n".to_owned(), "200 OK", "0123456789"),
        (format!("Range: bytes=4-\r\nIf-Range: W/{tag}\r\n"), "200 OK", "0123456789"),
        ("Range: bytes=0-1,4-5\r\n".to_owned(), "200 OK", "0123456789"),
        ("Range: bytes=10-\r\n".to_owned(), "416 Range Not Satisfiable", "The file is shorter.\n"),
        ("Range: bytes=-0\r\n".to_owned(), "416 Range Not Satisfiable", "The file is shorter.\n"),
    ] {
        let answer = said(served.at, pack(&(lines.clone() + CLOSE))).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{lines}: {answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{end}")), "{lines}: {answer}");
        assert!(
            answer.contains(&format!("Content-Length: {}\r\n", end.len())),
            "{lines}: {answer}"
        );
    }
    let head = said(served.at, pack(CLOSE).replacen("GET", "HEAD", 1)).await;
    assert!(head.contains("Content-Length: 10\r\n") && head.ends_with("\r\n\r\n"), "{head}");
}

#[tokio::test]
async fn there_is_nothing_but_two_paths_and_nothing_to_be_done_but_reading() {
    let (_place, served) = ten().await;
    for path in [
        "/../etc/passwd",
        "/pack/../../etc/passwd",
        "//etc/passwd",
        "/%2e%2e/etc/passwd",
        "/pack/",
        "http://a/etc/passwd",
        "*",
        "/etc/passwd%00",
        "/index.html",
    ] {
        let asked = pack(CLOSE).replacen("/pack", path, 1);
        let answer = said(served.at, asked).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get"] {
        let answer = said(served.at, pack(CLOSE).replacen("GET", method, 1)).await;
        assert!(
            answer.starts_with("HTTP/1.1 405 ") && answer.contains("Allow: GET, HEAD"),
            "{answer}"
        );
    }
    // What follows a body that is not read is no request.
    let smuggled = pack("Content-Length: 60\r\n") + &pack("");
    let answer = said(served.at, smuggled).await;
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.matches("HTTP/1.1").count() == 1,
        "{answer}"
    );
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b"hello\r\n\r\n",
        b"GET /pack HTTP/1.1\r\n\r\n",
        &[0; 9000],
    ] {
        let answer = said(served.at, noise).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    let page =
        said(served.at, format!("GET / HTTP/1.1\r\nHost: evil.example\r\n{CLOSE}\r\n")).await;
    let told = format!("drydock pack import http://{}/", served.at);
    assert!(
        page.starts_with("HTTP/1.1 200 ") && page.contains(&told) && !page.contains("evil"),
        "{page}"
    );
    assert_eq!(served.server.tally().bytes, 0);
}

#[tokio::test]
async fn the_file_is_for_who_knows_the_code_and_guessing_ends_soon() {
    let (place, served) = ten().await;
    let file = place.path("b");
    let fetch = async |typed: Option<&str>| {
        let code = typed.map(|typed| drydock::pack::serve::Code::parse(typed).unwrap());
        fetch::fetch(&address(served.at), code.as_ref(), &file, &hurried(), &|_| {}).await
    };
    assert!(matches!(fetch(None).await, Err(FetchError::CodeNeeded { .. })));
    assert!(!file.exists());
    let without =
        said(served.at, "HEAD /pack HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(without.starts_with("HTTP/1.1 401 ") && without.contains("WWW-Authenticate: Bearer"));
    for header in ["Basic NDgyOTEz", "Bearer", "Bearer 4829", "482913", "Bearer 482 91 4"] {
        let asked = pack(CLOSE).replacen("Bearer 482913", header, 1);
        let answer = said(served.at, asked).await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && !answer.contains("456"), "{answer}");
    }
    for guess in 0..7 {
        let wrong = fetch(Some(&format!("00000{guess}"))).await;
        assert!(matches!(wrong, Err(FetchError::WrongCode { .. })), "{guess}: {wrong:?}");
    }
    // Eight were wrong. Now nothing is compared, the right one included; it may be tried again later.
    for asked in [pack(CLOSE), pack(CLOSE).replace("482913", "000009")] {
        let answer = said(served.at, asked).await;
        assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
        assert!(
            answer.contains("Retry-After: 20\r\n") || answer.contains("Retry-After: 19\r\n"),
            "{answer}"
        );
    }
    assert_eq!((served.server.tally().bytes, served.server.tally().clients), (0, 0));
}

#[tokio::test]
async fn requests_follow_each_other_on_a_connection_and_wait_for_no_one() {
    let (_place, served) = ten().await;
    let three = pack("Range: bytes=0-0\r\n")
        + &pack("Range: bytes=1-1\r\n")
        + &pack("Range: bytes=2-2\r\n");
    let answers = said(served.at, three + &pack(CLOSE)).await;
    let bodies: Vec<_> =
        answers.split("HTTP/1.1 20").filter_map(|it| it.split("\r\n\r\n").nth(1)).collect();
    assert_eq!(bodies, ["0", "1", "2", "0123456789"]);

    let mut stream = TcpStream::connect(served.at).await.unwrap();
    for expected in ["\r\n\r\n3", "\r\n\r\n4"] {
        let range = format!("Range: bytes={0}-{0}\r\n", &expected[4..]);
        stream.write_all(pack(&range).as_bytes()).await.unwrap();
        let mut answer = String::new();
        while !answer.ends_with(expected) {
            let mut piece = [0; 1000];
            let count = stream.read(&mut piece).await.unwrap();
            assert!(count > 0, "{answer}");
            answer.push_str(std::str::from_utf8(&piece[..count]).unwrap());
        }
    }
    // Silent, it is closed without a word; in the middle of a request, it is told.
    assert_eq!(rest(&mut stream).await, "");
    let slow = said(served.at, &pack("")[..40]).await;
    assert!(slow.starts_with("HTTP/1.1 408 "), "{slow}");
    for large in [format!("X: {}\r\n", "y".repeat(9000)), "X: y\r\n".repeat(100)] {
        let answer = said(served.at, pack(&large)).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    }
}

#[tokio::test]
async fn who_takes_places_or_does_not_read_keeps_nobody_from_the_file() {
    let place = Place::new();
    let file = bytes(16 << 20, 7);
    let ms = Duration::from_millis;
    let limits = Limits { of_one_address: 4, head: ms(3000), stall: ms(300), ..Limits::default() };
    let served = Served::new(&place.write("a", &file), limits).await;
    let mut lazy = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(served.at).await.unwrap();
        stream.write_all(pack("").as_bytes()).await.unwrap();
        lazy.push(stream);
    }
    until("four take it", || served.server.tally().active == 4).await;
    let fifth = said(served.at, "").await;
    assert!(fifth.starts_with("HTTP/1.1 503 ") && fifth.contains("Retry-After"), "{fifth}");
    // The four are closed since they do not read, and one that waited meanwhile has its turn.
    let (done, told) = fetched(served.at, &place.path("b"), &hurried()).await;
    assert_eq!(done, Ok(16 << 20));
    assert!(fs::read(place.path("b")).unwrap() == file && !told.is_empty());
    until("nobody is left", || served.server.tally().active == 0).await;
    drop(lazy);
}

/// A server that answers each request with these bytes, and says no more.
async fn answering(bytes: Vec<u8>) -> SocketAddr {
    let listener = listener().await;
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 2000];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    at
}

#[tokio::test]
async fn a_server_that_lies_gets_no_more_written_than_it_announced() {
    let place = Place::new();
    let partial = place.path("b");
    let ours = "HTTP/1.1 200 OK\r\ndrydock-pack: 1\r\n";
    let limits = fetch::Limits { patience: Duration::from_millis(30), bytes: 100, ..hurried() };
    let run = async |lines: &str, body: &str| {
        let _ = fetch::discard(&partial);
        let at = answering(format!("{lines}\r\n{body}").into_bytes()).await;
        let done = fetched(at, &partial, &limits).await.0;
        (done, fs::read_to_string(&partial).unwrap_or_default())
    };
    let long = format!("{ours}Content-Length: 3\r\n");
    assert_eq!(run(&long, "abcdef").await, (Ok(3), "abc".to_owned()));
    let short = format!("{ours}Content-Length: 9\r\nETag: \"x\"\r\n");
    let (done, here) = run(&short, "abc").await;
    assert!(matches!(done, Err(FetchError::Broken { done: 3, total: Some(9), .. })), "{done:?}");
    assert_eq!(here, "abc");
    for (lines, body, words) in [
        (format!("{ours}Transfer-Encoding: chunked\r\n"), "3\r\nabc\r\n", "how long"),
        (format!("{ours}Content-Length: 101\r\n"), "", "more than the 100"),
        (format!("{ours}Content-Length: 99999999999999999999\r\n"), "", ""),
        (format!("{ours}Content-Length: 3\r\nContent-Encoding: gzip\r\n"), "abc", "not asked for"),
        ("HTTP/1.1 302 Found\r\nLocation: http://login/\x1b[2J\r\n".to_owned(), "", ""),
        ("HTTP/1.1 302 Found\r\nLocation: http://login/\r\n".to_owned(), "", "http://login/"),
        ("SSH-2.0-OpenSSH_9.2\r\n".to_owned(), "", "does not speak HTTP"),
        (String::new(), "", "broke and did not come back"),
        (format!("{ours}X: {}\r\n", "y".repeat(1 << 20)), "", "does not speak HTTP"),
    ] {
        let (done, here) = run(&lines, body).await;
        let error = done.unwrap_err().to_string();
        assert!(error.contains(words) && here.is_empty(), "{error}: {here:?}");
    }
}

#[tokio::test]
async fn a_portal_that_answers_instead_leaves_what_is_here() {
    let place = Place::new();
    let file = bytes(1 << 20, 8);
    let served = Served::new(&place.write("a", &file), Limits::default()).await;
    let way = crate::support::Way::new(served.at, vec![300_000]).await;
    let page = "<html>Log in</html>";
    let portal = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    );
    let portal = answering(portal.into_bytes()).await;
    let partial = place.path("b");
    let tell = |progress| {
        if matches!(progress, fetch::Progress::Waiting { .. }) {
            let _ = way.to.send(portal);
        }
    };
    let done = fetch::fetch(&address(way.at), Some(&code()), &partial, &hurried(), &tell).await;
    assert!(matches!(done, Err(FetchError::NotAPack { .. })), "{done:?}");
    let here = fs::read(&partial).unwrap();
    assert!(here.len() > 200_000 && file.starts_with(&here));
    let (done, told) = fetched(served.at, &partial, &hurried()).await;
    assert_eq!((done, told), (Ok(1 << 20), vec![]));
    assert!(fs::read(&partial).unwrap() == file);
}
