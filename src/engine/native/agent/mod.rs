//! What a sandbox's first process does all its life: answers requests, waits for what it started and
//! for orphans, and watches over the limits that no control group holds.
//!
//! One thread and one loop over `poll`. Nothing in it waits: what would (files) is a child's work.
//!
//! Invariants: a client that goes away, hangs or says nonsense changes nothing for anybody else; a
//! shell's terminal is kept open until its shell is over, so that losing the stream is no hang-up.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, wait};
use rustix::thread::CapabilitySet;

use super::launch::started_of;
use super::place::Record;
use super::protocol::{Envelope, Reader, Reply, Request, VERSION, send};
use super::sys;
use crate::engine::FileSpec;

mod copy;
mod spawn;
mod watch;

pub(super) use spawn::PATH;
use watch::Watch;

/// How long a shell that was hung up on may take to end before it is killed.
const HANG_UP_PATIENCE: Duration = Duration::from_secs(1);

/// Clients at a time; more wait.
const MAX_CLIENTS: usize = 256;

/// Writes files as [`Request::CopyIn`] does.
pub(super) fn put(files: &[FileSpec], user: &str) -> Result<(), String> {
    copy::put(files, user)
}

/// The agent.
pub(super) struct Agent {
    listener: UnixListener,
    /// Has something to read when a child has ended.
    ended: UnixStream,
    user: String,
    /// What every program's surroundings begin with: the image's variables.
    env: BTreeMap<String, String>,
    /// Whether sudo works by the setuid bit.
    several: bool,
    clients: HashMap<u64, Client>,
    next_client: u64,
    programs: HashMap<Pid, Program>,
    hang_ups: Vec<HangUp>,
    watch: Watch,
}

/// A connection.
struct Client {
    socket: UnixStream,
    reader: Reader,
    /// Whether its request was read: nothing more is expected of it but its end.
    asked: bool,
}

/// What was started for a client.
struct Program {
    client: u64,
    started: u64,
    /// A shell's terminal.
    terminal: Option<Terminal>,
}

struct Terminal {
    _master: OwnedFd,
    path: String,
}

struct HangUp {
    client: u64,
    pid: Pid,
    deadline: Instant,
}

impl Agent {
    /// `counts` are those of the control group; `None` if there is no group.
    pub(super) fn new(
        listener: UnixListener,
        record: &Record,
        counts: Option<Vec<fs::File>>,
    ) -> io::Result<Self> {
        let (ended, signal) = UnixStream::pair()?;
        ended.set_nonblocking(true)?;
        listener.set_nonblocking(true)?;
        signal_hook::low_level::pipe::register(Signal::CHILD.as_raw(), signal)?;
        Ok(Self {
            listener,
            ended,
            user: record.user.clone(),
            env: record.env.clone(),
            several: record.ids.several(),
            clients: HashMap::new(),
            next_client: 0,
            programs: HashMap::new(),
            hang_ups: Vec::new(),
            watch: Watch::new(record, counts),
        })
    }

    /// What it must be able to do besides what root inside may: see what processes write.
    pub(super) fn needs() -> CapabilitySet {
        CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH
    }

    /// Serves until it is told to stop.
    pub(super) fn serve(mut self) {
        loop {
            let readable = self.wait();
            self.reap();
            self.kill_the_deaf();
            let terminals = self.programs.values().filter_map(|program| program.terminal.as_ref());
            self.watch.look(terminals.map(|terminal| terminal.path.as_str()));
            if readable.contains(&0) {
                self.accept();
            }
            for client in readable.into_iter().filter(|client| *client > 0) {
                if self.read(client) == Some(Request::Stop) {
                    // The kernel ends all others with the first.
                    return;
                }
            }
        }
    }

