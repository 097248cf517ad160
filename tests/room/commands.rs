//! The real binary: what it prints, how it ends, and a room of forty.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

use drydock::pack::fetch;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::process;
use crate::support::{CODE, Place, Way, address, bytes, code, fetched, hurried, listener};
use crate::terminal::Terminal;

fn drydock(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.args(arguments).env("DRYDOCK_HOME", home).env("LC_ALL", "C.UTF-8").current_dir(home);
    command.env_remove("DRYDOCK_OFFLINE").env_remove("DRYDOCK_CONTENT").stdin(Stdio::null());
    command
}

/// Runs a command to its end, which has this status.
#[track_caller]
fn ends(place: &Place, status: i32, arguments: &[&str]) -> (String, String) {
    let Output { status: ended, stdout, stderr } =
        drydock(&place.path("."), arguments).output().unwrap();
    let told = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert_eq!(ended.code(), Some(status), "{arguments:?}: {told:?}");
    told
}

/// A command that prints JSON lines while it runs; ended when it is dropped.
struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Nothing of it is lost when it ends.
    _errors: ChildStderr,
}

impl Running {
    fn start(home: &Path, arguments: &[&str]) -> Self {
        let mut command = drydock(home, &[arguments, &["--json"]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = child.stderr.take().unwrap();
        Self { child, lines, _errors: errors }
    }

    /// Serves a file on this machine; gives where.
    fn serve(home: &Path, file: &Path, more: &[&str]) -> (Self, SocketAddr) {
        let file = file.to_str().unwrap();
        let arguments =
            ["pack", "serve", file, "--port", "0", "--address", "127.0.0.1", "--code", CODE];
        let mut serving = Self::start(home, &[&arguments, more].concat());
        let told = serving.see(|line| line["event"] == "serving");
        assert_eq!(told["code"], CODE);
        let url = told["addresses"][0].as_str().unwrap();
        let at = url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        (serving, at)
    }

    /// Reads lines until one is wanted.
    fn see(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        for line in self.lines.by_ref() {
            let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if wanted(&line) {
                return line;
            }
        }
        panic!("it ended: {:?}", self.child.wait());
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn ends(mut self) -> Option<i32> {
        // What it still prints must not hold it up.
        self.lines.by_ref().for_each(drop);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn forty_fetch_at_once_and_the_memory_of_the_server_stays() {
    const SIZE: usize = 8 << 20;
    let place = Place::new();
    let file = bytes(SIZE, 11);
    let path = place.write("a", &file);
    let (serving, at) = Running::serve(&place.path("."), &path, &["--until", "41"]);
    let pid = serving.child.id();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let fetch = |number: usize| {
        let partial = place.path(&number.to_string());
        async move { (fetched(at, &partial, &hurried()).await.0, fs::read(&partial).unwrap()) }
    };
    let (done, _) = runtime.block_on(fetch(0));
    assert_eq!(done, Ok(SIZE as u64));
    let before = process::peak(pid);
    let all: Vec<_> = (1..=40).map(|number| runtime.spawn(fetch(number))).collect();
    // The last one lets it end: its memory is looked at while it is there.
    let mut peak = before;
    while !all.iter().all(tokio::task::JoinHandle::is_finished) {
        peak = peak.max(process::peak(pid));
        std::thread::sleep(Duration::from_millis(1));
    }
    for one in all {
        let (done, here) = runtime.block_on(one).unwrap();
        assert!(done == Ok(SIZE as u64) && here == file, "{done:?}");
    }
    let more = peak - before;
    assert!(more < 4e6, "{more} bytes more than {before}");
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn server_and_fetch_are_killed_and_it_comes_to_its_end_all_the_same() {
    const SIZE: usize = 6 << 20;
    let place = Place::new();
    let file = bytes(SIZE, 12);
    let path = place.write("a", &file);
    let home = place.path(".");
    let (first, at) = Running::serve(&home, &path, &[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let way = runtime.block_on(Way::new(at, vec![4 << 20, 1 << 20]));
    way.held.send(true).unwrap();
    let url = format!("http://{}/", way.at);
    let arguments = ["pack", "fetch", &url, "--code", CODE, "-o", "b"];
    let done = |least: u64| {
        move |line: &Value| line["unit"] == "bytes" && line["done"].as_u64().unwrap() >= least
    };

    let mut fetching = Running::start(&home, &arguments);
    fetching.see(done(1_000_000));
    fetching.signal(Signal::KILL);
    assert_eq!(fetching.ends(), None);
    let here = fs::metadata(place.path("b.part")).unwrap().len();
    // The last piece that was told of may not have been written yet.
    assert!((700_000..=1 << 20).contains(&here), "{here}");

    let mut fetching = Running::start(&home, &arguments);
    assert!(fetching.see(done(0))["done"].as_u64().unwrap() >= here);
    fetching.see(done(4_500_000));
    // The server is killed, the link with it, and another takes its place.
    first.signal(Signal::KILL);
    let (second, at) = Running::serve(&home, &path, &["--until", "1"]);
    way.to.send(at).unwrap();
    way.held.send(false).unwrap();
    fetching.see(|line| line["step"].as_str().unwrap().contains("The link broke"));
    let last = fetching.see(|line| line["file"] == "b");
    assert_eq!((&last["bytes"], fetching.ends()), (&SIZE.into(), Some(0)));
    assert_eq!(second.ends(), Some(0));
    assert!(fs::read(place.path("b")).unwrap() == file);
    assert!(!place.path("b.part").exists() && !place.path("b.part.from").exists());
}

#[test]
fn a_server_ends_when_it_is_told_and_when_its_file_changes() {
    let place = Place::new();
    let path = place.write("a", &bytes(20 << 20, 13));
    let home = place.path(".");
    let (serving, _) = Running::serve(&home, &path, &[]);
    serving.signal(Signal::INT);
    assert_eq!(serving.ends(), Some(0));

    // With somebody in the middle of it.
    let (mut serving, at) = Running::serve(&home, &path, &[]);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let way = runtime.block_on(Way::new(at, vec![1000]));
    way.held.send(true).unwrap();
    let limits = hurried();
    let (to, partial) = (address(way.at), place.path("b"));
    let fetching = runtime
        .spawn(async move { fetch::fetch(&to, Some(&code()), &partial, &limits, &|_| {}).await });
    let began = serving.see(|line| line["event"] == "began");
    assert_eq!(began["from"], 0);
    serving.signal(Signal::INT);
    assert_eq!(serving.ends(), Some(130));
    fetching.abort();

    let (serving, at) = Running::serve(&home, &path, &[]);
    fs::write(&path, "another").unwrap();
    runtime.block_on(async {
        let limits = fetch::Limits { patience: Duration::ZERO, ..hurried() };
        fetched(at, &place.path("c"), &limits).await.0.unwrap_err();
    });
    assert_eq!(serving.ends(), Some(3));
}

#[test]
fn what_cannot_be_done_is_said_in_a_sentence() {
    let place = Place::new();
    let a = place.write("a", b"0123456789");
    let a = a.to_str().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let taken = runtime.block_on(listener());
    let port = taken.local_addr().unwrap().port().to_string();
    let nobody = format!("http://127.0.0.1:{}/", {
        let free = runtime.block_on(listener());
        free.local_addr().unwrap().port()
    });
    let local = ["--address", "127.0.0.1"];
    for (status, arguments, words) in [
        (2, vec!["pack", "serve", "none"], "none: it cannot be served: No such file"),
        (2, vec!["pack", "serve", "."], "it is no file"),
        (2, vec!["pack", "serve", a, "--code", "12"], "A code has 6 to 64"),
        (2, vec!["pack", "serve", a, "--until", "0"], "0"),
        (
            3,
            [&["pack", "serve", a, "--port", &port], &local[..]].concat(),
            "is taken by another program",
        ),
        (3, vec!["pack", "serve", a, "--address", "198.51.100.7"], "does not have the address"),
        (3, vec!["pack", "serve", a, "--offline"], "told to be offline"),
        (3, vec!["pack", "fetch", &nobody, "--offline"], "told to be offline"),
        (2, vec!["pack", "fetch", "https://a/"], "only http://"),
        (2, vec!["pack", "fetch", &nobody, "-o", a], "is there already"),
        (3, vec!["pack", "fetch", &nobody, "-o", "b"], "Nobody answers at"),
        (3, vec!["pack", "fetch", &nobody, "-o", "no/b"], "cannot be written"),
    ] {
        let (_, stderr) = ends(&place, status, &arguments);
        assert!(stderr.contains(words), "{arguments:?}: {stderr}");
    }
    let (_, stderr) = ends(&place, 3, &["pack", "fetch", &nobody, "-o", "b", "--json"]);
    let error: Value = serde_json::from_str(&stderr).unwrap();
    assert_eq!(error["error"]["kind"], "pack_unreachable");
    let mut left: Vec<_> =
        fs::read_dir(place.path(".")).unwrap().map(|it| it.unwrap().file_name()).collect();
    left.retain(|name| name.to_string_lossy().starts_with('b'));
    assert!(left.is_empty(), "{left:?}");

    let (_serving, at) = Running::serve(&place.path("."), Path::new(a), &[]);
    let url = format!("http://{at}/");
    let (_, stderr) = ends(&place, 2, &["pack", "fetch", &url, "-o", "b"]);
    assert!(stderr.contains("asks for a code") && stderr.contains("--code CODE"), "{stderr}");
    let (_, stderr) = ends(&place, 2, &["pack", "fetch", &url, "-o", "b", "--code", "000000"]);
    assert!(stderr.contains("The code is not the one"), "{stderr}");
    let (stdout, _) = ends(&place, 0, &["pack", "fetch", &url, "--code", CODE]);
    assert!(stdout.contains("drydock.dock is here (10 B)"), "{stdout}");
    assert_eq!(fs::read(place.path("drydock.dock")).unwrap(), b"0123456789");
}

#[test]
fn on_a_terminal_one_sees_what_to_type_and_is_asked_for_the_code() {
    let place = Place::new();
    let a = place.write("a", &bytes(1 << 20, 14));
    let home = place.path("home");
    let arguments = ["pack", "serve", a.to_str().unwrap(), "--port", "0", "--address", "127.0.0.1"];
    let mut serving =
        Terminal::start((100, 30), &home, &[&arguments[..], &["--code", CODE]].concat());
    let shown = serving.see("the code 482 913");
    let url = shown.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    let b = place.path("b");
    let arguments = ["pack", "fetch", &url, "-o", b.to_str().unwrap()];
    let mut fetching = Terminal::start((100, 30), &home, &arguments);
    fetching.see("The code:");
    fetching.send("111 111\r");
    fetching.see("That was not the code");
    serving.see("127.0.0.1 gave a wrong code");
    fetching.send("12\r");
    fetching.see("A code has 6 to 64");
    fetching.send("482-913\r");
    fetching.see("is here (1 MB)");
    assert!(fetching.end());
    serving.see("127.0.0.1 has it all");
    serving.see("1 client, 0 fetching, 1 to the end, 1 MB sent");
    serving.send("\x03");
    serving.see("1 client, 1 fetched to the end, 1 MB sent");
    assert!(serving.end());
    assert!(fs::read(b).unwrap() == fs::read(a).unwrap());
}
