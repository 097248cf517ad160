//! Processes: apart from a console, ended, and whose they are.

use std::ffi::OsString;
use std::io;
use std::os::windows::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use winapi_util::sysinfo::{ComputerNameKind, get_computer_name};

use crate::platform::Ending;

/// A console of its own that nobody sees, `CREATE_NO_WINDOW`, which programs that it starts have too: with
/// none at all each of these would open a window. And no Ctrl-C of ours: `CREATE_NEW_PROCESS_GROUP`.
const APART: u32 = 0x0800_0000 | 0x0000_0200;

/// Has a program outlive its terminal: it is started on a console of its own.
pub(crate) fn outlive(command: &mut Command) {
    command.creation_flags(APART);
}

/// Who started this process has seen to that: see [`outlive`].
pub(crate) fn leave_terminal() {}

/// They are pipes, whose other ends go with who reads the first line.
pub(crate) fn release_streams() {}

/// Runs another program in place of this one, apart from the console: no process becomes another here.
/// Gives what it ended with.
pub(crate) fn become_program(command: &mut Command) -> io::Result<u8> {
    let status = command.creation_flags(APART).status()?;
    // More than a byte (a crash) is no program's own word.
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// Ends a process.
pub(crate) fn end(id: u32) {
    taskkill(id, &[]);
}

/// A process is known with what it started: there is nothing to prepare.
pub(crate) fn lead_group(_command: &mut tokio::process::Command) {}

/// Ends a process with all that it started; whether that could be begun.
pub(crate) fn end_group(id: u32, _ending: Ending) -> bool {
    taskkill(id, &["/T"])
}

/// The system's own program for it, which has the calls that are unsafe from here.
fn taskkill(id: u32, how: &[&str]) -> bool {
    let system = std::env::var_os("SystemRoot").map_or_else(PathBuf::new, PathBuf::from);
    let mut command = Command::new(system.join("System32").join("taskkill.exe"));
    command.args(["/F", "/PID", &id.to_string()]).args(how).creation_flags(APART);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// The user, by domain and name.
pub(crate) fn user() -> String {
    let part = |name| std::env::var(name).unwrap_or_default();
    format!("{}\\{}", part("USERDOMAIN"), part("USERNAME"))
}

/// No user may do everything as root may.
pub(crate) fn is_root() -> bool {
    false
}

/// The machine's name.
pub(crate) fn machine() -> OsString {
    get_computer_name(ComputerNameKind::PhysicalNetBios).unwrap_or_default()
}

/// Sandboxes run on the engine's machine and not on this one: what that has, nobody tells here.
pub(crate) fn memory() -> Option<u64> {
    None
}

/// The time of day, which all programs read alike: the machine's even clock cannot be read but within one
/// program. One that is set back counts as one of another start of the machine.
pub(crate) fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
