//! Forty who fetch the same file at once, from `drydock pack serve` and from nginx: `cargo bench --bench serve`.
//!
//! Once with curl, which throws the bytes away, so that the server is what is measured; and once with `drydock pack
//! fetch`, which writes them into memory where the machine has a folder for that. Both servers take turns.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and one that cannot go on stops"
)]

#[path = "support/process.rs"]
mod process;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const CLIENTS: usize = 40;
const SIZE: usize = 64 << 20;
const ROUNDS: usize = 7;
const CODE: &str = "482913";

/// A server that is ended with this.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to end, nginx ends its workers too.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let _ = kill_process(pid.unwrap(), Signal::TERM);
        let _ = self.child.wait();
    }
}

fn main() {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    let file = folder.path().join("a.pack");
    std::fs::write(&file, content()).unwrap();
    let ours = ours(folder.path(), &file);
    let theirs = process::installed("nginx").then(|| nginx(folder.path()));
    println!(
        "{CLIENTS} clients fetch {} MB each, {ROUNDS} rounds: median (least, most)",
        SIZE >> 20
    );
    let before = process::peak(ours.child.id());
    let mut clients: Vec<(&str, Client)> = vec![("drydock pack fetch", fetch)];
    if process::installed("curl") {
        clients.insert(0, ("curl", curl));
    }
    for (name, client) in clients {
        let (mut mine, mut other) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            mine.push(together(folder.path(), &ours, client));
            other.extend(theirs.as_ref().map(|nginx| together(folder.path(), nginx, client)));
        }
        println!("with {name}");
        let median = report("drydock pack serve", &mut mine);
        if !other.is_empty() {
            println!("  ratio {:.2}", median / report("nginx", &mut other));
        }
    }
    let after = process::peak(ours.child.id());
    println!(
        "memory of drydock pack serve: {:.1} MB before, at most {:.1} MB",
        before / 1e6,
        after / 1e6
    );
}

/// Bytes that are the same nowhere.
fn content() -> Vec<u8> {
    (0..SIZE as u64 / 8)
        .flat_map(|word| word.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())
        .collect()
}

fn drydock(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.env("DRYDOCK_HOME", home.join("home")).stdin(Stdio::null());
    command
}

fn ours(home: &Path, file: &Path) -> Server {
    let mut command = drydock(home);
    command.args([
        "pack",
        "serve",
        "--address",
        "127.0.0.1",
        "--port",
        "0",
        "--json",
        "--code",
        CODE,
    ]);
    let mut child = command.arg(file).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let url = first["addresses"][0].as_str().unwrap().to_owned();
    std::thread::spawn(move || lines.for_each(drop));
    Server { child, url }
}

/// As distributions set it up: a worker for each core, and files by sendfile.
fn nginx(folder: &Path) -> Server {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = folder.display();
    let settings = format!(
        "daemon off; user root; worker_processes auto; pid {at}/nginx.pid; error_log {at}/nginx.log;\n\
         events {{ worker_connections 768; }}\n\
         http {{ access_log off; sendfile on; tcp_nopush on; server {{ listen 127.0.0.1:{port}; root {at}; }} }}\n"
    );
    let place = folder.join("nginx.conf");
    std::fs::write(&place, settings).unwrap();
    let child = Command::new("nginx").arg("-c").arg(&place).spawn().unwrap();
    process::until_some(|| std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    Server { child, url: format!("http://127.0.0.1:{port}/a.pack") }
}

/// One who fetches from a server, into this file if into any.
type Client = fn(&Path, &Server, &Path) -> Command;

fn curl(_: &Path, server: &Server, _: &Path) -> Command {
    let url =
        if server.url.ends_with('/') { format!("{}pack", server.url) } else { server.url.clone() };
    let mut command = Command::new("curl");
    command.args(["-sSf", "-o", "/dev/null", "-H", &format!("Authorization: Bearer {CODE}"), &url]);
    command
}

fn fetch(home: &Path, server: &Server, to: &Path) -> Command {
    let mut command = drydock(home);
    command.args(["pack", "fetch", "--json", "--code", CODE, &server.url, "-o"]).arg(to);
    command.stdout(Stdio::null());
    command
}

/// How long it takes until all have it.
fn together(home: &Path, server: &Server, client: Client) -> Duration {
    let places: Vec<PathBuf> = (0..CLIENTS).map(|number| home.join(number.to_string())).collect();
    let started = Instant::now();
    let spawned = places.iter().map(|place| client(home, server, place).spawn().unwrap());
    for mut child in spawned.collect::<Vec<_>>() {
        assert!(child.wait().unwrap().success(), "one did not get it");
    }
    let time = started.elapsed();
    for place in places.iter().filter(|place| place.exists()) {
        assert_eq!(std::fs::metadata(place).unwrap().len(), SIZE as u64);
        std::fs::remove_file(place).unwrap();
    }
    time
}

fn report(name: &str, times: &mut [Duration]) -> f64 {
    times.sort();
    let seconds = |index: usize| times[index].as_secs_f64();
    let median = seconds(times.len() / 2);
    println!("  {name:<20} {median:.2} s  ({:.2}, {:.2})", seconds(0), seconds(times.len() - 1));
    median
}
