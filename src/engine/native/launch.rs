//! The launcher, `drydock sandbox start FOLDER`: makes the namespaces, starts the sandbox's first
//! process in them, says in one line how that went, and ends.
//!
//! It has one thread and is in nobody's session. What it opens, it opens before it becomes the
//! sandbox's root, to whom this user's folders may be closed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::{MemfdFlags, Mode, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, WaitOptions, setsid, umask, waitpid};
use rustix::thread::UnshareFlags;
use serde::{Deserialize, Serialize};

use super::ids::Ids;
use super::limits::Limiter;
use super::place::{Folder, Home, Lower, Note, Record};
use super::root::Layers;
use super::{limits, sys};

/// What is said when all is well.
pub(super) const READY: &str = "ready";

/// What the sandbox's first process is to do, and the descriptors it is given for it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) record: Record,
    pub(super) layers: Layers,
    /// Its socket, bound.
    pub(super) listener: RawFd,
    /// Takes its first words.
    pub(super) ready: RawFd,
    /// What is to be written before it is used first.
    pub(super) files: Option<RawFd>,
    /// Whether it has never run.
    pub(super) new: bool,
    /// Whether a control group holds it to its limits.
    pub(super) grouped: bool,
    /// Where the group counts how often it had to.
    pub(super) counts: Vec<RawFd>,
}

/// All that a sandbox has of its own besides its users.
pub(super) const NAMESPACES: UnshareFlags = UnshareFlags::NEWNS
    .union(UnshareFlags::NEWPID)
    .union(UnshareFlags::NEWNET)
    .union(UnshareFlags::NEWIPC)
    .union(UnshareFlags::NEWUTS)
    .union(UnshareFlags::NEWCGROUP);

/// Starts the sandbox in `folder`; one that runs is left alone.
pub(super) fn start(folder: &Path) -> Result<(), String> {
    // It fails only for who leads a session already, which is as good.
    let _ = setsid();
    umask(Mode::from_raw_mode(0o022));
    let home = Home::of_sandbox(folder).ok_or("a sandbox's folder is part of others")?;
    let folder = Folder(folder.to_owned());
    let words = |error: io::Error| format!("the sandbox cannot be started: {error}");
    let record = folder.record().map_err(words)?;
    let lock = File::create(folder.lock()).map_err(words)?;
    lock.lock().map_err(words)?;
    if folder.connect().is_ok() {
        return say(READY).map_err(words);
    }
    if let Some(note) = folder.read_note() {
        // Its agent has ended and left the rest behind, which root inside can do to an init system's.
        note.kill().map_err(|error| error.to_string())?;
        limits::remove(&note.groups);
    }

    let id = folder.path().file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let limiter = Limiter::find();
    let groups = limiter.enter(id, &record)?;
    let started = Start { home: &home, folder: &folder, record, limiter, groups: &groups }.run();
    if started.is_err() {
        // This process is in them: it goes up before they go.
        for group in &groups {
            let up = group.parent().map(|parent| parent.join("cgroup.procs"));
            let _ = up.map(|up| fs::write(up, std::process::id().to_string()));
        }
        limits::remove(&groups);
    }
    started?;
    say(READY).map_err(words)
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

struct Start<'a> {
    home: &'a Home,
    folder: &'a Folder,
    record: Record,
    limiter: Limiter,
    groups: &'a [std::path::PathBuf],
}

