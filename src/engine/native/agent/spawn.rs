//! Programs and shells: forked from the agent, given an account, and become what was asked for.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::{OFlags, fchown};
use rustix::process::{Pid, chdir, ioctl_tiocsctty, setsid};
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{InputModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use rustix::thread::{Gid, Uid, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::super::account::{Account, Accounts};
use super::super::sys;

/// Where programs are looked for, as in our images.
pub(in super::super) const PATH: &str =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What every program in a shell is told about the terminal.
const TERMINAL: [(&str, &str); 2] = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor")];

/// What a shell says of a program that it cannot run, or not find.
const CANNOT_RUN: i32 = 126;
const NOT_FOUND: i32 = 127;

/// The kernel's choice when memory is short: rather a learner's program than the agent.
const EXPENDABLE: &str = "500";

/// The group of terminals.
const TTY: u32 = 5;

/// A program that was started, and the other ends of its pipes: input, output, errors.
pub(super) struct Started {
    pub(super) pid: Pid,
    pub(super) ends: [OwnedFd; 3],
}

/// A shell that was started, and its terminal.
pub(super) struct Shell {
    pub(super) pid: Pid,
    pub(super) master: OwnedFd,
    /// The terminal's name inside.
    pub(super) path: String,
}

fn account(user: &str) -> Result<Account, String> {
    Accounts::read().find(user).ok_or_else(|| format!("the sandbox has no account called {user:?}"))
}

/// Why no process could be made, for people.
pub(super) fn no_process(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::WouldBlock {
        return "the sandbox has reached its limit of processes: end some of them".to_owned();
    }
    format!("the sandbox cannot start a process: {error}")
}

/// Starts a program without a terminal, in the home of the sandbox's user.
pub(super) fn exec(
    argv: &[String],
    user: &str,
    env: &BTreeMap<String, String>,
    learner: &str,
    several: bool,
) -> Result<Started, String> {
    let account = account(user)?;
    let folder = Accounts::read().find(learner).map_or_else(|| "/".to_owned(), |user| user.home);
    let words = |error: io::Error| format!("the sandbox cannot start a program: {error}");
    let pipe = || rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC);
    let pipes = || -> io::Result<_> { Ok((pipe()?, pipe()?, pipe()?)) };
    let ((stdin, input), (output, stdout), (errors, stderr)) = pipes().map_err(words)?;
    // A program may open /dev/stdout anew.
    for end in [&stdin, &stdout, &stderr] {
        let _ = fchown(end, Some(Uid::from_raw(account.uid)), Some(Gid::from_raw(account.gid)));
    }
    let Some(pid) = sys::fork().map_err(|error| no_process(&error))? else {
        let begin = || -> io::Result<()> {
            setsid()?;
            rustix::stdio::dup2_stdin(&stdin)?;
            rustix::stdio::dup2_stdout(&stdout)?;
            rustix::stdio::dup2_stderr(&stderr)?;
            Ok(())
        };
        let failed = begin().err();
        become_program(argv, &account, env, &folder, several, failed);
    };
    Ok(Started { pid, ends: [input, output, errors] })
}

/// Opens a user's login shell on a new terminal.
pub(super) fn shell(
    user: &str,
    rows: u16,
    cols: u16,
    env: &BTreeMap<String, String>,
    several: bool,
) -> Result<Shell, String> {
    let account = account(user)?;
    let words = |error: io::Error| format!("no shell could be started: {error}");
    let open = || -> io::Result<_> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        unlockpt(&master)?;
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let slave = ioctl_tiocgptpeer(&master, flags)?;
        let size = Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&master, size)?;
        let mut modes = tcgetattr(&slave)?;
        modes.input_modes |= InputModes::IUTF8;
        tcsetattr(&slave, OptionalActions::Now, &modes)?;
        let group = several.then(|| Gid::from_raw(TTY));
        fchown(&slave, Some(Uid::from_raw(account.uid)), group)?;
        let path = ptsname(&master, Vec::new())?.to_string_lossy().into_owned();
        // Both ends of it are read by loops.
        let flags = rustix::fs::fcntl_getfl(&master)?;
        rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
        Ok((master, slave, path))
    };
    let (master, slave, path) = open().map_err(words)?;
    let program = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"];
    let bash = program.iter().any(|path| Path::new(path).exists());
    let argv = [if bash { "bash" } else { "sh" }.to_owned(), "-l".to_owned()];
    let terminal = TERMINAL.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = env.clone().into_iter().chain(terminal).collect();
    let Some(pid) = sys::fork().map_err(|error| no_process(&error))? else {
        let begin = || -> io::Result<()> {
            setsid()?;
            ioctl_tiocsctty(&slave)?;
            rustix::stdio::dup2_stdin(&slave)?;
            rustix::stdio::dup2_stdout(&slave)?;
            rustix::stdio::dup2_stderr(&slave)?;
            Ok(())
        };
        let failed = begin().err();
        become_program(&argv, &account, &env, &account.home, several, failed);
    };
    Ok(Shell { pid, master, path })
}

/// The child's part: takes the account and becomes the program, or says why not.
fn become_program(
    argv: &[String],
    account: &Account,
    env: &BTreeMap<String, String>,
    folder: &str,
    several: bool,
    failed: Option<io::Error>,
) -> ! {
    let Some((program, arguments)) = argv.split_first() else { sys::exit(CANNOT_RUN) };
    let error = failed.unwrap_or_else(|| {
        if let Err(error) = take(account, several) {
            return error;
        }
        if chdir(folder).is_err() {
            let _ = chdir("/");
        }
        let hostname = rustix::system::uname();
        Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .env("HOSTNAME", hostname.nodename().to_string_lossy().as_ref())
            .env("HOME", &account.home)
            .env("USER", &account.name)
            .env("LOGNAME", &account.name)
            .env("SHELL", &account.shell)
            .envs(env)
            .exec()
    });
    let text = format!("drydock: {program}: {error}\n");
    let _ = rustix::io::write(rustix::stdio::stderr(), text.as_bytes());
    sys::exit(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN });
}

/// Becomes an account, for good.
fn take(account: &Account, several: bool) -> io::Result<()> {
    // Its place in the queue for memory.
    let _ = fs::write("/proc/self/oom_score_adj", EXPENDABLE);
    if several {
        let groups: Vec<_> = account.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
        set_thread_groups(&groups)?;
    } else {
        // Nothing here has the setuid bit, and there is nobody else to become.
        rustix::thread::set_no_new_privs(true)?;
    }
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    Ok(())
}