    /// Waits until there is something to do; the clients with something to read, 0 for a new one.
    fn wait(&mut self) -> Vec<u64> {
        let names: Vec<u64> = self.clients.keys().copied().collect();
        let mut fds = vec![PollFd::new(&self.ended, PollFlags::IN)];
        if self.clients.len() < MAX_CLIENTS {
            fds.push(PollFd::new(&self.listener, PollFlags::IN));
        } else {
            fds.push(PollFd::new(&self.listener, PollFlags::empty()));
        }
        fds.extend(
            names.iter().filter_map(|name| {
                Some(PollFd::new(&self.clients.get(name)?.socket, PollFlags::IN))
            }),
        );
        let deaf = self.hang_ups.iter().map(|hang_up| hang_up.deadline).min();
        let look = (!self.programs.is_empty()).then(|| self.watch.next());
        let until = [deaf, look].into_iter().flatten().min();
        let time = until.map(|until| until.saturating_duration_since(Instant::now()));
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        // Interrupted is as good as ready.
        let _ = poll(&mut fds, time.as_ref());
        let ready: Vec<bool> = fds.iter().skip(1).map(|fd| !fd.revents().is_empty()).collect();
        std::iter::once(0)
            .chain(names)
            .zip(ready)
            .filter_map(|(name, ready)| ready.then_some(name))
            .collect()
    }

    fn accept(&mut self) {
        while let Ok((socket, _)) = self.listener.accept() {
            if socket.set_nonblocking(true).is_err() {
                continue;
            }
            self.next_client += 1;
            let client = Client { socket, reader: Reader::default(), asked: false };
            self.clients.insert(self.next_client, client);
        }
    }