impl Start<'_> {
    fn run(self) -> Result<(), String> {
        let words = |error: io::Error| format!("the sandbox cannot be started: {error}");
        let new = !self.folder.started().exists();
        let grouped = self.limiter == Limiter::Scope && in_scope() || !self.groups.is_empty();
        let ids = self.record.ids;
        let opened = self.open(new).map_err(words)?;
        let layers = self.layers();
        // The mount namespace takes the working folder along, and a path from it needs no right to
        // those above.
        std::env::set_current_dir(self.home.path()).map_err(words)?;
        let mut note = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(self.folder.note())
            .map_err(words)?;
        let log = File::create(self.folder.path().join("log")).map_err(words)?;

        sys::leave_keyring();
        ids.enter()?;
        sys::unshare(NAMESPACES)
            .map_err(|error| format!("this machine does not allow the namespaces: {error}"))?;
        let (mut answers, answer) = io::pipe().map_err(words)?;
        let order = Order {
            record: self.record,
            layers,
            listener: opened.listener.as_raw_fd(),
            ready: answer.as_raw_fd(),
            files: opened.files.as_ref().map(AsRawFd::as_raw_fd),
            new,
            grouped,
            counts: opened.counts.iter().map(AsRawFd::as_raw_fd).collect(),
        };
        let order = written(&order).map_err(words)?;
        let Some(pid) = sys::fork().map_err(words)? else {
            let error = become_first(&order, &opened, answer.as_fd(), &log);
            let _ = writeln!(File::from(OwnedFd::from(answer)), "{}", words(error));
            sys::exit(1);
        };
        drop(answer);
        let started = started(pid).unwrap_or_default();
        let pid_number = pid.as_raw_nonzero().get();
        let text = Note { pid: pid_number, started, groups: self.groups.to_owned() };
        let noted = serde_json::to_vec(&text)
            .map_err(io::Error::other)
            .and_then(|text| note.write_all(&text));
        let mut said = String::new();
        answers.read_to_string(&mut said).map_err(words)?;
        match said.trim() {
            READY => noted.map_err(words),
            "" => {
                let _ = waitpid(Some(pid), WaitOptions::NOHANG);
                Err("the sandbox's first process ended without a word".to_owned())
            }
            other => Err(other.to_owned()),
        }
    }

    /// The layers, as seen from the engine's home.
    fn layers(&self) -> Layers {
        let from_home = |path: std::path::PathBuf| {
            let path = path.strip_prefix(self.home.path()).map(Path::to_owned).unwrap_or(path);
            path.to_string_lossy().into_owned()
        };
        let (root, base) = match &self.record.lower {
            Lower::Base(key) => {
                let base = self.home.base(key);
                (base.join("root"), Some(from_home(base)))
            }
            Lower::Unpacked(key) => (self.home.images().join(key).join("root"), None),
        };
        Layers {
            root: from_home(root),
            base,
            disk: from_home(self.folder.disk()),
            work: from_home(self.folder.work()),
        }
    }

    /// Opens what the sandbox's first process needs, and gives its root what it writes to.
    fn open(&self, new: bool) -> io::Result<Opened> {
        let Self { home, folder, record, .. } = self;
        let mut owned = vec![folder.disk(), folder.work(), folder.work().join("mnt")];
        for name in std::iter::once("root").chain(super::base::TOPS) {
            owned.push(folder.disk().join(name));
            owned.push(folder.work().join(name));
        }
        if let Ids::Apart { groups, .. } = record.ids {
            // For the sandbox's root to pass, and for nobody else.
            let passed =
                [home.path(), &home.bases(), &home.images(), &home.sandboxes(), folder.path()];
            for passed in passed.into_iter().filter(|passed| passed.exists()) {
                chown(passed, None, Some(groups))?;
                fs::set_permissions(passed, fs::Permissions::from_mode(0o710))?;
            }
        }
        for made in &owned {
            // One that was rewound has a disk, and has run before, but no place to work in.
            if fs::symlink_metadata(made).is_err() {
                fs::create_dir_all(made)?;
                if let Ids::Apart { users, groups } = record.ids {
                    chown(made, Some(users), Some(groups))?;
                }
            }
        }
        let _ = fs::remove_file(folder.run().join("agent.sock"));
        let run = File::open(folder.run())?;
        let listener = UnixListener::bind(format!("/proc/self/fd/{}/agent.sock", run.as_raw_fd()))?;
        Ok(Opened {
            listener,
            files: if new { File::open(folder.files()).ok() } else { None },
            program: File::open("/proc/self/exe")?,
            counts: limits::counts(self.groups),
        })
    }
}

/// What was opened for the sandbox's first process.
struct Opened {
    listener: UnixListener,
    files: Option<File>,
    program: File,
    counts: Vec<File>,
}

/// The order in a file without a name, to be read from its start.
fn written(order: &Order) -> io::Result<File> {
    let mut file = File::from(memfd_create("order", MemfdFlags::CLOEXEC)?);
    file.write_all(&serde_json::to_vec(order).map_err(io::Error::other)?)?;
    io::Seek::rewind(&mut file)?;
    Ok(file)
}

/// The child's part: this program anew, with nothing of this user's surroundings but what it is
/// given. Comes back only if that fails.
fn become_first(
    order: &File,
    opened: &Opened,
    answer: std::os::fd::BorrowedFd<'_>,
    log: &File,
) -> io::Error {
    if let Err(error) = sys::keep_nothing() {
        return error;
    }
    let keep = |fd: std::os::fd::BorrowedFd<'_>| fcntl_setfd(fd, FdFlags::empty());
    let kept = [
        Some(order.as_fd()),
        Some(opened.listener.as_fd()),
        opened.files.as_ref().map(AsFd::as_fd),
        Some(answer),
    ];
    let counts = opened.counts.iter().map(AsFd::as_fd);
    for fd in kept.into_iter().flatten().chain(counts) {
        if let Err(error) = keep(fd) {
            return error.into();
        }
    }
    let Ok(log) = log.try_clone() else { return io::Error::last_os_error() };
    Command::new(format!("/proc/self/fd/{}", opened.program.as_raw_fd()))
        .arg0("drydock")
        .args(["sandbox", "init", &order.as_raw_fd().to_string()])
        .env_clear()
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(log)
        .exec()
}

/// When a process was started, in ticks since the machine was.
pub(super) fn started(pid: Pid) -> Option<u64> {
    started_of(&fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
}

/// The same, of the text of a `/proc/PID/stat`: its 22nd field, counted behind the name, which may
/// hold anything.
pub(super) fn started_of(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// Whether systemd has put this process into a scope of its own.
fn in_scope() -> bool {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    own.lines().any(|line| line.contains("/run-") && line.contains(".scope"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_by_its_start() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 99 1";
        assert_eq!(started_of(stat), Some(4711));
        assert!(started(rustix::process::getpid()).is_some());
    }
}
