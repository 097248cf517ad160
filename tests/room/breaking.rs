//! Links that break, servers that come and go, files that change.

use std::fs;
use std::time::Duration;

use drydock::pack::fetch::{self, FetchError, Progress};
use drydock::pack::serve::{Changed, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use crate::support::{Place, Served, Way, address, bytes, code, fetched, hurried, listener};

const SIZE: usize = 3 << 20;

#[tokio::test]
async fn a_link_that_breaks_at_any_place_again_and_again_brings_the_same_bytes() {
    let place = Place::new();
    let file = bytes(SIZE, 1);
    let served = Served::new(&place.write("a", &file), Limits::default()).await;
    // Some break in the head of the answer, one before the first byte, one where a piece ends.
    let random = bytes(40, u64::from(std::process::id()));
    let mut cuts: Vec<_> = random.iter().map(|byte| usize::from(*byte) * 700).collect();
    cuts.extend([0, 30, 256 << 10, 1]);
    let way = Way::new(served.at, cuts.clone()).await;
    let (done, told) = fetched(way.at, &place.path("b"), &hurried()).await;
    assert_eq!(done, Ok(SIZE as u64), "{cuts:?}");
    assert!(fs::read(place.path("b")).unwrap() == file, "the bytes are others: {cuts:?}");
    assert!(told.len() > 5, "{told:?}");
    assert!(told.iter().all(|it| matches!(it, Progress::Waiting { .. })), "{told:?}");
    let waited = |it: &Progress| match it {
        Progress::Waiting { done, .. } => *done,
        _ => 0,
    };
    assert!(told.iter().map(waited).is_sorted(), "something was thrown away: {told:?}");
}

#[tokio::test]
async fn a_fetch_that_is_dropped_is_gone_on_with_and_from_another_server_of_the_file_too() {
    let place = Place::new();
    let file = bytes(8 << 20, 2);
    let path = place.write("a", &file);
    let first = Served::new(&path, Limits::default()).await;
    let partial = place.path("b");
    let enough = Notify::new();
    let tell = |progress| match progress {
        Progress::Fetching { done, .. } if done > 1 << 20 => enough.notify_one(),
        _ => {}
    };
    let (at, limits, code) = (address(first.at), hurried(), code());
    tokio::select! {
        biased;
        () = enough.notified() => {}
        done = fetch::fetch(&at, Some(&code), &partial, &limits, &tell) => panic!("too fast: {done:?}"),
    }
    drop(first);
    let second = Served::new(&path, Limits::default()).await;
    let (done, told) = fetched(second.at, &partial, &limits).await;
    assert_eq!((done, told), (Ok(8 << 20), vec![]));
    assert!(fs::read(&partial).unwrap() == file);
    let sent = second.server.tally().bytes;
    assert!(sent < 7 << 20, "{sent} bytes came once more");
    // What is complete is not asked for again.
    drop(second);
    let nowhere = listener().await.local_addr().unwrap();
    assert_eq!(fetched(nowhere, &partial, &limits).await.0, Ok(8 << 20));
}

#[tokio::test]
async fn another_file_is_fetched_from_its_beginning() {
    let place = Place::new();
    let old = Served::new(&place.write("old", &bytes(SIZE, 3)), Limits::default()).await;
    let partial = place.path("b");
    // Its link breaks once, and then leads to the other one: as large, and smaller than what is here.
    for (seed, size) in [(4, SIZE), (5, 1000)] {
        let new = bytes(size, seed);
        let other = Served::new(&place.write("new", &new), Limits::default()).await;
        let way = Way::new(old.at, vec![1 << 20]).await;
        let limits = hurried();
        let (at, code) = (address(way.at), code());
        let anew = std::sync::atomic::AtomicBool::new(false);
        let tell = |progress| match progress {
            Progress::Waiting { done, .. } if done > 1000 => drop(way.to.send(other.at)),
            Progress::Anew => anew.store(true, std::sync::atomic::Ordering::Relaxed),
            _ => {}
        };
        let done = fetch::fetch(&at, Some(&code), &partial, &limits, &tell).await;
        assert_eq!(done, Ok(size as u64));
        assert!(fs::read(&partial).unwrap() == new && anew.into_inner());
        fetch::discard(&partial).unwrap();
        assert!(!place.path("b.from").exists());
    }
}

#[tokio::test]
async fn a_file_that_is_written_to_ends_its_server() {
    let place = Place::new();
    let path = place.write("a", &bytes(8 << 20, 6));
    let mut served = Served::new(&path, Limits::default()).await;
    let (at, limits, code, partial) = (address(served.at), hurried(), code(), place.path("b"));
    let limits = fetch::Limits { patience: Duration::from_millis(50), ..limits };
    let tell = |progress| match progress {
        Progress::Fetching { done, .. } if done > 1 << 20 => {
            fs::File::options().write(true).open(&path).unwrap().set_len(5 << 20).unwrap();
        }
        _ => {}
    };
    let done = fetch::fetch(&at, Some(&code), &partial, &limits, &tell).await;
    assert!(matches!(done, Err(FetchError::Broken { .. })), "{done:?}");
    assert_eq!((&mut served.ended).await.unwrap(), Err(Changed));
    // The file as it is now is another one.
    let served = Served::new(&path, Limits::default()).await;
    let (done, told) = fetched(served.at, &partial, &hurried()).await;
    assert_eq!((done, told), (Ok(5 << 20), vec![Progress::Anew]));
    assert!(fs::read(&partial).unwrap() == fs::read(&path).unwrap());
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let place = Place::new();
    let served = Served::new(&place.write("a", b""), Limits::default()).await;
    assert_eq!(fetched(served.at, &place.path("b"), &hurried()).await.0, Ok(0));
    assert_eq!(served.server.tally().done, 1);
}

#[tokio::test]
async fn a_plain_server_that_knows_no_parts_is_fetched_from_anew_each_time() {
    let listener = listener().await;
    let at = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        for count in [3, 7, 10] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 1000];
            let length = stream.read(&mut asked).await.unwrap();
            let asked = String::from_utf8_lossy(&asked[..length]).into_owned();
            assert!(asked.starts_with("GET /a.pack HTTP/1.1\r\n"), "{asked}");
            assert!(!asked.to_lowercase().contains("range"), "{asked}");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n").await.unwrap();
            stream.write_all(&b"0123456789"[..count]).await.unwrap();
        }
    });
    let place = Place::new();
    let address = fetch::Address::parse(&format!("http://{at}/a.pack")).unwrap();
    let done = fetch::fetch(&address, None, &place.path("b"), &hurried(), &|_| {}).await;
    assert_eq!(done, Ok(10));
    assert_eq!(fs::read(place.path("b")).unwrap(), b"0123456789");
    served.await.unwrap();
}
