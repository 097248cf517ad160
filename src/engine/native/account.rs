//! The accounts of a sandbox, read from its own `/etc/passwd` and `/etc/group`.
//!
//! By hand and not by the C library, which would load the machine's modules for it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::OFlags;

/// Thousands of accounts.
const MAX_FILE: u64 = 1 << 20;

/// An account with all that a program started for it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Its own group and those it was added to.
    pub(super) groups: Vec<u32>,
    pub(super) home: String,
    pub(super) shell: String,
}

/// The two files, as text.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    passwd: String,
    group: String,
}

/// Reads a file that may be anything by now: a pipe that nobody writes to, or one without an end. It
/// counts as empty then, as when it cannot be read.
fn read(path: &str) -> String {
    let open = || -> io::Result<Vec<u8>> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let file =
            File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
        let mut bytes = Vec::new();
        if file.metadata()?.is_file() {
            file.take(MAX_FILE).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    String::from_utf8_lossy(&open().unwrap_or_default()).into_owned()
}

impl Accounts {
    /// Those of this machine, which is the sandbox for who runs in it.
    pub(super) fn read() -> Self {
        Self { passwd: read("/etc/passwd"), group: read("/etc/group") }
    }

    #[cfg(test)]
    pub(super) fn of(passwd: &str, group: &str) -> Self {
        Self { passwd: passwd.to_owned(), group: group.to_owned() }
    }

    /// The names of all accounts.
    pub(super) fn names(&self) -> Vec<String> {
        self.entries().map(|entry| entry.name).collect()
    }

    /// The account of a name or a number, perhaps with `:group`. A number needs no entry.
    pub(super) fn find(&self, user: &str) -> Option<Account> {
        let (user, group) = match user.split_once(':') {
            Some((user, group)) => (user, Some(self.group(group)?)),
            None => (user, None),
        };
        let mut account = self.by_name(user).or_else(|| Some(self.by_uid(user.parse().ok()?)))?;
        if let Some(gid) = group {
            account.gid = gid;
            account.groups = vec![gid];
        }
        Some(account)
    }

    /// The account that has an entry of this name.
    pub(super) fn by_name(&self, name: &str) -> Option<Account> {
        self.entries().find(|entry| entry.name == name).map(|entry| self.with_groups(entry))
    }

    /// The first account with this number, or one without a name.
    pub(super) fn by_uid(&self, uid: u32) -> Account {
        let entry = self.entries().find(|entry| entry.uid == uid);
        entry.map_or_else(
            || Account {
                name: uid.to_string(),
                uid,
                gid: 0,
                groups: vec![0],
                home: "/".to_owned(),
                shell: "/bin/sh".to_owned(),
            },
            |entry| self.with_groups(entry),
        )
    }

    /// The number of a group, by name or number.
    pub(super) fn group(&self, group: &str) -> Option<u32> {
        let named = self.group_lines().find(|(name, ..)| *name == group).map(|(_, gid, _)| gid);
        named.or_else(|| group.parse().ok())
    }

    fn entries(&self) -> impl Iterator<Item = Account> {
        self.passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            let home = fields.nth(1).filter(|home| home.starts_with('/')).unwrap_or("/").to_owned();
            let shell = fields.next().filter(|shell| shell.starts_with('/')).unwrap_or("/bin/sh");
            Some(Account { name, uid, gid, groups: vec![gid], home, shell: shell.to_owned() })
        })
    }

    fn group_lines(&self) -> impl Iterator<Item = (&str, u32, &str)> {
        self.group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            let gid = fields.nth(1)?.parse().ok()?;
            Some((name, gid, fields.next().unwrap_or_default()))
        })
    }

    fn with_groups(&self, mut account: Account) -> Account {
        for (_, gid, members) in self.group_lines() {
            let is_member = members.split(',').any(|member| member.trim() == account.name);
            if is_member && !account.groups.contains(&gid) {
                account.groups.push(gid);
            }
        }
        account
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        Accounts::of(
            "root:x:0:0:root:/root:/bin/bash\nbroken line\nada:x:1001:1001::/home/ada:/bin/bash\n\
             low:x:7:7::nowhere:\n",
            "root:x:0:\ncrew:x:50:ben,ada\nada:x:1001:\ndivers:x:51:ada\n",
        )
    }

    #[test]
    fn an_account_has_its_groups() {
        let ada = accounts().find("ada").unwrap();
        assert_eq!((ada.uid, ada.gid, ada.groups), (1001, 1001, vec![1001, 50, 51]));
        assert_eq!(accounts().find("1001").unwrap().name, "ada");
        let as_crew = accounts().find("ada:crew").unwrap();
        assert_eq!((as_crew.gid, as_crew.groups), (50, vec![50]));
    }

    #[test]
    fn only_numbers_need_no_entry() {
        let nobody = accounts().find("4711").unwrap();
        assert_eq!((nobody.uid, nobody.gid, nobody.home.as_str()), (4711, 0, "/"));
        assert_eq!(accounts().find("ben"), None);
        let low = accounts().find("low").unwrap();
        assert_eq!((low.home.as_str(), low.shell.as_str()), ("/", "/bin/sh"));
    }
}
