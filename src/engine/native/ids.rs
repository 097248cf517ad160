//! Whose numbers a sandbox's users are on this machine.
//!
//! Started by root, a sandbox's users are numbers that nobody has here, so that its root is nobody
//! outside. Started by anybody else, its root is that user, and its other users come from the user's
//! part of `/etc/subuid`, which only the setuid programs `newuidmap` and `newgidmap` may hand out.
//! Where there is no such part, the sandbox has one number, and root and the learner are the same.

use std::fs;
use std::io::{self, PipeReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitOptions, getegid, geteuid, getpid, waitpid};
use rustix::thread::{
    Gid, Uid, UnshareFlags, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};
use serde::{Deserialize, Serialize};

use super::sys;

/// How many users and groups a sandbox has, where it has more than one.
pub(super) const COUNT: u32 = 65_536;

/// Where the numbers begin when root starts a sandbox and `/etc/subuid` says nothing of root: just
/// above what containers of systemd take.
const UNUSED: u32 = 0x7000_0000;

/// Which numbers a sandbox has. Kept with it: its files belong to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) enum Ids {
    /// 65,536 that nobody else has, for sandboxes of root.
    Apart { users: u32, groups: u32 },
    /// The user's own as root, and 65,535 of the user's subordinate ones.
    Subordinate { users: u32, groups: u32 },
    /// The user's own and no other.
    One,
}

impl Ids {
    /// What this user can have on this machine.
    pub(super) fn choose() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let names = names(geteuid().as_raw(), &read("/etc/passwd"));
        let users = subordinate(&read("/etc/subuid"), &names);
        let groups = subordinate(&read("/etc/subgid"), &names);
        if geteuid().is_root() {
            let all = |map| {
                let map = read(map);
                move |first: u32| is_mapped(&map, first)
            };
            let find = |own: Option<u32>, exists: &dyn Fn(u32) -> bool| {
                [own, Some(UNUSED), Some(COUNT)].into_iter().flatten().find(|first| exists(*first))
            };
            let users = find(users, &all("/proc/self/uid_map"));
            let groups = find(groups, &all("/proc/self/gid_map"));
            return match (users, groups) {
                (Some(users), Some(groups)) => Self::Apart { users, groups },
                _ => Self::One,
            };
        }
        match (users, groups) {
            (Some(users), Some(groups)) if tools().is_some() => Self::Subordinate { users, groups },
            _ => Self::One,
        }
    }

    /// Whether users and groups inside are real.
    pub(super) fn several(self) -> bool {
        self != Self::One
    }

    /// Enters a user namespace with these numbers and becomes its root.
    pub(super) fn enter(self) -> Result<(), String> {
        let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
        let refused = |error: io::Error| refusal(&error);
        if self == Self::One {
            sys::unshare(UnshareFlags::NEWUSER).map_err(refused)?;
            let write = |file: &str, text: String| {
                fs::write(format!("/proc/self/{file}"), text)
                    .map_err(|error| format!("the kernel refuses the map of users: {error}"))
            };
            write("setgroups", "deny".to_owned())?;
            write("uid_map", format!("0 {uid} 1"))?;
            write("gid_map", format!("0 {gid} 1"))?;
        } else {
            self.enter_with_help(uid, gid)?;
            set_thread_groups(&[]).map_err(|error| error.to_string())?;
        }
        let (root, roots) = (Uid::ROOT, Gid::ROOT);
        set_thread_res_gid(roots, roots, roots).map_err(|error| error.to_string())?;
        set_thread_res_uid(root, root, root).map_err(|error| error.to_string())
    }

    /// Only a process outside may write a map of more than one number.
    fn enter_with_help(self, uid: u32, gid: u32) -> Result<(), String> {
        let words = |error: io::Error| error.to_string();
        let me = getpid();
        let (ready, mut go) = io::pipe().map_err(words)?;
        let (mut answers, answer) = io::pipe().map_err(words)?;
        let Some(helper) = sys::fork().map_err(words)? else {
            drop((go, answers));
            let done = write_maps(self, me, uid, gid, ready);
            let _ = { answer }.write_all(done.err().unwrap_or_default().as_bytes());
            sys::exit(0);
        };
        drop((ready, answer));
        let entered = sys::unshare(UnshareFlags::NEWUSER).map_err(|error| refusal(&error));
        if entered.is_ok() {
            go.write_all(b"!").map_err(words)?;
        }
        drop(go);
        let mut said = String::new();
        answers.read_to_string(&mut said).map_err(words)?;
        let _ = waitpid(Some(helper), WaitOptions::empty());
        entered?;
        if said.is_empty() { Ok(()) } else { Err(said) }
    }
}

