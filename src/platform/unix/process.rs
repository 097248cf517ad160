//! Processes: apart from a terminal, told to end, and whose they are.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use rustix::time::{ClockId, clock_gettime};

use crate::platform::Ending;

/// Has a program outlive its terminal, as far as who starts it can see to that: here it does so itself, by
/// [`leave_terminal`].
pub(crate) fn outlive(_command: &mut Command) {}

/// A session of its own: the end of the terminal it was started from does not reach this process, and with
/// what it starts it is a group that can be ended as one. It fails only for who leads a session already,
/// which is as good.
pub(crate) fn leave_terminal() {
    let _ = rustix::process::setsid();
}

/// Lets go of standard input and output: whoever is at the other end waits for no more.
pub(crate) fn release_streams() {
    if let Ok(null) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(&null);
        let _ = rustix::stdio::dup2_stdout(&null);
    }
}

/// Becomes another program. Gives what that ended with where a process cannot become another, and does not
/// come back where it can.
pub(crate) fn become_program(command: &mut Command) -> io::Result<u8> {
    Err(command.exec())
}

/// Ends a process.
pub(crate) fn end(id: u32) {
    if let Some(id) = pid(id) {
        let _ = kill_process(id, Signal::TERM);
    }
}

/// Has a program lead a group of what it starts.
pub(crate) fn lead_group(command: &mut tokio::process::Command) {
    command.process_group(0);
}

/// Ends the group that a process leads; whether there was one.
pub(crate) fn end_group(id: u32, ending: Ending) -> bool {
    let signal = match ending {
        Ending::Asked => Signal::TERM,
        Ending::Killed => Signal::KILL,
    };
    pid(id).is_some_and(|id| kill_process_group(id, signal).is_ok())
}

fn pid(id: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(id).ok()?)
}

/// The user: a number rather than a name, which `sudo` and `cron` do not change.
pub(crate) fn user() -> String {
    rustix::process::getuid().as_raw().to_string()
}

/// Whether this user may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The machine's name.
pub(crate) fn machine() -> OsString {
    OsString::from_vec(rustix::system::uname().nodename().to_bytes().to_vec())
}

/// How much memory the machine has; `None` where it does not tell.
#[cfg_attr(
    target_os = "linux",
    expect(clippy::unnecessary_wraps, reason = "not every system tells")
)]
pub(crate) fn memory() -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let system = rustix::system::sysinfo();
        Some(u64::from(system.mem_unit) * system.totalram)
    }
    #[cfg(not(target_os = "linux"))]
    None
}

/// The machine's clock, which all programs read alike: it runs evenly whatever the time of day is set to.
pub(crate) fn clock() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}
