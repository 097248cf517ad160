//! A sandbox's first process, `drydock sandbox init ORDER`: enters the root, gives up what it does not
//! need, says that it is ready, and serves as the agent until it is ended. Where the sandbox has an init
//! system, this process becomes that, and the agent is its child.
//!
//! Invariants, from the moment it serves: it holds no descriptor of the machine's but its own socket and,
//! to read, its control group's counts; nobody inside can look into it or trace it, or end it where it is the
//! first; whatever it starts inherits the filter, the limits and the bounding set.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::process::{DumpableBehavior, set_dumpable_behavior, setsid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capability_is_in_bounding_set,
    remove_capability_from_bounding_set, set_capabilities,
};

use super::launch::{Order, READY};
use super::{agent, limits, root, seccomp, sys};
use crate::engine::FileSpec;

/// What root inside may have: as on a Docker engine (see `docker::recipe`).
const CAPABILITIES: [CapabilitySet; 11] = [
    CapabilitySet::CHOWN,
    CapabilitySet::DAC_OVERRIDE,
    CapabilitySet::FOWNER,
    CapabilitySet::FSETID,
    CapabilitySet::KILL,
    CapabilitySet::SETGID,
    CapabilitySet::SETUID,
    CapabilitySet::SETPCAP,
    CapabilitySet::NET_BIND_SERVICE,
    CapabilitySet::SYS_CHROOT,
    CapabilitySet::AUDIT_WRITE,
];

