//! What holds a sandbox to its limits: a control group where this user may make one, else the limits
//! of single processes and the watch of the sandbox's first process (see `agent::watch`).
//!
//! A group is made and entered by the launcher before it is anything else, so that whatever comes of
//! it is in the group from its first moment.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{Access, access};
use rustix::process::{Resource, Rlimit, geteuid, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::ids::Ids;
use super::place::Record;

/// The longest file a sandbox may write.
const MAX_FILE: u64 = 4 << 30;
/// How many files a process may have open.
const MAX_OPEN: u64 = 4096;
/// The time over which the share of processors is measured, in microseconds.
const PERIOD: u64 = 100_000;
/// The parent of all groups of root's sandboxes.
const PARENT: &str = "drydock";

/// How limits are held here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Limiter {
    /// A control group of version 2, made beside that of this process or below the root.
    Unified {
        /// The group that the sandboxes' own are made in.
        parent: PathBuf,
    },
    /// Control groups of version 1, one for each kind of limit.
    Split {
        /// Where memory, processes and processors are limited.
        parents: Vec<PathBuf>,
    },
    /// A scope that the user's systemd makes.
    Scope,
    /// None: limits of single processes, and a watch on all together.
    Processes,
}

impl fmt::Display for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unified { .. } => "control group (version 2)",
            Self::Split { .. } => "control groups (version 1)",
            Self::Scope => "control group (by systemd-run --user)",
            Self::Processes => "limits of processes and a watch; no share of processors",
        })
    }
}

impl Limiter {
    /// What this user has on this machine.
    pub(super) fn find() -> Self {
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let root = geteuid().is_root();
        if let Some(mount) = unified(&mounts) {
            let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
            let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
            let beside = own.and_then(|own| mount.join(own).parent().map(Path::to_owned));
            let below = root.then(|| mount.join(PARENT));
            if let Some(parent) = below.filter(|_| open_root_group(&mount)) {
                return Self::Unified { parent };
            }
            if let Some(parent) = beside.filter(|parent| *parent != mount && delegates(parent)) {
                return Self::Unified { parent };
            }
            if !root && has_user_manager() {
                return Self::Scope;
            }
        } else if root {
            let parents = ["memory", "pids", "cpu"].map(|kind| split(&mounts, kind));
            if let [Some(memory), Some(pids), cpu] = parents {
                let parents: Vec<_> =
                    [Some(memory), Some(pids), cpu].into_iter().flatten().collect();
                let writable = |parent: &PathBuf| access(parent, Access::WRITE_OK).is_ok();
                if parents.iter().all(writable) {
                    let parents = parents.into_iter().map(|parent| parent.join(PARENT));
                    return Self::Split { parents: parents.collect() };
                }
            }
        }
        Self::Processes
    }

    /// Makes the group of a sandbox and puts this process in it; the folders to be removed with it.
    pub(super) fn enter(&self, id: &str, record: &Record) -> Result<Vec<PathBuf>, String> {
        let parents = match self {
            Self::Unified { parent } => vec![parent.clone()],
            Self::Split { parents } => parents.clone(),
            Self::Scope | Self::Processes => Vec::new(),
        };
        let mut groups = Vec::new();
        for parent in parents {
            let group = parent.join(format!("{PARENT}-{id}"));
            let entered = enter_group(&group, record);
            groups.push(group);
            if let Err(error) = entered {
                remove(&groups);
                return Err(format!("the sandbox's control group cannot be made: {error}"));
            }
        }
        if record.init_system
            && let Err(error) = self.hand_over(id, record, &mut groups)
        {
            remove(&groups);
            return Err(format!("the init system's control group cannot be made: {error}"));
        }
        Ok(groups)
    }

    /// Whether a sandbox's init system can be given a control group of version 2, which it needs to
    /// manage its services by.
    pub(super) fn can_delegate(&self) -> bool {
        match self {
            Self::Unified { .. } | Self::Scope => true,
            Self::Split { .. } | Self::Processes => bare().is_some(),
        }
    }

