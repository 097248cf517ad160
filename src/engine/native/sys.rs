//! The few calls that Rust cannot vouch for, each with the reason why it is sound here.
//!
//! Everything else in this engine is safe code. All but [`watched`] is called only by the launcher and
//! by a sandbox's first process, which have one thread each.

#![allow(unsafe_code, reason = "the one place for it: fork, system calls without a safe wrapper")]

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::process::Pid;
use rustix::thread::UnshareFlags;
use tokio::io::unix::AsyncFd;

/// One instruction of a system call filter, as the kernel reads it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) code: u16,
    pub(super) jt: u8,
    pub(super) jf: u8,
    pub(super) k: u32,
}

/// Splits this process in two; `None` in the child.
///
/// Only for processes with one thread: the child of one with more could wait forever for a lock that
/// a thread held which it does not have.
pub(super) fn fork() -> io::Result<Option<Pid>> {
    debug_assert!(alone(), "fork in a process of several threads");
    // SAFETY: with one thread the child is a complete copy: no lock is held by somebody who is not
    // there, so that any code may run in it.
    let pid = unsafe { libc::fork() };
    if pid < 0 { Err(io::Error::last_os_error()) } else { Ok(Pid::from_raw(pid)) }
}

/// Whether this process has one thread.
fn alone() -> bool {
    // Unreadable (no /proc) is no reason to fail.
    std::fs::read_dir("/proc/self/task").map_or(true, |tasks| tasks.count() <= 1)
}

/// Ends a forked child without what the parent has registered for its own end.
pub(super) fn exit(status: i32) -> ! {
    // SAFETY: `_exit` ends the process and touches no memory of it.
    unsafe { libc::_exit(status) }
}

/// Takes over a descriptor that this process was started with.
///
/// For the numbers in a launcher's order, once each: nobody else knows of them.
pub(super) fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: the descriptor was left open across `exec` for this one use; a number that is not open
    // makes the first use of it fail with EBADF and nothing worse.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Lets no descriptor but the standard ones pass the next `exec`, whoever opened it: what started this
/// program may have left some open.
pub(super) fn keep_nothing() -> io::Result<()> {
    // SAFETY: the flag of a descriptor is changed; none is closed under anybody's feet.
    let done = unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Leaves namespaces for new ones.
pub(super) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: the one unsound flag, a descriptor table of one's own, is not used.
    Ok(unsafe { rustix::thread::unshare_unsafe(flags) }?)
}

/// Installs a system call filter for this process and its children, without giving up the setuid bit:
/// that needs `CAP_SYS_ADMIN` in its user namespace.
pub(super) fn filter(program: &[Instruction]) -> io::Result<()> {
    #[repr(C)]
    struct Program {
        length: u16,
        instructions: *const Instruction,
    }
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let program = Program { length, instructions: program.as_ptr() };
    // SAFETY: the kernel reads `length` instructions from a slice that outlives the call, in the
    // layout of its own `struct sock_fprog`, and checks them itself.
    let done = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Leaves the keyring of whoever started this for a new, empty one. Kernels without keyrings refuse.
pub(super) fn leave_keyring() {
    // SAFETY: without a name the call reads no memory of ours.
    unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, 0) };
}

/// A descriptor that the runtime watches. For the host side.
pub(super) fn watched(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor has one number, and stays open under it as long as it lives.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}