/// Reads the order and carries it out.
pub(super) fn run(order: &OsStr) -> ExitCode {
    let Some(mut ready) = begin(order) else { return ExitCode::FAILURE };
    let prepared = ready.prepare();
    let mut answer = ready.answer;
    match prepared {
        Ok(agent) if ready.order.record.init_system => boot(agent, answer),
        Ok(agent) => {
            let told = writeln!(answer, "{READY}");
            drop(answer);
            // Whoever started this has gone: nobody will know of the sandbox.
            if told.is_err() {
                return ExitCode::FAILURE;
            }
            agent.serve();
            ExitCode::SUCCESS
        }
        Err(sentence) => {
            let _ = writeln!(answer, "{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Where an init system is looked for: that of an image may be another than systemd, that of a machine
/// not.
const SYSTEMS: [&str; 3] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd", "/sbin/init"];

/// Whether this machine has an init system that a sandbox may run.
pub(super) fn of_machine() -> bool {
    SYSTEMS.iter().any(|program| program.ends_with("systemd") && Path::new(program).is_file())
}

/// Becomes the init system. The agent goes on beside it, in a process of its own.
fn boot(agent: agent::Agent, mut answer: File) -> ExitCode {
    let Ok((mut over, going)) = io::pipe() else { return ExitCode::FAILURE };
    match sys::fork() {
        Ok(Some(_)) => {
            // Whoever started this must have noted it by now, or nobody will know of the sandbox.
            if writeln!(answer).is_err() {
                return ExitCode::FAILURE;
            }
            let error = become_system();
            let _ = writeln!(answer, "the sandbox has no init system that starts: {error}");
            let _ = { going }.write_all(b"!");
            // All others end with this one.
            ExitCode::FAILURE
        }
        Ok(None) => {
            drop(going);
            let _ = setsid();
            // It is closed without a word when the init system is there.
            let mut word = Vec::new();
            let became = over.read_to_end(&mut word).is_ok() && word.is_empty();
            if !became || writeln!(answer, "{READY}").is_err() {
                return ExitCode::FAILURE;
            }
            drop(answer);
            agent.serve();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(answer, "the sandbox cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Comes back only if that fails.
fn become_system() -> io::Error {
    let mut error = io::ErrorKind::NotFound.into();
    for program in SYSTEMS {
        let found = Command::new(program)
            .env_clear()
            .env("PATH", agent::PATH)
            // How systemd learns that it is not on a machine of its own.
            .env("container", "drydock")
            .exec();
        if found.kind() != io::ErrorKind::NotFound {
            error = found;
        }
    }
    error
}

/// An order that was read, with the descriptors that came with it.
struct Begun {
    order: Order,
    answer: File,
    listener: OwnedFd,
    files: Option<File>,
    counts: Vec<File>,
}

fn begin(order: &OsStr) -> Option<Begun> {
    let number: RawFd = order.to_str()?.parse().ok()?;
    let mut text = String::new();
    File::from(sys::adopt(number)).read_to_string(&mut text).ok()?;
    let order: Order = serde_json::from_str(&text).ok()?;
    let answer = File::from(sys::adopt(order.ready));
    let listener = sys::adopt(order.listener);
    let files = order.files.map(|fd| File::from(sys::adopt(fd)));
    let counts: Vec<_> = order.counts.iter().map(|fd| File::from(sys::adopt(*fd))).collect();
    let kept = [answer.as_fd(), listener.as_fd()];
    for fd in kept.into_iter().chain(counts.iter().map(AsFd::as_fd)) {
        rustix::io::fcntl_setfd(fd, rustix::io::FdFlags::CLOEXEC).ok()?;
    }
    Some(Begun { order, answer, listener, files, counts })
}

impl Begun {
    fn prepare(&mut self) -> Result<agent::Agent, String> {
        let Order { record, layers, new, grouped, .. } = &self.order;
        let words = |error: io::Error| format!("the sandbox cannot be started: {error}");
        root::enter(layers, record)?;
        root::name(&record.hostname, *new).map_err(words)?;
        if *new && record.init_system && layers.base.is_some() {
            // One of its own; without any, systemd takes it that all services of the machine are wanted.
            let id = uuid::Uuid::new_v4().simple();
            std::fs::write("/etc/machine-id", format!("{id}\n")).map_err(words)?;
        }
        if *new && record.internet {
            let text = format!("nameserver {}\n", super::network::NAME_SERVER);
            std::fs::write("/etc/resolv.conf", text).map_err(words)?;
        }
        if let Some(files) = self.files.take() {
            put(files, &record.user)?;
        }
        limits::of_processes(record.memory, record.pids, !grouped);
        let agent = agent::Agent::new(
            UnixListener::from(self.listener.try_clone().map_err(words)?),
            record,
            grouped.then(|| std::mem::take(&mut self.counts)),
        )
        .map_err(words)?;
        self.harden(agent::Agent::needs()).map_err(words)?;
        // The log was for what could go wrong until here.
        let null = File::options().read(true).write(true).open("/dev/null").map_err(words)?;
        rustix::stdio::dup2_stderr(&null).map_err(|error| words(error.into()))?;
        Ok(agent)
    }

    /// Gives up what neither this process nor anything it starts needs.
    fn harden(&self, own: CapabilitySet) -> io::Result<()> {
        let names = &self.order.record.capabilities;
        // An init system mounts.
        let mounts = self.order.record.init_system.then_some(CapabilitySet::SYS_ADMIN);
        let wanted = CAPABILITIES
            .into_iter()
            .chain(mounts)
            .chain(names.iter().filter_map(|name| CapabilitySet::from_name(name)))
            .fold(CapabilitySet::empty(), CapabilitySet::union);
        for capability in CapabilitySet::all().iter() {
            let exists = capability_is_in_bounding_set(capability).unwrap_or(false);
            if exists && !wanted.contains(capability) {
                remove_capability_from_bounding_set(capability)?;
            }
        }
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
        rustix::thread::set_name(c"drydock")?;
        let mounts = wanted.contains(CapabilitySet::SYS_ADMIN);
        sys::filter(&seccomp::filter(mounts, self.order.record.ids.several()))?;
        let own = own | wanted;
        Ok(set_capabilities(
            None,
            CapabilitySets { effective: own, permitted: own, inheritable: CapabilitySet::empty() },
        )?)
    }
}

/// Writes the files that are to be there from the start.
fn put(files: File, user: &str) -> Result<(), String> {
    let mut bytes = Vec::new();
    { files }.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let files: Vec<super::files::Kept> =
        postcard::from_bytes(&bytes).map_err(|error| error.to_string())?;
    let files: Vec<FileSpec> = files.into_iter().map(Into::into).collect();
    agent::put(&files, user)
}