    /// Gives a sandbox's root the group that this process is in, to make others in. Where limits are
    /// held by other means it is one that limits nothing.
    fn hand_over(&self, id: &str, record: &Record, groups: &mut Vec<PathBuf>) -> io::Result<()> {
        let group = match self {
            Self::Unified { .. } => groups.first().cloned(),
            // By its property `Delegate`.
            Self::Scope => return Ok(()),
            Self::Split { .. } | Self::Processes => {
                let group = bare().map(|parent| parent.join(format!("{PARENT}-{id}")));
                if let Some(group) = &group {
                    fs::create_dir_all(group)?;
                    groups.push(group.clone());
                    fs::write(group.join("cgroup.procs"), process::id().to_string())?;
                }
                group
            }
        };
        let group = group.ok_or_else(|| io::Error::other("there is none of version 2"))?;
        if let Ids::Apart { users, groups } = record.ids {
            // Not those that hold the limits.
            for part in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
                chown(group.join(part), Some(users), Some(groups))?;
            }
        }
        Ok(())
    }
}

/// Where groups of version 2 that limit nothing may be made beside those of version 1: by root.
fn bare() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let (mount, _) = mount_points(&mounts, "cgroup2").next()?;
    let may = geteuid().is_root() && access(&mount, Access::WRITE_OK).is_ok();
    may.then(|| mount.join(PARENT))
}

/// Removes groups whose processes are gone, with those that were made in them; the kernel may need a
/// moment to know it.
pub(super) fn remove(groups: &[PathBuf]) {
    for group in groups {
        let entries = fs::read_dir(group).into_iter().flatten().filter_map(io::Result::ok);
        let inner: Vec<_> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .map(|entry| entry.path())
            .collect();
        remove(&inner);
        for _ in 0..50 {
            match fs::remove_dir(group) {
                Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {
                    std::thread::sleep(std::time::Duration::from_millis(4));
                }
                _ => break,
            }
        }
    }
}

/// Removes the groups that were the parents of root's sandboxes, where no other home has any in them.
pub(super) fn remove_parents() {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let groups = mount_points(&mounts, "cgroup").chain(mount_points(&mounts, "cgroup2"));
    for (mount, _) in groups {
        // The kernel refuses for one that is not empty.
        let _ = fs::remove_dir(mount.join(PARENT));
    }
}

fn enter_group(group: &Path, record: &Record) -> io::Result<()> {
    fs::create_dir_all(group)?;
    // A control file that is not there belongs to another version or another group of the same.
    let set = |file: &str, value: String| {
        let path = group.join(file);
        if path.exists() { fs::write(path, value) } else { Ok(()) }
    };
    let Record { memory, cpus, pids, .. } = record;
    let quota = ((cpus * PERIOD as f64) as u64).max(1000);
    set("memory.max", memory.to_string())?;
    set("memory.swap.max", "0".to_owned())?;
    set("memory.limit_in_bytes", memory.to_string())?;
    set("memory.memsw.limit_in_bytes", memory.to_string())?;
    // The sandbox's first process is one of them, and nobody's to count.
    set("pids.max", (pids + 1).to_string())?;
    set("cpu.max", format!("{quota} {PERIOD}"))?;
    set("cpu.cfs_period_us", PERIOD.to_string())?;
    set("cpu.cfs_quota_us", quota.to_string())?;
    fs::write(group.join("cgroup.procs"), process::id().to_string())
}

/// Opens where groups count how often they had to end or refuse a process.
pub(super) fn counts(groups: &[PathBuf]) -> Vec<File> {
    let files = ["memory.events", "memory.oom_control", "pids.events"];
    let paths = groups.iter().flat_map(|group| files.map(|file| group.join(file)));
    paths.filter_map(|path| File::open(path).ok()).collect()
}

/// Bytes: the most memory that these groups used, or what they use where that is not kept.
pub(super) fn memory(groups: &[PathBuf]) -> Option<u64> {
    let files = ["memory.peak", "memory.max_usage_in_bytes", "memory.current"];
    let read = |path: PathBuf| fs::read_to_string(path).ok()?.trim().parse().ok();
    files.iter().find_map(|file| groups.iter().find_map(|group| read(group.join(file))))
}