/// The helper's part: waits until there is a namespace to write the maps of.
fn write_maps(
    ids: Ids,
    whose: Pid,
    uid: u32,
    gid: u32,
    mut ready: PipeReader,
) -> Result<(), String> {
    // Its end without a word: there is none, and the other side knows why.
    if ready.read(&mut [0]).map_err(|error| error.to_string())? == 0 {
        return Ok(());
    }
    let pid = whose.as_raw_nonzero();
    match ids {
        Ids::One => Ok(()),
        Ids::Apart { users, groups } => {
            for (file, first) in [("uid_map", users), ("gid_map", groups)] {
                fs::write(format!("/proc/{pid}/{file}"), format!("0 {first} {COUNT}"))
                    .map_err(|error| format!("the kernel refuses the map of users: {error}"))?;
            }
            Ok(())
        }
        Ids::Subordinate { users, groups } => {
            let [for_users, for_groups] = tools().ok_or("newuidmap is no longer installed")?;
            for (tool, own, first) in [(for_users, uid, users), (for_groups, gid, groups)] {
                let numbers = [0, own, 1, 1, first, COUNT - 1].map(|number| number.to_string());
                let mut command = Command::new(&tool);
                command.arg(pid.to_string()).args(numbers).stdin(Stdio::null());
                let told = |words: &str| format!("{} refuses: {words}", tool.display());
                let ended = command.output().map_err(|error| told(&error.to_string()))?;
                if !ended.status.success() {
                    return Err(told(String::from_utf8_lossy(&ended.stderr).trim()));
                }
            }
            Ok(())
        }
    }
}

/// Why there is no user namespace, for people.
fn refusal(error: &io::Error) -> String {
    format!("this machine does not let this user make a user namespace: {error}")
}

/// The programs that hand out subordinate numbers.
fn tools() -> Option<[PathBuf; 2]> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name: &str| {
        let folders = std::env::split_paths(&path).chain(["/usr/bin".into(), "/bin".into()]);
        folders.map(|folder| folder.join(name)).find(|tool| tool.is_file())
    };
    Some([find("newuidmap")?, find("newgidmap")?])
}

/// What `/etc/subuid` may call a user: by number or by any name.
fn names(uid: u32, passwd: &str) -> Vec<String> {
    let entries = passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    entries.chain([uid.to_string()]).collect()
}

/// The first number of a user's part of `/etc/subuid` or `/etc/subgid` that is large enough.
fn subordinate(text: &str, names: &[String]) -> Option<u32> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let first: u32 = fields.next()?.trim().parse().ok()?;
        let count: u32 = fields.next()?.trim().parse().ok()?;
        let fits = names.iter().any(|own| own == name) && count >= COUNT;
        (fits && first > 0 && first.checked_add(COUNT).is_some()).then_some(first)
    })
}

/// Whether [`COUNT`] numbers from `first` on exist here: not all do in a container.
fn is_mapped(map: &str, first: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(inside)), _, Some(Ok(count))) =
            (numbers.next(), numbers.next(), numbers.next())
        else {
            return false;
        };
        let first = u64::from(first);
        first >= inside && first + u64::from(COUNT) <= inside + count
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_must_be_ours_and_large_enough() {
        let names = names(1000, "root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh");
        assert_eq!(names, ["ada", "1000"]);
        let text = "ben:100000:65536\nada:5:10\nada:165536:65536\n";
        assert_eq!(subordinate(text, &names), Some(165_536));
        assert_eq!(subordinate("1000:300000:70000\n", &names), Some(300_000));
        assert_eq!(subordinate("ada:4294967295:65536\nada:x:y\n", &names), None);
    }

    #[test]
    fn numbers_must_exist() {
        let whole = "         0          0 4294967295\n";
        assert!(is_mapped(whole, UNUSED));
        assert!(!is_mapped("0 100000 65536\n", UNUSED));
        assert!(!is_mapped("0 100000 65536\n", COUNT));
        assert!(is_mapped("0 100000 131072\n", COUNT));
    }
}
