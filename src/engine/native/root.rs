//! The root of a sandbox: built from layers in a mount namespace of its own, and entered.
//!
//! ```text
//! /            overlay: base/KEY/root, or images/KEY/root, below disk/root
//! /usr         overlay: the machine's below base/KEY/usr below disk/usr; so /bin, /lib, ... where
//!              they are folders; not above an image, which has its own
//! /proc /sys   fresh, of the sandbox's own processes and network; parts masked or read-only
//! /dev /run    in memory; seven harmless devices are the machine's
//! ```
//!
//! Invariants: the old root is let go before anything of the sandbox runs; of the machine's files only
//! `/usr` and its like are to be seen, and never to be written.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind, mount_change,
    mount_remount, unmount,
};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::process::{chdir, pivot_root};
use serde::{Deserialize, Serialize};

use super::base::TOPS;
use super::place::Record;

/// What is mounted where: paths from the working folder, which is the engine's home, since the folders
/// above may be closed to the sandbox's root. (Descriptors would not do: they would be of the mount
/// namespace that was left, and the kernel makes no layers of those.)
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Layers {
    /// What lies below the root.
    pub(super) root: String,
    /// The base, which lies above the machine's folders; none where an image has its own.
    pub(super) base: Option<String>,
    pub(super) disk: String,
    pub(super) work: String,
}

/// Devices that anybody may use, which a user namespace cannot make.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: [(&str, &str); 6] = [
    ("/proc/self/fd", "dev/fd"),
    ("/proc/self/fd/0", "dev/stdin"),
    ("/proc/self/fd/1", "dev/stdout"),
    ("/proc/self/fd/2", "dev/stderr"),
    ("/proc/kcore", "dev/core"),
    ("pts/ptmx", "dev/ptmx"),
];

/// What Docker masks too: keys, memory, timers and hardware of the machine.
const MASKED: [&str; 14] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/proc/kmsg",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];
const READ_ONLY: [&str; 5] =
    ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// How much memory the small file systems may take.
const RUN_SIZE: u64 = 64 << 20;
const SHM_SIZE: u64 = 64 << 20;

/// Builds the root and makes it this process's.
pub(super) fn enter(layers: &Layers, record: &Record) -> Result<(), String> {
    let step = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| hint(&what, &error)
    };
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .map_err(|error| step("keep its mounts to itself")(error.into()))?;
    layers.mount().map_err(step("lay its folders over the machine's"))?;
    own_proc().map_err(step("have a /proc of its own"))?;
    own_sys();
    if record.init_system {
        own_groups().map_err(step("have its control groups"))?;
    }
    devices(record).map_err(step("have its devices"))?;
    memory("run", RUN_SIZE, "mode=755").map_err(step("have a /run"))?;
    folder("run/lock", 0o1777).map_err(step("have a /run"))?;
    pivot_root(".", ".")
        .and_then(|()| unmount(".", UnmountFlags::DETACH))
        .and_then(|()| chdir("/"))
        .map_err(|error| step("leave the machine's files")(error.into()))?;
    mask().map_err(step("mask the machine's state"))?;
    for (path, size) in &record.tmpfs {
        fs::create_dir_all(path)
            .and_then(|()| memory(path, *size, "mode=1777"))
            .map_err(step(&format!("mount {path}")))?;
    }
    loopback().map_err(step("have a network of its own"))
}

/// An error as a sentence, with what is known to be behind it.
pub(super) fn hint(what: &str, error: &io::Error) -> String {
    let restricted = || {
        fs::read_to_string("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
            .is_ok_and(|text| text.trim() == "1")
    };
    if error.kind() == io::ErrorKind::PermissionDenied && restricted() {
        return "AppArmor gives user namespaces no rights on this machine \
                (kernel.apparmor_restrict_unprivileged_userns is 1)"
            .to_owned();
    }
    format!("the sandbox cannot {what}: {error}")
}

impl Layers {
    /// Mounts the overlays and goes to the new root.
    fn mount(&self) -> io::Result<()> {
        let root = format!("{}/mnt", self.work);
        self.overlay(&root, &self.root, "root")?;
        for top in TOPS {
            let Some(base) = &self.base else { break };
            let of_machine = Path::new("/").join(top);
            if fs::symlink_metadata(&of_machine).is_ok_and(|data| data.is_dir()) {
                self.overlay(&format!("{root}/{top}"), &format!("{base}/{top}:/{top}"), top)?;
            }
        }
        Ok(chdir(root.as_str())?)
    }

    fn overlay(&self, target: &str, lower: &str, name: &str) -> io::Result<()> {
        let Self { disk, work, .. } = self;
        // Without `volatile`, the end of a sandbox would wait until all that anybody has written to
        // this disk is on it (a second and more beside a build). It leaves a mark so that nobody
        // trusts the layer after a crash: what a learner wrote last may be lost then, as anywhere.
        let _ = fs::remove_dir_all(format!("{work}/{name}/work/incompat"));
        let options = format!(
            "lowerdir={lower},upperdir={disk}/{name},workdir={work}/{name},userxattr,volatile"
        );
        mount_options("overlay", target, "overlay", MountFlags::NODEV, &options)
    }
}

fn mount_options(
    source: &str,
    target: &str,
    kind: &str,
    flags: MountFlags,
    options: &str,
) -> io::Result<()> {
    let options = CString::new(options)?;
    Ok(mount(source, target, kind, flags, options.as_c_str())?)
}

const QUIET: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV);

