use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.part");
    (folder, path)
}

async fn some(path: &Path, total: u64, tag: Option<&str>, data: &[u8]) {
    let mut partial = Partial::open(path).await.unwrap();
    partial.begin(total, tag.map(str::to_owned)).await.unwrap();
    partial.has_room().await.unwrap();
    partial.write(data).await.unwrap();
    partial.sync().await.unwrap();
}

#[tokio::test]
async fn it_goes_on_where_it_ended_and_takes_no_more_than_there_is() {
    let (_folder, path) = place();
    some(&path, 10, Some("\"x\""), b"12345").await;
    let mut again = Partial::open(&path).await.unwrap();
    assert_eq!(again.resumed(), Some(Resumed { from: 5, total: 10, tag: "\"x\"" }));
    assert_eq!(Partial::open(&path).await.unwrap_err(), FetchError::Busy { path: path.clone() });
    again.has_room().await.unwrap();
    again.write(b"6789abcdef").await.unwrap();
    again.sync().await.unwrap();
    assert!(again.is_complete());
    assert_eq!(fs::read(&path).unwrap(), b"123456789a");
    drop(again);
    assert!(Partial::open(&path).await.unwrap().is_complete());
    let place = path.with_file_name("a");
    keep(&path, &place).unwrap();
    assert!(!path.exists() && !note_of(&path).exists() && place.exists());
    discard(&path).unwrap();
}

#[tokio::test]
async fn what_is_not_known_to_be_of_the_file_counts_as_nothing() {
    let (_folder, path) = place();
    let untold = async |path: &Path| {
        let partial = Partial::open(path).await.unwrap();
        partial.length() == 0 && partial.resumed().is_none() && !partial.is_complete()
    };
    assert!(untold(&path).await);
    fs::write(&path, "12345").unwrap();
    assert!(untold(&path).await);
    some(&path, 10, None, b"12345").await;
    assert!(untold(&path).await);
    for note in ["", "{", "{\"total\":3,\"tag\":\"\\\"x\\\"\"}", "{\"total\":-1}", "[]"] {
        fs::write(note_of(&path), note).unwrap();
        assert!(untold(&path).await, "{note}");
    }
    fs::write(note_of(&path), format!("{{\"total\":9,\"x\":\"{}\"}}", "y".repeat(9000))).unwrap();
    assert!(untold(&path).await);
}

#[tokio::test]
async fn no_room_is_said_before_anything_is_written() {
    let (_folder, path) = place();
    let mut partial = Partial::open(&path).await.unwrap();
    partial.begin(1 << 60, None).await.unwrap();
    let error = partial.has_room().await.unwrap_err();
    assert_eq!(error, FetchError::DiskFull { path: path.clone(), missing: 1 << 60 });
    assert!(Partial::open(Path::new("/nowhere/a")).await.is_err());
}