    /// Reads what a client has sent and does what it asks for.
    fn read(&mut self, name: u64) -> Option<Request> {
        let client = self.clients.get_mut(&name)?;
        if client.asked {
            // It has nothing to say: it has gone.
            self.clients.remove(&name);
            return None;
        }
        match client.reader.read::<Envelope>(&client.socket) {
            Ok((Envelope { version: VERSION, request }, _)) => {
                client.asked = true;
                if let Err(error) = self.answer(name, request.clone()) {
                    self.refuse(name, error);
                }
                Some(request)
            }
            Ok((Envelope { version, .. }, _)) => {
                let detail = format!(
                    "it was started by another version of drydock (messages {VERSION}, not {version})"
                );
                self.refuse(name, detail);
                None
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => {
                self.clients.remove(&name);
                None
            }
        }
    }

    fn answer(&mut self, client: u64, request: Request) -> Result<(), String> {
        match request {
            Request::Exec { argv, user, env } => {
                let env = self.env.clone().into_iter().chain(env).collect();
                let started = spawn::exec(&argv, &user, &env, &self.user, self.several)?;
                let ends: Vec<_> = started.ends.iter().map(AsFd::as_fd).collect();
                self.begun(client, started.pid, &ends, None);
            }
            Request::Shell { user, rows, cols } => {
                let shell = spawn::shell(&user, rows, cols, &self.env, self.several)?;
                let path = shell.path;
                let master = shell.master;
                let kept = master.try_clone().map_err(|error| error.to_string())?;
                let terminal = Terminal { _master: kept, path };
                self.begun(client, shell.pid, &[master.as_fd()], Some(terminal));
            }
            Request::HangUp { pid, started } => self.hang_up(client, pid, started),
            Request::CopyIn { files } => {
                self.hand_over(client, |socket, user| copy::copy_in(socket, &files, user));
            }
            Request::CopyOut { path, limit } => {
                self.hand_over(client, |socket, _| copy::copy_out(socket, &path, limit));
            }
            Request::Stop => {}
        }
        Ok(())
    }

    fn begun(&mut self, client: u64, pid: Pid, fds: &[BorrowedFd<'_>], terminal: Option<Terminal>) {
        let started = start_of(pid).unwrap_or_default();
        self.programs.insert(pid, Program { client, started, terminal });
        let reply = Reply::Started { pid: pid.as_raw_nonzero().get(), started };
        if let Some(to) = self.clients.get(&client)
            && send(&to.socket, &reply, fds).is_err()
        {
            self.clients.remove(&client);
        }
    }

    fn tell(&mut self, client: u64, reply: &Reply) {
        if let Some(client) = self.clients.remove(&client) {
            // It may have gone.
            let _ = send(&client.socket, reply, &[]);
        }
    }

    fn refuse(&mut self, client: u64, detail: String) {
        self.tell(client, &Reply::Refused { detail });
    }

    /// Lets a child do what may take its time, and answer by itself.
    fn hand_over(
        &mut self,
        client: u64,
        work: impl FnOnce(&mut UnixStream, &str) -> io::Result<()>,
    ) {
        let Some(Client { mut socket, .. }) = self.clients.remove(&client) else { return };
        let child = sys::fork();
        match child {
            Ok(Some(_)) => {}
            Ok(None) => {
                let done =
                    socket.set_nonblocking(false).and_then(|()| work(&mut socket, &self.user));
                sys::exit(i32::from(done.is_err()));
            }
            Err(error) => {
                let detail = spawn::no_process(&error);
                let _ = send(&socket, &Reply::Refused { detail }, &[]);
            }
        }
    }

    /// All of a shell's session gets SIGHUP, and SIGCONT lest it be stopped. What was started to
    /// outlive its terminal (`nohup`, `setsid`) does.
    fn hang_up(&mut self, client: u64, pid: i32, started: u64) {
        let shell = Pid::from_raw(pid).filter(|pid| {
            // Another program may have its number by now.
            self.programs.get(pid).is_some_and(|program| {
                program.terminal.is_some() && (started == 0 || program.started == started)
            })
        });
        let Some(shell) = shell else { return self.tell(client, &Reply::Done) };
        for pid in processes() {
            let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
            let session = stat.ok().and_then(|stat| session_of(&stat));
            if session == Some(shell.as_raw_nonzero().get()) {
                let _ = kill_process(pid, Signal::HUP);
                let _ = kill_process(pid, Signal::CONT);
            }
        }
        let deadline = Instant::now() + HANG_UP_PATIENCE;
        self.hang_ups.push(HangUp { client, pid: shell, deadline });
    }

    fn kill_the_deaf(&mut self) {
        let now = Instant::now();
        for hang_up in &mut self.hang_ups {
            if hang_up.deadline <= now {
                let _ = kill_process(hang_up.pid, Signal::KILL);
                hang_up.deadline = now + HANG_UP_PATIENCE;
            }
        }
    }

    /// Waits for all that have ended, orphans too.
    fn reap(&mut self) {
        // First the word, then the deed: what ends in between brings its own.
        let mut bytes = [0; 64];
        while matches!((&self.ended).read(&mut bytes), Ok(1..)) {}
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if let Some(program) = self.programs.remove(&pid) {
                self.tell(program.client, &Reply::Ended { status: status_of(status) });
            }
            let over = |hang_up: &HangUp| hang_up.pid == pid;
            let waiting: Vec<u64> =
                self.hang_ups.iter().filter(|one| over(one)).map(|one| one.client).collect();
            self.hang_ups.retain(|one| !over(one));
            for client in waiting {
                self.tell(client, &Reply::Done);
            }
        }
    }
}

/// How a program ended, as a shell tells it.
fn status_of(status: WaitStatus) -> i64 {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(status), _) => i64::from(status),
        (None, Some(signal)) => 128 + i64::from(signal),
        (None, None) => 255,
    }
}

/// Every process but this one and the first.
fn processes() -> impl Iterator<Item = Pid> {
    let own = getpid().as_raw_nonzero().get();
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter(move |number| *number > 1 && *number != own).filter_map(Pid::from_raw)
}

fn start_of(pid: Pid) -> Option<u64> {
    started_of(&fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
}

/// A process's session, of the text of its `stat`.
fn session_of(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(3)?.parse().ok()
}