fn memory(target: &str, size: u64, options: &str) -> io::Result<()> {
    mount_options("tmpfs", target, "tmpfs", QUIET, &format!("size={size},{options}"))
}

fn folder(path: &str, mode: u32) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn own_proc() -> io::Result<()> {
    fs::create_dir_all("proc")?;
    mount_options("proc", "proc", "proc", QUIET | MountFlags::NOEXEC, "")
}

/// Where part of the machine's is hidden (in a container), the kernel shows none at all: an empty
/// folder does as well.
fn own_sys() {
    let flags = QUIET | MountFlags::NOEXEC | MountFlags::RDONLY;
    let _ = fs::create_dir_all("sys");
    if let Err(error) = mount_options("sysfs", "sys", "sysfs", flags, "") {
        log_line(&format!("no /sys: {error}"));
    }
}

/// The control groups of an init system: those below the one that it was handed.
fn own_groups() -> io::Result<()> {
    // Without a /sys of its own there is just a folder.
    let _ = fs::create_dir_all("sys/fs/cgroup");
    mount_options("cgroup2", "sys/fs/cgroup", "cgroup2", QUIET | MountFlags::NOEXEC, "")
}

/// For the sandbox's log, which the standard errors are until it runs.
#[expect(clippy::print_stderr, reason = "the standard errors are the sandbox's log here")]
fn log_line(text: &str) {
    eprintln!("{text}");
}

fn devices(record: &Record) -> io::Result<()> {
    fs::create_dir_all("dev")?;
    mount_options("tmpfs", "dev", "tmpfs", MountFlags::NOSUID, "size=64k,mode=755")?;
    for device in DEVICES {
        let (of_machine, here) = (format!("/dev/{device}"), format!("dev/{device}"));
        File::create(&here)?;
        mount_bind(&*of_machine, &*here)?;
    }
    for (target, link) in LINKS {
        symlink(target, link)?;
    }
    folder("dev/pts", 0o755)?;
    // Terminals belong to the group tty, where there are groups.
    let group = if record.ids.several() { ",gid=5" } else { "" };
    let options = format!("newinstance,ptmxmode=0666,mode=0620{group}");
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount_options("devpts", "dev/pts", "devpts", flags, &options)?;
    folder("dev/shm", 0o1777)?;
    memory("dev/shm", SHM_SIZE, "mode=1777")?;
    folder("dev/mqueue", 0o1777)?;
    // A kernel without message queues has none to offer.
    let _ = mount_options("mqueue", "dev/mqueue", "mqueue", QUIET | MountFlags::NOEXEC, "");
    if record.init_system {
        // It makes some of its own.
        return Ok(());
    }
    // Nothing more is made here.
    Ok(mount_remount(
        "dev",
        MountFlags::BIND | MountFlags::NOSUID | MountFlags::NOEXEC | MountFlags::RDONLY,
        c"",
    )
    .or_else(|_| {
        mount_remount("dev", MountFlags::BIND | MountFlags::NOSUID | MountFlags::RDONLY, c"")
    })?)
}

fn mask() -> io::Result<()> {
    for path in MASKED {
        let Ok(data) = fs::metadata(path) else { continue };
        if data.is_dir() {
            let flags = QUIET | MountFlags::NOEXEC | MountFlags::RDONLY;
            mount_options("tmpfs", path, "tmpfs", flags, "size=0,mode=555")?;
        } else {
            mount_bind("/dev/null", path)?;
        }
    }
    for path in READ_ONLY {
        if fs::metadata(path).is_err() {
            continue;
        }
        mount_bind(path, path)?;
        let flags = MountFlags::BIND | MountFlags::RDONLY | QUIET | MountFlags::NOEXEC;
        mount_remount(path, flags, c"")?;
    }
    Ok(())
}

/// Of the kernel's messages about links.
const NEW_LINK: u16 = 16;
const REQUEST_AND_ACKNOWLEDGE: u16 = 0x5;
const UP: u32 = 1;

/// Brings the loopback interface up: index 1 in every new network namespace.
fn loopback() -> io::Result<()> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        // The protocol of routes and links, which is number 0.
        None,
    )?;
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    message.extend([0; 8]); // number and sender
    message.extend([0; 4]); // family and type
    message.extend(1_u32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    let kernel = SocketAddrNetlink::new(0, 0);
    rustix::net::sendto(&socket, &message, SendFlags::empty(), &kernel)?;
    let mut answer = [0; 64];
    let (length, _) = rustix::net::recv(&socket, &mut answer, RecvFlags::empty())?;
    // After the header of 16 bytes: the error, negative, or 0.
    let error = answer.get(16..20).filter(|_| length >= 20);
    match error.and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) | None => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(-error)),
    }
}

/// Gives the sandbox its name; the files that tell it only when it is `new`: later they may be the
/// learner's.
pub(super) fn name(hostname: &str, new: bool) -> io::Result<()> {
    rustix::system::sethostname(hostname.as_bytes())?;
    if !new {
        return Ok(());
    }
    let write = |path: &str, text: String| {
        // Never through a link that a learner has put there.
        let _ = fs::remove_file(path);
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        io::Write::write_all(&mut file, text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(0o644))
    };
    fs::create_dir_all("/etc")?;
    write("/etc/hostname", format!("{hostname}\n"))?;
    let hosts = format!(
        "127.0.0.1\tlocalhost\n127.0.1.1\t{hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    );
    write("/etc/hosts", hosts)
}