/// The arguments of `systemd-run` for a scope with these limits.
pub(super) fn scope(record: &Record) -> Vec<String> {
    let share = (record.cpus * 100.0).max(1.0) as u64;
    let property = |text: String| ["-p".to_owned(), text];
    let mut arguments: Vec<String> =
        ["--user", "--scope", "--quiet", "--collect"].map(str::to_owned).into();
    arguments.extend(property(format!("MemoryMax={}", record.memory)));
    arguments.extend(property("MemorySwapMax=0".to_owned()));
    arguments.extend(property(format!("TasksMax={}", record.pids + 1)));
    arguments.extend(property(format!("CPUQuota={share}%")));
    if record.init_system {
        arguments.extend(property("Delegate=yes".to_owned()));
    }
    arguments
}

/// The limits of every program in a sandbox. For the sandbox's first process to set and its children
/// to inherit; `alone` if there is no group.
pub(super) fn of_processes(memory: u64, pids: u32, alone: bool) {
    // What was lower already stays so; that a limit cannot be set is none to end for.
    let lower = |resource, value: u64| {
        let hard = getrlimit(resource).maximum.map_or(value, |old| old.min(value));
        let _ = setrlimit(resource, Rlimit { current: Some(hard), maximum: Some(hard) });
    };
    lower(Resource::Core, 0);
    lower(Resource::Fsize, MAX_FILE);
    lower(Resource::Nofile, MAX_OPEN);
    if alone {
        // Counted for each user of the sandbox.
        lower(Resource::Nproc, u64::from(pids));
        // What a process writes to, and not what it reserves: programs reserve far more.
        lower(Resource::Data, memory);
    }
}

fn mount_points<'a>(
    mounts: &'a str,
    kind: &'a str,
) -> impl Iterator<Item = (PathBuf, &'a str)> + use<'a> {
    mounts.lines().filter_map(move |line| {
        let (place, rest) = line.split_once(" - ")?;
        let mut rest = rest.split(' ');
        let matches = rest.next()? == kind;
        let options = rest.nth(1)?;
        matches.then(|| Some((PathBuf::from(place.split(' ').nth(4)?), options)))?
    })
}

/// Where version 2 is mounted, if it has the controllers: beside version 1 it has none.
fn unified(mounts: &str) -> Option<PathBuf> {
    mount_points(mounts, "cgroup2")
        .map(|(place, _)| place)
        .find(|place| has_controllers(&place.join("cgroup.controllers")))
}

/// Where a kind of version 1 is mounted.
fn split(mounts: &str, kind: &str) -> Option<PathBuf> {
    let mut points = mount_points(mounts, "cgroup");
    points.find(|(_, options)| options.split(',').any(|option| option == kind)).map(|(at, _)| at)
}

fn has_controllers(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let has = |kind| text.split_whitespace().any(|word| word == kind);
    has("memory") && has("pids")
}

/// Makes the parent of root's groups and lets it hand on the controllers.
fn open_root_group(mount: &Path) -> bool {
    let parent = mount.join(PARENT);
    let made = fs::create_dir_all(&parent).is_ok();
    for folder in [mount, &parent] {
        // What is on already is no error; without `cpu` there is no share of processors.
        for kind in ["+memory", "+pids", "+cpu"] {
            let _ = fs::write(folder.join("cgroup.subtree_control"), kind);
        }
    }
    made && has_controllers(&parent.join("cgroup.subtree_control"))
}

/// Whether groups of ours may be made in this one.
fn delegates(parent: &Path) -> bool {
    let may = |path: &Path| access(path, Access::WRITE_OK).is_ok();
    may(parent)
        && may(&parent.join("cgroup.procs"))
        && has_controllers(&parent.join("cgroup.subtree_control"))
}

/// Whether the user's own systemd runs, and can be asked.
fn has_user_manager() -> bool {
    let running = std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|folder| Path::new(&folder).join("systemd/private").exists());
    running && Path::new("/usr/bin/systemd-run").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
        30 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
        31 23 0:28 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
        32 23 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    #[test]
    fn groups_are_found_where_they_are_mounted() {
        assert_eq!(split(MOUNTS, "memory"), Some("/sys/fs/cgroup/memory".into()));
        assert_eq!(split(MOUNTS, "cpu"), Some("/sys/fs/cgroup/cpu,cpuacct".into()));
        assert_eq!(split(MOUNTS, "pids"), None);
        let unified: Vec<_> = mount_points(MOUNTS, "cgroup2").map(|(place, _)| place).collect();
        assert_eq!(unified, [PathBuf::from("/sys/fs/cgroup/unified")]);
    }
}
