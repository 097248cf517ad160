//! What an item may do on this machine: told before something from elsewhere starts for the first time.

use serde::{Deserialize, Serialize};

use crate::course::{Backend, Body, Item, Need, Summary, TmpfsMount};
use crate::engine::Limits;

/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// What an item may do. No item ever sees a folder or a device of the machine, or runs outside its sandbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Permissions {
    /// Whether it reaches networks.
    pub network: bool,
    /// How many sandboxes it has: the machines of a scenario; else one.
    pub machines: usize,
    /// Linux capabilities beyond the usual ones, by name, without `CAP_`.
    pub capabilities: Vec<String>,
    /// Bytes of memory, all its sandboxes together.
    pub memory: u64,
    /// Cores, together.
    pub cpus: f64,
    /// Processes and threads, together.
    pub pids: u64,
    /// Bytes of in-memory file systems, together; they count as memory.
    pub tmpfs: u64,
    /// The account that the learner has: `root`, `learner`.
    pub user: String,
    /// Whether an init system runs in it.
    pub init: bool,
}

impl Permissions {
    /// What an item may do where it says nothing else than `usual`. Nothing for one that was not read.
    pub fn of(item: &Item, usual: Limits) -> Option<Self> {
        match &item.body {
            Body::Exercise(it) => Some(Self {
                network: it.network || it.requires.contains(&Need::Network),
                machines: 1,
                capabilities: sorted(it.capabilities.iter()),
                memory: it.resources.memory.unwrap_or(usual.memory),
                cpus: it.resources.cpus.unwrap_or(usual.cpus),
                pids: it.resources.pids.unwrap_or(usual.pids).into(),
                tmpfs: size(&it.tmpfs),
                user: it.user.clone(),
                init: it.backend == Backend::Vm,
            }),
            Body::Scenario(it) => {
                let machines = &it.system.machines;
                Some(Self {
                    network: false,
                    machines: machines.len(),
                    capabilities: sorted(machines.iter().flat_map(|machine| &machine.capabilities)),
                    memory: machines.iter().map(|machine| machine.memory).sum(),
                    cpus: machines.iter().map(|machine| machine.cpus).sum(),
                    pids: machines.iter().map(|machine| u64::from(machine.pids)).sum(),
                    tmpfs: machines.iter().map(|machine| size(&machine.tmpfs)).sum(),
                    user: "root".to_owned(),
                    init: false,
                })
            }
            Body::Unread(Summary::Exercise { .. } | Summary::Scenario { .. }) => None,
        }
    }

    /// For people: what, and how much or whether.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let many = |count: u64, one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        let network = match (self.network, self.machines) {
            (true, _) => "reaches other machines and the internet",
            (false, 1) => "none",
            (false, _) => "only between its own machines",
        };
        let mut rows = vec![
            ("sandboxes", many(self.machines as u64, "sandbox", "machines")),
            ("network", network.to_owned()),
            (
                "capabilities",
                match self.capabilities.as_slice() {
                    [] => "the usual ones".to_owned(),
                    more => format!("also {}", more.join(", ")),
                },
            ),
            ("memory", format!("{} MiB", self.memory.div_ceil(MIB))),
            (
                "processor",
                match self.cpus {
                    cpus if (cpus - 1.0).abs() < f64::EPSILON => "1 core".to_owned(),
                    cpus => format!("{cpus} cores"),
                },
            ),
            ("processes", self.pids.to_string()),
            (
                "account",
                format!("{}{}", self.user, if self.init { ", under an init system" } else { "" }),
            ),
            ("this machine's files", "none".to_owned()),
        ];
        if self.init {
            // It mounts, and no system call is kept from it (docs/decisions/docker-api.md).
            let far = "close to root of the machine, on a Docker engine".to_owned();
            rows.insert(rows.len() - 1, ("init system", far));
        }
        if self.tmpfs > 0 {
            rows.insert(4, ("file systems in memory", format!("{} MiB", self.tmpfs.div_ceil(MIB))));
        }
        rows
    }

    /// What is not as it was: what, how it was and how it is.
    pub fn differences(&self, before: &Self) -> Vec<(&'static str, String, String)> {
        let absent = || "none".to_owned();
        let (old, new) = (before.rows(), self.rows());
        let find = |rows: &[(&'static str, String)], what: &str| {
            rows.iter().find(|row| row.0 == what).map_or_else(absent, |row| row.1.clone())
        };
        let mut all: Vec<_> = new.iter().chain(&old).map(|row| row.0).collect();
        let mut seen = std::collections::HashSet::new();
        all.retain(|what| seen.insert(*what));
        let rows = all.into_iter().map(|what| (what, find(&old, what), find(&new, what)));
        rows.filter(|(_, old, new)| old != new).collect()
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut names: Vec<_> = names.cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn size(mounts: &[TmpfsMount]) -> u64 {
    mounts.iter().map(|mount| mount.size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::{Source, load};

    #[test]
    fn what_an_item_may_do_is_what_its_sandbox_gets() {
        let course = load(&[Source::built_in()]);
        let of = |id: &str| Permissions::of(course.item(id).unwrap(), Limits::default()).unwrap();
        let plain = of("linux-01");
        assert!(plain.rows().iter().all(|row| row.0 != "init system"));
        assert!(of("linux-03").rows().iter().any(|row| row.0 == "init system"));
        assert!(!plain.network && plain.machines == 1 && plain.capabilities.is_empty());
        assert_eq!((plain.memory, plain.pids), (512 << 20, 512));
        let shop = of("incidents-01");
        assert!(shop.machines > 3 && !shop.network, "{shop:?}");
        assert!(shop.rows().contains(&("network", "only between its own machines".to_owned())));
    }

    #[test]
    fn a_change_is_told_with_both_sides() {
        let course = load(&[Source::built_in()]);
        let item = course.item("linux-01").unwrap();
        let before = Permissions::of(item, Limits::default()).unwrap();
        let after = Permissions {
            network: true,
            tmpfs: 3 << 20,
            capabilities: vec!["NET_ADMIN".to_owned()],
            ..before.clone()
        };
        assert_eq!(before.differences(&before), []);
        let told = after.differences(&before);
        let told: Vec<_> =
            told.iter().map(|(what, old, new)| format!("{what}: {old} → {new}")).collect();
        assert_eq!(
            told,
            [
                "network: none → reaches other machines and the internet",
                "capabilities: the usual ones → also NET_ADMIN",
                "file systems in memory: none → 3 MiB",
            ]
        );
    }
}
